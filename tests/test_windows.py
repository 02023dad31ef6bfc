"""The windows of `docs/reliability.md` are as wide as the code makes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syncrules.connectors.apollo import describe, doubts
from syncrules.connectors.apollo import feeds as apollo_feeds
from syncrules.connectors.apollo import session as apollo
from syncrules.connectors.apollo.connector import KIND as APOLLO
from syncrules.connectors.base import wire
from syncrules.connectors.base.contract import Read
from syncrules.connectors.base.cost import PART
from syncrules.connectors.base.world import LANES
from syncrules.connectors.salesforce import feeds as salesforce_feeds
from syncrules.connectors.salesforce import session as salesforce
from syncrules.connectors.salesforce.connector import KIND as SALESFORCE
from syncrules.connectors.salesforce.describe import PAGE as PAGE_OF_RECORDS
from syncrules.engine.run import look, restored, run, same, sight, sweep, tidy, write
from syncrules.tests import days

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
DAY, HOUR = 86_400.0, 3600.0
SECOND_LOOK = f"{write.FRESH:.0f} seconds"
ECHO = f"{describe.LAG + look.LATE:.0f} seconds"

FIGURES = {
    "Nobody is made twice": (
        f"older than {SECOND_LOOK}",
        f"in the {SECOND_LOOK} before our create",
        f"the {describe.LAG:.0f} seconds that searches stay behind",
    ),
    "A lost reply is settled": (
        f"up to three times within {sum(doubts._LOOKS):.0f} seconds",
        f"only {SALESFORCE.deadline:.0f} seconds after it was sent (Salesforce)",
        f"(Salesforce), {APOLLO.deadline:.0f} (Apollo)",
    ),
    "An edit is not written over": (
        f"at most {SECOND_LOOK} old",
        f"{SECOND_LOOK}, and the time that the batch takes",
        f"{salesforce.WRITE_TIMEOUT:.0f} seconds (Salesforce) or {apollo.TIMEOUT:.0f} (Apollo)",
    ),
    "Our own write is no edit": (
        f"For {ECHO}",
        f"within {ECHO}",
        f"goes back {apollo_feeds.OVERLAP:.0f} seconds",
    ),
    "Nobody goes along with a record that is deleted": (),
    "What a system fills in is no edit": (),
    "No change is missed": (
        f"goes back {salesforce_feeds.OVERLAP:.0f} seconds (Apollo: {apollo_feeds.OVERLAP:.0f})",
        f"{PART} pages ({PART * PAGE_OF_RECORDS:,} records) in {sight.DAY / HOUR:.0f} hours",
    ),
    "Changes go over at once": (f"One period, {Read('', '', ()).every} minutes",),
    "A deletion is heard of": (
        f"once in {sight.DAY / HOUR:.0f} hours",
        f"up to {sweep.MOST} missing",
        f"{sight.MOST} linked records",
        f"{sight.DAY / HOUR:.0f} hours and a period; more than {sweep.MOST}",
    ),
    "One runner at a time": (f"more than {run.LEASE:.0f} seconds", f"its {LANES} lanes"),
    "A state brought back is known": (
        f"{restored.TWINS} linked pairs with the same new value",
        f"less than {restored.TWINS} such pairs",
        f"within {restored.CALM / DAY:.0f} days",
    ),
    "The clock plays no part": (
        f"more than {same.BACK / HOUR:.0f} hours",
        f"{same.LONG / DAY:.0f} days ago",
    ),
}


def rows(heading: str) -> dict[str, str]:
    """The rows of the first table under a heading, by their first cell."""
    _, _, after = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    section, _, _ = after.partition("\n## ")
    cells = re.findall(r"^\| ([^|]+?) \| (.*) \|$", section, re.MULTILINE)
    return {first: rest for first, rest in cells if not set(first) <= set("- ")}


def test_each_window_has_its_row_and_each_row_its_figures() -> None:
    """None is told of that the code doesn't have, and the other way round."""
    assert set(rows("The windows")) - {"Promise"} == set(FIGURES)


@pytest.mark.parametrize("promise", FIGURES)
def test_the_figures_of_a_window_are_those_of_the_code(promise: str) -> None:
    """A constant that changes makes another sentence."""
    text = rows("The windows")[promise]
    assert [one for one in FIGURES[promise] if one not in text] == []
    assert text.count(" | ") == 2


def test_the_size_of_the_state_is_what_is_measured() -> None:
    """The table of bytes is what `tests/days.py` holds the state against."""
    told = {
        int(rest.replace(",", ""))
        for rest in rows("How large the state gets").values()
        if rest.replace(",", "").isdigit()
    }
    assert told == set(days.SIZES.values())
    page = PAGE.read_text(encoding="utf-8")
    assert f"and {days.BASE:,} for nothing at all" in page
    assert f"{tidy.KEPT / DAY:.0f} days" in page
    assert f"{tidy.SOME:,} rows in a commit" in page


def test_a_system_is_left_alone_as_the_page_says() -> None:
    """Ten failures, a minute."""
    assert (wire.FAILURES, wire.REST) == (10, 60.0)


def test_what_is_taken_for_an_old_answer_is_read_again_once_that_time_is_over() -> None:
    """The look that comes then goes back at least as far: an edit among it is only put off (R6)."""
    assert apollo_feeds.OVERLAP > describe.LAG + look.LATE
