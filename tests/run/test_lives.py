"""Whole lives by seed: people are edited, converted, merged, deleted and put back between runs and
inside of them, and runs die anywhere.

In the end each contact is still one with what its lead became, and nobody was made twice. One case
at a time is `test_life.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from syncrules.connectors.salesforce.simulator import lives
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.errors import SyncrulesError
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" { match on email }
pull Lead as contact hidden { on delete mark first_name "Gone" }
pull Contact as contact visible { match on email }
map contact with Lead, Contact {
    last_name         <-> LastName
    title             <-> Title
    email             <-> Email
    organization_name  -> Lead.Company default "Unknown"
}
"""


class Crash(BaseException):
    """The process dies."""


@dataclass
class Person:
    """A contact, and where the record that it is linked with has got to."""

    left: str
    object: str
    right: str
    gone: bool = False


@dataclass
class History:
    seed: int
    people: list[Person] = field(default_factory=list)
    strangers: int = 0
    count: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.both = Both(RULES)
        self.both.run()

    def settle_in(self) -> None:
        for name in "abcd":
            values = {"last_name": name * 3, "email": f"{name}@berg.example", "stage": "Interested"}
            left = self.both.apollo.create("contact", values)
            self.rest()
            known = {one.right for one in self.people}
            (right,) = set(self.both.salesforce.rows("Lead")) - known
            self.people.append(Person(left, "Lead", right))

    def rest(self) -> None:
        """Runs in which nothing goes wrong."""
        self.both.world.on_point = None
        for _ in range(3):
            self.both.clock.sleep(HOUR)
            self.both.run()

    # ---- what people do

    def deed(self) -> None:
        one = self.chance.choice(self.people)
        deeds: list[Callable[[Person], None]] = [self.left, self.left, self.right]
        deeds += [self.convert, self.merge, self.delete, self.put_back]
        self.chance.choice(deeds)(one)

    def left(self, one: Person) -> None:
        self.both.apollo.update("contact", one.left, {"title": self.title()})

    def right(self, one: Person) -> None:
        if not one.gone:
            self.both.salesforce.update(one.object, one.right, {"Title": self.title()})

    def convert(self, one: Person) -> None:
        if one.object == "Lead" and not one.gone:
            one.right, one.object = self.both.salesforce.convert(one.right), "Contact"

    def merge(self, one: Person) -> None:
        if not one.gone:
            values = {"LastName": f"Stranger {self.title()}"}
            more = {"Company": "Berg"} if one.object == "Lead" else {"Email": self.email(one)}
            other = self.both.salesforce.create(one.object, {**values, **more})
            self.both.salesforce.merge(one.object, other, [one.right])
            one.right = other

    def delete(self, one: Person) -> None:
        if not one.gone:
            self.both.salesforce.delete(one.object, one.right)
            one.gone = True

    def put_back(self, one: Person) -> None:
        if one.gone:
            simulator = self.both.salesforce
            of = simulator.org.schema.objects[one.object.lower()]
            lives.undelete(simulator.org, of, one.right, simulator._at_screen(""))
            one.gone = False

    def title(self) -> str:
        self.count += 1
        return f"Title {self.count}"

    def email(self, one: Person) -> str:
        return str(self.both.apollo.rows("contact")[one.left]["email"])

    # ---- runs

    def run(self) -> None:
        """A run that may die, lose a reply, or meet people at work."""
        chance, left = self.chance, [self.chance.randrange(40), self.chance.randrange(40)]
        dies = chance.random() < 0.4
        meets = chance.random() < 0.5
        if chance.random() < 0.3:
            kind = chance.choice(("lost after", "lost before"))
            self.both.salesforce.faults.rules.append(
                Fault(kind, path="composite", nth=1)  # type: ignore[arg-type]
            )

        def watch(point: str) -> None:
            left[0], left[1] = left[0] - 1, left[1] - 1
            if meets and left[0] == 0:
                self.deed()
            if dies and left[1] == 0:
                raise Crash

        self.both.world.on_point = watch
        try:
            self.both.run()
        except (Crash, SyncrulesError):
            pass
        finally:
            self.both.world.on_point = None
            self.both.salesforce.faults.rules.clear()
            self.both.clock.sleep(HOUR)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_to_them_two_records_stay_one(seed: int) -> None:
    """After crashes, lost replies and people at work: as many contacts as there were people, as
    many living leads and Contacts as were not deleted, and each edit arrives where it should."""
    history = History(seed)
    history.settle_in()
    both = history.both
    for _ in range(4):
        for _ in range(history.chance.randrange(4)):
            history.deed()
        history.run()
    history.rest()
    before = both.calls()
    history.rest()
    assert both.since(before).salesforce_writes == both.since(before).apollo_writes == 0
    assert set(both.apollo.rows("contact")) == {one.left for one in history.people}
    there = {
        id
        for object in ("Lead", "Contact")
        for id, row in both.salesforce.rows(object).items()
        if not row.get("IsConverted")
    }
    assert there == {one.right for one in history.people if not one.gone}
    for one in history.people:
        history.left(one)
        wanted = both.apollo.rows("contact")[one.left]["title"]
        history.rest()
        if not one.gone:
            assert both.salesforce.rows(one.object)[one.right].get("Title") == wanted, one
            back = history.title()
            both.salesforce.update(one.object, one.right, {"Title": back})
            history.rest()
            assert both.apollo.rows("contact")[one.left]["title"] == back, one
