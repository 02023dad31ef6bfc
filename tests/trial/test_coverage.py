"""What no test reaches, and the ready tests for it: they are right, pass, and close the gaps."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.dsl.conditions import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    Get,
    Not,
    OneOf,
    holds,
    text,
)
from syncrules.engine.trial.coverage import Covered, coverage
from syncrules.engine.trial.parts import deciding, wanted
from syncrules.tests.dsl.schemas import SCHEMAS
from syncrules.tests.trial.rules import PEOPLE, block, suite, verdicts

CASES = sorted((Path(__file__).parents[1] / "cases" / "plan").glob("*.sync"))


def whats(covered: Covered) -> list[str]:
    return [one.goal.what for one in covered.gaps]


def with_tests(source: str, covered: Covered) -> str:
    return source + "\n" + "\n".join(one.test for one in covered.gaps)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_tests_for_gaps_are_right_pass_and_close_them(path: Path) -> None:
    """For each file of rules: what is printed may be pasted behind it, and then nothing is left
    but what no test was found for."""
    source = path.read_text(encoding="utf-8")
    covered = coverage(suite(source))
    bare = [one.goal.what for one in covered.gaps if not one.test]
    full = with_tests(source, covered)
    found = dsl.check({"r.sync": full}, SCHEMAS).findings
    assert [one.title for one in found if one.severity == "error"] == []
    assert [one.test.name for one in verdicts(full) if not one.passed] == []
    assert whats(coverage(suite(full))) == bare


def test_rules_without_tests_have_a_gap_for_all_that_they_say() -> None:
    found = whats(coverage(suite(PEOPLE)))
    for what in (
        "a Lead is created",
        'a Lead is created because stage is "Interested"',
        'a Lead is created because stage is "Replied"',
        'a Lead is not created because stage not in ["Interested", "Replied"]',
        'a Lead is not created because email_status is "extrapolated"',
        "records are linked by email = Email",
        "several records have the same key",
        "Lead.Company is written",
        "Company gets its default",
        "contact.title and Lead.Title have both changed",
        "a value that is there is kept (`when blank`)",
        'Lead.Status becomes "Closed - Not Converted"',
        'contact.stage becomes "Cold"',
        "Lead.Status stays, since the other value is in no row of the table",
        'the stage becomes "Dead Opportunity"',
    ):
        assert what in found, what


def test_a_test_reaches_what_it_is_about_and_nothing_else() -> None:
    """A contact who replied: the rule, its side of the list, four rows, the default, no more."""
    body = """given contact { email "ada@example.com", last_name "King", stage "Replied" }
        expect create Lead { LastName "King" }"""
    before, after = coverage(suite(PEOPLE)), coverage(suite(PEOPLE + block(body)))
    reached = {one for one in whats(before) if one not in whats(after)}
    assert "a Lead is created" in reached
    assert 'a Lead is created because stage is "Replied"' in reached
    assert 'a Lead is created because stage is "Interested"' not in reached
    assert "Company gets its default" in reached
    assert "Lead.Title is written" not in reached
    assert after.goals == before.goals
    assert after.reached - before.reached == len(before.gaps) - len(after.gaps)


def test_one_side_changed_is_not_both() -> None:
    """A title that changes in Apollo alone says nothing about who wins."""
    body = """given contact { email "ada@example.com" }
        linked with Lead { Email "ada@example.com" }
        change contact { title "CTO" }
        expect update Lead { Title "CTO" }"""
    left = whats(coverage(suite(PEOPLE + block(body))))
    assert "Lead.Title is written" not in left
    assert "contact.title and Lead.Title have both changed" in left


def test_what_no_record_can_reach_is_no_gap() -> None:
    """The second `or` side is inside the first: no record is taken because of it alone."""
    rules = """sync apollo with salesforce
push contact as Lead when title is known or title is "CTO" { match on email }
map contact with Lead {
    email -> Email
    last_name -> LastName
    organization_name -> Company default "Unknown"
}
"""
    found = whats(coverage(suite(rules)))
    assert "a Lead is created because title is known" in found
    assert not [one for one in found if 'because title is "CTO"' in one]


A, B, C = (Compare(Get(name, "text"), "is", Constant("x")) for name in ("a", "b", "c"))
LIST = OneOf(Get("a", "text"), ("x", "y"))


@pytest.mark.parametrize(
    ("condition", "values", "said"),
    [
        (Any((A, B)), {"a": "x"}, {"a is x"}),
        (Any((A, B)), {"a": "x", "b": "x"}, set()),
        (Any((A, B)), {}, {"not a is x", "not b is x"}),
        (All((A, B)), {"a": "x"}, {"not b is x"}),
        (All((A, B)), {}, set()),
        (All((A, B)), {"a": "x", "b": "x"}, {"a is x", "b is x"}),
        (All((A, Any((B, C)))), {"a": "x", "c": "x"}, {"a is x", "c is x"}),
        (All((A, Not(B))), {"a": "x", "b": "x"}, {"b is x"}),
        (LIST, {"a": "y"}, {"a is y"}),
        (LIST, {"a": "z"}, {"not a is x"}),
    ],
    ids=lambda one: text(one) if isinstance(one, All | Any | OneOf) else "",
)
def test_a_part_decides_where_the_whole_hangs_on_it(
    condition: Condition, values: dict[str, str], said: set[str]
) -> None:
    """Each side of an `or` alone, each part of an `and` alone, each value of a list."""
    names = ("a", "b", "c")
    order = [name for name in names if name in text(condition)]
    found = {
        f"{'' if one.true else 'not '}{order[one.number]} is {one.value or 'x'}"
        for one in deciding(condition, lambda get: values.get(get.field), "2026-01-01", "UTC")
    }
    assert found == said


def test_every_way_to_decide_is_one_that_a_record_shows() -> None:
    """What a part wants of a record makes just this part decide, in all eight records."""
    condition = All((A, Any((B, Not(C)))))
    shown = set()
    for values in product("x-", repeat=3):
        record = dict(zip("abc", values, strict=True))

        def read(get: Get, record: dict[str, str] = record) -> str:
            return record[get.field]

        found = deciding(condition, read, "2026-01-01", "UTC")
        for one in wanted(condition):
            if all(holds(each, read, "2026-01-01") for each in one.conditions):
                assert one.part in found, one.said
                assert holds(condition, read, "2026-01-01") is one.acts
                shown.add(one.part)
    assert shown == {one.part for one in wanted(condition)}
