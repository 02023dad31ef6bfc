"""Who else is to be decided once two records are linked, or are there again: what refers to them,
and who refers to what was linked while their own change was under way; and who may need a record
that has no partner.

Marks only; what becomes of a mark is `propose.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...connectors.base.values import folded
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow, People
from ..store import unknown
from .closures import Ready, ReadyRow
from .decision import Halves
from .session import Session


def tell_children(session: Session, parent: str, made: Sequence[tuple[str, str]]) -> None:
    """Linked records that refer to a newly linked one may now say so on the other side."""
    for ready in session.flows.values():
        for row in ready.flow.rows:
            if parent not in row.through or not made:
                continue
            for place, side in enumerate(SIDES):
                end = ready.flow.end(side)
                name = row.field(side)
                folds = {folded(pair[place]) for pair in made}
                rows = session.by_value(end.system, end.object, name, folds)
                ids = [one for _, one in rows]
                planned = session.planned_ids(ready.flow.name, side, ids)
                linked = session.links(ready.flow.name, side, ids)
                told = [one for one in ids if one in linked and one not in planned]
                session.mark([(ready.flow.name, side, one) for one in told], "a link was made")
                wake(session, ready.flow, side, [one for one in ids if one not in linked])
        for people in ready.flow.people if made else ():
            if is_one(session, people, parent):
                ids = [pair[SIDES.index(people.side)] for pair in made]
                with_them = with_address(session, ready.flow, people, ids)
                wake(session, ready.flow, people.side, with_them)


def bringing(ready: Ready, parent: str) -> Iterator[ReadyRow]:
    """The rows of a flow by which its left records bring those of `parent` along; what people did
    brings nobody."""
    for row in () if ready.flow.activity else ready.rows:
        if row.pushes and parent in row.row.through:
            yield row


def ask_children(session: Session, parent: str, ids: Sequence[str]) -> None:
    """Records that no rule of theirs makes, and that are new, changed or tried again: who is linked
    and refers to one of them in vain is decided again, and may bring it along. It was refused when
    they did, or out of sight."""
    for ready in session.flows.values() if ids else ():
        for row in bringing(ready, parent):
            end = ready.flow.end("left")
            folds = {folded(id) for id in ids}
            found = session.by_value(end.system, end.object, row.row.left, folds)
            linked = session.links(ready.flow.name, "left", [id for _, id in found])
            told = [
                id
                for id, one in linked.items()
                if not one.ended
                if one.base.left.get(row.key) is None and one.base.right.get(row.key) is None
            ]
            session.mark([(ready.flow.name, "left", id) for id in told], "a related record changed")


def tell_late(session: Session, flow: str, bases: Mapping[tuple[str, str], Halves]) -> None:
    """Records whose reference came to nothing when they were decided, and now leads to what was
    linked meanwhile, later in the same run: they are decided once more. `bases` by pair."""
    rows = [row for row in session.flows[flow].rows if row.row.through]
    # What is still to be written of a pair may be this very reference.
    under_way = session.planned_ids(flow, "left", [left for left, _ in bases]) if rows else set()
    for row in rows:
        bare = [
            pair
            for pair, halves in bases.items()
            if all(pair) and pair[0] not in under_way
            if halves[0].get(row.key) is None and halves[1].get(row.key) is None
        ]
        for place, side in enumerate(SIDES):
            end = session.flows[flow].flow.end(side)
            name = row.row.field(side)
            there = session.stored(end.system, end.object, [pair[place] for pair in bare])
            leads = {id: str(one.values[name]) for id, one in there.items() if one.values.get(name)}
            for parent in row.row.through:
                linked = session.links(parent, side, leads.values())
                ids = [id for id, one in leads.items() if one in linked and not linked[one].ended]
                session.mark([(flow, side, id) for id in ids], "a link was made")


def is_one(session: Session, people: People, flow: str) -> bool:
    """Whether the records of a flow are such people."""
    return session.flows[flow].flow.end(people.side).object == people.object


def with_address(session: Session, flow: Flow, people: People, ids: Sequence[str]) -> list[str]:
    """Activities that their address connects with somebody of those `ids`."""
    system = flow.end(people.side).system
    known = session.stored(system, people.object, ids)
    addresses = {folded(one.values.get(people.email), "email") for one in known.values()} - {""}
    object = flow.end(people.side).object
    rows = session.by_value(system, object, people.address, addresses) if addresses else []
    return [id for _, id in rows]


def wake(session: Session, flow: Flow, side: Side, ids: Sequence[str]) -> None:
    """Activities that wait until somebody they are about is known are due again."""
    if flow.activity and ids:
        where = {"org": session.org, "flow": flow.name, "side": side}
        session.db.run(unknown.wake, **where, ids=sorted(set(ids)))
