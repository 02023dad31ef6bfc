"""Which of many conditions may overlap at all: each a few boxes over variables they share.

Two boxes with nothing in common for one variable can't overlap, so a pair costs a few `&` of ints.
Ties between variables are left out: what is ruled out here is ruled out for sure, the rest is
asked exactly in `__init__.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ..conditions import Condition
from .solve import TooMany, solutions
from .space import Describe, Space

MOST_BOXES = 16
"""Boxes of one condition; with more of them it is taken to overlap anything."""


class Boxes:
    """The boxes of some conditions; None as a condition is everything."""

    def __init__(self, conditions: Sequence[Condition | None], describe: Describe) -> None:
        self._space = Space(describe, [one for one in conditions if one is not None])
        self._boxes = [self._of(one) for one in conditions]

    def near(self, number: int) -> Iterator[int]:
        """The earlier conditions that may overlap this one, in order."""
        own = self._boxes[number]
        if len(own) == 1:
            # A list of (variable, mask) that it restricts: most conditions name few of all fields.
            full = self._space.full
            some = [(i, mask) for i, mask in enumerate(own[0]) if mask != full[i]]
            for first, boxes in enumerate(self._boxes[:number]):
                for box in boxes:
                    for i, mask in some:
                        if not box[i] & mask:
                            break
                    else:
                        yield first
                        break
            return
        for first, boxes in enumerate(self._boxes[:number]):
            if any(_meet(one, other) for one in own for other in boxes):
                yield first

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
    return all(a & b for a, b in zip(one, other, strict=True))
