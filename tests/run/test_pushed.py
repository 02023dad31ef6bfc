"""A record that a person pushes by hand stays pushed until it got through, whatever comes between.

Its rule would not take it. What is refused is tried again by `retry`, by an edit and by another
rule as the person asked for it then: past the condition, and by the rule that was named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.history import history
from syncrules.engine.run import run as verbs
from syncrules.engine.run import scope
from syncrules.engine.run.run import Result
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" {
    match on email
    source "First"
}
push contact as Lead when stage is "Replied" {
    match on email
    source "Second"
}
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}
"""
FIRST, SECOND = "push contact as Lead", "push contact as Lead 2"
SOURCE = {"": "First", FIRST: "First", SECOND: "Second"}


class Refused:
    """Ada is cold, was pushed by hand, and Salesforce refused her."""

    def __init__(self, rule: str = "") -> None:
        self.both = Both(RULES)
        self.both.run()
        given = {"last_name": "King", "email": "ada@a.example", "stage": "Cold"}
        self.ada = self.both.apollo.create("contact", given)
        self.refuses = Validation("Lead", "Ask Eva first", lambda row: row.get("Title") != "CEO")
        self.both.salesforce.org.validations.append(self.refuses)
        self.go(lambda: verbs.push(self.both.setup, "ada@a.example", rule, self.both._show))

    def go(self, verb: Callable[[], Result]) -> Result:
        self.both.clock.sleep(HOUR)
        return verb()

    def retry(self) -> Result:
        return self.go(lambda: verbs.retry(self.both.setup, None, self.both._show))

    def allow(self) -> None:
        self.both.salesforce.org.validations.clear()

    def leads(self) -> list[object]:
        return [row["LeadSource"] for row in self.both.salesforce.rows("Lead").values()]

    def open(self) -> list[tuple[str, int]]:
        return [(one.code, one.count) for one in self.both.errors()]


CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def test_what_was_refused_is_pushed_again_by_retry() -> None:
    """Refused once more, it counts; allowed, it is made, the entry is over. (ERR-6)"""
    ada = Refused()
    assert ada.open() == [(CODE, 1)]
    ada.go(ada.both.run)
    assert ada.open() == [(CODE, 1)]
    ada.retry()
    assert ada.open() == [(CODE, 2)]
    ada.allow()
    assert ada.leads() == []
    ada.both.said.clear()
    assert ada.retry().exit_code == 0
    assert "because pushed by hand" in ada.both.said[0]
    assert ada.leads() == ["First"]
    assert ada.open() == []
    assert ada.retry().counts == {}
    assert ada.go(ada.both.run).counts == {}


@pytest.mark.parametrize("rule", ["", FIRST, SECOND])
def test_it_is_pushed_again_by_the_rule_that_was_named(rule: str) -> None:
    ada = Refused(rule)
    ada.allow()
    ada.retry()
    assert ada.leads() == [SOURCE[rule]]


def test_however_long_it_was_refused_the_rule_that_was_named_is_known() -> None:
    """Two months later nothing tells any more that it was tried."""
    ada = Refused(SECOND)
    for _ in range(60):
        ada.both.clock.sleep(24 * HOUR)
        ada.both.run()
    assert history(ada.both.db, [ORG], ada.ada).done == ()
    ada.allow()
    ada.retry()
    assert ada.leads() == ["Second"]


def test_an_edit_of_the_record_pushes_it_again() -> None:
    """What it was refused for is mended in the record itself."""
    ada = Refused(SECOND)
    ada.both.apollo.update("contact", ada.ada, {"title": "CEO"})
    ada.go(ada.both.run)
    assert ada.leads() == ["Second"]
    assert ada.open() == []


def test_a_run_of_another_rule_leaves_it_to_the_one_that_was_named() -> None:
    """It is decided all the same, since somebody asked for it."""
    ada = Refused(SECOND)
    ada.both.apollo.update("contact", ada.ada, {"title": "CEO"})
    one = scope.of_rule(ada.both.plan, "push contact as Lead")
    assert one is not None
    ada.go(lambda: verbs.run(replace(ada.both.setup, scope=one), ada.both._show))
    assert ada.leads() == ["Second"]


@pytest.mark.parametrize("rule", ["", FIRST])
def test_a_new_push_takes_the_rule_that_is_named_now(rule: str) -> None:
    """Or none: also where that one is refused, too."""
    ada = Refused(SECOND)
    ada.go(lambda: verbs.push(ada.both.setup, "ada@a.example", rule))
    ada.allow()
    ada.retry()
    assert ada.leads() == ["First"]


def test_another_meaning_of_the_rules_pushes_it_again() -> None:
    """As an edited rule tries whatever was refused."""
    ada = Refused(SECOND)
    ada.allow()
    other = Both(RULES.replace("title             <-> Title", "title -> Title"))
    ada.both.setup = replace(ada.both.setup, plan=other.plan)
    ada.go(ada.both.run)
    assert ada.leads() == ["Second"]


@pytest.mark.parametrize("rule", [FIRST, SECOND])
def test_a_stop_holds_it_back_until_it_is_over(rule: str) -> None:
    """The command said that it waits; it goes then, although no rule would take it."""
    both = Both(RULES.replace("match on email", 'match on email\n    stop when title is "CEO"'))
    both.run()
    given = {"last_name": "King", "email": "ada@a.example", "stage": "Cold", "title": "CEO"}
    ada = both.apollo.create("contact", given)
    both.clock.sleep(HOUR)
    verbs.push(both.setup, "ada@a.example", rule, both._show)
    assert both.salesforce.rows("Lead") == {}
    both.clock.sleep(HOUR)
    assert both.run().counts == {}
    both.apollo.update("contact", ada, {"title": "CTO"})
    both.clock.sleep(HOUR)
    both.run()
    assert [row["LeadSource"] for row in both.salesforce.rows("Lead").values()] == [SOURCE[rule]]


@pytest.mark.parametrize("rule", ["", FIRST, SECOND])
def test_what_had_two_partners_is_pushed_once_it_has_none(rule: str) -> None:
    """Nobody guesses; when both get other addresses, it is made, by the rule that was named."""
    both = Both(RULES)
    twins = [
        both.salesforce.create("Lead", {"LastName": name, "Company": "A", "Email": "ada@a.example"})
        for name in ("King", "Kong")
    ]
    both.run()
    both.apollo.create("contact", {"last_name": "K", "email": "ada@a.example", "stage": "Cold"})
    both.clock.sleep(HOUR)
    verbs.push(both.setup, "ada@a.example", rule, both._show)
    assert [one.code for one in both.errors()] == ["ambiguous-match"]
    for number, one in enumerate(twins):
        both.salesforce.update("Lead", one, {"Email": f"{number}@b.example"})
    both.clock.sleep(HOUR)
    both.run()
    made = [row for id, row in both.salesforce.rows("Lead").items() if id not in twins]
    assert [row["LeadSource"] for row in made] == [SOURCE[rule]]
    assert both.errors() == []
    assert both.run().counts == {}


def test_a_call_that_is_pushed_goes_over_once_somebody_it_is_about_is_known() -> None:
    """Its rule would not take it, and until then there is nobody to put it to."""
    both = Both(
        "sync apollo with salesforce\nprefer salesforce\n"
        "push call as Task when duration > 1000\n"
        "pull Lead as contact hidden { match on email }\n"
        "map contact with Lead { last_name <-> LastName\n email <-> Email }\n",
        undocumented="yes",
    )
    both.run()
    ada = both.apollo.create("contact", {"last_name": "King", "email": "ada@a.example"})
    nine = {"start_time": "2026-01-09T09:00:00.000Z", "end_time": "2026-01-09T09:01:00.000Z"}
    values = {"contact_id": ada, "status": "completed", "inbound": False, "duration": 60, **nine}
    call = both.apollo.create("call", values)
    both.clock.sleep(HOUR)
    assert verbs.push(both.setup, call, "", both._show).unknown == 1
    both.salesforce.create("Lead", {"LastName": "King", "Company": "A", "Email": "ada@a.example"})
    for _ in range(2):
        both.clock.sleep(HOUR)
        both.run()
    assert len(both.salesforce.rows("Task")) == 1
    assert "because pushed by hand" in both.said[-2]
    assert both.run().unknown == 0
