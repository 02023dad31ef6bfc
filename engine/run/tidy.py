"""Once a day, what came to nothing and is long ago is let go of: the state doesn't grow by it.

What was done stays for good: `history`, `why` and `undo` tell of it, and it grows only as writes
are made. What goes are changes that were planned and never made, runs that changed nothing, errors
that are closed, and what a person was asked and is over. Little by little: a commit is short, and
where a run dies in between the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..store import bygone, counts
from ..store import statements as sql
from .session import Session

DAY = 86_400.0
KEPT = 30 * DAY
"""Seconds for which what came to nothing is kept."""
SOME = 1000
"""Rows that go in one commit."""
STEPS = 50
"""Commits of one run: what is more is left to the next."""
TIDIED = {"system": "", "object": "", "purpose": "tidied"}
"""The cursor that says up to which run it was done, and when."""


def tidy(session: Session) -> None:
    """Lets go of what is due, once a day."""
    db, where = session.db, {"org": session.org, **TIDIED}
    held = db.row(sql.cursor, **where)
    if held is not None and session.now - held[3] < DAY:
        return
    after, upto = held[2] if held else 0, _upto(session)
    left = STEPS
    for step in _steps(session, after, upto):
        if not left:
            return
        left -= 1 if step else 0
    with db.transaction("tidied"):
        number = max(after, upto)
        db.run(sql.put_cursor, **where, cursor="", layout=0, number=number, at=session.now)


def _upto(session: Session) -> int:
    """The last run that is long ago: never one since the last that came to its end, which says what
    is new."""
    row = session.db.row(bygone.last_before, org=session.org, before=session.now - KEPT)
    good = session.db.row(counts.last_good, org=session.org, run=session.run)
    return min(int((row and row[0]) or 0), int((good and good[0]) or 0) - 1)


def _steps(session: Session, after: int, upto: int) -> Iterator[int]:
    """One commit after the other; yields how many rows it was about."""
    db, org = session.db, session.org
    while rows := db.rows(bygone.undone, org=org, after=after, upto=upto, most=SOME):
        run, number = rows[-1]
        with db.transaction("tidied"):
            db.run(bygone.drop_undone, org=org, after=after, last_run=run, last_number=number)
        yield len(rows)
    before = session.now - KEPT
    while rows := db.rows(bygone.closed, org=org, before=before, most=SOME):
        with db.transaction("tidied"):
            db.run(bygone.drop_errors, org=org, ids=[one for (one,) in rows])
        yield len(rows)
    while rows := db.rows(bygone.asks_over, org=org, upto=upto, most=SOME):
        with db.transaction("tidied"):
            db.run(bygone.drop_asks, org=org, ids=[one for (one,) in rows])
        yield len(rows)
    with db.transaction("tidied"):
        db.run(bygone.drop_runs, org=org, upto=upto)
    yield 0
