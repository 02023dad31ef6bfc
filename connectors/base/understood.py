"""Replies that aren't what a system promises: told as such, and never as a fault of ours.

A connector reads replies as its system describes them. Where a part is missing or of another kind,
reading ends in one of `MISREAD`; this is the one place that knows what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath

from ...errors import SystemUnavailable
from .contract import Outcome, Write

MISREAD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading ends in where a reply has another shape than it should, or a cursor or a file is not
as we wrote it."""


@contextmanager
def understood(system: str) -> Iterator[None]:
    """Around what reads replies of a system; raises `SystemUnavailable` where one can't be read."""
    try:
        yield
    except MISREAD as error:
        raise SystemUnavailable(
            f"{system} answered in a way we can't read",
            why=f"a part of a reply is missing or of another kind ({_where(error)})",
            fix="check that the url is right and that no proxy answers in its place; if it goes on,"
            " please report this line",
        ) from error


def outcomes_of(writes: Sequence[Write], read: Callable[[], list[Outcome]]) -> list[Outcome]:
    """What a reply to writes tells; all of them are in doubt where it can't be read."""
    try:
        return read()
    except MISREAD as error:
        text = f"the reply is not what it should be ({_where(error)})"
        return [Outcome(one.ref, "unknown", one.id, message=text) for one in writes]


def _where(error: BaseException) -> str:
    """Kind and place of an error: never its text, which may hold what was read."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return type(error).__name__
    file = PurePath(last.tb_frame.f_code.co_filename).name
    return f"{type(error).__name__} in {file}, line {last.tb_lineno}"
