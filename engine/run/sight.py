"""Whether what we are linked with is still there: a side that is suddenly empty holds the run.

Once a day some linked records are looked for: a system that no longer shares records with our login
tells nobody, they are in no feed and are not deleted. Where many are out of sight the run is held,
since what is decided about them and about others like them would be a guess. Fewer are told in the
error log (`unseen.py`), and looked for by each run until they are seen again, with what was done
with them meanwhile. Where half of an object is deleted or missing at once the run is held, too,
whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest
from zlib import crc32

from ...errors import Braked
from ..store import counts, lives
from ..store import statements as sql
from . import unseen
from .look import whereabouts
from .session import Session

DAY = 86_400.0
"""Seconds between two such looks."""
MOST = 100
"""Records of an object that are looked for."""
FEW = 5
SHARE = 0.25
"""More than `FEW` of them, and more than a `SHARE`, may not be out of sight."""
SOME = 20
HALF = 0.5
"""More than `SOME` linked records of an object, and `HALF` of them, may not be gone at once."""


def in_sight(session: Session) -> None:
    """Raises `Braked` where too much is out of sight, `SystemUnavailable`."""
    seen = _kept(session, "sight")
    entered = unseen.told(session)
    for system, object in dict.fromkeys((*session.plan.sights, *entered)):
        if (system, object) not in session.looked:
            continue
        told = entered.get((system, object), set())
        if unseen.guarded(session, system, object):
            unseen.tell(session, session.reads[system, object], told, {})
            continue
        _, at = seen.get((system, object), (0, None))
        due = (system, object) in session.plan.sights and (at is None or session.now - at >= DAY)
        if not due and not told:
            continue
        # The first look has just seen everything there is.
        linked = linked_here(session, system, object) if at is not None else set[str]()
        some = _some(linked, session.now) if due else []
        known = session.stored(system, object, told)
        missed = {id for id, one in known.items() if one.life == "out of sight"}
        found = whereabouts(session, system, object, {*some, *missed, *(told & linked)})
        lost = [id for id in some if found[id].life == "out of sight"]
        if len(lost) > FEW and len(lost) > SHARE * len(some):
            raise _held(system, object, len(lost), some)
        unseen.tell(session, session.reads[system, object], told, found)
        if due:
            where = {"org": session.org, "system": system, "object": object, "purpose": "sight"}
            session.db.run(sql.put_cursor, **where, cursor="", layout=0, number=0, at=session.now)


def _some(linked: set[str], now: float) -> list[str]:
    """Those of a day: where there are more than `MOST`, each day others, in no order that rights
    could go by."""
    day = int(now // DAY)
    return nsmallest(MOST, linked, key=lambda id: (crc32(f"{day} {id}".encode()), id))


def _kept(session: Session, purpose: str) -> dict[tuple[str, str], tuple[int, float]]:
    """The number and the time that are kept for each object."""
    rows = session.db.rows(sql.kept, org=session.org, purpose=purpose)
    return {(system, object): (number, at) for system, object, number, at in rows}


def _held(system: str, object: str, lost: int, some: Sequence[str]) -> Braked:
    return Braked(
        f"{lost:,} of {len(some):,} linked {object} records in {system} are out of sight",
        why="they are not deleted, and not shared with us any more; nothing was written",
        fix=f"give the sync login its rights on {object} back; where they are gone for "
        f"good, `guard at most 100% of {object} deleted per run` lets runs go on",
    )


def all_there(session: Session) -> None:
    """Raises `Braked` where half of what was linked is gone, as the feeds and a sweep tell, since
    it was last found to be there by a run that came to its end. A run that is about other records
    knows nothing of it."""
    there = _kept(session, "there")
    last = 0
    if not session.looked.keys() <= there.keys():
        # They were first looked at by a version that didn't note it, or since that run.
        found = session.db.row(counts.last_good, org=session.org, run=session.run)
        last = int(found[0] or 0) if found else 0
    for system, object in session.looked:
        since, _ = there.get((system, object), (last, 0.0))
        if session.ends_seen or since < session.run - 1:
            _not_half_gone(session, system, object, since)
        session.there.add((system, object))
    session.ends_seen = False


def _not_half_gone(session: Session, system: str, object: str, since: int) -> None:
    there = gone = 0
    for flow, side in session.ends(system, object):
        if flow.users or flow.activity:
            continue
        where = {"system": system, "object": object, "flow": flow.name, "side": side}
        row = session.db.row(lives.linked_lives, org=session.org, since=since, **where)
        there, gone = there + int(row[0] if row else 0), gone + int(row[1] if row else 0)
    too_many_gone(session, system, object, gone, there + gone)


def were_there(session: Session) -> None:
    """Notes, with the transaction under way, that the run has come to its end with what it had
    found to be there. What a later look of it has found gone counts for the next one."""
    run = session.run - 1 if session.ends_seen else session.run
    session.db.many(
        sql.put_cursor,
        [
            {**_there(session, *one), "cursor": "", "layout": 0, "number": run, "at": session.now}
            for one in sorted(session.there)
        ],
    )


def _there(session: Session, system: str, object: str) -> dict[str, object]:
    """The cursor that says since which run an object is known to be there."""
    return {"org": session.org, "system": system, "object": object, "purpose": "there"}


def too_many_gone(session: Session, system: str, object: str, gone: int, linked: int) -> None:
    """Raises `Braked` where half of the linked records of an object are not there any more."""
    if gone <= SOME or gone < HALF * linked or unseen.guarded(session, system, object):
        return
    raise Braked(
        f"{gone:,} of {linked:,} linked {object} records are gone from {system}",
        why=f"half of them (and more than {SOME}) at once is rarely meant; nothing was written",
        fix=f"put them back, or look whether {system} shows all it has; where they are gone for "
        f"good, `guard at most 100% of {object} deleted per run` lets runs go on",
    )


def linked_here(session: Session, system: str, object: str) -> set[str]:
    """The records of an object that are there and have a link."""
    return {
        id
        for flow, side in session.ends(system, object)
        for (id,) in session.db.rows(
            lives.linked_here,
            org=session.org,
            system=system,
            object=object,
            flow=flow.name,
            side=side,
        )
    }
