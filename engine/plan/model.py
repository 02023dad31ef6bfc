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
    order, and as much of the schema as deciding needs; `deletable`: the system deletes one of them
    on request."""

    system: str
    object: str
    fields: tuple[Field, ...]
    deletable: bool = False


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

    An implied one carries its rule's name, creates nothing and has no condition: a push brings a
    pull, an `infer` that stands alone, too, and what makes a Lead looks for a Contact.
    `create` is whether records are made on the other side; `update` whether changes flow in this
    direction once linked. `source` is (field of the other side, text). While `stop` holds, nothing
    is created or written in this direction. `events` say what follows on the other side when a
    record ends.

    `add_people`: who an activity is with becomes a record of its own where nobody knows them.

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
    add_people: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One value that flows between linked records. See `dsl.rules.RowRule` for the parts.

    `through` names the flows whose links translate a reference, first choice first; none for other
    rows.
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
    through: tuple[str, ...] = ()
    ask: bool = False
    truncate: bool = False
    clear: bool = False

    def field(self, side: Side) -> str:
        """Its field on that side, "" for none."""
        return self.left if side == "left" else self.right


@dataclass(frozen=True, slots=True)
class Watch:
    """A change of `object` makes records of another object dirty.

    Those whose reference `via` points to the changed record (`backward`), or the record that its
    own reference `via` points to, before and after; with `domain`, those whose address in that
    field is of the domain in `via`. Dirty are records of `side` of `flow`. `reads` are the fields
    of `object` that decide about them: what we write to others of its fields makes none dirty.
    `over`: the objects that lie between, each with the reference of it that leads on to the changed
    record, the nearest to that first.
    """

    system: str
    object: str
    via: str
    backward: bool
    flow: str
    side: Side
    target: str
    domain: str = ""
    reads: tuple[str, ...] = ()
    over: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """Who activities of a side are with, where only an address tells.

    Of the activity: the fields of the address, of what its owner is called, and of the person. Of
    people, as their `flow` knows them: the object, its `email`, and its first and last name.
    """

    flow: str
    side: Side
    address: str
    name: str
    person: str
    object: str
    email: str
    first_last: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """Everything that all rules say about one pair of objects.

    - `name` is `contact~Lead`. Flows stand in the order of writing: parents first.
    - `siblings`: the flows whose records are one thing to a connector (a contact is a Lead or a
      Contact), this one included, first choice first. A record has a link in one of them.
    - `users`: links records by their keys without a rule, writes nothing. `identity`: so does what
      is only referred to.
    - `activity`: its records are what people did, which wait until someone they are about is known;
      `people` tells whom an address stands for.
    - `led`: (object, field) of the left records of other flows that come of one of this flow, and
      count in its place. `leads`: (flow, field) of a left record of this one that says what it came
      of, where that has a link of its own.
    - `parents`: flows whose links this one's references go through.
    - `ties`: which of several candidates of a match is taken.
    - `fingerprint`: changes when the meaning of a rule of this flow changes.
    - `every`: in minutes, how often `serve` decides it.
    - `looks`: (system, object) of all that has to be looked at before it is decided.
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
    identity: bool = False
    fingerprint: str = ""
    ties: tuple[Tie, ...] = ()
    activity: bool = False
    people: tuple[People, ...] = ()
    led: tuple[tuple[str, str], ...] = ()
    leads: tuple[tuple[str, str], ...] = ()
    every: int = 15
    looks: tuple[tuple[str, str], ...] = ()

    def end(self, side: Side) -> End:
        """The end on a side."""
        return self.left if side == "left" else self.right

    @property
    def brings(self) -> bool:
        """Whether right records are made for others that refer to their left ones: not where all
        that its own rules do there is to link, fill and update."""
        pushes = [one for one in self.moves if one.direction == "push" and not one.implied]
        return not pushes or any(one.create for one in pushes)


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
class Editor:
    """Who changed a record last, for the edits that win or lose there: the user whom a `field`
    refers to, known by the `address` of a record of `users`, where such are read. `quiet`: nothing
    else reads the field, and that it changed is no news."""

    system: str
    object: str
    field: str
    users: str
    address: str
    quiet: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does, for one pair of systems.

    - `reads` are in the order of looking; `zone` is the team's.
    - `guards` say what a run may do at most.
    - `free_mail`: domains, besides the well-known ones, whose addresses stand for no account.
    - `team`: the team's own domains, whose meetings among themselves stay out.
    - `authors` tell whose login a write goes under, where people have logins of their own.
    - `editors` tell who changed what wins over an edit, and who made that edit, where a system says
      so.
    - `sweeps`: (system, object) whose deletions show only in a read of everything, where a rule
      says what follows them, or infers something from those that are there.
    - `sights`: (system, object) whose records may get out of our sight without a word.
    - `parts`: (system, object) that is read once more from its beginning, a part a day.
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
    team: tuple[str, ...] = ()
    sweeps: tuple[tuple[str, str], ...] = ()
    authors: tuple[Author, ...] = ()
    sights: tuple[tuple[str, str], ...] = ()
    editors: tuple[Editor, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()

    def system(self, side: Side) -> str:
        """The system of that side."""
        return self.left if side == "left" else self.right


def domain_of(field: str) -> str:
    """What the domains in a field are kept under; no field is called so."""
    return f"domain of {field}"
