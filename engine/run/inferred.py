"""What an `infer` says of a record, by the records around it.

Pure. What is written for it, and when, is decided in `decide.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...connectors.base.values import Value
from ...dsl.conditions import Get
from .closures import Holds, ReadyInfer, Values
from .decision import Around, path


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
