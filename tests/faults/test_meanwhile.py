"""What people do to records while a write to them is on its way, at each kind of write."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.connectors.salesforce.simulator.org import DuplicateRule
from syncrules.tests.faults.between import Answer, Between
from syncrules.tests.faults.writes import (
    ACCOUNT_WRITES,
    BULK_WRITES,
    DAY,
    LEAD_WRITES,
    PEOPLE_WRITES,
    WRITES,
    Write,
    all_is_well,
    begun,
    only,
    started,
    to_salesforce,
)
from syncrules.tests.guide.team import Team

keyed = [*PEOPLE_WRITES, *ACCOUNT_WRITES, *BULK_WRITES]


def system_of(team: Team, write: Write) -> ApolloSimulator | SalesforceSimulator:
    return team.salesforce if write.system == "salesforce" else team.apollo


@only(to_salesforce)
def test_a_record_that_somebody_saves_just_now_is_written_in_the_same_run(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock of some seconds is waited for; Apollo has none. Records of one parent go out one after
    the other, so that they don't lock each other (`test_salesforce_writing.py`)."""
    team = begun(write, monkeypatch)
    for id in team.salesforce.rows(write.object):
        team.salesforce.org.locks[id] = team.clock.now() + 3
    team.run()
    assert write.arrived(team)
    all_is_well(team, write)


@only(WRITES, "update", "delete")
def test_a_record_that_is_deleted_meanwhile_is_not_made_again(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes while the write is on its way: nobody is told, and the two others arrive."""
    team = begun(write, monkeypatch)
    system = system_of(team, write)
    first = min(id for id, row in system.rows(write.object).items() if bears(write, row))
    team.during("after sent", lambda: system.delete(write.object, first))
    team.run()
    assert team.codes() == []
    team.hour()
    team.clock.sleep(DAY)
    team.hour()
    assert team.is_quiet()
    assert team.codes() == []
    assert len(write.held(team)) == (0 if write.kind == "delete" else 2)
    assert set(write.held(team)) <= {*write.new}


def bears(write: Write, row: dict[str, object]) -> bool:
    """Whether it is one of the three."""
    return row.get(write.field) in write.old


@pytest.mark.parametrize("write", [one for one in keyed if one.kind == "create"], ids=str)
def test_a_create_of_somebody_who_is_there_already_links_the_two(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody enters the same person or company while the write is on its way: Salesforce refuses
    ours by a duplicate rule, Apollo gives back the one it has; both end as one pair, and nobody is
    told (EDGE-17)."""
    team = begun(write, monkeypatch)
    team.salesforce.org.duplicates += [
        DuplicateRule("Lead", ("Email",)),
        DuplicateRule("Account", ("Name",)),
    ]
    team.during("after sent", lambda: enters(team, write))
    team.run()
    team.hour()
    all_is_well(team, write)


def enters(team: Team, write: Write) -> str:
    """Somebody enters the first of the three by hand."""
    if write.object == "Lead":
        return team.lead("ada")
    if write.object == "contact":
        return team.contact("ada")
    made = team.sf_account if write.object == "Account" else team.account
    return made("ada One", "ada.example")


@pytest.mark.parametrize("write", [LEAD_WRITES[0], ACCOUNT_WRITES[0]], ids=str)
@pytest.mark.parametrize("id", ["with its id", "without an id"])
def test_a_create_that_is_answered_by_exists_already_is_linked_after_a_look(
    id: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A unique value: Salesforce says that another record has it, or doesn't say which. Nothing is
    forced, nobody is there twice, and the error log is empty once the two are linked (EDGE-17)."""
    team = begun(write, monkeypatch)

    def exists(team: Team, request: Request, answer: Answer) -> Response:
        there = enters(team, write)
        body = json.loads(request.body)
        [place] = [at for at, one in enumerate(body["records"]) if "ada" in json.dumps(one).lower()]
        rest = [one for at, one in enumerate(body["records"]) if at != place]
        reply = answer(replace(request, body=json.dumps({**body, "records": rest}).encode()))
        text = f"duplicate value found: Key__c duplicates value on record with id: {there}"
        message = text if id == "with its id" else "duplicate value found"
        error = {"statusCode": "DUPLICATE_VALUE", "message": message, "fields": []}
        told = json.loads(reply.body)
        told.insert(place, {"success": False, "errors": [error]})
        return replace(reply, body=json.dumps(told).encode())

    Between(team, "salesforce", exists)
    team.run()
    team.hour()
    all_is_well(team, write)


BECOMES = [
    *(
        (one, how)
        for one in (*LEAD_WRITES[1:], *BULK_WRITES[1:])
        for how in ("converted", "merged")
    ),
    *((one, "merged") for one in ACCOUNT_WRITES[1:3]),
]


@pytest.mark.parametrize(("write", "how"), BECOMES, ids=str)
def test_a_record_that_becomes_another_meanwhile_is_found_in_the_same_run(
    write: Write, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change goes to what it became, a deletion does not; nobody is made twice (EDGE-5,
    EDGE-6)."""
    team = begun(write, monkeypatch)
    first = min(team.salesforce.rows(write.object))

    def becomes() -> None:
        if write.object == "Lead":
            other = team.lead("zoe", Email=None, LastName="Survivor", Title="CTO")
        else:
            other = team.sf_account("ada One", "")
        if how == "converted":
            team.salesforce.convert(first)
        else:
            team.salesforce.merge(write.object, other, [first])

    team.during("after sent", becomes)
    team.run()
    team.hour()
    assert team.codes() == []
    both = write.held(team)
    if write.object == "Lead":
        both += [str(one) for one in team.right("Contact", "Title")]
    if write.kind == "update":
        assert set(write.new) <= {*both}
        assert sum(one in write.new for one in both) == 3
    # What a person has just made of it, a survivor or a contact, is not deleted with it.
    there = {"update": {"merged": 3, "converted": 5}, "delete": {"merged": 1, "converted": 2}}
    assert len(write.held(team)) + len(team.right("Contact", "Id")) == there[write.kind][how]
    assert team.is_quiet()


LATER = {"CEO": "Chair"}


def newest(write: Write) -> tuple[str, ...]:
    """What people want by now."""
    return tuple(
        LATER.get(one, one.replace("One", "Three").replace("Two", "Three")) for one in write.new
    )


def between_look_and_write(
    team: Team, write: Write, times: int
) -> tuple[list[str], list[tuple[str, ...]]]:
    """What leads to the writes, and somebody who edits the same records so many times after they
    were decided, more than a minute before they are written."""
    ids = write.ready(team)
    ids = write.act(team, ids) or ids  # type: ignore[assignment]
    team.clock.sleep(DAY)
    said: list[tuple[str, ...]] = []

    def edits(name: str) -> None:
        if name == "after decided" and len(said) < times:
            values = tuple(f"{one} {len(said)}" for one in newest(write))
            said.append(values)
            assert write.edit is not None
            write.edit(values)(team, ids)
            team.clock.sleep(61)

    team.world.on_point = edits
    return ids, said


@only(WRITES, "create", "update")
def test_a_record_that_moved_since_it_was_read_is_decided_again_in_the_same_run(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a minute after the look everything is looked at again before it is written: what
    has moved is written as it is now, and what it was before never is (ERR-7)."""
    team = started(write, monkeypatch)
    _, said = between_look_and_write(team, write, 1)
    team.run()
    assert len(said) == 1
    assert write.held(team) == sorted(said[-1])
    team.world.on_point = None
    assert team.codes() == []
    assert team.is_quiet()
    bodies = b"".join(one.body for one in team.world.sent)
    assert not [one for one in write.new if json.dumps(one).encode() in bodies]


@only(WRITES, "create", "update")
def test_a_record_that_keeps_moving_is_left_to_the_next_run(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three times; nobody is told, and the newest value arrives with the next run."""
    team = started(write, monkeypatch)
    _, said = between_look_and_write(team, write, 10_000)
    team.run()
    assert len(said) == 3
    team.world.on_point = None
    assert write.held(team) == sorted(write.old)
    team.hour()
    assert write.held(team) == sorted(said[-1])
    assert team.codes() == []
    assert team.is_quiet()


@pytest.mark.parametrize("write", [one for one in WRITES if one.kind == "delete"], ids=str)
def test_a_record_that_somebody_edits_before_it_is_deleted_goes_once_in_the_same_run(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule says what follows a delete, whatever stands in the other: the edit is in the
    history, which `undo` can bring back."""
    team = begun(write, monkeypatch)

    def edits() -> None:
        for id in team.salesforce.rows(write.object):
            team.salesforce.update(write.object, id, {write.field: "Edited"})
        team.clock.sleep(61)

    team.during("after planned", edits)
    team.run()
    assert write.held(team) == []
    all_is_well(team, write)
