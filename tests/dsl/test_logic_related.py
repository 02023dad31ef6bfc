"""What the logic says of domains, of days that pass and of other records: never more than is so.

Random conditions over them, held against every record of a small world that has a value for each
thing they can tell apart. What can't be decided makes no alarm.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Literal

import pytest
from syncrules.connectors.base.schema import Field
from syncrules.connectors.base.values import Value
from syncrules.dsl import check, logic
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

from .schemas import SCHEMAS

ACCOUNT = (Hop("reference", "account", "account"),)
LEAD = (Hop("link", "Lead", "Lead"),)
FUNCTIONS: tuple[Literal["domain of", "days since"], ...] = ("domain of", "days since")
DOMAIN, SINCE = FUNCTIONS
ADDRESSES: tuple[Value, ...] = (
    None,
    "ada@one.example",
    "grace@one.example",
    "ada@two.example",
    "ada@else.example",
    "nothing",
    "@",
)
SITES: tuple[Value, ...] = (
    None,
    "https://one.example",
    "one.example",
    "https://two.example/a",
    "else.example",
    "@",
)
DAYS: tuple[Value, ...] = (None, *(f"2026-01-{day:02}" for day in range(25, 32)))
TODAYS = (
    *(f"2026-01-{day:02}" for day in range(22, 32)),
    *(f"2026-02-{day:02}" for day in range(1, 5)),
)
MOMENTS: tuple[Value, ...] = (
    None,
    *(f"2026-01-{day:02}T12:00:00.000Z" for day in range(25, 32)),
)

WORLDS: tuple[Mapping[Get, tuple[Field, tuple[Value, ...], tuple[Value, ...]]], ...] = (
    {
        Get("email", "text"): (
            Field("email", "", "text", "email"),
            ADDRESSES,
            ("ada@one.example", "Nothing"),
        ),
        Get("website", "text", ACCOUNT): (
            Field("website", "", "text", "url"),
            SITES,
            ("one.example", "https://two.example/a"),
        ),
        Get("account", "reference"): (
            Field("account", "", "reference", references=("account",)),
            (None, "1"),
            (),
        ),
    },
    {
        Get("seen", "datetime"): (Field("seen", "", "datetime"), MOMENTS, ("2026-01-28",)),
        Get("made", "date", LEAD): (Field("made", "", "date"), DAYS, ("2026-01-27",)),
        Get("done", "boolean", LEAD): (
            Field("done", "", "boolean"),
            (None, True, False),
            (True,),
        ),
    },
)
"""Fields with their descriptions, the values of the world, and what conditions compare with."""


def arbitrary(chance: random.Random, world: int, depth: int) -> Condition:
    kind = chance.randrange(5)
    if depth and kind < 3:
        if kind == 0:
            return Not(arbitrary(chance, world, depth - 1))
        parts = tuple(arbitrary(chance, world, depth - 1) for _ in range(chance.randrange(1, 4)))
        return All(parts) if kind == 1 else Any(parts)
    get = chance.choice(tuple(WORLDS[world]))
    _, _, constants = WORLDS[world][get]
    if not constants or chance.random() < 0.15:
        return Known(get)
    if get.type == "boolean":
        return Truth(get)
    if get.type == "text":
        if chance.random() < 0.6:
            asked = Get(get.field, get.type, get.hops, DOMAIN)
            names: tuple[Value, ...] = ("one.example", "Two.example")
            if chance.random() < 0.2:
                return Known(asked)
            return OneOf(asked, names[: chance.randrange(1, 3)])
        return Compare(get, "is", Constant(chance.choice(constants)))
    sign = chance.choice(SIGNS)
    if chance.random() < 0.7:
        return Compare(
            Get(get.field, get.type, get.hops, SINCE), sign, Constant(chance.choice((1, 2)))
        )
    return Compare(get, sign, Constant(chance.choice(constants)))


SIGNS: tuple[Literal["is", "<", "<=", ">", ">="], ...] = ("is", "<", "<=", ">", ">=")


def records(world: int, gets: tuple[Get, ...]) -> Iterator[Mapping[Get, Value]]:
    for values in product(*(WORLDS[world][one][1] for one in gets)):
        record = dict(zip(gets, values, strict=True))
        if possible(record):
            yield record


def possible(record: Mapping[Get, Value]) -> bool:
    """Nothing is known of a record that isn't there; one that is there has its yes or no."""
    account = record.get(Get("account", "reference"), "1")
    linked = record.get(Get("done", "boolean", LEAD), True)
    return all(
        value is None
        for get, value in record.items()
        if (get.hops == ACCOUNT and account is None) or (get.hops == LEAD and linked is None)
    )


def found(world: int, condition: Condition) -> Mapping[Get, Value] | None:
    """A record that satisfies the condition on some day."""
    run = closure(condition)
    for record in records(world, reads(condition)):
        for today in TODAYS if world else TODAYS[:1]:
            if run(record.__getitem__, today):
                return record
    return None


def difference(world: int, condition: Condition) -> str:
    """What is said wrongly of a condition, "" for nothing."""
    kept = WORLDS[world]

    def describe(get: Get) -> Field | None:
        return kept[Get(get.field, get.type, get.hops)][0]

    witness = logic.satisfiable([condition], describe)
    record = found(world, condition)
    never = logic.Asked([condition], describe).never
    if record is not None and (witness is None or never):
        return f"no record, it says, and here is one: {text(condition)}: {record}"
    if witness is not None and not witness.undecided:
        if not holds(condition, witness.read, witness.today):
            return f"not satisfied: {text(condition)}: {witness.shown()}"
        if not possible(dict(witness.values)):
            return f"can't be: {text(condition)}: {witness.shown()}"
    if record is None and witness is not None:
        return f"no record of the world: {text(condition)}: {witness.shown()}"
    if logic.Asked([condition], describe).always and found(world, Not(condition)) is not None:
        return f"always, it says, and here is one: {text(condition)}"
    return ""


@pytest.mark.parametrize("world", [0, 1])
def test_of_domains_days_and_other_records_no_more_is_said_than_is_so(world: int) -> None:
    """Five hundred random conditions: what is called impossible is, and what is shown satisfies."""
    chance = random.Random(world)
    conditions = (arbitrary(chance, world, 3) for _ in range(500))
    assert [one for one in (difference(world, each) for each in conditions) if one] == []


OPEN = [
    "title is first_name and not first_name is title",
    "domain of email is account.domain and domain of title is account.domain",
    'title contains "a" and title contains "b" and title is first_name and title < first_name',
    "owner is account.owner and account.owner is owner",
    "days since created_at > score and days since created_at < score",
    'domain of email contains "x" and domain of email starts with "y" and email ends with "z"',
]


@pytest.mark.parametrize("words", OPEN)
def test_what_is_not_decided_makes_no_alarm(words: str) -> None:
    """Two fields compared, parts of texts, the domain of another record: no finding says never."""
    rule = f"sync apollo with salesforce\npush contact as Lead when {words}\n"
    findings = check({"a.sync": rule}, SCHEMAS).findings
    logical = {"never-true", "always-true", "redundant-part"}
    assert [one.title for one in findings if one.code in logical] == []
