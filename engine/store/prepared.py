"""Statements of the state: built with SQLAlchemy Core, compiled once for each kind of database.

It knows how the two kinds write an upsert and take a list, and runs nothing: `database.py` does, on
the driver's own cursor, about five times faster in small transactions than SQLAlchemy would. What
the engine asks of its tables is in `statements.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import NoneType
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnDefault,
    ColumnElement,
    Float,
    Integer,
    SQLColumnExpression,
    String,
    Table,
    bindparam,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from .drivers import Name
from .tables import NEVER


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL for one kind of database. `names`: parameters in the order of their marks.

    `fixed` holds values that the statement brings itself; a parameter of that name replaces them.
    `lists` are the parameters that are sent as lists, `known` all that a caller may give. `take`
    gives the values out of a mapping with all of them. `kinds` are what each column of the result
    may be; () where the database sees to that itself.
    """

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, object]
    lists: frozenset[str]
    known: frozenset[str]
    take: Callable[[Mapping[str, object]], tuple[object, ...]]
    kinds: tuple[frozenset[type], ...]


class Statement:
    """A statement made once, when its module is loaded, and compiled when it is first run."""

    __slots__ = ("_build", "_compiled")

    def __init__(self, build: Callable[[Name], ClauseElement]) -> None:
        self._build = build
        self._compiled: dict[Name, Compiled] = {}

    def compiled(self, name: Name) -> Compiled:
        """The SQL for one kind of database."""
        found = self._compiled.get(name)
        if found is None:
            found = self._compiled[name] = _compile(self._build(name), name)
        return found


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


DIALECTS: dict[Name, Dialect] = {
    "sqlite": _dialect(SQLiteDialect_pysqlite(paramstyle="qmark"), _SQLite),
    "postgresql": _dialect(
        PGDialect_psycopg(paramstyle="format"),  # type: ignore[no-untyped-call]
        _PostgreSQL,
    ),
}


def _compile(core: ClauseElement, name: Name) -> Compiled:
    made: Any = core.compile(dialect=DIALECTS[name], compile_kwargs={"render_postcompile": True})
    names = tuple(made.positiontup or ())
    binds = made.binds
    values = made.construct_params()
    # Values of an IN that the statement brings itself have names only after compiling.
    required = {one for one in names if one in binds and binds[one].required}
    lists = frozenset(one for one in names if one in binds and isinstance(binds[one].type, ARRAY))
    return Compiled(
        str(made),
        names,
        {one: values[one] for one in names if one not in required},
        lists,
        frozenset(names),
        # Of one name, it would give the value alone.
        itemgetter(*names) if len(names) > 1 else lambda whole: tuple(whole[one] for one in names),
        _kinds(core) if name == "sqlite" else (),
    )


def _kinds(core: ClauseElement) -> tuple[frozenset[type], ...]:
    """SQLite keeps any kind of value in any column, whatever the table says."""
    columns: Any = getattr(core, "selected_columns", ())
    return tuple(kinds_of(one.type) for one in columns)


def kinds_of(type: TypeEngine[Any]) -> frozenset[Any]:
    """What a value of a column's type may be; None besides, of which the table itself keeps out
    what it doesn't want."""
    if isinstance(type, String):
        return _TEXTS
    if isinstance(type, Float):
        return _TIMES
    return _WHOLE if isinstance(type, Integer) else _ANYTHING


def as_wanted(kinds: tuple[frozenset[type], ...], rows: Sequence[tuple[Any, ...]]) -> bool:
    """Whether all of some rows is what their columns hold."""
    # By columns, and in C: each row of a run comes through here.
    return all(
        wanted.issuperset(map(type, column)) and (wanted is not _TIMES or all(map(is_time, column)))
        for wanted, column in zip(kinds, zip(*rows, strict=True), strict=False)
    )


def is_time(value: float | None) -> bool:
    """Whether a number can be a time; all fractions in the state are times."""
    return value is None or _FIRST <= value < _LAST or value == NEVER


_FIRST, _LAST = -62_135_596_800.0, 253_402_300_800.0
"""When the years 1 and 10000 begin, in seconds UTC: Python's calendar knows what is between."""

_TEXTS = frozenset((str, NoneType))
_WHOLE = frozenset((int, NoneType))
_TIMES = frozenset((float, int, NoneType))
_ANYTHING = frozenset((str, int, float, bytes, NoneType))


# ---- parameters -----------------------------------------------------------------------------


def bound(compiled: Compiled, params: Mapping[str, object], name: Name) -> Sequence[object]:
    """The values in the order of the statement's marks. Raises `TypeError` for a name that is no
    parameter: a misspelt one must not pass for one that has a default."""
    if not params.keys() <= compiled.known:
        unknown = params.keys() - compiled.known
        raise TypeError(f"no parameter of this statement: {', '.join(sorted(unknown))}")
    if not (compiled.fixed or compiled.lists):
        return compiled.take(params)
    whole: dict[str, Any] = {**compiled.fixed, **params}
    for one in compiled.lists:
        # psycopg takes a tuple for a row of several columns.
        values = list(whole[one])
        whole[one] = _dump(values) if name == "sqlite" else values
    return compiled.take(whole)


def bound_sets(
    compiled: Compiled, params: Sequence[Mapping[str, object]], name: Name
) -> Iterable[Sequence[object]]:
    """`bound` for several sets of parameters, all of the same names."""
    if not compiled.lists and params[0].keys() == compiled.known:
        return map(compiled.take, params)
    return [bound(compiled, one, name) for one in params]


_dump = json.JSONEncoder(separators=(",", ":")).encode
