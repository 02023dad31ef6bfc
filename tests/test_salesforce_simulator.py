"""A client that knows nothing of us can't tell the simulated Salesforce from the real one.

simple-salesforce works against it over real HTTP; only its hosts are mapped to ours. Queries,
saves and troubles are tried one by one in the files beside this one.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.base.wire import Request
from syncrules.connectors.salesforce.simulator import SalesforceSimulator, simulate
from syncrules.tests.salesforce_org import URL, Org, error, of


@pytest.fixture
def org() -> Org:
    return Org()


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


def test_a_token_tells_where_and_who(org: Org) -> None:
    """The reply holds what clients need: the host to call, and the org and user in the id."""
    granted = org.token({"grant_type": "client_credentials"}).json()
    assert granted["instance_url"] == URL
    assert granted["id"].startswith(f"{URL}/id/00D")
    headers = {"authorization": f"Bearer {granted['access_token']}"}
    who = org.call("GET", "/services/oauth2/userinfo", headers=headers).json()
    assert granted["id"].endswith(f"{who['organization_id']}/{who['user_id']}")
    assert org.call("GET", granted["id"].removeprefix(URL)).json()["user_id"] == who["user_id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client_id"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "x", "password": "y"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ],
)
def test_a_bad_sign_in_has_the_third_dialect(org: Org, change: dict[str, str], code: str) -> None:
    """OAuth errors are one object with `error` and `error_description`."""
    reply = org.token({"grant_type": "client_credentials", **change})
    assert (reply.status, reply.json()["error"]) == (400, code)


def test_a_refresh_token_gives_a_new_token(org: Org) -> None:
    """The password grant hands out a refresh token that works until it is revoked."""
    known = org.sim.sign_in(URL)
    password = known["password"] + known["security_token"]
    form = {"grant_type": "password", "username": known["username"], "password": password}
    refresh = org.token(form).json()["refresh_token"]
    again = {"grant_type": "refresh_token", "refresh_token": refresh}
    assert org.token(again).status == 200
    revoke = Request("POST", f"{URL}/services/oauth2/revoke", {}, f"token={refresh}".encode())
    assert org.sim.handle(revoke).status == 200
    assert org.token(again).status == 400


def test_a_session_ends_when_its_time_is_up_or_all_are_ended(org: Org) -> None:
    """An expired token is INVALID_SESSION_ID; signing in again mends it."""
    expired = (401, "INVALID_SESSION_ID", "Session expired or invalid")
    org.sim.sign_ins.token_life = 60
    org.clock.sleep(61)
    assert error(org.call("GET", "limits")) == expired
    org.sign_in()
    assert org.call("GET", "limits").status == 200
    org.sim.sign_ins.expire()
    assert error(org.call("GET", "limits")) == expired
    assert error(org.call("GET", "limits", headers={"authorization": ""})) == expired


def test_versions_are_listed_without_a_token(org: Org) -> None:
    """Versions are ascending, and only listed ones are served."""
    org.headers = {}
    versions = [one["version"] for one in org.call("GET", "/services/data/").json()]
    assert versions[0] == "42.0" and versions[-1] == "67.0"
    assert {"label": "Winter '24", "url": "/services/data/v59.0", "version": "59.0"} in (
        org.call("GET", "/services/data").json()
    )
    assert org.call("GET", "/services/data/v41.0/limits").status == 404


def test_paths_forgive_case_and_a_last_slash_but_not_a_doubled_one(org: Org) -> None:
    """`/sobjects/lead/DESCRIBE/` is fine, `//sobjects` is not."""
    assert org.call("GET", "SOBJECTS/lead/DESCRIBE/").json()["name"] == "Lead"
    assert error(org.call("GET", "/services/data/v59.0//sobjects"))[:2] == (404, "NOT_FOUND")
    assert error(org.call("GET", "sobjects/Nothing/describe"))[:2] == (404, "NOT_FOUND")
    assert error(org.call("PUT", "sobjects/Lead"))[:2] == (405, "METHOD_NOT_ALLOWED")


def test_replies_carry_usage_date_and_are_zipped_when_asked(org: Org) -> None:
    """The headers that a client reads; the date is that of the org's clock."""
    reply = org.call("GET", "limits", headers={"accept-encoding": "gzip, deflate"})
    assert reply.headers["sforce-limit-info"] == "api-usage=1/5000000"
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"
    assert reply.headers["date"] == "Mon, 05 Jan 2026 08:00:00 GMT"
    assert "DailyApiRequests" in json.loads(gzip.decompress(reply.body))


def test_a_description_is_sent_again_only_after_a_change(org: Org) -> None:
    """If-Modified-Since gives 304 until a field is added."""
    path = "sobjects/Lead/describe"
    since = {"if-modified-since": org.call("GET", path).headers["last-modified"]}
    assert org.call("GET", path, headers=since).status == 304
    org.clock.sleep(60)
    org.sim.org.schema.add_field(
        "Lead", "Region__c picklist 40 CUR = North, South", org.clock.now()
    )
    fields = org.call("GET", path, headers=since).json()["fields"]
    added = next(one for one in fields if one["name"] == "Region__c")
    assert [one["value"] for one in added["picklistValues"]] == ["North", "South"]
    made = org.call("POST", "sobjects/Lead", {"LastName": "A", "Company": "B"})
    assert error(made)[1] == "REQUIRED_FIELD_MISSING"


def test_spent_calls_are_refused_until_a_day_has_passed(org: Org) -> None:
    """The daily allowance answers 403 and comes back a day after the calls."""
    org.sim.daily_limit = 2
    assert [org.call("GET", "limits").status for _ in range(3)] == [200, 200, 403]
    spent = org.call("GET", "limits")
    assert error(spent) == (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    assert spent.headers["sforce-limit-info"] == "api-usage=2/2"
    org.clock.sleep(24 * 3600 + 60)
    assert org.call("GET", "limits").status == 200


def test_record_counts_are_told(org: Org) -> None:
    """`/limits/recordCount` counts what is not deleted."""
    counts = org.call("GET", "limits/recordCount?sObjects=Lead,Contact").json()["sObjects"]
    expected = [
        {"count": len(org.sim.rows("Lead")), "name": "Lead"},
        {"count": len(org.sim.rows("Contact")), "name": "Contact"},
    ]
    assert counts == expected


def test_an_overlong_address_is_refused(org: Org) -> None:
    """Address and headers together may have 16 KB."""
    assert org.call("GET", "query?q=" + "x" * 16_500).status == 414
