"""Which rows of the journal are about a record that somebody names, by its id or by a key.

People name a record by the key that they know, and that may have changed since: what was done to it
under another key is among its past. How that is told is `engine/history.py`.
"""

from __future__ import annotations

from ...connectors.base.schema import Format
from ...connectors.base.values import folded, text
from ..store import lost as sql
from ..store.database import Database
from .journal import Entry, entry


def changes(db: Database, org: str, record: str) -> list[Entry]:
    """The rows of the journal about a record, by its id on either side, or by a key that it has or
    once had: what was done to it under another key is among them."""
    record = text(record) or ""
    if not record:
        return []  # Halves of letters, as a shell may hand on, are no name, and no database's.
    names = dict.fromkeys((record.casefold(), record))
    rows = (db.rows(sql.of_record, org=org, name=name) for name in names)
    named = [entry(row) for row in next((found for found in rows if found), [])]
    own = ids_of(db, org, record)
    by_key = (one for one in named if record not in (one.record, one.left, one.right))
    pairs = {(one.left, one.right) for one in by_key}
    ids = {*own, *(id for pair in pairs for id in pair)} - {""}
    found = {(one.run, one.number): one for one in named}
    for row in db.rows(sql.of_ids, org=org, ids=sorted(ids)):
        one = entry(row)
        mine = own & {one.record, one.left, one.right}
        if mine or any(_same_pair((one.left, one.right), pair) for pair in pairs):
            found[one.run, one.number] = one
    return [found[each] for each in sorted(found)]


def ids_of(db: Database, org: str, record: str) -> set[str]:
    """The id itself, or the ids of those who have that key now."""
    if db.row(sql.known_by_id, org=org, name=record):
        return {record}
    formats: tuple[Format, ...] = ("", "phone") if "@" in record else ("", "phone", "domain", "url")
    values = {folded(record, one) for one in formats} - {""}
    return {record, *(id for (id,) in db.rows(sql.known_as, org=org, values=sorted(values)))}


def _same_pair(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether both are about the same two records, or one of them before it had a partner."""
    halves = list(zip(one, other, strict=True))
    return any(mine and mine == its for mine, its in halves) and all(
        not mine or not its or mine == its for mine, its in halves
    )
