"""A search that is behind our own write is no edit by a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from syncrules.connectors.apollo.simulator import Fault
from syncrules.engine.run import run as verbs
from syncrules.engine.run.undo import Part
from syncrules.tests.both import Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead { match on email }
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company   default "Unknown"
}
"""
COMPANIES = """\
sync apollo with salesforce
prefer salesforce
push account as Account { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


def linked() -> tuple[Both, str, str]:
    """A contact and the Lead that was made of it."""
    both = Both(RULES)
    both.run()
    contact = both.apollo.create(
        "contact", {"last_name": "King", "email": "ada@a.example", "title": "CTO"}
    )
    both.clock.sleep(900)
    both.run()
    [lead] = both.salesforce.rows("Lead")
    return both, contact, lead


def test_a_search_that_still_shows_what_we_replaced_changes_nothing() -> None:
    """The value we have just replaced does not flow back over the new one."""
    both, contact, lead = linked()
    both.clock.sleep(900)
    both.run()
    both.salesforce.update("Lead", lead, {"Title": "CEO"})
    both.apollo.team.lag = 30.0
    both.setup = replace(both.setup, lags={("apollo", "contact"): 30.0})
    both.clock.sleep(900)
    both.run()
    assert both.apollo.rows("contact")[contact]["title"] == "CEO"
    both.run()
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"
    assert both.apollo.rows("contact")[contact]["title"] == "CEO"


def test_what_somebody_did_in_place_of_a_lost_write_is_no_edit_back_where_a_search_is_behind() -> (
    None
):
    """The write never arrived, and a person has just saved the same value: by its id the record
    shows it, and the search still what both replaced."""
    both, contact, lead = linked()
    both.setup = replace(both.setup, lags={("apollo", "contact"): 30.0})
    both.clock.sleep(900)
    both.run()
    both.salesforce.update("Lead", lead, {"Title": "CEO"})
    both.apollo.faults.append(Fault("lost before", path="bulk_update", times=None))
    both.clock.sleep(900)
    both.run()
    both.apollo.faults.clear()
    both.clock.sleep(900)
    both.apollo.team.lag = 30.0
    both.apollo.update("contact", contact, {"title": "CEO"})
    both.clock.sleep(5)
    both.run()
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"
    both.clock.sleep(900)
    both.run()
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"
    assert both.apollo.rows("contact")[contact]["title"] == "CEO"


def test_a_record_that_is_deleted_right_after_we_wrote_to_it_is_known_to_be_gone() -> None:
    """A look shows no value of it that is news, and that it is deleted is news all the same."""
    both, contact, lead = linked()
    both.setup = replace(both.setup, lags={("salesforce", "Lead"): 30.0})
    both.apollo.update("contact", contact, {"title": "CEO"})
    both.clock.sleep(900)
    both.run()
    both.salesforce.delete("Lead", lead)
    both.clock.sleep(10)
    both.run()
    both.apollo.update("contact", contact, {"title": "Chair"})
    both.clock.sleep(60)
    before = both.calls()
    assert both.run().counts == {}
    assert both.since(before).salesforce_writes == 0


def test_an_edit_that_a_late_search_shows_with_what_we_replaced_after_it_flows_alone() -> None:
    """Somebody edits another field a moment before we write: what the search shows then is the edit
    and, beside it, the value that is ours no more."""
    both, contact, lead = linked()
    both.salesforce.update("Lead", lead, {"Title": "CEO"})
    both.setup = replace(both.setup, lags={("apollo", "contact"): 30.0})
    both.clock.sleep(900)
    both.apollo.team.lag = 30.0
    both.apollo.update("contact", contact, {"last_name": "Lovelace"})
    both.clock.sleep(10)
    both.run()
    assert both.apollo.rows("contact")[contact]["title"] == "CEO"
    both.clock.sleep(25)
    both.run()
    assert both.salesforce.rows("Lead")[lead]["LastName"] == "Lovelace"
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"
    both.clock.sleep(900)
    both.run()
    assert both.apollo.rows("contact")[contact]["title"] == "CEO"
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"


def test_what_somebody_puts_back_at_once_flows_once_the_search_can_be_trusted() -> None:
    """For a moment nobody can tell it from a search that is behind our write."""
    both, contact, lead = linked()
    both.setup = replace(both.setup, lags={("apollo", "contact"): 30.0})
    both.clock.sleep(900)
    both.run()
    both.salesforce.update("Lead", lead, {"Title": "CEO"})
    both.clock.sleep(900)
    both.run()
    both.clock.sleep(5)
    both.apollo.update("contact", contact, {"title": "CTO"})
    both.clock.sleep(5)
    both.run()
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"
    both.clock.sleep(900)
    both.run()
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CTO"
    assert both.apollo.rows("contact")[contact]["title"] == "CTO"


def test_what_our_write_went_over_is_no_edit_where_a_search_shows_it_late() -> None:
    """Somebody edits a contact between our look and our write. What stands there before our write
    is then not what we have replaced, as far as we know; by its stamp it is older all the same. An
    edit that comes later flows (R4)."""
    both, contact, lead = linked()
    both.setup = replace(both.setup, lags={("apollo", "contact"): 30.0})
    both.apollo.team.lag = 30.0
    both.salesforce.update("Lead", lead, {"Title": "CEO"})

    def edited(point: str) -> None:
        if point == "before sent":
            both.world.on_point = None
            both.apollo.update("contact", contact, {"title": "Chair", "last_name": "Lovelace"})
            both.clock.sleep(10)

    both.clock.sleep(900)
    both.world.on_point = edited
    both.run()
    assert both.apollo.rows("contact")[contact]["title"] == "CEO"
    both.clock.sleep(25)
    both.run()
    assert both.salesforce.rows("Lead")[lead]["LastName"] == "Lovelace"
    assert both.salesforce.rows("Lead")[lead]["Title"] == "CEO"
    both.apollo.update("contact", contact, {"title": "Founder"})
    both.clock.sleep(900)
    both.run()
    assert both.salesforce.rows("Lead")[lead]["Title"] == "Founder"
    assert both.apollo.rows("contact")[contact]["title"] == "Founder"


def companies() -> tuple[Both, str, str]:
    """An account and the Account that was made of it."""
    both = Both(COMPANIES)
    both.run()
    account = both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    both.clock.sleep(900)
    both.run()
    [company] = both.salesforce.rows("Account")
    return both, account, company


stamped_or_not = pytest.mark.parametrize(
    ("made", "ends", "fields"),
    [
        (linked, ("contact", "Lead"), ("title", "Title")),
        (companies, ("account", "Account"), ("name", "Name")),
    ],
    ids=["with stamps", "without"],
)


@stamped_or_not
def test_the_first_of_two_writes_is_no_edit_where_a_search_shows_it_after_the_second(
    made: Callable[[], tuple[Both, str, str]], ends: tuple[str, str], fields: tuple[str, str]
) -> None:
    """Both have replaced a value, and the search may show either for a while: a contact has a stamp
    to tell it by, an account has none."""
    both, left, right = made()
    mine, theirs = ends

    def now() -> tuple[Any, Any]:
        apollo, salesforce = both.apollo.rows(mine), both.salesforce.rows(theirs)
        return apollo[left][fields[0]], salesforce[right][fields[1]]

    both.setup = replace(both.setup, lags={("apollo", mine): 30.0})
    both.apollo.team.lag = 30.0
    both.clock.sleep(900)
    for value in ("First", "Second"):
        both.salesforce.update(theirs, right, {fields[1]: value})
        both.clock.sleep(1)
        both.run()
        assert now()[0] == value
        both.clock.sleep(19)
    both.run()
    assert now()[1] == "Second"
    both.clock.sleep(900)
    both.run()
    assert now() == ("Second", "Second")


@stamped_or_not
def test_what_an_undo_put_back_late_is_no_edit_where_somebody_has_changed_it_since(
    made: Callable[[], tuple[Both, str, str]], ends: tuple[str, str], fields: tuple[str, str]
) -> None:
    """The undo never heard that its write arrived. By its id the record shows what somebody made of
    it since, and the search still what the undo put back: only the edit goes over (C7, R1)."""
    both, left, right = made()
    mine, theirs = ends
    both.setup = replace(both.setup, lags={("apollo", mine): 30.0})
    both.salesforce.update(theirs, right, {fields[1]: "Ours"})
    old = both.apollo.rows(mine)[left][fields[0]]
    both.clock.sleep(900)
    run = both.run().run
    assert both.apollo.rows(mine)[left][fields[0]] == "Ours"
    both.clock.sleep(900)
    both.apollo.faults.append(Fault("lost before", path="bulk_update", times=None))
    verbs.undo(both.setup, Part(run), both._show)
    both.apollo.faults.clear()
    both.clock.sleep(10)
    both.apollo.update(mine, left, {fields[0]: old})  # The write arrives.
    both.clock.sleep(900)
    both.apollo.team.lag = 30.0
    both.apollo.update(mine, left, {fields[0]: "Founder"})
    seen = []
    for wait in (5, 900):
        both.clock.sleep(wait)
        both.run()
        seen.append(both.salesforce.rows(theirs)[right][fields[1]])
    assert seen == ["Founder", "Founder"]
    assert both.apollo.rows(mine)[left][fields[0]] == "Founder"
