"""Random histories of what people did in Apollo: nothing that happens escapes the reads.

After each read what is known is compared with what is there, as far as the feed promises to tell.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from syncrules.connectors.base.world import moment
from syncrules.tests.apollo_connected import Team, records

FIELDS = {
    "task": ("title", "status", "priority", "due_at"),
    "call": ("note", "status", "start_time"),
    "email": ("subject", "status", "completed_at"),
    "meeting": ("subject", "cancelled", "start_time"),
    "note": ("content", "contact", "account"),
}


class History:
    """A team whose people are busy, and what a reader of one object knows of it."""

    def __init__(self, object: str, seed: int) -> None:
        self.object = object
        self.chance = random.Random(seed)
        self.team = Team()
        self.team.sim.team.lag = self.chance.choice((0.0, 4.0, 9.0))
        self.people = [self.team.contact(f"Person{n}") for n in range(4)]
        self.known: dict[str, dict[str, Any]] = {}
        self.cursor: str | None = None

    def happens(self) -> None:
        """Something new, or another turn of what is there."""
        self.team.clock.sleep(self.chance.choice((0.3, 2.0, 40.0)))
        rows = self.team.sim.rows(self.object)
        if rows and self.chance.random() < 0.5:
            id = self.chance.choice(sorted(rows))
            self.team.sim.update(self.object, id, self.turn())
        else:
            self.team.sim.create(self.object, {**self.start(), **self.turn()})

    def start(self) -> dict[str, Any]:
        who = {"contact_id": self.chance.choice(self.people)}
        now = moment(self.team.clock.now())
        if self.object == "note" and self.chance.random() < 0.4:
            return {"account_id": self.team.account}
        if self.object == "task":
            return {**who, "type": "call", "due_at": now}
        return {**who, "start_time": now} if self.object in ("call", "meeting") else who

    def turn(self) -> dict[str, Any]:
        word = f"Word {self.chance.randrange(1000)}"
        later = moment(self.team.clock.now() + self.chance.randrange(-60, 60) * 86_400)
        chosen: dict[str, list[dict[str, Any]]] = {
            "task": [
                {"title": word},
                {"due_at": later},
                {"status": self.chance.choice(("scheduled", "completed", "skipped"))},
            ],
            "call": [{"note": word}, {"status": "busy"}],
            "email": [{"subject": word}],
            "meeting": [{"subject": word}, {"start_time": later}, {"cancelled": True}],
            "note": [{"content": word}],
        }
        return self.chance.choice(chosen[self.object])

    def reads(self) -> None:
        """A read in whose midst more may happen."""
        if self.chance.random() < 0.5:
            self.team.meanwhile[1] = self.happens
        self.read()

    def read(self) -> None:
        pages = self.team.read(self.object, *FIELDS[self.object], cursor=self.cursor)
        self.cursor = pages[-1].cursor
        for page in pages:
            self.known.update({one.id: dict(one.values) for one in page.records})

    def truth(self) -> dict[str, dict[str, Any]]:
        ids = sorted(self.team.sim.rows(self.object))
        names = FIELDS[self.object]
        if self.object in ("task", "meeting"):
            found = self.team.connector.fetch(self.object, names, "id", ids)
            return {one.id: dict(one.values) for one in found}
        whole = records(self.team.read(self.object, *names))
        return {id: dict(one.values) for id, one in whole.items()}


@pytest.mark.parametrize("object", FIELDS)
@pytest.mark.parametrize("seed", range(12))
def test_nothing_that_happens_escapes_the_reads(object: str, seed: int) -> None:
    """With searches that stay behind, and changes in the midst of a read. A quarter of an hour
    later all is known."""
    history = History(object, seed)
    for _ in range(12):
        for _ in range(history.chance.randrange(5)):
            history.happens()
        if history.chance.random() < 0.6:
            history.reads()
    history.team.meanwhile.clear()
    history.team.clock.sleep(900)
    history.read()
    assert history.known == history.truth()
    assert set(history.known) == set(history.team.sim.rows(object))
