"""Accounts: their stage, by a table or from the opportunities."""

from __future__ import annotations

import pytest
from syncrules import dsl
from syncrules.docs.examples import simulated
from syncrules.tests.guide.team import ACCOUNTS, HEAD, Team, codes

BASE = HEAD + "pull Account as account visible { match on domain }\n" + ACCOUNTS
INFER = "infer account stage from opportunities\n"
TABLE = """\
map account stage with Account.Customer_Status__c {
    "Cold"               <-> "Prospect"
    "Active Opportunity" <-> "Evaluating"
    "Current Client"     <-> "Customer"
    "Dead Opportunity"   <-> "Former Customer"
    "Do Not Prospect"    <-> "Former Customer"
}
"""


def account(team: Team) -> tuple[str, str]:
    """An account that stands on both sides."""
    there = team.sf_account()
    team.hour()
    [here] = team.apollo.rows("account")
    return here, there


def deal(team: Team, there: str, stage: str = "Prospecting") -> str:
    values = {"Name": "Deal", "AccountId": there, "StageName": stage, "CloseDate": "2026-03-01"}
    return team.salesforce.create("Opportunity", values)


def test_one_of_two_ways_is_chosen() -> None:
    """Both in one file are a mistake; each alone is right (AST-1)."""
    assert "table-twice-with-infer" in codes(BASE + TABLE + INFER)
    assert codes(BASE + INFER) == []
    found = dsl.check({"rules.sync": BASE + TABLE}, simulated()).findings
    assert [one.code for one in found if one.severity != "info"] == []


def test_without_either_way_stages_stay_where_they_are() -> None:
    """Opportunities and statuses come and go (AST-1)."""
    team = Team(BASE).began()
    here, there = account(team)
    before = team.stage(here, "account")
    deal(team, there, "Closed Won")
    team.salesforce.update("Account", there, {"Customer_Status__c": "Customer"})
    team.hour()
    assert team.stage(here, "account") == before


def test_the_stage_follows_the_opportunities() -> None:
    """Open, lost, re-opened, won, deleted: the bare sentence is enough (AST-2, AST-3)."""
    team = Team(BASE + INFER).began()
    here, there = account(team)
    one = deal(team, there)

    def then(stage: str = "") -> str:
        if stage:
            team.salesforce.update("Opportunity", one, {"StageName": stage})
        team.hour()
        return team.stage(here, "account")

    assert then() == "Active Opportunity"
    assert then("Closed Lost") == "Dead Opportunity"
    assert then("Proposal/Price Quote") == "Active Opportunity"
    assert then("Closed Won") == "Current Client"
    other = deal(team, there, "Closed Lost")
    assert then() == "Current Client"
    team.salesforce.delete("Opportunity", one)
    assert then() == "Dead Opportunity"
    team.salesforce.delete("Opportunity", other)
    assert then() == "Dead Opportunity"
    assert team.is_quiet()


def test_the_bare_sentence_alone_is_a_whole_file() -> None:
    """No finding, and the plan tells which arms it stands for (AST-3)."""
    team = Team(HEAD + INFER)
    [infer] = team.plan.flows[0].infers
    assert [one.value for one in infer.arms] == [
        "Current Client",
        "Active Opportunity",
        "Dead Opportunity",
    ]
    here = team.account()
    there = team.sf_account()
    team.run()
    team.backfill("push", "account")
    deal(team, there)
    team.hour()
    assert team.stage(here, "account") == "Active Opportunity"


def test_a_custom_picklist_is_the_status() -> None:
    """Each pair, both ways (AST-4)."""
    team = Team(BASE + TABLE).began()
    here, there = account(team)
    pairs = (
        ("Active Opportunity", "Evaluating"),
        ("Current Client", "Customer"),
        ("Cold", "Prospect"),
    )
    for stage, status in pairs:
        team.apollo.update("account", here, {"stage": stage})
        team.hour()
        assert team.right("Account", "Customer_Status__c") == [status]
    for stage, status in pairs:
        team.salesforce.update("Account", there, {"Customer_Status__c": status})
        team.hour()
        assert team.stage(here, "account") == stage
    assert team.is_quiet()


def test_stages_may_share_a_status() -> None:
    """Both go there; on the way back the first row counts, and `check` says which (AST-7)."""
    [found] = dsl.check({"rules.sync": BASE + TABLE}, simulated()).findings
    assert (found.code, found.severity) == ("shared-value", "info")
    [further] = found.further
    assert (further.label, further.span.line) == ("this row is taken", 12)
    team = Team(BASE + TABLE).began()
    here, there = account(team)
    for stage in ("Do Not Prospect", "Dead Opportunity"):
        team.apollo.update("account", here, {"stage": stage})
        team.hour()
        assert team.right("Account", "Customer_Status__c") == ["Former Customer"]
        # What we wrote does not come back as the other of the two.
        team.hour()
        assert team.stage(here, "account") == stage
    team.salesforce.update("Account", there, {"Customer_Status__c": "Customer"})
    team.hour()
    team.salesforce.update("Account", there, {"Customer_Status__c": "Former Customer"})
    team.hour()
    assert team.stage(here, "account") == "Dead Opportunity"


@pytest.mark.parametrize("stage", ["Cold", "Do Not Prospect"])
def test_every_stage_must_be_in_the_table(stage: str) -> None:
    """The one that is left out is named (AST-8)."""
    rows = [one for one in TABLE.splitlines(keepends=True) if f'"{stage}"' not in one]
    found = dsl.check({"rules.sync": BASE + "".join(rows)}, simulated()).findings
    [one] = [one for one in found if one.severity != "info"]
    assert one.code == "table-not-total"
    assert stage in one.title + one.note + one.help


def test_a_status_that_the_field_does_not_have_is_found() -> None:
    """Statuses are the options of the field that was chosen; the nearest is told (AST-9)."""
    wrong = BASE + TABLE.replace('"Evaluating"', '"Evaluatin"')
    [found] = [
        one
        for one in dsl.check({"rules.sync": wrong}, simulated()).findings
        if one.severity != "info"
    ]
    assert found.code == "unknown-value"
    assert "Evaluating" in (found.fix or "") + found.help


def test_an_option_that_the_field_gains_may_be_named() -> None:
    """After the schemas were pulled again; one that it loses is found (AST-9)."""
    team = Team(BASE + TABLE)
    line = "Customer_Status__c picklist 255 CUNR = Prospect, Trial, Customer, Former Customer"
    trial = BASE + TABLE.replace('"Evaluating"', '"Trial"')
    assert "unknown-value" in codes(trial, team.schemas())
    team.field("Account", line)
    assert "unknown-value" not in codes(trial, team.schemas())
    assert "unknown-value" in codes(BASE + TABLE, team.schemas())


# ---- edges ----------------------------------------------------------------------------------


def test_an_opportunity_that_moves_counts_at_both_accounts() -> None:
    """The old one has none any more and another one lost; the new one has it now (EDGE-18)."""
    team = Team(BASE + INFER).began()
    here, there = account(team)
    other_there = team.sf_account("Other", "other.example")
    team.hour()
    [other] = set(team.apollo.rows("account")) - {here}
    deal(team, there, "Closed Lost")
    moving = deal(team, there)
    team.hour()
    assert team.stage(here, "account") == "Active Opportunity"
    team.salesforce.update("Opportunity", moving, {"AccountId": other_there})
    team.hour()
    assert team.stage(here, "account") == "Dead Opportunity"
    assert team.stage(other, "account") == "Active Opportunity"


@pytest.mark.parametrize("what", ["re-opened", "deleted", "put back"])
def test_an_opportunity_that_is_opened_again_or_goes_is_counted_anew(what: str) -> None:
    """The stage is worked out from those that are there now (EDGE-18)."""
    team = Team(BASE + INFER).began()
    here, there = account(team)
    deal(team, there, "Closed Lost")
    one = deal(team, there, "Closed Won")
    team.hour()
    assert team.stage(here, "account") == "Current Client"
    if what == "re-opened":
        team.salesforce.update("Opportunity", one, {"StageName": "Prospecting"})
    else:
        team.salesforce.delete("Opportunity", one)
    team.hour()
    wanted = "Active Opportunity" if what == "re-opened" else "Dead Opportunity"
    assert team.stage(here, "account") == wanted
    if what == "put back":
        team.salesforce.undelete("Opportunity", one)
        team.hour()
        assert team.stage(here, "account") == "Current Client"


def test_where_no_arm_is_true_the_stage_stays() -> None:
    """An account without opportunities: no write, whatever somebody set by hand (EDGE-19)."""
    team = Team(BASE + INFER).began()
    here, _ = account(team)
    team.apollo.update("account", here, {"stage": "Do Not Prospect"})
    assert team.is_quiet()
    assert team.stage(here, "account") == "Do Not Prospect"
