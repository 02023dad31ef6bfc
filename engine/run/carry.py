"""One value of a row on its way to the other side: whether it goes, as what, and why.

Pure, like `decide.py`, which says which rows go which way; here it is made a change of the draft
that becomes a decision. Conversions are `closures.py`.
"""

from __future__ import annotations

from ...connectors.base.values import Value
from ...dsl.rules import Side
from .closures import Moved, NotRead, ReadyRow, Same, Seen
from .decision import Around, Change, Coming, Problem


class Draft:
    """What rows have said so far; becomes a `Decision`."""

    def __init__(self) -> None:
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
    from was blank: so it flows later where it can't now, or where a crash comes between."""
    if to == "right":
        draft.agree(row.key, None, rv)
        carry(row, to, lv, rv, around, draft, why)
    else:
        draft.agree(row.key, lv, None)
        carry(row, to, rv, lv, around, draft, why)


def carry(
    row: ReadyRow, to: Side, value: Value, current: Value, around: Around, draft: Draft, why: str
) -> None:
    """`value` goes to the other side, unless it is blank, equal there, or can't go."""
    left, right = (value, current) if to == "right" else (current, value)
    agree: tuple[Value, Value]
    moved = move(row, to, value, around, draft)
    if isinstance(moved, Moved):
        if moved.code == "nowhere":
            return
        if moved.code:
            draft.problems.append(problem(row, to, moved))
            return
        if moved.value is None or (row.row.when_blank and current is not None):
            draft.agree(row.key, left, right)
            return
        if _same(row, to)(moved.value, current):
            draft.agree(row.key, left, right)
            return
        after: Value | Coming = moved.value
        agree = (value, moved.value) if to == "right" else (moved.value, value)
    else:
        after = moved
        agree = (value, None) if to == "right" else (None, value)
    target = row.row.right if to == "right" else row.row.left
    changes = draft.right if to == "right" else draft.left
    reason = f"{why}; {place(row)}"
    changes.append(Change(target, current, after, row.row.rule, reason, row.key, agree))


def move(row: ReadyRow, to: Side, value: Value, around: Around, draft: Draft) -> Moved | Coming:
    """The value as the other side has it. A reference without a counterpart is code `nowhere`."""
    if not row.row.reference:
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
        if isinstance(moved, Moved) and not moved.code and _same(row, "right")(moved.value, rv):
            return True
    if row.pulls:
        moved = move(row, "left", rv, around, Draft())
        if isinstance(moved, Moved) and not moved.code and _same(row, "left")(moved.value, lv):
            return True
    return False


def _same(row: ReadyRow, side: Side) -> Same:
    return row.same_left if side == "left" else row.same_right


def problem(row: ReadyRow, to: Side, moved: Moved) -> Problem:
    field = row.row.right if to == "right" else row.row.left
    shared = moved.message if moved.code == "unknown-value" else ""
    return Problem(moved.code, moved.message, row.row.rule, place(row), field, to, shared)


def conflict(row: ReadyRow, lv: Value, rv: Value) -> Problem:
    return Problem(
        "conflict",
        f"{row.row.left} is {_show(lv)}, {row.row.right} is {_show(rv)}, and no rule says who wins",
        row.row.rule,
        place(row),
        row.row.right,
    )


def place(row: ReadyRow) -> str:
    return f"{row.row.place.file}:{row.row.place.line}"


def _show(value: Value) -> str:
    return "blank" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
