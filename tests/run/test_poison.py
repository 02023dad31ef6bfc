"""A record that its system can't bear, and answers with a fault of its own for all that is in one
request with it: no other waits for good (C8, R9)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.connectors.base.wire import Request, Response
from syncrules.tests.guide.team import ACCOUNTS, CONTACTS, HEAD, LEADS, Team

PUSHED = HEAD + "push contact as Lead { match on email }\n" + LEADS
PULLED = HEAD + "pull Contact as contact visible { match on email }\n" + CONTACTS
WORD = b"unbearable"


def can_not_bear(team: Team, host: str) -> list[Request]:
    """A system answers 500 to each write that holds a word; the requests that it did so to."""
    handler, struck = team.world.handlers[host], list[Request]()

    def handle(request: Request) -> Response:
        if WORD not in (request.body or b"") or b"search" in request.url.encode():
            return handler(request)
        struck.append(request)
        return Response(500, {"content-type": "text/html"}, b"<h1>oops</h1>")

    team.world.handlers[host] = handle
    return struck


def pushed(team: Team, name: str, title: str) -> None:
    team.contact(name, title=title)


def pulled(team: Team, name: str, title: str) -> None:
    team.sf_contact(name, Title=title)


@pytest.mark.parametrize(
    ("rules", "host", "made", "come"),
    [
        (PUSHED, "salesforce.test", pushed, lambda team: team.right("Lead", "Title")),
        (PULLED, "apollo.test", pulled, lambda team: team.left("contact", "title")),
    ],
    ids=["salesforce", "apollo"],
)
def test_who_can_not_be_borne_holds_up_nobody_else(
    rules: str,
    host: str,
    made: Callable[[Team, str, str], None],
    come: Callable[[Team], list[object]],
) -> None:
    """A request without a reply is looked for by the next run, and sent again in smaller ones: the
    others are there, and the entry is about the one."""
    team = Team(rules).began()
    struck = can_not_bear(team, host)
    for number in range(40):
        made(team, f"p{number}", WORD.decode() if number == 17 else "fine")
    for _ in range(4):
        team.hour()
    assert come(team) == ["fine"] * 39
    [entry] = team.errors()
    assert (entry.code, entry.key) == ("no-reply", "p17@berg.example")
    assert len(struck) == 4
    made(team, "late", "fine")
    team.hour()
    assert come(team) == ["fine"] * 40


def test_an_edit_that_can_not_be_borne_holds_up_no_other() -> None:
    """Of records that are there."""
    team = Team(PUSHED).began()
    ids = [team.contact(f"p{number}") for number in range(40)]
    team.hour()
    can_not_bear(team, "salesforce.test")
    for number, id in enumerate(ids):
        team.apollo.update("contact", id, {"title": WORD.decode() if number == 17 else "fine"})
    for _ in range(4):
        team.hour()
    assert team.right("Lead", "Title").count("fine") == 39
    [entry] = team.errors()
    assert (entry.code, entry.key) == ("no-reply", "p17@berg.example")
    team.apollo.update("contact", ids[17], {"title": "fine"})
    team.hour()
    assert team.right("Lead", "Title") == ["fine"] * 40
    assert team.errors() == []
    assert team.is_quiet()


def test_several_who_can_not_be_borne_hold_up_nobody_for_good() -> None:
    """After three in a row the rest waits for the next run, and then goes before them."""
    team = Team(PUSHED).began()
    can_not_bear(team, "salesforce.test")
    for number in range(12):
        pushed(team, f"p{number}", WORD.decode() if number < 5 else "fine")
    for _ in range(5):
        team.hour()
    assert team.right("Lead", "Title") == ["fine"] * 7
    [entry] = team.errors()
    assert (entry.code, len(entry.records)) == ("no-reply", 5)


def test_an_object_that_takes_nothing_keeps_no_other_from_going_over() -> None:
    """Salesforce answers 500 to all that has to do with Leads: three requests a run are in vain,
    and what people did goes over."""
    rules = PUSHED + "push task as Task when completed\npush account as Account\n" + ACCOUNTS
    team = Team(rules).began()
    known = team.contact("known")
    team.hour()
    handler, struck = team.world.handlers["salesforce.test"], list[Request]()

    def handle(request: Request) -> Response:
        if request.method != "POST" or b'"Lead"' not in (request.body or b""):
            return handler(request)
        struck.append(request)
        return Response(500, {"content-type": "text/html"}, b"<h1>oops</h1>")

    team.world.handlers["salesforce.test"] = handle
    for number in range(30):
        team.contact(f"p{number}")
    for number in range(1, 6):
        due = {"due_at": "2026-01-06T10:00:00Z", "type": "action_item", "status": "completed"}
        team.apollo.create("task", {**due, "contact_id": known, "title": f"Send {number}"})
        team.account(f"A{number}", f"a{number}.example")
        struck.clear()
        team.hour()
        assert len(team.salesforce.rows("Task")) == number
        assert len(team.salesforce.rows("Account")) == number
        assert len(struck) <= 3
        assert team.codes() == ([] if number == 1 else ["no-reply"])
    team.world.handlers["salesforce.test"] = handler
    for _ in range(2):
        team.hour()
    assert len(team.salesforce.rows("Lead")) == 31
    assert team.errors() == []
    assert team.is_quiet()


def test_after_a_reply_that_was_lost_for_many_few_requests_go_out() -> None:
    """What was sent once in vain is parted, and not each by itself."""
    team = Team(PUSHED).began()
    handler = team.world.handlers["salesforce.test"]

    def handle(request: Request) -> Response:
        if request.method == "POST" and "composite/sobjects" in request.url:
            return Response(500, {"content-type": "text/html"}, b"<h1>oops</h1>")
        return handler(request)

    team.world.handlers["salesforce.test"] = handle
    for number in range(300):
        team.contact(f"p{number}")
    team.hour()
    team.world.handlers["salesforce.test"] = handler
    _, writes = team.writes(team.hour)
    assert len(team.salesforce.rows("Lead")) == 300
    assert writes <= 25
    assert team.errors() == []


def test_it_is_the_same_with_a_state_in_postgresql(postgres_url: str) -> None:
    """The others go out in smaller requests, and the one alone."""
    team = Team(PUSHED, state=postgres_url).began()
    can_not_bear(team, "salesforce.test")
    for number in range(20):
        pushed(team, f"p{number}", WORD.decode() if number == 7 else "fine")
    for _ in range(4):
        team.hour()
    assert team.right("Lead", "Title") == ["fine"] * 19
    team.db.close()
