"""`account by domain of Email`: what stands in for a reference, over both made-up systems."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules import dsl
from syncrules.connectors.base.free_mail import FREE_MAIL
from syncrules.engine.plan.compile import compile
from syncrules.tests.both import HOUR, Both

LEADS = """\
sync apollo with salesforce
prefer salesforce
pull Lead as contact visible {block}
map contact with Lead {{
    first_name <-> FirstName
    last_name  <-> LastName
    email      <-> Email
}}
"""
ACCOUNTS = """\
pull Account as account visible { match on domain }
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


def of(block: str = "", more: str = "", state: str = "sqlite://") -> Both:
    both = Both(LEADS.format(block=f"{{ {block} }}" if block else "") + more, state=state)
    both.run()
    both.clock.sleep(HOUR)
    return both


def lead(both: Both, email: str | None = "ada@berg.example", **values: object) -> str:
    body = {"LastName": "Berg", "Email": email, "Company": "Berg", **values}
    return both.salesforce.create("Lead", {name: one for name, one in body.items() if one})


def account(both: Both, domain: str = "berg.example", name: str = "Berg") -> str:
    made = both.apollo.create("account", {"name": name, "domain": domain})
    both.clock.sleep(60)
    return made


def after_run(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()


def where(both: Both) -> list[str | None]:
    """The account of each contact."""
    return [row.get("account_id") for row in both.apollo.rows("contact").values()]


def loose(both: Both) -> str:
    """A contact without an account, as a person has made it."""
    made = both.apollo.create("contact", {"last_name": "Berg", "email": "ada@berg.example"})
    both.apollo.update("contact", made, {"account_id": None})
    return made


def test_a_lead_goes_under_the_account_of_its_addresss_domain() -> None:
    """The contact that is made of it stands under that account, without a word in the rule
    (CPL-6)."""
    both = of()
    berg = account(both)
    account(both, "other.example", "Other")
    lead(both, "Ada@BERG.example")
    after_run(both)
    assert where(both) == [berg]


def test_a_linked_contact_without_an_account_gets_it_and_keeps_one_that_is_there() -> None:
    """A blank is filled when the two find each other; what stands there is never replaced."""
    both = of()
    berg, other = account(both), account(both, "other.example", "Other")
    ada = loose(both)
    bea = both.apollo.create(
        "contact", {"last_name": "Sten", "email": "bea@berg.example", "account_id": other}
    )
    lead(both)
    lead(both, "bea@berg.example", LastName="Sten")
    after_run(both)
    rows = both.apollo.rows("contact")
    assert (rows[ada]["account_id"], rows[bea]["account_id"]) == (berg, other)


@pytest.mark.parametrize("made", ["by a person", "by us"])
def test_an_account_that_appears_later_is_given_in_the_next_run(made: str) -> None:
    """The person moves without one (EDGE-3); the account comes, by hand or by a pull of ours."""
    both = of(more=ACCOUNTS)
    loose(both)
    lead(both)
    after_run(both)
    assert where(both) == [None]
    if made == "by a person":
        berg = account(both)
    else:
        both.salesforce.create("Account", {"Name": "Berg", "Website": "www.berg.example"})
        after_run(both)
        (berg,) = both.apollo.rows("account")
    after_run(both)
    assert where(both) == [berg]
    before = both.calls()
    after_run(both)
    after_run(both)
    assert both.since(before).apollo_writes == 0


def test_what_a_person_takes_away_is_not_given_again() -> None:
    """The contact was under the account and somebody took it out: it stays out."""
    both = of()
    berg = account(both)
    ada = loose(both)
    lead(both)
    after_run(both)
    assert where(both) == [berg]
    both.apollo.update("contact", ada, {"account_id": None, "first_name": "Ada"})
    after_run(both)
    after_run(both)
    assert where(both) == [None]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_of_several_accounts_the_oldest_where_the_rule_says_so(
    database: str, request: pytest.FixtureRequest
) -> None:
    """Two accounts, one domain: the same answer on every run and on both databases (EDGE-1)."""
    state = "sqlite://" if database == "sqlite" else request.getfixturevalue("postgres_url")
    both = of("account by domain of Email, oldest first", state=state)
    first = account(both)
    account(both, name="Berg Two")
    for number in range(5):
        lead(both, f"p{number}@berg.example", LastName=f"P{number}")
    after_run(both)
    assert where(both) == [first] * 5
    both.db.close()


def test_several_accounts_without_a_tie_breaker_are_told_and_none_is_taken() -> None:
    """Never at random: the person moves without an account, and an entry says why. Once one of
    the two is gone, the other is given, and the entry is closed."""
    both = of()
    ids = [account(both, name=name) for name in ("Berg", "Berg Two")]
    loose(both)
    lead(both)
    after_run(both)
    assert where(both) == [None]
    (entry,) = both.errors()
    assert entry.code == "ambiguous-account"
    assert "berg.example belongs to 2 records of account" in entry.message
    both.apollo.update("account", ids[1], {"domain": "two.example"})
    after_run(both)
    assert where(both) == [ids[0]]
    assert both.errors() == []


def test_free_mail_domains_match_no_account() -> None:
    """Fifty of them, each with an account that claims it (EDGE-2); and those of the project."""
    both = of()
    domains = [*sorted(FREE_MAIL)[:50], "campus.example"]
    for number, one in enumerate(domains):
        account(both, one, f"Account {number}")
        lead(both, f"p{number}@{one}", LastName=f"P{number}")
    both.setup = replace(both.setup, plan=with_free_mail(both, "Campus.example"))
    after_run(both)
    assert len(where(both)) == 51
    contacts = both.apollo.rows("contact").values()
    taken = [row["email"] for row in contacts if row.get("account_id") is not None]
    assert taken == []


def with_free_mail(both: Both, *domains: str):  # type: ignore[no-untyped-def]
    schemas = {name: one.describe() for name, one in both.setup.connectors.items()}
    checked = dsl.check({"rules.sync": both.rules}, schemas)
    assert checked.rules is not None
    return compile(checked.rules.sets[0], schemas, free_mail=domains)


def test_a_push_may_say_what_stands_in_on_the_right() -> None:
    """`account by domain of email` under a push: the Contact gets the Account of that domain."""
    rules = """\
sync apollo with salesforce
prefer salesforce
push contact as Contact { AccountId by domain of email, newest first }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
}
"""
    both = Both(rules)
    both.run()
    both.clock.sleep(HOUR)
    made = []
    for name in ("One", "Two"):
        values = {"Name": name, "Website": "https://www.berg.example/"}
        made.append(both.salesforce.create("Account", values))
        both.clock.sleep(60)
    both.apollo.create("contact", {"last_name": "Berg", "email": "ada@berg.example"})
    after_run(both)
    (contact,) = both.salesforce.rows("Contact").values()
    assert contact["AccountId"] == made[1]


def test_a_rule_that_comes_later_finds_accounts_that_were_read_before() -> None:
    """Domains of records that are known are looked up too, without a change of theirs."""
    both = Both(ACCOUNTS.join(["sync apollo with salesforce\nprefer salesforce\n", ""]))
    both.run()
    berg = account(both)
    after_run(both)
    later = Both(LEADS.format(block="") + ACCOUNTS)
    later.setup = replace(both.setup, plan=later.plan)
    later.apollo, later.salesforce, later.clock = both.apollo, both.salesforce, both.clock
    later.run()
    lead(later)
    after_run(later)
    assert where(later) == [berg]


def test_an_account_that_is_gone_keeps_nobody_from_moving() -> None:
    """Apollo tells of no deletion. Who would have got a deleted account gets the next one in the
    same run, or none, and nothing is left to look at."""
    both = of("account by domain of Email, oldest first", ACCOUNTS)
    first, second = account(both), account(both)
    after_run(both)
    both.apollo.delete("account", first)
    lead(both)
    after_run(both)
    assert where(both) == [second]
    both.apollo.delete("account", second)
    lead(both, "bob@berg.example", LastName="Bob")
    after_run(both)
    assert set(where(both)) == {second, None}
    assert both.errors() == []
    before = both.calls()
    after_run(both)
    assert both.since(before).apollo_writes == both.since(before).salesforce_writes == 0
