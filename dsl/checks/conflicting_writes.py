"""What it finds
    Two rows that write the same field in the same direction.

Why it matters
    A field gets one value. With two rows both would be refused, or the last one would win by
    chance.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        title             -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Never. Keep one of the rows, or join both fields in a template:
    `"{{ title }} at {{ organization_name }}" -> Description`.
"""

from __future__ import annotations

from .. import tree
from ..bound import Bound, BoundRow
from ..finding import Further

CODE = "conflicting-writes"


def find(bound: Bound) -> None:
    """Fields that two rows write, and those that a row and a `source` write."""
    _rows(bound)
    writes = {
        (*row.pair, side, field): row
        for row in (*bound.standard, *reversed(bound.rows))
        for side, _, field in row.rule.writes
    }
    for move in bound.moves:
        if move.rule.source is None or not move.creates:
            continue
        row = writes.get((*move.pair, move.target_side, move.rule.source[0]))
        span = next((one.span for one in move.node.block if isinstance(one, tree.Source)), None)
        if row is None or span is None:
            continue
        field = f"{move.target.name}.{move.rule.source[0]}"
        if row.rule.standard:
            bound.report.add(
                CODE,
                move.file,
                span,
                f"`{field}` is written by `source` and by a standard row",
                note=f"`{_source(row, move.rule.direction)}` goes there without a row",
                help='name another field: `source "X" in FIELD`',
            )
        else:
            bound.report.add(
                CODE,
                move.file,
                span,
                f"`{field}` is written by `source` and by a row",
                label="writes it when a record is made",
                further=(Further(row.file.path, row.span, "writes it, too"),),
                help="keep one of the two, or let the row point the other way only",
            )


def _source(row: BoundRow, direction: str) -> str:
    """The field that a row reads on its way."""
    return row.rule.left if direction == "push" else row.rule.right


def _rows(bound: Bound) -> None:
    """The second row that writes a field of a pair, at its place, with the first beside it."""
    first: dict[tuple[str, str, str, str], BoundRow] = {}
    reported: set[tuple[str, int]] = set()
    for row in bound.rows:
        for side, owner, field in row.rule.writes:
            before = first.setdefault((*row.pair, side, field), row)
            here = (row.file.path, row.span.line)
            if before is row or here in reported:
                continue
            reported.add(here)
            bound.report.add(
                CODE,
                row.file,
                row.span,
                f"`{owner}.{field}` is written by two rows",
                label="writes it again",
                further=(Further(before.file.path, before.span, "writes it first"),),
                help="keep one of the two rows, or let one of them point the other way only",
            )
