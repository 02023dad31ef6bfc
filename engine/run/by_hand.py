"""One record that a person pushes: found by what people know it by, and marked. And those that one
retries after they were out of sight, or has merged: looked at first, or after their rule has gone:
let go of.

What follows is decided like anything else, but for the condition of its rule. Why a record can't be
pushed is told here, before anything is written. One that didn't get through stays pushed, by the
rule that was named then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...connectors.base.values import folded
from ...dsl.rules import SIDES
from ...errors import UsageError
from ..plan.model import End, Flow, Plan
from ..store import asked, held, troubles
from ..store import statements as sql
from . import problems
from .around import Pair
from .closures import Ready
from .closures import ready as ready_for
from .codes import MERGE, OUT_OF_SIGHT
from .look import store, whereabouts
from .match import candidates, key_formats
from .scope import PUSHED, Scope
from .session import Session
from .sight import DAY
from .state import other

MOST = 500
"""Records that one retry asks for by their ids, where several may be the partner."""
LOOKED_FOR = (OUT_OF_SIGHT, MERGE)
"""The codes of those that a retry looks at by their ids: no feed need tell what became of them."""


def pushing(plan: Plan, rule: str = "") -> list[Flow]:
    """The flows with a rule, or with that one, that makes right records of left ones."""
    return [
        flow
        for flow in plan.flows
        if any(
            one.direction == "push" and one.create and one.rule == (rule or one.rule)
            for one in flow.moves
        )
    ]


def mark_record(session: Session, record: str, rule: str = "") -> None:
    """Marks the record with that key or id. Raises `UsageError` where there is not exactly one,
    or more than one pair of rules could take it."""
    found = {
        flow.name: id for flow in pushing(session.plan, rule) for id in _ids(session, flow, record)
    }
    ids = sorted({*found.values()})
    if not ids:
        raise UsageError(
            f"no record that a rule pushes is known as {record}",
            why="it was looked for by id and by the keys that records are matched on",
            fix="name it by its address, its domain or its id in the system it comes from",
        )
    linked = [name for name, id in found.items() if session.links(name, "left", [id])]
    names = linked or list(found)
    if len(names) > 1:
        rules = ", ".join(f"`{one}`" for name in names for one in _rules(session, name))
        raise UsageError(f"several rules push {record}", fix=f"name one with --rule: {rules}")
    with session.db.transaction("marked"):
        flow, id = names[0], found[names[0]]
        session.mark([(flow, "left", id)], PUSHED)
        session.db.run(asked.name, org=session.org, flow=flow, left=id, rule=rule)


def _ids(session: Session, flow: Flow, record: str) -> Sequence[str]:
    """The left record of that id, else the one with that key."""
    end = flow.left
    known = session.stored(end.system, end.object, [record])
    ids = [one.id for one in known.values() if one.life == "here"]
    if not ids:
        formats = {pair[0]: format for pair, format in key_formats(flow).items()}
        values = ((name, folded(record, format)) for name, format in formats.items())
        rows = (session.by_value(end.system, end.object, name, [text]) for name, text in values)
        ids = sorted({id for some in rows for _, id in some})
    if len(ids) > 1:
        raise UsageError(
            f"{len(ids)} records of {end.object} are known as {record}",
            fix=f"name one by its id: {', '.join(ids[:8])}",
        )
    return ids


def _rules(session: Session, flow: str) -> list[str]:
    moves = session.flows[flow].flow.moves
    return [one.rule for one in moves if one.direction == "push" and one.create]


def as_asked(session: Session, ready: Ready, pair: Pair) -> Ready:
    """What a pair is decided by: of a record that was pushed before and did not get through, the
    rule that was named then creates alone. A push of now takes its own rule."""
    if pair.cause != PUSHED or pair.left is None or session.scope.by_hand:
        return ready
    where = {"org": session.org, "flow": ready.flow.name, "left": pair.left.id}
    [named] = session.db.row(asked.named, **where) or ("",)
    flow = next(one for one in session.plan.flows if one.name == ready.flow.name)
    if not any(one.rule == named and one.create for one in flow.moves):
        return ready
    return ready_for(Scope(rule=named).narrowed(flow), session.plan.zone)


def let_go(session: Session, flow: str, record: str) -> bool:
    """Whether no rule is about a record in the error log any more: then its entry is over. It is
    due, should a rule be back."""
    if flow in session.flows or flow in (problems.RUN, problems.LOGINS):
        return False
    problems.over(session, [(flow, record)])
    session.db.run(held.release_error, org=session.org, flow=flow, one=record)
    return True


def look_at_candidates(session: Session, told: Iterable[tuple[str, str]]) -> None:
    """Looks by id at those who share a key with records, each with its flow, whose partner could
    not be told, and at whom these are linked with: a person who merged two of them, or deleted one,
    may be told of by no feed."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for name, record in told:
        if name not in session.flows:
            continue
        flow = session.flows[name].flow
        for side in SIDES:
            end, there = flow.end(side), flow.end(other(side))
            known = session.stored(end.system, end.object, [record]).get(record)
            if known is None:
                continue
            mine = candidates(session, flow, side, known.values, side)
            theirs = candidates(session, flow, side, known.values, other(side))
            for link in session.links(name, other(side), theirs).values():
                mine.add(link.left if side == "left" else link.right)
            wanted.setdefault((end.system, end.object), set()).update(mine)
            wanted.setdefault((there.system, there.object), set()).update(theirs)
    for (system, object), ids in wanted.items():
        found = whereabouts(session, system, object, set(sorted(ids)[:MOST])).values()
        with session.db.transaction("page"):
            seen = [one for one in found if one.life != "out of sight"]
            store(session, session.reads[system, object], seen)


def look_for_merged(session: Session) -> None:
    """Once a day those are looked at that a person is to merge: not every system tells of that."""
    where = {"org": session.org, "system": "", "object": "", "purpose": "merged by hand"}
    wanted = session.db.rows(troubles.whoever_has, org=session.org, code=MERGE)
    held = session.db.row(sql.cursor, **where) if wanted else None
    if not wanted or (held is not None and session.now - held[3] < DAY):
        return
    look_for(session, wanted)
    session.db.run(sql.put_cursor, **where, cursor="", layout=0, number=0, at=session.now)


def look_for(session: Session, missed: Iterable[tuple[str, str]]) -> None:
    """Looks by id at records, each with its flow, that were out of sight or are to be merged, and
    at their partners.

    No feed tells that they are back, nor what was done with them meanwhile.
    """
    wanted: dict[tuple[str, str], set[str]] = {}
    for flow, record in missed:
        for side in SIDES if flow in session.flows else ():
            pair = session.flows[flow].flow
            end, there = pair.end(side), pair.end(other(side))
            if record in session.stored(*_of(end), [record]):
                wanted.setdefault(_of(end), set()).add(record)
            for link in session.links(flow, side, [record]).values():
                partner = link.right if side == "left" else link.left
                wanted.setdefault(_of(there), set()).add(partner)
    for (system, object), ids in wanted.items():
        found = whereabouts(session, system, object, ids).values()
        with session.db.transaction("page"):
            told = [one for one in found if one.life != "out of sight"]
            store(session, session.reads[system, object], told)


def _of(end: End) -> tuple[str, str]:
    return end.system, end.object
