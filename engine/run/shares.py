"""A share of each system's calls of a day is left to others.

Every program of a company draws on the same allowance: a sync that takes the last call stops all of
them. Where no written `guard` counts a system's calls, writes end with what is left by then for
others, as they end where a system itself allows no more: between two batches, to go on with the
next run. Reads are few, and go on.
"""

from __future__ import annotations

from ...errors import BudgetSpent
from .session import Session

SHARE = 0.1
"""Of what a system allows in a day."""


def left_to_others(session: Session, system: str, call: str) -> BudgetSpent | None:
    """Why a request of a kind is not sent any more today, None: it may be. What an undo puts back
    is never held."""
    if session.undoing or _guarded(session, system):
        return None
    for one in session.connectors[system].meters():
        if one.window != "day" or not one.limit or not (one.whole or one.endpoint == call):
            continue
        left = one.limit - one.used
        if left <= one.limit * SHARE:
            of = "" if one.whole else f" for {one.endpoint}"
            return BudgetSpent(
                f"{system} has {max(0, left):,} of {one.limit:,} calls a day left{of}",
                why="a tenth of them is left to other programs, which draw on the same",
                fix="run again later; the next run goes on from here. "
                f"`guard at most NUMBER {system} calls per day` takes the place of this share",
            )
    return None


def _guarded(session: Session, system: str) -> bool:
    return any(
        rule.what == "calls" and system in map(session.plan.system, rule.sides)
        for rule in session.plan.guards
    )
