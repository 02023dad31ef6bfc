"""Once a day, a look at everything: what a system's feed never tells to be deleted is missed.

Only where a rule says what follows a delete, or infers something from the records that are there.
Missing is not deleted: each record that a whole read doesn't show is fetched by its id, of those
that are linked or something is inferred from, and what the system then says of it is believed. When
it was deleted nobody tells: who is missing as a rule first asks for it counts as gone before that.
"""

from __future__ import annotations

from ...connectors.base.contract import Read
from ..store import lives
from ..store import statements as sql
from .look import read_whole, store
from .looked_for import look_for_merged
from .session import Session
from .sight import DAY, linked_here, too_many_gone
from .since import follows_only_now
from .state import other

_BEFORE = "before"
"""The word of a cursor while what is left to be asked for was missing before the rules."""
MOST = 500
"""Missing records that one sweep asks for; the others are asked for by the next."""


def sweep(session: Session) -> None:
    """Sweeps what is due, and looks at those whom somebody is to merge. Raises
    `SystemUnavailable`, `Braked` where half is missing."""
    for system, object in session.plan.sweeps:
        if (system, object) not in session.looked:
            continue
        where = {"org": session.org, "system": system, "object": object, "purpose": "sweep"}
        held = session.db.row(sql.cursor, **where)
        new = follows_only_now(session, system, object)
        if held is not None and session.now - held[3] < DAY and not new:
            continue
        began = session.now
        before = new or (held is not None and held[0] == _BEFORE)
        # The first look has just seen everything there is.
        unknown = held is not None or new
        done = not unknown or _sweep(session, session.reads[system, object], before=before)
        at, said = (began, "") if done else (began - DAY, _BEFORE if before else "")
        session.db.run(sql.put_cursor, **where, cursor=said, layout=0, number=0, at=at)
    look_for_merged(session)


def _around(session: Session, ask: Read) -> set[str]:
    """The records of an object that are there and from which something is inferred."""
    found: set[str] = set()
    for ready in session.flows.values():
        for infer in ready.flow.infers:
            there = session.plan.system(other(infer.side)), infer.related
            if there == (ask.system, ask.object):
                where = {"org": session.org, "system": ask.system, "object": ask.object}
                rows = session.db.rows(lives.referring, **where, field=infer.via)
                found |= {id for (id,) in rows}
    return found


def _sweep(session: Session, ask: Read, *, before: bool) -> bool:
    """Looks at one object; whether all that is missing was asked for. `before`: what is missing was
    so before the rules that ask for it."""
    session.progress(f"looking for deleted {ask.object} records in {ask.system}")
    linked = linked_here(session, ask.system, ask.object) | _around(session, ask)
    if not linked:
        return True
    there = len(linked)
    linked -= read_whole(session, ask)
    too_many_gone(session, ask.system, ask.object, len(linked), there)
    missing = sorted(linked)[:MOST]
    if missing:
        found = session.connectors[ask.system].fetch(ask.object, ask.fields, "id", missing)
        with session.db.transaction("page"):
            store(session, ask, [one for one in found if one.life != "here"], before=before)
    return len(missing) == len(linked)
