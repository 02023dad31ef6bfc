"""What tests of some rules can reach: rules that act, keys, rows, values, arms, parts, outcomes.

Knows the plan, and names each goal by a key. Made-up records
that reach a goal come from `scenes.py`; `ear.py` hears which are reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from ...connectors.base.schema import Field
from ...connectors.base.values import Value
from ...dsl.rules import Place, Side
from ..plan.model import Flow, Move, Plan, Row
from ..run.state import other
from ..run.ties import said
from .ground import Ground
from .parts import wanted

Key = tuple[object, ...]
"""What a goal is known by: its kind, the flow, and the parts of it."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that a test should reach. `rule` is what people call the rule, `what` completes
    the sentence "no test in which ..."."""

    key: Key
    place: Place
    rule: str
    what: str


def goals(ground: Ground) -> list[Goal]:
    """All goals of a plan, by the places of the rules."""
    parents = brought_along(ground.plan)
    found = [one for flow in ground.plan.flows if not flow.users for one in _of_flow(flow, parents)]
    return sorted(found, key=lambda one: one.place)


def brought_along(plan: Plan) -> Set[str]:
    """The flows whose records are made because others refer to them; what people did waits for
    those whom it is about."""
    return {name for flow in plan.flows if not flow.activity for name in flow.parents}


def _of_flow(flow: Flow, parents: Set[str]) -> Iterator[Goal]:
    yield from _moves(flow)
    moves = [one for one in flow.moves if not one.enrich]
    says = flow.rows or flow.infers or any(not one.implied for one in moves)
    if moves and says:
        for number, pairs in enumerate(one.pairs for one in flow.keys):
            same = " and ".join(f"{left} = {right}" for left, right in pairs)
            what = f"records are linked by {same}"
            yield Goal(("key", flow.name, number), moves[0].place, moves[0].rule, what)
            for part, (left, right) in enumerate(pairs if len(pairs) > 1 else ()):
                what = f"records are not linked, since {left} is not {right}"
                yield Goal(("apart", flow.name, number, part), moves[0].place, moves[0].rule, what)
        if flow.keys:
            what = "several records have the same key"
            yield Goal(("several", flow.name), moves[0].place, moves[0].rule, what)
        for number, tie in enumerate(flow.ties):
            what = f"several have the same key, and `{said([tie])}` tells which it is"
            yield Goal(("tie", flow.name, number), moves[0].place, moves[0].rule, what)
    for row in flow.rows:
        if not standard(flow, row):
            yield from _row(flow, row, parents)
    for at, infer in enumerate(flow.infers):
        for number, arm in enumerate(infer.arms):
            key = ("arm", flow.name, at, number)
            yield Goal(key, arm.place, infer.text, f"the {infer.field} becomes {_text(arm.value)}")
            if arm.when is not None:
                some = ("some", flow.name, at, number)
                what = f"the {infer.field} becomes {_text(arm.value)} though it is not so of all"
                if arm.quantifier == "all":
                    what = f"the {infer.field} does not become {_text(arm.value)}: it is so of some"
                yield Goal(some, arm.place, infer.text, what)
            if arm.when is not None and arm.quantifier == "any":
                for one in wanted(arm.when):
                    if one.acts and one.part.true and len(wanted(arm.when)) > 2:
                        what = f"it becomes {_text(arm.value)} because {one.said}"
                        deeper = ("arm part", flow.name, at, number, one.part)
                        yield Goal(deeper, arm.place, infer.text, what)


SAID = ("delete", "cancel")
"""The ends of a record that a test can say."""


def standard(flow: Flow, row: Row) -> bool:
    """Whether a rule on activities brought the row along, at whose place it stands then: nobody
    wrote it, so nobody is asked to test it."""
    return flow.activity and any(one.place == row.place for one in flow.moves)


def _moves(flow: Flow) -> Iterator[Goal]:
    said: set[str] = set()
    for number, move in enumerate(flow.moves):
        if move.implied:
            continue
        # Rules of one direction share what stops and what follows: the first of them says it.
        shared = move.direction in said
        if not move.enrich:
            said.add(move.direction)
        target, source = _ends(flow, move)
        if move.enrich == "new":
            what = f"{_a(flow.right.object)} is linked and its blanks are filled"
            yield Goal(("enrich", flow.name, number), move.place, move.rule, what)
        if move.create:
            what = f"{_a(target)} is created"
            yield Goal(("acts", flow.name, number), move.place, move.rule, what)
            if move.when is not None:
                for one in wanted(move.when):
                    does = "is created" if one.acts else "is not created"
                    what = f"{_a(target)} {does} because {one.said}"
                    part = ("part", flow.name, number, one.part)
                    yield Goal(part, move.place, move.rule, what)
        if move.stop is not None and not shared:
            what = "something is held back by `stop when`"
            yield Goal(("stop", flow.name, number), move.place, move.rule, what)
        for at, stand_in in enumerate(move.stand_ins):
            what = f"{stand_in.field} is filled by `{stand_in.text}`"
            yield Goal(("stand-in", flow.name, number, at), stand_in.place, move.rule, what)
        if move.add_people and flow.people:
            what = f"somebody whom nobody knows is made known by {_a(source)}"
            yield Goal(("stranger", flow.name, number), move.place, move.rule, what)
        for at, event in enumerate(move.events):
            if event.on in SAID and not shared:
                what = f"`on {event.on}` makes it {event.action}"
                yield Goal(("event", flow.name, number, at), event.place, move.rule, what)


def _ends(flow: Flow, move: Move) -> tuple[str, str]:
    """The object that a rule makes, and the one that it reads."""
    ends = (flow.right.object, flow.left.object)
    return ends if move.direction == "push" else ends[::-1]


def _row(flow: Flow, row: Row, parents: Set[str]) -> Iterator[Goal]:
    key = spot(row)
    for side in _writes(row):
        target = f"{flow.end(side).object}.{row.right if side == 'right' else row.left}"
        if not row.table:
            yield Goal(("row", flow.name, key, side), row.place, row.rule, f"{target} is written")
            continue
        for number, value in written(row, side):
            entry = ("value", flow.name, key, number, side)
            what = f"{target} becomes {_text(value)}"
            yield Goal(entry, row.place, row.rule, what)
        if not _open(flow, row, side):
            continue
        what = f"{target} stays, since the other value is in no row of the table"
        yield Goal(("unknown", flow.name, key, side), row.place, row.rule, what)
    both = f"{flow.left.object}.{row.left} and {flow.right.object}.{row.right}"
    special = (
        (row.direction == "both", "both", f"{both} have both changed"),
        (
            row.default is not None and creates(flow, row, parents),
            "default",
            f"{row.right} gets its default",
        ),
        (row.when_blank, "kept", "a value that is there is kept (`when blank`)"),
        (row.ask, "ask", "the change waits for a person (`ask`)"),
        (row.clear, "clear", "a blank erases a value (`clear`)"),
        (row.truncate, "truncate", "a text that is too long is shortened (`truncate`)"),
    )
    for there, kind, what in special:
        if there:
            yield Goal((kind, flow.name, key), row.place, row.rule, what)


def spot(row: Row) -> str:
    """What tells a row of a flow from all others; two one-way tables may be of the same fields."""
    return f"{row.left}|{row.right}|{row.place.file}:{row.place.line}:{row.place.column}"


def creates(flow: Flow, row: Row, parents: Set[str]) -> bool:
    """Whether a record that the row writes may be made by this flow."""
    ways = {"push": ("push",), "pull": ("pull",), "both": ("push", "pull")}[row.direction]
    brought = flow.name in parents and flow.brings and "push" in ways
    return brought or any(one.create and one.direction in ways for one in flow.moves)


def _open(flow: Flow, row: Row, to: Side) -> bool:
    """Whether the field that is read may hold a value that the table doesn't have."""
    name = row.field(other(to))
    fields = {one.name: one for one in flow.end(other(to)).fields}
    return name in fields and unknown_value(fields[name], row, to) is not None


def unknown_value(field: Field, row: Row, to: Side) -> str | None:
    """A value of the field that is in no row of the table; None where there is none."""
    way = "pull" if to == "right" else "push"
    known = {fold(one[0 if to == "right" else 1]) for one in row.table if one[2] != way}
    for one in field.choices:
        if one.active and fold(one.value) not in known:
            return one.value
    return None if field.restricted or field.type == "choices" else "Something else"


def _writes(row: Row) -> tuple[Side, ...]:
    return {"push": ("right",), "pull": ("left",), "both": ("right", "left")}[row.direction]  # type: ignore[return-value]


def written(row: Row, side: Side) -> Iterator[tuple[int, str]]:
    """The rows of a table that can be taken on the way to a side, with what they write."""
    known: set[str] = set()
    for number, (left, right, way) in enumerate(row.table):
        source, target = (left, right) if side == "right" else (right, left)
        if way != ("pull" if side == "right" else "push") and fold(source) not in known:
            known.add(fold(source))
            yield number, target


def fold(text: str) -> str:
    return text.casefold().strip()


def _a(object: str) -> str:
    return f"{'an' if object[0].lower() in 'aeio' else 'a'} {object}"


def _text(value: Value) -> str:
    return f'"{value}"'
