"""The kinds of write that faults strike: what leads to each, and whether all of it has arrived.

Three records are made, changed or deleted on one side, and three writes on the other follow. They
are data: a fault that strikes all of them is a test over `WRITES`. Apollo's API deletes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import pytest
from syncrules.connectors.salesforce import writes as salesforce_writes
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import ACCOUNTS, CONTACTS, HEAD, LEADS, Team

DAY = 24 * HOUR
NAMES = ("ada", "bea", "cleo")
NINE = {"start_time": "2026-01-09T09:00:00.000Z", "end_time": "2026-01-09T10:00:00.000Z"}
OURS = "syncrules.example"

PEOPLE = (
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
COMPANIES = (
    HEAD
    + """\
push account as Account {
    match on domain
    on delete delete
}
pull Account as account visible { match on domain }
"""
    + ACCOUNTS
)
TASKS = """\
push task as Task when completed { on delete delete }
pull Task as task visible when TaskSubtype is "Task"
"""
CALLS = """\
push call as Task
pull Task as call visible when TaskSubtype is "Call"
"""
MEETINGS = "push meeting as Event { on cancel delete }\n"

Ids = list[str]
Act = Callable[[Team, Ids], object]
Made = Callable[[Team], Ids]


@dataclass(frozen=True)
class Write:
    """A kind of write to `object` of `system`. `ready` is what was in step before, `act` what leads
    to the writes, `field` with `old` and `new` what changes by it. `edit` gives the records that it
    follows from other values. `composed`: in a request of
    several calls, as very many go."""

    system: str
    kind: str
    object: str
    rules: str
    ready: Made
    act: Act
    field: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    edit: Callable[[Iterable[str]], Act] | None = None
    composed: bool = False

    def __str__(self) -> str:
        bulk = " in bulk" if self.composed else ""
        return f"{self.kind} {self.object} in {self.system}{bulk}"

    def held(self, team: Team) -> list[str]:
        """What the records of its object hold."""
        side = team.right if self.system == "salesforce" else team.left
        return sorted(str(one) for one in side(self.object, self.field))

    def arrived(self, team: Team) -> bool:
        """Whether all has, once."""
        return self.held(team) == sorted(self.new)

    @property
    def one_by_one(self) -> bool:
        """Whether each record takes a request of its own."""
        return self.system == "apollo" and self.object in ("task", "call")


# ---- what leads to writes ---------------------------------------------------------------------


def nobody(team: Team) -> Ids:
    return []


def in_step(made: Made) -> Made:
    """They are there on both sides."""

    def ready(team: Team) -> Ids:
        ids = made(team)
        team.hour()
        return ids

    return ready


def from_apollo(object: str, field: str, values: Iterable[str]) -> Act:
    """Somebody changes each of them there."""

    def act(team: Team, ids: Ids) -> None:
        for id, value in zip(ids, values, strict=True):
            team.apollo.update(object, id, {field: value})

    return act


def from_salesforce(object: str, field: str, values: Iterable[str]) -> Act:
    def act(team: Team, ids: Ids) -> None:
        for id, value in zip(ids, values, strict=True):
            team.salesforce.update(object, id, {field: value})

    return act


def gone_from_apollo(object: str) -> Act:
    def act(team: Team, ids: Ids) -> None:
        for id in ids:
            team.apollo.delete(object, id)

    return act


def contacts(title: str) -> Made:
    return lambda team: [team.contact(name, title=title) for name in NAMES]


def sf_contacts(title: str) -> Made:
    return lambda team: [team.sf_contact(name, Title=title) for name in NAMES]


def accounts(team: Team) -> Ids:
    return [team.account(f"{name} One", f"{name}.example") for name in NAMES]


def sf_accounts(team: Team) -> Ids:
    return [team.sf_account(f"{name} One", f"{name}.example") for name in NAMES]


def ada(team: Team) -> str:
    """Somebody whom both systems know, as activities need."""
    [id] = team.apollo.rows("contact")
    return id


def tasks(team: Team) -> Ids:
    """Tasks that somebody has completed in Apollo."""
    plain = {"type": "action_item", "due_at": NINE["start_time"], "contact_id": ada(team)}
    ids = [
        team.apollo.create("task", {**plain, "title": "Offer", "note": f"{name} One"})
        for name in NAMES
    ]
    for id in ids:
        team.apollo.update("task", id, {"status": "completed"})
    return ids


def calls(team: Team) -> Ids:
    plain = {"contact_id": ada(team), "status": "completed", "inbound": False, "duration": 95}
    return [team.apollo.create("call", {**plain, **NINE, "note": f"{one} One"}) for one in NAMES]


def meetings(team: Team) -> Ids:
    plain = {"guests": ["ada@berg.example"], "contact_id": ada(team), **NINE}
    return [team.apollo.create("meeting", {**plain, "subject": f"{one} One"}) for one in NAMES]


def sf_tasks(team: Team) -> Ids:
    """Open tasks in Salesforce."""
    [who] = team.salesforce.rows("Contact")
    plain = {"Status": "Not Started", "WhoId": who}
    return [team.salesforce.create("Task", {**plain, "Subject": f"{one} One"}) for one in NAMES]


def sf_calls(team: Team) -> Ids:
    [who] = team.salesforce.rows("Contact")
    plain = {"Status": "Completed", "WhoId": who, "TaskSubtype": "Call", "Subject": "Call"}
    made = ({**plain, "Description": f"{one} One"} for one in NAMES)
    return [team.salesforce.create("Task", one) for one in made]


def cancelled(team: Team, ids: Ids) -> None:
    for id in ids:
        team.apollo.update("meeting", id, {"cancelled": True})


# ---- the table --------------------------------------------------------------------------------

CTO, CEO = ("CTO",) * 3, ("CEO",) * 3
ONE = tuple(f"{name} One" for name in NAMES)
TWO = tuple(f"{name} Two" for name in NAMES)


def three(
    system: str,
    object: str,
    rules: str,
    made: Made,
    field: str,
    edit: Callable[[Iterable[str]], Act],
    goes: Act | None = None,
) -> list[Write]:
    """Creates, updates and, where the far side lets us, deletions."""
    plain = Write(system, "create", object, rules, nobody, _making(made), field, (), ONE, edit)
    found = [
        plain,
        replace(plain, kind="update", ready=in_step(made), act=edit(TWO), old=ONE, new=TWO),
    ]
    if goes is not None:
        found.append(replace(plain, kind="delete", ready=in_step(made), act=goes, old=ONE, new=()))
    return found


def _making(made: Made) -> Act:
    return lambda team, _: made(team)


TITLES = partial(from_apollo, "contact", "title")
SF_TITLES = partial(from_salesforce, "Contact", "Title")
_LEAD = Write(
    *("salesforce", "create", "Lead", PEOPLE, nobody, _making(contacts("CEO"))),
    *("Title", (), CEO, TITLES),
)
LEAD_WRITES = (
    _LEAD,
    replace(_LEAD, kind="update", ready=in_step(contacts("CTO")), act=TITLES(CEO), old=CTO),
    replace(
        _LEAD,
        kind="delete",
        ready=in_step(contacts("CTO")),
        act=gone_from_apollo("contact"),
        old=CTO,
        new=(),
    ),
)
_CONTACT = Write(
    *("apollo", "create", "contact", PEOPLE, nobody, _making(sf_contacts("CEO"))),
    *("title", (), CEO, SF_TITLES),
)
CONTACT_WRITES = (
    _CONTACT,
    replace(
        _CONTACT, kind="update", ready=in_step(sf_contacts("CTO")), act=SF_TITLES(CEO), old=CTO
    ),
)
ACCOUNT_WRITES = (
    *three(
        *("salesforce", "Account", COMPANIES, accounts, "Name"),
        partial(from_apollo, "account", "name"),
        gone_from_apollo("account"),
    ),
    *three(
        *("apollo", "account", COMPANIES, sf_accounts, "name"),
        partial(from_salesforce, "Account", "Name"),
    ),
)
TASK_WRITES = (
    *three(
        *("salesforce", "Task", HEAD + TASKS, tasks, "Description"),
        partial(from_apollo, "task", "note"),
        gone_from_apollo("task"),
    ),
    *three(
        *("apollo", "task", HEAD + TASKS, sf_tasks, "title"),
        partial(from_salesforce, "Task", "Subject"),
    ),
)
CALL_WRITES = (
    *three(
        *("salesforce", "Task", HEAD + CALLS, calls, "Description"),
        partial(from_apollo, "call", "note"),
    ),
    *three(
        *("apollo", "call", HEAD + CALLS, sf_calls, "note"),
        partial(from_salesforce, "Task", "Description"),
    ),
)
MEETING_WRITES = tuple(
    three(
        *("salesforce", "Event", HEAD + MEETINGS, meetings, "Subject"),
        partial(from_apollo, "meeting", "subject"),
        cancelled,
    )
)
BULK_WRITES = tuple(replace(one, composed=True) for one in LEAD_WRITES)

PEOPLE_WRITES = (*LEAD_WRITES, *CONTACT_WRITES)
ACTIVITY_WRITES = (*TASK_WRITES, *CALL_WRITES, *MEETING_WRITES)
WRITES = (*PEOPLE_WRITES, *ACCOUNT_WRITES, *ACTIVITY_WRITES, *BULK_WRITES)

writes = pytest.mark.parametrize("write", WRITES, ids=str)
to_salesforce = [one for one in WRITES if one.system == "salesforce"]
to_apollo = [one for one in WRITES if one.system == "apollo"]


def only(found: Iterable[Write], *kinds: str) -> pytest.MarkDecorator:
    """Those of some kinds."""
    some = [one for one in found if not kinds or one.kind in kinds]
    return pytest.mark.parametrize("write", some, ids=str)


def started(write: Write, patch: pytest.MonkeyPatch) -> Team:
    """Both systems, which have run once."""
    if write.composed:
        patch.setattr(salesforce_writes, "FEW", 2)
        patch.setattr(salesforce_writes, "BATCH", 2)
    activity = write in ACTIVITY_WRITES
    team = Team(write.rules, undocumented="yes", team=(OURS,)) if activity else Team(write.rules)
    if activity:
        team.contact()
        team.sf_contact()
    return team.began()


def begun(write: Write, patch: pytest.MonkeyPatch) -> Team:
    """What leads to the writes has happened; a day later there will be a run."""
    team = started(write, patch)
    write.act(team, write.ready(team))
    team.clock.sleep(DAY)  # Deletions in Apollo are looked for once a day.
    return team


def all_is_well(team: Team, write: Write) -> None:
    """All has arrived once, nobody is told of anything, and nothing more is written."""
    assert write.held(team) == sorted(write.new)
    assert team.codes() == []
    assert team.is_quiet()
    assert write.arrived(team)
