"""What a decision is made of: what it is given, what it may ask, and what it says. Frozen data.

The heart that makes decisions is `decide.py`; what it asks is loaded by `around.py`, and what it
says is journalled by `propose.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import Literal, Protocol, TypeAlias

from ...connectors.base.frozen import dataclass
from ...connectors.base.values import Value
from ...dsl.conditions import Get
from ...dsl.rules import Side
from ..plan.model import Move, People, StandIn
from .closures import ReadyInfer, ReadyRow, Values

Halves: TypeAlias = tuple[Mapping[str, Value], Mapping[str, Value]]
"""What the left and the right side hold, by row."""


@dataclass(frozen=True, slots=True)
class Base:
    """What each side itself held, row by row, when the two last agreed; an absent key: unknown."""

    left: Mapping[str, Value]
    right: Mapping[str, Value]

    def moved(self, agree: Halves) -> Base:
        """The base once both agree on more, by row: what differed in those does so no longer, and
        what was to fill a blank, or could not go, has come to its end, unless it is said anew."""
        said = {key for half in agree for key in half}
        over = {name(key) for key in said for name in (apart, filling)}
        over = (over | {unsent(key) for key in agree[0].keys() & agree[1].keys()}) - said
        return Base(_moved(self.left, agree[0], over), _moved(self.right, agree[1], over))

    def unseen(self, side: Side, key: str) -> bool:
        """Whether nobody knows yet what the record of a side holds beside a value of the other."""
        own, its = (self.left, self.right) if side == "left" else (self.right, self.left)
        return key not in own and its.get(key) is not None

    def unsent_to(self, key: str) -> Side | None:
        """The side to which a value could not go when the record there was made; None: it could."""
        name = unsent(key)
        return "right" if name in self.left else "left" if name in self.right else None

    @property
    def differing(self) -> frozenset[str]:
        """What the halves call those rows in which the two have differed since the row is there."""
        return frozenset(key for key in self.left if key.startswith(_APART))

    def without(self, keys: Collection[str]) -> Base:
        """The base less what it knows by some names."""
        return Base(_moved(self.left, {}, keys), _moved(self.right, {}, keys))


_APART = "?"


def apart(key: str) -> str:
    """What the halves of a base call the values in which a row that is newer than their link found
    two records to differ: changes flow from then on, and a backfill brings the two in line."""
    return f"{_APART}{key}"


def filling(key: str) -> str:
    """What the left half of a base calls the value that is to fill a blank of a right record which
    keeps what stands there. While it is on its way, what somebody puts there isn't replaced."""
    return f"+{key}"


def unsent(key: str) -> str:
    """What the half of a base calls the value that could not go to the other side when its record
    was made: a stage that the table lacks, a text that was too long."""
    return f"~{key}"


def _moved(
    then: Mapping[str, Value], now: Mapping[str, Value], over: Collection[str]
) -> Mapping[str, Value]:
    """A half of a base. What still differs stands first, where the state looks for it."""
    half = {key: one for key, one in {**then, **now}.items() if key not in over}
    return dict(sorted(half.items(), key=lambda one: not one[0].startswith(_APART)))


@dataclass(frozen=True, slots=True)
class Coming:
    """A reference to a record that this run is about to create: the partner of `id` of `side`."""

    flow: str
    side: Side
    id: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a reference leads on the other side.

    `found`: to that id. `coming`: to a record planned in this run. `wanted`: nowhere yet, but the
    record can be brought along. `missing`: nowhere; `text` says why, where that is worth telling.
    """

    kind: Literal["found", "coming", "wanted", "missing"]
    id: str = ""
    coming: Coming | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What looking for a partner by the keys gave.

    `several`: more than one candidate, on either side. `held`: it is another record's partner.
    `elsewhere`: a sibling flow has it. `about`: the key that several share, or the partner.
    """

    kind: Literal["none", "one", "several", "held", "elsewhere"] = "none"
    text: str = ""
    about: str = ""


class Around(Protocol):
    """All that a decision needs beyond the two records."""

    today: str
    backfill: bool
    brought: bool
    match: Match
    later: Side | Literal[""]

    def acts(self, move: Move) -> bool:
        """Whether this record came to satisfy the rule after the rule was there."""

    def get(self, side: Side, get: Get) -> Value:
        """A field that a condition names, of this record or a related one."""

    def reference(self, row: ReadyRow, to: Side, id: str) -> Reference:
        """The other side's counterpart of the record that a reference points to."""

    def stand_in(self, stand_in: StandIn, to: Side, source: Values) -> Reference:
        """The record of side `to` that stands in for a reference, by a field of `source`."""

    def user(self, row: ReadyRow, to: Side, email: str) -> str:
        """The id of the user with that address on a side, "" where there is none."""

    def related(self, infer: ReadyInfer) -> Sequence[Values] | None:
        """The related records; None where the parent has no link."""

    def approved(self, change: Change) -> bool:
        """Whether a person has let this change go, with these values before and after."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the record of `side`: `key` is the row it follows from; `agree` is what both
    halves of the base hold once it is written."""

    field: str
    before: Value
    after: Value | Coming
    rule: str
    reason: str
    key: str
    agree: tuple[Value, Value]
    side: Side = "right"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a rule could not do, for the error log. `shared` is what others that meet the
    same have in common with it, besides rule, code and field: a value, a key, a partner."""

    code: str
    message: str
    rule: str
    place: str
    field: str = ""
    side: Side = "right"
    shared: str = ""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody whom nobody knows: whose address and name an activity has."""

    people: People
    address: str
    name: str

    @property
    def fields(self) -> dict[str, Value]:
        """What a record of theirs begins with. The last word of a name is the last name."""
        found: dict[str, Value] = {self.people.email: self.address}
        if self.name and len(self.people.first_last) == 2:
            first, _, last = self.name.strip().rpartition(" ")
            names = zip(self.people.first_last, (first.strip(), last), strict=True)
            found |= {field: one for field, one in names if one}
        return found


@dataclass(frozen=True, slots=True)
class Decision:
    """What should happen.

    - `action`: `nothing`; `link` the two (with `left` and `right` as first changes); `update`;
      `create` or `delete` the record of `side`; `unlink` the two; `wait` for a backfill; `need` the
      records in `needs` first.
    - `agree`: halves of the base that hold without any write, by row.
    - `asks`: changes of linked records that wait for a person; none of them is in `left` or
      `right`, and the base knows nothing of them.
    - `look_again`: tomorrow, since the rule counts days.
    - `once`: what the other half of the base remembers of a delete, so that it happens once.
    - `waits`: an activity that nobody it is about is known of; `strangers` are those who are to be
      made known.
    - `stopped`: the rule whose `stop` holds something back, "" for none.
    """

    action: Literal["nothing", "link", "update", "create", "delete", "unlink", "wait", "need"]
    side: Side = "right"
    rule: str = ""
    reason: str = ""
    left: tuple[Change, ...] = ()
    right: tuple[Change, ...] = ()
    agree: Halves = field(default_factory=lambda: ({}, {}))
    needs: tuple[Coming, ...] = ()
    problems: tuple[Problem, ...] = ()
    look_again: bool = False
    asks: tuple[Change, ...] = ()
    stopped: str = ""
    once: str = ""
    waits: bool = False
    strangers: tuple[Stranger, ...] = ()


NOTHING = Decision("nothing")


def path(get: Get) -> str:
    """How a field that an arm names stands among the values of a related record: over dots, as
    `AccountId.Name`, which no field is called."""
    return ".".join([*(hop.name for hop in get.hops), get.field])
