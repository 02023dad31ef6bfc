"""Values that come back: what the rows of a pair make of one edit, round after round.

Plays the rows on a made-up record, as a run would: a row acts when what it reads has changed since
it last acted, and knows its own echo. Only rows that lead from one to another and back are played;
what the outcome is called is told in `checks/value_loop.py` and `checks/lossy_round_trip.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import Field
from ..connectors.base.values import Value
from . import templates, types
from .bound import Bound, BoundRow, PairName

ROUNDS = 4
"""Rounds, besides one for each row, after which values that still change are called endless."""
SHORT = 20
"""Characters of a text that fits everywhere, unless it grows."""
MOST_CHOICES = 50
"""Values of a choice that are tried."""

TOO_LONG = "\0"
"""Stands for a text that doesn't fit, which no field holds."""

Node = tuple[Literal["left", "right"], str]
"""A field of one side."""


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A row in one of its directions: it reads `sources` and writes `target`. Equal to itself
    alone: to compare two would be to compare the files that their rows stand in."""

    row: BoundRow
    sources: tuple[Node, ...]
    target: Node


@dataclass(frozen=True, slots=True)
class Trip:
    """What became of a value: the left field, its values in turn, the rows in the order of their
    places, standard ones last; `endless` says that it never came to rest."""

    field: str
    values: tuple[Value, ...]
    rows: tuple[BoundRow, ...]
    endless: bool


def trips(bound: Bound) -> Iterator[Trip]:
    """For each ring of rows one value that it doesn't leave in peace, an endless one first."""
    by_pair: dict[PairName, list[BoundRow]] = {}
    for row in (*bound.rows, *bound.standard):
        by_pair.setdefault(row.pair, []).append(row)
    for pair, rows in by_pair.items():
        ways = [way for row in rows for way in _ways(row)]
        if len({one.target for one in ways}) < len(ways):
            continue  # two rows write one field: that is said elsewhere
        for ring in _rings(ways):
            found = list(_played(bound, pair, ring))
            found.sort(key=lambda one: not one.endless)
            yield from found[:1]


def _ways(row: BoundRow) -> Iterator[Way]:
    """The directions of a row in which a value comes back; not where a person decides, and not
    where only blanks are filled."""
    rule = row.rule
    if rule.ask or rule.when_blank or rule.constant is not None:
        return
    if "reference" in rule.convert or "user" in rule.convert:
        return
    if rule.direction != "pull":
        lefts = rule.reads if rule.template else (rule.left,)
        yield Way(row, tuple(("left", one) for one in lefts), ("right", rule.right))
    if rule.direction != "push":
        rights = rule.reads if rule.template else (rule.right,)
        yield Way(row, tuple(("right", one) for one in rights), ("left", rule.left))


def _rings(ways: Sequence[Way]) -> Iterator[tuple[Way, ...]]:
    """Ways that lead from one to the next and back to the first, over two rows at least."""
    writer = {one.target: one for one in ways}
    places = {one: place for place, one in enumerate(ways)}
    done: set[Node] = set()
    for start in ways:
        reached = _behind(start, writer)
        if start not in reached or start.target in done:
            continue
        around = (one for one in reached if start in _behind(one, writer))
        ring = tuple(sorted(around, key=places.__getitem__))
        done |= {one.target for one in ring}
        if len({id(one.row) for one in ring}) > 1:
            yield ring


def _behind(way: Way, writer: Mapping[Node, Way]) -> set[Way]:
    """The ways whose values get into this one."""
    found: set[Way] = set()
    open_ = [way]
    while open_:
        for node in open_.pop().sources:
            before = writer.get(node)
            if before is not None and before not in found:
                found.add(before)
                open_.append(before)
    return found


# ---- playing ----------------------------------------------------------------------------------


def _played(bound: Bound, pair: PairName, ring: Sequence[Way]) -> Iterator[Trip]:
    left, right = bound.left.by_name[pair[0]].by_name, bound.right.by_name[pair[1]].by_name
    fields: dict[Node, Field] = {}
    for way in ring:
        for side, name in (*way.sources, way.target):
            fields[side, name] = (left if side == "left" else right)[name]
    rows = {id(one.row): one.row for one in ring}
    by_place = sorted(rows.values(), key=lambda one: (one.file.path, one.span))
    in_order = tuple(sorted(by_place, key=lambda one: one.rule.standard))
    written = {one.target for one in ring}
    cut = {fields[one.target].length for one in ring if one.row.rule.truncate}
    lengths = sorted(one for one in cut if one is not None)
    lefts: dict[Node, Value] = {}
    for number, node in enumerate(sorted(fields)):
        if node[0] != "left" or node not in written:
            continue
        samples = _samples(number, fields[node], lengths)
        choice = fields[node].type in ("choice", "choices")
        lefts[node] = samples[number % len(samples)] if choice else samples[0]
        for value in samples:
            values, endless = _play(ring, fields, {node: value}, node)
            if endless or values[-1] != value:
                yield Trip(node[1], values, in_order, endless)
    for node in lefts if len(lefts) > 1 else ():
        # Several fields edited at once: each other's values may go round.
        values, endless = _play(ring, fields, lefts, node)
        if endless:
            yield Trip(node[1], values, in_order, endless)


def _play(
    ring: Sequence[Way], fields: Mapping[Node, Field], edits: Mapping[Node, Value], watched: Node
) -> tuple[tuple[Value, ...], bool]:
    """The values that the watched field has in turn, and whether they never come to rest."""
    now: dict[Node, Value] = {
        node: _samples(number, fields[node], ())[0] for number, node in enumerate(sorted(fields))
    }
    now.update(dict.fromkeys(edits))
    # Else a choice might hold already what is about to be written there.
    chosen = (one.target for one in ring if fields[one.target].type in ("choice", "choices"))
    now.update(dict.fromkeys(chosen))
    seen = {way: _read(way, now) for way in ring}
    now.update(edits)
    shown = [now[watched]]
    short = all(len(one) <= SHORT for one in edits.values() if isinstance(one, str))
    for _ in range(ROUNDS + len(ring)):
        acted = False
        for side in ("right", "left"):
            for way in ring:
                if way.target[0] != side or _read(way, now) == seen[way]:
                    continue
                seen[way] = _read(way, now)
                made = _made(way, now, fields)
                if made is TOO_LONG:
                    if short:
                        return tuple(shown), len(shown) > 1
                    continue
                if made is None or made == now[way.target]:
                    continue
                acted = True
                now[way.target] = made
                for back in ring:
                    if back.row is way.row and back is not way:
                        seen[back] = _read(back, now)
        if now[watched] != shown[-1]:
            shown.append(now[watched])
        if not acted:
            return tuple(shown), False
    return tuple(shown), len(shown) > 2


def _read(way: Way, now: Mapping[Node, Value]) -> tuple[Value, ...]:
    return tuple(now[one] for one in way.sources)


def _made(way: Way, now: Mapping[Node, Value], fields: Mapping[Node, Field]) -> Value:
    """What the row writes, None where it writes nothing; `TOO_LONG` where it would be refused."""
    rule, target = way.row.rule, fields[way.target]
    pushes = way.target[0] == "right"
    value, name = now[way.sources[0]], rule.convert[0] if pushes else rule.convert[1]
    if rule.table:
        return _looked_up(rule.table, value, pushes=pushes)
    try:
        if rule.template:
            read = {one[1]: now[one] for one in way.sources}
            value, name = templates.render(rule.template, read), "text"
        source = fields[way.sources[0]]
        return types.convert(name, value, source, target, truncate=rule.truncate)
    except templates.NotATemplate:
        return None
    except types.Unfit as unfit:
        return TOO_LONG if unfit.code == "too-long" else None


def _looked_up(table: Sequence[tuple[str, str, str]], value: Value, *, pushes: bool) -> Value:
    for left, right, direction in table:
        if pushes and direction != "pull" and left == value:
            return right
        if not pushes and direction != "push" and right == value:
            return left
    return None


def _samples(number: int, field: Field, lengths: Sequence[int]) -> list[Value]:
    """Values that a field may have: those of a choice; a short text, and such as get cut off at
    one of `lengths`."""
    letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 26]
    if field.type == "choice":
        known: list[Value] = [one.value for one in field.choices if one.active]
        return known[:MOST_CHOICES] or [letter]
    if field.type == "choices":
        sets: list[Value] = [(one.value,) for one in field.choices if one.active]
        return sets[:MOST_CHOICES] or [(letter,)]
    plain: dict[str, Value] = {
        "number": 1 if field.format == "integer" else 1.5,
        "boolean": True,
        "date": "2026-01-31",
        "datetime": "2026-01-31T10:30:00.000Z",
    }
    if field.type in plain:
        return [plain[field.type]]
    longer = (one + 10 for one in lengths if field.length is None or one + 10 <= field.length)
    return [letter, *(letter * one for one in longer)]
