"""What conditions mean: the reference meaning, the closures that are run, and the text shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Literal

import pytest
from syncrules import dsl
from syncrules.connectors.base.schema import FieldType
from syncrules.connectors.base.values import Value
from syncrules.dsl import tree
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
    Operand,
    Truth,
    closure,
    holds,
    reads,
    text,
)

from .schemas import SCHEMAS

TODAY = "2026-03-31"


def written(words: str) -> Condition:
    """A condition of `push contact as Lead`, through the whole language."""
    source = f"sync apollo with salesforce\npush contact as Lead update only when {words}\n"
    checked = dsl.check({"a.sync": source}, SCHEMAS)
    assert checked.rules is not None, dsl.to_text(checked.findings, {"a.sync": source})
    condition = checked.rules.sets[0].pairs[0].moves[0].when
    assert condition is not None
    return condition


def reader(values: Mapping[str, Value]) -> Callable[[Get], Value]:
    return lambda get: values.get(".".join([*(one.name for one in get.hops), get.field]))


MEANING: list[tuple[str, dict[str, Value], bool]] = [
    ('stage in ["Interested", "Replied"]', {"stage": "replied "}, True),
    ('stage in ["Interested", "Replied"]', {"stage": "Cold"}, False),
    ('stage is "Cold"', {}, False),
    ('stage is not "Cold"', {}, True),
    ('stage not in ["Cold"]', {}, True),
    ('not stage is "Cold"', {}, True),
    ('title is "ceo"', {"title": "  CEO"}, True),
    ('title contains "SALES"', {"title": "Head of Sales"}, True),
    ('title starts with "head"', {"title": "Head of Sales"}, True),
    ('title ends with "sales"', {"title": "Head of Sales"}, True),
    ('title contains "sales"', {}, False),
    ("title is blank", {}, True),
    ("title is not blank", {}, False),
    ("title is known", {"title": "x"}, True),
    ("title is not known", {}, True),
    ("score > 3", {"score": 3}, False),
    ("score >= 3", {"score": 3}, True),
    ("score < 3", {}, False),
    ("not score < 3", {}, True),
    ("score is 3", {"score": 3.0}, True),
    ("email_unsubscribed", {}, False),
    ("not email_unsubscribed", {}, True),
    ("email_unsubscribed is true", {"email_unsubscribed": True}, True),
    ("email_unsubscribed is false", {}, False),
    ("created_at > 2026-01-31", {"created_at": "2026-01-31T23:00:00.000Z"}, False),
    ("created_at >= 2026-01-31", {"created_at": "2026-01-31T00:00:00.000Z"}, True),
    ("created_at is 2026-01-31", {"created_at": "2026-01-31T09:05:00.000Z"}, True),
    (
        "birthday < created_at",
        {"birthday": "2026-01-30", "created_at": "2026-01-31T00:00:00Z"},
        True,
    ),
    ("days since last_seen <= 7", {"last_seen": "2026-03-24T12:00:00.000Z"}, True),
    ("days since last_seen <= 6", {"last_seen": "2026-03-24T12:00:00.000Z"}, False),
    ("days since birthday < 0", {"birthday": "2026-04-01"}, True),
    ("days since birthday < 0", {}, False),
    ('domain of email is "example.com"', {"email": "ann@Example.com"}, True),
    ('domain of email in ["example.com"]', {"email": "ann@mail.example.com"}, False),
    ('lists contains "Newsletter"', {"lists": ("Event 2026", "Newsletter")}, True),
    ('lists contains "Newsletter"', {"lists": ("Event 2026",)}, False),
    ('account.domain is "acme.example"', {"account.domain": "acme.example"}, True),
    ("Lead.IsConverted", {"Lead.IsConverted": True}, True),
    ("Lead.IsConverted", {}, False),
    ("first_name is last_name", {"first_name": "Kim", "last_name": "kim"}, True),
    ("first_name is last_name", {}, False),
    ("not email is known or title is known and score > 1", {"email": "x", "score": 2}, False),
    ("(not email is known or title is known) and score > 1", {"score": 2}, True),
]


@pytest.mark.parametrize(("words", "values", "expected"), MEANING)
def test_conditions_mean_what_the_language_says(
    words: str, values: dict[str, Value], expected: bool
) -> None:
    """Two-valued logic, blanks, letter case, days: in the reference and in the closure."""
    condition = written(words)
    assert holds(condition, reader(values), TODAY) is expected
    assert closure(condition)(reader(values), TODAY) is expected


def test_the_day_of_a_moment_is_that_of_the_teams_time_zone() -> None:
    """Late in the evening in UTC it is the next day in Berlin."""
    condition = written("created_at is 2026-02-01")
    get = reader({"created_at": "2026-01-31T23:30:00.000Z"})
    assert not holds(condition, get, TODAY)
    assert holds(condition, get, TODAY, "Europe/Berlin")
    assert closure(condition, "Europe/Berlin")(get, TODAY)


@pytest.mark.parametrize("words", [one for one, _, _ in MEANING])
def test_the_text_of_a_condition_means_the_same_when_read_again(words: str) -> None:
    """What messages show can be written back into a file."""
    condition = written(words)
    assert written(text(condition)) == condition


def test_reads_names_each_field_once_without_its_function() -> None:
    """The fields to read: over references and links too, in the order written."""
    condition = written(
        'domain of email is account.domain and email is known and Lead.Rating is "Hot"'
    )
    assert reads(condition) == (
        Get("email", "text"),
        Get("domain", "text", (Hop("reference", "account", "account"),)),
        Get("Rating", "choice", (Hop("link", "Lead", "Lead"),)),
    )


FIELDS: dict[str, FieldType] = {
    "text": "text",
    "number": "number",
    "yes": "boolean",
    "date": "date",
    "moment": "datetime",
    "choice": "choice",
    "choices": "choices",
}
POOL: dict[str, tuple[Value, ...]] = {
    "text": (None, "a", "A ", "ab", "ba", "2026-01-31", "a@b.example"),
    "number": (None, 0, 1, 1.0, 2.5, -3),
    "yes": (None, True, False),
    "date": (None, "2026-01-30", "2026-01-31", "2026-02-01"),
    "moment": (None, "2026-01-30T23:30:00.000Z", "2026-01-31T12:00:00.000Z"),
    "choice": (None, "a", "B"),
    "choices": (None, ("a",), ("B", "a")),
}


SIGNS: tuple[tree.Operator, ...] = (
    "is",
    "<",
    "<=",
    ">",
    ">=",
    "contains",
    "starts with",
    "ends with",
)


def arbitrary(chance: random.Random, depth: int) -> Condition:
    """Any condition, well typed or not: closures and reference must agree on all."""
    kind = chance.randrange(8 if depth else 5)
    name = chance.choice(list(FIELDS))
    get = Get(name, FIELDS[name], function=function(chance, name))
    if kind == 0:
        return Known(get)
    if kind == 1:
        return Truth(get)
    if kind == 2:
        return OneOf(get, tuple(chance.choices(POOL[chance.choice((name, "date"))], k=3)))
    if kind in (3, 4):
        sign = chance.choice(SIGNS)
        other = chance.choice(list(FIELDS))
        right: Operand = chance.choice(
            (
                Constant(chance.choice(POOL[name])),
                Constant(chance.choice(POOL[other])),
                Get(other, FIELDS[other], function=function(chance, other)),
            )
        )
        return Compare(get, sign, right)
    if kind == 5:
        return Not(arbitrary(chance, depth - 1))
    parts = tuple(arbitrary(chance, depth - 1) for _ in range(chance.randrange(1, 4)))
    return All(parts) if kind == 6 else Any(parts)


def function(chance: random.Random, name: str) -> Literal["", "domain of", "days since"]:
    if name == "text" and chance.random() < 0.2:
        return "domain of"
    return "days since" if name in ("date", "moment") and chance.random() < 0.3 else ""


def test_closures_agree_with_the_reference_on_random_conditions() -> None:
    """Four thousand conditions of all kinds, each for three records."""
    chance = random.Random(7)
    for _ in range(4000):
        condition = arbitrary(chance, 3)
        run = closure(condition, "Europe/Berlin")
        for _ in range(3):
            values = {name: chance.choice(pool) for name, pool in POOL.items()}
            get = reader(values)
            expected = holds(condition, get, TODAY, "Europe/Berlin")
            assert run(get, TODAY) is expected, (text(condition), values)
