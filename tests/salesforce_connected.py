"""A made-up Salesforce org with a connection to it, for tests: a few leads, edits, troubles.

Knows the simulator's Python side; the world is `worlds.py`. What is tested with it is in
`test_salesforce_connector.py` and `test_salesforce_writing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncrules.connectors.base.contract import Connector, Outcome, Page, Read, Record, Write
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.connectors.base.wire import json_request
from syncrules.connectors.base.world import World
from syncrules.connectors.salesforce.connector import KIND
from syncrules.connectors.salesforce.simulator import SalesforceSimulator, simulate
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.tests.worlds import SimWorld, VirtualClock

HOST = "x.my.salesforce.com"


@dataclass
class Org:
    """A simulated org with a connection to it."""

    records: int = 0
    describe: Path | None = None
    clock: VirtualClock = field(default_factory=VirtualClock)

    def __post_init__(self) -> None:
        options = SimulatorOptions(records=self.records, clock=self.clock, describe=self.describe)
        self.sim: SalesforceSimulator = simulate(options)
        self.world = SimWorld({HOST: self.sim.handle}, self.clock)
        self.connector = self.connect()

    def connect(self, world: World | None = None, **settings: str) -> Connector:
        given = self.sim.sign_in(f"https://{HOST}")
        return KIND.connect(
            {
                "system": "salesforce",
                "login_url": settings.get("login_url", given["login_url"]),
                "client_id": given["client_id"],
                "client_secret": Secret(settings.get("secret", given["client_secret"])),
            },
            world or self.world,
        )

    def people(self, count: int, **values: Any) -> list[str]:
        """Leads made by a person, one a second, an hour before now."""
        made = []
        for n in range(count):
            body = {"LastName": f"Person {n}", "Company": "C", "Email": f"p{n}@some.example"}
            made.append(self.sim.create("Lead", {**body, **values}))
            self.clock.sleep(1)
        self.clock.sleep(3600)
        return made

    def read(
        self, cursor: str | None = None, object: str = "Lead", fields: Sequence[str] = ("Email",)
    ) -> list[Page]:
        return list(self.connector.read(Read("salesforce", object, tuple(fields)), cursor))

    def send(self, *writes: Write) -> dict[int, Outcome]:
        batches = self.connector.pack(writes)
        return {one.ref: one for batch in batches for one in self.connector.send(batch)}

    def fault(self, kind: Any, method: str = "", path: str = "", **how: Any) -> None:
        self.sim.faults.rules.append(Fault(kind, method, path, **how))


def create(ref: int, since: float = 0.0, **values: Value) -> Write:
    body: dict[str, Value] = {"LastName": "Berg", "Company": "Berg AB", **values}
    return Write(ref, "create", "Lead", "", body, since=since, keys=("Email",))


def update(ref: int, id: str, object: str = "Lead", **values: Value) -> Write:
    return Write(ref, "update", object, id, values)


def ids(pages: Iterable[Page]) -> list[str]:
    return [one.id for page in pages for one in page.records]


def by_id(pages: Iterable[Page]) -> Mapping[str, Record]:
    return {one.id: one for page in pages for one in page.records}


def answer(org: Org, word: str, body: object) -> None:
    """What an admin does in Setup, by the simulator's own door."""
    url = f"https://{HOST}/__sim__/{word}"
    assert org.sim.handle(json_request("POST", url, body)).status == 200
