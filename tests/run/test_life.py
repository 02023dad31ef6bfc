"""The life of a link: conversions, merges and deletes, and what rules say of them, over both
made-up systems."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.run import run as verbs
from syncrules.engine.run import sweep
from syncrules.engine.run.past import changes
from syncrules.tests.both import HOUR, ORG, Both

PEOPLE = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" {{
    match on email
    {push}
}}
pull Lead as contact hidden {{
    {pull}
}}
{contacts}
map contact with {targets} {{
    first_name        <-> FirstName
    last_name         <-> LastName
    title             <-> Title
    email             <-> Email
    organization_name  -> Lead.Company  default "Unknown"
    {more}
}}
"""
CONTACTS = "pull Contact as contact visible { match on email }\n"


def of(push: str = "", pull: str = "", *, contacts: bool = True, state: str = "sqlite://") -> Both:
    """Both systems under the rules, which have run once."""
    both = Both(
        PEOPLE.format(
            push=push,
            pull=pull,
            contacts=CONTACTS if contacts else "",
            targets="Lead, Contact" if contacts else "Lead",
            more="account <-> Contact.AccountId" if contacts else "",
        ),
        state=state,
    )
    both.run()
    both.clock.sleep(HOUR)
    return both


def pair(both: Both, name: str = "ada") -> tuple[str, str]:
    """A contact and the lead that a run makes of it."""
    known = set(both.salesforce.rows("Lead"))
    left = both.apollo.create(
        "contact",
        {
            "first_name": name.title(),
            "last_name": "Berg",
            "email": f"{name}@berg.example",
            "stage": "Interested",
            "organization_name": "Berg",
        },
    )
    later(both)
    (right,) = set(both.salesforce.rows("Lead")) - known
    return left, right


def later(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()
    both.clock.sleep(HOUR)


def edit(both: Both, left: str, title: str) -> None:
    both.apollo.update("contact", left, {"title": title})
    later(both)


def title(both: Both, object: str, id: str) -> object:
    return both.salesforce.rows(object, deleted=True)[id].get("Title")


def quiet(both: Both) -> bool:
    """Whether further runs write nothing."""
    before = both.calls()
    later(both)
    later(both)
    asked = both.since(before)
    return asked.apollo_writes == 0 and asked.salesforce_writes == 0


def codes(both: Both) -> list[str]:
    return [one.code for one in both.errors()]


def during_write(both: Both, act: Callable[[], object]) -> None:
    """Something that happens when a write has been noted and not yet been sent."""

    def watch(point: str) -> None:
        if point == "after sent":
            both.world.on_point = None
            act()

    both.world.on_point = watch


# ---- conversions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "when", ["between two runs", "inside a run", "while a write waits", "and the lead is deleted"]
)
def test_a_link_follows_a_lead_that_is_converted(when: str) -> None:
    """Nothing is created again; edits of both sides go to and come from the Contact, and the edit
    that was under way arrives there (EDGE-5)."""
    both = of()
    left, lead = pair(both)
    made: list[str] = []

    def convert() -> None:
        made.append(both.salesforce.convert(lead))

    if when == "inside a run":
        during_write(both, convert)
    elif when == "between two runs":
        convert()
        later(both)
    else:
        convert()
    if when == "and the lead is deleted":
        both.salesforce.delete("Lead", lead)
    edit(both, left, "CEO")
    later(both)
    (contact,) = both.salesforce.rows("Contact")
    assert made == [contact]
    assert title(both, "Contact", contact) == "CEO"
    both.salesforce.update("Contact", contact, {"Title": "Chair"})
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "Chair"
    assert len(both.apollo.rows("contact")) == len(both.salesforce.rows("Lead", deleted=True)) == 1
    assert codes(both) == []
    assert quiet(both)
    assert any("converted into it" in one for one in both.said)


def test_a_write_that_meets_a_converted_lead_goes_to_the_contact_in_the_same_run() -> None:
    """Nobody waits for the next run, and nothing is written twice."""
    both = of()
    left, lead = pair(both)
    both.apollo.update("contact", left, {"title": "CEO"})
    both.clock.sleep(HOUR)
    during_write(both, lambda: both.salesforce.convert(lead))
    both.run()
    (contact,) = both.salesforce.rows("Contact")
    assert title(both, "Contact", contact) == "CEO"


def test_a_lead_that_is_converted_between_two_looks_is_followed_by_the_next_run() -> None:
    """Contacts were read before, Leads after: what became of it hasn't been seen, and what was
    edited waits for that."""
    both = of()
    left, lead = pair(both)
    made: list[str] = []

    def watch(point: str) -> None:
        if point == "request salesforce" and "FROM+Contact+" in both.world.sent[-1].url:
            both.world.on_point = None
            made.append(both.salesforce.convert(lead))

    both.world.on_point = watch
    edit(both, left, "CEO")
    later(both)
    assert list(both.salesforce.rows("Contact")) == made
    assert title(both, "Contact", made[0]) == "CEO"
    assert quiet(both)


def test_what_the_contact_alone_has_is_as_at_a_first_link() -> None:
    """A Lead has no account: the one that the conversion made comes over to the contact, whose
    title, changed at the same time, is not lost."""
    both = of()
    both_accounts = both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    left, lead = pair(both)
    both.apollo.update("contact", left, {"title": "CEO"})
    contact = both.salesforce.convert(lead)
    later(both)
    assert title(both, "Contact", contact) == "CEO"
    assert both_accounts in both.apollo.rows("account")


@pytest.mark.parametrize("asked", ["run", "backfill"])
def test_what_a_converted_lead_had_agreed_on_is_known_to_rules_that_come_later(asked: str) -> None:
    """Contacts are mapped only after the conversion: an edit of one since wins over the old value,
    whoever is preferred where both have changed."""
    rules = """\
sync apollo with salesforce
prefer apollo
push contact as %s when stage is "Interested" { match on email }
map contact with %s {
    last_name <-> LastName
    email     <-> Email
    title     <-> Title
    %s
}
"""
    both = Both(rules % ("Lead", "Lead", "organization_name -> Company"))
    both.run()
    left, lead = pair(both)
    edit(both, left, "CTO")
    contact = both.salesforce.convert(lead)
    later(both)
    both.edit(rules % ("Contact", "Contact", ""))
    both.salesforce.update("Contact", contact, {"Title": "CEO"})
    if asked == "backfill":
        both.backfill("push", "contact")
    later(both)
    assert title(both, "Contact", contact) == "CEO"
    assert both.apollo.rows("contact")[left]["title"] == "CEO"
    assert quiet(both)


@pytest.mark.parametrize("meanwhile", ["in the bin", "refused", "stopped"])
def test_what_follows_a_conversion_outlasts_a_wait(meanwhile: str) -> None:
    """What the rows of a Lead don't know is as at the first link of the Contact, also where it had
    to wait: the Contact was deleted for a time, or a rule of Salesforce or one of ours held its
    write back, until somebody edits the record."""
    rules = """\
sync apollo with salesforce
prefer apollo
push contact as Lead when stage is "Interested" { match on email }
push contact as Contact when stage is "Replied" {
    match on email
    stop when title is "Left"
}
map contact with Lead, Contact {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Lead.Company  default "Unknown"
    city               -> Contact.MailingCity
}
"""
    both = Both(rules)
    both.run()
    left, lead = pair(both)
    both.apollo.update("contact", left, {"city": "Oslo"})
    later(both)
    contact = both.salesforce.convert(lead)
    both.salesforce.update("Contact", contact, {"MailingCity": "Bergen"})
    if meanwhile == "in the bin":
        both.salesforce.delete("Contact", contact)
        later(both)
        both.salesforce.undelete("Contact", contact)
    elif meanwhile == "refused":
        refuses = Validation("Contact", "Ask Eva", lambda row: row["MailingCity"] == "Oslo")
        both.salesforce.org.validations.append(refuses)
        later(both)
        both.salesforce.org.validations.clear()
        both.salesforce.update("Contact", contact, {"Title": "CEO"})
    else:
        both.apollo.update("contact", left, {"title": "Left"})
        later(both)
        both.edit(rules.replace('stop when title is "Left"', ""))
    later(both)
    assert both.salesforce.rows("Contact")[contact]["MailingCity"] == "Oslo"
    assert codes(both) == []
    assert quiet(both)


def test_where_no_rule_knows_contacts_a_converted_lead_is_left_alone() -> None:
    """The link stays as a tombstone: no second lead, and nothing is written."""
    both = of(contacts=False)
    left, lead = pair(both)
    both.salesforce.convert(lead)
    edit(both, left, "CEO")
    assert list(both.salesforce.rows("Lead")) == [lead]
    assert quiet(both)


def test_a_preview_of_a_conversion_moves_nothing() -> None:
    """It shows the link that would go on, and the run still does it."""
    both = of()
    left, lead = pair(both)
    contact = both.salesforce.convert(lead)
    both.clock.sleep(HOUR)
    both.preview()
    both.apollo.update("contact", left, {"title": "CEO"})
    later(both)
    assert title(both, "Contact", contact) == "CEO"


# ---- merges ---------------------------------------------------------------------------------


def test_a_link_follows_the_survivor_of_a_merge() -> None:
    """The linked lead is merged into one that nobody knew: the link goes on with it (EDGE-6)."""
    both = of()
    left, lead = pair(both)
    other = both.salesforce.create("Lead", {"LastName": "Berg", "Company": "Other"})
    later(both)
    both.salesforce.merge("Lead", other, [lead])
    edit(both, left, "CEO")
    assert title(both, "Lead", other) == "CEO"
    assert list(both.salesforce.rows("Lead")) == [other]
    assert quiet(both)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_link_follows_from_survivor_to_survivor_and_through_a_conversion(
    database: str, request: pytest.FixtureRequest
) -> None:
    """Merged, merged again, and converted between two runs."""
    state = "sqlite://" if database == "sqlite" else request.getfixturevalue("postgres_url")
    both = of(state=state)
    left, lead = pair(both)
    chain = [
        both.salesforce.create("Lead", {"LastName": name, "Company": "Other"}) for name in "XY"
    ]
    later(both)
    both.salesforce.merge("Lead", chain[0], [lead])
    both.salesforce.merge("Lead", chain[1], [chain[0]])
    contact = both.salesforce.convert(chain[1])
    edit(both, left, "CEO")
    assert title(both, "Contact", contact) == "CEO"
    assert len(both.apollo.rows("contact")) == 1
    both.db.close()


@pytest.mark.parametrize("further", [False, True])
def test_a_link_follows_a_survivor_that_was_out_of_sight_when_it_was_merged(further: bool) -> None:
    """No feed tells that one is in sight again, nor what it had become by then: it is asked for.
    While it is out of sight, nothing is made anew (EDGE-6)."""
    both = of()
    other, last = (
        both.salesforce.create("Lead", {"LastName": name, "Company": "Other"}) for name in "XY"
    )
    both.salesforce.org.unshared.add(other)
    left, lead = pair(both)
    both.salesforce.merge("Lead", other, [lead])
    if further:
        both.salesforce.merge("Lead", last, [other])
    edit(both, left, "CEO")
    assert title(both, "Lead", last) is None
    assert len(both.salesforce.rows("Lead")) == (1 if further else 2)
    both.salesforce.org.unshared.clear()
    later(both)
    assert title(both, "Lead", last if further else other) == "CEO"
    assert codes(both) == []
    assert quiet(both)


def test_of_two_linked_ones_that_are_merged_the_survivor_keeps_its_link() -> None:
    """The other contact is left alone: nothing is made again, written or deleted (EDGE-6)."""
    both = of()
    ada, kept = pair(both)
    bea, lost = pair(both, "bea")
    both.salesforce.merge("Lead", kept, [lost])
    both.apollo.update("contact", bea, {"title": "CFO"})
    edit(both, ada, "CEO")
    assert title(both, "Lead", kept) == "CEO"
    assert list(both.salesforce.rows("Lead")) == [kept]
    assert set(both.apollo.rows("contact")) == {ada, bea}
    assert quiet(both)


def test_of_linked_ones_that_are_merged_one_into_the_next_the_last_link_goes_on() -> None:
    """Bea's lead goes into Ada's, and that into one that nobody knew, between two runs: it is
    Ada's, as it is where a run comes between (EDGE-6)."""
    both = of()
    bea, first = pair(both, "bea")
    ada, second = pair(both)
    new = both.salesforce.create("Lead", {"LastName": "Berg", "Company": "Other"})
    both.salesforce.merge("Lead", second, [first])
    both.salesforce.merge("Lead", new, [second])
    both.apollo.update("contact", bea, {"title": "CFO"})
    edit(both, ada, "CEO")
    assert title(both, "Lead", new) == "CEO"
    assert list(both.salesforce.rows("Lead")) == [new]
    assert quiet(both)


@pytest.mark.parametrize("known", [False, True])
def test_a_merge_that_is_taken_back_leaves_two_of_them(known: bool) -> None:
    """Salesforce takes what was merged away out of the bin as itself. Where the survivor was linked
    the link of the other stood still, and goes on; else it went to the survivor, and stays there.
    Nobody is made again (EDGE-6)."""
    both = of()
    left, lead = pair(both)
    if known:
        ada, other = pair(both, "bea")
    else:
        ada, other = left, both.salesforce.create("Lead", {"LastName": "Berg", "Company": "Other"})
    both.salesforce.merge("Lead", other, [lead])
    edit(both, ada, "CEO")
    both.salesforce.undelete("Lead", lead)
    later(both)
    edit(both, left, "Chair")
    assert title(both, "Lead", lead if known else other) == "Chair"
    assert set(both.salesforce.rows("Lead")) == {lead, other}
    assert set(both.apollo.rows("contact")) == {left, ada}
    assert quiet(both)


def test_a_survivor_that_is_out_of_the_bin_is_nobody_elses_counterpart() -> None:
    """Bea's lead goes into Ada's, which has a link of its own; that goes on to a twin of Ada, and
    then Ada's old lead is out of the bin. It begins anew: once more of all of them is read, Bea
    isn't given Ada's name and address (EDGE-6)."""
    both = of(contacts=False)
    bea, lost = pair(both, "bea")
    ada, kept = pair(both)
    twin = both.salesforce.create("Lead", {"LastName": "Berg", "Company": "Berg"})
    both.salesforce.merge("Lead", kept, [lost])
    later(both)
    both.salesforce.merge("Lead", twin, [kept])
    later(both)
    both.salesforce.undelete("Lead", kept)
    later(both)
    both.edit(both.rules.replace("    title  ", "    city               -> City\n    title  ", 1))
    edit(both, ada, "CEO")
    rows = both.apollo.rows("contact")
    assert (rows[bea]["first_name"], rows[bea]["email"]) == ("Bea", "bea@berg.example")
    assert title(both, "Lead", twin) == "CEO"
    assert set(both.salesforce.rows("Lead")) == {kept, twin}
    assert quiet(both)


COMPANIES = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact { match on email }
pull Account as account visible { match on domain }
map contact with Contact {
    last_name <-> LastName
    title     <-> Title
    email     <-> Email
    account   <-> AccountId
}
map account with Account {
    name   <-> Name
    domain <-> Website
}
infer account stage from opportunities
"""


def test_an_account_that_is_merged_takes_its_people_and_deals_along() -> None:
    """The linked Account goes into one that nobody knew: the account stays one with it, its
    contact stays under it, and the stage follows from the survivor's deals."""
    both = Both(COMPANIES)
    both.run()
    both.clock.sleep(HOUR)
    old = both.salesforce.create("Account", {"Name": "Berg", "Website": "https://berg.example"})
    later(both)
    (account,) = both.apollo.rows("account")
    values = {"last_name": "Berg", "email": "ada@berg.example", "account_id": account}
    left = both.apollo.create("contact", values)
    later(both)
    (right,) = both.salesforce.rows("Contact")
    new = both.salesforce.create("Account", {"Name": "Berg AG"})
    deal = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-03-01"}
    both.salesforce.create("Opportunity", {**deal, "AccountId": new})
    both.salesforce.merge("Account", new, [old])
    later(both)
    row = both.apollo.rows("account")[account]
    stages = {one.id: one.name for one in both.apollo.team.account_stages}
    assert (row["name"], stages[row["account_stage_id"]]) == ("Berg AG", "Current Client")
    assert both.salesforce.rows("Contact")[right]["AccountId"] == new
    assert both.apollo.rows("contact")[left]["account_id"] == account
    assert set(both.apollo.rows("account")) == {account}
    assert quiet(both)


def test_on_merge_says_what_follows_for_the_one_left_over() -> None:
    """`mark` writes on the contact whose lead is gone, once; `unlink` lets it go; `merge` is told
    to a person, since Apollo merges for nobody."""
    for action, expected in (
        ('mark title "Merged away"', "Merged away"),
        ("unlink", None),
        ("merge", None),
    ):
        both = of(pull=f"on merge {action}")
        pair(both)
        bea, lost = pair(both, "bea")
        kept = next(id for id in both.salesforce.rows("Lead") if id != lost)
        both.salesforce.merge("Lead", kept, [lost])
        later(both)
        assert both.apollo.rows("contact")[bea].get("title") == expected
        assert codes(both) == (["merge-by-hand"] if action == "merge" else [])
        assert quiet(both)
        both.apollo.update("contact", bea, {"title": "Edited"})
        later(both)
        # Let go, and still as the push rule wants it: it is linked anew.
        assert len(both.salesforce.rows("Lead")) == (2 if action == "unlink" else 1)
        assert quiet(both)


# ---- one person twice -----------------------------------------------------------------------


@pytest.mark.parametrize("seen", ["at once", "the lead first", "the contact first"])
def test_who_is_a_contact_and_a_lead_is_one_person(seen: str) -> None:
    """The Contact wins, the lead is no news; once the Contact is deleted, the lead is the person
    (EDGE-4): blanks are filled, and from then on both sides are one."""
    both = of()
    values = {"LastName": "Berg", "Email": "ada@berg.example"}
    made = {}
    order = ("Contact", "Lead") if seen == "the contact first" else ("Lead", "Contact")
    for object in order:
        more = {"Company": "Berg"} if object == "Lead" else {}
        made[object] = both.salesforce.create(object, {**values, **more})
        if seen != "at once":
            later(both)
    later(both)
    (left,) = both.apollo.rows("contact")
    edit(both, left, "CEO")
    assert title(both, "Contact", made["Contact"]) == "CEO"
    assert title(both, "Lead", made["Lead"]) is None
    both.salesforce.delete("Contact", made["Contact"])
    later(both)
    assert title(both, "Lead", made["Lead"]) == "CEO"
    both.salesforce.update("Lead", made["Lead"], {"Title": "Chair"})
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "Chair"
    assert len(both.apollo.rows("contact")) == len(both.salesforce.rows("Lead")) == 1
    assert codes(both) == []
    assert quiet(both)


def test_of_two_leads_neither_takes_a_deleted_contacts_place() -> None:
    """Nobody can tell which of them is the person: it is no guess."""
    both = of()
    values = {"LastName": "Berg", "Email": "ada@berg.example"}
    contact = both.salesforce.create("Contact", values)
    leads = [both.salesforce.create("Lead", {**values, "Company": "Berg"}) for _ in range(2)]
    later(both)
    (left,) = both.apollo.rows("contact")
    both.salesforce.delete("Contact", contact)
    later(both)
    edit(both, left, "CEO")
    assert [title(both, "Lead", one) for one in leads] == [None, None]
    assert list(both.apollo.rows("contact")) == [left]


def test_where_a_rule_says_what_follows_the_lead_takes_no_deleted_contacts_place() -> None:
    """The word of the rule counts, also for who is a Lead as well."""
    both = of()
    says = CONTACTS.replace(" }", '\n    on delete mark title "Gone"\n}')
    both.edit(both.rules.replace(CONTACTS, says))
    values = {"LastName": "Berg", "Email": "ada@berg.example"}
    contact = both.salesforce.create("Contact", values)
    lead = both.salesforce.create("Lead", {**values, "Company": "Berg"})
    later(both)
    (left,) = both.apollo.rows("contact")
    both.salesforce.delete("Contact", contact)
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "Gone"
    assert title(both, "Lead", lead) is None


# ---- deletes --------------------------------------------------------------------------------


def test_a_delete_leaves_a_tombstone_and_an_undelete_goes_on() -> None:
    """Nothing is made again or deleted on the other side, also where a write was under way; once
    the lead is back, what changed meanwhile flows (EDGE-6)."""
    both = of()
    left, lead = pair(both)
    both.apollo.update("contact", left, {"title": "CEO"})
    both.clock.sleep(HOUR)
    during_write(both, lambda: both.salesforce.delete("Lead", lead))
    both.run()
    later(both)
    assert both.salesforce.rows("Lead") == {}
    assert set(both.apollo.rows("contact")) == {left}
    assert quiet(both)
    both.salesforce.undelete("Lead", lead)
    later(both)
    edit(both, left, "Chair")
    assert title(both, "Lead", lead) == "Chair"


def test_on_delete_marks_the_other_record_once() -> None:
    """The template says what the deleted record last held; a person may take the mark away."""
    both = of(pull='on delete mark title "{{ Company }} let go"')
    left, lead = pair(both)
    both.salesforce.delete("Lead", lead)
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "Berg let go"
    assert any("its Lead was deleted in salesforce" in one for one in both.said)
    both.apollo.update("contact", left, {"title": "CEO"})
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "CEO"
    assert quiet(both)


def test_who_is_put_back_and_deleted_again_is_marked_again() -> None:
    """Each delete is one of its own."""
    both = of(pull='on delete mark title "Gone"')
    left, lead = pair(both)
    for _ in range(2):
        both.salesforce.delete("Lead", lead)
        later(both)
        assert both.apollo.rows("contact")[left]["title"] == "Gone"
        both.salesforce.undelete("Lead", lead)
        later(both)
        edit(both, left, "CEO")
        assert title(both, "Lead", lead) == "CEO"


def test_what_followed_one_end_says_nothing_of_the_other() -> None:
    """The lead's deletion marked the contact; then the contact is deleted, too, and the lead comes
    out of the bin: that the contact is gone has not been followed yet (EDGE-6)."""
    both = of(push="on delete delete", pull='on delete mark title "Gone"')
    left, lead = pair(both)
    both.salesforce.delete("Lead", lead)
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "Gone"
    both.apollo.delete("contact", left)
    both.salesforce.undelete("Lead", lead)
    both.clock.sleep(24 * HOUR)
    later(both)
    assert both.salesforce.rows("Lead") == {}
    both.salesforce.undelete("Lead", lead)
    later(both)
    assert list(both.salesforce.rows("Lead")) == [lead]
    assert quiet(both)


def test_on_delete_unlink_lets_the_other_record_go() -> None:
    """The contact is free: its next change makes a lead, which a tombstone would not."""
    both = of(pull="on delete unlink")
    left, lead = pair(both)
    both.salesforce.delete("Lead", lead)
    later(both)
    assert both.salesforce.rows("Lead") == {}
    parted = changes(both.db, ORG, left)[-1]
    assert (parted.action, parted.object, parted.record) == ("unlink", "contact", left)
    edit(both, left, "CEO")
    (new,) = both.salesforce.rows("Lead")
    assert (new != lead, title(both, "Lead", new)) == (True, "CEO")


@pytest.mark.parametrize("how", ["calm", "lost after", "lost before"])
def test_on_delete_deletes_the_other_record_once(how: str) -> None:
    """The contact's deletion is found out, its lead is deleted, and one that a person takes out of
    the bin stays. A lost reply changes nothing."""
    both = of(push="on delete delete")
    left, lead = pair(both)
    _, other = pair(both, "bea")
    both.apollo.delete("contact", left)
    both.salesforce.update("Lead", lead, {"Title": "CEO"})
    both.clock.sleep(HOUR)
    both.run()
    if how != "calm":
        both.salesforce.faults.rules.append(fault(how))
    for _ in range(4):
        later(both)
    assert list(both.salesforce.rows("Lead")) == [other]
    both.salesforce.undelete("Lead", lead)
    later(both)
    both.salesforce.update("Lead", lead, {"Title": "Chair"})
    later(both)
    assert set(both.salesforce.rows("Lead")) == {lead, other}
    assert quiet(both)


@pytest.mark.parametrize("how", ["calm", "lost after", "lost before"])
def test_a_lead_that_is_out_of_sight_is_told_and_deleted_once_it_is_back(how: str) -> None:
    """Nobody says that it is gone: it is no deletion that was done, with a reply or without one
    (EDGE-7)."""
    both = of(push="on delete delete")
    left, lead = pair(both)
    _, other = pair(both, "bea")
    both.salesforce.org.unshared.add(lead)
    both.apollo.delete("contact", left)
    both.clock.sleep(24 * HOUR)
    if how != "calm":
        both.salesforce.faults.rules.append(fault(how))
    for _ in range(2):
        later(both)
        assert set(both.salesforce.rows("Lead")) == {lead, other}
    assert codes(both) == ["out-of-sight"]
    assert [one.action for one in changes(both.db, ORG, lead) if one.state == "done"] == ["create"]
    both.salesforce.org.unshared.clear()
    verbs.retry(both.setup, [1])
    assert list(both.salesforce.rows("Lead")) == [other]
    assert codes(both) == []
    assert quiet(both)


def test_a_delete_that_no_feed_tells_is_found_within_a_day() -> None:
    """Apollo's searches only leave a deleted contact out: the lead is marked a day later, and one
    that is there or merely late stays as it is. Without such a rule nothing is looked for."""
    both = of(push='on delete mark Title "Gone from Apollo"')
    left, lead = pair(both)
    _, other = pair(both, "bea")
    both.apollo.delete("contact", left)
    later(both)
    assert title(both, "Lead", lead) is None
    both.clock.sleep(24 * HOUR)
    before = both.calls()
    later(both)
    assert title(both, "Lead", lead) == "Gone from Apollo"
    assert title(both, "Lead", other) is None
    assert both.since(before).apollo["contacts/show"] == 1
    assert quiet(both)
    plain = of()
    left, lead = pair(plain)
    plain.apollo.delete("contact", left)
    plain.clock.sleep(48 * HOUR)
    before = plain.calls()
    later(plain)
    assert plain.since(before).apollo["contacts/show"] == 0
    assert list(plain.salesforce.rows("Lead")) == [lead]


def test_deletes_that_no_feed_tells_are_all_found_where_they_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One sweep asks for some of those that are missing, the runs that follow for the rest: nobody
    waits for the next day."""
    monkeypatch.setattr(sweep, "MOST", 2)
    both = of(push='on delete mark Title "Gone from Apollo"')
    pairs = [pair(both, f"p{number}") for number in range(8)]
    for left, _ in pairs[:5]:
        both.apollo.delete("contact", left)
    both.clock.sleep(24 * HOUR)
    found = []
    for _ in range(3):
        later(both)
        found.append(sum(title(both, "Lead", lead) == "Gone from Apollo" for _, lead in pairs))
    assert found == [2, 4, 5]
    assert quiet(both)


def fault(kind: str):  # type: ignore[no-untyped-def]
    from syncrules.connectors.salesforce.simulator.faults import Fault

    return Fault(kind, path="composite", nth=1)  # type: ignore[arg-type]


class Crash(BaseException):
    """The process dies."""


def test_a_crash_anywhere_does_what_follows_an_end_once() -> None:
    """A conversion, a merge and a delete are met by a run that dies at every place in turn; the
    next one ends as one that did not die."""
    place = 0
    while True:
        both = of(pull='on delete mark title "Gone"')
        ada, lead = pair(both)
        bea, gone = pair(both, "bea")
        cleo, merged = pair(both, "cleo")
        other = both.salesforce.create("Lead", {"LastName": "Berg", "Company": "Other"})
        later(both)
        contact = both.salesforce.convert(lead)
        both.salesforce.delete("Lead", gone)
        both.salesforce.merge("Lead", other, [merged])
        both.apollo.update("contact", ada, {"title": "CEO"})
        both.apollo.update("contact", cleo, {"title": "CFO"})
        both.clock.sleep(HOUR)
        left = [place]

        def die(point: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Crash

        both.world.on_point = die
        try:
            both.run()
        except Crash:
            dead = True
        else:
            dead = False
        both.world.on_point = None
        later(both)
        later(both)
        held = (
            title(both, "Contact", contact),
            title(both, "Lead", other),
            both.apollo.rows("contact")[bea]["title"],
        )
        assert (place, held) == (place, ("CEO", "CFO", "Gone"))
        assert len(both.apollo.rows("contact")) == 3
        assert quiet(both)
        if not dead:
            break
        place += 3
    assert place > 20


def test_a_follow_is_told_by_the_history() -> None:
    """The journal has the link that went on, with what became of what."""
    both = of()
    _, lead = pair(both)
    contact = both.salesforce.convert(lead)
    later(both)
    told = changes(both.db, ORG, contact)
    assert [(one.action, one.reason) for one in told] == [
        ("link", f"Lead {lead} was converted into it")
    ]


@pytest.mark.parametrize("known", [True, False])
def test_who_belongs_to_a_deleted_account_moves_without_it(known: bool) -> None:
    """What is new and what changed arrives, whether the deletion was seen by an earlier run or not;
    the account is not made again."""
    both = Both(COMPANIES)
    both.run()
    both.clock.sleep(HOUR)
    account = both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    values = {"last_name": "King", "email": "ada@berg.example"}
    contact = both.apollo.create("contact", {**values, "account_id": account})
    later(both)
    (there,) = both.salesforce.rows("Account")
    both.salesforce.delete("Account", there)
    if known:
        later(both)
    values = {"last_name": "Bob", "email": "bob@berg.example"}
    both.apollo.create("contact", {**values, "account_id": account})
    both.apollo.update("contact", contact, {"last_name": "Byron"})
    later(both)
    rows = both.salesforce.rows("Contact").values()
    assert {"Bob", "Byron"} >= {one["LastName"] for one in rows} >= {"Bob"}
    assert not any(one.get("AccountId") for one in rows)
    assert both.salesforce.rows("Account") == {}
    assert both.errors() == []
