"""Which cell of a state is not as we wrote it, once something in a command could not be right.

A state is a file that people can open, and edit. Nobody looks through all of it before each run:
what is read is of the kind of its column, or `store/database.py` raises, and a text that is no JSON
of ours raises where it is read. Then this goes through the whole state, cell by cell, and names the
first that can't be ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, ColumnElement, Float, Integer, Table, exists, literal_column, select

from ...connectors.base.understood import MISREAD
from ...errors import SystemUnavailable
from ..store import tables
from ..store.database import Database, Statement, statement
from ..store.drivers import damaged
from ..store.prepared import is_time, kinds_of
from ..store.statements import C, N
from ..store.troubles import E, T
from .asks import load as load_asked
from .lost import load as load_lost
from .newer import ROWS
from .session import load_coming, load_values
from .undo import part_of

WRONG: tuple[type[Exception], ...] = (*MISREAD, AssertionError)
"""What working with such a cell ends in, wherever that is."""

SHOWN = 60
"""Characters of a key that a message shows: ids and names are shorter."""


@contextmanager
def told(db: Database) -> Iterator[None]:
    """What goes wrong inside since the state is damaged is told as that."""
    try:
        yield
    except (*WRONG, *db.errors) as error:
        found = damage(db)
        if found is None:
            raise
        raise found from error


def damage(db: Database) -> SystemUnavailable | None:
    """The first cell that is not as we write it, with its table and its row; None: there is none.
    Its value is not repeated: it may be anything."""
    layouts: dict[tuple[str, int], int] = {}
    for one in sorted(tables.Table.metadata.sorted_tables, key=lambda one: one.name != "layouts"):
        columns = list(one.columns)
        for row in db.stream(_whole(one)):
            values = {column.name: value for column, value in zip(columns, row, strict=True)}
            for column in columns:
                wrong = _wrong(column, values, layouts)
                if wrong:
                    key = ", ".join(_shown(values[key.name]) for key in one.primary_key)
                    where = f"in its table `{one.name}`, row {key}"
                    return damaged(db.where, f"{where}, `{column.name}` is {wrong}")
    for name, missing, alone in _ALONE:
        for row in db.rows(alone):
            where = f"in its table `{name}`, row {', '.join(map(_shown, row))}"
            return damaged(db.where, f"{where}, {missing}")
    return None


_ALONE = (
    (
        "errors",
        "which is open, no record of `troubles` has that cause",
        statement(
            select(E.org, E.cause)
            .where(E.closed == 0.0, ~exists().where(T.org == E.org, T.cause == E.cause))
            .limit(1)
        ),
    ),
    (
        "changes",
        "`runs` has no such run",
        statement(
            select(C.org, C.run, C.number)
            .where(~exists().where(N.org == C.org, N.number == C.run))
            .limit(1)
        ),
    ),
)
"""Rows that need another one, which isn't there: the table, what is missing, and what finds one."""


def _whole(one: Table) -> Statement:
    """All columns as they are: of no type, whatever is in them is let through."""
    names: list[ColumnElement[Any]] = [literal_column(f'"{column.name}"') for column in one.columns]
    return statement(select(*names).select_from(one))


def _wrong(column: Column[Any], row: Mapping[str, Any], layouts: dict[tuple[str, int], int]) -> str:
    """What a cell is instead of what we write there, "" where it may be ours."""
    value = row[column.name]
    if value is None:
        return "" if column.nullable else "empty"
    if type(value) not in kinds_of(column.type):
        whole = "no whole number" if isinstance(column.type, Integer) else "no text"
        return "no number" if isinstance(column.type, Float) else whole
    if isinstance(column.type, Float):
        return "" if is_time(value) else "no moment"
    if isinstance(column.type, Integer):
        return "" if value >= -1 else "no count"
    read = _READ.get((column.table.name, column.name))
    try:
        if column.table.name == "records" and column.name == "body":
            if len(_listed(value)) != layouts[row["org"], row["layout"]]:
                return "not as long as the list of its fields"
        elif column.table.name == "layouts" and column.name == "fields":
            layouts[row["org"], row["id"]] = len(_names(value))
        elif column.table.name == "cursors" and column.name == "cursor":
            if row["purpose"] == ROWS:
                _names(value)
        elif read is not None:
            read(value)
    except WRONG:
        return "nothing that was written by us"
    return ""


def _listed(text: str) -> list[Any]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise TypeError("no list")
    return found


def _names(text: str) -> list[str]:
    found = _listed(text)
    if not all(isinstance(one, str) for one in found):
        raise TypeError("no list of names")
    return found


def _agree(text: str) -> None:
    halves = json.loads(text)
    load_coming(halves["left"])
    load_coming(halves["right"])


_READ: dict[tuple[str, str], Callable[[str], object]] = {
    ("links", "base_left"): load_values,
    ("links", "base_right"): load_values,
    ("changes", "before"): load_coming,
    ("changes", "after"): load_coming,
    ("changes", "agree"): _agree,
    ("changes", "lost"): load_lost,
    ("asks", "before"): load_asked,
    ("asks", "after"): load_asked,
    ("runs", "part"): lambda text: part_of(text) if text else None,
}
"""How the texts of those columns are read that hold JSON."""


def _shown(key: object) -> str:
    text = str(key) if isinstance(key, (str, int, float)) else "?"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
