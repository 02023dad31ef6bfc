"""Carries a query out: names against the schema, conditions as closures, the cheapest way to rows.

Knows the texts of INVALID_FIELD and INVALID_TYPE, how SOQL compares, and which indexes of
`rows.py` a condition may use. The grammar is in `soql.py`, cursors and pages in `resources.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ...base.frozen import dataclass
from .errors import NO_COLUMN, Refused, whole
from .org import Org
from .reading import Getter, attributes, getter, parent
from .rows import Row
from .schema import Field, ObjectType
from .soql import Compare, Condition, Either, Every, Literal, Not, Order, Query, located
from .values import compared, full_id

Test = Callable[[Row], bool]

_NUMBERS = ("int", "double", "currency", "percent")
_FEW = 500
"""Rows below which looking them up one by one beats walking the order of stamps."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: ids in order, and how to show each, as a record or by the columns of a
    sheet; or only how many there are."""

    of: ObjectType
    ids: Sequence[str]
    total: int
    show: Callable[[Row, str], dict[str, Any]]
    columns: Callable[[], list[Column]]


@dataclass(frozen=True, slots=True)
class Column:
    """A path of a query in the schema's own spelling: its last field, and how to read it."""

    name: str
    field: Field
    get: Getter


def run(org: Org, query: Query, *, deleted_too: bool) -> Found:
    """The rows that a query asks for. Raises `Refused`."""
    of = org.schema.get(query.object)
    if of is None or not of.raw.get("queryable", True):
        message = (
            f"sObject type '{query.object}' is not supported. If you are attempting to use a "
            "custom object, be sure to append the '__c' after the entity name. Please reference "
            "your WSDL or the describe call for the appropriate names."
        )
        raise located(query.text, query.object_at, "INVALID_TYPE", message)
    return _Run(org, of, query, deleted_too).found()


class _Run:
    def __init__(self, org: Org, of: ObjectType, query: Query, deleted_too: bool) -> None:
        self.org = org
        self.of = of
        self.query = query
        self.deleted_too = deleted_too
        self.table = org.store.table(of)

    def found(self) -> Found:
        query = self.query
        names = [path.lower() for path, _ in query.select]
        if len(set(names)) < len(names):
            twice = next(path for path, _ in query.select if names.count(path.lower()) > 1)
            raise whole(400, "MALFORMED_QUERY", f"duplicate field selected: {twice}")
        show = self._show(query.select)
        test = None if query.where is None else self._test(query.where)
        order = [(one, self._sortable(one)) for one in query.order]
        limit = None if query.limit is None else query.limit + query.offset
        ids = self._ids(test, order, limit)
        ids = ids[query.offset : limit]
        return Found(self.of, [] if query.counts else ids, len(ids), show, self._columns)

    def _columns(self) -> list[Column]:
        return [self._column(path, at) for path, at in self.query.select]

    def _ids(
        self, test: Test | None, order: list[tuple[Order, Column]], limit: int | None
    ) -> list[str]:
        rows, where = self.table.rows, self.query.where
        few = None if where is None else self._candidates(where)
        least = "" if where is None else self._least(where)
        stamped = [one.path.lower() for one, _ in order if not one.descending]
        walk = stamped == [one.path.lower() for one, _ in order] and stamped in (
            ["systemmodstamp"],
            ["systemmodstamp", "id"],
        )
        if few is not None and (len(few) < _FEW or not walk):
            pool: Iterable[str] = sorted(few)
            walk = False
        elif "SystemModstamp" in self.of.fields and (walk or least):
            pool = self.table.by_stamp(least)
            if not order:
                pool = sorted(pool)
        else:
            pool = list(rows)
        found: list[str] = []
        for id in pool:
            row = rows[id]
            if id in self.org.unshared:
                continue
            if not self.deleted_too and (row.get("IsDeleted") or row.get("IsArchived")):
                continue
            if test is None or test(row):
                found.append(id)
                if limit is not None and len(found) >= limit and (walk or not order):
                    break
        if not walk:
            for one, column in reversed(order):
                self._sort(found, one, column)
        return found

    def _sort(self, ids: list[str], order: Order, column: Column) -> None:
        rows, get = self.table.rows, column.get
        whole_ids = column.field.type in ("id", "reference")

        def key(id: str) -> tuple[bool, Any]:
            value = get(rows[id])
            if value is None:
                # `reverse` turns the place of blanks round, too.
                return (order.nulls_last != order.descending, 0)
            blank_side = order.nulls_last != order.descending
            return (not blank_side, value if whole_ids else compared(value))

        ids.sort(key=key, reverse=order.descending)

    def _column(self, path: str, at: int) -> Column:
        """What a path names, following references. Raises `Refused` for what isn't there."""
        hops = path.split(".")
        if len(hops) > 1 and hops[0].lower() == self.of.name.lower():
            hops = hops[1:]
        return self._reach((self.of,), hops, at)

    def _reach(self, targets: tuple[ObjectType, ...], hops: list[str], at: int) -> Column:
        schema = self.org.schema
        if len(hops) == 1:
            name = hops[0]
            if len(targets) > 1 and name.lower() == "type":
                return Column(_TYPE.name, _TYPE, lambda row: self._kind(row["Id"]))
            for of in targets:
                field = schema.field(of, name)
                if field is not None:
                    return Column(field.name, field, getter(of, field))
            message = f"No such column '{name}' on entity '{targets[0].name}'.{NO_COLUMN}"
            raise located(self.query.text, at, "INVALID_FIELD", message)
        field = next((one for of in targets if (one := of.relationship(hops[0]))), None)
        known = () if field is None else tuple(filter(None, map(schema.get, field.refs)))
        if field is None or not known:
            message = (
                f"Didn't understand relationship '{hops[0]}' in field path. If you are "
                "attempting to use a custom relationship, be sure to append the '__r' after the "
                "custom relationship name. Please reference your WSDL or the describe call for "
                "the appropriate names."
            )
            raise located(self.query.text, at, "INVALID_FIELD", message)
        inner = self._reach(known, hops[1:], at)
        follow = parent(self.org.store, field)

        def get(row: Row) -> Any:
            above = follow(row)
            return None if above is None else inner.get(above[1])

        return Column(f"{field.relationship}.{inner.name}", inner.field, get)

    def _kind(self, id: str) -> str | None:
        of = self.org.schema.by_prefix.get(id[:3])
        return None if of is None else of.name

    def _show(self, select: Sequence[tuple[str, int]]) -> Callable[[Row, str], dict[str, Any]]:
        """How a row is shown: columns in their order, parents as records inside."""
        paths = []
        for path, at in select:
            hops = path.split(".")
            own = len(hops) > 1 and hops[0].lower() == self.of.name.lower()
            paths.append((hops[1:] if own else hops, at))
        return self._record((self.of,), paths)

    def _record(
        self, targets: tuple[ObjectType, ...], paths: list[tuple[list[str], int]]
    ) -> Callable[[Row, str], dict[str, Any]]:
        plain: dict[str, Getter | None] = {}
        above: dict[str, tuple[Field, list[tuple[list[str], int]]]] = {}
        for hops, at in paths:
            column = self._reach(targets, hops, at)
            if len(hops) == 1:
                plain[column.field.name] = column.get
                continue
            field = next(one for of in targets if (one := of.relationship(hops[0])))
            plain[field.relationship] = None
            above.setdefault(field.relationship, (field, []))[1].append((hops[1:], at))
        nested = {
            name: (parent(self.org.store, field), self._record(self._targets(field), inner))
            for name, (field, inner) in above.items()
        }

        def show(row: Row, version: str) -> dict[str, Any]:
            id = row["Id"]
            of = targets[0] if len(targets) == 1 else self.org.schema.by_prefix[id[:3]]
            record: dict[str, Any] = {"attributes": attributes(of, id, version)}
            for name, get in plain.items():
                if get is not None:
                    record[name] = get(row)
                    continue
                follow, inner = nested[name]
                up = follow(row)
                record[name] = None if up is None else inner(up[1], version)
            return record

        return show

    def _targets(self, field: Field) -> tuple[ObjectType, ...]:
        return tuple(filter(None, map(self.org.schema.get, field.refs)))

    def _sortable(self, order: Order) -> Column:
        column = self._column(order.path, order.at)
        if not column.field.sortable:
            message = f"field '{column.field.name}' can not be sorted in a query call"
            raise located(self.query.text, order.at, "INVALID_FIELD", message)
        return column

    def _test(self, node: Condition) -> Test:
        if isinstance(node, Not):
            inner = self._test(node.part)
            return lambda row: not inner(row)
        if isinstance(node, Every):
            tests = [self._test(part) for part in node.parts]
            return lambda row: all(test(row) for test in tests)
        if isinstance(node, Either):
            tests = [self._test(part) for part in node.parts]
            return lambda row: any(test(row) for test in tests)
        column = self._column(node.path, node.at)
        if not column.field.filterable:
            message = f"field '{column.field.name}' can not be filtered in a query call"
            raise located(self.query.text, node.at, "INVALID_FIELD", message)
        return _comparison(column, node, self._days)

    def _days(self, word: str) -> tuple[date, date]:
        return days(word, datetime.fromtimestamp(self.org.clock.now(), UTC).date())

    def _candidates(self, node: Condition) -> set[str] | None:
        """Ids that an index gives for a condition, None where no index helps."""
        if isinstance(node, Every):
            sets = [one for part in node.parts if (one := self._candidates(part)) is not None]
            return min(sets, key=len) if sets else None
        if isinstance(node, Either):
            parts = [self._candidates(part) for part in node.parts]
            known = [one for one in parts if one is not None]
            return set().union(*known) if len(known) == len(parts) else None
        if not isinstance(node, Compare) or node.operator not in ("=", "in"):
            return None
        field = self.of.by_lower.get(node.path.lower())
        if field is None or any(one.kind != "text" or not one.value for one in node.values):
            return None
        texts = [str(one.value) for one in node.values]
        if field.type in ("id", "reference"):
            texts = [full_id(one) or "" for one in texts]
        if field.name == "Id":
            return {one for one in texts if one in self.table.rows}
        return self.table.matching(field.name, texts)

    def _least(self, node: Condition) -> str:
        """A stamp that no row before it can meet the condition; "" where there is none."""
        if isinstance(node, Every):
            return max(self._least(part) for part in node.parts)
        if isinstance(node, Either):
            return min(self._least(part) for part in node.parts)
        if (
            isinstance(node, Compare)
            and node.path.lower() == "systemmodstamp"
            and node.operator in ("=", ">", ">=")
            and node.values[0].kind == "datetime"
        ):
            return str(node.values[0].value)
        return ""


def days(word: str, today: date) -> tuple[date, date]:
    """The days that a word such as `last_n_days:7` stands for: the first, and the one after the
    last. Weeks begin on Sunday."""
    name, _, number = word.partition(":")
    if "_n_days" in name or "_90_days" in name:
        count = int(number or 90)
        if name.startswith("last"):
            return today - timedelta(days=count), today + timedelta(days=1)
        return today + timedelta(days=1), today + timedelta(days=count + 1)
    if name in ("today", "yesterday", "tomorrow"):
        start = today + timedelta(days=("yesterday", "today", "tomorrow").index(name) - 1)
        return start, start + timedelta(days=1)
    side, _, unit = name.partition("_")
    step = ("last", "this", "next").index(side) - 1
    if unit == "week":
        start = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=step)
        return start, start + timedelta(weeks=1)
    if unit == "year":
        return date(today.year + step, 1, 1), date(today.year + step + 1, 1, 1)
    months = today.year * 12 + today.month - 1 + step
    return date(months // 12, months % 12 + 1, 1), date(
        (months + 1) // 12, (months + 1) % 12 + 1, 1
    )


def _comparison(column: Column, node: Compare, span: Callable[[str], tuple[date, date]]) -> Test:
    """The test that a comparison makes, once its literals fit the field's type."""
    get, field = column.get, column.field
    ids = field.type in ("id", "reference")
    for one in node.values:
        _fits(field, one)
    if node.values[0].kind == "days":
        return _in_days(column, node.operator, span(str(node.values[0].value)))
    values = [_plain(field, one) for one in node.values]
    first = values[0]
    if node.operator in ("=", "!=", "in", "not in"):
        wanted = frozenset(values)
        inside = node.operator in ("=", "in")
        if ids:
            return lambda row: (get(row) in wanted) is inside
        return lambda row: (compared(get(row)) in wanted) is inside
    if node.operator == "like":
        match = _pattern(str(first)).fullmatch
        return lambda row: (value := get(row)) is not None and match(str(value)) is not None
    if node.operator in ("includes", "excludes"):
        groups = [frozenset(str(one).split(";")) for one in values]
        inside = node.operator == "includes"

        def several(row: Row) -> bool:
            held = frozenset((compared(get(row)) or "").split(";"))
            return any(group <= held for group in groups) is inside

        return several
    if first is None:
        return lambda row: False
    less, equal = node.operator.startswith("<"), node.operator.endswith("=")

    def ordered(row: Row) -> bool:
        value = get(row)
        if value is None:
            return False
        value = value if ids else compared(value)
        return bool((equal and value == first) or (value < first if less else value > first))

    return ordered


def _in_days(column: Column, operator: str, span: tuple[date, date]) -> Test:
    get = column.get
    tail = "T00:00:00.000+0000" if column.field.type == "datetime" else ""
    start, end = (f"{one.isoformat()}{tail}" for one in span)
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: start <= value < end,
        "!=": lambda value: not start <= value < end,
        "<": lambda value: value < start,
        "<=": lambda value: value < end,
        ">": lambda value: value >= end,
        ">=": lambda value: value >= start,
    }
    test = tests[operator]
    return lambda row: (value := get(row)) is not None and test(value)


def _plain(field: Field, literal: Literal) -> Any:
    """A literal as it is compared; an empty text is blank."""
    value = literal.value
    if value == "" and literal.kind == "text":
        return None
    if field.type in ("id", "reference") and isinstance(value, str):
        return full_id(value)
    return value if literal.kind == "like" else compared(value)


def _fits(field: Field, literal: Literal) -> None:
    """Raises where a literal is of another type than the field."""
    kind, name = literal.kind, field.name
    if kind == "null":
        return
    if field.type in ("id", "reference"):
        if kind == "like":
            text = f"invalid operator on id field: {name}"
            raise whole(400, "INVALID_QUERY_FILTER_OPERATOR", text)
        if kind != "text" or (literal.value and full_id(str(literal.value)) is None):
            text = f"invalid ID field: {literal.value}"
            raise whole(400, "INVALID_QUERY_FILTER_OPERATOR", text)
        return
    if field.type in ("date", "datetime"):
        if kind not in (field.type, "days"):
            shown = "dateTime" if field.type == "datetime" else "date"
            raise _mismatch(name, shown, "should not be enclosed in quotes")
    elif field.type in _NUMBERS:
        if kind != "number":
            raise _mismatch(name, "double", "should not be enclosed in quotes")
    elif field.type == "boolean":
        if kind != "boolean":
            raise _mismatch(name, "boolean", "should not be enclosed in quotes")
    elif kind not in ("text", "like"):
        raise _mismatch(name, "string", "should be enclosed in quotes")


def _mismatch(name: str, wanted: str, quotes: str) -> Refused:
    message = f"value of filter criterion for field '{name}' must be of type {wanted} and {quotes}"
    return whole(400, "INVALID_FIELD", message)


def _pattern(text: str) -> re.Pattern[str]:
    """LIKE as a regular expression: `%` is anything, `_` one character, a backslash takes their
    meaning away."""
    parts = re.findall(r"\\.|.", text, flags=re.DOTALL)
    wild = {"%": ".*", "_": "."}
    spelled = (wild.get(part) or re.escape(part.removeprefix("\\") or "\\") for part in parts)
    return re.compile("".join(spelled), re.IGNORECASE | re.DOTALL)


_TYPE = Field.of({"name": "Type", "type": "string", "length": 40})
