"""What a system puts into the records that we make, in place of what could not go over: a status
where the table lacks a stage, an owner where no row brings one.

A reply need not tell it. So it is looked at right after they were made: what somebody makes of it
from then on is an edit of it, and no default. Where a run dies in between, what the next one sees
first stands for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...connectors.base.values import Value
from ...dsl.rules import Side
from ..store import statements as sql
from .closures import ReadyRow
from .in_part import Settled
from .session import Session, dump_values
from .state import Linked


def look_at_made(session: Session, done: Iterable[Settled]) -> None:
    """Both sides go on from what new records hold in rows of which they were sent nothing, though
    the other side has something there. One look for each kind of record, none without such rows."""
    made: dict[tuple[str, Side], list[str]] = {}
    for entry, outcome in done:
        if entry.action == "create" and not entry.alone:
            made.setdefault((entry.flow, entry.side), []).append(outcome.id)
    for (flow, side), ids in made.items():
        linked = session.links(flow, side, ids)
        open_rows = {
            id: rows for id, one in linked.items() if (rows := _open(session, flow, side, one))
        }
        if open_rows:
            _look(session, flow, side, linked, open_rows)


def _look(
    session: Session,
    flow: str,
    side: Side,
    linked: Mapping[str, Linked],
    open_rows: Mapping[str, list[ReadyRow]],
) -> None:
    end = session.flows[flow].flow.end(side)
    fields = sorted({row.row.field(side) for rows in open_rows.values() for row in rows})
    found = session.connectors[end.system].fetch(end.object, fields, "id", sorted(open_rows))
    bases = []
    for one in (record for record in found if record.life == "here"):
        own, its = dict[str, Value](), dict[str, Value]()
        for row in open_rows[one.id]:
            name = row.row.field(side)
            if name not in one.values:
                continue
            own[row.key] = one.values[name]
            if one.values[name] is None and (row.pushes if side == "right" else row.pulls):
                # A blank is still to be filled, as at the first link.
                its[row.key] = None
        link = linked[one.id]
        base = link.base.moved((own, its) if side == "left" else (its, own))
        bases.append(
            {
                "org": session.org,
                "flow": flow,
                "one": link.left,
                "new_left": dump_values(base.left),
                "new_right": dump_values(base.right),
            }
        )
    with session.db.transaction("looked at"):
        session.db.many(sql.put_base, bases)


def _open(session: Session, flow: str, side: Side, link: Linked) -> list[ReadyRow]:
    """The rows in which nobody knows yet what the record of `side` holds beside a value of the
    other."""
    return [
        row
        for row in session.flows[flow].rows
        if row.row.field(side) and link.base.unseen(side, row.key)
    ]
