"""Many histories on all processors, told in one line: what the suite and the long tests play.

`python -m tests.simulation FIRST COUNT` plays as many. A history that fails is named by its seed,
and one whose code raises counts as failed, too.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from syncrules.tests.simulation.history import play

CHUNK = 50
"""Histories that a process plays before it reports."""


@dataclass(frozen=True, slots=True)
class Part:
    """What became of some histories. `cpu` is seconds of a processor, `violations` by seed,
    `struck` says by name in how many of them something went wrong."""

    histories: int
    runs: int = 0
    crashes: int = 0
    requests: int = 0
    cpu: float = 0.0
    violations: tuple[tuple[int, str], ...] = ()
    struck: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Told:
    """The sum of parts."""

    histories: int = 0
    runs: int = 0
    crashes: int = 0
    requests: int = 0
    cpu: float = 0.0
    violations: dict[int, list[str]] = field(default_factory=dict)
    struck: Counter[str] = field(default_factory=Counter)

    def add(self, part: Part) -> None:
        """Takes a part in."""
        self.histories += part.histories
        self.runs += part.runs
        self.crashes += part.crashes
        self.requests += part.requests
        self.cpu += part.cpu
        self.struck.update(part.struck)
        for seed, text in part.violations:
            self.violations.setdefault(seed, []).append(text)

    @property
    def rate(self) -> float:
        """Histories a second and processor."""
        return self.histories / self.cpu if self.cpu else 0.0

    def __str__(self) -> str:
        return f"{self.histories:,} histories, {len(self.violations):,} violations"


def commit() -> str:
    """What a seed must be replayed with: the commit of this tree, with a `+` where files differ
    from it, or that nobody knows."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], check=False, capture_output=True
        )
        edited = subprocess.run([*git, "status", "--porcelain"], check=False, capture_output=True)
    except OSError:
        return "unknown"
    name = head.stdout.decode().strip()
    return name + ("+" if edited.stdout.strip() else "") if name else "unknown"


def some(first: int, most: int = CHUNK) -> Part:
    """Plays `most` seeds from `first` on. An exception of one is its violation."""
    # What stays is looked through for cycles once, not at each of thousands of collections.
    gc.collect()
    gc.freeze()
    gc.disable()
    began, runs, crashes, requests = time.process_time(), 0, 0, 0
    violations: list[tuple[int, str]] = []
    struck: Counter[str] = Counter()
    try:
        for seed in range(first, first + most):
            try:
                outcome = play(seed)
            except Exception as error:
                violations.append((seed, f"{type(error).__name__}: {error}"))
                continue
            runs, crashes = runs + outcome.runs, crashes + outcome.crashes
            requests += outcome.requests
            struck.update(name for name, times in outcome.struck.items() if times)
            violations += [(seed, text) for text in outcome.violations]
    finally:
        gc.enable()
        gc.unfreeze()
    took = time.process_time() - began
    return Part(most, runs, crashes, requests, took, tuple(violations), dict(struck))


def many(
    first: int,
    most: int | None = None,
    *,
    until: Callable[[], bool] = lambda: False,
    each: Callable[[Part], None] = lambda part: None,
    processes: int = os.cpu_count() or 1,
) -> Told:
    """Plays `most` seeds from `first` on, or goes on until `until` says so. `each` is told of the
    parts in the order of their seeds."""
    told = Told()
    # Not a fork of a process that may have threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        running: list[Future[Part]] = []
        coming = _chunks(first, most)
        while True:
            while len(running) < 2 * processes and not until():
                one = next(coming, None)
                if one is None:
                    break
                running.append(pool.submit(some, *one))
            if not running:
                return told
            part = running.pop(0).result()
            told.add(part)
            each(part)


def _chunks(first: int, most: int | None) -> Iterator[tuple[int, int]]:
    """(first seed, how many)."""
    for start in count(first, CHUNK):
        left = CHUNK if most is None else min(CHUNK, first + most - start)
        if left <= 0:
            return
        yield start, left
