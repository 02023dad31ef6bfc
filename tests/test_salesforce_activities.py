"""Tasks, events and notes of Salesforce: what the connector reads, writes, refuses and finds again.

How they are described is in `test_salesforce_connector.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from syncrules.connectors.base.contract import Write
from syncrules.connectors.salesforce.connector import KIND
from syncrules.tests.salesforce_connected import Org, by_id, ids, update

START, END = "2026-01-09T09:00:00.000Z", "2026-01-09T10:30:00.000Z"


class Desk(Org):
    """An org with an account, a contact of it, and a lead."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.account = self.sim.create("Account", {"Name": "Berg AS"})
        self.contact = self.sim.create(
            "Contact", {"LastName": "Berg", "AccountId": self.account, "Email": "ada@berg.example"}
        )
        self.lead = self.sim.create("Lead", {"LastName": "Lund", "Company": "Lund AB"})

    def one(self, object: str, id: str, *fields: str) -> dict[str, Any]:
        [found] = self.connector.fetch(object, fields, "id", [id])
        return dict(found.values)


@pytest.fixture
def org() -> Desk:
    return Desk()


def make(ref: int, object: str, since: float = 0.0, **fields: Any) -> Write:
    return Write(ref, "create", object, "", fields, since=since)


# ---- tasks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        pytest.param("Email", {}, id="ACT-4"),
        pytest.param(
            "Call",
            {"CallType": "Outbound", "CallDurationInSeconds": 95, "CallDisposition": "Reached"},
            id="ACT-5",
        ),
        pytest.param("Task", {"Priority": "High", "IsReminderSet": False}, id="ACT-6"),
    ],
)
def test_what_was_done_becomes_one_task_of_its_kind(
    org: Desk, kind: str, more: dict[str, Any]
) -> None:
    """With subject, person, account, day and owner, and closed as such. (ACT-4, ACT-5, ACT-6)"""
    owner = org.sim.person
    sent: dict[str, Any] = {
        "Subject": f"{kind}: the offer",
        "Description": "50 seats",
        "TaskSubtype": kind,
        "Status": "Completed",
        "ActivityDate": "2026-01-05",
        "WhoId": org.contact,
        "WhatId": org.account,
        "OwnerId": owner,
        **more,
    }
    done = org.send(make(1, "Task", **sent))[1]
    assert done.kind == "done" and len(org.sim.rows("Task")) == 1
    found = org.one("Task", done.id, *sent, "AccountId", "completed", "CompletedDateTime")
    closed = found.pop("CompletedDateTime")
    assert found == {**sent, "AccountId": org.account, "completed": True} and closed


def test_a_task_is_changed_closed_opened_and_deleted_as_the_same(org: Desk) -> None:
    """And each change comes with the next read, deletion included. (EDGE-14)"""
    task = org.send(make(1, "Task", Subject="Ask", WhoId=org.lead))[1].id
    org.clock.sleep(3600)
    cursor = org.read(None, "Task", ("Subject",))[-1].cursor
    for status, done in (("Completed", True), ("In Progress", False), ("Completed", True)):
        org.clock.sleep(3600)
        assert org.send(update(1, task, "Task", Status=status, Subject=status))[1].kind == "done"
        pages = org.read(cursor, "Task", ("Subject", "completed", "open", "WhoId"))
        cursor = pages[-1].cursor
        assert {id: dict(one.values) for id, one in by_id(pages).items()} == {
            task: {"Subject": status, "completed": done, "open": not done, "WhoId": org.lead}
        }
    org.clock.sleep(3600)
    assert org.send(Write(2, "delete", "Task", task, {}))[2].kind == "done"
    assert by_id(org.read(cursor, "Task", ("Subject",)))[task].life == "deleted"
    org.sim.undelete("Task", task)
    assert by_id(org.read(cursor, "Task", ("Subject",)))[task].life == "here"


def test_tasks_are_found_by_the_person_they_are_with(org: Desk) -> None:
    """A reference may lead to a lead or a contact, and comes back as its id."""
    made = org.send(
        make(1, "Task", Subject="With the contact", WhoId=org.contact),
        make(2, "Task", Subject="With the lead", WhoId=org.lead),
    )
    for ref, person in ((1, org.contact), (2, org.lead)):
        [found] = org.connector.fetch("Task", ["Subject", "WhoId"], "WhoId", [person])
        assert (found.id, found.values["WhoId"]) == (made[ref].id, person)
    found_all = org.connector.fetch("Task", [], "AccountId", [org.account])
    assert [one.id for one in found_all] == [made[1].id]


def test_tasks_follow_a_conversion(org: Desk) -> None:
    """They come again, with the contact."""
    task = org.send(make(1, "Task", Subject="Ask", WhoId=org.lead))[1].id
    contact = org.sim.convert(org.lead)
    assert org.one("Task", task, "WhoId") == {"WhoId": contact}


@pytest.mark.parametrize(("object", "more"), [("Task", {}), ("Event", {"StartDateTime": START})])
def test_an_activity_with_a_lead_is_about_nothing_else(
    org: Desk, object: str, more: dict[str, Any]
) -> None:
    """Salesforce refuses the two together, so the lead stands alone, and the outcome says so; also
    where one of the two comes later."""
    length = {"DurationInMinutes": 30} if object == "Event" else {}
    write = make(1, object, Subject="Ask", WhoId=org.lead, WhatId=org.account, **more, **length)
    done = org.send(write)[1]
    assert (done.kind, done.values) == ("done", {"WhatId": None})
    assert org.one(object, done.id, "WhoId", "WhatId") == {"WhoId": org.lead, "WhatId": None}
    late = org.send(update(2, done.id, object, WhatId=org.account))[2]
    made = org.send(make(1, object, Subject="Ask", WhatId=org.account, **more, **length))[1]
    assert (late.kind, late.values) == ("done", {"WhatId": None})
    other = org.send(update(3, made.id, object, WhoId=org.lead))[3]
    assert (other.kind, other.values) == ("done", {"WhatId": None})
    assert org.one(object, made.id, "WhoId", "WhatId") == {"WhoId": org.lead, "WhatId": None}


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"TaskSubtype": "Fax"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("TaskSubtype",)),
        ({"CallType": "Sideways"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("CallType",)),
        ({"Subject": "x" * 256}, "STRING_TOO_LONG", ("Subject",)),
        ({"AccountId": "001000000000000AAA"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ("AccountId",)),
        ({"IsClosed": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ("IsClosed",)),
        ({"WhoId": "001000000000000AAA"}, "MALFORMED_ID", ("WhoId",)),
        ({"WhoId": "003000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY", ("WhoId",)),
        ({"ActivityDate": "soon"}, "JSON_PARSER_ERROR", ()),
        ({"IsReminderSet": "soon"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ("IsReminderSet",)),
    ],
)
def test_a_task_that_salesforce_refuses_says_why_and_hurts_no_other(
    org: Desk, fields: dict[str, Any], code: str, named: tuple[str, ...]
) -> None:
    """One bad row of many, with the field and something to do about it."""
    done = org.send(make(1, "Task", **fields), make(2, "Task", Subject="Good"))
    assert (done[1].kind, done[1].code, done[1].fields) == ("refused", code, named)
    assert done[2].kind == "done" and KIND.advice(code)


def test_the_kind_of_a_task_is_given_once(org: Desk) -> None:
    """A subtype can't be changed: the schema says so, and so does Salesforce."""
    kind = org.connector.describe(["Task"]).by_name["Task"].by_name["TaskSubtype"]
    assert kind.creatable and not kind.updatable
    task = org.send(make(1, "Task", TaskSubtype="Call"))[1].id
    wrong = org.send(update(2, task, "Task", TaskSubtype="Email"))[2]
    assert wrong.code == "INVALID_FIELD_FOR_INSERT_UPDATE" and wrong.fields == ("TaskSubtype",)


@pytest.mark.parametrize("object", ["Task", "Event", "Note"])
@pytest.mark.parametrize(("kind", "found"), [("lost after", "done"), ("lost before", "absent")])
def test_lost_activities_are_known_by_their_values(
    org: Desk, object: str, kind: str, found: str
) -> None:
    """Long texts can't be searched for; user, time and all that was sent tell them."""
    plain: dict[str, dict[str, Any]] = {
        "Task": {"Subject": "Ask", "Description": "Why?", "WhoId": org.lead, "WhatId": org.account},
        "Event": {"Subject": "Demo", "StartDateTime": START, "EndDateTime": END},
        "Note": {"Title": "Budget", "Body": "In May", "ParentId": org.lead},
    }
    org.send(make(1, object, **plain[object]))
    org.clock.sleep(3600)
    write = make(2, object, org.clock.now(), **plain[object])
    org.fault(kind, "POST", "/composite/sobjects")
    assert org.send(write)[2].kind == "unknown"
    assert [one.kind for one in org.connector.find([write])] == [found]


# ---- events -------------------------------------------------------------------------------------


def test_a_meeting_has_its_start_and_end(org: Desk) -> None:
    """One event with both people's sides of it: a person and an account. (ACT-6)"""
    sent: dict[str, Any] = {
        "Subject": "Demo",
        "StartDateTime": START,
        "EndDateTime": END,
        "WhoId": org.contact,
        "WhatId": org.account,
    }
    id = org.send(make(1, "Event", **sent))[1].id
    found = org.one("Event", id, *sent, "DurationInMinutes", "ActivityDate")
    assert found == {**sent, "DurationInMinutes": 90, "ActivityDate": "2026-01-09"}


def test_a_meeting_that_moves_stays_the_same(org: Desk) -> None:
    """By its start alone it keeps its length, with both it gets a new one. (EDGE-15)"""
    id = org.send(make(1, "Event", Subject="Demo", StartDateTime=START, EndDateTime=END))[1].id
    later, end = "2026-01-10T12:00:00.000Z", "2026-01-10T13:30:00.000Z"
    org.send(update(2, id, "Event", StartDateTime=later))
    assert org.one("Event", id, "EndDateTime") == {"EndDateTime": end}
    org.send(update(3, id, "Event", StartDateTime=START, EndDateTime=END, Subject="Cancelled"))
    assert org.one("Event", id, "EndDateTime", "DurationInMinutes") == {
        "EndDateTime": END,
        "DurationInMinutes": 90,
    }
    assert ids(org.read(None, "Event")) == [id]


def test_colleagues_copies_of_a_meeting_do_not_come(org: Desk) -> None:
    """One meeting is one record, however many of us were asked to it. (EDGE-15)"""
    event = org.sim.create("Event", {"StartDateTime": START, "EndDateTime": END, "Subject": "Demo"})
    colleagues = [id for id in org.sim.rows("User") if id != org.sim.person][:2]
    copies = [org.sim.invite(event, one) for one in colleagues]
    assert len(org.sim.rows("Event")) == 3
    pages = org.read(None, "Event", ("Subject",))
    assert ids(pages) == [event]
    org.clock.sleep(3600)
    org.sim.update("Event", copies[0], {"Subject": "Mine"})
    assert copies[0] not in ids(org.read(pages[-1].cursor, "Event", ("Subject",)))
    assert [one.id for one in org.connector.fetch("Event", [], "Subject", ["Demo", "Mine"])] == [
        event
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"StartDateTime": START}, "REQUIRED_FIELD_MISSING"),
        ({"EndDateTime": END}, "REQUIRED_FIELD_MISSING"),
        ({"StartDateTime": END, "EndDateTime": START}, "FIELD_INTEGRITY_EXCEPTION"),
        (
            {"StartDateTime": START, "EndDateTime": END, "DurationInMinutes": 30},
            "FIELD_INTEGRITY_EXCEPTION",
        ),
    ],
)
def test_a_meeting_whose_times_make_no_sense_is_refused(
    org: Desk, fields: dict[str, Any], code: str
) -> None:
    """With a code, and something to do about it."""
    done = org.send(make(1, "Event", Subject="Demo", **fields))[1]
    assert (done.kind, done.code) == ("refused", code) and done.fields and KIND.advice(code)


# ---- notes --------------------------------------------------------------------------------------


def test_a_note_is_one_record_on_its_parent(org: Desk) -> None:
    """It is made once, changed, and found by what it is about. (ACT-16)"""
    sent: dict[str, Any] = {"Title": "Budget", "Body": "In May", "ParentId": org.contact}
    id = org.send(make(1, "Note", **sent))[1].id
    assert org.one("Note", id, *sent) == sent
    assert org.send(update(2, id, "Note", Body=None))[2].kind == "done"
    [found] = org.connector.fetch("Note", ["Body"], "ParentId", [org.contact])
    assert (found.id, dict(found.values)) == (id, {"Body": None})
    moved = org.send(update(3, id, "Note", ParentId=org.lead))[3]
    assert moved.code == "INVALID_FIELD_FOR_INSERT_UPDATE" and moved.fields == ("ParentId",)
    bare = org.send(make(4, "Note", Body="In May", ParentId=org.lead))[4]
    assert (bare.code, bare.fields) == ("REQUIRED_FIELD_MISSING", ("Title",))


def test_what_was_done_with_somebody_goes_with_them(org: Desk) -> None:
    """An account takes its people and all that was done with them along."""
    made = org.send(
        make(1, "Task", Subject="Ask", WhoId=org.contact),
        make(2, "Event", Subject="Demo", StartDateTime=START, EndDateTime=END, WhatId=org.account),
        make(3, "Note", Title="Budget", ParentId=org.contact),
    )
    org.sim.delete("Account", org.account)
    for ref, object in ((1, "Task"), (2, "Event"), (3, "Note")):
        [found] = org.connector.fetch(object, [], "id", [made[ref].id])
        assert found.life == "deleted"
