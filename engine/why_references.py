"""Why a reference stays as it is: it leads to a record that has no counterpart."""

from __future__ import annotations

from collections.abc import Iterator

from ..connectors.base.values import Value
from ..dsl.rules import Side
from .plan.model import Flow
from .run.around import View, key_text
from .run.closures import ReadyRow
from .run.neighbours import bringing
from .run.session import Session
from .run.state import other
from .store import troubles


def leads_nowhere(session: Session, view: View, row: ReadyRow, side: Side, value: Value) -> str:
    """What a record refers to in vain, where it does, and the error that holds that back; ""
    where its `value` is blank, or leads to somebody."""
    parents = [session.flows[name].flow for name in row.row.through]
    if value is None or not parents:
        return ""
    if view.reference(row, other(side), str(value)).kind not in ("wanted", "missing"):
        return ""
    for parent in parents:
        mine, there = parent.end(side), parent.end(other(side))
        found = session.stored(mine.system, mine.object, [str(value)]).get(str(value))
        if found is not None:
            halves = (found.values, None) if side == "left" else (None, found.values)
            known = key_text(parent, *halves) or found.id
            errors = "".join(f": open error {one}" for one in _errors(session, parent, found.id))
            return f"{mine.object} {known} has no {there.object}{errors}"
    return f"{value} has no {' or '.join(one.end(other(side)).object for one in parents)}"


def comes_along_with(session: Session, flow: Flow) -> list[str]:
    """The objects on the left whose records bring those of a flow along, where nothing else asks
    for them."""
    if flow.users:
        return []
    return [one.flow.left.object for one in session.flows.values() if any(bringing(one, flow.name))]


def _errors(session: Session, flow: Flow, id: str) -> Iterator[int]:
    rows = session.db.rows(troubles.open_troubles, org=session.org)
    return (number for number, of, record, *_ in rows if (of, record) == (flow.name, id))
