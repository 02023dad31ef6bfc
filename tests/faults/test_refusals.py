"""What a system refuses for a reason of its own, at each kind of write: rights, and records.

One entry for the cause, whoever met it; the others arrive; once the cause is gone all are there
once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.tests.both import HOUR
from syncrules.tests.faults.between import JSON, Answer, Between, Spoiled, replied
from syncrules.tests.faults.writes import (
    DAY,
    LEAD_WRITES,
    NAMES,
    Write,
    all_is_well,
    begun,
    only,
    to_apollo,
    to_salesforce,
    writes,
)
from syncrules.tests.guide.team import Desk, Team

RIGHTS = {"create": "create", "update": "edit", "delete": "delete"}


def over(team: Team, write: Write) -> None:
    """The cause is gone: what waits is tried again, and all is there."""
    team.clock.sleep(HOUR)
    team.retry()
    team.hour()
    all_is_well(team, write)


@only(to_salesforce)
def test_a_right_on_an_object_that_is_missing_is_told_with_login_and_object(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Met at the write itself: one entry lists the records that wait; the right comes back, and
    all goes through. Rights that a description shows are looked at before any write
    (`test_whose_name.py`). (ERR-1, CON-9)"""
    team = begun(write, monkeypatch)
    team.salesforce.take(RIGHTS[write.kind], write.object, "")  # type: ignore[arg-type]
    team.run()
    team.hour()
    [entry] = team.errors()
    assert len(entry.records) == 3
    assert f"the sync login may not {write.kind} this {write.object}" in entry.message
    assert entry.advice
    assert not write.arrived(team)
    team.salesforce.give(RIGHTS[write.kind], write.object, "")  # type: ignore[arg-type]
    over(team, write)


@only(to_salesforce, "update")
def test_a_right_on_a_field_that_is_missing_is_told_with_login_object_and_field(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One entry names the field; it alone stays as it was. (ERR-1, CON-9)"""
    team = begun(write, monkeypatch)
    team.salesforce.take("edit", write.object, write.field)
    team.run()
    team.hour()
    [entry] = team.errors()
    assert len(entry.records) == 3
    assert f"the sync login may not update {write.field} of this {write.object}" in entry.message
    assert write.held(team) == sorted(write.old)
    team.salesforce.give("edit", write.object, write.field)
    over(team, write)


@only(to_apollo)
def test_an_endpoint_that_the_key_may_not_call_is_told_with_login_and_object(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apollo knows rights on endpoints, none on fields: one entry for all records that wait, and
    all goes through once the key may (ERR-1, CON-9)."""
    team = begun(write, monkeypatch)
    body = '{"error": "api/v1 is not accessible", "error_code": "API_INACCESSIBLE"}'
    between = Between(team, "apollo", replied(403, body), times=10_000)
    team.run()
    team.hour()
    [entry] = team.errors()
    assert (entry.code, len(entry.records)) == ("API_INACCESSIBLE", 3)
    assert f"the sync login may not {write.kind} this {write.object}" in entry.message
    assert "scope" in entry.advice
    between.ends()
    team.hour()
    all_is_well(team, write)


def refuses_bea(write: Write, status: int, body: str) -> Spoiled:
    """A system refuses each request in which one of the three is."""

    def spoiled(team: Team, request: Request, answer: Answer) -> Response:
        sent = (request.url.encode() + request.body).decode()
        return (
            Response(status, JSON, body.encode()) if _of_bea(team, write, sent) else answer(request)
        )

    return spoiled


def _of_bea(team: Team, write: Write, sent: str) -> bool:
    """Whether a request has the second of the three in it: by its values, or by its id."""
    rows = (team.salesforce if write.system == "salesforce" else team.apollo).rows(write.object)
    name = NAMES[1]
    its = {id for id, row in rows.items() if is_bea(row)}
    return f"{name}@" in sent or f"{name} " in sent or any(id in sent for id in its)


REFUSED = {
    "apollo": (422, '{"message": "Name is too long"}'),
    "salesforce": (
        400,
        '[{"errorCode": "JSON_PARSER_ERROR", "message": "No double at [line:1, column:99]"}]',
    ),
}


@writes
def test_a_whole_batch_that_is_refused_for_one_record_is_split_to_that_record(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By halves, in the same run: the other two arrive, the third is one entry, and arrives once
    its cause is gone (ERR-1)."""
    team = begun(write, monkeypatch)
    between = Between(team, write.system, refuses_bea(write, *REFUSED[write.system]), times=10_000)
    team.run()
    [entry] = team.errors()
    assert (entry.system, entry.operation, len(entry.records)) == (write.system, write.kind, 1)
    there = {"create": 2, "update": 3, "delete": 1}[write.kind]
    assert len(write.held(team)) == there
    assert sum(one in write.new for one in write.held(team)) == (2 if write.kind != "delete" else 0)
    team.hour()
    assert len(team.errors()) == 1
    between.ends()
    over(team, write)


@only(to_salesforce)
def test_one_record_that_is_refused_holds_up_nobody_else(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each record of a batch has its own answer: the other two arrive in the same run, the third is
    one entry, and arrives once its cause is gone (ERR-1)."""
    team = begun(write, monkeypatch)
    org = team.salesforce.org
    if write.kind == "delete":
        [bea] = [id for id, row in team.salesforce.rows(write.object).items() if is_bea(row)]
        org.locks[bea] = team.clock.now() + 365 * DAY
    else:
        org.validations.append(Validation(write.object, "Ask Eva first", is_bea))
    team.run()
    [entry] = team.errors()
    assert (entry.operation, len(entry.records)) == (write.kind, 1)
    assert len(write.held(team)) == {"create": 2, "update": 3, "delete": 1}[write.kind]
    team.hour()
    assert len(team.errors()) == 1
    org.validations.clear()
    org.locks.clear()
    over(team, write)


def is_bea(row: Mapping[str, object]) -> bool:
    """Whether it is the second of the three."""
    return any(NAMES[1] in str(one).lower() for one in row.values())


CODES = (
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "REQUIRED_FIELD_MISSING",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "STRING_TOO_LONG",
    "DUPLICATES_DETECTED",
)


by_the_hundred = [one for one in to_salesforce if not one.composed]


@only(by_the_hundred, "create", "update")
@pytest.mark.parametrize("code", CODES)
def test_what_many_records_are_refused_for_is_one_entry(
    code: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A validation rule, a required field, a picklist, a length, a duplicate rule: those who met it
    are listed, are not sent again before they or the cause change, and arrive once (ERR-1)."""
    team = begun(write, monkeypatch)
    error = {"statusCode": code, "message": f"{code} it is", "fields": [write.field]}
    body = json.dumps([{"success": False, "errors": [error]}] * 3)
    between = Between(team, "salesforce", replied(200, body), times=10_000)
    team.run()
    sent = team.calls()
    team.hour()
    assert team.since(sent).salesforce_writes == 0
    [entry] = team.errors()
    assert (entry.code, entry.count, len(entry.records)) == (code, 3, 3)
    between.ends()
    over(team, write)


@only(to_salesforce, "delete")
def test_deletions_that_are_refused_are_one_entry(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something depends on the records (ERR-1)."""
    team = begun(write, monkeypatch)
    error = {"statusCode": "DELETE_FAILED", "message": "it is in use", "fields": []}
    refusal = [{"success": False, "errors": [error]}]

    def refused(team: Team, request: Request, answer: Answer) -> Response:
        if not write.composed:
            return Response(200, JSON, json.dumps(refusal * 3).encode())
        calls = json.loads(request.body)["compositeRequest"]
        parts = [
            {
                "referenceId": one["referenceId"],
                "httpStatusCode": 200,
                "body": refusal * (one["url"].count("%2C") + 1),
            }
            for one in calls
        ]
        return Response(200, JSON, json.dumps({"compositeResponse": parts}).encode())

    between = Between(team, "salesforce", refused, times=10_000)
    team.run()
    team.hour()
    [entry] = team.errors()
    assert (entry.code, entry.operation, len(entry.records)) == ("DELETE_FAILED", "delete", 3)
    between.ends()
    over(team, write)


@only(LEAD_WRITES, "create", "update")
def test_a_preview_is_not_applied_where_the_system_has_changed_since(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it rests on is gone between the preview and its apply: exit code 3, and nothing is
    written. A schema that was pulled since, rules and records are in `test_apply.py`. (ERR-1)"""
    here = Desk(tmp_path, write.rules, capsys)
    assert here.type("run").code == 0
    people = ({"last_name": "Berg", "email": f"{name}@berg.example"} for name in NAMES)
    ids = [here.apollo.create("contact", {**one, "title": "CTO"}) for one in people]
    if write.kind == "update":
        assert here.type("run").code == 0
        for id in ids:
            here.apollo.update("contact", id, {"title": "CEO"})
    before = here.salesforce.rows("Lead")
    saved = tmp_path / "saved.json"
    assert here.type("preview", "--out", saved).code == 0
    right = RIGHTS[write.kind]
    here.salesforce.take(right, "Lead", "")  # type: ignore[arg-type]
    refused = here.type("apply", saved)
    assert refused.code == 3
    assert "nothing was written" in refused.err
    assert here.salesforce.rows("Lead") == before
    here.close()
