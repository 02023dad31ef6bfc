"""What a block, a guard, an `enrich` and a test say, as typed rules."""

from __future__ import annotations

import pytest
from syncrules import dsl
from syncrules.dsl.conditions import Get, Hop, Truth
from syncrules.dsl.rules import (
    Event,
    GuardRule,
    LastOf,
    MoveRule,
    PairRules,
    RuleSet,
    StandIn,
    TestRule,
    Tie,
    UserBy,
)

from .schemas import SCHEMAS

HEAD = "sync apollo with salesforce\nprefer latest\n"
OWNERS = "map contact with Lead { owner -> OwnerId }\n"


def rules(source: str) -> RuleSet:
    checked = dsl.check({"a.sync": HEAD + source}, SCHEMAS)
    assert checked.rules is not None, dsl.to_text(checked.findings, {"a.sync": HEAD + source})
    return checked.rules.sets[0]


def pair(source: str, left: str = "contact", right: str = "Lead") -> PairRules:
    return next(one for one in rules(source).pairs if (one.left, one.right) == (left, right))


def move(source: str) -> MoveRule:
    return pair(source).moves[0]


def test_what_stops_a_rule_may_look_at_the_linked_record() -> None:
    """`Lead.IsConverted` is the linked lead's."""
    hop = Hop("link", "Lead", "Lead")
    found = move("push contact as Lead update only { stop when Lead.IsConverted }\n")
    assert found.stop == Truth(Get("IsConverted", "boolean", (hop,)))


@pytest.mark.parametrize(
    ("written", "ties"),
    [
        ("oldest first", (Tie("oldest", "created_at", "CreatedDate"),)),
        ("newest first", (Tie("newest", "created_at", "CreatedDate"),)),
        ("same owner first", (Tie("same", "owner", "OwnerId"),)),
        ("most tasks first", (Tie("most", "task.contact", "Task.WhoId"),)),
        (
            "same owner first, oldest first",
            (Tie("same", "owner", "OwnerId"), Tie("oldest", "created_at", "CreatedDate")),
        ),
    ],
)
def test_ties_of_a_match_hold_for_both_sides(written: str, ties: tuple[Tie, ...]) -> None:
    """Written once, in left names, in the order in which they are tried."""
    source = f"pull Lead as contact {{ match on email, {written} }}\n{OWNERS}"
    assert pair(source).ties == ties


def test_a_lead_has_the_account_of_its_address_without_a_word() -> None:
    """Written, it can have tie-breakers; a row for the account takes its place."""
    own = move("pull Lead as contact\n").stand_ins
    assert [(one.field, one.object, one.key, one.source, one.ties) for one in own] == [
        ("account", "account", "domain", "Email", ())
    ]
    block = "{ account by domain of Email, most contacts first, newest first }"
    written = move(f"pull Lead as contact {block}\n").stand_ins
    assert [one.ties for one in written] == [
        (Tie("most", "contact.account", ""), Tie("newest", "created_at", ""))
    ]
    assert isinstance(written[0], StandIn)
    assert move("push contact as Lead update only\n").stand_ins == ()


def test_what_follows_when_a_record_ends() -> None:
    """A template knows what it reads; a text alone is itself."""
    block = '{\n    on delete mark Description "Gone: {{ email }}"\n    on merge merge\n}\n'
    found = move(f"push contact as Lead update only {block}").events
    assert [(one.on, one.action, one.field, one.text, one.reads) for one in found] == [
        ("delete", "mark", "Description", "Gone: {{ email }}", ("email",)),
        ("merge", "merge", "", "", ()),
    ]
    assert all(isinstance(one, Event) for one in found)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("title -> Title ask", (True, False, False)),
        ("title -> Title truncate", (False, True, False)),
        ("title <-> Title truncate clear ask", (True, True, True)),
        ("title -> Title clear prefer apollo", (False, False, True)),
    ],
)
def test_care_that_a_row_takes(row: str, said: tuple[bool, bool, bool]) -> None:
    """In any order, beside the other modifiers."""
    source = f"push contact as Lead update only\nmap contact with Lead {{ {row} }}\n"
    found = pair(source).rows[0]
    assert (found.ask, found.truncate, found.clear) == said


def test_a_table_may_ask() -> None:
    """Before a stage moves on a linked record."""
    table = 'map contact stage with Lead ask { "Cold" -> "Open - Not Contacted" }\n'
    assert pair(f"push contact as Lead update only\n{table}").rows[0].ask


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("at most 5% of Lead changed per run", (5, True, "Lead", ("right",), "changed", "run")),
        ("at most 20 contact created per day", (20, False, "contact", ("left",), "created", "day")),
        ("at most 0 Lead blanked per run", (0, False, "Lead", ("right",), "blanked", "run")),
        (
            "at most 80% of apollo credits per day",
            (80, True, "apollo", ("left",), "credits", "day"),
        ),
        (
            "at most 2000 salesforce calls per day",
            (2000, False, "salesforce", ("right",), "calls", "day"),
        ),
    ],
)
def test_guards(written: str, said: tuple[object, ...]) -> None:
    """Numbers, shares, both sides, all that can be counted."""
    rows = "pull Lead as contact visible\nmap contact with Lead { last_name <-> LastName }\n"
    found = rules(f"{rows}guard {written}\n").guards[0]
    assert isinstance(found, GuardRule)
    shown = (found.number, found.percent, found.of, found.sides, found.what, found.per)
    assert shown == said


def test_enrich_is_one_rule_for_each_target() -> None:
    """New records and those that were there before are two rules."""
    source = (
        "map contact with Lead, Contact { email -> Email }\n"
        "every 60 minutes\nenrich Lead, Contact with contact\nenrich existing Lead with contact\n"
    )
    found = pair(source).enriches
    assert [(one.name, one.existing, one.every) for one in found] == [
        ("enrich Lead with contact", False, 60),
        ("enrich existing Lead with contact", True, 60),
    ]
    assert len(pair(source, "contact", "Contact").enriches) == 1


def test_a_test_knows_its_records_by_side_and_type() -> None:
    """References are to the last record given, users by their address, days and sets in their
    own forms."""
    source = (
        "pull Account as account\npull Contact as contact\n"
        "map contact with Contact { account <-> AccountId }\n"
        'test "t" on 2026-03-31 {\n'
        '    given account { name "Acme" }\n'
        '    linked with Account { Name "Acme" }\n'
        '    given contact { account account, owner "ann@example.com", title blank }\n'
        '    given Contact { AccountId Account, Topics__c ["Newsletter"],'
        " CreatedDate 2026-01-31 }\n"
        '    change contact { title "CTO" } by "ann@example.com"\n'
        "    delete Contact\n"
        "    expect conflict on Contact.Title\n"
        "}\n"
    )
    (found,) = rules(source).tests
    assert isinstance(found, TestRule)
    assert (found.name, found.day) == ("t", "2026-03-31")
    kinds = [(one.kind, one.record.side, one.record.object, one.by) for one in found.steps]
    assert kinds == [
        ("given", "left", "account", ""),
        ("linked", "right", "Account", ""),
        ("given", "left", "contact", ""),
        ("given", "right", "Contact", ""),
        ("change", "left", "contact", "ann@example.com"),
        ("delete", "right", "Contact", ""),
    ]
    assert dict(found.steps[2].record.values) == {
        "account": LastOf("left", "account"),
        "owner": UserBy("ann@example.com"),
        "title": None,
    }
    assert dict(found.steps[3].record.values) == {
        "AccountId": LastOf("right", "Account"),
        "Topics__c": ("Newsletter",),
        "CreatedDate": "2026-01-31T12:00:00.000Z",
    }
    (expected,) = found.expects
    assert (expected.kind, expected.side, expected.object, expected.field) == (
        "conflict",
        "right",
        "Contact",
        "Title",
    )
