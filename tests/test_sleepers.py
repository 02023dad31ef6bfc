"""A runner that falls asleep: another takes over, and the one that wakes up late commits nothing.

Real processes, frozen by SIGSTOP as a laptop that is closed or a machine that is paused freezes
them, on SQLite and on PostgreSQL. Where two minutes have to pass until its lease is over, the lease
is made over.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import bindparam, update
from syncrules.connectors.base.wire import Request
from syncrules.engine.run import run as verbs
from syncrules.engine.run.run import LEASE
from syncrules.engine.store import tables
from syncrules.engine.store.database import Database, statement, table
from syncrules.engine.store.lease import Holder
from syncrules.errors import FenceLost
from syncrules.tests import kills
from syncrules.tests.begun import Begun
from syncrules.tests.guide.team import HEAD, LEADS, Team

RULES = HEAD + "push contact as Lead { match on email }\n" + LEADS
ends = statement(update(table(tables.Lease)).values(until=bindparam("at")))
PEOPLE = [f"p{number}@asleep.example" for number in range(20)]


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new state."""
    if request.param == "PostgreSQL":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'state.db'}"


@pytest.fixture
def here(state: str, tmp_path: Path) -> Iterator[kills.Place]:
    """A project whose rules have run, and twenty contacts who have come since."""
    with kills.place(tmp_path, 5, state) as place:
        assert place.finish("run").code == 0
        for address in PEOPLE:
            values = {"last_name": address[:3], "email": address, "stage": "Interested"}
            place.apollo.create("contact", values)
        yield place


def fall_asleep(here: kills.Place, at: Callable[[Request], bool]) -> Begun:
    """A run that is frozen when a request of its has been carried out, and has no reply yet."""
    asleep: list[Request] = []
    begun: list[Begun] = []

    def replied(request: Request) -> None:
        if begun and not asleep and at(request):
            begun[0].send_signal(signal.SIGSTOP)
            while _state(begun[0].pid) != "T":
                time.sleep(0.001)
            asleep.append(request)

    here.replied = replied
    begun.append(here.start("run"))
    until = time.monotonic() + kills.PATIENCE
    while not asleep and begun[0].poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    assert asleep, begun[0].poll()
    return begun[0]


def _state(pid: int) -> str:
    """What a process does, in a letter. See proc(5), field 3 of `stat`."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def a_look(request: Request) -> bool:
    return "/query" in request.url


def a_batch(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/composite/sobjects")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="it is told by /proc who is frozen")
@pytest.mark.parametrize("at", [a_look, a_batch])
def test_a_runner_that_wakes_up_late_commits_nothing(
    here: kills.Place, state: str, at: Callable[[Request], bool]
) -> None:
    """Frozen while it looks, or while its batch is on its way: as long as its lease lasts nobody
    else works; then another run does all there is, and adopts the batch. The first wakes up, ends
    with exit code 5, and has neither written nor committed anything more."""
    first = fall_asleep(here, at)
    try:
        refused = here.finish("run")
        assert refused.code == 5
        assert f"process {first.pid}" in refused.err
        db = Database(state)
        db.run(ends, at=time.time() - 1)
        db.close()
        second = here.finish("run")
        assert second.code == 0, second.err
        written = here.writes()
    finally:
        first.send_signal(signal.SIGCONT)
    ended = here.heard(first, kills.PATIENCE)
    assert ended.code == 5
    assert "another run took over while this one was silent" in ended.err
    assert "Traceback" not in ended.err
    assert here.writes() == written
    assert here.finish("run").code == 0
    assert here.writes() == written
    leads = Counter(str(one.get("Email")) for one in here.salesforce.rows("Lead").values())
    assert {one: leads[one] for one in PEOPLE} == dict.fromkeys(PEOPLE, 1)
    assert here.finish("errors").code == 0


def test_a_batch_that_has_not_left_when_its_runner_sleeps_never_leaves(
    tmp_path: Path,
) -> None:
    """It has said that it sends it, and sleeps before it does. Whoever takes over finds nothing
    there, and makes the records; the first may not send its own after that."""
    state = f"sqlite:///{tmp_path / 'state.db'}"
    team = Team(RULES, state=state).began()
    for name in ("ada", "bea", "cleo"):
        team.contact(name)
    db = Database(state)
    elsewhere = Holder("elsewhere", 1, "1")
    other = replace(team.setup, db=db, holder=elsewhere, connectors=team.sign_in())

    def falls_asleep() -> None:
        team.clock.sleep(LEASE + 1)
        verbs.run(other)

    team.during("after sent", falls_asleep)
    with pytest.raises(FenceLost) as told:
        team.hour()
    assert told.value.exit_code == 5
    db.close()
    team.hour()
    assert len(team.right("Lead", "Id")) == 3
    assert team.is_quiet()
    assert team.codes() == []
