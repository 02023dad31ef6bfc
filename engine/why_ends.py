"""What `why` says of what follows where records are gone, of what is taken back once they are not,
and of what waits for that. What follows is known to `engine/run/ended.py` and `returned.py`, what
waits to `binned.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..dsl.rules import SIDES, Place, Side
from .plan.model import Flow
from .report import show
from .run.binned import binned_text, told
from .run.decision import Decision
from .run.journal import Entry
from .run.newer import backfill_for
from .run.session import Session
from .run.state import Stored


def gone(flow: Flow, record: Callable[[Side], Stored | None]) -> Iterator[str]:
    """Which of two records is not there any more, in words; `record` is that of a side."""
    for side in SIDES:
        one, end = record(side), flow.end(side)
        if one is not None and one.life != "here":
            into = f" into {one.into.replace('/', ' ')}" if one.into else ""
            yield f"the {end.object} is {one.life}{into} in {end.system}"


def follows(flow: Flow, decision: Decision) -> str:
    """What follows where a record is gone, in words."""
    if decision.action == "nothing":
        return "nothing is written to the other side, or made again"
    if decision.action == "wait":
        return (
            "that was so before the rule said what follows, and waits for a backfill: "
            f"`{backfill_for(flow, decision.rule)}`"
        )
    return f"the next run would {decision.action} its counterpart"


def marks_of(
    flow: Flow, name: str, last_of: Callable[[str, Side], Entry | None]
) -> Iterator[tuple[str, str, Place]]:
    """A sentence, the rule and its place for each mark that is written to a field of that name;
    `last_of` is our last write of a field on a side."""
    for move in flow.moves:
        to: Side = "right" if move.direction == "push" else "left"
        for one in move.events:
            if one.action != "mark" or one.field.casefold() != name.casefold():
                continue
            text = f"it is marked `on {one.on}`, which is taken back where that is so no more"
            last = last_of(one.field, to)
            if last is not None:
                wrote = f"{show(last.before.get(one.field))} -> {show(last.after[one.field])}"
                text += f": run {last.run} wrote {wrote}, because {last.reason.split('; ')[0]}"
            yield text, move.rule, one.place


def waits_on_bin(session: Session, flow: Flow) -> dict[tuple[int, str], str]:
    """What is said behind open errors, each by its number and its record, about linked pairs of
    which one is gone."""
    found = told(session.db, session.org, {flow.name: flow})
    return {(one.number, one.record): f"; it waits: {binned_text(one)}" for one in found}
