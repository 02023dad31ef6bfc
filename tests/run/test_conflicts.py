"""Conflicts in the error log: there as long as the two values are, and gone with them."""

from __future__ import annotations

import pytest
from syncrules.connectors.apollo.simulator.faults import Fault
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine import report
from syncrules.engine.run import run as verbs
from syncrules.engine.why import why
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
push contact as Lead update only
map contact with Lead {
    last_name <-> LastName  prefer apollo
    email     <-> Email     prefer apollo
    organization_name -> Company
    title     <-> Title     prefer latest
}
"""


def linked(rules: str = RULES, state: str = "sqlite://") -> tuple[Both, str, str]:
    """A contact and a Lead that were linked with two titles."""
    both = Both(rules, state=state)
    both.run()
    right = both.salesforce.create(
        "Lead", {"LastName": "Berg", "Email": "a@b.example", "Company": "B", "Title": "CTO"}
    )
    left = both.apollo.create(
        "contact",
        {"last_name": "Berg", "email": "a@b.example", "organization_name": "B", "title": "CEO"},
    )
    later(both)
    return both, left, right


def later(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()


def listed(both: Both) -> list[tuple[int, str]]:
    return [(one.id, one.code) for one in both.errors()]


@pytest.mark.parametrize("again", ["run", "retry", "backfill", "edit"])
def test_a_conflict_stays_listed_while_both_values_stand(again: str) -> None:
    """Deciding the two once more, for whatever reason, is no answer to it."""
    both, left, _ = linked()
    assert listed(both) == [(1, "conflict")]
    if again == "retry":
        verbs.retry(both.setup, [1])
    elif again == "backfill":
        both.backfill("push", "contact")
    elif again == "edit":
        both.apollo.update("contact", left, {"organization_name": "B and sons"})
    later(both)
    later(both)
    assert listed(both) == [(1, "conflict")]


@pytest.mark.parametrize(
    "row", ["<-> Title     prefer apollo", "-> Title", "<-> Title prefer latest ask"]
)
def test_a_conflict_stays_listed_whatever_the_row_says_of_later_changes(row: str) -> None:
    """Neither value has changed since: nobody has said which of these two stands. Who makes them
    equal, or changes one, says it."""
    both, _, right = linked()
    both.edit(RULES.replace("<-> Title     prefer latest", row))
    for _ in range(2):
        later(both)
        assert listed(both) == [(1, "conflict")]
    [entry] = both.errors()
    said = 'Title: title is "CEO", Title is "CTO", and which of them is later can\'t be told'
    assert [one.message for one in entry.troubles] == [said]
    both.salesforce.update("Lead", right, {"Title": "CEO"})
    later(both)
    assert listed(both) == []


def test_a_conflict_goes_on_with_a_lead_that_is_converted() -> None:
    """Both titles are as they were, and there are rules about the Contact, too (EDGE-5)."""
    rules = RULES.replace("Company", "Lead.Company").replace("with Lead", "with Lead, Contact")
    pull = "pull Contact as contact visible { match on email }\nmap"
    both, left, right = linked(rules.replace("\nmap", f"\n{pull}"))
    contact = both.salesforce.convert(right)
    later(both)
    later(both)
    [entry] = both.errors()
    assert (entry.code, entry.object, entry.field) == ("conflict", "Contact", "Title")
    assert both.apollo.rows("contact")[left]["title"] == "CEO"
    both.salesforce.update("Contact", contact, {"Title": "CEO"})
    later(both)
    later(both)
    assert listed(both) == []


def test_a_conflict_is_told_under_its_field() -> None:
    both, _, _ = linked()
    [entry] = both.errors()
    assert report.error_json(entry)["field"] == entry.field == "Title"


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_conflict_is_over_once_a_value_changes(side: str) -> None:
    """The changed one flows, and nothing is left to tell."""
    both, left, right = linked()
    if side == "left":
        both.apollo.update("contact", left, {"title": "Owner"})
    else:
        both.salesforce.update("Lead", right, {"Title": "Owner"})
    later(both)
    later(both)
    assert listed(both) == []
    assert both.apollo.rows("contact")[left]["title"] == "Owner"
    assert both.salesforce.rows("Lead")[right]["Title"] == "Owner"


def test_a_conflict_stays_listed_where_what_was_to_end_it_was_lost_and_taken_back() -> None:
    """It ends once a value has arrived, and not once that is planned."""
    both, left, right = linked()
    both.salesforce.update("Lead", right, {"Title": "Owner"})
    both.apollo.faults.append(Fault("lost before", "POST", "bulk_update"))
    later(both)
    both.salesforce.update("Lead", right, {"Title": "CTO"})
    later(both)
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "CEO"
    assert listed(both) == [(1, "conflict")]


def test_a_conflict_is_over_once_somebody_made_the_values_equal() -> None:
    """As the entry says to do."""
    both, left, right = linked()
    both.salesforce.update("Lead", right, {"Title": "CEO"})
    later(both)
    later(both)
    assert listed(both) == []
    assert both.apollo.rows("contact")[left]["title"] == "CEO"


def test_an_ambiguous_match_stays_listed_when_the_rules_are_edited() -> None:
    """Twins that were there before are asked for by a backfill only; a row that goes meanwhile
    doesn't part them."""
    both = Both(RULES.replace(" update only", ""))
    for name in ("Berg", "Tal"):
        given = {"LastName": name, "Email": "a@b.example", "Company": "B"}
        both.salesforce.create("Lead", given)
    both.apollo.create("contact", {"last_name": "Berg", "email": "a@b.example"})
    later(both)
    both.backfill("push", "contact")
    before = listed(both)
    assert {code for _, code in before} == {"ambiguous-match"}
    row = "    title     <-> Title     prefer latest\n"
    edited = RULES.replace(" update only", "").replace(row, "")
    both.edit(edited)
    later(both)
    later(both)
    assert listed(both) == before


PEOPLE = """\
sync apollo with salesforce
prefer apollo
push contact as Contact { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
}
"""


@pytest.mark.parametrize("object", ["Lead", "Contact"])
def test_a_match_that_could_not_be_told_is_made_once_a_twin_is_gone(object: str) -> None:
    """Also where the twins are of the object that no rule writes to."""
    both = Both(PEOPLE)
    both.run()
    company = {"Company": "B"} if object == "Lead" else {}
    one, other = (
        both.salesforce.create(object, {"LastName": "Berg", "Email": "a@b.example", **company})
        for _ in range(2)
    )
    both.apollo.create("contact", {"last_name": "Berg", "email": "a@b.example"})
    later(both)
    assert {code for _, code in listed(both)} == {"ambiguous-match"}
    both.salesforce.delete(object, other)
    later(both)
    assert listed(both) == []
    setup = both.setup
    told = why(setup.plan, setup.org, setup.db, setup.world, "a@b.example")
    assert [(each.partner.id, each.linked) for each in told if each.partner] == [(one, True)]


def test_a_conflict_stays_listed_beside_a_write_that_is_refused_for_another_reason() -> None:
    """What a field was refused for yesterday is over, and the two titles differ as before."""
    both, left, _ = linked()
    for wanted in ("No such company", "Ask Eva first"):
        refuses = Validation("Lead", wanted, lambda row: row["Company"] != "B")
        both.salesforce.org.validations[:] = [refuses]
        both.apollo.update("contact", left, {"organization_name": f"{wanted} and sons"})
        later(both)
        assert [one.code for one in both.errors()] == [
            "conflict",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        ]
