"""What it finds
    A row whose target the connected login can write at creation only, or only later, while rules
    do both.

Why it matters
    The other half of the writes would be refused, one record at a time.

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
from ..rules import Side

CODE = "creation-only"


def find(bound: Bound) -> None:
    """Rows that can do only a part of what the rules of their pair ask for."""
    sides: tuple[Side, Side] = ("right", "left")
    for side in sides:
        creating = {
            one.pair for one in bound.moves if one.creates and _to(one.rule.direction) == side
        }
        written = {one.pair for one in bound.moves if _to(one.rule.direction) == side}
        updating = {
            one.pair for one in bound.moves if one.rule.update and _to(one.rule.direction) == side
        }
        for row in bound.rows:
            if row.rule.direction == ("pull" if side == "right" else "push"):
                continue
            field = _target(bound, row, side)
            if (
                not field.updatable
                and field.creatable
                and (row.pair in updating or row.pair not in written)
            ):
                _report(bound, row, side, field, "at creation only", "later changes are refused")
            elif not field.creatable and field.updatable and row.pair in creating:
                why = "a record is created without it"
                _report(bound, row, side, field, "only once a record is there", why)


def _to(direction: str) -> Side:
    return "right" if direction == "push" else "left"


def _target(bound: Bound, row: BoundRow, side: Side) -> Field:
    rule = row.rule
    thing, name = (
        (rule.right_object, rule.right) if side == "right" else (rule.left_object, rule.left)
    )
    return bound.schema(side).by_name[thing].by_name[name]


def _report(bound: Bound, row: BoundRow, side: Side, field: Field, when: str, why: str) -> None:
    owner = row.rule.right_object if side == "right" else row.rule.left_object
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
