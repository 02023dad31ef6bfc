"""Rows that somebody adds to a map: they act from now on, and a backfill brings in line what was
linked before, also where runs of the schedule came in between."""

from __future__ import annotations

import pytest
from syncrules.engine.why import why
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
push contact as Lead update only
map contact with Lead {
    last_name <-> LastName  prefer apollo
    email     <-> Email     prefer apollo
    organization_name -> Company
}
"""
TITLE = "    title <-> Title  prefer apollo\n"


def linked(left: str | None, right: str | None) -> tuple[Both, str, str]:
    """A contact and a Lead that are linked, with two titles that no row names."""
    both = Both(RULES)
    both.run()
    lead = {"LastName": "Berg", "Email": "a@b.example", "Company": "B", "Title": right}
    contact = {"last_name": "Berg", "email": "a@b.example", "organization_name": "B"}
    ids = (
        both.apollo.create("contact", contact | {"title": left}),
        both.salesforce.create("Lead", lead),
    )
    later(both)
    assert titles(both) == (left, right)
    return both, *ids


def later(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()


def add_row(both: Both) -> None:
    """The rules get a row for titles."""
    both.edit(RULES.replace("}\n", TITLE + "}\n"))


def titles(both: Both) -> tuple[object, object]:
    [left] = both.apollo.rows("contact").values()
    [right] = both.salesforce.rows("Lead").values()
    return left.get("title"), right.get("Title")


@pytest.mark.parametrize("runs", [0, 1, 3], ids=lambda one: f"after {one} runs")
@pytest.mark.parametrize(
    ("left", "right", "then"),
    [
        ("CEO", None, ("CEO", "CEO")),
        (None, "CTO", ("CTO", "CTO")),
        ("CEO", "CTO", ("CEO", "CEO")),
        ("CEO", "CEO", ("CEO", "CEO")),
    ],
)
def test_a_backfill_brings_in_line_what_was_linked_before_the_row(
    left: str | None, right: str | None, then: tuple[str, str], runs: int
) -> None:
    """Also where the two were decided meanwhile for another reason, which left titles alone."""
    both, contact, _ = linked(left, right)
    add_row(both)
    for number in range(runs):
        both.apollo.update("contact", contact, {"organization_name": f"B {number}"})
        later(both)
        assert titles(both) == (left, right)
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert titles(both) == then


def test_a_new_row_acts_on_what_changes_from_now_on() -> None:
    both, contact, lead = linked("CEO", "CTO")
    add_row(both)
    later(both)
    both.salesforce.update("Lead", lead, {"Title": "CFO"})
    later(both)
    assert titles(both) == ("CFO", "CFO")
    both.apollo.update("contact", contact, {"title": "Owner"})
    later(both)
    assert titles(both) == ("Owner", "Owner")


def test_what_a_person_empties_after_that_stays_empty_at_the_next_backfill() -> None:
    """Brought in line once, the two have a past in this row like in any other."""
    both, contact, _ = linked("CEO", "CTO")
    add_row(both)
    later(both)
    both.backfill("push", "contact")
    later(both)
    both.apollo.update("contact", contact, {"title": None})
    later(both)
    assert titles(both) == (None, "CEO")
    both.backfill("push", "contact")
    assert titles(both) == (None, "CEO")


@pytest.mark.parametrize("decided", [True, False])
def test_why_says_that_the_row_is_newer_and_what_brings_the_two_in_line(decided: bool) -> None:
    """Whether or not a run has met the two in this row."""
    both, contact, lead = linked("CEO", "CTO")
    add_row(both)
    if decided:
        both.apollo.update("contact", contact, {"organization_name": "B and sons"})
    later(both)
    setup = both.setup
    [told] = why(setup.plan, setup.org, setup.db, setup.world, lead, "Title")
    [row] = told.rows
    assert row.next == (
        "nothing: the row is newer than the link, so that what changes flows, and "
        "`syncrules backfill push contact` brings the two in line"
    )
    both.backfill("push", "contact")
    [told] = why(setup.plan, setup.org, setup.db, setup.world, lead, "Title")
    assert [one.next for one in told.rows] == ["nothing: both sides are as they last agreed"]
