"""A value that something changes back each time is not written for ever (C7, R8)."""

from __future__ import annotations

from collections.abc import Callable

from syncrules.connectors.salesforce.simulator.org import Automation
from syncrules.engine.run import run as verbs
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead when stage is "Interested" { match on email }
map contact with Lead {
    first_name        <-> FirstName
    last_name         <-> LastName
    title             <-> Title
    email             <-> Email
    organization_name  -> Company  default "Unknown"
}
"""


def upper(both: Both) -> tuple[str, str]:
    """A contact and its Lead, in an org whose automation writes titles in capitals."""
    both.run()
    capitals = Automation(
        "Lead", lambda row: {"Title": str(row["Title"]).upper()} if row.get("Title") else {}
    )
    both.salesforce.org.automations.append(capitals)
    values = {"first_name": "Ada", "last_name": "Berg", "email": "ada@berg.example"}
    left = both.apollo.create("contact", {**values, "stage": "Interested", "title": "ceo"})
    later(both)
    (right,) = both.salesforce.rows("Lead")
    return left, right


def later(both: Both, before: Callable[[], object] = lambda: None) -> int:
    """What comes of an hour and a run: how many requests wrote."""
    both.clock.sleep(HOUR)
    before()
    calls = both.calls()
    both.run()
    asked = both.since(calls)
    return asked.apollo_writes + asked.salesforce_writes


def titles(both: Both, left: str, right: str) -> tuple[object, object]:
    return both.apollo.rows("contact")[left]["title"], both.salesforce.rows("Lead")[right]["Title"]


def test_what_an_automation_makes_of_a_value_flows_back_once() -> None:
    """Both sides then hold the same, and nothing is written any more (R3)."""
    both = Both(RULES)
    left, right = upper(both)
    assert titles(both, left, right) == ("ceo", "CEO")
    assert later(both) == 1
    assert titles(both, left, right) == ("CEO", "CEO")
    assert later(both) == 0
    assert both.errors() == []


def test_a_value_that_both_sides_change_back_stays_as_it_is_the_third_time() -> None:
    """Something in Apollo writes titles small, and Salesforce in capitals: told once, and no more
    is written. Other fields, other people and other values go over as ever."""
    both = Both(RULES)
    left, right = upper(both)

    def small() -> None:
        if both.apollo.rows("contact")[left]["title"] == "CEO":
            both.apollo.update("contact", left, {"title": "ceo"})

    wrote = [later(both, small) for _ in range(8)]
    assert wrote == [1, 1, 1, 1, 0, 0, 0, 0]
    assert titles(both, left, right) == ("ceo", "CEO")
    (entry,) = both.errors()
    assert (entry.code, entry.field, entry.count) == ("to-and-fro", "title", 1)
    assert entry.troubles[0].message == (
        'title: it went to and fro between "CEO" and "ceo" twice within a day: each time that it'
        " is written to one system, something in the other changes it back"
    )
    both.apollo.update("contact", left, {"first_name": "Bea"})
    assert later(both) == 1
    assert both.salesforce.rows("Lead")[right]["FirstName"] == "Bea"
    assert [one.code for one in both.errors()] == ["to-and-fro"]
    both.salesforce.update("Lead", right, {"Title": "CTO"})
    assert later(both) == 1
    assert titles(both, left, right) == ("CTO", "CTO")
    assert both.errors() == []


def test_it_is_the_same_with_a_state_in_postgresql(postgres_url: str) -> None:
    """What was written within a day is found there, too."""
    both = Both(RULES, state=postgres_url)
    left, right = upper(both)
    wrote = [
        later(both, lambda: both.apollo.update("contact", left, {"title": "ceo"})) for _ in range(6)
    ]
    assert (wrote[-2:], titles(both, left, right)) == ([0, 0], ("ceo", "CEO"))
    both.db.close()


def test_who_changes_a_value_to_and_fro_on_one_side_is_followed_each_time() -> None:
    """Nothing changes it back on the other side: somebody ticks and unticks a box."""
    both = Both(RULES)
    left, right = upper(both)
    both.salesforce.org.automations.clear()
    later(both)
    for value in ("A", "B") * 4:
        both.apollo.update("contact", left, {"title": value})
        assert later(both) == 1
        assert titles(both, left, right) == (value, value)
    assert both.errors() == []


def test_a_retry_a_day_later_tries_it_again() -> None:
    """Somebody has switched the automation off meanwhile."""
    both = Both(RULES)
    left, right = upper(both)
    for _ in range(8):
        later(
            both,
            lambda: both.apollo.update("contact", left, {"title": "ceo"}),
        )
    assert [one.code for one in both.errors()] == ["to-and-fro"]
    both.salesforce.org.automations.clear()
    both.clock.sleep(24 * HOUR)
    verbs.retry(both.setup, None)
    assert titles(both, left, right) == ("CEO", "CEO")
    assert both.errors() == []
    assert later(both) == 0
