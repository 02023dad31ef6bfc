"""What users may not do: rights on objects and on their fields, taken away and given back.

Plain data, asked by `schema.py` (what is shown) and by saves and deletions (what is carried out).
Nobody lacks a right unless a test takes it. A person at the screen is held back by none of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Right = Literal["create", "read", "edit", "delete"]
RIGHTS: tuple[Right, ...] = ("create", "read", "edit", "delete")

EVERYBODY = ""


@dataclass
class Rights:
    """The rights that are missing. `running` is the user whose call is answered, None between
    calls: then nothing is missing."""

    running: str | None = None
    taken: set[tuple[str, Right, str, str]] = field(default_factory=set)

    def take(self, right: Right, object: str, field: str = "", user: str = EVERYBODY) -> None:
        """Takes a right on an object, or "read" or "edit" on one of its fields."""
        self.taken.add((user, right, object, field))

    def give(self, right: Right, object: str, field: str = "", user: str = EVERYBODY) -> None:
        """Gives back what `take` took, in the same words."""
        self.taken.discard((user, right, object, field))

    def may(self, right: Right, object: str, field: str = "") -> bool:
        """Whether the running user has it. Who may not read may do nothing else."""
        if self.running is None or not self.taken:
            return True
        words = {right, "read"}
        return not any(
            (user, word, object, field) in self.taken
            for user in (EVERYBODY, self.running)
            for word in words
        )
