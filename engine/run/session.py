"""What one run works with: the plan made ready, the systems, the state, and how values are stored.

Everything here is set up by `run.py` and shared by the steps. It decides nothing and writes no
record; bodies, layouts and marks are turned to and from rows of the state here and nowhere else.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ...connectors.base.company import domains
from ...connectors.base.contract import Connector, Read
from ...connectors.base.values import Value, folded
from ...connectors.base.world import World
from ...dsl.rules import SIDES, Side
from ...dsl.uses import Touched
from ...errors import BudgetSpent
from ..logins import Signers
from ..plan.model import Flow, Index, Plan, domain_of
from ..store import held, lives, troubles
from ..store import statements as sql
from ..store.database import Database
from .closures import Ready, ready
from .decision import Base, Coming
from .scope import ALL, Scope
from .state import Approved, Linked, MarkRow, Stored

BACKFILLED = "backfill"
"""The purpose of the cursor that says, by flow, in which run a backfill was asked for last; 0: none
since its rules are as they are."""

UNREAD: dict[str, str] = {}
"""How a value that was not read stands in a stored body: an empty object, which no value is."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What an undo leaves as it is: a record, or one `field` of it, and why."""

    system: str
    object: str
    record: str
    key: str
    field: str
    why: str


@dataclass
class Session:
    """One run of one set of rules."""

    org: str
    run: int
    plan: Plan
    world: World
    db: Database
    connectors: Mapping[str, Connector]
    deadlines: Mapping[str, float]
    sizes: Mapping[str, int]
    advise: Callable[[str, str], str]
    lags: Mapping[tuple[str, str], float] = field(default_factory=dict)
    signers: Mapping[str, Signers] = field(default_factory=dict)
    progress: Callable[[str], None] = lambda text: None
    renew: Callable[[], None] = lambda: None
    """Keeps the lease; `keep_alive` also raises where the run is to stop."""
    keep_alive: Callable[[], None] = lambda: None
    stopping: Callable[[], bool] = lambda: False
    scope: Scope = ALL
    drift: Callable[[Sequence[tuple[str, str]]], list[Touched]] = lambda names: []
    quiet: float = 0.0
    first_runs: Mapping[str, int] = field(default_factory=dict)
    backfilled: set[str] = field(default_factory=set)
    flows: dict[str, Ready] = field(default_factory=dict)
    reads: dict[tuple[str, str], Read] = field(default_factory=dict)
    indexes: dict[tuple[str, str], tuple[Index, ...]] = field(default_factory=dict)
    looked: dict[tuple[str, str], float] = field(default_factory=dict)
    whole: set[tuple[str, str]] = field(default_factory=set)
    """Objects, by system, that this run has read from the beginning of their feed."""
    numbers: int = 0
    """The rows of the journal that this run has written: where it is 0, it has planned nothing."""
    again: bool = False
    """Whether a write has met a record that was merged, converted or changed since it was read, or
    has made a person whom an activity waits for: then the run decides once more."""
    strangers: set[str] = field(default_factory=set)
    """Addresses of the people whom this run makes known."""
    doubtful: bool = True
    """Whether there may be writes whose outcome nobody knows."""
    open_errors: bool = False
    ends_seen: bool = False
    """Whether a look of this run has found a record gone, since it was last asked."""
    there: set[tuple[str, str]] = field(default_factory=set)
    """Objects, by system, of which this run has found that not half is gone."""
    asking: set[str] = field(default_factory=set)
    ask_numbers: int = 0
    blind: bool = False
    """Whether a field that was read before can be read no more."""
    undoing: bool = False
    """Whether it puts back what an earlier run changed; `kept` is what it can't put back."""
    kept: list[Kept] = field(default_factory=list)
    started: float = 0.0
    restored: float | None = None
    """Since when the state knows nothing, where it is an older copy; None: it is none."""
    found: dict[tuple[str, str], list[tuple[str, Mapping[str, Value], str]]] = field(
        default_factory=dict
    )
    """Updates of earlier runs that this one has found done, or changed since, by system and object:
    the record, what its fields held before, and the stamp that it has now."""
    spent: BudgetSpent | None = None
    """Why no more is written now, where what is left of a day's calls is left to others."""
    lost: dict[tuple[str, str], str] = field(default_factory=dict)
    """Logins that have ended, by (system, name), and why."""
    pairs: int = 0
    twins: int = 0
    """Linked pairs that were decided, and those with the same new value on both sides."""
    tallies: dict[tuple[str, str, str, str, str], Counter[str]] = field(default_factory=dict)
    """How often writes of each kind were refused, by cause; `struck` are the kinds that wait, for
    which cause, and whether it is a right that is missing (`struck.py`)."""
    struck: dict[tuple[str, str, str, str, str], tuple[str, bool]] = field(default_factory=dict)
    apart: set[int] = field(default_factory=set)
    """Rows of the journal that go out in smaller requests, since they got no reply before; `vain`
    counts those of each kind that got none again, one after the other (`struck.py`)."""
    vain: dict[tuple[str, str, str, str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counted = self.db.row(troubles.count, org=self.org)
        self.open_errors = bool(counted and counted[0])
        self.flows = {
            flow.name: ready(self.scope.narrowed(flow), self.plan.zone) for flow in self.plan.flows
        }
        rows = self.db.rows(sql.kept, org=self.org, purpose=BACKFILLED)
        self.backfilled = {flow for _, flow, run, _ in rows if run}
        self.asking = {name for name, one in self.flows.items() if one.asks}
        self.asking |= {name for (name,) in self.db.rows(held.flows, org=self.org)}
        self.reads = {(one.system, one.object): one for one in self.plan.reads}
        for read in self.plan.reads:
            here = (read.system, read.object)
            self.indexes[here] = tuple(
                one for one in self.plan.indexes if (one.system, one.object) == here
            )
        for system, signers in self.signers.items():
            self.lost |= {(system, name): why for name, why in signers.ended.items()}
        self.silent = {(one.system, one.object): one.quiet for one in self.plan.authors}
        self.editors = {(one.system, one.object): one for one in self.plan.editors}
        self._layouts: dict[int, tuple[str, ...]] = {}
        self._layout_ids: dict[tuple[str, ...], int] = {}
        for number, names in self.db.rows(sql.layouts, org=self.org):
            self._know(number, tuple(json.loads(names)))

    # ---- time

    @property
    def now(self) -> float:
        return self.world.clock.now()

    @property
    def today(self) -> str:
        """The day where the team is."""
        return datetime.fromtimestamp(self.now, ZoneInfo(self.plan.zone)).date().isoformat()

    def tomorrow(self) -> float:
        """When the team's next day begins."""
        return self.midnight(1)

    def midnight(self, days: int = 0) -> float:
        """When the team's day began, or one `days` later."""
        here = datetime.fromtimestamp(self.now, ZoneInfo(self.plan.zone)) + timedelta(days=days)
        return here.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    # ---- layouts and bodies

    def layout(self, names: Sequence[str]) -> int:
        """The number of a list of names; a new one is stored with the transaction under way."""
        wanted = tuple(names)
        if wanted not in self._layout_ids:
            number = max(self._layouts, default=0) + 1
            self.db.run(sql.put_layout, org=self.org, id=number, fields=json.dumps(wanted))
            self._know(number, wanted)
        return self._layout_ids[wanted]

    def _know(self, number: int, names: tuple[str, ...]) -> None:
        self._layouts[number] = names
        self._layout_ids[names] = number

    def body(self, layout: int, values: Mapping[str, Value]) -> str:
        """Values as a stored array; what is absent was not read."""
        return _dump([values.get(name, UNREAD) for name in self._layouts[layout]])

    def values(self, layout: int, body: str) -> dict[str, Value]:
        """The inverse of `body`."""
        names = self._layouts[layout]
        return {
            name: tuple(one) if isinstance(one, list) else one
            for name, one in zip(names, json.loads(body), strict=True)
            if not isinstance(one, dict)
        }

    # ---- records and links

    def unseen(self, system: str, object: str) -> bool:
        """Whether there may be records of an object that no look of this run has seen."""
        return (system, object) not in self.looked

    def stored(self, system: str, object: str, ids: Iterable[str]) -> dict[str, Stored]:
        """Records by id, as the last look left them."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        found = self.db.rows(sql.records, org=self.org, system=system, object=object, ids=wanted)
        return {
            id: Stored(id, self.values(layout, body), stamp, life, into, run, first)
            for id, layout, body, stamp, life, into, run, first in found
        }

    def turns(self, system: str, object: str, id: str) -> list[tuple[int, str]]:
        """(run, life) of what became of a record since it was first seen."""
        rows = self.db.rows(lives.of_records, org=self.org, ids=[id])
        return [(run, life) for run, _, *of, life, _ in rows if of == [system, object, id]]

    def links(self, flow: str, side: Side, ids: Iterable[str]) -> dict[str, Linked]:
        """Links by the id on `side`, ended ones too."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        statement = sql.links_by_left if side == "left" else sql.links_by_right
        found = self.db.rows(statement, org=self.org, flow=flow, ids=wanted)
        made = [
            Linked(left, right, Base(load_values(bl), load_values(br)), ended)
            for left, right, bl, br, ended in found
        ]
        return {one.left if side == "left" else one.right: one for one in made}

    def by_value(
        self, system: str, object: str, field: str, values: Iterable[str]
    ) -> list[tuple[str, str]]:
        """(folded value, id) of the records whose indexed field has one of `values`, folded."""
        return self.db.rows(
            sql.ids_by_key,
            org=self.org,
            system=system,
            object=object,
            field=field,
            values=sorted(set(values)),
        )

    def by_domain(
        self, system: str, object: str, field: str, domains: Iterable[str]
    ) -> list[tuple[str, str]]:
        """(domain, id) of the records whose indexed field has one of `domains` in it."""
        return self.by_value(system, object, domain_of(field), domains)

    def marks_of(self, flow: str, side: Side, ids: Iterable[str]) -> list[MarkRow]:
        """The marks of records, also of those that wait."""
        wanted = sorted(set(ids))
        if not wanted:
            return []
        return self.db.rows(sql.marks_of, org=self.org, flow=flow, side=side, ids=wanted)

    def planned_pairs(self, flow: str, ids: Iterable[str]) -> list[tuple[str, str]]:
        """(left, right) of the creates and links that this run plans for any of `ids`."""
        if not self.numbers:
            return []
        return self.db.rows(
            sql.planned_creates, org=self.org, run=self.run, flow=flow, ids=sorted(set(ids))
        )

    def planned_values(
        self, system: str, object: str, ids: Iterable[str]
    ) -> list[tuple[str, Mapping[str, Value | Coming]]]:
        """(id, fields) of the updates that this run plans."""
        wanted = sorted(set(ids))
        if not (wanted and self.numbers):
            return []
        where = {"org": self.org, "system": system, "object": object}
        rows = self.db.rows(sql.planned_updates, **where, run=self.run, ids=wanted)
        return [(id, load_coming(after)) for id, after in rows]

    def index_keys(
        self, system: str, object: str, id: str, values: Mapping[str, Value]
    ) -> list[dict[str, object]]:
        """What stands in the index of keys for a record."""
        return [
            {
                "org": self.org,
                "system": system,
                "object": object,
                "field": one.name,
                "value": value,
                "id": id,
            }
            for one in self.indexes.get((system, object), ())
            for value in _kept(one, values.get(one.field))
            if value
        ]

    def mark(self, marks: Iterable[tuple[str, Side, str]], cause: str) -> None:
        """Marks records dirty: (flow, side, id)."""
        self.db.many(
            sql.mark,
            [
                {
                    "org": self.org,
                    "flow": flow,
                    "side": side,
                    "id": id,
                    "cause": cause,
                    "not_before": 0.0,
                }
                for flow, side, id in sorted(set(marks))
            ],
        )

    def ends(self, system: str, object: str) -> list[tuple[Flow, Side]]:
        """The flows that an object is a side of."""
        return [
            (one.flow, side)
            for one in self.flows.values()
            for side in SIDES
            if (end := one.flow.end(side)).system == system and end.object == object
        ]

    def planned_ids(self, flow: str, side: Side, ids: Sequence[str]) -> set[str]:
        """Those of `ids` that this run has something open for."""
        if not (ids and self.numbers):
            return set()
        rows = self.db.rows(sql.open_pairs, org=self.org, run=self.run, flow=flow, ids=sorted(ids))
        return {left if side == "left" else right for left, right in rows}

    def approved(self, flow: str, lefts: Iterable[str]) -> set[tuple[str, Approved]]:
        rows = self.db.rows(held.of_pairs, org=self.org, flow=flow, ids=sorted(set(lefts)))
        return {
            (left, (row, side, load_coming(before)[""], load_coming(after)[""]))
            for _, left, row, side, before, after, state in rows
            if state == "approved"
        }

    def ask_number(self) -> int:
        """The next number of a change that waits for a person."""
        if not self.ask_numbers:
            last = self.db.row(held.last)
            self.ask_numbers = (last[0] or 0) if last else 0
        self.ask_numbers += 1
        return self.ask_numbers

    def number(self) -> int:
        """The next number in this run's journal."""
        self.numbers += 1
        return self.numbers


def _kept(index: Index, value: Value) -> tuple[str, ...]:
    """What stands in an index for a value."""
    return domains(value) if index.domain else (folded(value, index.format),)


_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump_values(values: Mapping[str, object]) -> str:
    """Named values as JSON; a coming reference as `{"coming": [flow, side, id]}`."""
    return _dump(
        {
            name: {"coming": [one.flow, one.side, one.id]} if isinstance(one, Coming) else one
            for name, one in values.items()
        }
    )


def load_values(text: str) -> dict[str, Value]:
    """The inverse of `dump_values` where nothing is coming."""
    found = {
        name: tuple(one) if isinstance(one, list) else one for name, one in json.loads(text).items()
    }
    if dict in map(type, found.values()):
        raise TypeError("no value is a structure")
    return found


def load_coming(text: str) -> dict[str, Value | Coming]:
    """The inverse of `dump_values`."""
    return {
        name: Coming(*one["coming"])
        if isinstance(one, dict)
        else tuple(one)
        if isinstance(one, list)
        else one
        for name, one in json.loads(text).items()
    }
