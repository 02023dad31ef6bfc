"""A world for tests: requests go straight to simulators, time stands still until someone sleeps.

Knows nothing of any system: handlers are found by the host of a request. The same seed gives the
same history. What lanes and points mean is told in `connectors/base/world.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from syncrules.connectors.base.wire import NotSent, Request, Response, TooLarge, host
from syncrules.connectors.base.world import Clock, Job, still

T = TypeVar("T")
Handle = Callable[[Request], Response]

START = 1_767_600_000.0
"""2026-01-05T08:00:00Z, a Monday: where virtual clocks start."""


class VirtualClock:
    """Seconds since 1970 that pass only when someone sleeps. `slept` is called after each sleep."""

    def __init__(self, start: float = START) -> None:
        self._now = start
        self.slept: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += max(seconds, 0.0)
        self.slept()


class SimWorld:
    """A world whose network is a few handlers, by the host (and port) of their URL.

    `sent` lists the requests that reached a handler, in order. A host without a handler can't be
    reached. `points` lists the names that `point` was called with; `on_point`, where it is set, is
    called with each.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handle],
        clock: Clock | None = None,
        seed: int = 1,
        on_point: Callable[[str], None] | None = None,
    ) -> None:
        self.handlers = dict(handlers)
        self.clock: Clock = clock if clock is not None else VirtualClock()
        self.random = random.Random(seed)
        self.on_point = on_point
        self.sent: list[Request] = []
        self.points: list[str] = []

    def send(self, request: Request) -> Response:
        handle = self.handlers.get(host(request.url))
        if handle is None:
            raise NotSent(f"no route to {host(request.url)}")
        self.sent.append(request)
        reply = handle(request)
        if len(reply.body) > request.most:
            raise TooLarge(request.most)
        return reply

    def lanes(
        self, jobs: Iterable[Job[T]], alive: Callable[[], None] = still
    ) -> Iterator[tuple[Job[T], T]]:
        for job in jobs:
            yield job, job.call()

    def point(self, name: str) -> None:
        self.points.append(name)
        if self.on_point is not None:
            self.on_point(name)
