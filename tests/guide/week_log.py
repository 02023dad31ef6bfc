"""What people and the sync did in a week, in order: each field of each record, and who wrote it.

Stands between the network and the two simulators. `recorder.py` has how rows are compared; here are
the activities, the runs of a schedule, and those deeds that rows alone don't tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from syncrules.connectors.apollo.simulator import screen
from syncrules.connectors.base.wire import Request, Response
from syncrules.tests.simulation.recorder import Key, Recorder, System

ACTIVITIES = {
    "apollo": ("task", "call", "email", "meeting", "note"),
    "salesforce": ("Task", "Event", "Note"),
}


@dataclass(frozen=True, slots=True)
class Round:
    """A run that ended: the periods of its groups; `whole` where nothing stopped it."""

    at: float
    every: tuple[int, ...]
    whole: bool


@dataclass
class Log(Recorder):
    """The log of a week. `run` is the number of the round that comes next: what people did with
    that number was there when it began. `became` has what was converted or merged into what, and
    in which round; `let_go` the rounds before which waiting changes were approved."""

    rounds: list[Round] = field(default_factory=list)
    became: dict[Key, tuple[Key, int]] = field(default_factory=dict)
    let_go: set[int] = field(default_factory=set)

    def ran(self, at: float, every: tuple[int, ...], *, whole: bool) -> None:
        """A run has ended."""
        self.rounds.append(Round(at, every, whole))
        self.run = len(self.rounds)

    def serve(self, request: Request) -> Response:
        """Hands a request to its simulator, and writes down what it changed."""
        parts = urlsplit(request.url)
        system: System = "apollo" if parts.netloc.startswith("apollo") else "salesforce"
        handle = self.apollo.handle if system == "apollo" else self.salesforce.handle
        if request.method == "GET" or "/oauth2/" in parts.path or parts.path.endswith("/search"):
            return handle(request)
        before = self.rows(system)
        try:
            return handle(request)
        finally:
            self._compare(system, before, "sync")

    def rows(self, system: str) -> dict[Key, Any]:
        """The living rows, activities among them."""
        found = super().rows(system)
        for object in ACTIVITIES[system]:
            if system == "apollo":
                rows = screen.table(self.apollo.team, object).rows
                found |= {(system, object, id): row for id, row in rows.items() if not row.deleted}
            else:
                held = self.salesforce.org.store.named(object).rows
                found |= {
                    (system, object, id): row
                    for id, row in held.items()
                    if not row.get("IsDeleted")
                }
        return found
