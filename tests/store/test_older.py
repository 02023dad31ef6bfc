"""A state that an older version has left is one of this version once it is opened, on each kind of
database: what is in it stays, and means what it meant.

The older states are made of one of today, less what each version has brought.
"""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, func, select, text, update
from sqlmodel import col
from syncrules.engine import report
from syncrules.engine.history import history
from syncrules.engine.lost import lost
from syncrules.engine.run.undo import due
from syncrules.engine.store import asked, undone
from syncrules.engine.store import statements as sql
from syncrules.engine.store.database import Database, insert, statement, table
from syncrules.engine.store.tables import VERSION, Ask, Change, Link, Meta
from syncrules.tests.store.together import opened_at_once

OF_VERSION = statement(update(Meta).where(col(Meta.key) == "version").values(value=bindparam("to")))
KEPT = statement(select(col(Meta.key), col(Meta.value)).order_by(col(Meta.key)))

ERRORS_OF_4 = """\
CREATE TABLE errors (org TEXT NOT NULL, cause TEXT NOT NULL, id INTEGER NOT NULL,
operation TEXT NOT NULL, system TEXT NOT NULL, object TEXT NOT NULL, record TEXT NOT NULL,
key TEXT, flow TEXT NOT NULL, rule TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
code TEXT NOT NULL, message TEXT NOT NULL, advice TEXT NOT NULL, first FLOAT NOT NULL,
last FLOAT NOT NULL, count INTEGER NOT NULL, closed FLOAT NOT NULL,
PRIMARY KEY (org, cause), UNIQUE (org, id))"""

BROUGHT = {
    9: ("ALTER TABLE changes DROP COLUMN stamp",),
    8: ("ALTER TABLE errors DROP COLUMN field",),
    7: ("DROP INDEX links_apart",),
    6: (
        "ALTER TABLE changes DROP COLUMN undoes",
        "ALTER TABLE runs DROP COLUMN part",
        "ALTER TABLE dirty DROP COLUMN named",
    ),
    5: (
        "DROP TABLE troubles",
        "DROP TABLE errors",
        ERRORS_OF_4,
        "DROP TABLE lives",
        "DROP INDEX changes_lost",
        "ALTER TABLE changes DROP COLUMN lost",
    ),
    4: ("ALTER TABLE changes DROP COLUMN author", "ALTER TABLE changes DROP COLUMN login"),
    3: ("ALTER TABLE records RENAME COLUMN first TO sweep",),
    2: ("DROP TABLE asks",),
}
"""What takes away what a version has brought."""


def made_older(db: Database, version: int) -> None:
    """Makes a state one of an older version."""
    for number in range(VERSION, version, -1):
        for one in BROUGHT[number]:
            db.run(statement(text(one)))
    db.run(OF_VERSION, to=str(version))


def change(number: int, **values: object) -> dict[str, object]:
    """A row of the journal, as every version has had it."""
    given: dict[str, object] = {
        "org": "o",
        "run": 3,
        "number": number,
        "flow": "f",
        "side": "right",
        "system": "s",
        "object": "Lead",
        "action": "update",
        "record": f"r{number}",
        "left": f"l{number}",
        "right": f"r{number}",
        "rule": "push",
        "key": "",
        "before": '{"Title":"CEO"}',
        "after": '{"Title":"CTO"}',
        "agree": '{"left":"{}","right":"{}"}',
        "reason": "it changed",
        "parent": "",
        "state": "done",
    }
    return {**given, **values}


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_older_state_becomes_one_of_this_version(shared_url: str, version: int) -> None:
    """It has all that this version has, what was in it stays, and it is opened again as it is."""
    db = Database(shared_url)
    db.run(insert(Meta), key="mine", value="kept")
    db.run(insert(Change), **change(1))
    db.run(
        sql.put_record,
        org="o",
        system="s",
        object="Lead",
        id="r1",
        layout=1,
        body="[]",
        stamp="",
        life="here",
        into="",
        run=2,
        first=0,
    )
    made_older(db, version)
    db.close()
    for _ in range(2):
        db = Database(shared_url)
        assert db.rows(KEPT) == [("mine", "kept"), ("version", str(VERSION))]
        assert db.row(statement(select(func.count()).select_from(table(Ask)))) == (0,)
        assert report.open_errors(db, ["o"]) == []
        assert lost(db, ["o"]) == []
        [done] = history(db, ["o"], "r1").done
        assert (done.change.after, done.change.author, done.change.login) == (
            {"Title": "CTO"},
            "",
            "",
        )
        where = {"org": "o", "system": "s", "object": "Lead", "ids": ["r1"]}
        [row] = db.rows(sql.records, **where)
        assert row[-1] == 0
        written = db.rows(sql.replaced_since, **where, since=-1.0)
        assert written == [("r1", '{"Title":"CEO"}', "")]
        db.close()


@pytest.mark.parametrize("version", [1, 5])
def test_several_programs_may_open_an_older_state_at_once(shared_url: str, version: int) -> None:
    """`serve` starts on it while somebody asks for `status`: one of them brings it up to date."""
    db = Database(shared_url)
    made_older(db, version)
    db.close()
    assert opened_at_once(shared_url) == []


def test_errors_of_an_older_state_are_listed_under_their_records(shared_url: str) -> None:
    """One that named none of those who met it is over: they are decided again at the next run."""
    db = Database(shared_url)
    made_older(db, 4)
    rows = """\
'c1', 1, 'create', 's', 'Lead', '7', 'a@b', 'f', 'push', 'x', 3, 'BAD', 'no', '', 1, 2, 3, 0
'c2', 2, 'map', 's', 'Lead', '', NULL, 'f', 'map', 'x', 4, 'unknown', 'what', '', 1, 2, 1000, 0
'c3', 3, 'create', 's', 'Lead', '8', NULL, 'f', 'push', 'x', 3, 'BAD', 'no', '', 1, 2, 1, 9"""
    for one in rows.splitlines():
        db.run(statement(text(f"INSERT INTO errors VALUES ('o', {one})")))
    link = {"org": "o", "flow": "f", "base_left": "{}", "base_right": "{}", "how": "", "run": 1}
    db.run(insert(Link), **link, left="l", right="r", ended="")
    db.close()
    for _ in range(2):
        db = Database(shared_url)
        [entry] = report.open_errors(db, ["o"])
        assert (entry.id, entry.code, entry.count, entry.first) == (1, "BAD", 3, 1.0)
        assert (entry.key, entry.record, entry.line) == ("a@b", "7", 3)
        due = db.rows(sql.marks_of, org="o", flow="f", side="left", ids=["l"])
        assert [one[3] for one in due] == ["the rule changed"]
        db.close()


@pytest.mark.parametrize("version", range(1, 8))
def test_an_error_of_an_older_state_knows_its_field(shared_url: str, version: int) -> None:
    """It stood only in the text of what could not be decided; what a system said names none."""
    told = (
        ("map", "Title: no table has ''a: b''", "Title"),
        ("map", "the Lead was merged into another", ""),
        ("create", "Required: Company", ""),
        ("match", "these have one key: a@b.example", ""),
    )
    db = Database(shared_url)
    made_older(db, version)
    for id, (operation, said, _) in enumerate(told, start=1):
        record = f"'{operation}', '7', NULL, 'f', 'map', 'x', 3, '{said}', 1, 2, 3"
        if version < 5:
            put(db, "errors", OF_4, f"'c{id}', {id}, 's', 'Lead', 'BAD', '', 0, {record}")
        else:
            put(db, "errors", OF_5, f"'c{id}', {id}, 's', 'Lead', 'BAD', '', 0, '{said}', 1, 2, 3")
            put(db, "troubles", OF_RECORD, f"'c{id}', {record}")
    db.close()
    db = Database(shared_url)
    found = report.open_errors(db, ["o"])
    assert [(one.field, one.operation) for one in found] == [(one[2], one[0]) for one in told]
    db.close()


OF_RECORD = "cause, operation, record, key, flow, rule, file, line, message, first, last, count"
OF_5 = "cause, id, system, object, code, advice, closed, message, first, last, count"
OF_4 = "cause, id, system, object, code, advice, closed, " + OF_RECORD.removeprefix("cause, ")
"""The columns of what was entered, by version."""


def put(db: Database, into: str, columns: str, values: str) -> None:
    """A row of an older version's table."""
    db.run(statement(text(f"INSERT INTO {into} (org, {columns}) VALUES ('o', {values})")))


@pytest.mark.parametrize("version", range(1, 6))
def test_an_undo_of_an_older_state_is_gone_on_with(shared_url: str, version: int) -> None:
    """Which run it puts back stood only in its reason; what only reads like one is none."""
    db = Database(shared_url)
    reasons = {
        1: "run 12 is undone",
        2: "run 3 is undone",
        3: "run 12 is undone",
        4: "run of the mill is undone",
        5: "run  is undone",
        6: "the run 12 is undone",
        7: "",
    }
    for number, reason in reasons.items():
        db.run(
            insert(Change), **change(number, reason=reason, state="due" if number < 3 else "done")
        )
    made_older(db, version)
    db.close()
    for _ in range(2):
        db = Database(shared_url)
        assert due(db, "o") == [3, 12]
        assert [row[0] for row in db.rows(undone.due, org="o", undoes=12)] == [1]
        told = statement(select(col(Change.number), col(Change.undoes)))
        assert dict(db.rows(told)) == {1: 12, 2: 3, 3: 12, 4: 0, 5: 0, 6: 0, 7: 0}
        db.close()


@pytest.mark.parametrize("version", range(1, 6))
def test_what_was_pushed_by_hand_stays_pushed_by_the_rule_that_took_it(
    shared_url: str, version: int
) -> None:
    """What was only ever refused by another, or is due for another reason, has none."""
    db = Database(shared_url)
    pushed: dict[str, object] = {"action": "create", "state": "refused", "left": "l"}
    by_hand = "pushed by hand"
    db.run(insert(Change), **change(1, **pushed, rule="first", reason=by_hand))
    db.run(insert(Change), **change(2, **pushed, rule="second", reason=by_hand))
    db.run(insert(Change), **change(3, **pushed, rule="third", reason="third is satisfied"))
    db.run(insert(Change), **change(4, **{**pushed, "left": "m"}, rule="first", reason=by_hand))
    for id, cause in (("l", by_hand), ("m", "error"), ("n", by_hand)):
        mark = {"org": "o", "flow": "f", "side": "left", "id": id, "cause": cause}
        db.run(sql.mark, **mark, not_before=0.0)
    made_older(db, version)
    db.close()
    db = Database(shared_url)
    named = {id: db.row(asked.named, org="o", flow="f", left=id) for id in "lmn"}
    assert named == {"l": ("second",), "m": ("",), "n": ("",)}
    db.close()
