"""What a server, or the settings of a machine, may say to the one place that sends requests.

On real sockets. A request that was sent is never taken for one that was not.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from syncrules.connectors.base.wire import OK, NoReply, NotSent, Request, Response, Wire
from syncrules.connectors.base.world import Machine
from syncrules.errors import UsageError
from syncrules.tests.hostile.urls import hostile
from syncrules.tests.servers import server

ODD = (
    *("javascript:alert(1)", "http://xn--", ":data://]", "//xn--javascript:", "ftp:x\u202e::1#"),
    *("//user:hushhush@:x", "http://x:99999999/", "http://[", "\xff://", "http:///"),
)


@pytest.fixture
def machine() -> Iterator[Machine]:
    world = Machine(seed=1)
    yield world
    world.close()


class Answers:
    """A server that sends the same bytes to each request, and keeps what it was asked."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[bytes] = []

    def __call__(self, near: socket.socket, over: threading.Event) -> None:
        self.asked.append(near.recv(65536))
        near.sendall(self.data)


def moved(address: str) -> bytes:
    place = address.encode("utf-8", "surrogatepass")
    place = place.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
    return (
        b"HTTP/1.1 302 Found\r\nlocation: "
        + place
        + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    )


def test_a_create_that_is_answered_with_an_address_is_sent_once(machine: Machine) -> None:
    """Whatever that is: it may have been carried out, and is in doubt or judged by its status."""
    answers = Answers(b"")
    with server(answers) as url:
        wire = Wire(machine, "there", lambda reply: OK)
        for address in (*ODD, *hostile()[::5]):
            answers.data, before = moved(address), len(answers.asked)
            try:
                reply: Response | None = wire.call(
                    Request("POST", url, body=b"x"), repeatable=False
                )
            except NoReply as error:
                assert "hushhush" not in str(error)
            else:
                assert reply is not None and reply.status == 302
            assert len(answers.asked) == before + 1, address


def test_what_a_system_lets_a_browser_keep_is_not_sent_back(machine: Machine) -> None:
    """One login of it would follow another one's requests."""
    head = b"HTTP/1.1 200 OK\r\nset-cookie: sid=hushhush\r\nconnection: close\r\n"
    answers = Answers(head + b"content-length: 2\r\n\r\n{}")
    with server(answers) as url:
        for _ in range(2):
            assert machine.send(Request("GET", url)).status == 200
    assert not any(b"cookie" in one.lower() for one in answers.asked)


def test_a_line_that_can_not_be_read_is_not_repeated(machine: Machine) -> None:
    """Neither one of a reply nor one that a request would have had: both may hold a secret."""
    answers = Answers(b"HTTP/1.1 200 OK\r\nset-cookie: sid=hushhush\0\r\n\r\n")
    with server(answers) as url:
        for headers in ({}, {"x-key": "hushhush\nx: y"}, {"x-key": "hushhush\xe4"}):
            with pytest.raises((NoReply, NotSent)) as caught:
                machine.send(Request("GET", url, headers))
            assert "hushhush" not in str(caught.value)
            assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "gopher://me:hushhush@here"),
        ("HTTP_PROXY", "http://here:hushhush"),
        ("all_proxy", "://"),
        ("NO_PROXY", "\udcff"),
        ("SSL_CERT_FILE", "nowhere.pem"),
        ("SSLKEYLOGFILE", "no/such/folder"),
    ],
)
def test_settings_of_the_machine_that_no_request_can_have_are_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Once, and not as a system that can't be reached; a proxy's password isn't repeated."""
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError) as caught:
        machine.send(Request("GET", "http://127.0.0.1:1/"))
    error = caught.value
    assert name in error.what.upper() or name.upper() in error.what
    assert error.why and error.fix
    assert "hushhush" not in f"{error} {error.fix}"
