"""Faults of the way between that pass, stay for a while, or stop runs, at each kind of write.

Then it is over: all records are there once, with the newest value, the error log is empty, and two
further runs write nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from syncrules.errors import SystemUnavailable
from syncrules.tests.faults.between import EITHER, OF_ONE, Between, Spoiled, faults, replied
from syncrules.tests.faults.writes import DAY, WRITES, Write, all_is_well, begun, writes

PASSING = [
    pytest.param(write, spoiled, id=f"{write}: {name}")
    for write in WRITES
    for name, spoiled in faults(write).items()
]


@pytest.mark.parametrize(("write", "spoiled"), PASSING)
def test_a_fault_that_passes_loses_nothing_and_doubles_nothing(
    write: Write, spoiled: Spoiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, at the first request to write: this run or the next settles it, before it decides
    anything else (ERR-1)."""
    team = begun(write, monkeypatch)
    between = Between(team, write.system, spoiled)
    team.run()
    team.hour()
    assert between.struck == 1
    all_is_well(team, write)


STORMS = ("connection refused", "time-out before", "time-out after", "500", "503")


@writes
@pytest.mark.parametrize("name", STORMS)
def test_a_storm_ends_the_run_or_leaves_doubt_and_is_told_once(
    name: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request to write meets it for three runs: one entry for the cause where nothing gets
    through, no write is sent blindly again, and when it is over all is there once (ERR-1)."""
    team = begun(write, monkeypatch)
    between = Between(team, write.system, EITHER[name], times=10_000)
    for act in (team.run, team.hour, team.hour):
        try:
            act()
        except SystemUnavailable as error:
            assert error.exit_code == 4
            assert write.system in error.what
            assert error.fix
    assert between.struck
    # What was done all the same is found, and needs nobody.
    told = {"connection refused": ["out-of-reach"], "time-out after": []}
    assert team.codes() == told.get(name, ["no-reply"])
    assert all(one.message and one.advice for one in team.errors())
    between.ends()
    team.clock.sleep(DAY)
    team.hour()
    team.hour()
    all_is_well(team, write)


SPENT: dict[str, Spoiled] = {
    "salesforce": replied(
        403,
        '[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]',
    ),
    "apollo": replied(429, "{}", {"retry-after": "36000"}),
}
REVOKED: dict[str, Spoiled] = {
    "salesforce": OF_ONE["salesforce"]["401 of a session that ended"],
    "apollo": replied(401, '{"error": "Invalid access credentials."}'),
}


@writes
@pytest.mark.parametrize("spoiled", [SPENT, REVOKED], ids=["calls spent", "sign-in revoked"])
def test_what_stops_a_run_at_a_write_is_told_once_and_nothing_is_sent_twice(
    spoiled: Mapping[str, Spoiled], write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4 and one entry however many runs meet it; the first that gets through closes it
    (ERR-1)."""
    team = begun(write, monkeypatch)
    between = Between(team, write.system, spoiled[write.system], times=10_000)
    for act in (team.run, team.hour):
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
    all_is_well(team, write)
