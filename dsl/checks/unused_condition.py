"""What it finds
    A condition, `create only` or `update only` on a hidden pull.

Why it matters
    A condition gates creation only. A hidden pull creates nothing, so its condition is never asked,
    and whoever reads the rule believes that it keeps records out.

Wrong
    sync apollo with salesforce
    pull Lead as contact hidden when Email is known
    map contact with Lead { email -> Email }

Right
    sync apollo with salesforce
    pull Lead as contact visible when Email is known
    map contact with Lead {
        email     <-> Email  prefer latest
        last_name <-  LastName
    }

When to allow it
    Where the rule is to be made visible soon.
"""

from __future__ import annotations

from .. import tree
from ..bound import Bound

CODE = "unused-condition"


def find(bound: Bound) -> None:
    """What a hidden pull says about creating: the first such part."""
    for move in bound.moves:
        if move.rule.direction == "push" or move.rule.visible or move.said is None:
            continue
        for one in move.node.clauses:
            if isinstance(one, tree.Flag) and one.word not in ("create only", "update only"):
                continue
            word = f"`{one.word}`" if isinstance(one, tree.Flag) else "condition"
            bound.report.add(
                CODE,
                move.file,
                one.span,
                f"this {word} is never asked: a hidden pull creates nothing",
                severity="warning",
                label="without effect",
                help="write `visible` to create records, or take it out",
            )
            break
