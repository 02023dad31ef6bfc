"""What later versions of Apollo's integration added, and users came to expect."""

from __future__ import annotations

import pytest
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.errors import Braked
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import ACCOUNTS, CONTACTS, HEAD, LEADS, Team
from syncrules.tests.trial.rules import failures, verdicts

PUSH = HEAD + "push contact as Lead {{ match on email\n{more}\n}}\n"


def pushed(more: str = "", rows: str = LEADS) -> str:
    return PUSH.format(more=more) + rows


@pytest.mark.parametrize("times", [1, 2])
def test_a_lock_that_passes_is_waited_for_in_the_same_run(times: int) -> None:
    """Somebody saves the same account: tried again by itself, once and twice, and nothing is left
    to look at (MORE-1)."""
    team = Team(pushed()).began()
    body = '[{"success": false, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "x"}]}]'
    fault = Fault("reply", "POST", "composite/sobjects", times=times, status=200, body=body)
    team.salesforce.faults.rules.append(fault)
    team.contact()
    team.hour()
    assert len(team.salesforce.rows("Lead")) == 1
    assert team.errors() == []


def test_a_lock_that_outlasts_a_run_is_tried_again_by_the_next() -> None:
    """Nobody has to ask (MORE-1)."""
    team = Team(pushed()).began()
    body = '[{"success": false, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "x"}]}]'
    fault = Fault("reply", "POST", "composite/sobjects", times=0, status=200, body=body)
    team.salesforce.faults.rules.append(fault)
    team.contact()
    team.hour()
    assert team.codes() == ["UNABLE_TO_LOCK_ROW"]
    team.salesforce.faults.rules.clear()
    team.hour()
    assert len(team.salesforce.rows("Lead")) == 1
    assert team.errors() == []


def test_a_job_that_would_take_most_of_the_calls_is_held() -> None:
    """450 records take three calls: where enough are left they go, and where they would take more
    than 80 % of those that are, nothing is written, and it is said (MORE-2)."""
    for left, made in ((30, 450), (5, 0)):
        team = Team(pushed() + "guard at most 80% of salesforce calls per run\n")
        for number in range(450):
            team.contact(f"p{number}")
        team.run()
        used = sum(team.salesforce.counts.values())
        team.salesforce.daily_limit = used + left
        if made:
            team.backfill("push", "contact")
        else:
            with pytest.raises(Braked, match="3 calls would be made in salesforce"):
                team.backfill("push", "contact")
        assert len(team.salesforce.rows("Lead")) == made


@pytest.mark.parametrize("direction", ["push", "pull"])
def test_what_follows_a_delete_follows_in_one_direction(direction: str) -> None:
    """Only where that direction's rule says so (MORE-3)."""
    rules = pushed("on delete delete") if direction == "push" else pushed()
    pull = 'pull Lead as contact { on delete mark title "Gone" }\n' if direction == "pull" else ""
    team = Team(rules + pull).began()
    ada, bea = team.contact(), team.contact("bea")
    team.hour()
    leads = {row["Email"][:3]: id for id, row in team.salesforce.rows("Lead").items()}
    team.apollo.delete("contact", ada)
    team.salesforce.delete("Lead", leads["bea"])
    for _ in range(2):
        team.clock.sleep(24 * HOUR)
        team.run()
    assert (leads["ada"] in team.salesforce.rows("Lead")) == (direction == "pull")
    marked = team.apollo.rows("contact")[bea].get("title")
    assert marked == ("Gone" if direction == "pull" else None)


def test_what_follows_a_merge_follows_where_a_rule_says_so() -> None:
    """Of two linked leads one goes into the other: the contact that is left over is marked, or
    left alone (MORE-3)."""
    for clause, title in (('{ on merge mark title "Merged" }', "Merged"), ("", None)):
        team = Team(pushed() + f"pull Lead as contact {clause}\n").began()
        team.contact()
        bea = team.contact("bea")
        team.hour()
        leads = {row["Email"][:3]: id for id, row in team.salesforce.rows("Lead").items()}
        team.salesforce.merge("Lead", leads["ada"], [leads["bea"]])
        team.hour()
        assert team.apollo.rows("contact")[bea].get("title") == title


def test_a_row_fills_blanks_only_or_always_writes() -> None:
    """Side by side: the phone stays what somebody made it, the title follows (MORE-4)."""
    rows = LEADS.replace("}", "    phone -> Phone when blank\n}")
    team = Team(pushed(rows=rows)).began()
    ada = team.contact(title="CTO", direct_phone="+1 555 1000")
    team.hour()
    [lead] = team.salesforce.rows("Lead")
    team.salesforce.update("Lead", lead, {"Phone": "+1 555 2000"})
    team.hour()
    team.apollo.update("contact", ada, {"title": "CEO", "direct_phone": "+1 555 3000"})
    team.hour()
    [row] = team.salesforce.rows("Lead").values()
    assert (row["Title"], row["Phone"]) == ("CEO", "+1 555 2000")


def test_accounts_are_labelled_in_a_field_of_ones_choice() -> None:
    """Only those that the rule makes (MORE-6)."""
    team = Team(
        HEAD + 'push account as Account {\n    source "Apollo" in AccountSource\n}\n' + ACCOUNTS
    ).began()
    team.sf_account("Old", "old.example")
    team.hour()
    team.account()
    team.account("Old", "old.example")
    team.hour()
    rows = team.salesforce.rows("Account").values()
    assert {row["Name"]: row.get("AccountSource") for row in rows} == {
        "Berg": "Apollo",
        "Old": None,
    }


def test_guessed_addresses_may_be_left_out() -> None:
    """Until somebody has verified them (MORE-7)."""
    rules = pushed().replace(
        "push contact as Lead {", 'push contact as Lead unless email_status is "extrapolated" {'
    )
    team = Team(rules).began()
    ada = team.contact(email_status="extrapolated")
    team.contact("bea")
    team.hour()
    assert team.right("Lead", "FirstName") == ["Bea"]
    team.apollo.update("contact", ada, {"email_status": "verified"})
    team.hour()
    assert sorted(map(str, team.right("Lead", "FirstName"))) == ["Ada", "Bea"]


def test_the_history_of_one_record_has_both_directions() -> None:
    """By its address or by its id on either side: what was done, by which rule, with the values
    before and after (MORE-11)."""
    team = Team(pushed()).began()
    ada = team.contact(title="CTO")
    team.hour()
    [lead] = team.salesforce.rows("Lead")
    team.apollo.update("contact", ada, {"title": "CEO"})
    team.hour()
    team.salesforce.update("Lead", lead, {"Title": "Chair"})
    team.hour()
    told = team.history("ada@berg.example")
    assert [(one.system, one.action) for one in told] == [
        ("salesforce", "create"),
        ("salesforce", "update"),
        ("apollo", "update"),
    ]
    assert (told[1].before, told[1].after) == ({"Title": "CTO"}, {"Title": "CEO"})
    assert (told[2].before, told[2].after) == ({"title": "CEO"}, {"title": "Chair"})
    assert told == team.history(ada) == team.history(lead)
    assert all(one.rule for one in told)


def test_equal_names_pair_themselves_and_written_pairs_stay() -> None:
    """Stages that the status has, too, need no row; the one that is written goes where it says
    (MORE-12)."""
    table = 'map contact stage with Lead.Status by name { "Interested" <-> "Cold" }\n'
    team = Team(HEAD)
    team.field("Lead", "Status picklist 255 CUD = Cold, Replied, Approaching*, Bad Data")
    team.rewrite(pushed() + table)
    team.run()
    ids = {
        stage: team.contact(stage.lower().replace(" ", ""), stage=stage)
        for stage in ("Replied", "Bad Data", "Interested")
    }
    team.hour()
    rows = team.salesforce.rows("Lead").values()
    assert {row["Email"].partition("@")[0]: row["Status"] for row in rows} == {
        "replied": "Replied",
        "baddata": "Bad Data",
        "interested": "Cold",
    }
    assert len(ids) == 3


def test_nothing_is_written_before_both_sides_have_been_read() -> None:
    """The first write of a run comes after the last page of each feed, also in a backfill
    (MORE-14)."""
    team = Team(pushed(), 300, 300)
    team.run()
    before = len(team.world.sent)
    team.backfill("push", "contact")
    asked = [(one.method, one.url) for one in team.world.sent[before:]]
    writes = [
        place for place, (method, url) in enumerate(asked) if url.endswith("composite/sobjects")
    ]
    reads = [
        place
        for place, (method, url) in enumerate(asked)
        if "contacts/search" in url or "queryAll" in url
    ]
    assert writes and reads
    assert max(reads) < min(writes)


def test_a_side_that_could_not_be_read_is_not_written_to() -> None:
    """It breaks off in the middle of reading: the other side gets nothing either (MORE-14)."""
    team = Team(pushed()).began()
    team.contact()
    team.salesforce.faults.rules.append(Fault("reply", "GET", "queryAll", times=0, status=503))
    with pytest.raises(Exception, match="could not be reached"):
        team.hour()
    assert team.salesforce.rows("Lead") == {}


@pytest.mark.parametrize(
    ("object", "given", "subtype"),
    [
        ("email", 'direction "outgoing", mailbox "apollo", subject "Hello"', "Email"),
        ("call", 'status "completed", note "Hello"', "Call"),
        ("task", 'title "Hello", status "completed", completed true, type "call"', "Call"),
    ],
)
def test_subjects_of_activities_may_be_templates(object: str, given: str, subtype: str) -> None:
    """For emails, calls and tasks each (MORE-5)."""
    text = {"email": "subject", "call": "note", "task": "title"}[object]
    condition = " when completed" if object == "task" else ""
    rules = f"""{HEAD}push contact as Contact {{ match on email }}
push {object} as Task{condition}
{CONTACTS}map {object} with Task {{ "Apollo: {{{{ {text} }}}}" -> Subject }}
test "the subject says where it comes from" {{
    given contact {{ email "ada@example.com" }}
    linked with Contact {{ Email "ada@example.com" }}
    given {object} {{ {given} }}
    change {object} {{ contact contact }}
    expect create Task {{ Subject "Apollo: Hello", TaskSubtype "{subtype}" }}
}}
"""
    assert failures(verdicts(rules)[0]) == []
