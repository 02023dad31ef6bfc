"""Conditions that look at related records, over both made-up systems: who satisfies one only since
a record that it names is another, whoever changed that, goes over."""

from __future__ import annotations

import pytest
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact when account.stage is "Current Client" { match on email }
pull Contact as contact visible when AccountId.Name starts with "Hot" { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}
pull Account as account visible { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
infer account stage from opportunities
"""


GONE = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact when account.name is "acme" and title is known { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
}
push account as Account { on delete unlink }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


def later(both: Both, hours: float = 1.0) -> int:
    """The next run, an hour later or more; how many write requests it made."""
    both.clock.sleep(hours * HOUR)
    before = both.calls()
    both.run()
    since = both.since(before)
    return since.salesforce_writes + since.apollo_writes


def linked_accounts(both: Both) -> tuple[str, str]:
    """Two accounts that are one."""
    right = both.salesforce.create("Account", {"Name": "Acme", "Website": "https://a.example"})
    later(both)
    [left] = both.apollo.rows("account")
    return left, right


def test_who_is_of_an_account_whose_stage_we_infer_goes_over() -> None:
    """A deal is won, we make its account a client, and nobody touches the contact."""
    both = Both(RULES)
    both.run()
    left, right = linked_accounts(both)
    ada = {"last_name": "King", "email": "ada@a.example", "account_id": left}
    both.apollo.create("contact", ada)
    later(both)
    assert both.salesforce.rows("Contact") == {}
    deal = {"Name": "Deal", "AccountId": right, "StageName": "Closed Won"}
    both.salesforce.create("Opportunity", {**deal, "CloseDate": "2026-03-01"})
    later(both)
    later(both)
    [contact] = both.salesforce.rows("Contact").values()
    assert contact["AccountId"] == right
    assert later(both) == 0


def test_what_was_there_before_the_rules_waits_though_we_write_to_its_account() -> None:
    """The account is brought in line, in fields that no condition names: nobody has come to satisfy
    a rule by that."""
    both = Both(RULES)
    left = both.apollo.create("account", {"name": "Acme", "domain": "a.example"})
    both.apollo.update("account", left, {"stage": "Current Client"})
    ada = {"last_name": "King", "email": "ada@a.example", "account_id": left}
    both.apollo.create("contact", ada)
    both.salesforce.create("Account", {"Name": "Acme Inc", "Website": "https://a.example"})
    both.run()
    both.backfill("pull", "Account")
    assert both.apollo.rows("account")[left]["name"] == "Acme Inc"
    later(both)
    later(both)
    assert both.salesforce.rows("Contact") == {}


def test_who_was_there_before_the_rules_is_linked_where_the_condition_comes_to_hold() -> None:
    """A stage is inferred that no rule asks for, and two who share an address stay as they are, as
    they did before the account was anything; with the stage that a rule names they meet."""
    both = Both(RULES)
    left = both.apollo.create("account", {"name": "Acme", "domain": "a.example"})
    right = both.salesforce.create("Account", {"Name": "Acme", "Website": "https://a.example"})
    ada = {"last_name": "King", "email": "ada@a.example", "account_id": left}
    contact = both.apollo.create("contact", ada)
    both.salesforce.create("Contact", {"LastName": "Byron", "Email": "ada@a.example"})
    deal = {"Name": "Deal", "AccountId": right, "StageName": "Prospecting"}
    deal_id = both.salesforce.create("Opportunity", {**deal, "CloseDate": "2026-03-01"})
    both.run()
    both.backfill("pull", "Account")
    later(both)
    assert both.apollo.rows("contact")[contact]["last_name"] == "King"
    both.salesforce.update("Opportunity", deal_id, {"StageName": "Closed Won"})
    later(both)
    later(both)
    assert both.apollo.rows("contact")[contact]["last_name"] == "Byron"


def test_an_account_that_is_gone_satisfies_no_condition() -> None:
    """Without such a record the field is blank, also where it has been there."""
    both = Both(GONE)
    both.run()
    acme, other = (
        both.apollo.create("account", {"name": name, "domain": f"{name}.example"})
        for name in ("acme", "other")
    )
    ada = {"last_name": "King", "email": "ada@a.example", "account_id": acme}
    contact = both.apollo.create("contact", ada)
    later(both)
    both.apollo.delete("account", acme)
    later(both, 25)
    both.apollo.update("contact", contact, {"title": "CTO"})
    later(both)
    assert both.salesforce.rows("Contact") == {}
    both.apollo.update("account", other, {"name": "acme"})
    both.apollo.update("contact", contact, {"account_id": other})
    later(both)
    assert len(both.salesforce.rows("Contact")) == 1


def test_who_is_of_an_account_that_we_rename_goes_over() -> None:
    """Its other half is renamed by a person, and we carry that over."""
    both = Both(RULES)
    both.run()
    left, right = linked_accounts(both)
    both.salesforce.create(
        "Contact", {"LastName": "King", "Email": "ada@a.example", "AccountId": right}
    )
    later(both)
    assert both.apollo.rows("contact") == {}
    both.apollo.update("account", left, {"name": "Hot Acme"})
    later(both)
    later(both)
    [contact] = both.apollo.rows("contact").values()
    assert contact["account_id"] == left
    assert later(both) == 0


DAYS = """\
sync apollo with salesforce
prefer salesforce
pull Lead as contact visible when days since CreatedDate > 1
map contact with Lead {
    last_name <-> LastName
    email     <-> Email
}
pull Account as account visible { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


def test_a_day_comes_also_where_a_related_record_changes_on_it() -> None:
    """Who was there before the rules, and whose day comes, goes over on it; that an account of
    their address is made in the same hour takes nothing from that."""
    both = Both(DAYS)
    both.salesforce.create(
        "Lead", {"LastName": "King", "Email": "ada@a.example", "Company": "Acme"}
    )
    both.run()
    assert later(both, 24) == 0
    both.clock.sleep(23 * HOUR)
    both.apollo.create("account", {"name": "Acme", "domain": "a.example"})
    later(both)
    assert len(both.apollo.rows("contact")) == 1


GROUPS = """\
sync apollo with salesforce
prefer salesforce
pull Contact as contact visible when AccountId.ParentId.Name {} {{ match on email }}
map contact with Contact {{
    last_name <-> LastName
    email     <-> Email
}}
push account as Account {{
    match on domain
    on delete delete
}}
map account with Account {{
    name   <-> Name
    domain <-> Website
}}
"""


def of_a_group(both: Both) -> str:
    """A contact in an account that belongs to another one, which is also in Apollo."""
    left = both.apollo.create("account", {"name": "Group", "domain": "group.example"})
    later(both)
    [parent] = both.salesforce.rows("Account")
    child = both.salesforce.create("Account", {"Name": "Acme", "ParentId": parent})
    both.salesforce.create(
        "Contact", {"LastName": "King", "Email": "ada@a.example", "AccountId": child}
    )
    later(both)
    return left


@pytest.mark.parametrize("who", ["a person", "our own write"])
def test_a_change_of_a_record_two_references_away_is_seen(who: str) -> None:
    """Whoever changes it: the contact itself, and its account, are as they were."""
    both = Both(GROUPS.format('is "Hot Group"'))
    both.run()
    left = of_a_group(both)
    assert both.apollo.rows("contact") == {}
    if who == "a person":
        [parent] = (id for id, row in both.salesforce.rows("Account").items() if row.get("Website"))
        both.salesforce.update("Account", parent, {"Name": "Hot Group"})
    else:
        both.apollo.update("account", left, {"name": "Hot Group"})
        later(both)
    later(both)
    assert len(both.apollo.rows("contact")) == 1
    assert later(both) == 0


def test_a_record_that_we_delete_ourselves_decides_about_others_at_once() -> None:
    """No feed tells it as news by then, and the condition is another one all the same."""
    both = Both(GROUPS.format("is blank"))
    both.run()
    left = of_a_group(both)
    assert both.apollo.rows("contact") == {}
    both.apollo.delete("account", left)
    later(both, 25)
    later(both)
    assert len(both.salesforce.rows("Account")) == 1
    assert len(both.apollo.rows("contact")) == 1
    assert later(both) == 0


OWNED = """\
sync apollo with salesforce
prefer salesforce
pull Lead as contact visible when OwnerId.Email contains "@sales" { match on email }
map contact with Lead {
    last_name <-> LastName
    email     <-> Email
}
"""


def test_an_owner_is_a_user_or_a_queue() -> None:
    """A dot behind a reference that may lead to several objects leads to whichever it is."""
    both = Both(OWNED)
    users = [id for id, one in both.salesforce.rows("User").items() if one.get("IsActive")]
    [queue] = both.salesforce.rows("Group")
    group = both.salesforce.org.store.named("Group")
    group.put(queue, {**group.rows[queue], "Email": "all@sales.example"})
    both.run()
    both.clock.sleep(HOUR)
    both.salesforce.update("User", users[0], {"Email": "ann@sales.example"})
    for name, owner in (("Ann", users[0]), ("Bob", users[1]), ("Queue", queue)):
        both.salesforce.create("Lead", {"LastName": name, "Company": "A", "OwnerId": owner})
    later(both)
    names = {one["last_name"] for one in both.apollo.rows("contact").values()}
    assert names == {"Ann", "Queue"}
    both.salesforce.update("User", users[1], {"Email": "bob@sales.example"})
    later(both)
    names = {one["last_name"] for one in both.apollo.rows("contact").values()}
    assert names == {"Ann", "Bob", "Queue"}
    assert later(both) == 0
