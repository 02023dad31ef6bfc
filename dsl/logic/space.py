"""Conditions as formulas: which variables there are, and which of their cells a condition takes.

A variable is a field of the record, or of another one over hops; a function of a field; or a test
that sets and intervals don't decide (`title contains "sales"`, two fields compared), which is a
yes or no of its own: undecided. What ties variables together is in `ties.py`, how a formula is
solved in `solve.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from ...connectors.base.schema import Field
from ...connectors.base.values import Value
from ..conditions import (
    All,
    Any,
    Atom,
    Compare,
    Condition,
    Constant,
    Get,
    Known,
    Not,
    OneOf,
    Truth,
    atoms_of,
    gets_of,
    holds,
)
from .cells import (
    BLANK,
    FIRST_DAY,
    LAST_DAY,
    Cells,
    Finite,
    Line,
    fold,
    line,
    texts,
    yes_or_no,
)
from .solve import TRUE, Both, Either, Formula, Literal

Describe = Callable[[Get], Field | None]
"""The schema's description of a field that a condition reads."""

Key = Get | Atom
"""What a variable stands for: a field (or a function of one), or a test."""

_SIGNS = ("is", "<", "<=", ">", ">=")


class Space:
    """The variables of some conditions, and these conditions as formulas over them."""

    def __init__(self, describe: Describe, conditions: Iterable[Condition]) -> None:
        self.describe = describe
        self._named: dict[Get, dict[str, None]] = {}
        self._points: dict[Get, set[float]] = {}
        self.keys: dict[Key, int] = {}
        self.undecided: dict[int, Compare | OneOf] = {}
        self._literals: dict[Atom, Literal] = {}
        atoms = [atom for one in conditions for atom in atoms_of(one)]
        found = list(dict.fromkeys(atoms))
        for atom in found:
            self._collect(atom)
        self.cells: list[Cells] = [self._cut(one) for one in self.keys]
        self.full = [one.full for one in self.cells]
        # Each date that is asked for its `days since`, with the variable of these.
        self.ages = [
            (replace(key, function=""), variable)
            for key, variable in self.keys.items()
            if isinstance(key, Get) and key.function == "days since"
        ]
        for atom in found:
            self._literals[atom] = self._literal(atom)
        # The tests themselves, which most questions are about: found without comparing them.
        self._same = {id(atom): (atom, self._literals[atom]) for atom in atoms}

    # ---- formulas

    def formula(self, condition: Condition, *, holds: bool = True) -> Formula:
        """The condition, or with `holds` off its opposite."""
        match condition:
            case Not(part):
                return self.formula(part, holds=not holds)
            case All(parts) | Any(parts):
                inner = [self.formula(part, holds=holds) for part in parts]
                if isinstance(condition, All) != holds:
                    return self.either(inner)
                return inner[0] if len(inner) == 1 else Both(tuple(inner))
            case _:
                same = self._same.get(id(condition))
                literal = same[1] if same is not None else self._literals[condition]
                mask = literal.mask if holds else self.full[literal.variable] & ~literal.mask
                return Literal(literal.variable, mask)

    def either(self, parts: Sequence[Formula]) -> Formula:
        """One of the parts: literals of one variable become one."""
        masks: dict[int, int] = {}
        rest: list[Formula] = []
        for part in parts:
            inner = part.parts if isinstance(part, Either) else (part,)
            for one in inner:
                if isinstance(one, Literal):
                    masks[one.variable] = masks.get(one.variable, 0) | one.mask
                else:
                    rest.append(one)
        if any(mask == self.full[variable] for variable, mask in masks.items()):
            return TRUE
        merged = [*(Literal(a, b) for a, b in masks.items()), *rest]
        return merged[0] if len(merged) == 1 else Either(tuple(merged))

    # ---- variables

    def _collect(self, atom: Atom) -> None:
        """Note the variables that a test needs, and the values that it tells apart."""
        for get in gets_of(atom):
            self._add(get)
            if get.function:
                self._add(replace(get, function=""))
        left = atom.left
        if not isinstance(left, Get):
            self._opaque(atom)
            return
        if isinstance(atom, (Known, Truth)):
            return
        constants = _constants(atom)
        sign = atom.operator if isinstance(atom, Compare) else "is"
        if constants is None or not self._decides(left, sign, constants):
            self._opaque(atom)
        elif kind_of(left) == "line":
            numbers = (_number(left, one) for one in constants)
            self._points[left].update(one for one in numbers if one is not None)
        elif kind_of(left) == "text":
            self._named[left].update((one, None) for one in constants if isinstance(one, str))

    def _add(self, get: Get) -> None:
        if get not in self.keys:
            self.keys[get] = len(self.keys)
            self._named[get], self._points[get] = {}, set()

    def _opaque(self, atom: Atom) -> None:
        key = _test(atom)
        if key not in self.keys:
            self.keys[key] = len(self.keys)
            if not self.member(key):
                assert isinstance(key, (Compare, OneOf))
                self.undecided[self.keys[key]] = key

    def member(self, key: Key) -> bool:
        """The test whether a multiple choice has a value, which sets decide."""
        return (
            isinstance(key, Compare)
            and isinstance(key.left, Get)
            and isinstance(key.right, Constant)
            and kind_of(key.left) == "set"
            and key.operator == "contains"
        )

    def _decides(self, left: Get, sign: str, constants: Sequence[Value]) -> bool:
        kind = kind_of(left)
        if kind == "line":
            known = [one for one in constants if one is not None]
            return sign in _SIGNS and None not in [_number(left, one) for one in known]
        if kind == "text":
            return sign == "is" or (self._closed(left) and sign not in _SIGNS)
        return kind == "boolean" and sign == "is"

    def _closed(self, get: Get) -> bool:
        """A choice that takes the values of the schema and no other."""
        field = self.describe(get)
        return (
            field is not None
            and not get.function
            and field.type == "choice"
            and (field.restricted and bool(field.choices))
        )

    def _cut(self, key: Key) -> Cells:
        if not isinstance(key, Get):
            return yes_or_no(blank=False)
        kind, field = kind_of(key), self.describe(key)
        if kind == "boolean":
            return yes_or_no(blank=bool(key.hops))
        if kind == "line":
            points = self._points[key]
            if key.function == "days since":
                most = LAST_DAY - FIRST_DAY
                return line(points, whole=True, low=-most, high=most)
            if key.type != "number":
                return line(points, whole=True, low=FIRST_DAY, high=LAST_DAY)
            return line(points, whole=field is not None and field.format == "integer")
        if field is not None and self._closed(key):
            return _choices(tuple(one.value for one in field.choices))
        return texts(self._named[key], closed=False)

    def _literal(self, atom: Atom) -> Literal:
        left = atom.left
        own = self.keys.get(_test(atom))
        if own is not None:
            return Literal(own, 2)
        assert isinstance(left, Get)
        variable = self.keys[left]
        cells = self.cells[variable]
        if isinstance(atom, Known):
            return Literal(variable, cells.full & ~BLANK)
        if isinstance(atom, Truth):
            return Literal(variable, cells.of(True) if isinstance(cells, Finite) else 0)
        mask = 0
        sign = atom.operator if isinstance(atom, Compare) else "is"
        for value in _constants(atom) or ():
            mask |= self._mask(left, cells, sign, value)
        return Literal(variable, mask)

    def _mask(self, left: Get, cells: Cells, sign: str, value: Value) -> int:
        if isinstance(cells, Line):
            point = _number(left, value)
            return 0 if point is None else cells.compared(sign, point)
        if isinstance(value, bool):
            return cells.of(value) if kind_of(left) == "boolean" else 0
        if not isinstance(value, str) or kind_of(left) == "boolean":
            return 0
        return cells.of(fold(value)) if sign == "is" else passing(cells, sign, value)


@lru_cache(maxsize=256)
def _choices(values: tuple[str, ...]) -> Finite:
    """The cells of a choice; many rules ask about the same."""
    return texts(values, closed=True)


def kind_of(get: Get) -> str:
    """`text`, `line` (what has an order), `boolean`, `set`, or `reference`: known or not."""
    if get.function:
        return "text" if get.function == "domain of" else "line"
    if get.type in ("number", "date", "datetime"):
        return "line"
    if get.type == "boolean":
        return "boolean"
    if get.type == "choices":
        return "set"
    return "text" if get.type in ("text", "id", "choice") else "reference"


def passing(cells: Finite, sign: str, value: Value) -> int:
    """The cells of named values that pass a test of texts."""
    mask = 0
    for one, named in cells.values.items():
        test = Compare(Constant(named), sign, Constant(value))  # type: ignore[arg-type]
        if holds(test, lambda get: None, ""):
            mask |= one
    return mask


def _constants(atom: Atom) -> tuple[Value, ...] | None:
    """What a test compares with; None for another field."""
    if isinstance(atom, OneOf):
        return atom.values
    if isinstance(atom, Compare) and isinstance(atom.right, Constant):
        return (atom.right.value,)
    return None


def _test(atom: Atom) -> Atom:
    """A test without regard to letter case, so that it is one variable however it is written."""
    if isinstance(atom, Compare) and isinstance(atom.right, Constant):
        value = atom.right.value
        if isinstance(value, str):
            return replace(atom, right=Constant(fold(value)))
    return atom


def _number(left: Get, value: Value) -> float | None:
    """A constant as a point on the line of its field."""
    if left.type == "number" or left.function:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return value
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value).toordinal()
    except ValueError:
        return None
