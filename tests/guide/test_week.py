"""A week of both systems with people at work, checked by an oracle that is not the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from syncrules.tests.guide import week_oracle
from syncrules.tests.guide.week import MEMORY, Outcome, Week
from syncrules.tests.guide.week_values import Story

SEED = 1


@pytest.fixture(scope="module")
def played() -> Iterator[tuple[Week, Outcome]]:
    """A week, played once."""
    with TemporaryDirectory(dir=str(MEMORY) if MEMORY.is_dir() else None) as folder:
        week = Week(Path(folder), SEED)
        yield week, week.play()


def test_a_week_ends_in_the_state_that_the_guide_describes(
    played: tuple[Week, Outcome],
) -> None:
    """Edits, new people, conversions, merges, deletes, deals, all kinds of activities, rights that
    go and come, a status that is renamed, a user who leaves: in the end nobody is there twice and
    nobody is lost, links are where conversions and merges say, values are the winner's, stages what
    the deals say, each thing done is there once, nothing else was written, and a further run writes
    nothing. (CPU-3, CPU-6, CPU-8, CPU-9, CPL-2, CPL-6, CST-1, CST-6, CFM-4, CFM-7, APU-2, AST-2,
    CON-9, EDGE-5, EDGE-6, EDGE-14, EDGE-15, EDGE-16, EDGE-18, ACT-4, ACT-5, ACT-8,
    ACT-12, ACT-13, ACT-14, ACT-15, ACT-16, ACT-17, ACT-18, ACT-19, ACT-20, ACT-22)"""
    _, outcome = played
    assert outcome.violations == []


def test_the_week_was_one_in_which_much_happened(played: tuple[Week, Outcome]) -> None:
    """Every 15 minutes there was a run, accounts took part every hour, and people did all that
    there is to do. (ACT-9, ACT-10)"""
    week, outcome = played
    rounds = week.log.rounds
    assert sum(15 in one.every for one in rounds) >= 7 * 96
    assert 7 * 24 <= sum(60 in one.every for one in rounds) <= 7 * 24 + 5
    assert outcome.deeds > 200
    assert outcome.writes > 500
    done = {(one.key[0], one.key[1]) for one in week.staff.done.values()}
    assert len(done) == 6
    ways = {(old[1], new[1]) for old, (new, _) in week.log.became.items()}
    assert ways >= {("Lead", "Contact"), ("Account", "Account")}
    assert {("Lead", "Lead"), ("Contact", "Contact")} & ways


def lead(week: Week) -> str:
    """A lead that stands for a contact."""
    rows = week.log.rows("salesforce")
    found = Story(week.log, week.staff).people().values()
    return next(
        one.right[2]
        for one in found
        if one.linked and one.right[1] == "Lead" and one.right in rows
        if one.left in week.log.rows("apollo")
    )


def task(week: Week) -> str:
    """A task that was completed in Apollo, and is about somebody."""
    rows = week.desk.salesforce.rows("Task")
    gone = {one.who for one in week.staff.done.values() if week.staff.ever_away(one.who)}
    mine = [one for one in week.staff.done.values() if one.key[1] == "task" and one.who not in gone]
    words = {f"Task {one.tag}" for one in mine}
    return next(id for id, row in rows.items() if row["Subject"] in words and row.get("WhoId"))


def again(week: Week, object: str, id: str) -> None:
    """One more of a record, made as if by us."""
    row = week.desk.salesforce.rows(object)[id]
    names = ("Subject", "WhoId", "LastName", "Company", "Email", "Status", "LeadSource")
    values = {name: row[name] for name in names if row.get(name)}
    written(week, lambda: week.desk.salesforce.create(object, values))


def change(week: Week, object: str, id: str, **values: Any) -> None:
    """A record gets another value, as if from us."""
    written(week, lambda: week.desk.salesforce.update(object, id, values))


def written(week: Week, act: Callable[[], object]) -> None:
    """Something is done as if the sync had done it."""
    before = week.log.rows("salesforce")
    act()
    week.log._compare("salesforce", before, "sync")


FAULTS: dict[str, tuple[Callable[[Week], None], str]] = {
    "a field of nobody's": (
        lambda week: change(week, "Lead", lead(week), City="Oslo"),
        "no rule says so",
    ),
    "a wrong value": (
        lambda week: change(week, "Lead", lead(week), FirstName="Nobody"),
        "FirstName is 'Nobody', and should be",
    ),
    "a wrong status": (
        lambda week: change(week, "Task", task(week), Status="Deferred"),
        "Status is 'Deferred', and should be",
    ),
    "an address unasked": (
        lambda week: change(week, "Lead", lead(week), Email="no@new.example"),
        "nobody has approved it",
    ),
    "a second lead": (lambda week: again(week, "Lead", lead(week)), "was made, though there was"),
    "a second task": (lambda week: again(week, "Task", task(week)), "is there 2 times"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_oracle_sees_what_is_wrong(played: tuple[Week, Outcome], fault: str) -> None:
    """A fault of each kind, made on purpose at the end of the same week."""
    week, _ = played
    make, told = FAULTS[fault]
    make(week)
    found = week_oracle.check(week.log, week.staff, week.desk.errors())
    assert any(told in one for one in found), found
