"""A simulated Salesforce org in the hands of a test, and what a client sends to it.

Knows how to sign in and to ask; doesn't know our connector. Used by the tests of the simulator.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.salesforce.simulator import simulate
from syncrules.tests.worlds import VirtualClock

URL = "https://acme.my.salesforce.com"


class Org:
    """A simulated org and a token of it; `call` sends what a client would."""

    def __init__(self, records: int = 60, **options: Any) -> None:
        self.clock = VirtualClock()
        self.sim = simulate(SimulatorOptions(records=records, clock=self.clock, **options))
        self.headers: dict[str, str] = {}
        self.sign_in()

    def sign_in(self) -> None:
        granted = self.token({"grant_type": "client_credentials"}).json()
        self.headers = {"authorization": f"Bearer {granted['access_token']}"}

    def token(self, form: Mapping[str, str], **more: str) -> Response:
        known = self.sim.sign_in(URL)
        named = {name: known[name] for name in ("client_id", "client_secret")}
        body = urlencode({**named, **form, **more}).encode()
        return self.sim.handle(Request("POST", f"{URL}/services/oauth2/token", {}, body))

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """`body` is sent as JSON, bytes as they are."""
        url = path if path.startswith("/") else f"/services/data/v59.0/{path}"
        plain = b"" if body is None else body
        raw = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
        every = {**self.headers, **(headers or {})}
        return self.sim.handle(Request(method, f"{URL}{url}", every, raw))

    def query(self, text: str, resource: str = "query") -> Any:
        return self.call("GET", f"{resource}?q={quote_plus(text)}").json()

    def ids(self, text: str) -> list[str]:
        return [one["Id"] for one in self.query(text)["records"]]

    def make(self, name: str, **values: object) -> str:
        made = self.call("POST", f"sobjects/{name}", values)
        assert made.status == 201, made.body
        return str(made.json()["id"])

    def collect(self, method: str, *records: Mapping[str, object], whole: bool = False) -> Any:
        body = {"allOrNone": whole, "records": list(records)}
        reply = self.call(method, "composite/sobjects", body)
        assert reply.status == 200, reply.body
        return reply.json()


def of(name: str, **values: object) -> dict[str, object]:
    return {"attributes": {"type": name}, **values}


def error(reply: Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal of a whole request."""
    (only,) = reply.json()
    return reply.status, only["errorCode"], only["message"]
