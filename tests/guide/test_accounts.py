"""Accounts: pushed, brought along, pulled, enriched, and their fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syncrules.tests.guide.team import ACCOUNTS, HEAD, LEADS, Desk, Team, codes, findings

PEOPLE = """\
push contact as Contact { match on email }
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}
"""
ALONG = HEAD + PEOPLE + ACCOUNTS
SEARCH = HEAD + 'push account as Account when original_source is "search"\n' + ACCOUNTS
MANY = 100


def pull(word: str) -> str:
    return f"{HEAD}pull Account as account {word} {{ match on domain }}\n{ACCOUNTS}"


# ---- push -----------------------------------------------------------------------------------


def test_a_contact_brings_its_account_along() -> None:
    """Nobody has a rule for accounts: the new one is there, with its fields, and the contact stands
    under it (APU-1)."""
    team = Team(ALONG).began()
    team.contact(account_id=team.account())
    team.hour()
    [(account, row)] = team.salesforce.rows("Account").items()
    assert (row["Name"], row["Website"]) == ("Berg", "berg.example")
    assert team.right("Contact", "AccountId") == [account]
    assert team.is_quiet()


def test_two_contacts_of_one_new_account_bring_one() -> None:
    """In one run: one account, both under it (APU-1)."""
    team = Team(ALONG).began()
    account = team.account()
    for name in ("ada", "bea"):
        team.contact(name, account_id=account)
    team.hour()
    [there] = team.salesforce.rows("Account")
    assert team.right("Contact", "AccountId") == [there, there]


def test_an_account_that_is_there_is_linked_and_not_made() -> None:
    """Known by its domain, with nothing but a contact to ask for it (APU-1)."""
    team = Team(ALONG).began()
    there = team.sf_account("Berg AG", "https://www.berg.example")
    team.hour()
    team.contact(account_id=team.account())
    team.hour()
    assert list(team.salesforce.rows("Account")) == [there]
    assert team.right("Contact", "AccountId") == [there]


def test_accounts_saved_from_a_search_are_pushed_if_a_rule_says_so() -> None:
    """Without contacts, and only they: those that came in other ways stay out (APU-2)."""
    for rules, made in ((SEARCH, ["Found"]), (HEAD + "push contact as Lead\n" + LEADS, [])):
        team = Team(rules).began()
        team.account("Found", "found.example", source="search")
        team.account("Entered", "entered.example", source="csv_import")
        team.hour()
        assert team.right("Account", "Name") == made


@pytest.mark.parametrize("rules", [SEARCH, ALONG])
def test_changes_of_a_linked_account_flow_without_the_push(rules: str) -> None:
    """The rule is taken out of the file, and the Salesforce account still follows (APU-3)."""
    team = Team(rules).began()
    account = team.account(source="search")
    team.contact(account_id=account)
    team.hour()
    assert team.right("Account", "Name") == ["Berg"]
    team.rewrite(HEAD + ACCOUNTS)
    team.apollo.update("account", account, {"name": "Berg AG"})
    team.account("New", "new.example", source="search")
    team.hour()
    assert team.right("Account", "Name") == ["Berg AG"]


# ---- pull -----------------------------------------------------------------------------------


def test_a_push_alone_knows_every_account() -> None:
    """Whatever is pushed is looked for among all accounts of Salesforce, the old ones too
    (APL-1)."""
    team = Team(SEARCH)
    for number in range(20):
        team.sf_account(f"Firm {number}", f"https://www.firm{number}.example")
    team.run()
    for number in range(20):
        team.account(f"Firm {number}", f"firm{number}.example", source="search")
    team.hour()
    assert len(team.salesforce.rows("Account")) == 20
    assert team.codes() == []


def test_a_hidden_accounts_values_serve_rules() -> None:
    """Its stage follows the opportunities without anybody seeing the account made; and a contact
    under it is told apart by what the account has (APL-2)."""
    team = Team(
        HEAD
        + 'push contact as Contact when account.domain is "berg.example" { match on email }\n'
        + PEOPLE[PEOPLE.index("map") :]
        + "pull Account as account hidden\n"
        + ACCOUNTS
        + "infer account stage from opportunities\n"
    ).began()
    there = team.sf_account()
    team.hour()
    assert team.apollo.rows("account") == {}
    team.salesforce.create(
        "Opportunity",
        {"Name": "D", "AccountId": there, "StageName": "Closed Won", "CloseDate": "2026-03-01"},
    )
    account = team.account()
    other = team.account("Other", "other.example")
    team.contact("ada", account_id=account)
    team.contact("bea", account_id=other)
    team.hour()
    assert team.stage(account, "account") == "Current Client"
    assert team.right("Contact", "Email") == ["ada@berg.example"]
    assert team.right("Contact", "AccountId") == [there]
    assert list(team.salesforce.rows("Account")) == [there]


@pytest.mark.parametrize(("word", "made"), [("", 0), ("hidden", 0), ("visible", 1)])
def test_the_rule_says_whether_pulled_accounts_are_seen(word: str, made: int) -> None:
    """Hidden is what nobody has to say (APL-3)."""
    team = Team(pull(word)).began()
    team.sf_account()
    team.hour()
    assert len(team.apollo.rows("account")) == made


def test_hidden_accounts_become_visible_with_a_backfill() -> None:
    """The word is changed: the old ones wait to be asked for (APL-3)."""
    team = Team(pull("hidden")).began()
    team.sf_account()
    team.hour()
    team.rewrite(pull("visible"))
    assert team.hour().waiting == {"pull Account as account": 1}
    assert team.apollo.rows("account") == {}
    team.backfill("pull", "Account")
    assert team.left("account", "name") == ["Berg"]


def test_accounts_that_were_there_before_wait_and_are_counted() -> None:
    """Only what is new comes by itself (APL-4)."""
    team = Team(pull("visible"))
    for number in range(MANY):
        team.sf_account(f"Firm {number}", f"firm{number}.example")
    assert team.run().waiting == {"pull Account as account": MANY}
    team.sf_account("New", "new.example")
    assert team.hour().waiting == {"pull Account as account": MANY}
    assert team.left("account", "name") == ["New"]


class Stopped(BaseException):
    """Somebody pulls the plug."""


@pytest.mark.parametrize("direction", ["pull", "push"])
def test_a_backfill_brings_all_accounts_once(direction: str) -> None:
    """Either way, stopped at its first write and called again: all are there once, and a further
    one writes nothing (APL-5)."""
    team = Team(pull("visible") if direction == "pull" else SEARCH)
    for number in range(MANY):
        name, domain = f"Firm {number:03}", f"firm{number}.example"
        if direction == "pull":
            team.sf_account(name, domain)
        else:
            team.account(name, domain, source="search")
    team.run()
    object = "Account" if direction == "pull" else "account"
    rows = team.apollo.rows if direction == "pull" else team.salesforce.rows
    there = "account" if direction == "pull" else "Account"
    for place in ("before settled", "after settled"):

        def stop(point: str, place: str = place) -> None:
            if point == place and rows(there):
                raise Stopped

        team.world.on_point = stop
        with pytest.raises(Stopped):
            team.backfill(direction, object)
        team.world.on_point = None
        team.clock.sleep(600)
    team.backfill(direction, object)
    names = team.left("account", "name") + team.right("Account", "Name")
    assert sorted(map(str, names)) == sorted(
        f"Firm {number:03}" for number in range(MANY) for _ in "12"
    )
    assert team.writes(lambda: team.backfill(direction, object)) == (0, 0)
    assert team.hour().waiting == {}


def test_a_backfill_of_accounts_waits_for_complete_maps(desk: Callable[..., Desk]) -> None:
    """A field that isn't there: nothing is asked or made, and what it would do can be seen once
    the file is right (APL-6)."""
    here = desk(pull("visible"), people=20)
    here.rules(pull("visible").replace("<-> Website", "<-> Webseite"))
    before = here.requests()
    ended = here.type("backfill", "pull", "Account")
    assert (ended.code, here.requests()) == (1, before)
    assert "did you mean `Website`?" in ended.err
    here.rules(pull("visible"))
    known = here.apollo.rows("account")
    assert "account would be" in here.type("backfill", "pull", "Account", "--dry-run").out
    assert here.apollo.rows("account") == known


# ---- enrichment -----------------------------------------------------------------------------

NEW = HEAD + "enrich Account with account\n" + ACCOUNTS.replace("}", "    phone -> Phone\n}")


def test_enriching_accounts_without_a_map_is_found() -> None:
    """And nothing is written (AEN-1)."""
    assert codes(HEAD + "enrich Account with account\n") == ["enrich-without-map"]
    assert codes(NEW) == []
    team = Team(HEAD + "enrich Account with account\n").began()
    team.account(phone="+1 555 1000")
    assert team.writes(lambda: (team.sf_account("Other"), team.hour())) == (0, 0)


def test_blanks_of_new_accounts_are_filled() -> None:
    """What stands there stays, and nothing goes to Apollo (AEN-2)."""
    team = Team(NEW)
    account = team.account(phone="+1 555 1000")
    team.run()
    team.sf_account("Berg AG")
    before = team.apollo.rows("account")[account]
    team.hour()
    [row] = team.salesforce.rows("Account").values()
    assert (row["Name"], row["Phone"]) == ("Berg AG", "+1 555 1000")
    assert team.apollo.rows("account")[account] == before


def test_blanks_of_old_accounts_are_filled_once_if_asked_to() -> None:
    """Off, they stay as they are; on, the preview counts them, and the run fills them once
    (AEN-3)."""
    team = Team(NEW)
    team.account(phone="+1 555 1000")
    there = team.sf_account()
    assert team.run().waiting == {}
    assert team.is_quiet()
    team.rewrite(NEW.replace("enrich", "enrich existing", 1))
    team.clock.sleep(3600)
    assert team.preview().counts["salesforce", "Account", "update", "planned"] == 1
    assert team.right("Account", "Phone") == [None]
    team.hour()
    assert team.right("Account", "Phone") == ["+1 555 1000"]
    team.salesforce.update("Account", there, {"Phone": None})
    team.hour()
    assert team.right("Account", "Phone") == [None]


# ---- fields ---------------------------------------------------------------------------------


def test_an_account_field_is_passed_both_ways() -> None:
    """A change of either side arrives; where both changed, the winner stays and the loser is in
    the history (AFM-2)."""
    team = Team(HEAD + "push account as Account\n" + ACCOUNTS).began()
    account = team.account()
    team.hour()
    [there] = team.salesforce.rows("Account")
    team.apollo.update("account", account, {"name": "Berg AG"})
    team.hour()
    assert team.right("Account", "Name") == ["Berg AG"]
    team.salesforce.update("Account", there, {"Name": "Berg SE"})
    team.hour()
    assert team.left("account", "name") == ["Berg SE"]
    team.apollo.update("account", account, {"name": "Left"})
    team.salesforce.update("Account", there, {"Name": "Right"})
    team.hour()
    assert team.left("account", "name") == team.right("Account", "Name") == ["Right"]
    assert any(one.before == {"name": "Left"} for one in team.history(account))
    assert team.is_quiet()


def test_one_field_takes_one_row_in_a_direction() -> None:
    """A second one would write over the first (AFM-2)."""
    rules = HEAD + "push account as Account\n" + ACCOUNTS.replace("}", "    phone -> Name\n}")
    assert ("conflicting-writes", "phone -> Name") in findings(rules)
    assert codes(HEAD + "push account as Account\n" + ACCOUNTS) == []
