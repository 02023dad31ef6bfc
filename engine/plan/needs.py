"""What has to be read, kept and watched so that the rules can be decided: the second half of
compiling.

Knows which fields rows, keys, conditions and infers touch, on which object of which side; knows no
records and sends nothing. The passes are called from `compile.py`; how a connector carries a read
out is `connectors/base/contract.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from ...connectors.base.contract import Read
from ...connectors.base.cost import once_more
from ...connectors.base.schema import Field, Format, Role, Schema
from ...connectors.base.values import alike
from ...dsl import conditions
from ...dsl import rules as typed
from ...dsl.conditions import Condition, Get
from ...dsl.rules import SIDES, InferRule, MoveRule, PairRules, RowRule, RuleSet, Side
from .model import Author, Editor, Flow, Index, Move, StandIn, Tie, Watch
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


ASKED_OF: tuple[Role, ...] = ("address", "name", "guests", "cancelled")
"""What deciding asks of an activity besides its rows: who it is with, and whether it takes
place."""


def needs_of(
    rules: RuleSet, flows: tuple[Flow, ...], schemas: Mapping[Side, Schema]
) -> tuple[Need, ...]:
    """Everything that some rule needs, each thing once. `flows` stand parents first."""
    pairs = {flow_name(pair): pair for pair in rules.pairs}
    every = every_of(rules, flows)
    found: dict[Need, None] = {}
    for flow in flows:
        pair = pairs[flow.name]
        found.update(dict.fromkeys(_pair_needs(pair, every[flow.name])))
        if flow.activity:
            found.update(dict.fromkeys(_activity_needs(flow, schemas, every[flow.name])))
    return tuple(found)


def looks_of(
    rules: RuleSet, flows: tuple[Flow, ...], systems: Mapping[Side, str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """By flow: (system, object) of what its decisions rest on. That is what its rules name, those
    that are one thing with its records, and users. Other records that it refers to are looked at
    when one of them has to be brought along."""
    pairs = {flow_name(pair): pair for pair in rules.pairs}
    by_name = {flow.name: flow for flow in flows}
    found = {}
    for flow in flows:
        spots = {one.spot for one in _pair_needs(pairs[flow.name], flow.every)}
        users = [one for one in flow.parents if by_name[one].users]
        for name in (*flow.siblings, *users):
            spots.update(_ends(by_name[name]))
        spots.update(("left", object) for object, _ in flow.led)
        spots.update((one.side, one.object) for one in flow.people)
        found[flow.name] = tuple(sorted((systems[side], object) for side, object in spots))
    return found


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
        Read(
            schemas[spot[0]].system,
            spot[1],
            tuple(sorted(fields[spot])),
            every[spot],
            schemas[spot[0]].by_name[spot[1]].feed == "newest first",
            forgets=schemas[spot[0]].by_name[spot[1]].forgets,
            untold=schemas[spot[0]].by_name[spot[1]].untold,
        )
        for spot in needed_first(given, _referred(flows))
    )


def authors_of(
    flows: tuple[Flow, ...],
    schemas: Mapping[Side, Schema],
    personal: Collection[str],
    needs: tuple[Need, ...],
) -> dict[Side, tuple[Author, ...]]:
    """Who tells whose a change is that goes to a system where people have logins of their own."""
    read = {(one.side, one.object, one.field) for one in needs}
    found: dict[Side, tuple[Author, ...]] = {}
    for side in SIDES:
        schema, there = schemas[side], schemas[other(side)].system
        users = schema.things("user")
        if there not in personal or not users or not users[0].keys:
            continue
        names = dict.fromkeys(flow.end(side).object for flow in flows if not flow.users)
        made = []
        for one in (schema.by_name[name] for name in names):
            fields = tuple(filter(None, (one.changed_by, one.owned_by)))
            quiet = tuple(name for name in fields if (side, one.name, name) not in read)
            if fields:
                key = users[0].keys[0]
                made.append(Author(schema.system, one.name, fields, users[0].name, key, quiet))
        found[side] = tuple(made)
    return found


def editors_of(
    flows: tuple[Flow, ...], schemas: Mapping[Side, Schema], needs: Collection[Need]
) -> dict[Side, tuple[Editor, ...]]:
    """Who tells whose a value is that goes over, or is written over: of the records that have
    rows."""
    read = {(one.side, one.object, one.field) for one in needs}
    spots = {one.spot for one in needs}
    found: dict[Side, tuple[Editor, ...]] = {}
    for side in SIDES:
        schema = schemas[side]
        user = next(iter(schema.things("user")), None)
        names = dict.fromkeys(
            flow.end(side).object
            for flow in flows
            if not flow.users and flow.rows and (side, flow.end(side).object) in spots
        )
        found[side] = tuple(
            Editor(
                schema.system,
                one.name,
                one.changed_by,
                user.name if user else "",
                next(iter(user.keys), "") if user else "",
                (side, one.name, one.changed_by) not in read,
            )
            for one in (schema.by_name[name] for name in names)
            if one.changed_by
        )
    return found


def editor_needs(
    editors: Mapping[Side, tuple[Editor, ...]], needs: Collection[Need]
) -> Iterator[Need]:
    """The fields that tell who changed a record; nobody is read for it who is not read anyway."""
    for side, found in editors.items():
        for one in found:
            every = min(need.every for need in needs if need.spot == (side, one.object))
            yield Need(side, one.object, one.field, every)


def author_needs(
    authors: Mapping[Side, tuple[Author, ...]], needs: tuple[Need, ...]
) -> Iterator[Need]:
    """The fields that tell whose a change is; users are read as often as what they are needed
    for."""
    for side, found in authors.items():
        for one in found:
            every = min(need.every for need in needs if need.spot == (side, one.object))
            for name in one.fields:
                yield Need(side, one.object, name, every)
            yield Need(side, one.users, one.address, every)


def layout(read: Read, schema: Schema) -> tuple[Field, ...]:
    """The schema's fields in the order in which a read gives their values."""
    known = schema.by_name[read.object].by_name
    return tuple(known[name] for name in read.fields)


def watches_of(flows: tuple[Flow, ...], systems: Mapping[Side, str]) -> tuple[Watch, ...]:
    """Which change of another record makes records of a flow dirty.

    A step over a link needs no watch, since both records are of the same flow; each step over a
    reference has one.
    """
    found: dict[Watch, set[str]] = {}
    for flow in flows:
        for move in flow.moves:
            for get in (*gets(move.when), *gets(move.stop)):
                side = source_of(move)
                hops = get.hops
                if hops and hops[0].kind == "link":
                    side, hops = other(side), hops[1:]
                target = (flow.left if side == "left" else flow.right).object
                names = (*(hop.name for hop in hops), get.field)
                over: tuple[tuple[str, str], ...] = ()
                for place, hop in enumerate(hops):
                    if hop.kind != "reference":
                        break
                    way = (hop.object, names[0], True, flow.name, side, target)
                    watch, after = Watch(systems[side], *way, over=over), names[place + 1]
                    found.setdefault(watch, set()).add(after)
                    over = ((hop.object, after), *over)
        for infer in flow.infers:
            side = other(infer.side)
            watch = Watch(
                systems[side], infer.related, infer.via, False, flow.name, side, infer.parent
            )
            arms = (get for arm in infer.arms for get in gets(arm.when))
            read = {get.hops[0].name if get.hops else get.field for get in arms}
            found.setdefault(watch, {infer.via}).update(read)
        for object, field in flow.led:
            name, target = flow.name, flow.left.object
            found[Watch(systems["left"], object, field, False, name, "left", target)] = set()
        for one in stand_ins_of(flow):
            side = other(one.to)
            watch = Watch(
                systems[one.to],
                one.object,
                one.key,
                False,
                flow.name,
                side,
                flow.end(side).object,
                one.source,
            )
            found[watch] = {one.key}
    return tuple(replace(one, reads=tuple(sorted(names))) for one, names in found.items())


def indexes_of(
    flows: tuple[Flow, ...], watches: tuple[Watch, ...], schemas: Mapping[Side, Schema]
) -> tuple[Index, ...]:
    """Fields by which records are looked up: match keys of both sides, references that lead
    from one record to another, and domains that stand for an account."""
    found: set[tuple[str, str, str, Format, bool]] = set()
    for flow in flows:
        for end, part in ((flow.left, 0), (flow.right, 1)):
            for key in flow.keys:
                for pair in key.pairs:
                    format = _key_format(flow, pair, schemas)
                    found.add((end.system, end.object, pair[part], format, False))
            for row in flow.rows:
                if row.through:
                    found.add((end.system, end.object, (row.left, row.right)[part], "", False))
            for tie in flow.ties:
                found.update(_counted(end.system, tie, "left" if part == 0 else "right"))
        for one in stand_ins_of(flow):
            here, there = flow.end(one.to), flow.end(other(one.to))
            found.add((here.system, one.object, one.key, "", True))
            found.add((there.system, there.object, one.source, "", True))
            for tie in one.ties:
                found.update(_counted(here.system, tie, one.to))
        for _, field in flow.leads:
            found.add((flow.left.system, flow.left.object, field, "", False))
        for each in flow.people:
            end = flow.end(each.side)
            found.add((end.system, end.object, each.address, "email", False))
            found.add((end.system, each.object, each.email, "email", False))
    for watch in watches:
        if not watch.domain:
            holder = watch.target if watch.backward else watch.object
            found.add((watch.system, holder, watch.via, "", False))
            found.update((watch.system, object, name, "", False) for object, name in watch.over)
    return tuple(Index(*one) for one in sorted(found))


def _key_format(flow: Flow, pair: tuple[str, str], schemas: Mapping[Side, Schema]) -> Format:
    """How the two fields of a match key are compared."""
    left = schemas["left"].by_name[flow.left.object].by_name[pair[0]]
    right = schemas["right"].by_name[flow.right.object].by_name[pair[1]]
    return alike(left.format, right.format)


def stand_ins_of(flow: Flow) -> tuple[StandIn, ...]:
    """What stands in for references in a flow, the first for each field of a side."""
    found: dict[tuple[Side, str], StandIn] = {}
    for move in flow.moves:
        for one in move.stand_ins:
            found.setdefault((one.to, one.field), one)
    return tuple(found.values())


def counted(tie: Tie | typed.Tie, side: Side) -> tuple[str, str]:
    """Whose references `most` counts on a side: (object, field), both "" where it counts none."""
    object, _, field = (tie.left if side == "left" else tie.right).partition(".")
    return (object, field) if tie.kind == "most" else ("", "")


def _counted(system: str, tie: Tie, side: Side) -> Iterator[tuple[str, str, str, Format, bool]]:
    object, field = counted(tie, side)
    if object:
        yield system, object, field, "", False


def sweeps_of(
    flows: tuple[Flow, ...], schemas: Mapping[Side, Schema]
) -> tuple[tuple[str, str], ...]:
    """(system, object) of records that nobody says were deleted, and that a rule wants to know
    of: where it says what follows, or infers something from those that are there."""
    sides: dict[str, Side] = {"push": "left", "pull": "right"}
    ends = {
        (sides[move.direction], flow.end(sides[move.direction]).object)
        for flow in flows
        for move in flow.moves
        if any(event.on == "delete" for event in move.events)
    }
    around = {(other(one.side), one.related) for flow in flows for one in flow.infers}
    return tuple(
        (schemas[side].system, object)
        for side, object in sorted(ends | around)
        if schemas[side].by_name[object].forgets
    )


def sights_of(
    flows: tuple[Flow, ...], schemas: Mapping[Side, Schema]
) -> tuple[tuple[str, str], ...]:
    """(system, object) of linked records whose feed tells what was deleted: what it doesn't tell is
    whether we still see them."""
    ends = {
        (side, flow.end(side).object)
        for flow in flows
        for side in SIDES
        if not (flow.users or flow.activity)
    }
    return tuple(
        (schemas[side].system, object)
        for side, object in sorted(ends)
        if schemas[side].by_name[object].feed == "stamped"
        if not schemas[side].by_name[object].forgets
    )


def parts_of(
    reads: tuple[Read, ...],
    schemas: Mapping[str, Schema],
    whole: Collection[tuple[str, str]],
) -> tuple[tuple[str, str], ...]:
    """(system, object) of what can be gone through once more: what its feed has told too late, or
    of a record that was not shown to us then, shows in no later part of it. What is read as a
    `whole` each day needs none."""
    return tuple(
        (one.system, one.object)
        for one in reads
        if (one.system, one.object) not in whole
        if once_more(schemas[one.system], schemas[one.system].by_name[one.object])
    )


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
    """The fields that decide a condition, on each way to them; none for one that always holds."""
    read = conditions.reads(condition) if condition is not None else ()
    return tuple(way for get in read for way in conditions.ways(get))


def flow_name(pair: PairRules) -> str:
    return f"{pair.left}~{pair.right}"


def other(side: Side) -> Side:
    return "right" if side == "left" else "left"


def source_of(move: Move | MoveRule) -> Side:
    """The side whose records a move reads."""
    return "left" if move.direction == "push" else "right"


def every_of(rules: RuleSet, flows: tuple[Flow, ...]) -> dict[str, int]:
    """How often each flow's own records are wanted: as its rules say; where it has none of its own
    (users), as often as the flows whose references go through it."""
    pairs = {flow_name(pair): pair for pair in rules.pairs}
    found: dict[str, int] = {}
    for flow in reversed(flows):
        pair = pairs[flow.name]
        own = [one.every for one in pair.moves]
        own += [one.every for one in pair.infers]
        own += [one.every for one in pair.enriches]
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
        yield from _condition_needs(side, start, move.stop, move.every)
        yield from _move_needs(pair, move)
    for tie in pair.ties:
        yield from _tie_needs(tie, "left", pair.left, every)
        yield from _tie_needs(tie, "right", pair.right, every)
    for infer in pair.infers:
        yield from _infer_needs(infer)


def sources_of(flow: Flow) -> tuple[Side, ...]:
    """The sides whose records others are made of."""
    return tuple(sorted({source_of(one) for one in flow.moves if one.create}))


def _activity_needs(flow: Flow, schemas: Mapping[Side, Schema], every: int) -> Iterator[Need]:
    for side in sources_of(flow):
        object = flow.end(side).object
        roles = schemas[side].by_name[object].by_role
        for role in ASKED_OF:
            if role in roles:
                yield Need(side, object, roles[role].name, every)
    for one in flow.people:
        yield Need(one.side, one.object, one.email, every)
    for _, field in flow.leads:
        yield Need("left", flow.left.object, field, every)


def _move_needs(pair: PairRules, move: MoveRule) -> Iterator[Need]:
    """What stands in for references, and what follows when a record ends."""
    side = source_of(move)
    ends = {"left": pair.left, "right": pair.right}
    to = other(side)
    for one in move.stand_ins:
        yield Need(side, ends[side], one.source, move.every)
        yield Need(to, ends[to], one.field, move.every)
        yield Need(to, one.object, one.key, move.every)
        for tie in one.ties:
            yield from _tie_needs(tie, to, one.object, move.every)
    for event in move.events:
        if event.field:
            yield Need(to, ends[to], event.field, move.every)
        for name in event.reads:
            yield Need(side, ends[side], name, move.every)


def _tie_needs(tie: typed.Tie, side: Side, object: str, every: int) -> Iterator[Need]:
    """The field of a candidate that a tie-breaker looks at, or that of the records it counts."""
    field = tie.left if side == "left" else tie.right
    if tie.kind == "most":
        object, field = counted(tie, side)
    if field:
        yield Need(side, object, field, every)


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
            for name in row.through:
                for here, there in zip(ends[flow.name], ends[name], strict=True):
                    found.setdefault(here, {})[there] = None
        for move in flow.moves:
            start = ends[flow.name][0 if move.direction == "push" else 1]
            for get in (*gets(move.when), *gets(move.stop)):
                for step in steps(*start, get):
                    if step.to is not None:
                        found.setdefault((step.side, step.object), {})[step.side, step.to] = None
        for infer in flow.infers:
            side = other(infer.side)
            found.setdefault((side, infer.related), {})[side, infer.parent] = None
        for one in stand_ins_of(flow):
            found.setdefault((one.to, flow.end(one.to).object), {})[one.to, one.object] = None
    return {spot: tuple(before) for spot, before in found.items()}


def _ends(flow: Flow) -> tuple[Spot, Spot]:
    return ("left", flow.left.object), ("right", flow.right.object)
