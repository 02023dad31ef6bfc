"""The last step to `rules.py`: all that was said about each pair of objects, with its match keys.

Knows what belongs together and nothing of single rules any more. A match key is written in left
names; its right field is the one that a row of the pair moves it to.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import field, replace

from ..connectors.base.frozen import dataclass
from . import tree
from .bound import Bound, BoundMove, PairName
from .checks.key_not_mapped import never_equal
from .checks.key_not_mapped import report as no_partner
from .checks.match_twice import find as another_match
from .names import find_field
from .references import own_keys
from .rules import (
    EnrichRule,
    InferRule,
    Key,
    MoveRule,
    PairRules,
    RowRule,
    RuleSet,
    Tie,
)
from .settings import own_stand_in, tie


def rule_set(bound: Bound) -> RuleSet:
    """The rules between two systems; findings about keys go to the report."""
    names = [*sorted(bound.pairs), *sorted(bound.implied.keys() - bound.pairs.keys())]
    parts = _parts(bound)
    pairs = tuple(_pair(bound, one, parts[one]) for one in names)
    guards = tuple(one.rule for one in bound.guards)
    tests = tuple(one.rule for one in bound.tests)
    return RuleSet(bound.left_name, bound.right_name, pairs, guards, tests)


@dataclass(slots=True)
class _Parts:
    """What was said about one pair."""

    moves: list[BoundMove] = field(default_factory=list)
    rows: list[RowRule] = field(default_factory=list)
    infers: list[InferRule] = field(default_factory=list)
    enriches: list[EnrichRule] = field(default_factory=list)


def _parts(bound: Bound) -> dict[PairName, _Parts]:
    """All parts by their pair, in one walk."""
    found: dict[PairName, _Parts] = {one: _Parts() for one in (*bound.pairs, *bound.implied)}
    for move in bound.moves:
        found[move.pair].moves.append(move)
    for row in (*bound.rows, *bound.standard):
        found[row.pair].rows.append(row.rule)
    for infer in bound.infers:
        found[infer.pair].infers.append(infer.rule)
    for one in bound.enriches:
        found[one.pair].enriches.append(one.rule)
    return found


def _pair(bound: Bound, pair: PairName, parts: _Parts) -> PairRules:
    partners = {one.left: one.right for one in reversed(parts.rows) if one.left and one.right}
    tables = {(one.left, one.right) for one in parts.rows if _renames(one)}
    keys, ties = _keys(bound, pair, parts.moves, partners, tables)
    everies = [one.rule.every for one in parts.moves] + [one.every for one in parts.enriches]
    return PairRules(
        pair[0],
        pair[1],
        keys,
        tuple(_with_stand_in(bound, one, parts.rows) for one in parts.moves),
        tuple(parts.rows),
        tuple(parts.infers),
        min(everies, default=15),
        ties,
        tuple(parts.enriches),
    )


def _renames(row: RowRule) -> bool:
    """Whether a table has a value that is another one on the other side."""
    return any(left.casefold() != right.casefold() for left, right, _ in row.table)


def _with_stand_in(bound: Bound, move: BoundMove, rows: list[RowRule]) -> MoveRule:
    """The rule, and where its object has no reference to accounts, the one by its address."""
    if move.rule.stand_ins or not move.source.account_by:
        return move.rule
    side = move.target_side
    own = own_stand_in(bound, move.rule.place, side, move.source, move.target)
    written = {one.right if side == "right" else one.left for one in rows}
    if own is None or own.field in written:
        return move.rule
    return replace(move.rule, stand_ins=(own,))


def _keys(
    bound: Bound,
    pair: PairName,
    moves: list[BoundMove],
    partners: dict[str, str],
    tables: Container[tuple[str, str]],
) -> tuple[tuple[Key, ...], tuple[Tie, ...]]:
    written = [
        (one.file, each) for one in moves for each in one.node.block if isinstance(each, tree.Match)
    ]
    left, right = bound.left.by_name[pair[0]], bound.right.by_name[pair[1]]
    if not written:
        return own_keys(left, right), ()
    file, match = written[0]
    another_match(bound.report, written)
    own = dict(zip(left.keys, right.keys, strict=False))
    keys: list[Key] = []
    for names in match.keys:
        found: list[tuple[str, str]] = []
        for name in names:
            mine = find_field(bound.report, file, left, name)
            partner = partners.get(name.text) or own.get(name.text, "")
            if mine is not None and partner:
                found.append((mine.name, partner))
                by_table = found[-1] in tables
                never_equal(bound.report, file, name, mine, right.by_name[partner], by_table)
            elif mine is not None and bound.rows_known(pair):
                no_partner(bound.report, file, name, pair)
        if len(found) == len(names):
            keys.append(Key(tuple(found)))
    ties = [tie(bound, file, one, left, right, partners) for one in match.ties]
    return tuple(keys), tuple(one for one in ties if one is not None)
