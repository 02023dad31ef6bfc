"""Fills a simulated org with what its people did: tasks, calls, logged emails, events and notes.

Knows what goes with leads and contacts that `seed.py` has put there. Same seed, same history.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from .rows import Row
from .values import stamp

Put = Callable[[str, dict[str, Any]], str]

_DAY = 86_400
_OPEN = ("Not Started", "Not Started", "In Progress", "Waiting on someone else")
_TASKS = ("Send Quote", "Prepare the renewal", "Ask for a reference", "Check the order")
_MAILS = ("Email: Our offer", "Email: Dates for a demo", "Email: Your questions")
_WORDS = ("Prefers mail to calls", "Decides in spring, with the board", "Asked for a discount")


def fill(people: list[Row], put: Put, chance: random.Random, now: int) -> None:
    """Makes what was done, and what is yet to be done, with these leads and contacts."""
    for one in people:
        at = now - chance.randrange(2 * _DAY, 200 * _DAY)
        for work, share in (
            *((_task, 0.3), (_call, 0.2), (_mail, 0.3)),
            *((_event, 0.1), (_note, 0.1)),
        ):
            if chance.random() < share:
                work(one, put, chance, at)


def _task(one: Row, put: Put, chance: random.Random, at: int) -> None:
    done = chance.random() < 0.4
    day = at if done else at + 220 * _DAY
    put(
        "Task",
        {
            **_with(one),
            "Subject": chance.choice(_TASKS),
            "Status": "Completed" if done else chance.choice(_OPEN),
            "Priority": chance.choice(("High", "Normal", "Normal", "Low")),
            "ActivityDate": stamp(day)[:10],
            "TaskSubtype": "Task",
        },
    )


def _call(one: Row, put: Put, chance: random.Random, at: int) -> None:
    put(
        "Task",
        {
            **_with(one),
            "Subject": "Call",
            "Status": "Completed",
            "ActivityDate": stamp(at)[:10],
            "TaskSubtype": "Call",
            "CallType": chance.choice(("Outbound", "Outbound", "Inbound")),
            "CallDurationInSeconds": chance.randrange(20, 900),
            "CallDisposition": chance.choice(("Reached", "No answer")),
            "Description": chance.choice(_WORDS),
        },
    )


def _mail(one: Row, put: Put, chance: random.Random, at: int) -> None:
    put(
        "Task",
        {
            **_with(one),
            "Subject": chance.choice(_MAILS),
            "Status": "Completed",
            "ActivityDate": stamp(at)[:10],
            "TaskSubtype": "Email",
        },
    )


def _event(one: Row, put: Put, chance: random.Random, at: int) -> None:
    start = at // 3600 * 3600
    put(
        "Event",
        {
            **_with(one),
            "Subject": "Meeting",
            "StartDateTime": stamp(start),
            "DurationInMinutes": chance.choice((30, 60, 90)),
            "Location": chance.choice((None, "Online")),
        },
    )


def _note(one: Row, put: Put, chance: random.Random, at: int) -> None:
    words = chance.choice(_WORDS)
    put("Note", {"ParentId": one["Id"], "OwnerId": one["OwnerId"], "Title": words, "Body": words})


def _with(one: Row) -> dict[str, Any]:
    """A contact is met about their account; a lead stands for itself."""
    return {"WhoId": one["Id"], "WhatId": one.get("AccountId"), "OwnerId": one["OwnerId"]}
