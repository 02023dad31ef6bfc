"""Disasters: what goes wrong in one system or on the desk, and must not go over to the other.

No rule file here has a `guard`. Each trouble hits linked people who have been in step; the run
after it writes nothing, and ends as the table says. Brakes that a guard moves are in
`test_guards.py`, troubles of the way between in `tests/test_faults.py` and `tests/guide`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from syncrules.connectors.apollo.simulator import simulate as made_up_apollo
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.engine.run import scope
from syncrules.engine.store.database import Database
from syncrules.errors import Braked, SyncrulesError
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import HEAD, Team
from syncrules.tests.worlds import VirtualClock

DAY = 24 * HOUR
MAP = """\
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title         clear
    organization_name  -> Company       default "Unknown"
    owner              -> OwnerId
    lead_score         -> AnnualRevenue clear
}
"""
TABLE = """\
map contact stage with Lead.Status {
    "Cold"           <-> "Open - Not Contacted"
    "Interested"     <-> "Working - Contacted"
    "Not Interested" <-> "Closed - Not Converted"
}
"""
PLAIN = (
    HEAD + "push contact as Lead { match on email }\npull Lead as contact visible\n" + MAP + TABLE
)
MARK = (
    HEAD
    + """\
push contact as Lead {
    match on email
    on delete mark Description "Gone from Apollo"
}
pull Lead as contact visible {
    match on email
    on delete mark title "Gone"
}
"""
    + MAP
)
DELETE = MARK.replace('mark Description "Gone from Apollo"', "delete").replace(
    'mark title "Gone"', "unlink"
)
ACCOUNTS = """\
push account as Account { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""
MANY, FEW = 600, 150
"""People: more than half of many are over the brake on changes, all of few are not."""


@dataclass(frozen=True)
class Disaster:
    """What happens to `people` linked pairs, the exit code of the run after it, and what it says
    (for 3) or the code in the error log (for 1 and 4)."""

    name: str
    happens: Callable[[Team], object]
    says: str = ""
    code: int = 3
    rules: str = PLAIN
    people: int = FEW


# ---- what happens ---------------------------------------------------------------------------


def contacts(team: Team) -> list[str]:
    return sorted(team.apollo.rows("contact"))


def leads(team: Team) -> list[str]:
    return sorted(team.salesforce.rows("Lead"))


def in_apollo(part: float = 1, **values: Callable[[int], object]) -> Callable[[Team], None]:
    """Somebody changes a part of the contacts with an import: each field by a function."""

    def happens(team: Team) -> None:
        ids = contacts(team)
        for number, id in enumerate(ids[: int(part * len(ids))]):
            team.apollo.update("contact", id, {name: of(number) for name, of in values.items()})

    return happens


def in_salesforce(part: float = 1, **values: Callable[[int], object]) -> Callable[[Team], None]:
    """The same with the data loader of Salesforce."""

    def happens(team: Team) -> None:
        ids = leads(team)
        for number, id in enumerate(ids[: int(part * len(ids))]):
            team.salesforce.update("Lead", id, {name: of(number) for name, of in values.items()})

    return happens


def deleted_leads(part: float) -> Callable[[Team], None]:
    def happens(team: Team) -> None:
        for id in leads(team)[: int(part * len(leads(team)))]:
            team.salesforce.delete("Lead", id)

    return happens


def deleted_contacts(part: float) -> Callable[[Team], None]:
    def happens(team: Team) -> None:
        for id in contacts(team)[: int(part * len(contacts(team)))]:
            team.apollo.delete("contact", id)

    return happens


def scores(of: Callable[[int], float]) -> Callable[[Team], None]:
    """The custom field of all contacts is another number."""

    def happens(team: Team) -> None:
        [score] = [one.id for one in team.apollo.team.fields if one.label == "Lead Score"]
        for number, id in enumerate(contacts(team)):
            team.apollo.update("contact", id, {"typed_custom_fields": {score: of(number)}})

    return happens


def another_owner(team: Team) -> None:
    owners = [one.email for one in team.apollo.team.users if not one.deleted]
    in_apollo(owner=lambda n: owners[1])(team)


def sandbox(team: Team) -> None:
    """Somebody signs in to another org of Salesforce, which has nobody."""
    team.salesforce = made_up_salesforce(SimulatorOptions(seed=2, records=0, clock=team.clock))
    team.world.handlers["salesforce.test"] = team.salesforce.handle
    team.setup = replace(team.setup, connectors=team.sign_in())


def another_team(team: Team) -> None:
    """The key of another team of Apollo is taken."""
    team.apollo = made_up_apollo(SimulatorOptions(seed=2, records=0, clock=team.clock))
    team.world.handlers["apollo.test"] = team.apollo.handle
    team.setup = replace(team.setup, connectors=team.sign_in())


def strangers(team: Team) -> None:
    for number in range(1_100):
        team.contact(f"new{number}")


def swapped_rows(team: Team) -> None:
    """Two rows of the map are mixed up, and the rules pass `check`."""
    rules = PLAIN.replace("FirstName", "?").replace("> Title ", "> FirstName ")
    team.rewrite(rules.replace("?", "Title"))


def statuses(*names: str) -> Callable[[Team], None]:
    """The statuses of leads have other names, and so have those of all leads."""

    def happens(team: Team) -> None:
        team.field("Lead", f"Status picklist 255 CUD = {', '.join(names)}")
        in_salesforce(Status=lambda n: names[0].rstrip("*"))(team)

    return happens


def renamed_stages(team: Team) -> None:
    stages = team.apollo.team.contact_stages
    stages[:] = [replace(one, name=f"New {one.name}") for one in stages]
    in_apollo(title=lambda n: f"T{n}")(team)


def answers(path: str, body: str) -> Callable[[Team], None]:
    """Salesforce answers a query with good news and nothing in it."""
    return lambda team: team.salesforce.faults.rules.append(
        Fault("reply", "GET", path, times=0, status=200, body=body)
    )


def found_only(part: float) -> Callable[[Team], None]:
    """The searches of Apollo find a part of what there is; by id all are there."""

    def happens(team: Team) -> None:
        kept = set(contacts(team)[: int(part * len(contacts(team)))])

        def shown(request: Request) -> Response:
            reply = team.apollo.handle(request)
            if not request.url.endswith("contacts/search"):
                return reply
            data = json.loads(reply.body)
            data["contacts"] = [one for one in data["contacts"] if one["id"] in kept]
            data["pagination"] = {"page": 1, "total_entries": len(kept), "total_pages": 1}
            return replace(reply, body=json.dumps(data).encode())

        team.world.handlers["apollo.test"] = shown

    return happens


def clock(seconds: float) -> Callable[[Team], None]:
    def happens(team: Team) -> None:
        team.world.clock = VirtualClock(team.clock.now() + seconds)

    return happens


SAME = "get the same"
DISASTERS = (
    # One side is empty, or half of it is gone.
    Disaster("all leads deleted", deleted_leads(1), "150 of 150 .* gone from salesforce"),
    Disaster("half of the leads deleted", deleted_leads(0.5), "75 of 150 .* gone from salesforce"),
    Disaster("all leads deleted, to follow", deleted_leads(1), "gone from sales", rules=DELETE),
    Disaster("all leads deleted, to mark", deleted_leads(1), "gone from salesforce", rules=MARK),
    Disaster("all contacts deleted", deleted_contacts(1), "gone from apollo", rules=DELETE),
    Disaster("half of the contacts", deleted_contacts(0.5), "gone from apollo", rules=MARK),
    Disaster("contacts deleted, no rule", deleted_contacts(1), code=0),
    Disaster(
        "many contacts deleted",
        deleted_contacts(0.3),
        "180 .* would be deleted",
        rules=DELETE,
        people=MANY,
    ),
    Disaster("many contacts", deleted_contacts(0.3), "180 .* marked", rules=MARK, people=MANY),
    Disaster("many leads", deleted_leads(0.3), "180 .* marked", rules=MARK, people=MANY),
    Disaster(
        "rights on records gone",
        lambda team: team.salesforce.org.unshared.update(leads(team)[::2]),
        "out of sight",
    ),
    Disaster(
        "rights on a fifth of the records gone",
        lambda team: team.salesforce.org.unshared.update(leads(team)[::5]),
        "out-of-sight",
        code=1,
    ),
    Disaster("half of a feed", found_only(0.4), "of 150 .* gone from apollo", rules=MARK),
    Disaster("an empty search", found_only(0), "150 of 150 .* gone from apollo", rules=DELETE),
    Disaster("an empty search, no rule", found_only(0), code=0),
    Disaster(
        "an empty query",
        answers("query", '{"totalSize": 0, "done": true, "records": []}'),
        code=0,
        rules=DELETE,
    ),
    # Columns.
    Disaster("column wiped, left", in_apollo(title=lambda n: ""), "150 of 150 .* lose a value"),
    Disaster("column wiped, right", in_salesforce(Title=lambda n: None), "150 .* lose a value"),
    Disaster("a number zeroed", scores(lambda n: 0), f"150 .* {SAME} AnnualRevenue"),
    Disaster("numbers times 100", scores(lambda n: 100 * n + 100), "600 .* change", people=MANY),
    Disaster("one title, left", in_apollo(0.8, title=lambda n: "CEO"), f"120 .* {SAME} Title"),
    Disaster("one title, right", in_salesforce(0.8, Title=lambda n: "CEO"), f"120 .* {SAME} title"),
    Disaster(
        "find and replace, left",
        in_apollo(title=lambda n: f"TT{n}"),
        "600 of 600 .* salesforce would change",
        people=MANY,
    ),
    Disaster(
        "find and replace, right",
        in_salesforce(Title=lambda n: f"TT{n}"),
        "600 of 600 .* apollo would change",
        people=MANY,
    ),
    Disaster(
        "columns of an import swapped",
        in_apollo(first_name=lambda n: "Berg", last_name=lambda n: f"F{n}"),
        f"150 .* {SAME} FirstName",
    ),
    Disaster("everyone's owner", another_owner, f"{SAME} OwnerId"),
    Disaster(
        "an old copy of the org restored",
        in_salesforce(Title=lambda n: f"Old {n}", FirstName=lambda n: f"Old {n}"),
        "600 of 600 .* change",
        people=MANY,
    ),
    # Too many who are new.
    Disaster("a list imported twice over", strangers, "1,100 .* created, where 150 are linked"),
    # Lists and rules.
    Disaster("statuses renamed", statuses("Nouveau*", "En cours"), "unknown-value", code=1),
    Disaster("stages renamed", renamed_stages, code=0),
    Disaster("rows swapped", swapped_rows, code=0),
    # Rights, schema, orgs, time.
    Disaster(
        "no right on a field", lambda team: team.salesforce.take("read", "Lead", "Title"), code=0
    ),
    Disaster(
        "no right on an object",
        lambda team: team.salesforce.take("read", "Lead"),
        "out-of-reach",
        code=4,
    ),
    Disaster("another org", sandbox, "salesforce is another org"),
    Disaster("another team", another_team, "apollo is another org"),
    Disaster("clock back a year", clock(-365 * DAY), "the clock of this machine"),
    Disaster("clock a year ahead", clock(365 * DAY), code=0),
)


# ---- tests ----------------------------------------------------------------------------------


def linked(rules: str, people: int, state: str = "sqlite://") -> Team:
    """So many people on both sides, in step."""
    team = Team(rules, state=state).began()
    owners = [one.email for one in team.apollo.team.users if not one.deleted]
    [score] = [one.id for one in team.apollo.team.fields if one.label == "Lead Score"]
    for number in range(people):
        team.contact(
            f"p{number}",
            first_name=f"F{number}",
            title=f"T{number}",
            owner=owners[0],
            typed_custom_fields={score: number + 1},
        )
    team.clock.sleep(HOUR)
    team.backfill("push", "contact")
    team.hour()
    assert team.writes(team.hour) == (0, 0)
    assert len(leads(team)) == people
    return team


def ended(act: Callable[[], object]) -> tuple[int, str]:
    """Exit code, and what an error says."""
    try:
        return getattr(act(), "exit_code", 0), ""
    except SyncrulesError as error:
        return error.exit_code, f"{error.what}: {error.why}; {error.fix}"


def writes_nothing(team: Team, act: Callable[[], object]) -> tuple[int, str]:
    """The same, once it is sure that nothing was written."""
    found: list[tuple[int, str]] = []
    assert team.writes(lambda: found.append(ended(act))) == (0, 0)
    return found[0]


@pytest.mark.parametrize("disaster", DISASTERS, ids=lambda one: one.name)
def test_a_disaster_stays_where_it_happened(disaster: Disaster) -> None:
    """No write in either system, the exit code that it should have, in each run until somebody has
    looked at it; and it says what, how many, and how to go on."""
    team = linked(disaster.rules, disaster.people)
    disaster.happens(team)
    for _ in range(2):
        team.clock.sleep(DAY)
        code, said = writes_nothing(team, team.run)
        assert code == disaster.code, said
        if code == 3:
            assert re.search(disaster.says, said), said
        assert sorted(set(team.codes())) == ([disaster.says] if code in (1, 4) else [])


@pytest.mark.parametrize(
    "disaster", [one for one in DISASTERS if one.code == 3], ids=lambda one: one.name
)
def test_what_was_meant_goes_on_with_the_guard_that_the_brake_names(disaster: Disaster) -> None:
    """The line of its sentence, written into the file, takes the brake's place; what is no mass of
    changes (orgs, clocks) names none."""
    team = linked(disaster.rules, disaster.people)
    disaster.happens(team)
    rules = disaster.rules
    for _ in range(3):  # Who is gone, and what follows from it, are two things to allow.
        team.clock.sleep(DAY)
        code, said = ended(team.run)
        line = re.search(r"`(guard [^`]+)`", said)
        if line is None:
            break
        rules += f"{line[1]}\n"
        team.rewrite(rules)
    assert code == (3 if "another" in disaster.name or "clock" in disaster.name else 0), said


@pytest.mark.parametrize(
    "disaster",
    [
        replace(one, people=20)
        for one in DISASTERS
        if one.name in ("column wiped, left", "one title, right", "find and replace, left")
    ],
    ids=lambda one: one.name,
)
def test_a_small_team_may_change_all_it_has(disaster: Disaster) -> None:
    """Of twenty all may change in a morning: no brake, and what is meant arrives."""
    team = linked(disaster.rules, disaster.people)
    disaster.happens(team)
    left, right = team.writes(team.hour)
    assert (left or right) > 0
    assert team.left("contact", "title") == [one or None for one in team.right("Lead", "Title")]


def test_a_days_import_into_a_large_list_goes_through() -> None:
    """Two hundred who are new beside six hundred, and as many who change, are a usual morning."""
    team = linked(PLAIN, MANY)
    for number in range(200):
        team.contact(f"new{number}")
    in_apollo(0.4, title=lambda n: f"Head of {n}")(team)
    assert team.hour().exit_code == 0
    assert len(leads(team)) == MANY + 200


# ---- what goes wrong a little at each run ----------------------------------------------------


def tenth(team: Team, number: int, act: Callable[[Team, str], object], ids: list[str]) -> None:
    """Something happens to the next tenth of some records, and a quarter of an hour goes by."""
    size = len(ids) // 10
    for id in ids[number * size : (number + 1) * size]:
        act(team, id)
    team.clock.sleep(HOUR / 4)


def wiped(team: Team, id: str) -> None:
    team.salesforce.update("Lead", id, {"Title": None})


def deleted(team: Team, id: str) -> None:
    team.salesforce.delete("Lead", id)


def retitled(team: Team, id: str) -> None:
    team.salesforce.update("Lead", id, {"Title": f"Old {id}"})


@pytest.mark.parametrize(
    ("rules", "people", "act", "says", "most"),
    [
        (PLAIN, FEW, wiped, "105 of 150 .* lose a value by all runs of today", 100),
        (MARK, FEW, deleted, "105 of 150 .* be marked, .* by all runs of today", 100),
        (PLAIN, 1_350, retitled, r"1,080 of 1,350 .* change by all runs of today", 1_000),
    ],
    ids=["a tenth is wiped", "a tenth is deleted", "a tenth gets old values"],
)
def test_a_disaster_that_creeps_is_held(
    rules: str, people: int, act: Callable[[Team, str], object], says: str, most: int
) -> None:
    """A tenth of the records at each of ten runs: each is too little for a brake on one run, and
    what the day adds up to is held; the guard that it names lets it go."""
    team = linked(rules, people)
    team.clock.sleep(DAY - team.clock.now() % DAY)
    titles = team.left("contact", "title")
    ids, held, said = leads(team), 0, ""
    for number in range(10):
        tenth(team, number, act, ids)
        code, why = ended(team.run)
        held, said = held + (code == 3), said or why
    assert held > 0
    assert re.search(says, said), said
    now = team.left("contact", "title")
    moved = sum(old != new for old, new in zip(titles, now, strict=True))
    assert 0 < moved <= most
    for _ in range(3):  # Who is gone, and what follows from it, are two things to allow.
        line = re.search(r"`(guard [^`]+)`", said)
        if line is None:
            break
        rules += f"{line[1]}\n"
        team.rewrite(rules)
        code, said = ended(team.hour)
    assert code == 0
    now = team.left("contact", "title")
    assert sum(old != new for old, new in zip(titles, now, strict=True)) > most


def test_too_many_who_are_new_a_few_hundred_at_each_run_are_held() -> None:
    """Each run is under the brake on one. The guard that the brake names lets the rest go."""
    team = linked(PLAIN, FEW)
    team.clock.sleep(DAY - team.clock.now() % DAY)
    codes, said = [], ""
    for hour in range(3):
        for number in range(900):
            team.contact(f"new{hour}-{number}")
        code, said = ended(team.hour)
        codes.append(code)
    assert codes == [0, 0, 3]
    assert len(leads(team)) == FEW + 1_800
    told = "2,700 Lead records .* be created by all runs of today, where 150 were linked before"
    assert re.search(told, said), said
    line = re.search(r"`(guard [^`]+)`", said)
    assert line is not None
    team.rewrite(f"{PLAIN}{line[1]}\n")
    assert ended(team.hour)[0] == 0
    assert len(leads(team)) == FEW + 2_700


@pytest.mark.parametrize("runs", [1, 3])
def test_too_many_who_are_new_are_held_where_nobody_is_linked_yet(runs: int) -> None:
    """A list that is imported before anything else: more than half of none is much, too, at once or
    a few hundred at each run."""
    team = Team(PLAIN).began()
    team.clock.sleep(DAY - team.clock.now() % DAY)
    for run in range(runs):
        for number in range(1_100 if runs == 1 else 900):
            team.contact(f"new{run}-{number}")
        code, said = ended(team.hour)
    told = "1,100 Lead .* where 0 are linked" if runs == 1 else "2,700 Lead .* where 0 were linked"
    assert (code, bool(re.search(told, said))) == (3, True), said
    assert len(leads(team)) == 900 * (runs - 1)
    line = re.search(r"`(guard [^`]+)`", said)
    assert line is not None
    team.rewrite(f"{PLAIN}{line[1]}\n")
    assert ended(team.hour)[0] == 0


BOTH = """\
push contact as Lead when stage is "Interested" { match on email }
push contact as Contact when stage is "Replied" { match on email }
map contact with Lead, Contact {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title clear
    organization_name  -> Lead.Company default "Unknown"
}
"""


def in_two_halves(people: int) -> Team:
    """So many contacts, half of them linked with a Lead each, the others with a Contact."""
    team = Team(HEAD + BOTH).began()
    for number in range(people):
        stage = "Interested" if number % 2 else "Replied"
        team.contact(f"p{number}", title=f"T{number}", stage=stage)
    team.hour()
    team.hour()
    assert len(leads(team)) == len(team.salesforce.rows("Contact")) == people // 2
    return team


def wiped_contacts(team: Team) -> None:
    for object in ("Lead", "Contact"):
        for id in team.salesforce.rows(object):
            team.salesforce.update(object, id, {"Title": None})


WIPED = "190 of 190 linked %s records in %s would lose a value"


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (in_apollo(title=lambda n: ""), WIPED % ("Contact and Lead", "salesforce")),
        (wiped_contacts, WIPED % ("contact", "apollo")),
        (in_apollo(title=lambda n: "CEO"), "190 of 190 .* get the same Title"),
    ],
    ids=["left", "right", "one title"],
)
def test_people_who_are_leads_and_contacts_are_counted_together(
    happens: Callable[[Team], None], says: str
) -> None:
    """A column of all contacts is wiped, or filled with one value: of each of the two objects it is
    too few for a brake. The guards that the brake names let it go."""
    team = in_two_halves(190)
    happens(team)
    for _ in range(2):
        team.clock.sleep(DAY)
        code, said = writes_nothing(team, team.run)
        assert (code, bool(re.search(says, said))) == (3, True), said
    guards = re.findall(r"`(guard [^`]+)`", said)
    team.rewrite("\n".join([HEAD + BOTH, *guards, ""]))
    assert ended(team.hour)[0] == 0
    assert len(set(team.left("contact", "title"))) == 1


def test_leads_and_contacts_are_counted_together_over_a_day() -> None:
    """First the Leads lose their titles, an hour later the Contacts."""
    team = in_two_halves(190)
    team.clock.sleep(DAY - team.clock.now() % DAY)
    for id in leads(team):
        team.salesforce.update("Lead", id, {"Title": None})
    assert ended(team.run)[0] == 0
    wiped_contacts(team)
    team.clock.sleep(HOUR)
    code, said = writes_nothing(team, team.run)
    told = "190 of 190 linked contact .* lose a value by all runs of today"
    assert (code, bool(re.search(told, said))) == (3, True), said
    team.clock.sleep(DAY)
    assert ended(team.run)[0] == 0


def test_what_people_do_all_day_is_held_by_no_brake() -> None:
    """In the second week there are more calls in a day than in all days before."""
    team = Team(f"{PLAIN}push call as Task\n", undocumented="yes").began()
    ada = team.contact()
    team.hour()
    for calls in (20, 700, 700, 700):
        for number in range(calls):
            nine = team.clock.now() + number
            start, end = (datetime.fromtimestamp(one, UTC).isoformat() for one in (nine, nine + 60))
            given = {"contact_id": ada, "status": "completed", "inbound": False, "duration": 60}
            team.apollo.create("call", {**given, "start_time": start, "end_time": end})
        assert team.hour().exit_code == 0
        if calls == 20:
            team.clock.sleep(DAY - team.clock.now() % DAY)
    assert len(team.salesforce.rows("Task")) == 2_120


def test_a_usual_day_is_held_by_no_brake() -> None:
    """Half of forty people change, all day long; a list is imported in the morning beside six
    hundred, of whom as many as are worked with change until the evening; and what somebody asked
    for with a `backfill` is not counted when work goes on."""
    small = linked(PLAIN, 40)
    for hour in range(8):
        in_apollo(0.5, title=f"T{hour} {{}}".format)(small)
        in_salesforce(0.5, Title=lambda n: None)(small)
        assert small.hour().exit_code == 0
    large = linked(PLAIN, MANY)
    large.clock.sleep(DAY - large.clock.now() % DAY)
    for hour in range(4):
        for number in range(50):
            large.contact(f"new{hour}-{number}")
        for id in contacts(large)[hour * 120 : hour * 120 + 120]:
            large.apollo.update("contact", id, {"title": f"Head of {id}"})
        for id in leads(large)[hour * 20 : hour * 20 + 20]:
            large.salesforce.update("Lead", id, {"Title": None})
        assert large.hour().exit_code == 0


@pytest.mark.parametrize("asked", [True, False])
def test_what_was_asked_for_is_no_part_of_the_day(asked: bool) -> None:
    """Sixty lose a title, then sixty more: too many for a day, unless somebody asked for the first
    with a `backfill`. The next day is a new one."""
    team = linked(PLAIN, FEW)
    team.clock.sleep(DAY - team.clock.now() % DAY)
    in_apollo(0.4, title=lambda n: "")(team)
    if asked:
        team.backfill("push", "contact")
    else:
        team.run()
    in_apollo(0.8, title=lambda n: "")(team)
    code, said = ended(team.hour)
    assert code == (0 if asked else 3)
    assert asked or re.search("120 of 150 .* by all runs of today", said)
    team.clock.sleep(DAY)
    assert ended(team.run)[0] == 0
    assert team.right("Lead", "Title").count("") + team.right("Lead", "Title").count(None) == 120


def test_a_backfill_is_held_where_a_column_is_emptied_and_where_half_is_gone() -> None:
    """It was asked for, and neither of these was; other masses go through."""
    team = linked(PLAIN, FEW)
    in_apollo(title=lambda n: "")(team)
    team.clock.sleep(HOUR)

    def asked() -> object:
        return team.backfill("push", "contact")

    code, said = writes_nothing(team, asked)
    assert (code, "lose a value" in said, "syncrules backfill" in said) == (3, True, False)
    in_apollo(title=lambda n: "CEO")(team)
    team.clock.sleep(HOUR)
    assert ended(asked) == (0, "")
    assert set(team.right("Lead", "Title")) == {"CEO"}
    deleted_leads(0.6)(team)
    team.clock.sleep(HOUR)
    code, said = writes_nothing(team, asked)
    assert (code, "gone from salesforce" in said) == (3, True)


def test_one_value_for_all_who_had_none_is_no_disaster() -> None:
    """What is filled takes nobody's value."""
    team = linked(PLAIN, FEW)
    in_apollo(title=lambda n: "")(team)
    team.clock.sleep(HOUR)
    team.rewrite(f"{PLAIN}guard at most 100% of Lead blanked per run\n")
    team.run()
    assert set(team.right("Lead", "Title")) == {None}
    in_apollo(title=lambda n: "CEO")(team)
    assert team.hour().exit_code == 0
    assert set(team.right("Lead", "Title")) == {"CEO"}


def test_half_of_a_side_that_went_little_by_little_is_no_disaster() -> None:
    """Twenty-five at a time, a hundred of a hundred and fifty in all: each run sees some go, and
    none is held."""
    team = linked(PLAIN, FEW)
    for _ in range(4):
        for id in leads(team)[:25]:
            team.salesforce.delete("Lead", id)
        assert team.hour().exit_code == 0


def test_half_of_a_side_is_held_until_it_is_back() -> None:
    """A preview in between changes nothing of that; put back, the next run goes on."""
    team = linked(MARK, FEW)
    gone = leads(team)[:80]
    for id in gone:
        team.salesforce.delete("Lead", id)
    for verb in (team.preview, team.run, team.preview, team.run):
        team.clock.sleep(HOUR)
        code, said = ended(verb)
        assert (code, "80 of 150" in said) == (3, True)
    for id in gone:
        team.salesforce.undelete("Lead", id)
    assert team.writes(team.hour) == (0, 0)
    assert team.codes() == []


@pytest.mark.parametrize("other", ["a rule", "what is due"])
def test_half_of_a_side_is_held_though_a_run_about_something_else_got_through(other: str) -> None:
    """What held a preview is not forgotten by a run that has not looked at it."""
    team = linked(MARK + ACCOUNTS, FEW)
    for id in leads(team)[:80]:
        team.salesforce.delete("Lead", id)
    assert ended(team.preview)[0] == 3
    team.account(domain="new.example")
    whole = team.setup
    by_rule = scope.of_rule(team.plan, "push account as Account")
    about = by_rule if other == "a rule" else scope.Scope(frozenset({"account~Account"}))
    assert about is not None
    team.setup = replace(team.setup, scope=about)
    assert team.hour().exit_code == 0
    assert len(team.salesforce.rows("Account")) == 1
    team.setup = whole
    for _ in range(2):
        team.clock.sleep(HOUR)
        code, said = writes_nothing(team, team.run)
        assert (code, "80 of 150" in said) == (3, True)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_brakes_count_alike_in_both_databases(
    database: str, request: pytest.FixtureRequest
) -> None:
    """Who is gone, and who loses a value."""
    state = "sqlite://" if database == "sqlite" else request.getfixturevalue("postgres_url")
    team = linked(PLAIN, FEW, state)
    in_apollo(title=lambda n: "")(team)
    team.clock.sleep(HOUR)
    with pytest.raises(Braked, match=r"150 of 150 .* lose a value"):
        team.run()
    deleted_leads(1)(team)
    team.clock.sleep(HOUR)
    with pytest.raises(Braked, match=r"150 of 150 .* gone from salesforce"):
        team.run()
    team.db.close()


def test_a_brake_names_no_way_that_it_bars_too() -> None:
    """A backfill is held by what empties a column, so nobody is sent there."""
    team = linked(PLAIN, FEW)
    in_apollo(title=lambda n: "")(team)
    team.clock.sleep(HOUR)
    with pytest.raises(Braked, match="would lose a value") as held:
        team.run()
    assert held.value.fix.startswith("look at `syncrules preview`; `guard at most 100% of Lead")
    with pytest.raises(Braked, match="would lose a value"):
        team.backfill("push", "contact")


def test_a_day_is_counted_alike_on_postgresql(postgres_url: str) -> None:
    team = linked(PLAIN, FEW, postgres_url)
    team.clock.sleep(DAY - team.clock.now() % DAY)
    in_apollo(0.4, title=lambda n: "")(team)
    team.run()
    in_apollo(0.8, title=lambda n: "")(team)
    team.clock.sleep(HOUR)
    with pytest.raises(Braked, match=r"120 of 150 .* lose a value by all runs of today"):
        team.run()
    team.db.close()


def test_a_clock_that_was_wrong_and_is_right_again_is_confirmed_by_a_preview() -> None:
    """The last run was by a clock a year ahead: the next one is held until somebody has looked."""
    team = linked(PLAIN, 5)
    team.world.clock = VirtualClock(team.clock.now() + 365 * DAY)
    team.run()
    team.world.clock = team.clock
    code, said = ended(team.hour)
    assert (code, "syncrules preview" in said) == (3, True)
    team.preview()
    team.contact("late", title="CEO")
    assert team.hour().exit_code == 0
    assert "CEO" in team.right("Lead", "Title")


# ---- our own state --------------------------------------------------------------------------


def reopened(team: Team, path: Path) -> None:
    """A new process with the state that lies there now."""
    team.db = Database(f"sqlite:///{path}", team.world.point)
    team.setup = replace(team.setup, db=team.db, connectors=team.sign_in())


def test_a_state_restored_from_yesterday_makes_nobody_twice(tmp_path: Path) -> None:
    """Links and bases of a day are forgotten: who was made since is found by its key, and what both
    sides agree on is written to neither."""
    path, copy = tmp_path / "state.db", tmp_path / "yesterday.db"
    team = linked(PLAIN, 30, f"sqlite:///{path}")
    team.db.close()
    shutil.copy(path, copy)
    reopened(team, path)
    team.contact("new", title="CTO")
    in_apollo(0.5, title=lambda n: f"Head of {n}")(team)
    team.clock.sleep(HOUR)
    team.run()
    team.clock.sleep(HOUR)
    team.run()
    team.db.close()
    shutil.copy(copy, path)
    reopened(team, path)
    assert team.writes(lambda: (team.hour(), team.hour())) == (0, 0)
    assert len(leads(team)) == len(contacts(team)) == 31
    team.apollo.update("contact", contacts(team)[0], {"title": "CEO"})
    team.hour()
    assert "CEO" in team.right("Lead", "Title")
    team.db.close()


def test_a_state_that_is_lost_makes_nobody_twice(tmp_path: Path) -> None:
    """An empty state is a first run: nothing is written, and a backfill only links."""
    team = linked(PLAIN, 30, f"sqlite:///{tmp_path / 'state.db'}")
    team.db.close()
    reopened(team, tmp_path / "new.db")
    assert team.writes(lambda: (team.hour(), team.backfill("push", "contact"))) == (0, 0)
    assert len(leads(team)) == len(contacts(team)) == 30
    team.apollo.update("contact", contacts(team)[0], {"title": "CEO"})
    team.hour()
    assert "CEO" in team.right("Lead", "Title")
    team.db.close()
