"""What deciding asks of the state: records, links, marks, and what is planned by now.

A run answers from the database (`session.py`), a test from memory (`engine/trial/memory.py`).
Finding partners and the surroundings of a decision are written against this and mean the same for
both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from ...connectors.base.frozen import dataclass
from ...connectors.base.schema import Field
from ...connectors.base.values import Value
from ...dsl.rules import Side
from ..plan.model import Flow, Plan, Row
from .closures import Ready, Values
from .decision import Base, Coming

MarkRow = tuple[Side, str, int, str, int, int]
"""A mark: side, id, number, cause, the number that was decided last, and by which run."""

Approved = tuple[str, Side, Value | Coming, Value | Coming]
"""A change that a person let go: its row, the side, the value before and the value after."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the last look left it. `run` is the run of its last change, `first` the one that
    saw it first, 0: there before."""

    id: str
    values: Values
    stamp: str
    life: str
    into: str
    run: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class Linked:
    """A link with its base; `ended` says how it ended, "" while it stands."""

    left: str
    right: str
    base: Base
    ended: str


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is open: ids that must not be decided, and objects whose new records may be ours."""

    ids: frozenset[tuple[str, str]]
    objects: frozenset[tuple[str, str]]


NO_DOUBTS = Doubts(frozenset(), frozenset())


class State(Protocol):
    """The state as one run sees it. Answers name only what is there."""

    @property
    def plan(self) -> Plan: ...

    @property
    def flows(self) -> Mapping[str, Ready]: ...

    @property
    def run(self) -> int: ...

    @property
    def first_runs(self) -> Mapping[str, int]:
        """The first run of each rule."""

    @property
    def backfilled(self) -> Collection[str]:
        """The flows that a backfill was asked for since their rules are as they are."""

    @property
    def today(self) -> str: ...

    def unseen(self, system: str, object: str) -> bool:
        """Whether there may be records of an object that no look of this run has seen."""

    def stored(self, system: str, object: str, ids: Iterable[str]) -> dict[str, Stored]:
        """Records by id, as the last look left them."""

    def turns(self, system: str, object: str, id: str) -> list[tuple[int, str]]:
        """(run, life) of what became of a record since it was first seen."""

    def links(self, flow: str, side: Side, ids: Iterable[str]) -> dict[str, Linked]:
        """Links by the id on `side`, ended ones too."""

    def by_value(
        self, system: str, object: str, field: str, values: Iterable[str]
    ) -> list[tuple[str, str]]:
        """(folded value, id) of the records that are there and whose indexed field has one of
        `values`, folded."""

    def by_domain(
        self, system: str, object: str, field: str, domains: Iterable[str]
    ) -> list[tuple[str, str]]:
        """(domain, id) of the records whose indexed field has one of `domains` in it."""

    def marks_of(self, flow: str, side: Side, ids: Iterable[str]) -> list[MarkRow]:
        """The marks of records, also of those that wait."""

    def planned_pairs(self, flow: str, ids: Iterable[str]) -> list[tuple[str, str]]:
        """(left, right) of the creates and links that this run plans for any of `ids`; "" for the
        one that is to be made."""

    def planned_values(
        self, system: str, object: str, ids: Iterable[str]
    ) -> list[tuple[str, Mapping[str, Value | Coming]]]:
        """(id, fields) of the updates that this run plans."""

    def approved(self, flow: str, lefts: Iterable[str]) -> set[tuple[str, Approved]]:
        """(left id, change) of what persons have let go, for linked records by their left ids."""


def fields_of(flow: Flow, side: Side) -> tuple[Field, ...]:
    """The fields of one side of a flow."""
    return flow.left.fields if side == "left" else flow.right.fields


def leads_further(session: State, row: Row) -> bool:
    """Whether a row refers to records that rules are about: users are not."""
    return any(not session.flows[one].flow.users for one in row.through)


def other(side: Side) -> Side:
    """The other side."""
    return "right" if side == "left" else "left"
