"""A desk to type at, with both systems on real ports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from syncrules.tests.guide.team import Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Desk]]:
    """Makes a desk under some rules; everything goes away with the test."""
    made: list[Desk] = []

    def make(rules: str, people: int = 0) -> Desk:
        made.append(Desk(tmp_path, rules, capsys, people))
        return made[-1]

    yield make
    for one in made:
        one.close()
