"""Which fields are written, from what and how: the rows and tables of two versions, side by side.

A row is taken apart into what it writes on each side, brought to a form in which two rows that do
the same are equal: a table by what it gives for each value, `prefer` by who wins in each case.
Which records have these fields is in `acting.py` and `linking.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from .. import templates
from ..conditions import Condition, Get, OneOf, written
from ..logic.cells import fold
from ..rules import PairRules, RowRule, Side
from .model import Detail, Difference, Kind, Records
from .setting import Setting, other

Words = Mapping[str, str]
Way = Literal["push", "pull"]


@dataclass(frozen=True, slots=True)
class Write:
    """What one row writes into a field of `side`.

    `source` is (what it is, the field or text); `values` what a table gives, by folded value;
    `how` all else that makes a difference, in words.
    """

    side: Side
    field: str
    source: tuple[Literal["field", "constant", "template"], str]
    values: Mapping[str, tuple[str, str]]
    how: Words
    row: RowRule

    def same(self, one: Write) -> bool:
        """Whether two writes into one field do the same."""
        tables = [{key: each[1] for key, each in write.values.items()} for write in (self, one)]
        sources = self.source == one.source or _alike(self.source, one.source)
        return sources and self.how == one.how and tables[0] == tables[1]


def writing(
    setting: Setting, pair: tuple[str, str], old: PairRules | None, new: PairRules | None
) -> Iterator[Difference]:
    """The differences in what is written to linked records of a pair, or at their creation."""
    before, after = _writes(setting, old, old, new), _writes(setting, new, old, new)
    found: dict[tuple[RowRule, RowRule, tuple[Detail, ...]], Difference] = {}
    rest: list[Difference] = []
    for target in sorted(before.keys() | after.keys(), key=lambda one: (one[0] == "left", one[1])):
        was, now = _apart(before.get(target, []), after.get(target, []))
        if len(was) == len(now) == 1:
            one = _told(setting, pair, "written-differently", was[0], now[0])
            # Both ways of one row, and the same to say of both: said once.
            key = (was[0].row, now[0].row, one.details)
            first = found.get(key)
            found[key] = replace(first, title=f"{first.title} and {one.title}") if first else one
            continue
        rest += [_told(setting, pair, "not-written", write, None) for write in was]
        rest += [_told(setting, pair, "written", None, write) for write in now]
    yield from found.values()
    yield from rest


def _apart(was: list[Write], now: list[Write]) -> tuple[list[Write], list[Write]]:
    """Without what both have, where it stands in the same order."""
    left, rest = list(was), list(now)
    kept = [one for one in was if any(one.same(each) for each in now)]
    again = [one for one in now if any(one.same(each) for each in was)]
    if len(kept) != len(again) or not all(a.same(b) for a, b in zip(kept, again, strict=True)):
        return left, rest
    return [one for one in was if one not in kept], [one for one in now if one not in again]


def flows(pair: PairRules | None, direction: Way) -> bool:
    """Whether changes flow in this direction between linked records."""
    written = [one for one in (pair.moves if pair else ()) if one.direction == direction]
    return not written or any(one.update for one in written)


def targets(pair: PairRules | None, side: Side) -> bool:
    """Whether some row writes to a side."""
    way = "push" if side == "right" else "pull"
    return any(one.direction in (way, "both") for one in (pair.rows if pair else ()))


# ---- taking rows apart

_BACK: Mapping[Way, Way] = {"push": "pull", "pull": "push"}


def _writes(
    setting: Setting, pair: PairRules | None, *both: PairRules | None
) -> dict[tuple[Side, str], list[Write]]:
    """What is written into each field, in the order in which rows count: by path and line.

    Where changes flow in one of `both` versions only, that is told for itself (`linking.py`), and
    how they flow is not compared.
    """
    found: dict[tuple[Side, str], list[Write]] = {}
    rows = sorted(pair.rows if pair else (), key=lambda one: (one.place, one.left, one.right))
    free = {way: all(flows(one, way) for one in both if one) for way in _BACK}
    sides: tuple[Side, Side] = ("right", "left")
    for row in rows:
        for side in sides:
            way: Way = "push" if side == "right" else "pull"
            if row.direction not in (way, "both"):
                continue
            field = row.right if side == "right" else row.left
            how = _how(setting, row, side, updates=free[way], back=free[_BACK[way]])
            write = Write(side, field, _source(row, side), _values(row, side), how, row)
            found.setdefault((side, field), []).append(write)
    return found


def _source(row: RowRule, side: Side) -> tuple[Literal["field", "constant", "template"], str]:
    if row.template:
        return "template", row.template
    if row.constant is not None:
        return "constant", _value(row.constant)
    return "field", row.left if side == "right" else row.right


def _values(row: RowRule, side: Side) -> dict[str, tuple[str, str]]:
    """What a table gives: (value, what becomes of it) by folded value; its first row counts."""
    found: dict[str, tuple[str, str]] = {}
    for left, right, direction in row.table:
        if side == "right" and direction != "pull":
            found.setdefault(fold(left), (left, right))
        if side == "left" and direction != "push":
            found.setdefault(fold(right), (right, left))
    return found


def _how(
    setting: Setting, row: RowRule, side: Side, *, updates: bool, back: bool
) -> dict[str, str]:
    """What else matters, each with words for it; what is as usual is left out.

    At creation alone nobody wins and nothing waits, so that is left out where no update flows.
    """
    found: dict[str, str] = {}
    convert = row.convert[0 if side == "right" else 1]
    if row.table:
        found["with a table"] = "yes"
    elif convert:
        found["as"] = convert
    if row.default is not None:
        found["default"] = _value(row.default)
    if row.truncate and _has_end(setting, row, side):
        found["what is too long"] = "is shortened"
    if updates:
        if row.when_blank:
            found["only where it is blank"] = "yes"
        else:
            found["who wins"] = _winner(setting, row, side, back=back)
        if row.ask:
            found["a change waits for a person"] = "yes"
        if row.clear:
            found["a blank erases"] = "yes"
        may_win = row.prefer == other(side) or (back and row.prefer != side)
        taken = _taken(row, side) if row.direction == "both" and may_win else ""
        if taken:
            found["taken for the same"] = taken
    return found


def _taken(row: RowRule, side: Side) -> str:
    """Two values of a table that the way back makes the same, where this way would make another of
    them: so the one that is there stays."""
    mine, back = _values(row, side), _values(row, other(side))
    found = [
        f"{_value(there)} and {_value(value)}"
        for there, value in sorted(back.values())
        if fold(value) in mine and fold(mine[fold(value)][1]) != fold(there)
    ]
    return ", ".join(found)


def _has_end(setting: Setting, row: RowRule, side: Side) -> bool:
    """Whether a text can be too long for the field that is written."""
    object, field = (
        (row.right_object, row.right) if side == "right" else (row.left_object, row.left)
    )
    return any(one.length is not None for one in setting.fields(side, object, field))


def _winner(setting: Setting, row: RowRule, side: Side, *, back: bool) -> str:
    """Who wins where both sides changed, and where two differ that have just been linked; `back`:
    changes flow the other way, too, so that there may be two to choose from."""
    source, target = setting.system(other(side)), setting.system(side)
    if row.direction == "both" and back:
        winners: Words = {side: target, other(side): source}
        return winners.get(row.prefer or "", "latest")
    keeps = row.prefer == side or (row.direction == "both" and row.prefer != other(side))
    return f"{source}, at the first link {target}" if keeps else source


def _alike(one: tuple[str, str], two: tuple[str, str]) -> bool:
    return one[0] == two[0] == "template" and templates.same(one[1], two[1])


# ---- telling


_FOLLOWS = ("as", "with a table", "taken for the same")
"""What is not told of a row that is new or gone: it follows from the rest."""

_USUAL = {
    "default": "none",
    "what is too long": "is refused",
    "only where it is blank": "no",
    "a change waits for a person": "no",
    "a blank erases": "no",
    "with a table": "no",
    "as": "as it is",
    "who wins": "",
    "taken for the same": "none others",
}
"""What it is where a row doesn't say so."""


def _told(
    setting: Setting, pair: tuple[str, str], kind: Kind, was: Write | None, now: Write | None
) -> Difference:
    write = now or was
    assert write is not None
    to, source = _objects(pair, write.side)
    details: list[Detail] = []
    if was is None or now is None:
        details.append(_one("from", _from(source, write), was, now))
        told = {key: one for key, one in write.how.items() if key not in _FOLLOWS}
        details += [_one(key, one, was, now) for key, one in told.items()]
    else:
        if not (was.source == now.source or _alike(was.source, now.source)):
            details.append(Detail("from", _from(source, was), _from(source, now)))
        details += _other_ways(was, now)
    details += _pairs(was, now)
    values = _read(setting, write, source, was, now)
    field = write.source[1] if write.source[0] == "field" else ""
    title = f"{to}.{write.field} from {_from(source, write)}"
    return Difference(
        kind,
        f"{to}.{write.field}" if kind == "written-differently" else title,
        _rule(write.row),
        before=was.row.place if was else None,
        after=now.row.place if now else None,
        details=tuple(details),
        records=Records(other(write.side), source, *pair, when=values, field=field),
    )


def _other_ways(was: Write, now: Write) -> Iterator[Detail]:
    """What else is different. How a value is converted follows from where it comes from, nobody
    wins where only blanks are filled, and what is taken for the same follows from the values: that
    is told by the one, and not once more by the other."""
    same_source = was.source == now.source and bool(was.values) == bool(now.values)
    for key in dict.fromkeys([*was.how, *now.how]):
        before, after = was.how.get(key), now.how.get(key)
        if before == after or (key == "as" and not same_source):
            continue
        if key == "who wins" and None in (before, after):
            continue
        if key == "taken for the same" and was.values != now.values:
            continue
        yield Detail(key, before or _USUAL[key], after or _USUAL[key])


def _pairs(was: Write | None, now: Write | None) -> Iterator[Detail]:
    """The values of a table that become something else."""
    old, new = was.values if was else {}, now.values if now else {}
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if (before and before[1]) != (after and after[1]):
            shown = before or after
            assert shown is not None
            none = ("" if was is None else "nothing", "" if now is None else "nothing")
            yield Detail(
                _value(shown[0]),
                _value(before[1]) if before else none[0],
                _value(after[1]) if after else none[1],
            )


def _read(
    setting: Setting, write: Write, object: str, was: Write | None, now: Write | None
) -> Condition | None:
    """Where two tables differ: the source records whose value becomes something else."""
    if was is None or now is None or was.source != now.source or was.how != now.how:
        return None
    changed = {key for key in {*was.values, *now.values}
               if was.values.get(key, ("", ""))[1] != now.values.get(key, ("", ""))[1]}  # fmt: skip
    side = other(write.side)
    fields = setting.fields(side, object, write.source[1])
    if not changed or not fields or fields[0].type == "choices":
        return None
    found = [(was.values.get(key) or now.values[key])[0] for key in sorted(changed)]
    return OneOf(Get(write.source[1], fields[0].type), tuple(found))


def _objects(pair: tuple[str, str], side: Side) -> tuple[str, str]:
    """The object that is written, and the one that is read."""
    return (pair[1], pair[0]) if side == "right" else (pair[0], pair[1])


def _from(source: str, write: Write) -> str:
    what, words = write.source
    return f"{source}.{words}" if what == "field" else words if what == "constant" else f'"{words}"'


def _one(what: str, words: str, was: Write | None, now: Write | None) -> Detail:
    return Detail(what, words if was else "", words if now else "")


def _rule(row: RowRule) -> str:
    if row.standard:
        return f"standard rows of {row.left_object} with {row.right_object}"
    if row.table:
        return f"map {row.left_object} {row.left} with {row.right_object}.{row.right}"
    return f"map {row.left_object} with {row.right_object}"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return " and ".join(_value(one) for one in value)
    return written(value, None)  # type: ignore[arg-type]
