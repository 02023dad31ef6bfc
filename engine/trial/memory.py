"""Both systems and the state of one test, held in memory: what deciding asks of, `run/state.py`.

Knows records, links, marks and what was planned, and how they are looked up. What a test says
happened is brought in by `play.py`; what follows from it is decided by the engine itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ...connectors.base import company
from ...connectors.base.values import Value, folded
from ...dsl.rules import SIDES, Side
from ..plan.model import Plan
from ..run.closures import Ready
from ..run.decision import Base, Coming
from ..run.state import Approved, Linked, MarkRow, Stored
from .ground import Ground

NOW = 1
"""The run that a test carries out; what was there before it is of run 0."""


@dataclass(slots=True)
class Mark:
    """A dirty record: `decided` once this run has decided it, `held` where it waits."""

    cause: str
    decided: bool = False
    held: bool = False


@dataclass(slots=True)
class Memory:
    """`State` for one test. Records are by (system, object) and id; `names` are the ids of users
    by address, which are the same on both sides."""

    ground: Ground
    today: str
    run: int = NOW
    first_runs: Mapping[str, int] = field(default_factory=dict)
    backfilled: Collection[str] = ()
    records: dict[tuple[str, str], dict[str, Stored]] = field(default_factory=dict)
    marks: dict[str, dict[tuple[Side, str], Mark]] = field(default_factory=dict)
    held: dict[str, list[Linked]] = field(default_factory=dict)
    pairs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    updates: dict[tuple[str, str], list[tuple[str, Mapping[str, Value | Coming]]]] = field(
        default_factory=dict
    )

    @property
    def plan(self) -> Plan:
        return self.ground.plan

    @property
    def flows(self) -> Mapping[str, Ready]:
        return self.ground.flows

    # ---- what is asked

    def unseen(self, system: str, object: str) -> bool:
        """A test tells all there is."""
        return False

    def stored(self, system: str, object: str, ids: Iterable[str]) -> dict[str, Stored]:
        here = self.records.get((system, object))
        return {id: here[id] for id in ids if id in here} if here else {}

    def turns(self, system: str, object: str, id: str) -> list[tuple[int, str]]:
        """In a test nothing has been anything else before."""
        return []

    def links(self, flow: str, side: Side, ids: Iterable[str]) -> dict[str, Linked]:
        here = self.held.get(flow)
        if not here:
            return {}
        wanted = set(ids)
        return {
            id: one for one in here if (id := one.left if side == "left" else one.right) in wanted
        }

    def by_value(
        self, system: str, object: str, field: str, values: Iterable[str]
    ) -> list[tuple[str, str]]:
        here = self.records.get((system, object))
        if not here:
            return []
        format = self.ground.formats.get((system, object, field), "")
        wanted = set(values)
        return [
            (value, one.id)
            for one in here.values()
            if one.life == "here" and (value := folded(one.values.get(field), format)) in wanted
        ]

    def by_domain(
        self, system: str, object: str, field: str, domains: Iterable[str]
    ) -> list[tuple[str, str]]:
        wanted = set(domains)
        return [
            (found, one.id)
            for one in self.records.get((system, object), {}).values()
            if one.life == "here"
            for found in company.domains(one.values.get(field))
            if found in wanted
        ]

    def marks_of(self, flow: str, side: Side, ids: Iterable[str]) -> list[MarkRow]:
        here = self.marks.get(flow)
        if not here:
            return []
        found = ((id, here.get((side, id))) for id in ids)
        return [
            (side, id, 1, one.cause, int(one.decided), self.run if one.decided else 0)
            for id, one in found
            if one is not None
        ]

    def planned_pairs(self, flow: str, ids: Iterable[str]) -> list[tuple[str, str]]:
        here = self.pairs.get(flow)
        if not here:
            return []
        wanted = set(ids)
        return [one for one in here if one[0] in wanted or one[1] in wanted]

    def planned_values(
        self, system: str, object: str, ids: Iterable[str]
    ) -> list[tuple[str, Mapping[str, Value | Coming]]]:
        here = self.updates.get((system, object))
        if not here:
            return []
        wanted = set(ids)
        return [one for one in here if one[0] in wanted]

    def approved(self, flow: str, lefts: Iterable[str]) -> set[tuple[str, Approved]]:
        """Nobody approves anything in a test."""
        return set()

    def everyone(self, side: Side, object: str) -> list[Stored]:
        """All records of an object, in the order given."""
        return list(self.records.get((self.ground.systems[side], object), {}).values())

    # ---- what is kept

    def put(self, side: Side, object: str, record: Stored) -> None:
        """A record as it is now."""
        system = self.ground.systems[side]
        self.records.setdefault((system, object), {})[record.id] = record

    def link(self, flow: str, left: str, right: str, base: Base) -> None:
        """A link that was there at the last run."""
        here = self.held.setdefault(flow, [])
        here[:] = [one for one in here if left != one.left and right != one.right]
        here.append(Linked(left, right, base, ""))

    def mark(self, flow: str, side: Side, id: str, cause: str) -> None:
        """Marks a record; a mark that is there keeps its cause unless this one was asked for."""
        here = self.marks.setdefault(flow, {})
        old = here.get((side, id))
        if old is None or cause == "brought along":
            here[side, id] = Mark(cause)

    def know_user(self, address: str) -> str:
        """The id of a user, who exists on both sides from here on."""
        id = address.casefold()
        for flow in self.ground.users:
            if self.links(flow.name, "left", [id]):
                continue
            for side in SIDES:
                end = flow.end(side)
                keys = self.ground.user_keys[end.system, end.object]
                values = {
                    **self.ground.blank[end.system, end.object],
                    **dict.fromkeys(keys, address),
                }
                self.put(side, end.object, Stored(id, values, "", "here", "", 0))
            self.link(flow.name, id, id, Base({}, {}))
        return id
