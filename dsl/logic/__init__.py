"""What can be known of conditions before any record is read, decided exactly by sets and intervals.

A choice has the values of its schema, or these and any other; a number, a date, the day of a moment
lie on a line; any field but a yes-or-no may be blank. Tests of texts other than `is` and `in`, and
two fields compared, are undecided: such a test and its opposite contradict, and a record is shown
only where it was tried. So "none" is a proof and a witness without `undecided` is one.

Here are the questions that are answered with a record, in `asked.py` those with yes or no.
`space.py` and `ties.py` make formulas of conditions, `solve.py` solves them, `witness.py` makes up
the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ..conditions import Condition, Not
from .asked import Asked, fewest
from .boxes import Boxes
from .solve import TooMany, solutions
from .space import Describe, Space
from .ties import ties
from .witness import Witness, realise

MOST_TRIED = 20
"""Boxes of a condition in which a record is tried before it is called undecided."""
MOST_IN_VAIN = 5_000
"""Pairs of conditions that boxes don't tell apart and in which no record is found; after so many no
more overlaps are looked for."""


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


def overlaps(
    conditions: Sequence[Condition | None], describe: Describe
) -> Iterator[tuple[int, int, Witness]]:
    """(number, number of an earlier one, witness) for each condition that overlaps one before.

    The first that it overlaps is told. Boxes rule out nearly all pairs; about a microsecond each.
    """
    boxes = Boxes(conditions, describe)
    left = MOST_IN_VAIN
    for second in range(len(conditions)):
        for first in boxes.near(second):
            one, other = conditions[first], conditions[second]
            witness = overlap(one, other, describe)
            alike = None in (one, other) or one == other
            if witness is not None and (alike or not witness.undecided):
                yield second, first, witness
                break
            left -= 1
            if not left:
                return


__all__ = [
    "Asked",
    "Describe",
    "Witness",
    "counterexample",
    "fewest",
    "overlap",
    "overlaps",
    "satisfiable",
]
