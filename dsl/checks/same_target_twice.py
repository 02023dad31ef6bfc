"""What it finds
    Two rules for the same pair and direction that would create the same record.

Why it matters
    Which of the two acts, and which source the record gets, would depend on the order of lines.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    push contact as Lead when stage is "Replied" { source "Web" }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    push contact as Lead when stage is "Interested" { source "Web" }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Where the overlap is meant, the first rule acts; better write the second condition so that
    it excludes the first.
"""

from __future__ import annotations

from .. import tree
from ..bound import Bound, BoundMove
from ..finding import Further

CODE = "same-target-twice"


def find(bound: Bound) -> None:
    """A rule without a condition beside another, or two with the same condition."""
    seen: dict[tuple[object, ...], BoundMove] = {}
    for move in bound.moves:
        if _conditional(move.node) and move.rule.when is None:
            continue
        group = (*move.pair, move.rule.direction)
        always = (*group, None)
        first = seen.get(always) or seen.get(
            (*group, move.rule.when) if move.rule.when is not None else group
        )
        seen.setdefault(group, move)
        seen.setdefault((*group, move.rule.when), move)
        if first is not None:
            bound.report.add(
                CODE,
                move.file,
                move.node.span,
                f"`{move.rule.name}` takes records that `{first.rule.name}` takes",
                further=(Further(first.file.path, first.node.span, "takes them, too"),),
                help="give the two rules conditions that exclude each other",
            )


def _conditional(node: tree.Move) -> bool:
    """It has a condition, which may have been lost to a finding."""
    return any(isinstance(one, (tree.When, tree.Unless)) for one in node.clauses)
