"""Troubles in the middle of the work: what stops, how it is told, and that nothing is lost.

Each trouble hits a first sync of two made-up systems; once it is over the work goes on, and at the
end everything stands where `demands.py` says. Crashes are in `test_kills.py`, lost replies and
people who edit meanwhile in `test_simulation.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from syncrules.connectors.apollo.simulator import Fault as ApolloFault
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.connectors.salesforce.simulator.faults import Fault as SalesforceFault
from syncrules.engine.run.run import undo
from syncrules.engine.run.undo import Part
from syncrules.engine.store import lease
from syncrules.engine.store.database import Database
from syncrules.errors import BudgetSpent, SignInRefused, SystemUnavailable
from syncrules.tests import demands, kills, oracle
from syncrules.tests.both import HOUR, ORG, Both
from syncrules.tests.oracle import Rows

APOLLO_PEOPLE, SALESFORCE_PEOPLE = 1000, 400
"""Enough for several requests of each kind."""
DAY = 24 * HOUR


@pytest.fixture
def both() -> Iterator[Both]:
    """Two systems that have not been synced yet."""
    made = Both(oracle.RULES, APOLLO_PEOPLE, SALESFORCE_PEOPLE)
    yield made
    made.db.close()


def rows(both: Both) -> Rows:
    return oracle.rows(both.apollo, both.salesforce)


def first_sync(both: Both) -> None:
    """What an ops person types, or types again."""
    for direction, object in (("pull", "Account"), ("push", "contact"), ("pull", "Contact")):
        both.clock.sleep(60)
        both.backfill(direction, object)


def complete(both: Both, seeded: Rows) -> list[str]:
    """What is wrong after the first sync has come to its end, one way or another."""
    now = rows(both)
    wrong = demands.differences(demands.synced(seeded, now), now.plain)
    return wrong + demands.touched(seeded, now)


def after_the_first_create(both: Both, happen: Callable[[], object]) -> None:
    """Lets something happen as soon as one batch of Leads has been made."""

    def point(name: str) -> None:
        if both.salesforce.counts["POST composite/sobjects"]:
            happen()

    both.world.on_point = point


def some_leads(both: Both, seeded: Rows) -> int:
    """How many Leads were made, where it is some and not all."""
    made = len(both.salesforce.rows("Lead")) - len(seeded.plain["Lead"])
    assert 0 < made < len(oracle.leads_wanted(seeded))
    return made


@pytest.mark.parametrize("system", ["apollo", "salesforce"])
def test_a_system_that_cannot_be_reached_stops_the_run_and_nothing_is_lost(
    both: Both, system: str
) -> None:
    """Exit code 4, with the system's name and no write half done; afterwards all is there."""
    seeded = rows(both)
    away = both.world.handlers.pop(f"{system}.test")
    with pytest.raises(SystemUnavailable) as told:
        both.run()
    assert told.value.exit_code == 4
    assert system in told.value.what
    assert told.value.fix
    assert rows(both) == seeded
    both.world.handlers[f"{system}.test"] = away
    first_sync(both)
    assert complete(both, seeded) == []


def test_a_system_that_goes_away_between_two_writes_stops_on_a_record_boundary(both: Both) -> None:
    """The batches before it are done and linked; the next call brings the rest, and none twice."""
    seeded = rows(both)
    both.backfill("pull", "Account")
    away = both.world.handlers["salesforce.test"]
    after_the_first_create(both, lambda: both.world.handlers.pop("salesforce.test", None))
    with pytest.raises(SystemUnavailable):
        both.backfill("push", "contact")
    assert some_leads(both, seeded)
    both.world.on_point = None
    both.world.handlers["salesforce.test"] = away
    first_sync(both)
    assert complete(both, seeded) == []


def test_a_sign_in_that_ends_in_the_middle_is_renewed_once(both: Both) -> None:
    """A token runs out between two batches: one new sign-in, and the write that was refused goes
    out again."""
    seeded = rows(both)
    both.backfill("pull", "Account")
    signed_in = sum(one.path.endswith("/token") for one in both.salesforce.requests)
    both.salesforce.faults.rules.append(SalesforceFault("expire", "POST", "composite", nth=2))
    first_sync(both)
    again = sum(one.path.endswith("/token") for one in both.salesforce.requests)
    assert again == signed_in + 1
    assert complete(both, seeded) == []


def test_a_key_that_is_revoked_in_the_middle_stops_the_run(both: Both) -> None:
    """Exit code 4 and where to look; with a good key the work goes on from there."""
    seeded = rows(both)
    both.apollo.faults.append(
        ApolloFault(
            "reply", path="contacts/bulk_create", after=1, times=None, status=401, body="{}"
        )
    )
    with pytest.raises(SignInRefused) as told:
        first_sync(both)
    assert told.value.exit_code == 4
    assert "[systems.apollo]" in told.value.fix
    assert both.apollo.key not in str(told.value) + told.value.fix
    both.apollo.faults.clear()
    first_sync(both)
    assert complete(both, seeded) == []


def assert_the_next_day_goes_on(both: Both, seeded: Rows, made: int) -> None:
    """With calls again the rest is made, none of the `made` is sent twice, and all is there."""
    both.world.on_point = None
    both.clock.sleep(DAY + HOUR)
    both.salesforce.daily_limit = 1000
    before = both.calls()
    first_sync(both)
    creates = both.since(before).salesforce["POST composite/sobjects"]
    left = len(oracle.leads_wanted(seeded)) - made
    assert creates == -(-left // 200)
    assert complete(both, seeded) == []


def test_calls_of_a_day_that_are_spent_stop_the_run_and_the_next_day_goes_on(both: Both) -> None:
    """Exit code 4; what was written is whole and linked, what wasn't is untouched; nothing is in
    doubt, and on the next day no record is sent twice."""
    seeded = rows(both)
    both.backfill("pull", "Account")
    after_the_first_create(both, lambda: setattr(both.salesforce, "daily_limit", 1))
    with pytest.raises(BudgetSpent) as told:
        both.backfill("push", "contact")
    assert told.value.exit_code == 4
    made = some_leads(both, seeded)
    assert_the_next_day_goes_on(both, seeded, made)


def test_calls_of_an_hour_that_are_spent_stop_the_run_too(both: Both) -> None:
    """A window that is too long to wait for ends the run; hour by hour the rest gets through."""
    seeded = rows(both)
    both.apollo.limits.special = {"contacts/bulk_create": (0, 1, 100)}
    with pytest.raises(BudgetSpent):
        first_sync(both)
    for _ in range(10):
        both.clock.sleep(HOUR)
        try:
            first_sync(both)
        except BudgetSpent:
            continue
        break
    assert complete(both, seeded) == []


def most_is_used(both: Both) -> None:
    """By now nine of ten calls that Salesforce allows in a day are used."""
    both.salesforce.daily_limit = sum(both.salesforce.counts.values()) * 10 // 9


def test_a_tenth_of_a_days_calls_is_left_to_other_programs() -> None:
    """A large job ends between two records where the rest is for others; on the next day it goes
    on, and nothing is sent twice."""
    both = Both(oracle.RULES, 3 * APOLLO_PEOPLE, SALESFORCE_PEOPLE)
    seeded = rows(both)
    both.backfill("pull", "Account")
    after_the_first_create(both, lambda: most_is_used(both))
    with pytest.raises(BudgetSpent, match="calls a day left") as told:
        both.backfill("push", "contact")
    assert told.value.exit_code == 4
    assert "`guard at most NUMBER salesforce calls per day`" in told.value.fix
    made = some_leads(both, seeded)
    assert [one.code for one in both.errors()] == ["calls-spent"]
    assert_the_next_day_goes_on(both, seeded, made)


def test_a_guard_on_calls_takes_the_place_of_the_share_for_others() -> None:
    """It says how many there are to be, and all of them may be ours."""
    guard = "guard at most 1000 salesforce calls per day\n"
    both = Both(oracle.RULES + guard, 3 * APOLLO_PEOPLE, SALESFORCE_PEOPLE)
    seeded = rows(both)
    after_the_first_create(both, lambda: most_is_used(both))
    first_sync(both)
    assert complete(both, seeded) == []


def test_an_endpoint_of_apollo_keeps_its_own_share_for_others(both: Both) -> None:
    """What others used of it is not ours to use; what is short elsewhere holds nothing."""
    endpoint = "contacts/bulk_create"
    both.apollo.limits.special = {endpoint: (0, 0, 20), "users/search": (0, 0, 20)}
    for one, used in ((endpoint, 17), ("users/search", 15)):
        for _ in range(used):
            both.apollo.limits.take(one, both.clock.now())
    with pytest.raises(BudgetSpent, match=f"2 of 20 calls a day left for {endpoint}"):
        first_sync(both)
    assert both.calls().apollo[endpoint] == 1


def test_an_undo_takes_what_calls_there_are(both: Both) -> None:
    """Who takes back what went wrong is not told to wait for tomorrow."""
    seeded = rows(both)
    both.backfill("pull", "Account")
    run = both.backfill("push", "contact").run
    for _ in range(60):
        both.clock.sleep(60)
        both.run()
    most_is_used(both)
    undo(both.setup, Part(run))
    assert len(both.salesforce.rows("Lead")) == len(seeded.plain["Lead"])


# ---- at the command line, with real processes -----------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kills.Place]:
    """A project between two systems that listen, after its first run. Each test leaves it so."""
    with kills.place(tmp_path_factory.mktemp("project"), 5) as here:
        assert here.finish("run").code == 0
        yield here


def test_another_org_than_last_time_is_refused(place: kills.Place) -> None:
    """Exit code 3: somebody signed in to the sandbox. Nothing is written, and it says how to go
    on; with the right org all goes on as ever."""
    project = place.folder / "syncrules.toml"
    right = project.read_text(encoding="utf-8")
    before = place.rows()
    sandbox = made_up_salesforce(SimulatorOptions(seed=6, records=20))
    with Server(sandbox) as server:
        given = sandbox.sign_in(server.url)
        [url] = [line for line in right.splitlines() if line.startswith("url = ")][1:2]
        [client] = [line for line in right.splitlines() if line.startswith("client_id")]
        wrong = right.replace(url, f'url = "{server.url}"')
        wrong = wrong.replace(client, f'client_id = "{given["client_id"]}"')
        project.write_text(wrong, encoding="utf-8")
        secret = {**place.env, "CLIENT_SECRET": given["client_secret"]}
        elsewhere = kills.Place(place.folder, place.apollo, sandbox, secret)
        ended = elsewhere.finish("backfill", "push", "contact")
    assert ended.code == 3, ended.err
    assert "another org" in ended.err
    assert not [name for name in sandbox.counts if not name.startswith("GET ")]
    assert place.rows() == before
    project.write_text(right, encoding="utf-8")
    assert place.finish("run").code == 0


def test_a_second_runner_is_refused_while_one_is_at_work(place: kills.Place) -> None:
    """Exit code 5 and who is at work; nothing is written, and afterwards it works again."""
    before = place.rows()
    db = Database(f"sqlite:///{place.folder / '.syncrules' / 'state.db'}", lambda name: None)
    held = lease.acquire(db, ORG, lease.this_process(), time.time(), 120.0)
    ended = place.finish("backfill", "push", "contact")
    assert ended.code == 5, ended.err
    assert "another run is at work" in ended.err
    assert place.rows() == before
    lease.release(db, held)
    db.close()
    assert place.finish("run").code == 0


def test_rules_with_an_error_stop_every_verb_before_anything_is_asked(place: kills.Place) -> None:
    """Exit code 1, the place of the error, and no request to either system."""
    rules = place.folder / "rules" / "people.sync"
    rules.write_text(oracle.RULES.replace("<-> FirstName", "<-> FristName"), encoding="utf-8")
    asked = len(place.apollo.requests) + len(place.salesforce.requests)
    for verb in (("run",), ("preview",), ("backfill", "push", "contact")):
        ended = place.finish(*verb)
        assert ended.code == 1
        assert "rules/people.sync:13" in ended.err
    assert len(place.apollo.requests) + len(place.salesforce.requests) == asked
    rules.write_text(oracle.RULES, encoding="utf-8")
