"""What was shown is done, exactly, or nothing; what is put back was ours: by random stories."""

from __future__ import annotations

import pytest
from syncrules.tests.simulation.previews import preview, undo

PREVIEWS, UNDOS, CHUNK = 100, 60, 20
"""Stories told; each of the former saves three previews."""
COUNTED = ("previews", "stale")


@pytest.mark.parametrize("first", range(0, PREVIEWS, CHUNK))
def test_writes_are_the_preview_exactly_and_a_stale_one_writes_nothing(first: int) -> None:
    """Whatever people do before the preview, or between it and `apply`: to records, or to the files
    with the rules and the schemas."""
    told = {seed: preview(seed) for seed in range(first, first + CHUNK)}
    assert {seed: one.wrong for seed, one in told.items() if one.wrong} == {}
    previews, stale = (sum(getattr(one, name) for one in told.values()) for name in COUNTED)
    assert previews == 3 * CHUNK
    assert previews / 5 < stale < previews / 1.5


@pytest.mark.parametrize("first", range(0, UNDOS, CHUNK))
def test_an_undo_restores_what_nobody_touched_and_touches_nothing_else(first: int) -> None:
    """Whatever the run did, and whatever people have done since; the next run leaves it so."""
    told = {seed: undo(seed) for seed in range(first, first + CHUNK)}
    assert {seed: wrong for seed, wrong in told.items() if wrong} == {}
