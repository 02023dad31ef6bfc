"""Rules on activities are checked; until they are carried out, plan and run say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules import dsl
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.explain import as_text

from ..dsl.schemas import SCHEMAS

SOURCE = """sync apollo with salesforce
prefer latest
pull Account as account
map account with Account { name <-> Name }
push task as Task when completed
push call as Task
"""


REFERRING = """sync apollo with salesforce
prefer latest
push contact as Contact update only
map contact with Contact {
    last_name <-> LastName
    account    -> AccountId
    owner      -> OwnerId
}
"""
ACTIVITIES = """push task as Task when completed
pull Task as task visible when open
push note as Note create only
map task with Task { user <-> OwnerId }
"""


@pytest.mark.parametrize("source", [SOURCE.partition("push task")[0], REFERRING])
def test_a_rule_on_activities_changes_nothing_of_the_rest_of_a_plan(source: str) -> None:
    """Users, people and accounts that only activities refer to are not read for them."""
    plans = []
    for text in (source, source + ACTIVITIES):
        rules = dsl.check({"a.sync": text}, SCHEMAS).rules
        assert rules is not None
        plans.append(compile(rules.sets[0], SCHEMAS))
    assert replace(plans[1], later=()) == plans[0]
    assert len(plans[1].later) == 3


def test_a_plan_names_the_rules_that_it_leaves_out() -> None:
    """Nothing of them is read, and nobody has to guess why nothing moves."""
    rules = dsl.check({"a.sync": SOURCE}, SCHEMAS).rules
    assert rules is not None
    plan = compile(rules.sets[0], SCHEMAS)
    assert plan.later == ("push call as Task", "push task as Task")
    assert {one.object for one in plan.reads} == {"account", "Account"}
    assert "not carried out yet\n  push call as Task\n  push task as Task\n" in as_text(plan)
