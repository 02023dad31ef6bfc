"""An `infer` that is added or edited acts from now on: no stage is replaced but by what changes."""

from __future__ import annotations

import pytest
from sqlalchemy import func, update
from syncrules.engine.report import result_text
from syncrules.engine.run.run import Result
from syncrules.engine.store import tables
from syncrules.engine.store.database import statement, table
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push account as Account { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""
MAP = "map contact with Lead { last_name -> LastName }\n"
INFER = "infer account stage from opportunities\n"
OTHER = """\
infer account stage from opportunities {
    "Current Client" when any are open
}
"""


class World:
    """Companies of both systems whose stages somebody has set; all but the last have a deal."""

    def __init__(self, rules: str = RULES, state: str = "sqlite://") -> None:
        self.both = Both(rules, state=state)
        self.both.run()
        for name in ("a", "b", "c"):
            self.both.apollo.create("account", {"name": name, "domain": f"{name}.example"})
        self.later()
        self.accounts = sorted(self.both.apollo.rows("account"))
        self.rights = sorted(self.both.salesforce.rows("Account"))
        self.deals = [self.deal(one) for one in self.rights[:2]]
        self.later()

    def deal(self, account: str) -> str:
        values = {"Name": "Big", "AccountId": account, "StageName": "Prospecting"}
        return self.both.salesforce.create("Opportunity", {**values, "CloseDate": "2026-12-01"})

    def won(self, deal: str) -> None:
        self.both.salesforce.update("Opportunity", deal, {"StageName": "Closed Won"})

    def later(self) -> Result:
        self.both.clock.sleep(HOUR)
        return self.both.run()

    def backfill(self) -> Result:
        self.both.clock.sleep(HOUR)
        return self.both.backfill("push", "account")

    def stages(self) -> list[str]:
        names = {one.id: one.name for one in self.both.apollo.team.account_stages}
        rows = self.both.apollo.rows("account")
        return [names[str(rows[one]["account_stage_id"])] for one in self.accounts]

    def set(self, place: int, stage: str) -> None:
        ids = {one.name: one.id for one in self.both.apollo.team.account_stages}
        self.both.apollo.update("account", self.accounts[place], {"account_stage_id": ids[stage]})

    def waits(self, result: Result) -> int:
        found = [one for one in result.behind if one.backfill == "syncrules backfill push account"]
        return found[0].count if found else 0


def test_an_infer_that_is_added_replaces_no_stage_by_itself() -> None:
    """Also where the account is looked at for another reason. Runs say how many wait, `why` what
    for; a deal that changes, and the first one of a company, change its stage as ever."""
    world = World()
    world.both.edit(RULES + INFER)
    assert (world.both.preview().counts, world.waits(world.both.preview())) == ({}, 2)
    result = world.later()
    assert (result.counts, world.waits(result)) == ({}, 2)
    assert "or an `infer` beside it, and wait for `syncrules backfill push" in result_text(result)
    world.both.salesforce.update("Account", world.rights[0], {"Name": "A"})
    world.later()
    assert world.stages() == ["Cold"] * 3
    found = why(
        world.both.setup.plan, ORG, world.both.db, world.both.world, world.accounts[0], "stage"
    )
    assert "as when the rule was written: `syncrules backfill push account` sets it" in (
        why_text(found)
    )
    world.won(world.deals[0])
    world.deal(world.rights[2])
    result = world.later()
    assert world.stages() == ["Current Client", "Cold", "Active Opportunity"]
    assert world.waits(result) == 1
    world.backfill()
    assert world.stages() == ["Current Client", "Active Opportunity", "Active Opportunity"]
    result = world.later()
    assert (result.counts, world.waits(result)) == ({}, 0)


def test_a_backfill_leaves_what_somebody_has_set_since() -> None:
    world = World()
    world.both.edit(RULES + INFER)
    world.later()
    world.set(0, "Do Not Prospect")
    world.later()
    world.backfill()
    assert world.stages() == ["Do Not Prospect", "Active Opportunity", "Cold"]
    assert world.waits(world.later()) == 0


def test_arms_that_are_edited_act_from_now_on() -> None:
    """A change of the file alone is no change of what is inferred."""
    world = World(RULES + INFER)
    assert world.stages() == ["Active Opportunity"] * 2 + ["Cold"]
    world.set(1, "Do Not Prospect")
    world.later()
    world.both.edit(RULES + OTHER)
    assert world.waits(world.later()) == 2
    world.both.salesforce.update("Account", world.rights[1], {"Name": "B"})
    world.later()
    assert world.stages() == ["Active Opportunity", "Do Not Prospect", "Cold"]
    world.backfill()
    assert world.stages() == ["Current Client"] * 2 + ["Cold"]


@pytest.mark.parametrize("noted", [True, False])
def test_a_deal_that_changes_as_other_rules_are_edited_counts(noted: bool) -> None:
    """Also in a state of a version that didn't note what was inferred."""
    world = World(RULES + INFER)
    world.won(world.deals[0])
    world.deal(world.rights[2])
    if not noted:
        world.both.db.run(_FORGET)
    world.both.edit(RULES.replace("    domain <-> Website\n", "    domain -> Website\n") + INFER)
    world.later()
    assert world.stages() == ["Current Client", "Active Opportunity", "Active Opportunity"]


_C = table(tables.Cursor)
_FORGET = statement(
    update(_C)
    .where(_C.c.purpose == "rows")
    .values(cursor=func.replace(_C.c.cursor, '"="', '"none|none"'))
)


def test_an_infer_alone_names_a_backfill_that_there_is() -> None:
    """It has no direction: the one that brings over what waits for it is told."""
    world = World("sync apollo with salesforce\npush contact as Lead update only\n" + MAP)
    for name in ("a", "b", "c"):
        account = {"Name": name, "Website": f"{name}.example"}
        world.deal(world.both.salesforce.create("Account", account))
    world.later()
    world.both.edit("sync apollo with salesforce\n" + INFER)
    result = world.later()
    assert result.backfills == {
        "infer account stage from opportunities": "syncrules backfill pull Account"
    }
    assert "and wait for `syncrules backfill pull Account`" in result_text(result)
    world.both.clock.sleep(HOUR)
    world.both.backfill("pull", "Account")
    assert world.stages() == ["Active Opportunity"] * 3


def test_it_is_the_same_with_a_state_in_postgresql(postgres_url: str) -> None:
    world = World(state=postgres_url)
    world.both.edit(RULES + INFER)
    assert world.waits(world.later()) == 2
    world.backfill()
    assert world.stages() == ["Active Opportunity"] * 2 + ["Cold"]
    world.both.db.close()
