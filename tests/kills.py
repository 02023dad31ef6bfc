"""Runs that are killed: real processes, real HTTP, SIGKILL at random moments.

A story is a first sync and a day of edits on two made-up systems, in which each command may be
killed on its way and is then given again. When is told by the requests that it has sent, so that no
place is missed on a busy machine. What must stand at the end is told by `demands.py`, which asks no
part of the engine. `python -m tests.soak --part kills` tells many stories.
"""

from __future__ import annotations

import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.apollo.simulator import simulate as made_up_apollo
from syncrules.connectors.base.serve import Server, Simulator, SimulatorOptions
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.tests import demands, oracle, postgres
from syncrules.tests.begun import Begun
from syncrules.tests.cli import Ended
from syncrules.tests.edits import edit
from syncrules.tests.oracle import Rows

PEOPLE = 40
EDITS = 25
FIRST_SYNC = (
    ("backfill", "pull", "Account"),
    ("backfill", "push", "contact"),
    ("backfill", "pull", "Contact"),
)
MOST = 24
"""Kills in one story."""
GOALS = {"SQLite": 1_000, "PostgreSQL": 300}
"""How many the long form makes of each."""
MOMENT = 0.02
"""Seconds in which a command goes from one request to the next, and commits in between."""
AFTER_EDITS = "run after edits"
PATIENCE = 120.0
"""Seconds after which a command that isn't killed has hung."""
STATE = "sqlite:///.syncrules/state.db"

PROJECT = """\
[systems.apollo]
connector = "apollo"
url = "{apollo}"
key = "env:APOLLO_KEY"
timeout = "2 seconds"

[systems.salesforce]
connector = "salesforce"
url = "{salesforce}"
client_id = "{client_id}"
client_secret = "env:CLIENT_SECRET"
timeout = "2 seconds"

[state]
url = "env:STATE_URL"
"""


@dataclass
class Place:
    """Two systems that listen, and a project between them. `said` is all that was printed.
    `replied` is called with each request once its work is done, before its reply goes out."""

    folder: Path
    apollo: ApolloSimulator
    salesforce: SalesforceSimulator
    env: Mapping[str, str]
    said: list[str] = field(default_factory=list)
    replied: Callable[[Request], None] = lambda request: None

    def rows(self) -> Rows:
        """What is in the two systems now."""
        return oracle.rows(self.apollo, self.salesforce)

    def writes(self) -> int:
        """Requests so far that may change a record."""
        apollo = sum(
            one.action.endswith(("create", "update", "stages")) for one in self.apollo.requests
        )
        return apollo + sum(n for name, n in self.salesforce.counts.items() if name[:4] != "GET ")

    def requests(self) -> int:
        """All requests so far."""
        return len(self.apollo.requests) + len(self.salesforce.requests)

    def start(self, *command: str) -> Begun:
        """A command in a process of its own."""
        return Begun(self.folder, *command, env=self.env)

    def finish(self, *command: str) -> Ended:
        """A command that nobody kills."""
        process = self.start(*command)
        return self.heard(process, PATIENCE)

    def heard(self, process: Begun, seconds: float) -> Ended:
        """How a process ended, and what it said."""
        out, err = process.communicate(timeout=seconds)
        self.said += [out, err]
        assert process.returncode is not None
        return Ended(process.returncode, out, err)


class _Watched:
    """A simulator whose place is told of each request."""

    def __init__(self, simulator: Simulator, here: Place) -> None:
        self.sign_in = simulator.sign_in
        self._simulator, self._here = simulator, here

    def handle(self, request: Request) -> Response:
        response = self._simulator.handle(request)
        self._here.replied(request)
        return response


@dataclass
class Told:
    """What a story came to: kills that met a living process, and what was wrong at the end."""

    kills: int = 0
    wrong: list[str] = field(default_factory=list)


@contextmanager
def place(
    folder: Path, seed: int, state: str = STATE, schemas: Path | None = None
) -> Iterator[Place]:
    """Two systems with `PEOPLE` people each, and a project with its schemas: pulled, or those of a
    project like it."""
    options = SimulatorOptions(seed=seed, records=PEOPLE)
    apollo, salesforce = made_up_apollo(options), made_up_salesforce(options)
    env = {
        "APOLLO_KEY": apollo.key,
        "CLIENT_SECRET": salesforce.sign_ins.client_secret,
        "STATE_URL": state,
    }
    here = Place(folder, apollo, salesforce, env)
    with Server(_Watched(apollo, here)) as left, Server(_Watched(salesforce, here)) as right:
        given = salesforce.sign_in(right.url)
        (folder / "rules").mkdir()
        (folder / "rules" / "people.sync").write_text(oracle.RULES, encoding="utf-8")
        (folder / "syncrules.toml").write_text(
            PROJECT.format(apollo=left.url, salesforce=right.url, client_id=given["client_id"]),
            encoding="utf-8",
        )
        if schemas is None:
            pulled = here.finish("schema", "pull")
            assert pulled.code == 0, pulled.err
        else:
            shutil.copytree(schemas, folder / "schema")
        yield here


def measured(here: Place, command: Sequence[str]) -> int:
    """How many requests a command sends that nobody kills."""
    before = here.requests()
    here.finish(*command)
    return here.requests() - before


def killed(here: Place, command: Sequence[str], asked: int, delay: float) -> bool:
    """Starts a command and kills it `delay` seconds after it has sent so many requests; whether it
    still lived."""
    last = here.requests() + asked
    process = here.start(*command)
    while process.poll() is None and here.requests() < last:
        time.sleep(0.001)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    return here.heard(process, PATIENCE).code == -signal.SIGKILL


def story(
    here: Place,
    chance: random.Random,
    lengths: Mapping[str, int],
    kills: int,
) -> Told:
    """A first sync, edits, and a run. Commands drawn from `lengths` are killed, `kills` times,
    somewhere between their first request and their end."""
    told = Told()
    times = Counter(chance.choices(sorted(lengths), k=kills))
    seeded = here.rows()
    for command in FIRST_SYNC:
        name = " ".join(command)
        _insist(here, command, lengths[name], times[name], chance, told)
    synced = here.rows()
    told.wrong += demands.differences(demands.synced(seeded, synced), synced.plain)
    told.wrong += [f"twice: {one}" for one in demands.twice(synced) - demands.twice(seeded)]
    told.wrong += [f"touched: {one}" for one in demands.touched(seeded, synced)]
    if told.wrong:
        return told
    links = demands.pairs(seeded, synced)
    edit(here.apollo, here.salesforce, seeded, synced, links, chance, EDITS)
    edited = here.rows()
    _insist(here, ("run",), lengths[AFTER_EDITS], times[AFTER_EDITS], chance, told)
    ended = here.rows()
    wanted = demands.carried(links, synced, edited, ended)
    told.wrong += demands.differences(wanted, ended.plain)
    told.wrong += [f"twice: {one}" for one in demands.twice(ended) - demands.twice(edited)]
    told.wrong += [f"touched: {one}" for one in demands.touched(edited, ended)]
    before = here.writes()
    last = here.finish("run")
    if last.code not in (0, 1):
        told.wrong.append(f"the last run ended with {last.code}: {last.err}")
    if here.writes() != before:
        told.wrong.append("a run with nothing to do wrote something")
    told.wrong += [f"a secret was shown or kept: {one}" for one in _leaks(here)]
    return told


def _insist(
    here: Place,
    command: Sequence[str],
    length: int,
    times: int,
    chance: random.Random,
    told: Told,
) -> None:
    """Gives a command until it comes to its end, after killing it `times` times. A shot that comes
    too late is followed by one that comes earlier."""
    for _ in range(times):
        told.kills += any(
            killed(here, command, chance.randint(1, max(1, int(length * share))), delay)
            for share, delay in ((1.0, chance.uniform(0.0, MOMENT)), (0.5, 0.0), (0.1, 0.0))
        )
    ended = here.finish(*command)
    if ended.code not in (0, 1):
        told.wrong.append(f"{' '.join(command)} ended with {ended.code}: {ended.err}")


def _leaks(here: Place) -> Iterator[str]:
    secrets = [here.env["APOLLO_KEY"], here.env["CLIENT_SECRET"]]
    files = {str(path): path.read_bytes() for path in here.folder.rglob("*") if path.is_file()}
    for name, text in {**files, "the screen": "".join(here.said).encode()}.items():
        if any(one.encode() in text for one in secrets):
            yield name


def lengths(folder: Path, state: str = STATE) -> dict[str, int]:
    """How many requests each command sends where nobody kills it."""
    found: dict[str, int] = {}
    with place(folder, 0, state) as here:
        seeded = here.rows()
        for command in FIRST_SYNC:
            found[" ".join(command)] = measured(here, command)
        synced = here.rows()
        links = demands.pairs(seeded, synced)
        edit(here.apollo, here.salesforce, seeded, synced, links, random.Random(0), EDITS)
        found[AFTER_EDITS] = measured(here, ("run",))
    return found


def stories(minutes: float, goals: Mapping[str, int]) -> Iterator[tuple[str, str, Told]]:
    """(name, where the state is, how it went) of stories on states in SQLite and in PostgreSQL,
    until so many processes were killed of each, or the time is up."""
    until = time.monotonic() + minutes * 60
    kills, seed = dict.fromkeys(goals, 0), 0
    with tempfile.TemporaryDirectory() as base, postgres.server(_folder(base, "server")) as server:
        unkilled = _folder(base, "unkilled")
        whole = lengths(unkilled)
        while time.monotonic() < until:
            # Whichever is further from its goal.
            kind = min(goals, key=lambda one: kills[one] / goals[one])
            left = goals[kind] - kills[kind]
            if left <= 0:
                return
            seed += 1
            folder = _folder(base, str(seed))
            with postgres.schema(server, f"story_{seed}") as url:
                state = url if kind == "PostgreSQL" else STATE
                with place(folder, seed, state, unkilled / "schema") as here:
                    told = story(here, random.Random(seed), whole, min(MOST, left))
            kills[kind] += told.kills
            yield f"story {seed}", kind, told


def _folder(base: str, name: str) -> Path:
    path = Path(base) / name
    path.mkdir()
    return path
