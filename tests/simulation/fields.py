"""Which fields rules may write, which tell who somebody is, and when two values are the same.

What the checker goes by where it compares fields; the rules themselves are in `scopes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from syncrules.tests.simulation.scopes import Kind, Mapped, Scope

SAVED = frozenset({"LastModifiedDate", "LastModifiedById", "SystemModstamp"})
ACCOMPANY: Mapping[str, frozenset[str]] = {
    "contact": frozenset(
        {"email_status", "email_true_status", "email_from_customer", "last_activity"}
    ),
    "task": frozenset({"completed_at", "completed_by_user_id"}),
    "Lead": SAVED | {"Name"},
    "Contact": SAVED | {"Name"},
    "Account": SAVED,
    "Task": SAVED | {"CompletedDateTime", "IsClosed", "AccountId", "ActivityDate", "OwnerId"},
    "Event": SAVED
    | {"ActivityDate", "ActivityDateTime", "DurationInMinutes", "EndDate", "AccountId", "OwnerId"},
    "Note": SAVED,
}
"""Fields that a system itself sets when it saves ours."""
WIRE = {
    "account": ("account", "account_id"),
    "contact": ("contact", "contact_id"),
    "stage": ("stage", "contact_stage_id"),
}
KEYS: Mapping[str, Mapping[str, str]] = {
    "contact": {"contact": "email"},
    "account": {"account": "domain"},
    "Account": {"Account": "Website"},
    "Lead": {"Lead": "Email", "Contact": "Email"},
    "Contact": {"Lead": "Email", "Contact": "Email"},
}
"""Which field of which objects tells that a record of this object is there already."""


def mapped(
    scope: Scope, object: str, which: Callable[[Mapped], bool] = lambda row: True
) -> frozenset[str]:
    """Fields of an object that rows may write, or such rows alone."""
    names: set[str] = set()
    for flow, rows in scope.flows.items():
        left, _, right = flow.partition("~")
        for one in filter(which, rows):
            if object == left and one.both:
                names |= {*WIRE.get(one.left, (one.left,))}
            if object == right and flow not in scope.once:
                names.add(one.right)
    return frozenset(names)


def allowed(scope: Scope, object: str) -> frozenset[str]:
    """Fields of an object that may change with our write: those of rows, and what goes along."""
    inferred = {"stage"} if scope.infers and object == "account" else set()
    return mapped(scope, object) | ACCOMPANY.get(object, frozenset()) | inferred


SPELLED: Mapping[str, Kind] = {
    "email": "email",
    "Email": "email",
    "domain": "domain",
    "Website": "domain",
}
"""Fields whose values may be spelled in several ways that say the same."""

_FOLD: Mapping[str, Callable[[str], str]] = {
    "email": lambda text: text.strip().casefold(),
    "domain": lambda text: (
        text.casefold()
        .removeprefix("https://")
        .removeprefix("http://")
        .removeprefix("www.")
        .rstrip("/")
    ),
}


def canon(kind: Kind, value: Any) -> Any:
    """A value as both sides may be compared; blank is None."""
    if value is None or value == "":
        return None
    if kind == "moment":
        return datetime.fromisoformat(str(value))
    return _FOLD.get(kind, str.strip)(str(value))
