"""The last step to `rules.py`: all that was said about each pair of objects, with its match keys.

Knows what belongs together and nothing of single rules any more. A match key is written in left
names; its right field is the one that a row of the pair moves it to.
"""

from __future__ import annotations

from . import tree
from .bound import Bound, BoundMove, PairName
from .checks.key_not_mapped import report as no_partner
from .checks.match_twice import find as another_match
from .names import find_field
from .references import own_keys
from .rules import Key, PairRules, RuleSet


def rule_set(bound: Bound) -> RuleSet:
    """The rules between two systems; findings about keys go to the report."""
    names = sorted({**bound.pairs, **bound.implied})
    pairs = tuple(_pair(bound, one) for one in names)
    return RuleSet(bound.left_name, bound.right_name, pairs)


def _pair(bound: Bound, pair: PairName) -> PairRules:
    moves = [one for one in bound.moves if one.pair == pair]
    return PairRules(
        pair[0],
        pair[1],
        _keys(bound, pair, moves),
        tuple(one.rule for one in moves),
        tuple(one.rule for one in bound.rows if one.pair == pair),
        tuple(one.rule for one in bound.infers if one.pair == pair),
        min((one.rule.every for one in moves), default=15),
    )


def _keys(bound: Bound, pair: PairName, moves: list[BoundMove]) -> tuple[Key, ...]:
    written = [
        (one.file, each) for one in moves for each in one.node.block if isinstance(each, tree.Match)
    ]
    left, right = bound.left.by_name[pair[0]], bound.right.by_name[pair[1]]
    if not written:
        return own_keys(left, right)
    file, match = written[0]
    another_match(bound.report, written)
    partners = {
        one.rule.left: one.rule.right
        for one in reversed(bound.rows)
        if one.pair == pair and one.rule.left and one.rule.right
    }
    own = dict(zip(left.keys, right.keys, strict=False))
    keys: list[Key] = []
    for names in match.keys:
        found: list[tuple[str, str]] = []
        for name in names:
            field = find_field(bound.report, file, left, name)
            partner = partners.get(name.text) or own.get(name.text, "")
            if field is not None and partner:
                found.append((field.name, partner))
            elif field is not None and bound.rows_known(pair):
                no_partner(bound.report, file, name, pair)
        if len(found) == len(names):
            keys.append(Key(tuple(found)))
    return tuple(keys)
