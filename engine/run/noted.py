"""Since when rules say what follows where a record is deleted, merged or called off.

Noted with the rules themselves (`since.py`). What was so before waits (`earlier.py`), and is
decided again where the word is another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...dsl.rules import SIDES, Side
from ..plan.model import Flow
from ..store import lives
from .earlier import name_of
from .ended import ENDS, End, says
from .session import Session

_CANCEL: End = "cancel"
_SAID, _SILENT = "said", "silent"
_Known = Mapping[str, tuple[str, int]]
"""What is noted of rules, by name: what they meant, and their first run."""


def firsts(session: Session, known: _Known, since: int) -> dict[str, int]:
    """The first run of each word on an end. `since` is that of rules that are noted only now; a
    state of a version that didn't note it knows the flow, and what it says has been so before."""
    found: dict[str, int] = {}
    for flow, side, event in _said(session):
        name = name_of(flow, side, event)
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
        name = name_of(flow, side, event)
        if session.scope.is_about(flow.name) and known.get(name) != (_SAID, said[name]):
            yield name, _SAID, said[name]
            if said[name]:
                mark_gone(session, flow, side, "the rule changed")
    ends = {name_of(*one): one for one in _ends(session)}
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
        and known.get(name_of(flow, side, event), ("", 0))[0] != _SAID
        and said[name_of(flow, side, event)] > 0
        for flow, side, event in _said(session)
    )


def mark_gone(session: Session, flow: Flow, side: Side, cause: str) -> None:
    """Linked records of a side that are deleted or merged away are decided again."""
    end = flow.end(side)
    where = {"org": session.org, "system": end.system, "object": end.object}
    rows = session.db.rows(lives.linked_gone, **where, flow=flow.name, side=side)
    session.mark([(flow.name, side, id) for (id,) in rows], cause)


def _ends(session: Session) -> Iterator[tuple[Flow, Side, End]]:
    """All that a rule could say something of."""
    for flow in session.plan.flows:
        yield from ((flow, side, event) for side in SIDES for event in (*ENDS, _CANCEL))


def _said(session: Session) -> Iterator[tuple[Flow, Side, End]]:
    """All that rules say something of."""
    return (one for one in _ends(session) if says(*one) is not None)
