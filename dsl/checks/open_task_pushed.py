"""What it finds
    A push of tasks whose condition lets open ones through.

Why it matters
    An open task is still somebody's plan: it may move, or never be done. Only what was done goes
    out; an open one never does, whatever a rule says, so such a rule means something else.

Wrong
    sync apollo with salesforce
    push task as Task when priority is "high"

Right
    sync apollo with salesforce
    push task as Task when completed and priority is "high"

When to allow it
    Never: write `when completed`.
"""

from __future__ import annotations

from .. import logic
from ..bound import Bound, BoundMove
from ..conditions import All, Any, Condition, Get, Not, OneOf, Truth

CODE = "open-task-pushed"


def find(bound: Bound) -> None:
    """Pushes that would take a task which isn't completed, with such a task."""
    for move in bound.moves:
        if move.rule.direction != "push" or move.said is None or move.source.thing != "activity":
            continue
        done = move.source.by_role.get("done")
        if done is None or done.type != "boolean":
            continue
        completed: Condition = Truth(Get(done.name, "boolean"))
        asked = [] if move.rule.when is None else [move.rule.when]
        asked += [Not(completed), *_known(move, completed)]
        describe = bound.describe("left", move.source)
        witness = logic.satisfiable(asked, describe)
        if witness is None or witness.undecided:
            continue
        bound.report.add(
            CODE,
            move.file,
            move.node.span,
            f"`{move.rule.name}` would push open tasks",
            witness=witness.shown(),
            note="only what was done goes out",
            help=f"write `when {done.name}`"
            if move.rule.when is None
            else f"add `{done.name} and` to the condition",
        )


def _known(move: BoundMove, completed: Condition) -> list[Condition]:
    """That a task is completed says its status, and the other way round."""
    status = move.source.by_role.get("status")
    if status is None:
        return []
    values = tuple(one.value for one in status.choices if one.means == "done")
    if not values:
        return []
    says = OneOf(Get(status.name, status.type), values)
    return [Any((All((completed, says)), All((Not(completed), Not(says)))))]
