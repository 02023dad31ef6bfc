"""Clocks that differ, saves and searches that lag, and runs that die, at each kind of write."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.tests.both import HOUR
from syncrules.tests.faults.writes import (
    DAY,
    PEOPLE_WRITES,
    Write,
    all_is_well,
    begun,
    started,
    writes,
)
from syncrules.tests.guide.team import Team


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


@writes
@pytest.mark.parametrize("name", TIMES)
def test_time_that_differs_changes_nothing(
    name: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clocks of both systems that are wrong, an index behind the truth, a save that shows late."""
    team = started(write, monkeypatch)
    TIMES[name](team)
    team.clock.sleep(HOUR)
    write.act(team, write.ready(team))
    team.clock.sleep(DAY)
    team.run()
    team.hour()
    all_is_well(team, write)


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


@writes
def test_a_crash_at_any_point_of_a_write_is_gone_on_from(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run dies at each of its commits and requests in turn, and for other records than people
    at every third; the next ones finish the work."""
    step = 1 if write in PEOPLE_WRITES else 3
    place, died = 0, True
    while died:
        team = begun(write, monkeypatch)
        died = dying(team, team.run, place)
        team.hour()
        team.clock.sleep(DAY)
        team.hour()
        all_is_well(team, write)
        place += step
    assert place > 10
