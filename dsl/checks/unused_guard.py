"""What it finds
    A `guard` on records of an object that no rule writes.

Why it matters
    It never trips, and whoever wrote it believes that something is held back.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name          -> LastName
        organization_name  -> Company
        email             <-> Email  prefer latest
    }
    guard at most 5% of Opportunity changed per run

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name          -> LastName
        organization_name  -> Company
        email             <-> Email  prefer latest
    }
    guard at most 5% of Lead changed per run

When to allow it
    Never: name an object that is written, or take the guard out.
"""

from __future__ import annotations

from ..bound import Bound
from ..rules import Side

CODE = "unused-guard"


def find(bound: Bound) -> None:
    """Guards on objects that no row, rule or `infer` writes."""
    if bound.lost_moves or bound.lost_all or bound.lost_rows or bound.lost_else:
        return
    written: set[tuple[Side, str]] = set()
    for move in bound.moves:
        if move.creates or move.rule.events:
            written.add((move.target_side, move.target.name))
    for row in (*bound.rows, *bound.standard):
        written.update((side, owner) for side, owner, _ in row.rule.writes)
    written |= {(one.rule.side, one.rule.object) for one in bound.infers}
    # Where half of what is linked is gone, a guard on `deleted` lets runs go on (`run/sight.py`).
    linked = written | {(move.source_side, move.source.name) for move in bound.moves}
    for guard in bound.guards:
        rule = guard.rule
        about = linked if rule.what == "deleted" else written
        if rule.what in ("calls", "credits") or about & {(one, rule.of) for one in rule.sides}:
            continue
        bound.report.add(
            CODE,
            guard.file,
            guard.node.of.span,
            f"no rule writes records of `{rule.of}`, so this guard never trips",
            severity="warning",
            help="name an object that is written, or take the guard out",
        )
