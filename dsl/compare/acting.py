"""Which records are created, by which rule and with which source, and which are stopped.

The rules of one direction are tried in order and the first that holds makes the record, so each
makes those that satisfy it and none before it. Two versions differ where such a set of the one and
the opposite of one of the other have a record in common; `logic` finds it or proves there is none.
What is written to records is in `writing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..conditions import All, Any, Condition, text
from ..logic import Witness
from ..logic.boxes import Boxes
from ..rules import MoveRule, PairRules, Place, Side
from .model import Detail, Difference, Kind, Records
from .setting import Setting, flat, negated, undecided

ALWAYS, NEVER = All(()), Any(())

Source = tuple[str, str] | None
"""(field, text) for records that a rule creates."""


@dataclass(frozen=True, slots=True)
class Makers:
    """The rules of one pair and direction: those that create, in order, and what stops them."""

    moves: tuple[MoveRule, ...]
    stops: tuple[tuple[Condition, MoveRule], ...]

    @property
    def meaning(self) -> object:
        """The same for two that do the same, as far as can be told without logic."""
        rules = [(one.when, one.source) for one in self.moves]
        return rules, [one for one, _ in self.stops]

    @property
    def satisfied(self) -> Condition:
        """Some rule is satisfied."""
        return _any([_when(one) for one in self.moves])

    @property
    def stopped(self) -> Condition:
        """Something stops them."""
        return _any([one for one, _ in self.stops])

    def region(self, number: int) -> list[Condition]:
        """What a record satisfies that this rule takes, and no rule before it."""
        before = [negated(_when(one)) for one in self.moves[:number]]
        return [_when(self.moves[number]), *before]

    def taken(self, source: Source) -> Condition:
        """What a record satisfies that gets this source."""
        regions = [
            flat(self.region(number))
            for number, one in enumerate(self.moves)
            if one.source == source
        ]
        return _any(regions)


def makers(pair: PairRules | None, direction: Literal["push", "pull"]) -> Makers:
    """The rules of a direction, in the order in which they count: by path and line."""
    moves = sorted(pair.moves if pair else (), key=lambda one: (one.place, one.name))
    own = [one for one in moves if one.direction == direction]
    return Makers(
        tuple(one for one in own if one.create and (direction == "push" or one.visible)),
        tuple((one.stop, one) for one in own if one.stop is not None),
    )


def acting(
    setting: Setting,
    pair: tuple[str, str],
    direction: Literal["push", "pull"],
    old: PairRules | None,
    new: PairRules | None,
) -> Iterator[Difference]:
    """The differences in what one direction of a pair creates and stops."""
    before, after = makers(old, direction), makers(new, direction)
    if before.meaning == after.meaning:
        return
    here = _Direction(setting, pair, direction)
    yield from here.made("created", before, after)
    yield from here.made("not-created", after, before)
    yield from here.halted("stopped", before, after)
    yield from here.halted("not-stopped", after, before)
    yield from here.labelled(before, after)


@dataclass(frozen=True, slots=True)
class _Direction:
    """One direction of a pair, and how its differences are told."""

    setting: Setting
    pair: tuple[str, str]
    direction: Literal["push", "pull"]

    @property
    def side(self) -> Side:
        """The side of the records that rules read."""
        return "left" if self.direction == "push" else "right"

    @property
    def source(self) -> str:
        return self.pair[0] if self.direction == "push" else self.pair[1]

    @property
    def target(self) -> str:
        return self.pair[1] if self.direction == "push" else self.pair[0]

    def made(self, kind: Kind, without: Makers, makes: Makers) -> Iterator[Difference]:
        """What `makes` creates and `without` has no satisfied rule for; what only a `stop when`
        tells apart is told with that."""
        free = negated(makes.stopped)
        there = {one.when for one in without.moves}
        for number, move in enumerate(makes.moves):
            if move.when in there:
                continue
            conditions = [*makes.region(number), free, negated(without.satisfied)]
            witness = self._witness(conditions)
            if witness is None:
                continue
            details = [_when_detail(move, gone=kind == "not-created")]
            if move.source is not None:
                label = f'{move.source[0]} "{move.source[1]}"'
                details.append(_one_sided("source", label, gone=kind == "not-created"))
            yield self._told(
                kind, f"{self.target} from {self.source}", move, conditions, witness, details
            )

    def halted(self, kind: Kind, without: Makers, stops: Makers) -> Iterator[Difference]:
        """What `stops` stops and `without` doesn't."""
        for condition, move in stops.stops:
            conditions = [condition, negated(without.stopped)]
            witness = self._witness(conditions)
            if witness is None:
                continue
            detail = _one_sided("stop when", text(condition), gone=kind == "not-stopped")
            title = f"{self.source} to {self.target}"
            yield self._told(kind, title, move, conditions, witness, [detail])

    def labelled(self, before: Makers, after: Makers) -> Iterator[Difference]:
        """What both create, with another source: one difference for each two sources."""
        free = [negated(before.stopped), negated(after.stopped)]
        found: dict[tuple[Source, Source], tuple[MoveRule, MoveRule, Witness]] = {}
        for first, second in self._meeting(before, after):
            was, now = before.moves[first], after.moves[second]
            sources = (was.source, now.source)
            known = found.get(sources)
            if was.source == now.source or (known is not None and not known[2].undecided):
                continue
            witness = self._witness([*before.region(first), *after.region(second), *free])
            if witness is not None and (known is None or not witness.undecided):
                found[sources] = (was, now, witness)
        for (one, two), (was, now, witness) in found.items():
            conditions = [before.taken(one), after.taken(two), *free]
            detail = Detail("source", _label(one), _label(two))
            title = f"{self.target} from {self.source}"
            yield self._told("source", title, now, conditions, witness, [detail], before=was.place)

    def _meeting(self, before: Makers, after: Makers) -> Iterator[tuple[int, int]]:
        """Each two rules of the two versions that may take one record, by their numbers."""
        conditions = [one.when for one in (*before.moves, *after.moves)]
        boxes = Boxes(conditions, self.setting.describe(self.side, self.source))
        count = len(before.moves)
        for second in range(count, len(conditions)):
            yield from ((first, second - count) for first in boxes.near(second) if first < count)

    def _witness(self, conditions: Sequence[Condition]) -> Witness | None:
        return self.setting.witness(self.side, self.source, conditions)

    def _told(
        self,
        kind: Kind,
        title: str,
        move: MoveRule,
        conditions: Sequence[Condition],
        witness: Witness,
        details: Sequence[Detail],
        *,
        before: Place | None = None,
    ) -> Difference:
        gone = kind in ("not-created", "not-stopped")
        return Difference(
            kind,
            title,
            move.name,
            before=move.place if gone else before,
            after=None if gone else move.place,
            details=tuple(details),
            example="" if witness.undecided else _shown(self.source, witness),
            undecided=undecided(witness),
            records=Records(self.side, self.source, *self.pair, when=flat(conditions)),
        )


def _shown(object: str, witness: Witness) -> str:
    return f"{object} {witness.shown()}" if witness.values else f"any {object}"


def _when(move: MoveRule) -> Condition:
    return ALWAYS if move.when is None else move.when


def _any(conditions: Sequence[Condition]) -> Condition:
    if not conditions:
        return NEVER
    return conditions[0] if len(conditions) == 1 else Any(tuple(conditions))


def _when_detail(move: MoveRule, *, gone: bool) -> Detail:
    return _one_sided("when", "always" if move.when is None else text(move.when), gone=gone)


def _one_sided(what: str, words: str, *, gone: bool) -> Detail:
    return Detail(what, words, "") if gone else Detail(what, "", words)


def _label(source: Source) -> str:
    return "none" if source is None else f'{source[0]} "{source[1]}"'
