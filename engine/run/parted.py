"""Two records that an undo has taken apart stay apart until somebody changes one of them.

Their marks are dropped as far as nobody's edit has made them. Where an undo can only ask a person
to delete what a run made, they are apart once that is done: nothing follows of it. What is taken
apart, and why, is known to `undo.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...dsl.rules import Side
from ..plan.model import Flow
from ..store import statements as sql
from ..store import undone
from .ended import TO_BE_DELETED
from .session import Session, dump_values


def to_be_deleted(session: Session, flow: Flow, side: Side, id: str) -> None:
    """A person was asked to delete a record that we made: no rule takes that for the end of what it
    was made from. Within the transaction under way."""
    for link in session.links(flow.name, side, [id]).values():
        asked = {TO_BE_DELETED: True}
        base = link.base.moved((asked, {}) if side == "left" else ({}, asked))
        halves = {"new_left": dump_values(base.left), "new_right": dump_values(base.right)}
        session.db.run(sql.put_base, org=session.org, flow=flow.name, one=link.left, **halves)


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
