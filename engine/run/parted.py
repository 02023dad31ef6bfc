"""Two records that an undo has taken apart stay apart until somebody changes one of them.

Their marks are dropped as far as nobody's edit has made them. What is taken apart, and why, is
known to `undo.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..store import undone
from .session import Session


def leave_alone(session: Session, parted: Iterable[tuple[str, str, str]]) -> None:
    """What was parted (flow, left, right) is not brought together again by what our own writes have
    stirred up, or by what the run that is undone did not get done: only who changes one of the two
    does that. Within the transaction under way."""
    session.db.many(
        undone.drop_marks,
        [
            {"org": session.org, "flow": flow, "side": side, "one": id}
            for flow, left, right in parted
            for side, id in (("left", left), ("right", right))
            if id
        ],
    )


def leave_all_alone(session: Session) -> None:
    """The same of all that this run has parted, and of what was stirred up since."""
    rows = session.db.rows(undone.parted, org=session.org, run=session.run)
    with session.db.transaction("left alone"):
        leave_alone(session, rows)
