"""The Salesforce connector writes very many records with several Collections in a request.

What holds for every write is `test_salesforce_writing.py`; how writes are packed,
`test_salesforce_parts.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from syncrules.connectors.base.contract import Write
from syncrules.tests.salesforce_connected import Org, create, update

MANY = 2100


@pytest.fixture
def org() -> Org:
    return Org()


def creates(org: Org, count: int = MANY) -> list[Write]:
    return [
        create(n, org.clock.now(), LastName=f"Person {n}", Email=f"p{n}@some.example")
        for n in range(count)
    ]


def test_two_thousand_creates_and_more_take_a_request_for_a_thousand(org: Org) -> None:
    """Each outcome is that of its own record, also beside one that is refused."""
    writes = creates(org)
    writes[700] = replace(writes[700], fields={**writes[700].fields, "Email": "no address"})
    org.sim.counts.clear()
    done = org.send(*writes)
    assert {k: n for k, n in org.sim.counts.items() if k.startswith("POST")} == {
        "POST composite": 2,
        "POST composite/sobjects": 1,
    }
    rows = org.sim.rows("Lead")
    assert done[700].kind == "refused" and done[700].code == "INVALID_EMAIL_ADDRESS"
    assert len(rows) == MANY - 1
    for write in writes[:700] + writes[701:]:
        assert rows[done[write.ref].id]["LastName"] == write.fields["LastName"]


def test_updates_and_deletes_go_by_the_thousand(org: Org) -> None:
    """And what is gone meanwhile is told as gone."""
    made = [one.id for one in org.send(*creates(org)).values()]
    org.sim.delete("Lead", made[300])
    done = org.send(*(update(n, id, Title=f"Head {n}") for n, id in enumerate(made)))
    assert Counter(one.kind for one in done.values()) == {"done": MANY - 1, "gone": 1}
    assert done[300].kind == "gone"
    rows = org.sim.rows("Lead")
    assert all(rows[id]["Title"] == f"Head {n}" for n, id in enumerate(made) if n != 300)
    org.sim.counts.clear()
    done = org.send(*(Write(n, "delete", "Lead", id, {}) for n, id in enumerate(made)))
    assert org.sim.rows("Lead") == {} and org.sim.counts["POST composite"] == 2


def test_no_assignment_rule_moves_an_owner(org: Org) -> None:
    """The header that says so stands at every call inside."""
    org.sim.org.lead_owner = sorted(org.sim.rows("User"))[1]
    org.send(*creates(org))
    owners = {row["OwnerId"] for row in org.sim.rows("Lead").values()}
    assert owners == {org.sim.org.user}
    sent = [json.loads(one.body) for one in org.world.sent if one.url.endswith("/composite")]
    calls = [call for body in sent for call in body["compositeRequest"]]
    assert len(calls) == 10
    assert all(call["httpHeaders"] == {"Sforce-Auto-Assign": "FALSE"} for call in calls)


def test_a_text_that_looks_like_a_reference_arrives_as_it_is(org: Org) -> None:
    """A person may write anything."""
    odd = create(MANY, org.clock.now(), LastName="Odd", Title="head of @{part0.id}")
    done = org.send(*creates(org), odd)
    assert org.sim.rows("Lead")[done[MANY].id]["Title"] == "head of @{part0.id}"


def test_a_lost_reply_leaves_a_thousand_in_doubt_and_finds_them(org: Org) -> None:
    """None of them is sent again, and all are found by their keys."""
    writes = creates(org)
    first, *_ = org.connector.pack(writes)
    org.fault("lost after", "POST", "/composite")
    assert {one.kind for one in org.connector.send(first)} == {"unknown"}
    found = org.connector.find(first.writes)
    assert {one.kind for one in found} == {"done"} and len(org.sim.rows("Lead")) == 1000
    assert len({one.id for one in found}) == 1000


def test_calls_inside_fail_by_themselves(org: Org) -> None:
    """One is refused, one broke down, one isn't mentioned: each says so of its own 200."""
    refused = [{"errorCode": "INVALID_FIELD", "message": "No such column"}]
    broken = [{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred"}]
    parts = [
        {"referenceId": "part0", "httpStatusCode": 400, "body": refused},
        {"referenceId": "part200", "httpStatusCode": 500, "body": broken},
        {"referenceId": "part400", "httpStatusCode": 200, "body": [{"success": True, "id": "x"}]},
    ]
    body = json.dumps({"compositeResponse": parts})
    org.fault("reply", "POST", "/composite", status=200, body=body)
    first, *_ = org.connector.pack(creates(org))
    done = org.connector.send(first)
    assert [one.ref for one in done] == list(range(1000))
    assert {one.kind for one in done[:200]} == {"refused"} and done[0].code == "INVALID_FIELD"
    assert {one.kind for one in done[200:]} == {"unknown"}


@pytest.mark.parametrize("body", ["[]", "{}", "null", '{"compositeResponse": null}'])
def test_a_reply_that_makes_no_sense_tells_nothing(org: Org, body: str) -> None:
    """What was sent may have been done."""
    org.fault("reply", "POST", "/composite", status=200, body=body)
    first, *_ = org.connector.pack(creates(org))
    assert {one.kind for one in org.connector.send(first)} == {"unknown"}
