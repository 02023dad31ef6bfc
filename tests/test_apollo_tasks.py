"""Tasks and calls of Apollo: what the connector reads, writes, refuses, and finds again.

Emails, meetings and notes are in `test_apollo_diary.py`; fields in `test_apollo_activities.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from syncrules.connectors.apollo.refusals import advice
from syncrules.connectors.apollo.simulator import Fault
from syncrules.connectors.base.contract import Read, Write
from syncrules.errors import SystemUnavailable
from syncrules.tests.apollo_connected import Team, create, records, update

DUE = "2026-01-08T09:00:00.000Z"
FIELDS = ("title", "note", "type", "status", "priority", "due_at", "contact", "user", "completed")


@pytest.fixture
def team() -> Team:
    return Team()


def new_task(team: Team, ref: int, since: float = 0.0, **fields: Any) -> Write:
    plain = {
        "title": "Ask for the order",
        "note": "50 seats",
        "type": "action_item",
        "status": "scheduled",
        "priority": "high",
        "due_at": DUE,
        "contact": team.ada,
        "user": team.users[1],
    }
    return create(ref, "task", since, **{**plain, **fields})


# ---- reading tasks ------------------------------------------------------------------------------


def test_tasks_come_as_a_whole_with_what_happened_to_them() -> None:
    """Completed, skipped and open ones, each once; what changed is in the next read."""
    team = Team(records=60)
    ids = {team.task(title=f"Task {n}", due_at=f"2026-01-{n % 28 + 1:02d}") for n in range(230)}
    pages = team.read("task", "title", "status", "open", "account")
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    assert ids <= set(records(pages)) == set(team.sim.rows("task"))
    states = {one.values["status"] for one in records(pages).values()}
    assert states == {"scheduled", "completed", "skipped"}
    first = min(ids)
    assert records(pages)[first].values["account"] == team.account
    team.sim.update("task", first, {"status": "completed"})
    again = records(team.read("task", "status", "open", cursor=pages[-1].cursor))
    assert again[first].values == {"status": "completed", "open": False}


def test_a_task_that_moves_while_it_is_read_is_not_lost(team: Team) -> None:
    """Somebody puts a task off past the page that was just read."""
    for n in range(150):
        team.task(title=f"Task {n}", due_at=f"2026-{n % 11 + 1:02d}-{n % 28 + 1:02d}")
    early = team.task(title="Early", due_at="2025-12-01")
    team.meanwhile[1] = lambda: team.sim.update("task", early, {"due_at": "2027-01-01"})
    found = records(team.read("task", "title", "due_at"))
    assert set(found) == set(team.sim.rows("task"))
    assert str(found[early].values["due_at"]).startswith("2027-01-01")


def test_more_tasks_than_two_searches_show_are_an_error_and_not_a_part() -> None:
    """Nothing may be taken for gone because it was out of reach."""
    team = Team(shown=100)
    for n in range(201):
        team.task(title=f"Task {n}")
    with pytest.raises(SystemUnavailable) as caught:
        team.read("task", "title")
    assert "201 tasks" in caught.value.what and caught.value.fix


def test_a_task_is_fetched_as_it_stands_now(team: Team) -> None:
    """By its id it is read without the lag of searches, also when it is gone."""
    id = team.task(title="Old")
    team.sim.team.lag = 10.0
    team.sim.update("task", id, {"title": "New"})
    assert team.fetch("task", id, "title").values == {"title": "New"}
    team.sim.delete("task", id)
    assert team.fetch("task", id, "title").life == "deleted"
    assert team.connector.fetch("task", ["title"], "id", [id[::-1], "no id"]) == []


@pytest.mark.parametrize(("key", "filter"), [("contact", True), ("account", True), ("user", False)])
def test_tasks_are_found_by_whom_they_are_with(team: Team, key: str, filter: bool) -> None:
    """Apollo may take no notice of a filter, so what comes back is looked at."""
    eva = team.contact("Eva")
    mine = team.task(title="With Ada", user_id=team.users[0])
    team.task(title="With Eva", contact_id=eva, user_id=team.users[1])
    wanted = {"contact": team.ada, "account": team.account, "user": team.users[0]}[key]
    found = team.connector.fetch("task", ["title"], key, [wanted])
    assert [(one.id, dict(one.values)) for one in found] == [(mine, {"title": "With Ada"})]


# ---- writing tasks ------------------------------------------------------------------------------


def test_a_task_is_made_with_all_that_it_was_given(team: Team) -> None:
    """One request a task, for no other takes a title; the outcome tells what Apollo made of it."""
    done = team.send(new_task(team, 1), new_task(team, 2, title=None, priority=None))
    assert team.actions() == ["tasks/create"] * 2
    assert [one.kind for one in done.values()] == ["done", "done"]
    values = team.fetch("task", done[1].id, *FIELDS).values
    assert values == {**new_task(team, 1).fields, "completed": False}
    told = done[2].values or {}
    assert (told["title"], told["priority"], told["account"]) == (None, "medium", team.account)


def test_a_task_that_nobody_waits_for_is_due_from_now_on(team: Team) -> None:
    """Apollo takes none without a due time, other systems do; a lost one is found all the same."""
    done = team.send(new_task(team, 1, due_at=None))[1]
    assert str((done.values or {})["due_at"]).startswith("2026-01-05T08:00")
    team.clock.sleep(3600)
    write = new_task(team, 2, team.clock.now(), due_at=None)
    team.lose("lost after", "tasks", "POST")
    assert team.send(write)[2].kind == "unknown"
    assert [one.kind for one in team.connector.find([write])] == ["done"]


def test_a_change_of_a_task_leaves_alone_what_it_does_not_name(team: Team) -> None:
    """A PATCH that names neither would reset priority and creator. (EDGE-14)"""
    id = team.task(title="Old", priority="low")
    team.sim.update("task", id, {"creator_id": team.users[1]})
    done = team.send(update(1, "task", id, title="New", note=None))
    assert done[1].kind == "done" and done[1].values == {"title": "New", "note": None}
    values = team.fetch("task", id, "title", "priority", "creator").values
    assert values == {"title": "New", "priority": "low", "creator": team.users[1]}
    team.send(update(1, "task", id, priority="high"))
    values = team.fetch("task", id, "priority", "creator").values
    assert values == {"priority": "high", "creator": team.users[1]}


@pytest.mark.parametrize(("status", "verb"), [("completed", "complete"), ("skipped", "skip")])
def test_a_task_is_completed_or_skipped_by_the_endpoint_for_it(
    team: Team, status: str, verb: str
) -> None:
    """Only then does it have the time at which it was done."""
    id = team.task(note="Before")
    [batch] = team.connector.pack([update(1, "task", id, status=status)])
    assert batch.call == f"tasks/{verb}"
    assert team.send(update(1, "task", id, status=status))[1].kind == "done"
    assert team.actions() == ["tasks/show", f"tasks/{verb}"]
    values = team.fetch("task", id, "status", f"{status}_at", "note").values
    assert values["status"] == status and values[f"{status}_at"] and values["note"] == "Before"


def test_what_changes_with_the_completion_goes_along(team: Team) -> None:
    """A note alone fits into the same request."""
    one, two = team.task(), team.task()
    assert team.send(update(1, "task", one, status="completed", note="Done"))[1].kind == "done"
    assert team.actions() == ["tasks/show", "tasks/complete"]
    whole = update(2, "task", two, status="completed", title="Asked", note="Done")
    assert team.send(whole)[2].values == dict(whole.fields)
    assert team.actions() == ["tasks/show", "tasks/update", "tasks/complete"]
    for id in (one, two):
        values = team.fetch("task", id, "completed", "note", "priority").values
        assert values == {"completed": True, "note": "Done", "priority": "high"}


def test_a_task_that_is_done_takes_a_note_and_says_what_it_keeps(team: Team) -> None:
    """All else would be dropped without a word, and is not sent. (EDGE-14)"""
    id = team.task(status="completed", title="Ask")
    team.actions()
    done = team.send(update(1, "task", id, note="Later", contact=team.ada, title="Ask"))
    assert done[1].kind == "done" and team.fetch("task", id, "note").values == {"note": "Later"}
    team.actions()
    refused = team.send(update(2, "task", id, note="Never", title="Tell", status="scheduled"))[2]
    assert (refused.kind, refused.code) == ("refused", "task-closed")
    assert refused.fields == ("title", "status") and advice(refused.code)
    assert refused.arrived == ("note",)
    assert team.actions() == ["tasks/show", "tasks/update"]
    held = team.fetch("task", id, "note", "title", "status").values
    assert held == {"note": "Never", "title": "Ask", "status": "completed"}
    assert team.send(update(3, "task", id, title="Tell"))[3].arrived == ()
    assert team.actions() == ["tasks/show", "tasks/show"]


def test_completing_what_is_completed_is_done_already(team: Team) -> None:
    """Also where somebody is quicker between our look and our request."""
    id, other, third = team.task(), team.task(), team.task()
    team.sim.update("task", id, {"status": "completed"})
    assert team.send(update(1, "task", id, status="completed"))[1].kind == "done"
    team.meanwhile[1] = lambda: team.sim.update("task", other, {"status": "completed"})
    assert team.send(update(2, "task", other, status="completed"))[2].kind == "done"
    team.meanwhile[1] = lambda: team.sim.update("task", third, {"status": "skipped"})
    assert team.send(update(3, "task", third, status="completed"))[3].code == "task-closed"


def test_a_deleted_task_is_gone(team: Team) -> None:
    """Before our look or between it and the request."""
    id, other = team.task(), team.task()
    team.sim.delete("task", id)
    assert team.send(update(1, "task", id, title="New"))[1].kind == "gone"
    team.meanwhile[1] = lambda: team.sim.delete("task", other)
    assert team.send(update(2, "task", other, status="completed"))[2].kind == "gone"


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"contact": "0" * 24}, "not-a-valid-id", "contact"),
        ({"type": None}, "refused", ""),
        ({"account": "x"}, "not-writable", "account"),
        ({"creator": "x"}, "not-writable", "creator"),
        ({"colour": "x"}, "not-writable", "colour"),
    ],
)
def test_a_task_that_apollo_refuses_says_why(
    team: Team, fields: dict[str, Any], code: str, field: str
) -> None:
    """The field is named where one is at fault, and there is something to do about it."""
    outcome = team.send(new_task(team, 1, **fields))[1]
    assert (outcome.kind, outcome.code) == ("refused", code)
    assert outcome.fields == ((field,) if field else ()) and outcome.message and advice(code)


def test_what_a_task_must_have_is_not_emptied(team: Team) -> None:
    """Apollo would keep it without a word."""
    outcome = team.send(update(1, "task", team.task(), due_at=None))[1]
    assert (outcome.code, outcome.fields) == ("cannot-clear", ("due_at",))


def test_a_task_of_somebody_else_is_no_bad_key(team: Team) -> None:
    """A permission that is dressed as 401."""
    body = '{"error":"This task belongs to another user. You do not have permissions to modify '
    body += "other people's tasks.\"}"
    id = team.task()
    team.lose("reply", "tasks/", "PATCH")
    team.sim.faults[-1].status, team.sim.faults[-1].body = 401, body
    outcome = team.send(update(1, "task", id, title="New"))[1]
    assert (outcome.kind, outcome.code) == ("refused", "not-your-task") and advice(outcome.code)


def test_nothing_deletes_what_people_did(team: Team) -> None:
    """Tasks and calls, like all else in Apollo, are deleted by hand."""
    writes = [Write(1, "delete", "task", team.task(), {}), Write(2, "delete", "call", "1", {})]
    assert {one.code for one in team.send(*writes).values()} == {"not-deletable"}


def test_an_endpoint_is_metered_as_one_whatever_the_id(team: Team) -> None:
    """Apollo counts all completions together, so a guard may name them."""
    team.sim.limits.plan = "basic"
    tasks = [team.task() for _ in range(3)]
    team.send(*(update(n, "task", id, status="completed") for n, id in enumerate(tasks)))
    team.send(new_call(team, 9))
    used = {one.endpoint: one.used for one in team.connector.meters() if one.window == "day"}
    assert used == {"tasks/show": 3, "tasks/complete": 3, "phone_calls/create": 1}


# ---- what became of lost writes -----------------------------------------------------------------


@pytest.mark.parametrize(("kind", "found"), [("lost after", "done"), ("lost before", "absent")])
@pytest.mark.parametrize("lag", [0.0, 8.0])
def test_a_lost_task_is_known_by_its_values(team: Team, kind: str, found: str, lag: float) -> None:
    """No key tells it: creator, time, and all that was sent do. It is never made twice."""
    team.sim.team.lag = lag
    team.send(new_task(team, 1))
    team.clock.sleep(3600)
    write = new_task(team, 2, team.clock.now())
    team.lose(kind, "tasks", "POST")
    assert team.send(write)[2].kind == "unknown"
    [outcome] = team.connector.find([write])
    assert outcome.kind == found
    if found == "done":
        assert team.fetch("task", outcome.id, *FIELDS).values["title"] == "Ask for the order"
    assert len(team.sim.rows("task")) == (2 if found == "done" else 1)


def test_a_task_that_somebody_made_is_not_taken_for_ours(team: Team) -> None:
    """With the same words, at the same time, but by another hand."""
    write = new_task(team, 1, team.clock.now())
    team.lose("lost before", "tasks", "POST")
    team.send(write)
    values = {"title": "Ask for the order", "note": "50 seats", "user_id": team.users[1]}
    team.sim.update("task", team.task(due_at=DUE, **values), {"creator_id": team.users[2]})
    assert [one.kind for one in team.connector.find([write])] == ["absent"]


def test_a_lost_task_is_known_by_all_but_one_of_its_values(team: Team) -> None:
    """Somebody has given it another title meanwhile: it is ours, and none is made beside it.
    (R1)"""
    write = new_task(team, 1, team.clock.now())
    team.lose("lost after", "tasks", "POST")
    team.send(write)
    [id] = team.sim.rows("task")
    team.sim.update("task", id, {"title": "Ring back"})
    [outcome] = team.connector.find([write])
    assert (outcome.kind, outcome.id) == ("done", id)
    team.sim.update("task", id, {"note": "In May"})
    assert [one.kind for one in team.connector.find([write])] == ["absent"]


def test_a_lost_task_that_was_seen_and_then_deleted_is_not_made_again(team: Team) -> None:
    """Two replies are lost, of which one was carried out: it shows at the first look, and is gone
    at the second, which is for the other one. (R1)"""
    first, second = (new_task(team, ref, team.clock.now()) for ref in (1, 2))
    second = replace(second, fields={**second.fields, "title": "Another", "note": "Of us"})
    for write, kind in ((first, "lost after"), (second, "lost before")):
        team.lose(kind, "tasks", "POST")
        team.send(write)
    [id] = team.sim.rows("task")
    assert team.connector.identity()
    team.meanwhile = {1: lambda: team.sim.delete("task", id)}
    found = {one.ref: one.kind for one in team.connector.find([first, second])}
    assert found == {1: "done", 2: "absent"}


def test_two_lost_tasks_of_the_same_words_are_shared_out(team: Team) -> None:
    """Which is which nobody can tell, and nobody has to: each has one. A third is for a person."""
    writes = [new_task(team, ref, team.clock.now()) for ref in (1, 2)]
    for _ in writes:
        team.lose("lost after", "tasks", "POST")
    team.send(*writes)
    found = team.connector.find(writes)
    assert [one.kind for one in found] == ["done", "done"]
    assert {one.id for one in found} == set(team.sim.rows("task"))
    team.send(new_task(team, 3, team.clock.now()))
    assert [one.kind for one in team.connector.find(writes)] == ["unknown", "unknown"]


@pytest.mark.parametrize(("kind", "found"), [("lost after", "done"), ("lost before", "absent")])
def test_a_lost_completion_is_looked_up(team: Team, kind: str, found: str) -> None:
    """By how the task stands now."""
    write = update(1, "task", team.task(), status="completed", note="Done")
    team.lose(kind, "/complete")
    assert team.send(write)[1].kind == "unknown"
    assert [one.kind for one in team.connector.find([write])] == [found]


@pytest.mark.parametrize("kind", ["lost before", "reply"])
def test_what_a_task_was_given_before_its_completion_failed_has_arrived(
    team: Team, kind: str
) -> None:
    """A title and an end are two requests, and the second is lost or refused: the first is told as
    carried out, by the reply and by the look. (R2)"""
    write = update(1, "task", team.task(), status="completed", title="Asked")
    body = '{"error":"This task is locked","error_code":"LOCKED"}'
    team.sim.faults.append(Fault(kind, path="/complete", status=422, body=body))  # type: ignore[arg-type]
    heard = team.send(write)[1]
    assert heard.kind == ("unknown" if kind == "lost before" else "refused")
    [found] = team.connector.find([write])
    assert found.kind == "absent"
    assert heard.arrived == found.arrived == ("title",)


# ---- calls --------------------------------------------------------------------------------------


def new_call(team: Team, ref: int, since: float = 0.0, **fields: Any) -> Write:
    plain = {
        "note": "Left a message",
        "status": "no-answer",
        "start_time": "2026-01-05T08:00:00.000Z",
        "end_time": "2026-01-05T08:02:00.000Z",
        "duration": 120,
        "to_number": "+4712345678",
        "contact": team.ada,
        "account": team.account,
        "user": team.users[1],
    }
    return create(ref, "call", since, **{**plain, **fields})


def test_a_call_is_logged_and_read_as_it_was_written(team: Team) -> None:
    """Its status is spelled in two ways, its user stands in a list, its note under two names."""
    done = team.send(new_call(team, 1))[1]
    assert done.kind == "done" and team.actions() == ["phone_calls/create"]
    row = team.sim.rows("call")[done.id]
    assert (row["status"], row["logged"], row["user_id"]) == ("no-answer", True, team.users[1])
    sent = new_call(team, 1).fields
    assert team.fetch("call", done.id, *sent).values == sent
    changed = team.send(update(2, "call", done.id, note=None, status="completed", duration=5))[2]
    assert changed.kind == "done" and team.actions()[-1] == "phone_calls/update"
    values = team.fetch("call", done.id, "note", "status", "duration", "start_time").values
    assert values == {
        "note": None,
        "status": "completed",
        "duration": 5,
        "start_time": sent["start_time"],
    }


def test_calls_come_from_the_day_before_the_last_look(team: Team) -> None:
    """Apollo finds calls by day and tells no change, so a day is looked at twice."""
    old = team.sim.create("call", {"contact_id": team.ada, "start_time": "2025-12-30T08:00:00Z"})
    late = team.sim.create("call", {"contact_id": team.ada, "start_time": "2026-01-04T08:00:00Z"})
    pages = team.read("call", "start_time", "status")
    assert {old, late} == set(records(pages))
    team.clock.sleep(60)
    team.sim.update("call", late, {"status": "completed"})
    new = team.sim.create("call", {"contact_id": team.ada, "start_time": "2026-01-05T08:01:00Z"})
    team.actions()
    again = team.read("call", "start_time", "status", cursor=pages[-1].cursor)
    assert set(records(again)) == {late, new}
    assert records(again)[late].values["status"] == "completed"
    assert team.actions() == ["phone_calls/search"]


def test_more_calls_than_a_search_shows_are_read_in_parts_of_the_time() -> None:
    """Each part is halved until a search shows it all; a single day is not."""
    team = Team(shown=100)
    team.sim.team.cap = 100
    for n in range(330):
        day = f"202{n % 6}-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
        team.sim.create("call", {"contact_id": team.ada, "start_time": f"{day}T10:00:00Z"})
    assert set(records(team.read("call", "start_time"))) == set(team.sim.rows("call"))
    for _ in range(100):
        team.sim.create("call", {"contact_id": team.ada, "start_time": "2026-01-03T10:00:00Z"})
    with pytest.raises(SystemUnavailable) as caught:
        team.read("call", "start_time")
    assert "on 2026-01-03" in caught.value.what and caught.value.fix


def test_a_call_is_fetched_by_the_days_around_its_id(team: Team) -> None:
    """Apollo shows no call by its id; one that was logged long afterwards is found all the same."""
    now = team.sim.create("call", {"contact_id": team.ada, "start_time": "2026-01-05T07:00:00Z"})
    old = team.sim.create("call", {"contact_id": team.ada, "start_time": "2025-03-01T07:00:00Z"})
    team.actions()
    assert team.fetch("call", now, "contact").values == {"contact": team.ada}
    assert team.actions() == ["phone_calls/search"]
    assert team.fetch("call", old, "contact").id == old
    assert team.connector.fetch("call", ["note"], "id", ["f" * 24, "no id"]) == []


def test_a_call_tells_the_task_that_led_to_it(team: Team) -> None:
    """The two count once, as the call. (ACT-5)"""
    task = team.task(type="call", status="completed")
    values = {"contact_id": team.ada, "outreach_task_id": task, "duration": 300, "inbound": False}
    call = team.sim.create("call", {**values, "start_time": "2026-01-05T07:00:00Z"})
    team.sim.create("call", {"contact_id": team.ada, "start_time": "2026-01-05T07:30:00Z"})
    found = team.connector.fetch("call", ["duration", "kind", "direction"], "outreach_task", [task])
    assert [one.id for one in found] == [call]
    assert found[0].values == {"duration": 300, "kind": "call", "direction": "outgoing"}


@pytest.mark.parametrize(("kind", "found"), [("lost after", "done"), ("lost before", "absent")])
def test_a_lost_call_is_known_by_its_values(team: Team, kind: str, found: str) -> None:
    """Calls don't tell when they were made; their ids do."""
    team.send(new_call(team, 1))
    team.clock.sleep(3600)
    write = new_call(team, 2, team.clock.now())
    team.lose(kind, "phone_calls", "POST")
    assert team.send(write)[2].kind == "unknown"
    assert [one.kind for one in team.connector.find([write])] == [found]


def test_a_lost_change_of_a_call_is_looked_up(team: Team) -> None:
    """By what it holds now."""
    done = team.send(new_call(team, 1))[1]
    write = update(2, "call", done.id, note="Called back")
    team.lose("lost after", "phone_calls", "PUT")
    assert team.send(write)[2].kind == "unknown"
    assert [one.kind for one in team.connector.find([write])] == ["done"]


def test_a_key_that_may_not_list_calls_says_so(team: Team) -> None:
    """Calls take a master key; tasks don't."""
    team.sim.keys[team.sim.key] = frozenset({"tasks/search", "phone_calls/search"})
    assert team.read("task", "title")[-1].complete
    with pytest.raises(SystemUnavailable) as caught:
        list(team.connector.read(Read("apollo", "call", ("note",)), None))
    assert "phone_calls/search" in caught.value.why and "master key" in caught.value.fix
