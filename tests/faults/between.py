"""What is between us and a system: a request to write that gets lost, or its reply that does.

Each fault is a function from a request and whoever answers it to the reply that arrives, as data in
`EITHER` and `OF_ONE`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from syncrules.connectors.base.wire import NoReply, NotSent, Request, Response
from syncrules.tests.faults.writes import Write
from syncrules.tests.guide.team import Team

JSON = {"content-type": "application/json;charset=UTF-8"}
HTML = {"content-type": "text/html"}

Answer = Callable[[Request], Response]
Spoiled = Callable[[Team, Request, Answer], Response]


@dataclass
class Between:
    """Spoils the requests to write of a system, `times` of them, as they pass."""

    team: Team
    system: str
    spoiled: Spoiled
    times: int = 1
    struck: int = 0
    answer: Answer = field(init=False)

    def __post_init__(self) -> None:
        self.answer = self.team.world.handlers[f"{self.system}.test"]
        self.team.world.handlers[f"{self.system}.test"] = self.handle

    def handle(self, request: Request) -> Response:
        if self.struck >= self.times or not writes(request):
            return self.answer(request)
        self.struck += 1
        return self.spoiled(self.team, request, self.answer)

    def ends(self) -> None:
        self.team.world.handlers[f"{self.system}.test"] = self.answer


def writes(request: Request) -> bool:
    """Whether it is a request to write: a batch, or one record of Apollo."""
    path = request.url.partition("?")[0]
    if request.method in ("DELETE", "PATCH", "PUT"):
        return True
    ends = ("composite/sobjects", "composite", "/tasks", "/phone_calls")
    return request.method == "POST" and ("/bulk_" in path or path.endswith(ends))


def replied(status: int, body: str, headers: Mapping[str, str] = JSON) -> Spoiled:
    """An answer in place of the work."""
    return lambda team, request, answer: Response(status, dict(headers), body.encode())


def reply_is(change: Callable[[Response], Response]) -> Spoiled:
    """The work is done, and its answer arrives as another one."""
    return lambda team, request, answer: change(answer(request))


def raised(error: Exception, *, done: bool) -> Spoiled:
    def spoiled(team: Team, request: Request, answer: Answer) -> Response:
        if done:
            answer(request)
        raise error

    return spoiled


def slow(team: Team, request: Request, answer: Answer) -> Response:
    answer(request)
    team.clock.sleep(3600)
    raise NoReply("timed out")


LISTS = ("contacts", "created_contacts", "accounts", "created_accounts", "compositeResponse")
"""Where a reply has its records."""


def without_last(reply: Response) -> Response:
    """The answer to a batch lacks its last record."""
    data = json.loads(reply.body)
    if isinstance(data, list):
        data = data[:-1]
    for name, some in [*data.items()] if isinstance(data, dict) else ():
        if isinstance(some, list) and name in LISTS:
            data[name] = some[:-1]
        elif name in ("task", "phone_call"):
            del data[name]
    return replace(reply, body=json.dumps(data).encode())


def turned_round(reply: Response) -> Response:
    """The answer of Apollo has its records in another order."""
    data = json.loads(reply.body)
    for name, some in [*data.items()] if isinstance(data, dict) else ():
        if isinstance(some, list) and name in LISTS:
            data[name] = some[::-1]
    return replace(reply, body=json.dumps(data).encode())


LIMIT = '[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests limit exceeded."}]'
EITHER: dict[str, Spoiled] = {
    "connection refused": raised(NotSent("connection refused"), done=False),
    "time-out before": raised(NoReply("timed out"), done=False),
    "time-out after": raised(NoReply("timed out"), done=True),
    "time-out by an hour": slow,
    "reply lost": raised(NoReply("the connection was closed"), done=True),
    "reply cut off": reply_is(lambda one: replace(one, body=one.body[: len(one.body) // 2])),
    "reply empty": reply_is(lambda one: replace(one, body=b"")),
    "reply no JSON": reply_is(lambda one: replace(one, body=b"oops")),
    "reply another JSON": reply_is(lambda one: replace(one, body=b'"ok"')),
    "reply of a wrong type": reply_is(lambda one: replace(one, headers=HTML)),
    "one missing in the reply": reply_is(without_last),
    "log-in page": replied(200, "<html>Log in</html>", HTML),
    "redirect to a log-in page": replied(302, "", {"location": "https://login.test/"}),
    "502 of a proxy": replied(502, "<html>Bad gateway</html>", HTML),
    "500": replied(500, "oops", {"content-type": "text/plain"}),
    "503": replied(503, "{}"),
    "503 with a wait": replied(503, "{}", {**JSON, "retry-after": "5"}),
}
ORDER = "order of the reply"
OF_ONE: dict[str, dict[str, Spoiled]] = {
    "apollo": {
        "429 with a wait": replied(429, "{}", {**JSON, "retry-after": "7"}),
        "429 without": replied(429, "{}"),
        ORDER: reply_is(turned_round),
    },
    "salesforce": {
        "401 of a session that ended": replied(
            401, '[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}]'
        ),
        "too many at once": replied(403, LIMIT),
        "a whole batch that can't lock": replied(
            400, '[{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain access"}]'
        ),
    },
}


def faults(write: Write) -> dict[str, Spoiled]:
    """Those that can strike a kind of write: a request of one record has no order."""
    own = OF_ONE[write.system]
    return {
        **EITHER,
        **{one: of for one, of in own.items() if one != ORDER or not write.one_by_one},
    }
