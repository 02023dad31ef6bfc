"""Writing to a made-up Salesforce org: outcomes, troubles on the way, and settling doubt.

Reading is `test_salesforce_connector.py`; what holds for every connector is `test_contract.py`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from syncrules.connectors.base.contract import Outcome, Write
from syncrules.connectors.salesforce.simulator.org import DuplicateRule, Validation
from syncrules.errors import BudgetSpent, SignInRefused, SystemUnavailable, UsageError
from syncrules.tests.salesforce_connected import Org, answer, create, ids, update

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


@pytest.mark.parametrize("body", ['"ok"', "{}", "[]", "null"])
@pytest.mark.parametrize("path", ["queryAll", "composite/sobjects"])
def test_a_read_that_something_else_answers_is_asked_again_and_then_told(
    body: str, path: str
) -> None:
    """A proxy's JSON is no empty page: once it is asked again, and for good it ends the read."""
    org = Org()
    made = org.people(3)

    def read() -> list[str]:
        if path == "queryAll":
            return ids(org.read())
        return [one.id for one in org.connector.fetch("Lead", ["Email"], "id", made)]

    org.fault("reply", "", path, status=200, body=body)
    assert read() == made
    org.sim.faults.rules.clear()
    org.fault("reply", "", path, status=200, body=body, times=0)
    if (path, body) == ("composite/sobjects", "[]"):
        assert read() == made  # Those that a retrieve leaves out are asked for once more.
        return
    with pytest.raises(SystemUnavailable, match="answered what can't be read"):
        read()


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


@pytest.mark.parametrize(
    ("meanwhile", "kind"),
    [
        ({"LastName": "Eve"}, "done"),
        ({"LastName": "Eve", "Title": "CFO"}, "absent"),
        ({"Title": "old"}, "absent"),
    ],
)
def test_an_update_that_was_edited_since_is_known_by_a_value_that_few_choose(
    meanwhile: dict[str, str], kind: str
) -> None:
    """Its title stands there, and nothing that was there before. That a status is the same may be
    chance."""
    org = Org()
    [lead] = org.people(1)
    status = "Working - Contacted"
    values = {"Title": "new", "LastName": "Ng", "Status": status}
    org.sim.update("Lead", lead, {"Title": "old", "LastName": "Ny"})
    was = {name: org.sim.rows("Lead")[lead][name] for name in values}
    write = replace(update(1, lead, **values), before=was)
    org.connector.describe(["Lead"])
    org.fault("lost after", "PATCH", "composite/sobjects")
    assert {one.kind for one in org.send(write).values()} == {"unknown"}
    org.sim.update("Lead", lead, meanwhile)
    [found] = org.connector.find([write])
    assert found.kind == kind
    # Nothing that was there before stands any more, nor a value that few choose.
    assert set(found.unclear) == (set(values) if len(meanwhile) == 2 else set())


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


def test_a_create_without_a_key_is_known_by_all_but_one_of_its_values() -> None:
    """Somebody has changed it before it was looked for: it is ours, and none is made beside it.
    What may be the work of either of two is for a person; another's with other words is none's.
    (R1)"""
    org = Org()
    write = create(1, org.clock.now(), Title="CEO", FirstName="Ada")
    edited(org, write)
    [outcome] = org.connector.find([write])
    assert (outcome.kind, len(org.sim.rows("Lead"))) == ("done", 1)
    other = create(2, org.clock.now(), Title="CTO", FirstName="Bea")
    assert [one.kind for one in org.connector.find([other])] == ["absent"]
    twin = create(3, org.clock.now(), Title="CEO", FirstName="Ada")
    told = org.connector.find([write, twin])
    assert [(one.kind, one.message) for one in told] == [("unknown", "1 record could be it")] * 2
    taken = replace(write, taken=frozenset(org.sim.rows("Lead")))
    assert [one.kind for one in org.connector.find([taken])] == ["absent"]


def edited(org: Org, write: Write) -> None:
    """The reply to a create is lost, and somebody gives the record another title."""
    org.connector.describe(["Lead"])
    org.fault("lost after", "POST", "composite/sobjects")
    assert org.send(write)[write.ref].kind == "unknown"
    org.clock.sleep(60)
    for id in org.sim.rows("Lead"):
        org.sim.update("Lead", id, {"Title": "Chief"})


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


def test_the_only_new_record_with_our_key_is_ours_whatever_it_holds_now() -> None:
    """An automation or a person may have changed it at once; calling it absent would make a second
    one. So it would where somebody has deleted it since."""
    org = Org()
    write = create(1, org.clock.now(), Email="a@b.example", Title="CEO")
    org.connector.describe(["Lead"])
    org.fault("lost after", "POST", "composite/sobjects")
    org.send(write)
    [lead] = org.sim.rows("Lead")
    org.sim.update("Lead", lead, {"Title": "Chief"})
    assert [(one.kind, one.id) for one in org.connector.find([write])] == [("done", lead)]
    org.sim.delete("Lead", lead)
    assert [(one.kind, one.id) for one in org.connector.find([write])] == [("done", lead)]


def test_who_was_made_twice_is_there_and_its_key_says_so() -> None:
    """Two records with the key and every value: which is ours can't be told, that they are twins
    can. Without a key a person has to delete one."""
    org = Org()
    write = create(1, org.clock.now(), Email="a@b.example")
    assert in_doubt(org, write)[1].kind == "done"
    org.send(replace(write, ref=2))
    assert [one.kind for one in org.connector.find([write])] == ["existed"]
    bare = create(3, org.clock.now(), Title="Twin")
    assert in_doubt(org, bare)[3].kind == "done"
    org.send(replace(bare, ref=4))
    [told] = org.connector.find([bare])
    assert (told.kind, told.message) == ("unknown", "2 records could be it")
    twins = [id for id, row in org.sim.rows("Lead").items() if row.get("Title") == "Twin"]
    org.sim.delete("Lead", twins[0])
    assert [(one.kind, one.id) for one in org.connector.find([bare])] == [("done", twins[1])]


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
