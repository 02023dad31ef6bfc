"""Who is deleted in a history is, now and then, entered anew by somebody else: at once, or once
runs may have seen that they were gone. It draws from a chance of its own, so that all else is as it
would be without."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from syncrules.tests.simulation.people import People, tag_of
from syncrules.tests.simulation.recorder import Key

SHARE, NOW, LATER = 0.4, 0.3, 0.5
"""The share of those who are deleted whom somebody enters anew, of those the share that is entered
at once, and how often each of the others is by the next round."""
KEPT = {
    "apollo": ("last_name", "email", "stage"),
    "salesforce": ("LastName", "Email", "Company", "Status"),
}
"""What is known of them, and is entered again."""


class Anew:
    """Those who are to be entered again."""

    def __init__(self, people: People, chance: random.Random) -> None:
        self.people = people
        self.chance = chance
        self.coming: list[tuple[Key, dict[str, Any]]] = []
        people.gone = self.gone

    def gone(self, key: Key, row: Mapping[str, Any]) -> None:
        """Somebody linked was deleted; `row` is what was known of them."""
        known = {name: row[name] for name in KEPT[key[0]] if row.get(name) is not None}
        if not known.get("email", known.get("Email")) or self.chance.random() >= SHARE:
            return
        if self.chance.random() < NOW:
            self._enter(key, known)
        else:
            self.coming.append((key, known))

    def come(self) -> None:
        """Some of those who are to be entered are."""
        some = [one for one in self.coming if self.chance.random() < LATER]
        for one in some:
            self.coming.remove(one)
            self._enter(*one)

    def _enter(self, key: Key, known: dict[str, Any]) -> None:
        log = self.people.log
        system, object, _ = key
        self.people.twins.add(tag_of(known))
        simulator = log.apollo if system == "apollo" else log.salesforce

        def act() -> None:
            simulator.create(object, known)

        log.deed(system, act)
        log.struck["somebody deleted is entered anew"] += 1
