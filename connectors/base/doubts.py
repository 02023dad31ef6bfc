"""What every connector goes by where it looks for the work of a write without a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from .contract import Write
from .schema import Field
from .values import Value

ENOUGH = 3
"""Values of a create without keys by which its record is known that was changed meanwhile."""

_FEW = ("boolean", "choice", "choices")


def nearly(same: int, sent: int) -> bool:
    """Whether a record holds what was sent but for one value, and enough to know it by."""
    return same >= max(ENOUGH, sent - 1)


def told_by(
    write: Write, fields: Mapping[str, Field], holds: Callable[[str, Value], bool]
) -> Literal["arrived", "absent", "unclear"]:
    """What its record tells of an update that it doesn't hold. It has arrived, and somebody has
    changed a part of it since, where another part stands there and nothing that was there before;
    it has not where anything that was there before still stands. Where neither does, somebody has
    changed all of it, before it or after: that is unclear. `fields` are those that can be told,
    `holds` says whether the record has a value in one of them."""
    changed = [one for one in write.fields if one in write.before and one in fields]
    if not changed or any(holds(one, write.before[one]) for one in changed):
        return "absent"
    stands = any(
        holds(one, write.fields[one])
        for one in changed
        # A blank, or one of a few, may stand there by chance.
        if write.fields[one] is not None and fields[one].type not in _FEW
    )
    return "arrived" if stands else "unclear"


def could_be(records: int) -> str:
    """What is told of a create for which so many records stand."""
    return f"{records} record{'s' if records > 1 else ''} could be it"
