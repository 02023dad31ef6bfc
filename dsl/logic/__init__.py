"""What can be known of conditions before any record is read, decided exactly by sets and intervals.

A choice has the values of its schema, or these and any other; a number, a date, the day of a moment
lie on a line; any field but a yes-or-no may be blank. Tests of texts other than `is` and `in`, and
two fields compared, are undecided: such a test and its opposite contradict, and a record is shown
only where it was tried. So "none" is a proof and a witness without `undecided` is one.

`space.py` and `ties.py` make formulas of conditions, `solve.py` solves them, `witness.py` makes up
the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, islice

from ..conditions import Condition, Get, Not
from .boxes import Boxes
from .solve import Budget, Formula, TooMany, solutions
from .space import Describe, Space
from .ties import ties
from .witness import Witness, days, realise

MOST_ASKED = 500_000
"""Steps of the search for all questions about the parts of one condition."""
MOST_TRIED = 20
"""Boxes of a condition in which a record is tried before it is called undecided."""
_MOST_TRIED_ALL = 12


def satisfiable(conditions: Sequence[Condition], describe: Describe) -> Witness | None:
    """A record that satisfies all conditions; None: there is none, on no day."""
    space = Space(describe, conditions)
    formulas = [space.formula(one) for one in conditions]
    doubtful: Witness | None = None
    try:
        boxes = solutions([*formulas, *ties(space)], space.full)
        records = (realise(space, describe, one, conditions) for one in boxes)
        for one in islice((one for one in records if one is not None), MOST_TRIED):
            if not one.undecided:
                return one
            doubtful = doubtful or one
    except TooMany:
        return doubtful or Witness((), undecided=tuple(conditions))
    return doubtful


def overlap(one: Condition | None, other: Condition | None, describe: Describe) -> Witness | None:
    """A record that satisfies both; None as a condition stands for always."""
    return satisfiable([each for each in (one, other) if each is not None], describe)


def counterexample(one: Condition, other: Condition, describe: Describe) -> Witness | None:
    """A record that satisfies the first and not the second; None: the first implies the second."""
    return satisfiable([one, Not(other)], describe)


def always(condition: Condition, describe: Describe) -> bool:
    """Whether every record satisfies the condition, on every day."""
    return satisfiable([Not(condition)], describe) is None


def clash(parts: Sequence[Condition], describe: Describe) -> tuple[int, ...]:
    """Which of the parts, that no record satisfies all, contradict each other: see `fewest`."""
    space, budget = Space(describe, parts), Budget(MOST_ASKED)
    formulas, tied = [space.formula(one) for one in parts], tuple(ties(space))

    def contradict(numbers: Sequence[int]) -> bool:
        try:
            boxes = solutions([*(formulas[i] for i in numbers), *tied], space.full, budget)
            return all(days(space, one) is None for one in boxes)
        except TooMany:
            return False

    return fewest(range(len(parts)), contradict)


def fewest(numbers: Sequence[int], enough: Callable[[Sequence[int]], bool]) -> tuple[int, ...]:
    """A smallest choice of numbers that is enough, where all of them are.

    Of more than a dozen, one from which none can be left out.
    """
    left = list(numbers)
    for one in numbers:
        without = [each for each in left if each != one]
        if enough(without):
            left = without
    if len(numbers) <= _MOST_TRIED_ALL:
        for size in range(len(left)):
            for some in combinations(numbers, size):
                if enough(some):
                    return some
    return tuple(left)


class Parts:
    """The parts of one `and` or `or`, to be asked which of them make no difference.

    Undecided tests are taken for independent of everything else, so that a guard like
    `email is known and domain of email is "example.com"` is left in peace.
    """

    def __init__(self, parts: Sequence[Condition], describe: Describe, *, both: bool) -> None:
        self._space = Space(describe, parts)
        self._budget = Budget(MOST_ASKED)
        self._plain = [self._space.formula(one, holds=both) for one in parts]
        self._turned = [self._space.formula(one, holds=not both) for one in parts]

    def settled(self) -> bool:
        """Whether all parts of an `and` never hold together, or some part of an `or` always."""
        return self._none(self._plain)

    def implied(self, part: int, others: Iterable[int]) -> bool:
        """Whether a part makes no difference beside the others."""
        return self._none([self._turned[part], *(self._plain[one] for one in others)])

    def because(self, part: int, others: Sequence[int]) -> tuple[int, ...]:
        """The fewest of the others that make a part idle."""
        return fewest(others, lambda some: self.implied(part, some))

    def _none(self, formulas: list[Formula]) -> bool:
        try:
            return next(solutions(formulas, self._space.full, self._budget), None) is None
        except TooMany:
            return False


def overlaps(
    conditions: Sequence[Condition | None], describe: Describe
) -> Iterator[tuple[int, int, Witness]]:
    """(number, number of an earlier one, witness) for each condition that overlaps one before.

    The first that it overlaps is told. Boxes rule out nearly all pairs; about a microsecond each.
    """
    boxes = Boxes(conditions, describe)
    for second in range(len(conditions)):
        for first in boxes.near(second):
            one, other = conditions[first], conditions[second]
            witness = overlap(one, other, describe)
            if witness is None:
                continue
            sure = not witness.undecided or None in (one, other) or one == other
            if sure:
                yield second, first, witness
                break


__all__ = [
    "Describe",
    "Get",
    "Parts",
    "Witness",
    "always",
    "clash",
    "counterexample",
    "fewest",
    "overlap",
    "overlaps",
    "satisfiable",
]
