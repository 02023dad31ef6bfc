"""The plans of whole rule files, as people and as programs get them.

Each file of `tests/cases/plan` is checked and compiled against the schemas of `tests/dsl`; what
comes out stands beside this file in `__snapshots__`, to be read before it is accepted.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from syncrules.dsl import check
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.explain import as_json, as_text
from syncrules.engine.plan.model import Plan
from syncrules.tests.dsl.schemas import SCHEMAS
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

COUNTS = {
    "contact": 12_400,
    "account": 3_150,
    "user": 12,
    "Lead": 8_000,
    "Contact": 21_750,
    "Account": 4_020,
    "User": 40,
}
"""How many records there roughly are; deals and opportunities were not counted."""

COUNTED = {
    name: replace(
        schema,
        objects=tuple(replace(one, count=COUNTS.get(one.name)) for one in schema.objects),
    )
    for name, schema in SCHEMAS.items()
}

CASES = Path(__file__).parents[1] / "cases" / "plan"
FILES = sorted(CASES.glob("*.sync"))


class _Text(SingleFileSnapshotExtension):
    """A snapshot that can be read as the page it is."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


class _Json(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "json"


def plan_of(*files: Path) -> Plan:
    """The plan of rule files, called as they are in a project."""
    checked = check({f"rules/{one.name}": one.read_bytes() for one in files}, COUNTED)
    assert checked.rules is not None, checked.findings
    (rules,) = checked.rules.sets
    return compile(rules, COUNTED, "Europe/Berlin")


@pytest.mark.parametrize("file", FILES, ids=lambda one: one.stem)
def test_a_plan_reads_aloud(file: Path, snapshot: SnapshotAssertion) -> None:
    """Reads, flows in the order of writing with their steps, look-ups and requests."""
    assert as_text(plan_of(file), COUNTED) == snapshot(extension_class=_Text)


@pytest.mark.parametrize("file", FILES, ids=lambda one: one.stem)
def test_a_plan_is_data_for_programs(file: Path, snapshot: SnapshotAssertion) -> None:
    """Everything in it, in one order, conditions as nested data."""
    data = json.dumps(as_json(plan_of(file), COUNTED), indent=2, ensure_ascii=False)
    assert data + "\n" == snapshot(extension_class=_Json)


def test_there_are_files_enough() -> None:
    """A moved folder must not make these tests pass by having nothing to test."""
    assert len(FILES) >= 15


def test_files_may_come_in_any_order() -> None:
    """The rules of two systems may stand in many files; their order gives no other plan."""
    files = [CASES / f"{name}.sync" for name in ("account-stages-shared", "keys", "sources")]
    forward, backward = plan_of(*files), plan_of(*reversed(files))
    assert as_text(forward) == as_text(backward)
    assert json.dumps(as_json(forward)) == json.dumps(as_json(backward))
