"""A flow made ready to decide with: rows and conditions as plain functions.

Built once a run from the plan and nothing else. It knows how a value gets from one side to the
other; whether it should is `decide.py`. Conversions are `dsl/types.py`, conditions
`dsl/conditions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field

from ...connectors.base import values as forms
from ...connectors.base.frozen import dataclass
from ...connectors.base.schema import Field, Role
from ...connectors.base.values import Value
from ...dsl import conditions, templates, types
from ...dsl.conditions import Get
from ...dsl.rules import SIDES, InferRule, Side
from ..plan.model import Flow, Move, Row, StandIn
from ..plan.needs import stand_ins_of

Values = Mapping[str, Value]
Same = Callable[[Value, Value], bool]
Holds = Callable[[Callable[[Get], Value], str], bool]
"""Whether a condition holds, given how to get a field, and the day."""


class NotRead:
    """The value of what was not read: never the same as blank."""

    def __repr__(self) -> str:
        return "not read"


class Failed(NotRead):
    """What a template could not say: `why`, in Jinja2's words."""

    def __init__(self, why: str) -> None:
        self.why = why


NOT_READ = NotRead()
Seen = Value | NotRead


@dataclass(frozen=True, slots=True)
class Moved:
    """A value for the other side, or why there is none: then `value` may be what that side still
    holds, and takes no longer."""

    value: Value = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """A row with its functions.

    `key` names the row in both halves of a base. `left` and `right` give what stands on that side
    (for a template what it renders to). `to_right` and `to_left` turn a value of one side into one
    of the other; references are turned by `decide`, which knows the links. `push_later` and
    `pull_later`: it goes that way also to a record that is there, which not each rule and not each
    field lets it.
    """

    row: Row
    key: str
    pushes: bool
    pulls: bool
    left: Callable[[Values], Seen]
    right: Callable[[Values], Seen]
    to_right: Callable[[Value], Moved]
    to_left: Callable[[Value], Moved]
    same_left: Same
    same_right: Same
    push_later: bool
    pull_later: bool


@dataclass(frozen=True, slots=True)
class ReadyMove:
    """A move with its condition; `days` says that it asks how many days have passed. `stopped`
    says whether nothing is created or written in its direction now; None: it is never stopped."""

    move: Move
    holds: Holds
    days: bool
    stopped: Holds | None = None
    stop_days: bool = False


@dataclass(frozen=True, slots=True)
class ReadyInfer:
    """An `infer` with its arms: (value, quantifier, condition)."""

    infer: InferRule
    key: str
    arms: tuple[tuple[str, str, Holds], ...]
    place: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A flow, ready. `push_updates` and `pull_updates`: changes flow that way once linked. `stops`
    are the moves that something may stop; `asks`: some row's changes wait for a person;
    `stand_ins`: what fills references that records lack; `ends`: something follows where a record
    ends. Of activities, `about` are the fields of each side that say whom or what they are with,
    `cancelled` and `guests` those that tell what these words say."""

    flow: Flow
    rows: tuple[ReadyRow, ...]
    moves: tuple[ReadyMove, ...]
    infers: tuple[ReadyInfer, ...]
    push_updates: bool
    pull_updates: bool
    push_rule: str
    pull_rule: str
    stops: tuple[ReadyMove, ...] = ()
    asks: bool = False
    stand_ins: tuple[StandIn, ...] = ()
    ends: bool = False
    about: Mapping[Side, tuple[str, ...]] = field(default_factory=dict)
    cancelled: Mapping[Side, str] = field(default_factory=dict)
    guests: Mapping[Side, str] = field(default_factory=dict)


def ready(flow: Flow, zone: str) -> Ready:
    """`flow` with everything that deciding calls."""
    left = {one.name: one for one in flow.left.fields}
    right = {one.name: one for one in flow.right.fields}
    keys = _keys(flow.rows)
    later = _updates(flow, "push"), _updates(flow, "pull")
    rows = tuple(
        _row(row, key, left, right, zone, later) for row, key in zip(flow.rows, keys, strict=True)
    )
    infers = tuple(
        ReadyInfer(
            one,
            "=" + one.field,
            tuple((arm.value, arm.quantifier, _condition(arm.when, zone)) for arm in one.arms),
            f"{one.place.file}:{one.place.line}",
        )
        for one in flow.infers
    )
    moves = tuple(
        ReadyMove(
            move,
            _condition(move.when, zone),
            _counts_days(move.when),
            None if move.stop is None else _condition(move.stop, zone),
            _counts_days(move.stop),
        )
        for move in flow.moves
    )
    return Ready(
        flow,
        rows,
        moves,
        infers,
        *later,
        _first_rule(flow, "push"),
        _first_rule(flow, "pull"),
        tuple(one for one in moves if one.stopped is not None),
        any(one.ask for one in flow.rows),
        stand_ins_of(flow),
        any(one.events for one in flow.moves),
        _about(flow),
        _by_role(flow, "cancelled"),
        _by_role(flow, "guests"),
    )


def _about(flow: Flow) -> dict[Side, tuple[str, ...]]:
    rows = [one for one in flow.rows if "reference" in one.convert] if flow.activity else []
    return {
        "left": tuple(one.left for one in rows if one.direction != "push"),
        "right": tuple(one.right for one in rows if one.direction != "pull"),
    }


def _by_role(flow: Flow, role: Role) -> dict[Side, str]:
    return {
        side: one.name
        for side in SIDES
        for one in flow.end(side).fields
        if flow.activity and one.role == role
    }


def _updates(flow: Flow, direction: str) -> bool:
    """Whether changes flow in this direction: unless every rule for it says `create only`."""
    written = [
        one
        for one in flow.moves
        if one.direction == direction and not one.implied and not one.enrich
    ]
    return not written or any(one.update for one in written)


def _first_rule(flow: Flow, direction: str) -> str:
    return next((one.rule for one in flow.moves if one.direction == direction), "")


def _counts_days(condition: conditions.Condition | None) -> bool:
    return condition is not None and conditions.counts_days(condition)


def _condition(when: conditions.Condition | None, zone: str) -> Holds:
    if when is None:
        return lambda get, today: True
    return conditions.closure(when, zone)


def _keys(rows: Sequence[Row]) -> Iterator[str]:
    """What names each row in a base: its two fields. Of two one-way rows between the same fields
    each knows its own past, so the one that pulls is marked."""
    pushed = {(one.left, one.right) for one in rows if one.direction == "push"}
    for one in rows:
        back = one.direction == "pull" and (one.left, one.right) in pushed
        yield f"{one.left}|{one.right}" + ("|pull" if back else "")


def _row(
    row: Row,
    key: str,
    left: Mapping[str, Field],
    right: Mapping[str, Field],
    zone: str,
    later: tuple[bool, bool],
) -> ReadyRow:
    pushes, pulls = row.direction in ("push", "both"), row.direction in ("pull", "both")
    computed = bool(row.template) or row.constant is not None
    left_field, right_field = left.get(row.left), right.get(row.right)
    return ReadyRow(
        row,
        key,
        pushes,
        pulls,
        _computed(row) if computed and pushes else _field(row.left),
        _computed(row) if computed and pulls else _field(row.right),
        _turn(row, "right", left_field, right_field, zone) if pushes else _never,
        _turn(row, "left", right_field, left_field, zone) if pulls else _never,
        _same(left_field, right_field),
        _same(right_field, left_field),
        pushes and later[0] and _may_change(right_field),
        pulls and later[1] and _may_change(left_field),
    )


def at_creation(ready: Ready, row: ReadyRow, to: Side) -> str:
    """Why what a row brings to a side goes there at creation only; "" where changes do, too."""
    right = to == "right"
    if not (ready.push_updates if right else ready.pull_updates):
        return "the rule is `create only`"
    if not (row.push_later if right else row.pull_later):
        return f"{ready.flow.end(to).system} takes {row.row.field(to)} at creation only"
    return ""


def _may_change(field: Field | None) -> bool:
    """Whether a field of a record that is there takes a value: some take one at creation only."""
    return field is None or field.updatable or not field.creatable


def _same(field: Field | None, partner: Field | None) -> Same:
    """When two values of a field are one: of an address that is mapped to a domain, its domain."""
    if field is None:
        return forms.same("")
    by_domain = field.format == "url" and partner is not None and partner.format == "domain"
    return forms.same("domain" if by_domain else field.format)


def _field(name: str) -> Callable[[Values], Seen]:
    return lambda values: values.get(name, NOT_READ)


def _computed(row: Row) -> Callable[[Values], Seen]:
    """A constant, or what a template says; one that fails says why."""
    if not row.template:
        constant = row.constant
        return lambda values: constant
    source, names = row.template, row.reads

    def rendered(values: Values) -> Seen:
        if any(name not in values for name in names):
            return NOT_READ
        try:
            return templates.render(source, {name: values[name] for name in names})
        except templates.NotATemplate as error:
            return Failed(str(error))

    return rendered


def _never(value: Value) -> Moved:
    return Moved(code="one-way", message="this row doesn't go that way")


def _turn(
    row: Row, to: Side, source: Field | None, target: Field | None, zone: str
) -> Callable[[Value], Moved]:
    """A value of one side as one of the other; a text that fits, a member of a table."""
    if row.through or target is None:
        return Moved
    name = (row.convert[0] if to == "right" else row.convert[1]) or "text"
    origin = source or Field("", "", "text")

    def convert(value: Value, how: str = name) -> Moved:
        if value is None:
            return Moved()
        try:
            return Moved(types.convert(how, value, origin, target, zone, row.truncate))
        except types.Unfit as unfit:
            return Moved(unfit.held, unfit.code, str(unfit))

    if not row.table:
        return convert
    table = _table(row, to)

    def look_up(value: Value) -> Moved:
        found = table(value)
        return found if found.code else convert(found.value, "table")

    return look_up


def _table(row: Row, to: Side) -> Callable[[Value], Moved]:
    """The table of one direction, the first row that names a value; letter case doesn't matter."""
    pairs: dict[str, str] = {}
    for left, right, direction in row.table:
        if to == "right" and direction != "pull":
            pairs.setdefault(left.casefold().strip(), right)
        if to == "left" and direction != "push":
            pairs.setdefault(right.casefold().strip(), left)

    def look_up(value: Value) -> Moved:
        if value is None:
            return Moved()
        members = value if isinstance(value, tuple) else (str(value),)
        found = [pairs.get(str(one).casefold().strip()) for one in members]
        if None in found:
            missing = members[found.index(None)]
            return Moved(code="unknown-value", message=f'"{missing}" is not in the table')
        known = [one for one in found if one is not None]
        return Moved(forms.choices(known) if isinstance(value, tuple) else known[0])

    return look_up
