"""References whose counterpart comes to be while the record that refers to it is under way."""

from __future__ import annotations

import pytest
from syncrules.tests.both import HOUR, Both

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
