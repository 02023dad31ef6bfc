"""What a `test` block says about some rules: whether it passes, and what it tells where not."""

from __future__ import annotations

import pytest
from syncrules.engine.trial.report import failed_text
from syncrules.tests.trial.rules import PEOPLE, block, failures, verdicts

ADA = 'email "ada@example.com", last_name "Lovelace"'
LEAD = 'Email "ada@example.com", LastName "Lovelace"'

RIGHT = {
    "a new record that a rule takes": f"""
        given contact {{ {ADA}, stage "Replied" }}
        expect create Lead {{ {LEAD}, Company "Unknown", LeadSource "Apollo" }}""",
    "fields that don't matter are left out": f"""
        given contact {{ {ADA}, first_name "Ada", stage "Replied" }}
        expect create Lead {{ LastName "Lovelace" }}""",
    "a new record that no rule takes": f"""
        given contact {{ {ADA}, stage "Cold" }}
        expect nothing""",
    "a field that is not listed is blank": """
        given contact { last_name "Lovelace", stage "Replied" }
        expect create Lead { LastName "Lovelace", Email blank }""",
    "what was there before the rules' last run waits": f"""
        given contact {{ {ADA}, stage "Replied" }}
        given account {{ name "Example Inc" }}
        change account {{ name "Sample Ltd" }}
        expect nothing""",
    "what comes to satisfy a rule is taken": f"""
        given contact {{ {ADA}, stage "Cold" }}
        change contact {{ stage "Interested" }}
        expect create Lead {{ {LEAD}, Status "Working - Contacted" }}""",
    "linked records agreed, so only a change flows": f"""
        given contact {{ {ADA}, title "CTO" }}
        linked with Lead {{ {LEAD}, Title "CEO" }}
        change contact {{ first_name "Ada" }}
        expect update Lead {{ FirstName "Ada" }}""",
    "a change to what was there is none": f"""
        given contact {{ {ADA}, stage "Replied" }}
        change contact {{ stage "Replied" }}
        expect nothing""",
    "who is gone is no match": f"""
        given contact {{ {ADA}, stage "Cold" }}
        given Lead {{ {LEAD} }}
        delete Lead
        change contact {{ stage "Replied" }}
        expect create Lead {{ {LEAD} }}""",
    "a blank key matches nothing": """
        given contact { stage "Cold" }
        given Lead { LastName "Lovelace" }
        expect nothing""",
    "keys in order: the name where the address is blank": """
        given contact { first_name "Ada", last_name "King", organization_name "Example Inc" }
        given Lead { FirstName "Ada", LastName "King", Company "Example Inc" }
        expect link Lead""",
    "several candidates are never guessed": f"""
        given contact {{ {ADA} }}
        given Lead {{ Email "ada@example.com" }}
        given Lead {{ Email "ADA@example.com" }}
        expect refusal on Lead""",
    "of two that are one thing the first choice is taken": f"""
        given contact {{ {ADA}, stage "Replied" }}
        given Lead {{ {LEAD} }}
        given Contact {{ {LEAD} }}
        expect link Contact""",
    "the account comes along": """
        given Account { Name "Example Inc", Website "example.com" }
        given contact { email "ada@example.com", last_name "King" }
        linked with Contact { Email "ada@example.com", LastName "King" }
        given account { name "Example Inc", domain "example.com" }
        change contact { account account }
        expect link Account
        expect update Contact { AccountId Account }""",
    "an outcome on a field": f"""
        given contact {{ {ADA}, stage "Cold" }}
        linked with Lead {{ {LEAD}, Status "Open - Not Contacted" }}
        change contact {{ stage "Bad Data" }}
        expect refusal on Lead.Status""",
    "the later change wins with `prefer latest`: the right one": f"""
        given contact {{ {ADA}, stage "Cold" }}
        linked with Lead {{ {LEAD}, Status "Open - Not Contacted" }}
        change contact {{ stage "Interested" }}
        change Lead {{ Status "Closed - Not Converted" }}
        expect update contact {{ stage "Not Interested" }}""",
    "the later change wins with `prefer latest`: the left one": f"""
        given contact {{ {ADA}, stage "Cold" }}
        linked with Lead {{ {LEAD}, Status "Open - Not Contacted" }}
        change Lead {{ Status "Closed - Not Converted" }}
        change contact {{ stage "Interested" }}
        expect update Lead {{ Status "Working - Contacted" }}""",
    "who wins is a conflict where nobody is named": f"""
        given contact {{ {ADA}, stage "Cold" }}
        given Lead {{ {LEAD}, Status "Working - Contacted" }}
        expect link Lead
        expect conflict on contact.stage""",
    "a conflict has a name on either side": f"""
        given contact {{ {ADA}, stage "Cold" }}
        given Lead {{ {LEAD}, Status "Working - Contacted" }}
        expect link contact
        expect conflict on Lead.Status""",
    "a user is there on both sides once a test names one": f"""
        given contact {{ {ADA}, stage "Replied", owner "Ann@example.com" }}
        expect create Lead {{ OwnerId "ann@example.com" }}""",
    "who changed it writes it": f"""
        given contact {{ {ADA} }}
        linked with Lead {{ {LEAD} }}
        change contact {{ title "CTO" }} by "bob@example.com"
        expect update Lead {{ Title "CTO" }} by "Bob@example.com" """,
    "else its owner does": f"""
        given contact {{ {ADA}, stage "Replied", owner "ann@example.com" }}
        expect create Lead {{ {LEAD} }} by "ann@example.com" """,
    "a deal that was won since": """
        given account { name "Example Inc", stage "Cold" }
        linked with Account { Name "Example Inc" }
        given Opportunity { AccountId Account, open true }
        change Opportunity { open false, won true }
        expect update account { stage "Current Client" }""",
    "what was inferred by the last run is not written again": """
        given account { name "Example Inc", stage "Do Not Prospect" }
        linked with Account { Name "Example Inc" }
        given Opportunity { AccountId Account, won true }
        change Account { Name "Sample Ltd" }
        expect update account { name "Sample Ltd" }""",
    "a deal that is gone counts no more": """
        given account { name "Example Inc", stage "Current Client" }
        linked with Account { Name "Example Inc" }
        given Opportunity { AccountId Account, lost true }
        given Opportunity { AccountId Account, won true }
        delete Opportunity
        expect update account { stage "Dead Opportunity" }""",
    "a deleted record leaves its partner alone": f"""
        given contact {{ {ADA} }}
        linked with Lead {{ {LEAD} }}
        delete contact
        expect nothing""",
    "two expectations of one object meet the records they fit": """
        given contact { email "ada@example.com", last_name "King", stage "Replied" }
        given contact { email "grace@example.org", last_name "Hopper", stage "Replied" }
        expect create Lead { Company "Unknown" }
        expect create Lead { LastName "King" }""",
}


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT)
def test_a_test_passes_where_what_it_expects_comes_of_it(body: str) -> None:
    [one] = verdicts(PEOPLE + block(body))
    assert one.passed, failed_text(one)


WRONG = {
    "another value": (
        f"""given contact {{ {ADA}, stage "Replied" }}
        expect create Lead {{ LastName "King", Email "ada@example.com" }}""",
        [("expect create Lead", "Lead would be created, but not so")],
        'LastName  expected "King", got "Lovelace"',
    ),
    "a field that isn't written": (
        f"""given contact {{ {ADA} }}
        linked with Lead {{ {LEAD}, Title "CEO" }}
        change contact {{ first_name "Ada" }}
        expect update Lead {{ FirstName "Ada", Title "CTO" }}""",
        [("expect update Lead", "Lead would be updated, but not so")],
        'Title  expected "CTO", stays "CEO"',
    ),
    "nothing of the kind": (
        f"""given contact {{ {ADA}, stage "Cold" }}
        expect create Lead {{ LastName "Lovelace" }}""",
        [("expect create Lead", "nothing of the kind")],
        "got: nothing of the kind",
    ),
    "a change that nobody expected": (
        f"""given contact {{ {ADA} }}
        linked with Lead {{ {LEAD} }}
        change contact {{ title "CTO" }}
        change Lead {{ FirstName "Ada" }}
        expect update Lead {{ Title "CTO" }}""",
        [("no other change", "contact would be updated")],
        'first_name  blank -> "Ada"',
    ),
    "nothing was expected": (
        f"""given contact {{ {ADA}, stage "Replied" }}
        expect nothing""",
        [("expect nothing", "Lead would be created")],
        'LeadSource  blank -> "Apollo"',
    ),
    "somebody else writes": (
        f"""given contact {{ {ADA} }}
        linked with Lead {{ {LEAD} }}
        change contact {{ title "CTO" }} by "bob@example.com"
        expect update Lead {{ Title "CTO" }} by "ann@example.com" """,
        [("expect update Lead", "Lead would be updated, but not so")],
        'by  expected "ann@example.com", got "bob@example.com"',
    ),
    "an update that touches none of the listed fields": (
        f"""given contact {{ {ADA} }}
        linked with Lead {{ {LEAD} }}
        change contact {{ title "CTO" }}
        expect update Lead {{ LastName "Lovelace" }}""",
        [("expect update Lead", "Lead would be updated, but not so")],
        'Title  blank -> "CTO"',
    ),
    "one expectation too many": (
        f"""given contact {{ {ADA}, stage "Replied" }}
        expect create Lead {{ LastName "Lovelace" }}
        expect create Lead {{ LastName "Lovelace" }}""",
        [("expect create Lead", "nothing of the kind")],
        "got: nothing of the kind",
    ),
    "a link instead of a new record": (
        f"""given contact {{ {ADA}, stage "Replied" }}
        given Lead {{ {LEAD} }}
        expect create Lead {{ LastName "Lovelace" }}""",
        [("expect create Lead", "Lead would be linked")],
        "the same email = Email",
    ),
}


@pytest.mark.parametrize(("body", "wanted", "shown"), WRONG.values(), ids=WRONG)
def test_a_failed_test_says_what_came_instead_and_why(
    body: str, wanted: list[tuple[str, str]], shown: str
) -> None:
    [one] = verdicts(PEOPLE + block(body))
    found = [(expected[: len(wanted[0][0])], got) for _, expected, got in failures(one)]
    assert found == wanted
    assert shown in failed_text(one)


def test_a_failure_points_at_the_expectation_and_at_the_rule() -> None:
    """Whoever reads it clicks on the line that is not met, and on the row that is why."""
    text = PEOPLE + block(
        f"""given contact {{ {ADA}, stage "Replied" }}
        expect create Lead {{ {LEAD}, Company "Example Inc" }}"""
    )
    [one] = verdicts(text)
    assert text.splitlines()[one.failures[0].place.line - 1].strip().startswith("expect create")
    row = next(n for n, line in enumerate(text.splitlines(), 1) if 'default "Unknown"' in line)
    assert f"r.sync:{row}" in failed_text(one)


def test_what_a_rule_could_not_do_is_a_note_and_fails_no_test() -> None:
    """A stage that is in no table is no change; where a test fails, it is told."""
    right = f"""given contact {{ {ADA}, stage "Replied" }}
        expect create Lead {{ {LEAD} }}"""
    wrong = f"""given contact {{ {ADA}, stage "Replied" }}
        expect create Lead {{ {LEAD}, Status "Working - Contacted" }}"""
    [good, bad] = verdicts(PEOPLE + block(right, "good") + block(wrong, "bad"))
    assert good.passed
    assert any('"Replied" is not in the table' in note for note in bad.notes)


DAYS = """\
sync apollo with salesforce
push contact as Lead when days since last_seen > 30 { match on email }
map contact with Lead {
    last_name -> LastName
    email -> Email
    organization_name -> Company default "Unknown"
}
"""
OLD = """given contact { email "ada@example.com", last_name "King", last_seen 2026-03-01 }
    given contact { email "grace@example.org", last_name "Hopper" }
    change contact { title "CTO" }
    expect %s"""


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        ("2026-03-31", "nothing"),
        ("2026-04-01", 'create Lead { LastName "King" }'),
        ("2026-04-02", "nothing"),
    ],
)
def test_a_rule_that_counts_days_acts_on_the_day_it_comes_to_hold(day: str, wanted: str) -> None:
    """`on DATE` is today; what was there before is taken on the day the rule comes to hold."""
    [one] = verdicts(DAYS + block(OLD % wanted, on=f" on {day}"))
    assert one.passed, failed_text(one)


def test_without_a_day_the_day_is_the_teams() -> None:
    text = DAYS + block(OLD % 'create Lead { LastName "King" }')
    assert [one.passed for one in verdicts(text, "2026-04-01")] == [True]
    assert [one.passed for one in verdicts(text, "2026-04-05")] == [False]
