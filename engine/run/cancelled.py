"""What follows on the other side when a meeting is cancelled, as its rule says, and what of it is
taken back when the meeting takes place after all.

Pure, like `ended.py`, which says what follows. The base remembers that it was followed, so that it
is so once; of a mark it remembers what was written, and what stands again without it: in the half
of the record that is cancelled, and from when it is so no more until that stands in the other half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...connectors.base.values import Value
from ...dsl.rules import SIDES, Side
from .closures import Ready, Values
from .decision import NOTHING, Around, Change, Decision
from .ended import ended, once, says
from .marked import remembered, taken_back
from .state import Stored

_KEY = once("cancel")


def with_cancel(
    ready: Ready,
    sides: tuple[Stored, Stored],
    then: tuple[Mapping[str, Value], Mapping[str, Value]],
    decision: Decision,
    around: Around,
) -> Decision:
    """A decision about two linked activities, with what follows where one of them is cancelled or
    is so no more; `then` are the halves of their base."""
    values = (sides[0].values, sides[1].values)
    for place, side in enumerate(SIDES):
        name = ready.cancelled.get(side, "")
        if not name or says(ready.flow, side, "cancel") is None:
            continue
        followed, due = then[place].get(_KEY), then[1 - place].get(_KEY)
        if values[place].get(name) is not True:
            known = followed or due
            back = _taken_back(ready, side, known, values[1 - place])
            return _without(decision, place, known, back) if known else decision
        if followed:
            return decision
        follows = ended(ready, side, "cancel", *values, around)
        if isinstance(due, tuple) and follows.action == "nothing" and not follows.problems:
            return _agreeing(decision, place, due, None)  # What was to be taken back still stands.
        return _joined(decision, follows)
    return decision


def on_again(
    ready: Ready,
    sides: tuple[Stored | None, Stored | None],
    then: tuple[Mapping[str, Value], Mapping[str, Value]],
    decision: Decision,
) -> Decision:
    """A decision about two linked activities of which one is gone: where the other takes place
    after all, what a mark has written is to be taken back once both are there, and who is called
    off again is followed anew."""
    for place, (side, one) in enumerate(zip(SIDES, sides, strict=True)):
        name, followed = ready.cancelled.get(side, ""), then[place].get(_KEY)
        if not name or not followed or one is None or one.life != "here":
            continue
        if one.values.get(name) is not True:
            due = followed if isinstance(followed, tuple) else None
            return _agreeing(decision, place, None, due)
    return decision


def _agreeing(decision: Decision, place: int, own: Value, its: Value) -> Decision:
    """A decision by which the base remembers that, in the half of `place` and in the other one."""
    halves = [{**half, _KEY: its} for half in decision.agree]
    halves[place][_KEY] = own
    return replace(decision, agree=(halves[0], halves[1]))


def _joined(decision: Decision, follows: Decision) -> Decision:
    """What a cancel says comes before what the rows say about the same field."""
    if decision.action == "need":
        return decision
    if follows.action in ("delete", "unlink"):
        return replace(follows, once=follows.once or _KEY)
    return replace(
        decision,
        action=follows.action if decision.action == "nothing" else decision.action,
        side=follows.side if decision.action == "nothing" else decision.side,
        rule=decision.rule or follows.rule,
        reason=decision.reason or follows.reason,
        left=_marked(decision.left, follows.left),
        right=_marked(decision.right, follows.right),
        agree=(
            {**decision.agree[0], **follows.agree[0]},
            {**decision.agree[1], **follows.agree[1]},
        ),
        problems=(*decision.problems, *follows.problems),
    )


def _marked(rows: Sequence[Change], marks: Sequence[Change]) -> tuple[Change, ...]:
    """The changes of one side. What a row would write to a field that is marked counts as written
    once the mark is, and stands again without it."""
    texts = {one.field: one.after for one in marks}
    stands = {one.field: one.after for one in rows}
    return (
        *(replace(one, after=texts.get(one.field, one.after)) for one in rows),
        *(remembered(one, stands.get(one.field, one.before)) for one in marks),
    )


def _taken_back(ready: Ready, side: Side, followed: Value, target: Values) -> Decision:
    """What stands without the mark is written, where the mark is still there."""
    why = "takes place after all"
    change = taken_back(ready, side, "cancel", followed, target, _KEY, why)
    if change is None:
        return NOTHING
    changes = ((change,), ()) if change.side == "left" else ((), (change,))
    return Decision("update", change.side, change.rule, change.reason, *changes)


def _without(decision: Decision, place: int, known: Value, back: Decision) -> Decision:
    """What the rows say about a field comes before what is taken back of it."""
    said = {one.field for one in (decision.left if back.side == "left" else decision.right)}
    fields = {one.field for one in (*back.left, *back.right)}
    if fields and not fields & said:
        return _agreeing(_joined(decision, back), place, None, known)
    return _agreeing(decision, place, None, None)
