"""Questions about some conditions and their parts, answered without making up records.

Prepares the conditions once, for each rule asks several things about them: whether some of their
parts never hold together, which of these contradict, which make no difference. `__init__.py` has
the questions that are answered with a record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import combinations

from ..conditions import All, Condition, Not
from .solve import Budget, Formula, TooMany, solutions
from .space import Describe, Space
from .ties import ties
from .witness import days

MOST_ASKED = 200_000
"""Steps of the search for all questions about the same conditions; after them none is proved."""
MOST_TRIED_ALL = 12
"""Parts whose every choice is tried to find a smallest one."""


class Asked:
    """Some conditions; what is asked is about them and their parts, and no others."""

    def __init__(self, conditions: Sequence[Condition], describe: Describe) -> None:
        self._all = tuple(conditions)
        self._space = Space(describe, conditions)
        self._budget = Budget(MOST_ASKED)

    @cached_property
    def never(self) -> bool:
        """Whether no record satisfies all conditions."""
        return self.impossible(self._all)

    @cached_property
    def always(self) -> bool:
        """Whether every record satisfies all conditions."""
        return self.impossible([Not(All(self._all))])

    def impossible(self, conditions: Sequence[Condition]) -> bool:
        """Whether no record satisfies these, on any day."""
        formulas = [self._space.formula(one) for one in conditions]
        try:
            boxes = solutions([*formulas, *self._ties], self._space.full, self._budget)
            return all(days(self._space, one) is None for one in boxes)
        except TooMany:
            return False

    def clash(self, conditions: Sequence[Condition]) -> tuple[int, ...]:
        """Which of some conditions, that no record satisfies all, contradict: see `fewest`."""
        return fewest(
            range(len(conditions)), lambda some: self.impossible([conditions[i] for i in some])
        )

    def idle(self, part: Condition, others: Sequence[Condition], *, both: bool) -> bool:
        """Whether a part makes no difference beside the others of its `and` (`both`) or `or`.

        Undecided tests are taken for independent of everything else, so that a guard like
        `email is known and domain of email is "example.com"` is left in peace.
        """
        formulas = [self._space.formula(one, holds=both) for one in others]
        return self._none([self._space.formula(part, holds=not both), *formulas])

    def settled(self, parts: Sequence[Condition], *, both: bool) -> bool:
        """Whether all parts of an `and` never hold together, or some part of an `or` always."""
        return self._none([self._space.formula(one, holds=both) for one in parts])

    @cached_property
    def _ties(self) -> tuple[Formula, ...]:
        return tuple(ties(self._space))

    def _none(self, formulas: Sequence[Formula]) -> bool:
        try:
            return next(solutions(formulas, self._space.full, self._budget), None) is None
        except TooMany:
            return False


def fewest(numbers: Sequence[int], enough: Callable[[Sequence[int]], bool]) -> tuple[int, ...]:
    """A smallest choice of numbers that is enough, where all of them are.

    Of more than a dozen, one from which none can be left out.
    """
    left = list(numbers)
    for one in numbers:
        without = [each for each in left if each != one]
        if enough(without):
            left = without
    if len(numbers) <= MOST_TRIED_ALL:
        for size in range(len(left)):
            for some in combinations(numbers, size):
                if enough(some):
                    return some
    return tuple(left)
