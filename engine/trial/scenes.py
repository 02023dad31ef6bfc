"""Made-up records and what happens to them, so that a test reaches a goal.

Records that satisfy or fail conditions come from `dsl/logic`, other values from `samples.py`. A
scene says nothing about what should come of it: `coverage.py` looks what does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations

from ...connectors.base.schema import Field, Schema
from ...connectors.base.values import Value
from ...dsl import logic
from ...dsl.conditions import Condition, Get, Hop, Not
from ...dsl.rules import (
    Arm,
    InferRule,
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
from .goals import Goal, unknown_value
from .ground import SIDES, Ground
from .parts import wanted
from .samples import sample

NOWHERE = Place("", 0, 0)
Steps = tuple[TestStep, ...]
Values = dict[str, TestValue]


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


class Scenes:
    """Makes scenes for the goals of one plan."""

    def __init__(self, ground: Ground, schemas: Mapping[str, Schema]) -> None:
        self.ground = ground
        self.schemas: dict[Side, Schema] = {side: schemas[ground.systems[side]] for side in SIDES}
        self._flows = {flow.name: flow for flow in ground.plan.flows}

    def of(self, goal: Goal) -> Iterator[Scene]:
        """Scenes that may reach a goal, the simplest first. Raises `Unreachable`."""
        kind, name, *more = goal.key
        flow = self._flows[str(name)]
        make = getattr(self, f"_{str(kind).replace(' ', '_').replace('-', '_')}")
        yield from make(flow, *more)

    def beside(self) -> Iterator[Scene]:
        """Scenes that reach no goal, in which nothing should happen: a record of one side alone,
        and two that share only a part of a key."""
        for flow in self.ground.plan.flows:
            if flow.users or not flow.moves:
                continue
            for number in range(len(flow.keys)):
                left, right = self._keyed(flow, number)
                yield Scene((_given("left", flow.left.object, left),))
                yield Scene((_given("right", flow.right.object, right),))
                parts = flow.keys[number].pairs
                for name, _ in parts if len(parts) > 1 else ():
                    other_left = {**left, name: sample(self._field(flow, "left", name), 2)}
                    yield Scene(
                        (
                            _given("left", flow.left.object, other_left),
                            _given("right", flow.right.object, right),
                        )
                    )

            for infer in flow.infers:
                yield from self._mixed(flow, infer)

    def _mixed(self, flow: Flow, infer: InferRule) -> Iterator[Scene]:
        """Related records that satisfy different arms, or none."""
        side = other(infer.side)
        when = [arm.when for arm in infer.arms if arm.when is not None]
        kinds: list[list[Condition]] = [
            [one, *(Not(each) for each in when if each is not one)] for one in when
        ]
        found = []
        none: list[Condition] = [Not(one) for one in when]
        for conditions in (*kinds, none):
            with suppress(Unreachable):
                found.append(self._witness(conditions, side, infer.related))
        left, right = self._keyed(flow)
        pair = (
            _given("left", flow.left.object, left),
            _given("right", flow.right.object, right),
        )
        for one, two in combinations(found, 2):
            steps: list[TestStep] = []
            for witness in (one, two):
                values, before = self._record(side, witness)
                values[infer.via] = LastOf(side, infer.parent)
                steps += [*before, _given(side, infer.related, values)]
            yield Scene((*pair, *steps), one.today or two.today)

    # ---- rules and their conditions

    def _acts(self, flow: Flow, number: int) -> Iterator[Scene]:
        move = flow.moves[number]
        when = [] if move.when is None else [move.when]
        yield from self.creation(flow, number, when)

    def _part(self, flow: Flow, number: int, part: object) -> Iterator[Scene]:
        when = flow.moves[number].when
        if when is not None:
            for one in wanted(when):
                if one.part == part:
                    yield from self.creation(flow, number, one.conditions)

    def creation(
        self,
        flow: Flow,
        number: int,
        conditions: Sequence[Condition],
        values: Values | None = None,
    ) -> Iterator[Scene]:
        """A new record that satisfies conditions, and no rule of its direction that comes first."""
        move = flow.moves[number]
        side: Side = "left" if move.direction == "push" else "right"
        object = flow.end(side).object
        earlier = [
            Not(one.when)
            for one in flow.moves[:number]
            if one.direction == move.direction and one.create and one.when is not None
        ]
        stopped = [] if move.stop is None else [Not(move.stop)]
        witness = self._witness([*conditions, *earlier, *stopped], side, object)
        own, before = self._record(side, witness)
        full = {**self._needed(flow, side), **own, **(values or {})}
        yield Scene((*before, _given(side, object, full)), witness.today)

    def _witness(self, conditions: Sequence[Condition], side: Side, object: str) -> logic.Witness:
        """A record that satisfies; raises `Unreachable` where it is proved that there is none."""
        found = logic.satisfiable(conditions, self.describe(side, object))
        if found is None:
            raise Unreachable
        return found

    def _record(self, side: Side, witness: logic.Witness) -> tuple[Values, list[TestStep]]:
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
            steps.append(_given(side, hops[-1].object, groups[hops]))
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
        return LastOf(side, object), [_given(side, object, keys)]

    def _needed(self, flow: Flow, side: Side) -> Values:
        """What a record of a side should have: its first key, and what a created one must have."""
        found: Values = dict(self._keyed(flow)[SIDES.index(side)])
        there = other(side)
        target = self.schemas[there].by_name[flow.end(there).object]
        for row in flow.rows:
            source, goes = (row.left, row.right) if side == "left" else (row.right, row.left)
            field = target.by_name.get(goes)
            ways = ("push", "both") if side == "left" else ("pull", "both")
            if field is None or not source or row.direction not in ways or row.default is not None:
                continue
            if field.required and not row.table and not row.reference:
                found.setdefault(source, self._sample(flow, row, side, 0))
        return found

    # ---- links

    def _keyed(self, flow: Flow, which: int = 0, number: int = 0) -> tuple[Values, Values]:
        """Both records with the same key."""
        left: Values = {}
        right: Values = {}
        for one, two in flow.keys[which].pairs if flow.keys else ():
            a, b = self._field(flow, "left", one), self._field(flow, "right", two)
            left[one] = sample(a, number)
            alike = b.format in ("email", "phone", "url", "domain") and b.format != a.format
            right[two] = sample(b, number) if alike else left[one]
        return left, right

    def _key(self, flow: Flow, number: int) -> Iterator[Scene]:
        left, right = self._keyed(flow, number)
        yield Scene(
            (
                _given("left", flow.left.object, left),
                _given("right", flow.right.object, right),
            )
        )

    def _several(self, flow: Flow) -> Iterator[Scene]:
        left, right = self._keyed(flow)
        twice = (_given("right", flow.right.object, right),) * 2
        yield Scene((_given("left", flow.left.object, left), *twice))
        twice = (_given("left", flow.left.object, left),) * 2
        yield Scene((_given("right", flow.right.object, right), *twice))

    def _enrich(self, flow: Flow, number: int) -> Iterator[Scene]:
        left, right = self._keyed(flow)
        for row in flow.rows:
            if row.direction != "pull" and row.left and row.left not in left and not row.reference:
                left[row.left] = self._sample(flow, row, "left", 0)
        yield Scene(
            (
                _given("left", flow.left.object, left),
                _given("right", flow.right.object, right),
            )
        )

    def linked(self, flow: Flow, left: Values | None = None, right: Values | None = None) -> Steps:
        """Two linked records with the same key."""
        keyed = self._keyed(flow)
        return (
            _given("left", flow.left.object, {**keyed[0], **(left or {})}),
            _step("linked", "right", flow.right.object, {**keyed[1], **(right or {})}),
        )

    # ---- rows

    def _row(self, flow: Flow, key: str, to: Side) -> Iterator[Scene]:
        row = _row_of(flow, key)
        origin = other(to)
        source = row.left if to == "right" else row.right
        if row.template:
            filled: Values = {name: sample(self._field(flow, origin, name)) for name in row.reads}
            if not row.reads:
                yield from self._made(flow, to)
                return
            changed: Values = {row.reads[0]: sample(self._field(flow, origin, row.reads[0]), 1)}
            pair = self.linked(flow, *((filled, None) if to == "right" else (None, filled)))
            yield Scene((*pair, self._change(flow, origin, changed)))
        elif not source:
            yield from self._made(flow, to)
        else:
            for number in (1, 0):
                before, value = self._source(flow, row, to, number)
                change = self._change(flow, origin, {source: value})
                yield Scene((*before, *self.linked(flow), change))
                yield from self._made(flow, to, {source: value}, before)

    def _made(
        self, flow: Flow, to: Side, values: Values | None = None, before: Steps = ()
    ) -> Iterator[Scene]:
        """The record of a side is created."""
        direction = "push" if to == "right" else "pull"
        for number, move in enumerate(flow.moves):
            if move.direction == direction and move.create:
                when = [] if move.when is None else [move.when]
                with suppress(Unreachable):
                    for one in self.creation(flow, number, when, values):
                        yield replace(one, steps=(*before, *one.steps))

    def _value(self, flow: Flow, key: str, number: int, to: Side) -> Iterator[Scene]:
        row = _row_of(flow, key)
        left, right, _ = row.table[number]
        source, value = (row.left, left) if to == "right" else (row.right, right)
        yield self._changed(flow, other(to), source, value)

    def _unknown(self, flow: Flow, key: str, to: Side) -> Iterator[Scene]:
        row = _row_of(flow, key)
        source = row.left if to == "right" else row.right
        value = unknown_value(self._field(flow, other(to), source), row, to)
        if value is not None:
            yield self._changed(flow, other(to), source, value)

    def _both(self, flow: Flow, key: str) -> Iterator[Scene]:
        row = _row_of(flow, key)
        before, left = self._source(flow, row, "right", 1)
        after, right = self._source(flow, row, "left", 2)
        change = (
            self._change(flow, "left", {row.left: left}),
            self._change(flow, "right", {row.right: right}),
        )
        if row.reference and not isinstance(left, UserBy):
            # Two parents: each side comes to refer to another one.
            first, second = before, after
            pair = self.linked(flow)
            yield Scene((*first, *pair, change[0], *second, change[1]))
        else:
            yield Scene((*self.linked(flow), *change))

    def _default(self, flow: Flow, key: str) -> Iterator[Scene]:
        row = _row_of(flow, key)
        for to in SIDES:
            source = row.left if to == "right" else row.right
            if source:
                yield from self._made(flow, to, {source: None})

    def _kept(self, flow: Flow, key: str) -> Iterator[Scene]:
        row = _row_of(flow, key)
        to: Side = "left" if row.direction == "pull" else "right"
        goes = row.right if to == "right" else row.left
        there: Values = {goes: sample(self._field(flow, to, goes), 2)}
        pair = self.linked(flow, *((None, there) if to == "right" else (there, None)))
        for scene in self._row(flow, key, to):
            changes = tuple(one for one in scene.steps if one.kind == "change")
            if changes:
                given = tuple(one for one in scene.steps if one.kind != "change")
                filled = (given[-2].record.values, given[-1].record.values)
                left = {**dict(filled[0]), **dict(pair[0].record.values)}
                right = {**dict(filled[1]), **dict(pair[1].record.values)}
                yield Scene((*given[:-2], *self.linked(flow, left, right), *changes))

    def _ask(self, flow: Flow, key: str) -> Iterator[Scene]:
        row = _row_of(flow, key)
        yield from self._row(flow, key, "left" if row.direction == "pull" else "right")

    def _clear(self, flow: Flow, key: str) -> Iterator[Scene]:
        row = _row_of(flow, key)
        to: Side = "left" if row.direction == "pull" else "right"
        before, value = self._source(flow, row, to, 1)
        held = self._sample(flow, row, to, 1)
        mine, theirs = (row.left, row.right) if to == "right" else (row.right, row.left)
        filled: list[Values] = [{mine: value}, {theirs: held}]
        pair = self.linked(flow, *(filled if to == "right" else filled[::-1]))
        yield Scene((*before, *pair, self._change(flow, other(to), {mine: None})))

    def _truncate(self, flow: Flow, key: str) -> Iterator[Scene]:
        row = _row_of(flow, key)
        for to in SIDES:
            source, goes = (row.left, row.right) if to == "right" else (row.right, row.left)
            field = self._field(flow, to, goes) if goes else None
            if field is not None and field.length is not None and source:
                value = ("a long text " * field.length)[: field.length + 5].strip() + "s"
                yield self._changed(flow, other(to), source, value)

    # ---- stop, what follows an end, stand-ins

    def _stop(self, flow: Flow, number: int) -> Iterator[Scene]:
        move = flow.moves[number]
        if move.stop is None:
            return
        side: Side = "left" if move.direction == "push" else "right"
        witness = self._witness([move.stop], side, flow.end(side).object)
        own, before = self._record(side, witness)
        theirs: Values = {
            get.field: value
            for get, value in witness.values
            if len(get.hops) == 1 and get.hops[0].kind == "link"
        }
        pair = self.linked(flow, *((own, theirs) if side == "left" else (theirs, own)))
        ways = (move.direction, "both")
        for row in flow.rows:
            source = row.left if side == "left" else row.right
            plain = source and not row.reference and source not in own
            if plain and row.direction in ways and source not in dict(pair[0].record.values):
                value = self._sample(flow, row, side, 1)
                yield Scene(
                    (*before, *pair, self._change(flow, side, {source: value})), witness.today
                )

    def _event(self, flow: Flow, number: int, at: int) -> Iterator[Scene]:
        move = flow.moves[number]
        side: Side = "left" if move.direction == "push" else "right"
        if move.events[at].on == "delete":
            object = flow.end(side).object
            yield Scene((*self.linked(flow), _step("delete", side, object, {})))

    def _stand_in(self, flow: Flow, number: int, at: int) -> Iterator[Scene]:
        move = flow.moves[number]
        one = move.stand_ins[at]
        origin = other(one.to)
        thing = self.schemas[one.to].by_name[one.object]
        address = sample(self._field(flow, origin, one.source))
        host = str(address).rpartition("@")[2].rpartition("//")[2].removeprefix("www.")
        account = _given(one.to, one.object, {one.key: host})
        if thing.by_name[one.key].format == "url":
            account = _given(one.to, one.object, {one.key: f"https://{host}"})
        yield from self._made(flow, one.to, {one.source: address}, (account,))
        for key in range(len(flow.keys)):
            for scene in self._key(flow, key):
                yield replace(scene, steps=(account, *scene.steps))

    # ---- inferred values

    def _arm(self, flow: Flow, at: int, number: int) -> Iterator[Scene]:
        infer = flow.infers[at]
        arm = infer.arms[number]
        yield from self._related(flow, infer, number, [] if arm.when is None else [arm.when])

    def _arm_part(self, flow: Flow, at: int, number: int, part: object) -> Iterator[Scene]:
        infer = flow.infers[at]
        when = infer.arms[number].when
        for one in wanted(when) if when is not None else ():
            if one.part == part:
                yield from self._related(flow, infer, number, list(one.conditions))

    def _related(
        self, flow: Flow, infer: InferRule, number: int, own: list[Condition]
    ) -> Iterator[Scene]:
        """Records that make an arm true and none before it: each is outside the earlier `any`, and
        for each earlier `all` there is one outside it."""
        arm, earlier = infer.arms[number], infer.arms[:number]
        outside = [_not(one) for one in earlier if one.quantifier == "any"]
        one_outside = [_not(one) for one in earlier if one.quantifier == "all"]
        everyone = [*outside, *(own if arm.quantifier == "all" else [])]
        sets = [[*outside, *own], *([*everyone, one] for one in one_outside)]
        side = other(infer.side)
        witnesses: list[logic.Witness] = []
        if arm.quantifier != "none":
            try:
                single = [*outside, *own, *one_outside]
                witnesses = [self._witness(single, side, infer.related)]
            except Unreachable:
                witnesses = [self._witness(one, side, infer.related) for one in sets]
        elif any(one.quantifier == "none" for one in earlier):
            raise Unreachable
        steps: list[TestStep] = []
        day = ""
        for witness in witnesses:
            values, before = self._record(side, witness)
            values[infer.via] = LastOf(side, infer.parent)
            steps += [*before, _given(side, infer.related, values)]
            day = witness.today or day
        left, right = self._keyed(flow)
        pair = (
            _given("left", flow.left.object, left),
            _given("right", flow.right.object, right),
        )
        if steps:
            changes = [
                _step("change", side, one.record.object, dict(one.record.values))
                for one in steps
                if one.record.object == infer.related
            ]
            if len(changes) == 1:
                blank = _given(side, infer.related, {infer.via: LastOf(side, infer.parent)})
                others = [one for one in steps if one.record.object != infer.related]
                changed = tuple(
                    (name, value)
                    for name, value in changes[0].record.values
                    if name != infer.via and value is not None
                )
                change = replace(changes[0], record=replace(changes[0].record, values=changed))
                yield Scene((*self.linked(flow), *others, blank, change), day)
        yield Scene((*pair, *steps), day)

    # ---- values

    def _changed(self, flow: Flow, side: Side, field: str, value: TestValue) -> Scene:
        return Scene((*self.linked(flow), self._change(flow, side, {field: value})))

    def _change(self, flow: Flow, side: Side, values: Values) -> TestStep:
        return _step("change", side, flow.end(side).object, values)

    def _source(self, flow: Flow, row: Row, to: Side, number: int) -> tuple[Steps, TestValue]:
        """A value that a row can carry to a side, and the records it refers to."""
        origin = other(to)
        if not row.reference:
            return (), self._sample(flow, row, origin, number)
        parent = self._flows[row.reference]
        if parent.users:
            return (), UserBy(("ann@example.com", "bob@example.com")[number % 2])
        left, right = self._keyed(parent, number=number)
        return (
            (
                _given("left", parent.left.object, left),
                _step("linked", "right", parent.right.object, right),
            ),
            LastOf(origin, parent.end(origin).object),
        )

    def _sample(self, flow: Flow, row: Row, side: Side, number: int) -> Value:
        """A value of a row's field on a side that can go to the other side."""
        name, there = (row.left, row.right) if side == "left" else (row.right, row.left)
        if row.table:
            way = "pull" if side == "left" else "push"
            entries = [one for one in row.table if one[2] != way] or list(row.table)
            return entries[number % len(entries)][SIDES.index(side)]
        field = self._field(flow, side, name)
        target = self._field(flow, other(side), there)
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

    def _field(self, flow: Flow, side: Side, name: str) -> Field:
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


def _not(arm: Arm) -> Condition:
    assert arm.when is not None
    return Not(arm.when)


def _row_of(flow: Flow, key: str) -> Row:
    return next(one for one in flow.rows if f"{one.left}|{one.right}" == key)


def _given(side: Side, object: str, values: Mapping[str, TestValue]) -> TestStep:
    return _step("given", side, object, values)


def _step(kind: str, side: Side, object: str, values: Mapping[str, TestValue]) -> TestStep:
    record = TestRecord(side, object, tuple(values.items()))
    return TestStep(NOWHERE, kind, record)  # type: ignore[arg-type]
