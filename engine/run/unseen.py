"""What the error log has of records that a look was not shown, until they are seen again.

Such a record is kept as it was, with its link; what would have pointed to one that was missed by
that moves without it meanwhile (`targets.py`). One that a write has met is entered by that
(`settle.py`), and told once. Who looks, and when a run is held instead, is `sight.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set

from ...connectors.base.contract import Read, Record
from ..store import troubles
from . import causes
from .around import key_text
from .codes import ADVICE, OUT_OF_SIGHT
from .look import note_life, store
from .problems import RUN, enter, outlived
from .session import Session

READ = "read"
"""Operation of what a look has met, and no write."""


def text(system: str, object: str, id: str) -> str:
    """What is said of a record that is out of sight, whoever has found that."""
    return f"{system} doesn't show {object} {id} to us any more"


def told(session: Session) -> dict[tuple[str, str], set[str]]:
    """The records of each object that looks were not shown, as far as they are entered."""
    found: dict[tuple[str, str], set[str]] = {}
    if session.open_errors:
        where = {"org": session.org, "code": OUT_OF_SIGHT, "flow": RUN}
        for record, system, object in session.db.rows(troubles.of_code_in, **where):
            found.setdefault((system, object), set()).add(record)
    return found


def guarded(session: Session, system: str, object: str) -> bool:
    """Whether a written guard says how many of an object, or of those linked with it, may be
    deleted: then nobody is missed that may be gone."""
    names = {object}
    for flow, side in session.ends(system, object):
        names.add(flow.right.object if side == "left" else flow.left.object)
    return any(one.what == "deleted" and one.of in names for one in session.plan.guards)


def tell(session: Session, ask: Read, known: Set[str], found: Mapping[str, Record]) -> None:
    """Enters who was looked for and is not shown. Who was `known` as such, and is shown or gone by
    now, is stored as what was found, and over."""
    lost = {id for id, one in found.items() if one.life == "out of sight"}
    if not known and not lost:
        return
    lost -= _met_by_writes(session, ask.system, ask.object, lost)
    with session.db.transaction("sight"):
        back = [found[id] for id in sorted(known & found.keys())]
        store(session, ask, [one for one in back if one.life != "out of sight"])
        for id in sorted(known - lost):
            outlived(session, RUN, id, _cause(ask.system, ask.object, id))
            if id in found and found[id].life == "here":
                note_life(session, ask.system, ask.object, id, "here")
        _miss(session, ask.system, ask.object, lost - known)


def miss(session: Session, system: str, object: str, ids: Collection[str]) -> None:
    """Enters records that are stored as out of sight, with the transaction under way."""
    if ids and not guarded(session, system, object):
        _miss(session, system, object, {*ids} - told(session).get((system, object), set()))


def _miss(session: Session, system: str, object: str, ids: Collection[str]) -> None:
    for id in sorted(ids):
        _enter(session, system, object, id)
        note_life(session, system, object, id, "out of sight")


def _cause(system: str, object: str, id: str) -> str:
    """The same as of a write that met such a record."""
    said = causes.of_all(text(system, object, id), {id})
    return causes.one_of(system, object, OUT_OF_SIGHT, "", said)


def _enter(session: Session, system: str, object: str, id: str) -> None:
    held = session.stored(system, object, [id])[id].values
    keys = (
        key_text(flow, *((held, None) if side == "left" else (None, held)))
        for flow, side in session.ends(system, object)
    )
    enter(
        session,
        cause=_cause(system, object, id),
        operation=READ,
        system=system,
        object=object,
        record=id,
        key=next(filter(None, keys), None),
        flow=RUN,
        rule="",
        file="",
        line=0,
        code=OUT_OF_SIGHT,
        message=text(system, object, id),
        advice=f"{ADVICE[OUT_OF_SIGHT]} Where it is gone for good, and no bin has it, the"
        " entry is over once the rules say how many may be:"
        f" `guard at most 100% of {object} deleted per run`.",
    )


def _met_by_writes(session: Session, system: str, object: str, ids: Collection[str]) -> set[str]:
    """Those of some records that are entered, since a write has met them as out of sight. Of one
    that is stored as out of sight that is over with the next decision: nothing is written to it."""
    if not (session.open_errors and ids):
        return set()
    stored = session.stored(system, object, ids)
    here = {id for id, one in stored.items() if one.life != "out of sight"}
    met: set[str] = set()
    for flow, side in session.ends(system, object):
        where = {"org": session.org, "flow": flow.name, "code": OUT_OF_SIGHT}
        for id, link in session.links(flow.name, side, here).items():
            ends = (link.left, link.right)
            if any(session.db.row(troubles.has_code, **where, one=one) for one in ends):
                met.add(id)
    return met
