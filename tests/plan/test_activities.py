"""Rules on activities are checked; until they are carried out, plan and run say so."""

from __future__ import annotations

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


def test_a_plan_names_the_rules_that_it_leaves_out() -> None:
    """Nothing of them is read, and nobody has to guess why nothing moves."""
    rules = dsl.check({"a.sync": SOURCE}, SCHEMAS).rules
    assert rules is not None
    plan = compile(rules.sets[0], SCHEMAS)
    assert plan.later == ("push call as Task", "push task as Task")
    assert {one.object for one in plan.reads} == {"account", "Account"}
    assert "not carried out yet\n  push call as Task\n  push task as Task\n" in as_text(plan)
