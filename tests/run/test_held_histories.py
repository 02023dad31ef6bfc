"""Histories drawn from a seed: people edit, stop, approve, and runs die at any commit.

Whatever happens, nothing is written that is stopped or that nobody let go, and at the end, with
nothing stopped and everything approved, both sides have come to rest and agree.
"""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from syncrules.engine import approvals
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead {
    match on email
    stop when Lead.IsUnreadByOwner
}
map contact with Lead {
    last_name         <-> LastName
    first_name        <-> FirstName  clear prefer apollo
    title             <-> Title      clear ask
    email              -> Email
    organization_name  -> Company    default "Unknown"
}
map contact stage with Lead.Status ask prefer latest {
    "Cold"           <-> "Open - Not Contacted"
    "Interested"     <-> "Working - Contacted"
    "Not Interested" <-> "Closed - Not Converted"
}
"""
STAGES = {
    "Cold": "Open - Not Contacted",
    "Interested": "Working - Contacted",
    "Not Interested": "Closed - Not Converted",
}
PAIRS = {"last_name": "LastName", "first_name": "FirstName", "title": "Title", "stage": "Status"}


class Crash(BaseException):
    """The process dies."""


class History:
    """Three people on both sides, and what happens to them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.both = Both(RULES)
        self.both.run()
        self.count = 0
        for n in range(3):
            self.both.apollo.create(
                "contact",
                {"last_name": f"Berg{n}", "email": f"p{n}@a.example", "stage": "Cold"},
            )
        self.both.clock.sleep(HOUR)
        self.both.run()
        by_email = {row["Email"]: id for id, row in self.both.salesforce.rows("Lead").items()}
        contacts = self.both.apollo.rows("contact")
        self.people = [(id, by_email[row["email"]]) for id, row in contacts.items()]
        self.stopped: set[str] = set()
        self.let_go: list[tuple[str, object, object]] = []

    def text(self, *, blank: bool) -> str | None:
        self.count += 1
        return None if blank and self.chance.random() < 0.3 else f"Text {self.count}"

    def edit(self) -> None:
        left, right = self.chance.choice(self.people)
        name = self.chance.choice((*PAIRS, "stop"))
        if name == "stop":
            self.stop(right, self.chance.random() < 0.5)
            return
        stage = self.chance.choice(sorted(STAGES))
        text = stage if name == "stage" else self.text(blank=name != "last_name")
        if self.chance.random() < 0.5:
            self.both.apollo.update("contact", left, {name: text})
        else:
            there = STAGES[stage] if name == "stage" else text
            self.both.salesforce.update("Lead", right, {PAIRS[name]: there})

    def stop(self, lead: str, halt: bool) -> None:
        (self.stopped.add if halt else self.stopped.discard)(lead)
        self.both.salesforce.update("Lead", lead, {"IsUnreadByOwner": halt})

    def picture(self) -> dict[tuple[str, str], object]:
        """What both sides hold in the mapped fields, by record and the left field's name."""
        contacts, leads = self.both.apollo.rows("contact"), self.both.salesforce.rows("Lead")
        stages = {one.id: one.name for one in self.both.apollo.team.contact_stages}
        found: dict[tuple[str, str], object] = {}
        for left, right in self.people:
            for name, other in PAIRS.items():
                mine = contacts[left].get(name)
                if name == "stage":
                    mine = STAGES[stages[contacts[left]["contact_stage_id"]]]
                found[left, name] = mine or None
                found[right, name] = leads[right].get(other)
        return found

    def run(self, *, dies: bool = False) -> None:
        """One run, held against what it may do."""
        self.both.clock.sleep(HOUR)
        before = self.picture()
        points = 0
        last = self.chance.randrange(1, 40) if dies else 0

        def point(name: str) -> None:
            nonlocal points
            points += 1
            if points == last:
                raise Crash

        ours, self.both.db._point = self.both.db._point, point
        with suppress(Crash):
            self.both.run()
        self.both.db._point, self.both.db.fence = ours, None
        after = self.picture()
        for (record, name), value in after.items():
            if value == before[record, name]:
                continue
            assert record not in self.stopped, f"{record} is stopped, and {name} was written"
            if name in ("title", "stage"):
                written = record, before[record, name], value
                assert written in self.let_go, f"{written}: nobody let {name} go"
                if not dies:
                    # A run that died may not know what it wrote, and makes the change once more.
                    self.let_go.remove(written)

    def approve(self, share: float) -> None:
        waiting = approvals.waiting(self.both.db, [ORG])
        ids = [one.id for one in waiting if self.chance.random() < share]
        for one in approvals.approve(self.both.db, [ORG], ids) if ids else []:
            before, after = (STAGES.get(str(each), each) for each in (one.before, one.after))
            self.let_go.append((one.record, before, after))


@pytest.mark.parametrize("seed", range(25))
def test_nothing_held_back_is_written_and_in_the_end_all_is(seed: int) -> None:
    history = History(seed)
    for _ in range(10):
        for _ in range(history.chance.randrange(4)):
            history.edit()
        history.approve(0.5)
        history.run(dies=history.chance.random() < 0.4)
    for _, lead in history.people:
        history.stop(lead, False)
    for _ in range(4):
        history.run()
        history.approve(1)
    history.run()
    before = history.both.calls()
    history.run()
    spent = history.both.since(before)
    assert spent.apollo_writes == spent.salesforce_writes == 0
    assert approvals.waiting(history.both.db, [ORG]) == []
    now = history.picture()
    for left, right in history.people:
        for name in PAIRS:
            assert now[left, name] == now[right, name], (left, name)
    assert history.both.errors() == []
