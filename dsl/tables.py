"""Value tables, `map OBJECT FIELD with TARGET.FIELD { "a" <-> "b" }`: one row with pairs of values.

Knows both finite sets from the schemas and what `by name` pairs. Whether a table is one to one, and
total where it has to be, is told by `checks/`.
"""

from __future__ import annotations

from ..connectors.base.schema import Field, Object
from . import tree
from .bound import Bound, BoundMap, BoundRow, Placed, Winner, place
from .checks import no_winner, table_not_one_to_one, table_not_total
from .names import find_choice, find_field, find_object, text_of
from .rows import DIRECTIONS, turned_round, winner
from .rules import Direction, RowRule
from .types import KINDS

Entry = tuple[str, str, Direction]


def map_values(bound: Bound, placed: Placed, node: tree.MapValues) -> None:
    """Add the table's row to `bound`, or findings."""
    file = placed.file
    if turned_round(bound, file, node.object, node.target.parts[:1]):
        bound.lost_all = True
        return
    left = find_object(bound.report, file, bound.left, bound.left_name, node.object)
    right = find_object(bound.report, file, bound.right, bound.right_name, node.target.parts[0])
    if left is None or right is None:
        bound.lost_all = True
        return
    bound.maps.append(BoundMap(file, node.span, ((left.name, right.name),)))
    if not _bind(bound, placed, node, left, right):
        bound.lost_rows.add((left.name, right.name))


def _bind(bound: Bound, placed: Placed, node: tree.MapValues, left: Object, right: Object) -> bool:
    file = placed.file
    left_field = find_field(bound.report, file, left, node.field)
    right_field = _status(bound, file, node, right)
    if left_field is None or right_field is None:
        return False
    ends = ((left_field, node.field.span), (right_field, node.target.span))
    if False in [_is_choice(bound, file, field, span) for field, span in ends]:
        return False
    written = _written(bound, file, node, left_field, right_field)
    if written is None:
        return False
    prefer, words = _modifiers(bound, placed, node)
    named = "by name" in words
    by_name = _by_name(left_field, right_field, written) if named else ()
    entries = (*written, *by_name)
    if not entries and named:
        table_not_total.report_empty(bound.report, file, node.span, left_field, right_field)
        return False
    nodes = (*node.rows, *([None] * len(by_name)))
    shared = left.thing != "person"
    entries = table_not_one_to_one.find(
        bound.report, file, tuple(zip(entries, nodes, strict=True)), shared=shared
    )
    if shared:
        table_not_total.find(bound.report, file, node, left_field, entries)
    direction = _direction(entries)
    if not _writable(bound, file, direction, ends, (left, right)):
        return False
    if direction == "both" and prefer is None:
        no_winner.report(bound.report, file, node.span)
    rule = RowRule(
        place(file, node.span),
        file.text(node.span),
        left.name,
        right.name,
        left_field.name,
        right_field.name,
        direction,
        ("table" if direction != "pull" else "", "table" if direction != "push" else ""),
        prefer=None if prefer == "lost" else prefer,
        table=entries,
        ask="ask" in words,
    )
    bound.rows.append(BoundRow(rule, file, node.span))
    return True


def _status(bound: Bound, file: tree.File, node: tree.MapValues, right: Object) -> Field | None:
    """The target's field: the one named, or the connector's own for a status."""
    if len(node.target.parts) > 1:
        return find_field(bound.report, file, right, node.target.parts[1])
    found = right.by_name.get(right.status_field)
    if found is None:
        bound.report.add(
            "unknown-field",
            file,
            node.target.span,
            f"`{right.name}` has no field for a status of its own",
            help=f"name the field: `{right.name}.FIELD`",
        )
    return found


def _is_choice(bound: Bound, file: tree.File, field: Field, span: tree.Span) -> bool:
    if field.type in ("choice", "choices") and field.choices:
        return True
    bound.report.add(
        "wrong-type",
        file,
        span,
        f"`{field.name}` is {KINDS[field.type]}, and a table needs a choice on both sides",
        help="a value of another kind moves with a row: `map OBJECT with TARGET { A -> B }`",
    )
    return False


def _written(
    bound: Bound, file: tree.File, node: tree.MapValues, left: Field, right: Field
) -> tuple[Entry, ...] | None:
    """The table's rows; None where a value in one is unknown or a line could not be read."""
    entries: list[Entry] = []
    lost = file.lost_rows_of(node.span)
    for row in node.rows:
        direction = DIRECTIONS[row.arrow]
        a = _value(bound, file, row.left, left, written=direction != "push")
        b = _value(bound, file, row.right, right, written=direction != "pull")
        if a is None or b is None:
            lost = True
        else:
            entries.append((a, b, direction))
    return None if lost else tuple(entries)


def _value(
    bound: Bound, file: tree.File, word: tree.Text | tree.Name, field: Field, *, written: bool
) -> str | None:
    if isinstance(word, tree.Name):
        text_of(bound.report, file, word, field)
        return None
    return find_choice(bound.report, file, field, word, written=written)


def _by_name(left: Field, right: Field, written: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Values of equal names, letter case aside, that no written row has."""
    taken_left, taken_right = {one[0] for one in written}, {one[1] for one in written}
    free = {
        one.value.casefold(): one.value
        for one in reversed(right.choices)
        if one.active and one.value not in taken_right
    }
    both: Direction = "both"
    return tuple(
        (one.value, free[one.value.casefold()], both)
        for one in left.choices
        if one.active and one.value not in taken_left and one.value.casefold() in free
    )


def _modifiers(bound: Bound, placed: Placed, node: tree.MapValues) -> tuple[Winner, set[str]]:
    """Who wins, and the words that stand alone (`by name`, `ask`)."""
    prefer = placed.prefer
    words: set[str] = set()
    for one in node.modifiers:
        if isinstance(one, tree.Prefer):
            prefer = winner(bound, placed.file, one)
        else:
            words.add(one.word)
    return prefer, words


def _direction(entries: tuple[Entry, ...]) -> Direction:
    ways = {one[2] for one in entries}
    return ways.pop() if len(ways) == 1 else "both"


def _writable(
    bound: Bound,
    file: tree.File,
    direction: Direction,
    ends: tuple[tuple[Field, tree.Span], tuple[Field, tree.Span]],
    owners: tuple[Object, Object],
) -> bool:
    for (field, span), owner, way in zip(ends, owners, ("pull", "push"), strict=True):
        written = direction in ("both", way)
        if written and (field.derived or not (field.creatable or field.updatable)):
            bound.report.add(
                "read-only-field",
                file,
                span,
                f"`{owner.name}.{field.name}` can't be written by {bound.report.login(owner)}",
                help="let all rows of the table point the other way",
            )
            return False
    return True
