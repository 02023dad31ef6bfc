"""The one way to the database of the state: its tables made, statements run, and transactions.

Each commit checks the fence of the lease that is held; who holds it is decided in `lease.py`. It
doesn't know what the tables mean (`tables.py`, `statements.py`), how a statement is made for each
kind of database (`prepared.py`), nor how one is opened (`drivers.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import col

from ...errors import FenceLost, UsageError
from . import tables
from .drivers import Cursor, Driver, Name, connect, not_ours
from .older import BEFORE_FIELD, BEFORE_TROUBLES, FIELD, NAMED, STAMP, TROUBLES, UNDOES
from .prepared import (
    DIALECTS,
    Statement,
    among,
    as_wanted,
    bound,
    bound_sets,
    insert,
    statement,
    table,
    upsert,
)

__all__ = [
    "Database",
    "Row",
    "Statement",
    "WrongKind",
    "among",
    "insert",
    "statement",
    "table",
    "upsert",
]

Row: TypeAlias = tuple[Any, ...]

_TABLES: dict[Name, Statement] = {
    "sqlite": statement(text("SELECT 1 FROM sqlite_master WHERE name = 'meta'")),
    # Not `to_regclass`: its cache doesn't see what another program has created a moment ago.
    "postgresql": statement(
        text("SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'")
    ),
}
_version = statement(select(col(tables.Meta.value)).where(col(tables.Meta.key) == "version"))
_put_version = insert(tables.Meta)
_now_version = statement(
    update(table(tables.Meta))
    .where(col(tables.Meta.key) == "version")
    .values(value=bindparam("value"))
)
_holder = statement(
    select(col(tables.Lease.fence))
    .where(col(tables.Lease.org) == bindparam("org"))
    .with_for_update(read=True)
)


class WrongKind(TypeError):
    """Something of another kind than its column holds, which none of us has written there: the
    state was edited. Which cell it is, `engine/run/damage.py` finds out."""


class Database:
    """A state, open. One thread uses it at a time.

    `point(name)` is called before and after each commit, with the transaction's name. `fence`
    is the org and the number of the lease that commits need (`lease.py` sets it); None: no lease
    is held. After an exception out of `point`, or a lost connection, it can be used again.
    """

    def __init__(self, url: str, point: Callable[[str], None] = lambda name: None) -> None:
        self.fence: tuple[str, int] | None = None
        self._url = url
        self._point = point
        self._depth = 0
        self._driver = connect(url)
        try:
            self._create()
        except BaseException:
            self._driver.close()
            raise

    @property
    def where(self) -> str:
        """What messages call the database."""
        return self._driver.where

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What the driver raises where nothing better is known of it."""
        return self._driver.errors

    # ---- statements

    def rows(self, statement: Statement, /, **params: object) -> list[Row]:
        """All rows of the result. Raises `WrongKind`, as all that reads does."""
        cursor = self._execute(statement, params)
        try:
            found: list[Row] = cursor.fetchall()
        except self._driver.errors as error:
            self._tell(error)
            raise
        self._check(statement, found)
        return found

    def row(self, statement: Statement, /, **params: object) -> Row | None:
        """The first row of the result."""
        cursor = self._execute(statement, params)
        try:
            found: Row | None = cursor.fetchone()
            cursor.close()
        except self._driver.errors as error:
            self._tell(error)
            raise
        if found is not None:
            self._check(statement, (found,))
        return found

    def run(self, statement: Statement, /, **params: object) -> int:
        """Runs a statement that changes something; how many rows it changed."""
        if not self._depth:
            with self.transaction("statement"):
                return self.run(statement, **params)
        return self._execute(statement, params).rowcount

    def many(self, statement: Statement, params: Sequence[Mapping[str, object]]) -> None:
        """Runs a statement once for each set of parameters. All sets have the same names."""
        if not params:
            return
        if not self._depth:
            with self.transaction("statements"):
                self.many(statement, params)
            return
        compiled = statement.compiled(self._driver.name)
        sets = bound_sets(compiled, params, self._driver.name)
        try:
            cursor = self._connected().cursor()
            cursor.executemany(compiled.sql, sets)
            cursor.close()
        except self._driver.errors as error:
            self._tell(error)
            raise

    def stream(self, statement: Statement, /, **params: object) -> Iterator[Row]:
        """The rows one by one, for results that do not fit in memory.

        Other statements and commits may come in between; a rollback ends it. On PostgreSQL it
        shows the rows as they were when it began; on SQLite, don't change what is not yet read.
        """
        compiled = statement.compiled(self._driver.name)
        values = bound(compiled, params, self._driver.name)
        try:
            cursor = self._connected().wide_cursor()
            try:
                cursor.execute(compiled.sql, values)
                for row in cursor:
                    self._check(statement, (row,))
                    yield row
            finally:
                cursor.close()
        except self._driver.errors as error:
            self._tell(error)
            raise

    def close(self) -> None:
        """Closes the connection; what is not committed is gone."""
        self._driver.close()

    # ---- transactions

    @contextmanager
    def transaction(self, name: str) -> Iterator[None]:
        """What is done inside is committed together at the end, or not at all.

        Inside another transaction it is a part of that one: an exception undoes this part, and
        nothing is committed before the outer one ends. Raises `FenceLost` where the lease that is
        held was taken over; nothing is committed then.
        """
        if self._depth:
            with self._part():
                yield
            return
        self._begin()
        try:
            yield
            self._point(f"before {name}")
            # After the point, where another runner may have had its turn.
            self._check_fence()
            self._command("COMMIT")
        except BaseException as error:
            self._roll_back(error)
            raise
        finally:
            self._depth = 0
        self._point(f"after {name}")

    @contextmanager
    def rollback_only(self) -> Iterator[None]:
        """A transaction that is always rolled back, with all transactions inside it.

        It keeps others from writing to a SQLite state as long as it lasts.
        """
        if self._depth:
            raise RuntimeError("rollback_only inside a transaction")
        self._begin()
        try:
            yield
            self._command("ROLLBACK")
        except BaseException as error:
            self._roll_back(error)
            raise
        finally:
            self._depth = 0

    def _begin(self) -> None:
        driver = self._connected()
        try:
            self._command(driver.begin)
        except BaseException as error:
            self._roll_back(error)
            raise
        self._depth = 1

    def _roll_back(self, error: BaseException) -> None:
        """After `error`. Raises `FenceLost` where a clash with another runner may be behind it."""
        with suppress(*self._driver.errors):
            self._driver.execute("ROLLBACK")
        self._depth = 0
        if isinstance(error, self._driver.errors):
            self._check_fence()

    @contextmanager
    def _part(self) -> Iterator[None]:
        part = f"part{self._depth}"
        self._command(f"SAVEPOINT {part}")
        self._depth += 1
        try:
            yield
            self._command(f"RELEASE SAVEPOINT {part}")
        except BaseException:
            with suppress(*self._driver.errors):
                self._driver.execute(f"ROLLBACK TO SAVEPOINT {part}")
            raise
        finally:
            self._depth -= 1

    def _check_fence(self) -> None:
        if self.fence is None:
            return
        org, number = self.fence
        found = self.row(_holder, org=org)
        if found is None or found[0] != number:
            raise FenceLost(
                "another run took over while this one was silent",
                why=f"its lease is number {found[0] if found else 0:,}, ours was {number:,}",
                fix="nothing more is written here; the other run goes on with the work",
            )

    # ---- the driver

    def _connected(self) -> Driver:
        if not self._depth and self._driver.lost():
            self._driver = connect(self._url)
        return self._driver

    def _execute(self, statement: Statement, params: Mapping[str, object]) -> Cursor:
        driver = self._driver if self._depth else self._connected()
        compiled = statement.compiled(driver.name)
        values = bound(compiled, params, driver.name)
        try:
            return driver.execute(compiled.sql, values)
        except driver.errors as error:
            self._tell(error)
            raise

    def _check(self, statement: Statement, rows: Sequence[Row]) -> None:
        if not as_wanted(statement.compiled(self._driver.name).kinds, rows):
            raise WrongKind("a cell of the state holds something of another kind than its column")

    def _command(self, sql: str) -> None:
        try:
            self._driver.execute(sql)
        except self._driver.errors as error:
            self._tell(error)
            raise

    def _tell(self, error: Exception) -> None:
        """Raises what a driver's error means to people, if it is known."""
        told = self._driver.translated(error)
        if told is not None:
            raise told from error

    def _create(self) -> None:
        """Creates the tables where they are not there, else checks that their version is known."""
        there = _TABLES[self._driver.name]
        if not self.row(there):
            with self.transaction("create"):
                self._alone()
                if not self.row(there):
                    for made in _creation(self._driver.name):
                        self._command(made)
                    self.run(_put_version, key="version", value=str(tables.VERSION))
        version = self._its_version()
        if version < tables.VERSION:
            self._upgrade()
        elif version > tables.VERSION:
            raise UsageError(
                "the state was written by a newer syncrules",
                why=f"its version is {version}, and this one knows {tables.VERSION}",
                fix="pip install --upgrade syncrules",
            )

    def _alone(self) -> None:
        """Two programs that change the same tables at once would fail in the catalogue; SQLite has
        one that writes at a time."""
        if self._driver.name == "postgresql":
            self._command("SELECT pg_advisory_xact_lock(hashtext('syncrules state'))")

    def _its_version(self) -> int:
        try:
            found = self.row(_version)
            return int(found[0]) if found is not None else tables.VERSION
        except (TypeError, ValueError):
            raise not_ours(self._driver.where, "its version is no number") from None

    def _upgrade(self) -> None:
        """A state of an older version gets the tables and columns that it doesn't have yet."""
        with self.transaction("upgrade"):
            self._alone()
            # Another program may have done it since we looked.
            version = self._its_version()
            if version >= tables.VERSION:
                return
            if version < 3:
                # What was never filled: 0, as for a record that was there before.
                self._command("ALTER TABLE records RENAME COLUMN sweep TO first")
            if version < 4:
                for name in ("author", "login"):
                    self._command(f"ALTER TABLE changes ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")
            if version < 5:
                self._command(BEFORE_TROUBLES)
                self._command("ALTER TABLE changes ADD COLUMN lost TEXT NOT NULL DEFAULT ''")
            if version < 6:
                for made in (*UNDOES, *NAMED):
                    self._command(made)
            if 5 <= version < 8:
                self._command(BEFORE_FIELD)
            for made in _creation(self._driver.name):
                self._command(made)
            if version < 5:
                for moved in TROUBLES:
                    self._command(moved)
            if version < 8:
                self._command(FIELD[self._driver.name])
            if version < 9:
                self._command(STAMP)
            self.run(_now_version, value=str(tables.VERSION))


@cache
def _creation(name: Name) -> tuple[str, ...]:
    """The statements that create the tables and indexes that are not there."""
    dialect, made = DIALECTS[name], []
    for model in tables.Table.metadata.sorted_tables:
        made.append(str(CreateTable(model, if_not_exists=True).compile(dialect=dialect)))
        for index in sorted(model.indexes, key=lambda one: str(one.name)):
            made.append(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))
    return tuple(made)
