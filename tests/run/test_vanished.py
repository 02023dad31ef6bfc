"""Who is gone by the time that something comes of them: nobody is made anew of who was deleted, nor
linked with them, however long that had waited (R1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.report import change_text
from syncrules.engine.run import run as verbs
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import ACCOUNTS, CONTACTS, HEAD, LEADS, Team

DAY = 24 * HOUR
PUSHED = HEAD + "push contact as Lead%s { match on email }\n" + LEADS
PULLED = HEAD + "pull Lead as contact visible%s { match on email }\n" + LEADS


def waits(team: Team) -> None:
    """Somebody who was there before the rules, until a backfill."""


def backfill(team: Team) -> None:
    team.backfill("push", "contact")


def refuses(team: Team) -> None:
    refuses = Validation("Lead", "Ask Eva", lambda row: row.get("LastName") == "Berg")
    team.salesforce.org.validations.append(refuses)


def retry(team: Team) -> None:
    team.salesforce.org.validations.clear()
    team.retry()


def days(team: Team) -> None:
    for _ in range(9):
        team.clock.sleep(10 * DAY)
        team.run()


def named(team: Team) -> None:
    [account] = team.apollo.rows("account")
    team.apollo.update("account", account, {"name": "Hot"})
    team.hour()


@pytest.mark.parametrize(
    ("when", "before", "then"),
    [
        ("", waits, backfill),
        ("", refuses, retry),
        (" when days since created_at > 90", waits, days),
        (' when account.name is "Hot"', waits, named),
    ],
    ids=["backfill", "retry", "a day comes", "a related record changes"],
)
def test_nobody_is_made_of_who_was_deleted_while_it_waited(
    when: str, before: Callable[[Team], None], then: Callable[[Team], None]
) -> None:
    """Apollo tells of no deletion: who is to be made a Lead of is asked for first."""
    team = Team(PUSHED % when)
    before(team)
    if not (when or before is refuses):
        ada, bea = team.contact("ada"), team.contact("bea")
    team.began()
    if when or before is refuses:
        account = team.account("Cold")
        ada, bea = (team.contact(name, account_id=account) for name in ("ada", "bea"))
        team.hour()
    assert team.salesforce.rows("Lead") == {}
    team.clock.sleep(10 * DAY)
    team.apollo.delete("contact", ada)
    then(team)
    assert team.right("Lead", "Email") == ["bea@berg.example"]
    assert team.errors() == []
    assert list(team.apollo.rows("contact")) == [bea]
    assert team.is_quiet()


def test_a_preview_knows_that_they_are_gone() -> None:
    """What it shows is what a backfill then makes."""
    team = Team(PUSHED % "")
    ada = team.contact("ada")
    team.contact("bea")
    team.began()
    team.apollo.delete("contact", ada)
    shown: list[str] = []
    result = verbs.backfill(
        team.setup, "push", "contact", lambda one: shown.append(change_text(one)), dry_run=True
    )
    assert len(shown) == 1 and "bea@berg.example" in shown[0]
    assert sum(result.counts.values()) == 1
    team.backfill("push", "contact")
    assert team.right("Lead", "Email") == ["bea@berg.example"]


def test_nobody_is_made_of_who_has_left_the_bin_in_a_pause() -> None:
    """After 40 days without a run no feed of Salesforce tells of it, either."""
    team = Team(PULLED % ' when Title is "CEO"').began()
    lead = team.lead("ada", Title="CTO")
    team.lead("bea", Title="CTO")
    team.hour()
    team.salesforce.delete("Lead", lead, purged=True)
    team.clock.sleep(40 * DAY)
    team.run()
    team.rewrite(PULLED % ' when Title is "CTO"')
    team.hour()
    team.backfill("pull", "Lead")
    assert team.left("contact", "email") == ["bea@berg.example"]
    assert team.is_quiet()


def test_who_comes_anew_is_not_linked_with_who_was_deleted() -> None:
    """A contact is made of the Lead, and nothing that the old one held goes into it."""
    team = Team((PUSHED % ' when title is "CEO"') + "pull Lead as contact visible\n").began()
    ada = team.contact("ada", title="CTO", first_name="Adelheid")
    team.hour()
    team.apollo.delete("contact", ada)
    team.clock.sleep(10 * DAY)
    team.lead("ada")
    team.hour()
    team.hour()
    assert team.right("Lead", "FirstName") == ["Ada"]
    assert team.right("Lead", "Title") == [None]
    assert team.left("contact", "first_name") == ["Ada"]
    assert team.errors() == []
    assert team.is_quiet()


def test_what_was_never_linked_is_not_deleted_since_its_twin_was() -> None:
    """A backfill comes after the account was deleted: the two never become one."""
    followed = "push account as Account {\n    match on domain\n    on delete delete\n}\n"
    team = Team(HEAD + followed + ACCOUNTS)
    account, there = team.account(), team.sf_account()
    team.began()
    team.apollo.delete("account", account)
    team.backfill("push", "account")
    for _ in range(3):
        team.clock.sleep(DAY)
        team.run()
    assert list(team.salesforce.rows("Account")) == [there]
    assert team.errors() == []


def test_an_account_that_is_gone_does_not_come_along() -> None:
    """It was refused, and is gone by the time that it would be taken."""
    pushed = "push contact as Contact\npush account as Account\n" + ACCOUNTS
    rules = HEAD + pushed + CONTACTS.replace("}", "    account <-> AccountId\n}")
    team = Team(rules).began()
    refuses = Validation("Account", "Ask Eva", lambda row: row.get("Name") == "Berg")
    team.salesforce.org.validations.append(refuses)
    account = team.account()
    contact = team.contact(account_id=account)
    team.hour()
    assert team.codes() == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    team.apollo.update("contact", contact, {"account_id": None})
    team.apollo.delete("account", account)
    team.salesforce.org.validations.clear()
    team.clock.sleep(DAY)
    team.retry()
    assert team.salesforce.rows("Account") == {}
    assert team.errors() == []


def test_many_are_read_at_once_and_not_each_by_itself() -> None:
    """Apollo shows a hundred a page; an id is a request of its own."""
    team = Team(PUSHED % "")
    gone = [team.contact(f"p{number}") for number in range(150)][:3]
    team.began()
    for one in gone:
        team.apollo.delete("contact", one)
    team.clock.sleep(DAY)
    before = team.calls()
    team.backfill("push", "contact")
    asked = team.since(before).apollo
    assert asked["contacts/show"] == 3
    assert asked["contacts/search"] < 10
    assert len(team.salesforce.rows("Lead")) == 147


def test_it_is_the_same_with_a_state_in_postgresql(postgres_url: str) -> None:
    """Who is gone is neither made nor linked, nor is the one deleted that was never linked."""
    followed = "push account as Account {\n    match on domain\n    on delete delete\n}\n"
    team = Team(HEAD + followed + ACCOUNTS, state=postgres_url)
    gone, there = team.account(), team.sf_account()
    for name in ("acme", "bolt"):
        gone = team.account(name.title(), f"{name}.example")
    [linked, *_] = team.apollo.rows("account")
    team.began()
    for one in (linked, gone):
        team.apollo.delete("account", one)
    team.backfill("push", "account")
    team.clock.sleep(DAY)
    team.run()
    assert sorted(map(str, team.right("Account", "Name"))) == ["Acme", "Berg"]
    assert there in team.salesforce.rows("Account")
    team.db.close()


def test_a_lead_is_made_of_whose_contact_is_gone_by_the_time_they_are_linked() -> None:
    """The Contact was purged, which nothing tells: found to be the same person, and asked for, it
    isn't there, and the rule about Leads has its turn in the same backfill."""
    both = HEAD + "push contact as Lead { match on email }\npull Contact as contact hidden\n"
    team = Team(both + LEADS + CONTACTS)
    team.contact("ada")
    contact = team.salesforce.create("Contact", {"LastName": "Berg", "Email": "ada@berg.example"})
    team.began()
    team.hour()
    assert team.salesforce.rows("Lead") == {}
    team.salesforce.delete("Contact", contact, purged=True)
    team.backfill("push", "contact")
    assert team.right("Lead", "Email") == ["ada@berg.example"]
    assert team.is_quiet()
