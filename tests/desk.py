"""A project in a folder between a made-up Apollo and a made-up Salesforce, all in this process.

Everything goes the way that the command line goes, from the project file on; only the network and
the clock are simulated. Rules without a project are `both.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.apollo.simulator import simulate as made_up_apollo
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.engine import schemas, verbs
from syncrules.engine.project import Project
from syncrules.engine.report import ErrorEntry
from syncrules.engine.run.run import Result
from syncrules.engine.schedule import Ran, Said, Schedule, Stop
from syncrules.tests.worlds import SimWorld, VirtualClock

HOUR = 3600.0

FILE = """\
[systems.apollo]
connector = "apollo"
url = "https://apollo.test"
key = "file:apollo.key"

[systems.salesforce]
connector = "salesforce"
url = "https://salesforce.test"
client_id = "{client_id}"
client_secret = "file:salesforce.secret"
"""


@dataclass
class Desk:
    """The folder, the two systems, and the verbs."""

    folder: Path
    rules: str
    clock: VirtualClock = field(default_factory=VirtualClock)
    records: int = 0

    def __post_init__(self) -> None:
        options = SimulatorOptions(records=self.records, clock=self.clock)
        self.apollo: ApolloSimulator = made_up_apollo(options)
        self.salesforce: SalesforceSimulator = made_up_salesforce(options)
        self.clock.sleep(HOUR)
        handlers = {"apollo.test": self.apollo.handle, "salesforce.test": self.salesforce.handle}
        self.world = SimWorld(handlers, self.clock)
        given = self.salesforce.sign_in("https://salesforce.test")
        (self.folder / "apollo.key").write_text(self.apollo.key, encoding="utf-8")
        secret = self.folder / "salesforce.secret"
        secret.write_text(given["client_secret"], encoding="utf-8")
        file = self.folder / "syncrules.toml"
        file.write_text(self.project_file(given["client_id"]), encoding="utf-8")
        (self.folder / "rules").mkdir()
        self.write(self.rules)
        self.pull()

    def project_file(self, client_id: str) -> str:
        """What stands in `syncrules.toml`."""
        return FILE.format(client_id=client_id)

    @property
    def project(self) -> Project:
        return Project.load(self.folder)

    def write(self, rules: str) -> None:
        """The rule file is another one from now on."""
        (self.folder / "rules" / "rules.sync").write_text(rules, encoding="utf-8")

    def pull(self) -> str:
        """`syncrules schema pull`; what it says."""
        pulled = [schemas.pull(self.project, one, self.world) for one in ("apollo", "salesforce")]
        return "\n".join(one.text for one in pulled)

    def found(self) -> list[tuple[str, int]]:
        """`syncrules check`: codes and lines."""
        return [(one.code, one.span.line) for one in self.project.check().findings]

    def run(self) -> Result:
        """`syncrules run`."""
        [result] = verbs.run(self.project, self.world)
        return result

    def errors(self) -> list[ErrorEntry]:
        """`syncrules errors`."""
        return verbs.errors(self.project, self.world)

    def serve(self, hours: float, at: Callable[[Ran | Said], None] = lambda one: None) -> Told:
        """`syncrules serve`, stopped after some hours; `at` is called with each line."""
        stop = Stop(self.clock)
        until = self.clock.now() + hours * HOUR
        told = Told()

        def tell(one: Ran | Said) -> None:
            told.all.append(one)
            at(one)

        def slept() -> None:
            stop.asked = stop.asked or self.clock.now() >= until

        self.clock.slept = slept
        Schedule(self.project, self.world, stop, tell).run()
        return told


@dataclass
class Told:
    """What a schedule told."""

    all: list[Ran | Said] = field(default_factory=list)

    @property
    def runs(self) -> list[Ran]:
        return [one for one in self.all if isinstance(one, Ran)]

    @property
    def said(self) -> list[str]:
        return [one.text for one in self.all if isinstance(one, Said)]

    def of(self, period: int) -> list[Ran]:
        """The runs of a group that ended well."""
        return [one for one in self.runs if period in one.every and one.error is None]
