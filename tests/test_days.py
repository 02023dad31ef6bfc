"""A process that goes on for days stays as it is; thirty of them are `make soak PART=days`."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from syncrules.tests.days import Held, Outcome, alone, wrong

DAYS = 2


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """Two days, every 15 minutes, with one request in twenty that goes wrong."""
    return alone(DAYS, 1)


def test_days_of_runs_leave_nothing_behind_and_both_sides_agree(outcome: Outcome) -> None:
    """Memory, threads, connections and open files are what they were; the state has the size that
    its rows make; in the end both sides hold the newest values, nothing is there twice or missing,
    and a further hour writes nothing. (ACT-9, ACT-10)"""
    assert wrong(outcome, DAYS) == []


def last(**values: Any) -> Callable[[Outcome], None]:
    """Something is otherwise on the last day."""

    def change(outcome: Outcome) -> None:
        outcome.held[-1] = replace(outcome.held[-1], **values)

    return change


def more(share: float) -> Callable[[Outcome], None]:
    def change(outcome: Outcome) -> None:
        then: Held = outcome.held[-2]
        last(memory=int(then.memory * (1 + share)))(outcome)

    return change


LEAKS: dict[str, tuple[Callable[[Outcome], None], str]] = {
    "memory": (more(0.06), "memory went from"),
    "a thread": (last(threads=2), "2 threads"),
    "a file": (last(files=99), "99 open files"),
    "the state": (last(state=3_000_000), "3,000,000 bytes of state"),
    "a connection": (lambda one: setattr(one, "after", (1, 99)), "threads and files"),
    "a record": (lambda one: one.wrong_rows.append("p1 is there twice"), "p1 is there twice"),
    "a write": (lambda one: setattr(one, "more", 1), "1 writes when there was nothing"),
    "a quiet way": (lambda one: setattr(one, "faults", 0), "0 faults"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_what_would_grow_is_seen(outcome: Outcome, leak: str) -> None:
    """Each kind of leak, put into the figures of the same days."""
    change, told = LEAKS[leak]
    changed = deepcopy(outcome)
    change(changed)
    assert any(told in one for one in wrong(changed, DAYS))
