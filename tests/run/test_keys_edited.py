"""Keys that are edited act from now on: who matches only by them waits, or changes first (C6)."""

from __future__ import annotations

import pytest
from syncrules.engine.report import result_text
from syncrules.engine.run.run import Result
from syncrules.engine.status import status_json, status_text
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" { match on %s }
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}
"""
EMAIL, NAMES = RULES % "email", RULES % "first_name and last_name"
WAITS = "and waits for `syncrules backfill push contact`"


def of(state: str = "sqlite://") -> tuple[Both, str, str]:
    """A contact and a Lead that have a name in common, and no address."""
    both = Both(EMAIL, state=state)
    both.run()
    lead = {"FirstName": "Ada", "LastName": "King", "Company": "X", "Title": "CTO"}
    right = both.salesforce.create("Lead", lead)
    contact = {"first_name": "Ada", "last_name": "King", "stage": "Cold", "title": "CEO"}
    left = both.apollo.create("contact", contact)
    later(both)
    return both, left, right


def later(both: Both) -> Result:
    both.clock.sleep(HOUR)
    return both.run()


def titles(both: Both) -> tuple[object, object]:
    [left], [right] = both.apollo.rows("contact").values(), both.salesforce.rows("Lead").values()
    return left["title"], right["Title"]


def test_who_matches_only_by_keys_that_were_edited_waits_for_a_backfill() -> None:
    """Nobody is linked with a stranger, and written to, by a line that somebody has just typed:
    runs say how many wait, and `why` what for."""
    both, left, _ = of()
    both.edit(NAMES)
    for _ in range(2):
        result = later(both)
        assert (result.counts, WAITS in result_text(result)) == ({}, True)
    assert titles(both) == ("CEO", "CTO")
    said = why_text(why(both.setup.plan, ORG, both.db, both.world, left))
    assert "the two were there before they matched by this" in said
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert titles(both) == ("CTO", "CTO")
    assert WAITS not in result_text(later(both))
    lines = status_text(status_json(both.db, [ORG], both.clock.now())).splitlines()
    assert [one for one in lines if one.startswith("  rule")] == [
        "  rule       push contact as Lead, since run 1"
    ]


@pytest.mark.parametrize("side", ["left", "right", "new"])
def test_who_changes_after_that_is_linked(side: str) -> None:
    """Either of the two, in whatever, or somebody new."""
    both, left, right = of()
    both.edit(NAMES)
    later(both)
    if side == "left":
        both.apollo.update("contact", left, {"title": "Chair"})
    elif side == "right":
        both.salesforce.update("Lead", right, {"Title": "Chair"})
    else:
        names = {"FirstName": "Bea", "LastName": "Berg"}
        both.salesforce.create("Lead", {**names, "Company": "Y"})
        both.apollo.create("contact", {"first_name": "Bea", "last_name": "Berg", "stage": "Cold"})
    assert later(both).counts["salesforce", "Lead", "link", "done"] == 1


def test_keys_that_are_put_back_are_new_once_more_and_those_that_stay_are_not() -> None:
    """Another edit of the rule leaves them as they are; nobody is made twice meanwhile."""
    both, left, _ = of()
    both.edit(NAMES.replace('"Interested"', '"Replied"'))
    later(both)
    both.edit(EMAIL)
    assert WAITS not in result_text(later(both))
    both.edit(EMAIL.replace('"Interested"', '"Replied"'))
    later(both)
    both.apollo.update("contact", left, {"stage": "Replied", "email": "ada@a.example"})
    later(both)
    assert len(both.salesforce.rows("Lead")) == 2


def test_it_is_the_same_with_a_state_in_postgresql(postgres_url: str) -> None:
    both, _, _ = of(postgres_url)
    both.edit(NAMES)
    assert WAITS in result_text(later(both))
    both.db.close()
