"""What belongs to a record that an undo deletes: as long as something does, the record stays.

A system may delete with a record what refers to it. What is to be deleted, and what becomes of the
rest, is known to `undo.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ...connectors.base.values import folded
from ...dsl.rules import Side
from ..plan.model import Flow
from ..store import statements as sql
from .journal import Entry
from .session import Session
from .state import other


def free(session: Session, flow: Flow, side: Side, entries: Sequence[Entry]) -> list[Entry]:
    """Those to be deleted to which nothing refers any more: a system may delete with a record what
    belongs to it. Of others what was to let them go has not arrived, and they are due."""
    held = [one for one in entries if referring(session, flow, side, one.record)]
    if held:
        due = {"new_state": "due", "new_code": "referred to"}
        with session.db.transaction("held"):
            for one in held:
                session.db.run(sql.set_state, org=session.org, run=one.run, one=one.number, **due)
    return [one for one in entries if one not in held]


def referring(
    session: Session,
    flow: Flow,
    side: Side,
    id: str,
    deleted: Collection[tuple[str, str, str]] = (),
) -> str:
    """A record that refers to this one and stays, "" for none; `deleted` are those that are planned
    to be. What is planned to be let go, is."""
    system = flow.end(side).system
    for object, name in _references(session, flow, side):
        rows = session.by_value(system, object, name, [folded(id)])
        ids = [one for _, one in rows if (system, object, one) not in deleted]
        let_go = {
            one
            for one, after in session.planned_values(system, object, ids)
            if name in after and after[name] != id
        }
        here = session.stored(system, object, [one for one in ids if one not in let_go])
        for one in here.values():
            if one.life == "here":
                return f"{object} {one.id}"
    return ""


def _references(session: Session, flow: Flow, side: Side) -> Iterator[tuple[str, str]]:
    """(object, field) of what refers to records of a side of a flow."""
    for ready in session.flows.values():
        for row in ready.flow.rows:
            if flow.name in row.through:
                yield ready.flow.end(side).object, row.field(side)
        for infer in ready.flow.infers:
            there = ready.flow.end(other(infer.side))
            mine = flow.end(side)
            if (there.system, there.object) == (mine.system, mine.object):
                yield infer.related, infer.via
