"""Tests a second on one core: the `test` blocks of the shipped rules, and changes of these rules
that are put to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from syncrules import dsl
from syncrules.connectors.base.schema import Schema
from syncrules.engine.trial.mutate import mutate
from syncrules.engine.trial.run import Suite

from .journal import Rate

RULES = Path(__file__).parents[1] / "rules"
FILES = {"starter": ("starter.sync",), "demo": ("demo.sync", "demo-tests.sync")}
TODAY = "2026-01-05"


def measure(schemas: Mapping[str, Schema], tests: int, passes: int) -> list[Rate]:
    """`passes` times about `tests` tests of each set of rules, and all changes of each."""
    found = []
    for name, files in FILES.items():
        suite = _suite(schemas, files)
        rounds = max(1, tests // len(suite.tests))

        def carried_out(suite: Suite = suite, rounds: int = rounds) -> int:
            for _ in range(rounds):
                suite.verdicts(time.perf_counter)
            return rounds * len(suite.tests)

        def changed(suite: Suite = suite) -> int:
            return mutate(suite).tried

        found.append(Rate(f"{name}: tests", tuple(_rate(carried_out) for _ in range(passes))))
        found.append(Rate(f"{name}: changes", tuple(_rate(changed) for _ in range(passes))))
    return found


def _suite(schemas: Mapping[str, Schema], files: tuple[str, ...]) -> Suite:
    checked = dsl.check({name: (RULES / name).read_bytes() for name in files}, schemas)
    assert checked.rules is not None, checked.findings
    return Suite.of(checked.rules.sets[0], schemas, "UTC", TODAY)


def _rate(work: Callable[[], int]) -> float:
    began = time.perf_counter()
    return work() / (time.perf_counter() - began)
