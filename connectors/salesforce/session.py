"""A signed-in connection: its token, the instance's address, JSON in and out, the meter.

Knows the headers that every request and every reply has. How a token is got is `door.py`; which
errors mean what is told in `refusals.py`; what is asked for, in `describe.py`, `feeds.py` and
`writes.py`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import quote_plus, urlsplit

from ...errors import LoginLost, SystemUnavailable, UsageError
from ..base.contract import Meter
from ..base.frozen import dataclass
from ..base.linking import Logins
from ..base.login import Login, Secret
from ..base.wire import NoReply, Request, Response, Wire, dated, host, json_request, signed_as
from ..base.world import World
from .door import Door, Token, text_of
from .refusals import Complaint, advice, complaint_of, judge
from .settings import DEFAULT_VERSION

READ_TIMEOUT = 120.0
WRITE_TIMEOUT = 180.0
"""Seconds. Salesforce itself gives up a query after 2 minutes and a save after 10."""

NO_ASSIGNMENT = {"Sforce-Auto-Assign": "FALSE"}
"""The header that keeps assignment rules out of a save."""

_UNREADABLE = 3
"""Times a read is asked for whose reply is cut off or no JSON."""

T = TypeVar("T")

_USAGE = re.compile(
    r"(?:^|[;,]\s*)(per-app-api-usage|api-usage)=([0-9]{1,15})/([0-9]{1,15})(?:\(appName=([^)]*)\))?"
)


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


class Way(Protocol):
    """How a session gets its token: see `login.Login`."""

    def get(self) -> Token: ...
    def renew(self, stale: Token | None) -> Token: ...


class Linked:
    """The token of a login that a person has linked, as the engine keeps it."""

    def __init__(self, door: Door, logins: Logins, name: str) -> None:
        self._door = door
        self._logins = logins
        self._name = name
        self._lock = threading.Lock()
        self._kept: Secret | None = None
        self._held: Token | None = None

    def get(self) -> Token:
        """What is kept of it, which may have ended meanwhile."""
        with self._lock:
            return self._held or self._hold(self._logins.kept(self._name))

    def renew(self, stale: Token | None) -> Token:
        """What it is renewed to, unless another lane or another process has done so."""
        with self._lock:
            if self._held is None or self._held is stale:
                kept = self._kept or self._logins.kept(self._name)
                return self._hold(self._logins.renew(self._name, kept, self._renewed))
            return self._held

    def _renewed(self, kept: Secret) -> Secret:
        return self._door.renewed(Token.of(kept)).kept()

    def _hold(self, kept: Secret) -> Token:
        self._kept, self._held = kept, Token.of(kept)
        return self._held


class Session:
    """One login of one org: of `name`, "" for the one that the settings sign in as. Safe to use
    from several threads."""

    def __init__(
        self,
        settings: Mapping[str, str | Secret],
        world: World,
        door: Door,
        logins: Logins | None = None,
        name: str = "",
    ) -> None:
        self.system = door.system
        self.world = world
        self.version = _version(text_of(settings, "api_version") or DEFAULT_VERSION)
        self._door = door
        self._name = name
        self._login: Way = Linked(door, logins, name) if logins and name else Login(door.by_itself)
        self._wire = Wire(world, self.system, judge, self._sign, self._refused if name else None)
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

    def name(self) -> str:
        """What the user signs in with whose name our writes carry."""
        return self._name or str(self._who().get("preferred_username", ""))

    def meters(self) -> list[Meter]:
        """Calls of the last 24 hours, as the header Sforce-Limit-Info last told them."""
        return [
            Meter(endpoint, "day", used, limit, whole=True)
            for endpoint, (used, limit) in sorted(self._usage.items())
        ]

    def get(self, path: str, needs: str, **query: str) -> Told:
        """The JSON at `path` below `/services/data/vNN.0`, or at an absolute path of the instance:
        an object that has the key `needs`.

        Raises `Refused` for 4xx, and what `Wire.call` raises.
        """
        return self._read("GET", self._url(path, **query), partial(_object, needs))

    def ask(self, path: str, needs: str, body: object) -> Told:
        """Like `get`, for a question that has to be posted; it changes no record."""
        return self._read("POST", self._url(path), partial(_object, needs), body)

    def listed(self, path: str, body: object) -> Told:
        """Like `ask`, where the answer is a list."""
        return self._read("POST", self._url(path), _list, body)

    def read(
        self, path: str, parse: Callable[[Response], T], *, accept: str = "text/csv", **query: str
    ) -> T:
        """Like `get`, for what isn't taken as it comes: what `parse` makes of it, which raises
        `ValueError` where it is cut off."""
        url = self._url(path, **query)
        return self._read("GET", url, lambda response, _: parse(response), accept=accept)

    def tidy(self, method: str, path: str, body: object = None) -> None:
        """Ends or deletes what is no record, and may be gone already. Nothing depends on it."""
        with suppress(SystemUnavailable):
            self._wire.call(json_request(method, self._url(path), body), repeatable=True)

    def write(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of a reply to a write, which is sent once.

        Raises `NoReply` where it may have been carried out, `Refused`, and what `Wire.call` raises.
        Assignment rules of Salesforce stay out of it: they would move owners.
        """
        url = self._url(path)
        request = json_request(method, url, body, timeout=WRITE_TIMEOUT, **NO_ASSIGNMENT)
        response = self._wire.call(request, repeatable=False)
        self._note(response)
        self._raise_refusal(response)
        try:
            return response.json()
        except ValueError:
            raise NoReply("the reply is no JSON or is cut off") from None

    def now(self) -> float:
        """Seconds since 1970 by the server's clock, as far as we know it."""
        return self.world.clock.now() + self.ahead

    def failure(self, what: str, refused: Refused) -> SystemUnavailable:
        """The error for a person, of a read that was refused."""
        return SystemUnavailable(
            f"{self.system} refused {what}",
            why=str(refused.wrong),
            fix=advice(refused.wrong.code) or "see the message; `syncrules schema pull` may help",
        )

    def _read(
        self,
        method: str,
        url: str,
        parse: Callable[[Response, float | None], T],
        body: object = None,
        **headers: str,
    ) -> T:
        """What `parse` makes of a reply and of the server's time when it began to look."""
        request = json_request(method, url, body, timeout=READ_TIMEOUT, **headers)
        for _ in range(_UNREADABLE):
            began = self.world.clock.now()
            response = self._wire.call(request, repeatable=True)
            took = max(self.world.clock.now() - began, 0.0)
            date = self._note(response)
            self._raise_refusal(response)
            try:
                return parse(response, None if date is None else date - took)
            except ValueError:
                continue
        raise SystemUnavailable(
            f"{self.system} at {host(request.url)} answered what can't be read",
            why="the reply is cut off, or not what was asked for",
            fix="check that no proxy or log-in page stands before it, then run again",
        )

    def _raise_refusal(self, response: Response) -> None:
        if response.status >= 400:
            raise Refused(response.status, complaint_of(response))

    def _note(self, response: Response) -> float | None:
        """Takes usage and clock from the headers; gives the server's time."""
        for kind, used, limit, app in _USAGE.findall(response.headers.get("sforce-limit-info", "")):
            self._usage["api" if kind == "api-usage" else f"app {app}"] = (int(used), int(limit))
        date = dated(response.headers.get("date"))
        if date is not None:
            self.ahead = date - self.world.clock.now()
        return date

    def _url(self, path: str, **query: str) -> str:
        instance = self.token().instance
        url = f"{instance}{path if path.startswith('/services/') else self.root + path}"
        pairs = "&".join(
            f"{key}={quote_plus(text, errors='replace')}" for key, text in query.items()
        )
        return f"{url}?{pairs}" if pairs else url

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
        url = request.url
        if not url.startswith(f"{token.instance}/"):
            parts = urlsplit(url)
            url = f"{token.instance}{parts.path}{'?' if parts.query else ''}{parts.query}"
        return signed_as(request, url, {"authorization": f"Bearer {token.secret.reveal()}"})

    def _refused(self, text: str) -> LoginLost:
        return LoginLost(
            f"{self.system} no longer takes the login {self._name}",
            why=text,
            fix=f"sign in again: `syncrules connect {self.system}`",
        )

    def _who(self) -> Mapping[str, Any]:
        """The OpenID user info, for tokens whose reply names no identity."""
        try:
            return dict(self.get("/services/oauth2/userinfo", "user_id").data)
        except Refused as refused:
            raise self.failure("to tell which org it is", refused) from None


def _object(needs: str, response: Response, taken: float | None) -> Told:
    """`ValueError` where it is another JSON: somebody else has answered."""
    data = response.json()
    if not isinstance(data, dict) or needs not in data:
        raise ValueError(f"no {needs}")
    return Told(data, taken)


def _list(response: Response, taken: float | None) -> Told:
    data = response.json()
    if not isinstance(data, list):
        raise ValueError("no list")
    return Told(data, taken)


def _version(text: str) -> str:
    found = re.fullmatch(r"v?(\d{2})(\.0)?", text)
    if not found:
        raise UsageError(
            f"api_version {text!r} is no version of the Salesforce API",
            fix=f'write it like "{DEFAULT_VERSION}"',
        )
    return f"{found[1]}.0"
