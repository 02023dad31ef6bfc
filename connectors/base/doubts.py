"""What every connector goes by where it looks for the work of a write without a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .contract import Write
from .schema import Field
from .values import Value

ENOUGH = 3
"""Values of a create without keys by which its record is known that was changed meanwhile."""

_FEW = ("boolean", "choice", "choices")


def nearly(same: int, sent: int) -> bool:
    """Whether a record holds what was sent but for one value, and enough to know it by."""
    return same >= max(ENOUGH, sent - 1)


def edited_since(
    write: Write, fields: Mapping[str, Field], holds: Callable[[str, Value], bool]
) -> bool:
    """Whether an update that its record doesn't hold was carried out, and somebody has changed a
    part of it since: another part stands there, and nothing that was there before. `fields` are
    those that can be told, `holds` whether the record has a value in one of them."""
    changed = [one for one in write.fields if one in write.before and one in fields]
    if any(holds(one, write.before[one]) for one in changed):
        return False
    return any(
        holds(one, write.fields[one])
        for one in changed
        # A blank, or one of a few, may stand there by chance.
        if write.fields[one] is not None and fields[one].type not in _FEW
    )


def could_be(records: int) -> str:
    """What is told of a create for which so many records stand."""
    return f"{records} record{'s' if records > 1 else ''} could be it"
