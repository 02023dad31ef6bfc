"""Contacts, from Salesforce to Apollo: what is known, what is seen, and where it is put."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.tests.guide.team import ACCOUNTS, CONTACTS, HEAD, LEADS, Desk, Team

PUSH = HEAD + 'push contact as Lead when stage is "Replied" { match on email }\n' + LEADS
ROWS = LEADS + CONTACTS


def pull(word: str) -> str:
    """Rules that pull leads and contacts, hidden or visible."""
    moves = f"pull Lead as contact {word}\npull Contact as contact {word} {{ match on email }}\n"
    return HEAD + moves + ROWS


MANY = 100


def test_a_push_alone_knows_every_lead(desk: Callable[..., Desk]) -> None:
    """Nobody asks for a pull, and yet the plan reads all leads and keeps their addresses
    (CPL-1)."""
    here = desk(PUSH, people=30)
    assert here.type("run").code == 0
    told = here.type("plan").out
    assert "comes with push contact as Lead; known for matching, creates nothing" in told
    emails = {row["Email"] for row in here.salesforce.rows("Lead").values() if row.get("Email")}
    for email in sorted(emails):
        here.apollo.create("contact", {"last_name": "Berg", "email": email, "stage": "Replied"})
    known = set(here.salesforce.rows("Lead"))
    here.type("run")
    assert set(here.salesforce.rows("Lead")) == known


def test_a_push_as_lead_knows_every_contact_too() -> None:
    """A person of Salesforce may be either; who is a Contact there becomes no lead (CPL-1)."""
    team = Team(PUSH).began()
    team.sf_contact()
    team.contact(stage="Replied")
    team.contact("bea", stage="Replied")
    team.hour()
    assert team.right("Lead", "FirstName") == ["Bea"]


def test_who_is_on_both_sides_beforehand_is_linked() -> None:
    """One address, one person: nothing is created on either side, and changes flow (CPL-2)."""
    team = Team(pull("visible") + "push contact as Lead\n")
    ada = team.contact()
    lead = team.lead(Title="CEO")
    team.run()
    team.backfill("pull", "Lead")
    assert list(team.apollo.rows("contact")) == [ada]
    assert list(team.salesforce.rows("Lead")) == [lead]
    assert team.left("contact", "title") == ["CEO"]


def test_of_two_candidates_neither_is_touched() -> None:
    """Reported as ambiguous, with both ids; not linked, not written, nothing made (CPL-2)."""
    team = Team(PUSH).began()
    ids = [team.lead(FirstName=name) for name in ("Ada", "Augusta")]
    before = team.salesforce.rows("Lead")
    team.contact(stage="Replied", title="CEO")
    team.hour()
    assert team.salesforce.rows("Lead") == before
    assert set(team.codes()) == {"ambiguous-match"}
    assert all(id in team.said[-1] for id in ids)


def test_a_hidden_person_is_updated_rather_than_made() -> None:
    """Salesforce has the lead, Apollo doesn't show it: prospecting the same person updates the
    known record (CPL-3)."""
    team = Team(PUSH.replace("push", "pull Lead as contact hidden\npush")).began()
    lead = team.lead()
    team.hour()
    assert team.apollo.rows("contact") == {}
    team.contact(stage="Replied", title="CEO")
    team.hour()
    assert list(team.salesforce.rows("Lead")) == [lead]
    assert team.right("Lead", "Title") == ["CEO"]


@pytest.mark.parametrize(("word", "made"), [("", 0), ("hidden", 0), ("visible", 2)])
def test_the_rule_says_whether_pulled_people_are_seen(word: str, made: int) -> None:
    """Hidden is what nobody has to say (CPL-4)."""
    team = Team(pull(word)).began()
    team.lead()
    team.sf_contact("bea")
    team.hour()
    assert len(team.apollo.rows("contact")) == made


def test_hidden_people_become_visible_with_a_backfill() -> None:
    """The word is changed: who comes from now on is seen at once, the others wait to be asked for;
    changed back, nobody goes away (CPL-4)."""
    hidden, visible = pull("hidden"), pull("visible")
    team = Team(hidden).began()
    team.lead()
    team.hour()
    team.rewrite(visible)
    assert team.hour().waiting == {"pull Lead as contact": 1}
    team.lead("bea")
    team.hour()
    assert team.left("contact", "first_name") == ["Bea"]
    team.backfill("pull", "Lead")
    assert sorted(map(str, team.left("contact", "first_name"))) == ["Ada", "Bea"]
    team.rewrite(hidden)
    team.lead("cleo")
    team.hour()
    assert len(team.apollo.rows("contact")) == 2


ACCOUNT = (
    HEAD
    + """\
pull Contact as contact visible { match on email }
pull Account as account visible { match on name }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}
"""
    + ACCOUNTS
)


def test_a_contact_goes_under_the_counterpart_of_its_account() -> None:
    """Also where two accounts share one domain: the link decides, not the address (CPL-5)."""
    team = Team(ACCOUNT).began()
    accounts = []
    for name in ("Berg North", "Berg South"):
        team.account(name)
        accounts.append(team.sf_account(name))
    team.hour()
    for name, account in zip(("ada", "bea"), accounts, strict=True):
        team.sf_contact(name, AccountId=account)
    team.hour()
    names = {id: row["name"] for id, row in team.apollo.rows("account").items()}
    where = {row["email"]: names[row["account_id"]] for row in team.apollo.rows("contact").values()}
    assert where == {"ada@berg.example": "Berg North", "bea@berg.example": "Berg South"}


def test_a_contact_and_its_account_may_come_in_one_run() -> None:
    """Who is new together is put together (CPL-5)."""
    team = Team(ACCOUNT).began()
    team.sf_contact(AccountId=team.sf_account())
    team.hour()
    [account] = team.apollo.rows("account")
    assert team.left("contact", "account_id") == [account]


@pytest.mark.parametrize("how", ["deleted", "readdressed", "merged"])
def test_what_could_not_be_told_is_linked_once_it_can(how: str) -> None:
    """Of two leads of one address one is deleted, merged, or gets another: the other is the
    contact's, without an edit of it, and the entry closes (CPL-2)."""
    team = Team(PUSH).began()
    ada, twin = team.lead("ada"), team.lead("ada")
    team.contact("ada", stage="Replied")
    team.hour()
    assert team.codes() == ["ambiguous-match"]
    team.hour()
    [entry] = team.errors()
    if how == "deleted":
        team.salesforce.delete("Lead", twin)
    elif how == "merged":
        team.salesforce.merge("Lead", ada, [twin])
    else:
        team.salesforce.update("Lead", twin, {"Email": "bea@berg.example"})
    assert {one.count for one in entry.records} == {1}
    team.hour()
    assert team.errors() == []
    assert team.right("Lead", "Title").count(None) == len(team.right("Lead", "Title"))
    team.apollo.update("contact", next(iter(team.apollo.rows("contact"))), {"title": "CTO"})
    team.hour()
    assert team.salesforce.rows("Lead")[ada]["Title"] == "CTO"


def test_a_contact_comes_under_its_account_where_no_rule_speaks_of_accounts() -> None:
    """They are known by their domains, and nothing of them is written (CPL-5)."""
    rows = CONTACTS.replace("}\n", "    account <-> AccountId\n}\n")
    team = Team(HEAD + "pull Contact as contact visible\n" + rows)
    berg, account = team.account("Berg"), team.sf_account("Berg")
    before = (team.apollo.rows("account")[berg]["name"], team.salesforce.rows("Account")[account])
    team.began()
    team.sf_contact(AccountId=account)
    team.hour()
    assert team.left("contact", "account_id") == [berg]
    after = (team.apollo.rows("account")[berg]["name"], team.salesforce.rows("Account")[account])
    assert before == after


def test_what_was_there_before_waits_and_is_counted() -> None:
    """Old leads and contacts make nobody in Apollo by themselves (CPL-7)."""
    team = Team(pull("visible"))
    for number in range(MANY):
        (team.lead if number % 2 else team.sf_contact)(f"p{number}")
    waiting = {"pull Lead as contact": MANY // 2, "pull Contact as contact": MANY // 2}
    assert team.run().waiting == waiting
    team.lead("new")
    assert team.hour().waiting == waiting
    assert team.left("contact", "first_name") == ["New"]


class Stopped(BaseException):
    """Somebody pulls the plug."""


def test_a_backfill_pulls_all_of_them_once() -> None:
    """Stopped at each of its requests, and called again: all are there once, with their values; a
    further one writes nothing (CPL-8)."""
    team = Team(pull("visible"))
    for number in range(MANY):
        (team.lead if number % 2 else team.sf_contact)(f"p{number}", Title=f"Chief {number}")
    team.run()
    for object in ("Lead", "Contact"):
        for place in ("before settled", "after settled", ""):

            def stop(
                point: str, known: int = len(team.apollo.rows("contact")), at: str = place
            ) -> None:
                if point == at and len(team.apollo.rows("contact")) > known:
                    raise Stopped

            team.world.on_point = stop
            try:
                team.backfill("pull", object)
            except Stopped:
                team.clock.sleep(600)
    team.world.on_point = None
    assert sorted(map(str, team.left("contact", "title"))) == sorted(
        f"Chief {number}" for number in range(MANY)
    )
    for object in ("Lead", "Contact"):
        assert team.writes(lambda object=object: team.backfill("pull", object)) == (0, 0)  # type: ignore[misc]
    assert team.hour().waiting == {}


def test_a_backfill_waits_for_complete_maps(desk: Callable[..., Desk]) -> None:
    """A field that Apollo doesn't have, a text that may be too long: nothing is asked or made
    (CPL-9)."""
    right = pull("visible")
    here = desk(right, people=10)
    for wrong in ("nicknam <- Title", "nickname <- Title"):
        here.rules(right.replace("    first_name <-> FirstName\n", f"    {wrong}\n", 1))
        before = here.requests()
        ended = here.type("backfill", "pull", "Lead")
        assert (ended.code, here.requests()) == (1, before)
        assert "nothing was started" in ended.err
    here.rules(right)
    seen = here.type("backfill", "pull", "Lead", "--dry-run").out
    assert "would be created" in seen
