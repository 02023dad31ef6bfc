"""What it finds
    Rows that lead from a field to the other system and back to it, and change the value each time
    round: a template that adds to what it reads, or tables that send a value in a circle.

Why it matters
    Each run would see a new value and carry it on, for ever: the text grows, the stage flips, and
    nobody has touched it.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        "{{ title }} at {{ organization_name }}" -> Title
        title             <- Title
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
        "{{ title }} at {{ organization_name }}" -> Description
        title             <- Title
    }

When to allow it
    Never. Let one of the rows write another field, fill only (`when blank`), or take it out.
"""

from __future__ import annotations

from ..bound import Bound
from ..conditions import written
from ..finding import Further
from ..rounds import Trip, trips
from ..rules import RowRule

CODE = "value-loop"


def find(bound: Bound) -> None:
    """Rings of rows in which a value never comes to rest; and, as `lossy-round-trip`, those in
    which it comes back as another one."""
    for trip in trips(bound):
        first, *others = trip.rows
        further = tuple(Further(one.file.path, one.span, _goes_on(one.rule)) for one in others)
        field = f"{first.rule.left_object}.{trip.field}"
        if trip.endless:
            bound.report.add(
                CODE,
                first.file,
                first.span,
                f"`{field}` would change for ever",
                label="what goes out here comes back changed",
                further=further,
                witness=_shown(trip, "..."),
                help=_own_rows(trip)
                or "let one of the rows write another field, fill only (`when blank`), or take it "
                "out",
            )
        else:
            bound.report.add(
                "lossy-round-trip",
                first.file,
                first.span,
                f"`{field}` would come back as another value",
                severity="warning",
                label="what goes out here comes back changed",
                further=further,
                witness=_shown(trip, ""),
                help=_own_rows(trip)
                or "let one two-way row (`<->`) do both, or let one of the rows fill only (`when "
                "blank`)",
            )


def _goes_on(rule: RowRule) -> str:
    row = f"the {rule.text}" if rule.standard else "this row"
    return f"and {row} goes on"


def _own_rows(trip: Trip) -> str:
    """What to write where a standard row goes round: nobody can edit it, a row replaces it."""
    arrows = {"push": "->", "pull": "<-", "both": "<->"}
    rules = [one.rule for one in trip.rows if one.rule.standard]
    rows = [f"`{one.left} {arrows[one.direction]} {one.right} when blank`" for one in rules]
    return f"replace the standard row by one that fills only: {' and '.join(rows)}" if rows else ""


def _shown(trip: Trip, end: str) -> str:
    """The values in turn: `"A" -> "A at B" -> ...`."""
    shown = [_short(written(one, None)) for one in trip.values[:4]]
    return f"{trip.field}: " + " → ".join([*shown, *([end] if end else [])])


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:18]}…{text[-3:]} ({len(text) - 2} characters)"
