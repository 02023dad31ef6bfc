"""What tests should say about rules on activities: what people wrote, with somebody who is known,
and which changes of such rules a test notices."""

from __future__ import annotations

from syncrules import dsl
from syncrules.engine.trial.coverage import Covered, coverage
from syncrules.engine.trial.mutate import mutate
from syncrules.tests.dsl.schemas import SCHEMAS
from syncrules.tests.trial.rules import block, suite, verdicts

TASKS = "sync apollo with salesforce\nprefer latest\npush task as Task when completed\n"
EMAILS = """\
sync apollo with salesforce
prefer latest
push contact as Lead when stage is "Replied"
map contact with Lead {
    last_name -> LastName
    email     -> Email
    organization_name -> Company default "Unknown"
}
push email as Task when direction is "outgoing" {
    add unknown people
}
"""
HIDDEN = "pull Contact as contact hidden\n"
MEETINGS = """\
sync apollo with salesforce
prefer latest
push meeting as Event {
    on cancel mark Subject "Cancelled: {{ subject }}"
}
"""


def whats(covered: Covered) -> list[str]:
    return [one.goal.what for one in covered.gaps]


def test_nobody_is_asked_to_test_what_nobody_wrote() -> None:
    """Standard rows are no gaps; a row that takes the place of one is."""
    bare = whats(coverage(suite(TASKS)))
    assert "a Task is created because completed" in bare
    assert not [one for one in bare if "is written" in one or "becomes" in one]
    written = TASKS + 'map task with Task {\n    "Done: {{ title }}" -> Subject\n}\n'
    assert [one for one in whats(coverage(suite(written))) if one not in bare] == [
        "Task.Subject is written"
    ]


def test_a_task_that_waits_for_somebody_says_nothing_about_the_condition() -> None:
    """With nobody known nothing is made of it, completed or not (ACT-18)."""
    done = 'given task { title "Ring", status "completed", completed true, contact contact }'
    waits = block(f'given contact {{ email "ada@example.com" }}\n{done}\nexpect nothing')
    assert "a Task is created because completed" in whats(coverage(suite(TASKS + waits)))
    there = block(
        f"""given contact {{ email "ada@example.com" }}
        given Contact {{ Email "ada@example.com" }}
        {done}
        expect link Contact
        expect create Task {{ Subject "Ring" }}"""
    )
    assert "a Task is created because completed" not in whats(coverage(suite(TASKS + there)))


def test_the_tests_that_are_shown_are_about_somebody_whom_both_systems_know() -> None:
    """They may be pasted as they are: a Task is made in them, and not made of an open task."""
    gaps = {one.goal.what: one.test for one in coverage(suite(TASKS)).gaps}
    made = gaps["a Task is created because completed"]
    assert "given task { completed true, contact contact }" in made
    assert "expect create Task { WhoId Contact }" in made
    open_one = gaps["a Task is not created because not completed"]
    assert "completed false, contact contact" in open_one
    assert "expect create" not in open_one


def test_a_person_whom_a_condition_asks_about_is_the_one_who_is_known() -> None:
    """No second contact is made up beside the one whose stage is asked for."""
    rules = TASKS.replace("completed", 'completed and contact.stage is "Replied"')
    gaps = {one.goal.what: one.test for one in coverage(suite(rules)).gaps}
    made = gaps["a Task is created because completed"]
    assert made.count("given contact") == 1
    assert 'stage "Replied"' in made and "expect create Task" in made


def test_who_is_made_known_by_an_email_is_asked_for() -> None:
    """With the choice on, mail from nobody known makes a contact (ACT-22); the test for it passes,
    and a change that takes the choice away is noticed by it."""
    what = "somebody whom nobody knows is made known by an email"
    gap = next(one for one in coverage(suite(EMAILS)).gaps if one.goal.what == what)
    assert "expect create contact" in gap.test
    full = EMAILS + gap.test + "\n"
    assert [one.failures for one in verdicts(full)] == [()]
    assert what not in whats(coverage(suite(full)))
    unnoticed = [(one.rule, one.what) for one in mutate(suite(EMAILS)).survivors]
    change = ("push email as Task", "`add unknown people` is taken out")
    assert change in unnoticed
    assert change not in [(one.rule, one.what) for one in mutate(suite(full)).survivors]


def test_whom_activities_are_about_is_made_by_nobody() -> None:
    """A task waits for its people and brings none along, so nothing is asked about how they would
    be made; contacts do bring their accounts along."""
    contacts = """\
push contact as Contact update only
map contact with Contact {
    email -> Email default "nobody@example.com"
}
"""
    rules = f"{TASKS}{contacts}"
    assert "Email gets its default" not in whats(coverage(suite(rules)))
    brings = """\
push contact as Contact
map contact with Contact {
    last_name -> LastName
    account   -> AccountId
}
map account with Account {
    name -> Name default "Unknown"
}
"""
    found = whats(coverage(suite(f"{TASKS}{brings}")))
    assert "Name gets its default" in found


def test_a_text_made_of_fields_is_shortened_in_a_test_of_its_own() -> None:
    """`truncate` behind a template has a ready test, in which the first field is too long."""
    rules = TASKS + 'map task with Task {\n    "Done: {{ title }}" -> Subject truncate\n}\n'
    what = "a text that is too long is shortened (`truncate`)"
    gap = next(one for one in coverage(suite(rules)).gaps if one.goal.what == what)
    full = f"{rules}{gap.test}\n"
    assert [one.failures for one in verdicts(full)] == [()]
    assert what not in whats(coverage(suite(full)))


def test_create_only_where_nothing_could_flow_is_no_change() -> None:
    """A hidden pull of what no row reads from the right is the same with it, and isn't tried."""
    rules = """\
sync apollo with salesforce
push contact as Lead when stage is "Replied"
map contact with Lead {
    last_name -> LastName
    organization_name -> Company default "Unknown"
}
"""
    told = [(one.rule, one.what) for one in mutate(suite(rules + HIDDEN)).survivors]
    assert ("pull Contact as contact", "`create only`") not in told
    rows = "map contact with Contact {\n    title <- Title\n}\n"
    more = [(one.rule, one.what) for one in mutate(suite(rules + HIDDEN + rows)).survivors]
    assert ("pull Contact as contact", "`create only`") in more


def test_what_follows_a_cancelled_meeting_is_asked_for() -> None:
    """`on cancel` has a goal with a test that reaches it; to take it out is noticed (EDGE-15)."""
    what = "`on cancel` makes it mark"
    gap = next(one for one in coverage(suite(MEETINGS)).gaps if one.goal.what == what)
    assert "change meeting { cancelled true }" in gap.test
    full = MEETINGS + gap.test + "\n"
    assert [one.failures for one in verdicts(full)] == [()]
    assert what not in whats(coverage(suite(full)))
    assert "`on cancel` is taken out" in [one.what for one in mutate(suite(MEETINGS)).survivors]
    assert "`on cancel` is taken out" not in [one.what for one in mutate(suite(full)).survivors]


def test_all_changes_of_rules_on_activities_come_with_a_test_that_notices_them() -> None:
    """What is shown for the survivors passes, and with it nothing goes unnoticed."""
    rules = f"{EMAILS}{TASKS.partition('latest')[2]}pull Task as task visible when open\n"
    survivors = mutate(suite(rules)).survivors
    activities = [one for one in survivors if one.rule.endswith(("as Task", "as task"))]
    assert len(activities) > 10
    assert [one.what for one in activities if not one.test] == []
    texts = dict.fromkeys(one.test for one in survivors if one.test)
    unique = [text.replace('test "', f'test "{n}: ', 1) for n, text in enumerate(texts)]
    full = rules + "\n".join(unique)
    assert dsl.check({"r.sync": full}, SCHEMAS).findings == ()
    assert [one.test.name for one in verdicts(full) if not one.passed] == []
    left = mutate(suite(full)).survivors
    assert [one.what for one in left if one.rule.endswith(("as Task", "as task"))] == []
