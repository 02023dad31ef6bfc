"""Edits that lose: what a planned change replaces although both sides had not agreed on it.

Pure, like `decide.py`, which let a rule choose the other value. The journal keeps what lost and
the word of the rule that it lost by; how people are told is `engine/lost.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...connectors.base.values import Value
from ...dsl.rules import Side
from .closures import Ready, Same, at_creation
from .decision import Base, Change, filling
from .marked import words

MADE = ("=", "!")
"""How the names of changes begin that a rule makes itself: what it infers, and marks."""


@dataclass(frozen=True, slots=True)
class Loss:
    """By which word of which rule, and where that stands, the value of a field loses; who changed
    the record of the other side last (an address, or an id of a user), and when, and the same of
    the record that loses, both as the last look found them; "" where the system doesn't tell. A
    value that a rule made itself is nobody's."""

    policy: str
    rule: str
    place: str
    by: str = ""
    at: str = ""
    lost_by: str = ""
    lost_at: str = ""


def losses(
    ready: Ready,
    side: Side,
    base: Base | None,
    changes: Sequence[Change],
    won: tuple[str, str] = ("", ""),
    lost: tuple[str, str] = ("", ""),
) -> dict[str, Loss]:
    """Of the fields that are written to `side`, those that held something else than when both last
    agreed, and no word that a rule has put there since; with no past, those that held anything.
    `won`: by whom and when the record of the other side was changed, `lost`: this one."""
    found: dict[str, Loss] = {}
    for one in changes:
        agreed = list(_agreed(ready, side, base, one))
        edited = one.before is not None
        if agreed:
            edited = not any(same(one.before, value) for same, value in agreed)
        if base is not None and not one.key.startswith("=") and one.before in [*words(base)]:
            edited = False
        if edited:
            place = one.reason.rpartition("; ")[2]
            told = ("", "") if one.key.startswith(MADE) else won
            found[one.field] = Loss(_policy(ready, side, base, one), one.rule, place, *told, *lost)
    return found


def dump(found: Mapping[str, Loss]) -> str:
    """Losses as a row of the journal holds them, "" for none."""
    if not found:
        return ""
    named = {
        name: [one.policy, one.rule, one.place, one.by, one.at, one.lost_by, one.lost_at]
        for name, one in found.items()
    }
    return json.dumps(named, ensure_ascii=False)


def load(text: str) -> dict[str, Loss]:
    """The inverse of `dump`; older rows say nothing of who wrote what lost."""
    return {name: Loss(*one) for name, one in json.loads(text).items()} if text else {}


def _agreed(
    ready: Ready, side: Side, base: Base | None, change: Change
) -> Iterator[tuple[Same, Value]]:
    """What a field held when both last agreed, as each row that knows it says, and how values of
    it are compared."""
    if base is None:
        return
    if change.key.startswith("="):
        if change.key in base.right:
            yield (lambda one, two: one == two), base.right[change.key]
        return
    half = base.left if side == "left" else base.right
    for row in ready.rows:
        if row.row.field(side) == change.field and row.key in half:
            then = half.get(filling(row.key), half[row.key])
            yield (row.same_left if side == "left" else row.same_right), then


def _policy(ready: Ready, side: Side, base: Base | None, change: Change) -> str:
    """The word of a rule that makes the other side's value win, or why no rule was asked."""
    winner = ready.flow.end("right" if side == "left" else "left").system
    if change.key.startswith("="):
        return "`infer` says another value"
    row = next((one for one in ready.rows if one.key == change.key), None)
    if row is None:
        marks = change.key.startswith("!")
        return f"`on {change.key.removeprefix('!')} mark`" if marks else f"`{change.rule}`"
    if not (row.pushes and row.pulls):
        return f"the row comes from {winner} only"
    if not (ready.push_updates if side == "left" else ready.pull_updates):
        return "`create only` the other way"
    if not (row.push_later if side == "left" else row.pull_later):
        return at_creation(ready, row, "right" if side == "left" else "left")
    if change.before is None and not row.row.clear:
        return "a blank erases no value"
    if base and base.unseen(side, row.key):
        # No look had shown yet what our record was made with.
        return f"taken for what {ready.flow.end(side).system} fills in"
    return "`prefer latest`" if row.row.prefer == "latest" else f"`prefer {winner}`"
