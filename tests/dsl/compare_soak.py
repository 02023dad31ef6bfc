"""Random rules in two versions: what is told of them, and what the engine decides for all records.

A small world has a record for each cell that conditions can cut and each way in which two linked
records can have changed. `python -m tests.dsl.compare_soak [COUNT [SEED]]` compares 5,000 changes.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Literal

from syncrules.connectors.base.schema import Choice, Field, Object, Schema
from syncrules.connectors.base.values import Value
from syncrules.dsl.compare import Difference, compare
from syncrules.dsl.conditions import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    Get,
    Not,
    OneOf,
    holds,
    text,
)
from syncrules.dsl.rules import (
    Arm,
    Direction,
    InferRule,
    Key,
    MoveRule,
    PairRules,
    Place,
    RowRule,
    Rules,
    RuleSet,
    Side,
)
from syncrules.engine.plan.compile import compile
from syncrules.engine.run.closures import Ready, ready
from syncrules.engine.run.decide import decide
from syncrules.engine.run.decision import Base, Decision, Match

from .logic_soak import DEALS, SORTS, arbitrary, records

STAGE, NAME, SCORE, ACTIVE = (SORTS[number] for number in (0, 2, 3, 5))
LEFT_SORTS = (STAGE, NAME, SCORE, ACTIVE)
KINDS = ("Open", "Closed", "Lost")
STAGES: Mapping[Value, tuple[Value, Value]] = {
    None: (None, None),
    "a": ("Cold", "Open"),
    "bbbb": ("Warm", "Closed"),
    "c": ("Hot", "Lost"),
}
"""Texts, with what stands in the two choices where a text stands in the other fields."""

CONTACT = Object(
    "contact",
    "Contact",
    (*(one.field for one in LEFT_SORTS), *(Field(one, one, "text") for one in ("title", "note"))),
    keys=("name",),
)
LEAD = Object(
    "Lead",
    "Lead",
    (
        Field("Name", "Name", "text", length=3),
        Field("Title", "Title", "text"),
        Field("Note", "Note", "text"),
        Field("Label", "Label", "text"),
        Field("Kind", "Kind", "choice", choices=tuple(Choice(one) for one in KINDS)),
    ),
    keys=("Name",),
    source_field="Label",
)
OF = Field("of", "Of", "reference", references=("Lead",))
DEAL = Object("deal", "Deal", (*(one.field for one in DEALS), OF))
SCHEMAS = {
    "one": Schema("one", "one", "", (CONTACT,)),
    "two": Schema("two", "two", "", (LEAD, DEAL)),
}
KEYS = (Key((("name", "Name"),)),)


@dataclass
class Surroundings:
    """What a decision may ask: rules act on everything, and nothing else is there."""

    left: Mapping[str, Value] | None
    right: Mapping[str, Value] | None
    brought: bool = False
    later: Side | Literal[""] = "right"
    today: str = "2026-01-31"
    backfill: bool = False
    match: Match = field(default_factory=Match)
    related_records: Sequence[Mapping[str, Value]] | None = None

    def acts(self, *_: object) -> bool:
        return True

    def get(self, side: Side, get: Get) -> Value:
        values = self.left if side == "left" else self.right
        return values.get(get.field) if values else None

    def related(self, *_: object) -> Sequence[Mapping[str, Value]] | None:
        return self.related_records

    def approved(self, *_: object) -> bool:
        return False

    def __getattr__(self, name: str) -> Callable[..., object]:
        raise AssertionError(f"this world has nothing to say on {name}")


# ---- rules -----------------------------------------------------------------------------------


def pushes(chance: random.Random) -> tuple[MoveRule, ...]:
    """Up to three pushes, some of which create nothing or stop."""
    return tuple(move(chance, number) for number in range(chance.randrange(4)))


def move(chance: random.Random, number: int) -> MoveRule:
    label = chance.choice((None, ("Label", "A"), ("Label", "B")))
    create = chance.random() < 0.8
    update = not create or chance.random() < 0.8
    return MoveRule(
        f"push contact as Lead {number}",
        Place("a.sync", number + 1, 1),
        "push",
        "contact",
        "Lead",
        arbitrary(chance, LEFT_SORTS, 2) if chance.random() < 0.8 else None,
        create,
        update,
        False,
        label,
        15,
        stop=arbitrary(chance, LEFT_SORTS, 1) if chance.random() < 0.25 else None,
    )


def rows(chance: random.Random) -> tuple[RowRule, ...]:
    """Up to four rows, each into fields of its own."""
    made = [plain(chance, *names) for names in (("name", "Name"), ("title", "Title"))]
    made += [quoted(chance), table(chance)]
    kept = [one for one in made if chance.random() < 0.8]
    return tuple(
        replace(one, place=Place("a.sync", 20 + number, 1)) for number, one in enumerate(kept)
    )


def row(left: str, right: str, direction: Direction, **more: object) -> RowRule:
    place = Place("a.sync", 20, 1)
    return RowRule(place, "", "contact", "Lead", left, right, direction, **more)  # type: ignore[arg-type]


def way(chance: random.Random) -> Direction:
    ways: tuple[Direction, ...] = ("push", "pull", "both")
    return chance.choice(ways)


def plain(chance: random.Random, left: str, right: str) -> RowRule:
    direction = way(chance)
    winners = ("left", "right", "latest") if direction == "both" else (None, "left", "right")
    when_blank = chance.random() < 0.2
    return row(
        left,
        right,
        direction,
        convert=("text" if direction != "pull" else "", "text" if direction != "push" else ""),
        prefer=chance.choice(winners),
        when_blank=when_blank,
        default=chance.choice((None, None, "x", "y")),
        ask=chance.random() < 0.2,
        truncate=chance.random() < 0.2,
        clear=not when_blank and chance.random() < 0.2,
    )


def quoted(chance: random.Random) -> RowRule:
    text = chance.choice(("{{ name }}!", "{{name}}!", "{{ name }}?", ""))
    if text:
        return row("", "Note", "push", template=text, reads=("name",))
    return row("", "Note", "push", constant=chance.choice(("Hello", "Bye")))


def table(chance: random.Random) -> RowRule:
    entries: list[tuple[str, str, Direction]] = [
        (chance.choice(("Cold", "Warm", "Hot")), chance.choice(KINDS), way(chance))
        for _ in range(chance.randrange(1, 5))
    ]
    ways = {one[2] for one in entries}
    direction: Direction = ways.pop() if len(ways) == 1 else "both"
    return row(
        "stage",
        "Kind",
        direction,
        convert=("table" if direction != "pull" else "", "table" if direction != "push" else ""),
        prefer=chance.choice(("left", "right")),
        table=tuple(entries),
    )


def said_otherwise(chance: random.Random, condition: Condition | None) -> Condition | None:
    """The same condition in other words."""
    match condition:
        case None:
            return None
        case All(parts) | Any(parts):
            inner = [said_otherwise(chance, one) for one in parts]
            chance.shuffle(inner)
            known = tuple(one for one in inner if one is not None)
            turned: Condition = All(known) if isinstance(condition, All) else Any(known)
        case OneOf(left, values) if chance.random() < 0.5:
            turned = Any(tuple(Compare(left, "is", Constant(one)) for one in values[::-1]))
        case Compare(left, "is", Constant(value)) if chance.random() < 0.5:
            turned = OneOf(left, (value, value))
        case Not(part):
            inside = said_otherwise(chance, part)
            assert inside is not None
            turned = Not(inside)
        case _:
            turned = condition
    return Not(Not(turned)) if chance.random() < 0.2 else turned


def changed(chance: random.Random, pair: PairRules) -> PairRules:
    """Another version: some parts written anew, others only in other words."""
    moves, made = list(pair.moves), list(pair.rows)
    kind = chance.randrange(6)
    if kind == 0:
        moves = list(pushes(chance))
    elif kind == 1 and moves:
        moves[chance.randrange(len(moves))] = move(chance, 9)
    elif kind == 2:
        chance.shuffle(moves)
    elif kind == 3:
        made = list(rows(chance))
    elif kind == 4 and made:
        made[0] = plain(chance, "name", "Name")
        made = [made[0], *(one for one in made[1:] if one.right != "Name")]
    moves = [replace(one, when=said_otherwise(chance, one.when)) for one in moves]
    placed = (replace(one, place=Place("b.sync", n + 3, 1)) for n, one in enumerate(moves))
    chance.shuffle(made)
    return replace(pair, moves=tuple(placed), rows=tuple(made))


def rule_set(pair: PairRules) -> RuleSet:
    return RuleSet("one", "two", (pair,))


# ---- what the engine decides -----------------------------------------------------------------


def flow(pair: PairRules) -> Ready:
    plan = compile(rule_set(pair), SCHEMAS)
    return ready(plan.flows[0], "UTC")


def made(given: Ready, record: Mapping[str, Value]) -> Decision:
    return decide(given, record, None, None, Surroundings(record, None))  # type: ignore[arg-type]


def label(decision: Decision) -> object:
    """Which source a record gets; "-" where none is created."""
    if decision.action != "create":
        return "-"
    return next((one.after for one in decision.right if one.field == "Label"), None)


def written(decision: Decision) -> set[tuple[str, object, bool]]:
    """Everything that a decision writes, or (True) would write once a person has agreed."""
    done = {(f"contact.{one.field}", one.after, False) for one in decision.left}
    done |= {(f"Lead.{one.field}", one.after, False) for one in decision.right}
    names = {"left": "contact", "right": "Lead"}
    return done | {(f"{names[one.side]}.{one.field}", one.after, True) for one in decision.asks}


def cases() -> Iterator[
    tuple[Mapping[str, Value], Mapping[str, Value], tuple[Value, Value] | None]
]:
    """(left, right, what both held when they last agreed) of two linked records, or None for two
    that have just found each other."""
    for left, right in product(STAGES, repeat=2):
        for base in (*STAGES, False):
            lv = {"name": left, "title": left, "stage": STAGES[left][0], "note": None}
            rv = {"Name": right, "Title": right, "Note": right, "Kind": STAGES[right][1]}
            then = None if base is False else (base, base)
            yield {**lv, "score": 1, "active": True}, {**rv, "Label": None}, then


def linked(
    given: Ready,
    left: Mapping[str, Value],
    right: Mapping[str, Value],
    then: tuple[Value, Value] | None,
    later: Side,
) -> Decision:
    around = Surroundings(left, right, later=later)
    if then is None:
        return decide(given, left, right, None, around)  # type: ignore[arg-type]
    bl: dict[str, Value] = {}
    br: dict[str, Value] = {}
    for one in given.rows:
        is_table = bool(one.row.table)
        bl[one.key] = STAGES[then[0]][0] if is_table else then[0]
        br[one.key] = STAGES[then[1]][1] if is_table else then[1]
        if one.row.template or one.row.constant is not None:
            bl[one.key] = f"{then[0]}!" if then[0] else None
    return decide(given, left, right, Base(bl, br), around)  # type: ignore[arg-type]


def fields_apart(old: Ready, new: Ready, *, free: bool) -> set[str]:
    """The fields that some record would get otherwise; `free`: of linked records, too."""
    found: set[str] = set()
    for left, right, _ in cases():
        for lv, rv in ((left, None), (None, right)):
            around = Surroundings(lv, rv, brought=True)
            both = [decide(one, lv, rv, None, around) for one in (old, new)]  # type: ignore[arg-type]
            if all(one.action == "create" for one in both):
                one, two = map(written, both)
                found |= {name for name, _, _ in one ^ two if name != "Lead.Label"}
    if not free:
        return found
    sides: tuple[Side, Side] = ("left", "right")
    for (left, right, then), later in product(cases(), sides):
        one, two = (written(linked(each, left, right, then, later)) for each in (old, new))
        found |= {name for name, _, _ in one ^ two}
    return found


# ---- held together ---------------------------------------------------------------------------


def told(old: PairRules, new: PairRules) -> tuple[Difference, ...]:
    before, after = Rules((rule_set(old),)), Rules((rule_set(new),))
    [found] = compare(before, after, SCHEMAS, SCHEMAS)
    return found.differences


def claims(some: Sequence[Difference], record: Mapping[str, Value]) -> set[str]:
    """The kinds of difference that are said to be about a record."""
    return {
        one.kind
        for one in some
        if one.records is not None and one.records.when is not None
        if one.kind in ("created", "not-created", "stopped", "not-stopped", "source")
        if holds(one.records.when, lambda get: record.get(get.field), "")
    }


def wrong(old: PairRules, new: PairRules) -> str:
    """What is told wrongly, or not told; "" for nothing."""
    some = told(old, new)
    before, after = flow(old), flow(new)
    seen = dict.fromkeys(("created", "not-created", "source"), False)
    for values in records(tuple(one.get for one in LEFT_SORTS)):
        record = {
            **{get.field: value for get, value in values.items()},
            "title": None,
            "note": None,
        }
        was, now = label(made(before, record)), label(made(after, record))
        said = claims(some, record)
        if was == now and said & {"created", "not-created", "source"}:
            return f"{said} of a record that fares the same: {record}"
        if was == "-" and now != "-" and not said & {"created", "not-stopped"}:
            return f"created and not told: {record}"
        if was != "-" and now == "-" and not said & {"not-created", "stopped"}:
            return f"not created and not told: {record}"
        if "-" not in (was, now) and was != now and "source" not in said:
            return f"another source and not told: {record}"
        for kind in seen:
            seen[kind] |= kind in said
    kinds = {one.kind for one in some}
    if any(one.undecided for one in some):
        return "undecided"
    if {one for one in seen if one in kinds} != {one for one, there in seen.items() if there}:
        return f"told of no record: {kinds}"
    return fields_wrong(some, old, new, before, after)


def fields_wrong(
    some: Sequence[Difference], old: PairRules, new: PairRules, before: Ready, after: Ready
) -> str:
    """The same for what is written."""
    names = {
        name
        for one in some
        if one.kind in ("written", "not-written", "written-differently")
        for part in one.title.split(" and ")
        for name in re.findall(r"^(\w+\.\w+)", part)
    }
    stopped = any(one.stop is not None for pair in (old, new) for one in pair.moves)
    flows = any(one.kind == "flow" for one in some)
    apart = bool(old.moves) == bool(new.moves)
    free = not (stopped or flows) and apart and bool(old.moves)
    seen = fields_apart(before, after, free=free)
    if "contact.name" in names:
        seen -= {"Lead.Note"} - names  # its template reads what is now written otherwise
    if free and names != seen:
        return f"told {sorted(names)}, seen {sorted(seen)}"
    return "" if seen <= names else f"seen and not told: {sorted(seen - names)}"


def differences(count: int, seed: int) -> list[str]:
    """Compare random changes of rules."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        old = PairRules("contact", "Lead", KEYS, pushes(chance), rows(chance))
        new = changed(chance, old)
        told_wrong = wrong(old, new)
        if told_wrong:
            found.append("\n  ".join([told_wrong, *lines(old), "", *lines(new)]))
    return found


def lines(pair: PairRules) -> list[str]:
    """The rules of a version, to be read."""
    moves = (
        f"{one.name} {one.when and text(one.when)} create {one.create} update {one.update} "
        f"{one.source} stop {one.stop and text(one.stop)}"
        for one in pair.moves
    )
    rows = (
        f"{one.left}{one.template}{one.constant or ''} {one.direction} {one.right} "
        f"prefer {one.prefer} blank {one.when_blank} default {one.default} ask {one.ask} "
        f"truncate {one.truncate} clear {one.clear} {one.table or ''}"
        for one in pair.rows
    )
    return [*moves, *rows]


def arms(chance: random.Random) -> tuple[Arm, ...]:
    kinds: tuple[Literal["any", "all"], ...] = ("any", "all")
    place = Place("a.sync", 1, 1)
    return tuple(
        Arm(place, chance.choice("abc"), "none", None)
        if chance.random() < 0.15
        else Arm(place, chance.choice("abc"), chance.choice(kinds), arbitrary(chance, DEALS, 1))
        for _ in range(chance.randrange(1, 4))
    )


def inferred(some: Sequence[Arm], deals: Sequence[Mapping[Get, Value]]) -> str | None:
    """The first arm that is true, in the words of the language."""
    for one in some:
        verdicts = [one.when is None or holds(one.when, deal.get, "") for deal in deals]
        true = {"any": any(verdicts), "all": bool(deals) and all(verdicts), "none": not deals}
        if true[one.quantifier]:
            return one.value
    return None


def infer_wrong(chance: random.Random) -> str:
    """Two versions of an `infer`, told and tried with all sets of up to four deals."""

    def rule(some: tuple[Arm, ...]) -> InferRule:
        place = Place("a.sync", 1, 1)
        return InferRule(place, "", "left", "contact", "stage", "deal", "of", "Lead", some, 15)

    before = arms(chance)
    after = arms(chance) if chance.random() < 0.6 else tuple(chance.sample(before, len(before)))
    pairs = [PairRules("contact", "Lead", KEYS, infers=(rule(one),)) for one in (before, after)]
    said = {
        (one.details[0].before, one.details[0].after)
        for one in told(*pairs)
        if one.kind == "inferred-differently"
    }
    deals = list(records(tuple(one.get for one in DEALS)))
    chosen = {tuple(holds_all(one, (*before, *after))): one for one in deals}
    found = set()
    for size in range(5):
        for some in combinations(chosen.values(), size):
            was, now = inferred(before, some), inferred(after, some)
            if was != now:
                found.add((shown(was), shown(now)))
    return "" if said == found else f"told {said}, seen {found}:\n  {before}\n  {after}"


def holds_all(deal: Mapping[Get, Value], some: Sequence[Arm]) -> list[bool]:
    return [one.when is not None and holds(one.when, deal.get, "") for one in some]


def shown(value: str | None) -> str:
    return "stays as it is" if value is None else f'"{value}"'


def main() -> None:
    """Compare and tell."""
    count, seed = (int(one) for one in (*sys.argv[1:], *("5000", "1")[len(sys.argv) - 1 :]))
    chance = random.Random(seed)
    found = [*differences(count, seed), *filter(None, (infer_wrong(chance) for _ in range(count)))]
    sys.stdout.write("\n".join([*found[:5], f"{count} changes, {len(found)} differences\n"]))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
