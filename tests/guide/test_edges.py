"""Edges that the guide leaves open: what happens there is told by tests."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from syncrules.connectors.salesforce.simulator.org import DuplicateRule
from syncrules.engine.run import run as verbs
from syncrules.engine.store.lease import Holder
from syncrules.errors import Braked, LeaseHeld
from syncrules.tests import kills
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import ACCOUNTS, HEAD, LEADS, Team

PUSH = HEAD + "push contact as Lead { match on email }\n" + LEADS


def rows(row: str, push: str = "push contact as Lead { match on email }\n") -> str:
    """A push with one row of interest."""
    return f"""{HEAD}{push}map contact with Lead {{
    last_name <-> LastName
    email     <-> Email
    "Berg"     -> Company
    {row}
}}
"""


# ---- values ---------------------------------------------------------------------------------

VALUES = (None, "a", "b")
TITLES = {
    "title <-> Title prefer apollo": ("apollo", "both", False, False),
    "title <-> Title prefer salesforce": ("salesforce", "both", False, False),
    "title <-> Title prefer apollo clear": ("apollo", "both", True, False),
    "title <-> Title prefer salesforce clear": ("salesforce", "both", True, False),
    "title -> Title": ("apollo", "push", False, False),
    "title -> Title clear": ("apollo", "push", True, False),
    "title <- Title": ("salesforce", "pull", False, False),
    "title <- Title clear": ("salesforce", "pull", True, False),
    "title -> Title when blank": ("apollo", "push", False, True),
    "title <- Title when blank": ("salesforce", "pull", False, True),
    "title <-> Title prefer latest": ("latest", "both", False, False),
}


def after(row: str, base: str | None, left: str | None, right: str | None) -> tuple[object, object]:
    """What both sides should hold in the end, in the words of the language."""
    winner, ways, clear, blanks_only = TITLES[row]
    to_right = left != base and ways != "pull"
    to_left = right != base and ways != "push"
    if left == right or not (to_right or to_left):
        return left, right
    if to_right and to_left:
        if not clear and None in (left, right):
            to_right, to_left = left is not None, right is not None
        elif winner == "latest":
            return left, right
        else:
            to_right, to_left = winner == "apollo", winner == "salesforce"
    value, there = (left, right) if to_right else (right, left)
    if (value is None and not clear) or (blanks_only and there is not None):
        return left, right
    return value, value


def start(row: str, titles: list[tuple[str | None, str | None]]) -> Team:
    """People on both sides, who have not met yet."""
    team = Team(rows(row))
    team.run()
    for number, (left, right) in enumerate(titles):
        team.contact(f"p{number}", **({"title": left} if left else {}))
        team.lead(f"p{number}", **({"Title": right} if right else {}))
    return team


def titles(team: Team) -> list[tuple[object, object]]:
    lefts = {one["email"]: one.get("title") for one in team.apollo.rows("contact").values()}
    rights = {one["Email"]: one.get("Title") for one in team.salesforce.rows("Lead").values()}
    emails = [f"p{number}@berg.example" for number in range(len(lefts))]
    return [(lefts[email], rights[email]) for email in emails]


@pytest.mark.parametrize("row", TITLES)
def test_a_blank_erases_nothing_unless_the_row_says_so(row: str) -> None:
    """All of base, left and right in blank, a and b, for each kind of row: 27 linked people whom
    both sides edit between two runs (EDGE-8)."""
    cases = list(product(VALUES, repeat=3))
    team = start(row, [(base, base) for base, _, _ in cases])
    team.hour()
    for number, (base, left, right) in enumerate(cases):
        email = f"p{number}@berg.example"
        [contact] = [id for id, one in team.apollo.rows("contact").items() if one["email"] == email]
        [lead] = [id for id, one in team.salesforce.rows("Lead").items() if one["Email"] == email]
        if left != base:
            team.apollo.update("contact", contact, {"title": left})
        if right != base:
            team.salesforce.update("Lead", lead, {"Title": right})
    team.hour()
    wanted = [after(row, *case) for case in cases]
    found = dict(zip(cases, titles(team), strict=True))
    if TITLES[row][0] == "latest":
        # Who was seen later can't be told within a run: both stand, and are listed, or one flows.
        clear = {case for case, one in zip(cases, wanted, strict=True) if one[0] == one[1]}
        assert {case: found[case] for case in clear} == {case: after(row, *case) for case in clear}
        return
    assert found == dict(zip(cases, wanted, strict=True))
    assert team.is_quiet()


@pytest.mark.parametrize("row", TITLES)
def test_a_first_link_fills_blanks_and_guesses_no_winner(row: str) -> None:
    """All of left and right, for each kind of row: blanks are filled as the arrow points, what
    differs follows `prefer` or is listed and left alone (EDGE-9)."""
    winner, ways, _, blanks_only = TITLES[row]
    winner = winner if ways == "both" else "salesforce"  # As the head of the file says.
    cases = [(left, right) for left in VALUES for right in VALUES]
    team = start(row, cases)
    team.hour()
    wanted = []
    for left, right in cases:
        pair = left, right
        if left is None and right is not None and ways != "push":
            pair = right, right
        elif right is None and left is not None and ways != "pull":
            pair = left, left
        elif None not in pair and left != right and not blanks_only:
            if winner == "salesforce" and ways != "push":
                pair = right, right
            elif winner == "apollo" and ways != "pull":
                pair = left, left
        wanted.append(pair)
    assert titles(team) == wanted
    listed = [("conflict", 2)] if winner == "latest" else []
    assert [(one.code, len(one.records)) for one in team.errors()] == listed
    assert team.is_quiet()
    assert team.codes() == [code for code, _ in listed]


def test_a_default_never_replaces_a_value_later() -> None:
    """The company of a lead stays when the contact's turns blank; only a new lead gets the default
    (EDGE-10)."""
    team = Team(PUSH).began()
    ada = team.contact(organization_name="Analytical Engines")
    team.contact("bea")
    team.hour()
    companies = {row["Email"][:3]: row["Company"] for row in team.salesforce.rows("Lead").values()}
    assert companies == {"ada": "Analytical Engines", "bea": "Unknown"}
    team.apollo.update("contact", ada, {"organization_name": None})
    team.hour()
    assert sorted(map(str, team.right("Lead", "Company"))) == ["Analytical Engines", "Unknown"]
    assert team.is_quiet()


def test_an_unknown_status_is_one_entry_for_a_thousand_records() -> None:
    """The stage stays as it is, for each of them; the entry counts, and another unknown value is
    another entry (EDGE-11)."""
    table = 'map contact stage with Lead.Status { "Cold" <-> "Open - Not Contacted" }\n'
    rules = HEAD + "pull Lead as contact visible { match on email }\n" + LEADS + table
    team = Team(rules + "guard at most 2000 contact created per run\n").began()
    for number in range(1000):
        team.lead(f"p{number}", Status="Working - Contacted")
    team.lead("other", Status="Closed - Not Converted")
    team.hour()
    first, second = team.errors()
    assert (first.code, first.count, first.key) == ("unknown-value", 1000, None)
    assert (second.code, second.count) == ("unknown-value", 1)
    assert "Working - Contacted" in first.message
    assert len(set(team.left("contact", "contact_stage_id"))) == 1
    team.rewrite(
        HEAD
        + "pull Lead as contact visible { match on email }\n"
        + LEADS
        + table.replace(
            "}",
            '\n"Interested" <-> "Working - Contacted"\n"Replied" <-> "Closed - Not Converted"\n}',
        )
        + "guard at most 2000 contact changed per run\n"
    )
    team.hour()
    assert team.codes() == []
    stages = Counter(team.stage(one) for one in team.apollo.rows("contact"))
    assert stages == {"Interested": 1000, "Replied": 1}


def test_what_met_an_unknown_status_flows_once_it_stands_in_the_table() -> None:
    """Whoever mends the table need not touch the records again (EDGE-11)."""
    rules = HEAD + "pull Lead as contact visible { match on email }\n" + LEADS
    table = 'map contact stage with Lead.Status { "Cold" <-> "Open - Not Contacted" }\n'
    team = Team(rules + table).began()
    lead = team.lead()
    team.hour()
    team.salesforce.update("Lead", lead, {"Status": "Working - Contacted"})
    team.hour()
    [contact] = team.apollo.rows("contact")
    assert (team.codes(), team.stage(contact)) == (["unknown-value"], "Cold")
    team.rewrite(rules + table.replace("}", '\n"Interested" <-> "Working - Contacted"\n}'))
    team.hour()
    assert (team.codes(), team.stage(contact)) == ([], "Interested")
    assert team.is_quiet()


FACE = "\N{GRINNING FACE}"


@pytest.mark.parametrize("letter", ["a", "é", FACE], ids=["plain", "accent", "beyond the plane"])
@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("word", ["", "truncate"])
def test_a_text_that_does_not_fit_is_left_out_or_shortened(
    letter: str, more: int, word: str
) -> None:
    """One less than the field takes, just as many, one more: only the last is refused for that
    field, with a code, and the rest moves; `truncate` shortens it (EDGE-12)."""
    text = letter * (40 + more)
    team = Team(rows(f"first_name -> FirstName {word}")).began()
    team.contact(first_name=text)
    team.hour()
    [lead] = team.salesforce.rows("Lead").values()
    assert lead["LastName"] == "Berg"
    fits = more < 1
    assert lead.get("FirstName") == (text if fits else letter * 40 if word else None)
    assert team.codes() == ([] if fits or word else ["too-long"])


def test_a_number_that_does_not_fit_is_left_out() -> None:
    """More digits than the field takes; the rest of the lead is there (EDGE-12)."""
    team = Team(HEAD)
    team.field("Lead", "Points__c double 4.2 CUN")
    team.rewrite(rows("lead_score -> Points__c"))
    team.run()
    [score] = [one.id for one in team.apollo.team.fields if one.label == "Lead Score"]
    for name, number in (("ada", 99.5), ("bea", 100.0)):
        team.contact(name, typed_custom_fields={score: number})
    team.hour()
    points = {
        row["Email"][:3]: row.get("Points__c") for row in team.salesforce.rows("Lead").values()
    }
    assert points == {"ada": 99.5, "bea": None}
    assert team.codes() == ["out-of-range"]


def test_a_value_that_a_picklist_does_not_take_is_left_out() -> None:
    """Salesforce lets people enter what isn't listed, Apollo doesn't: the rest of the contact is
    there (EDGE-12)."""
    team = Team(HEAD)
    team.field("Lead", "Region__c picklist 255 CUN = Americas, EMEA, APAC")
    team.rewrite(rows("region <- Region__c", "pull Lead as contact visible\n"))
    team.run()
    team.lead(Region__c="Moon")
    team.lead("bea", Region__c="EMEA")
    team.hour()
    [region] = [one.id for one in team.apollo.team.fields if one.label == "Region"]
    found = {
        row["email"][:3]: bool(row["typed_custom_fields"].get(region))
        for row in team.apollo.rows("contact").values()
    }
    assert found == {"ada": False, "bea": True}
    assert team.codes() == ["not-a-choice"]


ALONG = (
    HEAD
    + """\
push contact as Contact { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}
"""
    + ACCOUNTS
)


def test_a_thousand_contacts_of_one_new_account_make_one() -> None:
    """In one run (EDGE-13)."""
    team = Team(ALONG).began()
    account = team.account()
    for number in range(1000):
        team.contact(f"p{number}", account_id=account)
    team.hour()
    [there] = team.salesforce.rows("Account")
    assert set(team.right("Contact", "AccountId")) == {there}
    assert len(team.salesforce.rows("Contact")) == 1000


def test_two_runners_at_once_make_one_account(tmp_path: Path) -> None:
    """Two processes started together: one works, the other is told who does; afterwards there is
    one account, whoever was first (EDGE-13)."""
    with kills.place(tmp_path, 5) as here:
        rules = here.folder / "rules" / "people.sync"
        rules.write_text(ALONG, encoding="utf-8")
        assert here.finish("run").code == 0
        account = here.apollo.create("account", {"name": "Berg", "domain": "one-berg.example"})
        for number in range(50):
            values = {"last_name": f"P{number}", "email": f"p{number}@one-berg.example"}
            here.apollo.create("contact", {**values, "account_id": account})
        both = [here.start("run") for _ in range(2)]
        codes = sorted(here.heard(one, 120).code for one in both)
        assert set(codes) <= {0, 1, 5}
        here.finish("run")
        made = [one for one in here.salesforce.rows("Account").values() if one["Name"] == "Berg"]
        assert len(made) == 1


def test_an_owner_without_a_counterpart_has_a_stand_in() -> None:
    """Nobody of that name, or somebody who has left: the record is written with the rule's
    fallback, else under the sync login, and it says so (EDGE-16)."""
    boss = "boss@example.com"
    for fallback in ("", boss):
        default = f' default "{fallback}"' if fallback else ""
        team = Team(rows("owner -> OwnerId" + default))
        users = team.salesforce.rows("User")
        if fallback:
            someone = max(id for id, one in users.items() if one["IsActive"])
            team.salesforce.update("User", someone, {"Email": boss})
        known = {str(one.get("Email")).lower(): id for id, one in users.items()}
        gone, counterpart = next(
            (one, known[one.email.lower()])
            for one in team.apollo.team.users
            if one.email.lower() in known and not one.deleted
            if known[one.email.lower()] != team.salesforce.org.user
        )
        team.salesforce.update("User", counterpart, {"IsActive": False})
        team.run()
        contact = team.contact(owner=gone.email)
        team.hour()
        [lead] = team.salesforce.rows("Lead").values()
        assert lead["OwnerId"] == (someone if fallback else team.salesforce.org.user)
        assert team.codes() == []
        [made] = [one for one in team.history(contact) if one.action == "create"]
        assert made.reason.endswith("its owner has no active counterpart")
        assert any("its owner has no active counterpart" in one for one in team.said)


def duplicates(team: Team) -> None:
    """The org takes two leads with one title for the same person."""
    team.salesforce.org.duplicates.append(DuplicateRule("Lead", ("Title",)))


def test_a_suspected_duplicate_is_told_and_not_forced() -> None:
    """Another lead looks alike, and the rule's keys say that it is somebody else: nothing is made,
    and an entry says what to do (EDGE-17)."""
    team = Team(PUSH).began()
    team.lead("zoe", Title="CEO")
    duplicates(team)
    team.contact(title="CEO")
    team.hour()
    team.hour()
    assert len(team.salesforce.rows("Lead")) == 1
    [entry] = team.errors()
    assert entry.code == "DUPLICATES_DETECTED"
    assert "link" in entry.advice


def test_a_suspected_duplicate_that_the_keys_know_is_linked() -> None:
    """Somebody enters the same person while the run is about to: the lead that Salesforce names is
    the one that the keys find, and it is linked (EDGE-17)."""
    team = Team(PUSH).began()
    team.salesforce.org.duplicates.append(DuplicateRule("Lead", ("Email",)))
    team.contact(title="CEO")
    made: list[str] = []
    team.during("after sent", lambda: made.append(team.lead()))
    team.hour()
    team.hour()
    assert list(team.salesforce.rows("Lead")) == made
    assert team.right("Lead", "Title") == ["CEO"]
    assert team.codes() == []


# ---- brakes ---------------------------------------------------------------------------------

PULL = (
    HEAD
    + """\
push contact as Lead {
    match on email
    on delete mark Description "Gone from Apollo"
}
pull Lead as contact visible {
    match on email
    on delete mark title "Gone"
}
"""
    + LEADS
)


def linked(rules: str, people: int) -> Team:
    """So many linked people."""
    team = Team(rules).began()
    for number in range(people):
        team.contact(f"p{number}")
    team.hour()
    team.hour()
    return team


def test_rights_that_are_taken_away_delete_nothing() -> None:
    """Half of the leads are shared with us no longer: nobody is marked, deleted or made again, the
    brake holds the run, and it says what is out of sight; once they are back, it goes on
    (EDGE-7)."""
    team = linked(PULL, 40)
    leads = sorted(team.salesforce.rows("Lead"))
    team.salesforce.org.unshared |= set(leads[:20])
    before = team.apollo.rows("contact")
    for _ in range(2):
        team.clock.sleep(24 * HOUR)
        with pytest.raises(Braked, match="20 of 40 linked Lead records") as told:
            team.run()
    assert told.value.exit_code == 3
    assert "guard at most 100% of Lead deleted per run" in told.value.fix
    assert team.apollo.rows("contact") == before
    assert len(team.salesforce.rows("Lead")) == 40
    team.salesforce.org.unshared.clear()
    [contact] = [id for id, one in before.items() if one["email"] == "p1@berg.example"]
    team.apollo.update("contact", contact, {"title": "CEO"})
    team.clock.sleep(24 * HOUR)
    team.run()
    assert team.right("Lead", "Title").count("CEO") == 1
    assert team.codes() == []


def test_one_record_out_of_sight_is_reported_and_kept() -> None:
    """It holds up nobody else; its link stays, and when it is back its changes flow (EDGE-7)."""
    team = linked(PUSH, 5)
    lead = min(team.salesforce.rows("Lead"))
    email = team.salesforce.rows("Lead")[lead]["Email"]
    [contact] = [id for id, one in team.apollo.rows("contact").items() if one["email"] == email]
    team.salesforce.org.unshared.add(lead)
    team.apollo.update("contact", contact, {"title": "CEO"})
    team.contact("new")
    team.hour()
    assert len(team.salesforce.rows("Lead")) == 6
    assert team.salesforce.rows("Lead")[lead].get("Title") is None
    [entry] = team.errors()
    assert entry.code == "out-of-sight"
    assert entry.advice
    team.salesforce.org.unshared.clear()
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    assert team.salesforce.rows("Lead")[lead]["Title"] == "CEO"
    assert team.codes() == []
    assert len(team.salesforce.rows("Lead")) == 6


def test_what_was_done_with_a_record_while_it_was_out_of_sight_is_not_written_over() -> None:
    """No feed tells of it, so that a retry looks at the record before it decides (EDGE-7)."""
    team = linked(PUSH, 5)
    lead = min(team.salesforce.rows("Lead"))
    email = team.salesforce.rows("Lead")[lead]["Email"]
    [contact] = [id for id, one in team.apollo.rows("contact").items() if one["email"] == email]
    team.salesforce.org.unshared.add(lead)
    team.salesforce.update("Lead", lead, {"LastName": "Byron"})
    team.apollo.update("contact", contact, {"last_name": "King", "title": "CEO"})
    team.hour()
    [entry] = team.errors()
    assert entry.code == "out-of-sight"
    team.salesforce.org.unshared.clear()
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    row = team.salesforce.rows("Lead")[lead]
    assert (row["LastName"], row["Title"]) == ("Byron", "CEO")
    team.hour()
    assert team.apollo.rows("contact")[contact]["last_name"] == "Byron"
    assert team.codes() == []


def test_who_is_out_of_sight_is_told_though_nothing_is_to_be_written() -> None:
    """A few of many, too few for the brake: kept, and one entry names them until they are shown
    again, which brings what was done with them meanwhile; then it is over (EDGE-7)."""
    team = linked(PULL, 40)
    rows = team.salesforce.rows("Lead")
    some = sorted(rows)[:4]
    emails = sorted(str(rows[id]["Email"]) for id in some)
    before = team.apollo.rows("contact")
    team.salesforce.org.unshared |= set(some)
    team.clock.sleep(24 * HOUR)
    assert team.run().exit_code == 1
    for _ in range(2):
        [entry] = team.errors()
        assert (entry.code, entry.operation, entry.object) == ("out-of-sight", "read", "Lead")
        assert sorted(one.name for one in entry.records) == emails
        assert entry.count == 4
        assert entry.advice
        team.hour()
    assert team.apollo.rows("contact") == before
    assert len(team.salesforce.rows("Lead")) == 40
    team.salesforce.update("Lead", some[0], {"Title": "CEO"})
    team.salesforce.org.unshared.difference_update(some[:2])
    team.hour()
    assert team.left("contact", "title").count("CEO") == 1
    assert sorted(one.record for one in team.errors()[0].records) == some[2:]
    team.salesforce.delete("Lead", some[2])
    team.salesforce.org.unshared.clear()
    team.retry(team.errors()[0].id)
    assert team.errors() == []
    assert team.hour().exit_code == 0


def test_an_entry_of_who_is_purged_unseen_says_what_ends_it() -> None:
    """Nobody can tell them from who is not shared with us: the guard that the entry names says that
    they may be gone, and nothing else comes of it (EDGE-7)."""
    team = linked(PULL, 40)
    team.salesforce.delete("Lead", min(team.salesforce.rows("Lead")), purged=True)
    team.clock.sleep(24 * HOUR)
    assert team.run().exit_code == 1
    [entry] = team.errors()
    assert entry.code == "out-of-sight"
    assert team.retry(entry.id).exit_code == 1
    [guard] = re.findall("`(guard .*)`", entry.advice)
    before = team.apollo.rows("contact")
    team.rewrite(f"{PULL}{guard}\n")
    assert team.hour().exit_code == 0
    assert team.errors() == []
    team.clock.sleep(24 * HOUR)
    assert team.run().exit_code == 0
    assert team.apollo.rows("contact") == before
    assert len(team.salesforce.rows("Lead")) == 39


def test_who_is_out_of_sight_is_told_once() -> None:
    """By a look, and by a write that meets it: one entry, and no more than one line of each
    (EDGE-7)."""
    team = linked(PUSH, 10)
    some = sorted(team.salesforce.rows("Lead"))[:2]
    emails = {team.salesforce.rows("Lead")[id]["Email"] for id in some}
    team.salesforce.org.unshared |= set(some)
    team.clock.sleep(24 * HOUR)
    team.run()
    for id, row in team.apollo.rows("contact").items():
        if row["email"] in emails:
            team.apollo.update("contact", id, {"title": "CEO"})
    team.hour()
    team.hour()
    [entry] = team.errors()
    assert {one.name for one in entry.records} == emails
    assert len(entry.records) == 2
    team.salesforce.org.unshared.clear()
    team.clock.sleep(HOUR)
    team.retry(entry.id)
    assert team.errors() == []
    assert team.right("Lead", "Title").count("CEO") == 2
    assert team.is_quiet()


LARGE = HEAD + "enrich existing Lead with contact\n" + LEADS


def large(people: int) -> Team:
    """So many people on both sides whom no run has seen."""
    team = Team(LARGE)
    for number in range(people):
        team.contact(f"p{number}", title="CEO")
        team.lead(f"p{number}")
    return team


def test_a_large_first_run_writes_nothing_unless_asked_for() -> None:
    """An old org: the first run would change hundreds of records. It writes nothing, ends with 3,
    and says how to look and how to go on; a backfill then does it (EDGE-20)."""
    team = large(600)
    for _ in range(2):
        team.clock.sleep(HOUR)
        with pytest.raises(Braked) as told:
            team.run()
        assert told.value.exit_code == 3
        assert "600" in told.value.what
        assert "syncrules preview" in told.value.fix
        assert "syncrules backfill" in told.value.fix
    assert set(team.right("Lead", "Title")) == {None}
    team.backfill("pull", "Lead")
    assert set(team.right("Lead", "Title")) == {"CEO"}
    assert team.hour().exit_code == 0


def test_a_small_first_run_goes_ahead() -> None:
    """As many as a person would look through (EDGE-20)."""
    team = large(50)
    assert team.run().exit_code == 0
    assert set(team.right("Lead", "Title")) == {"CEO"}


def test_two_runners_share_no_lease() -> None:
    """While one is at work another is told so, and makes nothing (EDGE-13)."""
    team = Team(ALONG).began()
    team.contact(account_id=team.account())
    refused: list[object] = []

    def second() -> None:
        try:
            verbs.run(team.held_by(Holder("elsewhere", 1, "", "elsewhere")))
        except LeaseHeld as error:
            refused.append(error)

    team.during("after sent", second)
    team.hour()
    assert len(refused) == 1
    assert len(team.salesforce.rows("Account")) == 1


def test_a_guard_lets_runs_go_on_where_records_are_gone_for_good() -> None:
    """Somebody has emptied the bin while nobody ran: a written guard takes the brake's place, and
    still nothing is deleted on the other side (EDGE-7)."""
    team = linked(PULL + "guard at most 100% of Lead deleted per run\n", 40)
    team.salesforce.org.unshared |= set(sorted(team.salesforce.rows("Lead"))[:20])
    before = team.apollo.rows("contact")
    team.clock.sleep(24 * HOUR)
    assert team.run().exit_code == 0
    assert team.apollo.rows("contact") == before
