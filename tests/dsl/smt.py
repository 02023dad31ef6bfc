"""Conditions as a solver sees them: a second opinion on every verdict of the logic.

Says in formulas of z3 what `conditions.holds` says in Python: texts as texts, days as numbers, a
record that isn't there as blank. It shares no line with `dsl/logic`. Needs z3, which comes with the
extra `soak`; who compares is `smt_soak.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from importlib import import_module
from typing import Any as Whatever

from syncrules.connectors.base.schema import Field
from syncrules.connectors.base.values import Value, domain
from syncrules.dsl.conditions import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    Get,
    Hop,
    Known,
    Not,
    OneOf,
    Operand,
    Truth,
)

z3: Whatever = import_module("z3")
Formula = Whatever
Describe = Callable[[Get], Field | None]

FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()
FIRST_TODAY = date(2026, 1, 1).toordinal()
MOMENTS = 86_400_000
"""Moments of a day."""
TEXTS = ("text", "id", "choice")
PATIENCE = 2_000
"""Milliseconds after which the solver gives up."""


class GaveUp(Exception):
    """The solver has no verdict; parts of texts are hard."""


def possible(conditions: Sequence[Condition], describe: Describe, *, tied: bool = True) -> bool:
    """Whether some record satisfies all conditions on some day.

    `tied` off takes all that conditions read for independent of each other: a date and the days
    since, a record that is missing and its fields, tests of parts of one text.
    """
    day = Day()
    record = Record(describe, day, "", tied=tied)
    record.know(conditions)
    formulas = [record.formula(one) for one in conditions]
    return satisfied([*formulas, *record.limits, *day.limits])


def reached(arms: Sequence[tuple[str, Condition | None]], number: int, describe: Describe) -> bool:
    """Whether some records make an arm (`any`, `all` or `none`, condition) the first true one.

    As many records as there are arms are enough: one for each that must be inside or outside.
    """
    day = Day()
    records = [Record(describe, day, f"{n}.", tied=True) for n in range(len(arms) + 1)]
    there = [z3.Bool(f"{n}.there") for n in range(len(records))]
    conditions = [one for _, one in arms if one is not None]
    for one in records:
        one.know(conditions)

    def true(word: str, condition: Condition | None) -> Formula:
        none = z3.Not(z3.Or(there))
        if condition is None:
            return none
        inside = [one.formula(condition) for one in records]
        if word == "any":
            return z3.Or([z3.And(here, one) for here, one in zip(there, inside, strict=True)])
        every = [z3.Implies(here, one) for here, one in zip(there, inside, strict=True)]
        return z3.And([z3.Not(none), *every])

    wanted = [true(*arms[number]), *(z3.Not(true(*one)) for one in arms[:number])]
    limits = [limit for one in records for limit in one.limits]
    return satisfied([*wanted, *limits, *day.limits])


def satisfied(formulas: Sequence[Formula]) -> bool:
    """Whether all formulas hold for some values of their variables. Raises `GaveUp`."""
    solver = z3.Solver()
    solver.set("timeout", PATIENCE)
    solver.add(*formulas)
    verdict = solver.check()
    if verdict == z3.unknown:
        raise GaveUp(solver.reason_unknown())
    return bool(verdict == z3.sat)


class Day:
    """The day on which conditions are asked, one for all records."""

    def __init__(self) -> None:
        self.number = z3.Int("today")
        self.limits = [self.number >= FIRST_TODAY, self.number <= LAST_DAY]


class Record:
    """The variables of a record and of those it leads to; `limits` always hold of them."""

    def __init__(self, describe: Describe, day: Day, name: str, *, tied: bool) -> None:
        self.describe = describe
        self.day = day
        self.name = name
        self.tied = tied
        self.limits: list[Formula] = []
        self._known: dict[Get, Formula] = {}
        self._values: dict[Get, Formula] = {}
        self._members: dict[tuple[Get, str], Formula] = {}
        self._there: dict[tuple[Hop, ...], Formula] = {}

    def know(self, conditions: Sequence[Condition]) -> None:
        """Lays down what holds of all that some conditions read."""
        tests = [test for one in conditions for test in tests_of(one)]
        gets = dict.fromkeys(get for test in tests for get in _gets(test))
        for get in gets:
            self.known(get)
            if get.function and self.tied:
                self.known(replace(get, function=""))
        if not self.tied:
            return
        for test in tests:
            for get, text in _texts_beside(test):
                if replace(get, function="domain of") in gets:
                    self._domain_of(get, text)
        for get in gets:
            if get.type == "choices":
                self._members_of(get, tests)

    # ---- conditions

    def formula(self, condition: Condition) -> Formula:
        """The condition, as `conditions.holds` has it."""
        match condition:
            case All(parts):
                return z3.And([self.formula(one) for one in parts])
            case Any(parts):
                return z3.Or([self.formula(one) for one in parts])
            case Not(part):
                return z3.Not(self.formula(part))
            case Known(left):
                return self.known(left)
            case Truth(left):
                return z3.And(self.known(left), self.value(left))
            case OneOf(left, values):
                return z3.Or([self._compare(Compare(left, "is", Constant(one))) for one in values])
            case Compare():
                return self._compare(condition)

    def _compare(self, test: Compare) -> Formula:
        left, sign, right = test.left, test.operator, test.right
        assert isinstance(left, Get)
        if left.type == "choices" and not left.function:
            assert isinstance(right, Constant)
            return self._member(left, folded(right.value))
        if not self.tied and undecided(test, self.describe):
            return z3.Bool(f"{self.name}{_plain(test)}")
        known = [self.known(one) for one in (left, right) if isinstance(one, Get)]
        by_day = "datetime" in (_type(left), _type(right)) and (
            isinstance(right, Constant) or "date" in (_type(left), _type(right))
        )
        a, b = (self._side(one, left, by_day=by_day) for one in (left, right))
        signs = {
            "is": lambda: a == b,
            "<": lambda: a < b,
            "<=": lambda: a <= b,
            ">": lambda: a > b,
            ">=": lambda: a >= b,
            "contains": lambda: z3.Contains(a, b),
            "starts with": lambda: z3.PrefixOf(b, a),
            "ends with": lambda: z3.SuffixOf(b, a),
        }
        return z3.And([*known, signs[sign]()])

    def _side(self, side: Operand, left: Get, *, by_day: bool) -> Formula:
        if isinstance(side, Constant):
            return _constant(side.value, left)
        value = self.value(side)
        return value / MOMENTS if by_day and _type(side) == "datetime" else value

    # ---- variables

    def known(self, get: Get) -> Formula:
        """Whether a field, or a function of it, has a value."""
        if get not in self._known:
            if get.function == "days since" and self.tied:
                return self.known(replace(get, function=""))
            own = z3.Bool(f"{self.name}known {get}")
            self._known[get] = own
            if get.type == "boolean" and not get.hops:
                self.limits.append(own)
            if self.tied:
                self._tie(get, own)
        return self._known[get]

    def _tie(self, get: Get, own: Formula) -> None:
        if get.function:
            self.limits.append(z3.Implies(own, self.known(replace(get, function=""))))
        elif get.type == "boolean" and get.hops:
            self.limits.append(own == self._is_there(get.hops))
        elif get.hops:
            self.limits.append(z3.Implies(own, self._is_there(get.hops)))

    def _is_there(self, hops: tuple[Hop, ...]) -> Formula:
        """Whether some dots lead to a record."""
        if hops not in self._there:
            own = z3.Bool(f"{self.name}there {hops}")
            self._there[hops] = own
            *before, last = hops
            if before:
                self.limits.append(z3.Implies(own, self._is_there(tuple(before))))
            if last.kind == "reference":
                reference = Get(last.name, "reference", tuple(before))
                self.limits.append(z3.Implies(own, self.known(reference)))
        return self._there[hops]

    def value(self, get: Get) -> Formula:
        """The value of a field, or of a function of it, where it is known."""
        if get.function == "days since" and self.tied:
            plain = replace(get, function="")
            day = self.value(plain) / MOMENTS if get.type == "datetime" else self.value(plain)
            return z3.ToReal(self.day.number - day)
        if get not in self._values:
            self._values[get] = self._variable(get, f"{self.name}{get}")
        return self._values[get]

    def _variable(self, get: Get, name: str) -> Formula:
        field = self.describe(get)
        match "text" if get.function == "domain of" else get.function or get.type:
            case "text" | "id" | "choice":
                own = z3.String(name)
                self.limits.append(z3.Length(own) > 0)
                if field is not None and field.type == "choice" and field.restricted:
                    choices = [own == z3.StringVal(folded(one.value)) for one in field.choices]
                    self.limits += [z3.Or(choices)] if not get.function else []
                return own
            case "boolean":
                return z3.Bool(name)
            case "number":
                whole = field is not None and field.format == "integer"
                return z3.ToReal(z3.Int(name)) if whole else z3.Real(name)
            case "days since":
                most = LAST_DAY - FIRST_DAY
                self.limits += [z3.Int(name) >= -most, z3.Int(name) <= most]
                return z3.ToReal(z3.Int(name))
            case "date":
                own = z3.Int(name)
                self.limits += [own >= FIRST_DAY, own <= LAST_DAY]
                return own
            case "datetime":
                own = z3.Int(name)
                self.limits += [own >= FIRST_DAY * MOMENTS, own < (LAST_DAY + 1) * MOMENTS]
                return own
        raise AssertionError(f"{get} is never compared")

    def _member(self, get: Get, value: str) -> Formula:
        if (get, value) not in self._members:
            self._members[get, value] = z3.Bool(f"{self.name}{get} has {value}")
        return self._members[get, value]

    def _members_of(self, get: Get, tests: Sequence[Condition]) -> None:
        """A multiple choice is known just where it has a value, of the schema or any."""
        field = self.describe(get)
        known = {folded(one.value) for one in field.choices} if field is not None else set()
        open = field is None or not field.restricted
        asked = {
            folded(test.right.value)
            for test in tests
            if isinstance(test, Compare) and test.left == get and isinstance(test.right, Constant)
        }
        values = asked | known if open else known
        self.limits += [z3.Not(self._member(get, one)) for one in asked - values]
        others = [self._member(get, one) for one in values] + (
            [z3.Bool(f"{self.name}{get} has more")] if open else []
        )
        self.limits.append(self.known(get) == z3.Or(others))

    def _domain_of(self, get: Get, text: str) -> None:
        """A text that is named has one domain, or none."""
        there, found = replace(get, function="domain of"), domain(text)
        named = z3.And(self.known(get), self.value(get) == z3.StringVal(folded(text)))
        own = z3.Not(self.known(there))
        if found is not None:
            own = z3.And(self.known(there), self.value(there) == z3.StringVal(folded(found)))
        self.limits.append(z3.Implies(named, own))


def undecided(test: Condition, describe: Describe) -> bool:
    """Whether sets and intervals leave a test undecided, as the logic promises it."""
    if not isinstance(test, Compare):
        return False
    if isinstance(test.right, Get):
        return True
    left = test.left
    if not isinstance(left, Get) or test.operator not in ("contains", "starts with", "ends with"):
        return False
    if left.type == "choices":
        return False
    field = describe(left)
    closed = field is not None and field.type == "choice" and field.restricted
    return bool(left.function) or not closed


def tests_of(condition: Condition) -> Iterator[Condition]:
    """The tests that a condition is made of."""
    match condition:
        case All(parts) | Any(parts):
            for part in parts:
                yield from tests_of(part)
        case Not(part):
            yield from tests_of(part)
        case _:
            yield condition


def folded(value: Value) -> str:
    """A text as it is compared."""
    return str(value).strip().casefold()


def _plain(test: Compare) -> Compare:
    """A test as it is whatever the letter case of its text."""
    if isinstance(test.right, Constant) and isinstance(test.right.value, str):
        return replace(test, right=Constant(folded(test.right.value)))
    return test


def _gets(test: Condition) -> Iterator[Get]:
    sides = (test.left, test.right) if isinstance(test, Compare) else (getattr(test, "left", None),)
    yield from (one for one in sides if isinstance(one, Get))


def _texts_beside(test: Condition) -> Iterator[tuple[Get, str]]:
    """The texts that a field is held equal to."""
    left = getattr(test, "left", None)
    if not isinstance(left, Get) or left.function or left.type not in TEXTS:
        return
    if isinstance(test, OneOf):
        yield from ((left, one) for one in test.values if isinstance(one, str))
    elif isinstance(test, Compare) and test.operator == "is" and isinstance(test.right, Constant):
        yield left, str(test.right.value)


def _type(side: Operand) -> str:
    """The type of a field; of a function of it, or of a constant, none that a day could have."""
    return side.type if isinstance(side, Get) and not side.function else ""


def _constant(value: Value, beside: Get) -> Formula:
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if isinstance(value, (int, float)):
        exact = Fraction(value)
        return z3.RealVal(f"{exact.numerator}/{exact.denominator}")
    if beside.type in ("date", "datetime") and not beside.function:
        return z3.IntVal(date.fromisoformat(str(value)).toordinal())
    return z3.StringVal(folded(value))
