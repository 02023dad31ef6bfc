"""The simulated Salesforce call by call: sign-in, versions, paths, headers, descriptions, limits.

Clients of other people are `test_salesforce_clients.py`. Queries, saves, jobs and troubles are
tried one by one in the files beside this one.
"""

from __future__ import annotations

import gzip
import json

import pytest
from syncrules.connectors.base.wire import Request
from syncrules.tests.salesforce_org import URL, Org, error


@pytest.fixture
def org() -> Org:
    return Org()


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
