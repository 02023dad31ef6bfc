"""Opening a database by its URL, and telling its driver's errors in words.

The only module that knows what the drivers (sqlite3 of the standard library, psycopg 3) call
things. It knows no table; `database.py` runs statements and transactions on what is opened here.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from ...errors import SyncrulesError, SystemUnavailable, UsageError

Name = Literal["sqlite", "postgresql"]

PATIENCE = 5
"""Seconds to wait for a lock of another program."""
KEPT = 512
"""Statements that SQLite keeps ready: a run has more than the 128 that Python keeps by itself."""

CONNECT = 10
"""Seconds to wait for a PostgreSQL server, where the URL has no `connect_timeout`."""


_NO_TEXT = re.compile("Could not decode to UTF-8")
_OTHER_TABLES = re.compile(
    "no such (table|column)|duplicate column|there is already|.* (already exists|has no column)"
)
"""How SQLite says that tables are others than those that a statement was written for."""


class Cursor(Protocol):
    """What the two drivers' cursors have in common (PEP 249)."""

    @property
    def rowcount(self) -> int: ...
    def execute(self, sql: str, params: Sequence[Any] = ..., /) -> Any: ...
    def executemany(self, sql: str, params: Iterable[Sequence[Any]], /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...
    def close(self) -> None: ...


class Driver(Protocol):
    """One open connection. Nothing is committed but by statements that say so."""

    name: Name
    where: str
    """What messages call the database."""
    begin: str
    errors: tuple[type[Exception], ...]

    def execute(self, sql: str, params: Sequence[Any] = ..., /) -> Cursor: ...
    def cursor(self) -> Cursor: ...
    def wide_cursor(self) -> Cursor:
        """A cursor for results that do not fit in memory; it outlives a commit."""

    def translated(self, error: Exception) -> SyncrulesError | None:
        """The driver's error in our words; None for one that is a fault of ours."""

    def lost(self) -> bool:
        """Whether the connection is of no more use."""

    def close(self) -> None: ...


def connect(url: str) -> Driver:
    """Opens `sqlite:///path`, `sqlite://` (in memory) or `postgresql://...`."""
    if url in ("sqlite://", "sqlite:///", "sqlite:///:memory:"):
        return SQLite(":memory:")
    if url.startswith("sqlite:///"):
        return SQLite(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        return PostgreSQL(url)
    raise UsageError(
        "the URL of the state is none that can be used",
        why=f"it begins with {url.partition(':')[0]!r}" if ":" in url else "it has no kind",
        fix="write sqlite:///PATH or postgresql://USER@HOST/DATABASE into `url` of [state]",
    )


class SQLite:
    """A file, or memory. Survives a power cut: each commit is on the disk when it returns."""

    name: Name = "sqlite"
    begin = "BEGIN IMMEDIATE"
    # A message of its own that repeats damaged bytes of the file is no text to Python.
    errors: tuple[type[Exception], ...] = (sqlite3.Error, UnicodeDecodeError)

    def __init__(self, path: str) -> None:
        self._path = path
        self.where = f"the state file {path}"
        if path != ":memory:":
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            except (OSError, ValueError) as error:
                raise UsageError(
                    f"the folder of the state file {path} can't be made",
                    why=getattr(error, "strerror", "") or str(error),
                    fix="choose another place in `url` of [state]",
                ) from None
        try:
            # One thread at a time uses a state, but not always the one that opened it.
            self._connection = sqlite3.connect(
                path,
                isolation_level=None,
                check_same_thread=False,
                timeout=PATIENCE,
                cached_statements=KEPT,
            )
        except ValueError as error:
            raise UsageError(
                f"the state file {path} can't be opened",
                why=str(error),
                fix="choose another place in `url` of [state]",
            ) from None
        except sqlite3.Error as error:
            raise self.translated(error) or error from None
        try:
            self._write_ahead()
            self._connection.execute("PRAGMA synchronous = FULL")
            # 16 MB rather than 4: a quarter more writes a second where ids come in any order.
            self._connection.execute("PRAGMA wal_autocheckpoint = 4000")
        except self.errors as error:
            self.close()
            raise self.translated(error) or error from None
        # As it is: a function around it would cost each statement of a run a call more.
        self.execute = self._connection.execute

    def _write_ahead(self) -> None:
        """Lets others read while one writes.

        SQLite refuses this at once, without its usual patience, while another program does it to
        the same new file; so we wait for that one as writers do.
        """
        for attempt in range(1, 11):
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or attempt == 10:
                    raise
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("ROLLBACK")

    def cursor(self) -> Cursor:
        return self._connection.cursor()

    wide_cursor = cursor

    def lost(self) -> bool:
        return False

    def close(self) -> None:
        self._connection.close()

    def translated(self, error: Exception) -> SyncrulesError | None:
        # The low byte is the kind, the rest says more: https://sqlite.org/rescode.html
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        where = self.where
        if isinstance(error, UnicodeDecodeError) or _NO_TEXT.match(str(error)):
            return damaged(where, "a text in it is not UTF-8")
        if kind == sqlite3.SQLITE_ERROR and _OTHER_TABLES.match(str(error)):
            return not_ours(where, str(error))
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return SystemUnavailable(
                f"{where} is locked",
                why=f"another program writes to it and did not finish within {PATIENCE} seconds",
                fix="wait for it, or close the program that has the file open, and start again",
            )
        if kind == sqlite3.SQLITE_FULL:
            return SystemUnavailable(
                f"{where} can't grow", why="the disk is full", fix="free some space, start again"
            )
        if kind == sqlite3.SQLITE_NOTADB:
            return UsageError(
                f"{where} is not a SQLite database",
                why="the file holds something else",
                fix="check `url` of [state], or move the file away",
            )
        if kind == sqlite3.SQLITE_CORRUPT:
            return damaged(where, str(error))
        if kind in (
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_PERM,
            sqlite3.SQLITE_AUTH,
        ):
            return UsageError(
                f"{where} can't be opened for writing",
                why=str(error),
                fix="check `url` of [state] and who may write to the file and its folder",
            )
        if kind == sqlite3.SQLITE_IOERR:
            return SystemUnavailable(
                f"{where} can't be read or written", why=str(error), fix="check the disk"
            )
        return None


class PostgreSQL:
    """A database of a server. Needs psycopg 3, which only this class imports."""

    name: Name = "postgresql"
    begin = "BEGIN"

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError:
            raise UsageError(
                "a state in PostgreSQL needs the package psycopg",
                why="it is not installed",
                fix="pip install 'syncrules[postgres]'",
            ) from None
        self.errors: tuple[type[Exception], ...] = (psycopg.Error,)
        self._streams = 0
        self.where = "the state database"
        try:
            asked = psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            # The driver's message repeats the URL, which may hold a password.
            raise UsageError(
                "the URL of the state can't be read",
                why="it is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
                fix="correct `url` of [state]; special characters in a password are written %XX",
            ) from None
        self.where = f"the state database {asked.get('dbname', '')}".rstrip()
        asked.setdefault("connect_timeout", CONNECT)
        try:
            self._connection = psycopg.connect(
                psycopg.conninfo.make_conninfo("", **asked), autocommit=True
            )
            self._connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
        except psycopg.Error as error:
            raise self._refused(error) from None

    def execute(self, sql: str, params: Sequence[Any] | None = None, /) -> Cursor:
        return self._connection.execute(sql, params)

    def cursor(self) -> Cursor:
        return self._connection.cursor()

    def wide_cursor(self) -> Cursor:
        self._streams += 1
        made = self._connection.cursor(f"stream{self._streams}", withhold=True)
        made.itersize = 1000
        return made

    def lost(self) -> bool:
        return bool(self._connection.closed)

    def close(self) -> None:
        self._connection.close()

    def translated(self, error: Exception) -> SyncrulesError | None:
        # https://www.postgresql.org/docs/current/errcodes-appendix.html
        code = str(getattr(error, "sqlstate", None) or "")
        if self.lost() or code[:2] == "08" or code[:3] == "57P":
            return SystemUnavailable(
                f"the connection to {self.where} was lost",
                why=_first_line(error),
                fix="check the server and the network, and start again",
            )
        if code in ("55P03", "40P01", "40001"):
            return SystemUnavailable(
                f"{self.where} is locked",
                why=f"another program writes to it and did not finish within {PATIENCE} seconds",
                fix="wait for it, and start again",
            )
        if code[:2] in ("53", "58"):
            return SystemUnavailable(
                f"{self.where} can't store more",
                why=_first_line(error),
                fix="free some space on the server, or ask its administrator, and start again",
            )
        if code in ("42P01", "42P07", "42701", "42703"):
            return not_ours(self.where, _first_line(error))
        if code in ("42501", "25006", "3F000"):
            return UsageError(
                f"{self.where} can't be written",
                why=_first_line(error),
                fix="let the user in `url` of [state] create and change tables in its schema",
            )
        return None

    def _refused(self, error: Exception) -> SyncrulesError:
        """A connection that was not made; the driver tells no more than a text."""
        if any(
            one in str(error) for one in ("authentication failed", "does not exist", "no password")
        ):
            return UsageError(
                f"{self.where} refused the sign-in",
                why=_first_line(error),
                fix="check user, password and database in `url` of [state]",
            )
        return SystemUnavailable(
            f"{self.where} can't be reached",
            why=_first_line(error),
            fix="check `url` of [state], and that the server runs and can be reached from here",
        )


def not_ours(where: str, why: str) -> UsageError:
    """The error for a database whose tables are not those that were made here."""
    return UsageError(
        f"{where} is no state of syncrules, or its tables were changed",
        why=why,
        fix="check `url` of [state], or bring the state back from a backup",
    )


def damaged(where: str, why: str) -> SystemUnavailable:
    """The error for a database of ours of which a part is not as we wrote it."""
    return SystemUnavailable(
        f"{where} is damaged",
        why=why,
        fix="bring it back from a backup, or move it away to begin anew",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
