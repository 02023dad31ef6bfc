"""A state that somebody edited by hand: a cell of a table replaced by something of another kind.

The state is one that has seen most of what there is: records that are linked, asked about, refused,
deleted and held back, edits that lost, and changes that the next run would write.
"""

from __future__ import annotations

import io
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Column, String
from syncrules.cli import main
from syncrules.connectors.base.world import World
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.project import Project
from syncrules.engine.store.tables import Table
from syncrules.terminal import Shell
from syncrules.tests.cli import Ended
from syncrules.tests.desk import HOUR, Desk

RULES = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead { match on email }

map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title     ask
    organization_name  -> Company   default "Unknown"
}
"""
COMMANDS = (
    *("preview", "undo 2 --dry-run", "status", "why ada@a.example", "why ben@a.example"),
    *("history ada@a.example", "history --lost", "errors", "errors show 1", "approve"),
    *("approve 1", "known ada@a.example", "retry --all", "undo 2", "run"),
)
TEXTS = (b"\xff\0", "no JSON", "[]", "{}", "7", "null", '{"a":{"b":1}}', '[{"c":1}]', "[" * 99_999)
NUMBERS = ("soon", b"\xff", 1.5, 1e300, -(2.0**62))
CELLS: tuple[Column[object], ...] = tuple(
    column for table in Table.metadata.sorted_tables for column in table.columns
)


def wrong(cell: Column[object]) -> tuple[object, ...]:
    """What is put into a cell."""
    return TEXTS if isinstance(cell.type, String) else NUMBERS


@dataclass
class Lived:
    """A project whose state can be spoilt, and the command line to use it. Its systems and its
    clock are made up, its rules are read once."""

    desk: Desk

    def __post_init__(self) -> None:
        self._path = self.desk.folder / ".syncrules" / "state.db"
        self._edits = 0
        self._contacts = {"old": self._contact("old")}
        self.type("run")
        self._contacts |= {name: self._contact(name) for name in ("ada", "ben", "cy", "dee")}
        self.type("run")
        leads = {str(row["Email"]): id for id, row in self.desk.salesforce.rows("Lead").items()}
        self.desk.apollo.update(
            "contact", self._contacts["ada"], {"title": "CTO", "first_name": "A"}
        )
        self.desk.salesforce.update("Lead", leads["ada@a.example"], {"FirstName": "Augusta"})
        self.desk.salesforce.delete("Lead", leads["cy@a.example"])
        refuses = Validation("Lead", "not Fay", lambda row: row.get("FirstName") == "Fay")
        self.desk.salesforce.org.validations.append(refuses)
        self._contact("fay")
        self.type("run")
        with closing(sqlite3.connect(self._path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._good = self._path.read_bytes()

    def type(self, line: str) -> Ended:
        """Types a command, an hour after the one before."""
        self.desk.clock.sleep(HOUR)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*line.split(), "--project", str(self.desk.folder)])
        return Ended(code, out.getvalue(), err.getvalue())

    def spoil(self, cell: Column[object], value: object) -> None:
        """The state is as it was, but for one cell of each row; of a key, of one row."""
        for one in self._path.parent.glob("state.db*"):
            one.unlink()
        self._path.write_bytes(self._good)
        table, name = cell.table.name, f'"{cell.name}"'
        only = f"WHERE {name} = (SELECT max({name}) FROM {table})" if cell.primary_key else ""
        with closing(sqlite3.connect(self._path)) as db:
            db.execute(f"UPDATE OR IGNORE {table} SET {name} = ? {only}", (value,))
            db.commit()

    def edit(self) -> None:
        """Somebody changes a contact, which the next run has to write."""
        self._edits += 1
        self.desk.apollo.update("contact", self._contacts["ben"], {"last_name": f"B{self._edits}"})

    def held(self) -> object:
        """All that both systems hold."""
        return (
            {id: dict(row) for id, row in self.desk.apollo.rows("contact").items()},
            {id: dict(row) for id, row in self.desk.salesforce.rows("Lead").items()},
        )

    def fault(self, cell: Column[object], value: object, line: str) -> str:
        """What is wrong with how a command ends on a state that is spoilt, "" for nothing."""
        self.spoil(cell, value)
        self.edit()
        before = self.held()
        ended = self.type(line)
        said = f"{cell.table.name}.{cell.name} {value!r:.20} `{line}`: {ended.code} {ended.err}"
        damaged = "is damaged: in its table `" in ended.err
        if ended.code == 70 or "Traceback" in ended.err or (ended.code == 4) != damaged:
            return said
        return f"{said} and wrote" if damaged and self.held() != before else ""

    def _contact(self, name: str) -> str:
        known = {"first_name": name.title(), "last_name": "Berg", "title": "CEO"}
        return self.desk.apollo.create("contact", {**known, "email": f"{name}@a.example"})


@contextmanager
def lived() -> Iterator[Lived]:
    """A new one."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        desk = Desk(Path(folder), RULES)
        project = desk.project

        @contextmanager
        def world(shell: Shell) -> Iterator[World]:
            yield desk.world

        def read(shell: Shell, paths: object = ()) -> Project:
            return project

        patch.setattr(Shell, "world", world)
        patch.setattr(Shell, "project", read)
        # Nothing is remembered of the state, which is set back all the time.
        patch.setenv("XDG_STATE_HOME", "/dev/null")
        yield Lived(desk)


def faults(seed: int, lines: int) -> tuple[int, list[str]]:
    """Something else in each cell, and some commands on each: how many, and what was wrong."""
    chance = random.Random(seed)
    with lived() as one:
        drawn = [
            (cell, value, line)
            for cell in CELLS
            for value in (chance.choice(wrong(cell)),)
            for line in chance.sample(COMMANDS, lines)
        ]
        return len(drawn), [said for what in drawn if (said := one.fault(*what))]
