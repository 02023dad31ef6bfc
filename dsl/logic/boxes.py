"""Which of many conditions may overlap at all: each a few boxes over variables they share.

Two boxes with nothing in common for one variable can't overlap, so a pair costs a few `&` of ints,
and conditions are sorted by one variable so that most pairs cost nothing.
Ties between variables are left out: what is ruled out here is ruled out for sure, the rest is
asked exactly in `__init__.py`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

from ..conditions import Condition
from .solve import TooMany, solutions
from .space import Describe, Space

MOST_SORTED = 200_000
"""Entries of the bins that conditions are sorted into."""
MOST_BOXES = 16
"""Boxes of one condition; with more of them it is taken to overlap anything."""


class Boxes:
    """The boxes of some conditions; None as a condition is everything."""

    def __init__(self, conditions: Sequence[Condition | None], describe: Describe) -> None:
        self._space = Space(describe, [one for one in conditions if one is not None])
        self._boxes = [self._of(one) for one in conditions]
        self._sorter = self._narrowest()
        self._bins: dict[int, list[int]] = {}
        for number in range(len(self._boxes)):
            for cell in self._cells(number):
                self._bins.setdefault(cell, []).append(number)

    def near(self, number: int) -> Iterator[int]:
        """The earlier conditions that may overlap this one, in order."""
        own = self._boxes[number]
        bins = [self._bins[cell] for cell in self._cells(number)]
        found = bins[0] if len(bins) == 1 else sorted(set().union(*bins))
        for first in found[: bisect_left(found, number)]:
            if any(_meet(one, other) for one in own for other in self._boxes[first]):
                yield first

    def _narrowest(self) -> int | None:
        """The variable that conditions leave the fewest cells of, to sort them by; None: no sorting
        would pay."""
        best, least = None, 1.0
        for variable, full in enumerate(self._space.full):
            left = sum(self._mask(each, variable).bit_count() for each in self._boxes)
            share = left / (full.bit_count() * len(self._boxes))
            if left <= MOST_SORTED and share < least:
                best, least = variable, share
        return best

    def _cells(self, number: int) -> list[int]:
        """The bins of a condition: those of the cells it leaves, or one for all conditions."""
        if self._sorter is None:
            return [0]
        mask = self._mask(self._boxes[number], self._sorter)
        return [cell for cell in range(mask.bit_length()) if mask >> cell & 1]

    def _mask(self, boxes: list[list[int]], variable: int) -> int:
        mask = 0
        for box in boxes:
            mask |= box[variable]
        return mask

    def _of(self, condition: Condition | None) -> list[list[int]]:
        full = list(self._space.full)
        if condition is None:
            return [full]
        formula = self._space.formula(condition)
        try:
            found = list(islice(solutions([formula], full), MOST_BOXES + 1))
        except TooMany:
            return [full]
        return found if len(found) <= MOST_BOXES else [full]


def _meet(one: list[int], other: list[int]) -> bool:
    for a, b in zip(one, other, strict=True):  # noqa: SIM110  a third faster than all() here
        if not a & b:
            return False
    return True
