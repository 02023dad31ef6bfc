"""Marks of activities that wait until somebody they are about is known.

Statements like those of `statements.py`. What somebody asked for (a backfill) stays asked for while
it waits.
"""

from __future__ import annotations

from sqlalchemy import bindparam, case, func, select, update

from . import tables
from .database import among, statement
from .statements import NEVER, D, table

UNKNOWN = "nobody known"
"""Cause of a mark on an activity that waits."""
ASKED_UNKNOWN = "asked for, nobody known"
"""The same, of one that a rule would not act on unasked."""
PUSHED_UNKNOWN = "pushed by hand, nobody known"
"""The same, of one that a person sends past the condition of its rule."""

_waits = (
    D.org == bindparam("org"),
    D.cause.in_((UNKNOWN, ASKED_UNKNOWN, PUSHED_UNKNOWN)),
    D.not_before >= NEVER,
)

wake = statement(
    update(table(tables.Dirty))
    .where(
        *_waits,
        D.flow == bindparam("flow"),
        D.side == bindparam("side"),
        among(D.id, "ids"),
    )
    .values(
        cause=case(
            (D.cause == ASKED_UNKNOWN, "backfill"),
            (D.cause == PUSHED_UNKNOWN, "pushed by hand"),
            else_="a link was made",
        ),
        rule="",
        not_before=0.0,
        mark=D.mark + 1,
    )
)
give_up = statement(
    update(table(tables.Dirty))
    .where(
        D.org == bindparam("org"),
        D.flow == bindparam("flow"),
        D.side == bindparam("side"),
        D.id == bindparam("one"),
        D.decided_run == bindparam("run"),
        D.decided == D.mark,
    )
    .values(
        cause=case(
            (D.cause == "pushed by hand", PUSHED_UNKNOWN),
            (among(D.cause, "asked_for"), ASKED_UNKNOWN),
            else_=UNKNOWN,
        ),
        rule=bindparam("rule"),
        not_before=NEVER,
    )
)
"""One whose people could not be made after all waits, too, unless someone marked it again; what was
asked for stays asked for."""
count = statement(select(func.count()).select_from(table(tables.Dirty)).where(*_waits))
