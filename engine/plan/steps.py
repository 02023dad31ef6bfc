"""The steps of a flow in words: matching, creating, values, inferring, and what makes it decide
again.

Knows how parts of the model are said aloud, in the words of the language; the page around the
steps is `explain.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ...connectors.base.values import Value
from ...dsl.conditions import All, Condition, Truth, text
from ...dsl.rules import Arm, Direction, Event, InferRule, Place
from .model import Flow, Move, Row, StandIn, Tie, Watch
from .needs import other, source_of

_LINE = 90
"""Columns of a line, its place on the page left aside."""

_ARROWS: dict[Direction, str] = {"push": "->", "pull": "<-", "both": "<->"}

_CONVERSIONS = {
    "day of moment": "as a day",
    "domain": "as a domain",
    "joined": "as one text",
    "noon of day": "as noon of that day",
    "set": "as a set of one",
    "single": "of a set of one",
}
"""Conversions that people want to know of; the others move a value as it is."""


def flow_steps(
    flow: Flow, watches: Sequence[Watch], children: Sequence[str] = ()
) -> Iterator[list[str]]:
    """Each step as its heading and the lines below it.

    `watches` are those of this flow, `children` the names of flows whose references go through it.
    """
    yield _matching(flow, children)
    for move in flow.moves:
        if move.enrich:
            yield _enrich(flow, move)
        elif not move.implied:
            yield _move(flow, move)
    implied = list(dict.fromkeys(move.rule for move in flow.moves if move.implied))
    if implied:
        yield [
            f"pull {flow.right.object} as {flow.left.object}, hidden",
            f"comes with {' and '.join(implied)}; known for matching, creates nothing",
        ]
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


def _matching(flow: Flow, children: Sequence[str]) -> list[str]:
    if flow.activity:
        return _involving(flow)
    keys = [" and ".join(f"{left} = {right}" for left, right in one.pairs) for one in flow.keys]
    lines = (
        _fitted("match on ", [keys[0], *(f"else {one}" for one in keys[1:])], ",") if keys else []
    )
    lines = lines or ["match on nothing: these objects have no key"]
    if flow.ties:
        order = [_tie(flow.ties[0]), *(f"then {_tie(one)}" for one in flow.ties[1:])]
        lines += _fitted("of several ", [*order, "else none: that is an error, never a guess"], ",")
    if len(flow.siblings) > 1:
        tried = ", then ".join(called(one) for one in flow.siblings)
        lines.append(f"a record has one link in all of these, tried in order: {tried}")
    if flow.users:
        lines.append("links users of the same key; writes nothing")
    elif flow.identity:
        lines.append("links what has the same key, so that references find it; writes nothing")
    elif children:
        made = "matched, or created," if flow.rows else "matched"
        lines.append(
            f"what a record of {' or '.join(called(one) for one in children)} refers to is {made} "
            "first, whatever the conditions here"
        )
    elif not flow.moves:
        lines.append("no rule links these; what follows is for links that are there")
    return lines


def _involving(flow: Flow) -> list[str]:
    """What takes the place of keys for what people did."""
    lines = ["made once somebody or something involved is linked"]
    if flow.led:
        named = " or ".join(object for object, _ in flow.led)
        lines.append(f"a {flow.left.object} counts as the {named} it led to, where there is one")
    return lines


def _move(flow: Flow, move: Move) -> list[str]:
    source, target = flow.left.object, flow.right.object
    if move.direction == "pull":
        source, target = target, source
    lines = [f"{move.rule}  ({_at(move.place)})"]
    if move.create:
        lines += _when(f"creates {target}", source, move)
        if move.source:
            lines.append(f"sets {move.source[0]} to {_value(move.source[1])} on what it creates")
    elif move.direction == "push":
        lines += [*_when(f"links with {target}", source, move), "creates nothing"]
    else:
        lines.append("known for matching, creates nothing")
    if not move.update:
        lines.append(f"once linked, changes of {source} stay where they are")
    if move.stop is not None:
        lines += _fitted(f"writes nothing to {target} while ", _joined(move.stop))
    for one in move.stand_ins:
        lines += _stand_in(target, one)
    for event in move.events:
        lines += _event(flow, move, event)
    return lines


def _tie(tie: Tie) -> str:
    if tie.kind == "most":
        counted = " or ".join(one for one in dict.fromkeys((tie.left, tie.right)) if one)
        return f"the one that most {counted} lead to"
    if tie.kind == "same":
        return f"the one of the same {tie.left}"
    return f"the {tie.kind}"


def _stand_in(target: str, one: StandIn) -> list[str]:
    several = [
        f"{'then' if place else 'of several'} {_tie(tie)}" for place, tie in enumerate(one.ties)
    ]
    whose = f"the {one.object} whose {one.key} is the domain of {one.source}"
    return _fitted(f"{_a(target)} without {one.field} gets ", [whose, *several], ",")


def _event(flow: Flow, move: Move, event: Event) -> list[str]:
    """What follows when the record that the rule reads has ended."""
    end = flow.end(source_of(move))
    target = flow.end(other(source_of(move))).object
    ended = {
        "delete": f"is deleted in {end.system}",
        "merge": f"is merged into one that has a {target} of its own",
        "cancel": f"is cancelled in {end.system}",
    }[event.on]
    follows = {
        "delete": f"its {target} is deleted, too",
        "merge": f"the two {target} records are to be merged",
        "unlink": "the link ends, and both are free",
        "mark": f"{event.field} of its {target} becomes {_value(event.text)}",
    }[event.action]
    return _fitted("", [f"when {_a(end.object)} {ended}", follows], ",")


def _a(object: str) -> str:
    return f"{'an' if object[0].lower() in 'aeiou' else 'a'} {object}"


def _enrich(flow: Flow, move: Move) -> list[str]:
    source, target = flow.left.object, flow.right.object
    new = move.enrich == "new"
    which = f"a {target} that is new" if new else f"once each {target} that was there before"
    return [
        f"{move.rule}  ({_at(move.place)})",
        f"links {which} with its {source}",
        f"fills what is blank in the {target}; what stands there stays, on both sides",
    ]


def _when(does: str, source: str, move: Move) -> list[str]:
    if move.when is None:
        return [f"{does} for every {source}"]
    return _fitted(f"{does} when ", _joined(move.when))


def _joined(when: Condition) -> list[str]:
    """A condition by the parts that `and` joins."""
    parts = tuple(_clauses(when))
    written = [text(All((one,))) if len(parts) > 1 else text(one) for one in parts]
    return [written[0], *(f"and {one}" for one in written[1:])]


def _clauses(when: Condition) -> Iterator[Condition]:
    """What `and` joins, at every depth."""
    if isinstance(when, All):
        for part in when.parts:
            yield from _clauses(part)
    else:
        yield when


def _fitted(label: str, parts: Sequence[str], mark: str = "") -> list[str]:
    """The parts on one line, or each on its own where that would be too long."""
    whole = label + f"{mark} ".join(parts)
    if len(whole) <= _LINE:
        return [whole]
    first, *others = parts
    lines = [label + first, *(f"    {one}" for one in others)]
    return [*(f"{one}{mark}" for one in lines[:-1]), lines[-1]]


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
    notes += [
        name
        for name, said in (
            ("when blank", row.when_blank),
            ("ask", row.ask),
            ("truncate", row.truncate),
            ("clear", row.clear),
        )
        if said
    ]
    if row.default is not None:
        notes.append(f"default {_value(row.default)}")
    if row.through:
        notes.append(f"through {' or '.join(called(one) for one in row.through)}")
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
    if watch.domain:
        which = f"{_a(watch.object)} of its {watch.domain}'s domain"
        return f"{watch.target} when {which} comes or goes"
    if watch.backward:
        path = ".".join((watch.via, *(name for _, name in reversed(watch.over))))
        known = path.casefold() == watch.object.casefold()
        which = f"its {path}" if known else f"the {watch.object} in its {path}"
        return f"{watch.target} when {which} changes"
    return f"{watch.target} when a related {watch.object} changes, comes or goes"


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}"


def _value(value: Value) -> str:
    if value is None:
        return "blank"
    if isinstance(value, tuple):
        return ", ".join(_value(one) for one in value)
    return json.dumps(value, ensure_ascii=False)
