"""People sign in to the simulated Salesforce as to the real one, and have the rights of their own.

Consent in a browser and on a device, renewal, revocation, and what a profile forbids. What clients
that know nothing of us make of it is in `test_salesforce_simulator.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.salesforce.simulator.consent import challenge_of
from syncrules.tests.salesforce_org import URL, Org, error, of

CALLBACK = "http://localhost:1717/OauthRedirect"
VERIFIER = "v" * 43


@pytest.fixture
def org() -> Org:
    return Org(records=9)


def person(org: Org, place: int = 1) -> tuple[str, str, str]:
    """Id, name and password of one who works there."""
    users = org.sim.rows("User")
    ids = [id for id, row in users.items() if row["IsActive"] and id != org.sim.org.user]
    name = users[ids[place]]["Username"]
    return ids[place], name, org.sim.sign_ins.passwords[name.lower()]


def consent(org: Org, **form: str) -> Response:
    """A person fills in the page of `authorize`."""
    asked = {
        "response_type": "code",
        "client_id": org.sim.sign_ins.client_id,
        "redirect_uri": CALLBACK,
        "state": "s 1",
        "code_challenge": challenge_of(VERIFIER),
    }
    body = urlencode({**asked, **form}).encode()
    return org.sim.handle(Request("POST", f"{URL}/services/oauth2/authorize", {}, body))


def code_of(reply: Response) -> str:
    assert reply.status == 302, reply.body
    query = parse_qs(urlsplit(reply.headers["location"]).query)
    assert query["state"] == ["s 1"]
    return query["code"][0]


def grant(org: Org, **form: str) -> Response:
    """What an app without a secret asks the token endpoint."""
    named = {"client_id": org.sim.sign_ins.client_id, **form}
    request = Request("POST", f"{URL}/services/oauth2/token", {}, urlencode(named).encode())
    return org.sim.handle(request)


def redeem(org: Org, code: str, **form: str) -> Response:
    given = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER, **form}
    return grant(org, grant_type="authorization_code", **given)


def signed_in(org: Org, place: int = 1) -> Mapping[str, Any]:
    _, name, password = person(org, place)
    reply = redeem(org, code_of(consent(org, username=name, password=password)))
    assert reply.status == 200, reply.body
    told: Mapping[str, Any] = reply.json()
    return told


def as_user(token: Mapping[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {token['access_token']}"}


def test_a_person_says_yes_in_the_browser(org: Org) -> None:
    """Page, code, token: what is saved under it carries the person's name. (CON-2)"""
    id, _, _ = person(org)
    token = signed_in(org)
    made = org.call("POST", "sobjects/Account", {"Name": "A"}, headers=as_user(token)).json()["id"]
    row = org.sim.rows("Account")[made]
    assert (row["CreatedById"], row["LastModifiedById"], row["OwnerId"]) == (id, id, id)


def test_the_page_asks_again_after_a_wrong_password(org: Org) -> None:
    _, name, _ = person(org)
    reply = consent(org, username=name, password="guess")
    assert reply.status == 200
    assert b"Check your username" in reply.body


def test_who_says_no_goes_back_without_a_code(org: Org) -> None:
    assert "error=access_denied" in consent(org, deny="1").headers["location"]


@pytest.mark.parametrize(
    "change", [{"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": "http://other"}]
)
def test_a_stolen_code_is_worth_nothing(org: Org, change: dict[str, str]) -> None:
    """Without the verifier and the address of who asked, a code gives no token."""
    _, name, password = person(org)
    code = code_of(consent(org, username=name, password=password))
    assert redeem(org, code, **change).status == 400


def test_a_code_is_good_once(org: Org) -> None:
    _, name, password = person(org)
    code = code_of(consent(org, username=name, password=password))
    assert redeem(org, code).status == 200
    assert redeem(org, code).json()["error"] == "invalid_grant"


def test_no_one_is_sent_to_an_address_that_the_app_did_not_name(org: Org) -> None:
    assert consent(org, redirect_uri="https://evil.example/").status == 400
    org.sim.sign_ins.consent.callbacks = (CALLBACK,)
    assert consent(org, redirect_uri="http://localhost:9/OauthRedirect").status == 400


def test_a_device_waits_for_a_person(org: Org) -> None:
    """The code of a device is pending until someone enters it, and asked too often says so."""
    _, name, password = person(org)
    told = grant(org, response_type="device_code").json()
    poll = {"grant_type": "device", "code": told["device_code"]}
    assert grant(org, **poll).json()["error"] == "authorization_pending"
    assert grant(org, **poll).json()["error"] == "slow_down"
    org.clock.sleep(told["interval"])
    form = {"user_code": told["user_code"], "username": name, "password": password}
    entered = org.sim.handle(
        Request("POST", told["verification_uri"], {}, urlencode(form).encode())
    )
    assert entered.status == 200
    assert "refresh_token" in grant(org, **poll).json()


def test_a_rotated_refresh_token_is_good_once(org: Org) -> None:
    org.sim.sign_ins.rotates = True
    first = signed_in(org)["refresh_token"]
    second = grant(org, grant_type="refresh_token", refresh_token=first).json()["refresh_token"]
    assert grant(org, grant_type="refresh_token", refresh_token=first).status == 400
    assert grant(org, grant_type="refresh_token", refresh_token=second).status == 200


def test_a_sixth_sign_in_ends_the_first(org: Org) -> None:
    tokens = [signed_in(org)["refresh_token"] for _ in range(6)]
    good = [grant(org, grant_type="refresh_token", refresh_token=one).status for one in tokens]
    assert good == [400, 200, 200, 200, 200, 200]


def test_what_is_revoked_is_gone(org: Org) -> None:
    """By the app, one sign-in; by an admin, all of a user's; others go on."""
    token, other = signed_in(org), signed_in(org, 2)
    body = urlencode({"token": token["refresh_token"]}).encode()
    org.sim.handle(Request("POST", f"{URL}/services/oauth2/revoke", {}, body))
    assert org.call("GET", "limits", headers=as_user(token)).status == 401
    again = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert grant(org, **again).json()["error_description"] == "expired access/refresh token"
    assert org.call("GET", "limits", headers=as_user(other)).status == 200
    org.call("POST", "/__sim__/revoke", {"user": person(org, 2)[1]})
    assert org.call("GET", "limits", headers=as_user(other)).status == 401


def test_rights_are_a_users_own_and_can_come_back(org: Org) -> None:
    """Taken on an object or a field, of one user or of everybody; shown in descriptions. (CON-9)"""
    _, name, _ = person(org)
    mine = as_user(signed_in(org))
    lead = next(iter(org.sim.rows("Lead")))
    org.sim.take("edit", "Lead", "Title", user=name)
    org.sim.take("create", "Account", user=name)
    org.sim.take("read", "Opportunity", user=name)
    org.sim.take("delete", "Lead", user=name)

    path = f"sobjects/Lead/{lead}"
    refusal = error(org.call("PATCH", path, {"Title": "x"}, headers=mine))
    assert refusal[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert org.call("PATCH", path, {"FirstName": "x"}, headers=mine).status == 204
    assert org.call("PATCH", path, {"Title": "x"}).status == 204
    made = org.call("POST", "sobjects/Account", {"Name": "A"}, headers=mine)
    assert error(made)[1] == "INSUFFICIENT_ACCESS"
    assert org.call("GET", "sobjects/Opportunity/describe", headers=mine).status == 404
    gone = org.call("GET", "query?q=SELECT+Id+FROM+Opportunity", headers=mine)
    assert error(gone)[1] == "INVALID_TYPE"
    assert error(org.call("DELETE", path, headers=mine))[1] == "INSUFFICIENT_ACCESS_OR_READONLY"

    shown = org.call("GET", "sobjects/Lead/describe", headers=mine).json()
    (title,) = [one for one in shown["fields"] if one["name"] == "Title"]
    assert (title["updateable"], shown["deletable"], shown["createable"]) == (False, False, True)

    org.sim.give("edit", "Lead", "Title", user=name)
    assert org.call("PATCH", path, {"Title": "y"}, headers=mine).status == 204


def test_rights_can_be_taken_over_http(org: Org) -> None:
    lead = next(iter(org.sim.rows("Lead")))
    taken = {"right": "read", "object": "Lead", "field": "Title"}
    org.call("POST", "/__sim__/rights", {"take": taken})
    refusal = org.collect("PATCH", of("Lead", id=lead, Title="x"))[0]
    assert refusal["errors"][0]["statusCode"] == "INVALID_FIELD"
    org.call("POST", "/__sim__/rights", {"give": taken})
    assert org.collect("PATCH", of("Lead", id=lead, Title="x"))[0]["success"]
    assert org.call("POST", "/__sim__/rights", {"take": {**taken, "right": "eat"}}).status == 400
