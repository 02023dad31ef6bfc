"""Wherever a run dies in the middle of what people did, each thing is there once in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.salesforce import writes
from syncrules.tests.both import HOUR
from syncrules.tests.guide.test_activities import UNKNOWN, Day, stranger

RULES = """\
push task as Task when completed
pull Task as task visible when open
push call as Task
push meeting as Event { on cancel mark Subject "Cancelled: {{ subject }}" }
push note as Note create only
""" + UNKNOWN.format(when="", add="add unknown people")


STEP = 3
"""Every third place is tried, from a different first one for each kind of place."""


class Crash(BaseException):
    """The process is gone."""


def day_of_work() -> Day:
    """A day with one of each, a call that came of a task, and somebody whom nobody knows."""
    day = Day(RULES)
    task = day.completed(type="call", title="Ring Ada")
    day.call(outreach_task_id=task)
    day.completed(title="Send the offer")
    day.meeting()
    day.note()
    stranger(day)
    day.salesforce("Task", Subject="Ring back", Status="Not Started", WhoId=day.person)
    day.both.clock.sleep(HOUR)
    return day


def what_is_there(day: Day) -> dict[str, Counter[str]]:
    """What each system holds, by name and how often."""
    return {
        "Task": Counter(f"{one['TaskSubtype']} {one['Subject']}" for one in day.made("Task")),
        "Event": Counter(str(one["Subject"]) for one in day.made("Event")),
        "Note": Counter(str(one["Body"]) for one in day.made("Note")),
        "Lead": Counter(str(one["Email"]) for one in day.made("Lead")),
        "task": Counter(str(one["title"]) for one in day.tasks()),
        "contact": Counter(str(one["email"]) for one in day.both.apollo.rows("contact").values()),
    }


def go_on(day: Day) -> None:
    """A new process, and what is left to do."""
    day.both.setup = replace(day.both.setup, connectors=day.both.sign_in())
    for _ in range(3):
        day.run()


def crash_at(day: Day, number: int, *, replied: bool) -> bool:
    """Runs until that many commits and requests, or replies, have gone by; whether it got there."""
    left = [number]

    def pass_by(_: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    world = day.both.world
    handlers = dict(world.handlers)
    if replied:

        def served(handle: Callable[[Request], Response]) -> Callable[[Request], Response]:
            def serve(request: Request) -> Response:
                response = handle(request)
                pass_by("reply")
                return response

            return serve

        world.handlers = {name: served(one) for name, one in handlers.items()}
    else:
        world.on_point = pass_by
    try:
        day.both.run()
    except Crash:
        return True
    finally:
        world.on_point, world.handlers = None, handlers
    return False


@pytest.fixture(scope="module")
def wanted() -> dict[str, Counter[str]]:
    """What an undisturbed day ends in."""
    day = day_of_work()
    day.both.run()
    go_on(day)
    found = what_is_there(day)
    assert found["Task"] == {
        "Call Outgoing call": 1,
        "Task Send the offer": 1,
        "Email May I ask": 1,
        "Task Ring back": 1,
    }
    return found


def test_two_calls_that_say_the_same_are_two_tasks_wherever_a_run_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a request each: what came of the one is not taken for the other's."""
    monkeypatch.setattr(writes, "BATCH", 1)
    number, died = 1, True
    while died:
        day = Day("push call as Task")
        day.call()
        day.call()
        day.both.clock.sleep(HOUR)
        died = crash_at(day, number, replied=False)
        go_on(day)
        assert what_is_there(day)["Task"] == {"Call Outgoing call": 2}, number
        assert day.both.errors() == [], number
        number += 2
    assert number > 20


@pytest.mark.parametrize("replied", [False, True], ids=["before a step", "after a reply"])
def test_each_activity_is_there_once_wherever_a_run_dies(
    wanted: dict[str, Counter[str]], replied: bool
) -> None:
    """Commits, requests and replies of the run are once the last thing it does."""
    number = 1 + replied
    while crash_at(day := day_of_work(), number, replied=replied):
        go_on(day)
        assert what_is_there(day) == wanted, number
        assert day.both.errors() == [], number
        number += STEP
    assert number > 20
