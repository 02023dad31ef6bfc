"""What people did, crossed with what becomes of it and of those it is with."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from syncrules.engine.run import run as verbs
from syncrules.engine.run.undo import Part
from syncrules.tests.both import HOUR, Both

PEOPLE = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
}
"""
BACK = """\
pull Contact as contact visible
pull Task as task visible when open
push task as Task when completed
"""


class Desk:
    """Both systems under some rules on what people do, with Ada, whom both know."""

    def __init__(self, rules: str, undocumented: str = "no") -> None:
        self.both = Both(PEOPLE + rules, undocumented=undocumented)
        self.run()
        self.ada = self.contact("ada")
        self.run()
        [self.her] = self.both.salesforce.rows("Contact")

    def contact(self, name: str) -> str:
        values = {"last_name": name.title(), "email": f"{name}@a.example"}
        return self.both.apollo.create("contact", values)

    def run(self) -> int:
        """The number of a run an hour later, after which the next one writes nothing."""
        self.both.clock.sleep(HOUR)
        number = self.both.run().run
        self.both.clock.sleep(HOUR)
        self.both.run()
        return number

    def only(self, object: str) -> tuple[str, Mapping[str, object]]:
        """The only record of an object of Salesforce, or of Apollo."""
        system = self.both.salesforce if object[0].isupper() else self.both.apollo
        [(id, row)] = system.rows(object).items()
        return id, row

    def open(self) -> list[str]:
        return [one.code for one in self.both.errors()]


def test_what_a_system_takes_at_creation_only_holds_nothing_else_back() -> None:
    """A Task keeps its subtype: that its copy has become a call keeps nobody from closing it."""
    desk = Desk(BACK)
    task = {"Subject": "Ask her", "WhoId": desk.her, "ActivityDate": "2026-01-09"}
    desk.both.salesforce.create("Task", task)
    desk.run()
    copy, _ = desk.only("task")
    desk.both.apollo.update("task", copy, {"type": "call"})
    desk.run()
    desk.both.apollo.update("task", copy, {"status": "completed"})
    desk.run()
    _, original = desk.only("Task")
    assert (original["TaskSubtype"], original["Status"]) == ("Task", "Completed")
    assert desk.open() == []


def test_a_note_stays_with_whom_it_was_made_about() -> None:
    """Its parent is given at creation; what it says goes on being kept in step."""
    desk = Desk("push note as Note\n")
    bob = desk.contact("bob")
    note = desk.both.apollo.create("note", {"contact_id": desk.ada, "content": "She rang"})
    desk.run()
    desk.both.apollo.update("note", note, {"contact_id": bob, "content": "He rang"})
    desk.run()
    _, made = desk.only("Note")
    assert (made["ParentId"], made["Body"]) == (desk.her, "He rang")
    assert desk.open() == []


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        ("2026-01-09T09:30:00.000Z", "2026-01-09T11:00:00.000+0000"),
        ("2026-01-09T10:30:00.000Z", "2026-01-09T11:00:00.000+0000"),
    ],
)
def test_a_meeting_that_begins_at_another_time_ends_as_before(begins: str, expected: str) -> None:
    """Salesforce moves the end along with a beginning that is written alone. An undo does not."""
    desk = Desk("push meeting as Event\n", undocumented="yes")
    times = {"start_time": "2026-01-09T10:00:00.000Z", "end_time": "2026-01-09T11:00:00.000Z"}
    meeting = desk.both.apollo.create("meeting", {"contact_id": desk.ada, "subject": "A", **times})
    desk.run()
    desk.both.apollo.update("meeting", meeting, {"start_time": begins})
    desk.both.clock.sleep(HOUR)
    moved = desk.both.run().run
    _, event = desk.only("Event")
    assert event["StartDateTime"] == begins.replace("Z", "+0000")
    assert event["EndDateTime"] == expected
    desk.both.clock.sleep(HOUR)
    verbs.undo(desk.both.setup, Part(moved), lambda change: None)
    _, event = desk.only("Event")
    assert event["StartDateTime"] == "2026-01-09T10:00:00.000+0000"
    assert event["EndDateTime"] == expected


def test_a_meeting_that_begins_after_its_end_keeps_its_length() -> None:
    """Somebody in Salesforce has let it end earlier, which no row brings back."""
    desk = Desk("push meeting as Event\n", undocumented="yes")
    times = {"start_time": "2026-01-09T10:00:00.000Z", "end_time": "2026-01-09T12:00:00.000Z"}
    meeting = desk.both.apollo.create("meeting", {"contact_id": desk.ada, "subject": "A", **times})
    desk.run()
    event, _ = desk.only("Event")
    desk.both.salesforce.update("Event", event, {"EndDateTime": "2026-01-09T10:30:00.000Z"})
    desk.run()
    desk.both.apollo.update("meeting", meeting, {"start_time": "2026-01-09T11:00:00.000Z"})
    desk.run()
    _, held = desk.only("Event")
    assert held["EndDateTime"] == "2026-01-09T11:30:00.000+0000"
    assert desk.open() == []


def test_whose_partner_was_merged_into_anothers_is_called_there() -> None:
    """Two contacts of Apollo are one Contact by now, and hers is the link. What people do with the
    other one is not lost; taken out of the bin, that Contact is the other one's again."""
    desk = Desk("push call as Task\n")
    salesforce, bob = desk.both.salesforce, desk.contact("bob")
    desk.run()
    [his] = set(salesforce.rows("Contact")) - {desk.her}
    salesforce.merge("Contact", desk.her, [his])
    desk.run()
    call = {"contact_id": bob, "status": "completed", "start_time": "2026-01-05T12:00:00Z"}
    desk.both.apollo.create("call", {**call, "note": "first"})
    desk.run()
    _, made = desk.only("Task")
    assert made["WhoId"] == desk.her
    salesforce.undelete("Contact", his)
    desk.run()
    desk.both.apollo.create("call", {**call, "note": "second"})
    desk.run()
    who = {row["Description"]: row["WhoId"] for row in salesforce.rows("Task").values()}
    assert who == {"first": desk.her, "second": his}
    assert desk.open() == []


def test_an_undo_leaves_whom_colleagues_have_worked_with_since() -> None:
    """Salesforce deletes a task, an event or a note with the person it is about, whether a rule is
    about these or not. What its automation made with her keeps nobody; what people wrote, does."""
    both = Both(PEOPLE)
    both.run()
    for name in ("ada", "bob"):
        both.apollo.create("contact", {"last_name": name, "email": f"{name}@a.example"})
    both.clock.sleep(HOUR)
    made = both.run().run
    people = {row["LastName"]: id for id, row in both.salesforce.rows("Contact").items()}
    for one in people.values():
        both.salesforce.create("Task", {"Subject": "Say hello", "WhoId": one})
    both.clock.sleep(HOUR)
    note = {"Title": "Wants two", "ParentId": people["ada"]}
    note_id = both.salesforce.create("Note", note)
    both.clock.sleep(HOUR)
    result = verbs.undo(both.setup, Part(made), lambda change: None)
    assert list(both.salesforce.rows("Contact")) == [people["ada"]]
    assert list(both.salesforce.rows("Note")) == [note_id]
    [kept] = [one for one in result.kept if one.object == "Contact"]
    assert kept.why == f"Note {note_id} belongs to it by now"
    both.salesforce.delete("Note", note_id)
    both.clock.sleep(HOUR)
    verbs.undo(both.setup, Part(made), lambda change: None)
    assert both.salesforce.rows("Contact") == {}


def test_a_task_that_is_done_takes_what_it_still_takes() -> None:
    """Apollo lets nobody change the title of one, which is told; the note goes over all the same,
    and a note that is changed again is neither held back nor sent twice."""
    desk = Desk(BACK)
    salesforce = desk.both.salesforce
    task = {"Subject": "Ask her", "WhoId": desk.her, "ActivityDate": "2026-01-09"}
    original = salesforce.create("Task", task)
    desk.run()
    salesforce.update("Task", original, {"Status": "Completed"})
    desk.run()
    salesforce.update("Task", original, {"Subject": "Asked her", "Description": "Yes"})
    desk.run()
    _, copy = desk.only("task")
    assert (copy["title"], copy["note"]) == ("Ask her", "Yes")
    assert desk.open() == ["task-closed"]
    salesforce.update("Task", original, {"Description": "No"})
    desk.run()
    _, copy = desk.only("task")
    assert (copy["title"], copy["note"]) == ("Ask her", "No")
    salesforce.update("Task", original, {"Subject": "Ask her"})
    desk.run()
    assert desk.open() == []


def test_a_task_of_a_colleague_without_a_seat_in_apollo_is_given_to_the_sync_login() -> None:
    """Apollo knows no task of nobody. The reason says so, and whose it is in Salesforce stays."""
    desk = Desk(BACK)
    salesforce, apollo = desk.both.salesforce, desk.both.apollo
    seats = {one.email for one in apollo.team.users}
    [nobody, *_] = (id for id, row in salesforce.rows("User").items() if row["Email"] not in seats)
    task = {"Subject": "Ask her", "WhoId": desk.her, "OwnerId": nobody}
    salesforce.create("Task", task)
    desk.run()
    copy, held = desk.only("task")
    assert held["user_id"] == apollo.team.users[0].id
    assert any("its OwnerId has no active counterpart" in one for one in desk.both.said)
    apollo.update("task", copy, {"status": "completed"})
    desk.run()
    _, original = desk.only("Task")
    assert (original["OwnerId"], original["Status"]) == (nobody, "Completed")
    assert desk.open() == []
