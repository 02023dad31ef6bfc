"""What newcomers write: one rule file, wrong in each of the ways that come from habit.

Each mistake is a text of the right file and what stands there instead. The first message is kept as
a snapshot: it must be enough to mend the file, so read it before you accept another one.
"""

from __future__ import annotations

import pytest
from syncrules import dsl
from syrupy.assertion import SnapshotAssertion

from .schemas import SCHEMAS

RIGHT = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead when stage in ["Interested", "Replied"] {
    match on email
    source "Web"
}

map contact with Lead {
    first_name <-> FirstName
    last_name  <-> LastName
    email      <-> Email
    organization_name -> Company default "Unknown"
}
"""

WHEN = 'in ["Interested", "Replied"]'

MISTAKES = {
    "a label for a name on the right": ("-> FirstName", "-> First Name"),
    "a label for a name on the left": ("first_name <->", "First Name <->"),
    "no quotes": (WHEN, "is Interested"),
    "no quotes around several words": (WHEN, "is Not Interested"),
    "a list without brackets": (WHEN, 'in "Interested", "Replied"'),
    "a list in parentheses": (WHEN, 'in ("Interested", "Replied")'),
    "a list without its end": ('"Replied"]', '"Replied"'),
    "or between values": (WHEN, 'is "Interested" or "Replied"'),
    "a fat arrow": ("organization_name ->", "organization_name =>"),
    "a fat double arrow": ("email      <->", "email <=>"),
    "an equals sign for an arrow": ("email      <->", "email ="),
    "a colon for an arrow": ("email      <->", "email:"),
    "a dash for an arrow": ("email      <->", "email --"),
    "no arrow": ("email      <->", "email"),
    "an equals sign for is": (WHEN, '= "Interested"'),
    "the word equals": (WHEN, 'equals "Interested"'),
    "is empty": (WHEN, 'is "Replied" and email is empty'),
    "exists": (WHEN, 'is "Replied" and email exists'),
    "an exclamation mark": (WHEN, 'is "Replied" and !email is blank'),
    "two ampersands": (WHEN, 'is "Replied" && email is known'),
    "single quotes": (WHEN, "is 'Interested'"),
    "curly quotes": (WHEN, "is “Interested”"),
    "low quotes": (WHEN, "is „Interested“"),
    "if for when": ("when", "if"),
    "a keyword in capitals": ("when", "WHEN"),
    "a rule word with a capital": ("map", "Map"),
    "a comma after a row": ("<-> Email", "<-> Email,"),
    "a comment with slashes": ('source "Web"', 'source "Web" // theirs'),
    "a template without quotes": ("organization_name ->", "{{ title }} ->"),
    "a text that isn't closed": ('"Unknown"', '"Unknown'),
    "no closing brace": ('    source "Web"\n}', '    source "Web"\n'),
    "no opening brace": ("with Lead {", "with Lead"),
    "a colon for a brace": ("with Lead {", "with Lead:"),
    "a brace too many": ('"Unknown"\n}', '"Unknown"\n}\n}'),
    "a sync line with a capital": ("sync apollo", "Sync apollo"),
    "no sync line": ("sync apollo with salesforce\n", ""),
    "sync and": ("sync apollo with", "sync apollo and"),
    "push to": ("contact as Lead", "contact to Lead"),
    "map to": ("contact with Lead", "contact to Lead"),
    "match without on": ("match on email", "match email"),
    "a second key without else": ("match on email", "match on email, last_name"),
    "an object in lower case": ("as Lead", "as lead"),
    "objects in the plural": ("map contact with Lead", "map contacts with Leads"),
    "a winner with a capital": ("prefer salesforce", "prefer Salesforce"),
    "a value in lower case": ('"Interested"', '"interested"'),
    "the other way round": ("push contact as Lead", "push Lead as contact"),
    "a blank that isn't one": ("match on", "match\u00a0on"),
}


FULL = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead when stage is "Replied" {
    match on email, oldest first
    stop when Lead.IsConverted
    on delete mark Description "Gone from Apollo"
}
pull Lead as contact { account by domain of Email, most contacts first }
push call as Task { add unknown people }

map contact with Lead {
    last_name         <-> LastName
    email             <-> Email       ask
    title             <-> Title       truncate clear
    organization_name  -> Company     default "Unknown"
}

enrich existing Lead with contact
guard at most 5% of Lead changed per run
guard at most 20000 salesforce calls per day

test "who replied becomes a lead" on 2026-03-31 {
    given contact { email "ada@example.com", last_name "King", stage "Replied" }
    expect create Lead { LastName "King", Company "Unknown" }
}
test "the newer title wins" {
    given contact { last_name "King", title "CTO" }
    linked with Lead { LastName "King", Title "CTO" }
    change contact { title "CEO" } by "ann@example.com"
    expect approval on Lead.Email
}
"""
"""The newer constructs, written as the pages tell."""

MISTAKES_IN_FULL = {
    "guard with less than": ("at most 5%", "less than 5%"),
    "guard with the percent spelt out": ("5% of", "5 percent of"),
    "guard on what is updated": ("changed per run", "updated per run"),
    "guard for each hour": ("calls per day", "calls per hour"),
    "guard on a connector": ("salesforce calls", "Salesforce calls"),
    "guard with thousands": ("20000 salesforce", "20,000 salesforce"),
    "enrich from": ("Lead with contact\nguard", "Lead from contact\nguard"),
    "enrich the other way round": ("existing Lead with contact", "existing contact with Lead"),
    "stop if": ("stop when", "stop if"),
    "stop without the object": ("Lead.IsConverted", "IsConverted"),
    "on deleted": ("on delete", "on deleted"),
    "mark with an equals sign": ('Description "Gone', 'Description = "Gone'),
    "mark without a field": ('mark Description "Gone', 'mark "Gone'),
    "a tie-breaker without its comma": ("email, oldest first", "email oldest first"),
    "the oldest": ("oldest first", "the oldest"),
    "account by an address": ("by domain of Email", "by Email"),
    "account by domain in brackets": ("domain of Email", "domain(Email)"),
    "add people without unknown": ("add unknown people", "add people"),
    "ask for approval": ("Email       ask", "Email       approve"),
    "truncate to a length": ("truncate clear", "truncate 128"),
    "clear with when": ("truncate clear", "clear when blank"),
    "a test without quotes": (
        'test "who replied becomes a lead"',
        "test who replied becomes a lead",
    ),
    "a test record with colons": ('email "ada@example.com",', 'email: "ada@example.com",'),
    "a test record with equals signs": ('last_name "King", stage', 'last_name = "King", stage'),
    "a test record without commas": ('"ada@example.com", last', '"ada@example.com" last'),
    "when for given": ("given contact { email", "when contact { email"),
    "then for expect": ("expect create", "then create"),
    "expect without what happens": ("expect create Lead", "expect Lead"),
    "linked to": ("linked with", "linked to"),
    "by without quotes": ('by "ann@example.com"', "by ann"),
    "a date in the style of a country": ("on 2026-03-31", "on 31.03.2026"),
    "allow without because": (
        "    stop when",
        '    allow never-true "later"\n    stop when',
    ),
    "allow a code in capitals": (
        "    stop when",
        '    allow Never_True because "later"\n    stop when',
    ),
    "allow what can't be accepted": (
        "    stop when",
        '    allow unknown-field because "it comes"\n    stop when',
    ),
}


def mistaken(mistake: str) -> str:
    """The right file with a mistake in it."""
    whole = RIGHT if mistake in MISTAKES else FULL
    right, wrong = (MISTAKES | MISTAKES_IN_FULL)[mistake]
    assert right in whole
    return whole.replace(right, wrong, 1)


ALL = (*MISTAKES, *MISTAKES_IN_FULL)


def test_the_files_are_right_without_their_mistakes() -> None:
    """So that what is found comes from the mistake."""
    for source in (RIGHT, FULL):
        assert dsl.to_text(dsl.check({"a.sync": source}, SCHEMAS).findings, {}) == ""


@pytest.mark.parametrize("mistake", ALL)
def test_the_first_message_is_enough_to_mend_the_file(
    mistake: str, snapshot: SnapshotAssertion
) -> None:
    """It stands at the mistake, and says what to write instead."""
    source = mistaken(mistake)
    found = dsl.check({"a.sync": source}, SCHEMAS).findings
    assert found[0].severity == "error"
    assert found[0].help
    assert dsl.to_text(found[:1], {"a.sync": source}) == snapshot


@pytest.mark.parametrize("mistake", ALL)
def test_a_fix_that_is_offered_mends_its_place(mistake: str) -> None:
    """Put in place of what is underlined, the fix takes the finding away."""
    source = mistaken(mistake)
    first = dsl.check({"a.sync": source}, SCHEMAS).findings[0]
    if first.fix is None:
        return
    lines = source.split("\n")
    line = lines[first.span.line - 1]
    lines[first.span.line - 1] = (
        line[: first.span.column - 1] + first.fix + line[first.span.end_column - 1 :]
    )
    left = dsl.check({"a.sync": "\n".join(lines)}, SCHEMAS).findings
    assert first.title not in [one.title for one in left]


@pytest.mark.parametrize(
    "source",
    [
        RIGHT.replace("    ", "\t"),
        RIGHT.replace("\n", "\r\n"),
        "\ufeff" + RIGHT,
        RIGHT.replace("\n", "   \n"),
        RIGHT.rstrip("\n"),
    ],
    ids=[
        "tabs",
        "Windows line ends",
        "a byte order mark",
        "blanks at line ends",
        "no last newline",
    ],
)
def test_what_an_editor_does_to_a_file_is_no_mistake(source: str) -> None:
    """Tabs, line ends and marks that nobody sees mean nothing."""
    assert dsl.check({"a.sync": source.encode()}, SCHEMAS).findings == ()
