"""Salesforce's texts, errors, descriptions and batches: what can be told without a connection.

How they work together against an org is `test_salesforce_connector.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from syncrules.connectors.base.contract import Write
from syncrules.connectors.base.schema import Choice, Field, Schema, from_json, to_json
from syncrules.connectors.base.wire import Response
from syncrules.connectors.salesforce import soql
from syncrules.connectors.salesforce.connector import KIND
from syncrules.connectors.salesforce.describe import cascades, to_object
from syncrules.connectors.salesforce.refusals import complaint, judge
from syncrules.connectors.salesforce.rows import Columns, columns, long_id
from syncrules.connectors.salesforce.writes import pack

RECORDED = Path(__file__).parents[1] / ".." / "shared" / "data" / "salesforce" / "describe"


def reply(status: int, body: object, content: str = "application/json") -> Response:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Response(status, {"content-type": content}, data)


def error(status: int, code: str, message: str = "") -> Response:
    return reply(status, [{"errorCode": code, "message": message}])


# ---- statements ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("O'Brien", r"'O\'Brien'"),
        ("' OR Name != '", r"'\' OR Name != \''"),
        ("back\\slash", r"'back\\slash'"),
        ("a\nb\tc", r"'a\nb\tc'"),
        ("100% of_it", "'100% of_it'"),
        ("nul\0gone", "'nulgone'"),
    ],
)
def test_values_are_quoted_with_the_escapes_of_soql(text: str, literal: str) -> None:
    """No value can end its literal, and no backslash pair is one that SOQL doesn't know."""
    assert soql.quoted(text) == literal


@pytest.mark.parametrize("word", ["Name FROM User--", "Id,Name", "", "1st", "a b", "Na'me"])
def test_a_name_that_is_none_never_gets_into_a_statement(word: str) -> None:
    """Names can't be quoted, so they have to look like names."""
    with pytest.raises(ValueError, match="no name"):
        soql.select(["Id", word], "Lead")


def test_conditions_fit_into_a_url_and_forget_no_value() -> None:
    """A thousand addresses make several conditions, each within its room."""
    wanted = [f"person.number{n}@somewhere.example" for n in range(1000)]
    conditions = list(soql.among(Field("Email", "Email", "text", "email"), wanted, 6000))
    assert all(soql.cost(one) <= 6000 for one in conditions)
    assert all(any(f"'{one}'" in each for each in conditions) for one in wanted)


def test_a_domain_is_searched_for_inside_addresses() -> None:
    """With its wild cards escaped, for `_` stands for any character in LIKE."""
    field = Field("Website", "Website", "text", "url")
    assert list(soql.among(field, ["https://www.my_shop.example/x"], 900)) == [
        r"Website LIKE '%my\_shop.example%'"
    ]


def test_values_that_no_record_can_have_make_no_condition() -> None:
    """A blank key matches nothing; neither does a word in a number field."""
    assert list(soql.among(Field("Email", "E-mail", "text", "email"), ["", "  "], 900)) == []
    assert list(soql.among(Field("Amount", "Amount", "number"), ["many"], 900)) == []


# ---- errors --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (reply(200, {}), "ok"),
        (Response(204), "ok"),
        (error(400, "MALFORMED_QUERY"), "ok"),
        (error(404, "NOT_FOUND"), "ok"),
        (error(401, "INVALID_SESSION_ID", "Session expired or invalid"), "expired"),
        (error(401, "INVALID_SESSION_ID", "Sessão expirada"), "expired"),
        (
            error(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
            "refused",
        ),
        (error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), "spent"),
        (error(403, "REQUEST_LIMIT_EXCEEDED", "Limite excedido."), "spent"),
        (
            error(
                403,
                "REQUEST_LIMIT_EXCEEDED",
                "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            ),
            "busy",
        ),
        (error(403, "INSUFFICIENT_ACCESS"), "ok"),
        (error(403, "API_DISABLED_FOR_ORG"), "refused"),
        (error(503, "SERVER_UNAVAILABLE"), "busy"),
        (reply(503, "<html>maintenance</html>", "text/html"), "lost"),
        (reply(502, "<html>bad gateway</html>", "text/html"), "lost"),
        (error(500, "UNKNOWN_EXCEPTION"), "lost"),
        (Response(302, {"location": "https://elsewhere"}), "lost"),
    ],
)
def test_replies_are_sorted_by_code_and_not_by_text(response: Response, kind: str) -> None:
    """Texts come in the language of the integration user; an unsure one takes the safe branch."""
    assert judge(response).kind == kind


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ([{"errorCode": "A", "message": "m", "fields": ["X"]}], "A", ("X",)),
        ([{"statusCode": "B", "message": "m", "fields": []}], "B", ()),
        ({"error": "invalid_grant", "error_description": "m"}, "invalid_grant", ()),
        ({"exceptionCode": "C"}, "C", ()),
        ([], "HTTP 400", ()),
        ({}, "HTTP 400", ()),
        (["text"], "HTTP 400", ()),
        ([{"errorCode": "A"}, {"errorCode": "B"}], "A", ()),
    ],
)
def test_all_dialects_of_errors_are_read(body: Any, code: str, fields: tuple[str, ...]) -> None:
    """List, element, OAuth, exception, and none at all."""
    found = complaint(body, 400)
    assert (found.code, found.fields) == (code, fields)


def test_there_is_advice_on_every_code_an_operator_will_meet() -> None:
    """Own sentences, and nothing for a code that isn't known."""
    for code in (
        "REQUIRED_FIELD_MISSING",
        "DUPLICATES_DETECTED",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "INACTIVE_OWNER_OR_USER",
        "STRING_TOO_LONG",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "UNABLE_TO_LOCK_ROW",
    ):
        assert KIND.advice(code).endswith(".")
    assert KIND.advice("NEVER_HEARD_OF") == ""


# ---- descriptions --------------------------------------------------------------------------


def described(name: str = "Thing__c", **flags: Any) -> dict[str, Any]:
    """A small describe reply."""
    fields: list[dict[str, Any]] = [
        {"name": "Id", "label": "Id", "type": "id", "nillable": False, "defaultedOnCreate": True},
        {"name": "IsDeleted", "label": "Deleted", "type": "boolean", "nillable": False},
        {
            "name": "SystemModstamp",
            "label": "Stamp",
            "type": "datetime",
            "nillable": False,
            "filterable": True,
        },
        *flags.pop("fields", []),
    ]
    return {"name": name, "label": name, "fields": fields, "createable": True, **flags}


def field(name: str, type: str, **flags: Any) -> dict[str, Any]:
    standard = {"label": name, "nillable": True, "createable": True, "updateable": True}
    return {"name": name, "type": type, **standard, **flags}


def test_any_object_is_described_by_its_flags() -> None:
    """A custom object and its fields need no entry anywhere."""
    tiers = [
        {"value": "Gold", "label": "Gold", "active": True},
        {"value": "Old", "label": "Gone", "active": False},
    ]
    found = to_object(
        described(
            custom=True,
            fields=[
                field("Name", "string", length=80, nillable=False),
                field("Tier__c", "picklist", picklistValues=tiers, restrictedPicklist=True),
                field("Tags__c", "multipicklist", picklistValues=tiers),
                field("Owner__c", "reference", referenceTo=["User", "Group"]),
                field("Score__c", "percent", custom=True),
                field("Seats__c", "int"),
                field("Note__c", "textarea", length=32000, filterable=False),
                field("Spot__c", "location"),
                field("Sum__c", "double", createable=False, updateable=False),
                field("Flag__c", "boolean", nillable=False, defaultedOnCreate=True),
            ],
        )
    )
    by_name = found.by_name
    assert found.custom and found.feed == "stamped" and found.thing == ""
    assert by_name["Name"].required and by_name["Name"].length == 80
    assert by_name["Tier__c"].type == "choice" and by_name["Tier__c"].restricted
    assert by_name["Tier__c"].choices == (Choice("Gold"), Choice("Old", "Gone", active=False))
    assert by_name["Tags__c"].type == "choices" and not by_name["Tags__c"].restricted
    assert by_name["Owner__c"].references == ("User", "Group")
    assert (by_name["Score__c"].type, by_name["Score__c"].format) == ("number", "percent")
    assert by_name["Seats__c"].format == "integer"
    assert by_name["Note__c"].format == "long" and not by_name["Note__c"].filterable
    assert by_name["Spot__c"].type == "other"
    assert not by_name["Sum__c"].creatable and not by_name["Flag__c"].required


def test_an_object_without_a_usable_stamp_is_read_whole() -> None:
    """Some objects can't be filtered by SystemModstamp, and describe says so."""
    data = described()
    data["fields"][2]["filterable"] = False
    assert to_object(data).feed == "whole"


def test_a_derived_field_needs_its_sources() -> None:
    """Where IsWon is hidden, nobody can tell what is won; `open` only needs IsClosed."""
    data = described("Opportunity", fields=[field("IsClosed", "boolean")])
    found = to_object(data).by_name
    assert found["open"].derived and not found["open"].updatable
    assert "won" not in found and "lost" not in found


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded descriptions aren't here")
def test_the_recorded_descriptions_become_schemas() -> None:
    """Real replies of real orgs: types, keys, required fields, and a round trip through JSON."""
    objects = [to_object(json.loads(path.read_text())) for path in sorted(RECORDED.glob("*.json"))]
    schema = Schema("salesforce", "salesforce", "00D", tuple(objects))
    assert from_json(to_json(schema)) == schema
    by_name = schema.by_name
    required = {one.name for one in by_name["Lead"].fields if one.required}
    assert required == {"LastName", "Company"}
    assert not by_name["Contact"].by_name["Name"].creatable
    assert by_name["Contact"].keys == ("Email",)
    assert by_name["Contact"].by_name["AccountId"].references == ("Account",)
    assert by_name["Account"].by_name["Website"].format == "url"
    assert by_name["Account"].by_name["BillingAddress"].type == "other"
    assert [one.name for one in schema.things("person")] == ["Contact", "Lead"]
    assert {"open", "won", "lost"} <= set(by_name["Opportunity"].by_name)
    assert by_name["Lead"].status_field == "Status" and by_name["Lead"].account_by == "Email"
    assert {role: one.name for role, one in by_name["Event"].by_role.items()} == {
        "subject": "Subject",
        "text": "Description",
        "when": "StartDateTime",
        "end": "EndDateTime",
        "owner": "OwnerId",
        "person": "WhoId",
        "account": "WhatId",
    }
    assert {one.created for one in schema.objects} == {"CreatedDate"}


# ---- rows ----------------------------------------------------------------------------------


def lead_columns(*fields: str) -> Columns:
    data = described(
        "Lead",
        fields=[
            field("Email", "email"),
            field("Tags__c", "multipicklist"),
            field("Score__c", "double"),
            field("MasterRecordId", "reference"),
            field("IsConverted", "boolean"),
            field("ConvertedContactId", "reference"),
        ],
    )
    return columns(to_object(data), fields)


def test_a_row_becomes_a_record_in_our_forms() -> None:
    """Blank, several choices, a whole number, a stamp; and what couldn't be read is absent."""
    seen = lead_columns("Email", "Tags__c", "Score__c", "Hidden__c")
    row = {
        "Id": "00Q1",
        "SystemModstamp": "2026-01-05T08:00:00.000+0000",
        "Email": " ",
        "Tags__c": "b;a",
        "Score__c": 5.0,
    }
    record = seen.record(row)
    assert record.values == {"Email": None, "Tags__c": ("a", "b"), "Score__c": 5}
    assert (record.stamp, record.life) == ("2026-01-05T08:00:00.000Z", "here")
    assert "Score__c" not in seen.record({**row, "Score__c": "x"}).values


@pytest.mark.parametrize(
    ("row", "life", "into"),
    [
        ({"IsDeleted": True, "MasterRecordId": None}, "deleted", ""),
        ({"IsDeleted": True, "MasterRecordId": "00Q2"}, "merged", "00Q2"),
        ({"IsConverted": True, "ConvertedContactId": "0031"}, "converted", "Contact/0031"),
        ({"IsConverted": True, "ConvertedContactId": None}, "converted", ""),
        (
            {"IsDeleted": True, "IsConverted": True, "ConvertedContactId": "0031"},
            "converted",
            "Contact/0031",
        ),
        ({"IsDeleted": False, "IsConverted": False}, "here", ""),
    ],
)
def test_deleted_merged_and_converted_are_three_things(
    row: dict[str, Any], life: str, into: str
) -> None:
    """Their columns are always selected where the object has them."""
    seen = lead_columns("Email")
    assert set(row) <= set(seen.always)
    record = seen.record({"Id": "00Q1", **row})
    assert (record.life, record.into) == (life, into)


def test_columns_travel_in_a_cursor() -> None:
    """So a run that finds nothing new needs no description."""
    seen = lead_columns("Email", "Score__c", "Hidden__c")
    assert Columns.from_json(json.loads(json.dumps(seen.to_json()))) == seen
    assert seen.covers(["Email"]) and not seen.covers(["Hidden__c"])


@pytest.mark.parametrize(
    ("short", "end"),
    [
        ("012000000000000", "AAA"),
        ("0015c00002Lz9mU", "AAR"),
        ("0038M0000016Wv8", "QAE"),
        ("01254000001upcK", "AAQ"),
        ("01gD0000002HU6K", "IAW"),
    ],
)
def test_short_ids_get_their_check_characters(short: str, end: str) -> None:
    """Ids of 15 and of 18 characters are the same record."""
    assert long_id(short) == short + end == long_id(short + end)


# ---- batches -------------------------------------------------------------------------------


def test_batches_hold_200_of_one_kind_with_one_parent_together() -> None:
    """A save locks the parent, so its rows aren't spread over requests that run at once."""
    writes = [
        Write(n, "update", "Contact", f"003{n}", {"Title": "x"}, parent=f"001{n % 2}")
        for n in range(400)
    ]
    batches = pack(writes)
    assert [len(one.writes) for one in batches] == [200, 200]
    assert [len({write.parent for write in one.writes}) for one in batches] == [1, 1]


def test_very_many_of_one_kind_share_requests_by_the_thousand() -> None:
    """One call of the day's allowance instead of five; up to 2,000 go side by side instead."""
    writes = [Write(n, "create", "Lead", "", {"LastName": "x"}) for n in range(2001)]
    assert [len(one.writes) for one in pack(writes)] == [1000, 1000, 1]
    assert [len(one.writes) for one in pack(writes[:2000])] == [200] * 10
    assert [each.ref for one in pack(writes) for each in one.writes] == list(range(2001))
    mixed = [*writes[:1500], *(Write(n, "delete", "Lead", f"00Q{n}", {}) for n in range(1500))]
    assert {len(one.writes) for one in pack(mixed)} == {200, 100}


def test_a_text_that_would_be_taken_for_a_reference_goes_without_others() -> None:
    """`@{name.id}` means another call of the same request, wherever it stands."""
    writes = [Write(n, "create", "Lead", "", {"LastName": "x"}) for n in range(2000)]
    odd = Write(2000, "create", "Lead", "", {"LastName": "x", "Title": "head @{part0.id}"})
    assert [len(one.writes) for one in pack([odd, *writes])] == [1000, 1000, 1]
    assert pack([odd, *writes])[-1].writes == (odd,)


def test_batches_come_in_the_order_of_their_first_write() -> None:
    """Parents that come first are written first."""
    writes = [
        Write(1, "create", "Account", "", {"Name": "a"}),
        Write(2, "create", "Contact", "", {"LastName": "b"}),
        Write(3, "create", "Account", "", {"Name": "c"}),
        Write(4, "delete", "Lead", "00Q", {}),
    ]
    assert [(one.call, [write.ref for write in one.writes]) for one in pack(writes)] == [
        ("create Account", [1, 3]),
        ("create Contact", [2]),
        ("delete Lead", [4]),
    ]


def test_a_record_that_comes_twice_goes_into_two_batches_in_order() -> None:
    """An id that is twice in a list is refused."""
    writes = [
        Write(1, "update", "Lead", "00Q1", {"Title": "first"}),
        Write(2, "update", "Lead", "00Q2", {"Title": "x"}),
        Write(3, "update", "Lead", "00Q1", {"Title": "second"}),
    ]
    assert [[write.ref for write in one.writes] for one in pack(writes)] == [[1, 2], [3]]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded descriptions aren't here")
def test_who_goes_with_a_deleted_record_is_what_a_real_org_says() -> None:
    """Of more than a hundred relations of an Account, those whose records stand on their own; what
    only tells of a record, such as its files, its feed and its history, is none of them."""
    told = {
        path.stem: {object for object, _ in cascades(json.loads(path.read_text()))}
        for path in RECORDED.glob("*.json")
    }
    assert told["Account"] == {"Asset", "Contact", "Contract", "Opportunity", "Order"}
    assert told["Contact"] == {"Asset"}
    assert told["Lead"] == told["Opportunity"] == told["Event"] == set()
