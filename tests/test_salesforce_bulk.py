"""The Salesforce connector reads very many records in bulk: what it costs, and that nothing is
different from reading them by pages.

How jobs behave by themselves is `test_salesforce_simulator_bulk.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from syncrules.connectors.base.contract import Page, Read, Record
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import Server
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.base.world import Machine
from syncrules.connectors.salesforce import bulk, feeds
from syncrules.connectors.salesforce.connector import KIND
from syncrules.tests import demands, oracle
from syncrules.tests.both import HOUR, Both
from syncrules.tests.salesforce_connected import HOST, Org, by_id, ids

FIELDS = ("Email", "Title", "AnnualRevenue", "IsUnreadByOwner", "CreatedDate", "OwnerId", "Status")
ASK = Read("salesforce", "Lead", FIELDS)


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Org:
    """With 60 leads, of which 25 would go in bulk, in sheets of 20."""
    monkeypatch.setattr(feeds, "FROM", 25)
    monkeypatch.setattr(bulk, "SHEET", 20)
    found = Org()
    made = found.people(60, Title='He said "yes",\nand left', AnnualRevenue=1234567.0)
    found.sim.update("Lead", made[3], {"IsUnreadByOwner": True, "Title": None})
    found.sim.delete("Lead", made[4])
    found.sim.merge("Lead", made[5], [made[6]])
    found.sim.convert(made[7])
    found.clock.sleep(3600)
    found.sim.resources.page_size = 10
    found.sim.counts.clear()
    return found


def read(org: Org, cursor: str | None = None) -> list[Page]:
    return list(org.connector.read(ASK, cursor))


def by_pages(org: Org, monkeypatch: pytest.MonkeyPatch) -> dict[str, Record]:
    with monkeypatch.context() as few:
        few.setattr(feeds, "FROM", 1_000_000)
        return dict(by_id(list(org.connect().read(ASK, None))))


def calls(org: Org) -> Counter[str]:
    return Counter({name: n for name, n in org.sim.counts.items() if "describe" not in name})


def test_many_records_come_in_bulk_as_they_come_by_pages(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value, stamp and life: deleted, merged and converted records among them."""
    pages = read(org)
    assert calls(org) == {
        "GET queryAll": 1,
        "POST jobs/query": 1,
        "GET jobs/query/{id}": 1,
        "GET jobs/query/{id}/results": 3,
        "DELETE jobs/query/{id}": 1,
    }
    assert pages[-1].complete and not any(page.complete for page in pages[:-1])
    found = by_id(pages)
    assert len(found) == 60
    assert Counter(one.life for one in found.values()) == {
        "here": 57,
        "deleted": 1,
        "merged": 1,
        "converted": 1,
    }
    assert found == by_pages(org, monkeypatch)


def test_few_records_need_no_job(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait of many seconds for what a page or two bring."""
    monkeypatch.setattr(feeds, "FROM", 60)
    read(org)
    assert calls(org) == {"GET queryAll": 1, "GET query/{locator}": 5}


def test_the_next_read_goes_on_from_when_the_job_was_made(org: Org) -> None:
    """What changes while the job is waited for is not in its answer, and not lost."""
    org.sim.bulk.seconds = 300
    walk = org.connector.read(ASK, None)
    first = next(walk)
    org.sim.bulk.seconds = 0
    pages = [first, next(walk)]
    late = org.people(1, Email="late@some.example")[0]
    pages += walk
    assert pages[-1].complete
    after = read(org, pages[-1].cursor)
    assert late in ids(after)
    assert calls(org)["POST jobs/query"] == 1


def test_a_wait_brings_empty_pages(org: Org) -> None:
    """So that the caller can show that it is alive; the pauses grow, and so does no bill."""
    org.sim.bulk.seconds = 300
    began = org.clock.now()
    pages = read(org)
    waits = [page for page in pages if not page.records and not page.complete]
    assert 300 <= org.clock.now() - began < 330
    assert 10 < len(waits) < 25
    assert len(by_id(pages)) == 60


def test_a_read_in_bulk_that_broke_off_goes_on_with_the_same_job(org: Org) -> None:
    """Killed in the middle: sheets that came are not asked for again."""
    walk = org.connector.read(ASK, None)
    seen = [next(walk) for _ in range(4)]
    assert len(ids(seen)) > 40
    org.sim.counts.clear()
    org.connector = org.connect()
    rest = read(org, seen[-1].cursor)
    assert set(ids(seen) + ids(rest)) == set(org.sim.rows("Lead", deleted=True))
    assert calls(org)["POST jobs/query"] == calls(org)["GET queryAll"] == 0
    assert rest[-1].complete


def test_an_answer_of_yesterday_is_asked_for_anew(org: Org) -> None:
    """It tells how the records were then."""
    walk = org.connector.read(ASK, None)
    seen = [next(walk), next(walk)]
    org.clock.sleep(24 * 3600)
    org.sim.counts.clear()
    org.connector = org.connect()
    pages = read(org, seen[-1].cursor)
    assert calls(org)["POST jobs/query"] == 1 and pages[-1].complete
    assert set(ids(seen[:1] + pages)) == set(org.sim.rows("Lead", deleted=True))


def test_a_field_more_is_not_looked_for_in_an_old_answer(org: Org) -> None:
    """The job wasn't asked for it."""
    few = Read("salesforce", "Lead", ("Email",))
    walk = org.connector.read(few, None)
    cursor = [next(walk), next(walk)][-1].cursor
    found = by_id(read(org, cursor))
    assert all("Title" in one.values for one in found.values())


def test_a_cursor_with_a_job_of_no_known_time_means_from_the_beginning(org: Org) -> None:
    """As any cursor that isn't ours."""
    walk = org.connector.read(ASK, None)
    kept = json.loads([next(walk), next(walk)][-1].cursor or "")
    del kept["began"]
    assert len(by_id(read(org, json.dumps(kept)))) == 60


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("POST", "jobs/query", 400, '[{"errorCode":"FEATURENOTENABLED","message":"no"}]'),
        ("GET", "jobs/query", 404, '[{"errorCode":"NOT_FOUND","message":"gone"}]'),
        ("GET", "jobs/query", 200, '{"state":"Failed"}'),
        ("GET", "/results", 400, '[{"errorCode":"INVALIDJOBSTATE","message":"no"}]'),
        ("GET", "/results", 200, '"Id"\n"00Q000000000001"\n'),
    ],
)
def test_where_bulk_fails_pages_do(
    org: Org,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    status: int,
    body: str,
) -> None:
    """An org without it, a job that is gone or failed, an answer that is refused or doesn't tell
    how many rows it has."""
    org.fault("reply", method, path, status=status, body=body)
    pages = read(org)
    assert calls(org)["GET query/{locator}"] == 5 and pages[-1].complete
    assert by_id(pages) == by_pages(org, monkeypatch)


def test_a_job_that_never_ends_is_given_up(org: Org) -> None:
    """After half an hour it is aborted, and pages are read instead."""
    org.sim.bulk.seconds = 1e9
    began = org.clock.now()
    pages = read(org)
    assert 1800 <= org.clock.now() - began < 1900
    assert calls(org)["PATCH jobs/query/{id}"] == 1
    assert len(by_id(pages)) == 60 and pages[-1].complete


@pytest.mark.parametrize("kind", ["truncated", "lost after"])
def test_a_sheet_that_is_cut_off_is_asked_for_again(org: Org, kind: str) -> None:
    """The number of rows in a header tells that some are missing."""
    org.fault(kind, "GET", "/results", nth=2)
    pages = read(org)
    assert len(by_id(pages)) == 60 and calls(org)["GET jobs/query/{id}/results"] == 4


@pytest.mark.parametrize("left", [*range(2, 130, 16), 3, 5])
def test_a_sheet_that_is_cut_off_within_a_row_is_asked_for_again(
    org: Org, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """Though it has all rows: what the last of them lacks is not blank, and a text is whole."""
    cut: list[int] = []

    def far(request: Request) -> Response:
        reply = org.sim.handle(request)
        if "/results" in request.url and not cut:
            cut.append(left)
            return replace(reply, body=reply.body[:-left])
        return reply

    org.world.handlers[HOST] = far
    pages = read(org)
    assert cut and calls(org)["GET jobs/query/{id}/results"] == 4
    assert by_id(pages) == by_pages(org, monkeypatch)


def test_a_job_that_cannot_be_deleted_hurts_nobody(org: Org) -> None:
    """The read has all it wanted."""
    org.fault("reply", "DELETE", "jobs/query", status=403, body="[]")
    assert read(org)[-1].complete


def test_more_columns_than_an_address_has_room_for_come_in_one_job(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages ask for the rest by id; the statement of a job is posted."""
    monkeypatch.setattr(feeds, "_WIDE", 30)
    pages = read(org)
    assert calls(org)["POST composite/sobjects/Lead"] == 1
    assert len(by_id(pages)) == 60
    assert by_id(pages[1:])[sorted(org.sim.rows("Lead"))[0]].values["Status"]


def test_bulk_reads_work_over_real_http(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zipped sheets, real headers, real addresses."""
    with Server(org.sim) as server:
        given = org.sim.sign_in(server.url)
        settings: dict[str, str | Secret] = {
            "system": "salesforce",
            "url": server.url,
            "client_id": given["client_id"],
            "client_secret": Secret(given["client_secret"]),
        }
        pages = list(KIND.connect(settings, Machine()).read(ASK, None))
    assert calls(org)["GET jobs/query/{id}/results"] == 3
    assert by_id(pages) == by_pages(org, monkeypatch)


def test_a_first_sync_in_bulk_ends_as_the_rules_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all people in both systems read by jobs that take a minute; then nothing is left to do.
    (CPU-11, CPL-8)"""
    monkeypatch.setattr(feeds, "FROM", 20)
    monkeypatch.setattr(bulk, "SHEET", 30)
    both = Both(oracle.RULES, 200, 150)
    both.salesforce.bulk.seconds = 60
    before = oracle.rows(both.apollo, both.salesforce)
    for direction, object in (("pull", "Account"), ("push", "contact"), ("pull", "Contact")):
        both.clock.sleep(HOUR)
        both.backfill(direction, object)
    after = oracle.rows(both.apollo, both.salesforce)
    assert both.salesforce.counts["GET jobs/query/{id}/results"] > 4
    assert demands.differences(demands.synced(before, after), after.plain) == []
    both.run()
    made = both.calls()
    both.clock.sleep(HOUR)
    both.run()
    assert both.since(made).salesforce_writes == both.since(made).apollo_writes == 0
    both.db.close()
