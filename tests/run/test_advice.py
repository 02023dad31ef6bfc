"""What entries advise, done to the letter by somebody who knows no more: they are over (R9)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syncrules.engine.run.codes import ADVICE
from syncrules.tests.both import HOUR
from syncrules.tests.guide.team import ACCOUNTS, HEAD, LEADS, Team

DAY = 24 * HOUR
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("retried", [True, False])
def test_who_is_merged_by_hand_is_over_where_the_system_does_not_tell_of_it(retried: bool) -> None:
    """Apollo tells a merge as a deletion, which no feed has: who is to be merged is looked at once
    a day, and by a retry."""
    rules = HEAD + "pull Lead as contact visible {\n    match on email\n    on merge merge\n}\n"
    team = Team(rules + LEADS).began()
    kept, lost = team.lead("ada"), team.lead("bea")
    team.hour()
    team.salesforce.merge("Lead", kept, [lost])
    team.hour()
    team.hour()
    [entry] = team.errors()
    assert (entry.code, entry.key) == ("merge-by-hand", "bea@berg.example")
    rows = team.apollo.rows("contact").items()
    [ada], [bea] = (
        [id for id, one in rows if one["first_name"] == name] for name in ("Ada", "Bea")
    )
    team.apollo.delete("contact", bea)
    if retried:
        team.retry(entry.id)
    else:
        team.clock.sleep(DAY)
        team.run()
    assert team.errors() == []
    team.salesforce.update("Lead", kept, {"Title": "CEO"})
    team.hour()
    assert team.apollo.rows("contact")[ada]["title"] == "CEO"
    assert team.is_quiet()


def test_who_is_merged_by_hand_is_looked_at_once_a_day() -> None:
    """As long as nobody has done it, an hour's run asks for nothing."""
    rules = HEAD + "push account as Account\npull Account as account {\n    on merge merge\n}\n"
    team = Team(rules + ACCOUNTS).began()
    team.account("Acme", "acme.example")
    team.account("Bolt", "bolt.example")
    team.hour()
    kept, lost = team.salesforce.rows("Account")
    team.salesforce.merge("Account", kept, [lost])
    team.hour()
    team.hour()
    before = team.calls()
    for _ in range(10):
        team.hour()
    assert team.since(before).apollo["accounts/show"] == 0
    assert team.codes() == ["merge-by-hand"]


def test_who_shares_a_key_on_both_sides_is_told_by_it() -> None:
    """Two contacts and two Leads are one entry, which names the key and some who have it."""
    rules = HEAD + "push contact as Lead { match on email }\npull Lead as contact visible\n" + LEADS
    team = Team(rules).began()
    for _ in range(2):
        team.contact("ada")
        team.lead("ada")
    team.hour()
    [entry] = team.errors()
    leads = ", ".join(team.salesforce.rows("Lead"))
    assert entry.message == f"ada@berg.example belongs to 2 records of Lead: {leads}"


def test_a_conflict_stays_told_where_the_rule_says_now_who_wins_later_ones() -> None:
    """The two still differ, and nothing is to be written: what ends it is what the entry says."""
    rows = LEADS.replace("<-> Title", "<-> Title  prefer latest")
    rules = HEAD + "push contact as Lead { match on email }\n" + rows
    team = Team(rules).began()
    lead = team.lead("ada", Title="CTO")
    team.contact("ada", title="CEO")
    team.hour()
    [before] = team.errors()
    assert (before.code, before.advice[:24]) == ("conflict", "Make the two values equa")
    team.rewrite(rules.replace("prefer latest", "prefer apollo"))
    for _ in range(2):
        team.hour()
        [entry] = team.errors()
        assert entry.id == before.id
        assert entry.message == before.message
    assert team.right("Lead", "Title") == ["CTO"]
    team.salesforce.update("Lead", lead, {"Title": "CEO"})
    team.hour()
    assert team.errors() == []
    assert team.is_quiet()


def test_each_code_of_our_own_says_what_to_do() -> None:
    """Whatever a conversion refuses, or a decision can't do."""
    sources = [ROOT / "dsl" / "types.py", *(ROOT / "engine" / "run").glob("*.py")]
    found = {
        code
        for one in sources
        for code in re.findall(
            r'(?:Unfit|Problem)\(\s*"([a-z-]+)"', one.read_text(encoding="utf-8")
        )
    }
    assert len(found) > 6
    assert {one for one in found if len(ADVICE.get(one, "")) < 20} == set()


def test_a_text_that_was_too_long_goes_once_its_field_is_longer_as_the_entry_says() -> None:
    """The schema is pulled, and somebody retries: no more is needed, and no less."""
    rules = HEAD + "push contact as Lead { match on email }\n" + LEADS
    team = Team(rules)
    team.field("Lead", "Title string 3 CUN")
    team.rewrite(rules)
    team.began()
    team.contact("ada", title="Chief")
    team.hour()
    [entry] = team.errors()
    assert "`syncrules schema pull`, then `syncrules retry`" in entry.advice
    team.field("Lead", "Title string 30 CUN")
    team.rewrite(rules)
    team.clock.sleep(HOUR)
    team.retry()
    assert team.right("Lead", "Title") == ["Chief"]
    assert team.errors() == []
