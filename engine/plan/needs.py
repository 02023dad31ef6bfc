"""What has to be read, kept and watched so that the rules can be decided: the second half of
compiling.

Knows which fields rows, keys, conditions and infers touch, on which object of which side; knows no
records and sends nothing. The passes are called from `compile.py`; how a connector carries a read
out is `connectors/base/contract.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...connectors.base.contract import Read
from ...connectors.base.schema import Field, Format, Schema
from ...dsl import conditions
from ...dsl.conditions import Condition, Get
from ...dsl.rules import InferRule, MoveRule, PairRules, RowRule, RuleSet, Side
from .model import Flow, Index, Watch
from .order import needed_first

Spot = tuple[Side, str]
"""An object of one side."""


@dataclass(frozen=True, slots=True)
class Need:
    """A rule needs a field of an object, `every` so many minutes; "": the object alone."""

    side: Side
    object: str
    field: str
    every: int

    @property
    def spot(self) -> Spot:
        return self.side, self.object


@dataclass(frozen=True, slots=True)
class Step:
    """One field on the way that a condition goes: from (`side`, `object`), `to` another record
    where the field is a reference, None where it is the field that is compared."""

    side: Side
    object: str
    field: str
    to: str | None


def needs_of(rules: RuleSet, flows: tuple[Flow, ...]) -> tuple[Need, ...]:
    """Everything that some rule needs, each thing once. `flows` stand parents first."""
    pairs = {flow_name(pair): pair for pair in rules.pairs}
    every = _every(pairs, flows)
    found: dict[Need, None] = {}
    for flow in flows:
        pair = pairs[flow.name]
        found.update(dict.fromkeys(_pair_needs(pair, every[flow.name])))
    return tuple(found)


def reads_of(
    needs: tuple[Need, ...], flows: tuple[Flow, ...], schemas: Mapping[Side, Schema]
) -> tuple[Read, ...]:
    """One read an object, fields by name, in the order of looking: users, then what others refer
    to before what refers to it, then what is only related."""
    fields: dict[Spot, set[str]] = {}
    every: dict[Spot, int] = {}
    for need in needs:
        fields.setdefault(need.spot, set()).update([need.field] if need.field else [])
        every[need.spot] = min(need.every, every.get(need.spot, need.every))

    def is_user(spot: Spot) -> bool:
        return schemas[spot[0]].by_name[spot[1]].thing == "user"

    ends = [spot for flow in flows for spot in _ends(flow)]
    first = dict.fromkeys(spot for spot in [*ends, *sorted(fields)] if is_user(spot))
    given = dict.fromkeys([*first, *ends, *sorted(fields)])
    return tuple(
        Read(schemas[spot[0]].system, spot[1], tuple(sorted(fields[spot])), every[spot])
        for spot in needed_first(given, _referred(flows))
    )


def layout(read: Read, schema: Schema) -> tuple[Field, ...]:
    """The schema's fields in the order in which a read gives their values."""
    known = schema.by_name[read.object].by_name
    return tuple(known[name] for name in read.fields)


def watches_of(flows: tuple[Flow, ...], systems: Mapping[Side, str]) -> tuple[Watch, ...]:
    """Which change of another record makes records of a flow dirty.

    A step over a link needs no watch, since both records are of the same flow; of several steps
    the first is watched: a record two references away is not.
    """
    found: dict[Watch, None] = {}
    for flow in flows:
        for move in flow.moves:
            side: Side = "left" if move.direction == "push" else "right"
            target = (flow.left if side == "left" else flow.right).object
            for get in gets(move.when):
                hop = get.hops[0] if get.hops else None
                if hop is not None and hop.kind == "reference":
                    watch = Watch(
                        systems[side], hop.object, hop.name, True, flow.name, side, target
                    )
                    found[watch] = None
        for infer in flow.infers:
            side = other(infer.side)
            watch = Watch(
                systems[side], infer.related, infer.via, False, flow.name, side, infer.parent
            )
            found[watch] = None
    return tuple(found)


def indexes_of(
    flows: tuple[Flow, ...], watches: tuple[Watch, ...], schemas: Mapping[Side, Schema]
) -> tuple[Index, ...]:
    """Fields by which records are looked up: match keys of both sides, and references that lead
    from one record to another."""
    found: set[tuple[str, str, str, Format]] = set()
    for flow in flows:
        for side, end, part in (("left", flow.left, 0), ("right", flow.right, 1)):
            known = schemas["left" if side == "left" else "right"].by_name[end.object].by_name
            for key in flow.keys:
                for pair in key.pairs:
                    found.add((end.system, end.object, pair[part], known[pair[part]].format))
            for row in flow.rows:
                if row.reference:
                    found.add((end.system, end.object, (row.left, row.right)[part], ""))
    for watch in watches:
        holder = watch.target if watch.backward else watch.object
        found.add((watch.system, holder, watch.via, ""))
    return tuple(Index(*one) for one in sorted(found))


def steps(side: Side, object: str, get: Get) -> Iterator[Step]:
    """The fields that a condition reads on its way from a record of `object` to its field.

    A step over a link needs no field: the engine's links know it.
    """
    for hop in get.hops:
        if hop.kind == "link":
            side = other(side)
        else:
            yield Step(side, object, hop.name, hop.object)
        object = hop.object
    yield Step(side, object, get.field, None)


def gets(condition: Condition | None) -> tuple[Get, ...]:
    """The fields that decide a condition; none for one that always holds."""
    return conditions.reads(condition) if condition is not None else ()


def flow_name(pair: PairRules) -> str:
    return f"{pair.left}~{pair.right}"


def other(side: Side) -> Side:
    return "right" if side == "left" else "left"


def source_of(move: MoveRule) -> Side:
    return "left" if move.direction == "push" else "right"


def _every(pairs: Mapping[str, PairRules], flows: tuple[Flow, ...]) -> dict[str, int]:
    """How often each flow's own records are wanted: as its rules say; where it has none of its own
    (users), as often as the flows whose references go through it."""
    found: dict[str, int] = {}
    for flow in reversed(flows):
        pair = pairs[flow.name]
        own = [move.every for move in pair.moves] + [infer.every for infer in pair.infers]
        children = [
            found[one.name] for one in flows if flow.name in one.parents and one.name in found
        ]
        found[flow.name] = min(own or children or [pair.every])
    return found


def _pair_needs(pair: PairRules, every: int) -> Iterator[Need]:
    yield Need("left", pair.left, "", every)
    yield Need("right", pair.right, "", every)
    for key in pair.keys:
        for left, right in key.pairs:
            yield Need("left", pair.left, left, every)
            yield Need("right", pair.right, right, every)
    for row in pair.rows:
        yield from _row_needs(pair, row, every)
    for move in pair.moves:
        side = source_of(move)
        start = pair.left if side == "left" else pair.right
        yield from _condition_needs(side, start, move.when, move.every)
    for infer in pair.infers:
        yield from _infer_needs(infer)


def _row_needs(pair: PairRules, row: RowRule, every: int) -> Iterator[Need]:
    """A template reads from the side its arrow comes from; any other row has a field on each side
    that it has one on."""
    if row.left:
        yield Need("left", pair.left, row.left, every)
    if row.right:
        yield Need("right", pair.right, row.right, every)
    for name in row.reads:
        if row.direction == "push":
            yield Need("left", pair.left, name, every)
        else:
            yield Need("right", pair.right, name, every)


def _infer_needs(infer: InferRule) -> Iterator[Need]:
    yield Need(infer.side, infer.object, infer.field, infer.every)
    yield Need(other(infer.side), infer.related, infer.via, infer.every)
    for arm in infer.arms:
        yield from _condition_needs(other(infer.side), infer.related, arm.when, infer.every)


def _condition_needs(
    side: Side, object: str, condition: Condition | None, every: int
) -> Iterator[Need]:
    for get in gets(condition):
        for step in steps(side, object, get):
            yield Need(step.side, step.object, step.field, every)


def _referred(flows: tuple[Flow, ...]) -> dict[Spot, tuple[Spot, ...]]:
    """Which objects are looked at before which: those that its references lead to."""
    ends = {flow.name: _ends(flow) for flow in flows}
    found: dict[Spot, dict[Spot, None]] = {}
    for flow in flows:
        for row in flow.rows:
            for here, there in zip(ends[flow.name], ends.get(row.reference, ()), strict=False):
                found.setdefault(here, {})[there] = None
        for move in flow.moves:
            start = ends[flow.name][0 if move.direction == "push" else 1]
            for get in gets(move.when):
                for step in steps(*start, get):
                    if step.to is not None:
                        found.setdefault((step.side, step.object), {})[step.side, step.to] = None
        for infer in flow.infers:
            side = other(infer.side)
            found.setdefault((side, infer.related), {})[side, infer.parent] = None
    return {spot: tuple(before) for spot, before in found.items()}


def _ends(flow: Flow) -> tuple[Spot, Spot]:
    return ("left", flow.left.object), ("right", flow.right.object)
