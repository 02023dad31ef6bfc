"""The values of one field, cut into cells: sets of values that no condition at hand tells apart.

A set of cells is an int used as a bit mask; bit 0 is the blank. Texts and choices are cut into the
values that are named and all others, numbers and days at the values they are compared with. Which
conditions there are is known in `space.py`, what is asked about them in `__init__.py`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache

from ...connectors.base.frozen import dataclass
from ...connectors.base.values import Value

BLANK = 1
"""The mask of the blank alone."""

FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()
"""Days are counted from 0001-01-01, which is 1."""

Folded = bool | str


@dataclass(frozen=True, slots=True)
class Finite:
    """Named values and, where `other` is not 0, all the rest as one cell.

    `bits` gives the cell of a folded value, `values` a value of a cell as it is written.
    """

    bits: Mapping[Folded, int]
    values: Mapping[int, Value]
    other: int
    full: int

    def of(self, value: Folded) -> int:
        """The cell of a value; nothing where no value of the field is like it."""
        return self.bits.get(value, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """Points and the stretches between them, in order: cell i has bit i + 1.

    `spans` are (lowest, highest): a point, whole numbers with both ends, or, where not `whole`, a
    stretch without its ends. `samples` is one value of each.
    """

    spans: tuple[tuple[float, float], ...]
    samples: tuple[float, ...]
    whole: bool
    full: int

    def compared(self, sign: str, value: float) -> int:
        """The cells whose values are `sign` (`is`, `<`, `<=`, `>`, `>=`) than a value that was cut
        at."""
        low, high = bisect_left(self.samples, value), bisect_right(self.samples, value)
        ends = {
            "is": (low, high),
            "<": (0, low),
            "<=": (0, high),
            ">": (high, len(self.samples)),
            ">=": (low, len(self.samples)),
        }
        start, end = ends[sign]
        return ((1 << end) - (1 << start)) << 1


Cells = Finite | Line


def fold(value: str) -> str:
    """A text as conditions compare it."""
    return value.strip().casefold()


@cache
def yes_or_no(*, blank: bool) -> Finite:
    """True and false; blank only where the record itself may be missing."""
    return Finite({True: 2, False: 4}, {4: False, 2: True}, 0, 6 | int(blank))


def texts(named: Iterable[str], *, closed: bool) -> Finite:
    """Each named value, and unless `closed` any other. A text is never empty: blank is."""
    bits: dict[Folded, int] = {}
    values: dict[int, Value] = {}
    for one in named:
        key = fold(one)
        if key and key not in bits:
            bits[key] = 2 << len(bits)
            values[bits[key]] = one.strip()
    other = 0 if closed else 2 << len(bits)
    return Finite(bits, values, other, (2 << len(bits)) - 1 | other)


def line(
    points: Iterable[float], *, whole: bool, low: float = -math.inf, high: float = math.inf
) -> Line:
    """The line from `low` to `high`, cut at each point; what has no value in it is left out."""
    spans: list[tuple[float, float]] = []
    samples: list[float] = []
    before = low - 1 if whole else low
    for point in [*sorted(set(points)), None]:
        last = high + 1 if whole else high
        end = last if point is None else min(point, last)
        span, sample = _whole(before, end) if whole else _open(before, end)
        if sample is not None:
            spans.append(span)
            samples.append(sample)
        if point is not None and low <= point <= high and (not whole or point == int(point)):
            spans.append((point, point))
            samples.append(point)
        before = max(before, end)
    return Line(tuple(spans), tuple(samples), whole, (2 << len(spans)) - 1)


def chosen(cells: Line, mask: int) -> Sequence[tuple[float, float]]:
    """The spans of the cells in a mask, the blank left out."""
    return [span for i, span in enumerate(cells.spans) if mask >> (i + 1) & 1]


def _whole(before: float, end: float) -> tuple[tuple[float, float], float | None]:
    """The whole numbers strictly between, with both ends, and the one nearest to nought."""
    low = before if math.isinf(before) else math.floor(before) + 1
    high = end if math.isinf(end) else math.ceil(end) - 1
    return (low, high), min(max(low, 0), high) if low <= high else None


def _open(before: float, end: float) -> tuple[tuple[float, float], float | None]:
    """The numbers strictly between, and one of them that reads well."""
    tries = (0, math.floor(before) + 1 if math.isfinite(before) else before)
    more = (math.ceil(end) - 1 if math.isfinite(end) else end, before / 2 + end / 2)
    for one in (*tries, *more):
        if before < one < end:
            return (before, end), one
    return (before, end), None
