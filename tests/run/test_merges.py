"""The merge table over both made-up systems: 27 people whose title was blank, a or b when both last
agreed and is so on either side by now, under each kind of row; and what lost is in the list.

What is expected is worked out from the words by `test_modifiers.py`; no decision is asked.
"""

from __future__ import annotations

from itertools import product

import pytest
from syncrules.connectors.base.values import Value
from syncrules.engine import approvals
from syncrules.engine import lost as listing
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.run.test_decide import VALUES
from syncrules.tests.run.test_modifiers import Case, meant

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead {{ match on email }}
pull Lead as contact visible
map contact with Lead {{
    last_name         <-> LastName
    email             <-> Email
    title {row}
    organization_name  -> Company  default "Unknown"
}}
"""
ROWS = (
    ("<-> Title  prefer apollo", Case("both", "left")),
    ("<-> Title  prefer salesforce", Case("both", "right")),
    ("<-> Title  prefer latest", Case("both", "latest")),
    ("<-> Title  prefer apollo clear", Case("both", "left", clear=True)),
    ("<-> Title  prefer salesforce when blank", Case("both", "right", when_blank=True)),
    ("<-> Title  prefer apollo ask", Case("both", "left", ask=True)),
    ("<-> Title  prefer salesforce clear ask", Case("both", "right", clear=True, ask=True)),
    ("<-> Title  prefer apollo truncate", Case("both", "left")),
    ('<-> Title  prefer salesforce default "a"', Case("both", "right")),
    ("-> Title", Case("push", "left")),
    ("-> Title  clear", Case("push", "left", clear=True)),
    ("-> Title  when blank", Case("push", "left", when_blank=True)),
    ("<- Title", Case("pull", "right")),
    ("<- Title  clear", Case("pull", "right", clear=True)),
)
TABLE = tuple(product(VALUES, repeat=3))


class People:
    """Somebody for each cell of the table, on both sides, who agreed on the first of its values."""

    def __init__(self, row: str) -> None:
        self.both = Both(RULES.format(row=row))
        self.both.run()
        self.lefts = [
            self.both.apollo.create("contact", {"last_name": f"P{n}", "email": f"p{n}@a.example"})
            for n in range(len(TABLE))
        ]
        self.hour()
        leads = self.both.salesforce.rows("Lead")
        by_email = {row["Email"]: id for id, row in leads.items()}
        self.rights = [by_email[f"p{n}@a.example"] for n in range(len(TABLE))]
        self.set([(base, base) for base, _, _ in TABLE])
        self.hour()
        approvals.approve(self.both.db, [ORG], None)
        self.hour()

    def hour(self) -> None:
        self.both.clock.sleep(HOUR)
        self.both.run()

    def set(self, values: list[tuple[Value, Value]]) -> None:
        """Somebody gives each pair two titles."""
        for now, left, right, (lv, rv) in zip(
            self.titles(), self.lefts, self.rights, values, strict=True
        ):
            if now[0] != lv:
                self.both.apollo.update("contact", left, {"title": lv})
            if now[1] != rv:
                self.both.salesforce.update("Lead", right, {"Title": rv})

    def titles(self) -> list[tuple[Value, Value]]:
        contacts, leads = self.both.apollo.rows("contact"), self.both.salesforce.rows("Lead")
        return [
            (contacts[left].get("title") or None, leads[right].get("Title") or None)
            for left, right in zip(self.lefts, self.rights, strict=True)
        ]


@pytest.mark.parametrize(("row", "case"), ROWS, ids=[row for row, _ in ROWS])
def test_every_cell_of_the_table_comes_out_so_in_both_systems(row: str, case: Case) -> None:
    """As the words say, at rest afterwards, and nobody's edit is gone without a word: where both
    had changed and one was replaced, it is in the list (EDGE-8, CFM-4)."""
    people = People(row)
    people.set([(left, right) for _, left, right in TABLE])
    people.hour()
    if case.ask:
        assert people.titles() == [(left, right) for _, left, right in TABLE]
        approvals.approve(people.both.db, [ORG], None)
        people.hour()
    wanted = []
    lost = set()
    for (base, left, right), ids in zip(
        TABLE, zip(people.lefts, people.rights, strict=True), strict=True
    ):
        to_left, to_right = meant(case, base, left, right)
        wanted.append((left if to_left == "-" else to_left, right if to_right == "-" else to_right))
        lost |= {ids[0]} if to_left != "-" and left != base else set()
        lost |= {ids[1]} if to_right != "-" and right != base else set()
    assert dict(zip(TABLE, people.titles(), strict=True)) == dict(zip(TABLE, wanted, strict=True))
    told = [one for one in listing.lost(people.both.db, [ORG]) if one.field in ("title", "Title")]
    assert {one.record for one in told} == lost
    before = people.both.calls()
    people.hour()
    since = people.both.since(before)
    assert (since.apollo_writes, since.salesforce_writes) == (0, 0)
