"""The simulated team's records: rows that are replaced and never changed, and tables of them.

A table keeps its search orders up to date, finds rows by exact terms (an address, a
name), and can show its search index as it was some seconds ago. What values a row has, and what a
save does to them, is in `saves.py`.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...base.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A record: times in milliseconds since 1970; `values` has only what is not at its default."""

    id: str
    created: int
    updated: int
    values: Mapping[str, Any]
    deleted: bool = False

    def get(self, name: str) -> Any:
        """A value, None where the row has none."""
        return self.values.get(name)


Order = Callable[[Row], Any]


class Table:
    """Rows of one object, by id. `terms(row)` are the exact texts that a row is found by."""

    def __init__(self, terms: Callable[[Row], Iterable[str]], orders: Mapping[str, Order]) -> None:
        self.rows: dict[str, Row] = {}
        self.orders = orders
        self._terms = terms
        self._by_term: dict[str, set[str]] = {}
        self._sorted: dict[str, list[Row]] = {}
        self._behind: deque[tuple[int, str, Row | None]] = deque()

    def put(self, row: Row, now: int, lag: int = 0) -> None:
        """Stores a row in place of the one of its id; `lag` milliseconds later searches see it."""
        old = self.rows.get(row.id)
        if lag:
            self._behind.append((now + lag, row.id, old))
        if old is not None:
            for term in self._terms(old):
                self._by_term[term].discard(row.id)
        self.rows[row.id] = row
        if not row.deleted:
            for term in self._terms(row):
                self._by_term.setdefault(term, set()).add(row.id)
        for order, rows in self._sorted.items():
            place = self._place(order)
            if old is not None and not old.deleted:
                del rows[bisect_left(rows, place(old), key=place)]
            if not row.deleted:
                insort(rows, row, key=place)

    def here(self, id: str) -> Row | None:
        """The row of an id as it is now, None where it was never there or is deleted."""
        row = self.rows.get(id)
        return None if row is None or row.deleted else row

    def found(self, term: str) -> list[Row]:
        """The rows that have a term, as they are now, oldest first."""
        rows = (self.rows[id] for id in self._by_term.get(term, ()))
        return sorted(rows, key=lambda row: (row.created, row.id))

    def counted(self, term: str) -> int:
        """How many rows have a term."""
        return len(self._by_term.get(term, ()))

    def searched(self, order: str, now: int) -> Sequence[Row]:
        """All rows as the search index has them, ascending by an order of `orders`, or "" for the
        order of a search that names none: neither by time nor the order of creation."""
        if self._lags(now):
            return sorted(self._indexed(), key=self._place(order))
        if order not in self._sorted:
            self._sorted[order] = sorted(self._indexed(), key=self._place(order))
        return self._sorted[order]

    def searched_term(self, term: str, now: int) -> list[Row]:
        """The rows with a term, as the search index has them."""
        if self._lags(now):
            return [row for row in self._indexed() if term in self._terms(row)]
        return self.found(term)

    def _lags(self, now: int) -> bool:
        while self._behind and self._behind[0][0] <= now:
            self._behind.popleft()
        return bool(self._behind)

    def _place(self, order: str) -> Callable[[Row], tuple[Any, str]]:
        key = self.orders.get(order, _scattered)
        return lambda row: (key(row), row.id)

    def _indexed(self) -> Iterator[Row]:
        """Rows as the index has them: of those it lags behind, the oldest version not yet seen."""
        stale: dict[str, Row | None] = {}
        for _, id, old in self._behind:
            stale.setdefault(id, old)
        for row in self.rows.values():
            shown = stale.get(row.id, row) if stale else row
            if shown is not None and not shown.deleted:
                yield shown


def _scattered(row: Row) -> int:
    return zlib.crc32(row.id.encode())


class Ids:
    """Makes ids as Mongo does: eight hex digits of the second, then a counter."""

    def __init__(self, counter: int) -> None:
        self._counter = counter

    def new(self, milliseconds: int) -> str:
        """The next id, 24 hex digits."""
        self._counter += 1
        return f"{milliseconds // 1000:08x}{self._counter:016x}"
