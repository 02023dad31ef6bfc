"""What was there before a rule said so: it acts from now on.

Pure. Nothing follows of records that were deleted, merged or called off before, and nobody is
linked who matches only by keys that are newer: they wait for a backfill. Since when a rule says so
is noted in `since.py` and `noted.py`.
"""

from __future__ import annotations

from ...dsl.rules import Side
from ..plan.model import Flow
from .around import ASKED_FOR, Pair
from .decision import Decision
from .ended import End, says
from .state import State, Stored

BACKFILL = "backfill"
"""Cause of a mark on a record that a backfill was asked for."""


def waits(
    session: State, flow: Flow, side: Side, event: End, record: Stored, pair: Pair
) -> Decision | None:
    """That a record of `side` ended before its rule said what follows, and nobody has asked for
    that; None where it follows."""
    found = says(flow, side, event)
    if found is None or pair.cause == BACKFILL:
        return None
    if record.run >= session.first_runs.get(name_of(flow, side, event), 0):
        return None
    return Decision("wait", side, found[0].rule)


def name_of(flow: Flow, side: Side, event: End) -> str:
    """What is noted of a word on an end stands under this name among the rules."""
    return f"flow {flow.name} {side} on {event}"


def before_the_keys(session: State, flow: Flow, pair: Pair) -> bool:
    """Whether two are found to be one only since the keys of their rules are others: they wait,
    as all does that was there before a rule, until one of them changes."""
    if pair.link is not None or pair.left is None or pair.right is None or flow.users:
        return False
    if pair.cause in ASKED_FOR or flow.identity:
        return False
    return max(pair.left.run, pair.right.run) < session.first_runs.get(keys_of(flow), 0)


def keys_of(flow: Flow) -> str:
    """What is noted of the keys of a flow stands under this name among the rules."""
    return f"flow {flow.name} keys"
