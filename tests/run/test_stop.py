"""`stop when`, over both made-up systems: what is held back, and what flows when it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from syncrules import dsl
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.plan.compile import compile
from syncrules.engine.status import status_json, status_text
from syncrules.tests.both import HOUR, ORG, Both

RULES = """\
sync apollo with salesforce
prefer apollo
{moves}
map contact with Lead {{
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    account           -> Company default "Unknown"
}}
"""
RULES = RULES.replace("account           -> Company", "organization_name -> Company")
PUSH = "push contact as Lead {\n    match on email\n    stop when %s\n}\n"


def of(stop: str, more: str = "") -> Both:
    both = Both(RULES.format(moves=PUSH % stop + more))
    both.run()
    return both


def edit(both: Both, rules: str) -> None:
    """The rule file is another one from now on."""
    schemas = {name: one.describe() for name, one in both.setup.connectors.items()}
    checked = dsl.check({"rules.sync": rules}, schemas)
    assert checked.rules is not None, checked.findings
    both.setup = replace(both.setup, plan=compile(checked.rules.sets[0], schemas))


def hour(both: Both) -> None:
    both.clock.sleep(HOUR)
    both.run()


def ada(both: Both, **values: object) -> tuple[str, str]:
    """One contact, and the lead that was made of it."""
    values = {"last_name": "King", "email": "ada@a.example", "title": "CTO", **values}
    contact = both.apollo.create("contact", values)
    hour(both)
    [lead] = both.salesforce.rows("Lead")
    return contact, lead


def title(both: Both, lead: str) -> object:
    return both.salesforce.rows("Lead")[lead]["Title"]


def test_what_changed_while_the_linked_record_stopped_it_flows_when_that_ends() -> None:
    """Held back twice, then the newest value; nothing else had to change on the contact."""
    both = of("Lead.IsUnreadByOwner")
    contact, lead = ada(both)
    both.salesforce.update("Lead", lead, {"IsUnreadByOwner": True})
    for one in ("CEO", "Chair"):
        both.apollo.update("contact", contact, {"title": one})
        before = both.calls()
        hour(both)
        assert title(both, lead) == "CTO"
        assert both.since(before).salesforce_writes == 0
    both.salesforce.update("Lead", lead, {"IsUnreadByOwner": False})
    hour(both)
    assert title(both, lead) == "Chair"
    before = both.calls()
    hour(both)
    assert both.since(before).salesforce_writes == both.since(before).apollo_writes == 0


def test_the_other_direction_is_not_stopped() -> None:
    """An edit in Salesforce reaches Apollo; one made in Apollo meanwhile waits, and wins where the
    rule says so once the stop ends."""
    both = of("Lead.IsUnreadByOwner")
    contact, lead = ada(both)
    both.salesforce.update("Lead", lead, {"IsUnreadByOwner": True, "LastName": "Byron"})
    both.apollo.update("contact", contact, {"title": "CEO"})
    hour(both)
    assert both.apollo.rows("contact")[contact]["last_name"] == "Byron"
    assert title(both, lead) == "CTO"
    both.salesforce.update("Lead", lead, {"IsUnreadByOwner": False, "Title": "Clerk"})
    hour(both)
    assert title(both, lead) == "CEO"


def test_nothing_is_created_while_it_holds() -> None:
    """The record's own field stops it; it is made when that is gone."""
    both = of('stage is "Cold"')
    values = {"last_name": "King", "email": "ada@a.example", "stage": "Cold"}
    contact = both.apollo.create("contact", values)
    hour(both)
    assert both.salesforce.rows("Lead") == {}
    both.apollo.update("contact", contact, {"stage": "Interested"})
    hour(both)
    assert len(both.salesforce.rows("Lead")) == 1


def test_a_related_record_stops_and_releases() -> None:
    """The account of the contact decides; the change of the account alone lets it go on."""
    both = of('account.domain is "stop.example"')
    account = both.apollo.create("account", {"name": "Acme", "domain": "stop.example"})
    values = {"last_name": "King", "email": "ada@a.example", "account_id": account}
    both.apollo.create("contact", values)
    hour(both)
    assert both.salesforce.rows("Lead") == {}
    both.apollo.update("account", account, {"domain": "go.example"})
    hour(both)
    assert len(both.salesforce.rows("Lead")) == 1


def test_a_rule_that_stops_no_longer_lets_go_what_it_held_back() -> None:
    """Of linked records at once; `status` says until then how many are stopped, and by which."""
    both = of("Lead.IsUnreadByOwner")
    contact, lead = ada(both)
    both.salesforce.update("Lead", lead, {"IsUnreadByOwner": True})
    both.apollo.update("contact", contact, {"title": "CEO"})
    hour(both)
    status = status_json(both.db, [ORG], both.clock.now())
    [rule] = [one for one in status["status"][0]["rules"] if one["name"].startswith("push")]
    assert rule["stopped"] == 1
    assert "1 record is stopped" in status_text(status)
    edit(both, RULES.format(moves=PUSH.replace("    stop when %s\n", "")))
    hour(both)
    assert title(both, lead) == "CEO"
    status = status_json(both.db, [ORG], both.clock.now())
    assert status["status"][0]["rules"][0]["stopped"] == 0


def test_a_stop_that_counts_days_ends_by_itself() -> None:
    """Nothing changes on either side, and the day after the last it goes on."""
    both = of("days since created_at < 3")
    values = {"last_name": "King", "email": "ada@a.example", "title": "CTO"}
    both.apollo.create("contact", values)
    hour(both)
    assert both.salesforce.rows("Lead") == {}
    for _ in range(3):
        both.clock.sleep(24 * HOUR)
        both.run()
    assert len(both.salesforce.rows("Lead")) == 1


def test_a_stop_that_counts_days_ends_by_itself_beside_a_write_that_was_refused() -> None:
    """What goes the other way is refused again and again; what was held back flows all the same."""
    both = Both(
        "sync apollo with salesforce\nprefer apollo\n"
        "push contact as Lead { match on email }\n"
        "pull Lead as contact visible { stop when days since CreatedDate < 3 }\n"
        "map contact with Lead {\n    last_name <-> LastName\n    email <-> Email\n"
        "    first_name <-> FirstName\n    title <-> Title\n"
        '    organization_name -> Company default "Unknown"\n}\n'
    )
    both.run()
    contact, lead = ada(both)
    refuses = Validation("Lead", "No such titles", lambda row: row.get("Title") == "CEO")
    both.salesforce.org.validations.append(refuses)
    both.apollo.update("contact", contact, {"title": "CEO"})
    both.salesforce.update("Lead", lead, {"FirstName": "Ada"})
    hour(both)
    assert [one.code for one in both.errors()] != []
    assert both.apollo.rows("contact")[contact].get("first_name") != "Ada"
    for _ in range(4):
        both.clock.sleep(24 * HOUR)
        both.run()
    assert both.apollo.rows("contact")[contact]["first_name"] == "Ada"
    assert title(both, lead) == "CTO"
    assert len(both.errors()) == 1


@pytest.mark.parametrize("stopped", [True, False])
def test_two_that_are_found_to_be_one_are_linked_and_not_written(stopped: bool) -> None:
    """A first link under a stop: the left side is filled, the right side when the stop ends."""
    both = of("Lead.IsUnreadByOwner")
    lead = both.salesforce.create(
        "Lead",
        {"LastName": "King", "Company": "A", "Email": "ada@a.example", "IsUnreadByOwner": stopped},
    )
    both.apollo.create("contact", {"last_name": "Byron", "email": "ada@a.example", "title": "CTO"})
    hour(both)
    wanted = ("King", None) if stopped else ("Byron", "CTO")
    row = both.salesforce.rows("Lead")[lead]
    assert (row["LastName"], row.get("Title")) == wanted
    both.salesforce.update("Lead", lead, {"IsUnreadByOwner": False})
    hour(both)
    row = both.salesforce.rows("Lead")[lead]
    assert (row["LastName"], row.get("Title")) == ("Byron", "CTO")


def test_what_the_linked_record_refers_to_stops_and_releases() -> None:
    """The account of the linked Salesforce contact is frozen, then no longer; neither the contact
    nor its counterpart changes meanwhile."""
    both = Both(
        """\
sync apollo with salesforce
prefer apollo
push contact as Contact {
    match on email
    stop when Contact.AccountId.Name is "Frozen"
}
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    title     <-> Title
}
"""
    )
    both.run()
    account = both.salesforce.create("Account", {"Name": "Acme"})
    person = both.salesforce.create(
        "Contact", {"LastName": "King", "Email": "ada@a.example", "AccountId": account}
    )
    values = {"last_name": "King", "email": "ada@a.example", "title": "CTO"}
    contact = both.apollo.create("contact", values)
    hour(both)
    assert both.salesforce.rows("Contact")[person]["Title"] == "CTO"
    both.salesforce.update("Account", account, {"Name": "Frozen"})
    both.apollo.update("contact", contact, {"title": "CEO"})
    hour(both)
    assert both.salesforce.rows("Contact")[person]["Title"] == "CTO"
    both.salesforce.update("Account", account, {"Name": "Thawed"})
    hour(both)
    assert both.salesforce.rows("Contact")[person]["Title"] == "CEO"


class Crash(BaseException):
    """The process dies."""


def test_what_is_not_stopped_survives_a_crash_at_any_point() -> None:
    """A new contact meets a stopped lead: the link and the value for Apollo come through, wherever
    the run dies, and the one for Salesforce once the stop ends."""
    at, alive = 0, False
    while not alive:
        at += 1
        both = of("Lead.IsUnreadByOwner")
        values = {"LastName": "King", "Company": "A", "Email": "ada@a.example"}
        lead = both.salesforce.create("Lead", {**values, "IsUnreadByOwner": True, "Title": "CTO"})
        hour(both)
        contact = both.apollo.create("contact", {"last_name": "Byron", "email": "ada@a.example"})
        both.clock.sleep(HOUR)
        alive = not dies(both, at)
        hour(both)
        hour(both)
        assert both.apollo.rows("contact")[contact]["title"] == "CTO", at
        assert both.salesforce.rows("Lead")[lead]["LastName"] == "King", at
        both.salesforce.update("Lead", lead, {"IsUnreadByOwner": False})
        hour(both)
        assert both.salesforce.rows("Lead")[lead]["LastName"] == "Byron", at
    assert at > 20


def dies(both: Both, at: int) -> bool:
    """A run that dies at its point number `at`; whether it came there."""
    left = at

    def point(name: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Crash

    both.world.on_point = point
    try:
        both.run()
    except Crash:
        both.db.fence = None
        return True
    finally:
        both.world.on_point = None
    return False
