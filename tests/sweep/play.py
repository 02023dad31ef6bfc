"""Plays a story in a setting, lets its runs die, and says what is wrong in the end.

A point is a commit, a request or a reply of the runs that a story is about. A run that dies there
is started again, as a new process would be; then the story goes on to its end. What must be true in
the end follows from the story, from the rules (`simulation/checker/`), and from how the same story
ends where nobody dies.

To die at every point of a scenario, it is played once, and at each point a copy of this process
dies and plays on alone: what led there is not played again, and a copy may have copies.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from tempfile import TemporaryFile

from syncrules.errors import SyncrulesError
from syncrules.tests.simulation import checker
from syncrules.tests.simulation.history import ORG
from syncrules.tests.simulation.world import Crash
from syncrules.tests.sweep.scene import Scene
from syncrules.tests.sweep.settings import PAUSE, SETTINGS, Deed, Setting, calm, run, sized
from syncrules.tests.sweep.stories import STORIES, Story

DAY = 86_400.0
TRIES = 5
"""How often a step is done again that died or failed."""
PAUSES = (1.0, 5.0, 70.0, PAUSE)
"""Seconds until a run that died is started again, in turn."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """A story in a setting."""

    story: Story
    setting: Setting

    def __str__(self) -> str:
        return f"{self.story.name}; {self.setting.name}"


SCENARIOS = tuple(
    Scenario(story, setting)
    for story in STORIES
    for setting in SETTINGS
    if setting.name not in story.without
)


Death = tuple[int, str]
"""The number of a point, counted from the beginning or the last death, and what it is called."""
Deaths = tuple[Death, ...]


@dataclass
class Played:
    """How a scenario ended: the points that its runs came by since the last death, by name, where
    they died, what stood in the end, and what was wrong with it."""

    points: list[str] = field(default_factory=list)
    deaths: Deaths = ()
    stands: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


Dies = Callable[[Deaths, int], bool]
"""Whether to die at a point, after the deaths there have been."""


def at(*points: int) -> Dies:
    """To die at the first of some points, then at the next, counted from there."""
    return lambda deaths, point: points[len(deaths) : len(deaths) + 1] == (point,)


def play(scenario: Scenario, dies: Dies) -> Played:
    """Lets it happen."""
    with sized(scenario.setting):
        return _Stage(scenario, dies).play()


class _Stage:
    """A scenario on its way."""

    def __init__(self, scenario: Scenario, dies: Dies) -> None:
        self.story, self.setting = scenario.story, scenario.setting
        self.scene = Scene(self.story.rules)
        self.dies = dies
        self.played = Played()

    def play(self) -> Played:
        scene, played = self.scene, self.played
        self.story.ready(scene)
        self.setting.before(scene)
        scene.clock.sleep(PAUSE)
        self.story.act(scene)
        self.setting.since(scene)
        scene.world.watch = self.passed
        scene.clock.sleep(self.setting.pause)
        for step in (*self.story.steps, *self.setting.steps):
            self.insist(step)
            scene.clock.sleep(PAUSE)
        scene.world.watch = lambda name: None
        calm(scene)
        self.rest()
        played.stands = scene.stands()
        played.wrong += self.wrong()
        return played

    def passed(self, name: str) -> None:
        """A point has been reached."""
        played = self.played
        played.points.append(name)
        if self.dies(played.deaths, len(played.points)):
            played.deaths += ((len(played.points), name),)
            played.points = []
            raise Crash

    def insist(self, step: Deed) -> None:
        """Does a step until it comes to its end, as who waits for it would."""
        for _ in range(TRIES):
            try:
                step(self.scene)
            except Crash:
                self.scene.restart()
                self.scene.clock.sleep(PAUSES[self.played.deaths[-1][0] % len(PAUSES)])
            except SyncrulesError:
                self.scene.clock.sleep(PAUSE)
            else:
                return
        self.played.wrong.append("a step was tried again and again, and never came to its end")

    def rest(self) -> None:
        """Some runs for what is left to do, until two in a row have done nothing."""
        scene, idle = self.scene, 0
        for pause in (PAUSE, DAY) * TRIES:
            writes = scene.log.writes
            run(scene)
            idle = idle + 1 if scene.log.writes == writes else 0
            if idle == 2:
                return
            scene.clock.sleep(pause)
        self.played.wrong.append("runs go on writing and don't come to rest")

    def wrong(self) -> Iterator[str]:
        scene, story = self.scene, self.story
        yield from scene.log.violations
        ask = checker.check if story.checked else checker.under_any_rules
        yield from ask(scene.log, scene.people, scene.db, ORG)
        if (found := story.sees(scene)) != story.wanted:
            yield f"there is {found}, and not {story.wanted}"


# ---- what is wrong ------------------------------------------------------------------------------


@cache
def undisturbed(scenario: Scenario) -> Played:
    """How it ends where nobody dies."""
    return play(scenario, at())


def differences(scenario: Scenario, played: Played) -> list[str]:
    """What is wrong with an end, and what is not as in the end where nobody dies."""
    whole = undisturbed(scenario)
    wrong = list(played.wrong)
    wrong += [f"not in the end: {one}" for one in whole.stands - played.stands]
    wrong += [f"more in the end: {one}" for one in played.stands - whole.stands]
    where = " and ".join(f"at {point} ({name})" for point, name in played.deaths)
    return [f"{scenario}, died {where or 'nowhere'}: {one}" for one in wrong]


def dying(scenario: Scenario, *points: int) -> tuple[int, list[str]]:
    """Dies at some points, one after the other; how often, and what was wrong."""
    try:
        played = play(scenario, at(*points))
    except Exception as error:
        return 0, [f"{scenario}, dying at {points}: {type(error).__name__}: {error}"]
    return len(played.deaths), differences(scenario, played)


# ---- every point, by copies of this process -----------------------------------------------------


@dataclass
class Swept:
    """What came of the copies: how many died once, how many twice, and what was wrong."""

    once: int = 0
    twice: int = 0
    wrong: list[str] = field(default_factory=list)


SECOND = 1 / 35
"""Of the points that come by after a death, how many are a second one."""


def swept(scenario: Scenario, seed: int = 0) -> Swept:
    """Dies at every point of a scenario, and, in what follows from that, once more at some points
    that are drawn from the seed."""
    whole = undisturbed(scenario)
    told = Swept(wrong=[f"{scenario}, where nobody dies: {one}" for one in whole.wrong])
    mine, died = os.getpid(), 0
    lines = ["a copy broke off"]
    with TemporaryFile() as file:

        def dies(deaths: Deaths, point: int) -> bool:
            nonlocal died
            if deaths and (len(deaths) > 1 or not _drawn(f"{seed} {deaths} {point}")):
                return False
            if copy := os.fork():
                os.waitpid(copy, 0)
                return False
            died = len(deaths) + 1
            return True

        try:
            lines = differences(scenario, play(scenario, dies))
        except Exception as error:
            lines = [f"{scenario}, died {died} times: {type(error).__name__}: {error}"]
        finally:
            if os.getpid() != mine:
                os.write(file.fileno(), json.dumps([died, lines]).encode() + b"\n")
                os._exit(0)
        file.seek(0)
        for count, lines in map(json.loads, file):
            told.once, told.twice = told.once + (count == 1), told.twice + (count == 2)
            told.wrong += lines
    return told


def _drawn(what: str) -> bool:
    return random.Random(what).random() < SECOND
