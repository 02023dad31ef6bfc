"""The plan: what rules compile to. Frozen data; the same rules give the same plan, to the byte.

It knows which reads, matches, decisions and writes there are and in which order, and no records.
`compile.py` makes it, `explain.py` prints it for people and as JSON, `engine/run` carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...connectors.base.contract import Read
from ...connectors.base.schema import Field, Format
from ...connectors.base.values import Value
from ...dsl.conditions import Condition
from ...dsl.rules import Direction, Event, GuardRule, InferRule, Key, Place, Side


@dataclass(frozen=True, slots=True)
class End:
    """One side of a flow. `fields` is the layout of stored values: every field that is read, in
    order, and as much of the schema as deciding needs."""

    system: str
    object: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Tie:
    """Which of several candidates is taken; see `dsl.rules.Tie` for `left` and `right`.

    `through`, for `same`, names the flow whose links tell which references are counterparts.
    """

    kind: Literal["oldest", "newest", "most", "same"]
    left: str = ""
    right: str = ""
    through: str = ""


@dataclass(frozen=True, slots=True)
class StandIn:
    """What stands in for a reference that a record doesn't have; see `dsl.rules.StandIn`.

    `to` is the side of the record that is written, `base` what the halves of a base call it by.
    """

    place: Place
    text: str
    to: Side
    field: str
    object: str
    key: str
    source: str
    ties: tuple[Tie, ...] = ()

    @property
    def base(self) -> str:
        return f"@{self.field}"


@dataclass(frozen=True, slots=True)
class Move:
    """What creates and links records: a `push` or a `pull`, written or implied.

    An implied pull (a push brings one, or an `infer` that stands alone) carries its rule's name,
    creates nothing and has no condition. `create` is whether records are made on the other side;
    `update` whether changes flow in this direction once linked. `source` is (field of the other
    side, text). While `stop` holds, nothing is created or written in this direction.
    `events` say what follows on the other side when a record ends.

    An `enrich` is a push that only links and fills blanks of right records: of those that are
    `new`er than the rule, or, once, of the `existing` ones.
    """

    rule: str
    place: Place
    direction: Literal["push", "pull"]
    when: Condition | None
    create: bool
    update: bool
    implied: bool = False
    source: tuple[str, str] | None = None
    stand_ins: tuple[StandIn, ...] = ()
    events: tuple[Event, ...] = ()
    stop: Condition | None = None
    enrich: Literal["", "new", "existing"] = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One value that flows between linked records. See `dsl.rules.RowRule` for the parts.

    `reference` names the flow through whose links a reference is translated, "" for other rows.
    `rule` is the map it stands in, as people call it (`map contact with Lead`).
    """

    rule: str
    place: Place
    text: str
    left: str
    right: str
    direction: Direction
    convert: tuple[str, str]
    constant: Value = None
    template: str = ""
    reads: tuple[str, ...] = ()
    prefer: Literal["left", "right", "latest"] | None = None
    when_blank: bool = False
    default: Value = None
    table: tuple[tuple[str, str, Direction], ...] = ()
    reference: str = ""
    ask: bool = False
    truncate: bool = False
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """A change of `object` makes records of another object dirty.

    Those whose reference `via` points to the changed record (`backward`), or the record that its
    own reference `via` points to, before and after; with `domain`, those whose address in that
    field is of the domain in `via`. Dirty are records of `side` of `flow`.
    """

    system: str
    object: str
    via: str
    backward: bool
    flow: str
    side: Side
    target: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Everything that all rules say about one pair of objects.

    - `name` is `contact~Lead`. Flows stand in the order of writing: parents first.
    - `siblings`: the flows whose records are one thing to a connector (a contact is a Lead or a
      Contact), this one included, first choice first. A record has a link in one of them.
    - `users`: links records by their keys without a rule, writes nothing.
    - `parents`: flows whose links this one's references go through.
    - `ties`: which of several candidates of a match is taken.
    - `fingerprint`: changes when the meaning of a rule of this flow changes.
    """

    name: str
    left: End
    right: End
    keys: tuple[Key, ...]
    moves: tuple[Move, ...] = ()
    rows: tuple[Row, ...] = ()
    infers: tuple[InferRule, ...] = ()
    siblings: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    users: bool = False
    fingerprint: str = ""
    ties: tuple[Tie, ...] = ()

    def end(self, side: Side) -> End:
        """The end on a side."""
        return self.left if side == "left" else self.right


@dataclass(frozen=True, slots=True)
class Index:
    """Values of a field that are kept, folded, for look-ups: match keys and references.

    `domain`: not the value is kept but the domain in it; `name` is what it is kept under.
    """

    system: str
    object: str
    field: str
    format: Format
    domain: bool = False

    @property
    def name(self) -> str:
        return domain_of(self.field) if self.domain else self.field


@dataclass(frozen=True, slots=True)
class Author:
    """Whose a change of a record is: the user whom the first of `fields` that is filled refers to,
    known by the `address` of a record of `users`. `quiet` are those of `fields` that no rule reads:
    that one of them changed is no news.
    """

    system: str
    object: str
    fields: tuple[str, ...]
    users: str
    address: str
    quiet: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does, for one pair of systems.

    - `reads` are in the order of looking; `zone` is the team's.
    - `guards` say what a run may do at most.
    - `free_mail`: domains, besides the well-known ones, whose addresses stand for no account.
    - `later` names the rules that are checked, and not carried out yet.
    - `authors` tell whose login a write goes under, where people have logins of their own.
    - `sweeps`: (system, object) whose deletions show only in a read of everything, where a rule
      says what follows them.
    """

    left: str
    right: str
    reads: tuple[Read, ...]
    flows: tuple[Flow, ...]
    watches: tuple[Watch, ...]
    indexes: tuple[Index, ...]
    zone: str = "UTC"
    guards: tuple[GuardRule, ...] = ()
    free_mail: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    sweeps: tuple[tuple[str, str], ...] = ()
    authors: tuple[Author, ...] = ()


def domain_of(field: str) -> str:
    """What the domains in a field are kept under; no field is called so."""
    return f"domain of {field}"
