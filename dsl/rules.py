"""What the rules say once every name and type in them is known: the compiler's input.

Frozen data, made by `names.py` from the syntax tree and the systems' schemas; nothing here is
spelled as in the file any more except `text`, which messages quote. The plan that is compiled from
it is `engine/plan/model.py`.
"""

from __future__ import annotations

from typing import Literal

from ..connectors.base.frozen import dataclass
from ..connectors.base.values import Value
from .conditions import Condition

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
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
class Tie:
    """Which of several candidates is taken: the one that comes first.

    - `oldest`, `newest`: by the field in which each side keeps when a record was made; `left` and
      `right` are those fields, "" where a side has none.
    - `most`: by how many records of another object refer to it; `left` and `right` are
      `OBJECT.REFERENCE`, "" where that side has no such object.
    - `same`: the one whose reference leads to the counterpart of what the other record's does;
      `left` and `right` are the two fields of that row.
    """

    kind: Literal["oldest", "newest", "most", "same"]
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class StandIn:
    """What stands in for a reference that a record doesn't have: `account by domain of Email`.

    The reference `field` of the record that is written (of the rule's target side) leads to the
    one `object` of that side whose `key` is the domain of `source`, a field of the record that the
    rule reads; of several the first by `ties`, else none. `place` is the rule's where nobody wrote
    it.
    """

    place: Place
    text: str
    field: str
    object: str
    key: str
    source: str
    ties: tuple[Tie, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What follows on the rule's target side when the record that it reads is deleted, merged into
    another, or cancelled. `field` and `text` go with `mark`; `text` is a template where `reads`
    names what it needs."""

    place: Place
    on: Literal["delete", "merge", "cancel"]
    action: Literal["delete", "merge", "unlink", "mark"]
    field: str = ""
    text: str = ""
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveRule:
    """A `push` or `pull`. `name` is what the rule is called by (`push contact as Lead 2`).

    `when` is the whole condition, `unless` already folded in; None: always. `visible` says of a
    pull that it creates. `source` is (field, text) for records that this rule creates. `every` is
    in minutes. `create` and `update` are off for `update only` and `create only`. While `stop`
    holds for a record, nothing is created or written in this direction. `add_people`: an activity
    makes contacts of those on it whom nobody knows.
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
    stop: Condition | None = None
    stand_ins: tuple[StandIn, ...] = ()
    events: tuple[Event, ...] = ()
    add_people: bool = False


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
    - `clear`: a blank erases. `ask`: on a linked record the change waits for a person. `truncate`:
      a text that is too long is shortened.
    - `standard`: nobody wrote it. A rule on activities takes it along, and `place` is that rule's.
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
    ask: bool = False
    truncate: bool = False
    clear: bool = False
    standard: bool = False

    @property
    def called(self) -> str:
        """What the map it stands in is called by."""
        left = f"{self.left_object} {self.left}" if self.table else self.left_object
        right = f"{self.right_object}.{self.right}" if self.table else self.right_object
        return f"map {left} with {right}"

    @property
    def writes(self) -> tuple[tuple[Side, str, str], ...]:
        """What it writes: (side, object, field), the right one first."""
        right: tuple[Side, str, str] = ("right", self.right_object, self.right)
        left: tuple[Side, str, str] = ("left", self.left_object, self.left)
        return {"push": (right,), "pull": (left,), "both": (right, left)}[self.direction]


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
class EnrichRule:
    """`enrich Lead with contact`: right records that are newer than the rule are linked by the
    pair's keys, and their blanks filled as the rows point. `existing`: those that were there
    before, once. `name` is what the rule is called by."""

    name: str
    place: Place
    existing: bool
    every: int


@dataclass(frozen=True, slots=True)
class GuardRule:
    """`guard at most 5% of Lead changed per run`: what a run may do at most.

    `number` counts records, or with `percent` hundredths of those linked; for `calls` and
    `credits` of what is left of the limit. `of` is a system's name for those two, else an object's,
    on each of `sides` by itself.
    """

    place: Place
    text: str
    number: float
    percent: bool
    of: str
    sides: tuple[Side, ...]
    what: Literal["created", "changed", "blanked", "deleted", "calls", "credits"]
    per: Literal["run", "day"]


@dataclass(frozen=True, slots=True)
class LastOf:
    """In a test: the last record given of an object, as the value of a reference."""

    side: Side
    object: str


@dataclass(frozen=True, slots=True)
class UserBy:
    """In a test: the user with an address, as the value of a reference."""

    email: str


TestValue = Value | LastOf | UserBy


@dataclass(frozen=True, slots=True)
class TestRecord:
    """A record that a test makes up or expects; `values` in the forms of `values.py`."""

    __test__ = False
    side: Side
    object: str
    values: tuple[tuple[str, TestValue], ...] = ()


@dataclass(frozen=True, slots=True)
class TestStep:
    """`given` a record; one that it is `linked` with (the last `given` before it); a `change` or
    `delete` of the last record given of that object since, `by` the user of that address, "" for
    nobody in particular."""

    __test__ = False
    place: Place
    kind: Literal["given", "linked", "change", "delete"]
    record: TestRecord
    by: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What should come of it; `text` is as written. `create` and `update` have a `record` with the
    fields that matter; the others an object of a `side`, outcomes perhaps a `field`."""

    place: Place
    text: str
    kind: Literal[
        "create", "update", "delete", "link", "unlink",
        "conflict", "approval", "refusal", "nothing",
    ]  # fmt: skip
    record: TestRecord | None = None
    side: Side = "right"
    object: str = ""
    field: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class TestRule:
    """A `test` block. `day` is the team's day as `2026-01-31`, "" where none is written."""

    __test__ = False
    name: str
    place: Place
    day: str
    steps: tuple[TestStep, ...]
    expects: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class PairRules:
    """Everything that all rules say about one pair of objects; `keys` are written or the
    connectors' own, in order, and `ties` say which of several candidates is taken."""

    left: str
    right: str
    keys: tuple[Key, ...]
    moves: tuple[MoveRule, ...] = ()
    rows: tuple[RowRule, ...] = ()
    infers: tuple[InferRule, ...] = ()
    every: int = 15
    ties: tuple[Tie, ...] = ()
    enriches: tuple[EnrichRule, ...] = ()


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
    guards: tuple[GuardRule, ...] = ()
    tests: tuple[TestRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a project, one set for each two systems."""

    sets: tuple[RuleSet, ...] = ()
