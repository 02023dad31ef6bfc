"""Tie-breakers: which of several candidates of a match is taken, over both made-up systems."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.engine.plan.model import Tie
from syncrules.engine.run.ties import said
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer apollo
push contact as Contact when email is not "x@berg.example" {{ match on email, {ties} }}
pull Contact as contact hidden
pull Account as account visible {{ match on domain{accounts} }}
map contact with Contact {{
    last_name <-> LastName
    title     <-> Title
    email     <-> Email
    owner      -> OwnerId
}}
map account with Account {{
    name   <-> Name
    domain <-> Website
}}
"""
EMAIL = "ada@berg.example"


def of(ties: str, accounts: str = "", state: str = "sqlite://") -> Both:
    both = Both(RULES.format(ties=ties, accounts=accounts), state=state)
    both.run()
    both.clock.sleep(HOUR)
    return both


def person(both: Both, title: str = "", **values: object) -> str:
    """One more Salesforce Contact with the address, a minute after the last."""
    body = {"LastName": "Berg", "Email": EMAIL, "Title": title, **values}
    made = both.salesforce.create("Contact", {name: one for name, one in body.items() if one})
    both.clock.sleep(60)
    return made


def ada(both: Both, **values: object) -> str:
    return both.apollo.create("contact", {"last_name": "Berg", "email": EMAIL, **values})


def after_run(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()


def linked_with(both: Both, contact: str) -> list[str]:
    """Where a change of the contact arrives."""
    both.apollo.update("contact", contact, {"title": "Found"})
    after_run(both)
    return [
        id for id, row in both.salesforce.rows("Contact").items() if row.get("Title") == "Found"
    ]


def codes(both: Both) -> list[str]:
    return [one.code for one in both.errors()]


@pytest.mark.parametrize("seen", ["the contact first", "the three first", "all at once"])
@pytest.mark.parametrize(("tie", "place"), [("oldest first", 0), ("newest first", 2)])
def test_of_three_the_oldest_or_newest(tie: str, place: int, seen: str) -> None:
    """Whichever side is seen first, the same one is linked; the others are left alone."""
    both = of(tie)
    left = ada(both, email="x@berg.example") if seen == "the contact first" else ""
    after_run(both)
    three = [person(both) for _ in range(3)]
    if seen == "the three first":
        after_run(both)
    if left:
        both.apollo.update("contact", left, {"email": EMAIL})
    else:
        left = ada(both)
    after_run(both)
    assert linked_with(both, left) == [three[place]]
    assert len(both.salesforce.rows("Contact")) == 3
    assert len(both.apollo.rows("contact")) == 1


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_both_databases_give_the_same_answer(database: str, request: pytest.FixtureRequest) -> None:
    """The one whose contacts are most, then the older of two that have as many."""
    state = "sqlite://" if database == "sqlite" else request.getfixturevalue("postgres_url")
    both = of("oldest first", ", most contacts first, oldest first", state)
    accounts = []
    for name in ("One", "Two", "Three"):
        values = {"Name": name, "Website": "https://berg.example"}
        accounts.append(both.salesforce.create("Account", values))
        both.clock.sleep(60)
    for number, place in enumerate((1, 1, 2, 2, 0)):
        values = {"LastName": f"P{number}", "AccountId": accounts[place]}
        both.salesforce.create("Contact", values)
    made = both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    after_run(both)
    both.salesforce.update("Account", accounts[1], {"Name": "Renamed"})
    after_run(both)
    assert both.apollo.rows("account")[made]["name"] == "Renamed"
    assert len(both.apollo.rows("account")) == 1
    both.db.close()


def test_the_one_of_the_same_owner() -> None:
    """Two with the address: the one whose owner is the counterpart of the contact's is taken."""
    both = of("same owner first")
    owner = next(one for one in both.apollo.team.users if not one.deleted)
    users = both.salesforce.rows("User")
    theirs = next(id for id, row in users.items() if row.get("Email") == owner.email)
    someone = next(id for id, row in users.items() if id != theirs and row.get("IsActive"))
    person(both, OwnerId=someone)
    wanted = person(both, OwnerId=theirs)
    left = ada(both, owner=owner.email)
    after_run(both)
    assert linked_with(both, left) == [wanted]


def test_twins_on_our_own_side_are_told_apart_too() -> None:
    """Two contacts, one Contact: the older contact is linked; the other is told and makes none."""
    both = of("oldest first")
    first = ada(both, first_name="Ada")
    both.clock.sleep(60)
    second = both.apollo.create("contact", {"last_name": "BERG", "email": EMAIL})
    assert first != second
    only = person(both)
    after_run(both)
    assert linked_with(both, first) == [only]
    assert len(both.salesforce.rows("Contact")) == 1
    assert codes(both) == ["ambiguous-match"]


def same_moment(both: Both) -> None:
    for _ in range(2):
        both.salesforce.create("Contact", {"LastName": "Berg", "Email": EMAIL})


def nobodys(both: Both) -> None:
    """Neither is of the contact's owner."""
    for _ in range(2):
        person(both)


@pytest.mark.parametrize(
    ("tie", "twins"), [("oldest first", same_moment), ("same owner first", nobodys)]
)
def test_what_no_tie_breaker_tells_apart_is_told_and_never_guessed(
    tie: str, twins: Callable[[Both], None]
) -> None:
    """No order of ids decides: nothing is linked or made, and an entry says why."""
    both = of(tie)
    twins(both)
    ada(both)
    after_run(both)
    assert len(both.salesforce.rows("Contact")) == 2
    assert len(both.apollo.rows("contact")) == 1
    assert set(codes(both)) == {"ambiguous-match"}


def test_tie_breakers_are_said_as_a_rule_writes_them() -> None:
    ties = [
        Tie("most", "contact.account", "Contact.AccountId"),
        Tie("most", "", "Opportunity.AccountId"),
        Tie("same", "owner", "OwnerId"),
        Tie("oldest", "", ""),
    ]
    told = "most contacts first, most Opportunities first, same owner first, oldest first"
    assert said(ties) == told
