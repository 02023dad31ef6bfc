"""`enrich`, over both made-up systems: blanks in Salesforce filled from Apollo, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.lost import lost
from syncrules.engine.run import brakes
from syncrules.engine.run.run import Result
from syncrules.errors import Braked
from syncrules.tests.both import HOUR, ORG, Both

MAP = """\
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title   prefer apollo
    first_name        <-> FirstName
    phone              -> Phone
}
"""
NEW = "sync apollo with salesforce\nprefer salesforce\nenrich Lead with contact\n" + MAP
EXISTING = NEW.replace("enrich Lead", "enrich existing Lead")
ADA = {"last_name": "King", "email": "ada@a.example", "title": "CTO", "direct_phone": "+1 555 1000"}
LEAD = {"LastName": "Byron", "Company": "A", "Email": "ADA@a.example", "FirstName": "Ada"}


def hour(both: Both) -> Result:
    both.clock.sleep(HOUR)
    return both.run()


def person(both: Both) -> str:
    """Somebody Apollo knows, before the first run."""
    return both.apollo.create("contact", ADA)


def row(both: Both, lead: str) -> tuple[object, ...]:
    found = both.salesforce.rows("Lead")[lead]
    return tuple(found.get(name) for name in ("LastName", "FirstName", "Title", "Phone"))


FILLED = ("Byron", "Ada", "CTO", "+1 555 1000")


def test_what_is_new_in_salesforce_gets_its_blanks_filled() -> None:
    """What stands there stays, whoever is preferred, and nothing goes to Apollo; later the rows
    flow as ever."""
    both = Both(NEW)
    contact = person(both)
    both.run()
    lead = both.salesforce.create("Lead", {**LEAD, "Title": None})
    before = both.calls()
    hour(both)
    assert row(both, lead) == FILLED
    assert both.since(before).apollo_writes == 0
    left = both.apollo.rows("contact")[contact]
    assert (left["last_name"], left.get("first_name")) == ("King", None)
    before = both.calls()
    hour(both)
    assert both.since(before).salesforce_writes == both.since(before).apollo_writes == 0
    both.salesforce.update("Lead", lead, {"LastName": "Lovelace"})
    both.apollo.update("contact", contact, {"title": "CEO"})
    hour(both)
    assert both.apollo.rows("contact")[contact]["last_name"] == "Lovelace"
    assert row(both, lead)[2] == "CEO"


def test_a_value_that_was_there_stays_though_apollo_is_preferred() -> None:
    both = Both(NEW)
    person(both)
    both.run()
    lead = both.salesforce.create("Lead", {**LEAD, "Title": "Poet"})
    hour(both)
    assert row(both, lead) == ("Byron", "Ada", "Poet", "+1 555 1000")


def test_what_was_there_before_is_untouched_and_waits_for_nothing() -> None:
    """Neither written nor counted; a new person in Apollo doesn't make an old lead new."""
    both = Both(NEW)
    lead = both.salesforce.create("Lead", LEAD)
    person(both)
    assert both.run().waiting == {}
    both.apollo.create("contact", {**ADA, "email": "second@a.example"})
    other = both.salesforce.create("Lead", {**LEAD, "Email": "third@a.example"})
    both.apollo.create("contact", {**ADA, "email": "third@a.example"})
    result = hour(both)
    assert result.waiting == {}
    assert row(both, lead) == ("Byron", "Ada", None, None)
    assert row(both, other) == FILLED


def test_an_old_lead_that_is_edited_is_none_the_newer() -> None:
    """The switch is off: what people do to an old lead doesn't make it new. One that was made after
    the rule is enriched when it gets the address, too."""
    both = Both(NEW)
    person(both)
    old = both.salesforce.create("Lead", {**LEAD, "Email": "old@a.example"})
    both.run()
    new = both.salesforce.create("Lead", {**LEAD, "Email": "new@a.example"})
    hour(both)
    both.salesforce.update("Lead", old, {"Email": "ada@a.example"})
    hour(both)
    assert row(both, old) == ("Byron", "Ada", None, None)
    both.salesforce.update("Lead", old, {"Email": "old@a.example"})
    both.salesforce.update("Lead", new, {"Email": "ada@a.example"})
    hour(both)
    assert row(both, old) == ("Byron", "Ada", None, None)
    assert row(both, new) == FILLED


def test_the_switch_fills_what_was_there_before_once() -> None:
    """Counted in the preview, filled with the next run, and not again: not for an old lead whose
    contact comes later, nor in a further run."""
    both = Both(NEW)
    lead = both.salesforce.create("Lead", LEAD)
    lonely = both.salesforce.create("Lead", {**LEAD, "Email": "grace@a.example"})
    contact = person(both)
    both.run()
    both.edit(EXISTING)
    both.clock.sleep(HOUR)
    seen = both.preview()
    assert seen.counts == {
        ("salesforce", "Lead", "link", "planned"): 1,
        ("salesforce", "Lead", "update", "planned"): 1,
    }
    assert row(both, lead) == ("Byron", "Ada", None, None)
    before = both.calls()
    hour(both)
    assert row(both, lead) == FILLED
    assert both.since(before).apollo_writes == 0
    assert both.apollo.rows("contact")[contact]["last_name"] == "King"
    both.apollo.create("contact", {**ADA, "email": "grace@a.example"})
    hour(both)
    assert row(both, lonely) == ("Byron", "Ada", None, None)


def test_beside_a_push_the_values_of_a_new_lead_stay_and_those_before_follow_the_push() -> None:
    """The push's rules decide what a backfill of old leads does, `enrich` what happens to new
    ones."""
    rules = NEW.replace("enrich Lead", "push contact as Lead\nenrich Lead").replace(
        "    phone ", '    organization_name -> Company default "A"\n    phone '
    )
    both = Both(rules)
    old = both.salesforce.create("Lead", {**LEAD, "Title": "Poet"})
    person(both)
    both.run()
    new = both.salesforce.create("Lead", {**LEAD, "Title": "Poet", "Email": "grace@a.example"})
    both.apollo.create("contact", {**ADA, "email": "grace@a.example"})
    hour(both)
    assert row(both, new) == ("Byron", "Ada", "Poet", "+1 555 1000")
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert row(both, old) == ("Byron", "Ada", "CTO", "+1 555 1000")


def test_two_people_with_the_address_of_a_new_lead_are_reported_and_not_guessed() -> None:
    both = Both(NEW)
    person(both)
    person(both)
    both.run()
    lead = both.salesforce.create("Lead", LEAD)
    hour(both)
    assert row(both, lead) == ("Byron", "Ada", None, None)
    assert [one.code for one in both.errors()] == ["ambiguous-match"]


def test_two_people_who_come_at_once_for_a_lead_that_waits_are_reported() -> None:
    """Nothing of the lead changes by then. Of one from before the rules, and of one that has its
    contact, nothing is told. (R9)"""
    both = Both(NEW)
    old = both.salesforce.create("Lead", {**LEAD, "Email": "old@a.example"})
    both.run()
    both.salesforce.create("Lead", LEAD)
    both.salesforce.create("Lead", {**LEAD, "Email": "grace@a.example"})
    both.apollo.create("contact", {**ADA, "email": "grace@a.example"})
    hour(both)
    for name in ("ada", "ada", "grace", "old", "old", "nobody", "nobody"):
        both.apollo.create("contact", {**ADA, "email": f"{name}@a.example"})
    hour(both)
    [told] = both.errors()
    assert (told.code, told.key) == ("ambiguous-match", "ada@a.example")
    assert row(both, old)[2] is None


def test_a_report_names_a_rule_and_the_line_of_that_rule() -> None:
    """Also where another rule of the pair stands before it."""
    both = Both(NEW.replace("enrich Lead", "pull Lead as contact\nenrich Lead"))
    person(both)
    person(both)
    both.run()
    both.salesforce.create("Lead", LEAD)
    hour(both)
    told = both.errors()[0]
    assert (told.rule, told.line) == ("enrich Lead with contact", 4)


@pytest.fixture
def refused() -> tuple[Both, str, str]:
    """A new Lead is linked, and what it is to be filled with is refused: the lead and its
    contact."""
    both = Both(NEW)
    contact = person(both)
    both.run()
    lead = both.salesforce.create("Lead", LEAD)
    refuses = Validation("Lead", "Not yet", lambda row: row.get("Phone") == "+1 555 1000")
    both.salesforce.org.validations.append(refuses)
    hour(both)
    assert [one.code for one in both.errors()] == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    assert row(both, lead) == ("Byron", "Ada", None, None)
    both.salesforce.org.validations.clear()
    return both, lead, contact


def test_what_somebody_fills_in_before_we_have_stays(refused: tuple[Both, str, str]) -> None:
    """Whoever is preferred, and whichever way the row goes; the rest is filled."""
    both, lead, contact = refused
    both.salesforce.update("Lead", lead, {"Title": "Poet"})
    hour(both)
    assert row(both, lead) == ("Byron", "Ada", "Poet", "+1 555 1000")
    assert both.apollo.rows("contact")[contact]["title"] == "Poet"
    assert lost(both.db, [ORG]) == []
    both.salesforce.update("Lead", lead, {"Phone": None})
    both.apollo.update("contact", contact, {"title": "CEO"})
    hour(both)
    assert row(both, lead) == ("Byron", "Ada", "CEO", None)


def test_what_somebody_fills_in_where_a_row_goes_one_way_stays_until_the_left_is_changed(
    refused: tuple[Both, str, str],
) -> None:
    both, lead, contact = refused
    both.salesforce.update("Lead", lead, {"Phone": "2"})
    hour(both)
    assert row(both, lead) == ("Byron", "Ada", "CTO", "2")
    both.apollo.update("contact", contact, {"direct_phone": "+1 555 3000"})
    hour(both)
    assert row(both, lead) == ("Byron", "Ada", "CTO", "+1 555 3000")


def test_what_is_changed_on_the_left_before_we_have_filled_it_in_is_filled_in(
    refused: tuple[Both, str, str],
) -> None:
    both, lead, contact = refused
    both.apollo.update("contact", contact, {"direct_phone": "+1 555 3000"})
    hour(both)
    assert row(both, lead) == ("Byron", "Ada", "CTO", "+1 555 3000")


def test_what_somebody_makes_of_a_blank_whose_filling_was_not_heard_of_stays() -> None:
    """Nobody can tell whether it had arrived by then; the edit stays either way."""
    for kind in ("lost after", "lost before"):
        both = Both(NEW)
        person(both)
        both.run()
        lead = both.salesforce.create("Lead", {**LEAD, "Title": "Poet"})
        both.salesforce.faults.rules.append(Fault(kind, "PATCH", "composite/sobjects"))
        hour(both)
        both.salesforce.update("Lead", lead, {"Phone": "2"})
        hour(both)
        hour(both)
        assert row(both, lead) == ("Byron", "Ada", "Poet", "2")


def test_what_stands_in_the_contact_that_a_lead_became_before_we_filled_it_stays() -> None:
    both = Both(
        "sync apollo with salesforce\nprefer salesforce\nenrich Lead, Contact with contact\n"
        + MAP.replace("Lead", "Lead, Contact")
    )
    person(both)
    both.run()
    lead = both.salesforce.create("Lead", LEAD)
    refuses = Validation("Lead", "Not yet", lambda row: row.get("Phone") == "+1 555 1000")
    both.salesforce.org.validations.append(refuses)
    hour(both)
    made = both.salesforce.convert(lead)
    both.salesforce.update("Contact", made, {"Title": "Poet"})
    hour(both)
    found = both.salesforce.rows("Contact")[made]
    assert (found["Title"], found["Phone"]) == ("Poet", "+1 555 1000")


class Crash(BaseException):
    """The process dies."""


@pytest.mark.parametrize("place", range(13, 30))
def test_a_crash_of_the_run_that_fills_what_was_there_loses_none(place: int) -> None:
    """Whatever commit it dies at, the next run fills what is left."""
    both = Both(EXISTING)
    leads = [both.salesforce.create("Lead", {**LEAD, "Email": f"p{n}@a.example"}) for n in range(3)]
    for n in range(3):
        both.apollo.create("contact", {**ADA, "email": f"p{n}@a.example"})
    points = 0

    def point(name: str) -> None:
        nonlocal points
        points += 1
        if points == place:
            raise Crash

    ours, both.db._point = both.db._point, point
    try:
        both.run()
    except Crash:
        both.db.fence = None
    both.db._point = ours
    hour(both)
    assert [row(both, one) for one in leads] == [FILLED] * 3


def test_filling_what_was_there_is_no_mass_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """The brake on changes of linked records doesn't count those that are only being linked."""
    brake = replace(brakes.BRAKES["update"], most=2)
    monkeypatch.setitem(brakes.BRAKES, "update", brake)
    both = Both(EXISTING)
    for n in range(5):
        both.salesforce.create("Lead", {**LEAD, "Email": f"p{n}@a.example"})
        both.apollo.create("contact", {**ADA, "email": f"p{n}@a.example"})
    assert both.run().counts["salesforce", "Lead", "update", "done"] == 5
    for id in both.apollo.rows("contact"):
        both.apollo.update("contact", id, {"title": "CEO"})
    both.clock.sleep(HOUR)
    with pytest.raises(Braked, match="5 of 5 linked Lead records"):
        both.run()


def test_what_was_there_is_filled_though_the_rules_change_once_more_before_it_is() -> None:
    """A run that a guard stops, or that dies, has filled nothing; with the next rules it is."""
    both = Both(NEW)
    person(both)
    lead = both.salesforce.create("Lead", LEAD)
    both.run()
    both.edit(EXISTING + "guard at most 0 Lead changed per run\n")
    both.clock.sleep(HOUR)
    with pytest.raises(Braked):
        both.run()
    both.edit(EXISTING.replace("prefer apollo", "prefer latest"))
    hour(both)
    assert row(both, lead) == FILLED


def test_a_backfill_fills_what_was_there_as_a_run_does() -> None:
    """It may be the first that is asked for once the rule is there."""
    both = Both(NEW)
    person(both)
    lead = both.salesforce.create("Lead", LEAD)
    both.run()
    both.edit(EXISTING)
    both.clock.sleep(HOUR)
    both.backfill("pull", "Lead")
    assert row(both, lead) == FILLED


def test_what_is_newer_than_the_switch_is_none_that_was_there() -> None:
    """Neither a run nor a backfill fills it: that is what `enrich` without the word is for."""
    both = Both(EXISTING)
    person(both)
    both.run()
    lead = both.salesforce.create("Lead", {**LEAD, "Title": None})
    hour(both)
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert row(both, lead) == ("Byron", "Ada", None, None)
