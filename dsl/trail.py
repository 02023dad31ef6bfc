"""What a reading leaves behind: the places where it can be taken up again, and where it stopped.

Knows states and values of the reader by number and no words of the language. Who reads is
`reader.py`; who changes lines and reads on is `recover.py`.
"""

from __future__ import annotations

from typing import Any

from ..connectors.base.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """The end of a word: `place` is its offset, `line` its line, which begins behind the offset
    `line_start`; `taken` is the word. `states` and `values` are what was open there, `sizes` the
    lengths of values that are lists, which grow.

    What can follow two marks of the same `key` is the same.
    """

    place: int
    line: int
    line_start: int
    taken: str
    states: tuple[int, ...]
    values: tuple[Any, ...]
    sizes: tuple[int, ...]
    key: tuple[int, ...] = ()

    def restored(self) -> list[Any]:
        """The values as they were."""
        for value, size in zip(self.values, self.sizes, strict=True):
            if size >= 0:
                del value[size:]
        return list(self.values)


@dataclass(frozen=True, slots=True)
class Stop:
    """Where reading stopped: the offset and the letters of what was refused, the terminal it was
    taken for ("" where it can be none), and the terminals that could come."""

    place: int
    word: str
    kind: str
    names: frozenset[str]


class Trail:
    """The marks of a reading: of words behind which a line ends, or with `each` of all words.

    `first` has the earliest mark of each key, by its number. `stop` is None where the statement
    could be read or what makes its nodes has raised. `steps` counts the words that were taken, over
    all readings.
    """

    def __init__(self, *, each: bool = False) -> None:
        self.each = each
        self.marks: list[Mark] = []
        self.first: dict[tuple[int, ...], int] = {}
        self.stop: Stop | None = None
        self.steps = 0

    def add(self, mark: Mark) -> None:
        self.first.setdefault(mark.key, len(self.marks))
        self.marks.append(mark)

    def back(self, line: int) -> None:
        """Forgets what was read from a line on, which is going to be another."""
        while self.marks and self.marks[-1].line >= line:
            self.marks.pop()
        count = len(self.marks)
        self.first = {key: number for key, number in self.first.items() if number < count}


def mark(
    place: int,
    line: int,
    line_start: int,
    taken: str,
    states: list[int],
    values: list[Any],
) -> Mark:
    """The mark of a word with what is open behind it."""
    sizes = tuple(len(one) if type(one) is list else -1 for one in values)
    return Mark(place, line, line_start, taken, tuple(states), tuple(values), sizes)
