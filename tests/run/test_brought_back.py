"""A state that is brought back together with its whole machine: what the machine remembers of its
last run is as old as the state, so only what stands in the two systems shows it.

What is done then is that of any older copy (`test_restored.py`).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from syncrules.engine.report import result_text
from syncrules.engine.run import restored
from syncrules.engine.run import run as verbs
from syncrules.errors import Braked
from syncrules.tests.both import HOUR
from syncrules.tests.run.test_restored import Backup

DAY = 24 * HOUR
MANY = restored.TWINS


class Machine(Backup):
    """The copy is of the state and of what is remembered besides it."""

    def back_up(self) -> None:
        super().back_up()
        self.word = self.remembered.last()

    def restore(self) -> None:
        super().restore()
        assert self.word is not None
        self.remembered.note(self.word)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path, people=20)


def a_day(machine: Machine, edits: int) -> None:
    """So many people get other titles, which go over; somebody is called, and a task is done. Then
    two of them are edited once more, by others."""
    team = machine.team
    for number in range(edits):
        team.apollo.update("contact", machine.ids[number], {"title": f"Head {number}"})
    machine.task(15, "Call somebody")
    machine.call(16, "Rang")
    machine.run()
    team.salesforce.update("Lead", machine.lead(0), {"Title": "Hers, later"})
    team.salesforce.update("Lead", machine.lead(19), {"Title": "Hers alone"})


def titles(machine: Machine) -> dict[str, object]:
    return {id: row["Title"] for id, row in machine.team.salesforce.rows("Lead").items()}


def test_work_that_is_there_already_shows_that_the_state_is_an_older_copy(machine: Machine) -> None:
    """Ten and more that were written since the copy: nothing is made twice, the newer value of the
    two stays and is listed, what changed on one side only goes over, and all of it costs one whole
    reading (R1, R4)."""
    machine.back_up()
    a_day(machine, MANY + 1)
    tasks = len(machine.team.salesforce.rows("Task"))
    before = titles(machine)
    machine.restore()
    result = machine.run()
    assert result.restored
    assert "older copy" in result_text(result).splitlines()[0]
    assert (machine.twice(), len(machine.team.salesforce.rows("Task"))) == ([], tasks)
    assert titles(machine) == before
    [entry] = machine.team.errors()
    assert '"Hers, later"' in entry.message and "older copy" in entry.message
    assert machine.team.apollo.rows("contact")[machine.ids[19]]["title"] == "Hers alone"
    machine.team.apollo.update("contact", machine.ids[0], {"title": "Hers, later"})
    assert not machine.run().restored
    assert machine.team.is_quiet()


def test_too_little_to_tell_is_the_window_that_remains(machine: Machine) -> None:
    """With less than ten of them nobody can tell: people are known by their keys all the same; the
    call and the task are made again, and where both sides have changed `prefer` decides. What lost
    is listed, and can be put back."""
    machine.back_up()
    a_day(machine, MANY - 1)
    machine.restore()
    result = machine.run()
    assert not result.restored
    assert sorted(map(str, machine.twice())) == ["Call somebody", "Outgoing call"]
    assert titles(machine)[machine.lead(0)] == "Head 0"
    assert result.lost == 1
    assert len(machine.team.salesforce.rows("Lead")) == 20


def test_a_preview_shows_it_and_no_other_verb_goes_before(machine: Machine) -> None:
    """A backfill that finds it ends before its first write; so does everything after it, until a
    run has compared."""
    machine.back_up()
    a_day(machine, MANY + 1)
    machine.restore()
    team = machine.team
    team.clock.sleep(HOUR)
    shown = team.preview()
    assert shown.restored
    assert not [one for one in shown.counts if one[1:3] == ("Lead", "update")]

    def backfill() -> None:
        with pytest.raises(Braked, match="waits for a whole run"):
            team.backfill("push", "contact")

    assert team.writes(backfill) == (0, 0)
    with pytest.raises(Braked, match="waits for a whole run"):
        verbs.retry(team.setup, None)
    assert machine.run().restored
    assert machine.twice() == []
    assert not machine.run().restored


def test_a_run_that_dies_while_it_compares_leaves_the_next_one_as_careful(machine: Machine) -> None:
    machine.back_up()
    a_day(machine, MANY + 1)
    before = titles(machine)
    machine.restore()
    seen: list[str] = []

    def die(name: str) -> None:
        seen.append(name)
        if "after restored" in seen and name == "before planned":
            raise KeyboardInterrupt

    machine.team.world.on_point = die
    with pytest.raises(KeyboardInterrupt):
        machine.run()
    machine.team.world.on_point = None
    assert machine.run().restored
    assert titles(machine) == before and machine.twice() == []


def test_others_who_do_the_same_work_are_taken_for_it_once(machine: Machine) -> None:
    """A list is imported on both sides, or another program keeps them in step: one run compares,
    and for a month no other; where few of many have the same, none does."""
    team = machine.team

    def both_sides(name: str, count: int) -> None:
        for number in range(count):
            team.apollo.update("contact", machine.ids[number], {"title": f"{name} {number}"})
            team.salesforce.update("Lead", machine.lead(number), {"Title": f"{name} {number}"})

    both_sides("One", MANY - 1)
    assert not machine.run().restored
    both_sides("Two", MANY)
    assert machine.run().restored
    both_sides("Three", MANY)
    assert not machine.run().restored
    team.clock.sleep(restored.CALM)
    both_sides("Four", MANY)
    assert machine.run().restored
    assert team.errors() == []
    assert team.is_quiet()
