"""Writes without a reply, and people who were at what they made before anybody looked for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from syncrules.connectors.apollo.simulator import Fault as ApolloFault
from syncrules.connectors.apollo.simulator.server import ApolloSimulator
from syncrules.connectors.base.contract import Outcome, Write
from syncrules.connectors.base.wire import NoReply, Request, Response
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.connectors.salesforce.simulator.server import SalesforceSimulator
from syncrules.engine.lost import lost
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.run.test_life import edit, later, of, pair


def test_a_lead_that_was_edited_before_it_was_found_is_linked_all_the_same() -> None:
    """Its reply was lost and somebody gave it another title: it is known by its address, the edit
    arrives, and no second one is made (R1, R3)."""
    both = of(contacts=False)
    body = {"first_name": "Ada", "last_name": "Berg", "title": "CEO", "organization_name": "Berg"}
    more = {"email": "ada@berg.example", "stage": "Interested"}
    ada = both.apollo.create("contact", {**body, **more})
    both.salesforce.faults.rules.append(Fault("lost after", "POST", "composite/sobjects"))

    def edited(point: str) -> None:
        for id in both.salesforce.rows("Lead"):
            both.salesforce.update("Lead", id, {"Title": "Chief"})

    both.world.on_point = edited
    later(both)
    both.world.on_point = lambda point: None
    later(both)
    later(both)
    assert [row["Title"] for row in both.salesforce.rows("Lead").values()] == ["Chief"]
    assert both.apollo.rows("contact")[ada]["title"] == "Chief"
    assert both.errors() == []


@pytest.mark.parametrize("email", ["ada@berg.example", ""])
def test_a_lead_that_was_edited_and_deleted_before_it_was_found_is_not_made_again(
    email: str,
) -> None:
    """Its reply was lost, somebody gave it another title and deleted it, with an address and
    without: it stays deleted, and taken out of the bin it is the contact's (R1, EDGE-6)."""
    both = of(contacts=False)
    body = {"first_name": "Ada", "last_name": "Berg", "title": "CEO", "organization_name": "Berg"}
    more = {"stage": "Interested", **({"email": email} if email else {})}
    ada = both.apollo.create("contact", {**body, **more})
    both.salesforce.faults.rules.append(Fault("lost after", "POST", "composite/sobjects"))

    def gone(point: str) -> None:
        for id in both.salesforce.rows("Lead"):
            both.salesforce.update("Lead", id, {"Title": "Chief"})
            both.salesforce.delete("Lead", id)

    both.world.on_point = gone
    later(both)
    both.world.on_point = lambda point: None
    later(both)
    later(both)
    [lead] = both.salesforce.rows("Lead", deleted=True)
    assert both.salesforce.rows("Lead") == {}
    both.salesforce.undelete("Lead", lead)
    later(both)
    assert list(both.salesforce.rows("Lead")) == [lead]
    assert both.apollo.rows("contact")[ada]["title"] == "Chief"
    assert both.errors() == []


def test_a_lead_that_was_out_of_sight_when_it_was_looked_for_is_told_once_it_is_seen() -> None:
    """Nobody can know that it is there, so a second one is made. Once it is shown to us an entry
    tells of the two, and when one of them is deleted the other is the contact's (R1, R9)."""
    both = of(pull="on delete unlink", contacts=False)
    body = {"first_name": "Ada", "last_name": "Berg", "organization_name": "Berg"}
    more = {"email": "ada@berg.example", "stage": "Interested"}
    ada = both.apollo.create("contact", {**body, **more})
    both.salesforce.faults.rules.append(Fault("lost after", "POST", "composite/sobjects"))

    def out_of_sight(point: str) -> None:
        both.salesforce.org.unshared.update(both.salesforce.rows("Lead"))

    both.world.on_point = out_of_sight
    later(both)
    both.world.on_point = None
    later(both)
    [first] = both.salesforce.org.unshared
    [second] = set(both.salesforce.rows("Lead")) - {first}
    both.salesforce.org.unshared.clear()
    both.clock.sleep(24 * HOUR)
    later(both)
    assert [one.code for one in both.errors()] == ["ambiguous-match"]
    both.salesforce.delete("Lead", second)
    later(both)
    later(both)
    assert both.errors() == []
    edit(both, ada, "CEO")
    assert {id: row["Title"] for id, row in both.salesforce.rows("Lead").items()} == {first: "CEO"}


@pytest.mark.parametrize("deleted", ["one", "both"])
def test_of_two_leads_that_could_be_it_an_entry_tells_until_one_is_left_at_most(
    deleted: str,
) -> None:
    """A lead without an address was out of sight when it was looked for, and the reply to the one
    that was made in its place was lost as well: both are seen, and nothing tells them apart. With
    one of them deleted, the other is the contact's; with both, none is made again (R1, R9)."""
    both = of(contacts=False)
    body = {"first_name": "Ada", "last_name": "Berg", "organization_name": "Berg"}
    ada = both.apollo.create("contact", {**body, "stage": "Interested"})
    both.salesforce.faults.rules.append(Fault("lost after", "POST", "composite/sobjects", times=2))

    def out_of_sight(point: str) -> None:
        leads = list(both.salesforce.rows("Lead"))
        both.salesforce.org.unshared.clear()
        both.salesforce.org.unshared.update(leads if len(leads) == 1 else [])

    both.world.on_point = out_of_sight
    both.run()
    both.clock.sleep(100)
    both.run()
    both.world.on_point = None
    first, second = both.salesforce.rows("Lead")
    later(both)
    assert [(one.code, one.said) for one in both.errors()] == [
        ("in-doubt", "2 records could be it")
    ]
    for id in [second] if deleted == "one" else [second, first]:
        both.salesforce.delete("Lead", id)
    later(both)
    edit(both, ada, "CEO")
    left = {id: row["Title"] for id, row in both.salesforce.rows("Lead").items()}
    assert left == ({first: "CEO"} if deleted == "one" else {})
    assert both.errors() == []


def assert_the_title_goes_over(title: str, **held: str) -> None:
    """Of a Contact that was `held` in Salesforce a contact is made, the reply is lost, and somebody
    gives it a title before it is found: both have that one, and nothing is told."""
    both = of()
    body = {"FirstName": "Ada", "LastName": "Berg", "Email": "ada@berg.example"}
    ada = both.salesforce.create("Contact", body | held)
    both.apollo.faults.append(ApolloFault("lost after", path="bulk_create"))

    def edited(point: str) -> None:
        for id in both.apollo.rows("contact"):
            both.apollo.update("contact", id, {"title": title})

    both.world.on_point = edited
    later(both)
    both.world.on_point = lambda point: None
    later(both)
    later(both)
    assert [row["title"] for row in both.apollo.rows("contact").values()] == [title]
    assert both.salesforce.rows("Contact")[ada]["Title"] == title
    assert both.errors() == []


def test_a_contact_that_was_edited_before_it_was_found_is_linked_all_the_same() -> None:
    """The same in Apollo: the user of our key made it through the API since it was sent, so what
    stands in it now is an edit of what we wrote, and arrives (R1, R3)."""
    assert_the_title_goes_over("Chief", Title="CEO")


def test_what_somebody_adds_to_a_contact_before_it_was_found_goes_over() -> None:
    """It was made without a title, its reply was lost, and somebody gave it one, or made the same
    contact by hand with one: it is no work of Apollo's (R1, R3)."""
    assert_the_title_goes_over("CEO")


@pytest.mark.parametrize("into", ["salesforce", "apollo"])
def test_an_update_that_was_edited_before_it_was_found_is_known_by_the_rest(into: str) -> None:
    """Its reply was lost, and somebody gave one of its fields another value; in the other system
    somebody took back what the other field had said. Both edits stand, and arrive (R3, R4)."""
    both = of(contacts=False)
    left, lead = pair(both)
    names = [("title", "first_name"), ("Title", "FirstName")]
    ends: list[tuple[ApolloSimulator | SalesforceSimulator, str, str]]
    ends = [(both.apollo, "contact", left), (both.salesforce, "Lead", lead)]
    if into == "apollo":
        names, ends = names[::-1], ends[::-1]
    (source, object, id), (target, there, written) = ends
    source.update(object, id, {names[0][0]: "CEO"})
    later(both)
    source.update(object, id, {names[0][0]: "CFO", names[0][1]: "Adah"})
    both.salesforce.faults.rules.append(Fault("lost after", "PATCH", "composite/sobjects"))
    both.apollo.faults.append(ApolloFault("lost after", path="bulk_update"))
    edits: list[str] = []

    def edited(point: str) -> None:
        if not edits and target.rows(there)[written].get(names[1][0]) == "CFO":
            edits.append(point)
            target.update(there, written, {names[1][1]: "Eve"})
            source.update(object, id, {names[0][0]: "CEO"})

    both.world.on_point = edited
    later(both)
    later(both)
    assert len(edits) == 1
    for (system, kind, one), fields in zip(ends, names, strict=True):
        row = system.rows(kind)[one]
        assert [row[name] for name in fields] == ["CEO", "Eve"]
    assert both.errors() == []


@pytest.mark.parametrize("into", ["salesforce", "apollo"])
def test_of_two_edits_around_an_update_nobody_can_tell_of_the_rule_says_which_stands(
    into: str,
) -> None:
    """Its reply was lost, somebody gave its only field a third value, and in the other system
    somebody put back what had been there before: both are edits since then, though that one looks
    like none. The rule chooses, and what gives way is listed (R4)."""
    both = of(contacts=False)
    left, lead = pair(both)
    edit(both, left, "CEO")
    ends: list[tuple[ApolloSimulator | SalesforceSimulator, str, str, str]]
    ends = [
        (both.apollo, "contact", left, "title"),
        (both.salesforce, "Lead", lead, "Title"),
    ]
    (source, object, id, name), (target, there, written, field) = (
        ends if into == "salesforce" else ends[::-1]
    )
    source.update(object, id, {name: "CFO"})
    both.salesforce.faults.rules.append(Fault("lost after", "PATCH", "composite/sobjects"))
    both.apollo.faults.append(ApolloFault("lost after", path="bulk_update"))

    def edited(point: str) -> None:
        if target.rows(there)[written].get(field) == "CFO":
            target.update(there, written, {field: "Chief"})
            source.update(object, id, {name: "CEO"})

    both.world.on_point = edited
    later(both)
    both.world.on_point = None
    later(both)
    stands, gives_way = ("Chief", "CEO") if into == "salesforce" else ("CEO", "Chief")
    for system, kind, one, title in ends:
        assert system.rows(kind)[one][title] == stands
    assert [one.value for one in lost(both.db, [ORG])] == [gives_way]
    assert both.errors() == []


@pytest.mark.parametrize("became", ["deleted", "converted"])
def test_an_update_whose_record_went_before_it_was_found_is_known_by_what_is_in_the_bin(
    became: str,
) -> None:
    """Its reply was lost, and the lead was deleted or converted before anybody looked. What it
    holds by then is what both agree on: what is edited in Apollo after that is newer, and goes over
    once the lead is back, or to the Contact (R3, R4)."""
    both = of(contacts=became == "converted")
    left, lead = pair(both)
    both.apollo.update("contact", left, {"title": "CEO"})
    both.clock.sleep(HOUR)
    both.salesforce.faults.rules.append(Fault("lost after", "PATCH", "composite/sobjects"))
    done: list[str] = []

    def goes(point: str) -> None:
        if not done and both.salesforce.rows("Lead")[lead].get("Title") == "CEO":
            done.append(became)
            if became == "converted":
                done.append(both.salesforce.convert(lead))
            else:
                both.salesforce.delete("Lead", lead)

    both.world.on_point = goes
    both.run()
    both.world.on_point = None
    assert done
    both.apollo.update("contact", left, {"title": "Chair"})
    if became == "deleted":
        later(both)
        both.salesforce.undelete("Lead", lead)
    later(both)
    later(both)
    [row] = both.salesforce.rows("Lead" if became == "deleted" else "Contact").values()
    assert row["Title"] == both.apollo.rows("contact")[left]["title"] == "Chair"
    assert both.errors() == []


def test_the_edit_that_hides_an_update_is_the_one_that_is_chosen_from() -> None:
    """It was saved long before it showed, and no feed passes there any more: what the look for the
    update has found stands for Salesforce, and not what was there before that (R4, R6)."""
    both = of(contacts=False)
    left, lead = pair(both)
    edit(both, left, "CEO")
    both.salesforce.update("Lead", lead, {"Title": "Chief"}, delay=1.5 * HOUR)
    both.apollo.update("contact", left, {"title": "CFO"})
    both.salesforce.faults.rules.append(Fault("lost before", "PATCH", "composite/sobjects"))
    later(both)
    later(both)
    assert both.apollo.rows("contact")[left]["title"] == "Chief"
    assert both.salesforce.rows("Lead")[lead]["Title"] == "Chief"
    assert [one.value for one in lost(both.db, [ORG])] == ["CFO"]


def test_what_nobody_can_tell_is_told_until_somebody_has_made_it_clear() -> None:
    """A contact whose reply was lost is there twice, made by hand the second time: an entry says
    so, once. With one of them deleted, the other is linked and the entry closed (R9)."""
    both = of()
    body = {"FirstName": "Ada", "LastName": "Berg", "Email": "ada@berg.example"}
    both.salesforce.create("Contact", body)
    both.apollo.faults.append(ApolloFault("lost after", path="bulk_"))
    made = False

    def again(point: str) -> None:
        nonlocal made
        rows = both.apollo.rows("contact")
        if rows and not made:
            made = True
            names = ("first_name", "last_name", "email")
            [row] = rows.values()
            both.apollo.create("contact", {one: row[one] for one in names})

    both.world.on_point = again
    later(both)
    assert made
    later(both)
    told = [one for one in both.errors() if one.code == "in-doubt"]
    assert [(one.said, one.count) for one in told] == [("2 records could be it", 1)]
    both.apollo.delete("contact", max(both.apollo.rows("contact")))
    later(both)
    assert "in-doubt" not in {one.code for one in both.errors()}
    [right] = both.salesforce.rows("Contact")
    both.salesforce.update("Contact", right, {"Title": "Chief"})
    later(both)
    assert [row["title"] for row in both.apollo.rows("contact").values()] == ["Chief"]


def test_what_a_look_did_not_find_is_believed_by_the_time_of_the_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine that sleeps between the look and what comes of it has not looked late: the request
    may have arrived meanwhile, and nobody is made twice (R1)."""
    both = of(contacts=False)
    body = {"first_name": "Ada", "last_name": "Berg", "organization_name": "Berg AB"}
    both.apollo.create("contact", {**body, "stage": "Interested"})
    connector = both.setup.connectors["salesforce"]
    plain = connector.find

    def slept(doubtful: Sequence[Write]) -> list[Outcome]:
        found = plain(doubtful)
        if not both.salesforce.rows("Lead"):
            late = {"FirstName": "Ada", "LastName": "Berg", "Company": "Berg AB"}
            more = {"LeadSource": "Apollo", "Status": "Working - Contacted"}
            both.salesforce.create("Lead", {**late, **more}, user=both.salesforce.org.user)
            both.clock.sleep(3600)
        return found

    monkeypatch.setattr(connector, "find", slept)
    both.salesforce.faults.rules.append(Fault("lost before", "POST", "composite/sobjects"))
    for _ in range(3):
        later(both)
    assert len(both.salesforce.rows("Lead")) == 1


def test_what_a_machine_slept_over_on_its_way_out_is_not_sent_late() -> None:
    """It was committed as sent, and the machine slept before the request left: whoever looks for it
    after its deadline must not make it again while it is still to come. The next run does (R1)."""
    both = of(contacts=False)
    body = {"first_name": "Ada", "last_name": "Berg", "organization_name": "Berg AB"}
    both.apollo.create("contact", {**body, "stage": "Interested"})
    seen: list[str] = []

    def asleep(point: str) -> None:
        # The first request after the commit is the one that makes the lead.
        if seen and seen[-1] == "after sent" and point == "request salesforce":
            both.clock.sleep(3600)
        seen.append(point)

    both.world.on_point = asleep
    later(both)
    assert not both.salesforce.rows("Lead")
    both.world.on_point = lambda point: None
    later(both)
    later(both)
    assert len(both.salesforce.rows("Lead")) == 1
    assert both.errors() == []


CALLS = """sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" { match on email }
push call as Task
map contact with Lead {
    last_name         <-> LastName
    organization_name  -> Company  default "Unknown"
    email             <-> Email
}
"""


def test_what_was_asked_for_stays_so_while_its_person_is_in_doubt() -> None:
    """A backfill brings a call over, and the reply to the lead it is about is lost: the call goes
    over with a later run, though the rule by itself acts on new calls only (R1)."""
    both = Both(CALLS, undocumented="yes")
    ada = both.apollo.create("contact", {"last_name": "Berg", "email": "ada@berg.example"})
    times = {"start_time": "2026-01-05T09:00:00.000Z", "end_time": "2026-01-05T09:05:00.000Z"}
    given = {"contact_id": ada, "status": "completed", "inbound": False, "duration": 300}
    both.apollo.create("call", {**given, **times})
    both.run()
    both.apollo.update("contact", ada, {"stage": "Interested"})
    both.clock.sleep(HOUR)
    both.salesforce.faults.rules.append(Fault("lost before", "POST", "composite/sobjects"))
    both.backfill("push", "call")
    assert not both.salesforce.rows("Task")
    for _ in range(3):
        later(both)
    assert len(both.salesforce.rows("Lead")) == len(both.salesforce.rows("Task")) == 1


@pytest.mark.parametrize("arrives", [10.0, 40.0])
@pytest.mark.parametrize("next_run", [1.0, 20.0])
@pytest.mark.parametrize("with_key", [True, False])
def test_a_request_that_arrives_after_we_have_looked_makes_nobody_twice(
    arrives: float, next_run: float, with_key: bool
) -> None:
    """Its connection broke off, and it is carried out all the same, within its deadline: the next
    run finds nobody and waits until then before it makes anything (R1)."""
    both = of(contacts=False)
    body = {"first_name": "Ada", "last_name": "Berg", "stage": "Interested"}
    both.apollo.create("contact", {**body, **({"email": "ada@a.example"} if with_key else {})})
    plain, late = both.salesforce.handle, list[Request]()

    def breaks_off(request: Request) -> Response:
        if request.method == "POST" and request.url.endswith("composite/sobjects"):
            both.world.handlers["salesforce.test"] = plain
            late.append(request)
            raise NoReply("the connection was closed")
        return plain(request)

    both.world.handlers["salesforce.test"] = breaks_off
    both.clock.sleep(HOUR)
    sent = both.clock.now()

    def time_goes_by() -> None:
        if late and both.clock.now() >= sent + arrives:
            plain(late.pop())

    both.clock.slept = time_goes_by
    both.run()
    both.clock.sleep(next_run)
    both.run()
    later(both)
    assert late == []
    assert len(both.salesforce.rows("Lead")) == 1
    assert both.errors() == []


def lost_in_vain(both: Both) -> tuple[str, str]:
    """A title that Apollo takes from nobody, at three runs."""
    ada, lead = pair(both)
    both.salesforce.update("Lead", lead, {"Title": "CEO"})
    both.apollo.faults.append(ApolloFault("lost before", path="bulk_", times=None))
    codes = []
    for _ in range(3):
        later(both)
        codes.append([(one.code, one.count) for one in both.errors()])
    assert codes == [[], [("no-reply", 1)], [("no-reply", 2)]]
    return ada, lead


def test_what_is_sent_again_and_again_in_vain_is_told_until_it_arrives() -> None:
    """Not the first time: that is nothing, where the next run gets it through (ERR-1, R9)."""
    both = of(contacts=False)
    ada, _ = lost_in_vain(both)
    [entry] = both.errors()
    assert (entry.system, entry.object, entry.operation) == ("apollo", "contact", "update")
    assert entry.message == "apollo gave no reply, and has not carried it out"
    assert entry.advice
    assert both.run().exit_code == 1
    both.apollo.faults.clear()
    later(both)
    assert both.apollo.rows("contact")[ada]["title"] == "CEO"
    assert both.errors() == []


def test_what_was_lost_and_is_not_to_be_written_any_more_is_told_no_more() -> None:
    """Somebody takes the title away again; that Salesforce refuses an edit of the contact is told
    by itself (R9)."""
    both = of(contacts=False)
    ada, lead = lost_in_vain(both)
    refuses = Validation("Lead", "Ask Eva first", lambda row: row["LastName"] == "King", "LastName")
    both.salesforce.org.validations.append(refuses)
    both.apollo.update("contact", ada, {"last_name": "King"})
    both.salesforce.update("Lead", lead, {"Title": None})
    later(both)
    assert [one.code for one in both.errors()] == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]
