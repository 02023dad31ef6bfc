"""What it finds
    Two rules for the same two objects in the same direction that differ in more than their
    condition and their `source`.

Why it matters
    What is updated, what stops a rule and what follows a delete concern the linked records, and a
    link doesn't remember which of the two rules made it.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    push contact as Lead when stage is "Interested" create only
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" { source "Apollo" }
    push contact as Lead when stage is "Interested" { source "Apollo warm" }
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never: say the same in both.
"""

from __future__ import annotations

from ..bound import Bound, BoundMove
from ..finding import Further

CODE = "rules-differ"


def find(bound: Bound) -> None:
    """Each rule that says something else than the first of its pair and direction."""
    first: dict[tuple[str, str, str], BoundMove] = {}
    for move in bound.moves:
        before = first.setdefault((*move.pair, move.rule.direction), move)
        if before is move or None in (before.said, move.said):
            continue
        for words, same in _compared(before, move):
            if same:
                continue
            bound.report.add(
                CODE,
                move.file,
                move.node.span,
                f"`{move.rule.name}` and `{before.rule.name}` differ in {words}",
                further=(Further(before.file.path, before.node.span, "the other one"),),
                note="rules for the same records may differ in their condition and `source` only",
                help="say the same in both",
            )
            break


def _compared(one: BoundMove, other: BoundMove) -> list[tuple[str, bool]]:
    """What two rules must have in common, and whether they do."""
    a, b = one.rule, other.rule
    return [
        ("`hidden` and `visible`", a.visible == b.visible),
        ("`create only` and `update only`", (a.create, a.update) == (b.create, b.update)),
        ("`stop when`", a.stop == b.stop),
        ("what follows a delete, a merge or a cancel", _said(one) == _said(other)),
        ("what stands in for a reference", _stand_ins(one) == _stand_ins(other)),
        ("`add unknown people`", a.add_people == b.add_people),
    ]


def _said(move: BoundMove) -> set[tuple[str, ...]]:
    return {(one.on, one.action, one.field, one.text) for one in move.rule.events}


def _stand_ins(move: BoundMove) -> set[tuple[object, ...]]:
    return {(one.field, one.source, one.ties) for one in move.rule.stand_ins}
