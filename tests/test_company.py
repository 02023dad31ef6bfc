"""Which company an address belongs to, and that it is found by the domain that it registered."""

from __future__ import annotations

import pytest
from syncrules.connectors.base.company import domains
from syncrules.tests.both import HOUR, Both

RULES = """\
sync apollo with salesforce
prefer salesforce
pull Lead as contact visible
map contact with Lead { last_name <-> LastName
    email <-> Email }
pull Account as account hidden
"""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("ada@berg.example", ("berg.example",)),
        ("ada@EU.Berg.co.uk", ("eu.berg.co.uk", "berg.co.uk")),
        ("ada@co.uk", ()),
        ("ada@localhost", ()),
        ("https://www.eu.berg.co.uk/about", ("eu.berg.co.uk",)),
        ("", ()),
        (None, ()),
    ],
)
def test_an_address_stands_for_the_domain_that_somebody_registered(
    value: object, found: tuple[str, ...]
) -> None:
    """A website for its own alone; nobody is of what nobody can register."""
    assert domains(value) == found


def test_a_lead_of_a_part_of_a_company_comes_under_the_company() -> None:
    """Unless the part is an account of its own, which comes first; also where the account is made
    only later. (CPL-6)"""
    both = Both(RULES)
    both.run()
    berg = both.apollo.create("account", {"name": "Berg", "domain": "berg.co.uk"})
    part = both.apollo.create("account", {"name": "Berg EU", "domain": "eu.berg.co.uk"})
    for name, company, email in (
        ("Ek", "Berg", "ek@us.berg.co.uk"),
        ("Al", "Berg", "al@eu.berg.co.uk"),
        ("Ny", "Fjord", "ny@no.fjord.example"),
    ):
        both.salesforce.create("Lead", {"LastName": name, "Company": company, "Email": email})
    both.clock.sleep(HOUR)
    both.run()
    fjord = both.apollo.create("account", {"name": "Fjord", "domain": "fjord.example"})
    both.clock.sleep(HOUR)
    both.run()
    found = {one["email"]: one["account_id"] for one in both.apollo.rows("contact").values()}
    assert found == {
        "ek@us.berg.co.uk": berg,
        "al@eu.berg.co.uk": part,
        "ny@no.fjord.example": fjord,
    }
