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

from collections.abc import Iterator
from math import ceil

from ...connectors.base.cost import DAY, look
from ..bound import Bound, BoundGuard
from ..rules import Side

CODE = "cost-over-limit"


def find(bound: Bound) -> None:
    """Guards on calls and limits of systems that looking alone goes over."""
    sides: tuple[Side, Side] = ("left", "right")
    for side in sides:
        asked = dict(_looks(bound, side))
        if not asked:
            continue
        run = sum(one[0] for one in asked.values())
        day = sum(ceil(one[0] * DAY / one[1]) for one in asked.values())
        for guard in bound.guards:
            if guard.rule.what == "calls" and guard.rule.sides == (side,):
                _over_guard(bound, guard, run, day)
        _over_limit(bound, side, asked, day)


def _looks(bound: Bound, side: Side) -> Iterator[tuple[str, tuple[int, int]]]:
    """The objects that are looked at: requests of a look that finds nothing, and minutes between
    two looks."""
    schema = bound.schema(side)
    every: dict[str, int] = {}
    for name, minutes in _objects(bound, side):
        every[name] = min(minutes, every.get(name, minutes))
    for name, minutes in every.items():
        _, quiet = look(schema, schema.by_name[name])
        if quiet is not None:
            yield name, (quiet, minutes)


def _objects(bound: Bound, side: Side) -> Iterator[tuple[str, int]]:
    for move in bound.moves:
        yield (move.left if side == "left" else move.right).name, move.rule.every
    for one in bound.enriches:
        yield one.pair[0 if side == "left" else 1], one.rule.every
    for infer in bound.infers:
        yield infer.pair[0 if side == "left" else 1], infer.rule.every
        if infer.rule.side != side:
            yield infer.rule.related, infer.rule.every


def _over_guard(bound: Bound, guard: BoundGuard, run: int, day: int) -> None:
    rule = guard.rule
    needed = run if rule.per == "run" else day
    limit = rule.number
    if rule.percent:
        given = max(bound.schema(rule.sides[0]).limits.values(), default=None)
        if given is None:
            return
        limit = given * rule.number / 100
    if needed > limit:
        bound.report.add(
            CODE,
            guard.file,
            guard.node.span,
            f"looking at `{rule.of}` takes {needed:,} calls a {rule.per}, and this guard leaves "
            f"{limit:,.0f}",
            severity="warning",
            note="on a day on which nothing changes; writes come on top",
            help="raise the number, or look less often: `every 60 minutes`",
        )


def _over_limit(bound: Bound, side: Side, asked: dict[str, tuple[int, int]], day: int) -> None:
    """A system with one limit for all calls, or an object that goes over the largest of several."""
    limits = bound.schema(side).limits
    if not limits:
        return
    limit = max(limits.values())
    if len(limits) > 1:
        day = max(ceil(one[0] * DAY / one[1]) for one in asked.values())
    if day <= limit:
        return
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
            f"looking at `{bound.system(side)}` takes {day:,} calls a day, and its limit is "
            f"{limit:,}",
            severity="warning",
            note="on a day on which nothing changes; writes come on top",
            help=f"look less often than every {move.rule.every} minutes",
        )
