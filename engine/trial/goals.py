"""What tests of some rules can reach: rules that act, keys, rows, values, arms, parts, outcomes.

Knows the plan and names each goal by a key; hears in a test which keys it reaches. Made-up records
that reach a goal come from `scenes.py`, what was not reached is told by `coverage.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from ...connectors.base.schema import Field
from ...connectors.base.values import Value, folded
from ...dsl.conditions import Condition, Reader
from ...dsl.rules import Place, Side
from ..plan.model import Flow, Row
from ..run.around import Pair, Surroundings, View
from ..run.closures import NOT_READ, Ready, ReadyRow, Values
from ..run.decision import Change, Decision, path
from ..run.state import other
from ..run.ties import first_pair, said
from .ground import SIDES, Ground
from .memory import Memory
from .parts import Part, deciding, wanted

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
    parents = {name for flow in ground.plan.flows for name in flow.parents}
    found = [one for flow in ground.plan.flows if not flow.users for one in _of_flow(flow, parents)]
    return sorted(found, key=lambda one: one.place)


def _of_flow(flow: Flow, parents: Set[str]) -> Iterator[Goal]:
    yield from _moves(flow)
    moves = [one for one in flow.moves if not one.enrich]
    if moves:
        for number, pairs in enumerate(one.pairs for one in flow.keys):
            same = " and ".join(f"{left} = {right}" for left, right in pairs)
            what = f"records are linked by {same}"
            yield Goal(("key", flow.name, number), moves[0].place, moves[0].rule, what)
        if flow.keys:
            what = "several records have the same key"
            yield Goal(("several", flow.name), moves[0].place, moves[0].rule, what)
        for number, tie in enumerate(flow.ties):
            what = f"several have the same key, and `{said([tie])}` tells which it is"
            yield Goal(("tie", flow.name, number), moves[0].place, moves[0].rule, what)
    for row in flow.rows:
        yield from _row(flow, row, parents)
    for at, infer in enumerate(flow.infers):
        for number, arm in enumerate(infer.arms):
            key = ("arm", flow.name, at, number)
            yield Goal(key, arm.place, infer.text, f"the {infer.field} becomes {_text(arm.value)}")
            if arm.when is not None and arm.quantifier == "any":
                for one in wanted(arm.when):
                    if one.acts and one.part.true and len(wanted(arm.when)) > 2:
                        what = f"it becomes {_text(arm.value)} because {one.said}"
                        deeper = ("arm part", flow.name, at, number, one.part)
                        yield Goal(deeper, arm.place, infer.text, what)


def _moves(flow: Flow) -> Iterator[Goal]:
    for number, move in enumerate(flow.moves):
        if move.implied:
            continue
        target = flow.right.object if move.direction == "push" else flow.left.object
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
        if move.stop is not None:
            what = "something is held back by `stop when`"
            yield Goal(("stop", flow.name, number), move.place, move.rule, what)
        for at, stand_in in enumerate(move.stand_ins):
            what = f"{stand_in.field} is filled by `{stand_in.text}`"
            yield Goal(("stand-in", flow.name, number, at), stand_in.place, move.rule, what)
        for at, event in enumerate(move.events):
            if event.on != "cancel":
                what = f"`on {event.on}` makes it {event.action}"
                yield Goal(("event", flow.name, number, at), event.place, move.rule, what)


def _row(flow: Flow, row: Row, parents: Set[str]) -> Iterator[Goal]:
    key = f"{row.left}|{row.right}"
    for side in _writes(row):
        target = f"{flow.end(side).object}.{row.right if side == 'right' else row.left}"
        if not row.table:
            yield Goal(("row", flow.name, key, side), row.place, row.rule, f"{target} is written")
            continue
        for number, value in _written(row, side):
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


def creates(flow: Flow, row: Row, parents: Set[str]) -> bool:
    """Whether a record that the row writes may be made by this flow."""
    ways = {"push": ("push",), "pull": ("pull",), "both": ("push", "pull")}[row.direction]
    brought = flow.name in parents and "push" in ways
    return brought or any(one.create and one.direction in ways for one in flow.moves)


def _open(flow: Flow, row: Row, to: Side) -> bool:
    """Whether the field that is read may hold a value that the table doesn't have."""
    name = row.left if to == "right" else row.right
    fields = {one.name: one for one in flow.end(other(to)).fields}
    return name in fields and unknown_value(fields[name], row, to) is not None


def unknown_value(field: Field, row: Row, to: Side) -> str | None:
    """A value of the field that is in no row of the table; None where there is none."""
    way = "pull" if to == "right" else "push"
    known = {_fold(one[0 if to == "right" else 1]) for one in row.table if one[2] != way}
    for one in field.choices:
        if one.active and _fold(one.value) not in known:
            return one.value
    return None if field.restricted or field.type == "choices" else "Something else"


def _writes(row: Row) -> tuple[Side, ...]:
    return {"push": ("right",), "pull": ("left",), "both": ("right", "left")}[row.direction]  # type: ignore[return-value]


def _written(row: Row, side: Side) -> Iterator[tuple[int, str]]:
    """The rows of a table that can be taken on the way to a side, with what they write."""
    known: set[str] = set()
    for number, (left, right, way) in enumerate(row.table):
        source, target = (left, right) if side == "right" else (right, left)
        if way != ("pull" if side == "right" else "push") and _fold(source) not in known:
            known.add(_fold(source))
            yield number, target


@dataclass(slots=True)
class Ear:
    """Hears the decisions of tests and keeps the keys of what they reach."""

    ground: Ground
    zone: str
    reached: set[Key] = field(default_factory=set)

    def __call__(
        self,
        memory: Memory,
        ready: Ready,
        around: Surroundings,
        pair: Pair,
        decision: Decision,
    ) -> None:
        flow = ready.flow
        if flow.users:
            return
        view = around.of(pair)
        self._creating(memory, ready, view, pair, decision)
        if pair.match.kind == "one" and decision.action in ("link", "wait"):
            for number, key in enumerate(flow.keys):
                if _same_key(self.ground, flow, key.pairs, pair):
                    self.reached.add(("key", flow.name, number))
                    break
            self._tie(memory, flow, pair)
        if decision.action == "link":
            for number, move in enumerate(flow.moves):
                if move.enrich and view.acts(move):
                    self.reached.add(("enrich", flow.name, number))
        if pair.match.kind == "several" and decision.problems:
            self.reached.add(("several", flow.name))
        for number, move in enumerate(flow.moves):
            for at, event in enumerate(move.events):
                mine = event.on == "delete" and decision.rule == move.rule
                if mine and decision.action != "nothing" and _gone(pair, move.direction):
                    self.reached.add(("event", flow.name, number, at))
        if decision.stopped:
            for number, move in enumerate(flow.moves):
                if move.rule == decision.stopped and move.stop is not None:
                    self.reached.add(("stop", flow.name, number))
        written = {(one.side, one.key) for one in (*decision.left, *decision.right)}
        for number, move in enumerate(flow.moves):
            for at, stand_in in enumerate(move.stand_ins):
                if (stand_in.to, stand_in.base) in written:
                    self.reached.add(("stand-in", flow.name, number, at))
        for row in ready.rows:
            self._row(flow, row, pair, decision)
        for at, infer in enumerate(ready.infers):
            if any(one.key == infer.key for one in (*decision.left, *decision.right)):
                self._arm(memory, ready, view, at)

    def _creating(
        self, memory: Memory, ready: Ready, view: View, pair: Pair, decision: Decision
    ) -> None:
        """Which rule made a record, and which part of a condition decided about it."""
        flow = ready.flow
        alone = (pair.left is None) != (pair.right is None)
        if pair.link is not None or not alone or pair.match.kind != "none":
            return
        direction = "push" if pair.left is not None else "pull"
        origin: Side = "left" if direction == "push" else "right"
        for number, move in enumerate(flow.moves):
            if move.direction != direction or not move.create:
                continue
            acts = decision.action == "create" and decision.rule == move.rule
            if acts:
                self.reached.add(("acts", flow.name, number))
            if move.when is not None and pair.cause != "brought along":
                found = deciding(
                    move.when, lambda get: view.get(origin, get), memory.today, self.zone
                )
                self.reached |= {("part", flow.name, number, one) for one in found}
            if acts:
                break

    def _tie(self, memory: Memory, flow: Flow, pair: Pair) -> None:
        """Which tie-breaker told the candidates for a pair apart."""
        if not flow.ties or pair.left is None or pair.right is None:
            return
        for key in flow.keys:
            lefts = [
                one.id
                for one in memory.everyone("left", flow.left.object)
                if _same_key(self.ground, flow, key.pairs, replace(pair, left=one))
            ]
            rights = [
                one.id
                for one in memory.everyone("right", flow.right.object)
                if _same_key(self.ground, flow, key.pairs, replace(pair, right=one))
            ]
            if len(lefts) * len(rights) < 2:
                continue
            for number in range(len(flow.ties)):
                some = replace(flow, ties=flow.ties[: number + 1])
                if first_pair(memory, some, lefts, rights):
                    self.reached.add(("tie", flow.name, number))
                    return

    def _row(self, flow: Flow, row: ReadyRow, pair: Pair, decision: Decision) -> None:
        add, name = self.reached.add, flow.name
        changes = (*decision.left, *decision.right, *decision.asks)
        mine = [one for one in changes if one.key == row.key]
        for change in mine:
            add(("row", name, row.key, change.side))
            for number in _entries(row.row, change):
                add(("value", name, row.key, number, change.side))
            source = change.agree[0 if change.side == "right" else 1]
            if decision.action == "create" and row.row.default is not None and source is None:
                add(("default", name, row.key))
            if row.row.clear and change.after is None:
                add(("clear", name, row.key))
            short = isinstance(change.after, str) and isinstance(source, str)
            if row.row.truncate and short and len(str(change.after)) < len(str(source)):
                add(("truncate", name, row.key))
        if any(one.key == row.key for one in decision.asks):
            add(("ask", name, row.key))
        place = f"{row.row.place.file}:{row.row.place.line}"
        for problem in decision.problems:
            if problem.code == "unknown-value" and problem.place == place:
                add(("unknown", name, row.key, problem.side))
        if pair.link is None or pair.left is None or pair.right is None:
            return
        left, right = row.left(pair.left.values), row.right(pair.right.values)
        then_left = pair.link.base.left.get(row.key, NOT_READ)
        then_right = pair.link.base.right.get(row.key, NOT_READ)
        if left != then_left and right != then_right:
            add(("both", name, row.key))
        moved = left != then_left if row.pushes else right != then_right
        if row.row.when_blank and moved and not mine and None not in (left, right):
            add(("kept", name, row.key))

    def _arm(self, memory: Memory, ready: Ready, view: View, at: int) -> None:
        infer = ready.infers[at]
        readers = [_reader(one) for one in view.related(infer) or ()]
        for number, (arm, (_, quantifier, holds)) in enumerate(
            zip(infer.infer.arms, infer.arms, strict=True)
        ):
            true = [holds(one, memory.today) for one in readers]
            reached = not readers if quantifier == "none" else any(true)
            if quantifier == "all":
                reached = bool(readers) and all(true)
            if not reached:
                continue
            self.reached.add(("arm", ready.flow.name, at, number))
            if quantifier == "any" and arm.when is not None:
                self.reached |= {
                    ("arm part", ready.flow.name, at, number, part)
                    for part in _alone(arm.when, readers, memory.today, self.zone)
                }
            return


def _gone(pair: Pair, direction: str) -> bool:
    """Whether the record that a rule reads is not there any more."""
    record = pair.left if direction == "push" else pair.right
    return record is not None and record.life != "here"


def _reader(values: Values) -> Reader:
    return lambda get: values.get(path(get))


def _alone(when: Condition, readers: Sequence[Reader], today: str, zone: str) -> list[Part]:
    """Parts that decide that a record satisfies."""
    found = [deciding(when, one, today, zone) for one in readers]
    return [part for parts in found for part in parts if part.true]


def _same_key(ground: Ground, flow: Flow, pairs: tuple[tuple[str, str], ...], pair: Pair) -> bool:
    """Whether both records have this key, and the same one."""
    if pair.left is None or pair.right is None:
        return False
    for names in pairs:
        values = []
        for name, side, record in zip(names, SIDES, (pair.left, pair.right), strict=True):
            end = flow.end(side)
            format = ground.formats.get((end.system, end.object, name), "")
            values.append(folded(record.values.get(name), format))
        if not values[0] or values[0] != values[1]:
            return False
    return True


def _entries(row: Row, change: Change) -> Iterator[int]:
    """The rows of a table that a change was taken from."""
    if not row.table:
        return
    source = change.agree[SIDES.index(other(change.side))]
    members = source if isinstance(source, tuple) else (source,)
    for member in members:
        for number, _ in _written(row, change.side):
            left, right, _ = row.table[number]
            if _fold(left if change.side == "right" else right) == _fold(str(member)):
                yield number


def _fold(text: str) -> str:
    return text.casefold().strip()


def _a(object: str) -> str:
    return f"{'an' if object[0].lower() in 'aeio' else 'a'} {object}"


def _text(value: Value) -> str:
    return f'"{value}"'
