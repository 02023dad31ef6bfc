"""A client that knows nothing of us can't tell the simulated Salesforce from the real one.

simple-salesforce works against it over real HTTP; only its hosts are mapped to ours. jsforce needs
Node: `make soak PART=jsforce`. Single calls are tried in the files beside this one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceOperationError,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.salesforce.simulator import SalesforceSimulator, simulate
from syncrules.tests.salesforce_org import of


class ToSim(requests.adapters.HTTPAdapter):
    """Sends what is meant for any https host to the simulator, which speaks plain HTTP."""

    def __init__(self, netloc: str) -> None:
        self.netloc = netloc
        super().__init__()

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        parts = urlsplit(request.url)
        request.url = urlunsplit(("http", self.netloc, parts.path, parts.query, ""))
        return super().send(request, *args, **options)


class Served(Server):
    """A simulator on a port, and what simple-salesforce needs to sign in to it."""

    def __init__(self, sim: SalesforceSimulator) -> None:
        super().__init__(sim)
        self.sim = sim
        self.session = requests.Session()
        self.session.mount("https://", ToSim(urlsplit(self.url).netloc))

    def client(self, **change: str) -> Any:
        known = self.sim.sign_in(self.url)
        names = ("username", "password", "security_token")
        named: dict[str, Any] = {name: known[name] for name in names}
        return Salesforce(**{**named, **change}, session=self.session)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served(simulate(SimulatorOptions(records=4500, seed=3)))
    yield server
    server.close()


def test_a_client_signs_in_with_name_password_and_token(served: Served) -> None:
    """The SOAP login that simple-salesforce uses gives a session that works."""
    client = served.client()
    assert client.query("SELECT Id FROM Organization")["totalSize"] == 1


@pytest.mark.parametrize("wrong", ["username", "password", "security_token"])
def test_a_client_with_a_wrong_credential_is_refused(served: Served, wrong: str) -> None:
    """A wrong name, password or token is INVALID_LOGIN."""
    with pytest.raises(SalesforceAuthenticationFailed) as refusal:
        served.client(**{wrong: "nobody@else.example"})
    assert refusal.value.code == "INVALID_LOGIN"


def test_a_client_signs_in_with_its_key_and_secret(served: Served) -> None:
    """The client credentials grant works with Basic authentication."""
    known = served.sim.sign_in(served.url)
    client: Any = Salesforce(
        consumer_key=known["client_id"],
        consumer_secret=known["client_secret"],
        domain="acme.my",
        session=served.session,
    )
    assert client.Organization.describe()["name"] == "Organization"


def test_a_client_reads_descriptions(served: Served) -> None:
    """The list of objects, a description, and the metadata of an object."""
    client = served.client()
    names = {one["name"] for one in client.describe()["sobjects"]}
    assert {"Lead", "Contact", "Account", "Opportunity", "User", "Task", "Event"} <= names
    fields = {one["name"]: one for one in client.Lead.describe()["fields"]}
    assert fields["LastName"]["nillable"] is False
    assert fields["Apollo_Id__c"]["externalId"] is True
    assert "DoNotCall" not in fields
    assert client.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"


def test_a_client_reads_every_page_of_a_query(served: Served) -> None:
    """More than a page of rows arrives whole, each row once."""
    found = served.client().query_all("SELECT Id, Email, Account.Name FROM Contact ORDER BY Id")
    ids = [one["Id"] for one in found["records"]]
    assert len(ids) > 2000
    assert ids == sorted(served.sim.rows("Contact"))
    assert found["records"][0]["Account"]["Name"]


def test_a_client_creates_changes_and_deletes_a_row(served: Served) -> None:
    """The life of a row through the client's own methods."""
    leads = served.client().Lead
    id = leads.create({"LastName": "Berg", "Company": "Berg AB"})["id"]
    assert leads.update(id, {"Title": "CTO"}) == 204
    assert leads.get(id)["Title"] == "CTO"
    assert leads.delete(id) == 204
    with pytest.raises(SalesforceResourceNotFound) as gone:
        leads.get(id)
    content: Any = gone.value.content
    assert content[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_a_client_upserts_by_an_external_id(served: Served) -> None:
    """The first upsert makes the row, the second finds it, also with blanks in the key."""
    client = served.client()
    assert client.Contact.upsert("Apollo_Id__c/a b", {"LastName": "Berg"}) == 201
    assert client.Contact.upsert("Apollo_Id__c/a b", {"LastName": "Borg"}) == 200
    found = client.query("SELECT LastName FROM Contact WHERE Apollo_Id__c = 'a b'")["records"]
    assert [one["LastName"] for one in found] == ["Borg"]


def test_a_client_sends_collections(served: Served) -> None:
    """One bad record of two is refused by itself."""
    results = served.client().restful(
        "composite/sobjects",
        method="POST",
        json={"records": [of("Contact", LastName="A"), of("Contact", FirstName="B")]},
    )
    assert [one["success"] for one in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"


def test_a_client_reads_limits_and_usage(served: Served) -> None:
    """The calls of the day are told by a resource and by a header."""
    client = served.client()
    daily = client.limits()["DailyApiRequests"]
    assert daily["Max"] == 5_000_000
    assert client.api_usage["api-usage"].used == daily["Max"] - daily["Remaining"]


def test_a_client_sees_the_code_of_a_malformed_query(served: Served) -> None:
    """A typing error in a query is MALFORMED_QUERY with its place."""
    with pytest.raises(SalesforceMalformedRequest) as refusal:
        served.client().query("SELECT Id FORM Lead")
    content: Any = refusal.value.content
    assert content[0]["errorCode"] == "MALFORMED_QUERY"
    assert "Column:11" in content[0]["message"]


def test_a_client_asks_page_by_page(served: Served) -> None:
    """query_more goes on from a locator, and from the address of the next page."""
    client = served.client()
    first = client.query("SELECT Id FROM Contact ORDER BY Id")
    assert not first["done"] and len(first["records"]) == 2000
    whole = client.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    again = client.query_more(first["nextRecordsUrl"].rpartition("/")[2])
    assert [one["Id"] for one in whole["records"]] == [one["Id"] for one in again["records"]]
    assert whole["totalSize"] == first["totalSize"] > 2000


def test_a_client_finds_the_deleted_where_it_asks_for_them(served: Served) -> None:
    """include_deleted is queryAll, on every page."""
    client = served.client()
    id = client.Contact.create({"LastName": "Gone"})["id"]
    client.Contact.delete(id)
    text = "SELECT Id FROM Contact"
    every = {one["Id"] for one in client.query_all(text, include_deleted=True)["records"]}
    assert id in every
    assert id not in {one["Id"] for one in client.query_all_iter(text)}


def test_a_client_asks_what_was_changed_and_deleted(served: Served) -> None:
    """By windows of time; both tell up to when that is known."""
    client = served.client()
    kept, gone = (client.Lead.create({"LastName": n, "Company": "C"})["id"] for n in "AB")
    client.Lead.delete(gone)
    now = datetime.now(UTC)
    window = (now - timedelta(hours=1), now + timedelta(hours=1))
    updated, deleted = client.Lead.updated(*window), client.Lead.deleted(*window)
    assert kept in updated["ids"] and gone not in updated["ids"]
    assert gone in [one["id"] for one in deleted["deletedRecords"]]
    assert updated["latestDateCovered"] and deleted["earliestDateAvailable"]


def test_a_client_looks_a_row_up_by_its_key(served: Served) -> None:
    """Several rows with one key are an error of their own."""
    client = served.client()
    for name in "AB":
        client.Contact.create({"LastName": name, "Email": "twin@some.example"})
    id = client.Contact.create({"LastName": "C", "Apollo_Id__c": "a/b"})["id"]
    assert client.Contact.get_by_custom_id("Apollo_Id__c", "a/b")["Id"] == id
    with pytest.raises(SalesforceMoreThanOneRecord) as several:
        client.Contact.get_by_custom_id("Email", "twin@some.example")
    assert len(several.value.content) == 2


def test_a_client_learns_that_its_session_or_allowance_has_ended(served: Served) -> None:
    """A session that it was given can't be renewed by it: 401. Spent calls are 403."""
    client: Any = Salesforce(
        session_id="00D!stale", instance="acme.my.salesforce.com", session=served.session
    )
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Lead LIMIT 1")
    client = served.client()
    served.sim.daily_limit = 1
    try:
        with pytest.raises(SalesforceRefusedRequest) as spent:
            client.query("SELECT Id FROM Lead LIMIT 1")
    finally:
        served.sim.daily_limit = 5_000_000
    content: Any = spent.value.content
    assert content[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_a_client_sends_calls_that_refer_to_each_other(served: Served) -> None:
    """One composite makes an account and a contact under it."""
    root = "/services/data/v59.0/sobjects"
    body = {
        "allOrNone": True,
        "compositeRequest": [
            {
                "method": "POST",
                "url": f"{root}/Account",
                "referenceId": "a",
                "body": {"Name": "A"},
            },
            {
                "method": "POST",
                "url": f"{root}/Contact",
                "referenceId": "c",
                "body": {"LastName": "B", "AccountId": "@{a.id}"},
            },
        ],
    }
    client = served.client()
    made, under = client.restful("composite", method="POST", json=body)["compositeResponse"]
    assert (made["httpStatusCode"], under["httpStatusCode"]) == (201, 201)
    assert client.Contact.get(under["body"]["id"])["AccountId"] == made["body"]["id"]


# ---- Bulk API 2.0 --------------------------------------------------------------------------


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_client_loads_in_bulk(served: Served) -> None:
    """Insert, update, upsert and delete by sf.bulk2, with rows that are refused among them."""
    client = served.client()
    bulk = client.bulk2.Contact
    people = [{"LastName": f"Bulk {n}", "Apollo_Id__c": f"bulk-{n}"} for n in range(450)]
    [told] = bulk.insert(records=[*people, {"LastName": "", "Apollo_Id__c": "none"}], wait=0)
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (451, 1)
    made = {
        r["Apollo_Id__c"]: r["sf__Id"] for r in rows(bulk.get_successful_records(told["job_id"]))
    }
    assert len(made) == 450
    [failed] = rows(bulk.get_failed_records(told["job_id"]))
    assert failed["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert rows(bulk.get_unprocessed_records(told["job_id"])) == []

    change = [{"Id": id, "Title": f"Keeper of {key}"} for key, id in made.items()]
    [told] = bulk.update(records=change, wait=0)
    assert told["numberRecordsFailed"] == 0
    found = client.query_all(
        "SELECT Apollo_Id__c, Title FROM Contact WHERE Title LIKE 'Keeper of %'"
    )
    assert {one["Title"] for one in found["records"]} == {f"Keeper of {key}" for key in made}

    keyed = [{"Apollo_Id__c": f"bulk-{n}", "LastName": f"Upserted {n}"} for n in range(449, 452)]
    [told] = bulk.upsert(records=keyed, external_id_field="Apollo_Id__c", wait=0)
    created = [r["sf__Created"] for r in rows(bulk.get_successful_records(told["job_id"]))]
    assert sorted(created) == ["false", "true", "true"]

    [told] = bulk.delete(records=[{"Id": id} for id in made.values()], wait=0)
    assert (told["numberRecordsTotal"], told["numberRecordsFailed"]) == (450, 0)
    assert (
        client.query("SELECT COUNT() FROM Contact WHERE Title LIKE 'Keeper of %'")["totalSize"] == 0
    )


def test_a_client_splits_what_it_loads_into_jobs(served: Served) -> None:
    """Jobs side by side, each with its own results."""
    bulk = served.client().bulk2.Lead
    people = [{"LastName": f"Split {n}", "Company": "C"} for n in range(25)]
    told = bulk.insert(records=people, batch_size=10, concurrency=3, wait=0)
    assert [one["numberRecordsProcessed"] for one in told] == [10, 10, 5]


def test_a_client_is_told_why_a_job_failed(served: Served) -> None:
    """The job's message arrives in its exception, and the right to hardDelete is asked for."""
    bulk = served.client().bulk2.Lead
    with pytest.raises(SalesforceOperationError, match="Field name not found : Shoe__c"):
        bulk.insert(records=[{"LastName": "A", "Shoe__c": "42"}], wait=0)
    with pytest.raises(SalesforceMalformedRequest) as refused:
        bulk.hard_delete(records=[{"Id": "00Q000000000001"}], wait=0)
    content: Any = refused.value.content
    assert content[0]["errorCode"] == "FEATURENOTENABLED"


def test_a_client_queries_in_bulk(served: Served) -> None:
    """Pages of a query job, each with a header of its own; with and without the deleted."""
    client = served.client()
    bulk = client.bulk2.Contact
    id = client.Contact.create({"LastName": "Gone"})["id"]
    client.Contact.delete(id)
    text = "SELECT Id, Email FROM Contact"
    pages = [rows(one) for one in bulk.query(text, max_records=1000, wait=0)]
    found = [one for page in pages for one in page]
    assert len(pages) == -(-len(found) // 1000) > 2
    live = served.sim.rows("Contact")
    assert {r["Id"]: r["Email"] for r in found} == {k: v.get("Email", "") for k, v in live.items()}
    every = [r["Id"] for one in bulk.query_all(text, wait=0) for r in rows(one)]
    assert id in every and len(every) > len(found)
    with pytest.raises(SalesforceMalformedRequest):
        list(bulk.query("SELECT Id FORM Contact", wait=0))


def test_edits_and_troubles_can_be_ordered_over_http(served: Served) -> None:
    """The admin paths need no token, and what they order happens."""
    here = served.url + "/__sim__/"
    before = served.client().limits()["DailyApiRequests"]["Remaining"]
    body: Any = {"action": "create", "object": "Lead", "values": {"LastName": "X", "Company": "Y"}}
    made = requests.post(here + "edit", json=body, timeout=5)
    id = made.json()["id"]
    assert served.client().Lead.get(id)["CreatedById"] == served.sim.person
    assert served.client().limits()["DailyApiRequests"]["Remaining"] == before - 2
    requests.post(here + "faults", json={"kind": "lost after", "path": id}, timeout=5)
    with pytest.raises(requests.exceptions.RequestException):
        served.client().Lead.update(id, {"Title": "CTO"})
    assert served.client().Lead.get(id)["Title"] == "CTO"
    counts = requests.post(here + "requests", timeout=5).json()["counts"]
    assert counts["PATCH sobjects/Lead/{id}"] >= 1
    assert requests.post(here + "edit", json={"action": "dance"}, timeout=5).status_code == 400
