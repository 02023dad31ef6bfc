"""What the logic proves about conditions: the same as trying every record, only sooner."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from syncrules import dsl
from syncrules.connectors.base.schema import Field
from syncrules.dsl import logic
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

from . import logic_soak
from .schemas import APOLLO, CONTACT, SALESFORCE, SCHEMAS
from .test_conditions import written


def condition(words: str) -> Condition:
    """A condition, whether or not any record satisfies it."""
    whole = written(f"title is known or {words}")
    assert isinstance(whole, Any)
    return whole.parts[1] if len(whole.parts) == 2 else Any(whole.parts[1:])


def describe(get: Get) -> Field | None:
    """The fields of a contact and of what its dots lead to."""
    thing = CONTACT
    for hop in get.hops:
        thing = (SALESFORCE if hop.kind == "link" else APOLLO).by_name[hop.object]
    return thing.by_name[get.field]


def test_verdicts_are_those_of_trying_every_record() -> None:
    """Four thousand random conditions of all sorts: no difference, and each witness satisfies."""
    assert logic_soak.differences(4000, seed=2) == []


def test_overlaps_and_implications_are_those_of_trying_every_record() -> None:
    """Random conditions two by two: a witness of both, or of the one and not the other, or none."""
    chance = random.Random(4)
    for _ in range(600):
        sorts = tuple(chance.sample(logic_soak.SORTS, 2))
        one, other = (logic_soak.arbitrary(chance, sorts, 2) for _ in range(2))
        both = logic.overlap(one, other, logic_soak.describe)
        assert (both is None) == (logic_soak.found(All((one, other))) is None)
        against = logic.counterexample(one, other, logic_soak.describe)
        assert (against is None) == (logic_soak.found(All((one, Not(other)))) is None)
        if against is not None:
            assert holds(one, against.read, against.today)
            assert not holds(other, against.read, against.today)


def test_a_part_is_idle_just_where_leaving_it_out_changes_nothing() -> None:
    """Random `and`s and `or`s: the verdict on a part is that of trying every record."""
    chance = random.Random(5)
    for number in range(400):
        sorts = tuple(chance.sample(logic_soak.SORTS[:6], 2))
        parts = [logic_soak.arbitrary(chance, sorts, 1) for _ in range(3)]
        both = number % 2 == 0
        idle = logic.Asked(parts, logic_soak.describe).idle(parts[0], parts[1:], both=both)
        turned: list[Condition] = [Not(parts[0]), *parts[1:]]
        if not both:
            turned = [parts[0], *(Not(one) for one in parts[1:])]
        assert idle == (logic_soak.found(All(tuple(turned))) is None), [text(one) for one in parts]


def test_an_arm_is_out_of_reach_just_where_no_deals_reach_it() -> None:
    """Random arms, against all sets of deals: those that are told are those that no set reaches."""
    chance = random.Random(8)
    told = 0
    for _ in range(200):
        arms = [
            (chance.choice(("any", "all")), logic_soak.arbitrary(chance, logic_soak.DEALS, 1))
            if chance.random() < 0.9
            else ("none", None)
            for _ in range(chance.randrange(2, 6))
        ]
        rows = "".join(
            f'    "Cold" when {word} {"" if one is None else text(one)}\n' for word, one in arms
        )
        head = "sync apollo with salesforce\ninfer account stage from opportunities {\n"
        found = dsl.check({"a.sync": f"{head}{rows}}}\n"}, SCHEMAS).findings
        wrong = {
            one.span.line - 3 for one in found if one.code in ("never-true", "unreachable-arm")
        }
        assert wrong == set(range(len(arms))) - reached(arms), rows
        told += len(wrong)
    assert told > 100


def reached(arms: Sequence[tuple[str, Condition | None]]) -> set[int]:
    """The numbers of the arms that some set of deals makes the first true one."""
    kinds = {
        tuple(one is not None and holds(one, deal.__getitem__, "") for _, one in arms)
        for deal in logic_soak.records(tuple(one.get for one in logic_soak.DEALS))
    }
    first = set()
    for size in range(len(arms) + 2):
        for deals in combinations(sorted(kinds), size):
            for number, (word, _) in enumerate(arms):
                verdicts = [deal[number] for deal in deals]
                true = {"any": any(verdicts), "all": bool(deals) and all(verdicts)}
                if true.get(word, not deals):
                    first.add(number)
                    break
    return first


CLASHES = [
    (("title is known", 'stage is "Cold"', "score > 3", 'stage is "Replied"'), (1, 3)),
    (("score > 3", "score < 9", "score < 2"), (0, 2)),
    (('stage in ["Cold", "Replied"]', 'stage is not "Cold"', 'stage is not "Replied"'), (0, 1, 2)),
    (("score > 3", "created_at > 9999-12-31"), (1,)),
    (("score > 3 or score < 1", "score >= 1", "title is known", "score <= 3"), (0, 1, 3)),
]


@pytest.mark.parametrize(("parts", "expected"), CLASHES)
def test_a_clash_is_the_fewest_parts_that_contradict(
    parts: tuple[str, ...], expected: tuple[int, ...]
) -> None:
    """What doesn't take part in the contradiction is not named."""
    written_parts = [condition(one) for one in parts]
    assert logic.Asked(written_parts, describe).clash(written_parts) == expected


UNDECIDED = [
    'first_name is last_name and first_name contains "a" and not last_name contains "a"',
    "score > 3 and birthday < created_at and birthday > created_at",
]


@pytest.mark.parametrize("words", UNDECIDED)
def test_what_sets_do_not_decide_is_told_and_never_called_impossible(words: str) -> None:
    """Each test that could not be told is in the witness."""
    witness = logic.satisfiable([written(words)], describe)
    assert witness is not None and len(witness.undecided) >= 2


def test_a_condition_that_is_too_large_to_search_is_given_up_soon() -> None:
    """Hundreds of alternatives that hang together: no verdict, and no waiting."""
    chance = random.Random(6)
    clauses = [
        " or ".join(
            f'{chance.choice(("", "not "))}title contains "w{word}x"'
            for word in chance.sample(range(60), 3)
        )
        for _ in range(255)
    ]
    whole = All(tuple(written(one) for one in clauses))
    start = time.process_time()
    witness = logic.satisfiable([whole], describe)
    assert witness is not None and witness.undecided
    assert time.process_time() - start < 2


def test_among_many_conditions_each_overlap_is_found() -> None:
    """Ruling out pairs in bulk loses none: the same as asking about each pair."""
    chance = random.Random(9)
    for number in range(60):
        sorts = tuple(chance.sample(logic_soak.SORTS, 2))
        depth = number % 3
        group = [logic_soak.arbitrary(chance, sorts, depth) for _ in range(8)]
        expected = []
        for second, one in enumerate(group):
            pairs = ((first, logic_soak.found(All((one, group[first])))) for first in range(second))
            first = next((first for first, record in pairs if record is not None), None)
            expected += [(second, first)] if first is not None else []
        found = [one[:2] for one in logic.overlaps(group, logic_soak.describe)]
        assert found == expected, [text(one) for one in group]


def test_a_quarter_of_a_million_pairs_take_a_moment() -> None:
    """Fifty groups of a hundred conditions, each pair asked: rules by the thousand stay quick."""
    groups = [disjoint(random.Random(seed)) for seed in range(5)] * 10
    start = time.process_time()
    found = [one for group in groups for one in logic.overlaps(group, logic_soak.describe)]
    spent = time.process_time() - start
    pairs = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    sys.stdout.write(f"{pairs} pairs in {spent:.2f} s\n")
    assert found == []
    assert spent < 4


def disjoint(chance: random.Random) -> list[Condition | None]:
    """A hundred conditions of three fields, no two of which one record satisfies."""
    stages, numbers = logic_soak.SORTS[0].get, logic_soak.SORTS[3].get
    names = logic_soak.SORTS[2].get
    found: list[Condition | None] = []
    for low, high in pairwise(range(0, 35, 1)):
        for stage in ("Cold", "Warm", "Hot"):
            found.append(
                All(
                    (
                        Compare(stages, "is", Constant(stage)),
                        Compare(numbers, ">=", Constant(low)),
                        Compare(numbers, "<", Constant(high)),
                        Not(OneOf(names, ("a", "b"))),
                    )
                )
            )
    chance.shuffle(found)
    return found[:100]
