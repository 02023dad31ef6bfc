"""A world in which a seed decides: who is served first, when a run dies, when a person edits.

Requests go straight to the two simulators through the recorder. A crash is an exception that
nothing catches on its way out, as little as a process survives `kill -9`.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from syncrules.connectors.base.contract import Batch, Connector, Outcome, Write
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.base.world import LANES, Clock, Job, still
from syncrules.tests.worlds import VirtualClock

T = TypeVar("T")
MINUTE = 60.0


class Crash(BaseException):
    """The process is gone. Not an `Exception`, so no handler of ours takes it for a failure."""


class Alarms(VirtualClock):
    """A virtual clock on which things happen at their time, however long somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._set = 0

    def at(self, moment: float, act: Callable[[], object]) -> None:
        """`act` happens once the clock shows `moment`."""
        self._set += 1
        heapq.heappush(self._due, (moment, self._set, act))

    def sleep(self, seconds: float) -> None:
        until = self._now + max(seconds, 0.0)
        while self._due and self._due[0][0] <= until:
            moment, _, act = heapq.heappop(self._due)
            self._now = max(self._now, moment)
            act()
        super().sleep(until - self._now)


class AnyOrder:
    """A connector that tells what became of writes in any order: the contract promises none."""

    def __init__(self, connector: Connector, chance: random.Random) -> None:
        self._connector = connector
        self._chance = chance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def send(self, batch: Batch) -> list[Outcome]:
        return self._turned(self._connector.send(batch))

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        return self._turned(self._connector.find(doubtful))

    def _turned(self, told: list[Outcome]) -> list[Outcome]:
        return self._chance.sample(told, len(told))


class SeededWorld:
    """`world.World` for one history.

    `happens` are things that come about when so many points have gone by: {countdown: action}. An
    action may raise `Crash`. A point is a commit, a request about to go out, and a reply that has
    just come in. `watch` is called with the name of each, `paused` with that of one at which more
    than a minute went by.
    """

    def __init__(
        self, serve: Callable[[Request], Response], clock: Clock, chance: random.Random
    ) -> None:
        self.clock = clock
        self.random = chance
        self.happens: dict[int, Callable[[], None]] = {}
        self.points = 0
        self.last_point = ""
        self.watch: Callable[[str], None] = lambda name: None
        self.paused: Callable[[str], None] = lambda name: None
        self._serve = serve

    def plan(self, happens: dict[int, Callable[[], None]]) -> None:
        """What happens in the run to come, by the number of points from now on."""
        self.points, self.happens = 0, happens

    def send(self, request: Request) -> Response:
        response = self._serve(request)
        self.point("reply")
        return response

    def lanes(
        self, jobs: Iterable[Job[T]], alive: Callable[[], None] = still
    ) -> Iterator[tuple[Job[T], T]]:
        """Up to four jobs are under way; which of them is done next, the seed says. An exception
        of a job comes after those under way, a crash at once."""
        source = iter(jobs)
        running: list[Job[T]] = []
        failures: list[Exception] = []

        def finish() -> Iterator[tuple[Job[T], T]]:
            job = running.pop(self.random.randrange(len(running)))
            try:
                result = job.call()
            except Exception as error:
                failures.append(error)
            else:
                yield job, result

        for job in source:
            while any(job.holds & other.holds for other in running):
                yield from finish()
            if failures:
                break
            running.append(job)
            while len(running) >= LANES:
                yield from finish()
        while running:
            yield from finish()
        if failures:
            raise failures[0]

    def point(self, name: str) -> None:
        self.last_point = name
        self.points += 1
        action = self.happens.pop(self.points, None)
        if action is not None:
            began = self.clock.now()
            action()
            if self.clock.now() - began > MINUTE:
                self.paused(name)
        self.watch(name)
