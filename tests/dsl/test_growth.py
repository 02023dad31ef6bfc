"""Ten times the rules are ten times the work: counted in calls, which no busy machine changes."""

from __future__ import annotations

import cProfile
from collections.abc import Callable

import pytest
from syncrules import dsl
from syncrules.bench.written import rules, schemas
from syncrules.dsl.fmt import format
from syncrules.dsl.recover import Piece, reader, recovered
from syncrules.dsl.shortened import shortened
from syncrules.dsl.trail import Trail
from syncrules.dsl.tree import MapFields


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


def words_read(count: int, mistakes: int) -> int:
    """How many words are taken to read a map of so many rows with so many mistakes."""
    rows = [f"    title <-> Title{number}" for number in range(count)]
    for number in range(mistakes):
        rows[(number + 1) * count // (mistakes + 1)] = "    titel <-> Title Title"
    lines = ("map contact with Lead {", *rows, "}")
    trail = Trail()
    read = recovered("a.sync", Piece(1, lines, 0), trail)
    assert len(read.findings) == mistakes
    assert isinstance(read.statement, MapFields)
    assert len(read.statement.rows) == count - mistakes
    return trail.steps


def test_rows_are_read_once_however_many_of_them_are_wrong() -> None:
    """A mistake costs its own row and the words before it, and not the block."""
    assert words_read(1000, 90) < words_read(1000, 0) + 90 * 10


def test_a_mistake_is_looked_at_without_the_rows_around_it() -> None:
    """What would mend a row is tried on the row, and of the block only some lines are looked at."""
    texts = []
    for count in (200, 2000):
        rows = [f"    title <-> Title{number}" for number in range(count)]
        text = "\n".join(["map contact with Lead {", *rows, "    a <-> B B", *rows, "}", ""])
        trail = Trail()
        assert reader().read(text, trail=trail) is None
        few, _, gaps = shortened(text, 1, trail)
        assert few.count("\n") < 100
        assert sum(lines for _, lines in gaps) > count - 50
        texts.append(few.count("\n"))
    assert texts[0] == texts[1]
