"""Refusals in the error log: over once nothing is refused any more, each system for itself."""

from __future__ import annotations

from collections.abc import Callable

from syncrules.connectors.apollo.simulator.faults import Fault
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
push contact as Lead { on delete mark Description "Gone from Apollo" }
map contact with Lead {
    last_name <-> LastName  prefer apollo
    email     <-> Email     prefer apollo
    title     <-> Title     prefer latest
    organization_name -> Company
}
"""
RULED = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def linked() -> tuple[Both, str, str]:
    """A contact, and the Lead that was made of it."""
    both = Both(RULES)
    both.run()
    left = both.apollo.create(
        "contact", {"last_name": "Berg", "email": "a@b.example", "organization_name": "B"}
    )
    later(both)
    [right] = both.salesforce.rows("Lead")
    return both, left, right


def later(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()


def refuse(both: Both) -> None:
    """Salesforce takes no Lead of another company, or of somebody who is gone."""
    ruled = Validation(
        "Lead", "ask Eva", lambda row: row["Company"] != "B" or bool(row.get("Description"))
    )
    both.salesforce.org.validations[:] = [ruled]


def meanwhile(both: Both, name: str, act: Callable[[], object]) -> None:
    """Somebody does something once the next run has come to a commit, and a minute goes by."""

    def at(point: str) -> None:
        if point == f"after {name}":
            both.world.on_point = None
            act()
            both.clock.sleep(70)

    both.world.on_point = at


def listed(both: Both) -> list[tuple[str, str]]:
    return [(one.system, one.code) for one in both.errors()]


def refused_by_apollo(both: Both, right: str) -> None:
    """What Salesforce says of somebody's title is refused by Apollo, once."""
    both.apollo.faults.append(Fault("reply", "POST", "bulk_update", status=422))
    both.salesforce.update("Lead", right, {"Title": "CTO"})


def test_what_got_through_in_one_system_is_over_while_the_other_one_refuses() -> None:
    """Nothing is wrong any more with what the first entry is about."""
    both, left, right = linked()
    refuse(both)
    refused_by_apollo(both, right)
    both.apollo.update("contact", left, {"organization_name": "C"})
    later(both)
    assert listed(both) == [("salesforce", RULED), ("apollo", "refused")]
    both.salesforce.update("Lead", right, {"Title": "CEO"})
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "CEO"
    assert listed(both) == [("salesforce", RULED)]


def test_a_refusal_is_over_once_its_record_is_gone_whatever_follows_on_the_other_side() -> None:
    """Nobody can correct a contact that isn't there."""
    both, left, right = linked()
    refuse(both)
    refused_by_apollo(both, right)
    later(both)
    assert listed(both) == [("apollo", "refused")]
    both.apollo.delete("contact", left)
    both.clock.sleep(23 * HOUR)
    later(both)
    assert listed(both) == [("salesforce", RULED)]


def test_a_refusal_is_over_once_its_record_became_one_that_we_are_not_shown() -> None:
    """Nothing is written to a Lead that was merged away. What the contact still has to say goes to
    the survivor once that is shown, and is refused there or not (EDGE-6)."""
    both, left, right = linked()
    refuse(both)
    both.apollo.update("contact", left, {"organization_name": "C"})
    later(both)
    assert listed(both) == [("salesforce", RULED)]
    other = both.salesforce.create("Lead", {"LastName": "Berg", "Company": "B"})
    both.salesforce.org.unshared.add(other)
    both.salesforce.merge("Lead", other, [right])
    later(both)
    assert listed(both) == []
    both.salesforce.org.unshared.clear()
    later(both)
    assert listed(both) == [("salesforce", RULED)]
    both.salesforce.org.validations.clear()
    both.apollo.update("contact", left, {"organization_name": "D"})
    later(both)
    assert both.salesforce.rows("Lead")[other]["Company"] == "D"
    assert listed(both) == []


def test_a_refusal_is_over_where_somebody_edits_in_the_middle_of_the_run_that_gets_through() -> (
    None
):
    """What was planned before that edit is dropped, and nothing of it is left to be done."""
    both, left, right = linked()
    refuse(both)
    both.apollo.update("contact", left, {"organization_name": "C"})
    later(both)
    assert listed(both) == [("salesforce", RULED)]
    both.salesforce.org.validations.clear()
    both.apollo.update("contact", left, {"organization_name": "D"})
    meanwhile(both, "decided", lambda: both.apollo.update("contact", left, {"title": "CTO"}))
    later(both)
    lead = both.salesforce.rows("Lead")[right]
    assert (lead["Company"], lead["Title"]) == ("D", "CTO")
    assert listed(both) == []


def test_what_a_run_was_refused_is_over_once_it_got_that_through_after_all() -> None:
    """Somebody corrects in the middle of the run what was wrong."""
    both, left, right = linked()
    refuse(both)
    both.apollo.update("contact", left, {"organization_name": "C"})
    both.salesforce.update("Lead", right, {"Title": "CTO"})

    def corrected() -> None:
        assert listed(both) == [("salesforce", RULED)]
        both.salesforce.org.validations.clear()
        both.salesforce.update("Lead", right, {"Title": "CEO"})

    meanwhile(both, "settled", corrected)
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "CEO"
    assert both.salesforce.rows("Lead")[right]["Company"] == "C"
    assert listed(both) == []


def test_an_address_that_apollo_drops_is_told() -> None:
    """Apollo takes the record and leaves out what it takes for no address, without a word: it is
    told, when the contact is made and later, and all else arrives."""
    both = Both(
        "sync apollo with salesforce\n"
        "pull Lead as contact visible\n"
        "map contact with Lead {\n    last_name <- LastName\n    title <- Title\n"
        "    email <- Description\n}\n"
    )
    both.run()
    both.clock.sleep(HOUR)
    lead = both.salesforce.create(
        "Lead", {"LastName": "Berg", "Company": "B", "Description": "n/a", "Title": "CTO"}
    )
    for address, title in (("n/a", "CTO"), ("a@b.example", "CEO"), ("none yet", "COO")):
        both.salesforce.update("Lead", lead, {"Description": address, "Title": title})
        later(both)
        [contact] = both.apollo.rows("contact").values()
        assert contact["title"] == title
        told = [(one.code, one.message) for one in both.errors()]
        wrong = [("no-address", f"Apollo takes {address!r} for no address")]
        assert told == ([] if "@" in address else wrong)
    assert contact["email"] == "a@b.example"
