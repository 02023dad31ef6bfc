"""Reading rule files: no mistake hides another, and no file, however odd, stops the reader."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.dsl.nearest import nearest
from syncrules.dsl.parse import parse

from .schemas import CONTACT, SCHEMAS

CASES = Path(__file__).parents[1] / "cases" / "plan"


def places(source: str) -> list[tuple[int, int]]:
    return [(one.span.line, one.span.column) for one in parse("a.sync", source)[1]]


def test_a_broken_rule_hides_no_other() -> None:
    """Four broken statements among right ones: four findings, and the right ones are read."""
    source = (
        "sync apollo with salesforce\n"
        "psuh contact as Lead\n"
        "map contact with Lead {\n    email -> Email\n"
        "pull Lead as contact\n"
        "push contact as Lead when\n"
        "map contact with Contact {\n    email Email\n    title -> Title\n}\n"
        "pull Account as account\n"
    )
    file, findings = parse("a.sync", source)
    assert [(one.span.line, one.span.column) for one in findings] == [
        (2, 1),
        (3, 23),
        (6, 26),
        (8, 11),
    ]
    assert len(file.statements) == 5


def test_several_bad_lines_of_a_block_are_told_and_its_good_ones_are_kept() -> None:
    """A line that goes on from a bad one goes with it."""
    source = (
        "map contact with Lead {\n    a b\n    when blank\n    email -> Email\n    c -> -> D\n}\n"
    )
    file, findings = parse("a.sync", source)
    assert [one.span.line for one in findings] == [2, 5]
    (statement,) = file.statements
    assert len(getattr(statement, "rows", ())) == 1


def test_a_row_at_column_one_may_begin_with_a_rule_word() -> None:
    """A field called `push` is no new rule where its line is a row."""
    source = "map contact with Lead {\npush -> Title\nevery <- Name\n}\npull Lead as contact\n"
    file, findings = parse("a.sync", source)
    assert findings == () and len(file.statements) == 2


def test_nesting_has_an_end() -> None:
    """Fifty levels are plenty; more is a finding, not a crash."""
    head = "sync apollo with salesforce\npush contact as Lead update only when "
    deep = {
        "parentheses": "(" * 3000 + "email is known" + ")" * 3000,
        "nots": "not " * 2000 + "email is known",
        "unclosed": "(" * 3000,
    }
    for condition in deep.values():
        found = dsl.check({"a.sync": f"{head}{condition}\n"}, SCHEMAS).findings
        assert [one.code for one in found] == ["syntax"]
    fine = f"{head}{'(' * 40}email is known{')' * 40}\n"
    assert dsl.check({"a.sync": fine}, SCHEMAS).findings == ()


@pytest.mark.parametrize(
    "source",
    [
        "x" * 10_000_000,
        'sync apollo with salesforce\npush contact as Lead when stage is "' + "x" * 10_000_000,
        "{" * 10_000_000,
    ],
)
def test_a_line_of_ten_megabytes_is_a_finding_at_once(source: str) -> None:
    """A file that can't be a rule file is told, not chewed on."""
    assert [one.code for one in dsl.check({"a.sync": source}, SCHEMAS).findings] == ["syntax"]


def test_a_file_full_of_mistakes_ends_with_a_word_that_the_rest_was_not_read() -> None:
    """After a hundred lines that can't be read there is no use in more."""
    _, findings = parse("a.sync", "what is this\n" * 5000)
    assert len(findings) == 101
    assert "not looked at" in findings[-1].title


def test_no_text_makes_check_raise() -> None:
    """Right files with letters taken out, doubled and swapped: findings, each inside its file."""
    chance = random.Random(11)
    originals = [path.read_text(encoding="utf-8") for path in sorted(CASES.glob("*.sync"))]
    for _ in range(300):
        letters = list(chance.choice(originals))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(letters))
            letters[at : at + chance.randrange(3)] = chance.choice(
                ("", "{", "}", '"', "(", "\n", " ", "`", "->", "é", "#", "[", "when ", "\t", "\\")
            )
        source = "".join(letters)
        lines = source.split("\n")
        for one in dsl.check({"a.sync": source}, SCHEMAS).findings:
            assert 1 <= one.span.line <= len(lines) + 1, (source, one)
            line = lines[one.span.line - 1] if one.span.line <= len(lines) else ""
            assert 1 <= one.span.column <= len(line) + 1, (source, one)
            assert one.title and one.code in dsl.CODES
        dsl.to_text(dsl.check({"a.sync": source}, SCHEMAS).findings, {"a.sync": source})


SLIPS = [
    ("emial", "email"),
    ("Email", "email"),
    ("First Name", "first_name"),
    ("firstname", "first_name"),
    ("Company", "organization_name"),
    ("stages", "stage"),
    ("titel", "title"),
    ("linkedin", "linkedin_url"),
    ("Unsubscribed", "email_unsubscribed"),
    ("zzzz", ""),
]


@pytest.mark.parametrize(("wrong", "right"), SLIPS)
def test_the_nearest_name_is_the_one_that_was_meant(wrong: str, right: str) -> None:
    """Letter case, separators, the label, a plural, a slip of the finger."""
    labels = {one.name: one.label for one in CONTACT.fields}
    assert nearest(wrong, CONTACT.by_name, labels) == right


def test_the_nearest_custom_field_is_found_without_its_ending() -> None:
    """`Status` for `Status__c`, and the other way round."""
    assert nearest("Status", ["Name", "Status__c"]) == "Status__c"
    assert nearest("Title__c", ["Name", "Title"]) == "Title"


def test_checking_loads_neither_database_nor_network_nor_templates() -> None:
    """`check` starts fast: what it doesn't need is not imported; Jinja2 only with a template."""
    code = (
        "import sys; from syncrules import dsl; dsl.check({'a': 'sync a with b\\n'}, {});"
        "print([one for one in ('sqlmodel', 'sqlalchemy', 'httpx', 'jinja2', 'asyncio', 'click')"
        " if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
