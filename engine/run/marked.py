"""What a `mark` of a rule has written: how the base remembers it, and how it is taken back where it
still stands.

Pure. A base remembers the text, and what stands again without it. When a mark is written is known
to `ended.py`, when it is taken back to `returned.py` for records that were gone, and to
`cancelled.py` for meetings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...connectors.base.values import Value
from ...dsl.rules import Side
from .closures import Ready, Values
from .decision import Base, Change, Coming
from .ended import BACK, ONCE, End, place_of, says
from .state import other


def remembered(mark: Change, stands: Value | Coming) -> Change:
    """A mark of which the base will remember the text, and what stands without it; where that is no
    text, only that it was written."""
    done = tuple(one for one in (mark.after, stands) if isinstance(one, str))
    if len(done) < (1 if stands is None else 2):
        return mark
    left, right = mark.agree
    return replace(mark, agree=(left and done, right and done))


def stands_without(word: Value) -> tuple[str, str | None] | None:
    """The text that a base remembers, and what stands again without it; None for none."""
    return (word[0], word[1] if len(word) > 1 else None) if isinstance(word, tuple) else None


def words(base: Base) -> Iterator[str]:
    """The texts of marks that a base remembers."""
    for half in (base.left, base.right):
        for name in (*ONCE, *BACK):
            known = stands_without(half.get(name))
            if known is not None:
                yield known[0]


def taken_back(
    ready: Ready, side: Side, event: End, word: Value, target: Values, key: str, why: str
) -> Change | None:
    """What stands without the `word` of a mark is written to the other side of `side`, where that
    is still there; None where it isn't. `key` is what the base calls it; `why` says what is so of
    the record of `side`."""
    found, known = says(ready.flow, side, event), stands_without(word)
    if found is None or known is None:
        return None
    move, said = found
    text, stands = known
    if target.get(said.field) != text:
        return None
    end = ready.flow.end(side)
    reason = f"its {end.object} {why} in {end.system}; {place_of(said)}"
    return Change(said.field, text, stands, move.rule, reason, key, (None, None), other(side))
