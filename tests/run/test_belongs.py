"""What a system deletes along with a record: nobody who still belongs to it goes (R1, R7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from syncrules.engine.run import run as verbs
from syncrules.engine.run.past import changes
from syncrules.engine.run.undo import Part
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.tests.both import HOUR, ORG, Both

COMPANIES = """\
sync apollo with salesforce
prefer salesforce
push account as Account {
    match on domain
    on delete delete
}
"""
PEOPLE = """\
push contact as Contact { match on email%s }
map contact with Contact {
    first_name <-> FirstName
    last_name  <-> LastName
    email      <-> Email
    account    <-> AccountId
}
"""
MAPPED = """\
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""
DAY = 24 * HOUR


def of(people: str | None = None, state: str = "sqlite://") -> Both:
    """Both systems under rules for companies and, where `people` says something, for people."""
    both = Both(COMPANIES + MAPPED + ("" if people is None else PEOPLE % people), state=state)
    both.run()
    both.clock.sleep(HOUR)
    return both


def company(both: Both, name: str = "acme") -> tuple[str, str]:
    """An account of Apollo and the Account that a run makes of it."""
    known = set(both.salesforce.rows("Account"))
    domain = f"{name}.example"
    left = both.apollo.create("account", {"name": name.title(), "domain": domain})
    later(both)
    (right,) = set(both.salesforce.rows("Account")) - known
    return left, right


def later(both: Both, seconds: float = HOUR) -> None:
    both.clock.sleep(seconds)
    both.run()
    both.clock.sleep(HOUR)


def deal(both: Both, account: str) -> str:
    values = {"Name": "Big", "AccountId": account, "StageName": "Prospecting"}
    return both.salesforce.create("Opportunity", {**values, "CloseDate": "2026-12-01"})


def person(both: Both, account: str, name: str = "ada") -> tuple[str, str]:
    """A contact of an account of Apollo, and the Contact that a run makes of it."""
    known = set(both.salesforce.rows("Contact"))
    values = {"first_name": name.title(), "last_name": "Berg", "email": f"{name}@acme.example"}
    left = both.apollo.create("contact", {**values, "account_id": account})
    later(both)
    (right,) = set(both.salesforce.rows("Contact")) - known
    return left, right


def when(both: Both, point: str, act: Callable[[], object]) -> None:
    """Something that happens once, at a point of the next run."""

    def watch(name: str) -> None:
        if name == point:
            both.world.on_point = None
            act()

    both.world.on_point = watch


def test_an_account_that_something_belongs_to_stays() -> None:
    """Salesforce deletes people and deals along with their Account, and no rule is about these: it
    is told, looked at once a day, and deleted once nothing belongs to it any more (EDGE-6)."""
    both = of()
    left, right = company(both)
    ada = both.salesforce.create("Contact", {"LastName": "Berg", "AccountId": right})
    big = deal(both, right)
    both.apollo.delete("account", left)
    for times in (1, 2):
        later(both, DAY)
        later(both)
        assert list(both.salesforce.rows("Account")) == [right]
        (entry,) = both.errors()
        assert (entry.code, entry.count) == ("goes-along", times)
        (record,) = entry.troubles
        assert record.message == (
            f'salesforce would delete with it "Contact {ada}, Opportunity {big}"'
        )
    said = why_text(why(both.plan, ORG, both.db, both.world, right))
    assert "  it is looked at again tomorrow, and deleted once nothing belongs to it" in said
    both.salesforce.delete("Opportunity", big)
    both.salesforce.update("Contact", ada, {"AccountId": None})
    later(both, DAY)
    assert both.salesforce.rows("Account") == {}
    assert list(both.salesforce.rows("Contact")) == [ada]
    assert both.errors() == []


def test_a_preview_shows_what_would_be_deleted() -> None:
    """The one with a deal is not among it, nor in what an `apply` compares with it."""
    both = of()
    (left, right), (other, alone) = company(both), company(both, "bolt")
    deal(both, right)
    both.apollo.delete("account", left)
    both.apollo.delete("account", other)
    both.clock.sleep(DAY)
    shown: list[str] = []
    agreed: list[str] = []
    verbs.preview(
        both.setup,
        lambda one: shown.append(one.record),
        lambda all: agreed.extend(one.record for one in all),
    )
    assert shown == agreed == [alone]
    assert set(both.salesforce.rows("Account")) == {right, alone}


def test_a_company_goes_with_its_people_where_the_rules_say_so() -> None:
    """In one run, the people first: nobody goes along with it."""
    both = of("\n    on delete delete\n")
    left, _ = company(both)
    ada, _ = person(both, left)
    both.apollo.delete("contact", ada)
    both.apollo.delete("account", left)
    both.clock.sleep(DAY)
    both.run()
    assert both.salesforce.rows("Contact") == both.salesforce.rows("Account") == {}
    assert both.errors() == []


def test_it_is_the_same_with_a_state_in_postgresql(postgres_url: str) -> None:
    """One with a deal stays and is looked at again a day later, one with its people goes."""
    both = of("\n    on delete delete\n", postgres_url)
    (left, right), (other, _) = company(both), company(both, "bolt")
    big, (ada, _) = deal(both, right), person(both, other)
    for object, id in (("contact", ada), ("account", left), ("account", other)):
        both.apollo.delete(object, id)
    later(both, DAY)
    assert list(both.salesforce.rows("Account")) == [right]
    assert both.salesforce.rows("Contact") == {}
    both.salesforce.delete("Opportunity", big)
    later(both, DAY)
    assert both.salesforce.rows("Account") == {}
    both.db.close()


def test_who_moves_to_another_company_does_not_go_with_the_old_one() -> None:
    """In one run: first the Contact is given to the other Account."""
    both = of("")
    (left, _), (other, there) = company(both), company(both, "bolt")
    ada, contact = person(both, left)
    both.apollo.update("contact", ada, {"account_id": other})
    both.apollo.delete("account", left)
    both.clock.sleep(DAY)
    both.run()
    assert list(both.salesforce.rows("Account")) == [there]
    assert both.salesforce.rows("Contact")[contact]["AccountId"] == there
    assert both.errors() == []


def test_who_comes_to_belong_to_it_meanwhile_keeps_it() -> None:
    """Between what was decided and the delete, as late as can be."""
    both = of()
    left, right = company(both)
    both.apollo.delete("account", left)
    both.clock.sleep(DAY)
    when(both, "after decided", lambda: deal(both, right))
    both.run()
    assert list(both.salesforce.rows("Account")) == [right]
    assert [one.code for one in both.errors()] == ["goes-along"]


@pytest.mark.parametrize("point", ["", "after undo begun"])
def test_an_undo_leaves_an_account_that_has_a_deal_by_now(point: str) -> None:
    """Nor is one deleted that gets its deal while the undo is under way: it is due."""
    both = of()
    _, right = company(both)
    number = max(one.run for one in changes(both.db, ORG, right))
    if point:
        when(both, point, lambda: deal(both, right))
    else:
        deal(both, right)
    result = verbs.undo(both.setup, Part(number))
    assert list(both.salesforce.rows("Account")) == [right]
    if not point:
        assert [one.why.partition(" ")[0] for one in result.kept] == ["Opportunity"]
    later(both)
    assert list(both.salesforce.rows("Account")) == [right]


def test_a_search_that_lags_behind_a_deletion_does_not_bring_the_account_back() -> None:
    """What we deleted and somebody took out of the bin stays: it was deleted in Apollo once."""
    both = of()
    left, right = company(both)
    both.apollo.team.lag = 9.0
    both.setup = replace(both.setup, lags={("apollo", "account"): 10.0})
    both.clock.sleep(HOUR)
    when(both, "after decided", lambda: both.apollo.delete("account", left))
    both.salesforce.update("Account", right, {"Name": "Acme Inc"})
    verbs.backfill(both.setup, "push", "account")
    assert both.salesforce.rows("Account") == {}
    both.run()
    later(both)
    both.salesforce.undelete("Account", right)
    both.salesforce.update("Account", right, {"Name": "Acme Ltd"})
    for seconds in (HOUR, HOUR, DAY, DAY):
        later(both, seconds)
    assert list(both.salesforce.rows("Account")) == [right]
