"""What it finds
    A row between texts whose source takes more characters than its target, and no `truncate`.

Why it matters
    A longer text is refused for that field and goes to the error log, one record at a time.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        headline          -> Title
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        headline          -> Title  truncate
    }

When to allow it
    Where the texts are known to be short.
"""

from __future__ import annotations

from ..bound import Bound, BoundRow
from ..rules import Side

CODE = "may-not-fit"


def find(bound: Bound) -> None:
    """Rows that may carry a text that is too long."""
    for row in bound.rows:
        rule = row.rule
        if rule.truncate or rule.table or not (rule.left and rule.right):
            continue
        for side, _, _ in rule.writes:
            _row(bound, row, side)


def _row(bound: Bound, row: BoundRow, to: Side) -> None:
    rule = row.rule
    left = bound.left.by_name[rule.left_object].by_name[rule.left]
    right = bound.right.by_name[rule.right_object].by_name[rule.right]
    source, target = (left, right) if to == "right" else (right, left)
    if source.type != "text" or target.type != "text" or target.length is None:
        return
    if source.length is None or source.length <= target.length or source.format == "url":
        return
    bound.report.add(
        CODE,
        row.file,
        row.span,
        f"`{source.name}` takes {source.length:,} characters, `{target.name}` {target.length:,}",
        severity="warning",
        note="a longer text would be refused, and the rest of the record moves",
        help="add `truncate` to shorten it",
    )
