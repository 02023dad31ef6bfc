"""What the simulated org holds, what becomes of its records, and the troubles a test may order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from syncrules.connectors.base.wire import NoReply, Response
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.connectors.salesforce.simulator.values import full_id
from syncrules.tests.salesforce_org import Org, error

RECORDED = Path(__file__).parents[1] / ".." / "shared" / "data" / "salesforce" / "describe"


@pytest.fixture
def org() -> Org:
    return Org()


def test_a_seed_is_an_org(org: Org) -> None:
    """Same seed, same rows; another seed, others."""
    same, other = Org(), Org(seed=2)
    for name in ("Lead", "Contact", "Account", "Opportunity", "User"):
        assert same.sim.rows(name) == org.sim.rows(name)
    assert other.sim.rows("Lead") != org.sim.rows("Lead")


def test_the_org_holds_what_orgs_hold() -> None:
    """About half leads, half contacts of accounts; one address twice on either side."""
    sim = Org(records=1000).sim
    leads, contacts, accounts = (sim.rows(name) for name in ("Lead", "Contact", "Account"))
    assert len(leads) + len(contacts) == 1002
    assert 0.35 < len(leads) / 1002 < 0.65
    assert 1000 / 13 < len(accounts) < 1000 / 6
    assert all(row["AccountId"] in accounts for row in contacts.values())
    for rows in (leads, contacts):
        emails = [row["Email"].lower() for row in rows.values() if "Email" in row]
        assert len(emails) - len(set(emails)) == 1
    deals = sim.rows("Opportunity").values()
    assert {(row["IsClosed"], row["IsWon"]) for row in deals} == {
        (False, False),
        (True, True),
        (True, False),
    }
    assert {row["Status__c"] for row in contacts.values()} == {
        *("New", "Working", "Customer", "Former")
    }


def test_recorded_descriptions_replace_built_in_ones(tmp_path: Path) -> None:
    """The org is what the recordings say, custom objects and fields included."""
    sim = Org().sim
    lead = sim.org.schema.objects["lead"].raw
    fields = [one for one in lead["fields"] if one["name"] != "Apollo_Id__c"]
    size = {**next(one for one in fields if one["name"] == "Title"), "name": "Size__c"}
    project = {**lead, "name": "Project__c", "keyPrefix": "a01", "fields": [*fields, size]}
    for raw in ({**lead, "fields": [*fields, size]}, project):
        (tmp_path / f"{raw['name']}.json").write_text(json.dumps(raw), encoding="utf-8")
    org = Org(describe=tmp_path)
    assert org.sim.rows("Lead")
    made = org.make("Project__c", LastName="A", Company="B", Size__c="L")
    assert made.startswith("a01")
    assert org.ids("SELECT Id FROM Project__c WHERE Size__c = 'l'") == [made]
    names = {one["name"] for one in org.call("GET", "sobjects/Lead/describe").json()["fields"]}
    assert "Size__c" in names and "Apollo_Id__c" not in names


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded descriptions are not here")
def test_the_org_can_be_a_recorded_one() -> None:
    """Descriptions come back as recorded, and rows of such objects are saved."""
    org = Org(records=200, describe=RECORDED)
    for path in RECORDED.glob("*.json"):
        recorded = json.loads(path.read_text(encoding="utf-8"))
        described = org.call("GET", f"sobjects/{path.stem}/describe").json()
        assert described["fields"] == recorded["fields"]
        assert described["keyPrefix"] == recorded["keyPrefix"]
    contact = next(iter(org.sim.rows("Contact")))
    account = org.make("Account", Name="Acme", Primary_Contact__c=contact)
    assert org.ids("SELECT Id FROM Account WHERE PrimaryContact.Name != null") == [account]


@pytest.mark.parametrize(
    ("short", "tail"),
    [
        ("012000000000000", "AAA"),
        ("0015c00002Lz9mU", "AAR"),
        ("0038M0000016Wv8", "QAE"),
        ("01254000001upcK", "AAQ"),
        ("01gD0000002HU6K", "IAW"),
    ],
)
def test_ids_of_15_and_18_characters_are_one(short: str, tail: str) -> None:
    """The three last characters follow from the case of the others, and mend a lost case."""
    assert full_id(short) == short + tail
    assert full_id((short + tail).lower()) == short + tail
    assert full_id(short + "???") is None


def test_deleted_rows_stay_for_query_all(org: Org) -> None:
    """Query forgets them, queryAll and the log of deletions don't."""
    id = org.make("Account", Name="Acme")
    child = org.make("Contact", LastName="A", AccountId=id)
    org.clock.sleep(60)
    assert org.call("DELETE", f"sobjects/Account/{id}").status == 204
    assert error(org.call("DELETE", f"sobjects/Account/{id}"))[:2] == (404, "ENTITY_IS_DELETED")
    assert error(org.call("PATCH", f"sobjects/Account/{id}", {}))[1] == "ENTITY_IS_DELETED"
    assert org.ids(f"SELECT Id FROM Contact WHERE AccountId = '{id}'") == []
    text = f"SELECT Id, IsDeleted FROM Contact WHERE AccountId = '{id}'"
    (kept,) = org.query(text, "queryAll")["records"]
    assert (kept["Id"], kept["IsDeleted"]) == (child, True)
    window = "start=2026-01-05T08:00:30%2B00:00&end=2026-01-05T08:05:00%2B00:00"
    log = org.call("GET", f"sobjects/Account/deleted/?{window}").json()
    assert [one["id"] for one in log["deletedRecords"]] == [id]
    assert org.call("GET", f"sobjects/Account/updated/?{window}").json()["ids"] == []
    old = window.replace("2026-01-05T08:00", "2025-01-05T08:00")
    reply = org.call("GET", f"sobjects/Account/deleted/?{old}")
    assert error(reply)[1] == "INVALID_REPLICATION_DATE"


def test_a_merge_leaves_a_trace_and_moves_children(org: Org) -> None:
    """The loser is deleted with a pointer to the winner, whose stamp moves."""
    winner, loser = (org.make("Contact", LastName=name) for name in ("W", "L"))
    task = org.make("Task", Subject="Call", WhoId=loser)
    org.clock.sleep(60)
    org.sim.merge("Contact", winner, [loser])
    text = f"SELECT Id, MasterRecordId FROM Contact WHERE Id = '{loser}'"
    assert org.query(text)["records"] == []
    assert org.query(text, "queryAll")["records"][0]["MasterRecordId"] == winner
    rows = org.sim.rows("Contact")
    assert rows[winner]["SystemModstamp"] == "2026-01-05T08:01:00.000+0000"
    assert org.sim.rows("Task")[task]["WhoId"] == winner


def test_what_was_merged_away_comes_out_of_the_bin_as_itself(org: Org) -> None:
    """It is there under its own id, and what went over to the survivor stays there."""
    winner, loser = (org.make("Contact", LastName=name) for name in ("W", "L"))
    task = org.make("Task", Subject="Call", WhoId=loser)
    org.sim.merge("Contact", winner, [loser])
    org.sim.undelete("Contact", loser)
    text = f"SELECT LastName, IsDeleted, MasterRecordId FROM Contact WHERE Id = '{loser}'"
    (back,) = org.query(text, "queryAll")["records"]
    assert (back["LastName"], back["IsDeleted"], back["MasterRecordId"]) == ("L", False, None)
    assert org.sim.rows("Task")[task]["WhoId"] == winner


def test_a_converted_lead_stays_and_freezes(org: Org) -> None:
    """It points to its contact, and can't be changed any more."""
    lead = org.make("Lead", LastName="A", Company="Acme", Apollo_Id__c="64f0")
    contact = org.sim.convert(lead)
    text = f"SELECT IsConverted, ConvertedContactId FROM Lead WHERE Id = '{lead}'"
    (found,) = org.query(text)["records"]
    assert (found["IsConverted"], found["ConvertedContactId"]) == (True, contact)
    assert "Apollo_Id__c" not in org.sim.rows("Contact")[contact]
    reply = org.call("PATCH", f"sobjects/Lead/{lead}", {"Title": "CTO"})
    assert error(reply) == (400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def test_edits_at_the_screen_cost_no_calls(org: Org) -> None:
    """A person's edit moves the stamp under their own name, outside our allowance."""
    person = next(id for id in org.sim.rows("User") if id not in (org.sim.person, org.sim.org.user))
    id = org.make("Lead", LastName="A", Company="B")
    org.sim.update("Lead", id, {"Title": "CTO", "DoNotCall": True}, user=person)
    row = org.sim.rows("Lead")[id]
    assert (row["Title"], row["DoNotCall"], row["LastModifiedById"]) == ("CTO", True, person)
    assert org.call("GET", "limits").headers["sforce-limit-info"] == "api-usage=2/5000000"


def test_a_late_commit_is_seen_after_its_stamp(org: Org) -> None:
    """The test that kills naive cursors: an older stamp turns up after a newer one."""
    text = "SELECT LastName FROM Lead WHERE Company = 'Probe' ORDER BY SystemModstamp, Id"

    def names() -> list[str]:
        return [one["LastName"] for one in org.query(text)["records"]]

    org.sim.create("Lead", {"LastName": "A", "Company": "Probe"}, delay=35)
    org.clock.sleep(15)
    org.make("Lead", LastName="B", Company="Probe")
    assert names() == ["B"]
    org.clock.sleep(20)
    assert names() == ["A", "B"]


def test_a_later_save_is_never_seen_before_an_earlier_one(org: Org) -> None:
    """Two saves of one row keep their order however late the first commits."""
    id = org.make("Lead", LastName="A", Company="B")
    org.sim.update("Lead", id, {"Title": "first"}, delay=30)
    org.sim.update("Lead", id, {"Phone": "1"})
    assert "Phone" not in org.sim.rows("Lead")[id]
    org.clock.sleep(30)
    row = org.sim.rows("Lead")[id]
    assert (row["Title"], row["Phone"]) == ("first", "1")


@pytest.mark.parametrize(("kind", "made"), [("lost after", 1), ("lost before", 0)])
def test_a_lost_reply_leaves_the_work_done_or_not(org: Org, kind: Any, made: int) -> None:
    """Nobody outside can tell which of the two it was."""
    org.sim.faults.rules.append(Fault(kind, "POST", "sobjects/Lead"))
    before = len(org.sim.rows("Lead"))
    with pytest.raises(NoReply):
        org.call("POST", "sobjects/Lead", {"LastName": "A", "Company": "B"})
    assert len(org.sim.rows("Lead")) == before + made
    assert org.sim.requests[-1].status == 0
    assert org.call("POST", "sobjects/Lead", {"LastName": "A", "Company": "B"}).status == 201


def test_a_reply_that_is_slower_than_its_caller_is_lost(org: Org) -> None:
    """The work is done, and the caller has given up by then."""
    org.sim.faults.rules.append(Fault("slow", "DELETE", seconds=3600))
    id = org.make("Lead", LastName="A", Company="B")
    before = org.clock.now()
    with pytest.raises(NoReply):
        org.call("DELETE", f"sobjects/Lead/{id}")
    assert org.clock.now() - before == 60
    assert id not in org.sim.rows("Lead")


def test_troubles_strike_the_requests_they_name(org: Org) -> None:
    """From the second matching call on, twice; others are let be."""
    page = Fault(
        "reply", "GET", "/query", 2, 2, status=503, body="<html>", content_type="text/html"
    )
    org.sim.faults.rules.append(page)
    path = "query?q=SELECT+Id+FROM+Organization"
    assert [org.call("GET", path).status for _ in range(4)] == [200, 503, 503, 200]
    org.sim.faults.rules[:] = [Fault("truncated", path="limits"), Fault("slow", seconds=9)]
    before = org.clock.now()
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        org.call("GET", "limits").json()
    assert org.clock.now() == before + 9
    org.sim.faults.rules[:] = [Fault("expire", path="limits")]
    assert error(org.call("GET", "limits"))[1] == "INVALID_SESSION_ID"


def test_rules_and_knobs_are_plain_json(org: Org) -> None:
    """What a test sets from Python can be set over HTTP."""

    def admin(word: str, body: object) -> Response:
        return org.call("POST", f"/__sim__/{word}", body)

    rule = {"object": "Lead", "field": "Title", "equals": "Spam", "message": "No spam"}
    assert admin("rules", {"validations": [rule]}).status == 200
    values = {"LastName": "A", "Company": "B", "Title": "Spam"}
    assert error(org.call("POST", "sobjects/Lead", values))[2] == "No spam"
    assert admin("schema", {"show": {"object": "Lead", "field": "DoNotCall"}}).status == 200
    assert "records" in org.query("SELECT DoNotCall FROM Lead")
    assert admin("knobs", {"daily_limit": 1}).status == 200
    assert org.call("GET", "limits").status == 403
    assert admin("knobs", {"nonsense": 1}).status == 400
    assert admin("faults", {"kind": "slow", "nonsense": 1}).status == 400
    moved = admin("clock", {"step": 60}).json()
    assert moved["now"] == org.clock.now() + 60
