"""A signed-in connection: client credentials, the instance's address, JSON in and out, the meter.

Knows the token endpoint and the headers that every reply has. Which errors mean what is told in
`refusals.py`; what is asked for, in `describe.py`, `feeds.py` and `writes.py`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from ...errors import SystemUnavailable, UsageError
from ..base.contract import Meter
from ..base.login import Login, Secret, address, plain, safe
from ..base.wire import (
    OK,
    NoReply,
    Request,
    Response,
    Verdict,
    Wire,
    host,
    json_request,
    with_headers,
)
from ..base.world import World
from .refusals import Complaint, advice, complaint, complaint_of, judge
from .settings import DEFAULT_LOGIN, DEFAULT_VERSION, MY_DOMAIN

READ_TIMEOUT = 120.0
WRITE_TIMEOUT = 180.0
"""Seconds. Salesforce itself gives up a query after 2 minutes and a save after 10."""

_UNREADABLE = 3
"""Times a read is asked for whose reply is cut off or no JSON."""

_USAGE = re.compile(
    r"(?:^|[;,]\s*)(per-app-api-usage|api-usage)=(\d+)/(\d+)(?:\(appName=([^)]*)\))?"
)


@dataclass(frozen=True, slots=True)
class Token:
    """What a sign-in gave. `org` and `user` are ids, "" where the reply named none."""

    secret: Secret
    instance: str
    org: str
    user: str


@dataclass(frozen=True, slots=True)
class Told:
    """A reply's JSON, and when its answer was taken: seconds by the server's clock, None where the
    reply has no date. It is never later than the moment the server looked."""

    data: Any
    taken: float | None


class Refused(Exception):
    """A request as a whole was refused with a status from 400 to 499."""

    def __init__(self, status: int, wrong: Complaint) -> None:
        super().__init__(str(wrong))
        self.status = status
        self.wrong = wrong


class Session:
    """One login of one org. Safe to use from several threads."""

    def __init__(self, settings: Mapping[str, str | Secret], world: World) -> None:
        self.system = _text(settings, "system") or "salesforce"
        self.world = world
        self.version = _version(_text(settings, "api_version") or DEFAULT_VERSION)
        where, url = f"of [systems.{self.system}]", _text(settings, "url")
        self._override = address(url, f"`url` {where}", MY_DOMAIN) if url else ""
        self._login_url = self._override or address(
            _text(settings, "login_url") or DEFAULT_LOGIN, f"`login_url` {where}", MY_DOMAIN
        )
        self._client_id = _text(settings, "client_id")
        given = settings.get("client_secret", "")
        self._client_secret = given if isinstance(given, Secret) else Secret(given)
        plain(self._client_secret.reveal(), f"`client_secret` of [systems.{self.system}]")
        self._login: Login[Token] = Login(self._sign_in)
        self._door = Wire(world, self.system, self._judge_sign_in)
        self._wire = Wire(world, self.system, judge, self._sign)
        self._mine = threading.local()
        self._usage: dict[str, tuple[int, int]] = {}
        self.ahead = 0.0
        """Seconds that the server's clock is ahead of ours, by its last reply."""

    def token(self) -> Token:
        """The token in use; signs in where there is none."""
        return self._login.get()

    def org(self) -> str:
        """The id of the org (18 characters, `00D...`)."""
        return self.token().org or str(self._who().get("organization_id", ""))

    def user(self) -> str:
        """The id of the user whose name our writes carry (`005...`)."""
        return self.token().user or str(self._who().get("user_id", ""))

    def meters(self) -> list[Meter]:
        """Calls of the last 24 hours, as the header Sforce-Limit-Info last told them."""
        return [
            Meter(endpoint, "day", used, limit)
            for endpoint, (used, limit) in sorted(self._usage.items())
        ]

    def get(self, path: str, **query: str) -> Told:
        """The JSON at `path` below `/services/data/vNN.0`, or at an absolute path of the instance.

        Raises `Refused` for 4xx, and what `Wire.call` raises.
        """
        url = self._url(path)
        if query:
            url += "?" + "&".join(
                f"{key}={quote_plus(text, errors='replace')}" for key, text in query.items()
            )
        return self._read(json_request("GET", url))

    def ask(self, path: str, body: object) -> Told:
        """Like `get`, for a question that has to be posted; it changes nothing."""
        return self._read(json_request("POST", self._url(path), body))

    def write(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of a reply to a write, which is sent once.

        Raises `NoReply` where it may have been carried out, `Refused`, and what `Wire.call` raises.
        Assignment rules of Salesforce stay out of it: they would move owners.
        """
        request = json_request(method, self._url(path), body, sforce_auto_assign="FALSE")
        response = self._wire.call(replace(request, timeout=WRITE_TIMEOUT), repeatable=False)
        self._note(response)
        self._raise_refusal(response)
        try:
            return response.json()
        except ValueError:
            raise NoReply("the reply is no JSON or is cut off") from None

    def failure(self, what: str, refused: Refused) -> SystemUnavailable:
        """The error for a person, of a read that was refused."""
        return SystemUnavailable(
            f"{self.system} refused {what}",
            why=str(refused.wrong),
            fix=advice(refused.wrong.code) or "see the message; `syncrules schema pull` may help",
        )

    def _read(self, request: Request) -> Told:
        request = replace(request, timeout=READ_TIMEOUT)
        for _ in range(_UNREADABLE):
            began = self.world.clock.now()
            response = self._wire.call(request, repeatable=True)
            took = max(self.world.clock.now() - began, 0.0)
            date = self._note(response)
            self._raise_refusal(response)
            try:
                return Told(response.json(), None if date is None else date - took)
            except ValueError:
                continue
        raise SystemUnavailable(
            f"{self.system} at {host(request.url)} answered what can't be read",
            why="the reply is no JSON or is cut off",
            fix="check that no proxy or log-in page stands before it, then run again",
        )

    def _raise_refusal(self, response: Response) -> None:
        if response.status >= 400:
            raise Refused(response.status, complaint_of(response))

    def _note(self, response: Response) -> float | None:
        """Takes usage and clock from the headers; gives the server's time."""
        for kind, used, limit, app in _USAGE.findall(response.headers.get("sforce-limit-info", "")):
            self._usage["api" if kind == "api-usage" else f"app {app}"] = (int(used), int(limit))
        try:
            date = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
        except ValueError:
            return None
        self.ahead = date - self.world.clock.now()
        return date

    def _url(self, path: str) -> str:
        instance = self.token().instance
        return f"{instance}{path if path.startswith('/services/') else self.root + path}"

    @property
    def root(self) -> str:
        """The path that all data resources are below."""
        return f"/services/data/v{self.version}"

    def _sign(self, request: Request, renew: bool) -> Request:
        """Adds the token. The instance may move with a renewal, so the address follows it."""
        if renew:
            self._login.renew(getattr(self._mine, "token", None))
        token = self._login.get()
        self._mine.token = token
        parts = urlsplit(request.url)
        moved = f"{token.instance}{parts.path}{'?' if parts.query else ''}{parts.query}"
        signed = replace(request, url=moved)
        return with_headers(signed, authorization=f"Bearer {token.secret.reveal()}")

    def _sign_in(self) -> Token:
        """A token by client credentials, OAuth 2.0 (RFC 6749, 4.4)."""
        form = urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": self._client_id,
                "client_secret": self._client_secret.reveal(),
            }
        )
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        request = Request(
            "POST", f"{self._login_url}/services/oauth2/token", headers, form.encode(), 60.0
        )
        reply = self._door.call(request, repeatable=True).json()
        org, user = _who(str(reply.get("id", "")))
        instance = self._override or str(reply["instance_url"]).rstrip("/")
        if not safe(instance):
            raise self._door.refused(f"it names {host(instance)} as its instance, without TLS")
        if host(instance).endswith(".lightning.force.com"):
            raise self._door.refused(f"{host(instance)} is for people; the API isn't there")
        return Token(Secret(str(reply["access_token"])), instance, org, user)

    def _judge_sign_in(self, response: Response) -> Verdict:
        """Sorts a reply of the token endpoint, whose errors are a third dialect."""
        try:
            data = response.json()
        except ValueError:
            return Verdict(
                "lost", text=f"HTTP {response.status}, and no JSON as Salesforce sends it"
            )
        if response.status >= 500:
            return Verdict("lost", text=f"HTTP {response.status}")
        if response.status == 200 and isinstance(data, dict) and data.get("access_token"):
            return OK if self._override or data.get("instance_url") else Verdict("lost")
        wrong = complaint(data, response.status)
        if wrong.code == "rate_limit_exceeded":
            return Verdict("busy", text=str(wrong))
        text = str(wrong)
        for secret in (self._client_secret.reveal(), quote_plus(self._client_secret.reveal())):
            text = text.replace(secret, "...") if secret else text
        if host(self._login_url) in ("login.salesforce.com", "test.salesforce.com"):
            text += " (client credentials work only at the org's own My Domain address: login_url)"
        return Verdict("refused", text=text)

    def _who(self) -> Mapping[str, Any]:
        """The OpenID user info, for tokens whose reply names no identity."""
        try:
            return dict(self.get("/services/oauth2/userinfo").data)
        except Refused as refused:
            raise self.failure("to tell which org it is", refused) from None


def _who(url: str) -> tuple[str, str]:
    """Org and user of an identity URL `https://HOST/id/00D.../005...`."""
    found = re.search(r"/id/(00D\w{12,15})/(005\w{12,15})$", url)
    return (found[1], found[2]) if found else ("", "")


def _text(settings: Mapping[str, str | Secret], name: str) -> str:
    value = settings.get(name, "")
    return value.strip() if isinstance(value, str) else value.reveal()


def _version(text: str) -> str:
    found = re.fullmatch(r"v?(\d{2})(\.0)?", text)
    if not found:
        raise UsageError(
            f"api_version {text!r} is no version of the Salesforce API",
            fix=f'write it like "{DEFAULT_VERSION}"',
        )
    return f"{found[1]}.0"
