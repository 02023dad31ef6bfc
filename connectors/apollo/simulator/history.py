"""Fills a simulated Apollo team with what its people did: tasks, calls, emails, meetings, notes.

Knows what goes with the made-up contacts that `seed.py` has put there: some mail is with addresses
that nobody knows, some meetings are among teammates, one is a series. Same seed, same history.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from .replies import stamp
from .rows import Row, Table
from .saves import Values, without_blanks
from .team import Team

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_TASKS = (
    ("call", "Call about the offer"),
    ("outreach_manual_email", "Write about the trial"),
    ("action_item", "Send the price list"),
    ("linkedin_step_message", "Thank for the talk"),
)
_SUBJECTS = ("Our offer", "Your trial", "Dates for a demo", "Licences for next year")
_CALLS = ("completed", "completed", "no_answer", "busy")
_NOTES = ("Prefers mail to calls", "Decides in spring, with the board", "Asked for a discount")
_STRANGERS = ("kim.lund@elsewhere.example", "office@unheard-of.example")


@dataclass(frozen=True, slots=True)
class _With:
    """A contact, a colleague of ours, and the moment at which they met, as ids and milliseconds."""

    contact: Row
    user: str
    address: str
    at: int

    def values(self) -> Values:
        ids = {"contact_id": self.contact.id, "account_id": self.contact.get("account_id")}
        return {**ids, "user_id": self.user}


def fill(team: Team) -> None:
    """Makes a history of the last two hundred days for the contacts that are there."""
    chance = team.options.random("apollo history")
    active = [one for one in team.users if not one.deleted]
    contacts = list(team.contacts.rows.values())
    for contact in contacts:
        user = chance.choice(active)
        at = team.now() - chance.randrange(_HOUR, 200 * _DAY)
        with_ = _With(contact, user.id, user.email, at)
        for work, share in (
            *((_task, 0.3), (_call, 0.2), (_email, 0.35)),
            *((_meeting, 0.1), (_note, 0.15)),
        ):
            if chance.random() < share:
                work(team, chance, with_)
    if contacts:
        _among_us(team)
        _series(team, contacts[0])


def _task(team: Team, chance: random.Random, one: _With) -> None:
    kind, title = chance.choice(_TASKS)
    status = chance.choice(("scheduled", "scheduled", "completed", "completed", "skipped"))
    due = one.at + (30 * _DAY if status == "scheduled" else 2 * _DAY)
    values: Values = {
        "user_id": one.user,
        "creator_id": one.user,
        "contact_id": one.contact.id,
        "type": kind,
        "title": title,
        "priority": chance.choice(("high", "medium", "medium", "low")),
        "status": status,
        "due_at": stamp(due),
    }
    if status == "scheduled":
        _put(team, team.tasks, values, one.at)
        return
    done = min(due, team.now() - _HOUR)
    values[f"{status}_at"] = done
    if status == "completed":
        values["completed_by_user_id"] = one.user
    made = _put(team, team.tasks, values, one.at)
    # What a task led to stands beside it.
    if status == "completed" and kind == "call":
        _logged(team, chance, _With(one.contact, one.user, one.address, done), made.id)


def _call(team: Team, chance: random.Random, one: _With) -> None:
    _logged(team, chance, one)


def _logged(team: Team, chance: random.Random, one: _With, task: str | None = None) -> None:
    status, seconds = chance.choice(_CALLS), chance.randrange(20, 900)
    reached = status == "completed"
    values = {
        **one.values(),
        "outreach_task_id": task,
        "status": status,
        "inbound": task is None and chance.random() < 0.3,
        "start_time": stamp(one.at),
        "end_time": stamp(one.at + seconds * 1000 if reached else one.at),
        "duration": seconds if reached else None,
        "note": chance.choice(_NOTES) if reached else None,
        "logged": True,
    }
    _put(team, team.calls, values, one.at)


def _email(team: Team, chance: random.Random, one: _With) -> None:
    """One of the four kinds: incoming or not, through Apollo or a connected mailbox."""
    inbound, connected = chance.random() < 0.4, chance.random() < 0.4
    stranger = chance.random() < 0.15
    theirs = chance.choice(_STRANGERS) if stranger else one.contact.get("email")
    if not theirs:
        return
    ends = (theirs, one.address) if inbound else (one.address, theirs)
    subject = chance.choice(_SUBJECTS)
    values = {
        **({"user_id": one.user} if stranger else one.values()),
        "status": "completed",
        "type": "outreach_manual_email",
        "subject": f"Re: {subject}" if inbound else subject,
        "body_text": "Thank you for your time. Shall we go on?",
        "from_email": ends[0],
        "to_email": ends[1],
        "completed_at": stamp(one.at),
        "inbound": inbound or None,
        "connected_mailbox": connected or None,
    }
    _put(team, team.emails, values, one.at)


def _meeting(team: Team, chance: random.Random, one: _With) -> None:
    values = {
        **one.values(),
        "subject": "Demo",
        "location": chance.choice(("", "Online")),
        "guests": [one.address, one.contact.get("email") or chance.choice(_STRANGERS)],
        "cancelled": chance.random() < 0.2 or None,
    }
    _put(team, team.meetings, {**values, **_hours(one.at + 7 * _DAY, 1)}, one.at)


def _note(team: Team, chance: random.Random, one: _With) -> None:
    """Some are a plain text, some a document."""
    words = chance.choice(_NOTES)
    values = one.values()
    if chance.random() < 0.5:
        paragraph = {"type": "paragraph", "content": [{"type": "text", "text": words}]}
        words = json.dumps({"type": "doc", "content": [paragraph]})
    if values["account_id"] and chance.random() < 0.2:
        values["contact_id"] = None
    _put(team, team.notes, {**values, "content": words}, one.at)


def _among_us(team: Team) -> None:
    """Two meetings that no outsider was asked to; addresses come in any case."""
    us = [one.email for one in team.users[:3]]
    for place, guests in enumerate((us, [us[0], us[1].upper()])):
        at = team.now() - (place + 3) * _DAY
        values = {"user_id": team.users[0].id, "subject": "Pipeline review", "guests": guests}
        _put(team, team.meetings, {**values, **_hours(at, 1)}, at - _DAY)


def _series(team: Team, contact: Row) -> None:
    """Four weekly meetings; one of them was moved and is called otherwise, another cancelled."""
    first = team.now() - 10 * _DAY
    series = team.ids.new(first)
    for week in range(4):
        at = first + week * 7 * _DAY + (26 * _HOUR if week == 2 else 0)
        values = {
            "user_id": team.users[1].id,
            "contact_id": contact.id,
            "account_id": contact.get("account_id"),
            "series_id": series,
            "subject": "Weekly call, a day later" if week == 2 else "Weekly call",
            "guests": [team.users[1].email, contact.get("email") or _STRANGERS[0]],
            "cancelled": week == 3 or None,
        }
        _put(team, team.meetings, {**values, **_hours(at, 1)}, first - _DAY)


def _hours(at: int, hours: int) -> dict[str, Any]:
    """Start and end, from the full hour on."""
    start = at // _HOUR * _HOUR
    return {"start_time": stamp(start), "end_time": stamp(start + hours * _HOUR)}


def _put(team: Team, table: Table, values: Values, at: int) -> Row:
    row = Row(team.ids.new(at), at, at, without_blanks(dict(values)))
    table.put(row, team.now())
    return row
