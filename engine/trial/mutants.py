"""Rules with one thing changed: what a slip of the hand, or a later edit, might make of them.

Works on typed rules, so every mutant is a set of rules that could have been written. Changes of a
condition that no record can tell from the original are not made; whether a test notices a mutant
is asked in `mutate.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ...dsl import logic
from ...dsl.conditions import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    Known,
    Not,
    OneOf,
    Truth,
    text,
)
from ...dsl.rules import Arm, InferRule, MoveRule, PairRules, Place, RowRule, RuleSet, Side
from .goals import SAID

Describer = Callable[[Side, str], logic.Describe]
"""How fields of an object of a side are looked up."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """Rules with one change; `what` says which, at the rule's place. `old` and `new` are the two
    conditions where the change is one of a condition; `arm` the number of the arm it stands in."""

    place: Place
    rule: str
    what: str
    rules: RuleSet
    old: Condition | None = None
    new: Condition | None = None
    arm: int | None = None


def mutants(rules: RuleSet, describer: Describer) -> Iterator[Mutant]:
    """Every mutant, in the order of the rules."""
    for at, pair in enumerate(rules.pairs):

        def made(pair: PairRules, at: int = at) -> RuleSet:
            pairs = (*rules.pairs[:at], pair, *rules.pairs[at + 1 :])
            return replace(rules, pairs=pairs)

        yield from _moves(pair, made, describer)
        yield from _pair(pair, made)
        yield from _rows(pair, made)
        yield from _infers(pair, made, describer)


Made = Callable[[PairRules], RuleSet]


# ---- push and pull


def _moves(pair: PairRules, made: Made, describer: Describer) -> Iterator[Mutant]:
    for at, move in enumerate(pair.moves):

        def put(*changed: MoveRule, at: int = at) -> RuleSet:
            return made(replace(pair, moves=(*pair.moves[:at], *changed, *pair.moves[at + 1 :])))

        def every(change: Callable[[MoveRule], MoveRule], way: str = move.direction) -> RuleSet:
            changed = (change(one) if one.direction == way else one for one in pair.moves)
            return made(replace(pair, moves=tuple(changed)))

        # What rules of one direction must have in common is changed in all of them at once.
        first = all(one.direction != move.direction for one in pair.moves[:at])
        side: Side = "left" if move.direction == "push" else "right"
        describe = describer(side, pair.left if side == "left" else pair.right)
        yield Mutant(move.place, move.name, "the rule is taken out", put())
        makes = move.create and (move.direction == "push" or move.visible)
        if move.when is not None and makes:
            what = "its condition is taken out"
            if _differs(move.when, All(()), describe):
                gone = put(replace(move, when=None))
                yield Mutant(move.place, move.name, what, gone, move.when, All(()))
            for what, changed in conditions(move.when, describe):
                new = put(replace(move, when=changed))
                yield Mutant(move.place, move.name, what, new, move.when, changed)
        if move.source is not None and makes:
            what = f'`source "{move.source[1]}"` is taken out'
            yield Mutant(move.place, move.name, what, put(replace(move, source=None)))
        if move.stop is not None and first:
            what = "`stop when` is taken out"
            new = every(lambda one: replace(one, stop=None))
            yield Mutant(move.place, move.name, what, new)
            for what, changed in conditions(move.stop, describe):
                new = every(partial(_stopping, changed))
                yield Mutant(move.place, move.name, f"in `stop when`, {what}", new)
        if move.direction == "pull" and move.create:
            word = "hidden" if move.visible else "visible"
            new = put(replace(move, visible=not move.visible))
            yield Mutant(move.place, move.name, f"it is {word}", new)
        if move.direction == "push" and first:
            word = "`update only`" if move.create else "it creates, too"
            new = every(lambda one: replace(one, create=not one.create))
            yield Mutant(move.place, move.name, word, new)
        if first:
            word = "`create only`" if move.update else "it updates, too"
            new = every(lambda one: replace(one, update=not one.update))
            yield Mutant(move.place, move.name, word, new)
        for number, one in enumerate(move.stand_ins):
            rest = (*move.stand_ins[:number], *move.stand_ins[number + 1 :])
            if one.place != move.place:
                new = put(replace(move, stand_ins=rest))
                yield Mutant(one.place, move.name, f"`{one.text}` is taken out", new)
        if move.add_people:
            new = put(replace(move, add_people=False))
            yield Mutant(move.place, move.name, "`add unknown people` is taken out", new)
        for event in move.events:
            if event.on in SAID and first:
                new = every(partial(_forgiving, event.on))
                yield Mutant(event.place, move.name, f"`on {event.on}` is taken out", new)


def _stopping(stop: Condition, move: MoveRule) -> MoveRule:
    return replace(move, stop=stop)


def _forgiving(end: str, move: MoveRule) -> MoveRule:
    """Nothing follows an end of that kind."""
    return replace(move, events=tuple(one for one in move.events if one.on != end))


def _pair(pair: PairRules, made: Made) -> Iterator[Mutant]:
    first = pair.moves[0] if pair.moves else None
    if first is None:
        return
    for at, key in enumerate(pair.keys):
        rest = (*pair.keys[:at], *pair.keys[at + 1 :])
        names = " and ".join(left for left, _ in key.pairs)
        what = f"records are not matched on {names}"
        yield Mutant(first.place, first.name, what, made(replace(pair, keys=rest)))
        for part in range(len(key.pairs) if len(key.pairs) > 1 else 0):
            fewer = replace(key, pairs=(*key.pairs[:part], *key.pairs[part + 1 :]))
            keys = (*pair.keys[:at], fewer, *pair.keys[at + 1 :])
            what = f"records are matched on {names} without {key.pairs[part][0]}"
            yield Mutant(first.place, first.name, what, made(replace(pair, keys=keys)))
    for at, tie in enumerate(pair.ties):
        left = (*pair.ties[:at], *pair.ties[at + 1 :])
        what = f"the tie-breaker `{tie.kind}` is taken out"
        yield Mutant(first.place, first.name, what, made(replace(pair, ties=left)))
    for at, enrich in enumerate(pair.enriches):
        if enrich.existing:
            continue  # What was there before the rule is looked at once, which no test can say.
        others = (*pair.enriches[:at], *pair.enriches[at + 1 :])
        new = made(replace(pair, enriches=others))
        yield Mutant(enrich.place, enrich.name, "the rule is taken out", new)


# ---- rows


def _rows(pair: PairRules, made: Made) -> Iterator[Mutant]:
    for at, row in enumerate(pair.rows):
        if row.standard:
            continue

        def put(*changed: RowRule, at: int = at) -> RuleSet:
            return made(replace(pair, rows=(*pair.rows[:at], *changed, *pair.rows[at + 1 :])))

        rule = f"map {pair.left} with {pair.right}"
        told = f"`{' '.join(row.text.split())}`" if not row.table else "the table"
        yield Mutant(row.place, rule, f"{told} is taken out", put())
        for what, changed in _row(row):
            yield Mutant(row.place, rule, f"in {told}, {what}", put(changed))


def _row(row: RowRule) -> Iterator[tuple[str, RowRule]]:
    if row.direction == "both" and not (row.constant or row.template):
        yield "`<->` becomes `->`", replace(row, direction="push")
        yield "`<->` becomes `<-`", replace(row, direction="pull")
        if row.prefer is not None:
            winner = "right" if row.prefer == "left" else "left"
            yield "the other side wins", replace(row, prefer=winner)  # type: ignore[arg-type]
    if row.default is not None:
        yield "`default` is taken out", replace(row, default=None)
    if row.when_blank:
        yield "`when blank` is taken out", replace(row, when_blank=False)
    if row.ask:
        yield "`ask` is taken out", replace(row, ask=False)
    if row.truncate:
        yield "`truncate` is taken out", replace(row, truncate=False)
    if row.clear:
        yield "`clear` is taken out", replace(row, clear=False)
    for at, (left, right, way) in enumerate(row.table):
        rest = (*row.table[:at], *row.table[at + 1 :])
        yield f'"{left}" with "{right}" is taken out', replace(row, table=rest)
        other = next((one[1] for one in row.table if one[1] != right), None)
        if other is not None:
            changed = (*row.table[:at], (left, other, way), *row.table[at + 1 :])
            yield f'"{left}" goes with "{other}"', replace(row, table=changed)


# ---- infer


def _infers(pair: PairRules, made: Made, describer: Describer) -> Iterator[Mutant]:
    for at, infer in enumerate(pair.infers):

        def put(*changed: InferRule, at: int = at) -> RuleSet:
            rest = pair.infers[at + 1 :]
            return made(replace(pair, infers=(*pair.infers[:at], *changed, *rest)))

        yield Mutant(infer.place, infer.text, "the rule is taken out", put())
        side: Side = "right" if infer.side == "left" else "left"
        describe = describer(side, infer.related)
        for number, arm in enumerate(infer.arms):

            def arms(*changed: Arm, number: int = number, infer: InferRule = infer) -> InferRule:
                return replace(
                    infer, arms=(*infer.arms[:number], *changed, *infer.arms[number + 1 :])
                )

            yield Mutant(arm.place, infer.text, f'the arm "{arm.value}" is taken out', put(arms()))
            if number + 1 < len(infer.arms):
                after = infer.arms[number + 1]
                pairs = (*infer.arms[:number], after, arm, *infer.arms[number + 2 :])
                if not _apart(arm, after, describe):
                    what = f'the arm "{after.value}" comes before "{arm.value}"'
                    yield Mutant(arm.place, infer.text, what, put(replace(infer, arms=pairs)))
            if arm.quantifier != "none":
                turned = replace(arm, quantifier="all" if arm.quantifier == "any" else "any")
                what = f'in the arm "{arm.value}", `{arm.quantifier}` becomes `{turned.quantifier}`'
                yield Mutant(arm.place, infer.text, what, put(arms(turned)))
            if arm.when is not None:
                for what, changed in conditions(arm.when, describe):
                    new = put(arms(replace(arm, when=changed)))
                    told = f'in the arm "{arm.value}", {what}'
                    yield Mutant(arm.place, infer.text, told, new, arm.when, changed, number)


def _apart(one: Arm, two: Arm, describe: logic.Describe) -> bool:
    """Whether at most one of two arms is ever true, so that their order doesn't matter."""
    if "none" in (one.quantifier, two.quantifier):
        return True
    if one.when is None or two.when is None:
        return False
    both = logic.overlap(one.when, two.when, describe) is None
    return both and "all" in (one.quantifier, two.quantifier)


# ---- conditions


def conditions(condition: Condition, describe: logic.Describe) -> Iterator[tuple[str, Condition]]:
    """Conditions that differ from one in a single place, and for at least one record."""
    for what, changed in _changed(_straight(condition)):
        if _differs(condition, changed, describe):
            yield what, changed


def _differs(one: Condition, two: Condition, describe: logic.Describe) -> bool:
    return any(
        logic.counterexample(a, b, describe) is not None for a, b in ((one, two), (two, one))
    )


def _straight(condition: Condition) -> Condition:
    """Without a `not` of a `not`, as `unless email is blank` has it."""
    match condition:
        case All(parts):
            return All(tuple(_straight(one) for one in parts))
        case Any(parts):
            return Any(tuple(_straight(one) for one in parts))
        case Not(Not(part)):
            return _straight(part)
        case Not(part):
            return Not(_straight(part))
    return condition


def _changed(condition: Condition) -> Iterator[tuple[str, Condition]]:
    match condition:
        case All(parts) | Any(parts):
            kind, turned = (All, Any) if isinstance(condition, All) else (Any, All)
            words = ("`and` becomes `or`", "`or` becomes `and`")
            yield words[kind is Any], turned(parts)
            for at, part in enumerate(parts):
                rest = (*parts[:at], *parts[at + 1 :])
                fewer = rest[0] if len(rest) == 1 else kind(rest)
                yield f"`{text(part)}` is taken out", fewer
                for what, changed in _changed(part):
                    yield what, kind((*parts[:at], changed, *parts[at + 1 :]))
        case Not(part):
            yield f"`{text(condition)}` becomes `{text(part)}`", part
            for what, changed in _changed(part):
                if not isinstance(changed, Not):
                    yield what, Not(changed)
        case Truth() | Known():
            yield f"`{text(condition)}` becomes `{text(Not(condition))}`", Not(condition)
        case OneOf(left, values):
            yield f"`{text(condition)}` becomes `{text(Not(condition))}`", Not(condition)
            for at, value in enumerate(values):
                rest_of = (*values[:at], *values[at + 1 :])
                yield f'"{value}" is taken out', OneOf(left, rest_of)
        case Compare(left, sign, right):
            yield f"`{text(condition)}` becomes `{text(Not(condition))}`", Not(condition)
            for other in _NEAR.get(sign, ()):
                new = Compare(left, other, right)  # type: ignore[arg-type]
                yield f"`{text(condition)}` becomes `{text(new)}`", new
            value = right.value if isinstance(right, Constant) else None
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                more = Compare(left, sign, Constant(value + 1))
                yield f"`{text(condition)}` becomes `{text(more)}`", more


_NEAR: dict[str, Sequence[str]] = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "contains": ("starts with",),
    "starts with": ("contains",),
    "ends with": ("contains",),
}
