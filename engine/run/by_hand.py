"""One record that a person pushes: found by what people know it by, and marked.

What follows is decided like anything else, but for the condition of its rule. Why a record can't be
pushed is told here, before anything is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...connectors.base.values import folded
from ...errors import UsageError
from ..plan.model import Flow, Plan
from .scope import PUSHED
from .session import Session
from .state import fields_of


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
        session.mark([(names[0], "left", found[names[0]])], PUSHED)


def _ids(session: Session, flow: Flow, record: str) -> Sequence[str]:
    """The left record of that id, else the one with that key."""
    end = flow.left
    known = session.stored(end.system, end.object, [record])
    ids = [one.id for one in known.values() if one.life == "here"]
    if not ids:
        formats = {one.name: one.format for one in fields_of(flow, "left")}
        names = dict.fromkeys(pair[0] for key in flow.keys for pair in key.pairs)
        values = ((name, folded(record, formats[name])) for name in names)
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
