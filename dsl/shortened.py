"""A long statement without the lines that say nothing about a mistake.

Where the same can follow two line ends, the lines between them can go, and reading stops at the
same word with the same left to come. Some lines around the mistake stay, for who looks at them.
"""

from __future__ import annotations

import re

from .trail import Mark, Stop, Trail

LINES_KEPT = 20
"""Lines before and behind a mistake that stay; and a gap is longer than that."""

_BEHIND = re.compile(rf"(?:[^\n]*\n){{0,{LINES_KEPT}}}\s*[^\n]*\n?")

Gaps = tuple[tuple[int, int], ...]
"""Behind which lines of the short text, counted from the first, how many are left out."""


def shortened(text: str, first: int, trail: Trail) -> tuple[str, Stop, Gaps]:
    """The text without those lines, and where reading stops in it.

    The statement begins in line `first`; `trail` is of the reading that stopped.
    """
    stop = trail.stop
    if stop is None:
        raise AssertionError("what can be read has no mistake")
    behind = _BEHIND.match(text, stop.place)
    text_end = behind.end() if behind else len(text)
    cuts = _cuts(trail, first + text.count("\n", 0, stop.place) - LINES_KEPT)
    parts, gaps = [], []
    begin = letters = lines = 0
    for here, there in cuts:
        parts.append(text[begin : here.place])
        gaps.append((here.line - lines, there.line - here.line))
        letters += there.place - here.place
        lines += there.line - here.line
        begin = there.place
    parts.append(text[begin:text_end])
    return "".join(parts), Stop(stop.place - letters, stop.word, stop.kind, stop.names), tuple(gaps)


def _cuts(trail: Trail, last: int) -> list[tuple[Mark, Mark]]:
    """Pairs of line ends, in order, between which all can go; none behind line `last`."""
    least, most = 0, len(trail.marks)
    while least < most:
        middle = (least + most) // 2
        if trail.marks[middle].line <= last:
            least = middle + 1
        else:
            most = middle
    number, cuts = least - 1, []
    while number >= 0:
        there = trail.marks[number]
        here = trail.marks[trail.first[there.key]]
        if there.line - here.line > LINES_KEPT:
            cuts.append((here, there))
            number = trail.first[there.key]
        else:
            number -= 1
    return cuts[::-1]
