"""What it finds
    A table in which left values are missing though every one must appear, or that pairs nothing.

Why it matters
    Account stages may share a right value, so there is always one to choose. A stage that is left
    out would silently keep the old value on the right.

Wrong
    sync apollo with salesforce
    pull Account as account
    map account stage with Account.Rating {
        "Cold"           -> "Cold"
        "Current Client" -> "Hot"
    }

Right
    sync apollo with salesforce
    pull Account as account
    map account stage with Account.Rating {
        "Cold"               -> "Cold"
        "Current Client"     -> "Hot"
        "Active Opportunity" -> "Warm"
        "Dead Opportunity"   -> "Cold"
        "Do Not Prospect"    -> "Cold"
    }

When to allow it
    Never. Add the missing values; several may share a right one.
"""

from __future__ import annotations

from ...connectors.base.schema import Field
from .. import tree
from ..bound import Report
from ..rules import Direction

CODE = "table-not-total"
Entry = tuple[str, str, Direction]


def find(
    to: Report,
    file: tree.File,
    node: tree.MapValues,
    left: Field,
    entries: tuple[Entry, ...],
) -> None:
    """Left values that no row takes to the right, where any row goes there."""
    taken = {value for value, _, way in entries if way != "pull"}
    missing = [one.value for one in left.choices if one.active and one.value not in taken]
    if taken and missing:
        named = ", ".join(f'"{one}"' for one in missing)
        to.add(
            CODE,
            file,
            node.span,
            f"{named} {'is' if len(missing) == 1 else 'are'} missing from the table",
            note=f"every value of `{left.name}` must appear; several may share a right value",
            help="add a row for each",
        )


def report_empty(to: Report, file: tree.File, span: tree.Span, left: Field, right: Field) -> None:
    """`by name` without a written row, and no two values have the same name."""
    to.add(
        CODE,
        file,
        span,
        f"no value of `{left.name}` has the same name as one of `{right.name}`",
        help='write the pairs: `{ "a" <-> "b" }`',
    )
