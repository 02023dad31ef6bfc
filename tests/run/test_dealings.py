"""What people did, crossed with what becomes of it and of those it is with."""

from __future__ import annotations

from collections.abc import Mapping

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
