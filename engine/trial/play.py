"""Carries out one test: what it says was there and happened since, then what a run makes of it.

Records, links and marks go into memory as a look would leave them; the engine itself finds
partners and decides, parents first, until nothing new comes out. What came of it is told as deeds;
whether that was expected is `verdict.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from ...connectors.base.contract import Read, Record
from ...connectors.base.values import Value
from ...dsl.rules import SIDES, LastOf, Side, TestRecord, TestRule, TestStep, TestValue, UserBy
from ..plan.model import Flow
from ..run.around import EXISTING, Pair, Surroundings
from ..run.closures import NOT_READ, Ready, Values
from ..run.decision import Base, Change, Coming, Decision, Problem
from ..run.inferred import inferred
from ..run.pairs import Mark, decide_pair, ids_of, pairs_of, watched
from ..run.state import Stored, other
from .ground import Ground
from .memory import NOW, Memory

Kind = Literal[
    "create", "update", "delete", "link", "unlink", "conflict", "approval", "refusal"
]  # fmt: skip
Name = tuple[Side, str, str]
"""A side, an object, and one of its fields or ""."""

CHANGES: frozenset[str] = frozenset({"create", "update", "delete", "link", "unlink", "approval"})
"""Deeds that change a record or want to; the others say that a rule could not do something."""

Seen = Callable[[Memory, Ready, Surroundings, Pair, Decision], None]
"""Told of every decision; coverage listens."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that came of a test.

    `names` are what an expectation may call it by. `id` is the record's in this test, "" for one
    that is made. `by` is the address of who made the change that it follows from, "" for nobody.
    """

    kind: Kind
    side: Side
    object: str
    names: frozenset[Name]
    flow: str
    id: str = ""
    changes: tuple[Change, ...] = ()
    rule: str = ""
    place: str = ""
    reason: str = ""
    by: str = ""


@dataclass(slots=True)
class Played:
    """A test that was carried out: its deeds in the order of deciding, and the records as they
    were then. `last` are the records that references mean."""

    memory: Memory
    last: Mapping[tuple[Side, str], str]
    deeds: list[Deed]


def play(ground: Ground, test: TestRule, today: str, seen: Seen | None = None) -> Played:
    """Carries a test out; `today` is the team's day where the test names none."""
    stage = _Stage(ground, test, test.day or today)
    stage.set_up()
    while any(stage.decide(ready, seen) for ready in ground.flows.values()):
        pass
    return Played(stage.memory, stage.last, stage.deeds)


def meant(value: TestValue, last: Mapping[tuple[Side, str], str]) -> Value:
    """A value of a test as the records hold it; the id of a reference."""
    if isinstance(value, LastOf):
        return last.get((value.side, value.object), value.object)
    if isinstance(value, UserBy):
        return value.email.casefold()
    return value


@dataclass(slots=True)
class _Since:
    """What happened to a record since the last run."""

    side: Side
    object: str
    id: str
    values: Mapping[str, Value]
    gone: bool
    at: int


@dataclass(slots=True)
class _Stage:
    """One test under way. `who` are the addresses of those who changed a record last."""

    ground: Ground
    test: TestRule
    today: str
    memory: Memory = field(init=False)
    last: dict[tuple[Side, str], str] = field(default_factory=dict)
    who: dict[tuple[Side, str, str], str] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memory = Memory(self.ground, self.today)

    # ---- what was there, and what happened

    def set_up(self) -> None:
        """Records and links as the last run left them, then what happened since."""
        steps = self.test.steps
        new = all(one.kind == "given" for one in steps)
        for address in self.ground.named:
            self.memory.know_user(address)
        given: list[tuple[TestRecord, str]] = []
        links: list[tuple[str, str, str]] = []
        since: list[_Since] = []
        for at, step in enumerate(steps):
            spot = (step.record.side, step.record.object)
            if step.kind in ("given", "linked"):
                id = self._give(step, NOW + at if new else 0)
                if step.kind == "linked" and given:
                    links += self._link(given[-1], (step.record, id))
                else:
                    given.append((step.record, id))
                self.last[spot] = id
                if new:
                    since.append(_Since(*spot, id, {}, False, NOW + at))
            elif spot in self.last:
                values = self._values(step.record)
                gone = step.kind == "delete"
                since.append(_Since(*spot, self.last[spot], values, gone, NOW + at))
            if step.by:
                self.memory.know_user(step.by)
            self.who[(*spot, self.last.get(spot, ""))] = step.by
        for flow, left, right in links:
            self._base(flow, left, right)
        self._happened(since, new)
        if not new:
            self._day_passed()

    def _give(self, step: TestStep, run: int) -> str:
        record = step.record
        system = self.ground.systems[record.side]
        here = self.memory.records.get((system, record.object), {})
        id = f"{record.object} {len(here) + 1}"
        values = {
            **self.ground.blank.get((system, record.object), {}),
            **self._values(record),
        }
        self.memory.put(record.side, record.object, Stored(id, values, "", "here", "", run, run))
        return id

    def _values(self, record: TestRecord) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, value in record.values:
            found[name] = meant(value, self.last)
            if isinstance(value, UserBy):
                self.memory.know_user(value.email)
        return self.ground.told((self.ground.systems[record.side], record.object), found)

    def _link(
        self, one: tuple[TestRecord, str], two: tuple[TestRecord, str]
    ) -> list[tuple[str, str, str]]:
        left, right = (one, two) if one[0].side == "left" else (two, one)
        flows = (
            flow.name
            for flow in self.ground.plan.flows
            if (flow.left.object, flow.right.object) == (left[0].object, right[0].object)
        )
        found = next(flows, "")
        if not found:
            return []
        self.memory.link(found, left[1], right[1], Base({}, {}))
        return [(found, left[1], right[1])]

    def _base(self, name: str, left_id: str, right_id: str) -> None:
        """What a run leaves behind: both halves as they stand, and what was inferred."""
        ready = self.ground.flows[name]
        left = self._stored("left", ready.flow.left.object, left_id)
        right = self._stored("right", ready.flow.right.object, right_id)
        halves: tuple[dict[str, Value], dict[str, Value]] = ({}, {})
        for row in ready.rows:
            for half, value in zip(
                halves, (row.left(left.values), row.right(right.values)), strict=True
            ):
                if value is not NOT_READ:
                    half[row.key] = value  # type: ignore[assignment]
        if ready.infers or ready.stand_ins:
            link = self.memory.links(name, "left", [left_id])[left_id]
            pair = Pair("left", left_id, "changed", left, right, link)
            around = Surroundings(self.memory, ready, [pair]).of(pair)
            for infer in ready.infers:
                value = inferred(infer, around)
                if value is not None:
                    halves[1][infer.key] = value
            for one in ready.stand_ins:
                source = left if one.to == "right" else right
                found = around.stand_in(one, one.to, source.values)
                if found.kind == "found":
                    halves[SIDES.index(one.to)][one.base] = found.id
        self.memory.link(name, left_id, right_id, Base(*halves))

    def _stored(self, side: Side, object: str, id: str) -> Stored:
        return self.memory.records[self.ground.systems[side], object][id]

    def _happened(self, since: Sequence[_Since], new: bool) -> None:
        """Changes records and marks what a look would mark."""
        before: dict[tuple[Side, str, str], Stored | None] = {}
        for one in since:
            old = self._stored(one.side, one.object, one.id)
            spot = (one.side, one.object, one.id)
            if new:
                before[spot] = None
                continue
            before.setdefault(spot, old)
            differs = any(old.values.get(name) != value for name, value in one.values.items())
            if one.gone or differs:
                life = "deleted" if one.gone else old.life
                values = {**old.values, **one.values}
                fresh = replace(old, values=values, life=life, run=one.at)
                self.memory.put(one.side, one.object, fresh)
        for (side, object, id), old_one in before.items():
            now = self._stored(side, object, id)
            if old_one is not now:
                self._mark(side, object, old_one, now)

    def _mark(self, side: Side, object: str, old: Stored | None, now: Stored) -> None:
        system = self.ground.systems[side]
        for flow, at in self.ground.ends.get((system, object), ()):
            # What is given is there when the rules begin: `enrich existing` looks at it once.
            once = at == "right" and any(one.enrich == "existing" for one in flow.moves)
            self.memory.mark(flow.name, at, now.id, EXISTING if once else "changed")
        news = Record(object, now.id, now.values, life="deleted" if now.life != "here" else "here")
        before = {} if old is None else {old.id: old}
        for name, at, id in watched(self.memory, Read(system, object, ()), before, [news]):
            self.memory.mark(name, at, id, "a related record changed")

    def _day_passed(self) -> None:
        """Records that a rule acts on today and did not yesterday."""
        yesterday = (date.fromisoformat(self.today) - timedelta(days=1)).isoformat()
        for name in self.ground.counts_days:
            ready = self.ground.flows[name]
            for side in SIDES:
                end = ready.flow.end(side)
                for one in list(self.memory.records.get((end.system, end.object), {}).values()):
                    if self._comes_to_hold(ready, side, one, yesterday):
                        self.memory.mark(name, side, one.id, "a day passed")

    def _comes_to_hold(self, ready: Ready, side: Side, one: Stored, yesterday: str) -> bool:
        if one.run or self.memory.links(ready.flow.name, side, [one.id]):
            return False
        left, right = (one, None) if side == "left" else (None, one)
        pair = Pair(side, one.id, "a day passed", left, right, None)
        around = Surroundings(self.memory, ready, [pair]).of(pair)
        direction = "push" if side == "left" else "pull"
        return any(
            move.days
            and move.move.direction == direction
            and move.holds(lambda get: around.get(side, get), self.today)
            and not move.holds(lambda get: around.get(side, get), yesterday)
            for move in ready.moves
        )

    # ---- what follows

    def decide(self, ready: Ready, seen: Seen | None) -> int:
        """Decides the due records of a flow; how many were, or were found to need others."""
        memory, flow = self.memory, ready.flow
        due = [
            Mark(side, id, 1, one.cause)
            for (side, id), one in sorted(memory.marks.get(flow.name, {}).items())
            if not (one.decided or one.held)
        ]
        if not due:
            return 0
        pairs = pairs_of(memory, flow, due)
        around = Surroundings(memory, ready, [pair for _, pair in pairs])
        claimed: set[tuple[Side, str]] = set()
        count = 0
        for marks, pair in pairs:
            ids = {(mark.side, mark.id) for mark in marks} | ids_of(pair)
            if ids & claimed:
                continue
            decision = decide_pair(ready, pair, around)
            if decision.action == "need":
                count += self._bring(decision.needs)
                continue
            count += 1
            claimed |= ids
            if seen is not None:
                seen(memory, ready, around, pair, decision)
            self._keep(flow, pair, decision, marks)
        return count

    def _bring(self, needs: Iterable[Coming]) -> int:
        count = 0
        for one in dict.fromkeys(needs):
            rows = self.memory.marks_of(one.flow, one.side, [one.id])
            if not any(row[3] == "brought along" for row in rows):
                self.memory.mark(one.flow, one.side, one.id, "brought along")
                count += 1
        return count

    def _keep(self, flow: Flow, pair: Pair, decision: Decision, marks: Sequence[Mark]) -> None:
        """Notes what a decision plans, and what becomes of the marks that led to it."""
        before = len(self.deeds)
        self._plan(flow, pair, decision)
        self._introduce(decision)
        planned = len(self.deeds) > before
        self.deeds += [self._ask(flow, pair, one) for one in decision.asks]
        self.deeds += [_refused(flow, one) for one in decision.problems]
        here = self.memory.marks[flow.name]
        for mark in marks if not decision.strangers else ():
            spot = (mark.side, mark.id)
            if planned or mark.cause == "brought along":
                here[spot].decided = True
            elif decision.action == "wait" or decision.waits:
                here[spot].held = True
            else:
                del here[spot]

    def _plan(self, flow: Flow, pair: Pair, decision: Decision) -> None:
        left = pair.left.id if pair.left else ""
        right = pair.right.id if pair.right else ""
        if decision.action in ("link", "create"):
            self.memory.pairs.setdefault(flow.name, []).append((left, right))
        if decision.action == "link" and not flow.users:
            names: frozenset[Name] = frozenset(
                {("left", flow.left.object, ""), ("right", flow.right.object, "")}
            )
            self.deeds.append(
                Deed("link", "right", flow.right.object, names, flow.name, right,
                     rule=decision.rule, reason=decision.reason)
            )  # fmt: skip
        if decision.action in ("delete", "unlink"):
            self._ended(flow, pair, decision)
        halves: tuple[tuple[Side, tuple[Change, ...]], ...] = (
            ("right", decision.right),
            ("left", decision.left),
        )
        for side, changes in halves:
            end = flow.end(side)
            made = decision.action == "create" and decision.side == side
            if not changes and not made:
                continue
            id = "" if made else (right if side == "right" else left)
            if not made:
                planned = {one.field: one.after for one in changes}
                self.memory.updates.setdefault((end.system, end.object), []).append((id, planned))
            rule = decision.rule if made or not changes else changes[0].rule
            reason = (
                decision.reason if made else "; ".join(dict.fromkeys(one.reason for one in changes))
            )
            names = frozenset({(side, end.object, "")})
            self.deeds.append(
                Deed("create" if made else "update", side, end.object, names, flow.name, id,
                     changes, rule, "", reason, self._who(flow, pair, side, changes))
            )  # fmt: skip

    def _introduce(self, decision: Decision) -> None:
        """People whom an activity makes known are there from now on, and meet their rules."""
        for one in decision.strangers:
            people = one.people
            flow = self.ground.flows[people.flow].flow
            end = flow.end(people.side)
            here = self.memory.records.setdefault((end.system, end.object), {})
            id = f"{end.object} {len(here) + 1}"
            blank = self.ground.blank.get((end.system, end.object), {})
            made = Stored(id, {**blank, **one.fields}, "", "here", "", NOW, NOW)
            changes = tuple(
                Change(name, None, value, decision.rule, "", "", (None, None), people.side)
                for name, value in one.fields.items()
            )
            names = frozenset({(people.side, end.object, "")})
            self.deeds.append(
                Deed("create", people.side, end.object, names, flow.name, "", changes,
                     decision.rule, "", "nobody knows who it is with")
            )  # fmt: skip
            self.memory.put(people.side, end.object, made)
            self._mark(people.side, end.object, None, made)

    def _ended(self, flow: Flow, pair: Pair, decision: Decision) -> None:
        """What follows on one side where the record of the other has ended."""
        side = decision.side
        end = flow.end(side)
        record = pair.right if side == "right" else pair.left
        names: set[Name] = {(side, end.object, "")}
        kind: Kind = "delete"
        if decision.action == "unlink":
            kind = "unlink"
            names |= {(at, flow.end(at).object, "") for at in SIDES}
        id = record.id if record else ""
        by = self._who(flow, pair, side, ())
        self.deeds.append(
            Deed(
                kind,
                side,
                end.object,
                frozenset(names),
                flow.name,
                id,
                rule=decision.rule,
                reason=decision.reason,
                by=by,
            )
        )

    def _ask(self, flow: Flow, pair: Pair, one: Change) -> Deed:
        """A change that waits for a person."""
        end = flow.end(one.side)
        record = pair.right if one.side == "right" else pair.left
        names = frozenset({(one.side, end.object, ""), (one.side, end.object, one.field)})
        id = record.id if record else ""
        by = self._who(flow, pair, one.side, (one,))
        return Deed("approval", one.side, end.object, names, flow.name, id, (one,), one.rule, by=by)

    def _who(self, flow: Flow, pair: Pair, to: Side, changes: Sequence[Change]) -> str:
        """Who made the change that is carried over; where nobody is named, the owner."""
        source = pair.left if to == "right" else pair.right
        if source is None:
            return ""
        end = flow.end(other(to))
        told = self.who.get((other(to), end.object, source.id), "")
        if told:
            return told.casefold()
        keys = {one.key for one in changes}
        for infer in self.ground.flows[flow.name].infers:
            if infer.key in keys:
                system = self.ground.systems[other(to)]
                related = self.memory.records.get((system, infer.infer.related), {}).values()
                mine = [one for one in related if one.values.get(infer.infer.via) == source.id]
                for one in sorted(mine, key=lambda one: -one.run):
                    return self.who.get((other(to), infer.infer.related, one.id), "").casefold()
        return _owner(self.ground, flow, other(to), source.values)


def _owner(ground: Ground, flow: Flow, side: Side, values: Values) -> str:
    users = {one.name for one in ground.users}
    for row in flow.rows:
        if users.intersection(row.through):
            return str(values.get(row.left if side == "left" else row.right) or "")
    return ""


def _refused(flow: Flow, problem: Problem) -> Deed:
    """A problem as a deed: of a field, or of the record on either side."""
    end = flow.end(problem.side)
    names: set[Name] = {(problem.side, end.object, ""), (problem.side, end.object, problem.field)}
    if not problem.field:
        names |= {(side, flow.end(side).object, "") for side in SIDES}
    if problem.code == "conflict":
        for row in flow.rows:
            if problem.field in (row.left, row.right):
                names |= {("left", flow.left.object, row.left), ("left", flow.left.object, "")}
                names |= {("right", flow.right.object, row.right), ("right", flow.right.object, "")}
    return Deed(
        "conflict" if problem.code == "conflict" else "refusal",
        problem.side,
        end.object,
        frozenset(names),
        flow.name,
        rule=problem.rule,
        place=problem.place,
        reason=f"{problem.field}: {problem.message}" if problem.field else problem.message,
    )
