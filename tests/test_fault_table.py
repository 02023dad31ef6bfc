"""Each fault between us and a system, at each kind of write, both ways: what comes of it.

Three people are made, changed or deleted on one side; the write on the other side meets the fault.
Then it is over: all three are there once, with the newest value, the error log is empty, and two
further runs write nothing. Apollo lets nobody delete a contact by its API, so there are five kinds
of write. What a record is refused for is in `tests/guide/test_errors.py`, what whole runs stop
for in `test_faults.py`, crashes in `test_kills.py` and `tests/simulation`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest
from syncrules.connectors.base.wire import NoReply, NotSent, Request, Response
from syncrules.errors import SystemUnavailable
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import CONTACTS, HEAD, LEADS, Team

DAY = 24 * HOUR
RULES = (
    HEAD
    + """\
push contact as Lead {
    match on email
    on delete delete
}
pull Contact as contact visible { match on email }
"""
    + LEADS
    + CONTACTS
)
NAMES = ("ada", "bea", "cleo")
JSON = {"content-type": "application/json;charset=UTF-8"}
HTML = {"content-type": "text/html"}


# ---- the five kinds of write ------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A kind of write: what leads to it, and whether all of it has arrived, once."""

    system: str
    kind: str
    ready: Callable[[Team], list[str]]
    act: Callable[[Team, list[str]], object]
    arrived: Callable[[Team], bool]

    def __str__(self) -> str:
        return f"{self.kind} in {self.system}"


def contacts(team: Team) -> list[str]:
    made = [team.contact(name, title="CTO") for name in NAMES]
    team.hour()
    return made


def sf_contacts(team: Team) -> list[str]:
    made = [team.sf_contact(name, Title="CTO") for name in NAMES]
    team.hour()
    return made


def promoted(team: Team, ids: list[str]) -> None:
    for id in ids:
        team.apollo.update("contact", id, {"title": "CEO"})


def promoted_in_salesforce(team: Team, ids: list[str]) -> None:
    for id in ids:
        team.salesforce.update("Contact", id, {"Title": "CEO"})


def dismissed(team: Team, ids: list[str]) -> None:
    for id in ids:
        team.apollo.delete("contact", id)


def nobody(team: Team) -> list[str]:
    return []


CELLS = (
    Cell(
        "salesforce",
        "create",
        nobody,
        lambda team, _: [team.contact(name, title="CEO") for name in NAMES],
        lambda team: team.right("Lead", "Title") == ["CEO"] * 3,
    ),
    Cell(
        "salesforce",
        "update",
        contacts,
        promoted,
        lambda team: team.right("Lead", "Title") == ["CEO"] * 3,
    ),
    Cell("salesforce", "delete", contacts, dismissed, lambda team: not team.right("Lead", "Id")),
    Cell(
        "apollo",
        "create",
        nobody,
        lambda team, _: [team.sf_contact(name, Title="CEO") for name in NAMES],
        lambda team: team.left("contact", "title") == ["CEO"] * 3,
    ),
    Cell(
        "apollo",
        "update",
        sf_contacts,
        promoted_in_salesforce,
        lambda team: team.left("contact", "title") == ["CEO"] * 3,
    ),
)
cells = pytest.mark.parametrize("cell", CELLS, ids=str)


# ---- what is between us and a system ----------------------------------------------------------

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
    if request.method == "DELETE" or path.endswith(("composite/sobjects", "composite")):
        return True
    return "/contacts/bulk_" in path or request.method in ("PATCH", "PUT")


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


def without_last(reply: Response) -> Response:
    """The answer to a batch lacks its last record."""
    data = json.loads(reply.body)
    if isinstance(data, list):
        data = data[:-1]
    for name in ("contacts", "created_contacts", "compositeResponse"):
        if isinstance(data, dict) and data.get(name):
            data[name] = data[name][:-1]
    return replace(reply, body=json.dumps(data).encode())


def turned_round(reply: Response) -> Response:
    """The answer of Apollo has its records in another order."""
    data = json.loads(reply.body)
    for name in ("contacts", "created_contacts"):
        if isinstance(data, dict) and data.get(name):
            data[name] = data[name][::-1]
    return replace(reply, body=json.dumps(data).encode())


LIMIT = '[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests limit exceeded."}]'
BOTH: dict[str, Spoiled] = {
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
OF_ONE: dict[str, dict[str, Spoiled]] = {
    "apollo": {
        "429 with a wait": replied(429, "{}", {**JSON, "retry-after": "7"}),
        "429 without": replied(429, "{}"),
        "order of the reply": reply_is(turned_round),
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
PASSING = [
    pytest.param(cell, spoiled, id=f"{cell}: {name}")
    for cell in CELLS
    for name, spoiled in {**BOTH, **OF_ONE[cell.system]}.items()
]


def begun(cell: Cell) -> tuple[Team, Callable[[], object]]:
    """What leads to the writes has happened; a day later there is a run."""
    team = Team(RULES).began()
    cell.act(team, cell.ready(team))
    team.clock.sleep(DAY)  # Deletions in Apollo are looked for once a day.
    return team, team.run


def all_is_well(team: Team, cell: Cell) -> None:
    """All has arrived once, nobody is told of anything, and nothing more is written."""
    assert cell.arrived(team)
    assert team.codes() == []
    assert len(team.apollo.rows("contact")) == (0 if cell.kind == "delete" else 3)
    assert team.is_quiet()
    assert cell.arrived(team)


# ---- tests ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "spoiled"), PASSING)
def test_a_fault_that_passes_loses_nothing_and_doubles_nothing(
    cell: Cell, spoiled: Spoiled
) -> None:
    """Once, at the first request to write: this run or the next settles it, before it decides
    anything else (ERR-1)."""
    team, run = begun(cell)
    between = Between(team, cell.system, spoiled)
    run()
    team.hour()
    assert between.struck == 1
    all_is_well(team, cell)


STORMS: dict[str, Spoiled] = {
    name: BOTH[name]
    for name in ("connection refused", "time-out before", "time-out after", "500", "503")
}


@cells
@pytest.mark.parametrize("name", STORMS)
def test_a_storm_ends_the_run_or_leaves_doubt_and_is_told_once(name: str, cell: Cell) -> None:
    """Every request to write meets it for three runs: at most one entry for the cause, no write is
    sent blindly again, and when it is over all is there once (ERR-1)."""
    team, run = begun(cell)
    between = Between(team, cell.system, STORMS[name], times=10_000)
    for act in (run, team.hour, team.hour):
        try:
            act()
        except SystemUnavailable as error:
            assert error.exit_code == 4
            assert cell.system in error.what
            assert error.fix
    assert between.struck
    assert len(team.codes()) <= 1
    between.ends()
    team.clock.sleep(DAY)
    team.hour()
    team.hour()
    all_is_well(team, cell)
