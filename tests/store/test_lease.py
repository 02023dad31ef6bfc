"""One runner writes at a time: a dead one is replaced at once, and one that was replaced is fenced.

The dead ones are real processes, killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import bindparam, select
from sqlmodel import col
from syncrules.engine.store.database import Database, insert, statement
from syncrules.engine.store.lease import Holder, Lease, acquire, release, renew, this_process
from syncrules.engine.store.tables import Rule
from syncrules.errors import FenceLost, LeaseHeld

PUT = insert(Rule)
NAMES = statement(select(col(Rule.name)).where(col(Rule.org) == bindparam("org")))

HERE = Holder("host-a", 11, "100", "alpha")
THERE = Holder("host-b", 22, "200", "beta")

RUNNER = """
import sys, time
from syncrules.engine.store.database import Database
from syncrules.engine.store.lease import acquire, this_process
db = Database(sys.argv[1])
acquire(db, "o", this_process(), 1000.0, 60.0)
acquire(db, "p", this_process(), 1000.0, 60.0)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def db(shared_url: str) -> Iterator[Database]:
    made = Database(shared_url)
    yield made
    made.close()


@pytest.fixture
def other(shared_url: str) -> Iterator[Database]:
    made = Database(shared_url)
    yield made
    made.close()


def put(db: Database, name: str) -> None:
    db.run(PUT, org="o", name=name, fingerprint="", first_run=1)


@contextmanager
def running(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the leases of two orgs from 1000 for 60 seconds."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_live_runner_keeps_its_lease_and_is_named(shared_url: str, db: Database) -> None:
    with running(shared_url) as process, pytest.raises(LeaseHeld) as caught:
        acquire(db, "o", this_process(), 1001.0, 60.0)
    assert f"process {process.pid} on {this_process().name}" in caught.value.why
    assert "since 1970-01-01 00:16:40 UTC" in caught.value.why
    assert caught.value.exit_code == 5


def test_a_runner_killed_on_this_machine_is_replaced_at_once(shared_url: str, db: Database) -> None:
    """Whether or not its parent has noticed yet."""
    with running(shared_url) as process:
        os.kill(process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert acquire(db, "o", this_process(), 1001.0, 60.0).fence == 2
        process.wait()
        assert acquire(db, "p", this_process(), 1001.0, 60.0).fence == 2


def test_a_later_process_with_the_same_number_is_not_the_holder(db: Database) -> None:
    """Our own number lives, but it did not start when the holder did."""
    us = this_process()
    acquire(db, "o", replace(us, started="1"), 1000.0, 60.0)
    assert acquire(db, "o", replace(us, pid=os.getppid()), 1001.0, 60.0).fence == 2


def test_a_silent_runner_elsewhere_is_replaced_when_its_lease_ends(db: Database) -> None:
    acquire(db, "o", HERE, 1000.0, 60.0)
    with pytest.raises(LeaseHeld, match="process 11 on alpha"):
        acquire(db, "o", THERE, 1059.9, 60.0)
    assert acquire(db, "o", THERE, 1060.0, 60.0) == Lease("o", 2, THERE)


def test_a_renewed_lease_lasts_from_then_on(db: Database, other: Database) -> None:
    lease = acquire(db, "o", HERE, 1000.0, 60.0)
    renew(db, lease, 1050.0, 60.0)
    with pytest.raises(LeaseHeld):
        acquire(other, "o", THERE, 1100.0, 60.0)


def test_a_released_lease_is_free(db: Database, other: Database) -> None:
    release(db, acquire(db, "o", HERE, 1000.0, 60.0))
    assert acquire(other, "o", THERE, 1001.0, 60.0).fence == 2


def test_the_holder_itself_gets_a_new_lease(db: Database) -> None:
    """After a run that broke off, in the same process; the old lease is worth nothing then."""
    old = acquire(db, "o", HERE, 1000.0, 60.0)
    assert acquire(db, "o", HERE, 1001.0, 60.0).fence == 2
    with pytest.raises(FenceLost):
        renew(db, old, 1002.0, 60.0)


def test_orgs_have_leases_of_their_own(db: Database, other: Database) -> None:
    acquire(db, "o", HERE, 1000.0, 60.0)
    assert acquire(other, "p", THERE, 1000.0, 60.0).fence == 1


def test_a_runner_that_was_replaced_commits_nothing(db: Database, other: Database) -> None:
    """Neither a write, nor a renewal; and letting go leaves the new holder's lease alone."""
    lease = acquire(db, "o", HERE, 1000.0, 60.0)
    put(db, "before")
    acquire(other, "o", THERE, 2000.0, 60.0)
    put(other, "other's")
    with pytest.raises(FenceLost), db.transaction("settle"):
        put(db, "late")
    with pytest.raises(FenceLost):
        put(db, "later")
    with pytest.raises(FenceLost):
        renew(db, lease, 2001.0, 60.0)
    release(db, lease)
    put(other, "other's second")
    assert db.rows(NAMES, org="o") == [("before",), ("other's",), ("other's second",)]


def test_a_runner_that_was_replaced_and_clashes_is_told_that_it_was(
    db: Database, other: Database
) -> None:
    """It knows nothing of what the other one has made meanwhile, and makes the same."""
    acquire(db, "o", HERE, 1000.0, 60.0)
    acquire(other, "o", THERE, 2000.0, 60.0)
    put(other, "made")
    with pytest.raises(FenceLost):
        put(db, "made")
    assert db.rows(NAMES, org="o") == [("made",)]


def test_a_runner_replaced_just_before_its_commit_commits_nothing(postgres_url: str) -> None:
    """The fence is looked at last; from there to the commit nobody can take the lease."""
    other = Database(postgres_url)

    def point(name: str) -> None:
        if name == "before settle":
            acquire(other, "o", THERE, 2000.0, 60.0)

    db = Database(postgres_url, point)
    acquire(db, "o", HERE, 1000.0, 60.0)
    with pytest.raises(FenceLost), db.transaction("settle"):
        put(db, "late")
    assert other.rows(NAMES, org="o") == []
    db.close()
    other.close()


def test_a_state_read_without_a_lease_needs_none(db: Database, other: Database) -> None:
    acquire(db, "o", HERE, 1000.0, 60.0)
    assert other.rows(NAMES, org="o") == []


def test_of_many_that_ask_at_once_one_gets_the_lease(shared_url: str) -> None:
    Database(shared_url).close()
    got: list[int] = []
    held: list[LeaseHeld] = []
    together = threading.Barrier(6)

    def ask(number: int) -> None:
        db = Database(shared_url)
        together.wait()
        try:
            got.append(acquire(db, "o", Holder(f"host-{number}", 1, "1"), 1000.0, 60.0).fence)
        except LeaseHeld as error:
            held.append(error)
        db.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert got == [1]
    assert len(held) == 5
