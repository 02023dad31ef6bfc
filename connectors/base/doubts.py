"""What every connector goes by where it looks for the work of a create without a reply."""

from __future__ import annotations

ENOUGH = 3
"""Values of a create without keys by which its record is known that was changed meanwhile."""


def nearly(same: int, sent: int) -> bool:
    """Whether a record holds what was sent but for one value, and enough to know it by."""
    return same >= max(ENOUGH, sent - 1)


def could_be(records: int) -> str:
    """What is told of a create for which so many records stand."""
    return f"{records} record{'s' if records > 1 else ''} could be it"
