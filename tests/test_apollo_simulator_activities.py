"""What people did in the made-up Apollo: wire shapes, refusals, and what the API forgets to say.

What our connector makes of it is in `test_apollo_tasks.py` and `test_apollo_diary.py`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from syncrules.connectors.apollo.simulator import ApolloSimulator, simulate
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.wire import Response, json_request
from syncrules.tests.worlds import VirtualClock


class Team:
    """A simulator with a clock of its own, and short words for calls."""

    def __init__(self, records: int = 0) -> None:
        self.clock = VirtualClock()
        self.sim: ApolloSimulator = simulate(SimulatorOptions(records=records, clock=self.clock))
        self.user = self.sim.team.users[1].id
        self.ada = self.sim.create("contact", {"first_name": "Ada", "email": "ada@berg.example"})

    def ask(self, method: str, path: str, body: object = None) -> Response:
        self.clock.sleep(0.5)
        url = f"http://apollo.test/api/v1/{path}"
        return self.sim.handle(json_request(method, url, body, x_api_key=self.sim.key))

    def get(self, method: str, path: str, body: object = None) -> Any:
        reply = self.ask(method, path, body)
        assert reply.status == 200, reply.body
        return reply.json()

    def refused(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        reply = self.ask(method, path, body)
        return reply.status, reply.json()

    def task(self, **values: Any) -> Any:
        plain = {
            "user_id": self.user,
            "contact_id": self.ada,
            "type": "call",
            "status": "scheduled",
            "due_at": "2026-01-09T09:00:00Z",
            "priority": "high",
            "title": "Call Ada",
        }
        return self.get("POST", "tasks", {**plain, **values})["task"]

    def edit(self, **what: Any) -> str:
        """A person at the screen, by the simulator's own door."""
        url = "http://apollo.test/__sim__/edit"
        reply = self.sim.handle(json_request("POST", url, what))
        assert reply.status == 200
        return str(reply.json()["id"])


@pytest.fixture
def team() -> Team:
    return Team()


# ---- tasks --------------------------------------------------------------------------------------


def test_a_task_has_no_time_of_change_and_shows_its_contact(team: Team) -> None:
    """Its due date is spelled in the other way that Apollo has."""
    made = team.task()
    assert made["due_at"] == "2026-01-09T09:00:00.000+00:00" and "updated_at" not in made
    assert made["contact"]["email"] == "ada@berg.example"
    assert team.get("GET", f"tasks/{made['id']}")["task"] == made
    assert team.task(status=None)["status"] is None


def test_tasks_are_sorted_by_due_date_or_priority_and_by_nothing_else(team: Team) -> None:
    """Some sizes of a page are refused."""
    team.task(title="Late", due_at="2026-02-01", priority="low")
    team.task(title="Soon", due_at="2026-01-06", priority="high")

    def titles(**body: Any) -> list[str]:
        found = team.get("POST", "tasks/search", body)
        assert found["pagination"]["total_entries"] == 2
        return [one["title"] for one in found["tasks"]]

    assert titles(sort_by_field="task_due_at", sort_ascending=True) == ["Soon", "Late"]
    assert titles(sort_by_field="task_priority", sort_ascending=False) == ["Soon", "Late"]
    assert team.refused("POST", "tasks/search", {"per_page": 30}) == (
        422,
        {"error": "Per page not supported"},
    )


def test_a_patch_resets_what_it_does_not_name(team: Team) -> None:
    """Priority and creator, while a task waits; afterwards it takes a note and little else."""
    id = team.task()["id"]
    team.get("PATCH", f"tasks/{id}", {"creator_id": team.user, "priority": "low"})
    after = team.get("PATCH", f"tasks/{id}", {"title": "New"})["task"]
    assert (after["priority"], after["creator_id"]) == ("medium", team.sim.team.users[0].id)
    team.get("POST", f"tasks/{id}/complete", {})
    late = team.get("PATCH", f"tasks/{id}", {"title": "Later", "note": "Yes", "priority": "low"})
    assert (late["task"]["title"], late["task"]["note"]) == ("New", "Yes")
    assert late["task"]["priority"] == "medium"


def test_a_task_ends_once(team: Team) -> None:
    """A second time is a 422, a deleted one answers 200 and says so."""
    one, two = team.task()["id"], team.task()["id"]
    done = team.get("POST", f"tasks/{one}/complete", {"note": "Reached"})["task"]
    assert (done["status"], done["note"]) == ("completed", "Reached") and done["completed_at"]
    again = (
        422,
        {
            "error": "This task is already completed / skipped.",
            "allow_moving_to_next_task": True,
        },
    )
    assert team.refused("POST", f"tasks/{one}/skip", {}) == again
    team.edit(action="delete", object="task", id=two)
    gone = {"task": {"id": two, "deleted": True}}
    assert team.get("POST", f"tasks/{two}/complete", {}) == gone
    assert team.refused("GET", f"tasks/{two}")[1] == {
        "error": "This task has been deleted. Please refresh your page."
    }
    assert team.refused("DELETE", f"tasks/{one}")[0] == 403


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"type": None}, "type and user can not be blank"),
        ({"user_id": ""}, "type and user can not be blank"),
        ({"contact_id": "x"}, "Parameters misconfigured. x is not a valid ID"),
        ({"due_at": None}, "Required parameter 'due_at' missing"),
        ({"due_at": "soon"}, "Parameters misconfigured. soon is not a time"),
    ],
)
def test_a_task_that_lacks_something_is_not_made(
    team: Team, values: dict[str, Any], error: str
) -> None:
    """422 with a text, as for everything semantic."""
    body = {"user_id": team.user, "contact_id": team.ada, "type": "call", "due_at": "2026-01-09"}
    assert team.refused("POST", "tasks", {**body, **values}) == (422, {"error": error})
    assert team.sim.rows("task") == {}


def test_many_tasks_at_once_have_no_title(team: Team) -> None:
    """One for each contact."""
    eva = team.sim.create("contact", {"first_name": "Eva"})
    body = {"user_id": team.user, "type": "call", "status": "scheduled", "due_at": "2026-01-09"}
    made = team.get(
        "POST", "tasks/bulk_create", {**body, "contact_ids": [team.ada, eva], "title": "Lost"}
    )
    assert made["success"] is True
    assert [(one["contact_id"], one["title"]) for one in made["tasks"]] == [
        (team.ada, None),
        (eva, None),
    ]


def test_a_search_stays_behind_and_a_look_by_id_does_not(team: Team) -> None:
    """As for contacts."""
    team.sim.team.lag = 10.0
    id = team.task()["id"]
    assert team.get("POST", "tasks/search", {})["tasks"] == []
    assert team.get("GET", f"tasks/{id}")["task"]["id"] == id


# ---- calls, mail, meetings, notes ---------------------------------------------------------------


def test_a_call_moves_the_stamps_of_its_contact(team: Team) -> None:
    """So contacts come again although nobody edited them."""
    before = team.sim.rows("contact")[team.ada]["updated_at"]
    body = {"user_id": [team.user], "contact_id": team.ada, "status": "no_answer", "logged": True}
    made = team.get("POST", "phone_calls", {**body, "start_time": "2026-01-05T08:00:00Z"})
    assert made["phone_call"]["status"] == "no-answer"
    after = team.sim.rows("contact")[team.ada]
    assert after["updated_at"] > before and after["last_activity_date"]
    assert team.refused("GET", f"phone_calls/{made['phone_call']['id']}")[0] == 404


def test_calls_are_found_by_day(team: Team) -> None:
    """Numbers that came as text go back as text."""
    for day in ("03", "04", "05"):
        values = {"contact_id": team.ada, "start_time": f"2026-01-{day}T23:30:00Z"}
        team.edit(action="create", object="call", values=values)
    query = "date_range%5Bmin%5D=2026-01-04&date_range%5Bmax%5D=2026-01-04&page=1&per_page=100"
    found = team.get("GET", f"phone_calls/search?{query}")
    assert [one["start_time"][:10] for one in found["phone_calls"]] == ["2026-01-04"]
    assert found["pagination"]["page"] == "1"


def test_only_a_master_key_may_have_calls(team: Team) -> None:
    """A scope that names them doesn't help."""
    team.sim.keys["scoped"] = frozenset({"phone_calls/search", "tasks/search"})
    url = "http://apollo.test/api/v1/phone_calls/search"
    reply = team.sim.handle(json_request("GET", url, x_api_key="scoped"))
    assert (reply.status, reply.json()["error_code"]) == (403, "API_INACCESSIBLE")


def test_the_documented_search_shows_only_mail_that_apollo_sent(team: Team) -> None:
    """Four mails of the four kinds: one of them. (ACT-12)"""
    for inbound in (False, True):
        for connected in (False, True):
            values = {"inbound": inbound, "connected_mailbox": connected, "subject": "x"}
            team.edit(action="create", object="email", values=values)
    found = team.get("GET", "emailer_messages/search")
    assert set(found) == {"emailer_messages", "emailer_steps", "breadcrumbs"}
    assert len(found["emailer_messages"]) == 1
    assert (
        len(team.get("GET", "emailer_messages/search?mailbox_messages=true")["emailer_messages"])
        == 4
    )


def test_a_meeting_is_moved_and_cancelled_at_the_screen(team: Team) -> None:
    """It keeps its id, and its stamp moves. (EDGE-15)"""
    times = {"start_time": "2026-01-09T09:00:00Z", "end_time": "2026-01-09T10:00:00Z"}
    id = team.edit(action="create", object="meeting", values={"subject": "Demo", **times})
    before = team.get("GET", f"calendar_events/{id}")["calendar_event"]
    team.edit(action="update", object="meeting", id=id, values={"start_time": "2026-01-10T09:00Z"})
    team.edit(action="update", object="meeting", id=id, values={"cancelled": True})
    after = team.get("GET", f"calendar_events/{id}")["calendar_event"]
    assert (before["cancelled"], after["cancelled"]) == (False, True)
    assert after["start_time"] == "2026-01-10T09:00:00.000Z"
    assert after["updated_at"] > before["updated_at"]


def test_notes_want_to_know_what_they_are_about(team: Team) -> None:
    """400 without a parent; with one, in steps of skip and limit."""
    for n in range(3):
        values = {"contact_id": team.ada, "content": f"Note {n}"}
        team.edit(action="create", object="note", values=values)
    assert team.refused("GET", "notes")[0] == 400
    query = f"contact_ids%5B%5D={team.ada}&sort_by_field=created_at&sort_direction=asc"
    found = team.get("GET", f"notes?{query}&skip=1&limit=1")["notes"]
    assert [one["content"] for one in found] == ["Note 1"]
    assert found[0]["contact_ids"] == [team.ada] and found[0]["account_ids"] == []


def test_a_team_has_a_history_that_is_the_same_for_a_seed() -> None:
    """All kinds of mail, meetings of our own, a series, and mail with strangers."""
    one, again = Team(200).sim, Team(200).sim
    for object in ("task", "call", "email", "meeting", "note"):
        assert json.dumps(one.rows(object)) == json.dumps(again.rows(object)) != "{}"
    emails, meetings = one.rows("email").values(), one.rows("meeting").values()
    kinds = {(bool(each.get("inbound")), bool(each.get("connected_mailbox"))) for each in emails}
    assert len(kinds) == 4
    assert any(each["contact_id"] is None for each in emails)
    series = [each for each in meetings if each["series_id"]]
    assert len(series) == 4 and len({each["subject"] for each in series}) == 2
    assert [each["cancelled"] for each in series].count(True) == 1
    team = {each.email for each in one.team.users}
    ours = [m for m in meetings if {guest.lower() for guest in m["guests"]} <= team]
    assert len(ours) == 2
    calls = one.rows("call").values()
    assert any(each["outreach_task_id"] for each in calls)
