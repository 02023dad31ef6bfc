"""What refused writes point to: an account that is gone must not keep its people from moving.

Some systems never tell of a deletion. So what a refused write refers to is asked for by its id, and
what the system then says is gone is known as such. The write is decided again without it; why that
leaves the reference out is known to `around.py`. What is only out of our sight is missed besides:
it is entered, and given to whom it belongs once it is back (`unseen.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .journal import Entry
from .look import store, whereabouts
from .session import Session
from .unseen import miss


def without_target(session: Session, refused: Sequence[Entry]) -> set[int]:
    """Those of some refused writes, by number, that pointed to what is gone or out of sight, and
    wasn't known to be; they are marked, and the run decides them again. Raises
    `SystemUnavailable`."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for entry in refused:
        for object, id in _targets(session, entry):
            wanted.setdefault((entry.system, object), set()).add(id)
    gone: set[tuple[str, str, str]] = set()
    for where, ids in wanted.items():
        known = session.stored(*where, ids)
        # Of what went with an earlier write of this run the later ones hear, too.
        gone |= {
            (*where, id)
            for id, one in known.items()
            if one.life != "here" and one.run == session.run
        }
        here = {id for id, one in known.items() if one.life == "here"}
        if where not in session.reads or not here:
            continue
        lost = [one for one in whereabouts(session, *where, here).values() if one.life != "here"]
        store(session, session.reads[where], lost)
        miss(session, *where, {one.id for one in lost if one.life == "out of sight"})
        gone |= {(*where, one.id) for one in lost}
    decided = (one for one in refused if not one.undoes)  # What is put back is due as it is.
    again = [one for one in decided if _any(gone, one.system, _targets(session, one))]
    session.mark(
        [(one.flow, "right" if one.side == "left" else "left", _origin(one)) for one in again],
        "retry",
    )
    session.again = session.again or bool(again)
    return {one.number for one in again}


def _targets(session: Session, entry: Entry) -> Iterator[tuple[str, str]]:
    """(object, id) of what a write refers to, users left out."""
    ready = session.flows[entry.flow]
    for row in ready.flow.rows:
        id = entry.after.get(row.field(entry.side))
        for name in row.through if isinstance(id, str) else ():
            parent = session.flows[name].flow
            object = parent.end(entry.side).object
            known = len(row.through) == 1 or session.stored(entry.system, object, [str(id)])
            if not parent.users and known:
                yield object, str(id)
    for one in ready.stand_ins:
        id = entry.after.get(one.field) if one.to == entry.side else None
        if isinstance(id, str):
            yield one.object, id


def _any(gone: set[tuple[str, str, str]], system: str, targets: Iterable[tuple[str, str]]) -> bool:
    return any((system, object, id) in gone for object, id in targets)


def _origin(entry: Entry) -> str:
    return entry.right if entry.side == "left" else entry.left
