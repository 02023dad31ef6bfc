"""Nothing is lost, doubled or damaged where a run is killed, on SQLite and on PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from syncrules.tests import kills

COUNT = 7


@dataclass(frozen=True)
class Unkilled:
    """How many requests commands send that nobody kills; schemas."""

    lengths: Mapping[str, int]
    schemas: Path


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> Unkilled:
    """A story that nobody disturbs."""
    folder = tmp_path_factory.mktemp("unkilled")
    return Unkilled(kills.lengths(folder), folder / "schema")


def test_killed_runs_go_on_where_they_were(tmp_path: Path, unkilled: Unkilled) -> None:
    """Seven kills over the whole length of commands that create, link, update and infer: at the end
    everyone is there once, every field is what the rules say, and one more run writes nothing."""
    done, seed = 0, 0
    while done < COUNT:
        seed += 1
        folder = tmp_path / str(seed)
        folder.mkdir()
        with kills.place(folder, seed, schemas=unkilled.schemas) as here:
            told = kills.story(here, random.Random(seed), unkilled.lengths, COUNT - done)
        assert told.wrong == [], f"story {seed}"
        done += told.kills
    assert done == COUNT


def test_killed_runs_go_on_with_their_state_in_postgres(
    tmp_path: Path, postgres_url: str, unkilled: Unkilled
) -> None:
    """The same, three times, with a state that lives in a server."""
    with kills.place(tmp_path, 11, postgres_url, unkilled.schemas) as here:
        told = kills.story(here, random.Random(11), unkilled.lengths, 3)
    assert told.wrong == []
    assert told.kills == 3
