"""`serve`: days of a project on two made-up systems, with a clock that jumps.

Every run is a whole one, with its sign-ins, reads and writes; only time is simulated. What a run of
a part of the rules means is tested in `run/test_scope.py`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from syncrules.connectors.base.world import seconds
from syncrules.engine import daybook
from syncrules.engine.schedule import Ran, Said, Stop, Timetable
from syncrules.engine.store import lease
from syncrules.engine.store.database import Database
from syncrules.errors import (
    BudgetSpent,
    FenceLost,
    FindingsError,
    Interrupted,
    LeaseHeld,
    SystemUnavailable,
)
from syncrules.tests.cli import call
from syncrules.tests.desk import HOUR, Desk
from syncrules.tests.worlds import VirtualClock

RULES = """\
sync apollo with salesforce
prefer apollo

push contact as Lead
push task as Task when completed
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}

every 90 minutes
push account as Account
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, RULES)


def person(desk: Desk, name: str) -> str:
    values = {"last_name": name, "email": f"{name}@a.example".lower()}
    return desk.apollo.create("contact", values)


def task(desk: Desk, name: str) -> None:
    """A task with a new person that was done just now."""
    due = {"due_at": "2026-01-09T09:00:00.000Z", "type": "action_item", "title": f"Call {name}"}
    id = desk.apollo.create("task", {"contact_id": person(desk, name), **due})
    desk.apollo.update("task", id, {"status": "completed"})


def names(desk: Desk) -> list[str]:
    return sorted(str(one["LastName"]) for one in desk.salesforce.rows("Lead").values())


def test_each_group_runs_at_its_own_time_for_a_day(desk: Desk) -> None:
    """96 runs of people and tasks, which wrote no `every`, and 16 of the accounts beside them; a
    change is on the other side within one period. (ACT-9, ACT-10)"""
    made: dict[str, float] = {}
    seen: dict[str, float] = {}

    def at(one: Ran | Said) -> None:
        if isinstance(one, Ran):
            tasks = [str(each["Subject"]) for each in desk.salesforce.rows("Task").values()]
            seen.update({name: one.at for name in (*names(desk), *tasks) if name not in seen})
            if len(made) < 12:
                task(desk, f"P{len(made)}")
                name = f"P{len(made)}"
                made.update({name: one.at, f"Call {name}": one.at})

    told = desk.serve(24, at)
    assert len(told.of(15)) == 96
    assert len(told.of(90)) == 16
    assert {one.every for one in told.runs} == {(15,), (15, 90)}
    gaps = [b.at - a.at for a, b in zip(told.of(90), told.of(90)[1:], strict=False)]
    assert gaps == [pytest.approx(5400.0, abs=60)] * 15
    assert made.keys() == seen.keys()
    assert all(seen[name] - made[name] <= 15 * 60 + 60 for name in made)
    assert told.said == ["started", "stopped"]


def test_a_run_between_two_looks_at_the_accounts_asks_for_none(desk: Desk) -> None:
    """A quiet hour costs what the contacts cost. (ACT-10)"""
    desk.serve(0.1)
    before = desk.apollo.count("accounts/search")
    desk.serve(1.2)
    # It begins with all groups; the accounts' next time is after the end.
    assert desk.apollo.count("accounts/search") - before <= 2


def test_a_rule_file_counts_once_it_passes_and_until_then_the_last_good_one(desk: Desk) -> None:
    """A broken edit changes nothing and is said once; whoever waits at the terminal is
    told of an edit within seconds, and all of it runs at once. (ACT-3)"""
    broken = RULES.replace("title ", "titel ")
    steps = iter([broken, None, None, broken + "\n# still at it\n", None, RULES + "\n# done\n"])
    saved: list[float] = []
    told = desk.serve(0.01)

    def at(one: Ran | Said) -> None:
        if isinstance(one, Ran):
            person(desk, f"P{len(names(desk))}")
            edited = next(steps, None)
            if edited is not None:
                desk.write(edited)
                saved.append(one.at)

    told = desk.serve(2, at)
    assert [one.partition(":")[0] for one in told.said] == [
        "started",
        "the files of the project have changed and can't be used, so the rules of before go on",
        "the files of the project have changed and can't be used, so the rules of before go on",
        "the files of the project have changed, and are in use from now on",
        "stopped",
    ]
    assert told.said[1].endswith(": 1 finding is an error")
    heard = [one.at for one in told.all if isinstance(one, Said)][1:-1]
    assert all(0 <= b - a < 10 for a, b in zip(saved, heard, strict=True))
    assert len(told.of(15)) >= 8
    assert len(names(desk)) >= 7
    good = next(one for one in told.all if isinstance(one, Said) and "in use" in one.text)
    after = next(one for one in told.runs if one.at >= good.at)
    assert after.every == (15, 90)
    assert after.at - good.at < 60


def test_a_schedule_begun_with_a_broken_rule_goes_on_with_the_last_good_ones(desk: Desk) -> None:
    """They were kept when they were in use; without any it doesn't start. (ACT-3)"""
    desk.write(RULES.replace("title ", "titel "))
    with pytest.raises(FindingsError):
        desk.serve(1)
    desk.write(RULES)
    desk.serve(0.5)
    desk.write(RULES.replace("title ", "titel "))
    person(desk, "King")
    told = desk.serve(0.5)
    assert "the rules of before go on: 1 finding is an error" in told.said[0]
    assert names(desk) == ["King"]
    kept = (desk.folder / ".syncrules" / "in-use.json").read_text(encoding="utf-8")
    assert desk.apollo.key not in kept


def test_a_system_that_is_away_is_said_and_tried_again_less_and_less(desk: Desk) -> None:
    """After a minute, two, four, eight; once it is back everything goes on, on the old grid."""
    desk.serve(0.01)
    start = desk.clock.now()
    away = desk.world.handlers.pop("apollo.test")

    def at(one: Ran | Said) -> None:
        if desk.clock.now() - start > 25 * 60:
            desk.world.handlers["apollo.test"] = away

    person(desk, "King")
    told = desk.serve(2, at)
    failed = [one for one in told.runs if one.error is not None]
    waits = [round((one.again - one.at) / 60) for one in failed]
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert all(one.error is not None and one.error.exit_code == 4 for one in failed)
    assert names(desk) == ["King"]
    assert "no run, every 15 and 90 minutes: apollo" in daybook.line(failed[0])
    assert "; tried again at 2026-" in daybook.line(failed[0])
    assert told.runs[-1].error is None
    assert round(told.runs[-1].at - start) % 900 < 60


def test_rules_that_say_nothing_yet_are_waited_for(desk: Desk) -> None:
    """An empty file has nothing to run, and is no fault; what is written into it is taken up."""
    desk.write("sync apollo with salesforce\n")
    assert desk.serve(0.1).runs == []
    told: list[str] = []

    def at(one: Ran | Said) -> None:
        told.append(daybook.line(one))
        desk.write(RULES)

    assert len(desk.serve(0.2, at).runs) == 1
    assert "in use from now on" in told[1]


def test_another_runner_is_waited_for(desk: Desk) -> None:
    """A run that somebody typed holds the lease; the schedule says so and comes again."""
    desk.serve(0.01)
    db = Database(desk.project.state_url)
    holder = lease.Holder("elsewhere", 1, "", "laptop")
    lease.acquire(db, "apollo~salesforce", holder, desk.clock.now(), 100.0)
    told = desk.serve(0.2)
    assert [one.error.exit_code if one.error else 0 for one in told.runs] == [5, 5, 0]
    assert "another run is at work" in daybook.line(told.runs[0])


ANOTHER = lease.Holder("elsewhere", 7, "", "laptop")
PLACE = "apollo~salesforce serve"


def test_a_second_schedule_is_told_who_is_at_work(desk: Desk) -> None:
    """Who, where and since when; it asks neither system, and begins once the place is free."""
    desk.serve(0.01)
    db = Database(desk.project.state_url)
    lease.take(db, PLACE, ANOTHER, desk.clock.now(), 100.0, lease.SERVE)
    asked = len(desk.apollo.requests)
    with pytest.raises(LeaseHeld) as told:
        desk.serve(0.1)
    assert told.value.exit_code == 5
    assert told.value.what == "another `serve` is at work"
    assert re.fullmatch(
        r"process 7 on laptop has kept these systems in step since [-\d]+ [:\d]+ UTC",
        told.value.why,
    )
    assert len(desk.apollo.requests) == asked
    desk.clock.sleep(101)
    assert desk.serve(0.1).runs
    db.close()


def test_a_schedule_keeps_its_place_through_long_runs_and_gives_it_back(desk: Desk) -> None:
    """Nobody gets it in hours of which one run takes a part; at the end it is free at once."""
    db = Database(desk.project.state_url)
    refused = 0

    def ask(seconds: float) -> None:
        nonlocal refused
        desk.clock.sleep(seconds)
        with pytest.raises(LeaseHeld):
            lease.take(db, PLACE, ANOTHER, desk.clock.now(), 1.0, lease.SERVE)
        refused += 1

    for place in range(250):
        person(desk, f"P{place}")
    desk.world.on_point = lambda name: ask(100) if name == "after planned" else None
    desk.serve(2, lambda one: ask(0) if isinstance(one, Ran) else None)
    desk.world.on_point = None
    assert refused > 10
    lease.take(db, PLACE, ANOTHER, desk.clock.now(), 1.0, lease.SERVE)
    db.close()


def test_a_schedule_that_lost_its_place_ends(desk: Desk) -> None:
    """It slept, as a laptop does, and another one began meanwhile: the two don't take turns."""
    db = Database(desk.project.state_url)

    def at(one: Ran | Said) -> None:
        if isinstance(one, Ran):
            desk.clock.sleep(HOUR)
            lease.take(db, PLACE, ANOTHER, desk.clock.now(), 1000.0, lease.SERVE)

    with pytest.raises(FenceLost) as told:
        desk.serve(2, at)
    assert told.value.exit_code == 5
    db.close()


def test_a_brake_stops_a_run_and_not_the_schedule(desk: Desk) -> None:
    """Nothing is written; it is tried again at the usual time, then less often."""
    desk.serve(0.01)
    desk.write(RULES + "guard at most 1 Lead created per run\n")
    for name in ("King", "Byron"):
        person(desk, name)
    told = desk.serve(1.6)
    failed = [one for one in told.runs if one.error is not None]
    assert [round((one.again - one.at) / 60) for one in failed] == [15, 30, 60]
    assert {one.error.exit_code for one in failed if one.error} == {3}
    assert names(desk) == []


def test_lines_are_one_for_each_run_for_people_and_for_programs(desk: Desk) -> None:
    """When, which run, which groups, what was done; the same as JSON."""
    desk.serve(0.01)
    person(desk, "King")
    told = desk.serve(0.3)
    lines = [daybook.line(one) for one in told.all]
    assert lines[0].endswith(" UTC  started")
    assert lines[1].endswith("UTC  run 2, every 15 and 90 minutes: 1 salesforce Lead created")
    assert lines[2].endswith("UTC  run 3, every 15 minutes: nothing to do")
    assert all("\n" not in one for one in lines)
    data = [json.loads(json.dumps(daybook.as_json(one))) for one in told.all]
    assert [one["event"] for one in data] == ["schedule", "run", "run", "schedule"]
    assert (data[1]["every"], data[1]["exit"], data[1]["run"]) == ([15, 90], 0, 2)
    assert data[1]["changes"][0]["count"] == 1
    assert abs(seconds(data[1]["at"]) - told.runs[0].at) < 0.01


def test_a_stop_ends_a_rest_at_once_and_a_run_at_its_next_record(desk: Desk) -> None:
    """Nothing of the run is in doubt; whoever starts it again goes on from there."""
    stop = Stop(VirtualClock())
    stop.ask()
    stop.rest(1e9)
    assert stop.asked

    class Heard(VirtualClock):
        def sleep(self, seconds: float) -> None:
            stop.ask()
            super().sleep(seconds)

    clock = Heard()
    before = clock.now()
    stop = Stop(clock)
    stop.rest(900.0)
    assert stop.asked
    assert clock.now() == before

    desk.serve(0.01)
    for place in range(250):
        person(desk, f"P{place}")
    started = desk.clock.now()
    desk.world.on_point = lambda name: desk.clock.sleep(HOUR) if names(desk) else None
    with pytest.raises(Interrupted) as told:
        desk.serve(0.5)
    assert told.value.exit_code == 130
    assert desk.clock.now() > started
    desk.world.on_point = None
    assert 0 < len(names(desk)) < 250
    assert desk.run().settled == {}
    assert len(names(desk)) == 250


def test_what_was_missed_is_not_made_up_for() -> None:
    """A run that took longer than its period is followed by the next time of the grid, not by two
    runs in a row; a spent budget is left alone for a period."""
    table = Timetable([15, 60], 1000.0)
    assert table.due(1000.0) == (15, 60)
    table.ran((15, 60), 1000.0 + 40 * 60)
    assert table.next() == 1000.0 + 45 * 60
    assert table.due(1000.0 + 45 * 60) == (15,)
    assert table.failed(BudgetSpent("spent"), 5000.0) == 5900.0
    assert table.failed(BudgetSpent("spent"), 5900.0) == 7700.0
    assert Timetable([15], 0.0).failed(SystemUnavailable("away"), 10.0) == 70.0


def test_known_is_answered_from_the_state_at_the_command_line(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """No system can be reached from here, and none is asked; for people and for scripts. (CPL-3)"""
    desk.serve(0.01)
    person(desk, "King")
    desk.serve(0.1)
    line = ("known", "king@a.example", "nobody@a.example", "--project", desk.folder)
    told = call(capsys, *line)
    assert told.code == 0
    assert re.search(r"^king@a.example  known\n    apollo contact \w+, linked with", told.out)
    assert "nobody@a.example  not known" in told.out
    king, nobody = call(capsys, *line, "--format", "json").json()["known"]
    assert (king["known"], nobody["known"]) == (True, False)
    assert [one["object"] for one in king["records"][0]["linked"]] == ["Lead"]
