"""The steps of a flow in words: matching, creating, values, inferring, and what makes it decide
again.

Knows how parts of the model are said aloud, in the words of the language; the page around the
steps is `explain.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ...connectors.base.values import Value
from ...dsl.conditions import Truth, text
from ...dsl.rules import Arm, Direction, InferRule, Key, Place, Side
from .model import Flow, Move, Row, Watch

_ARROWS: dict[Direction, str] = {"push": "->", "pull": "<-", "both": "<->"}

_CONVERSIONS = {
    "day of moment": "as a day",
    "domain": "as a domain",
    "joined": "as one text",
    "set": "as a set of one",
    "single": "of a set of one",
}
"""Conversions that people want to know of; the others move a value as it is."""


def flow_steps(flow: Flow, watches: Sequence[Watch]) -> Iterator[list[str]]:
    """Each step as its heading and the lines below it. `watches` are those of this flow."""
    yield _matching(flow)
    for move in flow.moves:
        yield _move(flow, move)
    for rule in dict.fromkeys(row.rule for row in flow.rows):
        rows = [row for row in flow.rows if row.rule == rule]
        yield [rule, *_rows(flow, rows)]
    for infer in flow.infers:
        yield _infer(infer)
    if watches:
        yield ["decide again", *(_watch(one) for one in watches)]


def called(flow: str) -> str:
    """A flow's name as people read it: `contact ~ Lead`."""
    return flow.replace("~", " ~ ")


def side_of(move: Move) -> Side:
    """The side whose records a move reads."""
    return "left" if move.direction == "push" else "right"


def often(minutes: int) -> str:
    """`every 15 minutes`, `every hour`, `every 2 days`."""
    sizes = ((1440, "day"), (60, "hour"), (1, "minute"))
    count, name = next((minutes // size, name) for size, name in sizes if minutes % size == 0)
    return f"every {name}" if count == 1 else f"every {count} {name}s"


def in_columns(rows: Sequence[Sequence[str]], *, right_from: int | None = None) -> list[str]:
    """Rows as lines with columns two spaces apart; from `right_from` on they end in line."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width)
            if right_from is not None and column >= right_from
            else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _matching(flow: Flow) -> list[str]:
    if not flow.keys:
        return ["match on nothing: these objects have no key"]
    lines = [f"match on {', else '.join(_key(one) for one in flow.keys)}"]
    if flow.users:
        lines.append("links users of the same key; writes nothing")
    if len(flow.siblings) > 1:
        order = ", then ".join(called(one) for one in flow.siblings)
        lines.append(f"a record has one link in all of these, tried in order: {order}")
    return lines


def _key(key: Key) -> str:
    return " and ".join(f"{left} = {right}" for left, right in key.pairs)


def _move(flow: Flow, move: Move) -> list[str]:
    source, target = flow.left.object, flow.right.object
    if move.direction == "pull":
        source, target = target, source
    if move.implied:
        return [
            f"pull {source} as {target}, hidden",
            f"comes with {move.rule}; known for matching, creates nothing",
        ]
    lines = [f"{move.rule}  ({_at(move.place)})"]
    when = f"for every {source}" if move.when is None else f"when {text(move.when)}"
    if move.create:
        lines.append(f"creates {target} {when}")
        if move.source:
            lines.append(f"sets {move.source[0]} to {_value(move.source[1])} on what it creates")
    elif move.direction == "push":
        lines.append(f"links with {target} {when}; creates nothing")
    else:
        lines.append("known for matching, creates nothing")
    if not move.update:
        lines.append(f"once linked, changes of {source} stay where they are")
    return lines


def _rows(flow: Flow, rows: Sequence[Row]) -> Iterator[str]:
    """Rows in columns, each table below its row."""
    cells = [(_left(row), _ARROWS[row.direction], _right(row), _notes(flow, row)) for row in rows]
    for row, line in zip(rows, in_columns(cells), strict=True):
        yield line
        if row.table:
            values = [(_value(a), _ARROWS[way], _value(b)) for a, b, way in row.table]
            yield from (f"  {one}" for one in in_columns(values))


def _left(row: Row) -> str:
    return row.left if row.left else _quoted(row)


def _right(row: Row) -> str:
    return row.right if row.right else _quoted(row)


def _quoted(row: Row) -> str:
    return _value(row.template or row.constant)


def _notes(flow: Flow, row: Row) -> str:
    """What else a row says, in the words that one would write it in."""
    notes = []
    if row.direction == "both":
        winners = {
            "left": f"{flow.left.system} wins",
            "right": f"{flow.right.system} wins",
            "latest": "the latest change wins",
        }
        notes.append(winners.get(row.prefer or "", "where both changed, neither is written"))
    if row.when_blank:
        notes.append("when blank")
    if row.default is not None:
        notes.append(f"default {_value(row.default)}")
    if row.reference:
        notes.append(f"through {called(row.reference)}")
    notes += dict.fromkeys(_CONVERSIONS[one] for one in row.convert if one in _CONVERSIONS)
    return ", ".join(notes)


def _infer(infer: InferRule) -> list[str]:
    arms = [(_value(arm.value), _arm(arm)) for arm in infer.arms]
    return [
        f"infer {infer.object} {infer.field} from {infer.related}  ({_at(infer.place)})",
        f"looks at each {infer.related} whose {infer.via} is the {infer.parent}",
        *(f"  {line}" for line in in_columns(arms)),
        "the first that is true; if none is, the value stays",
    ]


def _arm(arm: Arm) -> str:
    if arm.when is None:
        return f"when {arm.quantifier}"
    verb = "is" if arm.quantifier == "any" else "are"
    if not isinstance(arm.when, Truth):
        verb = "with"
    return f"when {arm.quantifier} {verb} {text(arm.when)}"


def _watch(watch: Watch) -> str:
    if watch.backward:
        return f"{watch.target} when the {watch.object} in its {watch.via} changes"
    return f"{watch.target} when a related {watch.object} changes, comes or goes"


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}"


def _value(value: Value) -> str:
    if value is None:
        return "blank"
    if isinstance(value, tuple):
        return ", ".join(_value(one) for one in value)
    return json.dumps(value, ensure_ascii=False)
