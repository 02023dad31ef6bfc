"""What it finds
    A table in which one value would become two.

Why it matters
    `<->` promises that a value comes back as it went. Where two left values share a right one, the
    way back is a guess; where one left value has two right ones, the way there is.

Wrong
    sync apollo with salesforce
    prefer salesforce
    pull Lead as contact
    map contact stage with Lead {
        "Cold"        <-> "Open - Not Contacted"
        "Approaching" <-> "Open - Not Contacted"
    }

Right
    sync apollo with salesforce
    prefer salesforce
    pull Lead as contact
    map contact stage with Lead {
        "Cold"        <-> "Open - Not Contacted"
        "Approaching"  -> "Open - Not Contacted"
    }

When to allow it
    Never. Write `->` for all rows of a shared value but the one to come back to. Accounts may
    share a right value as they are: on the way back the first row counts (see `shared-value`).
"""

from __future__ import annotations

from .. import tree
from ..bound import Report
from ..finding import Further
from ..rules import Direction
from . import shared_value

CODE = "table-not-one-to-one"
Entry = tuple[str, str, Direction]


def find(
    to: Report,
    file: tree.File,
    rows: tuple[tuple[Entry, tree.ValueRow | None], ...],
    *,
    shared: bool,
) -> tuple[Entry, ...]:
    """The entries as they hold: with `shared`, a right value that comes again goes there only.

    `rows` are entries with the lines they stand in, None for those that `by name` made.
    """
    there: dict[str, tree.ValueRow | None] = {}
    back: dict[str, tree.ValueRow | None] = {}
    kept: list[Entry] = []
    for (left, right, direction), node in rows:
        way = direction
        if way != "pull":
            if left in there and node is not None:
                _report(to, file, node.left, left, there[left])
            there.setdefault(left, node)
        if way != "push":
            if right in back and node is not None:
                if shared and way == "both":
                    shared_value.report(to, file, node.right, right, back[right])
                    way = "push"
                else:
                    _report(to, file, node.right, right, back[right])
            back.setdefault(right, node)
        kept.append((left, right, way))
    return tuple(kept)


def _report(
    to: Report,
    file: tree.File,
    word: tree.Text | tree.Name,
    value: str,
    first: tree.ValueRow | None,
) -> None:
    to.add(
        CODE,
        file,
        word.span,
        f'"{value}" stands for two values',
        label="again here",
        further=() if first is None else (Further(file.path, first.span, "first here"),),
        help="let one of the rows go, or let it point one way only",
    )
