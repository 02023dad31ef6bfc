"""Conditions whose names and types are known, and what they mean.

`holds` is the meaning; `closure` is the same as one plain function, and a test compares the two.
Logic is two-valued: comparing with a blank is false, and `not` always flips. Text compares without
regard to case and outer spaces, a moment with a date as its day. Syntax is `tree.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..connectors.base.schema import FieldType
from ..connectors.base.values import Value


@dataclass(frozen=True, slots=True)
class Hop:
    """A step to another record: through a `reference` field, or over the `link` to the other side.

    `name` is the reference field, or the object linked with; `object` is where the step arrives.
    """

    kind: Literal["reference", "link"]
    name: str
    object: str


@dataclass(frozen=True, slots=True)
class Get:
    """A field: of the record the rule reads, or, over `hops`, of a related one."""

    field: str
    type: FieldType
    hops: tuple[Hop, ...] = ()
    function: Literal["", "domain of", "days since"] = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value as written, already in the form of the field it stands beside."""

    value: Value


Operand = Get | Constant


@dataclass(frozen=True, slots=True)
class Compare:
    """`is`, the orders, and the three tests of texts (`contains` is also for multiple choices)."""

    left: Operand
    operator: Literal["is", "<", "<=", ">", ">=", "contains", "starts with", "ends with"]
    right: Operand


@dataclass(frozen=True, slots=True)
class OneOf:
    """`in [...]`."""

    left: Operand
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """`is known`; `is blank` is its `Not`."""

    left: Get


@dataclass(frozen=True, slots=True)
class Truth:
    """A yes-or-no field that stands alone: blank is no."""

    left: Get


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Condition, ...]


Condition = Compare | OneOf | Known | Truth | Not | All | Any
