"""What the tests of some rules reach, and for what none does a test that is ready to be used.

Carries the tests out once more and listens. A test for a gap is a scene that reaches it, with what
came of it as what it expects: it passes, and whoever takes it over reads whether that is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ...connectors.base.values import Value
from ...dsl.rules import Expectation, LastOf, Side, TestRecord, TestRule, TestValue, UserBy
from ..run.decision import Change, Coming
from .ear import Ear
from .goals import Goal, Key, goals
from .made import NOWHERE, Scene, Unreachable
from .play import CHANGES, Deed, Played, play
from .run import Suite
from .scenes import Scenes
from .verdict import judge
from .write import block, expected


@dataclass(frozen=True, slots=True)
class Gap:
    """A goal that no test reached; `test` is the text of one that does, "" where none was found."""

    goal: Goal
    test: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """How many goals there are that some record can reach, and those that no test reached."""

    goals: int
    gaps: tuple[Gap, ...]

    @property
    def reached(self) -> int:
        return self.goals - len(self.gaps)

    @property
    def percent(self) -> float:
        """What was reached, in percent; all of nothing is 100."""
        return 100.0 * self.reached / self.goals if self.goals else 100.0

    @classmethod
    def joined(cls, parts: Sequence[Covered]) -> Covered:
        """Those of several sets of rules as one."""
        return cls(sum(one.goals for one in parts), tuple(gap for one in parts for gap in one.gaps))


def coverage(suite: Suite) -> Covered:
    """What the tests of a suite reach, and what they don't."""
    ear = Ear(suite.ground, suite.zone)
    for test in suite.tests:
        play(suite.ground, test, suite.today, ear)
    scenes = Scenes(suite.ground, suite.schemas)
    count, gaps = 0, []
    names = {one.name for one in suite.rules.tests}
    for goal in goals(suite.ground):
        if goal.key in ear.reached:
            count += 1
            continue
        try:
            found = reaching(suite, scenes, goal)
        except Unreachable:
            continue
        count += 1
        if found is None:
            gaps.append(Gap(goal))
        else:
            test = replace(found, name=_free(found.name, names))
            names.add(test.name)
            gaps.append(Gap(goal, block(test, scenes.schemas)))
    return Covered(count, tuple(gaps))


def example(suites: Sequence[Suite]) -> str:
    """A first test for rules that have none; "" where nothing can be tested."""
    for suite in suites:
        scenes = Scenes(suite.ground, suite.schemas)
        found = goals(suite.ground)
        for goal in sorted(found, key=lambda one: one.key[0] != "acts"):
            with suppress(Unreachable):
                test = reaching(suite, scenes, goal)
                if test is not None:
                    return block(test, scenes.schemas)
    return ""


def reaching(suite: Suite, scenes: Scenes, goal: Goal) -> TestRule | None:
    """A test that reaches a goal and passes; None where none was found, `Unreachable` where it is
    proved that there is none."""
    for scene in scenes.of(goal):
        ear = Ear(suite.ground, suite.zone)
        test = acted_out(suite, scenes, scene, _plain(goal.what), goal.key, ear)
        if test is not None and goal.key in ear.reached:
            return test
    return None


def acted_out(
    suite: Suite,
    scenes: Scenes,
    scene: Scene,
    name: str = "",
    key: Key = (),
    ear: Ear | None = None,
) -> TestRule | None:
    """A scene as a test that expects what comes of it; None where no test can say that."""
    day = scene.day or (suite.today if suite.ground.counts_days else "")
    test = replace(scene.test(name), day=day)
    played = play(suite.ground, test, suite.today, ear)
    test = replace(test, expects=expecting(scenes, played, key))
    return test if judge(test, played).passed else None


_OUTCOMES = {"unknown": "refusal", "several": "refusal"}


def expecting(scenes: Scenes, played: Played, key: Key = ()) -> tuple[Expectation, ...]:
    """What came of a test as what it expects: every change, and the outcome that a goal is."""
    outcome = _OUTCOMES.get(str(key[0])) if key else None
    found = []
    for deed in played.deeds:
        if deed.kind in CHANGES or deed.kind in (outcome, "conflict"):
            one = _expectation(scenes, played, deed)
            found.append(replace(one, text=expected(one, scenes.schemas)))
    if not found:
        found = [Expectation(NOWHERE, "expect nothing", "nothing")]
    return tuple(dict.fromkeys(found)) if outcome else tuple(found)


def _expectation(scenes: Scenes, played: Played, deed: Deed) -> Expectation:
    side, object = deed.side, deed.object
    if deed.kind in ("create", "update"):
        values = [
            (one.field, value)
            for one in deed.changes
            for known, value in [_value(scenes, played, side, object, one)]
            if known
        ]
        record = TestRecord(side, object, tuple(values))
        return Expectation(NOWHERE, "", deed.kind, record, side, object)
    fields = [field for at, name, field in deed.names if (at, name) == (side, object) and field]
    return Expectation(NOWHERE, "", deed.kind, None, side, object, min(fields, default=""))


def _value(
    scenes: Scenes, played: Played, side: Side, object: str, one: Change
) -> tuple[bool, TestValue]:
    """Whether a test can name a value that was written, and as what."""
    if isinstance(one.after, Coming):
        return False, None
    field = scenes.schemas[side].by_name[object].by_name.get(one.field)
    if field is None or field.type != "reference":
        return True, one.after
    return _referred(scenes, played, side, field.references, one.after)


def _referred(
    scenes: Scenes, played: Played, side: Side, objects: Sequence[str], id: Value
) -> tuple[bool, TestValue]:
    for name in objects:
        if played.last.get((side, name)) == id:
            return True, LastOf(side, name)
        thing = scenes.schemas[side].by_name.get(name)
        if thing is not None and thing.thing == "user":
            return True, UserBy(str(id))
    return False, None


def _plain(what: str) -> str:
    """Without quotes, which a name would have to escape."""
    return what.replace('"', "").replace("`", "")


def _free(name: str, names: set[str]) -> str:
    """The name, with a number where a test has it."""
    free, number = name, 2
    while free in names:
        free, number = f"{name} ({number})", number + 1
    return free
