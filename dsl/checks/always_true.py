"""What it finds
    A condition that every record satisfies, whatever its fields hold.

Why it matters
    It looks as if the rule picked some records, and it takes them all: thousands may be created
    where dozens were meant. Often an `or` was meant to be an `and`.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is not "Cold" or stage is not "Bad Data"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is not "Cold" and stage is not "Bad Data"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Where all records are meant, leave the condition out: it says the same.

    Parts of texts (`contains`, `starts with`, `ends with`) and two fields compared are undecided:
    nothing is found that hangs on them alone, unless one word settles the other.
"""

from __future__ import annotations

from .. import logic
from ..bound import Bound, BoundMove
from ..finding import Further

CODE = "always-true"


def find(bound: Bound) -> None:
    """Whole conditions of moves, at their first clause."""
    for move in bound.moves:
        _stop(bound, move)
        if not move.said or not bound.asked(move).always:
            continue
        first, *others = move.said
        if first.word == "unless":
            title = "no record satisfies this `unless`, so it keeps none out"
        else:
            title = "every record satisfies this condition"
        bound.report.add(
            CODE,
            move.file,
            first.node.span,
            title,
            severity="warning",
            label="always holds" if first.word == "when" else "never holds",
            further=tuple(Further(move.file.path, one.node.span, "with this") for one in others),
            note=f"`{move.rule.name}` takes every `{move.source.name}`",
            help="mend the condition, or leave it out",
        )


def _stop(bound: Bound, move: BoundMove) -> None:
    """A `stop when` that always holds."""
    if move.stop is None:
        return
    describe = bound.describe(move.source_side, move.source)
    if logic.Asked([move.stop.condition], describe).always:
        bound.report.add(
            CODE,
            move.file,
            move.stop.node.span,
            "every record satisfies this condition, so the rule never acts",
            severity="warning",
            label="always holds",
            help="mend the condition, or take the rule out",
        )
