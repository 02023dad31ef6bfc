"""A reference that a record doesn't have is filled by what stands in for it: `account by domain
of Email`.

Pure, like `decide.py`, which calls it: a blank is filled, and what stands there never replaced.
What stands in is looked up by `around.py`.
"""

from __future__ import annotations

from ...dsl.rules import Side
from ..plan.model import StandIn
from .carry import Draft
from .closures import Ready, Values
from .decision import Around, Base, Change, Problem


def lacking(flow: Ready, left: Values, right: Values) -> bool:
    """Whether some reference that something may stand in for is blank."""
    sides = {"left": left, "right": right}
    return any(
        one.field in (own := sides[one.to]) and own[one.field] is None for one in flow.stand_ins
    )


def fill(
    flow: Ready, left: Values, right: Values, base: Base | None, around: Around, draft: Draft
) -> None:
    """Fills the blanks of two records. What was filled once and is blank again was taken away by a
    person: it is filled anew only by something else."""
    for one in flow.stand_ins:
        target, source = (left, right) if one.to == "left" else (right, left)
        if target.get(one.field, "") is not None or not _goes(flow, one.to):
            continue
        change = _filled(one, source, around, draft)
        if change is None:
            continue
        then = (base.left if one.to == "left" else base.right).get(one.base) if base else None
        if then == change.after:
            continue
        if one.to in draft.stops:
            draft.stopped = draft.stops[one.to]
            continue
        _changes(draft, one.to).append(change)


def fill_new(flow: Ready, to: Side, source: Values, around: Around, draft: Draft) -> None:
    """Fills what a record that is to be made would lack."""
    for one in flow.stand_ins:
        change = _filled(one, source, around, draft) if one.to == to else None
        if change is not None:
            _changes(draft, to).append(change)


def _filled(one: StandIn, source: Values, around: Around, draft: Draft) -> Change | None:
    if any(change.field == one.field for change in _changes(draft, one.to)):
        return None
    found = around.stand_in(one, one.to, source)
    place = f"{one.place.file}:{one.place.line}"
    if found.kind != "found":
        if found.text:
            code = "ambiguous-account"
            draft.problems.append(
                Problem(code, found.text, one.text, place, one.field, one.to, found.text)
            )
        return None
    why = f"{one.source} is of the domain of this {one.object}; {place}"
    agree = (found.id, found.id)
    return Change(one.field, None, found.id, one.text, why, one.base, agree, one.to)


def _changes(draft: Draft, side: Side) -> list[Change]:
    return draft.left if side == "left" else draft.right


def _goes(flow: Ready, to: Side) -> bool:
    return flow.pull_updates if to == "left" else flow.push_updates
