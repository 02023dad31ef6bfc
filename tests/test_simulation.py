"""The promises under faults: whole histories by seed, and the cases that people ask about by name.

A history that fails is told step by step by `python -m tests.simulation SEED`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from syncrules.connectors.base.wire import NoReply, Request, Response
from syncrules.connectors.salesforce.simulator.faults import Fault
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine import report
from syncrules.engine.run import run as verbs
from syncrules.engine.run.run import LEASE
from syncrules.engine.store import statements as sql
from syncrules.errors import FenceLost, SystemUnavailable
from syncrules.tests.simulation.checker import check, journal
from syncrules.tests.simulation.faults import KINDS, LATE, SELDOM, all_is_large
from syncrules.tests.simulation.history import ORG, ROUND, Machine, play
from syncrules.tests.simulation.many import Told, commit, many
from syncrules.tests.simulation.people import BAD_TITLE
from syncrules.tests.simulation.recorder import Answer, Key, System, writes
from syncrules.tests.simulation.runners import Second
from syncrules.tests.simulation.scopes import (
    BEHIND,
    CLOSED,
    CLOSING,
    FEW,
    FEWER,
    FEWEST,
    LEADS,
    NARROW,
    NARROWER,
    NARROWEST,
    NEWEST,
    PUT_BACK,
    RARE,
    SMALL,
    SMALLER,
    scope_of,
)
from syncrules.tests.simulation.states import Shared, handed_on, held
from syncrules.tests.simulation.world import Alarms, Crash

HISTORIES, AT_LEAST = 20_000, 5_000
LONGEST = 10 * 60.0
"""Seconds after which a slow machine has played enough of them, if the fewest: the suite is to take
less than half an hour on two cores."""
LARGE = 50


@lru_cache
def played() -> Told:
    """The histories of the suite, on all processors."""
    until = time.monotonic() + LONGEST
    return many(0, HISTORIES, until=lambda: time.monotonic() > until)


def test_no_history_breaks_a_promise() -> None:
    """None made twice, none lost, no edit lost, both sides agree, and a second run writes nothing,
    whatever crashes, gets lost, or is edited meanwhile."""
    told = played()
    assert told.violations == {}, f"replay them at commit {commit()}"
    assert told.histories >= AT_LEAST


def test_every_fault_strikes_in_some_of_the_histories() -> None:
    """What never strikes proves nothing: each kind is met in several of these histories."""
    met, least = played().struck, 5 * played().histories // HISTORIES
    assert {name: met[name] for name in KINDS if met[name] < max(1, least)} == {}
    assert set(met) <= KINDS | SELDOM
    assert played().crashes > 100


def test_no_history_breaks_a_promise_where_all_is_large() -> None:
    """Three records are read in bulk, and two are written in a request of several calls."""
    with all_is_large():
        broken = {
            seed: outcome.violations for seed in range(LARGE) if (outcome := play(seed)).violations
        }
    assert broken == {}


def test_most_histories_are_small_and_each_set_of_rules_has_its_share() -> None:
    """Many small worlds show more than a few large ones in the same time."""
    drawn = [scope_of(seed) for seed in range(1000)]
    late = (*NARROW, *NARROWER, *NARROWEST, *PUT_BACK, BEHIND, CLOSED)
    wide = [one for one in drawn if one not in late]
    assert abs(drawn.count(BEHIND) / 1000 - RARE) < 0.02
    assert abs(drawn.count(CLOSED) / 1000 - CLOSING) < 0.02
    assert abs(sum(one in PUT_BACK for one in drawn) / 1000 - NEWEST) < 0.02
    assert abs(sum(one in NARROWEST for one in drawn) / 1000 - FEWEST) < 0.02
    assert abs(sum(one in NARROWER for one in drawn) / 1000 - FEWER) < 0.02
    assert abs(1 - len(wide) / 1000 - FEW - FEWER - FEWEST - NEWEST - RARE - CLOSING) < 0.05
    assert abs(sum(one in SMALLER for one in wide) / len(wide) - SMALL) < 0.05
    assert all(drawn.count(one) >= 50 for one in SMALLER)
    assert all(drawn.count(one) >= 15 for one in (*NARROW, *NARROWER, BEHIND, CLOSED))
    assert all(drawn.count(one) >= 8 for one in (*NARROWEST, *PUT_BACK))


def test_the_first_run_that_histories_begin_with_is_what_one_leaves() -> None:
    machine = Machine(7, LEADS.rules)
    machine.go(verbs.run)
    with handed_on() as state:
        begun = Machine(8, LEADS.rules, state=state)
        begun.begin()
        assert held(begun.db) == held(machine.db)
        assert begun.clock.now() == machine.clock.now()
        assert begun.log.numbers == machine.log.numbers


def test_one_seed_is_one_history() -> None:
    """The same seed sends the same requests and writes the same journal, in another process too."""
    seeds = (3, 8, 21)
    here = [play(seed).digest for seed in seeds]
    program = "import sys; from syncrules.tests.simulation.history import play\n"
    program += f"print(' '.join(play(seed).digest for seed in {seeds}))"
    there = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.split() == here
    assert len(set(here)) == len(seeds)


# ---- by name --------------------------------------------------------------------------------


def contact(machine: Machine, number: int = 1, **values: Any) -> str:
    """A contact who satisfies the push rule; its id."""
    given = {
        "first_name": "Ada",
        "last_name": f"Lovelace-p{number}",
        "email": f"p{number}@a0.example",
        "stage": "Interested",
        **values,
    }
    return machine.people.make("apollo", "contact", given)


def push(setup: verbs.Setup) -> verbs.Result:
    return verbs.backfill(setup, "push", "contact")


def later(machine: Machine, verb: Callable[[verbs.Setup], verbs.Result] = verbs.run) -> int:
    """The next run, a quarter of an hour later; how many write requests it made."""
    machine.clock.sleep(ROUND)
    before = machine.log.writes
    machine.go(verb)
    return machine.log.writes - before


def rows(machine: Machine, object: str) -> dict[str, dict[str, Any]]:
    return machine.salesforce.rows(object)


def done(machine: Machine) -> None:
    """All is as the rules say."""
    assert machine.log.violations == []
    assert check(machine.log, machine.people, machine.db, ORG) == []


def linked(machine: Machine, left: str, object: str, right: str) -> bool:
    both: set[Key] = {("apollo", "contact", left), ("salesforce", object, right)}
    return both <= machine.linked()


def crash_at(machine: Machine, name: str) -> None:
    """The process dies at the first point of a name after a write was committed as sent."""
    sent: list[str] = []

    def watch(point: str) -> None:
        if point == "after sent":
            sent.append(point)
        elif sent and point == name:
            machine.world.watch = lambda point: None
            raise Crash

    machine.world.watch = watch


@pytest.mark.parametrize("kind", ["lost after", "lost before", "truncated"])
def test_a_create_without_a_reply_makes_one_lead(kind: Any) -> None:
    """A lost reply is looked up and never sent again blindly: one Lead, linked, one run later."""
    machine = Machine(1)
    ada = contact(machine)
    machine.salesforce.faults.rules.append(Fault(kind, "POST", "composite/sobjects"))
    machine.go(push)
    later(machine)
    [lead] = rows(machine, "Lead")
    assert linked(machine, ada, "Lead", lead)
    assert later(machine) == 0
    done(machine)


@pytest.mark.parametrize("point", ["request salesforce", "reply", "before settled"])
def test_a_crash_around_a_create_makes_one_lead(point: str) -> None:
    """Between *sent* and the request, after the reply, before the outcome is committed: the next
    runner looks what became of it, links what is there, and makes only what isn't."""
    machine = Machine(1)
    ada = contact(machine)
    crash_at(machine, point)
    with pytest.raises(Crash):
        machine.go(push)
    machine.restart()
    later(machine)
    [lead] = rows(machine, "Lead")
    assert linked(machine, ada, "Lead", lead)
    assert later(machine) == 0
    done(machine)


@pytest.mark.parametrize("silent", [0.0, LEASE + 1])
@pytest.mark.parametrize("point", ["after rules", "after sent", "request salesforce"])
def test_a_second_runner_is_sent_away_or_the_first_is_fenced_out(
    tmp_path: Path, point: str, silent: float
) -> None:
    """Two runners at once make one Lead. A runner that wakes up after its lease commits nothing,
    and sends nothing, even where it had said what it would send next (EDGE-13)."""
    shared = Shared.at(tmp_path / "state.db")
    machine = Machine(1, state=shared.one)
    second = Second(machine, shared, random.Random(1), lambda text: None)
    machine.go(verbs.run)
    machine.clock.sleep(ROUND)
    ada = contact(machine)

    def watch(reached: str) -> None:
        if reached == point:
            machine.world.watch = lambda point: None
            second.works(silent=silent)

    machine.world.watch = watch
    with pytest.raises(FenceLost) if silent else nullcontext():
        machine.go(verbs.run)
    second.fenced()
    machine.restart()
    later(machine)
    [lead] = rows(machine, "Lead")
    assert linked(machine, ada, "Lead", lead)
    assert later(machine) == 0
    done(machine)
    shared.close()


def test_a_refused_record_stands_in_the_error_log_and_the_others_are_written() -> None:
    """One bad record poisons no batch; its entry says what, where, by which rule, why and when."""
    machine = Machine(1)
    machine.salesforce.org.validations.append(
        Validation("Lead", "no such titles", lambda row: row.get("Title") == BAD_TITLE)
    )
    bad = contact(machine, 1, title=BAD_TITLE)
    for number in range(2, 6):
        contact(machine, number)
    result = machine.go(push)
    assert len(rows(machine, "Lead")) == 4
    [entry] = report.open_errors(machine.db, [ORG])
    assert (entry.object, entry.operation, entry.record) == ("Lead", "create", bad)
    assert entry.rule == "push contact as Lead"
    assert (entry.file, entry.line) == ("rules.sync", 7)
    assert entry.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert "no such titles" in entry.message
    assert entry.first == pytest.approx(machine.clock.now(), abs=60)
    assert result.exit_code == 1
    assert later(machine) == 0
    machine.people.change(("apollo", "contact", bad), {"title": "CTO"})
    later(machine)
    assert len(rows(machine, "Lead")) == 5
    assert report.open_errors(machine.db, [ORG]) == []
    done(machine)


@pytest.mark.parametrize(
    ("left", "right", "winner"),
    [("title", "Title", "left"), ("first_name", "FirstName", "right")],
)
def test_where_both_sides_changed_the_rule_decides_and_the_loser_is_kept(
    left: str, right: str, winner: str
) -> None:
    machine = Machine(1)
    ada = contact(machine, title="Old")
    machine.go(push)
    [lead] = rows(machine, "Lead")
    machine.people.change(("apollo", "contact", ada), {left: "From Apollo"})
    machine.people.change(("salesforce", "Lead", lead), {right: "From Salesforce"})
    later(machine)
    kept, lost = ("From Apollo", "From Salesforce")[:: 1 if winner == "left" else -1]
    assert rows(machine, "Lead")[lead][right] == kept
    assert machine.apollo.rows("contact")[ada][left] == kept
    befores = [json.loads(row[10]) for row in machine.db.rows(journal)]
    assert any(lost in before.values() for before in befores)
    assert later(machine) == 0
    done(machine)


def test_an_edit_of_what_we_never_heard_of_is_decided_by_the_rule_and_kept() -> None:
    """A contact is made, then written, after the connection broke off, and somebody edits it before
    the next run. An edit of what we made is one: it was made as we sent it. Of what we wrote, on
    top of it or in place of it, nobody can tell: where the other side is preferred it wins, and the
    edit stands in the list of what lost."""
    clock = Alarms()
    machine = Machine(1, "contacts.sync", clock)
    usual = machine.log.between

    def broken_off(system: System, request: Request, answer: Answer) -> Response:
        if not writes(request.method, urlsplit(request.url).path):
            return answer()
        machine.log.between = usual
        clock.at(clock.now() + max(LATE), answer)
        raise NoReply("the connection was closed")

    machine.go(verbs.run)
    ada = {"FirstName": "Ada", "LastName": "Lovelace-p1", "Email": "p1@a0.example"}
    key: Key = ("salesforce", "Contact", machine.people.make("salesforce", "Contact", ada))
    for edit in ("Augusta", "Countess"):
        machine.log.between = broken_off
        later(machine)
        clock.sleep(max(LATE))
        [made] = machine.apollo.rows("contact")
        machine.people.change(("apollo", "contact", made), {"first_name": edit})
        later(machine)
        chosen = rows(machine, "Contact")[key[2]]["FirstName"]
        assert machine.apollo.rows("contact")[made]["first_name"] == chosen
        lost = [row[10] for row in machine.db.rows(journal) if "`prefer salesforce`" in row[14]]
        if edit == "Augusta":
            assert (chosen, lost) == (edit, [])
        else:
            assert chosen == "Ada King"
            assert json.loads(lost[-1]) == {"first_name": edit}
        assert later(machine) == 0
        done(machine)
        machine.people.change(key, {"FirstName": "Ada King"})


def test_a_link_whose_first_update_failed_still_brings_both_sides_together() -> None:
    """The link is made and the update behind it is lost: what differed then flows later."""
    machine = Machine(1)
    ada = contact(machine, title="CTO")
    values = {"LastName": "Lovelace-p1", "FirstName": "Ada", "Email": "p1@a0.example"}
    lead = machine.people.make("salesforce", "Lead", {**values, "Company": "Acme"})
    machine.salesforce.faults.rules.append(Fault("lost before", "PATCH", "composite/sobjects"))
    machine.go(push)
    assert linked(machine, ada, "Lead", lead)
    later(machine)
    later(machine)
    assert rows(machine, "Lead")[lead]["Title"] == "CTO"
    done(machine)


def test_what_is_filled_in_on_a_new_record_before_the_next_look_flows_back() -> None:
    """A Lead that we made without a title gets one by hand within the quarter of an hour."""
    machine = Machine(1)
    ada = contact(machine)
    machine.go(push)
    [lead] = rows(machine, "Lead")
    machine.people.change(("salesforce", "Lead", lead), {"Title": "CEO"})
    later(machine)
    assert machine.apollo.rows("contact")[ada]["title"] == "CEO"
    done(machine)


def test_whom_a_rule_has_let_go_meets_the_survivor_of_a_merge_like_anybody_new() -> None:
    """What the first partner had brought is the contact's own by then, although that one was merged
    into the second: the rule decides, and the title that lost is kept."""
    machine = Machine(1, "free.sync")
    ada = contact(machine)
    values = {"FirstName": "Ada", "LastName": "Lovelace-p1", "Email": "p1@a0.example"}
    keys: list[Key] = []
    for title in ("CTO", "CEO"):
        made = machine.people.make("salesforce", "Contact", {**values, "Title": title})
        keys.append(("salesforce", "Contact", made))
        if title == "CTO":
            machine.go(push)
    first, second = keys
    assert machine.apollo.rows("contact")[ada]["title"] == "CTO"
    machine.people.delete(first, to_bin=True)
    later(machine)
    assert not linked(machine, ada, *first[1:])
    machine.people.take_out(first)
    machine.people.chance = random.Random(0)  # It draws the second for the one who stays.
    assert machine.people.into_one(first, second)
    later(machine)
    assert linked(machine, ada, *second[1:])
    assert rows(machine, "Contact")[second[2]]["Title"] == "CTO"
    assert later(machine) == 0
    done(machine)


def test_a_search_that_lags_behind_our_own_write_is_no_edit() -> None:
    """A run right after a crash sees the value that we replaced, and doesn't bring it back."""
    machine = Machine(1)
    ada = contact(machine)
    machine.go(push)
    [lead] = rows(machine, "Lead")
    machine.apollo.team.lag = 9.0
    machine.people.change(("salesforce", "Lead", lead), {"FirstName": "Augusta"})
    later(machine)
    machine.clock.sleep(1.0)
    machine.go(verbs.run)
    assert rows(machine, "Lead")[lead]["FirstName"] == "Augusta"
    assert machine.apollo.rows("contact")[ada]["first_name"] == "Augusta"
    assert later(machine) == 0
    done(machine)


def test_a_run_that_finds_nothing_new_commits_once_for_all_feeds() -> None:
    """Each commit waits for the disk, or for a server."""
    machine = Machine(1)
    contact(machine)
    machine.go(push)
    later(machine)
    points: list[str] = []
    machine.world.watch = points.append
    assert later(machine) == 0
    assert points.count("after page") == 1
    done(machine)


def test_what_was_read_counts_as_read_where_another_system_is_out_of_reach() -> None:
    """`status` tells how far each feed has been read, also where the run came to nothing."""
    machine = Machine(1)
    machine.go(verbs.run)

    def between(system: System, request: Request, answer: Answer) -> Response:
        return Response(503) if "FROM+Lead" in request.url else answer()

    machine.log.between = between
    with pytest.raises(SystemUnavailable):
        later(machine)
    cursors = machine.db.rows(sql.all_cursors, org=ORG)
    read = {object: at for _, object, purpose, _, at in cursors if purpose == "changes"}
    assert read["contact"] >= read["Lead"] + ROUND


def test_an_edit_in_the_middle_of_a_run_is_not_lost() -> None:
    """Somebody changes a contact while our update of its Lead is on its way."""
    machine = Machine(1)
    ada = contact(machine)
    machine.go(push)
    [lead] = rows(machine, "Lead")
    machine.people.change(("apollo", "contact", ada), {"title": "First"})

    def watch(point: str) -> None:
        if point == "after sent":
            machine.world.watch = lambda point: None
            machine.people.change(("apollo", "contact", ada), {"title": "Second"})

    machine.world.watch = watch
    later(machine)
    later(machine)
    assert rows(machine, "Lead")[lead]["Title"] == "Second"
    done(machine)


def test_several_people_of_one_new_account_make_one_account() -> None:
    """Five contacts of one company come over in one run, and their account once (EDGE-13)."""
    machine = Machine(1, "people_first.sync")
    account = machine.people.make("apollo", "account", {"name": "Acme-a0", "domain": "a0.example"})
    for number in range(5):
        contact(machine, number, account_id=account)
    machine.go(push)
    [only] = rows(machine, "Account")
    assert {row["AccountId"] for row in rows(machine, "Contact").values()} == {only}
    assert len(rows(machine, "Contact")) == 5
    assert later(machine) == 0
    done(machine)


def test_twins_are_told_and_never_guessed() -> None:
    """Two Leads with the contact's address: nothing is linked or made, and an entry says why."""
    machine = Machine(1)
    ada = contact(machine)
    for company in ("Acme", "Bcme"):
        values = {"LastName": "Lovelace-p1", "Email": "P1@a0.example", "Company": company}
        machine.people.make("salesforce", "Lead", values)
    machine.go(push)
    assert len(rows(machine, "Lead")) == 2
    assert machine.linked() == set()
    [entry] = report.open_errors(machine.db, [ORG])
    assert entry.code == "ambiguous-match"
    assert ada in {one.record for one in entry.records}
    assert later(machine) == 0
