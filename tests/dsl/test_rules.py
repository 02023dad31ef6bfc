"""What right files mean: the typed rules that each construct of the language gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.dsl import conditions
from syncrules.dsl.conditions import Compare, Constant, Get, Hop, Not, OneOf, Truth
from syncrules.dsl.rules import Key, PairRules, Place, RuleSet

from .schemas import SCHEMAS

CASES = Path(__file__).parents[1] / "cases" / "plan"
HEAD = "sync apollo with salesforce\nprefer salesforce\n"


def rules(text: str | bytes) -> RuleSet:
    checked = dsl.check({"a.sync": text}, SCHEMAS)
    assert checked.findings == (), dsl.to_text(checked.findings, {"a.sync": text})
    assert checked.rules is not None
    (found,) = checked.rules.sets
    return found


def pair(text: str | bytes, left: str, right: str) -> PairRules:
    (found,) = (one for one in rules(text).pairs if (one.left, one.right) == (left, right))
    return found


def test_the_two_sentences_parse_as_they_are_written() -> None:
    """The language is known by these two."""
    found = rules(
        "sync apollo with salesforce\n"
        'push contact as Lead when stage in ["Interested", "Replied"]\n'
        "infer account stage from opportunities\n"
        "map contact with Lead {\n"
        "    last_name -> LastName\n"
        "    organization_name -> Company\n"
        "}\n"
    )
    # Who is a Contact in Salesforce is known there, too, so that no Lead is made.
    (people, accounts, known) = found.pairs
    assert (known.right, known.moves, known.rows) == ("Contact", (), ())
    assert people.moves[0].name == "push contact as Lead"
    assert people.moves[0].when == OneOf(Get("stage", "choice"), ("Interested", "Replied"))
    (infer,) = accounts.infers
    assert (infer.side, infer.object, infer.field) == ("left", "account", "stage")
    assert (infer.related, infer.via, infer.parent) == ("Opportunity", "AccountId", "Account")
    assert [(one.value, one.quantifier, one.when) for one in infer.arms] == [
        ("Current Client", "any", Truth(Get("won", "boolean"))),
        ("Active Opportunity", "any", Truth(Get("open", "boolean"))),
        ("Dead Opportunity", "all", Truth(Get("lost", "boolean"))),
    ]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.sync")), ids=lambda path: str(path.stem))
def test_right_files_give_no_finding(path: Path) -> None:
    """Every construct of the language, in files that say something sensible."""
    checked = dsl.check({path.name: path.read_bytes()}, SCHEMAS)
    assert dsl.to_text(checked.findings, {path.name: path.read_bytes()}) == ""
    assert checked.rules is not None


def test_when_and_unless_are_one_condition() -> None:
    """`when A unless B` means A and not B, whatever the order; a line may go on from the last."""
    found = pair(
        HEAD + "pull Lead as contact visible\n    unless Email is blank\n"
        '    when Rating is "Hot"\n',
        "contact",
        "Lead",
    )
    assert found.moves[0].when == conditions.All(
        (
            Not(Not(conditions.Known(Get("Email", "text")))),
            Compare(Get("Rating", "choice"), "is", Constant("Hot")),
        )
    )


def test_what_a_move_creates_and_updates() -> None:
    """A pull is hidden unless it says visible; `create only` and `update only` take one away."""
    found = rules(
        HEAD + "pull Lead as contact\npull Contact as contact visible\n"
        "push account as Account update only\n"
        "push opportunity as Opportunity create only\n"
        "map contact with Contact { last_name <- LastName }\n"
        "map opportunity with Opportunity { name -> Name\n closed_date -> CloseDate }\n"
    )
    moves = [move for one in found.pairs for move in one.moves]
    assert {one.name: (one.create, one.update, one.visible) for one in moves} == {
        "pull Lead as contact": (False, True, False),
        "pull Contact as contact": (True, True, True),
        "push account as Account": (False, True, False),
        "push opportunity as Opportunity": (True, False, False),
    }


def test_rules_of_the_same_words_are_numbered() -> None:
    """A rule is called by its first words, the next such one by its number."""
    found = pair(
        HEAD + "push contact as Lead update only when title is blank\n"
        "push contact as Lead update only when title is known\n",
        "contact",
        "Lead",
    )
    assert [(one.name, one.place) for one in found.moves] == [
        ("push contact as Lead", Place("a.sync", 3, 1)),
        ("push contact as Lead 2", Place("a.sync", 4, 1)),
    ]


def test_every_counts_for_what_follows_and_a_pair_takes_the_smallest() -> None:
    """Before the first `every` it is 15 minutes; a pair takes that of its quickest rule."""
    text = (
        HEAD + "pull Lead as contact\nevery 2 hours\npull Contact as contact\n"
        "push contact as Lead update only\n"
    )
    assert [one.every for one in pair(text, "contact", "Lead").moves] == [15, 120]
    assert pair(text, "contact", "Lead").every == 15
    assert pair(text, "contact", "Contact").every == 120


def test_match_keys_are_the_pairs_and_take_their_right_fields_from_the_rows() -> None:
    """Keys in the order written, each with the partner its row gives, or the connector's own."""
    text = (
        HEAD + "pull Lead as contact {\n"
        "    match on email, else first_name and last_name,\n        else organization_name\n}\n"
        "map contact with Lead {\n"
        "    first_name -> FirstName\n    last_name <-> LastName\n"
        "    organization_name <- Company\n}\n"
    )
    assert pair(text, "contact", "Lead").keys == (
        Key((("email", "Email"),)),
        Key((("first_name", "FirstName"), ("last_name", "LastName"))),
        Key((("organization_name", "Company"),)),
    )
    assert pair(HEAD + "pull Account as account\n", "account", "Account").keys == (
        Key((("domain", "Website"),)),
    )


def test_a_row_for_several_targets_becomes_one_for_each() -> None:
    """A row is for all targets of its map unless it names one."""
    text = (
        HEAD + "map contact with Lead, Contact {\n"
        "    email <-> Email\n    organization_name -> Lead.Company\n}\n"
        "pull Lead as contact\npull Contact as contact\n"
    )
    assert [one.right for one in pair(text, "contact", "Lead").rows] == ["Email", "Company"]
    assert [one.right for one in pair(text, "contact", "Contact").rows] == ["Email"]


def test_prefer_counts_from_its_line_on_and_a_row_may_say_otherwise() -> None:
    """`prefer` on a line of its own is for the rows after it."""
    text = (
        "sync apollo with salesforce\npull Lead as contact\nprefer apollo\n"
        "map contact with Lead {\n    email <-> Email\n    title <-> Title prefer latest\n}\n"
        "prefer salesforce\nmap contact with Lead { phone <-> Phone }\n"
    )
    assert [(one.left, one.prefer) for one in pair(text, "contact", "Lead").rows] == [
        ("email", "left"),
        ("title", "latest"),
        ("phone", "right"),
    ]


def test_modifiers_come_in_any_order() -> None:
    """`when blank`, `prefer` and `default` of a row."""
    text = (
        HEAD + "pull Lead as contact\nmap contact with Lead {\n"
        '    email <-> Email when blank prefer apollo default "a@b.example"\n'
        '    title <-> Title default "CEO" prefer apollo when blank\n}\n'
    )
    rows = pair(text, "contact", "Lead").rows
    assert [(one.prefer, one.when_blank, one.default) for one in rows] == [
        ("left", True, "a@b.example"),
        ("left", True, "CEO"),
    ]


def test_quoted_sources_are_constants_or_templates() -> None:
    """A text without braces is written as it is; a template names the fields it reads."""
    text = (
        HEAD + "pull Lead as contact\nmap contact with Lead {\n"
        '    "Hot" -> Rating\n    "{{ title }}, {{ first_name or \\"?\\" }}" -> Description\n'
        '    title <- "{{ Title }}"\n}\n'
    )
    hot, description, title = pair(text, "contact", "Lead").rows
    assert (hot.right, hot.constant, hot.template) == ("Rating", "Hot", "")
    assert description.template == '{{ title }}, {{ first_name or "?" }}'
    assert description.reads == ("first_name", "title")
    assert (title.direction, title.left, title.right, title.reads) == (
        "pull",
        "title",
        "",
        ("Title",),
    )


def test_conversions_are_named_for_each_way_that_a_row_goes() -> None:
    """A moment becomes a day on the way right; a row that doesn't go left names nothing there."""
    text = (
        HEAD + "pull Contact as contact\nmap contact with Contact {\n"
        "    created_at -> Met_On__c\n    score -> Description\n    last_name <-> LastName\n}\n"
    )
    assert [one.convert for one in pair(text, "contact", "Contact").rows] == [
        ("day of moment", ""),
        ("text", ""),
        ("same", "same"),
    ]


def test_references_bring_the_pairs_that_they_need() -> None:
    """An account row needs accounts to be linked, an owner row users, matched by address."""
    text = (
        HEAD + "pull Contact as contact\nmap contact with Contact {\n"
        '    account <-> AccountId\n    owner -> OwnerId default "ops@example.com"\n}\n'
    )
    found = {(one.left, one.right): one for one in rules(text).pairs}
    assert sorted(found) == [("account", "Account"), ("contact", "Contact"), ("user", "User")]
    assert found[("user", "User")].keys == (Key((("email", "Email"),)),)
    assert found[("user", "User")].moves == ()
    rows = found[("contact", "Contact")].rows
    assert [one.convert for one in rows] == [("reference", "reference"), ("user", "")]
    assert rows[1].default == "ops@example.com"


def test_tables_pair_values_and_by_name_leaves_written_rows_alone() -> None:
    """A bare target means the connector's own status field; equal names pair themselves."""
    stages = pair(
        HEAD + "pull Lead as contact\nmap contact stage with Lead {\n"
        '    "Cold" <-> "Open - Not Contacted"\n    "Replied" -> "Working - Contacted"\n}\n',
        "contact",
        "Lead",
    ).rows[0]
    assert (stages.left, stages.right, stages.direction) == ("stage", "Status", "both")
    assert stages.table == (
        ("Cold", "Open - Not Contacted", "both"),
        ("Replied", "Working - Contacted", "push"),
    )
    named = pair(
        HEAD + "pull Contact as contact\n"
        'map contact stage with Contact.Status__c by name { "Cold" <-> "Bad Data" }\n',
        "contact",
        "Contact",
    ).rows[0]
    assert named.table[0] == ("Cold", "Bad Data", "both")
    assert ("Replied", "Replied", "both") in named.table
    assert "Bad Data" not in [left for left, right, _ in named.table if right == "Bad Data"][1:]
    assert len(named.table) == 8


def test_dots_lead_to_related_and_to_linked_records() -> None:
    """`account.domain` goes over a reference, `Lead.IsConverted` over the link."""
    found = pair(
        HEAD + 'push contact as Lead update only\n    when account.domain is "a.example"\n'
        "    unless Lead.IsConverted\n",
        "contact",
        "Lead",
    )
    assert conditions.reads(found.moves[0].when or Truth(Get("", "boolean"))) == (
        Get("domain", "text", (Hop("reference", "account", "account"),)),
        Get("IsConverted", "boolean", (Hop("link", "Lead", "Lead"),)),
    )


def test_infer_takes_an_object_by_plural_label_or_name_and_arms_in_order() -> None:
    """`is`, `are` and `with` are for the ear; `none` asks nothing."""
    for words in ("opportunities", "Opportunities", "Opportunity", "opportunity"):
        text = (
            f"{HEAD}infer account stage from {words} {{\n"
            '    "Current Client" when any is won\n'
            '    "Active Opportunity" when any with Amount > 1000 and open\n'
            '    "Dead Opportunity" when all are lost\n    "Cold" when none\n}\n'
        )
        (infer,) = pair(text, "account", "Account").infers
        assert infer.related == "Opportunity"
        assert [one.quantifier for one in infer.arms] == ["any", "any", "all", "none"]
        assert infer.arms[3].when is None
        assert infer.text == f"infer account stage from {words}"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffsync apollo with salesforce\npull Lead as contact",
        b"\xef\xbb\xbfsync apollo with salesforce\r\npull Lead as contact\r\n",
        "# first\n\n\nsync apollo with salesforce # here\n\n   \npull Lead as contact # there\n#",
        "sync apollo with salesforce\n\n  pull Lead as contact {\n  # nothing\n  }\n",
        "sync apollo with salesforce\npull Lead as contact { match on email }",
    ],
)
def test_byte_order_marks_line_ends_comments_and_blanks_change_nothing(text: str | bytes) -> None:
    """What an editor on another machine leaves behind is no mistake."""
    assert [one.name for one in pair(text, "contact", "Lead").moves] == ["pull Lead as contact"]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only a comment\n", "\ufeff", "sync apollo with salesforce"]
)
def test_a_file_without_rules_is_no_finding(text: str) -> None:
    """An empty file says nothing and breaks nothing."""
    assert dsl.check({"a.sync": text}, SCHEMAS).findings == ()


def test_words_of_the_language_may_be_names() -> None:
    """A field called like a word works as it is, or in backticks where it could be misread."""
    text = (
        HEAD + "pull Lead as contact\nmap contact with Lead {\n"
        "match -> Title\n`when` -> FirstName\npush -> Phone\n    when blank\n}\n"
        "push contact as Lead update only when match is `when` and `match` is known\n"
    )
    found = pair(text, "contact", "Lead")
    assert [one.left for one in found.rows] == ["match", "when", "push"]
    assert found.rows[2].when_blank
    assert found.moves[1].when is not None
