"""A state in memory that histories hand on, emptied: to make one anew, and each statement ready for
it, takes as long as a run of a small history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import delete
from syncrules.engine.store import tables
from syncrules.engine.store.database import Database, statement

_EMPTY = [
    statement(delete(one)) for one in tables.Table.metadata.sorted_tables if one.name != "meta"
]
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
