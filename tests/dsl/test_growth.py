"""Ten times the rules are ten times the work: counted in calls, which no busy machine changes."""

from __future__ import annotations

import cProfile
from collections.abc import Callable

import pytest
from syncrules import dsl
from syncrules.bench.written import rules, schemas
from syncrules.dsl.fmt import format


def check(count: int, text: str) -> None:
    assert dsl.check({"a.sync": text}, schemas(count)).findings == ()


def lay_out(count: int, text: str) -> None:
    assert format(text.replace("\n    ", "\n  ")).text == text


@pytest.mark.parametrize("work", [check, lay_out])
def test_ten_times_the_rules_are_ten_times_the_calls(work: Callable[[int, str], None]) -> None:
    """Proofs of rules among each other and the proof of a layout included."""
    calls = []
    for count in (10, 100, 1000):
        text = rules(count)
        profile = cProfile.Profile()
        profile.runcall(work, count, text)
        calls.append(sum(one.callcount for one in profile.getstats()))
    _, few, many = calls
    assert many < 11 * few
