"""Contacts: blanks of Salesforce filled from Apollo."""

from __future__ import annotations

import pytest
from syncrules.tests.guide.team import CONTACTS, HEAD, LEADS, Team, codes

NEW = HEAD + "enrich Lead, Contact with contact\n" + LEADS + CONTACTS
EXISTING = NEW.replace("enrich", "enrich existing", 1)


def test_enriching_without_a_map_is_found() -> None:
    """There would be nothing to write (CEN-1)."""
    assert codes(HEAD + "enrich Lead with contact\n") == ["enrich-without-map"]
    assert codes(HEAD + "enrich Lead with contact\n" + CONTACTS) != []
    assert codes(HEAD + "enrich Lead with contact\n" + LEADS) == []


@pytest.mark.parametrize("existing", ["", "existing "])
def test_enriching_without_a_map_writes_nothing(existing: str) -> None:
    """It is no more than a warning, and nothing comes of it (CEN-1)."""
    team = Team(HEAD + f"enrich {existing}Lead with contact\n")
    team.contact(title="CTO")
    team.lead(LastName="Byron")
    team.run()
    team.lead("bea")
    team.contact("bea", title="CEO")
    assert team.writes(lambda: (team.hour(), team.hour())) == (0, 0)


@pytest.mark.parametrize("object", ["Lead", "Contact"])
def test_what_is_new_in_salesforce_gets_its_blanks_filled(object: str) -> None:
    """At the next run; what stands there stays, and Apollo's record stays as it is (CEN-2)."""
    team = Team(NEW)
    ada = team.contact(title="CTO")
    team.run()
    (team.lead if object == "Lead" else team.sf_contact)(FirstName=None, LastName="Byron")
    before = team.apollo.rows("contact")[ada]
    team.hour()
    [row] = team.salesforce.rows(object).values()
    assert (row["FirstName"], row["LastName"], row["Title"]) == ("Ada", "Byron", "CTO")
    assert team.apollo.rows("contact")[ada] == before
    assert team.is_quiet()


def test_what_was_there_before_stays_untouched_without_the_switch() -> None:
    """Old leads and contacts are neither filled nor counted (CEN-3)."""
    team = Team(NEW)
    team.contact(title="CTO")
    team.contact("bea", title="CEO")
    team.lead()
    team.sf_contact("bea")
    assert team.run().waiting == {}
    assert team.is_quiet()
    assert team.right("Lead", "Title") == team.right("Contact", "Title") == [None]


def test_the_switch_fills_what_was_there_before_once() -> None:
    """Counted by the preview, filled by the run, and not again for an old one whose blank comes
    back (CEN-3)."""
    team = Team(NEW)
    team.contact(title="CTO")
    team.contact("bea", title="CEO")
    lead, contact = team.lead(), team.sf_contact("bea")
    team.run()
    team.rewrite(EXISTING)
    team.clock.sleep(3600)
    seen = team.preview()
    planned = {key[1:3]: count for key, count in seen.counts.items() if key[2] == "update"}
    assert planned == {("Lead", "update"): 1, ("Contact", "update"): 1}
    assert team.right("Lead", "Title") == [None]
    team.hour()
    assert team.right("Lead", "Title") + team.right("Contact", "Title") == ["CTO", "CEO"]
    team.salesforce.update("Lead", lead, {"Title": None})
    team.salesforce.update("Contact", contact, {"Title": None})
    team.hour()
    assert team.right("Lead", "Title") + team.right("Contact", "Title") == [None, None]
