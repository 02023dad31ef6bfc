"""A second runner: another machine that works on the same state, through a connection of its own.

It comes in the middle of a run. While the lease of that one lasts it is sent away; where the first
has been silent for longer, it takes over, and the first must commit nothing more, and send nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from syncrules.engine.run import run as verbs
from syncrules.engine.run.run import LEASE
from syncrules.engine.store import statements as sql
from syncrules.engine.store.lease import Holder
from syncrules.errors import LeaseHeld, SyncrulesError
from syncrules.tests.simulation.states import Shared, calls
from syncrules.tests.simulation.world import Crash, SeededWorld

if TYPE_CHECKING:
    from syncrules.tests.simulation.history import Machine

HOLDER = Holder("elsewhere", 2, "2", "elsewhere")
SILENT = (LEASE + 1, LEASE + 100, LEASE + 400)
"""Seconds for which a runner may be frozen, all of them longer than its lease."""
ON_THE_WAY = 0.25
"""The share of histories in which the other one comes while a request of the first leaves."""


@dataclass
class Second:
    """The second runner of a history; its machine has the first connection to the `state`. `took`
    is what that held when it had taken over from the run under way, how many writes had gone out
    and what had happened by then; `sent` what was committed as sent before it came; `waits`: it
    comes next when a write was committed as sent and is still to go out; `late`: when that write is
    on its way already."""

    machine: Machine
    state: Shared
    chance: random.Random
    tell: Callable[[str], None]
    took: tuple[str, int, int] | None = None
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    waits: bool = True
    late: bool = False

    def __post_init__(self) -> None:
        machine = self.machine
        self.late = random.Random(f"late {machine.seed}").random() < ON_THE_WAY
        self.world = SeededWorld(machine.log.serve, machine.clock, self.chance)
        self.db = calls(self.state.other, self.world.point)
        machine.log.in_transaction = lambda: self.db._depth + machine.db._depth > 0
        mine = machine.log.sent
        machine.log.sent = lambda: [*mine(), *self.sent]
        self.begin_anew()

    def begin_anew(self) -> None:
        """A new process, not yet signed in."""
        self.connectors = self.machine.sign_in(self.world)

    def instead(self, setup: verbs.Setup) -> verbs.Setup:
        """The work of the other one, done by this one."""
        return replace(
            setup, world=self.world, db=self.db, connectors=self.connectors, holder=HOLDER
        )

    def meets(self, happens: dict[int, Callable[[], None]]) -> None:
        """What happens in a run that it does alone."""
        self.world.plan({at: act for at, act in happens.items() if act != self.comes_in})

    def comes_in(self) -> None:
        """It begins in the middle of the other's run, which may have been frozen meanwhile."""
        machine = self.machine
        self.waits = self.waits and not self._awaited(machine.world.last_point)
        if machine.db._depth or self.waits:
            # The state is locked, or it comes when it does the most harm.
            machine.world.happens[machine.world.points + 1] = self.comes_in
            return
        self.waits = self.chance.random() < 0.4
        if self.chance.random() < 0.2:
            self.world.plan({self.chance.randrange(5, 60): self.dies})
        frozen = self.chance.random() < 0.7
        self.works(silent=self.chance.choice(SILENT) if frozen else 0.0)
        self.world.plan({})

    def _awaited(self, point: str) -> bool:
        """Whether a write is just about to leave, or is leaving."""
        if self.late and point.startswith("request"):
            return bool(self.machine.log.sent())
        return not self.late and point == "after sent"

    def works(self, *, silent: float) -> None:
        """A run of its own, where the one under way has been silent for so many seconds."""
        machine, log = self.machine, self.machine.log
        machine.clock.sleep(silent)
        [number] = self.db.row(sql.last_run, org=machine.org) or (0,)
        begun = log.begun(number or 0)
        log.end_run(number or 0, whole=False)
        read, writes, sent = log.read, log.writes, log.sent()
        try:
            machine.go(lambda setup: verbs.run(self.instead(setup)))
        except LeaseHeld:
            if silent or log.writes > writes:
                log.violations.append("a runner that was silent past its lease still held it")
            log.struck["a second runner, sent away"] += 1
            log.read = read
            log.goes_on(number or 0, begun)
            return
        except Crash:
            self.begin_anew()
        except SyncrulesError as error:
            self.tell(f"the second runner: {error}")
        log.read = read
        log.struck["a second runner, while one was frozen"] += 1
        self.tell(f"the second runner took over at {machine.world.last_point}")
        self.took = (self.state.held(), log.writes, len(log.events))
        self.sent = sent

    def dies(self) -> None:
        raise Crash

    def fenced(self) -> None:
        """The run that it took over from is over: what that one did since."""
        if self.took is None:
            return
        state, writes, seen = self.took
        self.took = None
        self.sent.clear()
        log = self.machine.log
        log.stray |= {one.key for one in log.events[seen:] if one.who == "sync"}
        if self.state.held() != state:
            log.violations.append("a runner that was replaced has committed something")
        if log.writes > writes:
            log.violations.append(f"a runner that was replaced sent {log.writes - writes} batches")
