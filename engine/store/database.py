"""The one way to the database of the state: prepared statements, and transactions with a fence.

Statements are built with SQLAlchemy Core, compiled once for each kind of database, and run on the
driver's own cursor, which is about five times faster in small transactions. It doesn't know what
the tables mean (`statements.py` has the statements, `tables.py` the tables), nor how a database is
opened (`drivers.py`); who holds the lease is decided in `lease.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnDefault,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    String,
    Table,
    bindparam,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlmodel import SQLModel, col

from ...errors import FenceLost, UsageError
from . import tables
from .drivers import Cursor, Driver, Name, connect

Row: TypeAlias = tuple[Any, ...]

# ---- statements -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL for one kind of database. `names`: parameters in the order of their marks.

    `fixed` holds values that the statement brings itself; a parameter of that name replaces them.
    `lists` are the parameters that are sent as lists.
    """

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, object]
    lists: frozenset[str]


class Statement:
    """A statement made once, when its module is loaded, and compiled when it is first run."""

    __slots__ = ("_build", "_compiled")

    def __init__(self, build: Callable[[Name], ClauseElement]) -> None:
        self._build = build
        self._compiled: dict[Name, Compiled] = {}

    def compiled(self, name: Name) -> Compiled:
        """The SQL for one kind of database."""
        if name not in self._compiled:
            self._compiled[name] = _compile(self._build(name), name)
        return self._compiled[name]


def statement(core: ClauseElement | Callable[[Name], ClauseElement]) -> Statement:
    """A statement from a Core construct, or from a function that makes one for a database kind."""
    if isinstance(core, ClauseElement):
        return Statement(lambda name: core)
    return Statement(core)


def insert(model: type[SQLModel]) -> Statement:
    """Inserts a row. Columns with a default may be left out."""
    return _insert(model, (), {}, {}, nothing=False)


def upsert(
    model: type[SQLModel],
    keys: Sequence[str],
    set_: Sequence[str],
    *,
    more: Mapping[str, object] | None = None,
    first: Mapping[str, object] | Sequence[str] = (),
) -> Statement:
    """Inserts a row, or where `keys` are there already, sets the columns `set_` to the new values.

    `more` gives what other columns are then set to: values, or expressions over the row that is
    there. `first` are columns that only a new row gets: their names where the values are
    parameters, else their values. Every other column needs a default. With neither `set_` nor
    `more` a row that is there stays as it is.
    """
    fixed = dict(first) if isinstance(first, Mapping) else {}
    named = {*keys, *set_, *(() if isinstance(first, Mapping) else first)}
    for column in table(model).columns:
        if column.name not in named and column.name not in fixed and column.default is None:
            raise TypeError(f"{model.__name__}.{column.name} gets no value")
    return _insert(model, keys, dict.fromkeys(set_, ...) | dict(more or {}), fixed)


def among(column: SQLColumnExpression[Any], name: str) -> ColumnElement[bool]:
    """Whether a column has one of the values of the parameter `name`, a list of any length."""
    return _Among(column, name)


class _Among(ColumnElement[bool]):
    inherit_cache = False

    def __init__(self, column: Any, name: str) -> None:
        whole = isinstance(column.type, Integer)
        self.column = column
        self.values = bindparam(name, type_=ARRAY(Integer() if whole else String()))


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    return f"{column} IN (SELECT value FROM json_each({compiler.process(element.values)}))"


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    return f"{column} = ANY ({compiler.process(element.values)})"


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model."""
    found = model.metadata.tables[str(model.__tablename__)]
    assert isinstance(found, Table)
    return found


def _insert(
    model: type[SQLModel],
    keys: Sequence[str],
    updates: Mapping[str, object],
    fixed: Mapping[str, object],
    *,
    nothing: bool = True,
) -> Statement:
    """`updates`: column to its new value, `...` for the one that the new row has."""
    core = table(model)
    given = {column.name: _given(column, fixed) for column in core.columns}

    def build(name: Name) -> ClauseElement:
        if name == "sqlite":
            made: Any = sqlite.insert(core).values(given)
        else:
            made = postgresql.insert(core).values(given)
        if updates:
            new = {
                key: made.excluded[key] if value is ... else value for key, value in updates.items()
            }
            made = made.on_conflict_do_update(index_elements=list(keys), set_=new)
        elif nothing:
            made = made.on_conflict_do_nothing(index_elements=list(keys))
        return made  # type: ignore[no-any-return]

    return Statement(build)


def _given(column: Column[Any], fixed: Mapping[str, object]) -> Any:
    if column.name in fixed:
        return bindparam(column.name, value=fixed[column.name], type_=column.type)
    if isinstance(column.default, ColumnDefault):
        return bindparam(column.name, value=column.default.arg, type_=column.type)
    return bindparam(column.name, type_=column.type)


class _SQLite(SQLiteCompiler):
    def construct_params(self, *args: Any, **options: Any) -> Any:
        # Spelling out `IN` asks for the values of all parameters, which come only when it is run.
        return super().construct_params(*args, **{**options, "_check": False})


class _PostgreSQL(PGCompiler):
    def construct_params(self, *args: Any, **options: Any) -> Any:
        return super().construct_params(*args, **{**options, "_check": False})


def _dialect(made: Any, compiler: type[SQLCompiler]) -> Dialect:
    made.statement_compiler = compiler
    return made  # type: ignore[no-any-return]


_DIALECTS: dict[Name, Dialect] = {
    "sqlite": _dialect(SQLiteDialect_pysqlite(paramstyle="qmark"), _SQLite),
    "postgresql": _dialect(
        PGDialect_psycopg(paramstyle="format"),  # type: ignore[no-untyped-call]
        _PostgreSQL,
    ),
}


def _compile(core: ClauseElement, name: Name) -> Compiled:
    made: Any = core.compile(dialect=_DIALECTS[name], compile_kwargs={"render_postcompile": True})
    names = tuple(made.positiontup or ())
    binds = made.binds
    values = made.construct_params()
    # Values of an IN that the statement brings itself have names only after compiling.
    required = {one for one in names if one in binds and binds[one].required}
    return Compiled(
        str(made),
        names,
        {one: values[one] for one in names if one not in required},
        frozenset(one for one in names if one in binds and isinstance(binds[one].type, ARRAY)),
    )


# ---- the database ---------------------------------------------------------------------------

_TABLES: dict[Name, Statement] = {
    "sqlite": statement(text("SELECT 1 FROM sqlite_master WHERE name = 'meta'")),
    # Not `to_regclass`: its cache doesn't see what another program has created a moment ago.
    "postgresql": statement(
        text("SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta'")
    ),
}
_version = statement(select(col(tables.Meta.value)).where(col(tables.Meta.key) == "version"))
_put_version = insert(tables.Meta)
_holder = statement(
    select(col(tables.Lease.fence))
    .where(col(tables.Lease.org) == bindparam("org"))
    .with_for_update(read=True)
)


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

    # ---- statements

    def rows(self, statement: Statement, /, **params: object) -> list[Row]:
        """All rows of the result."""
        cursor = self._execute(statement, params)
        with self._translated():
            found: list[Row] = cursor.fetchall()
        return found

    def row(self, statement: Statement, /, **params: object) -> Row | None:
        """The first row of the result."""
        cursor = self._execute(statement, params)
        with self._translated():
            found: Row | None = cursor.fetchone()
            cursor.close()
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
        _check(compiled, params[0])
        if compiled.lists or len(compiled.names) < 2 or not params[0].keys() >= {*compiled.names}:
            sets: Any = [_bound(compiled, one, self._driver.name) for one in params]
        else:
            sets = map(itemgetter(*compiled.names), params)
        with self._translated():
            cursor = self._connected().cursor()
            cursor.executemany(compiled.sql, sets)
            cursor.close()

    def stream(self, statement: Statement, /, **params: object) -> Iterator[Row]:
        """The rows one by one, for results that do not fit in memory.

        Other statements and commits may come in between; a rollback ends it. On PostgreSQL it
        shows the rows as they were when it began; on SQLite, don't change what is not yet read.
        """
        compiled = statement.compiled(self._driver.name)
        _check(compiled, params)
        with self._translated():
            cursor = self._connected().wide_cursor()
            try:
                cursor.execute(compiled.sql, _bound(compiled, params, self._driver.name))
                yield from cursor
            finally:
                cursor.close()

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
        with self._rolled_back():
            yield
            self._point(f"before {name}")
            # After the point, where another runner may have had its turn.
            self._check_fence()
            self._command("COMMIT")
        self._point(f"after {name}")

    @contextmanager
    def rollback_only(self) -> Iterator[None]:
        """A transaction that is always rolled back, with all transactions inside it.

        It keeps others from writing to a SQLite state as long as it lasts.
        """
        if self._depth:
            raise RuntimeError("rollback_only inside a transaction")
        with self._rolled_back():
            yield
            self._command("ROLLBACK")

    @contextmanager
    def _rolled_back(self) -> Iterator[None]:
        """Begins; the body ends the transaction itself, any exception rolls it back."""
        if self._driver.lost():
            self._driver = connect(self._url)
        self._command(self._driver.begin)
        self._depth = 1
        try:
            yield
        except BaseException:
            with suppress(*self._driver.errors):
                self._driver.cursor().execute("ROLLBACK")
            raise
        finally:
            self._depth = 0

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
                self._driver.cursor().execute(f"ROLLBACK TO SAVEPOINT {part}")
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
        if self._driver.lost() and not self._depth:
            self._driver = connect(self._url)
        return self._driver

    def _execute(self, statement: Statement, params: Mapping[str, object]) -> Cursor:
        compiled = statement.compiled(self._driver.name)
        _check(compiled, params)
        with self._translated():
            cursor = self._connected().cursor()
            cursor.execute(compiled.sql, _bound(compiled, params, self._driver.name))
        return cursor

    def _command(self, sql: str) -> None:
        with self._translated():
            self._driver.cursor().execute(sql)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._driver.errors as error:
            told = self._driver.translated(error)
            if told is None:
                raise
            raise told from error

    def _create(self) -> None:
        """Creates the tables where they are not there, else checks that their version is known."""
        there = _TABLES[self._driver.name]
        if not self.row(there):
            with self.transaction("create"):
                if self._driver.name == "postgresql":
                    # Two programs that create the same tables at once would fail in the catalogue.
                    self._command("SELECT pg_advisory_xact_lock(hashtext('syncrules state'))")
                if not self.row(there):
                    for made in _creation(self._driver.name):
                        self._command(made)
                    self.run(_put_version, key="version", value=str(tables.VERSION))
        found = self.row(_version)
        if found is not None and int(found[0]) > tables.VERSION:
            raise UsageError(
                "the state was written by a newer syncrules",
                why=f"its version is {found[0]}, and this one knows {tables.VERSION}",
                fix="pip install --upgrade syncrules",
            )


def _creation(name: Name) -> Iterator[str]:
    """The statements that create all tables and their indexes."""
    dialect = _DIALECTS[name]
    for table in tables.Table.metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            yield str(CreateIndex(index).compile(dialect=dialect))


def _check(compiled: Compiled, params: Mapping[str, object]) -> None:
    """A misspelt parameter must not pass for one that has a default."""
    unknown = params.keys() - set(compiled.names)
    if unknown:
        raise TypeError(f"no parameter of this statement: {', '.join(sorted(unknown))}")


def _bound(compiled: Compiled, params: Mapping[str, object], name: Name) -> list[object]:
    """The values in the order of the statement's marks."""
    whole = {**compiled.fixed, **params}
    if name == "sqlite":
        for one in compiled.lists:
            whole[one] = json.dumps(whole[one])
    return [whole[one] for one in compiled.names]
