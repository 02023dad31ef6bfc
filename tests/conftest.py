"""What tests of several rooms need: a real PostgreSQL, started once, with a fresh schema for each.

It knows nothing of what is kept in it; see `tests/store` for the state itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from syncrules.tests import postgres

pytest_plugins = ["syncrules.tests.canaries"]

_numbers = count(1)


@pytest.fixture(scope="session", autouse=True)
def places_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is kept for the next start, or remembered, is so for these tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, started when the first test asks for it."""
    with postgres.server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A URL whose tables go to a schema of this test alone."""
    with postgres.schema(postgres_server, f"test_{next(_numbers)}") as url:
        yield url
