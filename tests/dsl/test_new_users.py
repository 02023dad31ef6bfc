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


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_first_message_is_enough_to_mend_the_file(
    mistake: str, snapshot: SnapshotAssertion
) -> None:
    """It stands at the mistake, and says what to write instead."""
    right, wrong = MISTAKES[mistake]
    assert RIGHT.count(right) >= 1
    source = RIGHT.replace(right, wrong, 1)
    found = dsl.check({"a.sync": source}, SCHEMAS).findings
    assert found[0].severity == "error"
    assert found[0].help
    assert dsl.to_text(found[:1], {"a.sync": source}) == snapshot


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_fix_that_is_offered_mends_its_place(mistake: str) -> None:
    """Put in place of what is underlined, the fix takes the finding away."""
    right, wrong = MISTAKES[mistake]
    source = RIGHT.replace(right, wrong, 1)
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
