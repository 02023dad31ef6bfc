"""Seeded bugs: each still applies to the code as it is, and histories find them.

`make mutants` tries them all; here are some of those that the first histories show.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from syncrules.tests.mutants import page
from syncrules.tests.mutants.__main__ import MOST, tried
from syncrules.tests.mutants.bugs import NoLongerApplies, bugs, sources
from syncrules.tests.mutants.trial import Seen

FIRST = 40
"""Histories in which those must be found that the suite tries."""
ALL = {one.id: one for one in bugs()}


@pytest.mark.parametrize("id", ALL)
def test_a_mutant_applies_and_compiles(id: str) -> None:
    """The text that it replaces stands once in its module, and Python takes what it makes of it."""
    for path, text in sources(ALL[id]).items():
        assert text != path.read_text(encoding="utf-8")
        compile(text, str(path), "exec")


def test_a_mutant_whose_text_is_gone_is_told() -> None:
    """After code has moved, its mutant says so instead of surviving, or of being found, unseen."""
    bug = next(iter(ALL.values()))
    moved = replace(bug, edits=(replace(bug.edits[0], old="a line that nobody wrote"),))
    with pytest.raises(NoLongerApplies, match=f"mutant {bug.id} no longer applies: .* 0 times"):
        sources(moved)
    [(_, told)] = tried([moved], 1)
    assert isinstance(told, str) and "no longer applies" in told


def test_there_are_enough_and_each_says_what_it_breaks() -> None:
    """A sentence, and the complaints (C1 to C14) and promises (R1 to R12) that it is about."""
    assert len(ALL) == len(bugs()) >= 30
    for one in ALL.values():
        assert re.fullmatch(r"[A-Z`].{20,110}\.", one.what), one.id
        assert re.fullmatch(r"[CR]\d+(, [CR]\d+)*", one.breaks), one.id


@pytest.mark.parametrize(
    "id", ["sent-after-the-call", "condition-ignored", "approve-skipped", "deletions-not-read"]
)
def test_the_first_histories_find_a_mutant(id: str) -> None:
    """A bug of how a run writes, two of what it decides, and one of a connector."""
    [(bug, seen)] = tried([ALL[id]], FIRST)
    assert bug == ALL[id]
    assert isinstance(seen, Seen) and seen.said, seen


def test_the_page_has_all_of_them() -> None:
    """The table on reliability says of each what it is and which history finds it."""
    told = page.read()
    assert {id: one[:2] for id, one in told.items()} == {
        id: (one.what, one.breaks) for id, one in ALL.items()
    }
    assert all(0 <= seed < MOST for _, _, seed in told.values())
