"""What an undo looks at: records as they are now, with the fields that a run wrote, also those that
no rule names any more.

Whoever finds that a row of a map was wrong takes it out first, and undoes what it did then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from ...connectors.base.contract import Record
from ...connectors.base.values import Value
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow
from ..store import statements as sql
from ..store import undone
from .decision import Base, apart, filling, unsent
from .journal import Entry, entry
from .look import store
from .session import Kept, Session

CHANGED = "somebody has changed it since"
_NO_ROWS = (apart(""), filling(""), unsent(""))
"""How names of a base begin that stand beside those of rows."""


def fetch(
    session: Session, system: str, object: str, names: Iterable[str], ids: Sequence[str]
) -> list[Record]:
    """Some records as their system shows them now, with the fields that rules name and those of
    `names` that the system has. What is out of sight is not stored."""
    ask = session.reads[system, object]
    more = {*names} - {*ask.fields}
    if more:
        described = session.connectors[system].describe([object]).by_name.get(object)
        more &= {one.name for one in described.fields} if described else set()
    asked = (*ask.fields, *sorted(more))
    found = session.connectors[system].fetch(object, asked, "id", ids)
    with session.db.transaction("seen"):
        known = [one for one in found if one.life != "out of sight"]
        store(session, ask, [_only(one, ask.fields) for one in known])
    return found


def _only(record: Record, names: Collection[str]) -> Record:
    """A record with the fields that are kept of it."""
    return replace(record, values={k: one for k, one in record.values.items() if k in names})


def rows_gone(flow_rows: Collection[str], base: Base, side: Side) -> dict[str, str]:
    """What a half of a base calls the rows that a flow has no more, by the field of that side."""
    place, half = SIDES.index(side), base.left if side == "left" else base.right
    keys = (one for one in half if "|" in one and one not in flow_rows)
    return {one.split("|")[place]: one for one in keys if not one.startswith(_NO_ROWS)}


def drop_touched(session: Session, flow: Flow) -> None:
    """Takes back what is planned for records that have been changed or are gone by now, and tells
    so."""
    rows = session.db.rows(undone.planned_of_run, org=session.org, run=session.run, flow=flow.name)
    planned = [entry(row) for row in rows]
    for (system, object), some in groupby(planned, key=lambda one: (one.system, one.object)):
        entries = list(some)
        now = _values(session, system, object, entries)
        for one in entries:
            values = now.get(one.record)
            if values is not None and all(values.get(k) == v for k, v in one.before.items()):
                continue
            why = CHANGED if values is not None else f"it is not there any more in {system}"
            session.kept.append(Kept(system, object, one.record, one.key, "", why))
            session.db.run(
                sql.set_state,
                org=session.org,
                run=session.run,
                one=one.number,
                new_state="dropped",
                new_code="moved",
            )


def _values(
    session: Session, system: str, object: str, entries: Sequence[Entry]
) -> dict[str, dict[str, Value]]:
    """What the records of some entries hold that are there: as the last look has it, but for what
    that doesn't read."""
    names = {name for one in entries for name in one.before}
    ids = sorted({one.record for one in entries})
    if names - {*session.reads[system, object].fields}:
        found = fetch(session, system, object, names, ids)
        return {one.id: dict(one.values) for one in found if one.life == "here"}
    stored = session.stored(system, object, ids)
    return {id: dict(one.values) for id, one in stored.items() if one.life == "here"}
