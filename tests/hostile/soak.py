"""The long form of what is hostile: other values and other changes of replies and of a state for
each seed.

Seed 0 adds what takes long: texts of ten megabytes as values of every type.
"""

from __future__ import annotations

from syncrules.tests.hostile import state
from syncrules.tests.hostile.values import PAIRS, faults, hostile
from syncrules.tests.hostile.works import BENCHES

VALUES = 10_000
NODES, REPLIES = 12, 6
COMMANDS = 5
SLOW_WORK = "describe all"
LONG = (
    "x" * 10_000_000,
    "e" + "\u0301" * 5_000_000,
    "\x1b\0\ud800" * 3_000_000,
    "a b " * 2_500_000,
)


def batch(seed: int) -> tuple[int, int, list[str]]:
    """How many values and changes of replies a seed had, and what was wrong."""
    found = [f"seed {seed}: {one}" for raw in hostile(seed, VALUES) for one in faults(raw)]
    if seed == 0:
        pairs = [one for one in PAIRS if one[0].name == one[1].type == "text"]
        found += [one for text in LONG for one in faults(text, pairs, each=True)]
    told = [
        one
        for make in BENCHES.values()
        for bench in (make(),)
        for work in bench.works
        for one in bench.spoilt(work, seed, 2 if work == SLOW_WORK else NODES, REPLIES)
    ]
    found += [f"seed {seed}: {one}" for one in told if one]
    found += [f"seed {seed}: {one}" for one in state.faults(seed, COMMANDS)[1]]
    return VALUES, len(told), found
