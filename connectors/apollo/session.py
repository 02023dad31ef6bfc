"""A connection to one Apollo team: the key, JSON in and out, and what the rate headers tell.

Knows paths, headers and which replies can't be used. Which errors mean what is told in
`refusals.py`; what is asked for, in `describe.py`, `feeds.py` and `writes.py`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ...errors import SignInRefused, SystemUnavailable, UsageError
from ..base.contract import Meter
from ..base.frozen import dataclass
from ..base.login import Secret, address, plain
from ..base.wire import (
    NoReply,
    Request,
    Response,
    Wire,
    dated,
    figure,
    host,
    json_request,
    with_headers,
)
from ..base.world import World
from .refusals import advice, complaint, judge
from .settings import DEFAULT_URL

TIMEOUT = 60.0
"""Seconds. Apollo cuts requests off at about five minutes; none of ours should take one."""

_UNREADABLE = 3
"""Times a read is asked for whose reply is cut off or no JSON."""
_WINDOWS = (
    ("minute", "x-rate-limit-minute", "x-minute-usage", "x-minute-requests-left"),
    ("hour", "x-rate-limit-hourly", "x-hourly-usage", "x-hourly-requests-left"),
    ("day", "x-rate-limit-24-hour", "x-24-hour-usage", "x-24-hour-requests-left"),
    ("day", "x-rate-limit-daily", "x-daily-usage", "x-daily-requests-left"),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to be read: `data` is the JSON of a 200, None where the request was refused."""

    response: Response
    data: Any = None

    @property
    def good(self) -> bool:
        return self.response.status == 200


class Session:
    """One key of one team. Safe to use from several threads."""

    def __init__(
        self, settings: Mapping[str, str | Secret], world: World, *, linked: bool = False
    ) -> None:
        system = settings.get("system") or "apollo"
        self.system = system if isinstance(system, str) else "apollo"
        self.world = world
        key = settings.get("key") or ""
        self._key = key if isinstance(key, Secret) else Secret(key)
        plain(self._key.reveal(), f"`key` of [systems.{self.system}]")
        url = settings.get("url") or DEFAULT_URL
        self._base = address(str(url), f"`url` of [systems.{self.system}]", DEFAULT_URL)
        if not self._key.reveal():
            raise UsageError(
                f"[systems.{self.system}] needs the key `key`",
                why="nobody has given one to `syncrules connect`",
                fix=f"run `syncrules connect {self.system}`, or point to the key in the file",
            )
        self._wire = Wire(world, self.system, judge, self._sign, self._refused if linked else None)
        self._meters: dict[tuple[str, str], Meter] = {}
        self._lock = threading.Lock()
        self._ahead: float | None = None
        self._user: str | None = None

    def get(self, path: str, needs: str, **query: object) -> dict[str, Any]:
        """The JSON of a GET below `/api/v1/`, which has the key `needs`. Raises `SystemUnavailable`
        for any refusal."""
        return self._usable(self.look(path, **query), needs)

    def look(self, path: str, **query: object) -> Reply:
        """The reply to a GET, refusals included."""
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return self._read("GET", f"{path}{asked}", None)

    def search(self, plural: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The reply of a search that is a POST. Raises `SystemUnavailable` for any refusal."""
        return self._usable(self.try_search(plural, body), plural)

    def try_search(self, plural: str, body: Mapping[str, Any]) -> Reply:
        """As `search`, refusals included."""
        return self._read("POST", f"{plural}/search", body)

    def write(self, method: str, path: str, body: Mapping[str, object]) -> Reply:
        """The reply to a write, sent once. Raises `NoReply` where it may have been carried out and
        nothing tells what it did."""
        reply = _parsed(self._call(method, path, body, repeatable=False))
        if reply is None or (reply.good and not isinstance(reply.data, dict)):
            raise NoReply("the reply was cut off")
        return reply

    def ahead(self) -> float:
        """Seconds that Apollo's clock is ahead of ours, by its last reply."""
        if self._ahead is None:
            self.get("users/api_profile", "team_id")
        return self._ahead or 0.0

    def user(self) -> str:
        """The id of the user whom this key acts as."""
        if self._user is None:
            self._user = str(self.get("users/api_profile", "team_id").get("id"))
        return self._user

    def meters(self) -> list[Meter]:
        """What the headers of the last replies told, by endpoint."""
        with self._lock:
            return [self._meters[key] for key in sorted(self._meters)]

    def _read(self, method: str, path: str, body: Mapping[str, object] | None) -> Reply:
        for _ in range(_UNREADABLE):
            reply = _parsed(self._call(method, path, body, repeatable=True))
            if reply is not None:
                return reply
        raise SystemUnavailable(
            f"{self.system} at {host(self._base)} sends replies that are cut off",
            why=f"{_UNREADABLE} replies in a row were no whole JSON",
            fix="check the network and any proxy on the way, then run again",
        )

    def _usable(self, reply: Reply, needs: str) -> dict[str, Any]:
        """The JSON of a reply that had to be good and have a key."""
        if reply.good:
            if isinstance(reply.data, dict) and needs in reply.data:
                return reply.data
            raise SystemUnavailable(
                f"{self.system} at {host(self._base)} answered in a way we can't read",
                why=f"the reply has no {needs!r}",
                fix="check that the url is Apollo's and that no proxy answers in its place",
            )
        wrong = complaint(reply.response)
        raise SystemUnavailable(
            f"{self.system} did not answer a question of ours",
            why=wrong.message,
            fix=advice(wrong.code),
        )

    def _call(
        self, method: str, path: str, body: Mapping[str, object] | None, *, repeatable: bool
    ) -> Response:
        url = f"{self._base}/api/v1/{path}"
        request = json_request(method, url, body, timeout=TIMEOUT, cache_control="no-cache")
        response = self._wire.call(request, repeatable=repeatable)
        self._count(endpoint(method, path), response)
        return response

    def _refused(self, text: str) -> SignInRefused:
        return SignInRefused(
            f"{self.system} doesn't take the key",
            why=text,
            fix=f"give it a good one: `syncrules connect {self.system}`",
        )

    def _sign(self, request: Request, renew: bool) -> Request:
        return with_headers(request, x_api_key=self._key.reveal())

    def _count(self, name: str, response: Response) -> None:
        """Keeps what a reply's headers tell; a missing or empty header is no figure."""
        with self._lock:
            told = dated(response.headers.get("date"))
            if told is not None:
                self._ahead = told - self.world.clock.now()
            for window, limit_header, used_header, left_header in _WINDOWS:
                used = figure(response.headers.get(used_header))
                left = figure(response.headers.get(left_header))
                if used is None and left is None:
                    continue
                limit = figure(response.headers.get(limit_header))
                if used is None and limit is not None and left is not None:
                    used = limit - left
                if used is not None:
                    self._meters[name, window] = Meter(name, window, used, limit)


def endpoint(method: str, path: str) -> str:
    """Apollo's own word for what a request calls: `contacts/search`, `tasks/complete`."""
    plain = path.partition("?")[0]
    controller, _, rest = plain.partition("/")
    if not rest:
        return f"{controller}/{'index' if method == 'GET' else 'create'}"
    if re.fullmatch(r"[0-9a-f]{24}", rest):
        return f"{controller}/{'show' if method == 'GET' else 'update'}"
    one, _, verb = rest.partition("/")
    return f"{controller}/{verb}" if verb and re.fullmatch(r"[0-9a-f]{24}", one) else plain


def _parsed(response: Response) -> Reply | None:
    """The reply with its JSON; None where it should have some and hasn't."""
    if response.status != 200:
        return Reply(response)
    try:
        return Reply(response, response.json())
    except ValueError:
        return None
