"""The parts of a condition: which of them decides for a record, and which record shows that.

A part decides where the whole would come out otherwise if only it did: one side of an `or` that
holds alone, one part of an `and` that alone fails, one value of a list. Knows conditions and no
rules; what a test reached is `coverage.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...connectors.base.values import Value
from ...dsl.conditions import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    Get,
    Not,
    OneOf,
    atoms_of,
    holds,
    text,
)


@dataclass(frozen=True, slots=True)
class Part:
    """A test inside a condition, by its number in the order written, and how it comes out; of a
    list that holds, `value` is the one that was met."""

    number: int
    true: bool
    value: Value = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a record must satisfy so that a part decides, and what it decides: `acts`."""

    part: Part
    conditions: tuple[Condition, ...]
    acts: bool
    said: str


def wanted(condition: Condition) -> list[Wanted]:
    """Every way in which a part of the condition can decide."""
    return list(_wanted(condition, (), True, _Count()))


def deciding(
    condition: Condition, get: Callable[[Get], Value], today: str, zone: str
) -> list[Part]:
    """The parts that decide for a record."""
    tests = list(atoms_of(condition))
    true = [holds(one, get, today, zone) for one in tests]
    found = []
    for number, one in enumerate(tests):
        if len({_whole(condition, true, number, flag) for flag in (True, False)}) < 2:
            continue
        value = None
        if isinstance(one, OneOf) and true[number]:
            met = (each for each in one.values if holds(_is(one, each), get, today, zone))
            value = next(met, None)
        found.append(Part(number, true[number], value))
    return found


class _Count:
    """Numbers the tests in the order written."""

    def __init__(self) -> None:
        self.next = 0


def _wanted(
    condition: Condition, context: tuple[Condition, ...], straight: bool, count: _Count
) -> Iterator[Wanted]:
    match condition:
        case All(parts):
            for place, one in enumerate(parts):
                others = tuple(each for at, each in enumerate(parts) if at != place)
                yield from _wanted(one, (*context, *others), straight, count)
        case Any(parts):
            for place, one in enumerate(parts):
                others = tuple(Not(each) for at, each in enumerate(parts) if at != place)
                yield from _wanted(one, (*context, *others), straight, count)
        case Not(inner):
            yield from _wanted(inner, context, not straight, count)
        case _:
            number = count.next
            count.next += 1
            if isinstance(condition, OneOf):
                for value in condition.values:
                    met = _is(condition, value)
                    yes = Part(number, True, value)
                    yield Wanted(yes, (*context, met), straight, text(met))
            else:
                yes = Part(number, True)
                yield Wanted(yes, (*context, condition), straight, text(condition))
            no = Not(condition)
            yield Wanted(Part(number, False), (*context, no), not straight, text(no))


def _is(one: OneOf, value: Value) -> Condition:
    return Compare(one.left, "is", Constant(value))


def _whole(condition: Condition, true: list[bool], number: int, flag: bool) -> bool:
    """How the condition comes out with one of its tests set."""
    count = _Count()

    def value(one: Condition) -> bool:
        match one:
            case All(parts):
                # Each part is gone through, also where the first has decided: tests are counted.
                found = [value(part) for part in parts]
                return all(found)
            case Any(parts):
                found = [value(part) for part in parts]
                return any(found)
            case Not(part):
                return not value(part)
        here = count.next
        count.next += 1
        return flag if here == number else true[here]

    return value(condition)
