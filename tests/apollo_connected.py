"""A made-up Apollo team with a connection to it, for tests on what people did.

Knows the simulator's Python side; the world is `worlds.py`. Each request takes a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from syncrules.connectors.apollo.access import ApolloConnector
from syncrules.connectors.apollo.simulator import ApolloSimulator, Fault, simulate
from syncrules.connectors.base.contract import Outcome, Page, Read, Record, Write
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.connectors.base.wire import Request, Response
from syncrules.tests.worlds import SimWorld, VirtualClock


class Team:
    """A team, a contact of it with an account, and a connection. `meanwhile` is what somebody does
    after that many requests more."""

    def __init__(self, records: int = 0, shown: int = 50_000, undocumented: str = "yes") -> None:
        self.clock = VirtualClock()
        self.sim: ApolloSimulator = simulate(SimulatorOptions(records=records, clock=self.clock))
        self.world = SimWorld({"api.apollo.io": self._handle}, self.clock)
        settings: Mapping[str, str | Secret] = {
            "system": "apollo",
            "key": Secret(self.sim.key),
            "undocumented": undocumented,
        }
        self.connector = ApolloConnector(settings, self.world, shown)
        self.meanwhile: dict[int, Callable[[], None]] = {}
        self.account = self.sim.create("account", {"name": "Berg AS", "domain": "berg.example"})
        self.ada = self.contact("Ada", account_id=self.account)
        self.users = [one.id for one in self.sim.team.users if not one.deleted]

    def contact(self, first: str, **values: Any) -> str:
        address = f"{first.lower()}@berg.example"
        body = {"first_name": first, "last_name": "Berg", "email": address}
        return self.sim.create("contact", {**body, **values})

    def task(self, **values: Any) -> str:
        """A task that somebody made at the screen."""
        plain = {"type": "action_item", "due_at": "2026-01-09T09:00:00.000Z", "priority": "high"}
        return self.sim.create("task", {**plain, "contact_id": self.ada, **values})

    def read(self, object: str, *fields: str, cursor: str | None = None) -> list[Page]:
        return list(self.connector.read(Read("apollo", object, fields), cursor))

    def fetch(self, object: str, id: str, *fields: str) -> Record:
        [found] = self.connector.fetch(object, fields, "id", [id])
        return found

    def send(self, *writes: Write) -> dict[int, Outcome]:
        batches = self.connector.pack(writes)
        return {one.ref: one for batch in batches for one in self.connector.send(batch)}

    def lose(self, kind: Any, path: str, method: str = "") -> None:
        self.sim.faults.append(Fault(kind, method, path))

    def actions(self) -> list[str]:
        """What was asked of Apollo since the last time."""
        asked = [one.action for one in self.sim.requests]
        self.sim.requests.clear()
        return asked

    def _handle(self, request: Request) -> Response:
        self.clock.sleep(0.2)
        reply = self.sim.handle(request)
        due = {left - 1: work for left, work in self.meanwhile.items()}
        self.meanwhile = {left: work for left, work in due.items() if left}
        if 0 in due:
            due[0]()
        return reply


def records(pages: list[Page]) -> dict[str, Record]:
    return {one.id: one for page in pages for one in page.records if one.life == "here"}


def create(ref: int, object: str, since: float = 0.0, **fields: Value) -> Write:
    return Write(ref, "create", object, "", fields, since=since)


def update(ref: int, object: str, id: str, **fields: Value) -> Write:
    return Write(ref, "update", object, id, fields)
