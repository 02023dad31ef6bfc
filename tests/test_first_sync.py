"""A first sync of 20,000 with 15,000 people, a day of edits, and a run that brings them over.

The whole story happens once; every test looks at another part of it. What must come out is worked
out by `oracle.py` and `demands.py` from the rows alone. Crashes and troubles are tested elsewhere.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import pytest
from syncrules.engine.plan.explain import as_json
from syncrules.engine.report import ErrorEntry
from syncrules.engine.run.run import Result
from syncrules.engine.status import status_json
from syncrules.tests import demands, oracle
from syncrules.tests.both import HOUR, ORG, Both, Calls
from syncrules.tests.edits import edit
from syncrules.tests.oracle import Rows

APOLLO_PEOPLE = 20_000
SALESFORCE_PEOPLE = 15_000
EDITS = 200
COLLECTION, COMPOSITE = 200, 1000
"""Records that one write request of Salesforce takes, and one where there are over 2,000."""


@dataclass(frozen=True)
class Verb:
    """What one verb did and asked."""

    result: Result
    calls: Calls


@dataclass(frozen=True)
class Story:
    """Rows at four moments, and what happened between them."""

    both: Both
    folder: Path
    seeded: Rows
    synced: Rows
    edited: Rows
    ended: Rows
    first: tuple[Verb, ...]
    second: Verb
    idle: Verb
    errors: tuple[ErrorEntry, ...]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """First sync, edits, a run, and one more with nothing to do."""
    folder = tmp_path_factory.mktemp("first-sync")
    state = f"sqlite:///{folder / 'state.db'}"
    both = Both(oracle.RULES, APOLLO_PEOPLE, SALESFORCE_PEOPLE, state)

    def verb(name: str, *what: str) -> Verb:
        both.clock.sleep(HOUR)
        before = both.calls()
        result: Result = getattr(both, name)(*what)
        return Verb(result, both.since(before))

    def now() -> Rows:
        return oracle.rows(both.apollo, both.salesforce)

    seeded = now()
    first = (
        verb("run"),
        verb("backfill", "pull", "Account"),
        verb("backfill", "push", "contact"),
        verb("backfill", "pull", "Contact"),
    )
    synced = now()
    both.clock.sleep(HOUR)
    links = demands.pairs(seeded, synced)
    edit(both.apollo, both.salesforce, seeded, synced, links, random.Random(7), EDITS)
    edited = now()
    second = verb("run")
    ended = now()
    # What we wrote ourselves is seen once more; after that nothing has changed.
    verb("run")
    idle = verb("run")
    errors = tuple(both.errors())
    yield Story(both, folder, seeded, synced, edited, ended, first, second, idle, errors)
    both.db.close()


# ---- the first sync -------------------------------------------------------------------------


def test_everyone_is_linked_or_made_exactly_once(story: Story) -> None:
    """As many records as the rules demand, no address twice that wasn't, and nobody left out."""
    before, after = story.seeded, story.synced
    made = demands.made(before)
    assert {name: len(after.plain[name]) - len(before.plain[name]) for name in made} == made
    assert min(made["Lead"], made["contact"], made["account"]) > 300
    found, met = demands.pairs(before, after), oracle.links(before)
    assert len(found.people) == len(met.people) + made["Lead"] + made["contact"]
    assert demands.twice(after) <= demands.twice(before)


def test_after_the_first_sync_all_fields_are_what_the_rules_say(story: Story) -> None:
    """Field by field on both sides: linked ones, new ones, and those that nothing happens to."""
    wanted = demands.synced(story.seeded, story.synced)
    assert demands.differences(wanted, story.synced.plain) == []


def test_writes_to_salesforce_take_the_fewest_requests(story: Story) -> None:
    """At most half as many again as a request for each 200 records of an object and an action, or
    for each 1,000 of many: the last of many go side by side."""
    used = sum(one.calls.salesforce_writes for one in story.first)
    written = [
        count
        for one in story.first
        for (system, _, action, state), count in one.result.counts.items()
        if system == "salesforce" and action != "link" and state == "done"
    ]
    fewest = sum(ceil(one / (COLLECTION if one <= 2000 else COMPOSITE)) for one in written)
    assert sum(written) > 30 * COLLECTION
    assert used <= 1.5 * fewest, written


# ---- a day later ----------------------------------------------------------------------------


def test_edits_of_people_end_in_the_state_that_the_rules_say(story: Story) -> None:
    """What changed on one side is on the other, what changed on both is the winner's, stages follow
    the deals, new people are there, and nothing else moved."""
    then, now, after = story.synced, story.edited, story.ended
    links = demands.pairs(story.seeded, then)
    wanted = demands.carried(links, then, now, after)
    assert demands.differences(wanted, after.plain) == []
    assert demands.twice(after) <= demands.twice(now)
    met = oracle.links(now).people.keys() - links.people.keys()
    assert len(met) > 1


def test_fields_that_no_rule_names_are_never_written(story: Story) -> None:
    """Byte for byte what people made them, through the first sync and the run after it."""
    assert demands.touched(story.seeded, story.synced) == []
    assert demands.touched(story.edited, story.ended) == []


def test_a_run_with_nothing_to_do_writes_nothing_and_reads_a_page_an_object(story: Story) -> None:
    """Nothing is planned, and no more is read than it takes to see that nothing changed."""
    assert story.idle.result.counts == {}
    calls = story.idle.calls
    assert (calls.apollo_writes, calls.salesforce_writes) == (0, 0)
    assert calls.salesforce == {"GET queryAll": 4, "GET query": 1}
    assert calls.apollo["contacts/search"] == 1
    assert calls.apollo["accounts/search"] == 2
    assert calls.apollo.total() <= 5


def test_only_addresses_that_are_there_twice_are_left_to_people(story: Story) -> None:
    """Every open error is an address with several records, and none of those is missing."""
    assert {one.code for one in story.errors} == {"ambiguous-match"}
    told = {str(one.key).casefold() for one in story.errors}
    contacts, leads = story.seeded.by_email("Contact"), story.seeded.by_email("Lead")
    several = {email for email, ids in contacts.items() if len(ids) > 1}
    assert several <= told <= several | {email for email, ids in leads.items() if len(ids) > 1}
    assert all(one.line and one.file == "rules.sync" and one.message for one in story.errors)


def test_no_secret_is_shown_or_kept(story: Story) -> None:
    """Not in what a person is shown, not in the plan, the journal or any file of the state."""
    both = story.both
    shown = "\n".join(both.said).encode()
    shown += json.dumps(as_json(both.plan)).encode()
    shown += json.dumps(status_json(both.db, [ORG], both.clock.now())).encode()
    kept = [path.read_bytes() for path in story.folder.iterdir()]
    assert len(both.secrets) >= 3
    for secret in both.secrets:
        for text in (shown, *kept):
            assert secret.encode() not in text
