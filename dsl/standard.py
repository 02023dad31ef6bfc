"""The standard rows of activities as typed rules, beside the rows that people wrote.

Knows which way the rules of a pair go, what its maps write already, and what can't be written or
has no conversion. Which fields belong together is in `activities.py`. Nobody wrote these rows and
nobody can edit them, so `Bound` keeps them apart from those that checks find fault with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..connectors.base.schema import Field
from .activities import standard_conversion, standard_rows, standard_table
from .bound import Bound, BoundMove, BoundRow, PairName
from .references import reference_kind
from .rules import Direction, RowRule
from .types import Refusal

Way = Literal["push", "pull"]
WAYS: tuple[Way, Way] = ("push", "pull")
Table = tuple[tuple[str, str, Direction], ...]


def add_standard_rows(bound: Bound) -> None:
    """Fill `bound.standard`; the moves, rows and infers are all known.

    A pair whose rows are not all known gets none: what was lost might have replaced one.
    """
    pairs: dict[PairName, list[BoundMove]] = {}
    for move in bound.moves:
        pairs.setdefault(move.pair, []).append(move)
    for pair, moves in pairs.items():
        fields = standard_rows(moves[0].left, moves[0].right)
        if not fields or not bound.rows_known(pair):
            continue
        said = {one.rule.direction for one in moves}
        written = {way: _written(bound, moves[0], way) for way in WAYS}
        for left, right in fields:
            targets = {"push": right, "pull": left}
            free = [
                way
                for way in WAYS
                if _takes(targets[way]) and targets[way].name not in written[way]
            ]
            ways = [one for one in free if one in said]
            closes = "pull" in said and "push" in free
            row = _row(bound, moves, left, right, ways, closes=closes)
            if row is not None:
                bound.standard.append(row)


def _written(bound: Bound, move: BoundMove, way: Way) -> set[str]:
    """The fields of a pair's target that a row of its maps or an `infer` writes."""
    found = {
        one.rule.right if way == "push" else one.rule.left
        for one in bound.rows
        if one.pair == move.pair and one.rule.direction in (way, "both")
    }
    target = ("right", move.rule.right) if way == "push" else ("left", move.rule.left)
    return found | {
        one.rule.field for one in bound.infers if (one.rule.side, one.rule.object) == target
    }


def _takes(field: Field) -> bool:
    return field.type != "id" and not field.derived and (field.creatable or field.updatable)


def _row(
    bound: Bound,
    moves: Sequence[BoundMove],
    left: Field,
    right: Field,
    ways: Sequence[Way],
    *,
    closes: bool,
) -> BoundRow | None:
    """The row in those of `ways` in which a value can go; None where there is no such way.
    `closes`: a status of what is done goes to the right, whether or not a rule pushes."""
    table: Table = ()
    if left.type == right.type == "choice":
        table = _narrowed(standard_table(left, right), ways, _done(left) if closes else set())
        going = {one[2] for one in table}
        push, pull = ("table" if going & {way, "both"} else "" for way in WAYS)
    else:
        push, pull = _conversions(bound, left, right, ways)
    if not push and not pull:
        return None
    direction: Direction = "both" if push and pull else "push" if push else "pull"
    # The row stands where the first rule does that takes it along.
    move = next((one for one in moves if one.rule.direction == direction), moves[0])
    rule = RowRule(
        move.rule.place,
        f"standard row: {left.role}",
        move.left.name,
        move.right.name,
        left.name,
        right.name,
        direction,
        (push, pull),
        prefer=_winner(moves, direction),
        table=table,
        standard=True,
    )
    return BoundRow(rule, move.file, move.node.span)


def _conversions(bound: Bound, left: Field, right: Field, ways: Sequence[Way]) -> tuple[str, str]:
    """The conversions to the right and to the left; "" where a value can't go or nobody asks."""
    if not ways:
        return "", ""
    if left.type == right.type == "reference":
        kind = reference_kind(bound, left, right)
        if isinstance(kind, Refusal):
            return "", ""
        return (kind if "push" in ways else "", kind if "pull" in ways else "")
    there = standard_conversion(left, right) if "push" in ways else ""
    back = standard_conversion(right, left) if "pull" in ways else ""
    return (
        "" if isinstance(there, Refusal) else there,
        "" if isinstance(back, Refusal) else back,
    )


def _done(left: Field) -> set[str]:
    """The values of a status that close what was pulled: its original is closed with it."""
    return {one.value for one in left.choices if left.role == "status" and one.means == "done"}


def _narrowed(table: Table, ways: Sequence[Way], closing: set[str]) -> Table:
    """The table as far as it goes in `ways`, and from the left values that close something."""
    found: list[tuple[str, str, Direction]] = []
    for left, right, said in table:
        push = said != "pull" and ("push" in ways or left in closing)
        pull = said != "push" and "pull" in ways
        if push or pull:
            found.append((left, right, "both" if push and pull else "push" if push else "pull"))
    return tuple(found)


def _winner(
    moves: Sequence[BoundMove], direction: Direction
) -> Literal["left", "right", "latest"] | None:
    """The winner of the files that the rules stand in, the first that says one. Nobody was asked
    about a row that goes both ways, so there the later change wins where no file says who."""
    for one in moves:
        if one.prefer is not None and one.prefer != "lost":
            return one.prefer
    return "latest" if direction == "both" else None
