"""Contacts: stages of Apollo, statuses of leads and of contacts."""

from __future__ import annotations

import pytest
from syncrules import dsl
from syncrules.docs.examples import simulated
from syncrules.tests.guide.team import CONTACTS, HEAD, LEADS, Team, codes

PEOPLE = (
    HEAD
    + """\
push contact as {object} {{ match on email }}
pull Lead as contact visible
pull Contact as contact visible
"""
)
LEAD_TABLE = """\
map contact stage with Lead.Status {
    "Cold"           <-> "Open - Not Contacted"
    "Interested"     <-> "Working - Contacted"
    "Not Interested" <-> "Closed - Not Converted"
}
"""
CONTACT_TABLE = """\
map contact stage with Contact.Status__c {
    "Cold"         <-> "New"
    "Approaching"  <-> "Working"
    "Replied"      <-> "Customer"
    "Unresponsive" <-> "Former"
}
"""
TABLES = {
    "Lead": (
        ("Cold", "Open - Not Contacted"),
        ("Interested", "Working - Contacted"),
        ("Not Interested", "Closed - Not Converted"),
    ),
    "Contact": (
        ("Cold", "New"),
        ("Approaching", "Working"),
        ("Replied", "Customer"),
        ("Unresponsive", "Former"),
    ),
}
STATUS = {"Lead": "Status", "Contact": "Status__c"}


def rules(object: str = "Lead") -> str:
    """Both tables, and a push of contacts as one of the two."""
    return PEOPLE.format(object=object) + LEADS + CONTACTS + LEAD_TABLE + CONTACT_TABLE


def both_ways(object: str) -> None:
    """Each pair of a table, set on one side and then on the other."""
    team = Team(rules(object)).began()
    ada = team.contact(stage="Interested")
    team.hour()
    [record] = team.salesforce.rows(object)
    for stage, status in TABLES[object]:
        team.apollo.update("contact", ada, {"stage": stage})
        team.hour()
        assert team.right(object, STATUS[object]) == [status]
    for stage, status in TABLES[object]:
        team.salesforce.update(object, record, {STATUS[object]: status})
        team.hour()
        assert team.stage(ada) == stage
    assert team.is_quiet()


def test_stages_and_lead_statuses_show_on_both_sides() -> None:
    """Each mapped stage, both ways (CST-1)."""
    both_ways("Lead")


def test_stages_and_contact_statuses_show_on_both_sides() -> None:
    """In a table of their own, with other pairs (CST-2)."""
    both_ways("Contact")


def test_stages_without_a_table_stay_where_they_are() -> None:
    """Nobody asked for them to move (CST-1, CST-2)."""
    team = Team(PEOPLE.format(object="Lead") + LEADS + CONTACTS).began()
    ada = team.contact(stage="Interested")
    team.hour()
    before = team.right("Lead", "Status")
    team.apollo.update("contact", ada, {"stage": "Cold"})
    team.hour()
    assert team.right("Lead", "Status") == before


COLD, WARM = '"Cold" <-> "Open - Not Contacted"', '"Interested" <-> "Working - Contacted"'


@pytest.mark.parametrize(
    ("row", "underlined"),
    [
        ('"Cold" <-> "Working - Contacted"', ['"Cold"']),
        ('"Replied" <-> "Open - Not Contacted"', ['"Open - Not Contacted"']),
        ('"Cold" <-> "Open - Not Contacted"', ['"Cold"', '"Open - Not Contacted"']),
    ],
    ids=["the stage", "the status", "both"],
)
def test_a_stage_or_status_that_stands_twice_is_a_mistake(row: str, underlined: list[str]) -> None:
    """On the left, on the right, and both: found where it stands the second time, with a pointer
    to the first (CST-4)."""
    table = f"map contact stage with Lead.Status {{\n    {COLD}\n    {row}\n}}\n"
    text = PEOPLE.format(object="Lead") + LEADS + table
    lines = text.splitlines()
    found = [
        one
        for one in dsl.check({"rules.sync": text}, simulated()).findings
        if one.code == "table-not-one-to-one"
    ]
    told = []
    for one in found:
        [first] = one.further
        assert (one.span.line, first.span.line) == (len(lines) - 1, len(lines) - 2)
        told.append(lines[one.span.line - 1][one.span.column - 1 : one.span.end_column - 1])
    assert told == underlined


def test_a_table_where_each_stands_once_is_right() -> None:
    """The counterpart of the three mistakes (CST-4)."""
    table = f"map contact stage with Lead.Status {{\n    {COLD}\n    {WARM}\n}}\n"
    assert codes(PEOPLE.format(object="Lead") + LEADS + CONTACTS + table) == []


def test_a_status_that_the_org_does_not_have_is_found() -> None:
    """Statuses come from the org, not from a list of ours: one that is there now passes, and a
    wrong one is told with the nearest (CST-5)."""
    for wrong, near in (
        ('"Working - Contactd"', '"Working - Contacted"'),
        ('"Open - Not contatced"', '"Open - Not Contacted"'),
    ):
        text = PEOPLE.format(object="Lead") + LEADS + CONTACTS
        text += f'map contact stage with Lead.Status {{ "Cold" <-> {wrong} }}\n'
        [found] = dsl.check({"rules.sync": text}, simulated()).findings
        assert (found.code, near in found.help or near in (found.fix or "")) == (
            "unknown-value",
            True,
        )


def test_a_status_that_the_org_gains_may_be_named() -> None:
    """After the schemas were pulled again (CST-5)."""
    team = Team(rules())
    text = rules().replace('"Working - Contacted"', '"Nurturing"')
    assert "unknown-value" in codes(text, team.schemas())
    now = "Open - Not Contacted*, Nurturing, Closed - Converted, Closed - Not Converted"
    team.field("Lead", f"Status picklist 255 CUD = {now}")
    assert codes(text, team.schemas()) == []


@pytest.mark.parametrize("object", ["Lead", "Contact"])
def test_leads_and_contacts_both_count_whatever_is_pushed(object: str) -> None:
    """Contacts are pushed as one of the two; a status of the other moves the stage all the same
    (CST-7)."""
    team = Team(rules(object)).began()
    other = "Contact" if object == "Lead" else "Lead"
    record = (team.lead if other == "Lead" else team.sf_contact)()
    team.hour()
    [ada] = team.apollo.rows("contact")
    for stage, status in TABLES[other][1:]:
        team.salesforce.update(other, record, {STATUS[other]: status})
        team.hour()
        assert team.stage(ada) == stage


def test_a_leads_status_needs_no_name() -> None:
    """`with Lead` alone means the status (CST-8)."""
    team = Team(rules().replace("with Lead.Status {", "with Lead {")).began()
    team.contact(stage="Interested")
    team.hour()
    assert team.right("Lead", "Status") == ["Working - Contacted"]


CONTACT = HEAD + "push contact as Contact { match on email }\n" + CONTACTS


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("Contact", "unknown-field"),
        ("Contact.Statuz__c", "unknown-field"),
        ("Contact.Title", "wrong-type"),
    ],
    ids=["no field", "no such field", "no picklist"],
)
def test_a_contacts_status_is_a_picklist_that_is_named(target: str, code: str) -> None:
    """Without a field, with one that isn't there, with one that is a text: each is told in its own
    words, and only the right one passes (CST-9)."""
    table = 'map contact stage with {target} {{ "Cold" <-> "New" }}\n'
    found = codes(CONTACT + table.format(target=target))
    assert found and code in found
    assert codes(CONTACT + table.format(target="Contact.Status__c")) == []


def test_the_three_mistakes_with_a_contacts_status_are_told_apart() -> None:
    """No two of them get the same sentence (CST-9)."""
    told = set()
    for target in ("Contact", "Contact.Statuz__c", "Contact.Title"):
        text = CONTACT + f'map contact stage with {target} {{ "Cold" <-> "New" }}\n'
        told |= {one.title for one in dsl.check({"rules.sync": text}, simulated()).findings[:1]}
    assert len(told) == 3


def test_who_keeps_no_status_of_contacts_leaves_the_table_out() -> None:
    """No finding, and no run writes the status of a contact (CST-10)."""
    text = PEOPLE.format(object="Contact") + LEADS + CONTACTS + LEAD_TABLE
    assert codes(text) == []
    team = Team(text).began()
    ada = team.contact(stage="Interested")
    team.hour()
    [contact] = team.salesforce.rows("Contact")
    team.salesforce.update("Contact", contact, {"Status__c": "Former"})
    team.apollo.update("contact", ada, {"stage": "Cold", "title": "CEO"})
    team.hour()
    [row] = team.salesforce.rows("Contact").values()
    assert (row["Title"], row["Status__c"], team.stage(ada)) == ("CEO", "Former", "Cold")
