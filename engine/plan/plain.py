"""A plan, or a part of one, as plain data: for JSON, and for the fingerprint of what rules mean.

Knows how frozen data becomes dictionaries and lists in one stable order, and nothing of what the
data says. Who prints it is `explain.py`; what it is made of stands in `model.py` and, for
conditions, in `dsl/conditions.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args

from ...connectors.base.schema import Choice, Field
from ...dsl.conditions import Condition, Hop, Operand

NO_MEANING = ("place", "text", "rule", "every")
"""What may change without a change of what a rule does to a record."""

_TAGGED = (*get_args(Condition), *get_args(Operand))
"""Where one of several kinds may stand, the data says which in `kind`."""

_TRIMMED = (Field, Choice, Hop)
"""Parts whose attributes are left out where they are at their default, as in schema files: what a
condition means is the same as before, where a step leads to one object only."""


def plain(value: Any, leave_out: Collection[str] = ()) -> Any:
    """`value` as dictionaries, lists and JSON's own kinds, attributes in the order of the class.

    Attributes named in `leave_out` are absent at every depth.
    """
    if isinstance(value, tuple):
        return [plain(one, leave_out) for one in value]
    if not is_dataclass(value):
        return value
    data: dict[str, Any] = {}
    if isinstance(value, _TAGGED):
        data["kind"] = type(value).__name__.lower()
    for one in fields(value):
        part = getattr(value, one.name)
        at_default = one.default is not MISSING and part == one.default
        if one.name not in leave_out and not (at_default and isinstance(value, _TRIMMED)):
            data[one.name] = plain(part, leave_out)
    return data


def canonical(value: Any, leave_out: Collection[str] = ()) -> str:
    """`plain` as one line of JSON that is the same for the same data."""
    data = plain(value, leave_out)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(text: str) -> str:
    """Sixteen hex digits that stand for `text`; another text gives, in practice, other ones."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
