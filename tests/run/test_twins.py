"""A record is deleted, and another of its system is the same person or company still: nothing of
the other side is deleted or marked for that (R1)."""

from __future__ import annotations

import pytest
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead {{
    match on email
    {follows}
}}
map contact with Lead {{
    last_name          -> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company  default "Unknown"
}}
"""
DAY = 24 * HOUR
ADA = {"last_name": "King", "email": "ada@a.example"}
BOTH = pytest.mark.parametrize("follows", ["delete", 'mark Description "Gone"'])


def of(follows: str) -> tuple[Both, str, str]:
    """Both systems, a contact, and the Lead that a run has made of it."""
    both = Both(RULES.format(follows=f"on delete {follows}"))
    both.run()
    left = both.apollo.create("contact", {**ADA, "title": "CTO"})
    later(both)
    (right,) = both.salesforce.rows("Lead")
    both.salesforce.update("Lead", right, {"Phone": "1"})
    return both, left, right


def later(both: Both, seconds: float = HOUR) -> None:
    both.clock.sleep(seconds)
    both.run()


@BOTH
@pytest.mark.parametrize("when", ["before", "after"])
def test_of_two_that_were_merged_in_apollo_the_other_has_the_lead(follows: str, when: str) -> None:
    """Apollo tells of a merge as of a deletion; so it does of who is deleted and entered anew."""
    both, left, right = of(follows)
    if when == "after":
        both.apollo.delete("contact", left)
    twin = both.apollo.create("contact", {**ADA, "phone": "2"})
    later(both)
    assert [one.code for one in both.errors()] == ["ambiguous-match"]
    if when == "before":
        both.apollo.delete("contact", left)
    later(both, DAY)
    later(both)
    (id,) = both.salesforce.rows("Lead")
    lead = both.salesforce.rows("Lead")[right]
    assert (id, lead["Phone"], lead.get("Description")) == (right, "1", None)
    assert both.errors() == []
    both.apollo.update("contact", twin, {"title": "CEO"})
    later(both)
    assert both.salesforce.rows("Lead")[right]["Title"] == "CEO"
    before = both.calls()
    later(both, DAY)
    asked = both.since(before)
    assert asked.apollo_writes == asked.salesforce_writes == 0


@BOTH
def test_one_with_a_lead_of_its_own_is_none_to_go_on_with(follows: str) -> None:
    """Each of the two had its own, and had another address then: what the rule says follows."""
    both, left, right = of(follows)
    both.apollo.create("contact", {**ADA, "email": "bea@a.example"})
    later(both)
    (own,) = set(both.salesforce.rows("Lead")) - {right}
    (twin,) = set(both.apollo.rows("contact")) - {left}
    both.apollo.update("contact", twin, {"email": ADA["email"]})
    later(both)
    both.apollo.delete("contact", left)
    later(both, DAY)
    leads = both.salesforce.rows("Lead")
    if follows == "delete":
        assert list(leads) == [own]
    else:
        assert leads[right]["Description"] == "Gone"
        assert leads[own].get("Description") is None


def test_of_leads_in_salesforce_the_other_has_the_contact() -> None:
    """One of two is deleted by somebody who tidies up: the other one is the contact's."""
    pull = 'pull Lead as contact visible {\n    on delete mark title "Gone"\n}\nmap'
    both = Both(RULES.format(follows="").replace("map", pull, 1))
    both.run()
    lead = {"LastName": "King", "Email": ADA["email"], "Company": "Acme"}
    first = both.salesforce.create("Lead", lead)
    later(both)
    twin = both.salesforce.create("Lead", {**lead, "Title": "CTO"})
    later(both)
    both.salesforce.delete("Lead", first)
    later(both)
    later(both)
    (contact,) = both.apollo.rows("contact").values()
    assert contact["title"] == "CTO"
    assert list(both.salesforce.rows("Lead")) == [twin]
    assert both.errors() == []
