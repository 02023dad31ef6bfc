"""Once a day, a look at some linked records: whether we still see what we are linked with.

A system that no longer shares records with our login tells nobody: they are in no feed, and are
not deleted. Where many are out of sight the run is held, since what is decided about them and about
others like them would be a guess. A single one shows when it is to be written (`settle.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import Braked
from ..store import statements as sql
from .session import Session
from .sweep import DAY, linked_here

MOST = 100
"""Records of an object that are looked for."""
FEW = 5
SHARE = 0.25
"""More than `FEW` of them, and more than a `SHARE`, may not be out of sight."""


def in_sight(session: Session) -> None:
    """Raises `Braked` where too much is out of sight, `SystemUnavailable`."""
    for system, object in session.plan.sights:
        guarded = any(one.what == "deleted" and one.of == object for one in session.plan.guards)
        if guarded or (system, object) not in session.looked:
            continue
        where = {"org": session.org, "system": system, "object": object, "purpose": "sight"}
        held = session.db.row(sql.cursor, **where)
        if held is not None and session.now - held[3] < DAY:
            continue
        # The first look has just seen everything there is.
        linked = sorted(linked_here(session, system, object)) if held is not None else []
        if linked:
            some = linked[:: -(-len(linked) // MOST)]
            fields = session.reads[system, object].fields
            found = session.connectors[system].fetch(object, fields, "id", some)
            lost = [one.id for one in found if one.life == "out of sight"]
            if len(lost) > FEW and len(lost) > SHARE * len(some):
                raise _held(system, object, len(lost), some)
        session.db.run(sql.put_cursor, **where, cursor="", layout=0, number=0, at=session.now)


def _held(system: str, object: str, lost: int, some: Sequence[str]) -> Braked:
    return Braked(
        f"{lost:,} of {len(some):,} linked {object} records in {system} are out of sight",
        why="they are not deleted, and not shared with us any more; nothing was written",
        fix=f"give the sync login its rights on {object} back; where they are gone for "
        f"good, `guard at most 100% of {object} deleted per run` lets runs go on",
    )
