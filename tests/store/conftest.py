"""States to test on: every kind of database, and those that two programs can share.

It opens none; each test opens and closes what it needs.
"""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["file", "memory", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new state of each kind."""
    return _url(request, tmp_path)


@pytest.fixture(params=["file", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new state of each kind that two connections can open."""
    return _url(request, tmp_path)


def _url(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return "sqlite://" if request.param == "memory" else f"sqlite:///{folder / 'state.db'}"
