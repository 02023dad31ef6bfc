"""What rules rest on: each object and field that one of them names, and which values of it.

Knows typed rules only. Which of it a change of a schema touches is asked by `engine/schemas.py` and
`engine/drift.py`, where a field is mapped by `engine/fields.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from ..connectors.base.frozen import dataclass
from . import conditions
from .conditions import Atom, Compare, Condition, Constant, Get, OneOf
from .rules import (
    InferRule,
    MoveRule,
    PairRules,
    Place,
    RowRule,
    RuleSet,
    Side,
    Tie,
)

Choices = tuple[str, ...] | None
"""The values of a choice that a rule names; None: it takes any."""


@dataclass(frozen=True, slots=True)
class Use:
    """A rule between `left` and `right` rests on a field of `object`, of a side; "": on the object.

    `part` says what of the pair's rules: one of its `row`s (or what is inferred), which writes
    `writes`; a `move`, which creates and links; or the whole `pair`, for its keys. `whole`: the
    table must have all values of the field. `makes`: records of the object may be made for it.
    """

    side: Side
    object: str
    field: str
    rule: str
    place: Place
    left: str
    right: str
    part: Literal["row", "move", "pair"]
    choices: Choices = None
    whole: bool = False
    writes: tuple[tuple[Side, str], ...] = ()
    makes: bool = True


@dataclass(frozen=True, slots=True)
class Touched:
    """A rule that can't go on since a system has changed: what of it, which system, and the
    difference in words. `right`: the login may no longer do something. `gone`: there is no such
    field or object any more."""

    use: Use
    system: str
    difference: str
    right: bool = False
    gone: bool = False


def uses(rules: RuleSet) -> list[Use]:
    """All that rules rest on, in the order of the pairs, what is said of one thing by one rule
    once."""
    found: dict[Use, None] = {}
    for pair in rules.pairs:
        found.update(dict.fromkeys(_of_pair(pair)))
    return list(found)


def _of_pair(pair: PairRules) -> Iterator[Use]:
    for move in pair.moves:
        yield from _of_move(pair, move)
    yield from _of_links(pair)
    for row in pair.rows:
        yield from _of_row(pair, row)
    for infer in pair.infers:
        yield from _of_infer(pair, infer)


def _of_links(pair: PairRules) -> Iterator[Use]:
    """Keys and tie-breakers are the pair's; they are told of the first rule that links."""
    linking = [(one.place, one.name) for one in pair.moves]
    linking += [(one.place, one.name) for one in pair.enriches]
    linking += [(one.place, one.text) for one in pair.infers]
    if not linking:
        return
    place, rule = min(linking)

    def use(side: Side, object: str, field: str) -> Use:
        return Use(side, object, field, rule, place, pair.left, pair.right, "pair")

    for key in pair.keys:
        for left, right in key.pairs:
            yield use("left", pair.left, left)
            yield use("right", pair.right, right)
    for tie in pair.ties:
        for side, object, field in _of_tie(pair, tie):
            yield use(side, object, field)


def _of_move(pair: PairRules, move: MoveRule) -> Iterator[Use]:
    here: Side = "left" if move.direction == "push" else "right"
    there = _other(here)
    objects: dict[Side, str] = {"left": pair.left, "right": pair.right}

    def use(side: Side, object: str, field: str, choices: Choices = None) -> Use:
        where = (move.name, move.place, pair.left, pair.right)
        return Use(side, object, field, *where, "move", choices)

    # What it reads, a rule of the other way makes; without one, it may be brought along.
    back = any(one.direction != move.direction for one in pair.moves)
    for side, object in objects.items():
        yield replace(use(side, object, ""), makes=side == there or not back)
    for condition in (move.when, move.stop):
        for where in _of_condition(here, objects[here], condition):
            yield use(*where)
    if move.source is not None:
        yield use(there, objects[there], move.source[0], (move.source[1],))
    for one in move.stand_ins:
        yield use(here, objects[here], one.source)
        yield use(there, objects[there], one.field)
        yield use(there, one.object, one.key)
        for tie in one.ties:
            found, _, name = (tie.left if there == "left" else tie.right).rpartition(".")
            if name:
                yield use(there, found or one.object, name)
    for event in move.events:
        if event.field:
            yield use(there, objects[there], event.field, () if event.reads else (event.text,))
        for name in event.reads:
            yield use(here, objects[here], name)


def _of_row(pair: PairRules, row: RowRule) -> Iterator[Use]:
    """A row whose table is written rests on the values in it."""
    writes = tuple((side, field) for side, _, field in row.writes)

    def use(side: Side, field: str, choices: Choices = None) -> Use:
        object = pair.left if side == "left" else pair.right
        rule = row.text if row.standard else row.called
        where = (rule, row.place, pair.left, pair.right)
        return Use(side, object, field, *where, "row", choices, bool(row.table), writes)

    constant = (row.constant,) if isinstance(row.constant, str) else None
    if row.left:
        yield use("left", row.left, _values(row, 0) or constant)
    if row.right:
        yield use("right", row.right, _values(row, 1) or constant)
    for name in row.reads:
        yield use("left" if row.direction == "push" else "right", name)


def _values(row: RowRule, place: int) -> Choices:
    return tuple(dict.fromkeys(str(one[place]) for one in row.table)) or None


def _of_infer(pair: PairRules, infer: InferRule) -> Iterator[Use]:
    there = _other(infer.side)
    writes = ((infer.side, infer.field),)

    def use(side: Side, object: str, field: str, choices: Choices = None) -> Use:
        where = (infer.text, infer.place, pair.left, pair.right)
        return Use(side, object, field, *where, "row", choices, False, writes)

    values = tuple(dict.fromkeys(one.value for one in infer.arms))
    yield use(infer.side, infer.object, infer.field, values)
    yield use(there, infer.related, infer.via)
    for arm in infer.arms:
        for where in _of_condition(there, infer.related, arm.when):
            yield use(*where)


def _of_tie(pair: PairRules, tie: Tie) -> Iterator[tuple[Side, str, str]]:
    ends: tuple[tuple[Side, str, str], ...] = (
        ("left", tie.left, pair.left),
        ("right", tie.right, pair.right),
    )
    for side, field, own in ends:
        object, _, name = field.rpartition(".")
        if name:
            yield side, object or own, name


def _of_condition(
    side: Side, object: str, condition: Condition | None
) -> Iterator[tuple[Side, str, str, Choices]]:
    """(side, object, field, values) of all that decides a condition."""
    for atom in conditions.atoms_of(condition) if condition is not None else ():
        ways = (way for get in conditions.gets_of(atom) for way in conditions.ways(get))
        for get in ways:
            here, at = side, object
            for hop in get.hops:
                if hop.kind == "link":
                    here = _other(here)
                else:
                    yield here, at, hop.name, None
                at = hop.object
            yield here, at, get.field, _compared(atom, get)


def _compared(atom: Atom, get: Get) -> Choices:
    """The values that a test holds a field against."""
    if isinstance(atom, OneOf):
        return tuple(one for one in atom.values if isinstance(one, str))
    if isinstance(atom, Compare):
        sides = (atom.left, atom.right)
        values = (one.value for one in sides if isinstance(one, Constant))
        return tuple(one for one in values if isinstance(one, str))
    return ()


def _other(side: Side) -> Side:
    return "right" if side == "left" else "left"
