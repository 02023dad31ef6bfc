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
from syncrules.connectors.base.values import text
from syncrules.connectors.base.wire import NoReply, NotSent, Request, Response
from syncrules.connectors.salesforce.simulator.org import DuplicateRule, Validation
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


SPENT: dict[str, Spoiled] = {
    "salesforce": replied(
        403,
        '[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]',
    ),
    "apollo": replied(429, "{}", {**JSON, "retry-after": "36000"}),
}
REVOKED: dict[str, Spoiled] = {
    "salesforce": OF_ONE["salesforce"]["401 of a session that ended"],
    "apollo": replied(401, '{"error": "Invalid access credentials."}'),
}


@cells
@pytest.mark.parametrize("spoiled", [SPENT, REVOKED], ids=["calls spent", "sign-in revoked"])
def test_what_stops_a_run_at_a_write_is_told_once_and_nothing_is_sent_twice(
    spoiled: Mapping[str, Spoiled], cell: Cell
) -> None:
    """Exit code 4 and one entry however many runs meet it; the first that gets through closes it
    (ERR-1)."""
    team, run = begun(cell)
    between = Between(team, cell.system, spoiled[cell.system], times=10_000)
    for act in (run, team.hour):
        with pytest.raises(SystemUnavailable) as told:
            act()
        assert told.value.exit_code == 4
        assert told.value.fix
    [entry] = team.errors()
    assert (entry.code, entry.count) == (
        "calls-spent" if spoiled is SPENT else "sign-in-refused",
        2,
    )
    between.ends()
    team.clock.sleep(DAY)
    team.hour()
    all_is_well(team, cell)


RIGHTS = {
    "create": [("create", "")],
    "update": [("edit", ""), ("edit", "Title")],
    "delete": [("delete", "")],
}


@pytest.mark.parametrize(
    ("cell", "right", "name"),
    [(cell, *one) for cell in CELLS[:3] for one in RIGHTS[cell.kind]],
    ids=str,
)
def test_a_right_that_is_missing_is_told_with_login_object_and_field(
    cell: Cell, right: str, name: str
) -> None:
    """Met at the write itself: one entry says why, and lists the records that wait; what else they
    have arrives; the right comes back, and all goes through. Rights that a description shows are
    looked at before any write (`test_whose_name.py`). (ERR-1, CON-9)"""
    team, run = begun(cell)
    team.salesforce.take(right, "Lead", name)  # type: ignore[arg-type]
    run()
    team.hour()
    [entry] = team.errors()
    assert len(entry.records) == 3
    assert f"the sync login may not {cell.kind} {f'{name} of ' if name else ''}this Lead" in (
        entry.message
    )
    assert entry.advice
    assert not cell.arrived(team)
    team.salesforce.give(right, "Lead", name)  # type: ignore[arg-type]
    team.clock.sleep(HOUR)
    team.retry()
    team.hour()
    all_is_well(team, cell)


def refuses_bea(team: Team, request: Request, answer: Answer) -> Response:
    """Apollo refuses each request in which one of the three is."""
    ids = [id for id, one in team.apollo.rows("contact").items() if one["first_name"] == "Bea"]
    sent = request.url.encode() + request.body
    if any(one.encode() in sent for one in ("bea@berg.example", *ids)):
        return Response(422, JSON, b'{"message": "Name is too long"}')
    return answer(request)


@cells
def test_one_record_that_is_refused_holds_up_nobody_else(cell: Cell) -> None:
    """The other two arrive in the same run, the third is one entry, and arrives once its cause is
    gone (ERR-1)."""
    team, run = begun(cell)
    between = None
    if cell.system == "apollo":
        between = Between(team, "apollo", refuses_bea, times=10_000)
    elif cell.kind == "create":
        wrong = Validation("Lead", "Ask Eva first", lambda row: row.get("FirstName") == "Bea")
        team.salesforce.org.validations.append(wrong)
    else:
        [bea] = [
            id for id, one in team.salesforce.rows("Lead").items() if one["Email"].startswith("bea")
        ]
        team.salesforce.org.locks[bea] = team.clock.now() + 365 * DAY
    run()
    team.hour()
    [entry] = team.errors()
    assert (entry.system, entry.operation) == (cell.system, cell.kind)
    assert "bea" in (entry.key or "")
    assert len(team.right("Lead", "Id")) == {"create": 2, "update": 3, "delete": 1}[cell.kind] * (
        cell.system == "salesforce"
    )
    if between:
        between.ends()
        assert team.left("contact", "title").count("CEO") == 2
    team.salesforce.org.validations.clear()
    team.salesforce.org.locks.clear()
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    all_is_well(team, cell)


@cells
def test_a_record_that_is_saved_by_somebody_else_just_now_is_written_in_the_same_run(
    cell: Cell,
) -> None:
    """A lock of some seconds is waited for; Apollo has none."""
    team, run = begun(cell)
    for lead in team.salesforce.rows("Lead"):
        team.salesforce.org.locks[lead] = team.clock.now() + 3
    run()
    assert cell.arrived(team)
    all_is_well(team, cell)


@pytest.mark.parametrize("cell", [CELLS[1], CELLS[2], CELLS[4]], ids=str)
def test_a_record_that_is_deleted_meanwhile_is_not_made_again(cell: Cell) -> None:
    """It goes while the write is on its way: nobody is told, and the two others arrive."""
    team, run = begun(cell)
    rows = team.salesforce.rows("Lead") if cell.system == "salesforce" else {}
    lead = min(rows, default="")
    contact = min(team.apollo.rows("contact"), default="")

    def gone() -> None:
        if lead:
            team.salesforce.delete("Lead", lead)
        else:
            team.apollo.delete("contact", contact)

    team.during("after sent", gone)
    run()
    team.hour()
    team.clock.sleep(DAY)
    assert team.is_quiet()
    assert team.codes() == []
    found = team.right("Lead", "Title") if lead else team.left("contact", "title")
    assert found == ["CEO"] * (0 if cell.kind == "delete" else 2)


@pytest.mark.parametrize("cell", [CELLS[0], CELLS[3]], ids=str)
def test_a_create_of_somebody_who_is_there_already_links_the_two(cell: Cell) -> None:
    """Somebody enters the same person while the write is on its way: Salesforce refuses ours by a
    duplicate rule, Apollo gives back the one it has; both end as one pair, and nobody is told."""
    team, run = begun(cell)
    team.salesforce.org.duplicates.append(DuplicateRule("Lead", ("Email",)))
    enters = team.lead if cell.system == "salesforce" else team.contact
    team.during("after sent", lambda: enters("ada"))
    run()
    team.hour()
    all_is_well(team, cell)
    assert len(team.right("Lead", "Id")) == (3 if cell.system == "salesforce" else 0)


@pytest.mark.parametrize("cell", CELLS[1:3], ids=str)
@pytest.mark.parametrize("how", ["converted", "merged"])
def test_a_record_that_becomes_another_meanwhile_is_found_in_the_same_run(
    how: str, cell: Cell
) -> None:
    """A change goes to what it became, a deletion does not; nobody is made twice."""
    team, run = begun(cell)
    lead = min(team.salesforce.rows("Lead"))
    other = team.lead("zoe", Email=None, LastName="Survivor", Title="CTO")

    def becomes() -> None:
        if how == "converted":
            team.salesforce.convert(lead)
        else:
            team.salesforce.merge("Lead", other, [lead])

    team.during("after sent", becomes)
    run()
    team.hour()
    assert team.codes() == []
    titles = team.right("Lead", "Title") + team.right("Contact", "Title")
    if cell.kind == "update":
        assert titles.count("CEO") == 3
    # What a person has just made of it, a survivor or a contact, is not deleted with it.
    there = {
        ("update", "converted"): (4, 1),
        ("update", "merged"): (3, 0),
        ("delete", "converted"): (1, 1),
        ("delete", "merged"): (1, 0),
    }
    found = len(team.right("Lead", "Id")), len(team.right("Contact", "Id"))
    assert found == there[cell.kind, how]
    assert team.is_quiet()


def ahead(seconds: float) -> Callable[[Team], None]:
    def happens(team: Team) -> None:
        team.salesforce.skew.step = seconds
        team.apollo.team.offset = seconds

    return happens


TIMES: dict[str, Callable[[Team], object]] = {
    "clocks 15 minutes ahead": ahead(900),
    "clocks 15 minutes behind": ahead(-900),
    "a search that stays behind": lambda team: setattr(team.apollo.team, "lag", 60.0),
    "saves that are seen late": lambda team: setattr(team.salesforce.org, "commit_delay", 240.0),
}


@cells
@pytest.mark.parametrize("name", TIMES)
def test_time_that_differs_changes_nothing(name: str, cell: Cell) -> None:
    """Clocks of both systems that are wrong, an index behind the truth, a save that shows late."""
    team = Team(RULES).began()
    TIMES[name](team)
    team.clock.sleep(HOUR)
    cell.act(team, cell.ready(team))
    team.clock.sleep(DAY)
    team.run()
    team.hour()
    all_is_well(team, cell)


class Crash(BaseException):
    """The process dies."""


def dying(team: Team, run: Callable[[], object], place: int) -> bool:
    """A run that dies at its point number `place`; whether it came there."""
    left = place

    def dies(name: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Crash

    team.world.on_point = dies
    try:
        run()
    except Crash:
        return True
    finally:
        team.world.on_point = None
        team.db.fence = None
    return False


@cells
def test_a_crash_at_any_point_of_a_write_is_gone_on_from(cell: Cell) -> None:
    """The run dies at each of its commits and requests in turn; the next ones finish the work."""
    place, died = 0, True
    while died:
        team, run = begun(cell)
        died = dying(team, run, place)
        team.hour()
        team.clock.sleep(DAY)
        team.hour()
        all_is_well(team, cell)
        place += 1
    assert place > 10


FACE = "\N{GRINNING FACE}"
STRANGE = {
    "emoji": FACE,
    "zero-width and joined": "a\u200bb\u200d\N{WOMAN}",
    "right to left": "\u202eabc\u202c",
    "a NUL": "a\0b",
    "a lone surrogate": "a\ud800b",
    "a line break": "a\nb\r\nc",
    "markup": "<b>&amp;</b>' OR 1=1 --",
    "a template": "{{ 7 * 7 }}",
    "a formula": "=HYPERLINK(1)",
    "ten megabytes": "x" * 10_000_000,
}


ONLY_APOLLO = ("a lone surrogate", "ten megabytes")
"""Salesforce keeps neither."""


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (cell, name)
        for cell in CELLS
        for name in STRANGE
        if cell.kind != "delete" and (cell.system == "salesforce" or name not in ONLY_APOLLO)
    ],
    ids=str,
)
def test_a_strange_value_arrives_as_it_is_or_is_told(cell: Cell, name: str) -> None:
    """Exactly (line ends as LF, and without what no database keeps), or not at all and with an
    entry; the two others arrive."""
    team = Team(RULES).began()
    cell.act(team, cell.ready(team))
    if cell.system == "salesforce":
        first = min(team.apollo.rows("contact"))
        team.apollo.update("contact", first, {"title": STRANGE[name]})
    else:
        first = min(team.salesforce.rows("Contact"))
        team.salesforce.update("Contact", first, {"Title": STRANGE[name]})
    team.hour()
    team.hour()
    came = team.right("Lead", "Title")
    if cell.system == "apollo":
        came = team.left("contact", "title")
    assert came.count("CEO") == 2
    [strange] = [one for one in came if one != "CEO"] or [None]
    if team.codes():
        assert strange in (None, "CTO")
    else:
        assert strange == text(STRANGE[name])
    assert team.is_quiet()
