"""Every field of two objects: its type, in how many records it is filled, and where it is mapped.

For whoever goes through the whole list before the first sync. Fill rates come from a sample of
records that is read for it, since what no rule maps is never read by a run; mappings from the rules
as they pass `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

from ..connectors.base.contract import Read
from ..connectors.base.schema import Field, Object
from ..dsl.activities import standard_rows
from ..dsl.rules import SIDES, PairRules, RowRule, RuleSet, Side
from ..errors import SyncrulesError, UsageError
from .schemas import type_of
from .systems import nearest

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from .project import Project

SAMPLE = 200
"""Records that are looked at for the fill rates; a page is read to its end."""

_ARROWS: Mapping[tuple[str, Side], str] = {
    ("push", "left"): "->",
    ("push", "right"): "<-",
    ("pull", "left"): "<-",
    ("pull", "right"): "->",
    ("both", "left"): "<->",
    ("both", "right"): "<->",
}


@dataclass(frozen=True, slots=True)
class Mapped:
    """A rule that moves a field: `way` is an arrow as seen from it, `other` what is at its other
    end. `standard`: a row that activities have without a word; `place` is "" where no rule takes
    it along yet."""

    way: str
    other: str
    rule: str
    place: str
    standard: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A field; `filled` is the share of sampled records that have a value, None: not sampled."""

    field: Field
    filled: float | None
    mapped: tuple[Mapped, ...]


@dataclass(frozen=True, slots=True)
class Half:
    """One object: its mapped fields first, then the others, the fullest first. `sampled` records
    were looked at; where that could not be, `missing` says why."""

    system: str
    object: str
    fields: tuple[Shown, ...]
    sampled: int
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Both objects; `broken` says that the rules don't pass, so that no mapping is known."""

    left: Half
    right: Half
    broken: bool = False


def fields(project: Project, world: World, left: str, right: str) -> Pairing:
    """The fields of an object of one system and of one of another, the left system's first."""
    rules = project.check().rules
    sets = rules.sets if rules else ()
    systems = _systems(project, sets, left, right)
    schemas = project.schemas()
    pair = next(
        (
            each
            for one in sets
            if (one.left, one.right) == systems
            for each in one.pairs
            if (each.left, each.right) == (left, right)
        ),
        None,
    )
    ends = (schemas[systems[0]].by_name[left], schemas[systems[1]].by_name[right])
    halves = [
        _half(project, world, system, end, _mapped(pair, ends, side))
        for system, end, side in zip(systems, ends, SIDES, strict=True)
    ]
    return Pairing(halves[0], halves[1], rules is None)


def _systems(project: Project, sets: Sequence[RuleSet], left: str, right: str) -> tuple[str, str]:
    """Which two systems have these objects, those that rules sync first."""
    schemas = project.schemas()
    asked = [(one.left, one.right) for one in sets]
    for one, two in [*asked, *permutations(schemas, 2)]:
        if left in schemas[one].by_name and right in schemas[two].by_name:
            return one, two
    known = {name for one in schemas.values() for name in one.by_name}
    wrong = left if left not in known else right
    if wrong in known:
        raise UsageError(
            f"no two systems have `{left}` and `{right}`",
            fix="name an object of one system, then one of another",
        )
    raise UsageError(
        f"no system has an object `{wrong}`",
        fix=nearest(wrong, known, "`schema/` has the objects that can be named"),
    )


def _half(
    project: Project,
    world: World,
    system: str,
    item: Object,
    mapped: Mapping[str, Sequence[Mapped]],
) -> Half:
    shown = [one for one in item.fields if not one.derived or one.name in mapped]
    names = [one.name for one in shown if one.type != "other"]
    missing = ""
    filled: dict[str, float] = {}
    count = 0
    try:
        filled, count = _sample(project, world, system, item.name, names)
    except SyncrulesError as error:
        missing = str(error)
    rows = [Shown(one, filled.get(one.name), tuple(mapped.get(one.name, ()))) for one in shown]
    return Half(system, item.name, tuple(sorted(rows, key=_order)), count, missing)


def _order(one: Shown) -> tuple[bool, float, str]:
    return not one.mapped, 0.0 if one.mapped else -(one.filled or 0.0), one.field.name


def _sample(
    project: Project, world: World, system: str, object: str, names: Sequence[str]
) -> tuple[dict[str, float], int]:
    """The share of records in which each field has a value, and how many were looked at."""
    ask = Read(system, object, tuple(sorted(names)))
    have = dict.fromkeys(names, 0)
    seen = 0
    for page in project.connect(system, world).read(ask, None):
        for record in page.records:
            if record.life == "here":
                seen += 1
                for name, value in record.values.items():
                    have[name] += value not in (None, "", ())
        if seen >= SAMPLE or page.complete:
            break
    return ({name: count / seen for name, count in have.items()} if seen else {}), seen


# ---- where a field is mapped ----------------------------------------------------------------


def _mapped(
    pair: PairRules | None, ends: tuple[Object, Object], side: Side
) -> dict[str, list[Mapped]]:
    """The rules that move each field of a side."""
    found: dict[str, list[Mapped]] = {}
    for row in pair.rows if pair else ():
        for name, one in _of_row(row, side):
            found.setdefault(name, []).append(one)
    for infer in pair.infers if pair else ():
        if infer.side == side:
            place = f"{infer.place.file}:{infer.place.line}"
            one = Mapped("<-", f"{infer.related} records", infer.text, place)
            found.setdefault(infer.field, []).append(one)
    for left, right in standard_rows(*ends) if pair is None or not pair.moves else ():
        own, other = (left, right) if side == "left" else (right, left)
        if own.name not in found:
            plain = Mapped("=", other.name, f"standard row: {left.role}", "", standard=True)
            found.setdefault(own.name, []).append(plain)
    return found


def _of_row(row: RowRule, side: Side) -> Iterable[tuple[str, Mapped]]:
    own, other = (row.left, row.right) if side == "left" else (row.right, row.left)
    place = f"{row.place.file}:{row.place.line}"
    rule = row.text if row.standard else row.called
    source: Side = "left" if row.direction == "push" else "right"
    if own:
        given = f'"{row.template or row.constant}"'
        way = _ARROWS[row.direction, side]
        yield own, Mapped(way, other or given, rule, place, row.standard)
    for name in row.reads if source == side else ():
        yield name, Mapped("->", f"{other} (in a text)", rule, place)


# ---- telling --------------------------------------------------------------------------------


def as_json(found: Pairing) -> dict[str, Any]:
    """`fields LEFT RIGHT --format json`."""
    return {
        "left": _half_json(found.left),
        "right": _half_json(found.right),
        "rules_pass": not found.broken,
    }


def _half_json(half: Half) -> dict[str, Any]:
    return {
        "system": half.system,
        "object": half.object,
        "sampled": half.sampled,
        "fields": [
            {
                "name": one.field.name,
                "label": one.field.label,
                "type": type_of(one.field),
                "custom": one.field.custom,
                "writable": one.field.creatable or one.field.updatable,
                "filled": None if one.filled is None else round(one.filled, 4),
                "mapped": [
                    {
                        "way": each.way,
                        "with": each.other,
                        "rule": each.rule,
                        "place": each.place or None,
                        "standard": each.standard,
                    }
                    for each in one.mapped
                ],
            }
            for one in half.fields
        ],
    }


def as_text(found: Pairing) -> str:
    """Both objects for people: what is mapped, then what is not, the fullest fields first."""
    parts = ["\n".join(_lines(one)) for one in (found.left, found.right)]
    if found.broken:
        parts.append("the rules don't pass `syncrules check`, so nobody can tell what is mapped")
    return "\n\n".join(parts)


def _lines(half: Half) -> list[str]:
    mapped = [one for one in half.fields if one.mapped]
    loose = [one for one in half.fields if not one.mapped]
    sampled = f", filled as in {half.sampled:,} records" if half.sampled else ""
    count = f"{len(mapped)} of {len(half.fields)} fields are mapped{sampled}"
    rows = [_row(one, " and ".join(_way(each) for each in one.mapped)) for one in mapped]
    rest = [_row(one, "") for one in loose]
    widths = [max((len(row[at]) for row in (*rows, *rest)), default=0) for at in range(3)]
    lines = [f"{half.system} {half.object}: {count}", *_table(rows, widths)]
    if rest:
        lines += ["  not mapped", *_table(rest, widths)]
    if half.missing:
        lines.append(f"  nobody can tell how full they are: {half.missing}")
    return lines


def _row(one: Shown, mapped: str) -> tuple[str, str, str, str]:
    filled = "" if one.filled is None else f"{one.filled:.0%}"
    marks = ", custom" if one.field.custom else ""
    marks += "" if one.field.creatable or one.field.updatable else ", read only"
    return one.field.name, f"{type_of(one.field)}{marks}", filled, mapped


def _way(one: Mapped) -> str:
    where = f"  {one.place}" if one.place else ""
    note = f"  ({one.rule})" if one.standard else ""
    return f"{one.way} {one.other}{note}{where}"


def _table(rows: Sequence[tuple[str, str, str, str]], widths: Sequence[int]) -> list[str]:
    name, type, filled = widths
    return [
        f"    {one[0]:<{name}}  {one[1]:<{type}}  {one[2]:>{filled}}  {one[3]}".rstrip()
        for one in rows
    ]
