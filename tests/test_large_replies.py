"""No reply fills the memory: one without end, or that unpacks to more than a reply may have, is
read no further, and told in one sentence.

On real sockets; what becomes of a run is told at the end, on both made-up systems.
"""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from syncrules.connectors.base.contract import Read
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import Server
from syncrules.connectors.base.wire import (
    MOST,
    MOST_VALUES,
    OK,
    NoReply,
    Request,
    Response,
    TooLarge,
    Wire,
    json_request,
)
from syncrules.connectors.base.world import Machine
from syncrules.connectors.salesforce import bulk, feeds
from syncrules.connectors.salesforce.connector import KIND
from syncrules.errors import ReplyTooLarge, SystemUnavailable
from syncrules.tests.guide.team import HEAD, LEADS, Team
from syncrules.tests.salesforce_connected import Org, by_id
from syncrules.tests.servers import server

LIMIT = 4_000_000
MEGABYTE = 1_000_000
HEADERS = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
GZIP = b"content-encoding: gzip\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
Behave = Callable[[socket.socket, threading.Event], None]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def endless(near: socket.socket, over: threading.Event) -> None:
    """As much as anybody takes, in well-formed pieces."""
    near.recv(65536)
    near.sendall(HEADERS + CHUNKED)
    while not over.is_set():
        near.sendall(chunk(b"[" * 65536))


def huge(near: socket.socket, over: threading.Event) -> None:
    """Says at once how much it is: fifty gigabytes."""
    near.recv(65536)
    near.sendall(HEADERS + b"content-length: 50000000000\r\n\r\n")
    while not over.is_set():
        near.sendall(b"[" * 65536)


def packed(layers: int) -> Behave:
    """A few kilobytes that are a gigabyte, and more where they are packed once more."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    data = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(1_000)) + packer.flush()
    for _ in range(layers - 1):
        data = gzip.compress(data)
    coding = ", ".join(["gzip"] * layers).encode()

    def behave(near: socket.socket, over: threading.Event) -> None:
        near.recv(65536)
        near.sendall(HEADERS + b"content-encoding: " + coding + b"\r\n" + CHUNKED)
        for start in range(0, len(data), 65536):
            near.sendall(chunk(data[start : start + 65536]))
        near.sendall(b"0\r\n\r\n")
        over.wait(1)

    return behave


def reply(body: bytes, headers: bytes = b"") -> Behave:
    def behave(near: socket.socket, over: threading.Event) -> None:
        near.recv(65536)
        length = b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        near.sendall(HEADERS + headers + length + body)

    return behave


@pytest.fixture
def machine() -> Iterator[Machine]:
    world = Machine(seed=1)
    yield world
    world.close()


@pytest.mark.parametrize(
    "behave", [endless, huge, packed(1)], ids=["without end", "huge", "unpacks to a gigabyte"]
)
def test_a_reply_is_read_up_to_the_most_it_may_have(machine: Machine, behave: Behave) -> None:
    """No more than that is ever held, and a little for the way it comes."""
    with server(behave) as url:
        tracemalloc.start()
        with pytest.raises(TooLarge, match="more than 4 MB"):
            machine.send(Request("GET", url, timeout=20, most=LIMIT))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 3 * LIMIT


def after_the_end(near: socket.socket, over: threading.Event) -> None:
    """Goes on for ever where what was packed has come to its end."""
    near.recv(65536)
    near.sendall(HEADERS + GZIP + CHUNKED + chunk(gzip.compress(b"{}")))
    while not over.is_set():
        near.sendall(chunk(b"x" * 65536))


@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "each by itself"])
def test_what_is_packed_in_parts_is_read_to_its_end(machine: Machine, together: bool) -> None:
    """However they come: half of a sheet would be taken for the whole."""
    parts = [gzip.compress(b"Id\n1\n"), gzip.compress(b""), gzip.compress(b"2\n")]

    def behave(near: socket.socket, over: threading.Event) -> None:
        near.recv(65536)
        near.sendall(HEADERS + GZIP + CHUNKED)
        for one in [b"".join(parts)] if together else parts:
            near.sendall(chunk(one))
            over.wait(0.01)
        near.sendall(b"0\r\n\r\n")

    with server(behave) as url:
        assert machine.send(Request("GET", url, timeout=5)).body == b"Id\n1\n2\n"


@pytest.mark.parametrize(
    ("behave", "told"),
    [
        (after_the_end, "can't be unpacked"),
        (packed(2), "packed in a way that was not asked for"),
        (reply(b"()", b"content-encoding: br\r\n"), "packed in a way that was not asked for"),
        (reply(b"no gzip", GZIP), "can't be unpacked"),
        (reply(gzip.compress(b"{}" * 99)[:-4], GZIP), "cut off"),
        (reply(gzip.compress(b"{}") + b"()", GZIP), "can't be unpacked"),
    ],
    ids=["and goes on", "twice", "in another way", "not at all", "cut off", "with more"],
)
def test_what_is_packed_otherwise_is_no_reply(machine: Machine, behave: Behave, told: str) -> None:
    """Nobody unpacks what was packed twice: each layer is a thousand times the one before."""
    with server(behave) as url, pytest.raises(NoReply, match=told):
        machine.send(Request("GET", url, timeout=5, most=LIMIT))


@pytest.mark.parametrize(
    "behave",
    [
        reply(b"x" * LIMIT),
        reply(gzip.compress(b"x" * LIMIT), GZIP),
        reply(b"x" * LIMIT, b"content-encoding: identity\r\n"),
    ],
    ids=["plain", "gzip", "identity"],
)
def test_a_reply_with_just_the_most_comes_whole(machine: Machine, behave: Behave) -> None:
    """The limit counts what it unpacks to."""
    with server(behave) as url:
        found = machine.send(Request("GET", url, timeout=5, most=LIMIT))
        with pytest.raises(TooLarge):
            machine.send(Request("GET", url, timeout=5, most=LIMIT - 1))
    assert found.body == b"x" * LIMIT


def test_an_empty_reply_may_say_that_it_is_packed(machine: Machine) -> None:
    with server(reply(b"", GZIP)) as url:
        assert machine.send(Request("GET", url, timeout=5)).body == b""


def test_a_read_that_is_too_large_is_asked_for_once_and_a_write_is_in_doubt(
    machine: Machine,
) -> None:
    """To ask again would bring the same. The error names the limit, and what to do."""
    asked = []

    def count(near: socket.socket, over: threading.Event) -> None:
        asked.append(near)
        endless(near, over)

    wire = Wire(machine, "one", lambda response: OK)
    with server(count) as url:
        with pytest.raises(ReplyTooLarge) as told:
            wire.call(Request("GET", url, timeout=5, most=LIMIT), repeatable=True)
        assert len(asked) == 1
        with pytest.raises(NoReply):
            wire.call(Request("POST", url, timeout=5, most=LIMIT), repeatable=False)
    assert "127.0.0.1" in told.value.what and "4 MB" in told.value.why
    assert told.value.fix and told.value.exit_code == 4


def test_room_is_left_for_the_largest_pages_there_are() -> None:
    """2,000 records of Salesforce, 100 of Apollo: half a hundred kilobytes for each, at least."""
    assert Request("GET", "https://one.test").most == MOST == 2_000 * 50_000


def test_a_sheet_may_have_as_many_values_as_it_likes(machine: Machine) -> None:
    """It is read row by row: only what is taken into memory as a whole is counted."""
    sheet = b"," * (MOST_VALUES + 1)
    with server(reply(sheet)) as url:
        asked = Request("GET", url, {"accept": "text/csv"}, timeout=20)
        assert Wire(machine, "one", lambda response: OK).call(asked, repeatable=True).body == sheet
        with pytest.raises(ReplyTooLarge, match="sends more than a reply may have"):
            Wire(machine, "one", lambda response: OK).call(
                json_request("GET", url, timeout=20), repeatable=True
            )


# ---- in bulk --------------------------------------------------------------------------------


class Narrow(Machine):
    """The real world with little room: a sheet of more than so many bytes is too large."""

    def send(self, request: Request) -> Response:
        return super().send(replace(request, most=5_000 if "/results" in request.url else MOST))


def test_a_sheet_that_is_too_large_comes_in_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty thousand rows may be more than a reply may have: half as many are asked for, until they
    fit, over real HTTP and zipped; none is lost."""
    monkeypatch.setattr(feeds, "FROM", 25)
    monkeypatch.setattr(bulk, "FEWEST", 5)
    org = Org()
    org.people(60, Description="Long. " * 50)
    org.sim.resources.page_size = 10
    with Server(org.sim) as there:
        found, world = org.sim.sign_in(there.url), Narrow()
        settings: dict[str, str | Secret] = {
            "system": "salesforce",
            "url": there.url,
            "client_id": found["client_id"],
            "client_secret": Secret(found["client_secret"]),
        }
        ask = Read("salesforce", "Lead", ("Email", "Description"))
        monkeypatch.setattr(bulk, "SHEET", 80)
        pages = list(KIND.connect(settings, world).read(ask, None))
        assert len(by_id(pages)) == 60 and pages[-1].complete
        assert org.sim.counts["GET jobs/query/{id}/results"] == 3 + 6
        monkeypatch.setattr(bulk, "FEWEST", 20)
        with pytest.raises(ReplyTooLarge):
            list(KIND.connect(settings, world).read(ask, None))
        world.close()


# ---- a run ----------------------------------------------------------------------------------

RULES = HEAD + "push contact as Lead { match on email }\npull Lead as contact { match on email }\n"


SPACES = b" " * MOST, "100 MB"
EMPTY_LISTS = b"[" + b"[]," * (MOST_VALUES // 2) + b"[]]", "4 million values"
"""Eight megabytes, and as many objects as are taken."""


@pytest.mark.parametrize(("more", "told"), [SPACES, EMPTY_LISTS], ids=["bytes", "values"])
@pytest.mark.parametrize("system", ["apollo", "salesforce"])
def test_a_run_that_meets_a_reply_too_large_ends_with_one_entry(
    system: str, more: bytes, told: str
) -> None:
    """Exit code 4, nothing written, one entry that says what, why and what to do; it is closed by
    the run that gets through, and nothing is lost."""
    team = Team(RULES + LEADS).began()
    team.contact("ada")
    plain = team.world.handlers[f"{system}.test"]
    path = "/search" if system == "apollo" else "/query"

    def large(request: Request) -> Response:
        found = plain(request)
        return replace(found, body=found.body + more) if path in request.url else found

    team.world.handlers[f"{system}.test"] = large
    for _ in range(2):
        with pytest.raises(SystemUnavailable, match="sends more than a reply may have"):
            team.hour()
    [entry] = team.errors()
    assert (entry.code, entry.system, entry.count) == ("reply-too-large", system, 2)
    assert told in entry.message and entry.advice
    team.world.handlers[f"{system}.test"] = plain
    team.hour()
    assert team.errors() == [] and team.right("Lead", "Email") == ["ada@berg.example"]
