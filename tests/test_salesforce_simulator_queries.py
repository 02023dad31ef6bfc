"""Queries of the simulated Salesforce find what SOQL says; mistakes have their own words."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from syncrules.tests.salesforce_org import Org, error


@pytest.fixture
def org() -> Org:
    return Org()


def test_hidden_and_misspelled_fields_have_one_answer(org: Org) -> None:
    """Field-level security hides a field as if it weren't there, with its place in the query."""
    reply = org.call("GET", "query?q=" + quote_plus("SELECT Id, DoNotCall FROM Lead"))
    status, code, message = error(reply)
    assert (status, code) == (400, "INVALID_FIELD")
    assert message.startswith(
        "\nSELECT Id, DoNotCall FROM Lead\n           ^\nERROR at Row:1:Column:12\n"
        "No such column 'DoNotCall' on entity 'Lead'."
    )


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("SELECT Id FROM Leed", "INVALID_TYPE", "sObject type 'Leed' is not supported"),
        ("SELECT Id, id FROM Lead", "MALFORMED_QUERY", "duplicate field selected"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        (
            "SELECT Id FROM Lead WHERE Id = null AND Id = null OR Id = null",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Id FROM Lead WHERE Name = 'a\\x'", "MALFORMED_QUERY", "invalid escape"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Lead ORDER BY Description", "INVALID_FIELD", "can not be sorted"),
        (
            "SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Lead WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID"),
        ("SELECT Nobody.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(org: Org, text: str, code: str, part: str) -> None:
    """Each mistake has its code and text."""
    status, found, message = error(org.call("GET", "query?q=" + quote_plus(text)))
    assert (status, found) == (400, code)
    assert part in message


def test_conditions_pick_the_rows_they_name(org: Org) -> None:
    """Each operator, with text compared without case and blanks as SOQL has them."""
    rows = (("Ada", "ada@x.example", 10), ("bob", "BOB@x.example", None), ("Eve_1", None, 30))
    made = {
        name: org.make(
            "Lead",
            LastName=name,
            Company="Probe",
            Email=email,
            NumberOfEmployees=size,
            LeadSource="Web" if size else None,
        )
        for name, email, size in rows
    }

    def names(condition: str) -> str:
        text = f"SELECT Id FROM Lead WHERE Company = 'PROBE' AND ({condition}) ORDER BY LastName"
        found = org.ids(text)
        return " ".join(name for id in found for name, other in made.items() if other == id)

    assert names("LastName = 'ADA'") == "Ada"
    assert names("LastName != 'ada'") == "bob Eve_1"
    assert names("Email IN ('ada@X.example', 'bob@x.example')") == "Ada bob"
    assert names("Email NOT IN ('ada@x.example')") == "bob Eve_1"
    assert names("Email = null") == "Eve_1"
    assert names("LastName LIKE '%\\_1'") == "Eve_1"
    assert names("LastName LIKE '_o%'") == "bob"
    assert names("NumberOfEmployees > 10") == "Eve_1"
    assert names("NumberOfEmployees <= 10") == "Ada"
    assert names("NOT (NumberOfEmployees > 10)") == "Ada bob"
    assert names("(LastName = 'ada' AND Email != null) OR LastName < 'b'") == "Ada"
    assert names("CreatedDate = TODAY AND IsConverted = false") == "Ada bob Eve_1"
    assert names("CreatedDate < TODAY") == ""
    assert names("LeadSource INCLUDES ('Web')") == "Ada Eve_1"
    assert names(f"Id = '{made['bob'][:15]}'") == "bob"
    assert names(f"SystemModstamp >= 2026-01-05T08:00:00Z AND Id > '{made['bob']}'") == "Eve_1"
    assert names("Owner.Name = 'Sync Integration'") == "Ada bob Eve_1"


def test_order_limit_offset_and_count(org: Org) -> None:
    """Blanks come first unless asked otherwise; COUNT() tells a number without rows."""
    for amount in (20, None, 10):
        org.make("Lead", LastName=f"L{amount}", Company="Probe", NumberOfEmployees=amount)

    def sizes(tail: str) -> list[int | None]:
        text = f"SELECT NumberOfEmployees FROM Lead WHERE Company = 'Probe' {tail}"
        return [one["NumberOfEmployees"] for one in org.query(text)["records"]]

    assert sizes("ORDER BY NumberOfEmployees") == [None, 10, 20]
    assert sizes("ORDER BY NumberOfEmployees DESC") == [None, 20, 10]
    assert sizes("ORDER BY NumberOfEmployees DESC NULLS LAST") == [20, 10, None]
    assert sizes("ORDER BY NumberOfEmployees LIMIT 1 OFFSET 1") == [10]
    counted = org.query("SELECT COUNT() FROM Lead WHERE Company = 'Probe'")
    assert counted == {"totalSize": 3, "done": True, "records": []}


def test_parents_are_records_inside(org: Org) -> None:
    """Fields through references nest in the order of the query; none is null."""
    account = org.make("Account", Name="Acme")
    child = org.make("Contact", LastName="A", AccountId=account)
    org.make("Task", Subject="Call", WhoId=child)
    text = f"SELECT Id, Account.Name, Account.Owner.Name FROM Contact WHERE Id = '{child}'"
    (found,) = org.query(text)["records"]
    assert list(found) == ["attributes", "Id", "Account"]
    assert found["Account"]["Name"] == "Acme"
    assert found["Account"]["Owner"]["Name"] == "Sync Integration"
    text = f"SELECT Who.Name, Who.Type, What.Name, AccountId FROM Task WHERE WhoId = '{child}'"
    (task,) = org.query(text)["records"]
    assert (task["Who"]["Name"], task["Who"]["Type"]) == ("A", "Contact")
    assert task["What"] is None and task["AccountId"] == account


def test_pages_are_a_snapshot_of_ids_and_cursors_end() -> None:
    """Later pages show values of now; an unused or dropped cursor is INVALID_QUERY_LOCATOR."""
    org = Org(records=900)
    org.sim.resources.page_size = 300
    first = org.query("SELECT Id, Title FROM Contact ORDER BY Id")
    assert (len(first["records"]), first["done"]) == (300, False)
    last = sorted(org.sim.rows("Contact"))[300]
    org.sim.update("Contact", last, {"Title": "Late"})
    second = org.call("GET", first["nextRecordsUrl"]).json()
    assert second["records"][0]["Title"] == "Late"
    org.clock.sleep(16 * 60)
    gone = (400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    assert error(org.call("GET", first["nextRecordsUrl"])) == gone
    small = org.call(
        "GET", "query?q=SELECT+Id+FROM+Lead", headers={"sforce-query-options": "batchSize=200"}
    )
    assert len(small.json()["records"]) == 200
    org.sim.resources.drop_cursors()
    assert error(org.call("GET", small.json()["nextRecordsUrl"])) == gone
