"""Records that nobody could be told to belong to, once that can be told.

Two records of one key are nobody's partner, and an entry in the error log says so. When one of them
is deleted, merged, or gets another key, nothing of the others changes, so nothing marks them:
whoever waits for it is looked at before each run decides.
"""

from __future__ import annotations

from ...dsl.rules import SIDES, Side
from ..plan.model import Flow
from ..store import troubles
from .match import match
from .session import Session


def look_again(session: Session) -> None:
    """Marks the records behind open entries on matches for which there is one partner now, or
    none."""
    if not session.open_errors:
        return
    waiting: dict[str, list[str]] = {}
    for flow, record in session.db.rows(troubles.no_partner, org=session.org):
        if flow in session.flows and session.scope.decides(flow):
            waiting.setdefault(flow, []).append(record)
    marks = [
        (one, side, id)
        for name, ids in waiting.items()
        for side in SIDES
        for id in _free(session, session.flows[name].flow, side, ids)
        for one in _all_of(session, session.flows[name].flow, side)
    ]
    session.mark(marks, "retry")


def _all_of(session: Session, flow: Flow, side: Side) -> list[str]:
    """The flow, and those that are one thing with it: the partner may be found in any of them."""
    object = flow.end(side).object
    return [
        one
        for one in flow.siblings or (flow.name,)
        if one in session.flows and session.flows[one].flow.end(side).object == object
    ]


def _free(session: Session, flow: Flow, side: Side, ids: list[str]) -> list[str]:
    """Those of a side whose key is no longer shared, on either side."""
    end = flow.end(side)
    known = session.stored(end.system, end.object, ids)
    linked = session.links(flow.name, side, known)
    here = {id: one.values for id, one in known.items() if one.life == "here" and id not in linked}
    found = match(session, flow, side, here)
    return [id for id, one in found.items() if one.match.kind not in ("several", "held")]
