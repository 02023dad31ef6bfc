"""Proves many rules cluster by cluster, and what was proved the last time not again.

A cluster is a smaller project: the statements that have to do with one another (`clusters.py`),
with the `sync`, `every` and `prefer` lines of their files. What is found in all of them is what
`prove.py` finds in the whole. That doesn't hold for a few files with something out of the ordinary
(a line that could be anything, a limit that only all rules together go over): those are proved as a
whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import Schema
from . import finding, tree
from .allows import accepting, settle
from .bound import Report
from .checks import cost_over_limit
from .clusters import Here, clusters
from .collector import resting
from .finding import Finding
from .parse import assembled, decoded, is_left_over, pieces, too_long
from .prove import check as whole
from .recover import MOST_COMPLAINTS, Piece
from .resolve import bind, may_be, sets
from .rules import SIDES

_AROUND = ("sync", "every", "prefer")
"""What lines that speak of all that follow begin with."""


class Lost(NamedTuple):
    """What mistakes may have hidden: a `push` or a `pull`, a whole map, rows of a map."""

    moves: bool = False
    maps: bool = False
    rows: bool = False

    def __or__(self, other: Lost) -> Lost:
        return Lost(*(one or each for one, each in zip(self, other, strict=True)))


NOTHING = Lost()


@dataclass(frozen=True, slots=True)
class Proved:
    """What is known of a cluster.

    `firsts` are the lines its pieces begin in, `looks` and `guards` what is summed up over all
    rules: see `cost_over_limit`. `quiet`: nothing is found, accepted or lost, so that it stays so
    wherever the pieces stand and whatever is lost elsewhere.
    """

    findings: tuple[Finding, ...]
    lost: Lost
    firsts: tuple[int, ...]
    quiet: bool
    looks: tuple[cost_over_limit.Looks, cost_over_limit.Looks]
    guards: tuple[tuple[str, str, float, bool], ...]

    def data(self) -> list[Any]:
        """As JSON has it."""
        found = [finding.to_data(one) for one in self.findings]
        return [found, self.lost, self.firsts, self.quiet, self.looks, self.guards]


def proved(data: Sequence[Any]) -> Proved:
    """The inverse of `Proved.data`."""
    found, lost, firsts, quiet, looks, guards = data
    return Proved(
        tuple(map(finding.from_data, found)),
        Lost(*lost),
        tuple(firsts),
        quiet,
        (looks[0], looks[1]),
        tuple(tuple(one) for one in guards),
    )


class Memory:
    """What is known of clusters from the last two times, by what they were proved from."""

    def __init__(self, known: Mapping[str, Sequence[Any]] | None = None) -> None:
        self._known = known or {}
        self._used: dict[str, Sequence[Any]] = {}
        self.made = 0
        """Clusters that were proved anew."""

    def get(self, key: str, firsts: Sequence[int], prove: Callable[[], Proved]) -> Proved:
        """What is known under a key, or is proved now. What isn't quiet speaks of lines, so it
        holds for the same ones only."""
        kept = self._used.get(key) or self._known.get(key)
        if kept is not None:
            found = proved(kept)
            if found.quiet or found.firsts == tuple(firsts):
                self._used[key] = kept
                return found
        self.made += 1
        found = prove()
        self._used[key] = found.data()
        return found

    def data(self) -> dict[str, Sequence[Any]]:
        """What is worth keeping: what was used now, and as much of what was there."""
        old = [one for one in self._known.items() if one[0] not in self._used]
        return dict([*self._used.items(), *old][: 2 * len(self._used)])


@dataclass(frozen=True, slots=True)
class _Cut:
    """A file in pieces."""

    lines: tuple[str, ...]
    around: tuple[Piece, ...]
    pieces: tuple[Piece, ...]


@resting()
def check(
    sources: Mapping[str, bytes | str], schemas: Mapping[str, Schema], marks: str, memory: Memory
) -> tuple[Finding, ...]:
    """The findings of `prove.check`. `marks` tells one state of all schemas from another."""
    found = _by_clusters(sources, schemas, marks, memory)
    return whole(sources, schemas).findings if found is None else found


def _by_clusters(
    sources: Mapping[str, bytes | str], schemas: Mapping[str, Schema], marks: str, memory: Memory
) -> tuple[Finding, ...] | None:
    """All findings; None where the whole has to be looked at."""
    cut: dict[str, _Cut] = {}
    for path in sorted(sources):
        one = _cut(path, sources[path])
        if one is None:
            return None
        if one.around or one.pieces:
            cut[path] = one
    report = Report(schemas=tuple(schemas.values()))
    heads: list[tree.File] = []
    for path, one in cut.items():
        head, wrong = assembled(path, one.lines, one.around)
        heads.append(head)
        report.findings += wrong
    bounds = sets(report, heads, schemas)
    for bound, files in bounds:
        bind(bound, files)
    if report.findings:
        return None
    findings: list[Finding] = []
    for bound, files in bounds:
        part = _Part({one.path: cut[one.path] for one in files}, schemas, marks, memory)
        names = (bound.left_name, bound.right_name)
        each = part.proved(names)
        if each is None or _too_many_calls(each, [schemas[one] for one in names]):
            return None
        findings += [one for each_found in each for one in each_found.findings]
    found = tuple(sorted(set(findings), key=lambda one: one.order))
    return None if _many(found) else found


def _cut(path: str, raw: bytes | str) -> _Cut | None:
    """The file in pieces; None where it doesn't begin with a `sync` line, or can't be read."""
    text = decoded(raw)
    if text is None:
        return None
    lines = text.split("\n")
    if too_long(path, text, lines) is not None or cost_over_limit.CODE in text:
        return None
    around: list[Piece] = []
    rest: list[Piece] = []
    for piece in pieces(lines):
        word = _word(piece)
        (around if word in _AROUND else rest).append(piece)
        if word != "sync" and len(around) + len(rest) == 1:
            return None
    return _Cut(tuple(lines), tuple(around), tuple(rest))


def _word(piece: Piece) -> str:
    """The first word of a piece that begins with one of `_AROUND`; "" for any other."""
    for line in piece.lines:
        start = line.lstrip()
        if start and not start.startswith("#"):
            return next((one for one in _AROUND if start.startswith(one)), "")
    return ""


@dataclass(frozen=True, slots=True)
class _Part:
    """The files of two systems."""

    cut: Mapping[str, _Cut]
    schemas: Mapping[str, Schema]
    marks: str
    memory: Memory

    def proved(self, names: tuple[str, str]) -> list[Proved] | None:
        """What is known of each cluster; None where a line in one of them could be anything."""
        left, right = (self.schemas[one] for one in names)
        whose = [(path, one) for path, file in self.cut.items() for one in file.pieces]
        parts = [self._texts(one) for one in _with_left_over(whose, left, right)]
        found = [self._one(*one, NOTHING) for one in parts]
        if None in found:
            return None
        known = [one for one in found if one is not None]
        lost = NOTHING
        for one in known:
            lost |= one.lost
        if lost != NOTHING:
            again = [
                one if one.quiet else self._one(*part, lost)
                for part, one in zip(parts, known, strict=True)
            ]
            known = [one for one in again if one is not None]
        return known

    def _texts(self, cluster: Sequence[Here]) -> tuple[dict[str, list[Piece]], str, list[int]]:
        """The pieces of a cluster by file, with the lines that speak of all; a key of all that is
        found in them; where they begin."""
        files: dict[str, list[Piece]] = {}
        for path, piece in cluster:
            files.setdefault(path, []).append(piece)
        key = sha256(self.marks.encode())
        firsts: list[int] = []
        for path, some in files.items():
            own = sorted([*some, *self.cut[path].around], key=lambda one: one.first)
            files[path] = own
            firsts += [one.first for one in own]
            texts = [path, *("\n".join(one.lines) for one in own)]
            key.update(json.dumps(texts).encode())
        return files, key.hexdigest(), firsts

    def _one(
        self, files: Mapping[str, Sequence[Piece]], key: str, firsts: Sequence[int], lost: Lost
    ) -> Proved | None:
        def prove() -> Proved:
            return self._prove(files, firsts, lost)

        name = key if lost == NOTHING else f"{key} {[int(one) for one in lost]}"
        try:
            return self.memory.get(name, firsts, prove)
        except _Anything:
            return None

    def _prove(
        self, files: Mapping[str, Sequence[Piece]], firsts: Sequence[int], lost: Lost
    ) -> Proved:
        report = Report(schemas=tuple(self.schemas.values()))
        read: list[tree.File] = []
        for path, own in files.items():
            file, found = assembled(path, self.cut[path].lines, own)
            if any(may_be(one, word) for one in file.broken for word in _AROUND):
                raise _Anything
            read.append(file)
            report.findings += found
        ((bound, placed),) = sets(report, read, self.schemas)
        bound.lost_moves, bound.lost_all, bound.lost_else = lost
        bind(bound, placed)
        allows = [one for file in read for one in accepting(file)]
        after = Lost(bound.lost_moves, bound.lost_all, bound.lost_else or bool(bound.lost_rows))
        findings = tuple(settle(report.findings, allows))
        if any(one.code == cost_over_limit.CODE for one in findings):
            raise _Anything
        looks = (cost_over_limit.looks(bound, "left"), cost_over_limit.looks(bound, "right"))
        guards = tuple(
            (one.rule.sides[0], one.rule.per, one.rule.number, one.rule.percent)
            for one in bound.guards
            if one.rule.what == "calls"
        )
        quiet = not findings and not allows and after == NOTHING
        return Proved(findings, after, tuple(firsts), quiet, looks, guards)


class _Anything(Exception):
    """What is found depends on more than the cluster."""


def _with_left_over(whose: Sequence[Here], left: Schema, right: Schema) -> list[list[Here]]:
    """The clusters; ends of blocks that stand alone go with the piece before them, which may have
    left them over."""
    solid: list[Here] = []
    after: dict[tuple[str, int], list[Here]] = {}
    for path, piece in whose:
        if solid and solid[-1][0] == path and is_left_over(piece):
            after.setdefault((path, solid[-1][1].first), []).append((path, piece))
        else:
            solid.append((path, piece))
    found = clusters(solid, left, right)
    if not after:
        return found
    return [
        [each for one in cluster for each in (one, *after.get((one[0], one[1].first), ()))]
        for cluster in found
    ]


def _too_many_calls(found: Sequence[Proved], schemas: Sequence[Schema]) -> bool:
    """Whether all rules together go over a guard on calls or a limit."""
    for place, (side, schema) in enumerate(zip(SIDES, schemas, strict=True)):
        asked: dict[str, tuple[int, int]] = {}
        for one in found:
            for name, (requests, minutes) in one.looks[place].items():
                asked[name] = (requests, min(minutes, asked.get(name, (0, minutes))[1]))
        if asked and cost_over_limit.over_limit(schema, asked):
            return True
        for one in found:
            for whose, per, number, percent in one.guards:
                left = cost_over_limit.leaves(schema, number, percent)
                if whose == side and asked and cost_over_limit.calls(asked, per) > left:
                    return True
    return False


def _many(found: Iterable[Finding]) -> bool:
    """Whether there are so many findings in a file that reading it as a whole may have ended."""
    count: dict[str, int] = {}
    for one in found:
        count[one.file] = count.get(one.file, 0) + 1
    return max(count.values(), default=0) >= MOST_COMPLAINTS
