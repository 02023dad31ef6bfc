"""What `syncrules test` says in the end: verdicts, what no test reached, what no test notices.

Puts the parts together, as text, for scripts and as JUnit's XML, and knows when the exit code is 1.
The parts themselves are told by `report.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .coverage import Covered, coverage, example
from .mutate import Score, mutate
from .report import (
    coverage_json,
    coverage_text,
    failed_text,
    junit,
    no_tests,
    score_json,
    score_text,
    tally,
    verdict_json,
)
from .run import Suite
from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """The result in each form that it may be asked for."""

    text: str
    json: dict[str, Any]
    junit: str
    exit_code: int


def tell(
    suites: Sequence[Suite],
    now: Callable[[], float],
    *,
    coverage_wanted: bool = False,
    mutants_wanted: bool = False,
    least: float | None = None,
    progress: Callable[[str], None] = lambda text: None,
    color: bool = False,
) -> Told:
    """Carries out all tests and what else is wanted. `least` is the percentage below which the
    exit code is 1, of what was reached or, where mutants are wanted, of what was noticed."""
    verdicts: list[Verdict] = []
    seconds: list[float] = []
    for suite in suites:
        found, took = suite.verdicts(now)
        verdicts += found
        seconds += took
    failed = [one for one in verdicts if not one.passed]
    parts = [failed_text(one, color=color) for one in failed]
    data: dict[str, Any] = {
        "tests": [verdict_json(one) for one in verdicts],
        "summary": {"tests": len(verdicts), "failed": len(failed)},
    }
    short = False
    if coverage_wanted:
        covered = [coverage(one) for one in suites]
        whole = Covered.joined(covered)
        parts.append(coverage_text(whole))
        data["coverage"] = coverage_json(whole)
        short = short or (least is not None and whole.percent < least)
    if mutants_wanted and not failed:
        scores = [mutate(one, progress) for one in suites]
        score = Score.joined(scores)
        parts.append(score_text(score))
        data["mutants"] = score_json(score)
        short = short or (least is not None and score.percent < least)
    elif mutants_wanted:
        parts.append("changes of the rules are tried once all tests pass")
    if not verdicts:
        parts = [no_tests("" if coverage_wanted else example(suites)), *parts]
    else:
        parts.append(tally(verdicts, sum(seconds)))
    return Told(
        "\n\n".join(part for part in parts if part),
        data,
        junit(verdicts, seconds),
        int(bool(failed) or short),
    )
