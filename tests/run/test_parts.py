"""A feed is gone through once more, a part a day: what no later look of it would pass is found."""

from __future__ import annotations

import pytest
from syncrules.connectors.salesforce import feeds
from syncrules.engine.run import parts
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
pull Lead as contact visible { match on email }
map contact with Lead {
    last_name <-> LastName
    email     <-> Email
    title     <-> Title
}
"""
COMPANIES = """\
sync apollo with salesforce
prefer apollo
push account as Account { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""
CALLS = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
}
push call as Task
"""
DAY = 24 * HOUR
NAMES = ("ada", "bea", "cleo", "dora", "eva", "fay", "gwen")


def lead(both: Both, name: str, *, delay: float = 0.0) -> str:
    given = {"LastName": name.title(), "Email": f"{name}@a.example", "Company": "A"}
    return both.salesforce.create("Lead", given, delay=delay)


def later(both: Both, seconds: float = HOUR) -> None:
    both.clock.sleep(seconds)
    both.run()


def titles(both: Both) -> set[object]:
    return {row.get("title") for row in both.apollo.rows("contact").values()}


def people(both: Both) -> set[str]:
    return {str(row["email"]).partition("@")[0] for row in both.apollo.rows("contact").values()}


def asked(both: Both, seconds: float) -> int:
    """How many questions for Leads the next run has."""
    both.clock.sleep(seconds)
    before = len(both.world.sent)
    both.run()
    return sum("FROM+Lead+" in one.url for one in both.world.sent[before:])


@pytest.mark.parametrize("what", ["made", "edited"])
def test_a_save_that_shows_long_after_its_stamp_is_found_within_a_day(what: str) -> None:
    """A transaction that takes longer than reads overlap is committed behind the place where the
    feed has been read to."""
    both = Both(RULES)
    both.run()
    if what == "made":
        lead(both, "ada", delay=feeds.OVERLAP + 2 * HOUR)
    else:
        ada = lead(both, "ada")
        later(both)
        late = feeds.OVERLAP + 2 * HOUR
        both.salesforce.update("Lead", ada, {"Title": "CTO"}, delay=late)
    for _ in range(5):
        later(both)
    assert people(both) == set() if what == "made" else titles(both) == {None}
    later(both, DAY)
    assert people(both) == {"ada"}
    assert what == "made" or titles(both) == {"CTO"}


def test_a_record_that_is_shared_with_us_after_its_last_change_is_found_within_a_day() -> None:
    """Who may see a record is in no stamp of it."""
    both = Both(RULES)
    ada = lead(both, "ada")
    both.salesforce.org.unshared.add(ada)
    later(both)
    both.salesforce.org.unshared.clear()
    later(both)
    assert people(both) == set()
    later(both, DAY)
    assert people(both) == {"ada"}


def test_an_account_that_others_were_touched_after_is_found_within_a_day() -> None:
    """Apollo's accounts have no stamps: they are read from the newest change on until two pages
    bring nothing new, and what else happens with accounts moves them to the front, too."""
    both = Both(COMPANIES)
    made = [
        both.apollo.create("account", {"name": f"Firm {n}", "domain": f"f{n}.example"})
        for n in range(300)
    ]
    both.backfill("push", "account")
    later(both)
    both.apollo.update("account", made[0], {"name": "Other"})
    for one in made[1:]:
        both.apollo.touch("account", one)
    later(both)
    names = {row["Name"] for row in both.salesforce.rows("Account").values()}
    assert len(names) == 300 and "Other" not in names
    later(both, DAY)
    assert "Other" in {row["Name"] for row in both.salesforce.rows("Account").values()}


def test_a_part_a_day_comes_to_the_end_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's whole org is read in one run: two pages of two records are a part here, and what
    came late before the place of a part waits for the next time round."""
    monkeypatch.setattr(parts, "PART", 2)
    both = Both(RULES)
    both.salesforce.resources.page_size = 2
    last = ""
    for name in NAMES:
        last = lead(both, name)
        both.clock.sleep(60)
    both.salesforce.org.unshared.add(last)
    later(both)
    both.salesforce.org.unshared.clear()
    later(both, DAY)
    assert people(both) == set()
    later(both, DAY)
    assert people(both) == {NAMES[-1]}
    ada = lead(both, "hedi")
    both.salesforce.org.unshared.add(ada)
    later(both)
    both.salesforce.org.unshared.clear()
    for _ in range(3):
        later(both, DAY)
    assert people(both) == {NAMES[-1], "hedi"}


def test_a_part_costs_a_request_for_each_page_of_it_once_a_day() -> None:
    """All other runs of the day ask what has changed, and no more."""
    both = Both(RULES)
    for name in NAMES:
        lead(both, name)
    both.run()
    assert [asked(both, HOUR) for _ in range(3)] == [1, 1, 1]
    assert asked(both, DAY) == 2
    assert [asked(both, HOUR) for _ in range(3)] == [1, 1, 1]


def test_a_part_is_never_asked_for_in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job makes the answer for all there is, and a part takes some of it."""
    both = Both(RULES)
    for name in NAMES:
        lead(both, name)
    later(both)
    monkeypatch.setattr(feeds, "FROM", 2)
    assert asked(both, DAY) == 2
    assert not any("/jobs/" in one.url for one in both.world.sent)


def test_no_part_is_read_from_the_share_of_others() -> None:
    """It can wait, and what has changed can't."""
    both = Both(RULES)
    lead(both, "ada")
    both.run()
    both.clock.sleep(DAY - HOUR)
    for _ in range(200):
        later(both, 10)
    both.salesforce.daily_limit = sum(both.salesforce.counts.values()) + 3
    assert asked(both, HOUR) == 1
    both.salesforce.daily_limit = 5_000_000
    assert asked(both, HOUR) == 2


def test_of_what_people_did_the_last_days_are_gone_through_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More calls than a part has pages for: one that is written down days after it took place, and
    a note that is edited late, are found within a day all the same."""
    monkeypatch.setattr(parts, "PART", 1)
    both = Both(CALLS)
    both.run()
    ada = both.apollo.create("contact", {"last_name": "Berg", "email": "ada@a.example"})
    call = {"contact_id": ada, "status": "completed"}
    for _ in range(150):
        both.apollo.create("call", {**call, "start_time": "2025-06-02T10:00:00Z"})
    late = both.apollo.create("call", {**call, "note": "A", "start_time": "2026-01-05T09:00:00Z"})
    later(both)
    later(both, 4 * DAY)
    both.apollo.create("call", {**call, "note": "B", "start_time": "2026-01-06T09:00:00Z"})
    both.apollo.update("call", late, {"note": "C"})
    later(both, DAY)
    later(both, DAY)
    assert {row.get("Description") for row in both.salesforce.rows("Task").values()} == {"B", "C"}
