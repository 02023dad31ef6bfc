"""Emails, meetings and notes of Apollo: which of them the connector brings, and when again.

Tasks and calls are in `test_apollo_tasks.py`; how fields read, in `test_apollo_activities.py`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from syncrules.connectors.apollo.connector import KIND
from syncrules.connectors.apollo.simulator import simulate
from syncrules.connectors.base.contract import Read
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.base.world import Machine
from syncrules.tests.apollo_connected import Team, records, update

HOUR = {"start_time": "2026-01-09T09:00:00.000Z", "end_time": "2026-01-09T10:00:00.000Z"}


@pytest.fixture
def team() -> Team:
    return Team()


def email(team: Team, subject: str = "Hello", **values: Any) -> str:
    plain = {"contact_id": team.ada, "subject": subject, "to_email": "ada@berg.example"}
    return team.sim.create("email", {**plain, **values})


def note(team: Team, content: str, **values: Any) -> str:
    return team.sim.create("note", {"content": content, **(values or {"contact_id": team.ada})})


# ---- emails -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "mailbox"),
    [
        pytest.param("outgoing", "apollo", id="ACT-12"),
        pytest.param("incoming", "apollo", id="ACT-13"),
        pytest.param("outgoing", "connected", id="ACT-14"),
        pytest.param("incoming", "connected", id="ACT-15"),
    ],
)
def test_the_four_kinds_of_mail_are_told_apart(team: Team, direction: str, mailbox: str) -> None:
    """Of four mails exactly one is of a kind. (ACT-12, ACT-13, ACT-14, ACT-15)"""
    made = {
        (way, box): email(
            team, f"{way} {box}", inbound=way == "incoming", connected_mailbox=box == "connected"
        )
        for way in ("outgoing", "incoming")
        for box in ("apollo", "connected")
    }
    found = records(team.read("email", "direction", "mailbox", "subject"))
    kind = {"direction": direction, "mailbox": mailbox, "subject": f"{direction} {mailbox}"}
    assert [one.id for one in found.values() if one.values == kind] == [made[direction, mailbox]]


def test_a_plain_project_sees_only_mail_sent_through_apollo() -> None:
    """The API documents no other, so none is asked for. (ACT-12)"""
    team = Team(undocumented="no")
    sent = email(team)
    email(team, inbound=True)
    email(team, connected_mailbox=True)
    assert set(records(team.read("email", "subject"))) == {sent}
    assert not any("mailbox" in one.url for one in team.world.sent)


def test_mail_comes_from_the_day_before_the_last_look(team: Team) -> None:
    """What is yet to be sent comes when it was."""
    old = email(team, "Old", completed_at="2025-12-30T08:00:00Z")
    waits = email(team, "Waits", status="scheduled", completed_at=None, due_at="2026-01-06T08:00Z")
    pages = team.read("email", "subject", "status")
    assert {old, waits} == set(records(pages))
    team.clock.sleep(86_400)
    sent = {"status": "completed", "completed_at": "2026-01-06T08:00:10Z"}
    team.sim.update("email", waits, sent)
    again = records(team.read("email", "status", "completed_at", cursor=pages[-1].cursor))
    assert {id: dict(one.values) for id, one in again.items()} == {
        waits: {"status": "completed", "completed_at": "2026-01-06T08:00:10.000Z"}
    }


def test_all_pages_of_mail_are_read_although_nothing_counts_them(team: Team) -> None:
    """Apollo doesn't say how many there are."""
    ids = {email(team, f"Mail {n}") for n in range(200)}
    pages = team.read("email", "subject")
    assert set(records(pages)) == ids and pages[-1].complete
    assert [page.cursor is not None for page in pages] == [False] * (len(pages) - 1) + [True]


def test_the_other_side_of_a_mail_may_be_a_stranger(team: Team) -> None:
    """Then it is with no contact, and its address tells whom it is with."""
    id = email(team, contact_id=None, from_email="kim@far.example", inbound=True)
    found = team.fetch("email", id, "contact", "account", "address")
    assert found.values == {"contact": None, "account": None, "address": "kim@far.example"}


# ---- meetings -----------------------------------------------------------------------------------


def meeting(team: Team, subject: str = "Demo", **values: Any) -> str:
    plain = {"contact_id": team.ada, "account_id": team.account, "subject": subject}
    return team.sim.create("meeting", {**plain, **HOUR, **values})


def test_a_meeting_has_its_times_and_its_guests(team: Team) -> None:
    """Those of other companies and our own. (ACT-6)"""
    id = meeting(team, guests=["ada@berg.example", "me@heron-trading.example"])
    found = records(team.read("meeting", "start_time", "end_time", "guests", "contact", "account"))
    assert found[id].values == {
        **HOUR,
        "guests": ("ada@berg.example", "me@heron-trading.example"),
        "contact": team.ada,
        "account": team.account,
    }


def test_a_meeting_that_moves_or_is_cancelled_comes_again_as_the_same(team: Team) -> None:
    """Each with its own new values, and nothing else comes. (EDGE-15)"""
    moved, off, stays = (meeting(team, name) for name in ("Moves", "Off", "Stays"))
    team.clock.sleep(3600)
    cursor = team.read("meeting", "subject")[-1].cursor
    team.clock.sleep(3600)
    team.sim.update("meeting", moved, {"start_time": "2026-01-10T09:00:00Z"})
    team.sim.update("meeting", off, {"cancelled": True})
    pages = team.read("meeting", "start_time", "cancelled", cursor=cursor)
    found = {id: dict(one.values) for id, one in records(pages).items()}
    assert found[moved] == {"start_time": "2026-01-10T09:00:00.000Z", "cancelled": False}
    assert found[off] == {"start_time": HOUR["start_time"], "cancelled": True}
    assert len(pages) == 1 and set(found) <= {moved, off, stays}


def test_each_of_a_series_comes_once_with_its_exception(team: Team) -> None:
    """They have a series in common, and ids and times of their own. (EDGE-15)"""
    series = "5" * 24
    ids = [
        meeting(team, f"Week {week}", series_id=series, start_time=f"2026-01-{day}T09:00:00Z")
        for week, day in ((1, "05"), (2, "12"), (3, "20"))
    ]
    pages = team.read("meeting", "series_id", "start_time")
    shown = [one.id for page in pages for one in page.records]
    assert sorted(shown) == sorted(ids)
    days = {str(one.values["start_time"])[8:10] for one in records(pages).values()}
    assert days == {"05", "12", "20"}
    assert {one.values["series_id"] for one in records(pages).values()} == {series}


def test_a_deleted_meeting_is_told_by_its_id(team: Team) -> None:
    """The feed tells no deletions."""
    id = meeting(team)
    assert team.fetch("meeting", id, "subject").values == {"subject": "Demo"}
    team.sim.delete("meeting", id)
    assert team.fetch("meeting", id, "subject").life == "deleted"
    assert team.connector.describe(["meeting"]).by_name["meeting"].forgets


# ---- notes --------------------------------------------------------------------------------------


def test_notes_come_of_all_contacts_and_accounts(team: Team) -> None:
    """Apollo lists none without knowing what it is about; each may come again, never is one
    missing. (ACT-16)"""
    team = Team(records=130)
    on_ada = note(team, "On Ada")
    on_firm = note(team, "On the firm", account_id=team.account)
    pages = team.read("note", "content", "about", "user")
    found = records(pages)
    assert set(found) == set(team.sim.rows("note"))
    assert (found[on_ada].values["about"], found[on_firm].values["about"]) == (
        team.ada,
        team.account,
    )
    assert pages[-1].complete and pages[-1].cursor


def test_after_that_only_those_where_something_happened_are_asked_for(team: Team) -> None:
    """A note moves the stamps of what it is about."""
    team = Team(records=300)
    team.clock.sleep(3600)
    cursor = team.read("note", "content")[-1].cursor
    team.clock.sleep(3600)
    team.actions()
    assert team.read("note", "content", cursor=cursor)[-1].complete
    assert team.actions() == ["contacts/search", "accounts/search"]
    on_ada = note(team, "New")
    on_firm = note(team, "Newer", account_id=team.account)
    found = records(team.read("note", "content", cursor=cursor))
    assert {on_ada, on_firm} <= set(found)
    assert team.actions() == ["contacts/search", "notes/index", "accounts/search", "notes/index"]


def test_more_notes_than_a_page_holds_are_all_read(team: Team) -> None:
    """By skipping those that were read."""
    ids = {note(team, f"Note {n}") for n in range(205)}
    assert set(records(team.read("note", "content"))) == ids


def test_notes_are_found_by_id_and_by_whom_they_are_about(team: Team) -> None:
    """Documents are read as their words."""
    words = {"type": "paragraph", "content": [{"type": "text", "text": "Wants 50 seats"}]}
    id = note(team, json.dumps({"type": "doc", "content": [words]}))
    other = note(team, "Else", account_id=team.account)
    assert team.fetch("note", id, "content").values == {"content": "Wants 50 seats"}
    team.actions()
    [found] = team.connector.fetch("note", ["subject"], "account", [team.account])
    assert (found.id, dict(found.values)) == (other, {"subject": "Else"})
    assert team.actions() == ["notes/index"]
    assert team.connector.fetch("note", ["content"], "id", ["f" * 24]) == []


def test_what_people_did_is_served_over_http() -> None:
    """As `syncrules simulate apollo` does, with all that only it has."""
    sim = simulate(SimulatorOptions(records=60))
    with Server(sim) as server:
        given = {"system": "apollo", "url": server.url, **sim.sign_in(server.url)}
        connector = KIND.connect({**given, "key": Secret(given["key"])}, Machine())
        for object in ("task", "call", "email", "meeting", "note"):
            pages = list(connector.read(Read("apollo", object, ("id",)), None))
            assert set(records(pages)) == set(sim.rows(object)) != set()
        task = next(id for id, row in sim.rows("task").items() if row["status"] == "scheduled")
        [batch] = connector.pack([update(1, "task", task, status="completed")])
        assert [one.kind for one in connector.send(batch)] == ["done"]
        assert sim.rows("task")[task]["completed_at"]
