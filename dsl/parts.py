"""Conditions part by part, each with the place where it is written.

A typed condition has the shape of the node it came from, so the two are walked side by side. What
the parts mean to each other is asked of `logic/`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..connectors.base.frozen import dataclass
from . import tree
from .bound import Said
from .conditions import All, Any, Condition, Not


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition; `node` is what it was written as, its spans included."""

    condition: Condition
    node: tree.Condition


def together(said: Sequence[Said]) -> list[Part]:
    """What must all hold for a rule with these clauses to take a record; `unless A or B` gives
    `not A` and `not B`."""
    return [
        part
        for one in said
        for part in _conjuncts(one.condition, one.node, holds=one.word == "when")
    ]


def conjuncts(condition: Condition, node: tree.Condition) -> list[Part]:
    """What must all hold for a condition to hold."""
    return list(_conjuncts(condition, node, holds=True))


def siblings(part: Part) -> list[Part]:
    """The parts of an `and` or an `or`, those of the same word within it among them."""
    condition, node = part.condition, part.node
    if not isinstance(condition, (All, Any)) or not isinstance(node, (tree.All, tree.Any)):
        return []
    found: list[Part] = []
    for inner in _pairs(condition, node):
        same = type(inner.condition) is type(condition)
        found += siblings(inner) if same else [inner]
    return found


def _pairs(condition: All | Any, node: tree.All | tree.Any) -> list[Part]:
    return [Part(*one) for one in zip(condition.parts, node.parts, strict=True)]


def _conjuncts(condition: Condition, node: tree.Condition, *, holds: bool) -> list[Part]:
    if isinstance(condition, Not):
        # `is not` and `is blank` are one node and two conditions, `not` is a node of its own.
        inner = node.part if isinstance(node, tree.Not) else node
        parts = _conjuncts(condition.part, inner, holds=not holds)
        return [Part(parts[0].condition, node)] if len(parts) == 1 else parts
    splits = isinstance(condition, All if holds else Any)
    if splits and isinstance(condition, (All, Any)) and isinstance(node, (tree.All, tree.Any)):
        found: list[Part] = []
        for one in _pairs(condition, node):
            found += _conjuncts(one.condition, one.node, holds=holds)
        return found
    return [Part(condition if holds else Not(condition), node)]
