"""Hears in tests which goals they reach: coverage listens to every decision.

Knows what a decision says and which part of a condition led to it; which goals there are, and by
which keys they are known, is `goals.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ...connectors.base.values import folded
from ...dsl.conditions import Condition, Reader
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow, Move, Row
from ..run.around import Pair, Surroundings, View
from ..run.closures import NOT_READ, Ready, ReadyRow, Values
from ..run.decision import Change, Decision, path
from ..run.ended import once
from ..run.state import other
from ..run.ties import first_pair
from .goals import Key, fold, spot, written
from .ground import Ground
from .memory import Memory
from .parts import Part, deciding


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
        if pair.match.kind == "none" and pair.link is None:
            self._apart(memory, flow, pair)
        if decision.action == "link":
            for number, move in enumerate(flow.moves):
                if move.enrich and view.acts(move):
                    self.reached.add(("enrich", flow.name, number))
        if pair.match.kind == "several" and decision.problems:
            self.reached.add(("several", flow.name))
        for number, move in enumerate(flow.moves):
            for at, event in enumerate(move.events):
                if _follows(event.on, move, pair, decision):
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
            changed = any(one.key == infer.key for one in (*decision.left, *decision.right))
            self._arms(memory, ready, view, at, changed)

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
        # What waits for somebody, or stays among the team, does so whatever a condition says.
        held_up = flow.activity and decision.action == "nothing" and bool(decision.reason)
        for number, move in enumerate(flow.moves):
            if move.direction != direction or not move.create:
                continue
            acts = decision.action == "create" and decision.rule == move.rule
            if acts:
                self.reached.add(("acts", flow.name, number))
            if move.add_people and decision.strangers and decision.rule == move.rule:
                self.reached.add(("stranger", flow.name, number))
            if move.when is not None and not held_up and pair.cause != "brought along":
                found = deciding(
                    move.when, lambda get: view.get(origin, get), memory.today, self.zone
                )
                self.reached |= {("part", flow.name, number, one) for one in found}
            if acts:
                break

    def _apart(self, memory: Memory, flow: Flow, pair: Pair) -> None:
        """Which part of a key keeps a record from another that has all other parts of it."""
        for number, key in enumerate(flow.keys):
            for part in range(len(key.pairs) if len(key.pairs) > 1 else 0):
                mine = (*key.pairs[:part], *key.pairs[part + 1 :])
                if pair.left is not None and pair.right is None:
                    there = memory.everyone("right", flow.right.object)
                    found = [replace(pair, right=one) for one in there]
                elif pair.right is not None and pair.left is None:
                    there = memory.everyone("left", flow.left.object)
                    found = [replace(pair, left=one) for one in there]
                else:
                    found = []
                if any(
                    _same_key(self.ground, flow, mine, one)
                    and not _same_key(self.ground, flow, key.pairs, one)
                    for one in found
                ):
                    self.reached.add(("apart", flow.name, number, part))

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
        add, name, here = self.reached.add, flow.name, spot(row.row)
        changes = (*decision.left, *decision.right, *decision.asks)
        mine = [
            one
            for one in changes
            if one.key == row.key and (row.pushes if one.side == "right" else row.pulls)
        ]
        for change in mine:
            add(("row", name, here, change.side))
            for number in _entries(row.row, change):
                add(("value", name, here, number, change.side))
            source = change.agree[0 if change.side == "right" else 1]
            if decision.action == "create" and row.row.default is not None and source is None:
                add(("default", name, here))
            if row.row.clear and change.after is None:
                add(("clear", name, here))
            short = isinstance(change.after, str) and isinstance(source, str)
            if row.row.truncate and short and len(str(change.after)) < len(str(source)):
                add(("truncate", name, here))
        if any(one.key == row.key for one in decision.asks):
            add(("ask", name, here))
        place = f"{row.row.place.file}:{row.row.place.line}"
        for problem in decision.problems:
            if problem.code == "unknown-value" and problem.place == place:
                add(("unknown", name, here, problem.side))
        if pair.link is None or pair.left is None or pair.right is None:
            return
        left, right = row.left(pair.left.values), row.right(pair.right.values)
        then_left = pair.link.base.left.get(row.key, NOT_READ)
        then_right = pair.link.base.right.get(row.key, NOT_READ)
        if left != then_left and right != then_right:
            add(("both", name, here))
        moved = left != then_left if row.pushes else right != then_right
        if row.row.when_blank and moved and not mine and None not in (left, right):
            add(("kept", name, here))

    def _arms(self, memory: Memory, ready: Ready, view: View, at: int, changed: bool) -> None:
        """The arms that were asked, up to the one that is true; `changed`: it led to a change."""
        infer, name = ready.infers[at], ready.flow.name
        related = view.related(infer)
        if related is None:
            return
        readers = [_reader(one) for one in related]
        for number, (arm, (_, quantifier, holds)) in enumerate(
            zip(infer.infer.arms, infer.arms, strict=True)
        ):
            true = [holds(one, memory.today) for one in readers]
            reached = not readers if quantifier == "none" else any(true)
            if any(true) and not all(true):
                self.reached.add(("some", name, at, number))
                reached = quantifier == "any"
            if not reached:
                continue
            if changed:
                self.reached.add(("arm", name, at, number))
            if changed and quantifier == "any" and arm.when is not None:
                self.reached |= {
                    ("arm part", name, at, number, part)
                    for part in _alone(arm.when, readers, memory.today, self.zone)
                }
            return


def _follows(end: str, move: Move, pair: Pair, decision: Decision) -> bool:
    """Whether what a rule says about an end of the record that it reads is what follows."""
    record = pair.left if move.direction == "push" else pair.right
    if record is None or decision.action == "nothing":
        return False
    if end == "cancel":
        changes = (*decision.left, *decision.right)
        marked = (one.key == once("cancel") and any(one.agree) for one in changes)
        return any(marked) or decision.once == once("cancel")
    return end == "delete" and record.life != "here" and decision.rule == move.rule


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
        for number, _ in written(row, change.side):
            left, right, _ = row.table[number]
            if fold(left if change.side == "right" else right) == fold(str(member)):
                yield number
