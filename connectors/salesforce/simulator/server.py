"""The simulated Salesforce: one plain function from request to response, and its state.

Routes, signs off, counts, strikes with troubles, and spells replies out as JSON, with the headers
that Salesforce sends. What resources do is in `resources.py`, `composite.py`
and `bulk.py`.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ...base.serve import SimulatorOptions
from ...base.wire import NoReply, Request, Response
from ...base.world import Clock
from . import admin, lives, saves, schema, seed
from .bulk import Bulk
from .calls import JSON, Call, Reply, kind, pairs, words
from .composite import Composite
from .errors import Refused, bad_json, not_found, whole
from .faults import Fault, Faults
from .org import Org
from .resources import Resources
from .rights import EVERYBODY, RIGHTS, Right
from .rows import Row, Store
from .saves import Actor
from .signin import SignIn
from .values import http_date, make_id

OLDEST, NEWEST = 42, 67
"""API versions that are served."""

_DATA = re.compile(r"/services/data/v(\d+)\.0(?:/(.*))?")
_SOAP = re.compile(r"/services/soap/u/[\d.]+(/\w+)?/?", re.IGNORECASE)
_LONGEST_HEAD = 16_384
"""Bytes of the address and the headers together; more is refused with 414."""

_DAY = 24 * 3600.0
_RESOURCES = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "search", "recent")


class Seen(NamedTuple):
    """A request that was answered; `status` is 0 where the reply was lost."""

    method: str
    path: str
    status: int


@dataclass
class Skewed:
    """A clock that is `step` seconds ahead of the one it is made from."""

    base: Clock
    step: float = 0.0

    def now(self) -> float:
        return self.base.now() + self.step

    def sleep(self, seconds: float) -> None:
        self.base.sleep(seconds)


class SalesforceSimulator:
    """A simulated org. No limits, latency, troubles or edits of its own unless asked for.

    `requests` are those that were answered, in order, `counts` how many data calls of each kind
    (`counts["GET query"]`, `counts["PATCH sobjects/Lead/{id}"]`). `org` is rows, rules and knobs,
    `faults.rules` the troubles, `daily_limit` the calls of 24 hours. `person` is the user who
    edits at the screen where no other is named. Names are those of the describes.
    """

    def __init__(self, options: SimulatorOptions) -> None:
        self.skew = Skewed(options.clock)
        described = schema.build(options.describe, options.clock.now())
        self.org = Org(
            id=make_id("00D", options.seed),
            clock=self.skew,
            schema=described,
            store=Store(described),
        )
        self.sign_ins = SignIn(self.org, options.random("salesforce sign-in"))
        seed.fill(self.org, options, self.sign_ins.passwords)
        self.person = min(self.org.store.named("User").rows)
        self.faults = Faults(options.random("salesforce faults"))
        self.daily_limit = 5_000_000
        self.requests: list[Seen] = []
        self.counts: Counter[str] = Counter()
        self.bulk = Bulk(self.org, options.random("salesforce bulk"))
        self.resources = Resources(self.org, self._limits)
        self._composite = Composite(self.resources, self._one, self._count)
        self._calls: deque[tuple[float, int]] = deque()

    def sign_in(self, url: str) -> dict[str, str]:
        """What to sign in with where the simulator listens at `url`."""
        user = self.org.store.named("User").rows[self.org.user]["Username"]
        return {
            "login_url": url,
            "client_id": self.sign_ins.client_id,
            "client_secret": self.sign_ins.client_secret,
            "username": user,
            "password": self.sign_ins.passwords[user.lower()],
            "security_token": self.sign_ins.security_token,
        }

    def rows(self, name: str, *, deleted: bool = False) -> dict[str, Row]:
        """The rows of an object by id, less the deleted ones unless `deleted`. A row holds what is
        not blank, by field name."""
        self._settle()
        found = self.org.store.named(name).rows
        return {id: dict(row) for id, row in found.items() if deleted or not row.get("IsDeleted")}

    def create(
        self, name: str, values: Mapping[str, Any], *, user: str = "", delay: float = 0.0
    ) -> str:
        """A person at the screen makes a row; its id. It is seen `delay` seconds after its stamp.
        Raises `Refused`, as do the others."""
        of = self.org.schema.objects[name.lower()]
        return saves.create(self.org, of, values, self._at_screen(user, delay))

    def update(
        self, name: str, id: str, values: Mapping[str, Any], *, user: str = "", delay: float = 0.0
    ) -> None:
        """A person at the screen changes a row."""
        of = self.org.schema.objects[name.lower()]
        self._settle()
        saves.update(self.org, of, id, values, self._at_screen(user, delay))

    def delete(self, name: str, id: str, *, user: str = "", purged: bool = False) -> None:
        """A person at the screen deletes a row; `purged`: and nothing tells of it any more."""
        of = self.org.schema.objects[name.lower()]
        end = lives.purge if purged else lives.delete
        end(self.org, of, id, self._at_screen(user))

    def merge(self, name: str, winner: str, losers: list[str], *, user: str = "") -> None:
        """A person at the screen merges rows into `winner`."""
        of = self.org.schema.objects[name.lower()]
        lives.merge(self.org, of, winner, losers, self._at_screen(user))

    def convert(self, lead: str, *, user: str = "") -> str:
        """A person at the screen converts a lead; the id of the contact."""
        return lives.convert(self.org, lead, self._at_screen(user))

    def invite(self, event: str, colleague: str, *, user: str = "") -> str:
        """A person at the screen asks a colleague to an event; the id of the colleague's copy."""
        return lives.invite(self.org, event, colleague, self._at_screen(user))

    def undelete(self, name: str, id: str, *, user: str = "") -> None:
        """A person at the screen takes a row out of the bin."""
        of = self.org.schema.objects[name.lower()]
        lives.undelete(self.org, of, id, self._at_screen(user))

    def user(self, name: str) -> str:
        """The id of a user by the name they sign in with, or by id. `KeyError` for nobody."""
        rows = self.org.store.named("User").rows
        if name in rows:
            return name
        return {str(row["Username"]).lower(): id for id, row in rows.items()}[name.lower()]

    def take(self, right: Right, object: str, field: str = "", *, user: str = "") -> None:
        """An admin takes a right on an object, or on one of its fields ("read" or "edit"), from a
        user; from everybody where none is named."""
        self._right(self.org.schema.rights.take, right, object, field, user)

    def give(self, right: Right, object: str, field: str = "", *, user: str = "") -> None:
        """An admin gives back what `take` took."""
        self._right(self.org.schema.rights.give, right, object, field, user)

    def handle(self, request: Request) -> Response:
        """The reply. Raises `NoReply` where a trouble loses it."""
        parts = urlsplit(request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._settle()
        if parts.path.startswith("/__sim__/"):
            return self._spelled(request, self._admin(request, parts.path))
        struck: dict[str, Fault] = {one.kind: one for one in self.faults.of(request.method, target)}
        status = 0
        try:
            response = self._struck(request, struck)
            status = response.status
        finally:
            self.requests.append(Seen(request.method, parts.path, status))
        return response

    def _struck(self, request: Request, struck: Mapping[str, Fault]) -> Response:
        """The reply with the troubles that strike it."""
        if "lost before" in struck:
            raise NoReply("the connection was closed before the request was read")
        late = False
        if slow := struck.get("slow"):
            late = slow.seconds > request.timeout
            self.org.clock.sleep(min(slow.seconds, request.timeout))
            self._settle()
        if lock := struck.get("lock"):
            self.org.locks[lock.record] = self.org.clock.now() + lock.seconds
        if "expire" in struck:
            self.sign_ins.expire()
        if made := struck.get("reply"):
            headers = {"content-type": made.content_type}
            return Response(made.status, headers, made.body.encode())
        response = self._spelled(request, self._routed(request))
        if late or "lost after" in struck:
            raise NoReply("the connection was closed before the reply was complete")
        if "truncated" in struck:
            return Response(
                response.status, response.headers, response.body[: len(response.body) // 2]
            )
        return response

    def _admin(self, request: Request, path: str) -> Reply:
        try:
            body = json.loads(request.body) if request.body else {}
            return admin.answer(self, path.removeprefix("/__sim__/").strip("/"), body)
        except ValueError:
            return Reply(400, bad_json("no JSON").listed())
        except Refused as error:
            return Reply(error.status, error.listed())

    def _routed(self, request: Request) -> Reply | Response:
        """The reply of whatever serves the path; errors as the list that they are shown as."""
        parts = urlsplit(request.url)
        base = f"{parts.scheme}://{parts.netloc}"
        lower = parts.path.lower()
        head = len(parts.path) + len(parts.query)
        head += sum(len(name) + len(value) + 4 for name, value in request.headers.items())
        if head > _LONGEST_HEAD:
            return Response(414, {"content-type": "text/html"}, b"<h1>URI Too Long</h1>")
        try:
            if _SOAP.fullmatch(parts.path) and request.method == "POST":
                status, xml = self.sign_ins.soap(request.body, base)
                return Response(status, {"content-type": "text/xml;charset=UTF-8"}, xml.encode())
            if lower.startswith(("/services/oauth2/", "/id/", "/setup/connect")):
                return self.sign_ins.answer(request, base)
            if lower.rstrip("/") == "/services/data":
                return Reply(200, [_version(one) for one in range(OLDEST, NEWEST + 1)])
            return self._data(request, parts.path, parts.query, base)
        except Refused as error:
            return Reply(error.status, error.listed())

    def _data(self, request: Request, path: str, query: str, base: str) -> Reply:
        """The reply of a data resource, with what it says about the calls of the day."""
        match = _DATA.fullmatch(path)
        if match is None or not OLDEST <= int(match[1]) <= NEWEST:
            raise not_found()
        user = self.sign_ins.user_of(request.headers)
        version = f"{match[1]}.0"
        try:
            rest = words(match[2]) if match[2] else ()
            if rest is None:
                raise not_found()
            call = Call(
                method=request.method,
                path=rest,
                query=pairs(query),
                headers=request.headers,
                body=_plain_body(request),
                version=version,
                user=user,
            )
            self.counts[kind(request.method, rest)] += 1
            if self._used() >= self.daily_limit:
                text = "TotalRequests Limit exceeded."
                raise whole(403, "REQUEST_LIMIT_EXCEEDED", text)
            self._count()
            self.org.schema.rights.running = user
            with self.org.store.attempt():
                reply = self._one(call) if rest else Reply(200, self._listing(version, user, base))
        except Refused as error:
            reply = Reply(error.status, error.listed())
        finally:
            self.org.schema.rights.running = None
        usage = {"sforce-limit-info": f"api-usage={self._used()}/{self.daily_limit}"}
        return Reply(reply.status, reply.body, {**reply.headers, **usage}, reply.type)

    def _one(self, call: Call) -> Reply:
        if call.path[0].lower() == "composite":
            return self._composite.answer(call)
        if call.path[0].lower() == "jobs":
            return self.bulk.answer(call)
        return self.resources.answer(call)

    def _limits(self) -> dict[str, tuple[int, int]]:
        return {"DailyApiRequests": (self._used(), self.daily_limit), **self.bulk.limits()}

    def _listing(self, version: str, user: str, base: str) -> dict[str, str]:
        found = {name: f"/services/data/v{version}/{name}" for name in _RESOURCES}
        return {**found, "identity": f"{base}/id/{self.org.id}/{user}"}

    def _spelled(self, request: Request, reply: Reply | Response) -> Response:
        """A reply as bytes, zipped where the caller can take it."""
        headers = {"date": http_date(int(self.org.clock.now())), **reply.headers}
        if isinstance(reply, Response):
            return Response(reply.status, headers, reply.body)
        if reply.body is None:
            return Response(reply.status, headers)
        text = reply.body
        pretty = request.headers.get("x-prettyprint") == "1"
        if isinstance(text, schema.Described) and not pretty:
            text = text.spelled()
        elif reply.type == JSON:
            text = schema.spelled(text, 2 if pretty else None)
        body = text.encode()
        headers |= {"content-type": reply.type, "vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, 1)
        return Response(reply.status, headers, body)

    def _right(
        self,
        change: Callable[[Right, str, str, str], None],
        right: Right,
        object: str,
        field: str,
        user: str,
    ) -> None:
        of = self.org.schema.objects[object.lower()]
        named = of.by_lower[field.lower()].name if field else ""
        if right not in (("read", "edit") if field else RIGHTS):
            raise ValueError(f"no such right: {right}")
        change(right, of.name, named, self.user(user) if user else EVERYBODY)
        self.org.schema.changed = self.org.clock.now()

    def _at_screen(self, user: str, delay: float = 0.0) -> Actor:
        return Actor(user or self.person, unmasked=True, allow_duplicates=True, delay=delay)

    def _settle(self) -> None:
        """Does what has become due."""
        self.org.store.settle(self.org.clock.now())
        self.bulk.settle()

    def _count(self) -> None:
        """One more call; calls of the same minute are kept together."""
        minute = self.org.clock.now() // 60 * 60
        if self._calls and self._calls[-1][0] == minute:
            self._calls[-1] = (minute, self._calls[-1][1] + 1)
        else:
            self._calls.append((minute, 1))

    def _used(self) -> int:
        """Calls of the last 24 hours."""
        oldest = self.org.clock.now() - _DAY
        while self._calls and self._calls[0][0] < oldest:
            self._calls.popleft()
        return sum(count for _, count in self._calls)


def _plain_body(request: Request) -> bytes:
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError):
        raise bad_json("The body is not gzip") from None


def _version(number: int) -> dict[str, str]:
    """A version as the list of versions tells it; there are three releases a year."""
    season = ("Spring", "Summer", "Winter")[(number - 42) % 3]
    year = 18 + (number - 42 + (season == "Winter")) // 3
    version = f"{number}.0"
    label = f"{season} '{year}"
    return {"label": label, "url": f"/services/data/v{version}", "version": version}
