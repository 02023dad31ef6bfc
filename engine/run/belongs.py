"""What belongs to a record that is to be deleted: as long as something does, the record stays.

A system may delete with a record what refers to it, whether a rule is about that or not. So it is
asked who would go along, before anything is written and again right before the delete. What a rule
would have deleted is entered, and looked at again each day; what an undo leaves is told by it
(`undo.py`), or due.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ...connectors.base.contract import Belonging, DeletesAlong, Outcome
from ...connectors.base.values import folded
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow
from ..store import lives
from ..store import statements as sql
from . import problems
from .brakes import planned
from .codes import GOES_ALONG
from .journal import Entry, entry
from .match import listed
from .session import Session
from .state import other

SOME = 500
"""Records about which a system is asked at once."""


def spare(session: Session) -> None:
    """Takes back what rules would delete, and others with it that this run neither deletes nor lets
    go. Raises `SystemUnavailable`."""
    kinds = () if session.undoing else planned(session)
    for name, side, _, _, action, number in kinds:
        if action != "delete":
            continue
        flow = session.flows[name].flow
        where = {"org": session.org, "run": session.run, "flow": name, "side": side}
        rows = session.db.rows(sql.planned, **where, action=action, most=number)
        entries = [entry(row) for row in rows]
        for start in range(0, number, SOME):
            some = entries[start : start + SOME]
            found = along(session, flow, side, [one.record for one in some])
            _stay(session, some, {id: staying(session, flow, side, found[id]) for id in found})


def free(session: Session, flow: Flow, side: Side, entries: Sequence[Entry]) -> list[Entry]:
    """Those to be deleted with which nothing goes. Of others what was to let go what belongs to
    them has not arrived, or it has come since. Raises `SystemUnavailable`."""
    found = along(session, flow, side, [one.record for one in entries])
    if not session.undoing:
        return _stay(session, entries, found)
    held = [
        one for one in entries if one.record in found or referring(session, flow, side, one.record)
    ]
    if held:
        due = {"new_state": "due", "new_code": "referred to"}
        with session.db.transaction("held"):
            for one in held:
                session.db.run(sql.set_state, org=session.org, run=one.run, one=one.number, **due)
    return [one for one in entries if one not in held]


def along(
    session: Session, flow: Flow, side: Side, ids: Collection[str]
) -> Mapping[str, Sequence[Belonging]]:
    """Who would go along with some records of a side, as their system tells now. What people have
    done with them since is no reason to keep what a rule deletes; an undo keeps it."""
    end = flow.end(side)
    connector = session.connectors[end.system]
    if not ids or not isinstance(connector, DeletesAlong):
        return {}
    found = connector.along(end.object, ids)
    about = connector.about(end.object, ids) if session.undoing else {}
    return {id: [*found.get(id, ()), *about.get(id, ())] for id in {*found, *about}}


def staying(
    session: Session, flow: Flow, side: Side, belonging: Iterable[Belonging]
) -> list[Belonging]:
    """Those that belong to a record and that this run neither deletes nor lets go."""
    system = flow.end(side).system
    groups: dict[str, dict[str, Belonging]] = {}
    for one in belonging:
        groups.setdefault(one.object, {})[one.id] = one
    left: list[Belonging] = []
    for object, group in groups.items():
        where = {"org": session.org, "run": session.run, "system": system, "object": object}
        deleted = session.db.rows(lives.planned_deletes, **where, ids=sorted(group))
        moved = {
            id
            for id, after in session.planned_values(system, object, group)
            if group[id].field in after
        }
        gone = moved | {id for (id,) in deleted}
        left += [one for id, one in group.items() if id not in gone]
    return left


def _stay(
    session: Session, entries: Sequence[Entry], found: Mapping[str, Sequence[Belonging]]
) -> list[Entry]:
    """Takes back what would delete others, and tells of it; the rest of some entries."""
    held = [one for one in entries if found.get(one.record)]
    if held:
        with session.db.transaction("held"):
            for one in held:
                where = {"org": session.org, "run": one.run}
                session.db.run(
                    sql.set_state, **where, one=one.number, new_state="spared", new_code=GOES_ALONG
                )
                for side in SIDES:
                    session.db.run(
                        lives.another_day,
                        **where,
                        flow=one.flow,
                        side=side,
                        one=one.left if side == "left" else one.right,
                        until=session.tomorrow(),
                    )
                others = listed([f"{each.object} {each.id}" for each in found[one.record]])
                text = f'{one.system} would delete with it "{others}"'
                wrong = Outcome(one.number, "busy", one.record, code=GOES_ALONG, message=text)
                problems.refused(session, one, wrong, "")
    return [one for one in entries if one not in held]


def referring(
    session: Session,
    flow: Flow,
    side: Side,
    id: str,
    deleted: Collection[tuple[str, str, str]] = (),
) -> str:
    """A record that refers to this one and stays, "" for none; `deleted` are those that are planned
    to be. What is planned to be let go, is."""
    system = flow.end(side).system
    for object, name in _references(session, flow, side):
        rows = session.by_value(system, object, name, [folded(id)])
        ids = [one for _, one in rows if (system, object, one) not in deleted]
        let_go = {
            one
            for one, after in session.planned_values(system, object, ids)
            if name in after and after[name] != id
        }
        here = session.stored(system, object, [one for one in ids if one not in let_go])
        for one in here.values():
            if one.life == "here":
                return f"{object} {one.id}"
    return ""


def _references(session: Session, flow: Flow, side: Side) -> Iterator[tuple[str, str]]:
    """(object, field) of what refers to records of a side of a flow."""
    for ready in session.flows.values():
        for row in ready.flow.rows:
            if flow.name in row.through:
                yield ready.flow.end(side).object, row.field(side)
        for infer in ready.flow.infers:
            there = ready.flow.end(other(infer.side))
            mine = flow.end(side)
            if (there.system, there.object) == (mine.system, mine.object):
                yield infer.related, infer.via
