"""What a change of rules means: which records and fields change their fate, not which lines moved.

Two versions of typed rules in, their differences out, each with a made-up record where a condition
decides. A rule that is moved, laid out anew or said in other words changes nothing. No file, no Git
and no record is read here: that is `engine/compare/`. `acting.py`, `along.py`, `writing.py`,
`arms.py` and `linking.py` compare, `model.py` is what they find.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...connectors.base.schema import Schema
from ..rules import PairRules, Rules, RuleSet
from .acting import acting
from .along import coming
from .arms import inferring
from .linking import BOTH, guarding, linking, testing
from .model import Detail, Difference, Kind, Records, SetDifference
from .setting import Setting
from .writing import writing


def compare(
    old: Rules,
    new: Rules,
    old_schemas: Mapping[str, Schema],
    new_schemas: Mapping[str, Schema],
) -> tuple[SetDifference, ...]:
    """What the newer rules do otherwise, one entry for each two systems that either of them names.

    Both were checked without errors, each against its schemas, by system.
    """
    before = {(one.left, one.right): one for one in old.sets}
    after = {(one.left, one.right): one for one in new.sets}
    schemas = (new_schemas,) if new_schemas == old_schemas else (new_schemas, old_schemas)
    return tuple(
        _sets(Setting(*names, schemas), before.get(names), after.get(names))
        for names in sorted(before.keys() | after.keys())
    )


def _sets(setting: Setting, old: RuleSet | None, new: RuleSet | None) -> SetDifference:
    before = {(one.left, one.right): one for one in (old.pairs if old else ())}
    after = {(one.left, one.right): one for one in (new.pairs if new else ())}
    found = [
        one
        for pair in sorted(before.keys() | after.keys())
        for one in _pair(setting, pair, before.get(pair), after.get(pair))
    ]
    found += coming(setting, old, new)
    found += guarding(setting, old, new)
    return SetDifference(setting.left, setting.right, tuple(found), testing(old, new))


def _pair(
    setting: Setting, pair: tuple[str, str], old: PairRules | None, new: PairRules | None
) -> Iterator[Difference]:
    yield from linking(setting, pair, old, new)
    for direction in BOTH:
        yield from acting(setting, pair, direction, old, new)
    yield from writing(setting, pair, old, new)
    yield from inferring(setting, pair, old, new)


__all__ = ["Detail", "Difference", "Kind", "Records", "SetDifference", "compare"]
