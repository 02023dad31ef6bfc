"""What stands in a record is shown as it is: it steers no terminal, and makes no line of ours.

The product writes no file for spreadsheets. Whatever is told of records is text for people, one
line a value, or JSON.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from syncrules.engine.report import show
from syncrules.terminal import Shell, printable
from syncrules.tests.hostile.cells import hostile
from syncrules.tests.test_house import MODULES

CELLS = hostile()
STEERING = {*map(chr, (*range(0x20), *range(0x7F, 0xA0)))} - {"\n", "\t"}
TURNING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_there_are_many_and_all_are_others() -> None:
    assert len(CELLS) > 200


@pytest.mark.parametrize("way", ["data", "say", "note"])
def test_no_value_steers_the_terminal_or_makes_a_line(
    way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither escapes nor marks of direction come through, and each value stays on its line."""
    for cell in CELLS:
        getattr(Shell(), way)(f"    Title  {show(cell)}")
        shown = capsys.readouterr()
        [line] = (shown.out or shown.err).removesuffix("\n").split("\n")
        assert line.startswith('    Title  "') and line.endswith('"')
        assert not (STEERING | TURNING) & set(line), cell


def test_json_says_exactly_what_stands_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Escaped in its own way, so that a script reads the very same text."""
    for cell in CELLS:
        Shell().json({"value": cell})
        out = capsys.readouterr().out
        assert json.loads(out) == {"value": cell}
        assert not (STEERING | TURNING) & set(out)


def test_what_is_harmless_stays_as_it_is() -> None:
    for text in ("Müller", "a\tb", "línea\nother", "日本", "👩‍👩‍👧‍👦", "עברית", "=1+1", "e\u0301"):
        assert printable(text) == text


def test_the_product_writes_no_file_for_spreadsheets() -> None:
    """Where that changes, its cells have to be made safe: this is where a test for it belongs."""
    writers = {
        path.relative_to(Path(__file__).parents[2]).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("writer", "DictWriter")
    }
    assert writers == {"connectors/salesforce/simulator/sheets.py"}
