"""Whether a statement could be read if it were a little other: tried near the change only.

Knows the reader and one text that can't be read; other texts are held against it, and what they
begin with in common is not read again. What to try is `attempts.py`'s.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from .build import NotAFunction
from .reader import Reader
from .trail import Stop, Trail

WORDS_AHEAD = 2
"""Words behind a mark that must be in common, too: a line end may look as far ahead."""


class Probe:
    """Tries texts that begin as `base` does."""

    def __init__(self, reader: Reader, base: str) -> None:
        self._reader = reader
        self._base = base
        trail = Trail(each=True)
        with suppress(NotAFunction):
            reader.read(base, trail=trail)
        self._marks = trail.marks
        self.steps = trail.steps

    def reads(self, text: str) -> bool:
        """Whether a text can be read."""
        try:
            return self._read(text, self._trail(text)) is not None
        except NotAFunction:
            return False

    def stop(self, text: str) -> Stop | None:
        """Where reading a text stops; None where it doesn't."""
        trail = self._trail(text)
        try:
            self._read(text, trail)
        except NotAFunction:
            from .table import table

            trail = Trail()
            Reader(table(), _Nothing()).read(text, trail=trail)
        return trail.stop

    def _read(self, text: str, trail: Trail) -> Any:
        try:
            return self._reader.read(text, trail=trail)
        finally:
            self.steps += trail.steps

    def _trail(self, text: str) -> Trail:
        """With the last mark of the base that is one of the text, too."""
        least, most = 0, len(self._marks)
        while least < most:
            middle = (least + most) // 2
            if text.startswith(self._base[: self._marks[middle].place + 1]):
                least = middle + 1
            else:
                most = middle
        trail = Trail()
        if least > WORDS_AHEAD:
            trail.add(self._marks[least - 1 - WORDS_AHEAD])
        return trail


class _Nothing:
    """Makes nothing of any rule."""

    def __getattr__(self, name: str) -> Any:
        return lambda *parts: None
