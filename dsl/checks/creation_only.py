"""What it finds
    A row whose target the connected login can write at creation only, or only later, while rules
    do both.

Why it matters
    What is given at creation only stays as it was made, whatever changes later. Who creates a
    record with a field that takes a value only later is refused, one record at a time.

Wrong
    sync apollo with salesforce
    push contact as Contact when stage is "Replied"
    map contact with Contact {
        last_name    -> LastName
        linkedin_url -> Origin_Link__c
    }

Right
    sync apollo with salesforce
    push contact as Contact when stage is "Replied" create only
    map contact with Contact {
        last_name    -> LastName
        linkedin_url -> Origin_Link__c
    }

When to allow it
    Where the value never changes, for instance where a record came from.
"""

from __future__ import annotations

from ...connectors.base.schema import Field
from ..bound import Bound, BoundRow

CODE = "creation-only"


def find(bound: Bound) -> None:
    """Rows that can do only a part of what the rules of their pair ask for."""
    moves = [(one, (*one.pair, one.target_side)) for one in bound.moves]
    creating = {ends for one, ends in moves if one.creates}
    updating = {ends for one, ends in moves if one.rule.update}
    written = {ends for _, ends in moves}
    for row in bound.rows:
        for side, owner, name in row.rule.writes:
            field = bound.schema(side).by_name[owner].by_name[name]
            ends = (*row.pair, side)
            if (
                not field.updatable
                and field.creatable
                and (ends in updating or ends not in written)
            ):
                _report(bound, row, owner, field, "at creation only", "later changes don't go over")
            elif not field.creatable and field.updatable and ends in creating:
                why = "a record is created without it"
                _report(bound, row, owner, field, "only once a record is there", why)


def _report(bound: Bound, row: BoundRow, owner: str, field: Field, when: str, why: str) -> None:
    bound.report.add(
        CODE,
        row.file,
        row.span,
        f"`{owner}.{field.name}` can be written {when}",
        severity="warning",
        note=why,
        help="write `create only` after the rule, or take the row out"
        if when.startswith("at")
        else "take the row out, or give the login the right",
    )
