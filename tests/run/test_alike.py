"""Which values are one, for edits and for match keys: addresses of sites by more than their host,
where it isn't a domain that they stand beside, and accents and hosts however they are spelled."""

from __future__ import annotations

import unicodedata

import pytest
from syncrules.tests.both import HOUR, Both

PEOPLE = """\
sync apollo with salesforce
prefer salesforce
push contact as Lead {{ match on {keys} }}
map contact with Lead {{
    last_name          -> LastName
    email             <-> Email
    organization_name  -> Company  default "Unknown"
    linkedin_url      <-> {field}
}}
"""
COMPANIES = """\
sync apollo with salesforce
prefer salesforce
push account as Account { match on domain }
map account with Account {
    name   -> Name
    domain <-> Website
}
"""
HERS = "http://www.linkedin.com/in/ada"


def of(keys: str = "email", field: str = "Website") -> Both:
    both = Both(PEOPLE.format(keys=keys, field=field))
    both.run()
    return both


def later(both: Both) -> int:
    """A run an hour later; how many requests it wrote with."""
    both.clock.sleep(HOUR)
    before = both.calls()
    both.run()
    since = both.since(before)
    return since.apollo_writes + since.salesforce_writes


def person(both: Both, **values: str) -> str:
    return both.apollo.create(
        "contact", {"last_name": "King", "email": "ada@a.example", "linkedin_url": HERS, **values}
    )


def test_another_page_of_the_same_site_is_an_edit() -> None:
    """On either side; that the scheme is another one, or a slash ends it, is none."""
    both = of()
    contact = person(both)
    later(both)
    (lead,) = both.salesforce.rows("Lead")
    both.apollo.update("contact", contact, {"linkedin_url": f"{HERS}-king"})
    later(both)
    assert both.salesforce.rows("Lead")[lead]["Website"] == f"{HERS}-king"
    both.salesforce.update("Lead", lead, {"Website": "https://linkedin.com/in/ada-lovelace"})
    later(both)
    assert both.apollo.rows("contact")[contact]["linkedin_url"].endswith("/in/ada-lovelace")
    both.salesforce.update("Lead", lead, {"Website": "http://www.linkedin.com/in/ada-lovelace/"})
    assert later(both) == 0


@pytest.mark.parametrize("field", ["Website", "Description"], ids=["an address", "a text"])
def test_two_people_of_one_site_are_not_one_person(field: str) -> None:
    """Nor are two pages kept apart by how they are spelled."""
    both = of("email, else linkedin_url", field)
    lead = {"LastName": "Byron", "Company": "B"}
    other = both.salesforce.create("Lead", {**lead, field: "https://www.linkedin.com/in/bob"})
    hers = both.salesforce.create("Lead", {**lead, field: "https://linkedin.com/in/Ada/"})
    person(both)
    later(both)
    leads = both.salesforce.rows("Lead")
    assert set(leads) == {other, hers}
    assert leads[other].get("Email") is None
    assert leads[hers]["Email"] == "ada@a.example"
    assert both.errors() == []


def test_beside_a_domain_the_host_is_what_counts() -> None:
    """Two are one company, and another page of its site is no edit of its domain."""
    both = Both(COMPANIES)
    both.run()
    website = "https://www.acme.example/en"
    company = both.salesforce.create("Account", {"Name": "Acme", "Website": website})
    account = both.apollo.create("account", {"name": "Acme", "domain": "acme.example"})
    assert later(both) == 0
    assert list(both.salesforce.rows("Account")) == [company]
    both.salesforce.update("Account", company, {"Website": "http://acme.example/de"})
    assert later(both) == 0
    both.salesforce.update("Account", company, {"Website": "http://bolt.example/de"})
    later(both)
    assert both.apollo.rows("account")[account]["domain"] == "bolt.example"


def test_a_host_is_one_in_either_of_its_spellings() -> None:
    both = Both(COMPANIES)
    both.run()
    both.salesforce.create("Account", {"Name": "M", "Website": "https://www.münchen.example"})
    both.apollo.create("account", {"name": "M", "domain": "xn--mnchen-3ya.example"})
    later(both)
    assert len(both.salesforce.rows("Account")) == 1
    assert later(both) == 0


def test_a_name_is_one_however_its_accents_are_spelled() -> None:
    both = of("last_name")
    both.salesforce.create("Lead", {"LastName": "Ångström", "Company": "B"})
    person(both, last_name=unicodedata.normalize("NFD", "Ångström"))
    later(both)
    assert len(both.salesforce.rows("Lead")) == 1
    assert later(both) == 0
