"""Made-up records and what happens to them, so that a test reaches a goal.

Records that satisfy or fail conditions come from `dsl/logic`, other values from `samples.py`. A
scene says nothing about what should come of it: `coverage.py` looks what does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import combinations

from ...dsl import logic
from ...dsl.conditions import Condition, Not
from ...dsl.rules import (
    SIDES,
    Arm,
    InferRule,
    LastOf,
    Side,
    TestStep,
    UserBy,
)
from ..plan.model import Flow, Row
from ..run.state import other
from .goals import Goal, spot, unknown_value
from .made import Maker, Scene, Steps, Unreachable, Values, given, step
from .parts import wanted
from .samples import sample


class Scenes(Maker):
    """Makes scenes for the goals of one plan."""

    def of(self, goal: Goal) -> Iterator[Scene]:
        """Scenes that may reach a goal, the simplest first. Raises `Unreachable`."""
        kind, name, *more = goal.key
        flow = self._flows[str(name)]
        make = getattr(self, f"_{str(kind).replace(' ', '_').replace('-', '_')}")
        yield from make(flow, *more)

    def beside(self) -> Iterator[Scene]:
        """Scenes that reach no goal: a record of one side alone, related records of all kinds."""
        for flow in self.ground.plan.flows:
            if flow.users or not flow.moves:
                continue
            for number in range(len(flow.keys)):
                left, right = self.keyed(flow, number)
                yield Scene((given("left", flow.left.object, left),))
                yield Scene((given("right", flow.right.object, right),))
            for infer in flow.infers:
                yield from self._mixed(flow, infer)
            if flow.activity:
                yield from self._goes_on(flow)

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
                found.append(self.witness(conditions, side, infer.related))
        left, right = self.keyed(flow)
        pair = (
            given("left", flow.left.object, left),
            given("right", flow.right.object, right),
        )
        for one, two in combinations(found, 2):
            steps: list[TestStep] = []
            for witness in (one, two):
                values, before = self.record(side, witness)
                values[infer.via] = LastOf(side, infer.parent)
                steps += [*before, given(side, infer.related, values)]
            yield Scene((*pair, *steps), one.today or two.today)

    def _goes_on(self, flow: Flow) -> Iterator[Scene]:
        """A change of a linked activity on either side, which a standard row carries over."""
        for side in SIDES:
            way = "pull" if side == "left" else "push"
            for row in flow.rows:
                source = row.left if side == "left" else row.right
                if source and row.direction != way and not (row.through or row.table):
                    yield self.changed(flow, side, source, self.sampled(flow, row, side, 1))
                    break

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

    def _stranger(self, flow: Flow, number: int) -> Iterator[Scene]:
        """An activity with an address that nobody has."""
        move = flow.moves[number]
        side: Side = "left" if move.direction == "push" else "right"
        when = [] if move.when is None else [move.when]
        for people in flow.people:
            if people.side == side:
                for which in range(3):
                    address = sample(self.field(flow, side, people.address), which)
                    yield from self.creation(
                        flow, number, when, {people.address: address}, known=False
                    )

    # ---- links

    def _key(self, flow: Flow, number: int) -> Iterator[Scene]:
        left, right = self.keyed(flow, number)
        yield Scene(
            (
                given("left", flow.left.object, left),
                given("right", flow.right.object, right),
            )
        )

    def _apart(self, flow: Flow, number: int, part: int) -> Iterator[Scene]:
        left, right = self.keyed(flow, number)
        name = flow.keys[number].pairs[part][0]
        left[name] = sample(self.field(flow, "left", name), 2)
        yield Scene(
            (
                given("left", flow.left.object, left),
                given("right", flow.right.object, right),
            )
        )

    def _several(self, flow: Flow) -> Iterator[Scene]:
        left, right = self.keyed(flow)
        twice = (given("right", flow.right.object, right),) * 2
        yield Scene((given("left", flow.left.object, left), *twice))
        twice = (given("left", flow.left.object, left),) * 2
        yield Scene((given("right", flow.right.object, right), *twice))

    def _tie(self, flow: Flow, number: int) -> Iterator[Scene]:
        """Two candidates that only this tie-breaker tells apart."""
        tie = flow.ties[number]
        for side in reversed(SIDES):
            name = tie.right if side == "right" else tie.left
            if not name:
                continue
            keyed = self.keyed(flow)
            mine, theirs = keyed if side == "left" else keyed[::-1]
            object, there = flow.end(side).object, flow.end(other(side)).object
            more: list[TestStep] = []
            first, second, partner = {**mine}, {**mine}, {**theirs}
            if tie.kind == "most":
                thing, _, reference = name.partition(".")
                more = [given(side, thing, {reference: LastOf(side, object)})]
            elif tie.kind == "same":
                first[name], second[name] = UserBy("ann@example.com"), UserBy("bob@example.com")
                partner[tie.left if side == "right" else tie.right] = UserBy("bob@example.com")
            else:
                field = self.field(flow, side, name)
                first[name], second[name] = sample(field, 0), sample(field, 1)
            alone = given(other(side), there, partner)
            both = (given(side, object, first), given(side, object, second))
            yield Scene((alone, *both, *more))

    def _enrich(self, flow: Flow, number: int) -> Iterator[Scene]:
        for differing in (0, 1):
            left, right = self.keyed(flow)
            for row in flow.rows:
                plain = row.left and row.right and not row.through
                if row.direction == "pull" or not plain or row.left in left:
                    continue
                left[row.left] = self.sampled(flow, row, "left", 0)
                if differing and row.right not in right:
                    right[row.right] = self.sampled(flow, row, "right", 1)
            yield Scene(
                (
                    given("left", flow.left.object, left),
                    given("right", flow.right.object, right),
                )
            )

    # ---- rows

    def _row(self, flow: Flow, key: str, to: Side) -> Iterator[Scene]:
        row = _row_of(flow, key)
        origin = other(to)
        source = row.left if to == "right" else row.right
        if row.template:
            filled: Values = {name: sample(self.field(flow, origin, name)) for name in row.reads}
            if not row.reads:
                yield from self._made(flow, to)
                for which in range(len(flow.keys)):
                    yield from self._key(flow, which)
                return
            changed: Values = {row.reads[0]: sample(self.field(flow, origin, row.reads[0]), 1)}
            pair = self.linked(flow, *((filled, None) if to == "right" else (None, filled)))
            yield Scene((*pair, self.change(flow, origin, changed)))
        elif not source:
            yield from self._made(flow, to)
            for which in range(len(flow.keys)):
                yield from self._key(flow, which)
        else:
            for number in (1, 0):
                before, value = self.source(flow, row, to, number)
                change = self.change(flow, origin, {source: value})
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
        yield self.changed(flow, other(to), source, value)

    def _unknown(self, flow: Flow, key: str, to: Side) -> Iterator[Scene]:
        row = _row_of(flow, key)
        source = row.left if to == "right" else row.right
        value = unknown_value(self.field(flow, other(to), source), row, to)
        if value is not None:
            yield self.changed(flow, other(to), source, value)

    def _both(self, flow: Flow, key: str) -> Iterator[Scene]:
        row = _row_of(flow, key)
        before, left = self.source(flow, row, "right", 1)
        after, right = self.source(flow, row, "left", 2)
        change = (
            self.change(flow, "left", {row.left: left}),
            self.change(flow, "right", {row.right: right}),
        )
        if row.through and not isinstance(left, UserBy):
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
        there: Values = {goes: sample(self.field(flow, to, goes), 2)}
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
        before, value = self.source(flow, row, to, 1)
        held = self.sampled(flow, row, to, 1)
        mine, theirs = (row.left, row.right) if to == "right" else (row.right, row.left)
        filled: list[Values] = [{mine: value}, {theirs: held}]
        pair = self.linked(flow, *(filled if to == "right" else filled[::-1]))
        yield Scene((*before, *pair, self.change(flow, other(to), {mine: None})))

    def _truncate(self, flow: Flow, key: str) -> Iterator[Scene]:
        row = _row_of(flow, key)
        for to in SIDES:
            source, goes = (row.left, row.right) if to == "right" else (row.right, row.left)
            source = next(iter(row.reads), source)  # of a template, the first field in it
            field = self.field(flow, to, goes) if goes else None
            if field is not None and field.length is not None and source:
                value = ("a long text " * field.length)[: field.length + 5].strip() + "s"
                yield self.changed(flow, other(to), source, value)

    # ---- stop, what follows an end, stand-ins

    def _stop(self, flow: Flow, number: int) -> Iterator[Scene]:
        move = flow.moves[number]
        if move.stop is None:
            return
        side: Side = "left" if move.direction == "push" else "right"
        witness = self.witness([move.stop], side, flow.end(side).object)
        own, before = self.record(side, witness)
        theirs: Values = {
            get.field: value
            for get, value in witness.values
            if len(get.hops) == 1 and get.hops[0].kind == "link"
        }
        pair = self.linked(flow, *((own, theirs) if side == "left" else (theirs, own)))
        ways = (move.direction, "both")
        for row in flow.rows:
            source = row.left if side == "left" else row.right
            plain = source and not row.through and source not in own
            if plain and row.direction in ways and source not in dict(pair[0].record.values):
                value = self.sampled(flow, row, side, 1)
                yield Scene(
                    (*before, *pair, self.change(flow, side, {source: value})), witness.today
                )

    def _event(self, flow: Flow, number: int, at: int) -> Iterator[Scene]:
        move = flow.moves[number]
        side: Side = "left" if move.direction == "push" else "right"
        own: Values = {name: sample(self.field(flow, side, name)) for name in move.events[at].reads}
        pair = self.linked(flow, *((own, None) if side == "left" else (None, own)))
        if move.events[at].on == "cancel":
            field = self.schemas[side].by_name[flow.end(side).object].by_role["cancelled"]
            yield Scene((*pair, self.change(flow, side, {field.name: True})))
        else:
            yield Scene((*pair, step("delete", side, flow.end(side).object, {})))

    def _stand_in(self, flow: Flow, number: int, at: int) -> Iterator[Scene]:
        move = flow.moves[number]
        one = move.stand_ins[at]
        origin = other(one.to)
        thing = self.schemas[one.to].by_name[one.object]
        address = sample(self.field(flow, origin, one.source))
        host = str(address).rpartition("@")[2].rpartition("//")[2].removeprefix("www.")
        account = given(one.to, one.object, {one.key: host})
        if thing.by_name[one.key].format == "url":
            account = given(one.to, one.object, {one.key: f"https://{host}"})
        yield from self._made(flow, one.to, {one.source: address}, (account,))
        for key in range(len(flow.keys)):
            for scene in self._key(flow, key):
                yield replace(scene, steps=(account, *scene.steps))

    # ---- inferred values

    def _arm(self, flow: Flow, at: int, number: int) -> Iterator[Scene]:
        infer = flow.infers[at]
        arm = infer.arms[number]
        yield from self.related(flow, infer, number, [] if arm.when is None else [arm.when])

    def _some(self, flow: Flow, at: int, number: int) -> Iterator[Scene]:
        """One record that an arm is about and one that it isn't, both outside the arms before."""
        infer = flow.infers[at]
        when = infer.arms[number].when
        if when is None:
            return
        side = other(infer.side)
        outside = [_not(one) for one in infer.arms[:number] if one.when is not None]
        left, right = self.keyed(flow)
        steps = [
            given("left", flow.left.object, left),
            given("right", flow.right.object, right),
        ]
        day = ""
        for own in (when, Not(when)):
            witness = self.witness([*outside, own], side, infer.related)
            values, before = self.record(side, witness)
            values[infer.via] = LastOf(side, infer.parent)
            steps += [*before, given(side, infer.related, values)]
            day = witness.today or day
        yield Scene(tuple(steps), day)

    def _arm_part(self, flow: Flow, at: int, number: int, part: object) -> Iterator[Scene]:
        infer = flow.infers[at]
        when = infer.arms[number].when
        for one in wanted(when) if when is not None else ():
            if one.part == part:
                yield from self.related(flow, infer, number, list(one.conditions))

    def related(
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
                witnesses = [self.witness(single, side, infer.related)]
            except Unreachable:
                witnesses = [self.witness(one, side, infer.related) for one in sets]
        elif any(one.quantifier == "none" for one in earlier):
            raise Unreachable
        steps: list[TestStep] = []
        day = ""
        for witness in witnesses:
            values, before = self.record(side, witness)
            values[infer.via] = LastOf(side, infer.parent)
            steps += [*before, given(side, infer.related, values)]
            day = witness.today or day
        left, right = self.keyed(flow)
        pair = (
            given("left", flow.left.object, left),
            given("right", flow.right.object, right),
        )
        if steps:
            changes = [
                step("change", side, one.record.object, dict(one.record.values))
                for one in steps
                if one.record.object == infer.related
            ]
            if len(changes) == 1:
                blank = given(side, infer.related, {infer.via: LastOf(side, infer.parent)})
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


def _not(arm: Arm) -> Condition:
    assert arm.when is not None
    return Not(arm.when)


def _row_of(flow: Flow, key: str) -> Row:
    return next(one for one in flow.rows if spot(one) == key)
