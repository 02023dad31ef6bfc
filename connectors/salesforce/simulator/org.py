"""The simulated org: its schema, rows, clock, people who sign in, and the customer's own rules.

Plain state that the rest of the room works on; tests set the rules and knobs here directly, and
`admin.py` sets them over HTTP. What rules do to a save is told in `saves.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...base.world import Clock
from .rows import Row, Store
from .schema import Schema


@dataclass(frozen=True, slots=True)
class Validation:
    """A validation rule of the customer: rows for which `fails` is true are refused.

    `field` is where the message is shown, "" for the top of the page. A row holds what is not
    blank, by field name.
    """

    object: str
    message: str
    fails: Callable[[Row], bool]
    field: str = ""


@dataclass(frozen=True, slots=True)
class Automation:
    """A flow or trigger of the customer that runs before each save of an object: it makes the
    fields that `sets` names, of the row as it would be saved, what that says."""

    object: str
    sets: Callable[[Row], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """Refuses a save that agrees with another row in all of `fields`.

    `allow_save`: the rule only warns, so a request may ask for the save all the same.
    """

    object: str
    fields: tuple[str, ...]
    allow_save: bool = True


@dataclass
class Org:
    """The state of the org. Knobs, all off: `commit_delay` is how many seconds after their stamp
    saves are seen, `lead_owner` whom the assignment rule gives new leads to, `locks` until when
    (seconds since 1970) a record can't be saved, `edit_converted` lets converted leads be edited,
    `unshared` are records that nobody but people at the screen may see. `went_with` has the records
    that were deleted with another one, and that one.
    """

    id: str
    clock: Clock
    schema: Schema
    store: Store
    user: str = ""
    automations: list[Automation] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    duplicates: list[DuplicateRule] = field(default_factory=list)
    locks: dict[str, float] = field(default_factory=dict)
    commit_delay: float = 0.0
    lead_owner: str = ""
    edit_converted: bool = False
    unshared: set[str] = field(default_factory=set)
    went_with: dict[str, str] = field(default_factory=dict)

    def listed(self, name: str, value: object) -> Row | None:
        """The row of a setup object (OpportunityStage) with this API name."""
        if value is None:
            return None
        table = self.store.named(name)
        ids = table.matching("ApiName", [value])
        return table.rows[min(ids)] if ids else None
