"""The turns of a life as people read them: what became of a record, by which run, at what time; and
what comes back with a record that is there again. Over both made-up systems."""

from __future__ import annotations

import re

from syncrules.engine.history import history, history_text
from syncrules.engine.run.past import changes
from syncrules.engine.why import why
from syncrules.engine.why_told import why_text
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.run.test_life import COMPANIES, edit, later, of, pair, quiet, title


def told(both: Both, record: str) -> list[str]:
    """What became of a record, in the words of `history`; each with its run and its time."""
    lines = history_text(history(both.db, [ORG], record)).splitlines()
    turns = [one for one in lines if ": ! " in one]
    assert all(re.match(r"run \d+, 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC: ! ", one) for one in turns)
    return [one.partition(": ! ")[2] for one in turns]


def test_the_turns_of_a_life_are_told_by_the_history_and_by_why() -> None:
    """Deleted, there again, merged, converted: each with the run that saw it (EDGE-5, EDGE-6)."""
    both = of()
    left, lead = pair(both)
    both.salesforce.delete("Lead", lead)
    later(both)
    both.salesforce.undelete("Lead", lead)
    later(both)
    contact = both.salesforce.convert(lead)
    later(both)
    other = both.salesforce.create("Contact", {"LastName": "Berg"})
    both.salesforce.merge("Contact", other, [contact])
    later(both)
    assert told(both, left) == [
        f"salesforce Lead {lead} was deleted",
        f"salesforce Lead {lead} is there again",
        f"salesforce Lead {lead} was converted into Contact {contact}",
        f"salesforce Contact {contact} was merged into {other}",
    ]
    links = [one.reason for one in changes(both.db, ORG, left) if one.action == "link"]
    assert links == [
        f"Lead {lead} was converted into it",
        f"Contact {contact} was merged into it",
    ]
    both.salesforce.delete("Contact", other)
    later(both)
    whole = why_text(why(both.plan, ORG, both.db, both.world, left))
    assert f"linked the two: Contact {contact} was merged into it" in whole
    assert "UTC that the Contact in salesforce was deleted" in whole
    assert "nothing is written to the other side, or made again" in whole


def test_out_of_sight_and_back_are_told() -> None:
    """A record that a write can't reach, and that takes the next one once it is shared again
    (EDGE-7)."""
    both = of()
    left, lead = pair(both)
    later(both)
    both.salesforce.org.unshared.add(lead)
    edit(both, left, "CEO")
    assert told(both, left) == [f"salesforce Lead {lead} is not shown to us any more"]
    both.salesforce.org.unshared.clear()
    edit(both, left, "Chair")
    assert title(both, "Lead", lead) == "Chair"
    assert told(both, left)[1:] == [f"salesforce Lead {lead} is there again"]


def test_two_that_a_rule_took_apart_are_told_so() -> None:
    """With its rule and the reason, by the history and by `why`."""
    both = of(push="on delete unlink", pull="on delete unlink")
    left, lead = pair(both)
    both.salesforce.delete("Lead", lead)
    later(both)
    assert [one.action for one in changes(both.db, ORG, left)] == ["create", "unlink"]
    whole = why_text(why(both.plan, ORG, both.db, both.world, left))
    assert "took the two apart: its Lead was deleted in salesforce" in whole


def test_an_account_that_is_put_back_gets_its_people_again() -> None:
    """Who came while it was deleted came without it, and gets it as soon as it is there again;
    who went with it is there again, too, and nobody is made twice (EDGE-6)."""
    both = Both(COMPANIES)
    both.run()
    both.clock.sleep(HOUR)
    account = both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    for name in ("ada", "bob"):
        if name == "bob":
            (there,) = both.salesforce.rows("Account")
            both.salesforce.delete("Account", there)
            later(both)
        both.apollo.create(
            "contact",
            {"last_name": name, "email": f"{name}@berg.example", "account_id": account},
        )
        later(both)
    assert [one.get("AccountId") for one in both.salesforce.rows("Contact").values()] == [None]
    both.salesforce.undelete("Account", there)
    later(both)
    people = both.salesforce.rows("Contact").values()
    assert {one["LastName"]: one["AccountId"] for one in people} == {"ada": there, "bob": there}
    assert quiet(both)
    assert both.errors() == []


def test_an_account_that_is_out_of_sight_is_told_and_gets_its_people_once_it_is_back() -> None:
    """Who is to be given it arrives without it, with whatever else is new of them, and one entry
    says why. No feed tells that it is shared again: each run looks for it until then (EDGE-7)."""
    both = Both(COMPANIES)
    both.run()
    both.clock.sleep(HOUR)
    account = both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    values = {"last_name": "ada", "email": "ada@berg.example"}
    ada = both.apollo.create("contact", values)
    both.apollo.create(
        "contact", {"last_name": "eve", "email": "eve@berg.example", "account_id": account}
    )
    later(both)
    (there,) = both.salesforce.rows("Account")
    both.salesforce.org.unshared.add(there)
    both.apollo.update("contact", ada, {"title": "CEO", "account_id": account})
    both.apollo.create(
        "contact", {"last_name": "bob", "email": "bob@berg.example", "account_id": account}
    )

    def people() -> dict[str, object]:
        return {
            str(one["LastName"]): one.get("AccountId")
            for one in both.salesforce.rows("Contact").values()
        }

    for _ in range(2):
        later(both)
        assert people() == {"ada": None, "bob": None, "eve": there}
        [entry] = both.errors()
        assert (entry.code, entry.object) == ("out-of-sight", "Account")
        assert [one.name for one in entry.records] == ["berg.example"]
        assert entry.count == 1
    assert "CEO" in [one.get("Title") for one in both.salesforce.rows("Contact").values()]
    assert told(both, account) == [f"salesforce Account {there} is not shown to us any more"]
    both.salesforce.org.unshared.clear()
    later(both)
    assert people() == dict.fromkeys(("ada", "bob", "eve"), there)
    assert both.errors() == []
    assert quiet(both)


def test_an_account_that_is_out_of_sight_is_told_once_and_comes_back_by_itself() -> None:
    """It was to be written itself, in the run in which somebody was to be given it: no retry is
    asked for, and what it was to be written arrives as well (EDGE-7)."""
    both = Both(COMPANIES)
    both.run()
    both.clock.sleep(HOUR)
    account = both.apollo.create("account", {"name": "Berg", "domain": "berg.example"})
    values = {"last_name": "ada", "email": "ada@berg.example", "account_id": account}
    eve = {**values, "last_name": "eve", "email": "eve@berg.example"}
    both.apollo.create("contact", eve)
    later(both)
    (there,) = both.salesforce.rows("Account")
    both.salesforce.org.unshared.add(there)
    both.apollo.update("account", account, {"name": "Berg AG"})
    both.apollo.create("contact", values)
    for _ in range(2):
        later(both)
        [entry] = both.errors()
        assert (entry.code, [one.name for one in entry.records]) == (
            "out-of-sight",
            ["berg.example"],
        )
    both.salesforce.org.unshared.clear()
    later(both)
    assert {one.get("AccountId") for one in both.salesforce.rows("Contact").values()} == {there}
    assert both.salesforce.rows("Account")[there]["Name"] == "Berg AG"
    assert both.errors() == []
    assert quiet(both)
