"""The rows of the simulated org: tables with indexes, ids, late commits, and taking back.

Knows nothing of rules: what may be saved is in `saves.py`, how rows are asked for in `query.py`.
A row is a dict of what is not blank, and is replaced, never changed in place.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .schema import ObjectType, Schema
from .values import compared, full_id, make_id

Row = dict[str, Any]

_STALE = 1000
"""Outdated entries an order may hold before it is made anew."""


class Table:
    """The rows of one object. `rows` are the committed ones, by id."""

    def __init__(self, of: ObjectType) -> None:
        self.of = of
        self.rows: dict[str, Row] = {}
        self.waiting: dict[str, Row] = {}
        self.due: dict[str, float] = {}
        self._by: dict[str, dict[Any, set[str]]] = {}
        self._order: list[tuple[str, str]] | None = None
        self._stale = 0
        self._made = 0

    def begin_with(self, rows: Mapping[str, Row]) -> None:
        """Fills a table that is empty yet."""
        self.rows, self._made = dict(rows), len(rows)

    def new_id(self) -> str:
        self._made += 1
        return make_id(self.of.prefix, self._made)

    def latest(self, id: str) -> Row | None:
        """The row as the last save left it, committed or not."""
        return self.waiting.get(id) or self.rows.get(id)

    def put(self, id: str, row: Row | None) -> None:
        """Commits a row, or takes it away for None, and keeps the indexes right."""
        old = self.rows.get(id)
        for name, index in self._by.items():
            before = None if old is None else old.get(name)
            after = None if row is None else row.get(name)
            if before != after:
                if before is not None:
                    index[compared(before)].discard(id)
                if after is not None:
                    index.setdefault(compared(after), set()).add(id)
        if self._order is not None:
            self._reorder(id, old, row)
        if row is None:
            self.rows.pop(id, None)
        else:
            self.rows[id] = row

    def matching(self, name: str, values: Iterable[Any]) -> set[str]:
        """Ids of the rows whose field has one of `values`, without regard to case."""
        index = self._by.get(name)
        if index is None:
            index = {}
            for id, row in self.rows.items():
                value = row.get(name)
                if value is not None:
                    index.setdefault(compared(value), set()).add(id)
            self._by[name] = index
        found: set[str] = set()
        for value in values:
            found |= index.get(compared(value), set())
        return found

    def by_stamp(self, least: str = "") -> Iterator[str]:
        """Ids in the order of SystemModstamp and Id, from the stamp `least` on."""
        if self._order is None or self._stale > max(_STALE, len(self._order) // 2):
            self._order = sorted((row["SystemModstamp"], id) for id, row in self.rows.items())
            self._stale = 0
        order = self._order
        for place in range(bisect_left(order, (least, "")), len(order)):
            at, id = order[place]
            row = self.rows.get(id)
            if row is not None and row["SystemModstamp"] == at:
                yield id

    def _reorder(self, id: str, old: Row | None, row: Row | None) -> None:
        order = self._order
        assert order is not None
        if old is not None:
            if row is not None and old["SystemModstamp"] == row["SystemModstamp"]:
                return
            self._stale += 1
        if row is None:
            return
        entry = (row["SystemModstamp"], id)
        place = bisect_left(order, entry)
        if place == len(order):
            order.append(entry)
        elif order[place] != entry:
            insort(order, entry)


class Store:
    """All tables. A save may commit later than its stamp says: until then only `latest` sees it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._tables: dict[str, Table] = {}
        self._late: list[tuple[float, int, Table, str, Row]] = []
        self._saves = 0
        self._undo: list[Callable[[], None]] | None = None

    def table(self, of: ObjectType) -> Table:
        found = self._tables.get(of.name)
        if found is None:
            found = self._tables[of.name] = Table(of)
        return found

    def named(self, name: str) -> Table:
        """The table of an object by its name; `KeyError` for one that isn't there."""
        return self.table(self.schema.objects[name.lower()])

    def holding(self, id: str) -> Table | None:
        """The table that ids of this prefix belong to."""
        of = self.schema.by_prefix.get(id[:3])
        return None if of is None else self.table(of)

    def find(self, id: str) -> tuple[ObjectType, Row] | None:
        """A committed row by its id, of whatever object."""
        table, whole = self.holding(id), full_id(id)
        row = None if table is None or whole is None else table.rows.get(whole)
        return None if table is None or row is None else (table.of, row)

    def put(self, table: Table, id: str, row: Row, visible: float = 0.0, now: float = 0.0) -> None:
        """Saves a row, to be seen from `visible` on (seconds since 1970) where that is not yet."""
        old, waited = table.rows.get(id), table.waiting.get(id)
        if visible > now or waited is not None:
            self._saves += 1
            # A later save of a row is never seen before an earlier one.
            before = table.due.get(id, 0.0)
            table.waiting[id], table.due[id] = row, max(visible, now, before)
            entry = (table.due[id], self._saves, table, id, row)
            heapq.heappush(self._late, entry)
            self._remember(lambda: self._forget(entry, waited, before))
        else:
            table.put(id, row)
            self._remember(lambda: table.put(id, old))

    def drop(self, table: Table, id: str) -> None:
        """Takes a row away for good, and what of it waits to be seen."""
        old, late = table.rows.get(id), self._late
        self._late = [one for one in late if one[2] is not table or one[3] != id]
        heapq.heapify(self._late)
        waited, due = table.waiting.pop(id, None), table.due.pop(id, 0.0)
        table.put(id, None)

        def undo() -> None:
            self._late = late
            if waited is not None:
                table.waiting[id], table.due[id] = waited, due
            table.put(id, old)

        self._remember(undo)

    def settle(self, now: float) -> None:
        """Commits the saves whose time has come."""
        while self._late and self._late[0][0] <= now:
            _, _, table, id, row = heapq.heappop(self._late)
            table.put(id, row)
            if table.waiting.get(id) is row:
                del table.waiting[id], table.due[id]

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What is saved inside is taken back where an exception leaves it."""
        outer, self._undo = self._undo, []
        try:
            yield
        except BaseException:
            for undo in reversed(self._undo):
                undo()
            self._undo = []
            raise
        finally:
            if outer is not None:
                outer.extend(self._undo)
            self._undo = outer

    def _remember(self, undo: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(undo)

    def _forget(
        self, entry: tuple[float, int, Table, str, Row], before: Row | None, due: float
    ) -> None:
        self._late.remove(entry)
        heapq.heapify(self._late)
        _, _, table, id, _ = entry
        if before is None:
            del table.waiting[id], table.due[id]
        else:
            table.waiting[id], table.due[id] = before, due
