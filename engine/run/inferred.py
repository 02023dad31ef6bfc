"""What an `infer` says of a record, by the records around it.

Pure, like `decide.py`, which calls it: the first arm that is true, written only when what is
inferred itself changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...connectors.base.values import Value
from ...dsl.conditions import Get
from .carry import Draft
from .closures import NOT_READ, Holds, NotRead, ReadyInfer, Values
from .decision import Around, Base, Change, path


def inferred(infer: ReadyInfer, around: Around) -> str | None:
    """What the related records say, None where no arm is true."""
    related = around.related(infer)
    if related is None:
        return None
    true = (arm[0] for arm in infer.arms if _arm(arm[1], arm[2], related, around))
    return next(true, None)


def _arm(quantifier: str, holds: Holds, related: Sequence[Values], around: Around) -> bool:
    if quantifier == "none":
        return not related
    verdicts = (holds(_reader(one), around.today) for one in related)
    return any(verdicts) if quantifier == "any" else bool(related) and all(verdicts)


def _reader(values: Values) -> Callable[[Get], Value]:
    return lambda get: values.get(path(get))


def infer_later(
    infer: ReadyInfer, left: Values, right: Values, base: Base | None, around: Around, draft: Draft
) -> None:
    """The first arm that is true; written only when the inferred value itself changes."""
    value = inferred(infer, around)
    before = base.right.get(infer.key) if base else None
    if value is None or value == before:
        return
    side = infer.infer.side
    current = (left if side == "left" else right).get(infer.infer.field, NOT_READ)
    if isinstance(current, NotRead):
        return
    if current == value:
        draft.agree(infer.key, NOT_READ, value)
        return
    if side in draft.stops:
        draft.stopped = draft.stops[side]
        return
    infer_to(infer, current, value, draft)


def infer_to(infer: ReadyInfer, before: Value, value: str, draft: Draft) -> None:
    rule = infer.infer
    made = draft.left if rule.side == "left" else draft.right
    agree = (None, value)
    made.append(
        Change(rule.field, before, value, rule.text, infer.place, infer.key, agree, rule.side)
    )
