"""`enrich [existing] TARGETS with OBJECT`: which right records get their blanks filled.

Gives one typed rule for each target, or findings. What is filled is told by the maps of the pair;
that there is one is proved in `checks/enrich_without_map.py`.
"""

from __future__ import annotations

from . import tree
from .bound import Bound, BoundEnrich, Placed, place
from .finding import Further
from .names import find_object
from .rules import EnrichRule


def declare(bound: Bound, node: tree.Enrich) -> None:
    """Note the pairs, so that conditions written earlier may name a linked record."""
    for target in node.targets:
        if node.object.text in bound.left.by_name and target.text in bound.right.by_name:
            bound.pairs[(node.object.text, target.text)] = None
        else:
            bound.lost_moves = True


def enrich(bound: Bound, placed: Placed, node: tree.Enrich) -> None:
    """Add the rules to `bound`, or findings."""
    file, report = placed.file, bound.report
    if _turned_round(bound, file, node):
        return
    left = find_object(report, file, bound.left, bound.left_name, node.object)
    found = [find_object(report, file, bound.right, bound.right_name, one) for one in node.targets]
    if left is None or None in found:
        return
    words = "enrich existing" if node.existing else "enrich"
    for target in node.targets:
        called = f"{words} {target.text} with {left.name}"
        same = [one for one in bound.enriches if one.rule.name == called]
        if same:
            _twice(bound, file, target, called, same[0])
            continue
        rule = EnrichRule(called, place(file, target.span), node.existing, placed.every)
        bound.enriches.append(BoundEnrich(rule, file, target.span, (left.name, target.text)))


def _twice(
    bound: Bound, file: tree.File, target: tree.Name, called: str, first: BoundEnrich
) -> None:
    bound.report.add(
        "syntax",
        file,
        target.span,
        f"`{called}` has been said before",
        further=(Further(first.file.path, first.span, "said first here"),),
        help="keep one of the two",
    )


def _turned_round(bound: Bound, file: tree.File, node: tree.Enrich) -> bool:
    """`enrich contact with Lead`: the names stand in each other's place."""
    here, there = bound.left.by_name, bound.right.by_name
    target = node.targets[0]
    if len(node.targets) > 1 or target.text in there or node.object.text in here:
        return False
    if target.text not in here or node.object.text not in there:
        return False
    existing = "existing " if node.existing else ""
    words = f"enrich {existing}{node.object.text} with {target.text}"
    bound.report.add(
        "unknown-object",
        file,
        node.span,
        f"`{target.text}` belongs to `{bound.left_name}`, and `enrich` fills records of "
        f"`{bound.right_name}`",
        help=f"write `{words}`",
        fix=words,
    )
    return True
