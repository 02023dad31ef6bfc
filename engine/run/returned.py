"""What is taken back on the other side when a record that was deleted or merged is there again.

Pure, like `ended.py`, which says what followed when it was gone. Where a mark still stands, the two
are decided as they are without it, so that it flows nowhere, and what stood there is written; where
somebody has edited it since, that is theirs. The base remembers what is to be taken back until it
is, by another name than what was followed: who is gone again meanwhile is followed anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...connectors.base.frozen import dataclass
from ...connectors.base.values import Value
from ...dsl.rules import SIDES, Side
from .closures import Ready
from .decision import Base, Change, Coming, Decision, Halves
from .ended import ENDS, End, back, once
from .marked import remembered, stands_without, taken_back
from .state import Stored

Sides = tuple[Stored, Stored]


@dataclass(frozen=True, slots=True)
class Returned:
    """Two linked records that are both there, of which one was gone: the two `without` the marks of
    that, what is written to each of them to be rid of these, and what the base is to know."""

    without: Sides
    left: tuple[Change, ...]
    right: tuple[Change, ...]
    agree: Halves


def returned(ready: Ready, sides: Sides, base: Base) -> Returned | None:
    """What is taken back; None where the base remembers no end."""
    agree: tuple[dict[str, Value], dict[str, Value]] = ({}, {})
    takes: dict[Side, list[Change]] = {"left": [], "right": []}
    for place, (side, half) in enumerate(zip(SIDES, (base.left, base.right), strict=True)):
        for end in ENDS:
            word = half.get(once(end)) or half.get(back(end))
            if not word:
                continue
            target, key = sides[1 - place].values, back(end)
            change = taken_back(ready, side, end, word, target, key, "is there again")
            agree[place].update({once(end): None, key: word if change else None})
            if change:
                takes[change.side].append(change)
    if not any(agree):
        return None
    left, right = takes["left"], takes["right"]
    without = (_without(sides[0], left), _without(sides[1], right))
    return Returned(without, tuple(left), tuple(right), agree)


def _without(record: Stored, takes: Sequence[Change]) -> Stored:
    """A record once its marks are taken back."""
    stands = {one.field: one.after for one in takes if not isinstance(one.after, Coming)}
    return replace(record, values={**record.values, **stands}) if stands else record


def with_return(found: Returned, decision: Decision) -> Decision:
    """A decision about the two without the marks, with what is taken back."""
    if decision.action in ("need", "delete", "unlink"):
        return decision
    left, right = _joined(decision.left, found.left), _joined(decision.right, found.right)
    agree = ({**decision.agree[0], **found.agree[0]}, {**decision.agree[1], **found.agree[1]})
    takes = (*found.left, *found.right)
    if decision.action != "nothing" or not takes:
        return replace(decision, left=left, right=right, agree=agree)
    first = takes[0]
    return replace(
        decision,
        action="update",
        side=first.side,
        rule=first.rule,
        reason=first.reason,
        left=left,
        right=right,
        agree=agree,
    )


def _joined(rows: Sequence[Change], takes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes of one side: what a row says of a field comes before what stood there."""
    said = {one.field: one.after for one in rows}
    stood = {one.field: one.before for one in takes}
    return (
        *(replace(one, before=stood.get(one.field, one.before)) for one in rows),
        *(replace(one, after=said.get(one.field, one.after)) for one in takes),
    )


def gone_anew(follows: Decision, place: int, event: End, own: Mapping[str, Value]) -> Decision:
    """What follows where a record is gone, so that the base remembers what a mark takes the place
    of. `own` is the half of the base of that side, which is at `place`: a mark that was still to be
    taken back stands as if it were of now."""
    word = own.get(back(event))
    text, stands = stands_without(word) or (None, None)

    def kept(changes: Sequence[Change]) -> tuple[Change, ...]:
        return tuple(
            remembered(one, stands if text is not None and one.before == text else one.before)
            for one in changes
        )

    halves = [{**half} for half in follows.agree]
    if word:
        halves[place][back(event)] = None
        if follows.action == "nothing" and not follows.problems:
            halves[place][once(event)] = word
    agree = (halves[0], halves[1])
    return replace(follows, left=kept(follows.left), right=kept(follows.right), agree=agree)
