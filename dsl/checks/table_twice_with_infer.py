"""What it finds
    A field that both an `infer` rule and a row or table of values speak of.

Why it matters
    The inferred value and the mapped one would take turns, run by run.

Wrong
    sync apollo with salesforce
    pull Account as account
    map account stage with Account.Rating {
        "Cold"               <- "Cold"
        "Active Opportunity" <- "Warm"
    }
    infer account stage from opportunities

Right
    sync apollo with salesforce
    pull Account as account
    infer account stage from opportunities

When to allow it
    Never. Decide where the value comes from.
"""

from __future__ import annotations

from ..bound import Bound
from ..finding import Further

CODE = "table-twice-with-infer"


def find(bound: Bound) -> None:
    """A row for a field that is inferred, and two `infer` for one field."""
    for number, inferred in enumerate(bound.infers):
        rule = inferred.rule
        others = [
            (one.file, one.span)
            for one in bound.rows
            if (rule.side, rule.object, rule.field) in one.rule.writes
        ]
        others += [
            (one.file, one.node.span)
            for one in bound.infers[:number]
            if (one.rule.side, one.rule.object, one.rule.field)
            == (rule.side, rule.object, rule.field)
        ]
        if others:
            file, span = others[0]
            bound.report.add(
                CODE,
                inferred.file,
                inferred.node.span,
                f"`{rule.object}.{rule.field}` is inferred here and decided elsewhere, too",
                further=(Further(file.path, span, "also decides it"),),
                help="take one of the two out",
            )
