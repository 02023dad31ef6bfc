"""What it finds
    Rules that need more requests than a limit leaves, although nothing has changed: a system's own
    limit a day, or a `guard` on calls.

Why it matters
    The day's calls are used up by looking, and the sync stands still until midnight; or the guard
    stops each run before its first write.

Wrong
    sync apollo with salesforce
    guard at most 50 salesforce calls per day
    every 15 minutes
    pull Account as account
    map account with Account { name -> Name }

Right
    sync apollo with salesforce
    guard at most 5000 salesforce calls per day
    every 15 minutes
    pull Account as account
    map account with Account { name -> Name }

When to allow it
    Where the limit is about to be raised. The estimate takes a day on which nothing changes, so it
    is never too high.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from ...connectors.base.cost import DAY, look
from ...connectors.base.schema import Schema
from ..bound import Bound, BoundGuard
from ..rules import SIDES, Side

CODE = "cost-over-limit"

Looks = Mapping[str, tuple[int, int]]
"""The objects of a system that are looked at: requests of a look that finds nothing, and minutes
between two looks."""


def find(bound: Bound) -> None:
    """Guards on calls and limits of systems that looking alone goes over."""
    for side in SIDES:
        asked = looks(bound, side)
        if not asked:
            continue
        schema = bound.schema(side)
        for guard in bound.guards:
            if guard.rule.what == "calls" and guard.rule.sides == (side,):
                left = leaves(schema, guard.rule.number, guard.rule.percent)
                needed = calls(asked, guard.rule.per)
                if needed > left:
                    _over_guard(bound, guard, needed, left)
        if over_limit(schema, asked):
            _over_limit(bound, side, asked)


def looks(bound: Bound, side: Side) -> Looks:
    """What the rules look at in the system of that side."""
    schema = bound.schema(side)
    every: dict[str, int] = {}
    for name, minutes in _objects(bound, side):
        every[name] = min(minutes, every.get(name, minutes))
    found: dict[str, tuple[int, int]] = {}
    for name, minutes in every.items():
        _, quiet = look(schema, schema.by_name[name])
        if quiet is not None:
            found[name] = (quiet, minutes)
    return found


def calls(asked: Looks, per: str) -> int:
    """Calls a `run` or a `day` on which nothing changes."""
    if per == "run":
        return sum(one for one, _ in asked.values())
    return sum(_a_day(*one) for one in asked.values())


def leaves(schema: Schema, number: float, percent: bool) -> float:
    """How many calls a guard leaves; without end where a share is of a limit that nobody knows."""
    if not percent:
        return number
    given = max(schema.limits.values(), default=None)
    return float("inf") if given is None else given * number / 100


def over_limit(schema: Schema, asked: Looks) -> bool:
    """A system with one limit for all calls, or an object that goes over the largest of several."""
    return bool(schema.limits) and _day(schema, asked) > max(schema.limits.values())


def _day(schema: Schema, asked: Looks) -> int:
    if len(schema.limits) > 1:
        return max((_a_day(*one) for one in asked.values()), default=0)
    return calls(asked, "day")


def _a_day(requests: int, minutes: int) -> int:
    return ceil(requests * DAY / minutes)


def _objects(bound: Bound, side: Side) -> Iterator[tuple[str, int]]:
    for move in bound.moves:
        yield (move.left if side == "left" else move.right).name, move.rule.every
    for one in bound.enriches:
        yield one.pair[0 if side == "left" else 1], one.rule.every
    for infer in bound.infers:
        yield infer.pair[0 if side == "left" else 1], infer.rule.every
        if infer.rule.side != side:
            yield infer.rule.related, infer.rule.every


def _over_guard(bound: Bound, guard: BoundGuard, needed: int, left: float) -> None:
    rule = guard.rule
    bound.report.add(
        CODE,
        guard.file,
        guard.node.span,
        f"looking at `{rule.of}` takes {needed:,} calls a {rule.per}, and this guard leaves "
        f"{left:,.0f}",
        severity="warning",
        note="on a day on which nothing changes; writes come on top",
        help="raise the number, or look less often: `every 60 minutes`",
    )


def _over_limit(bound: Bound, side: Side, asked: Looks) -> None:
    schema = bound.schema(side)
    move = min(
        bound.moves,
        key=lambda one: (one.rule.every, one.rule.place),
        default=None,
    )
    if move is not None:
        bound.report.add(
            CODE,
            move.file,
            move.node.span,
            f"looking at `{bound.system(side)}` takes {_day(schema, asked):,} calls a day, and its "
            f"limit is {max(schema.limits.values()):,}",
            severity="warning",
            note="on a day on which nothing changes; writes come on top",
            help=f"look less often than every {move.rule.every} minutes",
        )
