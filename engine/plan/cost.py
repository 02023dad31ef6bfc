"""What a plan costs in requests, before any is sent: reading all for the first time, and a run in
which nothing changed.

Reckons from the counts and page sizes that the schemas hold, so it is as good as they are; what a
run writes depends on the records and is not told here. `explain.py` prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from ...connectors.base.cost import DAY, look, once_more
from ...connectors.base.schema import Object, Schema
from .model import Plan


@dataclass(frozen=True, slots=True)
class ReadCost:
    """Requests of one read: the `first` time, and `quiet`, when nothing changed; None where that
    depends on what nobody counted. `every` is in minutes; `more` are those that a day has besides,
    for what is read once more."""

    system: str
    object: str
    every: int
    first: int | None
    quiet: int | None
    more: int = 0

    @property
    def daily(self) -> int | None:
        """Requests of a day on which nothing changes."""
        return None if self.quiet is None else ceil(self.quiet * DAY / self.every) + self.more


@dataclass(frozen=True, slots=True)
class Total:
    """Requests in all; `sure` is off where some part is unknown, and it is at least `requests`."""

    requests: int
    sure: bool


def requests(plan: Plan, schemas: Mapping[str, Schema]) -> tuple[ReadCost, ...]:
    """The cost of each read, in the order of looking."""
    return tuple(
        _cost(schemas[read.system], schemas[read.system].by_name[read.object], read.every)
        for read in plan.reads
    )


def total(parts: Iterable[int | None]) -> Total:
    """The sum of what is known."""
    given = tuple(parts)
    return Total(sum(one for one in given if one is not None), None not in given)


def _cost(schema: Schema, one: Object, every: int) -> ReadCost:
    first, quiet = look(schema, one)
    more = once_more(schema, one)
    return ReadCost(schema.system, one.name, every, first, quiet, more)
