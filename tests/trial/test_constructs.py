"""Test blocks on what rules say beyond creating and mapping: ends, stops, asks, ties."""

from __future__ import annotations

import pytest
from syncrules.engine.trial.coverage import coverage
from syncrules.engine.trial.mutate import mutate
from syncrules.engine.trial.report import failed_text
from syncrules.tests.trial.rules import block, suite, verdicts

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Replied" {
    match on email, oldest first
    stop when Lead.IsConverted
    on delete mark Description "Gone from Apollo"
}
pull Lead as contact { account by domain of Email }
pull Contact as contact visible {
    match on email, same owner first
    on delete unlink
}
push account as Account { on delete mark Name "gone" }

map contact with Lead, Contact {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email            ask
    title             <-> Title            truncate clear
    owner              -> OwnerId
    organization_name  -> Lead.Company     default "Unknown"
    account           <-> Contact.AccountId
}
map account with Account {
    name   <-> Name
    domain <-> Website
}
enrich Contact with contact
"""

LINKED = """given contact { email "ada@example.com", last_name "King", title "CTO" }
    linked with Lead { Email "ada@example.com", LastName "King", Title "CTO" %s}
"""
ALIKE = """given contact { email "ada@example.com", last_name "King", stage "Replied" }
    given Lead { Email "ada@example.com", LastName "Old", CreatedDate 2026-01-01 }
    given Lead { Email "ada@example.com", LastName "New", CreatedDate %s }
"""

RIGHT = {
    "what follows a delete is written": LINKED % ""
    + 'delete contact\nexpect update Lead { Description "Gone from Apollo" }',
    "nothing follows a delete on the side that says nothing": LINKED % ""
    + "delete Lead\nexpect nothing",
    "a link that ends": """given contact { email "ada@example.com" }
        linked with Contact { Email "ada@example.com" }
        delete Contact
        expect unlink contact""",
    "a link that ends has two ends": """given contact { email "ada@example.com" }
        linked with Contact { Email "ada@example.com" }
        delete Contact
        expect unlink Contact""",
    "what is stopped is not written": LINKED % ", IsConverted true "
    + 'change contact { last_name "Lovelace" }\nexpect nothing',
    "the other direction is not stopped": LINKED % ", IsConverted true "
    + 'change Lead { LastName "Lovelace" }\nexpect update contact { last_name "Lovelace" }',
    "what a person is asked": LINKED % ""
    + 'change contact { email "ada@example.org" }\nexpect approval on Lead.Email',
    "what a person is asked, the record alone": LINKED % ""
    + 'change contact { email "ada@example.org" }\nexpect approval on Lead',
    "a blank that erases": LINKED % ""
    + "change contact { title blank }\nexpect update Lead { Title blank }",
    "the oldest of several": ALIKE % "2026-01-02"
    + 'expect link Lead\nexpect update contact { last_name "Old" }',
    "none of several of one age": ALIKE % "2026-01-01" + "expect refusal on Lead",
    "an account by its domain": """given account { domain "example.com", name "Example Inc" }
        given contact { email "ada@example.com", stage "Cold" }
        given Lead { Email "ada@example.com", LastName "King" }
        expect link Lead
        expect update contact { account account, last_name "King" }
        expect create Account { Name "Example Inc" }""",
    "blanks of what is new are filled": """
        given contact { email "ada@example.com", last_name "King", title "CTO" }
        given Contact { Email "ada@example.com", LastName "Lovelace" }
        expect link Contact
        expect update Contact { Title "CTO" }
        expect update contact { last_name "Lovelace" }""",
}


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT)
def test_every_construct_can_be_tested(body: str) -> None:
    [one] = verdicts(RULES + block(body))
    assert one.passed, failed_text(one)


def test_a_change_that_waits_is_a_change() -> None:
    """`expect nothing` is not met while a person would be asked."""
    [one] = verdicts(
        RULES + block(LINKED % "" + 'change contact { email "ada@example.org" }\nexpect nothing')
    )
    assert [each.got for each in one.failures] == ["Lead would wait for approval"]


def test_each_construct_is_a_gap_until_a_test_reaches_it() -> None:
    found = [one.goal.what for one in coverage(suite(RULES)).gaps]
    for what in (
        "`on delete` makes it mark",
        "`on delete` makes it unlink",
        "something is held back by `stop when`",
        "the change waits for a person (`ask`)",
        "a blank erases a value (`clear`)",
        "a text that is too long is shortened (`truncate`)",
        "several have the same key, and `oldest first` tells which it is",
        "account is filled by `account by domain of Email`",
        "a Contact is linked and its blanks are filled",
    ):
        assert what in found, what
    reached = RULES + "".join(block(body, name) for name, body in RIGHT.items())
    left = [one.goal.what for one in coverage(suite(reached)).gaps]
    assert "`on delete` makes it unlink" not in left
    assert "something is held back by `stop when`" not in left
    asks = "the change waits for a person (`ask`)"
    assert (found.count(asks), left.count(asks)) == (2, 1)
    assert "a text that is too long is shortened (`truncate`)" in left


TWO = """\
sync apollo with salesforce
push contact as Lead when stage is "Replied" {
    stop when Lead.IsConverted
    on delete mark Description "Gone from Apollo"
}
push contact as Lead when stage is "Interested" {
    source "Other"
    stop when Lead.IsConverted
    on delete mark Description "Gone from Apollo"
}
map contact with Lead {
    last_name         -> LastName
    email             -> Email
    organization_name -> Company  default "Unknown"
}
"""


def test_what_two_rules_have_in_common_is_reached_and_changed_once() -> None:
    """What stops and what follows can't differ between them, so the tests of one are enough."""
    offered = "\n".join(one.test for one in coverage(suite(TWO)).gaps)
    given = suite(TWO + offered)
    assert coverage(given).gaps == ()
    left = {one.what for one in mutate(given).survivors}
    assert not {one for one in left if "stop when" in one or "on delete" in one}, left
    assert "`create only`" not in left
