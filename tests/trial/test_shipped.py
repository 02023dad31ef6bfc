"""The rules that come with the product have tests that reach all of them, on both made-up systems'
own schemas; and what a test says is what a run over both systems does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.base.schema import Schema
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.dsl.rules import LastOf, TestRule, TestStep
from syncrules.engine.run import run as verbs
from syncrules.engine.run.decision import Coming
from syncrules.engine.run.journal import Entry
from syncrules.engine.trial.coverage import coverage
from syncrules.engine.trial.ground import prepare
from syncrules.engine.trial.mutate import mutate
from syncrules.engine.trial.play import CHANGES, play
from syncrules.engine.trial.run import Suite
from syncrules.tests.both import HOUR, Both
from syncrules.tests.trial.rules import TODAY

RULES = Path(__file__).parents[2] / "rules"
SHIPPED = {"starter": ("starter.sync",), "demo": ("demo.sync", "demo-tests.sync")}


def sources(names: Sequence[str]) -> dict[str, bytes]:
    return {name: (RULES / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def schemas() -> Mapping[str, Schema]:
    """What a `schema pull` from both made-up systems gives."""
    both = Both((RULES / "starter.sync").read_text(encoding="utf-8"))
    return {name: one.describe() for name, one in both.setup.connectors.items()}


@pytest.mark.parametrize("names", SHIPPED.values(), ids=SHIPPED)
def test_shipped_rules_are_tested_through_and_through(
    names: Sequence[str], schemas: Mapping[str, Schema]
) -> None:
    """No finding, all tests pass, everything is reached, nine of ten changes are noticed."""
    checked = dsl.check(sources(names), schemas)
    assert checked.findings == ()
    assert checked.rules is not None
    suite = Suite.of(checked.rules.sets[0], schemas, "UTC", TODAY)
    verdicts, _ = suite.verdicts(lambda: 0.0)
    assert [(one.test.name, one.failures) for one in verdicts if not one.passed] == []
    assert [one.goal.what for one in coverage(suite).gaps] == []
    score = mutate(suite)
    assert score.percent >= 90, [(one.rule, one.what) for one in score.survivors]


def test_every_rule_file_that_is_shipped_is_looked_at() -> None:
    assert {one.name for one in RULES.glob("*.sync")} == {
        name for names in SHIPPED.values() for name in names
    }


PLAIN = {
    "contact": {"first_name", "last_name", "email", "title", "organization_name", "stage"},
    "Lead": {"FirstName", "LastName", "Email", "Title", "Company", "Status", "Description"},
    "Contact": {"FirstName", "LastName", "Email", "Title", "Description"},
    "account": {"name", "domain", "stage"},
    "Account": {"Name", "Website"},
    "Opportunity": {"won", "open", "lost"},
}
"""Fields that a person at the screen fills, and that both systems take as they are."""
PARENTS = {"contact": {"account": "account_id"}, "Contact": {"AccountId": "AccountId"},
           "Opportunity": {"AccountId": "AccountId"}}  # fmt: skip
"""References that a person sets, with what the system calls them."""
STAGES = {"won": "Closed Won", "open": "Prospecting", "lost": "Closed Lost"}
NAMED = {"Lead": "LastName", "Contact": "LastName", "Account": "Name"}


def plain(test: TestRule) -> bool:
    """Whether people can do at two screens what a test says."""
    return all(_can(step) for step in test.steps)


def _can(step: TestStep) -> bool:
    object, values = step.record.object, dict(step.record.values)
    known = PLAIN.get(object, set()) | set(PARENTS.get(object, {}))
    named = object not in NAMED or NAMED[object] in values or step.kind == "change"
    deal = object != "Opportunity" or any(values.get(one) for one in STAGES)
    return step.kind != "delete" and values.keys() <= known and named and deal


def on_screen(step: TestStep, last: Mapping[str, str]) -> dict[str, object]:
    """The values of a step as a person enters them."""
    parents = PARENTS.get(step.record.object, {})
    found: dict[str, object] = {}
    for name, value in step.record.values:
        if isinstance(value, LastOf):
            found[parents[name]] = last[value.object]
        elif step.record.object != "Opportunity":
            found[name] = value
        elif value:
            found["StageName"] = STAGES[name]
    if step.record.object == "Opportunity" and step.kind != "change":
        found |= {"Name": "A deal", "CloseDate": "2026-12-31"}
    return found


Change = tuple[str, str, tuple[tuple[str, object], ...]]


def in_a_run(test: TestRule, rules: str) -> list[Change]:
    """What `preview` says after people did the same in both systems."""
    both = Both(rules)
    both.run()
    last: dict[str, str] = {}
    since: list[tuple[ApolloSimulator | SalesforceSimulator, str, str, dict[str, object]]] = []
    for step in test.steps:
        system = both.apollo if step.record.side == "left" else both.salesforce
        object, values = step.record.object, on_screen(step, last)
        if step.kind == "change":
            since.append((system, object, last[object], values))
        else:
            last[object] = system.create(object, values)
    if any(step.kind != "given" for step in test.steps):
        both.clock.sleep(HOUR)
        both.run()
    for system, object, id, values in since:
        system.update(object, id, values)
    both.clock.sleep(HOUR)
    entries: list[Entry] = []
    verbs.preview(both.setup, entries.append)
    return sorted(
        (one.action, one.object, _values(one.after, one.object))
        for one in entries
        if one.action != "link" or not one.flow.startswith("user")
    )


def in_memory(test: TestRule, rules: str, schemas: Mapping[str, Schema]) -> list[Change]:
    """What the test itself says comes of it."""
    checked = dsl.check({"r.sync": rules}, schemas)
    assert checked.rules is not None
    played = play(prepare(checked.rules.sets[0], schemas), test, TODAY)
    return sorted(
        (
            one.kind,
            one.object,
            _values({each.field: each.after for each in one.changes}, one.object),
        )
        for one in played.deeds
        if one.kind in CHANGES
    )


def _values(after: Mapping[str, object], object: str) -> tuple[tuple[str, object], ...]:
    """Without references."""
    fields = PLAIN[object]
    return tuple(
        sorted(
            (name, str(value))
            for name, value in after.items()
            if name in fields and not isinstance(value, Coming)
        )
    )


MADE_UP = {
    "contact": {"stage": "Cold", "last_name": "King"},
    "Lead": {"Status": "Open - Not Contacted", "Company": "Berg AB", "LastName": "King"},
    "Contact": {"LastName": "King"},
}
"""What the systems themselves put into new records, or want in them."""


def dressed(test: TestRule) -> TestRule:
    """The test with what the systems would add to its records."""
    steps = tuple(
        one
        if one.kind == "change"
        else replace(
            one,
            record=replace(
                one.record,
                values=tuple(
                    {**MADE_UP.get(one.record.object, {}), **dict(one.record.values)}.items()
                ),
            ),
        )
        for one in test.steps
    )
    return replace(test, steps=steps)


def acted_out(names: Sequence[str], schemas: Mapping[str, Schema]) -> list[TestRule]:
    checked = dsl.check(sources(names), schemas)
    assert checked.rules is not None
    return [full for one in checked.rules.sets[0].tests if plain(full := dressed(one))]


@pytest.mark.parametrize("names", SHIPPED.values(), ids=SHIPPED)
def test_a_test_says_what_a_run_over_both_systems_does(
    names: Sequence[str], schemas: Mapping[str, Schema]
) -> None:
    """Every shipped test that people can act out at two screens is acted out: the same records
    are linked, made and changed, to the same values."""
    rules = (RULES / names[0]).read_text(encoding="utf-8")
    acted = acted_out(names, schemas)
    assert len(acted) >= (9 if names == SHIPPED["starter"] else 35)
    for test in acted:
        assert in_memory(test, rules, schemas) == in_a_run(test, rules), test.name
