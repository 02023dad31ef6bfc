"""Creates whose record is there by now: somebody has put it in since it was decided.

A look that was taken again before writing may have shown it, or a twin of what it is made of. What
was planned is then nobody's any more, and is decided anew; it reads the state only.
"""

from __future__ import annotations

from ...dsl.rules import Side
from ..plan.model import Flow
from ..store import statements as sql
from .journal import Entry
from .match import match
from .session import Session
from .state import other


def still_unmet(session: Session, flow: Flow, side: Side, entries: list[Entry]) -> list[Entry]:
    """Those for which there is nobody yet, by the keys. The next run decides about the others."""
    if session.undoing or not entries:
        return entries
    end, there = flow.end(other(side)), other(side)
    by_source = {one.left if side == "right" else one.right: one for one in entries}
    known = session.stored(end.system, end.object, [id for id in by_source if id])
    here = {id: one.values for id, one in known.items() if one.life == "here"}
    found = match(session, flow, there, here)
    met = sorted(id for id, one in found.items() if one.match.kind != "none")
    if not met:
        return entries
    with session.db.transaction("met"):
        where = {"org": session.org, "run": session.run}
        state = {"new_state": "dropped", "new_code": "existed"}
        session.db.many(
            sql.set_state, [{**where, **state, "one": by_source[id].number} for id in met]
        )
        session.mark([(flow.name, there, id) for id in met], "exists already")
    return [one for one in entries if one not in [by_source[id] for id in met]]
