"""The Salesforce connector against a made-up org: what it reads, what that costs, its schema.

Writing and doubt are `test_salesforce_writing.py`; what holds for every connector is
`test_contract.py`; texts and batches are `test_salesforce_parts.py`.
"""

from __future__ import annotations

import json

import pytest
from syncrules.connectors.base.contract import Read, Write
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.connectors.base.world import Machine
from syncrules.connectors.salesforce.connector import KIND
from syncrules.connectors.salesforce.simulator import simulate
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.tests.salesforce_connected import Org, answer, by_id, create, ids, update

# ---- reading -------------------------------------------------------------------------------


def test_a_read_that_finds_nothing_new_costs_one_request() -> None:
    """Ninety-six runs a day take ninety-six calls an object: the cursor holds the columns."""
    org = Org()
    org.people(3)
    cursor = org.read()[-1].cursor
    org.connector = org.connect()
    org.sim.requests.clear()
    pages = org.read(cursor)
    assert ids(pages) == [] and pages[-1].complete
    paths = [one.path for one in org.sim.requests]
    assert paths == ["/services/oauth2/token", "/services/data/v59.0/queryAll"]


def test_pages_follow_each_other_and_each_record_comes_once() -> None:
    """As many requests as pages, and the description."""
    org = Org()
    made = org.people(25)
    org.sim.resources.page_size = 10
    pages = org.read()
    assert ids(pages) == made
    assert [len(page.records) for page in pages] == [10, 10, 5]
    assert [page.complete for page in pages] == [False, False, True]


@pytest.mark.parametrize(
    "wrong", [None, "x", "[]", "{}", "[" * 99_999, {"c": []}, {"stamp": "soon"}, {"since": 7}]
)
def test_a_cursor_that_is_not_ours_means_from_the_beginning(
    wrong: str | dict[str, object] | None,
) -> None:
    """Somebody edited the state, as a whole or in a part: all is read."""
    org = Org()
    made = org.people(3)
    cursor = org.read()[-1].cursor or ""
    spoilt = json.dumps({**json.loads(cursor), **wrong}) if isinstance(wrong, dict) else wrong
    pages = org.read(spoilt)
    assert ids(pages) == made and pages[-1].complete


def test_a_read_that_broke_off_goes_on_from_the_last_page() -> None:
    """And the time it began is where the read after it starts, not the time it was resumed."""
    org = Org()
    made = org.people(25)
    org.sim.resources.page_size = 10
    first = next(iter(org.connector.read(Read("salesforce", "Lead", ("Email",)), None)))
    org.sim.update("Lead", made[2], {"Email": "moved@some.example"})
    org.clock.sleep(7200)
    org.connector = org.connect()
    rest = org.read(first.cursor)
    assert ids(rest)[:15] == made[10:]
    assert by_id(rest)[made[2]].values == {"Email": "moved@some.example"}
    assert made[2] in ids(org.read(rest[-1].cursor))


def test_many_records_of_one_second_are_neither_lost_nor_looped_over() -> None:
    """A mass update gives thousands the same stamp; the id tells how far a read got."""
    org = Org()
    made = [
        org.sim.create("Lead", {"LastName": str(n), "Company": "C", "Email": f"t{n}@some.example"})
        for n in range(25)
    ]
    org.clock.sleep(3600)
    org.sim.resources.page_size = 10
    first = next(iter(org.connector.read(Read("salesforce", "Lead", ("Email",)), None)))
    assert ids([first]) + ids(org.read(first.cursor)) == made


def test_a_dead_locator_is_replaced_from_where_it_got_to() -> None:
    """Locators live for minutes and ten of a user at a time."""
    org = Org()
    made = org.people(35)
    org.sim.resources.page_size = 10
    dead = '[{"errorCode":"INVALID_QUERY_LOCATOR","message":"invalid query locator"}]'
    org.fault("reply", "GET", "-20", status=400, body=dead)
    pages = org.read()
    assert set(ids(pages)) == set(made) and pages[-1].complete
    assert len(pages) < 7


def test_a_row_that_moves_while_it_is_read_does_not_carry_the_cursor_with_it() -> None:
    """Later pages of a locator show values of now: their stamps may run ahead of the order."""
    org = Org()
    made = org.people(30)
    org.sim.resources.page_size = 10
    walk = iter(org.connector.read(Read("salesforce", "Lead", ("Email",)), None))
    seen = [next(walk)]
    org.sim.update("Lead", made[19], {"Email": "late@some.example"})
    seen.append(next(walk))
    cursor = seen[-1].cursor
    assert set(made) <= set(ids(seen) + ids(org.read(cursor)))


def test_a_late_commit_is_seen_by_the_overlap() -> None:
    """A row gets its stamp when it is saved, and is seen minutes later, below the newest stamp."""
    org = Org()
    org.people(1)
    cursor = org.read()[-1].cursor
    late = org.sim.create(
        "Lead", {"LastName": "Slow", "Company": "C", "Email": "slow@some.example"}, delay=400
    )
    org.clock.sleep(300)
    org.sim.create("Lead", {"LastName": "Quick", "Company": "C", "Email": "q@some.example"})
    pages = org.read(cursor)
    assert late not in ids(pages)
    org.clock.sleep(300)
    assert late in ids(org.read(pages[-1].cursor))


def test_cursors_count_by_the_servers_clock() -> None:
    """Ours may be a quarter of an hour off."""
    org = Org()
    made = org.people(1)
    for step in (-900.0, 900.0):
        org.sim.skew.step = step
        cursor = org.read()[-1].cursor
        org.sim.update("Lead", made[0], {"Email": f"at{step}@some.example"})
        org.clock.sleep(60)
        assert by_id(org.read(cursor))[made[0]].values == {"Email": f"at{step}@some.example"}


def test_deleted_and_merged_records_come_along() -> None:
    """They vanish from queries, so the feed asks for all there is."""
    org = Org()
    deleted, loser, winner = org.people(3)
    cursor = org.read()[-1].cursor
    org.sim.delete("Lead", deleted)
    org.sim.merge("Lead", winner, [loser])
    found = by_id(org.read(cursor))
    assert found[deleted].life == "deleted"
    assert (found[loser].life, found[loser].into) == ("merged", winner)
    assert found[winner].life == "here"
    fetched = {
        one.id: one for one in org.connector.fetch("Lead", ["Email"], "id", [deleted, loser])
    }
    assert fetched[deleted].life == "deleted" and fetched[loser].into == winner


def test_a_converted_lead_says_what_it_became() -> None:
    """It stays in queries and takes no more writes."""
    org = Org()
    [lead] = org.people(1)
    cursor = org.read()[-1].cursor
    contact = org.sim.convert(lead)
    record = by_id(org.read(cursor))[lead]
    assert (record.life, record.into) == ("converted", f"Contact/{contact}")
    [record] = org.connector.fetch("Lead", ["Email"], "id", [lead])
    assert record.life == "converted"
    assert org.send(update(1, lead, Title="x"))[1].kind == "gone"


def test_won_lost_and_open_are_computed_from_the_record() -> None:
    """By IsClosed and IsWon, never by the name of a stage."""
    org = Org()
    made = {
        stage: org.sim.create(
            "Opportunity", {"Name": stage, "StageName": stage, "CloseDate": "2026-03-31"}
        )
        for stage in ("Closed Won", "Closed Lost", "Prospecting")
    }
    fields = ("open", "won", "lost")
    found = by_id(org.read(None, "Opportunity", fields))
    told = {
        stage: [name for name in fields if found[id].values[name] is True]
        for stage, id in made.items()
    }
    assert told == {"Closed Won": ["won"], "Closed Lost": ["lost"], "Prospecting": ["open"]}
    assert all(len(one.values) == 3 for one in found.values())


def test_a_field_that_gets_hidden_is_absent_and_not_blank() -> None:
    """A blank would be written to the other side."""
    org = Org()
    [lead] = org.people(1, Title="CTO")
    cursor = org.read(None, "Lead", ("Email", "Title"))[-1].cursor
    org.sim.org.schema.hidden.add(("Lead", "Title"))
    found = by_id(org.read(cursor, "Lead", ("Email", "Title")))
    org.sim.update("Lead", lead, {"Email": "new@some.example"})
    found = by_id(org.read(cursor, "Lead", ("Email", "Title")))
    assert found[lead].values == {"Email": "new@some.example"}
    [record] = org.connector.fetch("Lead", ["Email", "Title"], "id", [lead])
    assert record.values == {"Email": "new@some.example"}


def test_a_select_that_is_too_wide_for_a_url_is_split() -> None:
    """Three hundred long names don't fit into 16 KB; all of them are read all the same."""
    org = Org()
    names = [f"A_rather_long_name_of_a_custom_field_{n:03}__c" for n in range(300)]
    for name in names:
        answer(org, "schema", {"add": {"object": "Lead", "line": f"{name} string 80 CUN"}})
    made = org.people(3, **{names[0]: "first", names[-1]: "last"})
    pages = org.read(None, "Lead", names)
    record = by_id(pages)[made[1]]
    assert len(record.values) == 300
    assert (record.values[names[0]], record.values[names[-1]]) == ("first", "last")
    found = org.connector.fetch("Lead", names, "Email", ["p1@some.example"])
    assert [one.values for one in found] == [record.values]


# ---- fetching ------------------------------------------------------------------------------


def test_fetch_finds_names_that_look_like_soql() -> None:
    """Values are data, whatever is in them."""
    org = Org()
    names = ["O'Brien", "a\\'b", "100%", "_", 'say "hi"', "' OR Name != '", "Zoë Åström"]
    for name in names:
        org.sim.create("Lead", {"LastName": name, "Company": "C"})
    for name in names:
        found = org.connector.fetch("Lead", ["LastName"], "LastName", [name])
        assert [one.values["LastName"] for one in found] == [name]


def test_fetch_compares_websites_by_domain_and_phones_by_digits() -> None:
    """And leaves out what only contains the domain."""
    org = Org()
    account = org.sim.create(
        "Account",
        {"Name": "A", "Website": "http://WWW.Acme.example/shop", "Phone": "(415) 555-0199"},
    )
    org.sim.create("Account", {"Name": "B", "Website": "notacme.example", "Phone": "415 555 0198"})
    found = org.connector.fetch("Account", ["Name"], "Website", ["acme.example", "other.example"])
    assert [(one.id, dict(one.values)) for one in found] == [(account, {"Name": "A"})]
    found = org.connector.fetch("Account", ["Name"], "Phone", ["+1 415-555-0199"])
    assert [one.id for one in found] == [account]


def test_fetch_by_reference_finds_the_children() -> None:
    """All opportunities of some accounts, open or not; ids of 15 characters will do."""
    org = Org()
    account = org.sim.create("Account", {"Name": "A"})
    other = org.sim.create("Account", {"Name": "B"})
    body = {"StageName": "Closed Won", "CloseDate": "2026-03-31"}
    child = org.sim.create("Opportunity", {"Name": "O", "AccountId": account, **body})
    org.sim.create("Opportunity", {"Name": "P", "AccountId": other, **body})
    found = org.connector.fetch("Opportunity", ["won"], "AccountId", [account[:15]])
    assert [(one.id, dict(one.values)) for one in found] == [(child, {"won": True})]


def test_two_thousand_ids_are_one_request() -> None:
    """Addresses take more, for they have to fit into a URL."""
    org = Org()
    made = org.people(50)
    org.connector.describe(["Lead"])
    org.sim.requests.clear()
    assert len(org.connector.fetch("Lead", ["Email"], "id", made)) == 50
    assert len(org.sim.requests) == 1
    wanted = [f"p{n}@some.example" for n in range(1000)]
    assert len(org.connector.fetch("Lead", ["Email"], "Email", wanted)) == 50
    assert len(org.sim.requests) <= 5


# ---- schema --------------------------------------------------------------------------------


def test_the_schema_has_what_people_work_with_and_counts_it() -> None:
    """Objects are chosen by their flags; standing facts come from the platform's own table."""
    org = Org(records=40)
    schema = org.connector.describe()
    assert {"Lead", "Contact", "Account", "Opportunity", "User", "Task"} <= set(schema.by_name)
    assert schema.by_name["Lead"].count == len(org.sim.rows("Lead"))
    assert [one.name for one in schema.things("person")] == ["Contact", "Lead"]
    assert schema.limits == {"api": 5_000_000}
    assert (schema.read_page, schema.write_batch) == (2000, 1000)


def test_what_people_did_is_described_by_what_each_field_is_to_it() -> None:
    """Standard rows follow from that, for any other system."""
    schema = Org().connector.describe(["Task", "Event", "Note"])
    roles = {
        one.name: {role: field.name for role, field in one.by_role.items()}
        for one in schema.things("activity")
    }
    common = {"person": "WhoId", "account": "WhatId", "owner": "OwnerId", "subject": "Subject"}
    assert roles == {
        "Task": {
            **common,
            "text": "Description",
            "when": "ActivityDate",
            "status": "Status",
            "priority": "Priority",
            "kind": "TaskSubtype",
            "open": "open",
            "done": "completed",
        },
        "Event": {
            **common,
            "text": "Description",
            "when": "StartDateTime",
            "end": "EndDateTime",
        },
        "Note": {"subject": "Title", "text": "Body", "owner": "OwnerId", "about": "ParentId"},
    }
    task, note = schema.by_name["Task"], schema.by_name["Note"]
    assert task.status_field == "Status" and task.by_name["open"].derived
    kind = task.by_role["kind"]
    assert kind.creatable and not kind.updatable
    assert {one.name for one in note.fields if one.required} == {"Title", "ParentId"}


def test_the_org_says_which_statuses_close_a_task() -> None:
    """An admin may close tasks by as many statuses as they like, and call them anything."""
    org = Org()
    deferred = org.sim.org.listed("TaskStatus", "Deferred")
    assert deferred is not None
    deferred["IsClosed"] = True

    def means() -> dict[str, str]:
        status = org.connector.describe(["Task"]).by_name["Task"].by_role["status"]
        return {one.value: one.means for one in status.choices}

    told = means()
    assert told["Deferred"] == told["Completed"] == "done"
    assert told["Not Started"] == told["In Progress"] == "open"
    del org.sim.org.schema.objects["taskstatus"]
    assert means()["Deferred"] == "open" and means()["Completed"] == "done"


def test_notes_are_written_and_read_like_any_record() -> None:
    """On the person or the account that they are about, for good; a merge takes them along."""
    org = Org()
    [kept, lost] = [
        org.sim.create("Contact", {"LastName": "Berg", "Email": f"{n}@berg.example"}) for n in "ab"
    ]
    fields: dict[str, Value] = {"Title": "Wants a quote", "Body": "50 seats", "ParentId": lost}
    [outcome] = org.send(Write(1, "create", "Note", "", fields)).values()
    assert outcome.kind == "done"
    names = ("Title", "Body", "ParentId")
    assert dict(by_id(org.read(None, "Note", names))[outcome.id].values) == fields
    org.sim.merge("Contact", kept, [lost])
    [moved] = org.connector.fetch("Note", ["ParentId"], "id", [outcome.id])
    assert moved.values["ParentId"] == kept
    [refused] = org.send(Write(2, "create", "Note", "", {"Title": "On nothing"})).values()
    assert (refused.kind, refused.code) == ("refused", "REQUIRED_FIELD_MISSING")


# ---- over the network ----------------------------------------------------------------------


def test_it_works_over_real_http() -> None:
    """Read, create, fetch, and a lost reply, through httpx and uvicorn, zipped."""
    sim = simulate(SimulatorOptions(records=30))
    machine = Machine(seed=1)
    with Server(sim) as server:
        given = sim.sign_in(server.url)
        connector = KIND.connect(
            {
                "system": "salesforce",
                "url": server.url,
                "client_id": given["client_id"],
                "client_secret": Secret(given["client_secret"]),
            },
            machine,
        )
        assert connector.identity() == sim.org.id
        pages = list(connector.read(Read("salesforce", "Lead", ("Email", "LastName")), None))
        assert set(ids(pages)) == set(sim.rows("Lead"))
        write = create(1, machine.clock.now(), Email="http@berg.example")
        sim.faults.rules.append(Fault("lost after", "POST", "composite/sobjects"))
        [batch] = connector.pack([write])
        assert [one.kind for one in connector.send(batch)] == ["unknown"]
        [found] = connector.find([write])
        assert found.kind == "done" and found.id in sim.rows("Lead")
        assert len(connector.fetch("Lead", ["Email"], "Email", ["HTTP@berg.example"])) == 1
    machine.close()
