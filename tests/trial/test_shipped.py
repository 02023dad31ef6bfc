"""The rules that come with the product have tests that reach all of them, on both made-up systems'
own schemas; and what a test says is what a run over both systems does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.connectors.base.schema import Schema
from syncrules.engine.trial.coverage import coverage
from syncrules.engine.trial.mutate import mutate
from syncrules.engine.trial.run import Suite
from syncrules.tests.both import Both
from syncrules.tests.trial.rules import TODAY
from syncrules.tests.trial.screens import dressed, in_a_run, in_memory, plain

RULES = Path(__file__).parents[2] / "rules"
SHIPPED: Mapping[str, tuple[str, ...]] = {
    "starter": ("starter.sync",),
    "demo": ("demo.sync", "demo-tests.sync"),
    "leads": ("leads.sync",),
    "contacts": ("contacts.sync", "contacts-tests.sync"),
    "account-stages": ("account-stages.sync",),
    "activities": ("activities.sync", "activities-tests.sync"),
    "everything": ("everything.sync", "everything-tests.sync"),
}

ACTED = {
    "starter.sync": 9,
    "demo.sync": 39,
    "leads.sync": 9,
    "contacts.sync": 22,
    "account-stages.sync": 10,
    "activities.sync": 19,
    "everything.sync": 69,
}
"""How many of its tests people can act out at two screens, at least."""


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


@pytest.mark.parametrize("names", SHIPPED.values(), ids=SHIPPED)
def test_a_test_says_what_a_run_over_both_systems_does(
    names: Sequence[str], schemas: Mapping[str, Schema]
) -> None:
    """Every shipped test that people can act out at two screens is acted out: the same records
    are linked, made and changed, to the same values."""
    rules = (RULES / names[0]).read_text(encoding="utf-8")
    checked = dsl.check(sources(names), schemas)
    assert checked.rules is not None
    tests = checked.rules.sets[0].tests
    acted = [full for one in tests if plain(full := dressed(one))]
    assert len(acted) >= ACTED[names[0]]
    for test in acted:
        assert in_memory(test, rules, schemas) == in_a_run(test, rules), test.name


@pytest.mark.parametrize("name", ["account-stages", "activities", "everything"])
def test_what_the_comments_of_shipped_rules_offer_passes_check(name: str) -> None:
    """Lines that wait for a setting or a field are right where these are there: a table in place of
    the `infer` (AST-4), mail of all kinds and meetings (ACT-12 to ACT-15)."""
    offered = re.sub(
        r"^#     ", "", (RULES / f"{name}.sync").read_text(encoding="utf-8"), flags=re.M
    )
    if "Customer_Status__c" in offered:
        offered, count = re.subn(r"^infer .*?^}\n", "", offered, flags=re.M | re.S)
        assert count == 1
    both = Both("sync apollo with salesforce\n", undocumented="yes")
    schemas = {system: one.describe() for system, one in both.setup.connectors.items()}
    sources = {"rules.sync": offered.encode()}
    assert dsl.to_text(dsl.check(sources, schemas).findings, sources) == ""
