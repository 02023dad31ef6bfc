"""Writes that take two requests, of which only one arrived, and what people do after that.

Apollo takes the stage of a contact in a request of its own, wherever several contacts change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from syncrules.connectors.apollo.simulator import Fault
from syncrules.engine.run import run as verbs
from syncrules.engine.run.past import changes
from syncrules.engine.run.undo import Part
from syncrules.engine.store import statements as sql
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" { match on email }
pull Lead as contact hidden
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title    prefer apollo
    organization_name  -> Company  default "Unknown"
}
map contact stage with Lead.Status {
    "Interested"     <-> "Working - Contacted"
    "Not Interested" <-> "Closed - Not Converted"
}
pull Account as account visible { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""
FIRST, SECOND = "contacts/bulk_update", "contacts/update_stages"
BOTH = {"Title": "CEO", "Status": "Closed - Not Converted"}


class Crash(BaseException):
    """The process dies."""


@dataclass
class People:
    """Ada and Bea, each a contact and the lead that was made of it; an hour before each run."""

    both: Both
    contacts: Mapping[str, str]
    leads: Mapping[str, str]

    def run(self) -> None:
        self.both.clock.sleep(HOUR)
        self.both.run()

    def right(self, **values: object) -> None:
        """Somebody edits both leads."""
        for lead in self.leads.values():
            self.both.salesforce.update("Lead", lead, values)

    def held(self, name: str = "ada") -> tuple[object, ...]:
        """Title and stage of a contact, title and status of its lead."""
        contact = self.both.apollo.rows("contact")[self.contacts[name]]
        lead = self.both.salesforce.rows("Lead")[self.leads[name]]
        stages = {one.id: one.name for one in self.both.apollo.team.contact_stages}
        stage = stages[contact["contact_stage_id"]]
        return contact["title"], stage, lead["Title"], lead["Status"]

    def journal(self, name: str = "ada") -> list[tuple[str, set[str]]]:
        """State and fields of what was written to a contact."""
        found = changes(self.both.db, ORG, self.contacts[name])
        return [(one.state, {*one.after}) for one in found if one.system == "apollo"]


@pytest.fixture
def people() -> People:
    both = Both(RULES)
    both.run()
    contacts: dict[str, str] = {}
    for name in ("ada", "bea"):
        given = {"first_name": name.title(), "last_name": "Berg", "title": "CTO"}
        more = {"email": f"{name}@berg.example", "stage": "Interested"}
        contacts[name] = both.apollo.create("contact", {**given, **more})
    both.clock.sleep(HOUR)
    both.run()
    emails = {row["Email"]: id for id, row in both.salesforce.rows("Lead").items()}
    return People(both, contacts, {one: emails[f"{one}@berg.example"] for one in contacts})


def places(people: People, name: str = "ada") -> list[str]:
    """The lines of the rules that what was written to a contact follows from, by change."""
    found = changes(people.both.db, ORG, people.contacts[name])
    return [one.reason.rpartition("; ")[2] for one in found if one.system == "apollo"]


def goes_on(people: People) -> None:
    """The title arrived and the stage did not; the next title is newer, and both flow."""
    assert people.held() == ("CEO", "Interested", "CEO", "Closed - Not Converted")
    people.right(Title="CFO")
    people.run()
    people.run()
    for name in people.contacts:
        assert people.held(name) == ("CFO", "Not Interested", "CFO", "Closed - Not Converted")
    assert people.both.errors() == []


def test_the_request_whose_reply_came_is_done_whatever_became_of_the_other(people: People) -> None:
    """The reply to the second was lost, and it never arrived (R2, R4)."""
    people.right(**BOTH)
    people.both.apollo.faults.append(Fault("lost before", path=SECOND))
    people.run()
    assert people.journal() == [("done", {"title"}), ("doubt", {"stage"})]
    assert places(people) == ["rules.sync:9", "rules.sync:12"]
    goes_on(people)
    assert people.journal()[:2] == [("done", {"title"}), ("dropped", {"stage"})]


def test_a_look_tells_which_of_two_requests_arrived(people: People) -> None:
    """Both replies were lost, and only the first request had arrived (R2, R4)."""
    people.right(**BOTH)
    people.both.apollo.faults.append(Fault("lost after", path=FIRST))
    people.both.apollo.faults.append(Fault("lost before", path=SECOND))
    people.run()
    assert people.journal() == [("done", {"title"}), ("doubt", {"stage"})]
    goes_on(people)


@pytest.mark.parametrize("point", ["after sent", "request apollo"])
def test_a_crash_between_two_requests_is_gone_on_from(people: People, point: str) -> None:
    """The process dies once the first has arrived, before the second leaves: at the commit of it,
    or at the request itself (R2, R4)."""
    people.right(**BOTH)

    def dies(name: str) -> None:
        if name == point and people.held()[:2] == ("CEO", "Interested"):
            raise Crash

    people.both.world.on_point = dies
    with pytest.raises(Crash):
        people.run()
    people.both.world.on_point = None
    people.both.db.fence = None
    goes_on(people)
    assert people.journal()[:2] == [("done", {"title"}), ("dropped", {"stage"})]


def test_what_was_refused_is_held_and_the_rest_of_its_record_is_done(people: People) -> None:
    """The second is refused: it alone is in the error log, as long as it is, and a newer title
    flows (R4, R9)."""
    people.right(**BOTH)
    body = '{"error":"Stage is locked","error_code":"STAGE_LOCKED"}'
    people.both.apollo.faults.append(Fault("reply", path=SECOND, status=422, body=body, times=None))
    people.run()
    assert people.journal() == [("done", {"title"}), ("refused", {"stage"})]
    people.run()
    assert len(people.journal()) == 2
    [told] = people.both.errors()
    assert told.count == 2
    people.both.apollo.faults.clear()
    goes_on(people)


def test_an_account_that_stands_in_goes_with_the_request_that_it_was_in(people: People) -> None:
    """The stage arrived and the account, which is that of the lead's address, did not: nobody has
    taken it away, and it goes over with the next run (R2, R3)."""
    berg = people.both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    people.right(Status="Closed - Not Converted")
    people.both.apollo.faults.append(Fault("lost before", path=FIRST, times=None))
    people.run()
    assert people.held()[1] == "Not Interested"
    people.both.apollo.faults.clear()
    people.run()
    people.run()
    rows = people.both.apollo.rows("contact").values()
    assert [row["account_id"] for row in rows] == [berg, berg]


def test_an_undo_puts_back_what_arrived(people: People) -> None:
    """Of a run that was lost in part, the title is put back, and there is no stage to (R7)."""
    people.right(**BOTH)
    people.both.apollo.faults.append(Fault("lost before", path=SECOND, times=None))
    people.run()
    [run] = people.both.db.row(sql.last_run, org=ORG) or (0,)
    people.both.clock.sleep(HOUR)
    verbs.undo(people.both.setup, Part(run))
    assert people.held()[:2] == ("CTO", "Interested")


@pytest.mark.parametrize("refused", [False, True])
def test_what_stood_there_before_either_request_is_no_edit_where_a_search_shows_it_late(
    people: People, *, refused: bool
) -> None:
    """Somebody edits what a request is about just before it goes out: the title before the first,
    while the second is refused, or the stage between the two (R4)."""
    both, before = people.both, ("CTO" if refused else "CEO", "Interested")
    people.right(**BOTH)
    both.setup = replace(both.setup, lags={("apollo", "contact"): 30.0})
    both.apollo.team.lag = 30.0
    if refused:
        body = '{"error":"Stage is locked","error_code":"STAGE_LOCKED"}'
        both.apollo.faults.append(Fault("reply", path=SECOND, status=422, body=body, times=None))

    def edited(point: str) -> None:
        if point == "before sent" and people.held()[:2] == before:
            edit = {"title": "Chair"} if refused else {"stage": "Cold"}
            both.apollo.update("contact", people.contacts["ada"], edit)
            both.clock.sleep(10)

    both.world.on_point = edited
    people.run()
    both.world.on_point = None
    there = ("CEO", "Interested" if refused else "Not Interested")
    assert people.held() == (*there, "CEO", "Closed - Not Converted")
    both.clock.sleep(25)
    both.run()
    assert people.held() == (*there, "CEO", "Closed - Not Converted")
    assert [one.code for one in both.errors()] == (["refused"] if refused else [])
