"""The page of the guide: which test shows which row, and what is lacking."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syncrules.tests.guide.page import Carried, Row, Section, exit_code, page, sections

CHECKLIST = Path(__file__).parents[2] / ".." / "shared" / "reference" / "seed-checklist.md"
TESTS = Path(__file__).parents[1]

ASKED = Section("Asked for", True, (Row("CPU-1", "a row"), Row("CPU-2", "another")))
LATER = Section("Later", False, (Row("MORE-1", "a third", "It needs a fourth."),))
GOOD = {"CPU-1": {"a test": "passed"}, "CPU-2": {"a test": "passed"}}


@pytest.mark.skipif(not CHECKLIST.exists(), reason="the checklist isn't here")
def test_the_rows_are_those_of_the_checklist() -> None:
    """Same sections in the same order, same ids; told in our own words."""
    text = CHECKLIST.read_text(encoding="utf-8")
    parts = re.split(r"^## \d+\. ", text, flags=re.MULTILINE)[1:]
    found = sections()
    assert len(found) == len(parts)
    for section, part in zip(found, parts, strict=True):
        if section.asked:
            ids = re.findall(r"^\| ([A-Z]+-\d+) \|", part, re.MULTILINE)
            assert [row.id for row in section.rows] == ids
        else:
            assert len(section.rows) == len(re.findall(r"^- ", part, re.MULTILINE))
        assert not [row.says for row in section.rows if row.says in part]


def test_every_row_that_a_test_names_is_a_row() -> None:
    """A misspelt id would be shown nowhere."""
    known = {row.id for section in sections() for row in section.rows}
    carried = Carried()
    named = {
        id
        for path in TESTS.rglob("test_*.py")
        if path != Path(__file__)
        for id in carried.carried_by(path.read_text(encoding="utf-8"))
    }
    assert named - known == set()


def test_a_page_tells_rows_tests_and_what_is_lacking() -> None:
    told = page([ASKED, LATER], {"CPU-1": {"tests/a.py test_it": "passed"}})
    assert "   CPU-1    shown    a row\n                     tests/a.py test_it\n" in told
    assert "   CPU-2    MISSING  another\n" in told
    assert "   MORE-1   not yet  a third\n                     It needs a fourth.\n" in told
    assert told.endswith("1 of 3 rows are shown\n1 to come: CPU-2\n")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, 0),
        ({"CPU-2": {"a test": "passed", "another": "failed"}}, 1),
        ({"CPU-2": {"a test": "skipped"}}, 1),
        ({"CPU-2": {}}, 1),
        ({"MORE-1": {"a test": "passed"}}, 0),
        ({"MORE-1": {"a test": "failed"}}, 1),
    ],
)
def test_the_exit_code_says_whether_the_guide_is_kept(
    more: dict[str, dict[str, str]], code: int
) -> None:
    """Every test of a row must pass; only a later row may have a reason instead of a test."""
    assert exit_code([ASKED, LATER], {**GOOD, **more}) == code  # type: ignore[dict-item]


def test_a_later_row_without_test_and_reason_is_lacking() -> None:
    bare = Section("Later", False, (Row("MORE-1", "a third"),))
    assert exit_code([bare], {}) == 1
