"""Runs of a part of the rules, over both made-up systems: a group that is due, a rule, a record."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

import pytest
from syncrules.connectors.base.world import Job, still
from syncrules.engine import known
from syncrules.engine.run import run as verbs
from syncrules.engine.run import scope
from syncrules.engine.run.run import Result
from syncrules.errors import Braked, Interrupted, SystemUnavailable, UsageError
from syncrules.tests.both import HOUR, ORG, Both

T = TypeVar("T")

RULES = """\
sync apollo with salesforce
prefer apollo

every 15 minutes
push contact as Lead when stage is "Replied"
push contact as Contact when stage is "Interested" { match on email }
pull Lead as contact visible

map contact with Lead, Contact {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    account           <-> Contact.AccountId
    organization_name  -> Lead.Company default "Unknown"
}

every 60 minutes
push account as Account

map account with Account {
    name   <-> Name
    domain <-> Website
}
"""

GROUPS = """\
sync apollo with salesforce
prefer apollo
push contact as Contact
map contact with Contact {
    last_name <-> LastName
    email     <-> Email
    account   <-> AccountId
}
every 60 minutes
push account as Account
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""


@pytest.fixture
def both() -> Iterable[Both]:
    made = Both(RULES)
    made.run()
    made.clock.sleep(HOUR)
    yield made
    made.db.close()


def run(both: Both, periods: Iterable[int] = (), rule: str = "") -> Result:
    about = scope.of_rule(both.plan, rule) if rule else scope.due(both.plan, [*periods])
    assert about is not None
    both.clock.sleep(HOUR)
    return verbs.run(replace(both.setup, scope=about))


def person(both: Both, **values: object) -> str:
    values = {"last_name": "King", "email": "ada@a.example", "stage": "Interested", **values}
    return both.apollo.create("contact", values)


def emails(both: Both, object: str) -> list[str]:
    return sorted(str(one["Email"]) for one in both.salesforce.rows(object).values())


def test_a_group_has_the_shortest_period_of_its_rules(both: Both) -> None:
    """Users and what is only referred to have none of their own. (ACT-10)"""
    assert scope.periods(both.plan) == (15, 60)


def test_a_run_of_one_group_reads_and_decides_nothing_of_another() -> None:
    """The account's edit waits for its own time, and is not lost. (ACT-10)"""
    both = Both(GROUPS)
    both.run()
    account = both.apollo.create("account", {"name": "Analytical", "domain": "a.example"})
    run(both, [60])
    [there] = both.salesforce.rows("Account")
    both.apollo.update("account", account, {"name": "Engines"})
    person(both)
    before = both.calls()
    run(both, [15])
    assert emails(both, "Contact") == ["ada@a.example"]
    assert both.salesforce.rows("Account")[there]["Name"] == "Analytical"
    assert not any("account" in one for one in both.since(before).apollo)
    before = both.calls()
    run(both, [60])
    assert both.salesforce.rows("Account")[there]["Name"] == "Engines"
    assert not any("contact" in one for one in both.since(before).apollo)


def test_an_account_comes_along_though_its_own_rules_are_not_due() -> None:
    """It is new since the last look at accounts: looked for first, made once, and the person is
    under it. The next run of accounts makes no second one. (APU-1)"""
    both = Both(GROUPS)
    both.run()
    account = both.apollo.create("account", {"name": "Analytical", "domain": "a.example"})
    for name in ("ada", "bea"):
        person(both, email=f"{name}@a.example", account_id=account)
    run(both, [15])
    [made] = both.salesforce.rows("Account")
    people = both.salesforce.rows("Contact").values()
    assert {one["AccountId"] for one in people} == {made}
    assert len(people) == 2
    run(both, [60])
    assert list(both.salesforce.rows("Account")) == [made]


def test_an_account_that_is_there_is_matched_before_one_is_made(both: Both) -> None:
    """Both were made since accounts were last looked at."""
    account = both.apollo.create("account", {"name": "Analytical", "domain": "a.example"})
    there = both.salesforce.create("Account", {"Name": "Other", "Website": "a.example"})
    person(both, account_id=account)
    run(both, [15])
    assert list(both.salesforce.rows("Account")) == [there]
    [one] = both.salesforce.rows("Contact").values()
    assert one["AccountId"] == there


def test_a_run_of_one_rule_leaves_what_others_create(both: Both) -> None:
    """Changes of linked records flow as the map says; what is left is done by the next run."""
    linked = person(both, email="old@a.example")
    both.run()
    both.apollo.update("contact", linked, {"title": "CTO"})
    person(both, email="lead@a.example", stage="Replied")
    person(both, email="contact@a.example")
    both.salesforce.create("Lead", {"LastName": "Berg", "Email": "new@b.example", "Company": "B"})
    run(both, rule="push contact as Contact")
    assert emails(both, "Contact") == ["contact@a.example", "old@a.example"]
    assert emails(both, "Lead") == ["new@b.example"]
    assert len(both.apollo.rows("contact")) == 3
    assert "CTO" in {one.get("Title") for one in both.salesforce.rows("Contact").values()}
    both.clock.sleep(HOUR)
    both.run()
    assert emails(both, "Lead") == ["lead@a.example", "new@b.example"]
    assert len(both.apollo.rows("contact")) == 4
    assert both.errors() == []


def test_a_run_of_one_rule_leaves_the_marks_of_the_others_on_its_pair(both: Both) -> None:
    """The pull between the same two objects makes its contact with the next run."""
    both.salesforce.create("Lead", {"LastName": "Berg", "Email": "new@b.example", "Company": "B"})
    person(both, email="lead@a.example", stage="Replied")
    run(both, rule="push contact as Lead")
    assert emails(both, "Lead") == ["lead@a.example", "new@b.example"]
    assert len(both.apollo.rows("contact")) == 1
    both.run()
    assert len(both.apollo.rows("contact")) == 2


def test_a_run_of_one_rule_tells_what_it_could_not_do(both: Both) -> None:
    """Two that match are no guess, and the entry doesn't wait for a run of all rules."""
    both.edit(both.rules.replace("pull Lead as contact visible\n", ""))
    for _ in range(2):
        both.salesforce.create(
            "Lead", {"LastName": "King", "Company": "A", "Email": "ada@a.example"}
        )
    person(both, stage="Replied")
    run(both, rule="push contact as Lead")
    assert [one.code for one in both.errors()] == ["ambiguous-match"]


def test_one_record_is_pushed_past_the_condition_of_its_rule(both: Both) -> None:
    """By its address or its id; nothing else moves, and the journal says why. (MORE-9)"""
    person(both, email="ada@a.example", stage="Cold")
    other = person(both, email="bea@a.example", stage="Cold")
    person(both, email="cid@a.example", stage="Replied")
    result = verbs.push(both.setup, "Ada@a.example", "push contact as Lead", both._show)
    assert result.exit_code == 0
    assert emails(both, "Lead") == ["ada@a.example"]
    assert "pushed by hand" in both.said[-1]
    verbs.push(both.setup, other, "push contact as Contact")
    assert emails(both, "Contact") == ["bea@a.example"]
    assert emails(both, "Lead") == ["ada@a.example"]
    again = verbs.push(both.setup, "ada@a.example", "push contact as Lead")
    assert again.counts == {}
    both.run()
    assert emails(both, "Lead") == ["ada@a.example", "cid@a.example"]


def test_a_record_that_cannot_be_pushed_is_told_with_the_way_out(both: Both) -> None:
    """Nobody of that name; two rules that could; a rule that creates nothing there."""
    person(both, stage="Cold")
    with pytest.raises(UsageError, match=r"known as nobody@a\.example"):
        verbs.push(both.setup, "nobody@a.example")
    with pytest.raises(UsageError) as told:
        verbs.push(both.setup, "ada@a.example")
    assert told.value.fix == (
        "name one with --rule: `push contact as Contact`, `push contact as Lead`"
    )
    assert emails(both, "Lead") == []


def test_whether_a_person_is_known_is_answered_without_a_request(both: Both) -> None:
    """Hidden, linked or in one system only; letter case doesn't matter. (CPL-3)"""
    linked = person(both)
    lead = both.salesforce.create("Lead", {"LastName": "B", "Email": "b@b.example", "Company": "B"})
    both.run()
    sent = len(both.world.sent)
    schemas = {name: one.describe() for name, one in both.setup.connectors.items()}
    sent = len(both.world.sent)
    emails = ["ADA@a.example", "b@b.example", "c@c.example"]
    ada, berg, nobody = known.known(both.db, [ORG], schemas, emails)
    assert len(both.world.sent) == sent
    assert {one.object for one in ada.records} == {"contact", "Contact"}
    [contact] = [one for one in ada.records if one.object == "contact"]
    assert (contact.id, [one.object for one in contact.linked]) == (linked, ["Contact"])
    assert lead in {one.id for one in berg.records}
    assert nobody.records == ()
    told = known.known_text([ada, berg, nobody])
    assert "c@c.example  not known" in told
    assert "b@b.example  known" in told


def test_nothing_is_written_in_the_quiet_period(both: Both) -> None:
    """A run says until when and why, preview shows what waits, and it flows once the time is up.
    (MORE-13)"""
    quiet = replace(both.setup, quiet=6 * HOUR)
    person(both, stage="Replied")
    shown = verbs.preview(quiet)
    assert shown.held[0].startswith("nothing is written before 2026-01-05 15:00:00 UTC: apollo was")
    with pytest.raises(Braked, match=r"`quiet_period` of .team. is 6 hours; nothing was written"):
        verbs.run(quiet)
    assert emails(both, "Lead") == []
    both.clock.sleep(6 * HOUR)
    assert verbs.run(quiet).exit_code == 0
    assert emails(both, "Lead") == ["ada@a.example"]


def test_the_quiet_period_begins_with_the_system_that_was_connected_last() -> None:
    """Salesforce could not be reached for the first five hours (MORE-13)."""
    both = Both(RULES)
    setup = replace(both.setup, quiet=6 * HOUR)
    away = both.world.handlers.pop("salesforce.test")
    both.setup = replace(setup, connectors=both.sign_in())
    with pytest.raises(SystemUnavailable):
        verbs.run(both.setup)
    both.clock.sleep(5 * HOUR)
    both.world.handlers["salesforce.test"] = away
    both.run()
    person(both, stage="Replied")
    for hours in (2, 4.1):
        with pytest.raises(Braked, match=r"before 2026-01-05 20:00:0. UTC: salesforce was"):
            both.run()
        both.clock.sleep(hours * HOUR)
    assert both.run().exit_code == 0
    assert emails(both, "Lead") == ["ada@a.example"]


def test_a_run_that_is_asked_to_stop_ends_between_two_records(both: Both) -> None:
    """What was sent is settled, nothing is in doubt, and the next run does the rest."""
    for place in range(250):
        person(both, email=f"p{place}@a.example", stage="Replied")

    def stopping() -> bool:
        return bool(both.salesforce.rows("Lead"))

    def under_way(
        jobs: Iterable[Job[T]], alive: Callable[[], None] = still
    ) -> Iterator[tuple[Job[T], T]]:
        """As threads do: more than one is begun before the first is heard of."""
        yield from [(one, one.call()) for one in jobs]

    both.world.lanes = under_way  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        verbs.run(replace(both.setup, stopping=stopping))
    assert 0 < len(emails(both, "Lead")) < 250
    result = both.run()
    assert result.settled == {}
    assert len(set(emails(both, "Lead"))) == len(emails(both, "Lead")) == 250


def test_what_a_preview_has_seen_is_no_older_for_it() -> None:
    """A rule that was written since the last run acts on what was made since then, also where
    previews or a run that failed have looked in between: what was shown is what is done."""
    fresh = Both(GROUPS)
    fresh.preview()
    person(fresh)
    shown = fresh.preview()
    assert shown.counts == {("salesforce", "Contact", "create", "planned"): 1}
    fresh.clock.sleep(HOUR)
    away = fresh.world.handlers.pop("salesforce.test")
    person(fresh, email="bea@a.example")
    with pytest.raises(SystemUnavailable):
        fresh.run()
    fresh.world.handlers["salesforce.test"] = away
    fresh.clock.sleep(HOUR)
    assert fresh.run().waiting == {}
    assert emails(fresh, "Contact") == ["ada@a.example", "bea@a.example"]


@pytest.mark.parametrize("seed", range(6))
def test_runs_of_parts_end_where_whole_runs_do(seed: int) -> None:
    """The same two days of edits, once with whole runs and once with random parts of them and one
    whole run at the end: the same people and accounts on both sides, under the same accounts."""
    assert _after_edits(seed, parts=True) == _after_edits(seed, parts=False)


def _after_edits(seed: int, *, parts: bool) -> dict[str, list[str]]:
    """What both systems hold in the end, without ids. Only one side edits a record, and a person
    comes to one stage: else what becomes of them depends on when somebody looked."""
    both, chance, order = Both(RULES), random.Random(seed), random.Random(seed + 100)
    scopes = [
        scope.due(both.plan, [15]),
        scope.due(both.plan, [60]),
        scope.of_rule(both.plan, "push contact as Contact"),
        scope.of_rule(both.plan, "pull Lead as contact"),
        scope.ALL,
    ]
    both.run()
    contacts: list[tuple[str, str]] = []
    accounts: list[str] = []
    for step in range(24):
        for number in range(chance.randrange(1, 4)):
            name = f"{step}x{number}"
            what = chance.randrange(6)
            if what == 0:
                values = {"name": f"Firm {name}", "domain": f"f{name}.example"}
                accounts.append(both.apollo.create("account", values))
            elif what in (1, 2):
                values = {"email": f"p{name}@a.example", "last_name": f"P{name}"}
                stage = ("Replied", "Interested")[what - 1]
                values["stage"] = chance.choice(("Cold", stage))
                if accounts:
                    values["account_id"] = chance.choice(accounts)
                contacts.append((both.apollo.create("contact", values), stage))
            elif what == 3 and contacts:
                id, stage = chance.choice(contacts)
                both.apollo.update("contact", id, {"title": f"T{name}", "stage": stage})
            elif what == 4 and accounts:
                both.apollo.update("account", chance.choice(accounts), {"name": f"Firm {name}"})
            elif what == 5:
                lead = {"LastName": f"L{name}", "Email": f"l{name}@b.example", "Company": "B"}
                both.salesforce.create("Lead", lead)
        both.clock.sleep(HOUR)
        about = order.choice(scopes) if parts else scope.ALL
        assert about is not None
        verbs.run(replace(both.setup, scope=about))
    for _ in range(2):
        both.clock.sleep(HOUR)
        both.run()
    assert both.errors() == []
    firms = both.salesforce.rows("Account")
    held: dict[str, list[tuple[object, ...]]] = {
        "accounts": [(one["Name"], one["Website"]) for one in firms.values()],
        "people": [
            (one["Email"], one["LastName"], one.get("Title"), _firm(firms, one))
            for object in ("Lead", "Contact")
            for one in both.salesforce.rows(object).values()
        ],
        "contacts": [
            (one["email"], one["last_name"], one["title"])
            for one in both.apollo.rows("contact").values()
        ],
    }
    both.db.close()
    return {name: sorted(map(str, rows)) for name, rows in held.items()}


def _firm(firms: Mapping[str, Mapping[str, object]], person: Mapping[str, object]) -> object:
    found = firms.get(str(person.get("AccountId")))
    return found["Website"] if found else None


def test_what_waits_for_a_rule_that_is_gone_is_told_no_more(both: Both) -> None:
    """Nobody could ask for it: there is no such `backfill`. With the rule it is told again."""
    before = Both("sync apollo with salesforce\npull Lead as contact hidden { match on email }\n")
    person(before, stage="Replied")
    rule = "push contact as Lead"
    with_rule = both.plan
    assert before.run().waiting == {}
    alone, before.setup = before.setup, replace(before.setup, plan=with_rule)
    before.clock.sleep(HOUR)
    assert before.run().waiting[rule] == 1
    before.setup = alone
    assert before.run().waiting == {}
    before.setup = replace(alone, plan=with_rule)
    assert before.run().waiting[rule] == 1
