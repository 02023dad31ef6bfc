"""States that histories hand on, emptied, and what a state held, to be put into another.

To make one anew, and each statement ready for it, takes as long as a run of a small history; a file
with two connections to it as long as two of them.
"""

from __future__ import annotations

import atexit
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import bindparam, delete, insert, select
from syncrules.engine.store import tables
from syncrules.engine.store.database import Database, statement

_TABLES = [one for one in tables.Table.metadata.sorted_tables if one.name != "meta"]
_EMPTY = [statement(delete(one)) for one in _TABLES]
_ALL = [statement(select(one)) for one in _TABLES]
_PUT = [
    statement(insert(one).values({each.name: bindparam(each.name) for each in one.columns}))
    for one in _TABLES
]
Held = Sequence[Sequence[Mapping[str, object]]]
"""The rows of each table."""
_free: list[Database] = []


@contextmanager
def handed_on() -> Iterator[Database]:
    """An empty state in memory. One that was closed, or that an exception left, is not used
    again."""
    db = _free.pop() if _free else Database("sqlite://")
    _renew(db)
    _empty(db)
    yield db
    _free.append(db)


@dataclass(frozen=True)
class Shared:
    """A state in a file, and the connections of two runners to it."""

    file: Path
    one: Database
    other: Database

    @staticmethod
    def at(file: Path) -> Shared:
        """An empty one in a new file, which needs not survive a power cut."""
        both = Database(f"sqlite:///{file}"), Database(f"sqlite:///{file}")
        for db in both:
            db._driver.execute("PRAGMA synchronous = OFF")
        return Shared(file, *both)

    def held(self) -> str:
        """All that is committed."""
        with closing(sqlite3.connect(self.file)) as connection:
            return "\n".join(connection.iterdump())

    def close(self) -> None:
        self.one.close()
        self.other.close()


_free_shared: list[Shared] = []
_numbers = count()


@contextmanager
def handed_on_to_two() -> Iterator[Shared]:
    """An empty state for two runners; as `handed_on`."""
    shared = _free_shared.pop() if _free_shared else Shared.at(_folder() / f"{next(_numbers)}.db")
    _renew(shared.one)
    _renew(shared.other)
    _empty(shared.one)
    yield shared
    _free_shared.append(shared)


@cache
def _folder() -> Path:
    """Where this process keeps the files, until it ends."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _renew(db: Database) -> None:
    """Nobody has a lease on it, and no point interrupts."""
    db.fence = None
    calls(db, lambda name: None)


def _empty(db: Database) -> None:
    with db.transaction("emptied"):
        for one in _EMPTY:
            db.run(one)


def calls(db: Database, point: Callable[[str], None]) -> Database:
    """The state, with what is called at its commits."""
    db._point = point
    return db


def held(db: Database) -> Held:
    """All that a state holds."""
    return [
        [dict(zip(one.columns.keys(), row, strict=True)) for row in db.rows(all)]
        for one, all in zip(_TABLES, _ALL, strict=True)
    ]


def put(db: Database, rows: Held) -> None:
    """Puts what another state held into an empty one."""
    with db.transaction("put"):
        for one, some in zip(_PUT, rows, strict=True):
            db.many(one, some)


@contextmanager
def undisturbed(db: Database) -> Iterator[Database]:
    """The state as somebody else uses it, who has no lease and whom no point interrupts."""
    fence, point = db.fence, db._point
    _renew(db)
    try:
        yield db
    finally:
        db.fence = fence
        calls(db, point)
