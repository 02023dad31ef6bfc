"""The whole product on two simulated systems: `syncrules demo`, with no account and no server.

Starts both simulators behind real HTTP, then types the commands a person would, lets people edit
on both sides, kills a run and goes on from there. Each command is a process of its own. What is
true at the end is told by `audit.py`, which knows the rules' meaning and not the engine.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from .audit import Audit, Books, audit
from .connectors.apollo.simulator import simulate as simulate_apollo
from .connectors.apollo.simulator.server import ApolloSimulator
from .connectors.base.serve import Server, SimulatorOptions
from .connectors.base.world import MachineClock
from .connectors.salesforce.simulator import simulate as simulate_salesforce
from .connectors.salesforce.simulator.server import SalesforceSimulator
from .errors import SyncrulesError

RULES = Path(__file__).parent / "rules" / "demo.sync"
TESTS = RULES.with_name("demo-tests.sync")
SEED = 7
EDITS = 60
"""Edits that people make on each side, each time."""
NEWCOMERS = 900
"""Contacts that are imported before the run that is killed, so that it takes a while."""

PROJECT = """\
rules = ["rules"]

[systems.apollo]
connector = "apollo"
key = "env:APOLLO_API_KEY"
url = "{apollo}"
timeout = "5 seconds"

[systems.salesforce]
connector = "salesforce"
login_url = "{salesforce}"
client_id = "env:SALESFORCE_CLIENT_ID"
client_secret = "env:SALESFORCE_CLIENT_SECRET"
timeout = "5 seconds"
"""


class Say(Protocol):
    """Where the story goes: one text, with a newline added."""

    def __call__(self, text: str = "") -> None: ...


def demo(say: Say, records: int = 2000) -> int:
    """Tells the story; 0 where everything came out as the rules say, else 1. `records` is the
    number of people in Apollo; Salesforce has three quarters as many."""
    apollo = simulate_apollo(SimulatorOptions(seed=SEED, records=records))
    salesforce = simulate_salesforce(SimulatorOptions(seed=SEED, records=records * 3 // 4))
    folder = Path(tempfile.mkdtemp(prefix="syncrules-demo-"))
    try:
        with Server(apollo) as left, Server(salesforce) as right:
            return _Story(say, folder, apollo, salesforce, left.url, right.url).tell()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Story:
    def __init__(
        self,
        say: Say,
        folder: Path,
        apollo: ApolloSimulator,
        salesforce: SalesforceSimulator,
        apollo_url: str,
        salesforce_url: str,
    ) -> None:
        self.say = say
        self.folder = folder
        self.apollo = apollo
        self.salesforce = salesforce
        self.chance = random.Random(SEED)
        self.clock = MachineClock()
        known = salesforce.sign_in(salesforce_url)
        self.environ = {
            **os.environ,
            "NO_COLOR": "1",
            "APOLLO_API_KEY": apollo.sign_in(apollo_url)["key"],
            "SALESFORCE_CLIENT_ID": known["client_id"],
            "SALESFORCE_CLIENT_SECRET": known["client_secret"],
        }
        (folder / "rules").mkdir()
        (folder / "syncrules.toml").write_text(
            PROJECT.format(apollo=apollo_url, salesforce=salesforce_url)
        )
        for file in (RULES, TESTS):
            (folder / "rules" / file.name).write_bytes(file.read_bytes())

    def tell(self) -> int:
        """The story, chapter by chapter."""
        began = self.clock.now()
        books = Books.open(self.apollo, self.salesforce)
        self._heading("Two systems, simulated, behind real HTTP on this machine")
        self.say(books.text())
        self._heading("The rules, rules/demo.sync")
        self.say(RULES.read_text(encoding="utf-8").rstrip())
        self._heading("What the systems have, and whether the rules fit")
        self._type("schema pull")
        self._type("check")
        self._type("test --coverage")
        self._type("plan", most=22)
        self._heading("Rules count from now on: what was there before waits for a backfill")
        self._type("preview", most=4)
        for what in ("pull Account", "push contact", "pull Contact"):
            self._type(f"backfill {what}", most=8)
        self._type("run", most=9)
        self._heading(f"People make {EDITS} edits on each side")
        self._edit()
        self._type("run", most=12)
        self._heading(f"{NEWCOMERS} contacts are imported, and the run is killed with SIGKILL")
        books = books.and_made(self._import())
        self._killed()
        self._type("run", most=9)
        self._heading("What nobody could decide, with what to do about it")
        refused = self._refused()
        self._heading("Both sides compared with the rules, record by record, without the engine")
        found = audit(self.apollo, self.salesforce, books, refused)
        self.say(found.text())
        self._heading("A further run")
        before = self._writes()
        self._type("run", most=4)
        written = self._writes() - before
        self.say(f"writes of the further run: {written}")
        self.say(f"\ndone in {self.clock.now() - began:.0f} seconds")
        return self._verdict(found, written)

    def _verdict(self, found: Audit, written: int) -> int:
        return 0 if found.good and not written else 1

    # ---- commands

    def _heading(self, text: str) -> None:
        self.say(f"\n--- {text} " + "-" * max(3, 92 - len(text)))

    def _type(self, words: str, most: int = 0) -> None:
        """Types a command and shows what it says: `most` lines of it and its last paragraph, or
        all of it for 0."""
        self.say(f"\n$ syncrules {words}")
        done = subprocess.run(
            self._command(words),
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise SyncrulesError(f"`syncrules {words}` ended with {done.returncode}: {done.stderr}")
        body, _, end = done.stdout.rstrip().rpartition("\n\n")
        lines = body.splitlines()
        if most and len(lines) > most:
            lines = [*lines[:most], f"    ... {len(lines) - most:,} more lines"]
        self.say("\n".join([*lines, "", end] if lines else [end]))

    def _command(self, words: str) -> list[str]:
        return [sys.executable, "-m", "syncrules.cli", *words.split()]

    def _killed(self) -> None:
        """Starts a run and kills it when its second request to write has arrived."""
        self.say("\n$ syncrules run &")
        before = self._writes()
        child = subprocess.Popen(
            self._command("run"),
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while child.poll() is None and self._writes() < before + 2:
            self.clock.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.wait()
        self.say(f"$ kill -9 {child.pid}")
        self.say(f"killed after {self._writes() - before} requests to write")

    def _writes(self) -> int:
        """Requests so far that change something in a system."""
        apollo = sum("bulk_" in one.path or one.method == "PATCH" for one in self.apollo.requests)
        apollo += sum("update_" in one.path for one in self.apollo.requests)
        return apollo + sum(
            "composite/sobjects" in one.path and one.method in ("POST", "PATCH")
            for one in self.salesforce.requests
            if not one.path.rstrip("/").rsplit("/", 1)[-1].istitle()
        )

    def _refused(self) -> frozenset[str]:
        """Keys of records that stand in the error log."""
        import json

        self._type("errors", most=5)
        done = subprocess.run(
            self._command("errors --format json"),
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        entries = json.loads(done.stdout)["errors"]
        return frozenset(str(one["key"]).casefold() for one in entries if one["key"])

    # ---- people

    def _edit(self) -> None:
        contacts = sorted(self.apollo.rows("contact"))
        rows = {name: sorted(self.salesforce.rows(name)) for name in ("Lead", "Contact")}
        deals = sorted(self.salesforce.rows("Opportunity"))
        kinds: list[Callable[[int], None]] = [
            lambda n: self.apollo.update("contact", contacts[n], {"title": f"Head of {n}"}),
            lambda n: self.apollo.update("contact", contacts[n], {"stage": "Interested"}),
            lambda n: self.apollo.update("contact", contacts[n], {"last_name": f"Newname{n}"}),
        ]
        for number, place in enumerate(self.chance.sample(range(len(contacts)), EDITS)):
            kinds[number % len(kinds)](place)
        for number in range(EDITS):
            name = ("Lead", "Contact")[number % 2]
            id = self.chance.choice(rows[name])
            value = {"Title": f"VP {number}"} if number % 3 else {"FirstName": f"Alex{number}"}
            self.salesforce.update(name, id, value)
        for id in self.chance.sample(deals, min(len(deals), 10)):
            self.salesforce.update("Opportunity", id, {"StageName": "Closed Won"})
        self.say("edited: titles, names, stages; ten deals were won")

    def _import(self) -> frozenset[str]:
        return frozenset(
            self.apollo.create(
                "contact",
                {
                    "first_name": "New",
                    "last_name": f"Comer{number}",
                    "email": f"new.comer{number}@trade-fair.example",
                    "title": "Visitor",
                    "organization_name": "Trade Fair",
                    "stage": "Interested",
                },
            )
            for number in range(NEWCOMERS)
        )
