"""The long tests: `python -m tests.soak [--part P] [--minutes M] [--seed N]`.

What the suite does for a minute, this does for as long as it is let: histories of two systems,
weeks of people at work, runs that die at every point, thirty days in one process, killed processes,
conditions held against two oracles, damaged rule files, hostile values and replies. And what the
suite can't do without more than Python: the client that JavaScript has for Salesforce. Each part
tells every few minutes how far it is, and ends with a line of counts, the whole with exit code 1
where a promise was broken; each broken seed is told as it is met.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from itertools import count, islice
from math import inf
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from syncrules.tests.dsl.files_soak import Tried
    from syncrules.tests.simulation.previews import Told
    from syncrules.tests.sweep.play import Swept

T = TypeVar("T")

STORIES = 25
CONDITIONS = 500
CHANGES = 200
SETS = 50
FILES = 2_500
"""How many a process plays, or compares, before it reports."""
MOST_FILES = 1_000_000
APART = 47
"""Scenarios from one to the next."""
MOST_HISTORIES = 1_000_000
MONTH = 30
"""Days."""
MINUTE = 60.0
PAUSE = 5 * MINUTE
"""Seconds from one line that tells how far a part is to the next."""


def histories(minutes: float, first: int, processes: int) -> int:
    """Plays a million seeds from `first` on, or until the time is up; the exit code."""
    from syncrules.tests.simulation.many import Part, Told, commit, many

    at, told = commit(), Told()
    so_far = _SoFar(lambda: str(told))

    def each(part: Part) -> None:
        told.add(part)
        for seed, text in part.violations:
            _say(f"seed {seed} of commit {at}: {text}")
        so_far.tell()

    until = time.monotonic() + MINUTE * minutes
    many(
        first,
        MOST_HISTORIES,
        until=lambda: time.monotonic() > until,
        each=each,
        processes=processes,
    )
    _say(f"{told.runs:,} runs, {told.crashes:,} crashes, {told.requests:,} requests")
    _say(f"{told.rate:.0f} histories a second and processor")
    _say(str(told))
    return 1 if told.violations else 0


def week(seed: int) -> tuple[int, list[str]]:
    """How much was done in the week of a seed, and what is not as it must be."""
    from syncrules.tests.guide.week import play

    try:
        outcome = play(seed)
    except Exception as error:
        return 0, [f"{type(error).__name__}: {error}"]
    return outcome.deeds, outcome.violations


def weeks(minutes: float, first: int, processes: int) -> int:
    """Plays weeks of both systems from a seed on until the time is up; the exit code."""
    played, deeds, broken = 0, 0, 0

    def told() -> str:
        return f"{played} weeks, {deeds:,} deeds, {broken} with violations"

    for seed, (done, found) in _until(minutes, week, count(first), processes, told):
        played, deeds, broken = played + 1, deeds + done, broken + bool(found)
        for text in found:
            _say(f"seed {seed}: {text}")
    return 1 if broken else 0


def previews(minutes: float, first: int, processes: int) -> int:
    """Tells stories of saved previews and of runs that are put back, until the time is up."""
    made, stale, undos, broken = 0, 0, 0, 0

    def told() -> str:
        shown = f"{made:,} previews, {stale:,} of them stale, and {undos:,} undos"
        return f"{shown}, {broken} violations"

    for _, found in _until(minutes, _previews, count(first, STORIES), processes, told):
        made, stale = made + found.previews, stale + found.stale
        undos += STORIES
        broken += len(found.wrong)
        for text in found.wrong:
            _say(text)
    return 1 if broken else 0


def _previews(first: int) -> Told:
    from syncrules.tests.simulation.previews import Told, preview, undo

    whole = Told()
    for seed in range(first, first + STORIES):
        try:
            told = preview(seed)
            whole.previews += told.previews
            whole.stale += told.stale
            whole.wrong += [f"preview {seed}: {text}" for text in told.wrong]
        except Exception as error:
            whole.wrong.append(f"preview {seed}: {type(error).__name__}: {error}")
        try:
            whole.wrong += [f"undo {seed}: {text}" for text in undo(seed)]
        except Exception as error:
            whole.wrong.append(f"undo {seed}: {type(error).__name__}: {error}")
    return whole


def crashes(minutes: float, first: int, processes: int) -> int:
    """Dies at every point of every scenario of the sweep, and at pairs of them that are drawn from
    the seed, or as far as the time goes: scenarios far apart come one after the other."""
    from syncrules.tests.sweep.play import SCENARIOS

    points, scenarios, pairs, broken = 0, 0, 0, 0

    def told() -> str:
        once = f"{points:,} crash points of {scenarios} scenarios"
        return f"{once} and {pairs:,} pairs, {broken} violations"

    work = partial(_swept, seed=first)
    order = sorted(range(len(SCENARIOS)), key=lambda number: number * APART % len(SCENARIOS))
    for _, found in _until(minutes, work, iter(order), processes, told):
        points, pairs, scenarios = points + found.once, pairs + found.twice, scenarios + 1
        broken += len(found.wrong)
        for text in found.wrong:
            _say(text)
    return 1 if broken else 0


def _swept(number: int, seed: int) -> Swept:
    from syncrules.tests.sweep.play import SCENARIOS, swept

    return swept(SCENARIOS[number], seed)


def files(minutes: float, first: int, processes: int) -> int:
    """Damages rule files with numbers from `first` on, a million or until the time is up."""
    from syncrules.tests.dsl import files_soak

    whole = files_soak.Tried()
    firsts = iter(range(first, first + MOST_FILES, FILES))
    for _, tried in _until(minutes, _files, firsts, processes, whole.told):
        whole.add(tried)
        for number, text in tried.wrong:
            _say(f"file {number}: {text}")
    return 1 if whole.wrong or whole.slowest[0] > files_soak.SLOW else 0


def _files(first: int) -> Tried:
    from syncrules.tests.dsl import files_soak

    return files_soak.batch(first, FILES)


def logic(minutes: float, first: int, processes: int) -> int:
    """Holds conditions against trying every record, what `diff` says against the engine, then sets
    of conditions against a solver."""
    parts: list[tuple[str, Callable[[int], list[str]], int]] = [
        ("conditions against every record", _conditions, CONDITIONS),
        ("changes of rules against the engine", _changes, CHANGES),
    ]
    if find_spec("z3"):
        parts.append(("sets of conditions against a solver", _sets, SETS))
    else:
        _say("no solver: `pip install -e '.[soak]'` brings z3")
    broken = 0
    for what, work, size in parts:
        broken += _compared(what, work, size, minutes / len(parts), first, processes)
    return 1 if broken else 0


def _compared(
    what: str,
    work: Callable[[int], list[str]],
    size: int,
    minutes: float,
    first: int,
    processes: int,
) -> int:
    """How many differences there were."""
    compared, wrong = 0, 0

    def told() -> str:
        return f"{compared:,} {what}, {wrong} differences"

    for _, found in _until(minutes, work, count(first, size), processes, told):
        compared += size
        wrong += len(found)
        for text in found:
            _say(text)
    return wrong


def _conditions(first: int) -> list[str]:
    from syncrules.tests.dsl import logic_soak

    return [f"seed {first}: {one}" for one in logic_soak.differences(CONDITIONS, first)]


def _changes(first: int) -> list[str]:
    from syncrules.tests.dsl import compare_soak

    return [f"seed {first}: {one}" for one in compare_soak.differences(CHANGES, first)]


def _sets(first: int) -> list[str]:
    from syncrules.tests.dsl import smt_soak

    return smt_soak.differences(first, SETS)


def kills(minutes: float, first: int, processes: int) -> int:
    """Tells stories of killed processes, until there are enough or the time is up."""
    from syncrules.tests.kills import GOALS, stories

    kills, wrong = dict.fromkeys(GOALS, 0), 0

    def told() -> str:
        counted = ", ".join(f"{times:,} kills on {kind}" for kind, times in kills.items())
        return f"{counted}, {wrong} violations"

    so_far = _SoFar(told)
    for name, kind, story in stories(minutes, GOALS):
        kills[kind], wrong = kills[kind] + story.kills, wrong + len(story.wrong)
        for text in story.wrong:
            _say(f"{name} on {kind}: {text}")
        so_far.tell()
    _say(told())
    return 1 if wrong else 0


def days(minutes: float, first: int, processes: int) -> int:
    """Lets thirty days pass in a process, once and then until the time is up; the exit code."""
    from syncrules.tests.days import alone, wrong

    until, broken = time.monotonic() + MINUTE * minutes, 0
    for seed in count(first):
        outcome = alone(MONTH, seed)
        found = wrong(outcome, MONTH)
        broken += bool(found)
        for text in found:
            _say(f"seed {seed}: {text}")
        second, last = outcome.held[1], outcome.held[-1]
        _say(
            f"seed {seed}: {outcome.runs:,} runs, {outcome.failed} failed, {outcome.faults:,} "
            "faults; "
            f"day {last.day} holds {last.memory / second.memory - 1:+.1%} of day 2 in memory, "
            f"{last.state / 1e6:.1f} MB of state"
        )
        if time.monotonic() >= until:
            return 1 if broken else 0
    return 0


def hostile(minutes: float, first: int, processes: int) -> int:
    """Hostile values through every conversion, and replies that are not what they should be."""
    values, replies, wrong = 0, 0, 0

    def told() -> str:
        return f"{values:,} hostile values, {replies:,} spoilt replies, {wrong} faults"

    for _, (held, spoilt, found) in _until(minutes, _hostile, count(first), processes, told):
        values, replies, wrong = values + held, replies + spoilt, wrong + len(found)
        for text in found:
            _say(text)
    return 1 if wrong else 0


def _hostile(seed: int) -> tuple[int, int, list[str]]:
    from syncrules.tests.hostile import soak

    return soak.batch(seed)


def jsforce(minutes: float, first: int, processes: int) -> int:
    """Runs jsforce against a simulated Salesforce, once; where there is no Node, says so."""
    from syncrules.tests.jsforce_soak import soak

    code, told = soak()
    _say(told)
    return code


class _SoFar:
    """Says how far a part is, now and then."""

    def __init__(self, told: Callable[[], str]) -> None:
        self._told = told
        self._next = time.monotonic() + PAUSE

    def tell(self) -> None:
        """Says it where it is time to."""
        if time.monotonic() >= self._next:
            self._next += PAUSE
            _say(f"so far: {self._told()}")


def _until(
    minutes: float,
    work: Callable[[int], T],
    firsts: Iterator[int],
    processes: int,
    told: Callable[[], str],
) -> Iterator[tuple[int, T]]:
    """(first, result) of `work` for each first, in order; none is begun when the time is up. What
    `told` says of them is said now and then, and in the end."""
    so_far, until = _SoFar(told), time.monotonic() + MINUTE * minutes
    with ProcessPoolExecutor(processes) as pool:
        running = [(one, pool.submit(work, one)) for one in islice(firsts, 2 * processes)]
        while running:
            first, ended = running.pop(0)
            yield first, ended.result()
            so_far.tell()
            following = next(firsts, None) if time.monotonic() < until else None
            if following is not None:
                running.append((following, pool.submit(work, following)))
    _say(told())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


PARTS: dict[str, tuple[Callable[[float, int, int], int], float]] = {
    "histories": (histories, inf),
    "weeks": (weeks, 10.0),
    "previews": (previews, 10.0),
    "crashes": (crashes, inf),
    "kills": (kills, inf),
    "days": (days, 1.0),
    "logic": (logic, 10.0),
    "hostile": (hostile, 10.0),
    "jsforce": (jsforce, 1.0),
    "files": (files, inf),
}
"""What there is, and for how many minutes it goes on unless told otherwise: to its end, where it
has one."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--part", choices=tuple(PARTS))
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=0, help="the first seed, file or set")
    asked = parser.parse_args()
    code = 0
    for name, (run, usual) in PARTS.items():
        if asked.part in (None, name):
            minutes = usual if asked.minutes is None else asked.minutes
            code = max(code, run(minutes, asked.seed, os.cpu_count() or 1))
    return code


if __name__ == "__main__":
    sys.exit(main())
