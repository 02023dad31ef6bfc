"""In whose name a run writes, and what happens where that login may not, or is no longer good.

Apollo doesn't tell who changed a contact, so its owner counts. Everything is done at the command
line, over real HTTP; Salesforce's own columns are what is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from syncrules.connectors.base.contract import Write
from syncrules.connectors.base.world import Machine
from syncrules.engine.project import Project
from syncrules.tests.signed_in import ANN, BEN, CARL, OPS, Team, team


@pytest.fixture
def here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Team]:
    """The team's login is linked and chosen, Ann and Ben have linked theirs, Carl has not."""
    with team(tmp_path, capsys, monkeypatch) as made:
        made.connect(OPS)
        made.connect(ANN, "--as", ANN)
        made.connect(BEN, "--as", BEN)
        made.good("logins", "use", "salesforce", OPS)
        made.good("schema", "pull")
        made.good("check")
        made.good("run")
        yield made


def people(here: Team, *owners: str) -> dict[str, str]:
    """A contact of each owner, created and brought over; their ids by address."""
    found = {f"x{place}@some.example": owner for place, owner in enumerate(owners)}
    ids = {email: here.contact(owner, email) for email, owner in found.items()}
    here.good("run")
    return ids


def test_one_login_writes_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only one that is linked is the sync login: creator and last modifier. (CON-3)"""
    with team(tmp_path, capsys, monkeypatch) as here:
        here.connect(OPS)
        here.good("schema", "pull")
        here.good("run")
        ids = people(here, ANN, BEN)
        here.apollo.update("contact", ids["x0@some.example"], {"title": "CTO"})
        ended = here.good("run")
        assert "login" not in ended.out
        for email in ids:
            lead = here.lead(email)
            names = {here.name_of(lead[one]) for one in ("CreatedById", "LastModifiedById")}
            assert names == {OPS}


def test_what_people_change_carries_their_names(here: Team) -> None:
    """Two owners, two modifiers: the new and the changed records are theirs, and the run says so.
    (CON-5)"""
    ids = people(here, ANN, BEN)
    for email, owner in zip(ids, (ANN, BEN), strict=True):
        lead = here.lead(email)
        assert {here.name_of(lead[one]) for one in ("CreatedById", "OwnerId")} == {owner}
        here.salesforce.update("Lead", lead["Id"], {"City": "Rome"}, user=here.salesforce.user(OPS))
    here.good("run")
    here.apollo.update("contact", ids["x0@some.example"], {"title": "CTO"})
    here.apollo.update("contact", ids["x1@some.example"], {"title": "CEO"})
    ended = here.good("run")
    assert [here.modifier(email) for email in ids] == [ANN, BEN]
    assert f"under the login {ANN}, since {ANN} changed it" in ended.out
    before = len(here.salesforce.requests)
    here.good("run")
    assert not [one for one in here.salesforce.requests[before:] if one.method != "GET"]


def test_who_has_no_login_falls_back_and_it_is_written_down(here: Team) -> None:
    """The team's login is the modifier; preview, run, history and JSON say it was a fallback.
    (CON-6)"""
    here.contact(ANN, "a@some.example")
    here.contact(CARL, "c@some.example")
    fallback = f"under the sync login, since {CARL} has none that works here"
    assert fallback in here.good("preview").out
    changes = here.good("run", "--format", "json").json()["changes"]
    told = {one["key"]: (one["by"], one["login"]) for one in changes}
    assert told == {"a@some.example": (ANN, ANN), "c@some.example": (CARL, None)}
    assert [here.modifier(f"{one}@some.example") for one in "ac"] == [ANN, OPS]
    assert fallback in here.good("history", "c@some.example").out


def test_the_plan_tells_whose_login_it_will_be(here: Team) -> None:
    """The field that tells is read, and named; without personal logins there is none. (CON-5)"""
    told = here.good("plan").out
    assert "Whose login a change goes under" in told
    assert "apollo contact: by owner, whose user has the email of a person with a login" in told
    for one in (ANN, BEN):
        here.good("disconnect", "salesforce", one)
    assert "Whose login" not in here.good("plan").out


def test_what_people_did_is_logged_under_their_names(here: Team) -> None:
    """An activity that is written under somebody's login is theirs: creator and owner. (USR-2)"""
    connector = Project.load(here.file).connect("salesforce", Machine())
    writes = [
        Write(place, "create", "Task", "", {"Subject": f"Call {place}"}, login=login)
        for place, login in enumerate((ANN, BEN, ""))
    ]
    sent = [connector.send(one) for one in connector.pack(writes)]
    assert [len(one) for one in sent] == [1, 1, 1]
    tasks = sorted(here.salesforce.rows("Task").values(), key=lambda one: str(one["Subject"]))
    names = [{here.name_of(one[by]) for by in ("CreatedById", "OwnerId")} for one in tasks]
    assert names == [{ANN}, {BEN}, {OPS}]


def test_logins_are_never_mixed_in_a_request(here: Team) -> None:
    """However they come, each write carries the name of its own login, in few requests. (CON-5)"""
    before = len(here.salesforce.requests)
    owners = [ANN, CARL, BEN] * 20
    for place, owner in enumerate(owners):
        here.contact(owner, f"m{place}@some.example")
    here.good("run")
    writes = [
        one
        for one in here.salesforce.requests[before:]
        if one.method == "POST" and "composite" in one.path
    ]
    assert len(writes) == 3
    names = [here.modifier(f"m{place}@some.example") for place in range(len(owners))]
    assert names == [OPS if one == CARL else one for one in owners]


def test_a_field_that_a_personal_login_may_not_write_is_told(here: Team) -> None:
    """The record stands in the error log with user and field, others are written; nothing is done
    under the team's login instead. (CON-8)"""
    ids = people(here, ANN, BEN)
    here.salesforce.take("edit", "Lead", "Title", user=ANN)
    for id in ids.values():
        here.apollo.update("contact", id, {"title": "CTO"})
    assert here.type("run").code == 1
    [entry] = here.errors()
    assert entry["code"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert entry["message"].startswith(f"{ANN} may not update Title of this Lead: ")
    assert entry["key"] == "x0@some.example"
    assert [here.lead(email).get("Title") for email in ids] == [None, "CTO"]


@pytest.mark.parametrize("right", ["field", "object"])
@pytest.mark.parametrize("whose", [OPS, ANN], ids=["sync login", "own login"])
def test_a_right_that_comes_back_lets_the_change_through(
    here: Team, right: str, whose: str
) -> None:
    """Taken between two runs: a permission error that names the login, the change stays pending,
    and the next run after the right is back makes it, without anybody asking. (CON-9)"""
    [id] = people(here, CARL if whose == OPS else whose).values()
    field = ("Title",) if right == "field" else ()
    here.salesforce.take("edit", "Lead", *field, user=whose)
    here.apollo.update("contact", id, {"title": "CTO"})
    for count in (1, 2):
        assert here.type("run").code == 1
        assert here.lead("x0@some.example").get("Title") is None
        found = here.errors()
        assert {one["count"] for one in found} == {count}
        if whose == OPS:
            assert {one["code"] for one in found} == {"missing-right"}
            spot = "Lead.Title" if field else "Lead"
            assert f"{OPS} may no longer change {spot}" in found[0]["message"]
        else:
            assert [one["code"][:2] for one in found] == ["IN"]
            assert f"{ANN} may not update" in found[0]["message"]
    here.salesforce.give("edit", "Lead", *field, user=whose)
    here.good("run")
    assert here.lead("x0@some.example")["Title"] == "CTO"
    assert here.errors() == []


def test_a_field_that_is_hidden_between_two_runs_is_told(here: Team) -> None:
    """What can't be read any more may be gone or hidden: the entry says both, names the login, and
    is closed when the field is back. (CON-9)"""
    [id] = people(here, CARL).values()
    here.good("run")
    here.salesforce.take("read", "Lead", "Title", user=OPS)
    here.apollo.update("contact", id, {"title": "CTO"})
    for _ in range(2):
        assert here.type("run").code == 1
        [entry] = here.errors()
        assert f"Lead.Title was removed, or is no longer visible to {OPS}" in entry["message"]
    here.salesforce.give("read", "Lead", "Title", user=OPS)
    here.good("run")
    here.good("run")
    assert here.lead("x0@some.example")["Title"] == "CTO"
    assert here.errors() == []


def test_a_revoked_login_falls_back_and_one_entry_asks_to_sign_in(here: Team) -> None:
    """Ann's writes go out under the team's login at once, Ben's under his; one entry for all of
    hers, closed once she has signed in again. (USR-4)"""
    people(here, ANN, BEN)
    here.salesforce.sign_ins.revoke(here.salesforce.user(ANN))
    for place in range(3):
        here.contact(ANN, f"a{place}@some.example")
    here.contact(BEN, "b@some.example")
    assert here.type("run").code == 1
    assert [here.modifier(f"a{place}@some.example") for place in range(3)] == [OPS] * 3
    assert here.modifier("b@some.example") == BEN
    [entry] = here.errors()
    assert (entry["code"], entry["count"], entry["key"]) == ("login-lost", 1, None)
    assert f"{ANN} has to sign in again" in entry["advice"]
    assert "is written under the sync login" in entry["message"]
    here.type("retry", entry["id"])
    assert [one["code"] for one in here.errors()] == ["login-lost"]

    here.contact(ANN, "later@some.example")
    assert here.type("run").code == 1
    assert here.modifier("later@some.example") == OPS
    here.connect(ANN, "--as", ANN)
    here.contact(ANN, "back@some.example")
    here.good("run")
    assert here.modifier("back@some.example") == ANN
    assert here.errors() == []


def test_a_revoked_login_may_wait_instead(here: Team) -> None:
    """With `lost_login = "wait"` what Ann changed waits for her, in every run; others go on.
    (USR-4)"""
    here.setting('lost_login = "wait"')
    ids = people(here, ANN, BEN)
    here.salesforce.sign_ins.revoke(here.salesforce.user(ANN))
    for _ in range(2):
        for id in ids.values():
            here.apollo.update("contact", id, {"title": "CTO"})
        assert here.type("run").code == 1
        assert [here.lead(email).get("Title") for email in ids] == [None, "CTO"]
        [entry] = here.errors()
        assert "waits until then" in entry["message"]
    here.connect(ANN, "--as", ANN)
    here.good("run")
    assert here.lead("x0@some.example")["Title"] == "CTO"
    assert here.modifier("x0@some.example") == ANN
    assert here.errors() == []


def test_someone_who_leaves_stops_nobody(here: Team) -> None:
    """Disconnected: from then on the team's login writes, and it is no error. (USR-4)"""
    people(here, ANN)
    here.good("disconnect", "salesforce", ANN)
    here.contact(ANN, "y@some.example")
    here.good("run")
    assert here.modifier("y@some.example") == OPS


def test_a_lost_reply_of_a_personal_login_is_found_under_that_login(here: Team) -> None:
    """A create whose reply is lost is looked for among what Ann made, and made once. (CON-5)"""
    from syncrules.connectors.salesforce.simulator.faults import Fault

    here.salesforce.faults.rules.append(Fault("lost after", "POST", "composite/sobjects"))
    here.contact(ANN, "once@some.example")
    assert "1  salesforce Lead created" in here.good("run").out
    assert here.modifier("once@some.example") == ANN


def test_another_owner_is_no_change_of_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Owners are read only to tell whose login it is: a contact that was there before the rules and
    gets another owner still waits for a backfill, which then writes under the new one's. (CON-5)"""
    with team(tmp_path, capsys, monkeypatch) as here:
        here.connect(OPS)
        here.connect(ANN, "--as", ANN)
        here.good("logins", "use", "salesforce", OPS)
        here.good("schema", "pull")
        id = here.contact(BEN, "old@some.example")
        here.good("run")
        ids = {row["email"]: one for one, row in here.apollo.rows("user").items()}
        here.apollo.update("contact", id, {"owner_id": ids[ANN]})
        assert "waits for `syncrules backfill push contact`" in here.good("run").out
        assert here.salesforce.rows("Lead") == {}
        here.good("backfill", "push", "contact")
        assert here.modifier("old@some.example") == ANN


def test_wrong_words_for_a_lost_login_are_told(here: Team) -> None:
    here.setting('lost_login = "panic"')
    ended = here.type("check")
    assert ended.code == 2
    assert 'write `lost_login = "fall back"` or `lost_login = "wait"`' in ended.err
