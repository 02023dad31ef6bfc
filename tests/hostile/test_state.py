"""A state that somebody edited by hand is told as damaged, by its table and its row, and nothing is
written on the strength of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column
from syncrules.tests.hostile.state import CELLS, Lived, faults, lived


@pytest.fixture(scope="module")
def one() -> Iterator[Lived]:
    with lived() as made:
        yield made


def test_whatever_stands_in_a_cell_is_no_fault_of_ours() -> None:
    """Something else in each column of each table, under commands of all kinds: they end as ever,
    or say that the state is damaged, and then have written to neither system. The long form tries
    other values and commands."""
    tried, wrong = faults(0, 2)
    assert tried == 2 * len(CELLS)
    assert wrong == []


def cell(table: str, name: str) -> Column[object]:
    [found] = [one for one in CELLS if (one.table.name, one.name) == (table, name)]
    return found


@pytest.mark.parametrize(
    ("table", "name", "value", "line", "told"),
    [
        ("links", "base_left", "no JSON", "preview", "nothing that was written by us"),
        ("links", "base_left", '{"email|Email":{"a":1}}', "run", "nothing that was written by us"),
        ("records", "body", "[1]", "why ada@a.example", "not as long as the list of its fields"),
        ("changes", "agree", "{}", "history ada@a.example", "nothing that was written by us"),
        ("runs", "started", "soon", "status", "no number"),
        ("runs", "started", 1_767_610_800_000.0, "status", "no moment"),
        ("rules", "first_run", 1.5, "status", "no whole number"),
        ("errors", "message", b"\xff", "errors", "no text"),
        ("asks", "before", "[]", "approve", "nothing that was written by us"),
    ],
)
def test_the_message_names_the_cell_and_not_what_stands_in_it(
    one: Lived, table: str, name: str, value: object, line: str, told: str
) -> None:
    """Which file, table, row and column, in what way, and what to do: exit code 4."""
    one.spoil(cell(table, name), value)
    one.edit()
    ended = one.type(line)
    said, fix = ended.err.splitlines()
    assert said.startswith(f"error: the state file {one.desk.folder}")
    assert f".db is damaged: in its table `{table}`, row apollo~salesforce, " in said
    assert said.endswith(f", `{name}` is {told}")
    assert fix == "help: bring it back from a backup, or move it away to begin anew"
    assert (ended.code, ended.out) == (4, "")


def test_a_run_that_a_damaged_state_ends_is_over(one: Lived) -> None:
    """`status` doesn't call it a fault, or broken off; nothing is held back from the next one."""
    one.spoil(cell("links", "base_left"), "no JSON")
    one.edit()
    assert one.type("run").code == one.type("run").code == 4
    assert ": a system, or the state, could not be used\n" in one.type("status").out
