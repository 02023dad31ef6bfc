"""Contacts, from Apollo to Salesforce: what is created, when, with which label, what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from syncrules.connectors.base.wire import Request
from syncrules.tests.both import URLS
from syncrules.tests.guide.team import CONTACTS, HEAD, LEADS, Desk, Team, codes, listed

PUSH = HEAD + "push contact as Lead { match on email }\n" + LEADS
SOME = ("Interested", "Replied")
STAGES = HEAD + f"push contact as Lead when stage in {listed(SOME)} {{ match on email }}\n" + LEADS


def test_a_rule_makes_a_record_of_each_new_contact() -> None:
    """With the push one contact is one record; with the map alone there is none (CPU-1)."""
    for rules, made in ((PUSH, 1), (HEAD + "pull Lead as contact hidden\n" + LEADS, 0)):
        team = Team(rules).began()
        team.contact()
        team.hour()
        assert len(team.salesforce.rows("Lead")) == made
        assert team.is_quiet()


def test_only_contacts_in_the_named_stages_are_created() -> None:
    """One contact in each stage of the team: exactly the named ones are there (CPU-2)."""
    team = Team(STAGES).began()
    for place, stage in enumerate(team.stages()):
        team.contact(f"p{place}", stage=stage, title=stage)
    team.hour()
    assert len(team.stages()) > len(SOME)
    assert sorted(map(str, team.right("Lead", "Title"))) == sorted(SOME)


def test_a_contact_is_created_when_it_reaches_a_stage() -> None:
    """In no named stage at first; the run after the move makes the lead (CPU-3)."""
    team = Team(STAGES).began()
    ada = team.contact(stage="Cold")
    team.hour()
    team.hour()
    assert team.salesforce.rows("Lead") == {}
    team.apollo.update("contact", ada, {"stage": "Replied"})
    team.hour()
    assert team.right("Lead", "Email") == ["ada@berg.example"]


def test_a_contact_that_was_there_before_the_rule_is_created_when_it_moves() -> None:
    """It didn't satisfy the rule when that came, so it waits for nothing (CPU-3)."""
    team = Team(STAGES)
    ada = team.contact(stage="Cold")
    assert team.run().waiting == {}
    team.apollo.update("contact", ada, {"stage": "Interested"})
    team.hour()
    assert len(team.salesforce.rows("Lead")) == 1


def test_who_came_by_mail_waits_for_the_stage_too() -> None:
    """However a contact came into being, its stage decides (CPU-4)."""
    team = Team(STAGES).began()
    ada = team.contact(stage="Cold", source="email_import")
    team.hour()
    assert team.salesforce.rows("Lead") == {}
    team.apollo.update("contact", ada, {"stage": "Interested"})
    team.hour()
    assert len(team.salesforce.rows("Lead")) == 1


@pytest.mark.parametrize(
    ("object", "other", "rows"), [("Lead", "Contact", LEADS), ("Contact", "Lead", CONTACTS)]
)
def test_the_rule_says_what_a_contact_becomes(object: str, other: str, rows: str) -> None:
    """The same file with each target makes records of that object alone (CPU-5)."""
    team = Team(HEAD + f"push contact as {object} {{ match on email }}\n" + rows).began()
    team.contact()
    team.hour()
    assert len(team.salesforce.rows(object)) == 1
    assert team.salesforce.rows(other) == {}


@pytest.mark.parametrize("push", ["push contact", "push contact as", "push contact as Person"])
def test_a_push_without_a_target_is_found(push: str) -> None:
    """Nothing is guessed: it must say what a contact becomes (CPU-5)."""
    assert codes(HEAD + push + "\n" + LEADS)


def test_the_label_stands_on_what_was_created_and_on_nothing_else() -> None:
    """The team's own words; a lead that was there keeps its source, now and at later changes
    (CPU-6)."""
    team = Team(PUSH.replace("match on email }", 'match on email\n source "Our Apollo" }')).began()
    team.lead("bea", LeadSource="Web")
    team.lead("cleo")
    ids = [team.contact(name) for name in ("ada", "bea", "cleo")]
    team.hour()

    def labels() -> dict[object, object]:
        rows = team.salesforce.rows("Lead").values()
        return {row["FirstName"]: row.get("LeadSource") for row in rows}

    wanted = {"Ada": "Our Apollo", "Bea": "Web", "Cleo": None}
    assert labels() == wanted
    [made] = [id for id, row in team.salesforce.rows("Lead").items() if row["FirstName"] == "Ada"]
    team.salesforce.update("Lead", made, {"LeadSource": "Other"})
    for id in ids:
        team.apollo.update("contact", id, {"title": "CEO"})
    team.hour()
    assert team.right("Lead", "Title") == ["CEO"] * 3
    assert labels() == {**wanted, "Ada": "Other"}


def test_the_label_finds_what_the_sync_created() -> None:
    """A query by label in Salesforce and the audit's list of creations are the same (CPU-7)."""
    team = Team(PUSH.replace("match on email }", 'match on email\n source "Apollo" }')).began()
    for name in ("bea", "cleo"):
        team.lead(name)
    ids = [team.contact(name) for name in ("ada", "bea", "cleo", "dora", "eva")]
    team.hour()
    query = quote("SELECT Id FROM Lead WHERE LeadSource = 'Apollo'")
    token = team.world.sent[-1].headers["authorization"]
    asked = Request(
        "GET",
        f"{URLS['salesforce']}/services/data/v60.0/query?q={query}",
        {"authorization": token},
        b"",
    )
    found = {one["Id"] for one in team.salesforce.handle(asked).json()["records"]}
    told = {
        one.record
        for id in ids
        for one in team.history(id)
        if (one.action, one.state) == ("create", "done")
    }
    assert len(told) == 3
    assert found == told


def test_changes_of_a_linked_contact_flow_without_the_push() -> None:
    """The rule is taken out of the file, and the lead still follows; nothing new is made
    (CPU-8)."""
    team = Team(PUSH).began()
    ada = team.contact()
    team.hour()
    team.rewrite(HEAD + LEADS)
    team.apollo.update("contact", ada, {"title": "CEO"})
    team.contact("bea")
    team.hour()
    assert team.right("Lead", "Title") == ["CEO"]


def test_an_update_asks_no_stage() -> None:
    """Out of the named stages the lead still follows, and back in them there is no second one
    (CPU-9)."""
    team = Team(STAGES).began()
    ada = team.contact(stage="Replied")
    team.hour()
    team.apollo.update("contact", ada, {"stage": "Cold", "title": "CEO"})
    team.hour()
    assert team.right("Lead", "Title") == ["CEO"]
    team.apollo.update("contact", ada, {"stage": "Interested", "title": "Chair"})
    team.hour()
    assert team.right("Lead", "Title") == ["Chair"]


MANY = 100


def people(team: Team) -> None:
    for number in range(MANY):
        team.contact(f"p{number}", title=f"Chief {number}")


def test_what_was_there_before_waits_and_is_counted() -> None:
    """A hundred old contacts: no run makes a lead, and each says how many wait (CPU-10)."""
    team = Team(PUSH)
    people(team)
    assert team.run().waiting == {"push contact as Lead": MANY}
    assert f"{MANY}  records were there before" in team.said[-1]
    assert "syncrules backfill push contact" in team.said[-1]
    team.contact("new")
    assert team.hour().waiting == {"push contact as Lead": MANY}
    assert team.right("Lead", "Email") == ["new@berg.example"]


def test_status_counts_all_that_waits_as_the_run_does(desk: Callable[..., Desk]) -> None:
    """Also those who are there already, as Lead or as Contact (CPU-10)."""
    here = desk(STAGES, people=200)
    said = here.type("run").out
    [pair] = here.type("status", "--format", "json").json()["status"]
    assert f"{pair['rules'][0]['waiting']}  records were there before" in said


def test_an_edited_rule_takes_nothing_old_along() -> None:
    """More stages from now on: those who are in them already wait (CPU-10)."""
    team = Team(STAGES).began()
    team.contact(stage="Cold")
    team.hour()
    team.rewrite(STAGES.replace('"Replied"', '"Replied", "Cold"'))
    assert team.hour().waiting == {"push contact as Lead": 1}
    assert team.salesforce.rows("Lead") == {}


def test_a_backfill_makes_all_of_them_once() -> None:
    """All are there; a second one writes nothing, and nothing waits (CPU-11)."""
    team = Team(PUSH)
    people(team)
    team.run()
    result = team.backfill("push", "contact")
    titles = {f"Chief {number}" for number in range(MANY)}
    assert set(team.right("Lead", "Title")) == titles
    assert len(team.salesforce.rows("Lead")) == MANY
    assert result.waiting == {}
    assert team.writes(lambda: team.backfill("push", "contact")) == (0, 0)


class Stopped(BaseException):
    """Somebody pulls the plug."""


def test_a_backfill_that_is_interrupted_goes_on() -> None:
    """Stopped after every request, of eight records each, and called again: all are there once,
    as after one that nobody stopped (CPU-11)."""
    team = Team(PUSH)
    people(team)
    team.run()
    team.setup = replace(team.setup, sizes={"apollo": 100, "salesforce": 2})

    stops = 0
    ended = False
    while not ended:
        known = len(team.salesforce.rows("Lead"))
        place = ("before settled", "after settled")[stops % 2]

        def stop(point: str, known: int = known, place: str = place) -> None:
            if point == place and len(team.salesforce.rows("Lead")) >= known + 8:
                raise Stopped

        team.world.on_point = stop
        try:
            team.backfill("push", "contact")
            ended = True
        except Stopped:
            stops += 1
            team.clock.sleep(600)
    team.world.on_point = None
    assert stops == MANY // 8
    assert sorted(map(str, team.right("Lead", "Title"))) == sorted(
        f"Chief {number}" for number in range(MANY)
    )
    assert team.writes(lambda: team.backfill("push", "contact")) == (0, 0)
    assert team.codes() == []


LACKING = (
    HEAD
    + """\
push contact as Lead {
    match on email
}
map contact with Lead {
    last_name <-> LastName
    email     <-> Email
}
"""
)
LONGER = PUSH.replace("organization_name", "nickname <- Title\n    organization_name")


@pytest.mark.parametrize(
    ("rules", "code"), [(LACKING, "required-field-unfilled"), (LONGER, "may-not-fit")]
)
def test_a_backfill_waits_for_complete_maps(
    desk: Callable[..., Desk], rules: str, code: str
) -> None:
    """A required field that no row fills, a text that may be too long: nothing is asked or made
    (CPU-12)."""
    here = desk(rules, people=10)
    before = here.requests()
    for more in ((), ("--dry-run",)):
        ended = here.type("backfill", "push", "contact", *more)
        assert (ended.code, here.requests()) == (1, before)
        assert code in ended.err
        assert "nothing was started" in ended.err


def test_a_backfill_goes_ahead_where_the_file_says_that_it_is_meant(
    desk: Callable[..., Desk],
) -> None:
    """`allow` accepts the finding, with a reason (CPU-12)."""
    allowed = 'nickname <- Title\n    allow may-not-fit because "our titles are short"'
    here = desk(LONGER.replace("nickname <- Title", allowed), people=10)
    assert here.type("check").code == 0
    assert here.type("backfill", "push", "contact").code == 0
    assert here.salesforce.rows("Lead")


def test_what_a_backfill_would_do_can_be_seen_beforehand(desk: Callable[..., Desk]) -> None:
    """Each change, and no write; the backfill then makes just these (CPU-12)."""
    here = desk(PUSH, people=20)
    known = set(here.salesforce.rows("Lead"))
    seen = here.type("backfill", "push", "contact", "--dry-run", "--format", "json").json()
    assert set(here.salesforce.rows("Lead")) == known
    assert not here.salesforce.counts["POST composite/sobjects"]
    made = here.type("backfill", "push", "contact", "--format", "json").json()
    creates = [one["key"] for one in made["changes"] if one["action"] == "create"]
    assert creates == [one["key"] for one in seen["changes"] if one["action"] == "create"]
    assert len(set(here.salesforce.rows("Lead")) - known) == len(creates) > 5


@pytest.mark.parametrize(("answer", "made"), [("n", False), ("y", True)])
def test_on_a_terminal_a_backfill_is_shown_and_asks(
    desk: Callable[..., Desk], answer: str, made: bool
) -> None:
    """The preview comes first; only a yes writes (CPU-12)."""
    here = desk(PUSH, people=10)
    said = here.at_terminal(answer, "backfill", "push", "contact")
    assert "would be created" in said
    assert said.index("would be created") < said.index("carry it out?")
    assert bool(here.salesforce.counts["POST composite/sobjects"]) == made
