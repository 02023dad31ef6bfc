"""Random sets of conditions: every verdict of the logic held against that of a solver.

The sets are wilder than those of `logic_soak.py`, for nothing is tried out: any constants, many
fields, dots over dots, addresses and their domains. A set follows from its number.
`python -m tests.soak --part logic` compares as many as it is let.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import combinations

from syncrules import dsl
from syncrules.connectors.base.schema import Field
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
    holds,
    text,
)

from . import smt
from .logic_soak import ACCOUNT, LEAD, LISTS, RATINGS, STAGES, TAGS, possible
from .schemas import SCHEMAS

OWNER = (*ACCOUNT, Hop("reference", "owner", "user"))
EMAIL = Field("email", "Email", "text", "email")
WORDS = ("a", "Ab", "abc", "b", "Straße", "STRASSE", "ab c", "ı", "")
NUMBERS = (-1e6, -1, 0, 0.1, 0.5, 1, 2, 2.5, 3, 99.99, 100, 10**15)
DAYS = ("0001-01-01", "1999-12-31", "2000-02-29", "2026-01-01", "2026-01-31", "2026-02-02")
AGES = (-400, -1, 0, 0.5, 1, 2, 30, 10_000, 4_000_000)
ADDRESSES = ("ann@a.example", "Bob@b.example", "cy@a.example", "nobody", "https://c.example/x")
DOMAINS = ("a.example", "b.example", "B.Example", "c.example", "d.example")
FIELDS: tuple[tuple[Get, Field, tuple[Value, ...]], ...] = (
    (Get("stage", "choice"), STAGES, ("Cold", "Warm", "Hot", "hot ")),
    (Get("rating", "choice"), RATINGS, ("Good", "Bad", "Ugly")),
    (Get("name", "text"), Field("name", "", "text"), WORDS),
    (Get("title", "text"), Field("title", "", "text"), WORDS),
    (Get("email", "text"), EMAIL, ADDRESSES),
    (Get("score", "number"), Field("score", "", "number"), NUMBERS),
    (Get("size", "number"), Field("size", "", "number", "integer"), NUMBERS),
    (Get("active", "boolean"), Field("active", "", "boolean"), (True, False)),
    (Get("born", "date"), Field("born", "", "date"), DAYS),
    (Get("met", "date"), Field("met", "", "date"), DAYS),
    (Get("seen", "datetime"), Field("seen", "", "datetime"), DAYS),
    (Get("account", "reference"), Field("account", "", "reference"), ()),
    (Get("tags", "choices"), TAGS, ("A", "b", "C")),
    (Get("lists", "choices"), LISTS, ("A", "B", "C")),
    (Get("city", "text", ACCOUNT), Field("city", "", "text"), WORDS),
    (Get("big", "boolean", ACCOUNT), Field("big", "", "boolean"), (True, False)),
    (Get("owner", "reference", ACCOUNT), Field("owner", "", "reference"), ()),
    (Get("name", "text", OWNER), Field("name", "", "text"), WORDS),
    (Get("done", "boolean", LEAD), Field("done", "", "boolean"), (True, False)),
    (Get("kind", "choice", LEAD), STAGES, ("Cold", "Warm")),
    (Get("since", "date", LEAD), Field("since", "", "date"), DAYS),
)
KNOWN = {get: field for get, field, _ in FIELDS}
DEALS: tuple[tuple[Get, Field, tuple[Value, ...]], ...] = (
    (Get("Amount", "number"), Field("Amount", "", "number"), (0, 1, 2.5)),
    (Get("won", "boolean"), Field("won", "", "boolean"), (True,)),
    (Get("open", "boolean"), Field("open", "", "boolean"), (True,)),
    (Get("CloseDate", "date"), Field("CloseDate", "", "date"), ("2026-01-31", "2026-02-02")),
    (Get("Name", "text"), Field("Name", "", "text"), ("a", "b")),
)
OF_DEALS = {get: field for get, field, _ in DEALS}
Sorts = Sequence[tuple[Get, Field, tuple[Value, ...]]]


def describe(get: Get) -> Field | None:
    """The field that a condition reads, of a contact or a deal."""
    plain = replace(get, function="")
    return KNOWN.get(plain) or OF_DEALS.get(plain)


def condition(chance: random.Random, sorts: Sorts, depth: int, *, undecided: float) -> Condition:
    """Any condition over some fields; `undecided` is the share of tests that sets don't decide."""
    kind = chance.randrange(5) if depth else 4
    if kind == 0:
        return Not(condition(chance, sorts, depth - 1, undecided=undecided))
    if kind < 3:
        size = chance.choice((1, 2, 2, 3, 4))
        parts = (condition(chance, sorts, depth - 1, undecided=undecided) for _ in range(size))
        return All(tuple(parts)) if kind == 1 else Any(tuple(parts))
    get, _, constants = chance.choice(sorts)
    if chance.random() < 0.15 or get.type == "reference":
        return Known(get)
    if chance.random() < undecided:
        found = hard(chance, sorts, get, constants)
        if found is not None:
            return found
    return easy(chance, get, constants)


def easy(chance: random.Random, get: Get, constants: Sequence[Value]) -> Condition:
    """A test that sets and intervals decide."""
    value = chance.choice(constants)
    if get.type == "choices":
        return Compare(get, "contains", Constant(value))
    if get.type == "boolean" and chance.random() < 0.6:
        return Truth(get)
    if get.field == "email" and chance.random() < 0.5:
        get, constants = replace(get, function="domain of"), DOMAINS
    elif get.type in ("date", "datetime") and chance.random() < 0.5:
        get, constants = replace(get, function="days since"), AGES
    elif get.field in ("stage", "kind") and chance.random() < 0.2:
        part = Constant(chance.choice(("a", "O", "t")))
        return Compare(get, chance.choice(("contains", "starts with", "ends with")), part)
    if chance.random() < 0.3:
        return OneOf(get, tuple(chance.choices(constants, k=chance.randrange(1, 4))))
    value = chance.choice(constants)
    ordered = get.type in ("number", "date", "datetime")
    sign = chance.choice(("is", "<", "<=", ">", ">=")) if ordered else "is"
    return Compare(get, sign, Constant(value))  # type: ignore[arg-type]


def hard(
    chance: random.Random, sorts: Sorts, get: Get, constants: Sequence[Value]
) -> Condition | None:
    """A test that is left undecided: a part of a text, or two fields."""
    if get.type == "text" and chance.random() < 0.7:
        sign = chance.choice(("contains", "starts with", "ends with"))
        return Compare(get, sign, Constant(chance.choice(constants)))  # type: ignore[arg-type]
    alike = {"datetime": "date", "choice": "text"}
    kind = alike.get(get.type, get.type)
    others = [one for one, _, _ in sorts if alike.get(one.type, one.type) == kind and one != get]
    if not others or kind not in ("text", "number", "date", "boolean"):
        return None
    sign = chance.choice(("is", "<", ">=")) if kind in ("number", "date") else "is"
    return Compare(get, sign, chance.choice(others))  # type: ignore[arg-type]


def differences(number: int, count: int) -> list[str]:
    """What the logic and the solver disagree about, in the sets from a number on.

    Of a set on which the solver gives up, about one in a thousand, the rest is left out.
    """
    found: list[str] = []
    for one in range(number, number + count):
        with suppress(smt.GaveUp):
            for wrong in different(one):
                found.append(f"set {one}: {wrong}")
    return found


def different(number: int) -> Iterator[str]:
    """What they disagree about in one set, and a set of arms."""
    chance = random.Random(f"set {number}")
    sorts = chance.sample(FIELDS, chance.randrange(1, 5))
    undecided = chance.choice((0.0, 0.0, 0.4))
    depth, size = chance.randrange(1, 4), chance.randrange(2, 5)
    some = [condition(chance, sorts, depth, undecided=undecided) for _ in range(size)]
    yield from of_records(some)
    yield from of_pairs(some)
    yield from of_parts(some)
    if not any(map(hopeful, some)):
        yield from of_many(some)
    if number % 5 == 0:
        yield from of_arms(chance)


def hopeful(one: Condition) -> bool:
    """Whether a condition has tests that sets don't decide."""
    return any(smt.undecided(test, describe) for test in smt.tests_of(one))


def of_records(some: Sequence[Condition]) -> Iterator[str]:
    """Satisfiable, always, and the record that is shown."""
    groups = [list(some), *([one] for one in some)]
    for group in groups:
        told = " AND ".join(f"({text(one)})" for one in group)
        possible = smt.possible(group, describe)
        yield from compared("never", logic.Asked(group, describe).never, not possible, group)
        yield from shown(logic.satisfiable(group, describe), group, possible, told)
        always = not smt.possible([Not(All(tuple(group)))], describe)
        yield from compared("always", logic.Asked(group, describe).always, always, group)


def of_pairs(some: Sequence[Condition]) -> Iterator[str]:
    """Overlap and implication of each two."""
    for one, other in combinations(some, 2):
        told = f"({text(one)}) AND ({text(other)})"
        both = [one, other]
        yield from shown(
            logic.overlap(one, other, describe), both, smt.possible(both, describe), told
        )
        against: list[Condition] = [one, Not(other)]
        witness = logic.counterexample(one, other, describe)
        yield from shown(witness, against, smt.possible(against, describe), f"not: {told}")


def shown(
    witness: logic.Witness | None, group: Sequence[Condition], possible_: bool, told: str
) -> Iterator[str]:
    """What is wrong with a record that is shown, or with none."""
    if witness is None:
        if possible_:
            yield f"no record is shown, and there is one: {told}"
    elif not witness.undecided:
        if not all(holds(one, witness.read, witness.today) for one in group):
            yield f"the record doesn't satisfy: {told}: {witness.shown()}"
        if not possible(dict(witness.values)):
            yield f"the record can't be: {told}: {witness.shown()}"
        if not possible_:
            yield f"a record is shown, and there is none: {told}: {witness.shown()}"
    elif not any(map(hopeful, group)):
        yield f"undecided: {told}"


def compared(what: str, said: bool, true: bool, group: Sequence[Condition]) -> Iterator[str]:
    """A verdict must be true, and must not be missing where everything is decided."""
    if said != true and (said or not any(map(hopeful, group))):
        told = " AND ".join(f"({text(one)})" for one in group)
        yield f"{what}: {said}, and it is {true}: {told}"


def of_parts(some: Sequence[Condition]) -> Iterator[str]:
    """Idle parts of an `and` and of an `or`, and the parts of a contradiction."""
    asked = logic.Asked(some, describe)
    told = " / ".join(text(one) for one in some)
    part, *others = some
    for both in (True, False):
        turned = [Not(part), *others] if both else [part, *map(Not, others)]
        idle = asked.idle(part, others, both=both)
        if idle == smt.possible(turned, describe, tied=False):
            yield f"idle in {'and' if both else 'or'}: {idle}: {told}"
        settled = asked.settled(some, both=both)
        all_of = list(some) if both else list(map(Not, some))
        if settled == smt.possible(all_of, describe, tied=False):
            yield f"settled in {'and' if both else 'or'}: {settled}: {told}"
    if asked.never and not any(map(hopeful, some)):
        clash = asked.clash(some)
        if smt.possible([some[i] for i in clash], describe):
            yield f"no clash: {clash}: {told}"
        for fewer in combinations(range(len(some)), len(clash) - 1):
            if not smt.possible([some[i] for i in fewer], describe):
                yield f"a larger clash than {fewer}: {clash}: {told}"


def of_many(some: Sequence[Condition]) -> Iterator[str]:
    """The overlaps that are found when all are asked at once."""
    expected = []
    for second, one in enumerate(some):
        near = (n for n in range(second) if smt.possible([one, some[n]], describe))
        expected += [(second, first) for first in [next(near, None)] if first is not None]
    found = [one[:2] for one in logic.overlaps(some, describe)]
    if found != expected:
        yield f"overlaps: {found}, not {expected}: {' / '.join(text(one) for one in some)}"


def of_arms(chance: random.Random) -> Iterator[str]:
    """Arms of an `infer` that no deals reach: those that `check` tells, and no others."""
    sorts = chance.sample(DEALS, chance.randrange(1, 4))
    arms: list[tuple[str, Condition | None]] = []
    for _ in range(chance.randrange(2, 6)):
        one = condition(chance, sorts, chance.randrange(2), undecided=0)
        alone = chance.random() < 0.1
        arms.append(("none", None) if alone else (chance.choice(("any", "all")), one))
    rows = "".join(
        f'    "Cold" when {word}{"" if one is None else f" with {text(one)}"}\n'
        for word, one in arms
    )
    source = f"sync apollo with salesforce\ninfer account stage from opportunities {{\n{rows}}}\n"
    findings = dsl.check({"a.sync": source}, SCHEMAS).findings
    if any(one.code in ("syntax", "wrong-type") for one in findings):
        yield f"can't be read: {findings[0].title}: {rows}"
        return
    codes = ("never-true", "unreachable-arm")
    told = {one.span.line - 3 for one in findings if one.code in codes}
    never = {n for n in range(len(arms)) if not smt.reached(arms, n, describe)}
    if told != never:
        yield f"arms out of reach: {sorted(told)}, not {sorted(never)}:\n{rows}"
