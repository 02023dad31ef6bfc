"""What holds of every record, whatever conditions say: what ties the variables of a space together.

A record that isn't there is blank in all its fields; an address has one domain, a test that holds
needs its field known. `space.py` makes the variables; without these ties they are independent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

from ...connectors.base.values import domain
from ..conditions import Atom, Compare, Constant, Get, gets_of
from .cells import BLANK, Finite, fold
from .solve import Formula, Literal
from .space import Space, kind_of, passing

MOST_TOGETHER = 50
"""Tests of parts of one text that are compared with each other."""


def ties(space: Space) -> Iterator[Formula]:
    """Formulas that hold of all records that can be."""
    for key, variable in space.keys.items():
        if isinstance(key, Get):
            yield from _of_hops(space, key, variable)
            if key.function == "domain of":
                yield from _of_domain(space, key, variable)
            elif key.function == "days since":
                plain = space.keys[replace(key, function="")]
                yield _implies(space, _known(space, plain), _known(space, variable))
                yield _implies(space, _known(space, variable), _known(space, plain))
            elif kind_of(key) == "set":
                yield from _of_members(space, key, variable)
        else:
            yield from _of_test(space, key, variable)
    yield from _of_texts(space)


def _of_hops(space: Space, key: Get, variable: int) -> Iterator[Formula]:
    """Without a reference there is no record, and all of a record that is missing is blank."""
    for depth, hop in enumerate(key.hops):
        reference = space.keys.get(Get(hop.name, "reference", key.hops[:depth]))
        if hop.kind == "reference" and reference is not None:
            yield _implies(space, _known(space, variable), _known(space, reference))
    if kind_of(key) == "boolean" and key.hops:
        for other, number in space.keys.items():
            if isinstance(other, Get) and other.hops[: len(key.hops)] == key.hops:
                yield _implies(space, _known(space, number), _known(space, variable))


def _of_domain(space: Space, key: Get, variable: int) -> Iterator[Formula]:
    """An address that is named has one domain."""
    plain = space.keys[replace(key, function="")]
    own, whole = space.cells[variable], space.cells[plain]
    assert isinstance(own, Finite) and isinstance(whole, Finite)
    yield _implies(space, _known(space, variable), _known(space, plain))
    for mask, value in whole.values.items():
        found = domain(value)
        there = BLANK if found is None else own.of(fold(found)) or own.other
        yield _implies(space, Literal(plain, mask), Literal(variable, there))


def _of_members(space: Space, key: Get, variable: int) -> Iterator[Formula]:
    """A multiple choice is known just where it has a value."""
    members = {
        fold(str(test.right.value)): number
        for test, number in space.keys.items()
        if isinstance(test, Compare) and space.member(test) and test.left == key
        if isinstance(test.right, Constant)
    }
    for number in members.values():
        yield _implies(space, Literal(number, 2), _known(space, variable))
    field = space.describe(key)
    if field is not None and field.restricted and field.choices:
        values = {fold(one.value) for one in field.choices}
        for value in members.keys() - values:
            yield Literal(members[value], 4)
        if values <= members.keys():
            some = [Literal(members[one], 2) for one in sorted(values)]
            yield space.either([_opposite(space, _known(space, variable)), *some])


def _of_test(space: Space, key: Atom, variable: int) -> Iterator[Formula]:
    """A test that holds needs its fields known; of a text that is named it is decided."""
    for get in gets_of(key):
        yield _implies(space, Literal(variable, 2), _known(space, space.keys[get]))
    if not isinstance(key, Compare) or not isinstance(key.right, Constant):
        return
    if isinstance(key.left, Get) and kind_of(key.left) == "text":
        text = space.keys[key.left]
        cells = space.cells[text]
        assert isinstance(cells, Finite)
        good = passing(cells, key.operator, key.right.value)
        yield _implies(space, Literal(variable, 2), Literal(text, good | cells.other))
        yield _implies(space, Literal(variable, 4), Literal(text, cells.full & ~good))


def _of_texts(space: Space) -> Iterator[Formula]:
    """What starts with "sales" contains "sale"; nothing starts with "a" and with "b"."""
    tests: dict[Get, list[tuple[str, str, int]]] = {}
    for number, test in space.undecided.items():
        match test:
            case Compare(Get() as get, "contains" | "starts with" | "ends with", Constant(value)):
                if kind_of(get) == "text":
                    tests.setdefault(get, []).append((test.operator, str(value), number))
    for some in tests.values():
        if len(some) > MOST_TOGETHER:
            continue
        for (sign, word, one), (other_sign, inner, other) in permutations(some, 2):
            if _includes(sign, word, other_sign, inner):
                yield _implies(space, Literal(one, 2), Literal(other, 2))
            elif sign == other_sign != "contains" and not _includes(sign, inner, sign, word):
                yield _implies(space, Literal(one, 2), Literal(other, 4))


def _known(space: Space, variable: int) -> Literal:
    return Literal(variable, space.full[variable] & ~BLANK)


def _opposite(space: Space, literal: Literal) -> Literal:
    return Literal(literal.variable, space.full[literal.variable] & ~literal.mask)


def _implies(space: Space, one: Literal, other: Literal) -> Formula:
    return space.either([_opposite(space, one), other])


def _includes(sign: str, word: str, other_sign: str, inner: str) -> bool:
    """Whether each text that passes the first test passes the second."""
    if other_sign == "contains":
        return inner in word
    if sign != other_sign:
        return False
    return word.startswith(inner) if sign == "starts with" else word.endswith(inner)
