"""A made-up record out of sets of cells: values that read well, and that satisfy where they can.

Picks one value of each variable's cells, a day on which all `days since` come out, and for tests
that sets don't decide tries texts that are likely to pass. Whether the record satisfies is asked of
`conditions.holds`, so a witness is never wrong; where none was found, it says what is undecided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice, product

from ...connectors.base.frozen import dataclass
from ...connectors.base.schema import Field
from ...connectors.base.values import Value
from ..conditions import (
    Compare,
    Condition,
    Constant,
    Get,
    OneOf,
    Truth,
    holds,
    reads,
    text,
    written,
)
from .cells import BLANK, FIRST_DAY, LAST_DAY, Cells, Finite, Line, chosen, fold
from .space import Describe, Space, kind_of

USUAL_DAY = date(2026, 1, 31).toordinal()
"""The day of a witness where any will do."""

FIRST_TODAY = date(2026, 1, 1).toordinal()
"""No rule is run before this day: there was no such language."""
MOST_TRIES, MOST_TESTS = 100, 2000
"""Records that are tried in one box, and how many fields and tests they may have together."""
_SAMPLES = {
    "email": ("ada@example.com", "grace@example.org"),
    "phone": ("+1 555 0100", "+1 555 0101"),
    "url": ("https://example.com", "https://example.org"),
    "domain": ("example.com", "example.org"),
}
Spans = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Witness:
    """A record, as far as conditions read it: fields and their values, on a day.

    `today` is "" where no condition asks for it. `undecided` are the tests that could not be told;
    without any, the record is known to satisfy.
    """

    values: tuple[tuple[Get, Value], ...]
    today: str = ""
    undecided: tuple[Condition, ...] = ()

    def read(self, get: Get) -> Value:
        """The record as a reader of conditions."""
        return next((value for key, value in self.values if key == get), None)

    def shown(self) -> str:
        """`stage "Replied", email blank`."""
        fields = ", ".join(f"{text(Truth(get))} {_written(get, one)}" for get, one in self.values)
        return f"{fields} on {self.today}" if self.today else fields


def realise(
    space: Space, describe: Describe, boxes: Sequence[int], conditions: Sequence[Condition]
) -> Witness | None:
    """A record in a box that `solve` found; None where no day fits all that is asked of days."""
    fitting = days(space, boxes)
    if fitting is None:
        return None
    today, fixed = fitting
    gets = list(dict.fromkeys(get for one in conditions for get in reads(one)))
    picked = {
        get: fixed[get] if get in fixed else _pick(space, describe, get, boxes) for get in gets
    }
    shown = date.fromordinal(today).isoformat() if space.ages else ""
    first = Witness(tuple(picked.items()), shown)
    tries = min(MOST_TRIES, MOST_TESTS // (len(space.keys) + 1) + 1)
    for one in islice(_alike(space, describe, boxes, first), tries):
        if all(holds(each, one.read, shown) for each in conditions):
            return one
    return replace(first, undecided=tuple(space.undecided.values()) or tuple(conditions))


# ---- days


def days(space: Space, boxes: Sequence[int]) -> tuple[int, dict[Get, Value]] | None:
    """A day, and days of fields so that all `days since` come out; None where there is none."""
    asked: list[tuple[Get, Spans, Spans]] = []
    fixed: dict[Get, Value] = {}
    for key, variable in space.ages:
        there = space.keys[key]
        if boxes[variable] & boxes[there] & BLANK:
            fixed[key] = None
            continue
        since, own = space.cells[variable], space.cells[there]
        assert isinstance(since, Line) and isinstance(own, Line)
        asked.append((key, chosen(since, boxes[variable]), chosen(own, boxes[there])))
    # Days that have passed read better than days to come, where both will do.
    for least in (0, FIRST_DAY - LAST_DAY):
        passed = [(one, _common(ages, [(least, LAST_DAY)]), dates) for one, ages, dates in asked]
        today = _today([(ages, dates) for _, ages, dates in passed])
        if today is not None:
            for plain, ages, dates in passed:
                fits = _common(dates, [(today - high, today - low) for low, high in ages])
                fixed[plain] = _as_day(plain, _nearest(fits, today))
            return today, fixed
    return None


def _today(asked: Sequence[tuple[Spans, Spans]]) -> int | None:
    """A day that is each one of some dates and one of some ages later."""
    found: Spans = [(FIRST_TODAY, LAST_DAY)]
    for ages, dates in asked:
        found = _common(found, [(a + c, b + d) for a, b in ages for c, d in dates])
    return _nearest(found, USUAL_DAY) if found else None


def _common(some: Spans, others: Spans) -> Spans:
    found = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return [one for one in found if one[0] <= one[1]]


def _nearest(spans: Spans, wanted: int) -> int:
    found = (min(max(low, wanted), high) for low, high in spans)
    return int(min(found, key=lambda one: abs(one - wanted)))


def _as_day(get: Get, day: int) -> str:
    """A date, or for a moment the noon of the day."""
    whole = date.fromordinal(day).isoformat()
    return f"{whole}T12:00:00.000Z" if get.type == "datetime" else whole


# ---- values


def _pick(space: Space, describe: Describe, get: Get, boxes: Sequence[int]) -> Value:
    """One value of a field: blank where it may be, else the first that reads well."""
    variable = space.keys[get]
    cells, mask = space.cells[variable], boxes[variable]
    if kind_of(get) == "set":
        return _set(space, describe, get, boxes)
    if mask & BLANK:
        return None
    if isinstance(cells, Line):
        if get.type != "number":
            return _as_day(get, _nearest(chosen(cells, mask), USUAL_DAY))
        return next(one for i, one in enumerate(cells.samples) if mask >> (i + 1) & 1)
    return _finite(cells, mask, get, describe(get))


def _finite(cells: Finite, mask: int, get: Get, field: Field | None) -> Value:
    for one, value in cells.values.items():
        if mask & one:
            return value
    return next(iter(_others(cells, get, field)))


def _others(cells: Finite, get: Get, field: Field | None) -> Iterator[str]:
    """Values that no condition names: of the schema, of the format, or any."""
    known = [one.value for one in field.choices if one.active] if field is not None else []
    format = "domain" if get.function else field.format if field is not None else ""
    words = ("Other", *(f"Other {number}" for number in range(2, len(cells.bits) + 4)))
    if get.type == "reference":
        words = (f"some {get.field}",)
    for one in (*known, *_SAMPLES.get(format, ()), *words):
        if fold(one) not in cells.bits:
            yield one


def _set(space: Space, describe: Describe, get: Get, boxes: Sequence[int]) -> Value:
    """A multiple choice with all the values it must have."""
    tests = {
        str(test.right.value): boxes[number]
        for test, number in space.keys.items()
        if isinstance(test, Compare) and test.left == get and isinstance(test.right, Constant)
        if number not in space.undecided
    }
    field = describe(get)
    known = [one.value for one in field.choices] if field is not None else []
    spelling = {fold(one): one for one in known}
    wanted = [spelling.get(one, one) for one, mask in tests.items() if not mask & 4]
    if not wanted and not boxes[space.keys[get]] & BLANK:
        free = [one for one in known if fold(one) not in tests]
        may = [spelling.get(one, one) for one, mask in tests.items() if mask & 2]
        open_ = field is None or not field.restricted
        wanted = [*free, *(["Other"] if open_ else []), *may][:1]
    return tuple(sorted(wanted)) or None


def _alike(
    space: Space, describe: Describe, boxes: Sequence[int], first: Witness
) -> Iterator[Witness]:
    """The record itself, then others with values that tests which sets don't decide may want."""
    yield first
    picked = dict(first.values)
    tried = dict.fromkeys(get for test in space.undecided.values() for get in reads(test))
    addresses = (one for one in space.keys if isinstance(one, Get) and one.function == "domain of")
    tried.update((replace(one, function=""), None) for one in addresses)
    if not tried:
        return
    options = [_options(space, describe, boxes, get, picked) for get in tried]
    for values in product(*options):
        changed = {**picked, **dict(zip(tried, values, strict=True))}
        yield replace(first, values=tuple(changed.items()))


def _options(
    space: Space, describe: Describe, boxes: Sequence[int], get: Get, picked: Mapping[Get, Value]
) -> list[Value]:
    """Values of one field that are worth a try, the likeliest first."""
    found: dict[Value, None] = {picked.get(get): None}
    cells, field = space.cells[space.keys[get]], describe(get)
    tests = [
        (test, bool(boxes[number] & 2))
        for number, test in space.undecided.items()
        if get in reads(test)
    ]
    if isinstance(cells, Finite) and kind_of(get) == "text":
        bare = field is not None and field.format in ("domain", "url")
        found.update((one, None) for one in _texts(space, boxes, get, tests, bare=bare))
        found.update((one, None) for one in cells.values.values())
        found.update((one, None) for one in islice(_others(cells, get, field), 2))
    elif isinstance(cells, Line):
        others = [picked.get(other) for test, _ in tests for other in reads(test)]
        found.update((one, None) for one in _near(get, cells, others))
    found[None] = None
    mask = boxes[space.keys[get]]
    return [one for one in found if _within(cells, mask, one)]


def _within(cells: Cells, mask: int, value: Value) -> bool:
    """Whether a value lies in the box: what ties it to other fields holds there, and only there.
    Of a line the blank alone is told apart."""
    if value is None:
        return bool(mask & BLANK)
    if isinstance(cells, Finite) and isinstance(value, str):
        return bool(mask & (cells.of(fold(value)) or cells.other))
    return mask != BLANK


def _near(get: Get, cells: Cells, others: Sequence[Value]) -> Iterator[Value]:
    """Points of a line beside those of the fields it is compared with."""
    assert isinstance(cells, Line)
    points = list(cells.samples)
    for other in others:
        if isinstance(other, (int, float)) and get.type == "number":
            points += [other, other - 1, other + 1]
        elif isinstance(other, str) and get.type != "number":
            day = date.fromisoformat(other[:10]).toordinal()
            points += [day, day - 1, day + 1]
    for point in points:
        if get.type == "number":
            yield point
        elif FIRST_DAY <= point <= LAST_DAY:
            yield _as_day(get, int(point))


def _texts(
    space: Space,
    boxes: Sequence[int],
    get: Get,
    tests: Sequence[tuple[Compare | OneOf, bool]],
    *,
    bare: bool,
) -> Iterator[str]:
    """Texts put together from what they must start with, contain and end with."""
    want: dict[str, list[str]] = {"starts with": [], "contains": [], "ends with": []}
    hosts = _hosts(space, boxes, get)
    for test, wanted in tests:
        if wanted and isinstance(test, Compare) and isinstance(test.right, Constant):
            left = test.left
            if isinstance(left, Get) and not left.function and test.operator in want:
                want[test.operator].append(str(test.right.value))
            elif isinstance(left, Get):
                hosts.append(str(test.right.value))
        elif wanted and isinstance(test, Compare):
            hosts.append("example.com")
    start, end = (max(want[one], key=len, default="") for one in ("starts with", "ends with"))
    inner = [one for one in want["contains"] if one not in start and one not in end]
    whole = [start, *inner, end]
    for joint in (" ", ""):
        one = joint.join(filter(None, whole))
        if one:
            yield one
    if not hosts:
        yield "@"
    for host in hosts:
        yield from (host,) if bare else ()
        yield f"{''.join([start, *inner]) or 'ada'}@{host}"
        yield f"grace@{host}"
        yield host


def _hosts(space: Space, boxes: Sequence[int], get: Get) -> list[str]:
    """Domains that the field's address may have."""
    key = replace(get, function="domain of")
    if key not in space.keys:
        return []
    cells, mask = space.cells[space.keys[key]], boxes[space.keys[key]]
    assert isinstance(cells, Finite)
    found = [str(value) for one, value in cells.values.items() if mask & one]
    if mask & cells.other:
        found += islice(_others(cells, key, None), 2)
    return found


def _written(get: Get, value: Value) -> str:
    if value is None:
        return "blank"
    if get.type == "reference":
        return "known"
    if isinstance(value, tuple):
        return " and ".join(written(one, get) for one in value)
    whole = written(value, get)
    return whole[:10] if get.type == "datetime" else whole
