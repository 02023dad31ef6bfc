"""Which statements have to do with one another: those that name an object in common.

Knows words and schemas. A word of a statement's text that could name an object counts as one, in
comments and texts too, and so does what a field that it names refers to: statements that share
nothing even so can't mean anything to each other. Who proves clusters one by one is `apart.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from ..connectors.base.schema import Object, Schema
from .nearest import singular
from .recover import Piece

Here = tuple[str, Piece]
"""A piece, and the file it stands in."""

_Node = tuple[int, str]
"""An object, by its side (0: left) and name."""

_WORD = re.compile(r"\w+")


def clusters(here: Sequence[Here], left: Schema, right: Schema) -> list[list[Here]]:
    """The pieces of a set of rules, cut into clusters; in each they stay in their order."""
    named = _Names(left, right)
    reached = [named.reached(frozenset(_WORD.findall("\n".join(one.lines)))) for _, one in here]
    spoken = set(chain.from_iterable(direct for direct, _ in reached))
    joined = _Joined()
    for direct, further in reached:
        joined.join([*direct, *(one for one in further if one in spoken)])
    found: dict[object, list[Here]] = {}
    for number, (one, (direct, _)) in enumerate(zip(here, reached, strict=True)):
        cluster = joined.root(direct[0]) if direct else number
        found.setdefault(cluster, []).append(one)
    return list(found.values())


class _Names:
    """What words can name: objects by name, label and plural, fields that refer to others."""

    def __init__(self, left: Schema, right: Schema) -> None:
        self._objects: dict[str, list[_Node]] = {}
        self._things: dict[tuple[int, str], list[_Node]] = {}
        self._known: dict[_Node, Object] = {}
        self._words: dict[str, tuple[_Node, ...]] = {}
        for side, schema in enumerate((left, right)):
            for one in schema.objects:
                node = (side, one.name)
                self._known[node] = one
                for name in {one.name.casefold(), one.label.casefold(), one.plural.casefold()}:
                    self._objects.setdefault(name, []).append(node)
                if one.thing:
                    self._things.setdefault((side, one.thing), []).append(node)
        self._fields: dict[_Node, Mapping[str, tuple[_Node, ...]]] = {}

    def reached(self, words: frozenset[str]) -> tuple[tuple[_Node, ...], set[_Node]]:
        """The objects that words name, and those that they lead to from there."""
        direct = tuple(dict.fromkeys(chain.from_iterable(map(self._named, words))))
        further: set[_Node] = set()
        ahead = list(direct)
        while ahead:
            node = ahead.pop()
            for next in self._next(node, words):
                if next not in further:
                    further.add(next)
                    ahead.append(next)
        return direct, further

    def _named(self, word: str) -> tuple[_Node, ...]:
        found = self._words.get(word)
        if found is None:
            plain = word.casefold()
            names = {plain, singular(plain)}
            found = tuple(node for one in names for node in self._objects.get(one, ()))
            self._words[word] = found
        return found

    def _next(self, node: _Node, words: frozenset[str]) -> Iterable[_Node]:
        """Where the fields among `words` lead, and what is one thing with the object."""
        fields = self._fields.get(node)
        if fields is None:
            fields = self._fields[node] = self._references(node)
        for name, targets in fields.items():
            if name in words or not name:
                yield from targets

    def _references(self, node: _Node) -> Mapping[str, tuple[_Node, ...]]:
        """Fields and the objects they refer to; under "" what needs no word to be reached.

        Standard rows and stand-ins move references without a word, so all of an object that has
        such count.
        """
        one, side = self._known[node], node[0]
        found: dict[str, tuple[_Node, ...]] = {}
        silent: list[_Node] = list(self._things.get((side, one.thing), ()))
        for field in one.fields:
            targets = tuple(
                (side, each) for each in field.references if (side, each) in self._known
            )
            if targets and (one.thing or one.account_by or field.name in one.keys):
                silent += targets
            elif targets:
                found[field.name] = targets
        if silent:
            found[""] = tuple(silent)
        return found


class _Joined:
    """Disjoint sets of objects, joined one after the other."""

    def __init__(self) -> None:
        self._parent: dict[_Node, _Node] = {}

    def root(self, node: _Node) -> _Node:
        parent = self._parent
        while (above := parent.setdefault(node, node)) != node:
            parent[node] = parent[above]
            node = above
        return node

    def join(self, nodes: Sequence[_Node]) -> None:
        for one in nodes[1:]:
            self._parent[self.root(one)] = self.root(nodes[0])
