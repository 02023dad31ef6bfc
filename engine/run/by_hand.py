"""One record that a person pushes: found by what people know it by, and marked. And those that one
retries after their rule has gone: let go of.

What follows is decided like anything else, but for the condition of its rule. Why a record can't be
pushed is told here, before anything is written. One that didn't get through stays pushed, by the
rule that was named then.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...connectors.base.values import folded
from ...errors import UsageError
from ..plan.model import Flow, Plan
from ..store import asked, held
from . import problems
from .around import Pair
from .closures import Ready
from .closures import ready as ready_for
from .match import key_formats
from .scope import PUSHED, Scope
from .session import Session


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
