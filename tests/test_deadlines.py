"""No request hangs and no system is asked in vain for ever: deadlines and the circuit, on sockets.

The servers here are sockets that misbehave. What becomes of a run is told at the end, on both
made-up systems.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import pytest
from sqlalchemy import text
from syncrules.connectors.base import world
from syncrules.connectors.base.wire import (
    ATTEMPTS,
    FAILURES,
    OK,
    REST,
    NoReply,
    NotSent,
    Request,
    Response,
    Verdict,
    Wire,
)
from syncrules.connectors.base.world import Job, Machine
from syncrules.engine.run.run import LEASE
from syncrules.engine.store.database import statement
from syncrules.errors import SystemUnavailable
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import HEAD, LEADS, Team
from syncrules.tests.servers import server
from syncrules.tests.worlds import SimWorld, VirtualClock

T = TypeVar("T")
SOON = 0.4
"""The deadline of each request here, in seconds."""
URL = "https://one.test/api"


def drip(what: bytes, first: bytes = b"") -> Callable[[socket.socket, threading.Event], None]:
    """Answers a byte at a time, each well before a timeout for silence would strike."""

    def behave(near: socket.socket, over: threading.Event) -> None:
        near.recv(65536)
        near.sendall(first)
        for place in range(len(what)):
            near.sendall(what[place : place + 1])
            if over.wait(0.05):
                return

    return behave


def silent(near: socket.socket, over: threading.Event) -> None:
    near.recv(65536)
    over.wait(30)


def deaf(near: socket.socket, over: threading.Event) -> None:
    """Takes little of what it is sent, and slowly."""
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    while not over.wait(0.05):
        near.recv(64)


HEADERS = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"
SERVERS = {
    "a status line, byte by byte": drip(HEADERS * 10),
    "headers without end": drip(b"x: y\r\n" * 1000, b"HTTP/1.1 200 OK\r\n"),
    "a body, byte by byte": drip(b"{" * 1000, HEADERS),
    "chunks without end": drip(
        b"1\r\nx\r\n" * 1000, HEADERS[:17] + b"transfer-encoding: chunked\r\n\r\n"
    ),
    "nothing at all": silent,
}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_that_takes_its_time_gets_no_more_than_the_deadline(kind: str) -> None:
    """Each byte comes in time and the whole never does: a write of it is in doubt."""
    world = Machine()
    with server(SERVERS[kind]) as url:
        began = time.monotonic()
        with pytest.raises(NoReply):
            world.send(Request("POST", url, {}, b"{}", timeout=SOON))
        took = time.monotonic() - began
    world.close()
    assert SOON * 0.9 < took < SOON + 2


def test_a_server_that_hardly_listens_gets_no_more_either() -> None:
    """Eight megabytes go out a little at a time, and the whole never does."""
    world = Machine()
    with server(deaf) as url:
        began = time.monotonic()
        with pytest.raises(NoReply):
            world.send(Request("POST", url, {}, b"x" * 8_000_000, timeout=SOON))
        took = time.monotonic() - began
    world.close()
    assert took < 2 * SOON + 2


def test_a_port_that_nobody_answers_at_is_given_up_in_time() -> None:
    """The queue of the port is full: no connection comes about, and nothing was sent."""
    world = Machine()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
            waiting.append(one)
        began = time.monotonic()
        with pytest.raises(NotSent):
            world.send(
                Request("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout=SOON)
            )
        took = time.monotonic() - began
        for one in waiting:
            one.close()
    world.close()
    assert took < SOON + 2


def test_a_connection_that_was_used_has_the_deadline_of_its_next_request() -> None:
    """Not what was left of the one before."""

    def behave(near: socket.socket, over: threading.Event) -> None:
        while near.recv(65536) and not over.wait(SOON * 0.7):
            near.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    world = Machine()
    with server(behave) as url:
        for _ in range(3):
            assert world.send(Request("GET", url, timeout=SOON)).body == b"{}"
    world.close()


# ---- the circuit ----------------------------------------------------------------------------


class Broken:
    """A system that answers as it is told, and counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.lost = True
        self.clock = VirtualClock()
        world = SimWorld({"one.test": self.handle}, self.clock)
        self.wire = Wire(world, "one", self.judge)

    def handle(self, request: Request) -> Response:
        self.asked += 1
        if self.lost and request.method == "POST":
            raise NoReply("lost")
        return Response(503 if self.lost else 200)

    def judge(self, response: Response) -> Verdict:
        return OK if response.status == 200 else Verdict("lost", text="HTTP 503")

    def write(self) -> None:
        self.wire.call(Request("POST", URL), repeatable=False)

    def read(self) -> None:
        self.wire.call(Request("GET", URL), repeatable=True)


def test_a_system_that_answers_nobody_is_asked_no_more() -> None:
    """After so many failures in a row, reads and writes among them, each call ends at once, with
    nothing sent and the last failure told; after a minute's rest one request tries it again."""
    one = Broken()
    for _ in range(FAILURES - ATTEMPTS):
        with pytest.raises(NoReply):
            one.write()
    with pytest.raises(SystemUnavailable):
        one.read()
    assert one.asked == FAILURES
    for act in (one.write, one.read):
        with pytest.raises(SystemUnavailable, match=r"10 requests in a row were in vain.*HTTP 503"):
            act()
    assert one.asked == FAILURES
    one.clock.sleep(REST)
    with pytest.raises(NoReply):
        one.write()
    assert one.asked == FAILURES + 1
    with pytest.raises(SystemUnavailable):
        one.write()
    one.clock.sleep(REST)
    one.lost = False
    for _ in range(5):
        one.write()
    assert one.asked == FAILURES + 6


def test_failures_that_are_not_in_a_row_are_none() -> None:
    """One answer in between, and it counts anew."""
    one = Broken()
    for number in range(4 * FAILURES):
        one.lost = number % (FAILURES - 1) != 0
        if one.lost:
            with pytest.raises(NoReply):
                one.write()
        else:
            one.write()
    assert one.asked == 4 * FAILURES


def test_a_clock_that_is_set_back_keeps_no_system_waiting() -> None:
    """A rest that would last a day more is over."""
    one = Broken()
    for _ in range(FAILURES):
        with pytest.raises(NoReply):
            one.write()
    one.wire.world.clock = VirtualClock(one.clock.now() - 24 * HOUR)
    one.lost = False
    one.write()


# ---- a run ----------------------------------------------------------------------------------

BODIES = statement(text("SELECT body FROM records WHERE object = :object"))
RULES = HEAD + "push contact as Lead { match on email }\npull Lead as contact { match on email }\n"


@pytest.mark.parametrize("gone", ["apollo", "salesforce"])
def test_of_two_systems_the_one_that_answers_is_read(gone: str) -> None:
    """The run ends with exit code 4 and writes nothing; what is new on the other side is known by
    then, and arrives once both are back."""
    team = Team(RULES + LEADS).began()
    team.contact("ada")
    team.lead("bob")
    away = team.world.handlers.pop(f"{gone}.test")
    team.clock.sleep(HOUR)
    with pytest.raises(SystemUnavailable) as told:
        team.run()
    assert (told.value.exit_code, gone in told.value.what) == (4, True)
    there = "salesforce" if gone == "apollo" else "apollo"
    before = len([one for one in team.world.sent if f"{there}.test" in one.url])
    assert before
    object, name = ("Lead", "bob") if there == "salesforce" else ("contact", "ada")
    known = team.db.rows(BODIES, object=object)
    assert any(name in body for (body,) in known)
    team.world.handlers[f"{gone}.test"] = away
    team.hour()
    assert {"ada@berg.example", "bob@berg.example"} <= set(team.right("Lead", "Email"))
    assert team.is_quiet()


UNTIL = statement(text("SELECT until FROM lease"))


def test_who_waits_for_a_system_keeps_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that is busy may let a write wait for minutes: no second runner takes over, and
    makes the same record, while the first is only waiting."""
    team = Team(RULES + LEADS).began()
    team.contact("ada")
    plain, left = team.world.lanes, []

    def slow(jobs: Iterable[Job[T]], alive: Callable[[], None]) -> Iterator[tuple[Job[T], T]]:
        for one in plain(jobs):
            for _ in range(8):
                team.clock.sleep(LEASE / 2)
                alive()
                [until] = team.db.row(UNTIL) or (0.0,)
                left.append(until - team.clock.now())
            yield one

    monkeypatch.setattr(team.world, "lanes", slow)
    team.hour()
    assert min(left) > LEASE / 2


def test_while_jobs_are_waited_for_a_sign_of_life_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(world, "ALIVE", 0.05)
    signs: list[float] = []
    job = Job("slow", frozenset(), lambda: time.sleep(0.5))
    list(Machine().lanes([job], lambda: signs.append(time.monotonic())))
    assert len(signs) >= 3
