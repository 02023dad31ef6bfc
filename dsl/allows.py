"""`allow CODE because "REASON"`: takes accepted findings out, tells what is wrong with an allow.

An allow speaks for the statement in whose block it stands. It knows findings by their code and
place only; which codes can be accepted is told in `checks/`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from ..connectors.base.frozen import dataclass
from . import tree
from .checks import ALLOWABLE, CODES, not_allowable, unknown_code, unused_allow
from .finding import Finding
from .nearest import nearest


@dataclass(frozen=True, slots=True)
class Accepting:
    """An allow with the lines it speaks for: from `first` to before `end`."""

    file: str
    node: tree.Allow
    first: int
    end: float


def accepting(file: tree.File) -> Iterator[Accepting]:
    """The allows of a file."""
    heads = sorted(one.span.line for one in file.statements)
    for statement in file.statements:
        for one in _allows(statement):
            first = statement.span.line
            after = bisect_right(heads, first)
            end = heads[after] if after < len(heads) else float("inf")
            yield Accepting(file.path, one, first, end)


def settle(findings: Iterable[Finding], allows: Sequence[Accepting]) -> list[Finding]:
    """The findings that nobody accepted, and those about the allows themselves."""
    used: set[Accepting] = set()
    left: list[Finding] = []
    able = [one for one in allows if _meant(one) in ALLOWABLE]
    for finding in findings:
        fits = [one for one in able if _covers(one, finding)]
        used.update(fits)
        if not fits:
            left.append(finding)
    for one in allows:
        code = one.node.code.text
        if code not in CODES:
            left.append(unknown_code.finding(one.file, one.node.code, CODES))
        elif code not in ALLOWABLE:
            left.append(not_allowable.finding(one.file, one.node))
        elif one not in used:
            left.append(unused_allow.finding(one.file, one.node))
    return left


def _meant(one: Accepting) -> str:
    """Its code, or the one that a misspelt code stands for: what it accepts is told once."""
    code = one.node.code.text
    return code if code in CODES else nearest(code, CODES)


def _covers(one: Accepting, finding: Finding) -> bool:
    return (
        _meant(one) == finding.code
        and one.file == finding.file
        and one.first <= finding.span.line < one.end
    )


def _allows(statement: tree.Statement) -> tuple[tree.Allow, ...]:
    match statement:
        case tree.Move():
            return tuple(one for one in statement.block if isinstance(one, tree.Allow))
        case tree.MapFields() | tree.MapValues() | tree.Infer():
            return statement.allows
    return ()
