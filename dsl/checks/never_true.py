"""What it finds
    A condition that no record satisfies, whatever its fields hold: parts that contradict each
    other, or a comparison that never holds.

Why it matters
    The rule does nothing at all, and nothing else would tell: a sync that moves no record looks
    like one that has nothing to do. Often an `and` was meant to be an `or`.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" and stage is "Interested"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" or stage is "Interested"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    While a rule is prepared for values that do not come together yet.

    Parts of texts (`contains`, `starts with`, `ends with`) and two fields compared are undecided:
    a contradiction that hangs on them alone is found only where one word settles the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import logic, tree
from ..bound import Bound
from ..conditions import text
from ..finding import Further
from ..parts import Part, conjuncts, together

CODE = "never-true"
MOST_NAMED = 4
"""Parts that a title names; of more, it tells the number."""


def find(bound: Bound) -> None:
    """Conditions of moves and of arms, at the parts that contradict each other."""
    for move in bound.moves:
        if move.said:
            joined = len(move.said) == 1
            _report(bound, move.file, together(move.said), bound.asked(move), joined=joined)
        if move.stop is not None:
            asked = logic.Asked(
                [move.stop.condition], bound.describe(move.source_side, move.source)
            )
            parts = conjuncts(move.stop.condition, move.stop.node)
            _report(bound, move.file, parts, asked, joined=True)
    for infer in bound.infers:
        for node, arm in zip(infer.node.arms or (), infer.rule.arms, strict=False):
            if node.condition is not None and arm.when is not None:
                parts = conjuncts(arm.when, node.condition)
                asked = logic.Asked([arm.when], bound.related(infer))
                _report(bound, infer.file, parts, asked, joined=True)


def _report(
    bound: Bound,
    file: tree.File,
    parts: Sequence[Part],
    asked: logic.Asked,
    *,
    joined: bool,
) -> None:
    """`joined`: all parts stand in one clause, where `or` could stand between them."""
    if not asked.never:
        return
    clash = [parts[i] for i in asked.clash([one.condition for one in parts])]
    clash.sort(key=lambda one: one.node.span)
    *others, last = clash
    named = [f"`{text(one.condition)}`" for one in clash]
    if len(clash) > MOST_NAMED:
        title = f"no record satisfies these {len(clash)} parts together"
        help = "mend one of them"
    elif others:
        title = f"no record satisfies {', '.join(named[:-1])} and {named[-1]} together"
        help = "mend one of them"
        if joined:
            help += "; `or` between them takes what satisfies either"
    else:
        title = f"no record satisfies {named[0]}"
        help = "mend it, or take it out; for a field without a value write `is blank`"
    bound.report.add(
        CODE,
        file,
        last.node.span,
        title,
        label="contradicts" if others else "never holds",
        further=tuple(Further(file.path, one.node.span, "with this") for one in others),
        help=help,
    )
