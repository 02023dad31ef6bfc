"""Hours of histories and of killed processes: `python -m tests.soak [--part P] [--minutes M]`.

What the suite does for a minute, this does for as long as it is let. It ends with a line of counts,
and with exit code 1 where a promise was broken; each broken seed is told as it is met.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice

from syncrules.tests.simulation.history import play

CHUNK = 25
"""Histories that a process plays before it reports."""


def chunk(first: int) -> list[tuple[int, str]]:
    """(seed, violation) of `CHUNK` seeds. An exception is one, too: the others go on."""
    found: list[tuple[int, str]] = []
    for seed in range(first, first + CHUNK):
        try:
            found += [(seed, text) for text in play(seed).violations]
        except Exception as error:
            found.append((seed, f"{type(error).__name__}: {error}"))
    return found


def histories(minutes: float, first: int, processes: int) -> int:
    """Plays seeds from `first` on until the time is up, on all processors; the exit code."""
    until = time.monotonic() + 60 * minutes
    played, broken = 0, set()
    with ProcessPoolExecutor(processes) as pool:
        for found in _until(until, pool, first, processes):
            played += CHUNK
            for seed, text in found:
                broken.add(seed)
                _say(f"seed {seed}: {text}")
    _say(f"{played} histories, {len(broken)} violations")
    return 1 if broken else 0


def _until(
    until: float, pool: ProcessPoolExecutor, first: int, processes: int
) -> Iterator[list[tuple[int, str]]]:
    """Results of chunks, in their order; no new one is begun when the time is up."""
    starts = count(first, CHUNK)
    running = [pool.submit(chunk, one) for one in islice(starts, 2 * processes)]
    while running:
        yield running.pop(0).result()
        if time.monotonic() < until:
            running.append(pool.submit(chunk, next(starts)))


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--part", choices=("kills", "histories"))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0, help="the first seed of the histories")
    asked = parser.parse_args()
    code = 0
    if asked.part != "kills":
        code = histories(asked.minutes, asked.seed, os.cpu_count() or 1)
    if asked.part != "histories":
        from syncrules.tests.kills import soak

        code = max(code, soak(asked.minutes, sys.maxsize))
    return code


if __name__ == "__main__":
    sys.exit(main())
