"""The rows of the guide beside the tests that carry them: a plugin that gathers, and the page.

A test carries the rows whose ids its docstring names, or the name of its example. Knows no row by
name; those are in `rows.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

ROWS = Path(__file__).parent / "rows.toml"

Result = Literal["passed", "failed", "skipped"]
Results = Mapping[str, Mapping[str, Result]]
"""Row, test, and how the test ended."""

_SHOWN: Mapping[Result | None, str] = {
    "passed": "shown",
    "failed": "BROKEN",
    "skipped": "skipped",
    None: "MISSING",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What the guide says, in our words; `not_yet` is why a later row has no test."""

    id: str
    says: str
    not_yet: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Some rows under one title. `asked`: each of them must be shown."""

    title: str
    asked: bool
    rows: tuple[Row, ...]


def sections() -> list[Section]:
    """All rows, as `rows.toml` has them."""
    data = tomllib.loads(ROWS.read_text(encoding="utf-8"))
    return [
        Section(
            one["title"],
            one.get("asked", True),
            tuple(_row(id, told) for id, told in one["rows"].items()),
        )
        for one in data["sections"]
    ]


def _row(id: str, told: str | dict[str, str]) -> Row:
    return Row(id, told) if isinstance(told, str) else Row(id, told["says"], told["not_yet"])


class Carried:
    """A plugin of pytest: runs only the tests that carry a row, and keeps how they ended."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        rows = list(known) or [row.id for one in sections() for row in one.rows]
        kinds = "|".join(sorted({id.partition("-")[0] for id in rows}))
        self._id = re.compile(rf"\b(?:{kinds})-\d+\b")
        self._rows: dict[str, list[str]] = {}
        self._ended: dict[str, Result] = {}

    def carried_by(self, text: str | None) -> list[str]:
        """The ids that a docstring, or the name of an example, has."""
        return list(dict.fromkeys(self._id.findall(text or "")))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leaves out what carries no row."""
        kept: list[pytest.Item] = []
        left_out: list[pytest.Item] = []
        for item in items:
            docstring = getattr(getattr(item, "function", None), "__doc__", None) or ""
            rows = self.carried_by(f"{docstring} {item.name}")
            if rows:
                self._rows[item.nodeid] = rows
            (kept if rows else left_out).append(item)
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What went wrong while a test was set up or taken down counts as well."""
        if report.when == "call" or report.outcome != "passed":
            self._ended[report.nodeid] = _worse(self._ended.get(report.nodeid), report.outcome)

    def results(self) -> dict[str, dict[str, Result]]:
        """What is known so far of each row that has a test. A test with several examples is as good
        as its worst; one that did not end is broken."""
        found: dict[str, dict[str, Result]] = {}
        for node, rows in self._rows.items():
            for id in rows:
                tests = found.setdefault(id, {})
                test = _test(node)
                tests[test] = _worse(tests.get(test), self._ended.get(node, "failed"))
        return found


def _worse(one: Result | None, two: Result) -> Result:
    order: tuple[Result, ...] = ("failed", "skipped", "passed")
    return two if one is None else min(one, two, key=order.index)


def _test(node: str) -> str:
    """File and function of a test, without the example."""
    return node.partition("[")[0].replace("::", " ")


def page(found: Sequence[Section], results: Results) -> str:
    """The page: each row, how it stands, and its tests."""
    lines: list[str] = []
    for number, section in enumerate(found, 1):
        lines += [f"{number}. {section.title}", ""]
        for row in section.rows:
            lines += _told(row, results)
        lines.append("")
    return "\n".join([*lines, *_summary(found, results)]) + "\n"


def _told(row: Row, results: Results) -> Iterator[str]:
    ended = standing(row, results)
    word = "not yet" if ended is None and row.not_yet else _SHOWN[ended]
    yield f"   {row.id:8} {word:8} {row.says}"
    if ended is None and row.not_yet:
        yield f"{'':21}{row.not_yet}"
    for test in sorted(results.get(row.id, {})):
        yield f"{'':21}{test}"


def standing(row: Row, results: Results) -> Result | None:
    """How a row stands: as the worst of its tests; None without a test."""
    ended = results.get(row.id, {}).values()
    order: tuple[Result, ...] = ("failed", "skipped", "passed")
    return min(ended, key=order.index) if ended else None


def _summary(found: Sequence[Section], results: Results) -> Iterator[str]:
    rows = [(section, row) for section in found for row in section.rows]
    shown = sum(standing(row, results) == "passed" for _, row in rows)
    yield f"{shown} of {len(rows)} rows are shown"
    lacking = [row.id for section, row in rows if is_lacking(section, row, results)]
    if lacking:
        yield f"{len(lacking)} to come: {', '.join(lacking)}"


def is_lacking(section: Section, row: Row, results: Results) -> bool:
    """Whether the guide is not kept here: no passing test, and no reason that may stand for it."""
    ended = standing(row, results)
    return ended != "passed" and (section.asked or ended is not None or not row.not_yet)


def exit_code(found: Sequence[Section], results: Results) -> int:
    """0 where nothing is lacking."""
    return int(any(is_lacking(section, row, results) for section in found for row in section.rows))
