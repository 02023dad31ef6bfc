"""Shortening a text to a number of characters without cutting one that people see in two.

A character that people see may be several of those that systems count: a letter and its accents, a
face and its colour, a flag, a family. It knows nothing of fields; which rows are shortened is told
by `truncate`, and `types.py` asks for it.
"""

from __future__ import annotations

import unicodedata

_JOINER = "\u200d"


def shorten(text: str, length: int) -> str:
    """At most `length` code points of `text`, whole characters only, without an outer space at the
    end. Where the first character alone is longer than that, as much of it as fits."""
    if len(text) <= length:
        return text
    end = length
    while end > 0 and not _may_part(text, end):
        end -= 1
    return text[: end or length].rstrip(" \t\n\v\f")


def _may_part(text: str, at: int) -> bool:
    """Whether a new character begins at `at`."""
    before, after = text[at - 1], text[at]
    if _JOINER in (before, after) or _goes_on(after):
        return False
    if _is_half_flag(before) and _is_half_flag(after):
        run = 0
        while run < at and _is_half_flag(text[at - 1 - run]):
            run += 1
        return run % 2 == 0
    return True


def _goes_on(one: str) -> bool:
    """Whether it only goes with what stands before: an accent, a colour of skin, a tag, or a later
    part of a Korean syllable."""
    return (
        unicodedata.category(one).startswith("M")
        or "\U0001f3fb" <= one <= "\U0001f3ff"
        or "\U000e0020" <= one <= "\U000e007f"
        or "\u1160" <= one <= "\u11ff"
    )


def _is_half_flag(one: str) -> bool:
    return "\U0001f1e6" <= one <= "\U0001f1ff"
