"""A machine that sleeps between the commit of a write as sent and its request: nothing goes out on
a look of before (R1, R4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push account as Account {
    match on domain
    on delete delete
}
push contact as Lead when stage is "Interested" { match on email }
map account with Account {
    name   <-> Name
    domain <-> Website
}
map contact with Lead {
    last_name         <-> LastName
    title             <-> Title
    email             <-> Email
    organization_name  -> Company  default "Unknown"
}
"""
ADA = {"last_name": "Berg", "email": "ada@berg.example", "stage": "Interested"}
POINTS = ("after decided", "before sent", "after sent", "request salesforce")


def of() -> Both:
    both = Both(RULES)
    both.run()
    both.clock.sleep(HOUR)
    return both


def later(both: Both, seconds: float = HOUR) -> None:
    both.clock.sleep(seconds)
    both.run()


def asleep(both: Both, point: str, act: Callable[[], object]) -> None:
    """The next run sleeps for hours at a point, once it has decided, and meanwhile something
    happens."""
    seen: list[str] = []

    def watch(name: str) -> None:
        seen.append(name)
        if name == point and "after decided" in seen:
            both.world.on_point = None
            both.clock.sleep(3 * HOUR)
            act()
            both.clock.sleep(HOUR)

    both.world.on_point = watch


@pytest.mark.parametrize("point", POINTS)
def test_an_edit_of_those_hours_is_not_written_over(point: str) -> None:
    both = of()
    ada = both.apollo.create("contact", ADA)
    later(both)
    [lead] = both.salesforce.rows("Lead")
    both.apollo.update("contact", ada, {"title": "CTO"})
    asleep(both, point, lambda: both.salesforce.update("Lead", lead, {"Title": "CEO"}))
    later(both)
    later(both)
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"
    assert both.apollo.rows("contact")[ada]["title"] == "CEO"
    assert both.errors() == []


@pytest.mark.parametrize("point", POINTS)
def test_who_was_put_in_by_hand_in_those_hours_is_not_made_again(point: str) -> None:
    both = of()
    both.apollo.create("contact", ADA)
    values = {"LastName": "Berg", "Email": "ada@berg.example", "Company": "Berg AB"}
    asleep(both, point, lambda: both.salesforce.create("Lead", values))
    later(both)
    later(both)
    assert len(both.salesforce.rows("Lead")) == 1
    assert both.errors() == []


@pytest.mark.parametrize("point", POINTS)
def test_who_came_to_belong_to_a_company_in_those_hours_does_not_go_with_it(point: str) -> None:
    both = of()
    left = both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    later(both)
    [account] = both.salesforce.rows("Account")
    both.apollo.delete("account", left)
    values = {"LastName": "Berg", "AccountId": account}
    asleep(both, point, lambda: both.salesforce.create("Contact", values))
    later(both, 24 * HOUR)
    later(both)
    assert list(both.salesforce.rows("Account")) == [account]
    assert len(both.salesforce.rows("Contact")) == 1
    assert [one.code for one in both.errors()] == ["goes-along"]


def test_what_sleeps_each_time_goes_out_at_last() -> None:
    """A minute goes by before each request: after three rounds in which nothing could go out, what
    there is does."""
    both = of()
    both.apollo.create("contact", ADA)
    points: list[str] = []

    def watch(name: str) -> None:
        points.append(name)
        if name == "request salesforce" and "after decided" in points:
            both.clock.sleep(25.0)
        if name == "after page" and "after decided" in points:
            both.clock.sleep(61.0)

    both.world.on_point = watch
    later(both)
    both.world.on_point = None
    later(both)
    assert len(both.salesforce.rows("Lead")) == 1
    assert both.errors() == []
