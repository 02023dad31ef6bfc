"""Conditions whose names and types are known, and what they mean.

`holds` is the meaning; `closure` is the same as one plain function, and a test compares the two.
Logic is two-valued: comparing with a blank is false, and `not` always flips. Text compares without
regard to case and outer spaces, a moment with a date as its day. Syntax is `tree.py`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, tzinfo
from functools import cache, lru_cache
from itertools import product
from typing import Literal

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import FieldType
from ..connectors.base.values import Value, domain, instant


@dataclass(frozen=True, slots=True)
class Hop:
    """A step to another record: through a `reference` field, or over the `link` to the other side.

    `name` is the reference field, or the object linked with; `object` is where the step arrives,
    `also` where else it may: an owner is a user or a queue.
    """

    kind: Literal["reference", "link"]
    name: str
    object: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Get:
    """A field: of the record the rule reads, or, over `hops`, of a related one."""

    field: str
    type: FieldType
    hops: tuple[Hop, ...] = ()
    function: Literal["", "domain of", "days since"] = ""


@lru_cache(maxsize=1024)
def ways(get: Get) -> tuple[Get, ...]:
    """The paths of a field whose every step arrives at one object only, the first choice first."""
    choices = [
        [Hop(hop.kind, hop.name, one) for one in (hop.object, *hop.also)] for hop in get.hops
    ]
    return tuple(replace(get, hops=hops) for hops in product(*choices))


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


Atom = Compare | OneOf | Known | Truth
Condition = Atom | Not | All | Any


Reader = Callable[[Get], Value]
"""Gives a field's own value. It is asked for exactly the `Get`s that `reads` returns: `domain of`
and `days since` are computed here, from the value."""


def reads(condition: Condition) -> tuple[Get, ...]:
    """The fields that decide, each once, in the order written, without their functions."""
    found = {_plain(one): None for one in _gets(condition)}
    return tuple(found)


def counts_days(condition: Condition) -> bool:
    """Whether the condition may hold tomorrow without any change, since it counts days."""
    return any(one.function == "days since" for one in _gets(condition))


def atoms_of(condition: Condition) -> Iterator[Atom]:
    """The tests that a condition joins by `and`, `or` and `not`, in the order written."""
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from atoms_of(part)
        case Not(part):
            yield from atoms_of(part)
        case _:
            yield condition


def gets_of(atom: Atom) -> Iterator[Get]:
    """The fields of a test, with their functions."""
    sides = (atom.left, atom.right) if isinstance(atom, Compare) else (atom.left,)
    yield from (one for one in sides if isinstance(one, Get))


def holds(condition: Condition, get: Reader, today: str, zone: str = "UTC") -> bool:
    """Whether the condition holds: the reference meaning, written to be read.

    `today` is the team's day as `2026-01-31`; `zone` is the team's time zone (an IANA name), which
    decides the day of a moment.
    """
    match condition:
        case All(parts):
            return all(holds(part, get, today, zone) for part in parts)
        case Any(parts):
            return any(holds(part, get, today, zone) for part in parts)
        case Not(part):
            return not holds(part, get, today, zone)
        case Truth(left):
            return _value(left, get, today, zone) is True
        case Known(left):
            return _value(left, get, today, zone) is not None
        case OneOf(left, values):
            return any(
                holds(Compare(left, "is", Constant(one)), get, today, zone) for one in values
            )
        case Compare(left, sign, right):
            a, b = _value(left, get, today, zone), _value(right, get, today, zone)
            if a is None or b is None:
                return False
            if _by_day(left, right):
                a, b = day_of(a, zone), day_of(b, zone)
            return _compare(_fold(a), sign, _fold(b))


def closure(condition: Condition, zone: str = "UTC") -> Callable[[Reader, str], bool]:
    """The same as `holds`, as one function of (reader, today): constants are folded beforehand."""
    match condition:
        case All(parts):
            return _every(tuple(closure(part, zone) for part in parts))
        case Any(parts):
            return _some(tuple(closure(part, zone) for part in parts))
        case Not(part):
            inner = closure(part, zone)
            return lambda get, today: not inner(get, today)
        case Truth(left):
            value = _getter(left, zone)
            return lambda get, today: value(get, today) is True
        case Known(left):
            known = _getter(left, zone)
            return lambda get, today: known(get, today) is not None
        case OneOf(left, values):
            return _one_of(left, values, zone)
        case Compare(left, "is", Constant(value)):
            return _one_of(left, (value,), zone)
        case Compare():
            return _comparison(condition, zone)


def text(condition: Condition) -> str:
    """The condition as one would write it in a rule."""
    match condition:
        case All(parts):
            return " and ".join(_inside(part, (Any,)) for part in parts)
        case Any(parts):
            return " or ".join(text(part) for part in parts)
        case Not(Known(left)):
            return f"{_operand(left)} is blank"
        case Not(Compare(left, "is", right)):
            return f"{_operand(left)} is not {_operand(right, left)}"
        case Not(OneOf(left, values)):
            return f"{_operand(left)} not in {_list(left, values)}"
        case Not(part):
            return f"not {_inside(part, (All, Any))}"
        case Known(left):
            return f"{_operand(left)} is known"
        case Truth(left):
            return _operand(left)
        case OneOf(left, values):
            return f"{_operand(left)} in {_list(left, values)}"
        case Compare(left, sign, right):
            return f"{_operand(left)} {sign} {_operand(right, left)}"


def written(value: Value, beside: Operand | None) -> str:
    """A value as one writes it in a rule beside a field."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if isinstance(beside, Get) and beside.type in ("date", "datetime"):
            return value
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return str(value)


def day_of(value: Value, zone: str = "UTC") -> Value:
    """The day of a moment in a time zone; a date, and what is neither, as it is. A moment of the
    last day of all years stays on it in zones where no day is left."""
    if isinstance(value, str) and len(value) > 10 and value[10] == "T":
        try:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(_place(zone)).date().isoformat()
        except OverflowError:
            return value[:10]
        except ValueError:
            return value
    return value


def noon_of(day: Value, zone: str = "UTC") -> Value:
    """Twelve o'clock of a day in a time zone, as a moment in UTC; what is no day, as it is."""
    if isinstance(day, str) and len(day) == 10:
        return instant(
            datetime.combine(date.fromisoformat(day), time(12), _place(zone)).isoformat()
        )
    return day


@cache
def _place(zone: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    return ZoneInfo(zone)


_Folded = None | bool | int | float | str | tuple[str, ...]


def _gets(condition: Condition) -> Iterator[Get]:
    for atom in atoms_of(condition):
        yield from gets_of(atom)


def _plain(one: Get) -> Get:
    return replace(one, function="") if one.function else one


def _value(operand: Operand, get: Reader, today: str, zone: str) -> Value:
    if isinstance(operand, Constant):
        return operand.value
    return _apply(operand, get(_plain(operand)), today, zone)


def _apply(operand: Get, value: Value, today: str, zone: str) -> Value:
    if value is None or not operand.function:
        return value
    if operand.function == "domain of":
        return domain(value)
    return (date.fromisoformat(today) - date.fromisoformat(str(day_of(value, zone)))).days


def _by_day(left: Operand, right: Operand) -> bool:
    """A moment stands beside a date: both count as days."""
    fields = [one for one in (left, right) if isinstance(one, Get) and not one.function]
    types = [one.type for one in fields]
    return "datetime" in types and ("date" in types or _is_day(left) or _is_day(right))


def _is_day(operand: Operand) -> bool:
    return (
        isinstance(operand, Constant)
        and isinstance(operand.value, str)
        and _DAY.match(operand.value) is not None
    )


def _fold(value: Value) -> _Folded:
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, tuple):
        return tuple(one.strip().casefold() for one in value)
    return value


def _compare(a: _Folded, sign: str, b: _Folded) -> bool:
    """Two folded values; of different kinds (a text and a number) none holds."""
    if isinstance(a, tuple) and sign == "contains":
        return b in a
    if isinstance(a, str) and isinstance(b, str):
        return _TEXTS[sign](a, b)
    if sign == "is":
        return a == b and isinstance(a, bool) == isinstance(b, bool)
    if isinstance(a, (bool, str, tuple)) or isinstance(b, (bool, str, tuple)):
        return False
    if a is None or b is None or sign not in _NUMBERS:
        return False
    return _NUMBERS[sign](a, b)


_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "is": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": operator.contains,
    "starts with": str.startswith,
    "ends with": str.endswith,
}


def _every(parts: tuple[Callable[[Reader, str], bool], ...]) -> Callable[[Reader, str], bool]:
    def run(get: Reader, today: str) -> bool:
        for part in parts:  # noqa: SIM110  a loop is a third faster than all() here
            if not part(get, today):
                return False
        return True

    return run


def _some(parts: tuple[Callable[[Reader, str], bool], ...]) -> Callable[[Reader, str], bool]:
    def run(get: Reader, today: str) -> bool:
        for part in parts:  # noqa: SIM110
            if part(get, today):
                return True
        return False

    return run


def _getter(operand: Operand, zone: str) -> Callable[[Reader, str], Value]:
    if isinstance(operand, Constant):
        constant = operand.value
        return lambda get, today: constant
    plain = _plain(operand)
    if not operand.function:
        return lambda get, today: get(plain)
    return lambda get, today: _apply(operand, get(plain), today, zone)


def _one_of(left: Operand, values: tuple[Value, ...], zone: str) -> Callable[[Reader, str], bool]:
    """`is` and `in` with constants: one look into a set of folded values."""
    value = _getter(left, zone)
    known = [one for one in values if one is not None]
    days = frozenset(_fold(one) for one in known if _by_day(left, Constant(one)))
    rest = frozenset((_fold(one), isinstance(one, bool)) for one in known if _fold(one) not in days)

    def run(get: Reader, today: str) -> bool:
        found = value(get, today)
        if found is None:
            return False
        if days and _fold(day_of(found, zone)) in days:
            return True
        return (_fold(found), isinstance(found, bool)) in rest

    return run


def _comparison(condition: Compare, zone: str) -> Callable[[Reader, str], bool]:
    left, right = _getter(condition.left, zone), _getter(condition.right, zone)
    by_day, sign = _by_day(condition.left, condition.right), condition.operator

    def run(get: Reader, today: str) -> bool:
        a, b = left(get, today), right(get, today)
        if a is None or b is None:
            return False
        if by_day:
            a, b = day_of(a, zone), day_of(b, zone)
        return _compare(_fold(a), sign, _fold(b))

    return run


def _inside(part: Condition, looser: tuple[type, ...]) -> str:
    return f"({text(part)})" if isinstance(part, looser) else text(part)


def _operand(operand: Operand, beside: Operand | None = None) -> str:
    if isinstance(operand, Constant):
        return written(operand.value, beside)
    path = ".".join([*(_name(hop.name) for hop in operand.hops), _name(operand.field)])
    return f"{operand.function} {path}".strip()


def _list(left: Operand, values: tuple[Value, ...]) -> str:
    return f"[{', '.join(written(one, left) for one in values)}]"


_RESERVED = frozenset({"not", "true", "false", "blank", "known"})


def _name(name: str) -> str:
    return f"`{name}`" if name in _RESERVED else name
