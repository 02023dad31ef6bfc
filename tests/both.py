"""A made-up Apollo and a made-up Salesforce under one set of rules, all in this process.

Time stands still until someone sleeps, and every request goes through `SimWorld`. It knows how the
parts are put together; what rules demand of the rows is `oracle.py`, histories with crashes are
`simulation/`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from syncrules import dsl
from syncrules.connectors.apollo.connector import KIND as APOLLO
from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.apollo.simulator import simulate as made_up_apollo
from syncrules.connectors.base.contract import Connector
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.schema import Schema
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.salesforce.connector import KIND as SALESFORCE
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.connectors.salesforce.simulator import simulate as made_up_salesforce
from syncrules.engine import report
from syncrules.engine.plan.compile import compile
from syncrules.engine.plan.model import Plan
from syncrules.engine.run import run as verbs
from syncrules.engine.run.journal import Entry
from syncrules.engine.run.run import Result, Setup
from syncrules.engine.store.database import Database
from syncrules.engine.store.lease import Holder, this_process
from syncrules.tests.worlds import SimWorld, VirtualClock

ORG = "apollo~salesforce"
URLS = {"apollo": "https://apollo.test", "salesforce": "https://salesforce.test"}
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests that reached the two systems while one verb ran, by what they asked for."""

    apollo: Counter[str]
    salesforce: Counter[str]

    @property
    def apollo_writes(self) -> int:
        """Requests that change a record."""
        words = ("create", "update", "update_stages", "update_owners", "complete", "skip")
        return sum(n for name, n in self.apollo.items() if name.rpartition("/")[2].endswith(words))

    @property
    def salesforce_writes(self) -> int:
        """Requests that change a record; sign-ins are none, and neither is a question that has to
        be posted."""
        reads = ("GET ", "POST jobs/query", "DELETE jobs/query", "POST composite/sobjects/")
        return sum(n for name, n in self.salesforce.items() if not name.startswith(reads))


@dataclass
class Both:
    """Two systems, rules, a state, and the verbs. `said` is all that a person would be shown.
    `undocumented` and `team` are as in the project file."""

    rules: str
    apollo_people: int = 0
    salesforce_people: int = 0
    state: str = "sqlite://"
    seed: int = 1
    clock: VirtualClock = field(default_factory=VirtualClock)
    undocumented: str = "no"
    team: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        def options(people: int) -> SimulatorOptions:
            return SimulatorOptions(seed=self.seed, records=people, clock=self.clock)

        self.apollo: ApolloSimulator = made_up_apollo(options(self.apollo_people))
        self.salesforce: SalesforceSimulator = made_up_salesforce(options(self.salesforce_people))
        self.clock.sleep(HOUR)
        handlers = {"apollo.test": self.apollo.handle, "salesforce.test": self.salesforce.handle}
        self.world = SimWorld(handlers, self.clock)
        self.db = Database(self.state, self.world.point)
        self.said: list[str] = []
        connectors = self.sign_in()
        schemas = {name: one.describe() for name, one in connectors.items()}
        self.plan: Plan = self._compiled(self.rules, schemas)
        sizes = {name: one.write_batch for name, one in schemas.items()}
        deadlines = dict.fromkeys(connectors, 60.0)
        self.setup = Setup(
            ORG,
            self.plan,
            self.world,
            self.db,
            connectors,
            deadlines,
            sizes,
            lambda system, code: (APOLLO if system == "apollo" else SALESFORCE).advice(code),
            this_process(),
        )

    def _compiled(self, rules: str, schemas: Mapping[str, Schema]) -> Plan:
        checked = dsl.check({"rules.sync": rules}, schemas)
        assert checked.rules is not None, checked.findings
        return compile(checked.rules.sets[0], schemas, team=self.team)

    def edit(self, rules: str) -> None:
        """The rule file is another one from now on."""
        schemas = {name: one.describe() for name, one in self.setup.connectors.items()}
        self.setup = replace(self.setup, plan=self._compiled(rules, schemas))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be nowhere: the key, the client secret and the access tokens in use."""
        tokens = [
            one.headers["authorization"].removeprefix("Bearer ")
            for one in self.world.sent
            if "authorization" in one.headers
        ]
        own = (self.apollo.key, self.salesforce.sign_ins.client_secret)
        return (*own, *dict.fromkeys(tokens))

    def sign_in(self) -> dict[str, Connector]:
        """New connections to both, as a new process has them."""
        given = self.salesforce.sign_in(URLS["salesforce"])
        return {
            "apollo": APOLLO.connect(
                {
                    "system": "apollo",
                    "url": URLS["apollo"],
                    "key": Secret(self.apollo.key),
                    "undocumented": self.undocumented,
                },
                self.world,
            ),
            "salesforce": SALESFORCE.connect(
                {
                    "system": "salesforce",
                    "url": URLS["salesforce"],
                    "client_id": given["client_id"],
                    "client_secret": Secret(given["client_secret"]),
                },
                self.world,
            ),
        }

    def held_by(self, holder: Holder) -> Setup:
        """The same work, done by another runner."""
        fields = {name: getattr(self.setup, name) for name in self.setup.__dataclass_fields__}
        return Setup(**{**fields, "holder": holder})

    def run(self) -> Result:
        """`syncrules run`."""
        return self._told(verbs.run(self.setup, self._show))

    def preview(self) -> Result:
        """`syncrules preview`."""
        return self._told(verbs.preview(self.setup, self._show))

    def backfill(self, direction: str, object: str) -> Result:
        """`syncrules backfill DIRECTION OBJECT`."""
        return self._told(verbs.backfill(self.setup, direction, object, self._show))

    def errors(self) -> list[report.ErrorEntry]:
        """`syncrules errors`."""
        found = report.open_errors(self.db, [ORG], {ORG: self.setup.plan})
        self.said.append(report.errors_text(found))
        return found

    def calls(self) -> Calls:
        """All requests so far; see `since`."""
        apollo = Counter(one.action or one.path for one in self.apollo.requests)
        return Calls(apollo, Counter(self.salesforce.counts))

    def since(self, before: Calls) -> Calls:
        """The requests since `calls` was asked."""
        now = self.calls()
        return Calls(now.apollo - before.apollo, now.salesforce - before.salesforce)

    def _show(self, change: Entry) -> None:
        self.said.append(report.change_text(change))

    def _told(self, result: Result) -> Result:
        self.said.append(report.result_text(result))
        return result
