"""Saves in the simulated Salesforce follow its rules, one record at a time and many at once."""

from __future__ import annotations

from typing import Any

import pytest
from syncrules.connectors.salesforce.simulator.org import DuplicateRule, Validation
from syncrules.tests.salesforce_org import Org, error, of


@pytest.fixture
def org() -> Org:
    return Org()


def test_a_save_trims_fills_and_stamps(org: Org) -> None:
    """Blank text is null, defaults are filled in, stamps have whole seconds."""
    org.clock.sleep(0.7)
    id = org.make("Lead", LastName="  Ida ", Company="X", title="", FirstName="Zoë")
    row = org.call("GET", f"sobjects/Lead/{id[:15]}").json()
    assert (row["LastName"], row["Title"], row["Name"]) == ("Ida", None, "Zoë Ida")
    assert row["Status"] == "Open - Not Contacted"
    assert row["IsConverted"] is False
    assert row["OwnerId"] == row["CreatedById"] == org.sim.org.user
    assert row["SystemModstamp"] == row["CreatedDate"] == "2026-01-05T08:00:00.000+0000"
    org.clock.sleep(60)
    assert org.call("PATCH", f"sobjects/Lead/{id}", {}).status == 204
    row = org.call("GET", f"sobjects/Lead/{id}?fields=SystemModstamp,CreatedDate").json()
    assert row["SystemModstamp"] == "2026-01-05T08:01:00.000+0000"
    assert row["CreatedDate"] == "2026-01-05T08:00:00.000+0000"


@pytest.mark.parametrize(
    ("values", "code", "message", "fields"),
    [
        ({"Nope": 1}, "INVALID_FIELD", "No such column 'Nope' on sobject of type Lead", None),
        ({"DoNotCall": True}, "INVALID_FIELD", "No such column 'DoNotCall'", None),
        ({"Name": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "update fields: Name.", ["Name"]),
        (
            {"LastName": " ", "Company": None},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName, Company]",
            ["LastName", "Company"],
        ),
        (
            {"Title": "x" * 129},
            "STRING_TOO_LONG",
            "Title: data value too large: " + "x" * 129 + " (max length=128)",
            ["Title"],
        ),
        (
            {"Email": "foo"},
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: foo",
            ["Email"],
        ),
        ({"NumberOfEmployees": "ten"}, "JSON_PARSER_ERROR", "instance of double", None),
        ({"IsUnreadByOwner": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", "not of required", ...),
        ({"OwnerId": "nobody"}, "MALFORMED_ID", "id value of incorrect type: nobody", ["OwnerId"]),
        (
            {"OwnerId": "005000000000000AAA"},
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            ["OwnerId"],
        ),
    ],
)
def test_a_bad_save_says_why_and_saves_nothing(
    org: Org, values: dict[str, object], code: str, message: str, fields: object
) -> None:
    """Each rule of a save has its code, its text and the fields to blame."""
    before = len(org.sim.rows("Lead"))
    body = {"LastName": "A", "Company": "B", **values}
    reply = org.call("POST", "sobjects/Lead", body)
    (found,) = reply.json()
    assert (reply.status, found["errorCode"]) == (400, code)
    assert message in found["message"]
    if fields is not ...:
        assert found.get("fields") == fields
    assert len(org.sim.rows("Lead")) == before


def test_restricted_picklists_refuse_what_others_take(org: Org) -> None:
    """Status of a lead is open to any value, the customer's own list is not."""
    org.make("Lead", LastName="A", Company="B", Status="Brand new")
    reply = org.call("POST", "sobjects/Contact", {"LastName": "A", "Status__c": "Brand new"})
    assert error(reply)[1:] == (
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Status: bad value for restricted picklist field: Brand new",
    )


def test_inactive_owners_and_deleted_parents_are_refused(org: Org) -> None:
    """A record can't be given to who has left, nor hung under what is in the bin."""
    left = next(id for id, row in org.sim.rows("User").items() if not row["IsActive"])
    reply = org.call("POST", "sobjects/Contact", {"LastName": "A", "OwnerId": left})
    assert error(reply)[1] == "INACTIVE_OWNER_OR_USER"
    account = org.make("Account", Name="Gone")
    org.sim.delete("Account", account)
    reply = org.call("POST", "sobjects/Contact", {"LastName": "A", "AccountId": account})
    assert error(reply)[1] == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"


def test_who_may_not_see_a_parent_can_put_nothing_under_it(org: Org) -> None:
    """What hangs there already can be saved; a person at the screen may see it."""
    account = org.make("Account", Name="Berg")
    body = {"LastName": "A", "AccountId": account}
    contact = org.make("Contact", **body)
    org.sim.org.unshared.add(account)
    reply = org.call("POST", "sobjects/Contact", body)
    assert error(reply)[1] == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    assert org.call("PATCH", f"sobjects/Contact/{contact}", body).status == 204
    by_hand = org.sim.create("Contact", body)
    assert org.sim.rows("Contact")[by_hand]["AccountId"] == account


def test_external_ids_are_unique(org: Org) -> None:
    """A second row with one external id is DUPLICATE_VALUE and names the first."""
    first = org.make("Contact", LastName="A", Apollo_Id__c="64f0")
    reply = org.call("POST", "sobjects/Contact", {"LastName": "B", "Apollo_Id__c": "64F0"})
    status, code, message = error(reply)
    assert (status, code) == (400, "DUPLICATE_VALUE")
    assert message.endswith(f"record with id: {first[:15]}")


def test_an_upsert_answers_by_what_it_found(org: Org) -> None:
    """201 for a new row, 200 (204 of old) for one that is there, 300 for several."""
    path = "sobjects/Contact/Apollo_Id__c/64f0"
    made = org.call("PATCH", path, {"LastName": "Berg"})
    assert (made.status, made.json()["created"]) == (201, True)
    again = org.call("PATCH", path, {"LastName": "Borg"})
    assert (again.status, again.json()) == (
        200,
        {"id": made.json()["id"], "success": True, "errors": [], "created": False},
    )
    assert org.call("PATCH", "/services/data/v45.0/" + path, {"LastName": "B"}).status == 204
    assert org.call("GET", path).json()["LastName"] == "B"
    for _ in range(2):
        org.make("Contact", LastName="Twin", Email="twin@x.example")
    several = org.call("PATCH", "sobjects/Contact/Email/twin@x.example", {"Title": "CTO"})
    assert (several.status, len(several.json())) == (300, 2)
    bad = org.call("PATCH", "sobjects/Contact/Title/x", {})
    assert error(bad)[:2] == (404, "NOT_FOUND")


def test_a_reference_may_be_written_by_an_external_id() -> None:
    """`"ReportsTo": {"Apollo_Id__c": ..}` stands for the id."""
    org = Org()
    boss = org.make("Contact", LastName="Boss", Apollo_Id__c="boss")
    id = org.make("Contact", LastName="A", ReportsTo={"Apollo_Id__c": "boss"})
    assert org.sim.rows("Contact")[id]["ReportsToId"] == boss
    reply = org.call("POST", "sobjects/Contact", {"LastName": "A", "Account": {"Id": "x"}})
    assert error(reply)[1] == "INVALID_FIELD"


def test_an_opportunity_follows_its_stage(org: Org) -> None:
    """Closed, won, probability and forecast come from the stage's row."""
    id = org.make(
        "Opportunity", Name="D", StageName="Prospecting", CloseDate="2026-03-01", Amount=50
    )
    assert org.sim.rows("Opportunity")[id]["Probability"] == 10
    org.call("PATCH", f"sobjects/Opportunity/{id}", {"StageName": "Closed Won"})
    row = org.call("GET", f"sobjects/Opportunity/{id}").json()
    assert (row["IsClosed"], row["IsWon"], row["Probability"]) == (True, True, 100.0)
    assert (row["ForecastCategory"], row["ExpectedRevenue"]) == ("Closed", 50.0)


def test_the_customers_rules_refuse_in_their_own_words(org: Org) -> None:
    """Validation rules give one entry each, with the admin's sentence."""
    org.sim.org.validations.append(
        Validation("Lead", "Give a phone, please", lambda row: "Phone" not in row, "Phone")
    )
    reply = org.call("POST", "sobjects/Lead", {"LastName": "A", "Company": "B"})
    assert reply.json() == [
        {
            "message": "Give a phone, please",
            "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "fields": ["Phone"],
        }
    ]


def test_duplicate_rules_tell_matches_of_a_single_record_only(org: Org) -> None:
    """One record alone learns its match under a misspelled key; in a Collection it doesn't."""
    org.sim.org.duplicates.append(DuplicateRule("Lead", ("Email",)))
    values = {"LastName": "Berg", "Company": "Berg AB", "Email": "ida@berg.example"}
    first = org.make("Lead", **values)
    reply = org.call("POST", "sobjects/Lead", values)
    (found,) = reply.json()
    assert (reply.status, found["errorCode"]) == (400, "DUPLICATES_DETECTED")
    result = found["duplicateResut"]
    assert result["allowSave"] is True
    assert result["matchResults"][0]["matchRecords"][0]["record"]["Id"] == first
    (one,) = org.collect("POST", of("Lead", **values))
    assert one["errors"] == [
        {"statusCode": "DUPLICATES_DETECTED", "message": found["message"], "fields": []}
    ]
    forced = {"sforce-duplicate-rule-header": "allowSave=true"}
    assert org.call("POST", "sobjects/Lead", values, forced).status == 201


def test_assignment_rules_move_new_leads_unless_told_not_to(org: Org) -> None:
    """Sforce-Auto-Assign: FALSE keeps the owner."""
    org.sim.org.lead_owner = org.sim.person
    values = {"LastName": "A", "Company": "B"}
    moved = org.make("Lead", **values)
    kept = org.call("POST", "sobjects/Lead", values, {"sforce-auto-assign": "FALSE"}).json()["id"]
    owners = org.sim.rows("Lead")
    assert owners[moved]["OwnerId"] == org.sim.person
    assert owners[kept]["OwnerId"] == org.sim.org.user


def test_collections_answer_in_order_and_one_by_one(org: Org) -> None:
    """The worked example: one done, one with a bad address, one whose account is locked."""
    locked = org.make("Account", Name="Busy")
    a, b, c = (org.make("Contact", LastName=name) for name in "ABC")
    org.sim.org.locks[locked] = org.clock.now() + 10
    records = (
        of("Contact", id=a, Title="CTO"),
        of("Contact", Id=b, Email="foo"),
        of("Contact", id=c, AccountId=locked),
    )
    done, bad, busy = org.collect("PATCH", *records)
    assert done == {"id": a, "success": True, "errors": []}
    assert "id" not in bad
    assert bad["errors"] == [
        {
            "statusCode": "INVALID_EMAIL_ADDRESS",
            "message": "Email: invalid email address: foo",
            "fields": ["Email"],
        }
    ]
    assert busy["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    org.clock.sleep(11)
    assert org.collect("PATCH", records[2])[0]["success"] is True


def test_all_or_none_takes_everything_back(org: Org) -> None:
    """The innocent carry a code of their own, and nothing was saved."""
    before = org.sim.rows("Contact")
    good, bad = org.collect("POST", of("Contact", LastName="A"), of("Contact"), whole=True)
    assert good["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert org.sim.rows("Contact") == before
    assert org.ids("SELECT Id FROM Contact WHERE LastName = 'A'") == []


def test_collections_retrieve_upsert_and_delete(org: Org) -> None:
    """Rows come back in the order asked for, with null for what isn't there."""
    a, b = (org.make("Contact", LastName=name, Apollo_Id__c=name) for name in "AB")
    org.sim.delete("Contact", b)
    body = {"ids": [b, a[:15], "003000000000000AAA"], "fields": ["lastname"]}
    rows = org.call("POST", "composite/sobjects/Contact", body).json()
    assert rows[0] is None and rows[2] is None
    assert {key: rows[1][key] for key in rows[1] if key != "attributes"} == {"LastName": "A"}
    path = "composite/sobjects/Contact/Apollo_Id__c"
    records = [of("Contact", Apollo_Id__c=name, LastName="Z") for name in "AC"]
    found = org.call("PATCH", path, {"records": records}).json()
    assert [(one["success"], one["created"]) for one in found] == [(True, False), (True, True)]
    gone = org.call("DELETE", f"composite/sobjects?ids={a},{b}").json()
    assert [one["success"] for one in gone] == [True, False]
    assert gone[1]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"


def test_collections_have_limits_for_the_whole_call(org: Org) -> None:
    """Too many records, or one without a type, fail the call as a list."""
    many = {"records": [of("Contact", LastName="A")] * 201}
    assert error(org.call("POST", "composite/sobjects", many))[:2] == (400, "EXCEEDED_ID_LIMIT")
    untyped = {"records": [{"LastName": "A"}]}
    assert org.call("POST", "composite/sobjects", untyped).status == 400
    mixed = {"records": [of(name, LastName="A") for name in ("Lead", "Contact") * 6]}
    assert org.call("POST", "composite/sobjects", mixed).status == 400


def test_a_composite_carries_five_queries_and_collections(org: Org) -> None:
    """Of its 25 calls; other calls don't count among those."""
    query = {"method": "GET", "url": "/services/data/v59.0/query?q=SELECT+Id+FROM+User"}
    limits = {"method": "GET", "url": "/services/data/v59.0/limits"}
    for kinds, status in (([query] * 5 + [limits], 200), ([query] * 6, 400)):
        calls = [{**one, "referenceId": f"r{n}"} for n, one in enumerate(kinds)]
        assert org.call("POST", "composite", {"compositeRequest": calls}).status == status


def test_composite_calls_refer_to_each_other(org: Org) -> None:
    """A contact may name the account made before it; all-or-none takes both back."""
    base = "/services/data/v59.0/sobjects/"
    calls: list[dict[str, Any]] = [
        {"method": "POST", "url": base + "Account", "referenceId": "a", "body": {"Name": "Acme"}},
        {
            "method": "POST",
            "url": base + "Contact",
            "referenceId": "c",
            "body": {"LastName": "B", "AccountId": "@{a.id}"},
        },
    ]
    body = {"allOrNone": True, "compositeRequest": calls}
    account, contact = org.call("POST", "composite", body).json()["compositeResponse"]
    assert (account["httpStatusCode"], contact["httpStatusCode"]) == (201, 201)
    assert contact["httpHeaders"]["Location"] == base + "Contact/" + contact["body"]["id"]
    row = org.sim.rows("Contact")[contact["body"]["id"]]
    assert row["AccountId"] == account["body"]["id"]
    before = len(org.sim.rows("Account"))
    calls[1]["body"] = {"AccountId": "@{a.id}"}
    halted, guilty = org.call("POST", "composite", body).json()["compositeResponse"]
    assert halted["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert guilty["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert len(org.sim.rows("Account")) == before


def test_batches_answer_each_call_and_count_each(org: Org) -> None:
    """The statuses of the calls are inside; each counts against the day."""
    id = org.make("Contact", LastName="A")
    calls = [
        {"method": "PATCH", "url": f"v59.0/sobjects/contact/{id}", "richInput": {"Title": "CTO"}},
        {"method": "DELETE", "url": "v59.0/sobjects/contact/003000000000000AAA"},
    ]
    reply = org.call("POST", "composite/batch", {"batchRequests": calls})
    body = reply.json()
    assert body["hasErrors"] is True
    assert [one["statusCode"] for one in body["results"]] == [204, 404]
    assert body["results"][1]["result"][0]["errorCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert reply.headers["sforce-limit-info"] == "api-usage=4/5000000"
