"""States in memory that histories hand on, emptied, and what a state held, to be put into another.

To make one anew, and each statement ready for it, takes as long as a run of a small history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

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
    """An empty state. One that was closed, or that an exception left, is not used again."""
    db = _free.pop() if _free else Database("sqlite://")
    db.fence = None
    calls(db, lambda name: None)
    with db.transaction("emptied"):
        for one in _EMPTY:
            db.run(one)
    yield db
    _free.append(db)


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
    db.fence = None
    calls(db, lambda name: None)
    try:
        yield db
    finally:
        db.fence = fence
        calls(db, point)
