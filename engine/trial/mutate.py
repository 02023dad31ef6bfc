"""Which changes of the rules no test notices: each mutant is put to all tests until one fails.

What a change may be is in `mutants.py`. A mutant that compiles to the same plan is none. For one
that survives a test is looked for that would notice it, among the scenes that reach a goal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ...dsl.conditions import Not
from ...dsl.rules import Place, RuleSet, TestRule
from ...errors import SyncrulesError
from ..plan.model import Flow, Move
from .coverage import acted_out, reaching
from .goals import brought_along, creates, goals
from .ground import Ground, prepare
from .made import NOWHERE, Scene, Unreachable
from .mutants import Mutant, mutants
from .play import play
from .run import Suite
from .scenes import Scenes
from .verdict import judge
from .write import block


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no test notices; `test` is the text of one that would, "" where none was
    found."""

    place: Place
    rule: str
    what: str
    test: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How many changes were tried, and those that no test noticed."""

    tried: int
    survivors: tuple[Survivor, ...] = ()

    @property
    def noticed(self) -> int:
        return self.tried - len(self.survivors)

    @property
    def percent(self) -> float:
        """What was noticed, in percent; all of nothing is 100."""
        return 100.0 * self.noticed / self.tried if self.tried else 100.0

    @classmethod
    def joined(cls, parts: Sequence[Score]) -> Score:
        """Those of several sets of rules as one."""
        found = tuple(one for each in parts for one in each.survivors)
        return cls(sum(one.tried for one in parts), found)


def mutate(suite: Suite, progress: Callable[[str], None] = lambda text: None) -> Score:
    """Tries every mutant of a suite's rules; the tests pass on the rules as they are."""
    scenes = Scenes(suite.ground, suite.schemas)
    known = _meaning(suite.ground)
    finder = _Finder(suite, scenes)
    tests = list(suite.tests)
    tried, survivors = 0, []
    for mutant in mutants(suite.rules, scenes.describe):
        ground = _ground(suite, mutant.rules)
        if ground is None or _meaning(ground) == known:
            continue
        tried += 1
        if tried % 50 == 0:
            progress(f"tried {tried:,} changes of the rules")
        noticed = next((one for one in tests if _notices(one, ground, suite.today)), None)
        if noticed is not None:
            # What noticed one change is likely to notice the next, which is made nearby.
            tests.remove(noticed)
            tests.insert(0, noticed)
            continue
        found = finder.find(mutant, ground)
        survivors.append(Survivor(mutant.place, mutant.rule, mutant.what, found))
    in_order = sorted(survivors, key=lambda one: one.place)
    return Score(tried, tuple(in_order))


def _ground(suite: Suite, rules: RuleSet) -> Ground | None:
    """The mutant made ready, None where nothing can be made of it."""
    try:
        return prepare(rules, suite.schemas, suite.zone, suite.free_mail, suite.team)
    except SyncrulesError:
        return None


def _notices(test: TestRule, ground: Ground, today: str) -> bool:
    return not judge(test, play(ground, test, today)).passed


def _meaning(ground: Ground) -> list[object]:
    """What a run does; a hidden pull says nothing that a push doesn't imply."""
    parents = brought_along(ground.plan)
    return [_plain(flow, parents) for flow in ground.plan.flows]


def _plain(flow: Flow, parents: Set[str]) -> Flow:
    said = (
        replace(
            move,
            update=move.update or not _carries(flow, move),
            add_people=move.add_people and bool(flow.people),
        )
        for move in flow.moves
    )
    moves = dict.fromkeys(
        replace(move, implied=True, rule="", place=NOWHERE) if _says_nothing(move) else move
        for move in said
    )
    in_order = sorted(moves, key=lambda one: one.implied)
    rows = tuple(
        row if creates(flow, row, parents) else replace(row, default=None) for row in flow.rows
    )
    return replace(flow, moves=tuple(in_order), rows=rows, fingerprint="")


def _carries(flow: Flow, move: Move) -> bool:
    """Whether anything of linked records goes the way of a rule, so that `create only` says
    something."""
    filled = any(one.stand_ins for one in flow.moves)
    return filled or any(one.direction in (move.direction, "both") for one in flow.rows)


def _says_nothing(move: Move) -> bool:
    """Whether a push would imply this pull."""
    hidden = move.direction == "pull" and not move.create and move.update
    return hidden and not (move.events or move.stand_ins or move.stop)


@dataclass
class _Finder:
    """Looks for a test that would notice a mutant; makes each candidate once."""

    suite: Suite
    scenes: Scenes
    _ready: dict[TestRule, Place] | None = field(default=None, repr=False)

    def find(self, mutant: Mutant, ground: Ground) -> str:
        """The text of a test that passes on the rules and fails on the mutant."""
        names = {one.name for one in self.suite.rules.tests}
        near = sorted(self._all().items(), key=lambda one: one[1] != mutant.place)
        for test in [*self._telling_apart(mutant), *(one for one, _ in near)]:
            if _notices(test, ground, self.suite.today):
                name = test.name or f"{mutant.rule}: otherwise where {_unquoted(mutant.what)}"
                while name in names:
                    name += " (2)"
                return block(replace(test, name=name), self.scenes.schemas)
        return ""

    def _all(self) -> dict[TestRule, Place]:
        """A test for each goal, with its place, and some beside them."""
        if self._ready is None:
            self._ready = {}
            for goal in goals(self.suite.ground):
                with suppress(Unreachable):
                    test = reaching(self.suite, self.scenes, goal)
                    more = self._made(self.scenes.of(goal))
                    for one in [*([test] if test is not None else []), *more]:
                        self._ready.setdefault(one, goal.place)
            for one in self._made(self.scenes.beside()):
                self._ready.setdefault(one, NOWHERE)
        return self._ready

    def _telling_apart(self, mutant: Mutant) -> list[TestRule]:
        """Tests on records that satisfy one of the two conditions and not the other."""
        if mutant.old is None or mutant.new is None:
            return []
        found: list[TestRule] = []
        apart = ([mutant.old, Not(mutant.new)], [mutant.new, Not(mutant.old)])
        for flow in self.suite.ground.plan.flows:
            for number, move in enumerate(flow.moves):
                if move.place == mutant.place and move.create:
                    for one in apart:
                        found += self._made(self.scenes.creation(flow, number, one))
            for infer in flow.infers:
                if infer.text == mutant.rule and mutant.arm is not None:
                    for one in apart:
                        found += self._made(self.scenes.related(flow, infer, mutant.arm, one))
        return found

    def _made(self, scenes: Iterable[Scene]) -> list[TestRule]:
        found = []
        with suppress(Unreachable):
            for scene in scenes:
                test = acted_out(self.suite, self.scenes, scene)
                found += [test] if test is not None else []
        return found


def _unquoted(what: str) -> str:
    return what.replace('"', "").replace("`", "")
