"""Random conditions, decided by the logic and by trying every record of a small world.

The world has a value for each cell that the constants can cut, so trying decides, too: the verdicts
must be the same. `python -m tests.dsl.logic_soak [COUNT [SEED]]` compares 100,000 conditions.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

from syncrules.connectors.base.schema import Choice, Field, FieldType
from syncrules.connectors.base.values import Value
from syncrules.dsl import logic
from syncrules.dsl.conditions import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    Get,
    Hop,
    Known,
    Not,
    OneOf,
    Truth,
    closure,
    holds,
    reads,
    text,
)

ACCOUNT = (Hop("reference", "account", "account"),)
LEAD = (Hop("link", "Lead", "Lead"),)


def days(first: date, last: date) -> list[str]:
    return [(first + timedelta(n)).isoformat() for n in range((last - first).days + 1)]


DAYS = days(date(2026, 1, 26), date(2026, 2, 7))


@dataclass(frozen=True)
class Sort:
    """A field, the constants that conditions compare it with, and a value for each cell."""

    get: Get
    field: Field
    constants: tuple[Value, ...]
    values: tuple[Value, ...]


def choice(name: str, values: tuple[str, ...], *, restricted: bool) -> Field:
    choices = tuple(Choice(one) for one in values)
    return Field(name, name, "choice", choices=choices, restricted=restricted)


STAGES = choice("stage", ("Cold", "Warm", "Hot"), restricted=True)
RATINGS = choice("rating", ("Good", "Bad"), restricted=False)
TAGS = Field("tags", "Tags", "choices", choices=(Choice("A"), Choice("B")), restricted=True)
LISTS = replace(TAGS, name="lists", restricted=False)
NUMBERS = (None, -1, 0, 0.5, 1, 2, 2.5, 3)
SETS: tuple[Value, ...] = (None, ("A",), ("B",), ("A", "B"))
SORTS = (
    Sort(Get("stage", "choice"), STAGES, ("Cold", "warm "), (None, "Cold", "Warm", "Hot")),
    Sort(Get("rating", "choice"), RATINGS, ("Good",), (None, "Good", "Bad", "Ugly")),
    Sort(Get("name", "text"), Field("name", "", "text"), ("a", "B", ""), (None, "A", "b", "zz")),
    Sort(Get("score", "number"), Field("score", "", "number"), (0, 1, 2.5), NUMBERS),
    Sort(
        Get("size", "number"),
        Field("size", "", "number", "integer"),
        (0, 1, 2.5),
        (None, -1, 0, 1, 2, 3),
    ),
    Sort(Get("active", "boolean"), Field("active", "", "boolean"), (True, False), (True, False)),
    Sort(
        Get("done", "boolean", LEAD),
        Field("done", "", "boolean"),
        (True, False),
        (None, True, False),
    ),
    Sort(Get("kind", "choice", LEAD), STAGES, ("Cold", "Warm"), (None, "Cold", "Warm", "Hot")),
    Sort(Get("account", "reference"), Field("account", "", "reference"), (), (None, "001")),
    Sort(
        Get("city", "text", ACCOUNT),
        Field("city", "", "text"),
        ("a", "b"),
        (None, "a", "b", "zz"),
    ),
    Sort(Get("tags", "choices"), TAGS, ("A", "b"), SETS),
    Sort(Get("lists", "choices"), LISTS, ("A", "B"), (*SETS, ("C",))),
)
DATES: tuple[tuple[str, FieldType], ...] = (("born", "date"), ("seen", "datetime"))
DATED = tuple(
    Sort(
        Get(name, kind),
        Field(name, "", kind),
        ("2026-01-31", "2026-02-02"),
        (None, *(one if kind == "date" else f"{one}T12:00:00.000Z" for one in DAYS)),
    )
    for name, kind in DATES
)
DEALS = (
    Sort(Get("Amount", "number"), Field("Amount", "", "number"), (0, 1), (None, -1, 0, 0.5, 1, 2)),
    Sort(Get("won", "boolean"), Field("won", "", "boolean"), (True,), (True, False)),
    Sort(Get("open", "boolean"), Field("open", "", "boolean"), (True,), (True, False)),
)
BY_GET = {one.get: one for one in (*SORTS, *DATED, *DEALS)}


def describe(get: Get) -> Field | None:
    return BY_GET[replace(get, function="")].field


def arbitrary(
    chance: random.Random, sorts: tuple[Sort, ...], depth: int, *, undecided: bool = False
) -> Condition:
    """Any well-typed condition over some fields; `undecided`: with tests of parts of texts."""
    kind = chance.randrange(5)
    if depth and kind < 3:
        if kind == 0:
            return Not(arbitrary(chance, sorts, depth - 1, undecided=undecided))
        parts = tuple(
            arbitrary(chance, sorts, depth - 1, undecided=undecided)
            for _ in range(chance.randrange(1, 5))
        )
        return All(parts) if kind == 1 else Any(parts)
    sort = chance.choice(sorts)
    get = sort.get
    if chance.random() < 0.2 or not sort.constants:
        return Known(get)
    if get.type == "boolean" and chance.random() < 0.5:
        return Truth(get)
    if get.type == "choices":
        return Compare(get, "contains", Constant(chance.choice(sort.constants)))
    if undecided and get.type in ("text", "choice") and chance.random() < 0.6:
        sign = chance.choice(("contains", "starts with", "ends with"))
        if chance.random() < 0.2:
            return Compare(get, "is", Get("name", "text"))
        return Compare(get, sign, Constant(chance.choice(("a", "o", "z", "Wa"))))  # type: ignore[arg-type]
    if get.type in ("date", "datetime") and chance.random() < 0.5:
        sign = chance.choice(("is", "<", "<=", ">", ">="))
        return Compare(replace(get, function="days since"), sign, Constant(chance.choice((0, 2))))  # type: ignore[arg-type]
    if get.type in ("number", "date", "datetime") and chance.random() < 0.7:
        sign = chance.choice(("<", "<=", ">", ">="))
        return Compare(get, sign, Constant(chance.choice(sort.constants)))  # type: ignore[arg-type]
    if chance.random() < 0.4:
        return OneOf(get, tuple(chance.choices(sort.constants, k=2)))
    return Compare(get, "is", Constant(chance.choice(sort.constants)))


def records(gets: tuple[Get, ...]) -> Iterator[dict[Get, Value]]:
    """All records of the world, as far as some fields tell them apart."""
    for values in product(*(BY_GET[one].values for one in gets)):
        record = dict(zip(gets, values, strict=True))
        if possible(record):
            yield record


def possible(record: dict[Get, Value]) -> bool:
    """Nothing is known of a record that isn't there."""
    for get, value in record.items():
        if get.hops == ACCOUNT and value is not None:
            account = Get("account", "reference")
            if account in record and record[account] is None:
                return False
        if get.type == "boolean" and get.hops and value is None:
            others = (one for key, one in record.items() if key.hops == get.hops)
            if any(one is not None for one in others):
                return False
    return True


def found(condition: Condition) -> dict[Get, Value] | None:
    """A record of the world that satisfies the condition on some day."""
    run = closure(condition)
    gets = reads(condition)
    todays = DAYS if any(one.type in ("date", "datetime") for one in gets) else [DAYS[0]]
    for record in records(gets):
        for today in todays:
            if run(record.__getitem__, today):
                return record
    return None


def difference(condition: Condition) -> str:
    """What the logic and the world disagree about, "" for nothing."""
    record, witness = found(condition), logic.satisfiable([condition], describe)
    told = text(condition)
    if logic.Asked([condition], describe).never != (witness is None):
        return f"yes and no: {told}"
    if record is not None and witness is None:
        return f"no record, they say, and here is one: {told}: {record}"
    if witness is None:
        return ""
    if witness.undecided:
        return "" if undecided_in(condition) else f"undecided: {told}"
    if not holds(condition, witness.read, witness.today):
        return f"does not satisfy: {told}: {witness.shown()}"
    if not possible(dict(witness.values)):
        return f"can't be: {told}: {witness.shown()}"
    if record is None and not undecided_in(condition):
        return f"no record of the world satisfies it: {told}: {witness.shown()}"
    return ""


def undecided_in(condition: Condition) -> bool:
    match condition:
        case All(parts) | Any(parts):
            return any(undecided_in(one) for one in parts)
        case Not(part):
            return undecided_in(part)
        case Compare(left, sign, right):
            texts = sign in ("contains", "starts with", "ends with")
            kind = left.type if isinstance(left, Get) else ""
            return isinstance(right, Get) or (texts and kind != "choices")
        case _:
            return False


def differences(count: int, seed: int) -> list[str]:
    """Compare random conditions: of all sorts, some with days, some with tests of texts."""
    chance = random.Random(seed)
    wrong: list[str] = []
    for number in range(count):
        if number % 25 == 0:
            sorts = DATED if number % 50 else DATED[:1]
            condition = arbitrary(chance, sorts, 3)
        elif number % 25 < 6:
            condition = arbitrary(chance, SORTS[:3], 3, undecided=True)
        else:
            condition = arbitrary(chance, tuple(chance.sample(SORTS, 3)), 4)
        wrong += filter(None, [difference(condition)])
    return wrong


def main() -> None:
    """Compare and tell."""
    count, seed = (int(one) for one in (*sys.argv[1:], *("100000", "1")[len(sys.argv) - 1 :]))
    wrong = differences(count, seed)
    sys.stdout.write("\n".join([*wrong[:20], f"{count} conditions, {len(wrong)} differences\n"]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
