"""Any crash is safe: stories of every kind of write, in which runs die at their points and go on.

A slice of the sweep, the same each time; `make soak PART=crashes` dies at all points of all
scenarios, and twice at some 50,000 pairs of them.
"""

from __future__ import annotations

from itertools import groupby

from syncrules.tests.sweep.play import SCENARIOS, dying, swept, undisturbed

STEP = 53
"""One point of so many is a death, from a different first one on for each story; and each at which
a reply has come, and nothing of it is kept."""
RECOVERED = 50
"""Points after a death until the next one: in the middle of what goes on from it."""

STORIES = [list(some) for _, some in groupby(SCENARIOS, key=lambda one: one.story)]
SLICE = [some[number % len(some)] for number, some in enumerate(STORIES)]
"""Each story once, and the settings in turn."""


def test_there_are_two_hundred_scenarios_and_no_two_have_one_name() -> None:
    assert len(SCENARIOS) >= 200
    assert len({str(one) for one in SCENARIOS}) == len(SCENARIOS)


def test_a_run_that_dies_is_gone_on_from() -> None:
    """Whatever it was about to read, decide, write or commit: in the end everybody is there once,
    both sides hold what they hold where nobody dies, and two further runs write nothing."""
    died = 0
    for number, scenario in enumerate(SLICE):
        whole = undisturbed(scenario)
        assert whole.wrong == [], scenario
        for point, name in enumerate(whole.points, start=1):
            if name != "before settled" and point % STEP != number % STEP:
                continue
            times, wrong = dying(scenario, point)
            assert wrong == []
            died += times
    assert died > 100


def test_what_goes_on_from_a_crash_may_die_as_well() -> None:
    """Two deaths in one story, at each of the stories in turn."""
    died = []
    for number, scenario in enumerate(SLICE):
        first = 1 + (STEP * number) % len(undisturbed(scenario).points)
        times, wrong = dying(scenario, first, RECOVERED)
        assert wrong == []
        died.append(times)
    assert died.count(2) > len(died) / 2


def test_a_copy_of_this_process_dies_at_each_point_of_the_long_form() -> None:
    """All points of one story, and pairs of them."""
    scenario = min(SLICE, key=lambda one: len(undisturbed(one).points))
    told = swept(scenario)
    assert told.wrong == []
    assert told.once == len(undisturbed(scenario).points)
    assert told.twice > 0
