"""Slips of the finger and of memory: the name that was meant is offered.

Names of objects, fields and values are misspelt as people do it; `check` must offer the real one.
A slip that hits another real name is none.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.connectors.apollo.fields import STANDARD
from syncrules.connectors.base.schema import Field, Object, Schema
from syncrules.connectors.salesforce.describe import to_object

from .schemas import APOLLO, SALESFORCE

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / ".." / "shared" / "data" / "salesforce" / "describe"
HEAD = "sync apollo with salesforce\n"
FIND = 0.95
"""The share of slips of each kind of name for which the right one is offered."""


@dataclass(frozen=True, slots=True)
class Name:
    """A real name, its label, those beside it, and a rule file that has it where `§` stands."""

    real: str
    label: str
    others: frozenset[str]
    source: str


def dropped(chance: random.Random, name: Name) -> str:
    at = chance.randrange(len(name.real))
    return name.real[:at] + name.real[at + 1 :]


def doubled(chance: random.Random, name: Name) -> str:
    at = chance.randrange(len(name.real))
    return name.real[:at] + name.real[at] + name.real[at:]


def swapped(chance: random.Random, name: Name) -> str:
    at = chance.randrange(len(name.real) - 1)
    return name.real[:at] + name.real[at + 1] + name.real[at] + name.real[at + 2 :]


def replaced(chance: random.Random, name: Name) -> str:
    at = chance.randrange(len(name.real))
    return name.real[:at] + chance.choice("abcdefghijklmnopqrstuvwxyz") + name.real[at + 1 :]


def in_another_case(chance: random.Random, name: Name) -> str:
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.real).lower()
    camel = "".join(one.capitalize() for one in name.real.split("_"))
    return chance.choice((name.real.lower(), name.real.upper(), name.real.swapcase(), snake, camel))


def by_label(chance: random.Random, name: Name) -> str:
    return chance.choice((name.label, name.label.lower(), name.label.replace(" ", "")))


def without_suffix(chance: random.Random, name: Name) -> str:
    return name.real.removesuffix("__c") if name.real.endswith("__c") else f"{name.real}__c"


def in_number(chance: random.Random, name: Name) -> str:
    if name.real.endswith("s"):
        return name.real[:-1]
    return name.real[:-1] + "ies" if name.real.endswith("y") else f"{name.real}s"


SLIPS: Mapping[str, Callable[[random.Random, Name], str]] = {
    "a letter dropped": dropped,
    "a letter doubled": doubled,
    "two letters swapped": swapped,
    "a letter replaced": replaced,
    "another case": in_another_case,
    "the label": by_label,
    "`__c` missing or needless": without_suffix,
    "a plural": in_number,
}


def names(schema: Schema, word: str) -> Iterator[Name]:
    """All names of a schema, `word` for word: of objects, of fields, or values of choices."""
    left = schema.system == "apollo"
    for thing in schema.objects:
        rule = f"push {thing.name} as Lead when" if left else f"pull {thing.name} as contact when"
        if word == "object":
            source = "push § as Lead\n" if left else "pull § as contact\n"
            yield Name(thing.name, thing.label, frozenset(schema.by_name), HEAD + source)
        for one in thing.fields:
            if word == "field":
                source = f"{HEAD}{rule} `§` is known\n"
                yield Name(one.name, one.label, frozenset(thing.by_name), source)
            elif word == "value" and one.type == "choice":
                yield from values(one, f'{HEAD}{rule} {one.name} is "§"\n')


def values(field: Field, source: str) -> Iterator[Name]:
    known = frozenset(one.value for one in field.choices)
    for one in field.choices:
        if '"' not in one.value:
            yield Name(one.value, one.label, known, source)


def slips(known: list[Name], count: int, chance: random.Random) -> Iterator[tuple[str, Name, str]]:
    """(kind, name, slip) for names that are long enough to slip in."""
    while count:
        name, kind = chance.choice(known), chance.choice(list(SLIPS))
        wrong = SLIPS[kind](chance, name).strip()
        plain = {one.casefold() for one in name.others}
        if len(name.real) < 3 or wrong in name.others or not re.fullmatch(r'[^`"\\]+', wrong):
            continue
        if wrong.casefold() in plain - {name.real.casefold()}:
            continue
        count -= 1
        yield kind, name, wrong


def offered(name: Name, wrong: str, schemas: Mapping[str, Schema]) -> str:
    """What `check` offers instead of a slip."""
    found = dsl.check({"a.sync": name.source.replace("§", wrong)}, schemas).findings
    return next(
        ((one.fix or "").strip('"') for one in found if one.code.startswith("unknown-")), "?"
    )


def builtin() -> dict[str, Schema]:
    """The fields that every Apollo has, and a small Salesforce."""
    objects = [
        Object(name, name.capitalize(), tuple(form.field for form in forms))
        for name, forms in STANDARD.items()
    ]
    return {"apollo": replace(APOLLO, objects=tuple(objects)), "salesforce": SALESFORCE}


def recorded() -> dict[str, Schema]:
    """The objects of a real Salesforce."""
    objects = [to_object(json.loads(path.read_text("utf-8"))) for path in RECORDED.glob("*.json")]
    objects.sort(key=lambda one: one.name)
    return {"apollo": APOLLO, "salesforce": replace(SALESFORCE, objects=tuple(objects))}


def found(schemas: Mapping[str, Schema], system: str, word: str, count: int) -> None:
    """Asserts that the right name is offered for nearly all slips."""
    chance = random.Random(f"{system} {word}")
    missed: list[tuple[str, str, str, str]] = []
    kinds: Counter[str] = Counter()
    for kind, name, wrong in slips(list(names(schemas[system], word)), count, chance):
        near = offered(name, wrong, schemas)
        kinds[kind] += 1
        if near != name.real:
            missed.append((kind, name.real, wrong, near))
    assert set(kinds) == set(SLIPS)
    assert len(missed) <= count * (1 - FIND), missed


@pytest.mark.parametrize(
    ("system", "word", "count"),
    [
        ("apollo", "field", 300),
        ("apollo", "object", 100),
        ("salesforce", "field", 300),
        ("salesforce", "object", 100),
        ("salesforce", "value", 200),
    ],
)
def test_names_of_ours_are_found_for_slips(system: str, word: str, count: int) -> None:
    """A thousand slips in names that come with the product."""
    found(builtin(), system, word, count)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded descriptions aren't here")
@pytest.mark.parametrize(("word", "count"), [("field", 600), ("object", 100), ("value", 300)])
def test_names_of_a_real_salesforce_are_found_for_slips(word: str, count: int) -> None:
    """A thousand slips in names that people have to do with."""
    found(recorded(), "salesforce", word, count)
