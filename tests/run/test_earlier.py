"""Who was deleted before a rule said what follows: nothing does by itself (R1, "from now on")."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import delete
from syncrules.engine.report import result_text
from syncrules.engine.run import run as verbs
from syncrules.engine.run.run import Result
from syncrules.engine.store import tables
from syncrules.engine.store.database import statement, table
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.tests.both import HOUR, ORG, Both

DAY = 24 * HOUR
HEAD = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead {
    match on email
    %s
}
pull Lead as contact update only {
    %s
}
"""
MAP = """\
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}
"""
WAITS = (
    "1  record was there before `push contact as Lead` and waits for "
    "`syncrules backfill push contact`"
)


_NO_WORDS = statement(
    delete(table(tables.Rule)).where(table(tables.Rule).columns.name.like("flow % on %"))
)


def rules(push: str = "", pull: str = "") -> str:
    return HEAD % (push, pull) + MAP


def of(first: str, state: str = "sqlite://") -> tuple[Both, list[str]]:
    """Two people of both systems under some rules, one of whom has been deleted in Apollo for
    days."""
    both = Both(first, state=state)
    both.run()
    people = [
        both.apollo.create("contact", {"last_name": name.title(), "email": f"{name}@a.example"})
        for name in ("ada", "bea")
    ]
    later(both)
    both.apollo.delete("contact", people[0])
    for _ in range(3):
        later(both, DAY)
    return both, people


def later(both: Both, seconds: float = HOUR) -> Result:
    both.clock.sleep(seconds)
    return both.run()


def names(both: Both) -> list[str]:
    return sorted(str(one["LastName"]) for one in both.salesforce.rows("Lead").values())


def test_who_was_deleted_before_the_rule_waits_for_a_backfill() -> None:
    """Apollo doesn't tell when: who is missing as the rule gets its word was so before. Each run
    says how many wait, `why` says so, and a backfill deletes; who is deleted from then on goes
    with the next look for that."""
    both, people = of(rules())
    both.edit(rules("on delete delete"))
    shown = both.preview()
    assert (shown.counts, WAITS in result_text(shown)) == ({}, True)
    for _ in range(3):
        assert WAITS in result_text(later(both, DAY))
    assert names(both) == ["Ada", "Bea"]
    told = why_text(why(both.setup.plan, ORG, both.db, both.world, "ada@a.example"))
    assert "before the rule said what follows, and waits for a backfill" in told
    both.apollo.delete("contact", people[1])
    later(both, DAY)
    later(both)
    assert names(both) == ["Ada"]
    verbs.backfill(both.setup, "push", "contact", dry_run=True)
    assert names(both) == ["Ada"]
    both.clock.sleep(HOUR)
    both.backfill("push", "contact")
    assert names(both) == []
    assert WAITS not in result_text(later(both))


def test_who_was_told_to_be_deleted_before_the_rule_is_left_when_the_other_is_edited() -> None:
    """Salesforce tells of deletions: those of before the word are none of its business."""
    both = Both(rules())
    both.run()
    contact = both.apollo.create("contact", {"last_name": "Ada", "email": "ada@a.example"})
    later(both)
    [lead] = both.salesforce.rows("Lead")
    both.salesforce.delete("Lead", lead)
    later(both)
    both.edit(rules(pull='on delete mark title "Gone"'))
    later(both)
    both.apollo.update("contact", contact, {"first_name": "Eve"})
    assert "`syncrules backfill pull Lead`" in result_text(later(both))
    assert both.apollo.rows("contact")[contact].get("title") is None
    # Out of the bin and deleted again it is followed.
    both.salesforce.undelete("Lead", lead)
    later(both)
    both.salesforce.delete("Lead", lead)
    later(both)
    assert both.apollo.rows("contact")[contact]["title"] == "Gone"


def test_who_was_merged_before_the_rule_waits_for_a_backfill() -> None:
    """Two linked Leads, of which somebody made one: what follows for the contact that is left over
    is told, and done once it is asked for."""
    both = Both(rules())
    both.run()
    for name in ("ada", "bea"):
        both.apollo.create("contact", {"last_name": name.title(), "email": f"{name}@a.example"})
    later(both)
    into, away = sorted(both.salesforce.rows("Lead"))
    both.salesforce.merge("Lead", into, [away])
    later(both)
    both.edit(rules(pull='on merge mark title "Merged"'))
    assert "`syncrules backfill pull Lead`" in result_text(later(both))
    titles = [one.get("title") for one in both.apollo.rows("contact").values()]
    assert titles == [None, None]
    both.clock.sleep(HOUR)
    both.backfill("pull", "Lead")
    titles = [one.get("title") for one in both.apollo.rows("contact").values()]
    assert sorted(map(str, titles)) == ["Merged", "None"]
    assert "backfill" not in result_text(later(both))


def test_a_word_that_was_out_for_a_while_is_new_once_it_is_back() -> None:
    """Nothing waits while it is out."""
    both = Both(rules("on delete delete"))
    both.run()
    people = [
        both.apollo.create("contact", {"last_name": name, "email": f"{name}@a.example"})
        for name in ("Ada", "Bea")
    ]
    later(both)
    later(both, DAY)
    both.edit(rules())
    later(both)
    both.apollo.delete("contact", people[0])
    later(both, DAY)
    both.edit(rules("on delete delete"))
    for _ in range(3):
        assert WAITS in result_text(later(both, DAY))
    assert names(both) == ["Ada", "Bea"]
    both.edit(rules())
    assert WAITS not in result_text(later(both))


def test_a_word_that_stays_goes_on_also_where_the_rules_are_edited() -> None:
    """Who was deleted in between is followed: another edit makes no word new, nor does another
    text; neither does a state of a version that didn't note since when there is one."""
    for change in (
        lambda both: both.edit(rules("on delete delete", 'on delete mark title "Gone"')),
        lambda both: both.edit(rules('on delete mark Title "Gone"')),
        _forget,
    ):
        both = Both(rules("on delete delete"))
        both.run()
        contact = both.apollo.create("contact", {"last_name": "Ada", "email": "ada@a.example"})
        later(both)
        later(both, DAY)
        both.apollo.delete("contact", contact)
        change(both)
        later(both, DAY)
        later(both)
        left = [one["Title"] for one in both.salesforce.rows("Lead").values()]
        assert left in ([], ["Gone"])


def _forget(both: Both) -> None:
    with both.db.transaction("older"):
        both.db.run(_NO_WORDS)


def test_many_who_were_gone_are_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of them was gone before the rule, too."""
    monkeypatch.setattr("syncrules.engine.run.sweep.MOST", 1)
    both = Both(rules())
    both.run()
    add = partial(both.apollo.create, "contact")
    people = [add({"last_name": f"P{one}", "email": f"p{one}@a.example"}) for one in range(6)]
    later(both)
    for one in people[:3]:
        both.apollo.delete("contact", one)
    both.edit(rules("on delete delete"))
    for _ in range(4):
        later(both)
    both.apollo.delete("contact", people[3])
    later(both, DAY)
    later(both, DAY)
    assert names(both) == ["P0", "P1", "P2", "P4", "P5"]


def test_it_is_the_same_with_a_state_in_postgresql(postgres_url: str) -> None:
    both, people = of(rules(), postgres_url)
    both.edit(rules("on delete delete"))
    assert WAITS in result_text(later(both))
    both.apollo.delete("contact", people[1])
    later(both, DAY)
    assert names(both) == ["Ada"]
    both.db.close()
