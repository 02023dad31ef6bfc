"""What comes along: records that are created because a record that is pushed refers to them.

A reference to a record without a counterpart makes one, once, by the rows of its own pair and
whatever its rules' conditions say. So a row can decide which records are created; what rules create
by themselves is in `acting.py`. An activity brings nobody along: it waits until they are linked.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..rules import PairRules, RowRule, RuleSet
from .acting import makers
from .linking import links
from .model import Detail, Difference
from .setting import Setting

Brought = dict[tuple[str, str], RowRule]


def coming(setting: Setting, old: RuleSet | None, new: RuleSet | None) -> Iterator[Difference]:
    """The pairs whose left records come along in one version only."""
    before, after = _brought(setting, old), _brought(setting, new)
    for pair in sorted(before.keys() ^ after.keys()):
        gone = pair in before
        row = before[pair] if gone else after[pair]
        if _all_anyway(new if gone else old, pair):
            continue
        way = f"{row.left_object}.{row.left} -> {row.right_object}.{row.right}"
        yield Difference(
            "not-created" if gone else "created",
            f"{pair[1]} from {pair[0]}",
            f"map {row.left_object} with {row.right_object}",
            before=row.place if gone else None,
            after=None if gone else row.place,
            details=(Detail("comes along", way if gone else "", "" if gone else way),),
        )


def _brought(setting: Setting, rules: RuleSet | None) -> Brought:
    """The pairs whose records come along, each with a row that brings them."""
    found: Brought = {}
    if rules is None:
        return found
    pairs = (one for one in rules.pairs if links(one) and not setting.activity(one.left))
    rows = (row for pair in pairs for row in pair.rows)
    for row in sorted(rows, key=lambda one: (one.place, one.right_object)):
        parent = _parent(setting, rules, row) if row.convert[0] == "reference" else None
        if parent is not None and (parent.rows or makers(parent, "push").moves):
            found.setdefault((parent.left, parent.right), row)
    return found


def _parent(setting: Setting, rules: RuleSet, row: RowRule) -> PairRules | None:
    """The pair that links what a row's two references lead to; of several that of first choice."""
    left = setting.fields("left", row.left_object, row.left)
    right = setting.fields("right", row.right_object, row.right)
    if not left or not right:
        return None
    fitting = [
        one
        for one in rules.pairs
        if one.left in left[0].references and one.right in right[0].references
    ]
    return min(
        fitting,
        key=lambda one: (
            setting.rank("left", one.left),
            setting.rank("right", one.right),
            one.left,
            one.right,
        ),
        default=None,
    )


def _all_anyway(rules: RuleSet | None, pair: tuple[str, str]) -> bool:
    """Whether a rule creates all records of a pair by itself."""
    pairs = rules.pairs if rules else ()
    made = makers(next((one for one in pairs if (one.left, one.right) == pair), None), "push")
    return not made.stops and any(one.when is None for one in made.moves)
