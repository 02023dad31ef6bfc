"""What goes wrong with a database is told in words, with what to do, and loses nothing committed.

Each failure is a real one: a full disk is a file that may not grow, a lost connection is closed by
the server.
"""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import bindparam, select, text, update
from sqlmodel import col
from syncrules.engine.store.database import Database, statement, upsert
from syncrules.engine.store.tables import Meta, Rule
from syncrules.errors import SyncrulesError, SystemUnavailable, UsageError

PUT = upsert(Rule, ("org", "name"), ("fingerprint", "first_run"))
OF_VERSION = statement(update(Meta).where(col(Meta.key) == "version").values(value=bindparam("to")))
NAMES = statement(select(col(Rule.name)).order_by(col(Rule.name)))


def put(db: Database, name: str, fingerprint: str = "x") -> None:
    db.run(PUT, org="o", name=name, fingerprint=fingerprint, first_run=1)


def refused(url: str, kind: type[SyncrulesError]) -> SyncrulesError:
    with pytest.raises(kind) as caught:
        Database(url)
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk " * 200)
    error = refused(f"sqlite:///{path}", UsageError)
    assert "notes.txt is not a SQLite database" in error.what
    assert path.read_text() == "buy milk " * 200


def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "can't be made" in refused(f"sqlite:///{tmp_path}/file/state.db", UsageError).what
    assert "can't be opened" in refused(f"sqlite:///{tmp_path}", UsageError).what


def test_missing_folders_of_a_state_are_made(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path}/a/b/state.db").close()
    assert (tmp_path / "a" / "b" / "state.db").is_file()


@pytest.mark.parametrize("url", ["mysql://root@host/db", "state.db", "", "sqlite:/state.db"])
def test_a_url_of_another_kind_is_told_which_ones_there_are(url: str) -> None:
    assert "sqlite:///PATH or postgresql://" in refused(url, UsageError).fix


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = refused(f"postgresql://me:SimulatedSecret@127.0.0.1:{port}/crm", SystemUnavailable)
    assert "crm can't be reached" in error.what
    assert "SimulatedSecret" not in f"{error} {error.fix}"


def test_a_url_that_can_not_be_read_is_told_without_its_password() -> None:
    error = refused("postgresql://me:SimulatedSecret@[half/crm?what=ever", UsageError)
    assert "SimulatedSecret" not in f"{error} {error.fix} {error.__cause__}"
    assert error.__suppress_context__


def test_a_database_that_is_not_there_is_told(postgres_server: str) -> None:
    parts = urlsplit(postgres_server)
    error = refused(parts._replace(path="/nowhere").geturl(), UsageError)
    assert "nowhere" in error.what
    assert "`url` of [state]" in error.fix


def test_a_missing_driver_is_told_with_the_command_that_installs_it() -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from syncrules.engine.store.database import Database\n"
        "Database('sqlite://')\n"
        "try: Database('postgresql://host/db')\n"
        "except Exception as error: print(type(error).__name__, error.fix)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert told == "UsageError pip install 'syncrules[postgres]'\n"


def test_a_newer_state_is_not_touched(shared_url: str) -> None:
    db = Database(shared_url)
    db.run(OF_VERSION, to="999")
    db.close()
    error = refused(shared_url, UsageError)
    assert "newer syncrules" in error.what
    assert "999" in error.why


def test_a_state_that_another_program_writes_to_is_locked(shared_url: str) -> None:
    """After a wait, which is cut short here."""
    impatient = {
        "sqlite": "PRAGMA busy_timeout = 20",
        "postgresql": "SELECT set_config('lock_timeout', '20ms', false)",
    }[shared_url.partition(":")[0]]
    db, other = Database(shared_url), Database(shared_url)
    other.rows(statement(text(impatient)))
    with db.transaction("long"):
        put(db, "a")
        with pytest.raises(SystemUnavailable, match="is locked"):
            put(other, "a")
    put(other, "b")
    assert db.rows(NAMES) == [("a",), ("b",)]
    db.close()
    other.close()


def test_a_full_disk_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/state.db")
    put(db, "a")
    pages = db.row(statement(text("PRAGMA page_count")))
    assert pages is not None
    db.rows(statement(text(f"PRAGMA max_page_count = {pages[0] + 5}")))
    with pytest.raises(SystemUnavailable, match="the disk is full"), db.transaction("page"):
        put(db, "b")
        put(db, "c", "x" * 100_000)
    db.rows(statement(text("PRAGMA max_page_count = 10000")))
    put(db, "d")
    assert db.rows(NAMES) == [("a",), ("d",)]
    db.close()


def test_a_lost_connection_loses_the_transaction_and_is_made_anew(
    postgres_url: str, postgres_server: str
) -> None:
    db = Database(postgres_url)
    put(db, "a")
    with pytest.raises(SystemUnavailable, match="lost"), db.transaction("page"):
        put(db, "b")
        backend = db.row(statement(text("SELECT pg_backend_pid()")))
        assert backend is not None
        with psycopg.connect(postgres_server, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", backend)
        put(db, "c")
    assert db.rows(NAMES) == [("a",)]
    put(db, "d")
    assert db.rows(NAMES) == [("a",), ("d",)]
    db.close()


def test_each_commit_on_sqlite_is_on_the_disk_and_readers_do_not_wait(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/state.db")
    assert db.row(statement(text("PRAGMA synchronous"))) == (2,)
    assert db.row(statement(text("PRAGMA journal_mode"))) == ("wal",)
    with db.transaction("long"):
        put(db, "a")
        reader = Database(f"sqlite:///{tmp_path}/state.db")
        assert reader.rows(NAMES) == []
        reader.close()
    db.close()


@pytest.mark.parametrize(
    "tables",
    [
        ["CREATE TABLE meta (name TEXT)"],
        ["CREATE TABLE meta (key TEXT, value TEXT)", "INSERT INTO meta VALUES ('version', 'x')"],
        ["CREATE TABLE meta (key TEXT, value TEXT)", "INSERT INTO meta VALUES ('version', '3')"],
        ["CREATE TABLE meta (key TEXT, value TEXT)", "INSERT INTO meta VALUES ('version', '7')"],
    ],
    ids=["other columns", "no number", "no tables", "not all tables"],
)
def test_a_database_of_another_program_is_told_as_such(shared_url: str, tables: list[str]) -> None:
    """And is left as it was, where it happens to have a table of a name of ours."""
    if shared_url.startswith("sqlite"):
        with sqlite3.connect(shared_url.removeprefix("sqlite:///")) as made:
            for one in tables:
                made.execute(one)
    else:
        with psycopg.connect(shared_url) as there:
            for one in tables:
                there.execute(one)
    error = refused(shared_url, UsageError)
    assert "is no state of syncrules" in error.what


def test_a_state_that_lacks_a_table_is_told_by_whatever_needs_it(shared_url: str) -> None:
    db = Database(shared_url)
    db.run(statement(text("DROP TABLE rules")))
    with pytest.raises(UsageError, match="is no state of syncrules") as caught:
        db.rows(NAMES)
    assert "rules" in caught.value.why
    db.close()


def test_damaged_texts_of_a_file_are_told_and_not_repeated(tmp_path: Path) -> None:
    """In a value, and in what SQLite would say of a damaged file."""
    path = tmp_path / "state.db"
    db = Database(f"sqlite:///{path}")
    put(db, "Ada Lovelace")
    db.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Ada Lovelace", b"Ada Lovel\xff\xfe\xfd"))
    db = Database(f"sqlite:///{path}")
    with pytest.raises(SystemUnavailable, match="is damaged") as caught:
        db.rows(NAMES)
    assert "Ada" not in str(caught.value)
    db.close()
    path.write_bytes(whole.replace(b"CREATE TABLE", b"CREATE T\xff\xff\xff\xff"))
    assert "is damaged" in refused(f"sqlite:///{path}", SystemUnavailable).what
