"""What is so while a story plays: a search that lags, a reply that is lost, small requests, large
sizes, a record that is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import pytest
from syncrules.connectors.apollo import pack
from syncrules.connectors.apollo.simulator.faults import Fault as ApolloFault
from syncrules.connectors.apollo.simulator.faults import Spoil as ApolloKind
from syncrules.connectors.salesforce import bulk, feeds, writes
from syncrules.connectors.salesforce.simulator.faults import Fault as SalesforceFault
from syncrules.connectors.salesforce.simulator.faults import Kind as SalesforceKind
from syncrules.connectors.salesforce.simulator.org import Validation
from syncrules.engine.run import run as verbs
from syncrules.tests.sweep.scene import Scene

Deed = Callable[[Scene], object]

WRITES = (
    ("POST", "bulk_create"),
    ("POST", "bulk_update"),
    ("POST", "update_stages"),
    ("PATCH", "contacts/"),
    ("PATCH", "accounts/"),
    ("POST", "/tasks"),
)
"""Method and part of the path of Apollo's requests to write."""
PAUSE = 900.0
"""Seconds between two runs, and from what people do to the first."""


def nothing(scene: Scene) -> None:
    """As ever."""


def run(scene: Scene) -> None:
    scene.go(verbs.run)


def retry(scene: Scene) -> None:
    scene.go(lambda setup: verbs.retry(setup, None))


def calm(scene: Scene) -> None:
    """Nothing goes wrong any more."""
    scene.apollo.faults.clear()
    scene.salesforce.faults.rules.clear()
    scene.salesforce.org.validations.clear()


@dataclass(frozen=True, eq=False)
class Setting:
    """`before` people act, and `since` they did. `steps` come after those of the story, `sizes` are
    what a module has for a size: what is done for many is done for a few then. `pause` is how long
    after people acted the first run begins."""

    name: str
    before: Deed = nothing
    since: Deed = nothing
    steps: tuple[Deed, ...] = ()
    sizes: tuple[tuple[ModuleType, str, int], ...] = ()
    pause: float = PAUSE


def _lags(scene: Scene) -> None:
    scene.apollo.team.lag = 9.0


def _saved_late(seconds: float) -> Deed:
    """What people save in Salesforce shows later."""

    def act(scene: Scene) -> None:
        scene.salesforce.org.commit_delay = seconds

    return act


def _strikes(ours: SalesforceKind, theirs: ApolloKind) -> Deed:
    """The first write of each kind meets a fault."""

    def since(scene: Scene) -> None:
        scene.salesforce.faults.rules += [
            SalesforceFault(ours, method, "/composite") for method in ("POST", "PATCH", "DELETE")
        ]
        scene.apollo.faults += [ApolloFault(theirs, method, path) for method, path in WRITES]

    return since


_TELLING = ("LastName", "Name", "Subject")


def refuses(scene: Scene) -> None:
    """Salesforce saves nobody whose name ends in 2, and Apollo refuses two requests."""
    for object in ("Lead", "Contact", "Account", "Task", "Event"):
        scene.salesforce.org.validations.append(
            Validation(
                object,
                "not this one",
                lambda row: any(str(row.get(name) or "").endswith("2") for name in _TELLING),
            )
        )
    for method, path in WRITES:
        body = '{"message": "not this one"}'
        scene.apollo.faults.append(
            ApolloFault("reply", method, path, times=2, status=422, body=body)
        )


LAGS, LATE, REFUSED = "a search lags", "saves show late", "one is refused, then not"
LOST_AFTER, LOST_BEFORE = "replies are lost", "requests are lost"
SINGLE = "one record a request"

SETTINGS = (
    Setting("as ever"),
    Setting(LAGS, _lags),
    Setting(LATE, _saved_late(400.0), _saved_late(0.0), (run,), pause=60.0),
    Setting(LOST_AFTER, since=_strikes("lost after", "lost after"), steps=(run,)),
    Setting(LOST_BEFORE, since=_strikes("lost before", "lost before"), steps=(run,)),
    Setting(SINGLE, sizes=((writes, "BATCH", 1), (pack, "PAGE", 1))),
    Setting(
        "in bulk",
        sizes=((feeds, "FROM", 2), (bulk, "SHEET", 4), (writes, "FEW", 1), (writes, "BATCH", 1)),
    ),
    Setting(REFUSED, since=refuses, steps=(calm, retry)),
)


@contextmanager
def sized(setting: Setting) -> Iterator[None]:
    """The sizes of a setting are in force."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, size in setting.sizes:
            patch.setattr(module, name, size)
        yield
