"""Verdicts told to people, to scripts, and to what shows test results (JUnit's XML).

Decides nothing: what passed is `verdict.py`, what no test reached `coverage.py`, which changes no
test notices `mutate.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ...connectors.base.values import Value
from ...dsl.conditions import written
from ...dsl.rules import Place
from ..run.decision import Coming
from .coverage import Covered
from .mutate import Score
from .verdict import Difference, Failure, Verdict

_RED, _GREEN, _DIM, _END = "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def failed_text(verdict: Verdict, *, color: bool = False) -> str:
    """A failed test with all that is wrong in it."""
    head = f'failed: "{verdict.test.name}"'
    lines = [f"{_RED}{head}{_END}" if color else head]
    for one in verdict.failures:
        lines += _failure(one, color)
    for note in verdict.notes:
        lines.append(f"  note: {note}")
    return "\n".join(lines)


def _failure(one: Failure, color: bool) -> Iterable[str]:
    yield f"  {at(one.place)}: {one.expected}"
    yield f"    got: {one.got}"
    rows = [_cells(each) for each in one.differences]
    widths = [max(len(row[place]) for row in rows) for place in range(2)] if rows else []
    for row in rows:
        shown = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        why = f"{_DIM}{row[2]}{_END}" if color and row[2] else row[2]
        yield f"      {shown}  {why}".rstrip()
    if one.rule and not any(each.rule for each in one.differences):
        reason = f" ({one.why})" if one.why and one.why != f"{one.rule} is satisfied" else ""
        yield f"    rule: {one.rule}{reason}"
    elif one.why and not one.rule:
        yield f"    why: {one.why}"


def _cells(one: Difference) -> tuple[str, str, str]:
    """The field; what was expected and what came; the rule and its reason."""
    got = shown(one.got)
    if one.expected is None:
        values = f"{shown(one.before)} -> {got}"
    elif one.changed or one.got is None:
        values = f"expected {shown(one.expected[0])}, got {got}"
    else:
        values = f"expected {shown(one.expected[0])}, stays {got}"
    why = "; ".join(dict.fromkeys(part for part in (one.rule, one.why) if part))
    return one.field, values, why


def shown(value: Value | Coming) -> str:
    """A value as one writes it in a test."""
    if value is None:
        return "blank"
    if isinstance(value, Coming):
        return f"the new {value.flow.split('~')[value.side == 'left']}"
    if isinstance(value, tuple):
        return f"[{', '.join(written(one, None) for one in value)}]"
    return written(value, None)


def at(place: Place) -> str:
    """`rules/people.sync:41`."""
    return f"{place.file}:{place.line}"


def tally(verdicts: Sequence[Verdict], seconds: float) -> str:
    """`11 of 12 tests passed in 0.02 seconds`."""
    passed = sum(one.passed for one in verdicts)
    count = "1 test" if len(verdicts) == 1 else f"{len(verdicts):,} tests"
    how_many = f"{passed:,} of {count}" if passed < len(verdicts) else count
    return f"{how_many} passed in {seconds:.2f} seconds"


def verdict_json(one: Verdict) -> dict[str, Any]:
    """A test for a script; places count from 1."""
    return {
        "name": one.test.name,
        "file": one.test.place.file,
        "line": one.test.place.line,
        "passed": one.passed,
        "failures": [_failure_json(each) for each in one.failures],
        "notes": list(one.notes),
    }


def _failure_json(one: Failure) -> dict[str, Any]:
    return {
        "file": one.place.file,
        "line": one.place.line,
        "expected": one.expected,
        "got": one.got,
        "rule": one.rule or None,
        "reason": one.why or None,
        "fields": {
            each.field: {
                **({} if each.expected is None else {"expected": _plain(each.expected[0])}),
                "before": _plain(each.before),
                "got": _plain(each.got),
                "rule": each.rule or None,
                "reason": each.why or None,
            }
            for each in one.differences
        },
    }


def _plain(value: Value | Coming) -> Any:
    if isinstance(value, Coming):
        return shown(value)
    return list(value) if isinstance(value, tuple) else value


def coverage_text(covered: Covered) -> str:
    """What no test reached, each with its test; all of it may be pasted into a rule file."""
    head = f"{covered.reached:,} of {covered.goals:,} reached ({_percent(covered.percent)})"
    if not covered.gaps:
        return f"# {head}: each rule, arm, row and outcome has a test"
    ready = [
        f"# {at(one.goal.place)}, {one.goal.rule}: no test in which {one.goal.what}\n{one.test}"
        for one in covered.gaps
        if one.test
    ]
    bare = [
        f"# {at(one.goal.place)}, {one.goal.rule}: no test in which {one.goal.what}"
        for one in covered.gaps
        if not one.test
    ]
    parts = [f"# {head}. Tests for the rest, ready for a rule file: read what each expects"]
    return "\n\n".join([*parts, *ready, *(["\n".join(bare)] if bare else [])])


def coverage_json(covered: Covered) -> dict[str, Any]:
    """Coverage for a script."""
    return {
        "goals": covered.goals,
        "reached": covered.reached,
        "percent": round(covered.percent, 2),
        "gaps": [
            {
                "file": one.goal.place.file,
                "line": one.goal.place.line,
                "rule": one.goal.rule,
                "what": one.goal.what,
                "test": one.test or None,
            }
            for one in covered.gaps
        ],
    }


def score_text(score: Score) -> str:
    """Which changes of the rules no test notices, each with a test that does."""
    head = f"{score.noticed:,} of {score.tried:,} changes of the rules are noticed"
    head = f"# {head} ({_percent(score.percent)})"
    if not score.survivors:
        return head
    told = [
        f"# {at(one.place)}, {one.rule}: {one.what}" + (f"\n{one.test}" if one.test else "")
        for one in score.survivors
    ]
    return "\n\n".join([f"{head}. No test notices these; where one would, it follows", *told])


def score_json(score: Score) -> dict[str, Any]:
    """The same for a script."""
    return {
        "tried": score.tried,
        "noticed": score.noticed,
        "percent": round(score.percent, 2),
        "survivors": [
            {
                "file": one.place.file,
                "line": one.place.line,
                "rule": one.rule,
                "what": one.what,
                "test": one.test or None,
            }
            for one in score.survivors
        ],
    }


def no_tests(example: str) -> str:
    """That there are no tests, and how to write one."""
    head = "no rule file has a `test` block yet"
    if not example:
        return head
    return f"{head}; write one like this, and run `syncrules test` again:\n\n{example}"


def _percent(value: float) -> str:
    """Whole where it is; never 100 % where something is missing."""
    shown = int(value * 10) / 10
    return f"{shown:g} %"


def junit(verdicts: Sequence[Verdict], seconds: Sequence[float]) -> str:
    """All tests as the XML that continuous integration reads; one suite for each file.

    `seconds` is how long each test took.
    """
    files: dict[str, list[tuple[Verdict, float]]] = {}
    for one, took in zip(verdicts, seconds, strict=True):
        files.setdefault(one.test.place.file, []).append((one, took))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f"<testsuites {_counts(verdicts, sum(seconds))}>")
    for file, tests in files.items():
        inside = [one for one, _ in tests]
        took = sum(each for _, each in tests)
        lines.append(f"  <testsuite name={_attribute(file)} {_counts(inside, took)}>")
        for one, each in tests:
            name, line = _attribute(one.test.name), one.test.place.line
            case = f'name={name} classname={_attribute(file)} file={_attribute(file)} line="{line}"'
            end = "/>" if one.passed else ">"
            lines.append(f'    <testcase {case} time="{each:.6f}"{end}')
            if not one.passed:
                first = one.failures[0]
                message = _attribute(f"{first.expected}: {first.got}")
                lines.append(f'      <failure message={message} type="failed">')
                lines.append(f"{_text(failed_text(one))}</failure>")
                lines.append("    </testcase>")
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _counts(verdicts: Sequence[Verdict], seconds: float) -> str:
    failed = sum(not one.passed for one in verdicts)
    return (
        f'tests="{len(verdicts)}" failures="{failed}" errors="0" skipped="0" time="{seconds:.6f}"'
    )


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("?", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("?", text))
