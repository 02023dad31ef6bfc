"""What it finds
    An `enrich` of a pair that no map speaks of, or whose rows all point to the left.

Why it matters
    Enriching fills blanks of right records from mapped left values; with nothing mapped it does
    nothing.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name          -> LastName
        organization_name  -> Company
        email             <-> Email  prefer latest
    }
    enrich Contact with contact

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied"
    map contact with Lead {
        last_name          -> LastName
        organization_name  -> Company
        email             <-> Email  prefer latest
    }
    enrich Lead with contact

When to allow it
    Never. Map the fields to be filled, or take the line out.
"""

from __future__ import annotations

from ..bound import Bound

CODE = "enrich-without-map"


def find(bound: Bound) -> None:
    """Each target of an `enrich` that no row writes."""
    rows = (*bound.rows, *bound.standard)
    filled = {one.pair for one in rows if one.rule.direction != "pull"}
    for one in bound.enriches:
        if one.pair in filled or not bound.rows_known(one.pair):
            continue
        left, right = one.pair
        bound.report.add(
            CODE,
            one.file,
            one.span,
            f"no row goes from `{left}` to `{right}`, so nothing is enriched",
            severity="warning",
            help=f"add `map {left} with {right} {{ FIELD -> FIELD }}`",
        )
