"""From the syntax trees of all files to typed rules: the walk that calls what gives names meaning.

Knows the order: systems, pairs, moves, maps, what is inferred, standard rows, then the checks over
whole sets. One set holds the files of the same two systems. What each kind of statement means is in
`moves.py`, `rows.py`, `tables.py` and `infer.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..connectors.base.schema import Schema
from . import tree
from .bound import Bound, Placed, Report, Winner
from .checks import CHECKS, missing_sync, sync_line
from .enrich import declare as declare_enrich
from .enrich import enrich
from .guards import guard
from .infer import infer
from .moves import declare, move
from .names import find_system
from .pairs import rule_set
from .parse import RULE_WORDS
from .rows import map_fields, winner
from .rules import Rules, RuleSet
from .standard import add_standard_rows
from .tables import map_values
from .trials import test

FIRST_EVERY = 15
"""Minutes between two looks before the first `every`."""

_KNOWN_LOSSES = {*RULE_WORDS, *(f"{one} row" for one in RULE_WORDS)}


def resolve(report: Report, files: Sequence[tree.File], schemas: Mapping[str, Schema]) -> Rules:
    """The typed rules; they are whole only where `report` got no error."""
    return Rules(tuple(bind(*one) for one in sets(report, files, schemas)))


def sets(
    report: Report, files: Sequence[tree.File], schemas: Mapping[str, Schema]
) -> list[tuple[Bound, list[tree.File]]]:
    """The files of the same two systems, with what is yet to be filled from them."""
    found: dict[tuple[str, str], tuple[Bound, list[tree.File]]] = {}
    for file in sorted(files, key=lambda one: one.path):
        head = _head(report, file, schemas)
        if head is None:
            continue
        names = (head.left.text, head.right.text)
        if sync_line.turned_round(report, file, head, found):
            continue
        if names not in found:
            left, right = schemas[names[0]], schemas[names[1]]
            found[names] = (Bound(left, right, *names, report), [])
        found[names][1].append(file)
    return [found[names] for names in sorted(found)]


def _head(report: Report, file: tree.File, schemas: Mapping[str, Schema]) -> tree.Sync | None:
    """The file's `sync` line, where its systems are known."""
    heads = [one for one in file.statements if isinstance(one, tree.Sync)]
    lost = any(one.word.lower().rstrip(":") in ("", "sync") for one in file.broken)
    if not lost:
        missing_sync.find(report, file, heads, tuple(schemas))
    if not heads:
        return None
    sync_line.find(report, file, heads)
    head = heads[0]
    found = [find_system(report, file, schemas, one) for one in (head.left, head.right)]
    if None in found or head.left.text == head.right.text:
        return None
    return head


def bind(bound: Bound, files: Sequence[tree.File]) -> RuleSet:
    """Fills `bound` from its files and proves it; all findings go to its report."""
    placed = [one for file in files for one in _placed(bound, file)]
    for file in files:
        _note_losses(bound, file)
    for one in placed:
        if isinstance(one.statement, tree.Move):
            declare(bound, one.file, one.statement)
        elif isinstance(one.statement, tree.MapFields):
            _declare_map(bound, one.statement.object, one.statement.targets)
        elif isinstance(one.statement, tree.MapValues):
            _declare_map(bound, one.statement.object, one.statement.target.parts[:1])
        elif isinstance(one.statement, tree.Enrich):
            declare_enrich(bound, one.statement)
    count: dict[str, int] = {}
    for one in placed:
        statement = one.statement
        match statement:
            case tree.Move():
                words = f"{statement.direction} {statement.source.text} as {statement.target.text}"
                count[words] = count.get(words, 0) + 1
                name = words if count[words] == 1 else f"{words} {count[words]}"
                move(bound, one, statement, name)
            case tree.MapFields():
                map_fields(bound, one, statement)
            case tree.MapValues():
                map_values(bound, one, statement)
            case tree.Enrich():
                enrich(bound, one, statement)
            case tree.Guard():
                guard(bound, one, statement)
            case tree.Test():
                test(bound, one, statement)
    for one in placed:
        if isinstance(one.statement, tree.Infer):
            infer(bound, one, one.statement)
    add_standard_rows(bound)
    found = rule_set(bound)
    for check in CHECKS:
        check(bound)
    return found


def _placed(bound: Bound, file: tree.File) -> Iterator[Placed]:
    """The statements with what `every` and `prefer` before them say; both end with their file."""
    every = FIRST_EVERY
    prefer: Winner = "lost" if any(may_be(one, "prefer") for one in file.broken) else None
    for one in file.statements:
        if isinstance(one, tree.Every):
            if one.minutes < 1:
                title = "`every` needs at least one minute"
                help = "write `every 15 minutes`"
                bound.report.add("syntax", file, one.span, title, help=help)
            every = max(1, one.minutes)
        elif isinstance(one, tree.Prefer):
            prefer = winner(bound, file, one)
        else:
            yield Placed(file, one, every, prefer)


def _note_losses(bound: Bound, file: tree.File) -> None:
    for one in file.broken:
        if may_be(one, "push") or may_be(one, "pull"):
            bound.lost_moves = True
        if may_be(one, "map"):
            bound.lost_all = True


def may_be(broken: tree.Broken, word: str) -> bool:
    """Whether the lost statement is, or could have been, one that begins with `word`."""
    return broken.word == word or broken.word not in _KNOWN_LOSSES


def _declare_map(bound: Bound, thing: tree.Name, targets: Sequence[tree.Name]) -> None:
    for target in targets:
        if thing.text in bound.left.by_name and target.text in bound.right.by_name:
            bound.pairs[(thing.text, target.text)] = None
