"""One history: a small world, people at work, runs with faults and crashes, and a quiet end.

One seed is one history, replayed exactly. It knows how the rooms are put together and what goes
wrong; whether a promise was broken is told by `recorder.py` and `checker.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from syncrules.connectors.apollo.connector import KIND as APOLLO_KIND
from syncrules.connectors.apollo.simulator.faults import Fault as ApolloFault
from syncrules.connectors.apollo.simulator.server import ApolloSimulator
from syncrules.connectors.base.contract import Connector
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.world import World
from syncrules.connectors.salesforce.connector import KIND as SALESFORCE_KIND
from syncrules.connectors.salesforce.simulator.faults import Fault as SalesforceFault
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.connectors.salesforce.simulator.server import SalesforceSimulator
from syncrules.dsl import check
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.model import Plan
from syncrules.engine.run import run as verbs
from syncrules.engine.store import statements as sql
from syncrules.engine.store.database import Database, statement
from syncrules.engine.store.lease import Holder
from syncrules.engine.store.statements import C, L
from syncrules.errors import SyncrulesError
from syncrules.tests.simulation import checker
from syncrules.tests.simulation.people import BAD_TITLE, People
from syncrules.tests.simulation.recorder import APOLLO, SALESFORCE, Key, Recorder
from syncrules.tests.simulation.world import Crash, SeededWorld
from syncrules.tests.worlds import VirtualClock

ORG = "apollo~salesforce"
DEADLINE = 60.0
ROUND = 900.0
"""Seconds between two runs."""
RESTS = 5
"""Runs after which everything must have come to rest."""
RULES = Path(__file__).with_name("rules.sync")
BACKFILLS = (("push", "contact"), ("pull", "Contact"), ("pull", "Account"), ("pull", "Lead"))
HOLDER = Holder("simulated", 1, "1", "simulated")

_sent = statement(select(C.object, C.action, C.record).where(C.state == "sent"))
_linked = statement(select(L.flow, L.left, L.right).where(L.ended == ""))

Verb = Callable[[verbs.Setup], verbs.Result]


@dataclass
class Machine:
    """Two simulators, a state and the world between them; `setup` is a runner that begins anew.
    `rules` are a file beside this module, or their text."""

    seed: int
    rules: str = RULES.name
    clock: VirtualClock = field(default_factory=VirtualClock)

    def __post_init__(self) -> None:
        options = SimulatorOptions(seed=1, records=0, clock=self.clock)
        self.chance = random.Random(self.seed)
        self.apollo = ApolloSimulator(options)
        self.salesforce = SalesforceSimulator(options)
        self.log = Recorder(self.apollo, self.salesforce, self.clock)
        self.world = SeededWorld(
            self.log.serve, self.clock, random.Random(self.chance.getrandbits(32))
        )
        self.db = Database("sqlite://", self.world.point)
        self.log.sent = self._sent
        self.log.in_transaction = lambda: self.db._depth > 0
        self.people = People(self.log, random.Random(self.chance.getrandbits(32)))
        self.people.linked = self.linked
        self._connectors: Mapping[str, Connector] | None = None

    def setup(self) -> verbs.Setup:
        """What a verb needs; its connectors live until `restart`."""
        if self._connectors is None:
            self._connectors = connectors(self.apollo, self.salesforce, self.world)
        return verbs.Setup(
            ORG,
            plan(self.rules)[0],
            self.world,
            self.db,
            self._connectors,
            {"apollo": DEADLINE, "salesforce": DEADLINE},
            {"apollo": 100, "salesforce": 200},
            _advice,
            HOLDER,
            plan(self.rules)[1],
        )

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
            [number] = self.db.row(sql.last_run, org=ORG) or (0,)
            self.log.end_run(number or 0, whole=whole)
        return result

    def linked(self) -> set[Key]:
        """Both ends of all links of people that stand."""
        keys: set[Key] = set()
        for flow, left, right in self.db.rows(_linked):
            object, _, other = flow.partition("~")
            if object == "contact":
                keys |= {("apollo", object, left), ("salesforce", other, right)}
        return keys

    def _sent(self) -> list[tuple[str, str, str]]:
        return [
            (object, action, "" if action == "create" else record)
            for object, action, record in self.db.rows(_sent)
        ]


def connectors(
    apollo: ApolloSimulator, salesforce: SalesforceSimulator, world: World
) -> Mapping[str, Connector]:
    """Both systems, not yet signed in to."""
    key = Secret(apollo.sign_in("")["key"])
    given = salesforce.sign_in(f"https://{SALESFORCE}")
    return {
        "apollo": APOLLO_KIND.connect(
            {"system": "apollo", "url": f"https://{APOLLO}", "key": key, "undocumented": "yes"},
            world,
        ),
        "salesforce": SALESFORCE_KIND.connect(
            {
                "system": "salesforce",
                "login_url": given["login_url"],
                "url": given["login_url"],
                "client_id": given["client_id"],
                "client_secret": Secret(given["client_secret"]),
                "api_version": "59.0",
            },
            world,
        ),
    }


def _advice(system: str, code: str) -> str:
    return (APOLLO_KIND if system == "apollo" else SALESFORCE_KIND).advice(code)


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
    return compile(only, schemas, "UTC"), lags


# ---- one seed -------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What became of a history. `digest` is of all requests and of the journal: the same for the
    same seed."""

    seed: int
    runs: int
    crashes: int
    failed: int
    requests: int
    writes: int
    digest: str
    violations: list[str]
    story: list[str]


class History:
    """A history under way."""

    def __init__(self, seed: int, rules: str = RULES.name) -> None:
        self.machine = Machine(seed, rules)
        self.chance = self.machine.chance
        self.story: list[str] = []
        self.todo: list[tuple[str, str]] = []
        self.crashes = 0
        self.failed = 0

    def play(self) -> Outcome:
        """Lets it happen, and checks it."""
        machine, chance = self.machine, self.chance
        self._habits()
        if chance.random() < 0.3:
            # They were there before the rules, which act from now on: only a backfill takes them.
            machine.people.settle_in()
            machine.clock.sleep(ROUND)
            self.todo = list(BACKFILLS)
        else:
            self._go(verbs.run, "run")
            machine.people.settle_in()
            machine.clock.sleep(ROUND)
        for number in range(chance.choice((2, 2, 3, 4))):
            if number:
                for _ in range(chance.randrange(1, 6)):
                    machine.people.work()
                machine.clock.sleep(ROUND)
                for _ in range(chance.choice((0, 0, 1, 2))):
                    machine.people.work()
            self._round(quiet=chance.random() < 0.25)
        self._end()
        log = machine.log
        for row in machine.db.rows(checker.journal):
            log.digest.update(repr(row).encode())
        return Outcome(
            machine.seed,
            log.run,
            self.crashes,
            self.failed,
            log.requests,
            log.writes,
            log.digest.hexdigest(),
            log.violations,
            self.story,
        )

    def _habits(self) -> None:
        """What is so for the whole history: a search that lags, a rule that refuses a title."""
        chance = self.chance
        if chance.random() < 0.4:
            self.machine.apollo.team.lag = float(chance.choice((2, 5, 9)))
        if chance.random() < 0.25:
            self.machine.salesforce.org.validations.append(
                Validation("Lead", "no such titles", lambda row: row.get("Title") == BAD_TITLE)
            )

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
                continue
            if name != "run" and self.todo:
                self.todo.pop(0)
            if not self.todo:
                return
            verb, name = self._next()

    def _next(self) -> tuple[Verb, str]:
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
            result = machine.go(verb)
        except Crash:
            self.crashes += 1
            machine.restart()
            self._tell(f"{name}: crashed at {machine.world.last_point}")
            return False
        except SyncrulesError as error:
            self.failed += 1
            self._tell(f"{name}: {error}")
            return False
        sent = machine.log.writes - writes
        self._tell(f"{name}: {sent} writes, {dict(result.counts)}")
        return True

    def _tell(self, text: str) -> None:
        self.story.append(f"run {self.machine.log.run}, {text}")

    # ---- what goes wrong

    def _trouble(self) -> None:
        """Faults and surprises of the run to come."""
        chance, machine = self.chance, self.machine
        happens: dict[int, Callable[[], None]] = {}
        if chance.random() < 0.3:
            happens[chance.randrange(1, 160)] = self._crash
        for _ in range(chance.choice((0, 0, 0, 1, 3))):
            happens.setdefault(chance.randrange(1, 120), self._surprise)
        machine.world.plan(happens)
        for _ in range(chance.choice((0, 0, 1, 1, 2))):
            if chance.random() < 0.5:
                self._salesforce_fault()
            else:
                self._apollo_fault()

    def _crash(self) -> None:
        raise Crash

    def _surprise(self) -> None:
        """A person works in the middle of our run, or everything takes its time."""
        if self.chance.random() < 0.3:
            self.machine.clock.sleep(70.0)
        else:
            self.machine.people.work()

    def _salesforce_fault(self) -> None:
        chance, sim = self.chance, self.machine.salesforce
        kind = chance.choice(("lost after", "lost before", "truncated", "reply", "lock"))
        path = chance.choice(("composite", "composite", "query", ""))
        fault = SalesforceFault("reply", path=path, nth=chance.randrange(1, 5))
        if kind == "lock":
            rows = sorted(
                key[2]
                for key in self.machine.log.rows("salesforce")
                if key[1] in ("Lead", "Contact", "Account")
            )
            if not rows:
                return
            fault.kind, fault.record = "lock", chance.choice(rows)
            fault.seconds = chance.choice((1.0, 60.0))
        else:
            fault.kind = kind  # type: ignore[assignment]
        sim.faults.rules.append(fault)

    def _apollo_fault(self) -> None:
        chance = self.chance
        kind = chance.choice(("lost after", "lost before", "cut off", "reply"))
        path = chance.choice(("bulk_create", "bulk", "update", "search", "contacts", ""))
        after = chance.randrange(0, 4) if path in ("search", "") else chance.randrange(0, 2)
        self.machine.apollo.faults.append(
            ApolloFault(kind, path=path, after=after)  # type: ignore[arg-type]
        )

    def _calm(self) -> None:
        machine = self.machine
        machine.world.plan({})
        machine.apollo.faults.clear()
        machine.salesforce.faults.rules.clear()
        machine.salesforce.org.locks.clear()

    # ---- the end

    def _end(self) -> None:
        """Nothing goes wrong any more: everything comes to rest, and is as the rules say."""
        machine = self.machine
        self._calm()
        machine.clock.sleep(3600.0)
        machine.apollo.team.lag = 0.0
        while self.todo:
            verb, name = self._next()
            if name == "run":
                continue
            self._go(verb, name)
            self.todo.pop(0)
            machine.clock.sleep(ROUND)
        for _ in range(RESTS):
            before = machine.log.writes
            done = self._go(verbs.run, "run")
            machine.clock.sleep(ROUND)
            if done and machine.log.writes == before:
                break
        else:
            machine.log.violations.append(f"{RESTS} runs without faults did not come to rest")
        machine.log.violations += checker.check(machine.log, machine.people, machine.db, ORG)


def play(seed: int, rules: str = RULES.name) -> Outcome:
    """The history of a seed."""
    return History(seed, rules).play()
