"""Made-up records and pairs of them, out of what scenes are put together: `scenes.py`.

Records that satisfy conditions come from `dsl/logic`, other values from `samples.py`. Knows the
rows and keys of a flow, and no goal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...connectors.base.schema import Field, Schema
from ...connectors.base.values import Value
from ...dsl import logic
from ...dsl.conditions import Condition, Get, Hop, Known, Not, Truth, reads
from ...dsl.rules import (
    SIDES,
    LastOf,
    Place,
    Side,
    TestRecord,
    TestRule,
    TestStep,
    TestValue,
    UserBy,
)
from ..plan.model import Flow, Row
from ..run.state import other
from .ground import Ground
from .samples import sample

NOWHERE = Place("", 0, 0)
Steps = tuple[TestStep, ...]
Values = dict[str, TestValue]

_ABOUT = ("person", "about", "account")
"""What an activity may be about, in the order in which a made-up one is."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The steps of a test, and its day, "" where any will do."""

    steps: Steps
    day: str = ""

    def test(self, name: str) -> TestRule:
        """As a test that expects nothing yet."""
        return TestRule(name, NOWHERE, self.day, self.steps, ())


class Unreachable(Exception):
    """It is proved that no record reaches the goal."""


class Maker:
    """Makes records for one plan."""

    def __init__(self, ground: Ground, schemas: Mapping[str, Schema]) -> None:
        self.ground = ground
        self.schemas: dict[Side, Schema] = {side: schemas[ground.systems[side]] for side in SIDES}
        self._flows = {flow.name: flow for flow in ground.plan.flows}

    def creation(
        self,
        flow: Flow,
        number: int,
        conditions: Sequence[Condition],
        values: Values | None = None,
        *,
        known: bool = True,
    ) -> Iterator[Scene]:
        """A new record that satisfies conditions, and no rule of its direction that comes first.
        An activity is with somebody who is `known`."""
        move = flow.moves[number]
        side: Side = "left" if move.direction == "push" else "right"
        object = flow.end(side).object
        earlier = [
            Not(one.when)
            for one in flow.moves[:number]
            if one.direction == move.direction and one.create and one.when is not None
        ]
        stopped = [] if move.stop is None else [Not(move.stop)]
        # Who isn't linked yet has nothing on the other side of a link.
        unlinked = [
            Not(Truth(get) if get.type == "boolean" else Known(get))
            for get in dict.fromkeys(get for one in conditions for get in reads(one))
            if any(hop.kind == "link" for hop in get.hops)
        ]
        witness = self.witness([*conditions, *earlier, *stopped, *unlinked], side, object)
        own, before = self.record(side, witness)
        full = {**self._needed(flow, side), **own, **(values or {})}
        if flow.activity and known:
            full, before = self.among_people(flow, side, full, before)
        yield Scene((*before, given(side, object, full)), witness.today)

    def among_people(
        self, flow: Flow, side: Side, own: Values, before: Sequence[TestStep]
    ) -> tuple[Values, list[TestStep]]:
        """What somebody did, about people and an account that both systems have; what it says about
        them already is theirs."""
        values, steps = {**own}, [*before]
        for row in self._about(flow, side):
            name = row.field(side)
            parent = self._flows[row.through[0]]
            here, there = parent.end(side).object, parent.end(other(side)).object
            keyed = self.keyed(parent)
            mine, theirs = keyed if side == "left" else keyed[::-1]
            if name not in values:
                values[name] = LastOf(side, here)
                steps.append(given(side, here, mine))
            else:
                steps = [_with(one, here, mine) for one in steps]
            steps.append(given(other(side), there, theirs))
        return values, steps

    def _about(self, flow: Flow, side: Side) -> list[Row]:
        """The rows whose references an activity must have so that it goes over: those that the
        target requires, and one in any case."""
        there = other(side)
        target = self.schemas[there].by_name[flow.end(there).object]
        way = "pull" if side == "left" else "push"
        found = [
            (_ABOUT.index(field.role), field.required, row)
            for row in flow.rows
            if row.through and row.direction != way
            for field in [target.by_name[row.field(other(side))]]
            if field.role in _ABOUT
        ]
        needed = [row for _, required, row in found if required]
        return needed or [row for _, _, row in sorted(found, key=lambda one: one[0])][:1]

    def witness(self, conditions: Sequence[Condition], side: Side, object: str) -> logic.Witness:
        """A record that satisfies; raises `Unreachable` where it is proved that there is none."""
        found = logic.satisfiable(conditions, self.describe(side, object))
        if found is None:
            raise Unreachable
        return found

    def record(self, side: Side, witness: logic.Witness) -> tuple[Values, list[TestStep]]:
        """The values of a witness's own record, and the records that it refers to."""
        groups: dict[tuple[Hop, ...], Values] = {}
        for get, value in witness.values:
            if any(hop.kind == "link" for hop in get.hops):
                continue
            groups.setdefault(get.hops, {})[get.field] = value
        for hops in sorted(groups, key=len, reverse=True):
            for depth in range(1, len(hops)):
                groups.setdefault(hops[:depth], {})
        steps: list[TestStep] = []
        own = groups.pop((), {})
        for hops in sorted(groups, key=len, reverse=True):
            if not any(value is not None for value in groups[hops].values()):
                continue
            steps.append(given(side, hops[-1].object, groups[hops]))
            parent = groups[hops[:-1]] if len(hops) > 1 else own
            parent[hops[-1].name] = LastOf(side, hops[-1].object)
        object_fields = {get.field for get, _ in witness.values if not get.hops}
        for name in object_fields:
            found = own.get(name)
            if isinstance(found, str) and (to := self._references(witness, side, name)):
                own[name], more = self._referred(side, to)
                steps += more
        return own, steps

    def _references(self, witness: logic.Witness, side: Side, name: str) -> str:
        """The object that a reference field of a witness's own record leads to."""
        get = next(get for get, _ in witness.values if get.field == name and not get.hops)
        if get.type != "reference":
            return ""
        for one in self.schemas[side].objects:
            field = one.by_name.get(name)
            if field is not None and field.references:
                return field.references[0]
        return ""

    def _referred(self, side: Side, object: str) -> tuple[TestValue, list[TestStep]]:
        thing = self.schemas[side].by_name.get(object)
        if thing is not None and thing.thing == "user":
            return UserBy("ann@example.com"), []
        keys = {name: sample(thing.by_name[name]) for name in thing.keys} if thing else {}
        return LastOf(side, object), [given(side, object, keys)]

    def _needed(self, flow: Flow, side: Side) -> Values:
        """What a record of a side should have: its first key, and what a created one must have."""
        found: Values = dict(self.keyed(flow)[SIDES.index(side)])
        there = other(side)
        target = self.schemas[there].by_name[flow.end(there).object]
        for row in flow.rows:
            source, goes = (row.left, row.right) if side == "left" else (row.right, row.left)
            field = target.by_name.get(goes)
            ways = ("push", "both") if side == "left" else ("pull", "both")
            if field is None or not source or row.direction not in ways or row.default is not None:
                continue
            if field.required and not row.table and not row.through:
                found.setdefault(source, self.sampled(flow, row, side, 0))
        return found

    def keyed(self, flow: Flow, which: int = 0, number: int = 0) -> tuple[Values, Values]:
        """Both records with the same key."""
        left: Values = {}
        right: Values = {}
        for one, two in flow.keys[which].pairs if flow.keys else ():
            a, b = self.field(flow, "left", one), self.field(flow, "right", two)
            left[one] = sample(a, number)
            alike = b.format in ("email", "phone", "url", "domain") and b.format != a.format
            right[two] = sample(b, number) if alike else left[one]
        return left, right

    def linked(self, flow: Flow, left: Values | None = None, right: Values | None = None) -> Steps:
        """Two linked records with the same key."""
        keyed = self.keyed(flow)
        return (
            given("left", flow.left.object, {**keyed[0], **(left or {})}),
            step("linked", "right", flow.right.object, {**keyed[1], **(right or {})}),
        )

    def changed(self, flow: Flow, side: Side, field: str, value: TestValue) -> Scene:
        return Scene((*self.linked(flow), self.change(flow, side, {field: value})))

    def change(self, flow: Flow, side: Side, values: Values) -> TestStep:
        return step("change", side, flow.end(side).object, values)

    def source(self, flow: Flow, row: Row, to: Side, number: int) -> tuple[Steps, TestValue]:
        """A value that a row can carry to a side, and the records it refers to."""
        origin = other(to)
        if not row.through:
            return (), self.sampled(flow, row, origin, number)
        parent = self._flows[row.through[0]]
        if parent.users:
            return (), UserBy(("ann@example.com", "bob@example.com")[number % 2])
        left, right = self.keyed(parent, number=number)
        return (
            (
                given("left", parent.left.object, left),
                step("linked", "right", parent.right.object, right),
            ),
            LastOf(origin, parent.end(origin).object),
        )

    def sampled(self, flow: Flow, row: Row, side: Side, number: int) -> Value:
        """A value of a row's field on a side that can go to the other side."""
        name, there = (row.left, row.right) if side == "left" else (row.right, row.left)
        if row.table:
            way = "pull" if side == "left" else "push"
            entries = [one for one in row.table if one[2] != way] or list(row.table)
            return entries[number % len(entries)][SIDES.index(side)]
        field = self.field(flow, side, name)
        target = self.field(flow, other(side), there)
        if field.choices and target.restricted:
            shared = {one.value for one in target.choices}
            both = tuple(one for one in field.choices if one.value in shared)
            field = replace(field, choices=both or field.choices)
        if target.type == "choice" and target.restricted and field.type == "text":
            return sample(target, number)
        if target.length is not None:
            shortest = min(target.length, field.length or target.length)
            field = replace(field, length=shortest)
        return sample(field, number)

    def field(self, flow: Flow, side: Side, name: str) -> Field:
        return self.schemas[side].by_name[flow.end(side).object].by_name[name]

    def describe(self, side: Side, object: str) -> logic.Describe:
        """How conditions look up the fields of an object."""

        def field_of(get: Get) -> Field | None:
            here, found = side, self.schemas[side].by_name[object]
            for hop in get.hops:
                if hop.kind == "link":
                    here = other(here)
                found = self.schemas[here].by_name[hop.object]
            return found.by_name.get(get.field)

        return field_of


def given(side: Side, object: str, values: Mapping[str, TestValue]) -> TestStep:
    return step("given", side, object, values)


def step(kind: str, side: Side, object: str, values: Mapping[str, TestValue]) -> TestStep:
    record = TestRecord(side, object, tuple(values.items()))
    return TestStep(NOWHERE, kind, record)  # type: ignore[arg-type]


def _with(one: TestStep, object: str, values: Values) -> TestStep:
    """A step that gives a record of an object, with values besides its own."""
    if one.record.object != object:
        return one
    return given(one.record.side, object, {**values, **dict(one.record.values)})
