"""Rows of figures under a heading, lined up. Knows no measurement."""

from __future__ import annotations

from collections.abc import Sequence


def lines(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A table as text: the first column to the left, figures to the right."""
    shown = [[title, *columns], *([_text(one) for one in row] for row in rows)]
    widths = [max(len(row[place]) for row in shown) for place in range(len(columns) + 1)]
    made = [
        "  ".join(
            one.ljust(width) if place == 0 else one.rjust(width)
            for place, (one, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in shown
    ]
    return [made[0], "-" * len(made[0]), *made[1:], ""]


def _text(one: object) -> str:
    if isinstance(one, float):
        return f"{one:.2f}"
    return f"{one:,}" if isinstance(one, int) else str(one)
