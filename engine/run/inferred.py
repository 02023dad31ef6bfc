"""What an `infer` says of a record, by the records around it, and when that is written.

Pure. It is written when what is inferred changes. Two that are linked when an `infer` is written or
edited meet in it: what is inferred by then is known, and where their field says another, they wait
for a backfill, as in a row that is newer than a link (`newer.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...connectors.base.values import Value
from ...dsl.conditions import Get
from .carry import Draft
from .closures import NOT_READ, Holds, NotRead, ReadyInfer, Seen, Values
from .decision import Around, Base, Change, Halves, apart, path


def inferred(infer: ReadyInfer, around: Around) -> str | None:
    """What the related records say, None where no arm is true."""
    related = around.related(infer)
    if related is None:
        return None
    true = (arm[0] for arm in infer.arms if _arm(arm[1], arm[2], related, around))
    return next(true, None)


def infer_to(
    infer: ReadyInfer, left: Values, right: Values, base: Base | None, around: Around, draft: Draft
) -> None:
    """The first arm that is true; written only when the inferred value itself changes, or a
    backfill is asked for what two differed in when they met."""
    value, rule = inferred(infer, around), infer.infer
    before = base.right.get(infer.key) if base else None
    met = base.left.get(apart(infer.key), NOT_READ) if base else NOT_READ
    if value is None or (value == before and isinstance(met, NotRead)):
        return
    current = _held(infer, left, right)
    if isinstance(current, NotRead):
        return
    # Who has set another value since they met has set that by hand.
    if current == value or (value == before and current != met):
        draft.agree(infer.key, NOT_READ, value)
        return
    if value == before and not around.backfill:
        return
    if rule.side in draft.stops:
        draft.stopped = draft.stops[rule.side]
        return
    write(infer, current, value, draft)


def write(infer: ReadyInfer, before: Value, value: str, draft: Draft) -> None:
    """What is inferred takes the place of what stands in its field."""
    rule = infer.infer
    made = draft.left if rule.side == "left" else draft.right
    agree = (None, value)
    made.append(
        Change(rule.field, before, value, rule.text, infer.place, infer.key, agree, rule.side)
    )


def meet(infers: Sequence[ReadyInfer], left: Values, right: Values, around: Around) -> Halves:
    """What is inferred by now of two linked records, and where they hold something else, what that
    is."""
    known: tuple[dict[str, Value], dict[str, Value]] = ({}, {})
    for one in infers:
        value, current = inferred(one, around), _held(one, left, right)
        if value is None or isinstance(current, NotRead):
            continue
        known[1][one.key] = value
        if current != value:
            known[0][apart(one.key)] = current
    return known


def _held(infer: ReadyInfer, left: Values, right: Values) -> Seen:
    rule = infer.infer
    return (left if rule.side == "left" else right).get(rule.field, NOT_READ)


def _arm(quantifier: str, holds: Holds, related: Sequence[Values], around: Around) -> bool:
    if quantifier == "none":
        return not related
    verdicts = (holds(_reader(one), around.today) for one in related)
    return any(verdicts) if quantifier == "any" else bool(related) and all(verdicts)


def _reader(values: Values) -> Callable[[Get], Value]:
    return lambda get: values.get(path(get))
