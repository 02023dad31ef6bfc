"""Damaged rule files by the thousand: nothing raises or hangs, each finding lies in its file."""

from __future__ import annotations

import sys
import tracemalloc

import pytest
from syncrules import dsl

from . import files_soak
from .schemas import SCHEMAS


def test_no_file_however_damaged_stops_the_checker_or_the_layout() -> None:
    """Findings that are the same each time and lie in the file; a layout that keeps all it must."""
    tried = files_soak.batch(0, 20_000)
    sys.stdout.write(f"{tried.told()}\n")
    assert tried.wrong == []
    assert tried.findings > tried.files and tried.laid_out > tried.files / 10


MENDED = {
    "a block that isn't closed, with a brace in a row": "map a with B {\n    a{b -> C\n}\n",
    "a step that isn't closed, with a finding over all of it": (
        'test "t" {\n    linked with Lead { LastName "King" \nevery 1 hour\n'
    ),
    "two marks of byte order": "\ufeff\ufeffprefer a\n",
    "a mark of byte order behind blank lines": "\n\n\ufeffprefer a\n",
    "a number of hundreds of digits": f"push contact as Lead when score > {'9' * 400}\n",
    "a number of thousands of digits": f"every {'9' * 5000} minutes\n",
    "an odd blank behind what can't be read": "every 0 minutes\n \u2029",
    "an odd blank and nothing else": "\u0085",
    "an odd blank before a comment": "on email  # four\n\u2028 # five",
}


def test_files_that_once_went_wrong_stay_right() -> None:
    """What random damage has found, each in its smallest form."""
    tried = files_soak.Tried()
    for name, text in MENDED.items():
        for raw in (text, f"sync apollo with salesforce\n{text}"):
            assert list(files_soak.problems(raw, 0, tried)) == [], name


def test_a_file_of_a_thousand_contradictions_is_checked_soon() -> None:
    """Rules that only ties tell apart are not all held against each other."""
    rule = 'push contact as Lead update only when title contains "sales" and title is "CEO"\n'
    tried = files_soak.Tried()
    assert list(files_soak.problems("sync apollo with salesforce\n" + rule * 1_000, 0, tried)) == []
    arm = '    "Dead Opportunity" when any with not Amount > 5\n'
    arms = f"infer account stage from opportunities {{\n{arm * 1_000}}}\n"
    assert list(files_soak.problems(f"sync apollo with salesforce\n{arms}", 0, tried)) == []
    assert tried.slowest[0] < files_soak.HANG


LINES = 200_000
PUSH = "push contact as Lead when email is not blank"


@pytest.mark.parametrize(
    "rule",
    [
        f"%{PUSH}",
        f"{PUSH} {{%match on email %}}",
        "push contact as Lead%when email is not blank",
        'push contact as Lead when first_name in [%"Ada"%]',
    ],
    ids=["between rules", "in a block", "before a line that goes on", "in a list"],
)
@pytest.mark.parametrize("line", ["", "#"], ids=["empty", "comment"])
def test_lines_that_say_nothing_take_no_memory(rule: str, line: str) -> None:
    """Hundreds of thousands of them, wherever they may stand."""
    text = f"sync apollo with salesforce\n{rule}\n".replace("%", f"\n{line}" * LINES + "\n")
    tracemalloc.start()
    checked = dsl.check({"a.sync": text}, SCHEMAS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one for one in checked.findings if one.code == "syntax"] == []
    assert peak < 100 * len(text)
