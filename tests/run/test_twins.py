"""A record is deleted, and another of its system is the same person or company still: nothing of
the other side is deleted or marked for that (R1)."""

from __future__ import annotations

import pytest
from syncrules.engine.run import run as verbs
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
def test_who_got_the_address_while_the_lead_was_in_the_bin_has_it_then(follows: str) -> None:
    """No rule makes a Lead of her, so nothing told of two who want one: she is matched once the
    other two have parted."""
    both, left, right = of(follows)
    both.edit(both.rules.replace(" {", ' when title is not "CEO" {', 1))
    twin = both.apollo.create("contact", {**ADA, "email": "bea@a.example", "title": "CEO"})
    later(both)
    both.salesforce.delete("Lead", right)
    later(both)
    both.apollo.update("contact", left, {"email": "new@a.example"})
    both.apollo.update("contact", twin, {"email": ADA["email"]})
    later(both)
    both.apollo.delete("contact", left)
    both.salesforce.undelete("Lead", right)
    later(both, DAY)
    later(both)
    assert both.errors() == []
    both.apollo.update("contact", twin, {"title": "CFO"})
    later(both)
    (lead,) = both.salesforce.rows("Lead").values()
    assert (lead["Id"], lead["Phone"], lead["Title"]) == (right, "1", "CFO")


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


@pytest.mark.parametrize("gone", ["the linked one", "the other"])
def test_two_that_were_merged_in_apollo_are_told_by_a_retry(gone: str) -> None:
    """As the entry says: no rule asks who was deleted, so nothing tells of it by itself."""
    both = Both(RULES.format(follows=""))
    both.run()
    left = both.apollo.create("contact", {**ADA, "title": "CTO"})
    later(both)
    (right,) = both.salesforce.rows("Lead")
    twin = both.apollo.create("contact", {**ADA, "phone": "2"})
    later(both)
    both.apollo.delete("contact", left if gone == "the linked one" else twin)
    later(both, DAY)
    (entry,) = both.errors()
    assert (entry.code, entry.of_code.endswith("then retry.")) == ("ambiguous-match", True)
    both.clock.sleep(HOUR)
    verbs.retry(both.setup, [entry.id])
    later(both)
    assert both.errors() == []
    (stays,) = both.apollo.rows("contact")
    assert both.apollo.rows("contact")[stays]["title"] == "CTO"
    both.apollo.update("contact", stays, {"title": "CEO"})
    later(both)
    (lead,) = both.salesforce.rows("Lead").items()
    assert (lead[0], lead[1]["Title"]) == (right, "CEO")
    before = both.calls()
    later(both, DAY)
    asked = both.since(before)
    assert asked.apollo_writes == asked.salesforce_writes == 0


def test_a_lead_that_is_deleted_leaves_its_contact_to_the_other_lead() -> None:
    """Of two Leads of one person; out of the bin again, it is only the other of the two."""
    both = Both(RULES.format(follows=""))
    both.run()
    left = both.apollo.create("contact", {**ADA, "title": "CTO"})
    later(both)
    (right,) = both.salesforce.rows("Lead")
    lead = {"LastName": "King", "Email": ADA["email"], "Company": "Acme"}
    twin = both.salesforce.create("Lead", lead)
    later(both)
    both.salesforce.delete("Lead", right)
    later(both)
    both.apollo.update("contact", left, {"title": "CEO"})
    later(both)
    assert both.salesforce.rows("Lead")[twin]["Title"] == "CEO"
    both.salesforce.undelete("Lead", right)
    later(both)
    both.apollo.update("contact", left, {"title": "COO"})
    later(both)
    titles = {id: row.get("Title") for id, row in both.salesforce.rows("Lead").items()}
    assert titles == {right: "CTO", twin: "COO"}


def test_who_is_entered_anew_later_goes_on_with_the_contact() -> None:
    """The deletion was seen long before: at once, and nobody is told of a match that was taken."""
    pull = "pull Lead as contact visible\nmap"
    both = Both(RULES.format(follows="").replace("map", pull, 1))
    both.run()
    lead = {"LastName": "King", "Email": ADA["email"], "Company": "Acme"}
    first = both.salesforce.create("Lead", {**lead, "Title": "CTO"})
    later(both)
    both.salesforce.delete("Lead", first)
    later(both, DAY)
    anew = both.salesforce.create("Lead", {**lead, "Title": "CEO"})
    later(both)
    (contact,) = both.apollo.rows("contact")
    assert both.apollo.rows("contact")[contact]["title"] == "CEO"
    assert both.errors() == []
    both.apollo.update("contact", contact, {"title": "Chair"})
    later(both)
    assert both.salesforce.rows("Lead")[anew]["Title"] == "Chair"


def test_of_two_who_are_entered_anew_neither_goes_on_with_the_contact() -> None:
    """Nobody can tell which of them is the person, and that is told."""
    both = Both(RULES.format(follows="").replace("map", "pull Lead as contact visible\nmap", 1))
    both.run()
    lead = {"LastName": "King", "Email": ADA["email"], "Company": "Acme"}
    first = both.salesforce.create("Lead", {**lead, "Title": "CTO"})
    later(both)
    both.salesforce.delete("Lead", first)
    later(both)
    for _ in range(2):
        both.salesforce.create("Lead", {**lead, "Title": "CEO"})
    later(both)
    (contact,) = both.apollo.rows("contact").values()
    assert contact["title"] == "CTO"
    assert [one.code for one in both.errors()] == ["ambiguous-match"]


@pytest.mark.parametrize("edited", [False, True])
def test_who_is_entered_anew_after_a_mark_has_it_taken_back(edited: bool) -> None:
    """The mark said that the person is gone; what somebody made of it since is theirs."""
    both, left, right = of('mark Description "Gone"')
    both.salesforce.update("Lead", right, {"Description": "Met in Rome"})
    both.apollo.delete("contact", left)
    later(both, DAY)
    assert both.salesforce.rows("Lead")[right]["Description"] == "Gone"
    if edited:
        both.salesforce.update("Lead", right, {"Description": "Left the company"})
    anew = both.apollo.create("contact", {**ADA, "title": "CEO"})
    later(both)
    lead = both.salesforce.rows("Lead")[right]
    assert lead["Description"] == ("Left the company" if edited else "Met in Rome")
    assert both.errors() == []
    both.apollo.update("contact", anew, {"title": "Chair"})
    later(both)
    (lead,) = both.salesforce.rows("Lead").values()
    assert lead["Title"] == "Chair"
    both.apollo.delete("contact", anew)
    later(both, DAY)
    assert both.salesforce.rows("Lead")[right]["Description"] == "Gone"


def test_who_is_entered_anew_is_only_enriched_where_the_rule_says_no_more() -> None:
    """As at any first link under such a rule: blanks are filled, and what stands there stays."""
    head, _, rows = RULES.format(follows="").partition("map ")
    both = Both(f"{head.partition('push')[0]}enrich Lead with contact\nmap {rows}")
    both.run()
    left = both.apollo.create("contact", {**ADA, "title": "CTO"})
    lead = {"LastName": "King", "Email": ADA["email"], "Company": "Acme"}
    first = both.salesforce.create("Lead", lead)
    later(both)
    assert both.salesforce.rows("Lead")[first]["Title"] == "CTO"
    both.salesforce.delete("Lead", first)
    later(both)
    anew = both.salesforce.create("Lead", {**lead, "Title": "CEO"})
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "CTO"
    assert both.salesforce.rows("Lead")[anew]["Title"] == "CEO"
    both.salesforce.update("Lead", anew, {"Title": "Chair"})
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "Chair"
