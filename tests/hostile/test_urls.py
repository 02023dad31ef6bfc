"""No request leaves the configured hosts, whatever a reply, a record or a setting names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from syncrules.connectors.base.login import Secret, bare
from syncrules.connectors.base.serve import Server
from syncrules.connectors.base.wire import Request, Response, host
from syncrules.connectors.base.world import Machine
from syncrules.connectors.salesforce.door import Door
from syncrules.connectors.salesforce.linking import sign_in
from syncrules.engine.systems import kind
from syncrules.errors import SystemUnavailable, UsageError
from syncrules.tests.hostile.urls import hostile
from syncrules.tests.salesforce_connected import HOST, Org
from syncrules.tests.worlds import SimWorld

URLS = hostile()
NEAR = ("127.0.0.1", "[::1]")
HOME = f"https://{HOST}"
GIVEN: dict[str, dict[str, str | Secret]] = {
    "apollo": {"key": Secret("k")},
    "salesforce": {"client_id": "c", "client_secret": Secret("s")},
}


def test_there_are_many_and_all_are_others() -> None:
    assert len(URLS) > 200


@pytest.mark.parametrize("setting", ["apollo url", "salesforce url", "salesforce login_url"])
def test_a_setting_is_a_plain_host_over_tls_or_refused(setting: str) -> None:
    """What two programs may read in two ways is none: one clear message, which doesn't repeat it.
    This machine needs no TLS."""
    system, name = setting.split()
    for url in URLS:
        try:
            kind(system).connect({**GIVEN[system], name: url}, SimWorld({}))
        except UsageError as error:
            assert f"`{name}` of" in error.what and error.why and error.fix, url
        else:
            assert not url or bare(url.strip()), url
            assert not url or url.strip().startswith("https://") or host(url) in NEAR, url


def spoilt(org: Org, change: Callable[[dict[str, object]], dict[str, object]]) -> None:
    """The token endpoint answers something else from now on."""

    def far(request: Request) -> Response:
        reply = org.sim.handle(request)
        if "/oauth2/token" not in request.url or reply.status != 200:
            return reply
        return Response(200, reply.headers, json.dumps(change(reply.json())).encode())

    org.world.handlers[HOST] = far


@pytest.fixture(scope="module")
def org() -> Org:
    return Org()


def asked(org: Org) -> set[str]:
    hosts = {host(one.url) for one in org.world.sent}
    org.world.sent.clear()
    return hosts


def test_no_token_goes_to_an_instance_that_is_not_at_salesforce(org: Org) -> None:
    """`instance_url` of a token's reply: refused before anything is sent there."""
    for url in URLS:
        spoilt(org, lambda told, url=url: {**told, "instance_url": url})  # type: ignore[misc]
        with pytest.raises(SystemUnavailable) as caught:
            org.connect().describe(["Lead"])
        assert "evil" not in str(caught.value)
        assert asked(org) == {HOST}


@pytest.mark.parametrize(
    ("login", "instance", "good"),
    [
        ("https://login.salesforce.com", "https://acme.my.salesforce.com", True),
        ("https://login.salesforce.com", "https://acme--box.sandbox.my.salesforce.com/", True),
        ("https://acme.my.salesforce.com", "https://na1.salesforce.com", True),
        ("https://login.salesforce.com", "https://acme.lightning.force.com", False),
        ("https://login.salesforce.com", "http://127.0.0.1:8701", False),
        ("https://proxy.example", "https://proxy.example", True),
        ("https://proxy.example", "https://acme.my.salesforce.com", False),
        ("http://127.0.0.1:8701", "http://127.0.0.1:8701", True),
        ("http://127.0.0.1:8701", "https://evil.test", False),
    ],
)
def test_an_instance_is_where_the_sign_in_was_or_at_salesforce(
    login: str, instance: str, good: bool
) -> None:
    door = Door({"client_id": "c", "login_url": login}, SimWorld({}))
    assert door.at_home(instance) is good


class Someone:
    """Who signs in with a code, and is sent somewhere."""

    device = True

    def __init__(self) -> None:
        self.sent: list[str] = []

    def enter(self, address: str, code: str) -> None:
        self.sent.append(address)
        raise EOFError

    def browse(self, address: str, callback: str, state: str) -> dict[str, str]:
        raise EOFError

    def secret(self, question: str) -> Secret:
        raise EOFError

    def nonce(self) -> str:
        return "n" * 43


def test_nobody_is_sent_to_a_page_that_is_not_at_salesforce(org: Org) -> None:
    """`verification_uri` is shown to a person, who types a password there."""
    settings = {"client_id": org.sim.sign_ins.client_id, "login_url": HOME}
    for url in URLS:
        spoilt(org, lambda told, url=url: {**told, "verification_uri": url})  # type: ignore[misc]
        someone = Someone()
        with pytest.raises(SystemUnavailable):
            sign_in(settings, org.world, someone)
        assert someone.sent == []
        assert asked(org) == {HOST}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that nobody has configured, and what was asked of it."""
    came: list[str] = []

    class Far:
        def handle(self, request: Request) -> Response:
            came.append(request.url)
            return Response(200, {"content-type": "application/json"}, b"{}")

        def sign_in(self, url: str) -> dict[str, str]:
            return {}

    with Server(Far()) as server:
        yield server.url, came


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, elsewhere: tuple[str, list[str]]) -> None:
    """Over real HTTP, with any kind of redirect, for a read and for a write."""
    url, came = elsewhere

    class Redirects:
        def handle(self, request: Request) -> Response:
            return Response(status, {"location": f"{url}/stolen", "refresh": f"0; url={url}"})

        def sign_in(self, url: str) -> dict[str, str]:
            return {}

    world = Machine()
    try:
        with Server(Redirects()) as near:
            for method in ("GET", "POST"):
                reply = world.send(Request(method, f"{near.url}/x", {"x-api-key": "k"}, b""))
                assert reply.status == status
    finally:
        world.close()
    assert came == []
