"""What the rules say once every name and type in them is known: the compiler's input.

Frozen data, made by `names.py` from the syntax tree and the systems' schemas; nothing here is
spelled as in the file any more except `text`, which messages quote. The plan that is compiled from
it is `engine/plan/model.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..connectors.base.values import Value
from .conditions import Condition

Side = Literal["left", "right"]
Direction = Literal["push", "pull", "both"]
"""`push` goes left to right (`->`), `pull` right to left (`<-`)."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is written: a path as given, line and column from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Key:
    """One way to match two records: all pairs of (left field, right field) are equal and known."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MoveRule:
    """A `push` or `pull`. `name` is what the rule is called by (`push contact as Lead 2`).

    `when` is the whole condition, `unless` already folded in; None: always. `visible` says of a
    pull that it creates. `source` is (field, text) for records that this rule creates. `every` is
    in minutes. `create` and `update` are off for `update only` and `create only`.
    """

    name: str
    place: Place
    direction: Literal["push", "pull"]
    left: str
    right: str
    when: Condition | None
    create: bool
    update: bool
    visible: bool
    source: tuple[str, str] | None
    every: int


@dataclass(frozen=True, slots=True)
class RowRule:
    """One row of a `map`, for one target object.

    - A row between fields has `left` and `right`. A row from a `constant` or a `template` has only
      the field it writes; `reads` names the fields that its template needs.
    - `table` pairs (left value, right value, direction); such a row moves nothing else.
    - `convert` names the conversions of `types.py` to the right and to the left; "" where the row
      doesn't go that way.
    - `prefer` is who wins; None where nobody wrote it. `default` is what a created record gets, in
      the form of the target field; for a reference to users, an email address.
    """

    place: Place
    text: str
    left_object: str
    right_object: str
    left: str
    right: str
    direction: Direction
    convert: tuple[str, str] = ("", "")
    constant: Value = None
    template: str = ""
    reads: tuple[str, ...] = ()
    prefer: Literal["left", "right", "latest"] | None = None
    when_blank: bool = False
    default: Value = None
    table: tuple[tuple[str, str, Direction], ...] = ()


@dataclass(frozen=True, slots=True)
class Arm:
    """`value` when `any` or `all` of the related records satisfy `when`, or there are `none`."""

    place: Place
    value: str
    quantifier: Literal["any", "all", "none"]
    when: Condition | None


@dataclass(frozen=True, slots=True)
class InferRule:
    """`infer OBJECT FIELD from RELATED`: `object.field` of `side` follows from related records.

    The related records are `related` of the other side, whose reference `via` points to `parent`,
    the object that is linked with `object`.
    """

    place: Place
    text: str
    side: Side
    object: str
    field: str
    related: str
    via: str
    parent: str
    arms: tuple[Arm, ...]
    every: int


@dataclass(frozen=True, slots=True)
class PairRules:
    """Everything that all rules say about one pair of objects; `keys` are written or the
    connectors' own, in order."""

    left: str
    right: str
    keys: tuple[Key, ...]
    moves: tuple[MoveRule, ...] = ()
    rows: tuple[RowRule, ...] = ()
    infers: tuple[InferRule, ...] = ()
    every: int = 15


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules between two systems, from all files that open with the same `sync` line.

    `pairs` is sorted by object names. It holds each pair that a rule names, and each that a
    reference row needs: accounts of a person, and users, who are matched by address and never
    created.
    """

    left: str
    right: str
    pairs: tuple[PairRules, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a project, one set for each two systems."""

    sets: tuple[RuleSet, ...] = ()
