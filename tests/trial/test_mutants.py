"""Which changes of rules are tried, which of them tests notice, and which are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from syncrules.engine.trial.coverage import coverage
from syncrules.engine.trial.mutate import mutate
from syncrules.tests.trial.rules import block, suite, verdicts

SIMPLE = """\
sync apollo with salesforce
push contact as Lead when %s { match on email }
map contact with Lead {
    last_name         -> LastName
    email             -> Email
    organization_name -> Company default "Unknown"
}
"""
CASES = Path(__file__).parents[1] / "cases" / "plan"


def unnoticed(text: str) -> list[str]:
    return [one.what for one in mutate(suite(text)).survivors]


def person(stage: str, expect: str, name: str) -> str:
    return block(
        f"""given contact {{ email "ada@example.com", last_name "King", stage "{stage}" }}
        expect {expect}""",
        name,
    )


MADE = 'create Lead { LastName "King", Email "ada@example.com", Company "Unknown" }'


def test_a_change_of_a_condition_is_noticed_by_a_test_on_either_side_of_it() -> None:
    rules = SIMPLE % 'stage in ["Interested", "Replied"]'
    one = rules + person("Replied", MADE, "one")
    assert '"Interested" is taken out' in unnoticed(one)
    assert "its condition is taken out" in unnoticed(one)
    both = one + person("Interested", MADE, "two") + person("Cold", "nothing", "three")
    left = unnoticed(both)
    assert '"Interested" is taken out' not in left
    assert "its condition is taken out" not in left


def test_a_change_that_no_record_can_tell_is_not_tried() -> None:
    """`title is known and title is "CTO"`: without its first part the condition is the same."""
    tried = unnoticed(SIMPLE % 'title is known and title is "CTO"')
    assert '`title is "CTO"` is taken out' in tried
    assert "`title is known` is taken out" not in tried


def test_a_hidden_pull_beside_a_push_says_nothing_more() -> None:
    """A push implies it, so that taking it out is no change at all."""
    rules = SIMPLE % 'stage is "Replied"'
    pull = "pull Contact as contact hidden { match on email }\n"
    more = "map contact with Contact { last_name -> LastName }\n"
    both = f"{rules}{pull}push contact as Contact update only\n{more}"
    tried = [(one.rule, one.what) for one in mutate(suite(both)).survivors]
    assert ("pull Contact as contact", "the rule is taken out") not in tried


def test_a_survivor_comes_with_a_test_that_notices_it() -> None:
    """The tests that are shown pass, and with them nothing goes unnoticed."""
    rules = SIMPLE % 'stage in ["Interested", "Replied"] and email_status is not "extrapolated"'
    survivors = mutate(suite(rules)).survivors
    assert survivors
    texts = dict.fromkeys(one.test for one in survivors)
    assert "" not in texts
    unique = [text.replace('test "', f'test "{n}: ', 1) for n, text in enumerate(texts)]
    full = rules + "\n".join(unique)
    assert [one.test.name for one in verdicts(full) if not one.passed] == []
    assert unnoticed(full) == []


@pytest.mark.parametrize("name", ["both-ways-with-winners", "stages", "infer-arms", "keys"])
def test_the_tests_that_are_shown_notice_nearly_every_change(name: str) -> None:
    """With the tests that --coverage and --mutate show, at least nine of ten are noticed."""
    source = (CASES / f"{name}.sync").read_text(encoding="utf-8")
    full = "\n".join([source, *(one.test for one in coverage(suite(source)).gaps)])
    more = dict.fromkeys(one.test for one in mutate(suite(full)).survivors if one.test)
    unique = [text.replace('test "', f'test "{n}: ', 1) for n, text in enumerate(more)]
    score = mutate(suite("\n".join([full, *unique])))
    assert score.tried > 5
    assert score.percent >= 90, [(one.rule, one.what) for one in score.survivors]
