"""Entries of the error log that have outlived their pair: one of the two is gone, and can't come
back.

A system that has a bin is asked whether they are in there, once a day while there is such an entry,
and by a `retry`. Where they are, it stands. That they are not is kept for the history of the
record.
"""

from __future__ import annotations

from collections.abc import Collection

from ...dsl.rules import Side
from ..plan.model import Flow
from ..store import statements as sql
from . import problems
from .binned import Gone, Told, for_good, told
from .heirs import heir
from .look import note_life
from .session import Session

DAY = 86_400.0
_WHERE = {"system": "", "object": "", "purpose": "outlived"}
"""The cursor that says when it was looked for last."""


def outlived(session: Session) -> None:
    """Closes what is over, once a day."""
    if not session.open_errors or session.scope.rule:
        return
    where = {"org": session.org, **_WHERE}
    held = session.db.row(sql.cursor, **where)
    if held is not None and session.now - held[3] < DAY:
        return
    let_go(session)
    session.db.run(sql.put_cursor, **where, cursor="", layout=0, number=0, at=session.now)


def let_go(session: Session, numbers: Collection[int] | None = None) -> list[Told]:
    """Closes what is over, of all open errors or some; what is not, since the record is in a
    bin."""
    flows = {name: one.flow for name, one in session.flows.items()}
    found = [
        one
        for one in told(session.db, session.org, flows)
        if (numbers is None or one.number in numbers)
        and not any(_goes_on(session, flows[one.flow], gone) for gone in one.gone)
    ]
    if not found:
        return []
    over = for_good(session, (gone for one in found for gone in one.gone))
    with session.db.transaction("outlived"):
        for one in found:
            ended = [gone for gone in one.gone if gone in over]
            if ended:
                problems.outlived(session, one.flow, one.record, one.cause)
                note(session, ended)
    return [one for one in found if not over & {*one.gone}]


def note(session: Session, ended: Collection[Gone]) -> None:
    """The history of a record says that it can't come back."""
    for one in ended:
        note_life(session, one.system, one.object, one.id, problems.ENDED)


def _goes_on(session: Session, flow: Flow, gone: Gone) -> bool:
    """Whether the link of a record goes on to what it became, or may once that has been seen."""
    if gone.life == "deleted":
        return False
    side: Side = "left" if flow.left.system == gone.system else "right"
    record = session.stored(gone.system, gone.object, [gone.id])[gone.id]
    return heir(session, flow, side, record).kind in ("free", "unseen")
