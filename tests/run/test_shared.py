"""A record that has partners in several objects: what comes from one of them reaches the others
(R3, R6)."""

from __future__ import annotations

import pytest
from syncrules.connectors.salesforce.simulator.standard import Standard
from syncrules.engine.run import run as verbs
from syncrules.engine.run.undo import Part
from syncrules.tests.both import HOUR, Both

SITE = Standard("Site__c", "a01", "Id id D\nName string 80 CU\nUrl__c url 255 CUN")
HEAD = "sync apollo with salesforce\nprefer apollo\n"
PULLED = "pull Account as account visible { match on domain }\n"
PUSHED = "push account as Account { match on domain }\n"
SITES = "push account as Site__c {when} { match on domain }\n"
MAPS = """\
map account with Account {
    name   <-> Name
    domain <-> Website
    phone  <-> Phone
}
map account with Site__c {
    name   <-> Name
    domain <-> Url__c
}
"""


def of(accounts: str = PUSHED, when: str = "") -> Both:
    """Both systems under rules by which an account is an Account and a Site__c."""
    both = Both(HEAD + PULLED + MAPS.partition("map account with S")[0])
    both.salesforce.org.schema.add_object(SITE, both.clock.now())
    sites = SITES.replace("{when}", when)
    both.edit(HEAD + accounts + sites + MAPS)
    both.run()
    both.clock.sleep(HOUR)
    return both


def later(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()


def names(both: Both) -> list[object]:
    """What the three of one company are called."""
    rows = (both.apollo.rows("account"), both.salesforce.rows("Account"))
    return [
        row.get("name") or row.get("Name")
        for one in (*rows, both.salesforce.rows("Site__c"))
        for row in one.values()
    ]


def rests(both: Both) -> bool:
    """Whether two further runs write nothing."""
    before = both.calls()
    later(both)
    later(both)
    spent = both.since(before)
    return spent.apollo_writes == spent.salesforce_writes == 0


@pytest.mark.parametrize("edited", ["Account", "Site__c"])
def test_an_edit_of_one_partner_reaches_the_other(edited: str) -> None:
    """In the same run, by way of the account."""
    both = of()
    both.apollo.create("account", {"name": "Acme", "domain": "acme.example"})
    later(both)
    assert names(both) == ["Acme"] * 3
    [one] = both.salesforce.rows(edited)
    both.salesforce.update(edited, one, {"Name": "Acme & Sons"})
    later(both)
    assert names(both) == ["Acme & Sons"] * 3
    assert rests(both)


def test_what_is_made_for_one_partner_comes_to_the_other() -> None:
    """An Account becomes an account, which becomes a Site__c, or is found there."""
    both = of(PULLED)
    both.salesforce.create("Account", {"Name": "Acme", "Website": "acme.example"})
    later(both)
    assert names(both) == ["Acme"] * 3
    assert rests(both)
    both.salesforce.create("Site__c", {"Name": "Bolt", "Url__c": "bolt.example"})
    both.salesforce.create("Account", {"Name": "Bolt", "Website": "bolt.example"})
    later(both)
    assert sorted(map(str, names(both))) == ["Acme"] * 3 + ["Bolt"] * 3
    assert rests(both)


def test_who_comes_to_satisfy_a_rule_by_our_own_write_does() -> None:
    """The phone comes from the Account, and the other rule asks for it."""
    both = of(PULLED, when="when phone is known")
    account = both.salesforce.create("Account", {"Name": "Acme", "Website": "acme.example"})
    later(both)
    assert names(both) == ["Acme"] * 2
    both.salesforce.update("Account", account, {"Phone": "+1 555 0100"})
    later(both)
    assert names(both) == ["Acme"] * 3
    assert rests(both)


def test_both_partners_change_at_once() -> None:
    """All three say the same in the end, and it rests."""
    both = of()
    both.apollo.create("account", {"name": "Acme", "domain": "acme.example"})
    later(both)
    [account], [site] = both.salesforce.rows("Account"), both.salesforce.rows("Site__c")
    both.salesforce.update("Account", account, {"Name": "Acme One"})
    both.salesforce.update("Site__c", site, {"Name": "Acme Two"})
    later(both)
    later(both)
    assert len(set(names(both))) == 1
    assert rests(both)


def test_an_undo_takes_back_all_that_came_of_an_edit() -> None:
    """What somebody typed stays where it was typed, and is brought over by nobody again."""
    both = of()
    both.apollo.create("account", {"name": "Acme", "domain": "acme.example"})
    later(both)
    [account] = both.salesforce.rows("Account")
    both.salesforce.update("Account", account, {"Name": "Acme & Sons"})
    both.clock.sleep(HOUR)
    run = both.run().run
    both.clock.sleep(HOUR)
    verbs.undo(both.setup, Part(run))
    assert names(both) == ["Acme", "Acme & Sons", "Acme"]
    assert rests(both)
    assert names(both) == ["Acme", "Acme & Sons", "Acme"]
