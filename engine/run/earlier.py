"""Records that were deleted, merged or called off before a rule said what follows of that: it acts
from now on.

Nothing follows of them by itself, and they wait for a backfill of the rule, as everything does that
was there before one. Since when a rule says so is noted with the rules themselves (`since.py`);
what follows is `ended.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...dsl.rules import SIDES, Side
from ..plan.model import Flow
from ..store import lives
from .around import Pair
from .decision import Decision
from .ended import ENDS, End, says
from .session import Session
from .state import State, Stored

BACKFILL = "backfill"
"""Cause of a mark on a record that a backfill was asked for."""
_CANCEL: End = "cancel"
_SAID, _SILENT = "said", "silent"
_Known = Mapping[str, tuple[str, int]]
"""What is noted of rules, by name: what they meant, and their first run."""


def firsts(session: Session, known: _Known, since: int) -> dict[str, int]:
    """The first run of each word on an end. `since` is that of rules that are noted only now; a
    state of a version that didn't note it knows the flow, and what it says has been so before."""
    found: dict[str, int] = {}
    for flow, side, event in _said(session):
        name = _name(flow, side, event)
        word, first = known.get(name, ("", 0))
        as_noted = known.get(f"flow {flow.name}", ("", 0))[0] == flow.fingerprint
        old = word == _SAID or (not word and as_noted)
        found[name] = first if old else since
    return found


def note(session: Session, known: _Known, since: int) -> Iterator[tuple[str, str, int]]:
    """What is to be noted: name, word and first run. Who is gone already is decided again where the
    word is another one: whether they wait is told."""
    said = firsts(session, known, since)
    for flow, side, event in _said(session):
        name = _name(flow, side, event)
        if session.scope.is_about(flow.name) and known.get(name) != (_SAID, said[name]):
            yield name, _SAID, said[name]
            if said[name]:
                mark_gone(session, flow, side, "the rule changed")
    ends = {_name(*one): one for one in _ends(session)}
    for name, (word, _) in known.items():
        if word == _SAID and name not in said:
            yield name, _SILENT, since
            if name in ends:
                flow, side, _ = ends[name]
                mark_gone(session, flow, side, "the rule changed")


def new_here(session: Session, known: _Known, system: str, object: str) -> bool:
    """Whether a rule says only now what follows where records of an object are deleted: who is
    missing by now may have been so before."""
    said = firsts(session, known, session.run)
    return any(
        event == "delete"
        and (flow.end(side).system, flow.end(side).object) == (system, object)
        and known.get(_name(flow, side, event), ("", 0))[0] != _SAID
        and said[_name(flow, side, event)] > 0
        for flow, side, event in _said(session)
    )


def mark_gone(session: Session, flow: Flow, side: Side, cause: str) -> None:
    """Linked records of a side that are deleted or merged away are decided again."""
    end = flow.end(side)
    where = {"org": session.org, "system": end.system, "object": end.object}
    rows = session.db.rows(lives.linked_gone, **where, flow=flow.name, side=side)
    session.mark([(flow.name, side, id) for (id,) in rows], cause)


def waits(
    session: State, flow: Flow, side: Side, event: End, record: Stored, pair: Pair
) -> Decision | None:
    """That a record of `side` ended before its rule said what follows, and nobody has asked for
    that; None where it follows."""
    found = says(flow, side, event)
    if found is None or pair.cause == BACKFILL:
        return None
    if record.run >= session.first_runs.get(_name(flow, side, event), 0):
        return None
    return Decision("wait", side, found[0].rule)


def _ends(session: Session) -> Iterator[tuple[Flow, Side, End]]:
    """All that a rule could say something of."""
    for flow in session.plan.flows:
        yield from ((flow, side, event) for side in SIDES for event in (*ENDS, _CANCEL))


def _said(session: Session) -> Iterator[tuple[Flow, Side, End]]:
    """All that rules say something of."""
    return (one for one in _ends(session) if says(*one) is not None)


def _name(flow: Flow, side: Side, event: End) -> str:
    return f"flow {flow.name} {side} on {event}"
