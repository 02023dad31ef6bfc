"""The Salesforce connector against a made-up org: what it reads, costs, writes, and finds out.

What holds for every connector is `test_contract.py`; texts and batches are
`test_salesforce_parts.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from syncrules.connectors.base.contract import Connector, Outcome, Page, Read, Record, Write
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.connectors.base.wire import json_request
from syncrules.connectors.base.world import Machine, World
from syncrules.connectors.salesforce.connector import KIND
from syncrules.connectors.salesforce.simulator import SalesforceSimulator, simulate
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.connectors.salesforce.simulator.org import DuplicateRule, Validation
from syncrules.errors import BudgetSpent, SignInRefused, SystemUnavailable, UsageError
from syncrules.tests.worlds import SimWorld, VirtualClock

HOST = "x.my.salesforce.com"


@dataclass
class Org:
    """A simulated org with a connection to it."""

    records: int = 0
    describe: Path | None = None
    clock: VirtualClock = field(default_factory=VirtualClock)

    def __post_init__(self) -> None:
        options = SimulatorOptions(records=self.records, clock=self.clock, describe=self.describe)
        self.sim: SalesforceSimulator = simulate(options)
        self.world = SimWorld({HOST: self.sim.handle}, self.clock)
        self.connector = self.connect()

    def connect(self, world: World | None = None, **settings: str) -> Connector:
        given = self.sim.sign_in(f"https://{HOST}")
        return KIND.connect(
            {
                "system": "salesforce",
                "login_url": settings.get("login_url", given["login_url"]),
                "client_id": given["client_id"],
                "client_secret": Secret(settings.get("secret", given["client_secret"])),
            },
            world or self.world,
        )

    def people(self, count: int, **values: Any) -> list[str]:
        """Leads made by a person, one a second, an hour before now."""
        made = []
        for n in range(count):
            body = {"LastName": f"Person {n}", "Company": "C", "Email": f"p{n}@some.example"}
            made.append(self.sim.create("Lead", {**body, **values}))
            self.clock.sleep(1)
        self.clock.sleep(3600)
        return made

    def read(
        self, cursor: str | None = None, object: str = "Lead", fields: Sequence[str] = ("Email",)
    ) -> list[Page]:
        return list(self.connector.read(Read("salesforce", object, tuple(fields)), cursor))

    def send(self, *writes: Write) -> dict[int, Outcome]:
        batches = self.connector.pack(writes)
        return {one.ref: one for batch in batches for one in self.connector.send(batch)}

    def fault(self, kind: Any, method: str = "", path: str = "", **how: Any) -> None:
        self.sim.faults.rules.append(Fault(kind, method, path, **how))


def create(ref: int, since: float = 0.0, **values: Value) -> Write:
    body: dict[str, Value] = {"LastName": "Berg", "Company": "Berg AB", **values}
    return Write(ref, "create", "Lead", "", body, since=since, keys=("Email",))


def update(ref: int, id: str, object: str = "Lead", **values: Value) -> Write:
    return Write(ref, "update", object, id, values)


def ids(pages: Iterable[Page]) -> list[str]:
    return [one.id for page in pages for one in page.records]


def by_id(pages: Iterable[Page]) -> Mapping[str, Record]:
    return {one.id: one for page in pages for one in page.records}


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


def answer(org: Org, word: str, body: object) -> None:
    """What an admin does in Setup, by the simulator's own door."""
    url = f"https://{HOST}/__sim__/{word}"
    assert org.sim.handle(json_request("POST", url, body)).status == 200


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
    assert (schema.read_page, schema.write_batch) == (2000, 200)


# ---- writing -------------------------------------------------------------------------------


def test_writes_do_not_set_off_assignment_rules() -> None:
    """They run by default and would hand our leads to someone else."""
    org = Org()
    org.sim.org.lead_owner = next(id for id in org.sim.rows("User") if id != org.sim.org.user)
    done = org.send(create(1, Email="i@berg.example"))[1]
    assert org.sim.rows("Lead")[done.id]["OwnerId"] == org.sim.org.user


def test_blank_and_several_choices_go_out_as_salesforce_takes_them() -> None:
    """A yes-or-no has no blank, a multiple picklist is one text, a blank clears."""
    org = Org()
    answer(org, "schema", {"add": {"object": "Lead", "line": "Flag__c boolean CUD"}})
    answer(
        org, "schema", {"add": {"object": "Lead", "line": "Tags__c multipicklist CUN = A, B, C"}}
    )
    [lead] = org.people(1, Title="CTO", Flag__c=True)
    assert org.send(update(1, lead, Flag__c=None, Tags__c=("A", "B"), Title=None))[1].kind == "done"
    row = org.sim.rows("Lead")[lead]
    assert row["Flag__c"] is False and row["Tags__c"] == "A;B" and "Title" not in row
    found = org.connector.fetch("Lead", ["Flag__c", "Tags__c", "Title"], "id", [lead])
    assert found[0].values == {"Flag__c": False, "Tags__c": ("A", "B"), "Title": None}


def test_a_locked_row_is_busy_and_its_neighbours_are_done() -> None:
    """Somebody saves the same account; that passes."""
    org = Org()
    first, second = org.people(2)
    org.sim.org.locks[first] = org.clock.now() + 30
    done = org.send(update(1, first, Title="x"), update(2, second, Title="x"))
    assert [done[1].kind, done[2].kind] == ["busy", "done"]
    org.clock.sleep(31)
    assert org.send(update(1, first, Title="x"))[1].kind == "done"


def test_the_customers_own_rules_refuse_with_their_words() -> None:
    """A validation rule's sentence is the admin's, and a duplicate rule has a code."""
    org = Org()
    org.sim.org.validations.append(
        Validation("Lead", "No freemail, please", lambda row: "freemail" in row.get("Email", ""))
    )
    org.sim.org.duplicates.append(DuplicateRule("Lead", ("Email",)))
    org.people(1)
    done = org.send(
        create(1, Email="x@freemail.example"),
        create(2, Email="p0@some.example"),
        create(3, Email="new@berg.example"),
    )
    assert (done[1].kind, done[1].code) == ("refused", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert done[1].message == "No freemail, please"
    assert (done[2].kind, done[2].code) == ("refused", "DUPLICATES_DETECTED")
    assert done[3].kind == "done"


def test_a_unique_field_names_the_record_that_is_there() -> None:
    """So the engine can link to it, after a look."""
    org = Org()
    [lead] = org.people(1, Apollo_Id__c="a1")
    done = org.send(create(1, Apollo_Id__c="a1"))[1]
    assert (done.kind, done.id) == ("existed", lead)


def test_a_deleted_record_is_gone_for_updates_and_deletes() -> None:
    """A deleted link target of a create is refused: there is nothing to follow."""
    org = Org()
    first, second = org.people(2)
    org.sim.delete("Lead", first)
    done = org.send(
        update(1, first, Title="x"),
        Write(2, "delete", "Lead", first, {}),
        Write(3, "delete", "Lead", second, {}),
    )
    assert [done[n].kind for n in (1, 2, 3)] == ["gone", "gone", "done"]
    assert second not in org.sim.rows("Lead")


def test_half_a_character_is_refused_and_hurts_nobody() -> None:
    """It can't be written as UTF-8, so it is never sent."""
    org = Org()
    done = org.send(create(1, Email="a@b.example", Title="\ud83d"), create(2, Title="😀"))
    assert (done[1].kind, done[1].fields) == ("refused", ("Title",))
    assert org.sim.rows("Lead")[done[2].id]["Title"] == "😀"


def test_a_reply_in_another_order_is_read_by_id() -> None:
    """And an update that it leaves out is in doubt, whatever stands at its place."""
    org = Org()
    first, second, third = org.people(3)
    body = json.dumps(
        [
            {"id": second, "success": True, "errors": []},
            {
                "id": first,
                "success": False,
                "errors": [{"statusCode": "STRING_TOO_LONG", "message": "m", "fields": ["Title"]}],
            },
        ]
    )
    org.fault("reply", "PATCH", "composite/sobjects", status=200, body=body)
    done = org.send(*(update(n, id, Title="x") for n, id in enumerate((first, second, third))))
    assert [done[n].kind for n in range(3)] == ["refused", "done", "unknown"]


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("lost after", {}),
        ("truncated", {}),
        ("reply", {"status": 502, "body": "<html>", "content_type": "text/html"}),
        ("reply", {"status": 200, "body": "<html>log in</html>", "content_type": "text/html"}),
        ("reply", {"status": 200, "body": "[]"}),
        ("reply", {"status": 500, "body": '[{"errorCode":"UNKNOWN_EXCEPTION","message":"?"}]'}),
    ],
)
def test_a_reply_that_tells_nothing_leaves_writes_unknown(kind: str, how: dict[str, Any]) -> None:
    """Each of them is sent once, whatever comes back."""
    org = Org()
    org.connector.describe(["Lead"])
    org.fault(kind, "POST", "composite/sobjects", **how)
    done = org.send(create(1, Email="a@b.example"), create(2, Email="b@b.example"))
    assert {one.kind for one in done.values()} == {"unknown"}
    assert org.sim.counts["POST composite/sobjects"] <= 1


def test_a_server_that_did_nothing_is_asked_again() -> None:
    """503 from Salesforce itself, and too many requests at once, mean that nothing was done."""
    org = Org()
    many = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    text = f'[{{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"{many}"}}]'
    org.fault("reply", "POST", "composite/sobjects")
    org.fault("reply", "POST", "composite/sobjects", status=403, body=text)
    assert org.send(create(1, Email="a@b.example"))[1].kind == "done"
    assert len(org.sim.rows("Lead")) == 1


def test_the_days_allowance_stops_the_run_and_is_metered() -> None:
    """The calls that are left are told by every reply."""
    org = Org()
    org.people(1)
    org.sim.daily_limit = 3
    org.read()
    assert [(one.endpoint, one.used, one.limit) for one in org.connector.meters()] == [
        ("api", 2, 3)
    ]
    org.read()
    with pytest.raises(BudgetSpent):
        org.read()


def test_an_expired_sign_in_is_renewed_once() -> None:
    """In the middle of a run, for a write too: a 401 means that nothing was done."""
    org = Org()
    org.read()
    org.sim.sign_ins.expire()
    assert org.send(create(1, Email="a@b.example"))[1].kind == "done"
    assert [one.path for one in org.sim.requests].count("/services/oauth2/token") == 2


def test_a_blocked_sign_in_is_not_renewed_for_ever() -> None:
    """Same code as an expired one, another text."""
    org = Org()
    text = "This session is not valid for use with the REST API"
    body = f'[{{"errorCode":"INVALID_SESSION_ID","message":"{text}"}}]'
    org.fault("reply", "GET", "/query", status=401, body=body, times=0)
    with pytest.raises(SignInRefused, match="not valid for use"):
        org.read()
    assert [one.path for one in org.sim.requests].count("/services/oauth2/token") == 1


def test_reads_survive_what_breaks_on_the_way() -> None:
    """Cut off, HTML, time-out, 500: reading twice is as good as once."""
    org = Org()
    made = org.people(3)
    org.fault("truncated", "GET", "queryAll")
    org.fault("lost before", "GET", "queryAll", nth=2)
    org.fault(
        "reply", "GET", "queryAll", nth=3, status=503, body="<html>", content_type="text/html"
    )
    assert ids(org.read()) == made


def test_a_refused_read_says_what_and_why() -> None:
    """An object that is hidden is a matter of permissions, and the error says so."""
    org = Org()
    with pytest.raises(SystemUnavailable, match="No_Such__c") as caught:
        org.read(None, "No_Such__c")
    assert "permission" in caught.value.why


@pytest.mark.parametrize("url", ["http://far.example", "far.example", "https://x.example/path"])
def test_secrets_only_go_to_addresses_that_are_safe(url: str) -> None:
    """Anything but TLS or this very machine is refused before a request is made."""
    with pytest.raises(UsageError, match="can't be used"):
        Org().connect(login_url=url)


# ---- doubt ---------------------------------------------------------------------------------


def in_doubt(org: Org, *writes: Write, fault: str = "lost after") -> dict[int, Outcome]:
    """Sends writes whose reply gets lost, and looks what became of them."""
    org.connector.describe(["Lead"])
    method = {"create": "POST", "update": "PATCH", "delete": "DELETE"}[writes[0].action]
    org.fault(fault, method, "composite/sobjects")
    assert {one.kind for one in org.send(*writes).values()} == {"unknown"}
    org.clock.sleep(60)
    return {one.ref: one for one in org.connector.find(writes)}


def test_updates_and_deletes_are_found_by_what_is_there_now() -> None:
    """Done where all values are equal, absent where not."""
    org = Org()
    first, second = org.people(2)
    assert in_doubt(org, update(1, first, Title="new"))[1].kind == "done"
    assert in_doubt(org, update(1, second, Title="new"), fault="lost before")[1].kind == "absent"
    assert in_doubt(org, Write(1, "delete", "Lead", first, {}))[1].kind == "done"
    deletion = Write(1, "delete", "Lead", second, {})
    assert in_doubt(org, deletion, fault="lost before")[1].kind == "absent"


def test_creates_without_a_key_are_found_by_creator_time_and_every_value() -> None:
    """A colleague's record of the same minute with the same values isn't ours."""
    org = Org()
    body = {"LastName": "Berg", "Company": "Berg AB", "Title": "CEO"}
    org.sim.create("Lead", body, user=other_user(org))
    found = in_doubt(org, create(1, org.clock.now(), Title="CEO"))[1]
    assert found.kind == "done"
    assert org.sim.rows("Lead")[found.id]["CreatedById"] == org.sim.org.user
    lost = create(2, org.clock.now(), Title="Nobody")
    assert in_doubt(org, lost, fault="lost before")[2].kind == "absent"


def other_user(org: Org) -> str:
    return next(id for id in org.sim.rows("User") if id != org.sim.org.user)


def test_two_doubtful_writes_never_claim_one_record() -> None:
    """Twins: what is there is shared out, each once; more than was sent is for a person."""
    org = Org()
    now = org.clock.now()
    found = in_doubt(org, create(1, now, Title="Twin"), create(2, now, Title="Twin"))
    assert {one.kind for one in found.values()} == {"done"}
    assert len({one.id for one in found.values()}) == 2
    third = in_doubt(org, create(3, org.clock.now(), Title="Twin"), fault="lost before")
    assert third[3].kind == "unknown"


def test_one_of_two_twins_is_done_and_the_other_absent() -> None:
    """Where only one was made."""
    org = Org()
    now = org.clock.now()
    org.send(create(1, now, Title="Twin"))
    twins = [create(2, now, Title="Twin"), create(3, now, Title="Twin")]
    kinds = sorted(one.kind for one in org.connector.find(twins))
    assert kinds == ["absent", "done"]


def test_a_new_record_with_our_key_and_other_values_is_for_a_person() -> None:
    """An automation may have changed it at once; calling it absent would make a second one."""
    org = Org()
    write = create(1, org.clock.now(), Email="a@b.example", Title="CEO")
    org.connector.describe(["Lead"])
    org.fault("lost after", "POST", "composite/sobjects")
    org.send(write)
    [lead] = org.sim.rows("Lead")
    org.sim.update("Lead", lead, {"Title": "Chief"})
    assert [one.kind for one in org.connector.find([write])] == ["unknown"]


def test_what_salesforce_reformats_is_still_found() -> None:
    """It trims texts, drops the milliseconds, and answers in its own spelling."""
    org = Org()
    write = create(1, org.clock.now(), Email="A@B.example", Title=" CEO ", AnnualRevenue=10.0)
    assert in_doubt(org, write)[1].kind == "done"


def test_clocks_that_differ_hide_no_record_from_find() -> None:
    """Times are turned into the server's before they are compared."""
    for step in (-900.0, 900.0):
        org = Org()
        org.sim.skew.step = step
        org.connector.describe(["Lead"])
        before = org.sim.create(
            "Lead",
            {"LastName": "Berg", "Company": "Berg AB", "Title": "Old"},
            user=org.sim.org.user,
        )
        org.clock.sleep(3600)
        found = in_doubt(org, create(1, org.clock.now(), Title="Old"))[1]
        assert found.kind == "done" and found.id != before


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
