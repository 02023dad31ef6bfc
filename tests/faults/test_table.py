"""The fault table in the docs says what the tests show, and why a cell has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from syncrules.tests.faults.between import faults
from syncrules.tests.faults.table import KINDS, TABLE, Fault, cell, gone_over, rendered
from syncrules.tests.faults.writes import WRITES

ROOT = Path(__file__).parents[2]


def test_the_docs_show_the_table() -> None:
    """`python -m tests.faults` prints it."""
    assert rendered() in (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("fault", TABLE, ids=lambda one: one.fault)
def test_each_cell_is_tested_or_it_is_said_why_there_is_none(fault: Fault) -> None:
    """Each kind of write in each direction; what isn't one has a sentence and other tests."""
    met = {cell(fault, kind) for kind in KINDS}
    assert met == {"all"} or fault.why or fault.tests
    if met != {"all"} and len({*fault.writes()}) < len(WRITES):
        assert fault.why
    for name in fault.tests:
        assert gone_over(name)
    for file in fault.elsewhere:
        assert (ROOT / file).is_file(), file


def test_every_fault_of_the_way_is_in_the_table() -> None:
    """Under the names that the tests have for them."""
    told = [one for fault in TABLE for one in fault.ways]
    assert sorted(told) == sorted({name for write in WRITES for name in faults(write)})


def test_people_accounts_activities_and_bulk_are_written_both_ways() -> None:
    """Apollo's API deletes nothing, and no Apollo request has calls of several kinds in it."""
    there = {(one.system, one.object, one.kind) for one in WRITES}
    for object in ("Lead", "Account", "Task", "Event"):
        assert {("salesforce", object, kind) for kind in KINDS} <= there
    for object in ("contact", "account", "task", "call"):
        assert {("apollo", object, kind) for kind in KINDS[:2]} <= there
    assert {one.kind for one in WRITES if one.composed} == {*KINDS}
