"""One value of a row on its way to the other side: whether it goes, as what, and why.

Pure, like `decide.py`, which says which rows go which way; here it is made a change of the draft
that becomes a decision. Conversions are `closures.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...connectors.base.values import Value
from ...dsl.rules import Side
from .closures import NOT_READ, Failed, Moved, NotRead, ReadyMove, ReadyRow, Same, Seen
from .decision import Around, Change, Coming, Problem, filling

NO_STOPS: Mapping[Side, ReadyMove] = {}


class Draft:
    """What rows have said so far; becomes a `Decision`.

    `stops`: the sides that nothing may be written to now, with the rule that says so; `stopped` is
    the one that has held something back.
    """

    def __init__(self, stops: Mapping[Side, ReadyMove] = NO_STOPS) -> None:
        self.stops = stops
        self.stopped: ReadyMove | None = None
        self.asks: list[Change] = []
        self.left: list[Change] = []
        self.right: list[Change] = []
        self.agree_left: dict[str, Value] = {}
        self.agree_right: dict[str, Value] = {}
        self.needs: list[Coming] = []
        self.problems: list[Problem] = []

    def agree(self, key: str, left: Seen, right: Seen) -> None:
        if not isinstance(left, NotRead):
            self.agree_left[key] = left
        if not isinstance(right, NotRead):
            self.agree_right[key] = right


def begin(
    row: ReadyRow, to: Side, lv: Value, rv: Value, around: Around, draft: Draft, why: str
) -> None:
    """Carries a value at the first link. Until it has arrived the base says that the side it comes
    from was blank, and nothing of a value that it is to replace: so it flows later where it can't
    now, or where a crash comes between."""
    if to == "right":
        draft.agree(row.key, None, rv if rv is None else NOT_READ)
        carry(row, to, lv, rv, around, draft, why)
    else:
        draft.agree(row.key, lv if lv is None else NOT_READ, None)
        carry(row, to, rv, lv, around, draft, why)


def fill_blank(row: ReadyRow, lv: Value, around: Around, draft: Draft) -> None:
    """Fills a blank of a right record that keeps what stands there, also by the time it goes."""
    draft.agree(filling(row.key), lv, NOT_READ)
    begin(row, "right", lv, None, around, draft, "blank was enriched")


def flow_on(
    row: ReadyRow,
    to: Side,
    now: tuple[Value, Value],
    then: tuple[Seen, Seen],
    around: Around,
    draft: Draft,
    why: str,
) -> None:
    """Carries what has changed since two linked records agreed. Where that goes to a record of ours
    that was made without a value, what its system has put there is nobody's edit, and what differs
    from it later is one, whether or not anything can go over now. Where it was left blank, so was
    the other side, as at the first link: what stands there goes over as soon as it can."""
    from_right = to == "left"
    value, current = reversed(now) if from_right else now
    sent, made = reversed(then) if from_right else then
    if sent is not None and isinstance(made, NotRead):
        seen: tuple[Seen, Seen] = (None if current is None else NOT_READ, current)
        draft.agree(row.key, *(reversed(seen) if from_right else seen))
    carry(row, to, value, current, around, draft, why)


def carry(
    row: ReadyRow, to: Side, value: Value, current: Value, around: Around, draft: Draft, why: str
) -> None:
    """`value` goes to the other side, unless it is blank, equal there, or can't go; where the row
    says `ask`, once a person has let it go. While that side is stopped nothing is agreed either,
    so that it flows when the stop ends."""
    held = to in draft.stops or row.row.ask
    trial = Draft() if held else draft
    change = _change(row, to, value, current, around, trial, why)
    if not held:
        if change is not None:
            (draft.right if to == "right" else draft.left).append(change)
        return
    waits = change is not None or bool(trial.needs)
    if waits and to in draft.stops:
        draft.stopped = draft.stops[to]
        return
    if to in draft.stops and not _agreed(row, to, value, current, around):
        return
    if waits and row.row.ask:
        asked = change or _made(row, to, value, current, trial.needs[0], why)
        if not around.approved(asked):
            draft.asks.append(asked)
            return
        if change is not None:
            change = replace(change, reason=f"{why}; a person approved it; {place(row)}")
    draft.agree_left |= trial.agree_left
    draft.agree_right |= trial.agree_right
    draft.needs += trial.needs
    draft.problems += trial.problems
    if change is not None:
        (draft.right if to == "right" else draft.left).append(change)


def _agreed(row: ReadyRow, to: Side, value: Value, current: Value, around: Around) -> bool:
    return equal(row, *((value, current) if to == "right" else (current, value)), around)


def _change(
    row: ReadyRow, to: Side, value: Value, current: Value, around: Around, draft: Draft, why: str
) -> Change | None:
    """What is written to the other side; None where nothing is: then `draft` says why."""
    left, right = (value, current) if to == "right" else (current, value)
    moved = move(row, to, value, around, draft)
    if isinstance(moved, Moved):
        if moved.code == "nowhere":
            return None
        if moved.code and not _held(row, to, moved, current):
            draft.problems.append(problem(row, to, moved))
            return None
        erases = value is None and row.row.clear
        keeps = row.row.when_blank and current is not None
        if keeps or (moved.value is None and not erases) or _same(row, to)(moved.value, current):
            draft.agree(row.key, left, right)
            return None
        return _made(row, to, value, current, moved.value, why)
    return _made(row, to, value, current, moved, why)


def _made(
    row: ReadyRow, to: Side, value: Value, current: Value, after: Value | Coming, why: str
) -> Change:
    agreed = None if isinstance(after, Coming) else after
    agree = (value, agreed) if to == "right" else (agreed, value)
    target = row.row.field(to)
    reason = f"{why}; {place(row)}"
    return Change(target, current, after, row.row.rule, reason, row.key, agree, to)


def move(row: ReadyRow, to: Side, value: Value, around: Around, draft: Draft) -> Moved | Coming:
    """The value as the other side has it. A reference without a counterpart is code `nowhere`."""
    if not row.row.through:
        return (row.to_right if to == "right" else row.to_left)(value)
    if value is None:
        return Moved()
    found = around.reference(row, to, str(value))
    if found.kind == "found":
        return Moved(found.id)
    if found.coming is None:
        return Moved(code="nowhere")
    if found.kind == "coming":
        return found.coming
    draft.needs.append(found.coming)
    return Moved(code="nowhere")


def equal(row: ReadyRow, lv: Value, rv: Value, around: Around) -> bool:
    """Whether the two say the same, seen from either side that the row can be read from."""
    if row.pushes:
        moved = move(row, "right", lv, around, Draft())
        if isinstance(moved, Moved) and _held(row, "right", moved, rv):
            return True
    if row.pulls:
        moved = move(row, "left", rv, around, Draft())
        if isinstance(moved, Moved) and _held(row, "left", moved, lv):
            return True
    return False


def _held(row: ReadyRow, to: Side, moved: Moved, current: Value) -> bool:
    """Whether a side holds a value already, be it one that its system takes no longer."""
    told = not moved.code or moved.value is not None
    return told and _same(row, to)(moved.value, current)


def _same(row: ReadyRow, side: Side) -> Same:
    return row.same_left if side == "left" else row.same_right


def problem(row: ReadyRow, to: Side, moved: Moved) -> Problem:
    field = row.row.field(to)
    shared = moved.message if moved.code == "unknown-value" else ""
    return Problem(moved.code, moved.message, row.row.rule, place(row), field, to, shared)


def unread(row: ReadyRow, *seen: Seen, draft: Draft) -> bool:
    """Whether a side of the row can't be told now. What a template could not say is a problem."""
    for one in seen:
        if isinstance(one, Failed):
            to: Side = "right" if row.pushes else "left"
            moved = Moved(code="template-failed", message=f"the template fails: {one.why}")
            draft.problems.append(problem(row, to, moved))
    return any(isinstance(one, NotRead) for one in seen)


def conflict(row: ReadyRow, lv: Value, rv: Value, why: str = "") -> Problem:
    """That two values differ and none of them wins; `why`, where that is not for the row."""
    latest = row.row.prefer == "latest"
    why = why or ("which of them is later can't be told" if latest else "no rule says who wins")
    return Problem(
        "conflict",
        f"{row.row.left} is {shown(lv)}, {row.row.right} is {shown(rv)}, and {why}",
        row.row.rule,
        place(row),
        row.row.right,
    )


def place(row: ReadyRow) -> str:
    return f"{row.row.place.file}:{row.row.place.line}"


def shown(value: Value) -> str:
    return "blank" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
