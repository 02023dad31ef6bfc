"""Runs that are killed: real processes, real HTTP, SIGKILL at random moments.

A story is a first sync and a day of edits on two made-up systems, in which each command may be
killed on its way and is then given again. What must stand at the end is told by `demands.py`, which
asks no part of the engine. `python -m tests.soak --part kills` tells many stories.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.apollo.simulator import simulate as made_up_apollo
from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.tests import demands, oracle
from syncrules.tests.cli import Ended, spawn
from syncrules.tests.edits import edit
from syncrules.tests.oracle import Rows

PEOPLE = 150
EDITS = 60
FIRST_SYNC = (
    ("backfill", "pull", "Account"),
    ("backfill", "push", "contact"),
    ("backfill", "pull", "Contact"),
)
MOST = 12
"""Kills in one story."""
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
    """Two systems that listen, and a project between them. `said` is all that was printed."""

    folder: Path
    apollo: ApolloSimulator
    salesforce: SalesforceSimulator
    env: Mapping[str, str]
    said: list[str] = field(default_factory=list)

    def rows(self) -> Rows:
        """What is in the two systems now."""
        return oracle.rows(self.apollo, self.salesforce)

    def writes(self) -> int:
        """Requests so far that may change a record."""
        apollo = sum(
            one.action.endswith(("create", "update", "stages")) for one in self.apollo.requests
        )
        return apollo + sum(n for name, n in self.salesforce.counts.items() if name[:4] != "GET ")

    def start(self, *command: str) -> subprocess.Popen[str]:
        """A command in a process of its own."""
        return spawn(self.folder, *command, env=self.env)

    def finish(self, *command: str) -> Ended:
        """A command that nobody kills."""
        process = self.start(*command)
        return self.heard(process, PATIENCE)

    def heard(self, process: subprocess.Popen[str], seconds: float) -> Ended:
        """How a process ended, and what it said."""
        out, err = process.communicate(timeout=seconds)
        self.said += [out, err]
        return Ended(process.returncode, out, err)


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
    with Server(apollo) as left, Server(salesforce) as right:
        given = salesforce.sign_in(right.url)
        (folder / "rules").mkdir()
        (folder / "rules" / "people.sync").write_text(oracle.RULES, encoding="utf-8")
        (folder / "syncrules.toml").write_text(
            PROJECT.format(apollo=left.url, salesforce=right.url, client_id=given["client_id"]),
            encoding="utf-8",
        )
        env = {
            "APOLLO_KEY": apollo.key,
            "CLIENT_SECRET": given["client_secret"],
            "STATE_URL": state,
        }
        here = Place(folder, apollo, salesforce, env)
        if schemas is None:
            pulled = here.finish("schema", "pull")
            assert pulled.code == 0, pulled.err
        else:
            shutil.copytree(schemas, folder / "schema")
        yield here


def measured(here: Place, command: Sequence[str]) -> tuple[Ended, tuple[float, float]]:
    """A command that nobody kills, and when after its start it asked its first question and when it
    ended, in seconds."""
    before = len(here.apollo.requests) + len(here.salesforce.requests)
    process = here.start(*command)
    began, first = time.monotonic(), 0.0
    while process.poll() is None and not first:
        if len(here.apollo.requests) + len(here.salesforce.requests) > before:
            first = time.monotonic() - began
        time.sleep(0.005)
    ended = here.heard(process, PATIENCE)
    return ended, (first, time.monotonic() - began)


def killed(here: Place, command: Sequence[str], delay: float) -> bool:
    """Starts a command and kills it after `delay` seconds; whether it still lived."""
    process = here.start(*command)
    try:
        here.heard(process, delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        here.heard(process, PATIENCE)
    return process.returncode == -signal.SIGKILL


def story(
    here: Place,
    chance: random.Random,
    moments: Mapping[str, tuple[float, float]],
    kills: int,
) -> Told:
    """A first sync, edits, and a run. Commands drawn from `moments` are killed, `kills` times,
    somewhere between their first question and their end."""
    told = Told()
    times = Counter(chance.choices(sorted(moments), k=kills))
    seeded = here.rows()
    for command in FIRST_SYNC:
        name = " ".join(command)
        _insist(here, command, moments[name], times[name], chance, told)
    synced = here.rows()
    told.wrong += demands.differences(demands.synced(seeded, synced), synced.plain)
    told.wrong += [f"twice: {one}" for one in demands.twice(synced) - demands.twice(seeded)]
    told.wrong += [f"touched: {one}" for one in demands.touched(seeded, synced)]
    if told.wrong:
        return told
    links = demands.pairs(seeded, synced)
    edit(here.apollo, here.salesforce, synced, links, chance, EDITS)
    edited = here.rows()
    _insist(here, ("run",), moments[AFTER_EDITS], times[AFTER_EDITS], chance, told)
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
    moments: tuple[float, float],
    times: int,
    chance: random.Random,
    told: Told,
) -> None:
    """Gives a command until it comes to its end, after killing it `times` times. A shot that comes
    too late is followed by one that comes earlier."""
    first, end = moments
    for _ in range(times):
        met = any(
            killed(here, command, chance.uniform(first, first + (end - first) * share))
            for share in (1.0, 0.5, 0.1)
        )
        told.kills += met
    ended = here.finish(*command)
    if ended.code not in (0, 1):
        told.wrong.append(f"{' '.join(command)} ended with {ended.code}: {ended.err}")


def _leaks(here: Place) -> Iterator[str]:
    secrets = [here.env["APOLLO_KEY"], here.env["CLIENT_SECRET"]]
    files = {str(path): path.read_bytes() for path in here.folder.rglob("*") if path.is_file()}
    for name, text in {**files, "the screen": "".join(here.said).encode()}.items():
        if any(one.encode() in text for one in secrets):
            yield name


def lengths(folder: Path, state: str = STATE) -> dict[str, tuple[float, float]]:
    """When each command asks its first question and when it ends, where nobody kills it."""
    found: dict[str, tuple[float, float]] = {}
    with place(folder, 0, state) as here:
        seeded = here.rows()
        for command in FIRST_SYNC:
            found[" ".join(command)] = measured(here, command)[1]
        synced = here.rows()
        links = demands.pairs(seeded, synced)
        edit(here.apollo, here.salesforce, synced, links, random.Random(0), EDITS)
        found[AFTER_EDITS] = measured(here, ("run",))[1]
    return found


def soak(minutes: float | None, count: int) -> int:
    """Stories until `count` processes were killed, or `minutes` have passed; 0: all is well."""
    until = time.monotonic() + minutes * 60 if minutes is not None else float("inf")
    kills, stories, wrong, seed = 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as base:
        unkilled = _folder(base, "unkilled")
        moments = lengths(unkilled)
        while kills < count and time.monotonic() < until:
            seed += 1
            folder = _folder(base, str(seed))
            with place(folder, seed, schemas=unkilled / "schema") as here:
                told = story(here, random.Random(seed), moments, min(MOST, count - kills))
            stories, kills, wrong = stories + 1, kills + told.kills, wrong + len(told.wrong)
            for one in told.wrong:
                _say(f"story {seed}: {one}")
    _say(f"{kills} kills in {stories} stories, {wrong} violations")
    return int(wrong > 0)


def _folder(base: str, name: str) -> Path:
    path = Path(base) / name
    path.mkdir()
    return path


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
