"""What reading costs in requests, before any is sent. The systems are those of `small.py`."""

from __future__ import annotations

from dataclasses import replace

from syncrules.connectors.base.schema import Feed, Schema
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.cost import ReadCost, Total, requests, total
from syncrules.tests.plan.small import LEFT, RULES, SCHEMAS


def cost_of_contacts(feed: Feed, count: int | None) -> ReadCost:
    """Contacts come 100 a page and are read every 15 minutes."""
    left = replace(
        LEFT,
        objects=tuple(
            replace(one, feed=feed, count=count) if one.name == "contact" else one
            for one in LEFT.objects
        ),
    )
    schemas: dict[str, Schema] = {**SCHEMAS, "left": left}
    costs = requests(compile(RULES, schemas), schemas)
    return next(one for one in costs if one.object == "contact")


def test_a_feed_with_stamps_costs_one_request_when_nothing_changed() -> None:
    """The first time it takes its pages, and once more each day, a hundred of them at most."""
    one = cost_of_contacts("stamped", 250)
    assert (one.first, one.quiet, one.daily) == (3, 1, 96 + 3)
    large = cost_of_contacts("stamped", 100_000)
    assert (large.first, large.quiet, large.daily) == (1000, 1, 96 + 100)


def test_a_feed_without_stamps_costs_two_pages_when_nothing_changed() -> None:
    """Or one, where there is but one."""
    assert cost_of_contacts("newest first", 250).quiet == 2
    assert cost_of_contacts("newest first", 40).quiet == 1


def test_a_feed_that_is_read_whole_costs_the_same_each_time() -> None:
    """Nothing tells what changed, so all pages are read."""
    one = cost_of_contacts("whole", 250)
    assert (one.first, one.quiet, one.daily) == (3, 3, 288)


def test_an_empty_object_still_costs_the_request_that_finds_it_empty() -> None:
    """No page is one request, too."""
    assert cost_of_contacts("whole", 0).first == 1


def test_what_nobody_counted_is_not_guessed() -> None:
    """Without a count the first read is unknown; by parent, both are."""
    assert cost_of_contacts("stamped", None).first is None
    assert cost_of_contacts("stamped", None).quiet == 1
    assert cost_of_contacts("by parent", 250) == ReadCost("left", "contact", 15, None, None)


def test_a_sum_says_whether_a_part_of_it_is_unknown() -> None:
    """At least what is known."""
    assert total([3, 4]) == Total(7, sure=True)
    assert total([3, None]) == Total(3, sure=False)
