"""One request and its reply, and the only place that knows whether a write is in doubt.

Knows HTTP as plain data, back-off and retries. Doesn't know httpx (see `world.py`), nor what any
system's replies mean: a connector hands in `judge`, which sorts a reply into a `Verdict`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from ...errors import BudgetSpent, ReplyTooLarge, SignInRefused, SystemUnavailable
from .frozen import dataclass

if TYPE_CHECKING:
    from .world import World


MOST = 100_000_000
"""Bytes of a reply, unpacked. A page has 100 records (Apollo) or 2,000 (Salesforce): room for a
million, or for 50,000, of each of them."""
MOST_VALUES = 4_000_000
"""Values of a reply in JSON: 2,000 for each record of a full page of Salesforce's. `MOST` bytes
have room for thirty million, which would take gigabytes of memory."""
JSON = "application/json"
TIMEOUT = 60.0
"""Seconds that a request may take in all, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: absolute `url`, header names in lower case, `timeout` in seconds for all of it,
    `most` the bytes that its reply may have."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout: float = TIMEOUT
    most: int = MOST


@dataclass(frozen=True, slots=True)
class Response:
    """A reply: header names in lower case, `body` already decompressed by the client."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON; `ValueError` where it is none, or is nested too deep to be read."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deep") from None

    def has_at_most(self, most: int) -> bool:
        """Whether the body, as JSON, has no more than so many values, which costs no memory."""
        # Each value follows a comma or opens a list or an object. A text may have such marks of its
        # own: a reply is never taken for smaller than it is.
        marks = (b",", b"[", b"{")
        return len(self.body) <= most or sum(map(self.body.count, marks)) <= most


class NotSent(Exception):
    """The request never reached the system: no connection, no name, no TLS. Nothing happened."""


class NoReply(Exception):
    """The request may have arrived and the reply didn't: a write of it is in doubt."""


class TooLarge(NoReply):
    """The reply has more bytes than the request lets it have, or more values than are taken into
    memory: what it says is not known. `unit` is what there are `most` of, in millions."""

    def __init__(self, most: int, unit: str = "MB") -> None:
        super().__init__(f"the reply has more than {most / 1_000_000:g} {unit}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply means for sending: not for the records in it.

    - `ok`: the caller reads it, whatever the status says.
    - `busy`: the system did nothing and asks to come back, after `wait` seconds if it said so.
    - `spent`: the allowance for calls is used up for longer than a run should wait.
    - `expired`: the sign-in is no longer good; worth a renewal.
    - `refused`: the sign-in is not good and a renewal won't mend it.
    - `lost`: the system or something before it broke down; a write may or may not have happened.
    """

    kind: Literal["ok", "busy", "spent", "expired", "refused", "lost"]
    wait: float | None = None
    text: str = ""


_LATEST: ContextVar[float] = ContextVar("latest", default=inf)


@contextmanager
def not_after(moment: float) -> Iterator[None]:
    """What isn't repeatable leaves this thread until `moment` (seconds since 1970) or not at all:
    whoever looks for it later must not take for not made what is still to be sent."""
    before = _LATEST.set(moment)
    try:
        yield
    finally:
        _LATEST.reset(before)


OK = Verdict("ok")
ATTEMPTS = 5
FAILURES = 10
"""Requests in a row without an answer that can be used, after which a system gets no more."""
REST = 60.0
"""Seconds until it gets one again; where that fails, too, it rests once more."""
RENEWALS = 2
"""Times a sign-in is renewed for one request: what another process has renewed may have ended by
now, too."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 70.0
"""Seconds a run waits for one request at most: one window of a limit per minute, and a little."""


class Wire:
    """Sends the requests of one system: signs them, retries what may be retried, counts calls.

    `sign(request, renew)` adds the credentials; with `renew` it first gets new ones. `judge` sorts
    replies. `refused` makes the error for credentials that the system doesn't take. `calls` is the
    number of requests that were sent, retries included.
    """

    def __init__(
        self,
        world: World,
        system: str,
        judge: Callable[[Response], Verdict],
        sign: Callable[[Request, bool], Request] = lambda request, renew: request,
        refused: Callable[[str], SignInRefused] | None = None,
    ) -> None:
        self.world = world
        self.system = system
        self.judge = judge
        self.sign = sign
        self.refused = refused or self._refused
        self.calls = 0
        self._failures = 0
        self._trouble = ""
        self._rests_until = 0.0

    def call(self, request: Request, *, repeatable: bool) -> Response:
        """The reply to `request`, retried with back-off and jitter.

        `repeatable`: doing it twice is as good as once (reads; writes of fixed values by id may say
        so too, creates never). Raises `NoReply` where a request that isn't repeatable may have been
        carried out, `SystemUnavailable` where attempts ran out and nothing is in doubt,
        `ReplyTooLarge`, `BudgetSpent`, `SignInRefused`.
        """
        renewals = 0
        trouble = ""
        attempt = 0
        while attempt < ATTEMPTS:
            self._leave_alone(request)
            wait: float | None = None
            signed = self.sign(request, False)
            self.world.point(f"request {self.system}")
            if not repeatable and self.world.clock.now() > _LATEST.get():
                # As good as lost: what is looked for is not there, and is written by the next run.
                raise NoReply("it was not sent: this machine was asleep, or was to wait too long")
            self.calls += 1
            try:
                response = self.world.send(signed)
                if request.headers.get("accept") == JSON and not response.has_at_most(MOST_VALUES):
                    raise TooLarge(MOST_VALUES, "million values")
            except NotSent as error:
                trouble = str(error) or "no connection"
                self._failed(trouble)
            except NoReply as error:
                self._failed(str(error))
                if not repeatable:
                    raise
                if isinstance(error, TooLarge):
                    raise self._too_large(request, error) from None
                trouble = str(error) or "no reply"
            else:
                verdict = self._judged(response)
                if verdict.kind == "lost":
                    self._failed(verdict.text or f"HTTP {response.status}")
                else:
                    self._failures = 0
                if verdict.kind == "ok":
                    return response
                trouble = verdict.text or f"HTTP {response.status}"
                wait = verdict.wait
                if verdict.kind == "spent" or (wait is not None and wait > LONGEST_WAIT):
                    raise BudgetSpent(
                        f"{self.system} allows no more calls for now",
                        why=trouble,
                        fix="run again later; the next run goes on from here",
                    )
                if verdict.kind == "refused" or (
                    verdict.kind == "expired" and renewals == RENEWALS
                ):
                    raise self.refused(trouble)
                if verdict.kind == "expired":
                    renewals += 1
                    self.sign(request, True)
                    continue
                if verdict.kind == "lost" and not repeatable:
                    raise NoReply(trouble)
            attempt += 1
            if attempt < ATTEMPTS:
                self.world.clock.sleep(self._pause(attempt, wait))
        raise self._unavailable(request, trouble)

    def _failed(self, trouble: str) -> None:
        """Counts a request without an answer that can be used."""
        self._failures += 1
        self._trouble = trouble or "no reply"
        if self._failures >= FAILURES:
            self._rests_until = self.world.clock.now() + REST

    def _leave_alone(self, request: Request) -> None:
        """Raises `SystemUnavailable`, with nothing sent, while a system that answers nobody is left
        alone. Then one request tries it again."""
        if self._failures >= FAILURES and 0 < self._rests_until - self.world.clock.now() <= REST:
            why = f"{self._failures} requests in a row were in vain, the last: {self._trouble}"
            raise self._unavailable(request, why)

    def _unavailable(self, request: Request, why: str) -> SystemUnavailable:
        return SystemUnavailable(
            f"{self.system} at {host(request.url)} could not be reached",
            why=why,
            fix="check the address and the network, then run again",
        )

    def _too_large(self, request: Request, error: TooLarge) -> ReplyTooLarge:
        return ReplyTooLarge(
            f"{self.system} at {host(request.url)} sends more than a reply may have",
            why=f"{error}, and was read no further",
            fix="check that no proxy answers in its place; where records are that large, take the "
            "longest texts out of the rules",
        )

    def _judged(self, response: Response) -> Verdict:
        """What a reply means; one that nobody understands is as good as none."""
        try:
            return self.judge(response)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            return Verdict("lost", text=f"HTTP {response.status}, and nothing that can be read")

    def _refused(self, text: str) -> SignInRefused:
        """The error for credentials of the project file that `system` doesn't take."""
        return SignInRefused(
            f"{self.system} refused the sign-in",
            why=text,
            fix=f"check the credentials that [systems.{self.system}] in syncrules.toml points to",
        )

    def _pause(self, attempt: int, wait: float | None) -> float:
        """Seconds before the next attempt: what the system said, else doubling, with jitter."""
        least = wait if wait is not None else FIRST_WAIT * 2 ** (attempt - 1)
        return min(least * (1 + 0.25 * self.world.random.random()), LONGEST_WAIT)


def json_request(
    method: str, url: str, body: object = None, *, timeout: float = TIMEOUT, **headers: str
) -> Request:
    """A request with a JSON body, or none for None; `timeout` in seconds; `_` in header names
    stands for `-`."""
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    named.setdefault("accept", JSON)
    if body is None:
        return Request(method, url, named, timeout=timeout)
    named.setdefault("content-type", JSON)
    return Request(method, url, named, _spelled(body).encode(), timeout)


_spelled = json.JSONEncoder(ensure_ascii=False).encode


def with_headers(request: Request, **headers: str) -> Request:
    """The same request with more headers; `_` in names stands for `-`."""
    more = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return signed_as(request, request.url, more)


def signed_as(request: Request, url: str, more: Mapping[str, str]) -> Request:
    """The same request to `url`, with `more` headers."""
    headers = {**request.headers, **more}
    return Request(request.method, url, headers, request.body, request.timeout, request.most)


def figure(raw: str | None) -> int | None:
    """The whole number of a header, None for anything else: a reply may say what it likes."""
    if not raw:
        return None
    found = raw.strip()
    return int(found) if found.isascii() and found.isdigit() and len(found) <= 15 else None


@lru_cache(maxsize=8)
def dated(raw: str | None) -> float | None:
    """The moment of a Date header, None where it has none that can be read."""
    try:
        return parsedate_to_datetime(raw).timestamp() if raw else None
    except (ValueError, TypeError, OverflowError):
        return None


def host(url: str) -> str:
    """`host:port` of a URL, for messages: never the path or a query, which may hold secrets."""
    return urlsplit(url).netloc.rpartition("@")[2]
