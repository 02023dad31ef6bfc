"""Where a story plays: a `Machine` of the simulation, in the words of those who work there.

Deeds of people are written down by the recorder like those of a history, and happen at once: no run
can die in them. What stands in the end is told without ids and times, since a run that died may
have made the same record a little later.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select
from syncrules.engine.report import open_errors
from syncrules.engine.run import run as verbs
from syncrules.engine.run.journal import Entry
from syncrules.engine.run.undo import broken_off
from syncrules.engine.saved import VERSION, load, saving
from syncrules.engine.store.database import statement
from syncrules.engine.store.statements import L, N
from syncrules.errors import Stale
from syncrules.tests.simulation.history import ORG, ROUND, RULES, Machine
from syncrules.tests.simulation.recorder import Key, System

HEAD: Mapping[str, Any] = {"version": VERSION, "paths": [], "rules": {}, "schemas": {}}
"""What a preview rests on where there is no project: rules and schemas don't change in a story."""
ACTIVITIES: Mapping[str, tuple[str, ...]] = {
    "apollo": ("task", "call", "note"),
    "salesforce": ("Task", "Event", "Note"),
}
PASSING = re.compile(r"[Ii]d$|[Dd]ate|_at$|stamp$|ById$|^creator|^last_activity")
"""Names of fields that hold ids, times, or who wrote last."""
NAMES = ("last_name", "LastName", "name", "Name", "Subject", "title", "subject", "Title")
_links = statement(select(L.flow, L.left, L.right, L.ended))
_undos = statement(select(N.number).where(N.verb == "undo"))


class Scene(Machine):
    """Two systems and the rules between them. `sizes` are records a request to write, `wrote` is
    the last undisturbed run that changed something."""

    def __init__(self, rules: str = RULES.name) -> None:
        super().__init__(1, rules)
        self.sizes: Mapping[str, int] = {"apollo": 100, "salesforce": 200}
        self.wrote = 0

    # ---- runs

    def setup(self) -> verbs.Setup:
        return replace(super().setup(), sizes=self.sizes)

    def run(self) -> None:
        """A run, a quarter of an hour after whatever was before."""
        self.clock.sleep(ROUND)
        result = self.go(verbs.run)
        if any(kind[2] in ("create", "update") for kind in result.counts):
            self.wrote = result.run

    def restart(self) -> None:
        """The process has died, and a new one begins, without a lease."""
        super().restart()
        self.db.fence = None

    def has_undone(self) -> bool:
        """Whether an undo has been asked for, however far it got."""
        return bool(self.db.row(_undos))

    def is_broken_off(self) -> bool:
        """Whether `status` says that an undo has to be asked for again."""
        return bool(broken_off(self.db, ORG))

    def apply(self) -> None:
        """Saves a preview and makes what it shows, or, where that is not so any more, the next."""
        for _ in range(3):
            shown: list[Entry] = []
            self.go(partial(verbs.preview, on_change=shown.append))
            # A copy of this process that dies in a run would take a file that is open along.
            with TemporaryDirectory() as folder:
                file = Path(folder) / "preview.json"
                with saving(file, HEAD) as keep:
                    for one in shown:
                        keep(ORG, one)
                agreed = partial(load(file).agreed, ORG, self.db)
            try:
                self.go(partial(verbs.apply, agreed=agreed))
            except Stale:
                continue
            return

    # ---- what people do

    def make(self, system: System, object: str, values: Mapping[str, Any]) -> str:
        """Somebody enters a record; its id."""
        made: list[str] = []
        simulator = self.apollo if system == "apollo" else self.salesforce
        self.log.deed(system, lambda: made.append(simulator.create(object, values)))
        return made[0]

    def change(self, object: str, id: str, **values: object) -> None:
        """Somebody edits a record."""
        system: System = "apollo" if object[0].islower() else "salesforce"
        simulator = self.apollo if system == "apollo" else self.salesforce
        self.log.deed(system, lambda: simulator.update(object, id, values))

    def delete(self, object: str, id: str) -> None:
        """Somebody deletes a record."""
        system: System = "apollo" if object[0].islower() else "salesforce"
        simulator = self.apollo if system == "apollo" else self.salesforce
        self.log.deed(system, lambda: simulator.delete(object, id))

    def convert(self, lead: str) -> None:
        """Somebody converts a lead."""

        def act() -> None:
            self.salesforce.convert(lead)

        self.log.deed("salesforce", act)

    def merge(self, object: str, winner: str, loser: str) -> None:
        """Somebody merges a record into another."""
        self.log.deed("salesforce", lambda: self.salesforce.merge(object, winner, [loser]))

    def contact(self, number: int, **values: object) -> str:
        """A contact in Apollo whom the rules push."""
        given = {
            "first_name": "Ada",
            "last_name": f"Lovelace-p{number}",
            "email": f"p{number}@berg.example",
            "title": "CTO",
            "stage": "Interested",
        }
        return self.make("apollo", "contact", {**given, **values})

    def lead(self, number: int, **values: object) -> str:
        return self.make("salesforce", "Lead", {"Company": "Berg", **_person(number), **values})

    def sf_contact(self, number: int, **values: object) -> str:
        return self.make("salesforce", "Contact", {**_person(number), **values})

    def account(self, number: int, **values: object) -> str:
        given = {"name": f"Berg-a{number}", "domain": f"a{number}.example"}
        return self.make("apollo", "account", {**given, **values})

    def sf_account(self, number: int, **values: object) -> str:
        given = {"Name": f"Berg-a{number}", "Website": f"https://a{number}.example"}
        return self.make("salesforce", "Account", {**given, **values})

    def owner(self) -> str:
        """The user of Salesforce who is the one that owns new contacts of Apollo."""
        mine = self.log.values(next(iter(self.log.rows("apollo").values())))["owner"]
        users = self.salesforce.rows("User").items()
        return next(id for id, row in users if row["Email"] == mine)

    def ids(self, object: str) -> list[str]:
        """The ids of all there are, in their order."""
        return sorted(self.found(object))

    # ---- what stands

    def found(self, object: str) -> dict[str, Mapping[str, Any]]:
        """The records of an object, by id."""
        system = "apollo" if object[0].islower() else "salesforce"
        if object in ACTIVITIES[system]:
            return dict((self.apollo if system == "apollo" else self.salesforce).rows(object))
        rows = self.log.rows(system).items()
        return {key[2]: self.log.values(row) for key, row in rows if key[1] == object}

    def held(self, object: str, field: str) -> list[str]:
        """What a field holds in all records of an object, sorted."""
        return sorted(str(row.get(field) or "") for row in self.found(object).values())

    def stands(self) -> Counter[str]:
        """All that both systems hold, the links, and what the error log says."""
        records: dict[Key, Mapping[str, Any]] = {
            key: self.log.values(row)
            for system in ("apollo", "salesforce")
            for key, row in self.log.rows(system).items()
        }
        for system, objects in ACTIVITIES.items():
            for object in objects:
                records |= {(system, object, id): row for id, row in self.found(object).items()}
        names = {key[2]: f"{key[1]} {_name(row)}" for key, row in records.items()}
        found = Counter(f"{key[1]}: {_told(row, names)}" for key, row in sorted(records.items()))
        for flow, left, right, ended in self.db.rows(_links):
            if left in names or right in names:
                gone = f", {ended}" if ended else ""
                found[f"{flow}: {names.get(left)} and {names.get(right)}{gone}"] += 1
        for one in open_errors(self.db, [ORG]):
            found[f"error {one.code} of {names.get(one.record, one.key)}"] += 1
        return found


def _person(number: int) -> dict[str, str]:
    return {
        "FirstName": "Ada",
        "LastName": f"Lovelace-p{number}",
        "Email": f"p{number}@berg.example",
        "Title": "CTO",
    }


def _name(row: Mapping[str, Any]) -> str:
    return next((str(row[name]) for name in NAMES if row.get(name)), "")


def _told(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A record in one line; a reference by the name of what it is about."""
    told = []
    for name, value in sorted(row.items()):
        known = names.get(value) if isinstance(value, str) else None
        if known or (value not in (None, "", [], ()) and not PASSING.search(name)):
            told.append(f"{name}={known or value}")
    return ", ".join(told)
