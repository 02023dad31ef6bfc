"""The state keeps what was committed, whole transactions or nothing, on each kind of database.

Statements of the engine have their own tests where they are used; the lease is in `test_lease.py`.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import bindparam, func, or_, select
from sqlmodel import col
from syncrules.engine.store.database import Database, among, insert, statement, upsert
from syncrules.engine.store.tables import Dirty, Key, Layout, Record, Rule
from syncrules.tests.store.together import opened_at_once

PUT_RULE = upsert(Rule, ("org", "name"), ("fingerprint",), first=("first_run",))
RULES = statement(
    select(col(Rule.name), col(Rule.fingerprint), col(Rule.first_run), col(Rule.paused))
    .where(col(Rule.org) == bindparam("org"))
    .order_by(col(Rule.name))
)
MARK = upsert(
    Dirty,
    ("org", "flow", "side", "id"),
    ("cause",),
    more={"mark": col(Dirty.mark) + 1, "rule": ""},
    first={"mark": 1, "not_before": 0.0},
)
MARKS = statement(select(col(Dirty.id), col(Dirty.mark), col(Dirty.cause)).order_by(col(Dirty.id)))
PUT_KEY = upsert(Key, ("org", "system", "object", "field", "value", "id"), ())
PUT_RECORD = upsert(
    Record,
    ("org", "system", "object", "id"),
    ("layout", "body", "stamp", "run", "first"),
)
RECORDS = statement(
    select(col(Record.id), col(Record.body))
    .where(col(Record.org) == bindparam("org"), among(col(Record.id), "ids"))
    .order_by(col(Record.id))
)
ALL_RECORDS = statement(select(col(Record.id), col(Record.body)))
COUNT = statement(select(func.count()).select_from(Record))


class Crash(BaseException):
    """What a simulated crash raises."""


@contextmanager
def opened(url: str, **options: object) -> Iterator[Database]:
    db = Database(url, **options)  # type: ignore[arg-type]
    try:
        yield db
    finally:
        db.close()


def record(id: str, body: str = "[]") -> dict[str, object]:
    where = {"org": "o", "system": "crm", "object": "contact", "id": id}
    return {**where, "layout": 1, "body": body, "stamp": "", "run": 1, "first": 1}


def test_a_row_that_is_there_gets_the_new_values_and_keeps_its_first_ones(url: str) -> None:
    with opened(url) as db:
        db.run(PUT_RULE, org="o", name="a", fingerprint="old", first_run=1)
        db.run(PUT_RULE, org="o", name="a", fingerprint="new", first_run=7)
        assert db.rows(RULES, org="o") == [("a", "new", 1, "")]


def test_an_upsert_can_count_on_what_is_there(url: str) -> None:
    """Marking twice makes a second mark of the same row."""
    with opened(url) as db:
        mark = {"org": "o", "flow": "f", "side": "left"}
        db.many(MARK, [{**mark, "id": one, "cause": "new"} for one in ("1", "2")])
        db.run(MARK, **mark, id="2", cause="again")
        assert db.rows(MARKS) == [("1", 1, "new"), ("2", 2, "again")]


def test_putting_a_row_that_has_nothing_but_its_key_twice_is_no_error(url: str) -> None:
    key = {"org": "o", "system": "crm", "object": "contact", "field": "email", "value": "a@b.c"}
    with opened(url) as db:
        db.many(PUT_KEY, [{**key, "id": "1"}, {**key, "id": "1"}, {**key, "id": "2"}])
        assert db.row(statement(select(func.count()).select_from(Key))) == (2,)


def test_defaults_fill_what_an_insert_leaves_out(url: str) -> None:
    put = insert(Rule)
    with opened(url) as db:
        db.many(put, [{"org": "o", "name": "a", "fingerprint": "x", "first_run": 1}])
        db.run(put, org="o", name="b", fingerprint="x", first_run=1, paused="because")
        assert [row[3] for row in db.rows(RULES, org="o")] == ["", "because"]


def test_a_misspelt_parameter_is_refused(url: str) -> None:
    """Else its default would be written silently."""
    with opened(url) as db, pytest.raises(TypeError, match="pausd"):
        db.run(insert(Rule), org="o", name="a", fingerprint="x", first_run=1, pausd="yes")


def test_a_list_may_be_as_long_as_it_likes(url: str) -> None:
    """5,000 ids, more than a database takes as single parameters, and awkward ones among them."""
    awkward = ["", "it's", '"quoted"', "a,b", "{x}", "\\", "%s", "Zoë 🙂", "NULL"]
    stored = awkward + [f"{number:05}" for number in range(6000)]
    asked = awkward + [f"{number:05}" for number in range(1000, 6000)]
    with opened(url) as db:
        with db.transaction("page"):
            db.many(PUT_RECORD, [record(one) for one in stored])
        found = db.rows(RECORDS, org="o", ids=asked)
        assert [row[0] for row in found] == sorted(asked)
        assert db.rows(RECORDS, org="o", ids=[]) == []
        assert db.rows(RECORDS, org="p", ids=asked) == []


def test_lists_of_numbers_and_several_lists_go_into_one_statement(url: str) -> None:
    ask = statement(
        select(col(Layout.id))
        .where(
            or_(among(col(Layout.id), "ids"), among(col(Layout.fields), "names")),
            col(Layout.org).in_(("o", "p")),
        )
        .order_by(col(Layout.id))
    )
    with opened(url) as db:
        db.many(insert(Layout), [{"org": "o", "id": n, "fields": f"f{n}"} for n in range(6)])
        db.run(insert(Layout), org="q", id=1, fields="f1")
        assert db.rows(ask, ids=[1, 3], names=["f3", "f5"]) == [(1,), (3,), (5,)]


def test_ids_are_in_the_order_of_their_bytes_everywhere(url: str) -> None:
    """Whatever the locale of a server: paging by id must not depend on it."""
    ids = ["b", "A", "a", "B", "_", "ä", "10", "9"]
    with opened(url) as db:
        db.many(PUT_RECORD, [record(one) for one in ids])
        assert [row[0] for row in db.rows(RECORDS, org="o", ids=ids)] == sorted(ids)


def test_streaming_needs_no_memory_for_the_whole_result(url: str) -> None:
    """20 MB of rows pass in less than 6, with commits in between."""
    with opened(url) as db:
        for start in range(0, 20_000, 2_000):
            db.many(PUT_RECORD, [record(f"{start + n:05}", "x" * 1000) for n in range(2_000)])
        tracemalloc.start()
        try:
            for number, _ in enumerate(db.stream(ALL_RECORDS)):
                if number % 5_000 == 0:
                    db.run(MARK, org="o", flow="f", side="left", id=str(number), cause="seen")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert number == 19_999
        assert len(db.rows(MARKS)) == 4
    assert peak < 6_000_000


def test_a_transaction_is_there_for_all_or_for_nobody(shared_url: str) -> None:
    with opened(shared_url) as db, opened(shared_url) as other:
        with db.transaction("page"):
            db.run(PUT_RECORD, **record("1"))
            assert other.row(COUNT) == (0,)
        assert other.row(COUNT) == (1,)


def test_an_exception_undoes_the_transaction_it_comes_out_of(url: str) -> None:
    with opened(url) as db:
        with pytest.raises(ValueError, match="no"), db.transaction("page"):
            db.run(PUT_RECORD, **record("1"))
            raise ValueError("no")
        assert db.row(COUNT) == (0,)


def test_a_crash_before_the_commit_loses_it_and_one_after_it_does_not(url: str) -> None:
    """And the state goes on to work after either."""
    points: list[str] = []
    crash_at = ""

    def point(name: str) -> None:
        points.append(name)
        if name == crash_at:
            raise Crash

    with opened(url, point=point) as db:
        points.clear()
        for crash_at, there in (("before page", 0), ("after page", 1), ("", 2)):
            try:
                with db.transaction("page"):
                    db.run(PUT_RECORD, **record(crash_at))
            except Crash:
                pass
            assert db.row(COUNT) == (there,)
    assert points == ["before page", "before page", "after page", "before page", "after page"]


def test_an_inner_transaction_is_part_of_the_outer_one(shared_url: str) -> None:
    """Committed with it, and only then; one that failed is undone alone."""
    points: list[str] = []
    with opened(shared_url, point=points.append) as db, opened(shared_url) as other:
        points.clear()
        with db.transaction("outer"):
            with db.transaction("inner"):
                db.run(PUT_RECORD, **record("1"))
            with pytest.raises(ValueError, match="no"), db.transaction("inner"):
                db.run(PUT_RECORD, **record("2"))
                raise ValueError("no")
            with db.transaction("inner"):
                db.run(PUT_RECORD, **record("3"))
            assert other.row(COUNT) == (0,)
        assert other.rows(RECORDS, org="o", ids=["1", "2", "3"]) == [("1", "[]"), ("3", "[]")]
    assert points == ["before outer", "after outer"]


def test_nothing_remains_of_a_transaction_that_is_only_tried(url: str) -> None:
    """A preview sees its own work, and leaves none; no commit is announced."""
    points: list[str] = []
    with opened(url, point=points.append) as db:
        points.clear()
        with db.rollback_only():
            with db.transaction("page"):
                db.run(PUT_RECORD, **record("1"))
            assert db.row(COUNT) == (1,)
        assert db.row(COUNT) == (0,)
        assert points == []
        db.run(PUT_RECORD, **record("2"))
        assert db.row(COUNT) == (1,)


def test_a_state_is_there_when_it_is_opened_again(shared_url: str) -> None:
    with opened(shared_url) as db:
        db.run(PUT_RECORD, **record("1"))
    with opened(shared_url) as db:
        assert db.row(COUNT) == (1,)


def test_several_programs_may_create_the_same_state_at_once(shared_url: str) -> None:
    assert opened_at_once(shared_url) == []
