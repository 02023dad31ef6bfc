"""The schedule: each group of rules at its `every`, until somebody stops it.

Knows when a group is due, what follows a failed run, and when edited rules are taken up. What a run
does is `run/run.py`, what a part of the rules means there `run/scope.py`. Time is the world's: it
sleeps until the next group is due, and looks every few seconds whether a file was edited.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..connectors.base.world import Clock, World
from ..errors import (
    BudgetSpent,
    FindingsError,
    Interrupted,
    LeaseHeld,
    SignInRefused,
    SyncrulesError,
    SystemUnavailable,
)
from . import in_use
from .alone import Alone
from .open import opened

if TYPE_CHECKING:
    from .plan.model import Plan
    from .project import Project
    from .run.run import Result, Setup

GLANCE = 5.0
"""Seconds between two looks whether a file was edited."""
SOON = 60.0
"""Seconds after which a run is tried again that failed for a reason that may pass by itself."""
LATEST = 3600.0
"""Seconds that a failed run waits at most, where its rules have no longer period."""


class Stop:
    """Whether somebody asked the schedule to stop, and waiting that ends at once when they do.

    A run under way goes on to its next record; asking twice is for the caller to answer.
    """

    def __init__(self, clock: Clock) -> None:
        self.asked = False
        self._clock = clock
        self._resting = False

    def ask(self) -> None:
        """Called from a signal: ends a rest."""
        self.asked = True
        if self._resting:
            raise KeyboardInterrupt

    def rest(self, seconds: float) -> None:
        """Waits, or returns at once where somebody has asked or asks meanwhile."""
        try:
            self._resting = True
            if not self.asked:
                self._clock.sleep(seconds)
        except KeyboardInterrupt:
            self.asked = True
        finally:
            self._resting = False


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that ended, `at` in seconds since 1970: either it has a result or an error. `every`:
    the periods in minutes whose rules were due; `again`: when they are tried again after an error.
    """

    at: float
    plan: Plan
    every: tuple[int, ...]
    result: Result | None = None
    error: SyncrulesError | None = None
    again: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """What else is told: of edited rules, and that the schedule begins or ends."""

    at: float
    text: str
    fix: str = ""


Tell = Callable[[Ran | Said], None]


class Timetable:
    """When the groups of one set of rules are due. All are at once, then each after its period,
    on a grid that begins with the first: what was missed is not made up for."""

    def __init__(self, periods: Collection[int], now: float) -> None:
        self._start = now
        self._next = dict.fromkeys(sorted(periods), now)
        self._held = 0.0
        self._failures = 0

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(self._next)

    def due(self, now: float) -> tuple[int, ...]:
        """The periods whose time has come."""
        if now < self._held:
            return ()
        return tuple(period for period, at in self._next.items() if at <= now)

    def next(self) -> float:
        """When the next group is due."""
        return max(self._held, min(self._next.values()))

    def ran(self, periods: Collection[int], now: float) -> None:
        """These groups have run, and are due at the next time of their grid."""
        self._failures, self._held = 0, 0.0
        for period in periods:
            seconds = period * 60.0
            self._next[period] = self._start + ((now - self._start) // seconds + 1) * seconds

    def failed(self, error: SyncrulesError, now: float) -> float:
        """They stay due, and nothing is tried before the time that is returned: soon where the
        cause may pass by itself, and each time after twice as long."""
        self._failures += 1
        shortest = min(self._next) * 60.0
        passing = isinstance(error, (SystemUnavailable, LeaseHeld)) and not isinstance(
            error, (BudgetSpent, SignInRefused)
        )
        first = min(SOON, shortest) if passing else shortest
        wait = min(first * 2.0 ** min(self._failures - 1, 20), max(shortest, LATEST))
        self._held = now + wait
        return self._held


class Schedule:
    """A project that is kept running. `tell` hears of each run, and of what else happens; `show`
    tells what is wrong with the rules of a project that can't be used."""

    def __init__(
        self,
        project: Project,
        world: World,
        stop: Stop,
        tell: Tell,
        show: Callable[[Project], None] = lambda project: None,
    ) -> None:
        self._project = project
        self._show = show
        self._world = world
        self._stop = stop
        self._tell = tell
        self._seen: in_use.Seen = ()
        self._plans: tuple[Plan, ...] = ()
        self._tables: dict[str, Timetable] = {}
        self._alone = Alone(world)

    def run(self) -> None:
        """Returns when somebody has asked it to stop; `Interrupted` where that was within a run.
        Raises `SyncrulesError` where there are no rules to begin with, and where another schedule
        keeps the project running."""
        try:
            self._begin()
            while not self._stop.asked:
                self._take_up_edits()
                self._turn()
                self._alone.stay(self._project)
                now = self._now
                times = [one.next() for one in self._tables.values()]
                self._stop.rest(max(0.0, min([now + GLANCE, *times]) - now))
            self._say("stopped")
        finally:
            self._alone.leave(self._project)

    # ---- the rules in use

    def _begin(self) -> None:
        """Takes the rules as they are; where they don't pass, those that were last in use."""
        self._seen = in_use.seen(self._project)
        try:
            self._use(self._project)
            self._say("started")
        except SyncrulesError as error:
            before = in_use.last(self._project)
            if before is None:
                raise
            self._use(before)
            self._refuse(error)

    def _take_up_edits(self) -> None:
        """Rules that were edited count once they pass `check`; else the last good ones go on, and
        that is said once."""
        seen = in_use.seen(self._project)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            now = in_use.whole(in_use.again(self._project))
            if now == self._project:
                return  # Written again, and the same.
            self._use(now)
            self._say("the files of the project have changed, and are in use from now on")
        except SyncrulesError as error:
            self._refuse(error)

    def _use(self, project: Project) -> None:
        """All groups of the rules are due at once. Raises where they don't pass."""
        from .open import org
        from .run.scope import periods

        whole = in_use.whole(project)
        try:
            plans = whole.plans()
        except FindingsError:
            self._show(whole)
            raise
        tables = {org(one): Timetable(every, self._now) for one in plans if (every := periods(one))}
        self._alone.take(whole, tables)
        self._project, self._plans, self._tables = whole, plans, tables
        in_use.keep(whole)

    def _refuse(self, error: SyncrulesError) -> None:
        self._say(
            "the files of the project have changed and can't be used, so the rules of before go "
            f"on: {str(error).removeprefix('nothing was started: ')}",
            error.fix,
        )

    # ---- a turn

    def _turn(self) -> None:
        """Runs what is due now."""
        from .open import org

        if not any(one.due(self._now) for one in self._tables.values()):
            return
        told: set[str] = set()
        try:
            with opened(self._project, self._world) as setups:
                for setup in setups:
                    if self._stop.asked:
                        return
                    told.add(setup.org)
                    self._run(setup)
        except Interrupted:
            raise
        except SyncrulesError as error:
            for plan in self._plans:
                if org(plan) in self._tables and org(plan) not in told:
                    self._failed(plan, self._tables[org(plan)].due(self._now), error)

    def _run(self, setup: Setup) -> None:
        from .run import run as way
        from .run.scope import ALL, due

        table = self._tables.get(setup.org)
        every = table.due(self._now) if table else ()
        if table is None or not every:
            return
        about = ALL if every == table.all else due(setup.plan, every)

        def stopping() -> bool:
            self._alone.renew(setup.db)
            return self._stop.asked

        part = replace(setup, scope=about, stopping=stopping)
        try:
            result = way.run(part)
        except Interrupted:
            raise
        except SyncrulesError as error:
            self._failed(setup.plan, every, error)
            return
        table.ran(every, self._now)
        self._tell(Ran(self._now, setup.plan, every, result))

    def _failed(self, plan: Plan, every: tuple[int, ...], error: SyncrulesError) -> None:
        from .open import org

        if every:
            again = self._tables[org(plan)].failed(error, self._now)
            self._tell(Ran(self._now, plan, every, error=error, again=again))

    # ---- small things

    @property
    def _now(self) -> float:
        return self._world.clock.now()

    def _say(self, text: str, fix: str = "") -> None:
        self._tell(Said(self._now, text, fix))


def often(periods: Collection[int]) -> str:
    """`every 15 and 60 minutes`."""
    return f"every {' and '.join(map(str, periods))} minute{'' if [*periods] == [1] else 's'}"


def groups(plan: Plan) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The groups of a plan: their period, and what their rules are called by."""
    from .run.scope import periods

    for period in periods(plan):
        flows = [one for one in plan.flows if one.every == period and not one.users]
        yield period, tuple(dict.fromkeys(move.rule for one in flows for move in one.moves))
