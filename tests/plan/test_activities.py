"""What rules on activities compile to: whom they are with, and what counts once."""

from __future__ import annotations

from syncrules import dsl
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.explain import as_text
from syncrules.engine.plan.model import Flow, Plan

from ..dsl.schemas import SCHEMAS

HEAD = "sync apollo with salesforce\nprefer latest\n"


def plan(rules: str) -> Plan:
    checked = dsl.check({"a.sync": HEAD + rules}, SCHEMAS)
    assert checked.rules is not None
    return compile(checked.rules.sets[0], SCHEMAS)


def flow(of: Plan, name: str) -> Flow:
    return next(one for one in of.flows if one.name == name)


def test_people_and_accounts_are_known_for_activities_alone() -> None:
    """With no other rule they are matched by the connectors' keys, and nothing of them moves."""
    made = plan("push call as Task\n")
    assert [one.name for one in made.flows] == [
        "user~User",
        "account~Account",
        "contact~Contact",
        "contact~Lead",
        "call~Task",
    ]
    for one in made.flows[1:4]:
        assert one.identity
        assert not (one.rows or one.moves)


def test_a_person_is_a_contact_or_a_lead() -> None:
    rows = {one.left: one.through for one in flow(plan("push call as Task\n"), "call~Task").rows}
    assert rows["contact"] == ("contact~Contact", "contact~Lead")
    assert rows["account"] == ("account~Account",)
    assert rows["user"] == ("user~User",)


def test_a_task_knows_of_the_call_it_led_to_where_both_are_pushed() -> None:
    both = plan("push task as Task when completed\npush call as Task\n")
    assert flow(both, "task~Task").led == (("call", "outreach_task"),)
    assert flow(both, "call~Task").leads == (("task~Task", "outreach_task"),)
    alone = plan("push task as Task when completed\n")
    assert flow(alone, "task~Task").led == ()
    pulled = plan("pull Task as task visible when open\npush call as Task\n")
    assert flow(pulled, "task~Task").led == ()


def test_what_becomes_one_object_has_one_link_in_all() -> None:
    """A Task that was made of a call is not pulled as a task."""
    made = plan("pull Task as task visible when open\npush call as Task\n")
    assert flow(made, "call~Task").siblings == ("call~Task", "task~Task")


def test_an_address_stands_for_its_person() -> None:
    made = flow(plan("push email as Task { add unknown people }\n"), "email~Task")
    (one,) = made.people
    assert (one.flow, one.address, one.person) == ("contact~Contact", "address", "contact")
    assert (one.object, one.email, one.first_last) == (
        "contact",
        "email",
        ("first_name", "last_name"),
    )
    assert made.moves[0].add_people


def test_a_plan_says_whom_an_activity_waits_for() -> None:
    text = as_text(plan("push task as Task when completed\npush call as Task\n"))
    assert "made once somebody or something involved is linked" in text
    assert "a task counts as the call it led to, where there is one" in text
