"""Thirty days in one process: whether it stays as it is, while people work and the way is bad.

`python -m tests.days DAYS [SEED]` is `syncrules serve`, every 15 minutes for so many days, over
real connections to two systems in another process (`days_world.py`); only the clock is virtual. One
request in twenty goes wrong, and every day one of the systems is away for half an hour. Each
midnight it notes what this process holds and how large the state is, and prints a line of JSON with
all of it. What must be so of it is told by `wrong`.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.base.world import Machine
from syncrules.engine import schemas
from syncrules.engine.project import Project
from syncrules.engine.schedule import Ran, Said, Schedule, Stop
from syncrules.tests.worlds import START, VirtualClock

HOUR, DAY = 3600.0, 86_400.0
SHARE = 0.05
"""Requests that go wrong."""
QUARTERS = 96
"""Of an hour, in a day."""
LEAK = 0.05
"""By which the last day may hold more than the second."""
BASE = 250_000
SIZES = {"records": 250, "keys": 280, "links": 850, "changes": 1_300, "runs": 190, "dirty": 400}
"""Bytes that a state takes at most: for nothing, and for a row of short values."""
MONTH = 31 * 100
"""Runs that changed nothing, and are still told of."""
MEMORY = Path("/dev/shm")
RULES = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead { match on email }
pull Lead as contact visible { match on email }
push task as Task when completed
map contact with Lead {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title
    organization_name  -> Company default "Unknown"
}

every 60 minutes
push account as Account
map account with Account {
    name   <-> Name
    domain <-> Website
}
"""
PROJECT = """\
[systems.apollo]
connector = "apollo"
url = "{apollo[url]}"
key = "file:apollo.key"

[systems.salesforce]
connector = "salesforce"
url = "{salesforce[url]}"
client_id = "{salesforce[client_id]}"
client_secret = "file:salesforce.secret"
"""


@dataclass(frozen=True)
class Held:
    """What this process held at a midnight: bytes of memory, blocks of Python's, threads, open
    files; and of the state the bytes of its files and the rows of its tables."""

    day: int
    memory: int
    blocks: int
    threads: int
    files: int
    state: int
    rows: dict[str, int]

    def most(self) -> float:
        """The bytes that a state of so many rows may take, as `docs/reliability.md` says."""
        return BASE + sum(size * self.rows[name] for name, size in SIZES.items())


@dataclass
class Outcome:
    """What became of the days. `wrong_rows` is what the two systems don't agree on, `more` the
    writes of a last, quiet hour; `before` and `after` the threads and open files around it all."""

    runs: int = 0
    failed: int = 0
    faults: int = 0
    requests: int = 0
    writes: int = 0
    seconds: float = 0.0
    held: list[Held] = field(default_factory=list)
    wrong_rows: list[str] = field(default_factory=list)
    more: int = 0
    before: tuple[int, int] = (0, 0)
    after: tuple[int, int] = (0, 0)


def wrong(outcome: Outcome, days: int) -> list[str]:
    """What is not as it was promised."""
    held = outcome.held
    found = [f"at the end {one}" for one in outcome.wrong_rows]
    if len(held) != days or outcome.runs < QUARTERS * days:
        return [*found, f"{outcome.runs} runs in {len(held)} days"]
    if not outcome.failed or not 0.03 < outcome.faults / outcome.requests < 0.08:
        found.append(
            f"{outcome.faults} faults in {outcome.requests} requests are not what was meant"
        )
    if outcome.more:
        found.append(f"{outcome.more} writes when there was nothing to write")
    if outcome.after > outcome.before:
        found.append(f"threads and files: {outcome.before} before, {outcome.after} after")
    first, last = held[min(1, days - 2)], held[-1]
    for name in ("memory", "blocks"):
        then, now = getattr(first, name), getattr(last, name)
        if now > then * (1 + LEAK):
            found.append(f"{name} went from {then:,} to {now:,} after day {first.day}")
    for one in held:
        if (one.threads, one.files) != (first.threads, first.files):
            found.append(f"day {one.day} has {one.threads} threads and {one.files} open files")
        if not one.most() / 3 < one.state < one.most():
            found.append(f"day {one.day}: {one.state:,} bytes of state, at most {one.most():,.0f}")
        if one.rows["runs"] > MONTH + one.rows["changes"]:
            found.append(f"day {one.day}: {one.rows['runs']:,} runs are told of")
    return found


class TimedMachine(Machine):
    """The real world with a clock that jumps, which each request tells to the other process."""

    def __init__(self) -> None:
        super().__init__(1)
        self.clock = VirtualClock(START + HOUR)

    def send(self, request: Request) -> Response:
        told = {**request.headers, "x-clock": repr(self.clock.now())}
        return super().send(replace(request, headers=told))


@dataclass
class Days:
    """Some days under way."""

    folder: Path
    days: int
    urls: dict[str, Any]
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        self.world = TimedMachine()
        self.clock = self.world.clock
        assert isinstance(self.clock, VirtualClock)
        (self.folder / "apollo.key").write_text(self.urls["apollo"]["key"])
        (self.folder / "salesforce.secret").write_text(self.urls["salesforce"]["client_secret"])
        (self.folder / "syncrules.toml").write_text(PROJECT.format(**self.urls))
        (self.folder / "rules").mkdir()
        (self.folder / "rules" / "rules.sync").write_text(RULES)
        self.start = self.clock.now()
        self.day = 0

    @property
    def state(self) -> Path:
        return self.folder / ".syncrules" / "state.db"

    def play(self) -> Outcome:
        """Lets them pass."""
        project = Project.load(self.folder)
        for name in ("apollo", "salesforce"):
            schemas.pull(project, name, self.world)
        self.outcome.before = (threading.active_count(), _files())
        self._serve(self.days * 24.0 + 0.1, self._at)
        counted = self._ask("trouble", share=0.0, away=[])
        self._serve(2.1)
        writes = self._ask("count")["writes"]
        self._serve(1.1)
        self.outcome.more = self._ask("count")["writes"] - writes
        self.outcome.wrong_rows = self._ask("wrong")
        for name in ("faults", "requests", "writes"):
            setattr(self.outcome, name, counted[name])
        self.world.close()
        gc.collect()
        self.outcome.after = (threading.active_count(), _files())
        return self.outcome

    def _serve(self, hours: float, at: Any = lambda one: None) -> None:
        stop = Stop(self.clock)
        until = self.clock.now() + hours * HOUR

        def slept() -> None:
            stop.asked = stop.asked or self.clock.now() >= until

        assert isinstance(self.clock, VirtualClock)
        self.clock.slept = slept
        Schedule(Project.load(self.folder), self.world, stop, at).run()

    def _at(self, one: Ran | Said) -> None:
        if not isinstance(one, Ran):
            return
        out = self.outcome
        out.runs += 1
        out.failed += one.error is not None
        if out.runs == 1:
            self._ask("settle")
        passed = (self.clock.now() - self.start) / DAY
        hour = passed % 1 * 24
        away = [("apollo", "salesforce")[self.day % 2]] if 3 <= hour < 3.5 else []
        self._ask("trouble", share=SHARE, away=away)
        for _ in range((0, 1, 2)[out.runs % 3] if hour < 10 else 0):
            self._ask("work")
        if passed >= self.day + 1:
            self.day += 1
            out.held.append(self._held())

    def _held(self) -> Held:
        import sqlite3

        # How many connections are kept for the next request depends on how wide the last run was.
        self.world.close()
        gc.collect()
        with sqlite3.connect(f"file:{self.state}?mode=ro", uri=True) as db:
            tables = [
                name
                for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            rows = {one: db.execute(f"SELECT count(*) FROM {one}").fetchone()[0] for one in tables}
        db.close()
        size = sum(one.stat().st_size for one in self.state.parent.glob("state.db*"))
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE")
        blocks = sys.getallocatedblocks()
        return Held(self.day, memory, blocks, threading.active_count(), _files(), size, rows)

    def _ask(self, what: str, **body: object) -> Any:
        """Something of the people in the other process."""
        url = f"{self.urls['apollo']['url']}/__days__/{what}"
        return self.world.send(Request("POST", url, {}, json.dumps(body).encode())).json()


def _files() -> int:
    return len(os.listdir("/proc/self/fd"))


@contextmanager
def systems(seed: int) -> Iterator[dict[str, Any]]:
    """Both systems, listening in another process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "syncrules.tests.days_world", str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def play(days: int, seed: int) -> Outcome:
    """So many days in this process. The state lies in memory where the machine has such a place."""
    began = time.perf_counter()
    with ExitStack() as stack:
        place = str(MEMORY) if MEMORY.is_dir() else None
        folder = stack.enter_context(TemporaryDirectory(dir=place))
        urls = stack.enter_context(systems(seed))
        outcome = Days(Path(folder), days, urls).play()
    outcome.seconds = time.perf_counter() - began
    return outcome


def alone(days: int, seed: int) -> Outcome:
    """So many days in a process that does nothing else."""
    command = [sys.executable, "-m", "syncrules.tests.days", str(days), str(seed)]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    held = [Held(**one) for one in told.pop("held")]
    before, after = tuple(told.pop("before")), tuple(told.pop("after"))
    return Outcome(**told, held=held, before=before, after=after)


def main(arguments: list[str]) -> int:
    outcome = play(int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1)
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
