"""What rules compile to: flows in the order of writing, reads of what is needed and of no more.

The rules are made by hand (`small.py`), so that nothing of the language's text is needed. Whole
plans of real rule files are in `test_plans.py`.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from syncrules.dsl.conditions import Compare, Constant, Get, Hop, Not
from syncrules.dsl.rules import EnrichRule, PairRules, RowRule, RuleSet
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.explain import as_text
from syncrules.engine.plan.model import Flow, Index, Plan, Watch
from syncrules.engine.plan.plain import canonical
from syncrules.errors import SyncrulesError
from syncrules.tests.plan.small import (
    ACCOUNTS,
    CONVERTED,
    GOLD,
    LEADS,
    PEOPLE,
    REPLIED,
    RULES,
    SCHEMAS,
    USERS,
    at,
    key,
    pull,
    push,
    row,
)


def plan_of(*pairs: PairRules) -> Plan:
    return compile(RuleSet("left", "right", pairs), SCHEMAS)


def flow(plan: Plan, name: str) -> Flow:
    return next(one for one in plan.flows if one.name == name)


def fields(plan: Plan, object: str) -> tuple[str, ...]:
    return next(one.fields for one in plan.reads if one.object == object)


def test_only_fields_that_some_rule_needs_are_read() -> None:
    """Rows, templates, keys, conditions, references on the way and inferred fields; no others."""
    plan = compile(RULES, SCHEMAS)
    assert {(one.object): one.fields for one in plan.reads} == {
        "user": ("email",),
        "User": ("Email",),
        "account": ("domain", "name", "stage", "tier"),
        "Company": ("Name", "Website"),
        "contact": ("account", "email", "first_name", "last_name", "owner", "stage", "title"),
        "Person": ("CompanyId", "Email", "FirstName", "OwnerId"),
        "Lead": ("Email", "FirstName", "LastName", "OwnerId", "Title"),
        "Deal": ("CompanyId", "open"),
    }


def test_a_linked_records_field_is_read_where_a_condition_names_it() -> None:
    """A step over a link leads to the other side and needs no field of its own."""
    plain = plan_of(replace(LEADS, moves=(push("contact", "Lead", 5),)), USERS)
    asked = plan_of(replace(LEADS, moves=(push("contact", "Lead", 5, Not(CONVERTED)),)), USERS)
    assert set(fields(asked, "Lead")) - set(fields(plain, "Lead")) == {"Converted"}
    assert fields(asked, "contact") == fields(plain, "contact")
    assert asked.watches == ()


def test_users_then_accounts_are_looked_at_before_people_and_deals_last() -> None:
    """Whatever a record refers to is known before the record is decided."""
    plan = compile(RULES, SCHEMAS)
    assert [(one.system, one.object) for one in plan.reads] == [
        ("left", "user"),
        ("right", "User"),
        ("left", "account"),
        ("right", "Company"),
        ("left", "contact"),
        ("right", "Lead"),
        ("right", "Person"),
        ("right", "Deal"),
    ]


def test_an_object_that_only_a_condition_looks_at_is_read_before_who_refers_to_it() -> None:
    """No rule moves accounts here, but one asks for the tier of a contact's account."""
    plan = plan_of(replace(PEOPLE, rows=PEOPLE.rows[:1]))
    assert [one.object for one in plan.reads] == ["account", "contact", "Person"]
    assert fields(plan, "account") == ("tier",)


def test_accounts_are_written_before_people_and_users_come_first() -> None:
    """Flows stand parents first."""
    assert [one.name for one in compile(RULES, SCHEMAS).flows] == [
        "user~User",
        "account~Company",
        "contact~Lead",
        "contact~Person",
    ]


def test_an_account_is_read_as_often_as_the_fastest_rule_that_needs_it() -> None:
    """Account rules run hourly, yet a rule of every 15 minutes asks for the account's tier."""
    every = {one.object: one.every for one in compile(RULES, SCHEMAS).reads}
    assert every["account"] == 15
    assert every["Company"] == 60
    assert every["Deal"] == 60


def test_users_are_read_as_often_as_the_rules_that_translate_owners() -> None:
    """Users have no rule of their own, so they follow the rules that name an owner."""
    hourly = replace(LEADS, moves=(push("contact", "Lead", 5, every=60),))
    every = {one.object: one.every for one in plan_of(hourly, USERS).reads}
    assert every == {"user": 60, "User": 60, "contact": 60, "Lead": 60}


def test_values_are_stored_in_the_order_in_which_they_are_read() -> None:
    """All flows that share an object share its layout."""
    plan = compile(RULES, SCHEMAS)
    for one in plan.flows:
        for end in (one.left, one.right):
            assert tuple(each.name for each in end.fields) == fields(plan, end.object)
    assert flow(plan, "contact~Lead").left.fields == flow(plan, "contact~Person").left.fields


def test_a_push_brings_a_hidden_pull_that_creates_nothing() -> None:
    """Each push without a written pull has one, by the name of the push."""
    first, implied = flow(compile(RULES, SCHEMAS), "contact~Lead").moves
    assert (first.direction, first.when, first.implied, first.create) == (
        "push",
        REPLIED,
        False,
        True,
    )
    assert (implied.direction, implied.when, implied.implied) == ("pull", None, True)
    assert (implied.create, implied.update, implied.rule) == (False, True, first.rule)
    assert implied.source is None


def test_a_written_pull_creates_only_when_it_is_visible() -> None:
    """Hidden is the default, and with a pull written none is implied."""
    visible = flow(compile(RULES, SCHEMAS), "contact~Person").moves
    assert [(one.direction, one.create, one.implied) for one in visible] == [
        ("push", True, False),
        ("pull", True, False),
    ]
    hidden = replace(PEOPLE, moves=(pull("contact", "Person", 12),))
    (move,) = flow(plan_of(hidden, ACCOUNTS, USERS), "contact~Person").moves
    assert (move.create, move.update, move.implied) == (False, True, False)


def test_a_person_is_one_thing_and_the_first_choice_stands_first() -> None:
    """A contact is a Lead or a Person; an account and a user are on their own."""
    plan = compile(RULES, SCHEMAS)
    both = ("contact~Person", "contact~Lead")
    assert flow(plan, "contact~Lead").siblings == both
    assert flow(plan, "contact~Person").siblings == both
    assert flow(plan, "account~Company").siblings == ("account~Company",)
    assert flow(plan, "user~User").siblings == ("user~User",)


def test_one_thing_is_one_thing_from_the_other_side_too() -> None:
    """With the systems the other way round, two left objects share one right object."""
    mirrored = RuleSet(
        "right",
        "left",
        (PairRules("Lead", "contact", ()), PairRules("Person", "contact", ())),
    )
    plan = compile(mirrored, SCHEMAS)
    assert flow(plan, "Lead~contact").siblings == ("Person~contact", "Lead~contact")


def test_a_reference_goes_through_the_links_of_the_objects_it_points_to() -> None:
    """Accounts through the accounts' flow, owners through the users'; both are parents."""
    people = flow(compile(RULES, SCHEMAS), "contact~Person")
    assert {one.left: one.through for one in people.rows} == {
        "first_name": (),
        "owner": ("user~User",),
        "account": ("account~Company",),
    }
    assert people.parents == ("account~Company", "user~User")
    assert flow(compile(RULES, SCHEMAS), "user~User").users
    assert not people.users


def test_a_reference_that_no_pair_links_is_refused() -> None:
    """Ids of one system never stand in the other as they are."""
    with pytest.raises(SyncrulesError, match="no pair of objects links account with Company"):
        plan_of(PEOPLE, USERS)


def test_an_account_with_a_parent_account_is_no_parent_of_itself() -> None:
    """The reference goes through the flow's own links, and the order of flows comes to an end."""
    nested = replace(
        ACCOUNTS,
        rows=(row("account Company", "parent", "ParentId", 44, convert=("reference",) * 2),),
    )
    one = flow(plan_of(nested), "account~Company")
    assert one.rows[0].through == ("account~Company",)
    assert one.parents == ()
    assert Index("left", "account", "parent", "") in plan_of(nested).indexes


def test_a_change_of_an_account_makes_people_dirty_whose_rule_asks_for_it() -> None:
    """And a deal makes the company dirty that it points to, before and after; each by the fields
    that decide."""
    assert compile(RULES, SCHEMAS).watches == (
        Watch(
            *("right", "Deal", "CompanyId", False, "account~Company", "right", "Company"),
            reads=("CompanyId", "open"),
        ),
        Watch(
            *("left", "account", "account", True, "contact~Person", "left", "contact"),
            reads=("tier",),
        ),
    )


def test_two_rules_that_ask_for_the_same_account_watch_it_once() -> None:
    """Watches are of flows, not of rules."""
    twice = replace(
        LEADS, moves=(push("contact", "Lead", 5, GOLD), push("contact", "Lead", 6, GOLD))
    )
    assert len(plan_of(twice, USERS).watches) == 1


def test_match_keys_and_references_are_kept_for_looking_up() -> None:
    """Keys fold by the format of their field; references are kept as they are."""
    assert compile(RULES, SCHEMAS).indexes == (
        Index("left", "account", "domain", "domain"),
        Index("left", "contact", "account", ""),
        Index("left", "contact", "email", "email"),
        Index("left", "contact", "first_name", ""),
        Index("left", "contact", "last_name", ""),
        Index("left", "contact", "owner", ""),
        Index("left", "user", "email", "email"),
        Index("right", "Company", "Website", "domain"),
        Index("right", "Deal", "CompanyId", ""),
        Index("right", "Lead", "Email", "email"),
        Index("right", "Lead", "FirstName", ""),
        Index("right", "Lead", "LastName", ""),
        Index("right", "Lead", "OwnerId", ""),
        Index("right", "Person", "CompanyId", ""),
        Index("right", "Person", "Email", "email"),
        Index("right", "Person", "OwnerId", ""),
        Index("right", "User", "Email", "email"),
    )


def test_rows_are_called_by_the_map_they_stand_in() -> None:
    """A table's map is called with its fields."""
    table = RowRule(
        at(30), "", "contact", "Lead", "stage", "Status", "both", table=(("Cold", "Open", "both"),)
    )
    plan = plan_of(replace(LEADS, rows=(*LEADS.rows, table)), USERS)
    assert [one.rule for one in flow(plan, "contact~Lead").rows] == [
        *["map contact with Lead"] * 3,
        "map contact stage with Lead.Status",
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_rules_arrive_does_not_matter(seed: int) -> None:
    """The same rules give the same plan, to the byte."""
    chance = random.Random(seed)

    def shuffled(pair: PairRules) -> PairRules:
        return replace(
            pair,
            moves=tuple(chance.sample(pair.moves, len(pair.moves))),
            rows=tuple(chance.sample(pair.rows, len(pair.rows))),
        )

    pairs = tuple(shuffled(one) for one in chance.sample(RULES.pairs, len(RULES.pairs)))
    assert canonical(plan_of(*pairs)) == canonical(compile(RULES, SCHEMAS))


def test_moving_a_rule_to_another_line_does_not_change_what_it_means() -> None:
    """The fingerprint is of the meaning, not of the place."""
    moved = replace(
        LEADS,
        moves=tuple(replace(one, place=at(105, "rules/z.sync")) for one in LEADS.moves),
        rows=tuple(
            replace(one, place=at(200 - at_line), text="laid out anew")
            for at_line, one in enumerate(LEADS.rows)
        ),
    )
    before, after = plan_of(LEADS, USERS), plan_of(moved, USERS)
    assert before != after
    assert flow(before, "contact~Lead").fingerprint == flow(after, "contact~Lead").fingerprint


CHANGES = {
    "a condition": replace(LEADS, moves=(push("contact", "Lead", 5, Not(REPLIED)),)),
    "no condition": replace(LEADS, moves=(push("contact", "Lead", 5),)),
    "a source": replace(LEADS, moves=(replace(LEADS.moves[0], source=("LeadSource", "y")),)),
    "update only": replace(LEADS, moves=(replace(LEADS.moves[0], create=False),)),
    "a pull": replace(LEADS, moves=(*LEADS.moves, pull("contact", "Lead", 6))),
    "a key": replace(LEADS, keys=LEADS.keys[:1]),
    "the order of keys": replace(LEADS, keys=LEADS.keys[::-1]),
    "a row": replace(LEADS, rows=LEADS.rows[1:]),
    "an arrow": replace(
        LEADS, rows=(row("contact Lead", "first_name", "FirstName", 20, "push"), *LEADS.rows[1:])
    ),
    "who wins": replace(LEADS, rows=(replace(LEADS.rows[0], prefer="left"), *LEADS.rows[1:])),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changing_a_rule_changes_the_fingerprint_of_its_flow_and_of_no_other(what: str) -> None:
    """A fingerprint tells that a rule was edited."""
    before, after = plan_of(LEADS, USERS), plan_of(CHANGES[what], USERS)
    assert flow(before, "contact~Lead").fingerprint != flow(after, "contact~Lead").fingerprint
    assert flow(before, "user~User").fingerprint == flow(after, "user~User").fingerprint


def test_a_plan_keeps_the_teams_time_zone() -> None:
    """Days are the team's days."""
    assert compile(RULES, SCHEMAS, "Europe/Berlin").zone == "Europe/Berlin"


def test_every_mapped_field_may_stand_several_steps_away() -> None:
    """`account.owner.name` reads both references and the name at their end."""
    far = Get(
        "name",
        "text",
        (Hop("reference", "account", "account"), Hop("reference", "owner", "user")),
    )
    asked = Compare(far, "is", Constant("Ann"))
    plan = plan_of(replace(LEADS, moves=(push("contact", "Lead", 5, asked),)), USERS)
    assert "account" in fields(plan, "contact")
    assert fields(plan, "account") == ("owner",)
    assert fields(plan, "user") == ("email", "name")
    assert [one.object for one in plan.reads] == ["user", "User", "account", "contact", "Lead"]


def test_references_in_a_circle_come_to_an_end() -> None:
    """Two pairs that refer to each other are both planned, in the same order each time."""
    back = row("account Company", "main", "MainId", 45, convert=("reference", "reference"))
    plan = plan_of(PEOPLE, USERS, replace(ACCOUNTS, rows=(back,)))
    assert [one.name for one in plan.flows] == ["user~User", "contact~Person", "account~Company"]


def test_the_key_of_a_pair_may_be_the_only_thing_known_of_it() -> None:
    """Users are linked by their address, read no further and never written."""
    plan = plan_of(replace(USERS, keys=(key(("email", "Email")),)))
    (users,) = plan.flows
    assert (users.moves, users.rows, users.infers) == ((), (), ())
    assert [one.fields for one in plan.reads] == [("email",), ("Email",)]


def test_what_a_stop_looks_at_is_read_and_watched() -> None:
    """Over the link, and from there over a reference of the other side: when that company changes,
    its people are decided again. Another stop is another meaning."""
    way = (Hop("link", "Person", "Person"), Hop("reference", "CompanyId", "Company"))
    stop = Compare(Get("Stage", "text", way), "is", Constant("x"))
    plain = replace(PEOPLE, moves=(push("contact", "Person", 9),))
    stopped = replace(PEOPLE, moves=(replace(plain.moves[0], stop=stop),))
    before, after = (plan_of(one, ACCOUNTS, USERS) for one in (plain, stopped))
    assert set(fields(after, "Company")) - set(fields(before, "Company")) == {"Stage"}
    assert set(after.watches) - set(before.watches) == {
        Watch(
            *("right", "Company", "CompanyId", True, "contact~Person", "right", "Person"),
            reads=("Stage",),
        )
    }
    assert flow(before, "contact~Person").fingerprint != flow(after, "contact~Person").fingerprint
    assert "writes nothing to Person while" in as_text(after)


def test_an_enrich_needs_no_push_and_implies_no_pull() -> None:
    """It only links and fills; beside a push it comes last, and the push's pull stays."""
    rule = EnrichRule("enrich Lead with contact", at(30), False, 5)
    alone = plan_of(replace(LEADS, moves=(), enriches=(rule,)), USERS)
    assert [(one.rule, one.enrich, one.create) for one in flow(alone, "contact~Lead").moves] == [
        ("enrich Lead with contact", "new", False)
    ]
    assert {one.every for one in alone.reads} == {5}
    beside = plan_of(replace(LEADS, enriches=(replace(rule, existing=True),)), USERS)
    moves = flow(beside, "contact~Lead").moves
    assert [(one.direction, one.implied, one.enrich) for one in moves] == [
        ("push", False, ""),
        ("pull", True, ""),
        ("push", False, "existing"),
    ]
