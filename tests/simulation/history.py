"""One history: a small world, people at work, runs with faults and crashes, and a quiet end.

One seed is one history, replayed exactly. It knows how the rooms are put together and what goes
wrong; whether a promise was broken is told by `recorder.py` and `checker/`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import cast

from sqlalchemy import func, select
from sqlmodel import col
from syncrules.connectors.apollo.connector import KIND as APOLLO_KIND
from syncrules.connectors.apollo.simulator.server import ApolloSimulator
from syncrules.connectors.base.contract import Connector
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.world import World
from syncrules.connectors.salesforce.connector import KIND as SALESFORCE_KIND
from syncrules.connectors.salesforce.connector import connect_linked as linked
from syncrules.connectors.salesforce.simulator.server import SalesforceSimulator
from syncrules.dsl import check
from syncrules.engine import approvals
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.model import Plan
from syncrules.engine.run import run as verbs
from syncrules.engine.run.sight import DAY
from syncrules.engine.store import statements as sql
from syncrules.engine.store import tables, troubles
from syncrules.engine.store.database import Database, statement, table
from syncrules.engine.store.lease import Holder
from syncrules.engine.store.statements import C, L
from syncrules.errors import Braked, SyncrulesError
from syncrules.tests.simulation import checker, duties, regrets
from syncrules.tests.simulation.anew import Anew
from syncrules.tests.simulation.checker import ends
from syncrules.tests.simulation.faults import (
    AT_LARGE,
    IN_PARTS_OF_TWO,
    SKEWED,
    SMALL_PAGE,
    Faults,
    all_is_large,
    in_parts_of_two,
)
from syncrules.tests.simulation.logins import Book
from syncrules.tests.simulation.people import WORDS, People
from syncrules.tests.simulation.recorder import APOLLO, DEEDS, OBJECTS, SALESFORCE, Key, Recorder
from syncrules.tests.simulation.runners import Second
from syncrules.tests.simulation.scopes import BY_RULES, FULL, Scope, scope_of
from syncrules.tests.simulation.states import (
    Held,
    Shared,
    calls,
    handed_on,
    handed_on_to_two,
    held,
    put,
    undisturbed,
)
from syncrules.tests.simulation.world import Alarms, AnyOrder, Crash, SeededWorld
from syncrules.tests.worlds import VirtualClock

ORG = "apollo~salesforce"
DEADLINE = 60.0
ROUND = 900.0
"""Seconds between two runs."""
LARGE, TWO = 0.1, 0.15
"""The share of histories in which a few records count as many, and of those with two runners."""
ASKED_LATER = 0.3
"""The share of those with something in the error log in which a run comes before `retry`."""
MET_FIRST = 0.8
"""The share of those with rows that are added in which a run comes before what is asked for."""
IN_PARTS = 0.4
"""The share of those with saves that show hours late in which days go by until all is read once
more."""
AWAY = 0.3
"""The share of those in which somebody is in the bin then."""
REGRETTED, NOT_AGAIN = 0.4, 0.5
"""The share of verbs that are an undo, where somebody undoes runs, and of undos that came to
nothing after which a run is next."""
ASLEEP, OVER_THEM, OVER_OTHERS = 0.05, 0.8, 0.2
"""The share of histories in which the machine sleeps for an hour on its way to a write, more of
those in which companies are deleted; and of the points at which it may, where that is about whom
somebody can put in meanwhile or a company that goes, and where it is not."""
RESTS = 5
"""Runs after which everything must have come to rest."""
DOOMED = ("Account", "delete")
RULES = Path(__file__).with_name(FULL.rules)
HOLDER = Holder("simulated", 1, "1", "simulated")

_sent = statement(select(C.object, C.action, C.record).where(C.org == ORG, C.state == "sent"))
_planned = statement(
    select(C.system, C.object, C.record, C.after)
    .where(C.org == ORG, C.state == "planned", C.action == "update")
    .order_by(C.number)
)
_coming = statement(
    select(C.object, C.after)
    .where(C.org == ORG, C.state == "sent", C.action == "create")
    .where(C.object.in_(("Lead", "Contact")))
    .order_by(C.number)
)
_done = statement(
    select(func.count())
    .select_from(table(tables.Change))
    .where(C.state == "done", C.run == select(func.max(col(tables.Run.number))).scalar_subquery())
)
"""What the last run has done, in the systems or with links."""
_linked = statement(select(L.flow, L.left, L.right).where(L.ended == ""))

Verb = Callable[[verbs.Setup], verbs.Result]


@dataclass
class Machine:
    """Two simulators, a state and the world between them; `setup` is a runner that begins anew.
    `rules` are a file beside this module, or their text; `written` is what they are for now."""

    seed: int
    rules: str = RULES.name
    clock: VirtualClock = field(default_factory=VirtualClock)
    org: str = ORG
    state: Database | None = None

    def __post_init__(self) -> None:
        options = SimulatorOptions(seed=1, records=0, clock=self.clock)
        self.chance = random.Random(self.seed)
        self.apollo = ApolloSimulator(options)
        self.salesforce = SalesforceSimulator(options)
        self.log = Recorder(self.apollo, self.salesforce, self.clock)
        self.world = SeededWorld(
            self.log.serve, self.clock, random.Random(self.chance.getrandbits(32))
        )
        self.world.paused = self.log.paused
        self.db = calls(self.state or Database("sqlite://"), self.world.point)
        self.log.sent = self._sent
        self.log.in_transaction = lambda: self.db._depth > 0
        self.people = People(self.log, random.Random(self.chance.getrandbits(32)))
        self.people.linked = self.linked
        self.people.partners = self.partners
        self.people.approve = self.approve
        self.people.scope = BY_RULES.get(self.rules, FULL)
        self.people.lateness = self.people.scope.lateness
        earlier = self.people.scope.earlier or (self.rules,)
        self.written = random.Random(f"earlier {self.seed}").choice(earlier)
        self.log.deeds = bool(self.people.scope.objects & {*DEEDS["salesforce"]})
        self.book = Book(self.salesforce) if self.people.scope.logins else None
        self._connectors: Mapping[str, Connector] | None = None

    def setup(self) -> verbs.Setup:
        """What a verb needs; its connectors live until `restart`."""
        if self._connectors is None:
            self._connectors = self.sign_in(self.world)
        return verbs.Setup(
            ORG,
            plan(self.written)[0],
            self.world,
            self.db,
            self._connectors,
            {"apollo": DEADLINE, "salesforce": DEADLINE},
            {"apollo": 100, "salesforce": 200},
            _advice,
            HOLDER,
            plan(self.written)[1],
            {"salesforce": self.book.signers()} if self.book else {},
        )

    def sign_in(self, world: World) -> Mapping[str, Connector]:
        """New connections of a runner in `world`."""
        both = connectors(self.apollo, self.salesforce, world, self.book)
        return {name: cast(Connector, AnyOrder(one, world.random)) for name, one in both.items()}

    def restart(self) -> None:
        """The process has died: what it held in memory is gone."""
        self._connectors = None

    def go(self, verb: Verb) -> verbs.Result:
        """Carries out a verb, as a run of the history's count."""
        self.log.begin_run()
        whole = False
        try:
            result = verb(self.setup())
            whole = True
        finally:
            self.log.end_run(self.number(), whole=whole)
        regrets.told(self.log, result)
        return result

    def due(self) -> int:
        """How many marks the next run has to look at."""
        return checker.due(self.db, ORG, self.clock.now())

    def number(self) -> int:
        """The last run's, as the state counts."""
        [number] = self.db.row(sql.last_run, org=ORG) or (0,)
        return number or 0

    def begin(self) -> None:
        """As if a run had found a world without records. It leaves the same in all of them whose
        clocks are right."""
        self.log.begin_run()
        rows, took = _begun(self.written)
        put(self.db, rows)
        self.clock.sleep(took)
        self.log.end_run(1, whole=True)

    def linked(self) -> set[Key]:
        """Both ends of all links of people that stand."""
        return self.partners("contact~")

    def partners(self, flows: str = "") -> set[Key]:
        """Both ends of all links that stand, in flows whose names begin so."""
        keys: set[Key] = set()
        for flow, left, right in self.db.rows(_linked):
            object, _, other = flow.partition("~")
            if flow.startswith(flows):
                keys |= {("apollo", object, left), ("salesforce", other, right)}
        return keys

    def approve(self, chosen: Callable[[], bool]) -> int:
        """A person lets go some of the changes that wait; how many wait no longer."""
        if self.log.in_transaction():
            return 0
        with undisturbed(self.db):
            ids = [one.id for one in approvals.waiting(self.db, [ORG]) if chosen()]
            let_go = approvals.approve(self.db, [ORG], ids) if ids else []
        for one in let_go:
            key = (one.system, one.object, one.record)
            self.log.approved.append((len(self.log.events), key, one.field, one.after))
            self.log.struck["a change is approved"] += 1
        return len(let_go)

    def _sent(self) -> list[tuple[str, str, str]]:
        return [
            (object, action, "" if action == "create" else record)
            for object, action, record in self.db.rows(_sent)
        ]


def connectors(
    apollo: ApolloSimulator, salesforce: SalesforceSimulator, world: World, book: Book | None = None
) -> Mapping[str, Connector]:
    """Both systems, not yet signed in to. `book`: people have linked logins of their own."""
    key = Secret(apollo.sign_in("")["key"])
    given = salesforce.sign_in(f"https://{SALESFORCE}")
    settings: dict[str, str | Secret] = {
        "system": "salesforce",
        "login_url": given["login_url"],
        "url": given["login_url"],
        "client_id": given["client_id"],
        "client_secret": Secret(given["client_secret"]),
        "api_version": "59.0",
    }
    return {
        "apollo": APOLLO_KIND.connect(
            {"system": "apollo", "url": f"https://{APOLLO}", "key": key, "undocumented": "yes"},
            world,
        ),
        "salesforce": linked(settings, world, book)
        if book
        else SALESFORCE_KIND.connect(settings, world),
    }


def _advice(system: str, code: str) -> str:
    return (APOLLO_KIND if system == "apollo" else SALESFORCE_KIND).advice(code)


@lru_cache
def _begun(rules: str) -> tuple[Held, float]:
    """What a state holds after the first run, and how many seconds that took."""
    machine = Machine(0, rules)
    began = machine.clock.now()
    machine.go(verbs.run)
    return held(machine.db), machine.clock.now() - began


@lru_cache
def plan(rules: str) -> tuple[Plan, Mapping[tuple[str, str], float]]:
    """What a file of rules beside this module, or a text, compiles to against the simulators'
    schemas, and the seconds that searches stay behind, by system and object."""
    text = rules if "\n" in rules else RULES.with_name(rules).read_text(encoding="utf-8")
    clock = VirtualClock()
    options = SimulatorOptions(seed=1, records=0, clock=clock)
    apollo, salesforce = ApolloSimulator(options), SalesforceSimulator(options)
    log = Recorder(apollo, salesforce, clock)
    world = SeededWorld(log.serve, clock, random.Random(0))
    both = connectors(apollo, salesforce, world)
    schemas = {name: one.describe() for name, one in both.items()}
    found = check({RULES.name if text is rules else rules: text}, schemas)
    if found.rules is None:
        raise ValueError("\n".join(str(one) for one in found.findings))
    [only] = found.rules.sets
    lags = {(name, each.name): each.lag for name in schemas for each in schemas[name].objects}
    people = ("salesforce",) if BY_RULES.get(rules, FULL).logins else ()
    return compile(only, schemas, "UTC", personal=people), lags


# ---- one seed -------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What became of a history. `digest` is of all requests and of the journal: the same for the
    same seed. `struck` counts by name what went wrong."""

    seed: int
    rules: str
    runs: int
    crashes: int
    failed: int
    requests: int
    writes: int
    digest: str
    struck: Mapping[str, int]
    violations: list[str]
    story: list[str]


class History:
    """A history under way; `shared` is the state of one with two runners."""

    def __init__(
        self, seed: int, scope: Scope, state: Database, shared: Shared | None = None
    ) -> None:
        self.scope = scope
        clock = Alarms()
        self.machine = Machine(seed, scope.rules, clock, state=state)
        self.chance = self.machine.chance
        self.faults = Faults(self.machine.log, self.machine.people, clock, self.chance)
        self.second: Second | None = None
        if shared is not None:
            chance = random.Random(self.chance.getrandbits(32))
            self.second = Second(self.machine, shared, chance, self._tell)
        self.anew = Anew(self.machine.people, random.Random(f"entered anew {seed}"))
        self.sleeper = random.Random(f"asleep {seed}")
        self.sleeps = self.sleeper.random() < (6 * ASLEEP if scope.closes else ASLEEP)
        self.story: list[str] = []
        self.todo: list[tuple[str, str]] = []
        self.crashes = 0
        self.failed = 0

    def play(self) -> Outcome:
        """Lets it happen, and checks it."""
        machine, chance = self.machine, self.chance
        self.faults.habits(random.Random(f"habits {machine.seed}"))
        if chance.random() < 0.3:
            # They were there before the rules, which act from now on: only a backfill takes them.
            machine.people.settle_in()
            machine.clock.sleep(ROUND)
            self.todo = list(self.scope.backfills)
        else:
            self._first()
            machine.people.settle_in()
            machine.clock.sleep(ROUND)
        rounds = chance.choice(self.scope.rounds)
        edited = chance.randrange(rounds + 1) if self.scope.earlier else None
        for number in range(rounds):
            if number == edited:
                self._edit_rules()
            if number:
                for _ in range(chance.randrange(1, 6)):
                    machine.people.work()
                machine.clock.sleep(self._until_next())
                for _ in range(chance.choice((0, 0, 1, 2))):
                    machine.people.work()
                self.anew.come()
            self._round(quiet=chance.random() < 0.25)
        if edited == rounds:
            self._edit_rules()
        self._end()
        log = machine.log
        for row in machine.db.rows(checker.journal):
            log.digest.update(repr(row).encode())
        return Outcome(
            machine.seed,
            self.scope.rules,
            log.run,
            self.crashes,
            self.failed,
            log.requests,
            log.writes,
            log.digest.hexdigest(),
            log.struck,
            log.violations,
            self.story,
        )

    def _first(self) -> None:
        """A run before there is anything."""
        log = self.machine.log
        if self.second or log.struck.keys() & {SKEWED, AT_LARGE}:
            self._go(verbs.run, "run")
        else:
            self.machine.begin()
            self._tell("run: began")

    def _edit_rules(self) -> None:
        """Somebody edits the rules, and asks for all that satisfy them only now."""
        machine = self.machine
        machine.written = machine.rules
        machine.log.edited = machine.number()
        machine.log.struck["the rules are edited"] += 1
        self.todo = list(self.scope.backfills)
        if self.scope.adds and self.chance.random() < MET_FIRST:
            self._go(verbs.run, "run")
            machine.clock.sleep(ROUND)
            machine.people.fill_new_rows()
        if self.scope.adds and self.chance.random() < AWAY:
            machine.people.go_away()

    def _until_next(self) -> float:
        """Seconds until the next runs: sometimes a day, within which deletions are looked for, and
        what no feed has told, and on which a condition may come to hold that counts days."""
        days = self.scope.after or self.scope.shows or self.scope.behind
        return DAY if days and self.chance.random() < (0.5 if self.scope.behind else 0.3) else ROUND

    def _round(self, quiet: bool) -> None:
        """The verbs that are due, each as often as it takes within reason."""
        verb, name = self._next()
        for attempt in range(4):
            if not quiet and attempt < 2:
                self._trouble()
            done = self._go(verb, name)
            self._calm()
            if not done:
                self.machine.clock.sleep(self.chance.choice((1.0, 20.0, 300.0)))
                if name == "undo" and self.chance.random() < NOT_AGAIN:
                    verb, name = verbs.run, "run"
                continue
            if name.startswith("backfill") and self.todo:
                self.todo.pop(0)
            if not self.todo:
                return
            verb, name = self._next()

    def _next(self) -> tuple[Verb, str]:
        if self.scope.undoes and self.chance.random() < REGRETTED:
            part = regrets.part(self.machine, self.chance)
            if part is not None:
                return regrets.undo(self.machine, part), "undo"
        if not self.todo or self.chance.random() < 0.2:
            return verbs.run, "run"
        direction, object = self.todo[0]
        return (
            lambda setup: verbs.backfill(setup, direction, object),
            f"backfill {direction} {object}",
        )

    def _go(self, verb: Verb, name: str) -> bool:
        """One run; whether it came to its end."""
        machine = self.machine
        writes = machine.log.writes
        try:
            result = machine.go(self._by_one_of_both(verb))
        except Crash:
            self.crashes += 1
            machine.restart()
            if self.second:
                self.second.begin_anew()
            self._tell(f"{name}: crashed at {machine.world.last_point}")
            return False
        except SyncrulesError as error:
            self.failed += 1
            machine.log.struck["a guard holds a run"] += isinstance(error, Braked)
            self._tell(f"{name}: {error}")
            return False
        finally:
            if self.second:
                self.second.fenced()
        sent = machine.log.writes - writes
        self._tell(f"{name}: {sent} writes, {dict(result.counts)}")
        return True

    def _by_one_of_both(self, verb: Verb) -> Verb:
        """Done by the one runner or, where there are two, by the other."""
        second = self.second
        if second is None or self.chance.random() < 0.6:
            return verb
        second.meets(self.machine.world.happens)
        return lambda setup: verb(second.instead(setup))

    def _tell(self, text: str) -> None:
        self.story.append(f"run {self.machine.log.run}, {text}")

    # ---- what goes wrong

    def _trouble(self) -> None:
        """Faults and surprises of the run to come."""
        chance, machine = self.chance, self.machine
        happens: dict[int, Callable[[], None]] = {}
        if chance.random() < 0.3:
            happens[chance.randrange(1, chance.choice((30, 80, 160)))] = self._crash
        for _ in range(chance.choice((0, 0, 0, 1, 3))):
            happens.setdefault(chance.randrange(1, chance.choice((40, 120))), self._surprise)
        if self.second and chance.random() < 0.7:
            happens.setdefault(chance.randrange(1, 120), self.second.comes_in)
        watch = chance.random()
        if watch < 0.25:
            machine.world.watch = self._moved if watch < 0.15 else self._dies_writing
        if self.sleeps:
            machine.world.watch = self._falls_asleep
        machine.world.plan(happens)
        self.faults.before_run()

    def _crash(self) -> None:
        raise Crash

    def _surprise(self) -> None:
        """A person works in the middle of our run, or everything takes its time: what is under way
        never for as long as the deadline after which it counts as not done."""
        if self.chance.random() < 0.3:
            under_way = self.machine.world.last_point.startswith("request")
            self.machine.clock.sleep(10.0 if under_way and self.machine.log.sent() else 70.0)
        else:
            self.machine.people.work()

    def _dies_writing(self, point: str) -> None:
        """The process dies a few points after a write was committed as sent."""
        world = self.machine.world
        if point == "after sent" and self.chance.random() < 0.6:
            world.watch = lambda point: None
            world.happens[world.points + self.chance.randrange(1, 8)] = self._crash

    def _falls_asleep(self, point: str) -> None:
        """The machine sleeps for an hour when a write was committed as sent, and somebody works: a
        company that is about to be deleted gets a deal, who is about to be made is put in."""
        machine, chance = self.machine, self.sleeper
        if point not in ("before sent", "after sent"):
            return
        doomed = [id for object, does, id in machine.log.sent() if (object, does) == DOOMED]
        coming = [(object, json.loads(after)) for object, after in machine.db.rows(_coming)]
        coming = [one for one in coming if one[1].get("Email")]
        if chance.random() >= (OVER_THEM if doomed or coming else OVER_OTHERS):
            return
        machine.world.watch = lambda point: None
        if doomed:
            machine.people.deal(chance.choice(sorted(doomed)))
        elif coming:
            object, values = chance.choice(coming)
            kept = ("LastName", "Email", "Company")
            machine.people.make("salesforce", object, {one: values.get(one) for one in kept})
        else:
            machine.people.work()
        machine.log.struck["asleep on the way to a write"] += 1
        machine.clock.sleep(3600.0)

    def _moved(self, point: str) -> None:
        """Somebody changes a field that we are about to write, and a minute goes by."""
        machine = self.machine
        if point != "after decided":
            return
        machine.world.watch = lambda point: None
        spots = [
            ((system, object, id), name)
            for system, object, id, after in machine.db.rows(_planned)
            for name in json.loads(after)
            if name in WORDS and (system, object, id) in machine.log.rows(system)
        ]
        if spots:
            machine.people.put(*self.chance.choice(spots))
            machine.log.struck["moved since it was read"] += 1
        machine.clock.sleep(70.0)
        machine.log.paused(point)

    def _calm(self) -> None:
        self.machine.world.plan({})
        self.machine.world.watch = lambda point: None
        if self.second:
            self.second.meets({})
        self.faults.calm()

    # ---- the end

    def _end(self) -> None:
        """Nothing goes wrong any more: everything comes to rest, and is as the rules say."""
        machine = self.machine
        self._calm()
        if self.scope.stops.any and self.chance.random() < 0.6:
            duties.lift(machine.people)
        self.faults.end()
        machine.clock.sleep(max(3600.0, *self.scope.lateness))
        while self.todo:
            verb, name = self._next()
            if not name.startswith("backfill"):
                continue
            self._go(verb, name)
            self.todo.pop(0)
            machine.clock.sleep(ROUND)
        machine.people.come_home()
        if machine.db.row(troubles.last, org=ORG) != (None,):
            if self.chance.random() < ASKED_LATER:
                self._go(verbs.run, "run")
                machine.clock.sleep(ROUND)
                machine.log.violations += ends.not_cured(machine.log, machine.db, ORG)
            self._go(lambda setup: verbs.retry(setup, None), "retry")
            machine.clock.sleep(ROUND)
        if self.scope.undoes and self.chance.random() < REGRETTED:
            part = regrets.part(machine, self.chance)
            if part is not None:
                self._go(regrets.undo(machine, part), "undo")
                machine.clock.sleep(ROUND)
        if self.scope.after or self.scope.shows:
            machine.clock.sleep(2 * DAY if self.scope.shows else DAY)
        if self.scope.behind:
            machine.log.once_more = self._once_more()
            for _ in range(machine.log.once_more - 1):
                machine.clock.sleep(DAY)
                self._go(verbs.run, "run")
            machine.clock.sleep(DAY)
        for _ in range(RESTS):
            before, due = machine.log.writes, self.machine.due()
            done = self._go(verbs.run, "run")
            # Who has just been linked is looked for within a day.
            machine.clock.sleep(DAY if self.scope.after else ROUND)
            approved = machine.approve(lambda: True) if self.scope.asks else 0
            quiet = machine.log.writes == before and machine.db.row(_done) == (0,)
            if done and quiet and not approved and self.machine.due() in (0, due):
                break
        else:
            machine.log.violations.append(f"{RESTS} runs without faults did not come to rest")
        machine.log.violations += checker.check(machine.log, machine.people, machine.db, ORG)

    def _once_more(self) -> int:
        """Days within which all that Salesforce holds is read once more: to the end, and then from
        the beginning."""
        log = self.machine.log
        if not log.struck[IN_PARTS_OF_TWO]:
            return 1
        tables = map(log.salesforce.org.store.named, self.scope.objects & {*OBJECTS["salesforce"]})
        most = max(len({*one.rows, *one.waiting}) for one in tables)
        return max(1, 2 * ceil(most / SMALL_PAGE))


def play(seed: int) -> Outcome:
    """The history of a seed."""
    chance = random.Random(f"kind {seed}")
    with ExitStack() as stack:
        shared = stack.enter_context(handed_on_to_two()) if chance.random() < TWO else None
        state = shared.one if shared else stack.enter_context(handed_on())
        history = History(seed, scope_of(seed), state, shared)
        if chance.random() < LARGE:
            history.machine.log.struck[AT_LARGE] += 1
            stack.enter_context(all_is_large())
        if history.scope.behind and chance.random() < IN_PARTS:
            stack.enter_context(in_parts_of_two(history.machine.log))
        return history.play()
