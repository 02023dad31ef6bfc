"""How many records of the present state each difference is about. Reads the state and nothing else.

Goes through the stored records of an object once for each difference, a page at a time, and asks
the conditions that `dsl/compare/` found. What was never read is not taken for blank: such records
are counted by themselves. What the differences are is `dsl/compare/`, how they are told `show.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ...connectors.base.values import Value
from ...connectors.base.world import World
from ...dsl.compare import Difference, Records, SetDifference
from ...dsl.conditions import All, Any, Condition, Get, Not, closure, reads, ways
from ...dsl.rules import InferRule, Side
from ..open import database
from ..project import Project
from ..store import statements as sql
from ..store import whole

if TYPE_CHECKING:
    from ..store.database import Database
    from .verb import Compared

PAGE = 1000
"""Records that are loaded at once."""

_OF_ALL = ("created", "not-created", "stopped", "not-stopped", "source")
"""Kinds of difference that are about all records of an object; others are about linked ones."""

Values = Mapping[str, Value]
Judge = Callable[[Callable[[Get], Value], str], bool | None]


@dataclass(frozen=True, slots=True)
class Count:
    """Of `total` stored records, `found` are such, `linked` of them linked already; `unread` can't
    be told, for what the condition asks of them was never read."""

    total: int
    found: int
    linked: int
    unread: int = 0


def counts(project: Project, compared: Compared, world: World) -> Compared:
    """The same with a count for each difference that is about records."""
    url = project.state_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
        return replace(compared, uncounted="there is no state yet: no run has read any record")
    with database(project, world) as db:
        found = [
            _Stored(db, one, project.zone, world).counts(one.differences) for one in compared.sets
        ]
    if not any(count for one in found for count in one if count and count.total):
        return replace(compared, uncounted="the state has no records of these objects yet")
    return replace(compared, counts=tuple(found))


@dataclass(slots=True)
class _Tally:
    """A count on the way."""

    total: int = 0
    found: int = 0
    linked: int = 0
    unread: int = 0

    def add(self, verdicts: Iterable[bool | None], linked: Iterable[bool]) -> None:
        """Some more records: whether each is such, None where that can't be told, and whether it is
        linked."""
        for such, one in zip(verdicts, linked, strict=True):
            self.total += 1
            self.found += such is True
            self.linked += such is True and one
            self.unread += such is None

    @property
    def count(self) -> Count:
        return Count(self.total, self.found, self.linked, self.unread)


class _Unread(Exception):
    """A field was asked for that no look has read."""


class _Stored:
    """What is stored of the records of two systems, and which of them are linked."""

    def __init__(self, db: Database, rules: SetDifference, zone: str, world: World) -> None:
        self._db = db
        self._org = f"{rules.left}~{rules.right}"
        self._systems: dict[Side, str] = {"left": rules.left, "right": rules.right}
        self._zone = zone
        now = datetime.fromtimestamp(world.clock.now(), ZoneInfo(zone))
        self._today = now.date().isoformat()
        self._layouts = {
            number: tuple(json.loads(names))
            for number, names in db.rows(sql.layouts, org=self._org)
        }
        self._seen = {(row[0], row[1]) for row in db.rows(sql.all_cursors, org=self._org)}
        self._found: dict[tuple[Side, str, str, str], dict[str, str]] = {}
        self._links: dict[str, list[tuple[str, str]]] = {}
        for flow, left, right in db.rows(whole.links_of, org=self._org):
            self._links.setdefault(flow, []).append((left, right))

    def counts(self, differences: Sequence[Difference]) -> tuple[Count | None, ...]:
        """A count for each difference, None for one that is about no records. The records of an
        object are gone through once, however many differences are about them."""
        tallies: list[_Tally | None] = []
        asked: dict[tuple[Side, str], list[Callable[[Mapping[str, Values]], None]]] = {}
        for one in differences:
            about, tally = one.records, _Tally()
            tallies.append(None if about is None else tally)
            if about is None:
                continue
            if about.infers is not None:
                self._inferred(about, *about.infers, tally)
            elif about.when is None and not about.field:
                linked = self._partners(about.side, about.object, about)
                tally.add([True] * len(linked), [True] * len(linked))
            else:
                take = self._taking(about, tally, linked=one.kind not in _OF_ALL)
                asked.setdefault((about.side, about.object), []).append(take)
        for (side, object), some in asked.items():
            for page in self._pages(side, object):
                for take in some:
                    take(page)
        return tuple(None if one is None else one.count for one in tallies)

    # ---- what is counted

    def _taking(
        self, about: Records, tally: _Tally, *, linked: bool
    ) -> Callable[[Mapping[str, Values]], None]:
        """Counts in a page the records that are such, of all or of those that are `linked`."""
        partners = self._partners(about.side, about.object, about if linked else None)

        def take(page: Mapping[str, Values]) -> None:
            some = {id: one for id, one in page.items() if not linked or id in partners}
            if about.when is None:
                verdicts = [_known(one, about.field) for one in some.values()]
            else:
                verdicts = self._verdicts(about, some, about.when)
            tally.add(verdicts, (id in partners for id in some))

        return take

    def _inferred(
        self, about: Records, was: InferRule | None, now: InferRule | None, tally: _Tally
    ) -> None:
        """The linked records for which the two rules give another value."""
        before, after = self._values(about, was), self._values(about, now)
        for parent in self._partners(about.side, about.object, about).values():
            one, two = before(parent), after(parent)
            open_ = isinstance(one, _Unread) or isinstance(two, _Unread)
            tally.add([None if open_ else one != two], [True])

    def _values(
        self, about: Records, rule: InferRule | None
    ) -> Callable[[str], str | _Unread | None]:
        """What a rule infers from the records around a parent."""
        if rule is None:
            return lambda parent: None
        side: Side = "right" if rule.side == "left" else "left"
        there = Records(side, rule.related, about.left, about.right)
        asked = [(arm, _judge(arm.when, self._zone)) for arm in rule.arms]
        wanted = [get for arm in rule.arms if arm.when for get in reads(arm.when)]
        verdicts: dict[str, list[list[bool | None]]] = {}
        if (self._systems[side], rule.related) not in self._seen:
            return lambda parent: _Unread()
        for page in self._pages(side, rule.related):
            read = self._reader(there, page, wanted)
            for id, values in page.items():
                if rule.via not in values:
                    return lambda parent: _Unread()
                parent = values.get(rule.via)
                if parent is not None:
                    one = [judge(read(id), self._today) for _, judge in asked]
                    verdicts.setdefault(str(parent), []).append(one)

        def value(parent: str) -> str | _Unread | None:
            related = verdicts.get(parent, [])
            for number, (arm, _) in enumerate(asked):
                true = _arm(arm.quantifier, [one[number] for one in related])
                if true is None:
                    return _Unread()
                if true:
                    return arm.value
            return None

        return value

    # ---- records, links, conditions

    def _pages(self, side: Side, object: str) -> Iterator[dict[str, Values]]:
        after = ""
        while True:
            rows = self._db.rows(
                whole.records_after,
                org=self._org,
                system=self._systems[side],
                object=object,
                after=after,
                most=PAGE,
            )
            if not rows:
                return
            after = rows[-1][0]
            yield {id: self._body(layout, body) for id, layout, body in rows}

    def _body(self, layout: int, body: str) -> Values:
        """The values that were read, by field."""
        return {
            name: tuple(one) if isinstance(one, list) else one
            for name, one in zip(self._layouts[layout], json.loads(body), strict=True)
            if not isinstance(one, dict)
        }

    def _partners(self, side: Side, object: str, pair: Records | None = None) -> dict[str, str]:
        """The linked records of an object with their partners: of one pair, or of all it is in."""
        wanted = (side, object, pair.left if pair else "", pair.right if pair else "")
        if wanted in self._found:
            return self._found[wanted]
        found = self._found[wanted] = {}
        for flow, links in self._links.items():
            left, _, right = flow.partition("~")
            if (left if side == "left" else right) != object:
                continue
            if pair is None or (left, right) == (pair.left, pair.right):
                found.update(links if side == "left" else ((b, a) for a, b in links))
        return found

    def _verdicts(
        self, about: Records, page: Mapping[str, Values], when: Condition
    ) -> list[bool | None]:
        """Whether each record satisfies; None where that can't be told."""
        judge = _judge(when, self._zone)
        read = self._reader(about, page, reads(when))
        return [judge(read(id), self._today) for id in page]

    def _reader(
        self, about: Records, page: Mapping[str, Values], wanted: Sequence[Get]
    ) -> Callable[[str], Callable[[Get], Value]]:
        """How a condition gets the fields of a record, and of others over hops."""
        reached = {get.hops: self._on_any_way(about, page, get) for get in wanted}

        def read(id: str) -> Callable[[Get], Value]:
            def value(get: Get) -> Value:
                values = reached[get.hops].get(id)
                if values is None:
                    return None
                if get.field not in values:
                    raise _Unread
                return values[get.field]

            return value

        return read

    def _on_any_way(
        self, about: Records, page: Mapping[str, Values], get: Get
    ) -> Mapping[str, Values | None]:
        """As `_reached`, whichever objects the references lead to."""
        found: dict[str, Values | None] = {}
        for way in ways(get):
            there = self._reached(about, page, way)
            found |= {one: values for one, values in there.items() if found.get(one) is None}
        return found

    def _reached(
        self, about: Records, page: Mapping[str, Values], get: Get
    ) -> Mapping[str, Values | None]:
        """The record at the end of a path, by where it starts: None where there is none, without
        any field where a step on the way was never read."""
        side, object = about.side, about.object
        ids: dict[str, str | None] = {id: id for id in page}
        reached: dict[str, Values | None] = dict(page)
        for hop in get.hops:
            unread = set()
            if hop.kind == "link":
                pair = (object, hop.object) if side == "left" else (hop.object, object)
                partners = self._partners(side, object, Records(side, object, *pair))
                side = "right" if side == "left" else "left"
                ids = {start: partners.get(one or "") for start, one in ids.items()}
            else:
                unread = {one for one, values in reached.items() if _lacks(values, hop.name)}
                ids = {start: _id(values, hop.name) for start, values in reached.items()}
            object = hop.object
            there = self._some(side, object, {one for one in ids.values() if one})
            reached = {start: there.get(one) if one else None for start, one in ids.items()}
            reached.update((one, {}) for one in unread)
        return reached

    def _some(self, side: Side, object: str, ids: set[str]) -> dict[str, Values]:
        rows = self._db.rows(
            sql.records,
            org=self._org,
            system=self._systems[side],
            object=object,
            ids=sorted(ids),
        )
        return {row[0]: self._body(row[1], row[2]) for row in rows}


def _known(values: Values, field: str) -> bool | None:
    return values[field] is not None if field in values else None


def _lacks(values: Values | None, field: str) -> bool:
    return values is not None and field not in values


def _id(values: Values | None, reference: str) -> str | None:
    if values is None or values.get(reference) is None:
        return None
    return str(values[reference])


def _judge(condition: Condition | None, zone: str) -> Judge:
    """Whether a condition holds; None where that hangs on what was never read."""
    match condition:
        case None:
            return lambda read, today: True
        case Not(part):
            inner = _judge(part, zone)
            return lambda read, today: _not(inner(read, today))
        case All(parts) | Any(parts):
            judges = [_judge(one, zone) for one in parts]
            decides = isinstance(condition, Any)
            return lambda read, today: _together((one(read, today) for one in judges), decides)
        case _:
            holds = closure(condition, zone)
            return lambda read, today: _read(holds, read, today)


def _not(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _together(verdicts: Iterable[bool | None], decides: bool) -> bool | None:
    """The first verdict that decides an `and` or an `or`, else None where one is open."""
    unread = False
    for one in verdicts:
        if one is decides:
            return decides
        unread |= one is None
    return None if unread else not decides


def _read(
    holds: Callable[[Callable[[Get], Value], str], bool], read: Callable[[Get], Value], today: str
) -> bool | None:
    try:
        return holds(read, today)
    except _Unread:
        return None


def _arm(quantifier: str, verdicts: Sequence[bool | None]) -> bool | None:
    """Whether an arm is true, None where that can't be told."""
    if quantifier == "none":
        return not verdicts
    if quantifier == "any":
        return True if True in verdicts else None if None in verdicts else False
    if not verdicts or False in verdicts:
        return False
    return None if None in verdicts else True
