"""Where requests may go, and what is said when nobody answers there."""

from __future__ import annotations

import socket

import pytest
from syncrules.connectors.base.login import Secret, address, safe
from syncrules.connectors.base.wire import NotSent, Request
from syncrules.connectors.base.world import Machine
from syncrules.engine.systems import kind
from syncrules.errors import UsageError
from syncrules.tests.worlds import SimWorld

GIVEN: dict[str, dict[str, str | Secret]] = {
    "apollo": {"system": "crm", "key": Secret("k")},
    "salesforce": {"system": "crm", "client_id": "c", "client_secret": Secret("s")},
}


@pytest.mark.parametrize("connector", GIVEN)
@pytest.mark.parametrize(
    "url",
    [
        "http://far.example",
        "far.example",
        "127.0.0.1:8701",
        "htp://127.0.0.1",
        "https://",
        "http://127.0.0.1:87x",
        "https://far.example/path",
    ],
)
def test_no_connector_sends_secrets_to_an_address_that_is_not_safe(
    connector: str, url: str
) -> None:
    """Anything but TLS or this very machine is refused at once, by the name of the setting."""
    with pytest.raises(UsageError, match=r"`url` of \[systems\.crm\] can't be used") as caught:
        kind(connector).connect({**GIVEN[connector], "url": url}, SimWorld({}))
    assert "https://" in caught.value.fix


@pytest.mark.parametrize("secret", ["two\nlines", "schlüssel", "\udcff"])
@pytest.mark.parametrize(
    ("connector", "name"), [("apollo", "key"), ("salesforce", "client_secret")]
)
def test_a_secret_that_no_request_can_carry_is_refused_and_not_repeated(
    connector: str, name: str, secret: str
) -> None:
    """A line of the clipboard too many is told by the name of the setting, before any request."""
    given = {**GIVEN[connector], name: Secret(secret)}
    with pytest.raises(UsageError, match=rf"`{name}` of \[systems\.crm\] can't be used") as caught:
        kind(connector).connect(given, SimWorld({}))
    assert secret not in f"{caught.value} {caught.value.why} {caught.value.fix}"


def test_this_machine_needs_no_tls() -> None:
    """Simulators and proxies listen here; a slash at the end means nothing."""
    for url in ("http://127.0.0.1:8701/", "http://localhost:1", "http://[::1]:80"):
        assert safe(url)
        assert address(url, "`url`", "https://x.example") == url.rstrip("/")


def test_a_closed_port_is_told_without_the_names_of_exceptions() -> None:
    """No class of ours or of a library, and no number of an error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    world = Machine()
    try:
        with pytest.raises(NotSent) as caught:
            world.send(Request("GET", f"http://127.0.0.1:{port}/", timeout=5.0))
    finally:
        world.close()
    assert str(caught.value) == "connection refused"
