"""The standard rows of activities: which field of a task, call, email, meeting or note goes with
which field of the other system's.

Follows from the roles that connectors give to fields and from what values stand for, so two systems
that never heard of each other fit. Which way a pair flows is for the caller, who knows rights and
types; what the rules themselves say about a field comes before it.
"""

from __future__ import annotations

from ..connectors.base.schema import MEANINGS, ROLE_TYPES, Field, Object, Role
from .rules import Direction
from .types import Refusal, conversion


def standard_rows(left: Object, right: Object) -> list[tuple[Field, Field]]:
    """The pairs of fields that are the same to both activities, in the order of roles. A pair that
    nothing could be written to, on neither side, is left out."""
    both = ((left.by_role.get(role), right.by_role.get(role)) for role in ROLE_TYPES)
    return [
        (one, other)
        for one, other in both
        if one is not None and other is not None and (_takes(one) or _takes(other))
    ]


def standard_table(left: Field, right: Field) -> tuple[tuple[str, str, Direction], ...]:
    """The value table of a pair of choices, as `RowRule.table` has it: values that stand for the
    same. Where several do, each side's first is what the other side's all become.

    Empty where no two values stand for the same. A value that is no longer active is read and
    never written.
    """
    table: list[tuple[str, str, Direction]] = []
    for meaning in _meanings(left, right):
        ours, theirs = _values(left, meaning), _values(right, meaning)
        here, there = _written(left, ours), _written(right, theirs)
        if here and there:
            table.append((here, there, "both"))
        if there:
            table.extend((one, there, "push") for one in ours if one != here)
        if here:
            table.extend((here, one, "pull") for one in theirs if one != there)
    return tuple(table)


def standard_conversion(source: Field, target: Field) -> str | Refusal:
    """As `types.conversion`, and `noon of day` where the one system knows the day of an activity
    and the other wants a moment.

    A row in a map may not do that: a date has no time of day. But an activity has a day or a
    moment for the same purpose, and noon stays on its day in nearly all time zones.
    """
    if source.role == target.role == "when" and (source.type, target.type) == ("date", "datetime"):
        return "noon of day"
    return conversion(source, target)


def _takes(field: Field) -> bool:
    return field.creatable or field.updatable


def _meanings(left: Field, right: Field) -> tuple[str, ...]:
    role: Role = left.role
    return MEANINGS.get(role, ()) if role == right.role else ()


def _values(field: Field, meaning: str) -> list[str]:
    return [one.value for one in field.choices if one.means == meaning]


def _written(field: Field, values: list[str]) -> str:
    """The first of these that is active, "" where none is."""
    return next((one.value for one in field.choices if one.active and one.value in values), "")
