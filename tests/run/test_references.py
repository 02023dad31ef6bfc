"""References whose counterpart comes to be while the record that refers to it is under way."""

from __future__ import annotations

from itertools import pairwise

import pytest
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.run import run as verbs
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact when stage is "Interested" { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}
push account as Account when original_source is "search"
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


@pytest.mark.parametrize("linked", [False, True], ids=["just met", "linked"])
def test_who_was_decided_before_the_account_of_another_came_along_gets_it_too(
    linked: bool,
) -> None:
    """Ada's company was in both systems before the rules, and nothing asks for it. Then a colleague
    takes it along, in the very run that writes something else of hers."""
    both = Both(RULES)
    account = both.apollo.create("account", {"name": "Acme", "domain": "a.example"})
    company = both.salesforce.create("Account", {"Name": "Acme", "Website": "a.example"})
    both.run()

    def later() -> None:
        both.clock.sleep(HOUR)
        both.run()

    colleague = both.apollo.create(
        "contact", {"last_name": "Berg", "email": "b@a.example", "account_id": account}
    )
    ada = both.apollo.create("contact", {"last_name": "King", "email": "ada@a.example"})
    if linked:
        both.apollo.update("contact", ada, {"stage": "Interested"})
        later()
    there = {"LastName": "Lovelace", "AccountId": company}
    if linked:
        [right] = both.salesforce.rows("Contact")
        both.salesforce.update("Contact", right, there)
    else:
        both.salesforce.create("Contact", {**there, "Email": "ada@a.example"})
        both.apollo.update("contact", ada, {"stage": "Interested"})
    both.apollo.update("contact", colleague, {"stage": "Interested"})
    later()
    later()
    assert both.apollo.rows("contact")[ada]["last_name"] == "Lovelace"
    assert both.apollo.rows("contact")[ada]["account_id"] == account


def ada_of_a_company(both: Both, name: str) -> str:
    """Ada and her company are new in Apollo, and three runs go by; the company's id."""
    account = both.apollo.create("account", {"name": name, "domain": "a.example"})
    ada = {"last_name": "King", "email": "ada@a.example", "account_id": account}
    both.apollo.create("contact", {**ada, "stage": "Interested"})
    for _ in range(3):
        both.clock.sleep(HOUR)
        both.run()
    return account


def refused_company() -> tuple[Both, str]:
    """Ada's company was to come along and is refused; she went without it, and a run has seen her
    there since. The company's id in Apollo."""
    both = Both(RULES)
    both.run()
    refusing = Validation("Account", "no LLCs", lambda row: str(row["Name"]).endswith("LLC"))
    both.salesforce.org.validations.append(refusing)
    account = ada_of_a_company(both, "Acme LLC")
    [error] = both.errors()
    assert (error.object, error.operation) == ("Account", "create")
    assert [one.get("AccountId") for one in both.salesforce.rows("Contact").values()] == [None]
    return both, account


def test_why_tells_of_a_company_that_was_refused() -> None:
    """Of her as of the company itself; once they are together, nothing of it."""
    both, _ = refused_company()

    def told(record: str, field: str = "") -> str:
        return why_text(why(both.plan, ORG, both.db, both.world, record, field))

    assert "next: nothing: account a.example has no Account: open error 1" in told(
        "ada@a.example", "AccountId"
    )
    company = told("a.example")
    assert "each contact that goes over brings it along" in company
    assert "open error 1: no LLCs" in company
    both.salesforce.org.validations.clear()
    both.clock.sleep(HOUR)
    verbs.retry(both.setup, None)
    assert "has no Account" not in told("ada@a.example")
    assert "brings it along" not in told("a.example")


def ada_has_her_company(both: Both) -> None:
    [company] = both.salesforce.rows("Account")
    assert [one.get("AccountId") for one in both.salesforce.rows("Contact").values()] == [company]
    assert both.errors() == []


def test_a_company_that_was_refused_comes_along_by_retry() -> None:
    """Nothing asks for it but those who work there, who have nothing left to write themselves."""
    both, _ = refused_company()
    both.salesforce.org.validations.clear()
    both.clock.sleep(HOUR)
    verbs.retry(both.setup, None)
    ada_has_her_company(both)


def test_a_company_that_was_refused_comes_along_once_it_is_mended_at_its_source() -> None:
    both, account = refused_company()
    both.apollo.update("account", account, {"name": "Acme"})
    both.clock.sleep(HOUR)
    both.run()
    ada_has_her_company(both)


def test_a_company_that_nobody_needs_any_more_does_not_come_along() -> None:
    """Ada has left it since."""
    both, account = refused_company()
    [ada] = both.apollo.rows("contact")
    both.apollo.update("contact", ada, {"account_id": None})
    both.clock.sleep(HOUR)
    both.run()
    both.apollo.update("account", account, {"name": "Acme"})
    both.clock.sleep(HOUR)
    both.run()
    assert not both.salesforce.rows("Account")
    assert both.errors() == []


def test_a_company_that_was_there_twice_comes_along_once_it_is_there_once() -> None:
    both = Both(RULES)
    companies = [
        both.salesforce.create("Account", {"Name": name, "Website": "a.example"})
        for name in ("Acme", "Acme AG")
    ]
    both.run()
    ada_of_a_company(both, "Acme")
    [error] = both.errors()
    assert error.code == "ambiguous-match"
    both.salesforce.delete("Account", companies[1])
    for _ in range(2):
        both.clock.sleep(HOUR)
        both.run()
    [there] = both.salesforce.rows("Contact").values()
    assert there["AccountId"] == companies[0]
    assert both.errors() == []


FURTHER = """\
sync apollo with salesforce
prefer apollo
push contact as Lead when stage is "Replied"
push contact as Lead when account.domain is "b.example" and stage is "Cold"
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    organization_name  -> Company  default "Unknown"
}
"""


def test_a_company_that_changes_is_news_to_the_rule_that_asks_for_it_alone() -> None:
    """Three who were there before the rules: the rule on companies takes the one who comes to
    satisfy it by that, and nobody who did before; the rule on stages waits for its backfill."""
    both = Both(FURTHER)
    firm, other = (
        both.apollo.create("account", {"name": name, "domain": f"{name}.example"}) for name in "ab"
    )
    for name, stage, account in (
        ("Replied", "Replied", firm),
        ("Cold", "Cold", firm),
        ("Before", "Cold", other),
    ):
        email = f"{name}@a.example"
        values = {"last_name": name, "email": email, "stage": stage, "account_id": account}
        both.apollo.create("contact", values)
    both.run()
    assert both.salesforce.rows("Lead") == {}
    both.clock.sleep(HOUR)
    both.apollo.update("account", firm, {"domain": "b.example"})
    both.run()
    assert [one["LastName"] for one in both.salesforce.rows("Lead").values()] == ["Cold"]


UPDATES = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact {{ match on email }}
map contact with Contact {{
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}}
{accounts}
map account with Account {{
    name   <-> Name
    domain <-> Website
}}
"""


@pytest.mark.parametrize(
    "accounts", ["push account as Account update only", "enrich Account with account"]
)
def test_a_company_is_not_made_where_its_own_rule_makes_none(accounts: str) -> None:
    """Its people go over without it, and get it once somebody has made it."""
    both = Both(UPDATES.format(accounts=accounts))
    both.run()
    account = both.apollo.create("account", {"name": "Acme", "domain": "a.example"})
    both.apollo.create(
        "contact", {"last_name": "King", "email": "ada@a.example", "account_id": account}
    )
    for _ in range(2):
        both.clock.sleep(HOUR)
        both.run()
        [contact] = both.salesforce.rows("Contact").values()
        assert contact.get("AccountId") is None
        assert both.salesforce.rows("Account") == {}
        assert both.errors() == []
    company = both.salesforce.create("Account", {"Name": "Acme", "Website": "a.example"})
    for _ in range(2):
        both.clock.sleep(HOUR)
        both.run()
    [contact] = both.salesforce.rows("Contact").values()
    assert contact["AccountId"] == company


MERGED = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}
push account as Account { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


@pytest.mark.parametrize("times", [1, 2])
def test_who_is_of_a_company_that_was_merged_goes_to_the_survivor(times: int) -> None:
    """A Contact without an account is seen by its owner alone: so nobody is made one who still
    belongs, in Apollo, to the company that is no more in Salesforce."""
    both = Both(MERGED)
    both.run()

    def later() -> int:
        both.clock.sleep(HOUR)
        before = both.calls()
        both.run()
        since = both.since(before)
        return since.apollo_writes + since.salesforce_writes

    names = ["acme", "bolt", "cern"][: times + 1]
    accounts = [
        both.apollo.create("account", {"name": one, "domain": f"{one}.example"}) for one in names
    ]
    later()
    companies = {row["Name"]: id for id, row in both.salesforce.rows("Account").items()}
    for loser, winner in pairwise(names):
        both.salesforce.merge("Account", companies[winner], [companies[loser]])
    later()
    ada = {"last_name": "King", "email": "ada@acme.example", "account_id": accounts[0]}
    contact = both.apollo.create("contact", ada)
    later()
    [made] = both.salesforce.rows("Contact").values()
    assert made["AccountId"] == companies[names[-1]]
    assert later() == 0
    both.apollo.update("contact", contact, {"account_id": accounts[-1]})
    assert later() == 0
    assert both.apollo.rows("contact")[contact]["account_id"] == accounts[-1]
