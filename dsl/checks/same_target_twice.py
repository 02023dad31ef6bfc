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
from ..bound import Bound
from ..finding import Further

CODE = "same-target-twice"


def find(bound: Bound) -> None:
    """A rule without a condition beside another, or two with the same condition."""
    for number, move in enumerate(bound.moves):
        for first in bound.moves[:number]:
            if (first.pair, first.rule.direction) != (move.pair, move.rule.direction):
                continue
            if any(_conditional(one.node) and one.rule.when is None for one in (first, move)):
                continue
            if None in (first.rule.when, move.rule.when) or first.rule.when == move.rule.when:
                bound.report.add(
                    CODE,
                    move.file,
                    move.node.span,
                    f"`{move.rule.name}` takes records that `{first.rule.name}` takes",
                    further=(Further(first.file.path, first.node.span, "takes them, too"),),
                    help="give the two rules conditions that exclude each other",
                )
                break


def _conditional(node: tree.Move) -> bool:
    return any(isinstance(one, (tree.When, tree.Unless)) for one in node.clauses)
