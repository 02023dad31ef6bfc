"""What is inferred: for which related records two versions of an `infer` give another value.

All sets of related records are compared. A set is told apart by which arms it makes true, so it is
enough to ask, for each arm of the one version and each of the other, whether some set makes both
the first true one: records that satisfy what all must, one for each thing that some must.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..conditions import All, Condition, Truth, text
from ..logic import Witness
from ..rules import Arm, InferRule, PairRules, Side
from .model import Detail, Difference, Kind, Records
from .setting import Setting, negated, other, undecided

KEPT: None = None
"""The value where no arm is true: it stays."""


@dataclass(frozen=True, slots=True)
class Related:
    """A set of related records, by single ones that together show it; without: none is related."""

    records: tuple[Witness, ...]

    @property
    def undecided(self) -> tuple[str, ...]:
        found = [test for one in self.records for test in undecided(one)]
        days = {one.today for one in self.records if one.today}
        if len(days) > 1 and not found:
            return ("whether all of it is so on one day",)
        return tuple(dict.fromkeys(found))

    def shown(self, related: str) -> str:
        if not self.records:
            return f"no {related}"
        return "; ".join(
            f"{related} {one.shown()}" if one.values else f"any {related}" for one in self.records
        )


def inferring(
    setting: Setting, pair: tuple[str, str], old: PairRules | None, new: PairRules | None
) -> Iterator[Difference]:
    """The differences in what is inferred for records of a pair."""
    before = {(one.side, one.object, one.field): one for one in (old.infers if old else ())}
    after = {(one.side, one.object, one.field): one for one in (new.infers if new else ())}
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was is None or now is None:
            yield _whole(pair, was, now)
        elif (was.related, was.via, was.parent) != (now.related, now.via, now.parent):
            detail = Detail("from", f"{was.related}.{was.via}", f"{now.related}.{now.via}")
            yield _told(pair, was, now, (detail,), None)
        elif _meaning(was) != _meaning(now):
            yield from _arms(setting, pair, was, now)


def different(
    setting: Setting, was: InferRule, now: InferRule
) -> Iterator[tuple[str | None, str | None, Related]]:
    """(value before, value after, related records) for each two values that differ somewhere."""
    side = other(now.side)
    found: set[tuple[str | None, str | None]] = set()

    def fresh(one: str | None, two: str | None) -> bool:
        return one != two and (one, two) not in found

    none = (_of_none(was.arms), _of_none(now.arms))
    if fresh(*none):
        found.add(none)
        yield (*none, Related(()))
    for first in range(len(was.arms) + 1):
        for second in range(len(now.arms) + 1):
            values = (_value(was.arms, first), _value(now.arms, second))
            if not fresh(*values):
                continue
            sets = _some(setting, side, now.related, ((was.arms, first), (now.arms, second)))
            if sets is not None:
                found.add(values)
                yield (*values, sets)


def _some(
    setting: Setting,
    side: Side,
    related: str,
    wanted: Sequence[tuple[tuple[Arm, ...], int]],
) -> Related | None:
    """At least one record, and more, for which each of these arms is the first that is true."""
    everyone: list[Condition] = []
    someone: list[Condition] = []
    for arms, number in wanted:
        for place, arm in enumerate(arms[: number + 1]):
            true = place == number
            if arm.quantifier == "none":
                if true:
                    return None
                continue
            when = All(()) if arm.when is None else arm.when
            if true == (arm.quantifier == "any"):
                someone.append(when if true else negated(when))
            else:
                everyone.append(when if true else negated(when))
    one = setting.witness(side, related, [*everyone, *someone])
    if one is not None and not one.undecided:
        return Related((one,))
    records = []
    for demand in someone or [All(())]:
        record = setting.witness(side, related, [*everyone, demand])
        if record is None:
            return None
        records.append(record)
    return Related(tuple(dict.fromkeys(records)))


def _of_none(arms: Sequence[Arm]) -> str | None:
    return next((one.value for one in arms if one.quantifier == "none"), KEPT)


def _value(arms: Sequence[Arm], number: int) -> str | None:
    return arms[number].value if number < len(arms) else KEPT


def _meaning(infer: InferRule) -> object:
    return [(one.value, one.quantifier, one.when) for one in infer.arms]


# ---- telling


def _arms(
    setting: Setting, pair: tuple[str, str], was: InferRule, now: InferRule
) -> Iterator[Difference]:
    for before, after, related in different(setting, was, now):
        detail = Detail("value", _shown(before), _shown(after))
        yield _told(pair, was, now, (detail,), related)


def _whole(pair: tuple[str, str], was: InferRule | None, now: InferRule | None) -> Difference:
    """The first or the last version has no such rule."""
    rule = now or was
    assert rule is not None
    details = []
    for arm in rule.arms:
        words = _arm(arm)
        details.append(Detail(f'"{arm.value}"', words if was else "", words if now else ""))
    return _told(pair, was, now, tuple(details), None)


def _told(
    pair: tuple[str, str],
    was: InferRule | None,
    now: InferRule | None,
    details: tuple[Detail, ...],
    related: Related | None,
) -> Difference:
    rule = now or was
    assert rule is not None
    kind: Kind = "inferred-differently" if was and now else "inferred" if now else "not-inferred"
    open_ = related.undecided if related else ()
    return Difference(
        kind,
        f"{rule.object}.{rule.field} from {rule.related}",
        f"infer {rule.object} {rule.field}",
        before=was.place if was else None,
        after=now.place if now else None,
        details=details,
        example=related.shown(rule.related) if related and not open_ else "",
        undecided=open_,
        records=Records(rule.side, rule.object, *pair, infers=(was, now)),
    )


def _arm(arm: Arm) -> str:
    if arm.quantifier == "none":
        return "when none"
    verb = "is" if arm.quantifier == "any" else "are"
    when = "" if arm.when is None else text(arm.when)
    return f"when {arm.quantifier} {verb if isinstance(arm.when, Truth) else 'with'} {when}"


def _shown(value: str | None) -> str:
    return "stays as it is" if value is None else f'"{value}"'
