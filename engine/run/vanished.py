"""Whether what a record is to be made of, or is to be linked, is there itself still.

A record is kept as it was last seen, and not every feed tells that one is gone: Apollo's know of no
deletion, Salesforce's of none that has left the bin. So what this run has not read itself (it has
waited for a backfill, for its day, for a retry) is asked for by its id before it is acted on:
nobody is made anew of who was deleted meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ...connectors.base.contract import Read, Record
from ...dsl.rules import SIDES, Side
from ..store import lives
from .earlier import BACKFILL
from .look import read_whole, store, whereabouts
from .session import Session
from .state import other

MANY = 100
"""Records that are asked for one by one; of more, where each is a request, all are read once."""
SOME = 50
"""Records that are asked for between two looks at whether the run is to go on."""
_Object = tuple[str, str]
_Record = tuple[Side, _Object, str]


class _Planned(NamedTuple):
    flow: str
    side: Side
    action: str
    left: str
    right: str


def leave_vanished(session: Session, decide: Callable[[], None]) -> None:
    """Takes back what is planned with records that are gone, and decides anew, until all are there.
    Raises `SystemUnavailable`."""
    there: dict[_Object, set[str]] = {}
    while not session.undoing and _take_back(session, there):
        decide()


def _take_back(session: Session, there: dict[_Object, set[str]]) -> bool:
    """Whether something was taken back; `there` has the records that are known to be there."""
    rests: list[tuple[_Planned, list[_Record]]] = []
    wanted: dict[_Object, set[str]] = {}
    if session.numbers:
        rows = session.db.stream(lives.made_or_linked, org=session.org, run=session.run)
        rests = [(one, list(_rests_on(session, one))) for one in map(_Planned._make, rows)]
    for _, object, id in (each for _, some in rests for each in some):
        wanted.setdefault(object, set()).add(id)
    gone = {
        (object, id)
        for object, ids in wanted.items()
        for id in _gone(session, session.reads[object], ids, there.setdefault(object, set()))
    }
    if not gone:
        return False
    with session.db.transaction("vanished"):
        for one, some in rests:
            left = [each for each in some if (each[1], each[2]) not in gone]
            if len(left) < len(some):
                where = {"org": session.org, "run": session.run, "flow": one.flow}
                session.db.run(lives.drop_pair, **where, one=one.left, partner=one.right)
                _decide_anew(session, one.flow, left)
    return True


def _decide_anew(session: Session, flow: str, left: list[_Record]) -> None:
    """Whom something was to be linked with is decided anew, also by the rules of those that are one
    thing with what is gone: a Lead is made of who was found to be a Contact."""
    for name in dict.fromkeys((flow, *session.flows[flow].flow.siblings)):
        one = session.flows[name].flow
        ends = {(side, (one.end(side).system, one.end(side).object)) for side in SIDES}
        marks = [(name, side, id) for side, object, id in left if (side, object) in ends]
        session.mark(marks, BACKFILL if name in session.backfilled else "changed")


def _rests_on(session: Session, one: _Planned) -> Iterator[_Record]:
    """The records that must be there for what is planned. Of what nothing is written for, a link to
    what is gone leads nowhere."""
    flow = session.flows[one.flow].flow
    for side in SIDES if one.action == "link" else (other(one.side),):
        id, end = one.left if side == "left" else one.right, flow.end(side)
        if id and not (flow.users or flow.identity):
            yield side, (end.system, end.object), id


def _gone(session: Session, ask: Read, ids: set[str], there: set[str]) -> set[str]:
    """Those of some records that are not there any more, as their system says now."""
    object = (ask.system, ask.object)
    if ask.untold or object in session.whole:
        return set()
    known = session.stored(*object, ids - there)
    old = {id for id, one in known.items() if one.life == "here" and one.run != session.run}
    if ask.forgets and len(old) > MANY:
        old -= read_whole(session, ask)
    # Where a bin is emptied, what has left it looks like what is out of our sight.
    stays = ("here", "out of sight") if ask.forgets else ("here",)
    gone: dict[str, Record] = {}
    missing = sorted(old)
    for start in range(0, len(missing), SOME):
        session.keep_alive()
        found = whereabouts(session, *object, missing[start : start + SOME])
        gone |= {id: one for id, one in found.items() if one.life not in stays}
    there |= ids - gone.keys()
    if gone:
        with session.db.transaction("page"):
            store(session, ask, list(gone.values()))
    return set(gone)
