"""Records that the error log has and of which no feed need tell what became: asked for by id.

Out of sight they come back without a word, a merge in Apollo is told as a deletion, and that only
where a rule asks for one. A person who has done what an entry says retries it; those whom somebody
is to merge are looked at once a day as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...dsl.rules import SIDES
from ..plan.model import End, Flow
from ..store import statements as sql
from ..store import troubles
from .codes import MERGE, OUT_OF_SIGHT, UNTOLD
from .look import store, whereabouts
from .match import candidates
from .session import Session
from .sight import DAY
from .state import other

MOST = 500
"""Records of an object that one retry asks for, where several may be the partner."""
_Wanted = dict[tuple[str, str], set[str]]
"""Ids by system and object."""


def look_for_retried(session: Session, told: Iterable[tuple[str, str, str]]) -> None:
    """Looks for what a retry is about: flow, record and code."""
    wanted: _Wanted = {}
    meant: _Wanted = {}
    for flow, record, code in told:
        if flow not in session.flows:
            continue
        if code in (OUT_OF_SIGHT, MERGE):
            _with_partners(session, session.flows[flow].flow, record, wanted)
        elif code in UNTOLD:
            _who_may_be_meant(session, session.flows[flow].flow, record, meant)
    _look(session, wanted)
    _look(session, {of: {*sorted(ids)[:MOST]} for of, ids in meant.items()})


def look_for_merged(session: Session) -> None:
    """Once a day those are looked at that a person is to merge: not every system tells of that."""
    where = {"org": session.org, "system": "", "object": "", "purpose": "merged by hand"}
    told = session.db.rows(troubles.whoever_has, org=session.org, code=MERGE)
    held = session.db.row(sql.cursor, **where) if told else None
    if not told or (held is not None and session.now - held[3] < DAY):
        return
    look_for_retried(session, [(flow, record, MERGE) for flow, record in told])
    session.db.run(sql.put_cursor, **where, cursor="", layout=0, number=0, at=session.now)


def _with_partners(session: Session, flow: Flow, record: str, wanted: _Wanted) -> None:
    """A record, on whichever side it is, and the partner of one that isn't shown."""
    for side in SIDES:
        end, there = flow.end(side), flow.end(other(side))
        if record in session.stored(end.system, end.object, [record]):
            _add(wanted, end, [record])
        for link in session.links(flow.name, side, [record]).values():
            _add(wanted, there, [link.right if side == "left" else link.left])


def _who_may_be_meant(session: Session, flow: Flow, record: str, wanted: _Wanted) -> None:
    """Those who share a key with a record whose partner could not be told, and those they are
    linked with: one of them may have been merged into another, or deleted."""
    for side in SIDES:
        end, there = flow.end(side), other(side)
        known = session.stored(end.system, end.object, [record]).get(record)
        if known is None:
            continue
        theirs = candidates(session, flow, side, known.values, there)
        links = session.links(flow.name, there, theirs).values()
        mine = candidates(session, flow, side, known.values, side)
        _add(wanted, end, mine | {one.left if side == "left" else one.right for one in links})
        _add(wanted, flow.end(there), theirs)


def _add(wanted: _Wanted, end: End, ids: Iterable[str]) -> None:
    wanted.setdefault((end.system, end.object), set()).update(ids)


def _look(session: Session, wanted: _Wanted) -> None:
    for (system, object), ids in wanted.items():
        found = whereabouts(session, system, object, ids).values()
        with session.db.transaction("page"):
            told = [one for one in found if one.life != "out of sight"]
            store(session, session.reads[system, object], told)
