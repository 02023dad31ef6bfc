"""Reads one statement, and past a line of its block that can't be read: that line is blanked.

What was read before the line is not read again, so that a block full of mistakes costs hardly more
than a right one. Which lines are one statement is `parse.py`'s, what is said about a mistake
`complaint.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import islice

from ..connectors.base.frozen import dataclass
from . import tree
from .build import Build, NotAFunction
from .finding import Finding
from .reader import Reader
from .table import table
from .trail import Trail

MOST_COMPLAINTS = 100
"""Syntax findings of a file before we give up."""
DEEPEST = 50
"""Parentheses within each other."""

GOES_ON = re.compile(r"[ \t]*(?:and|or|when|unless|else)\b(?![ \t]*(?:<->|->|<-|\.))")
MARKS = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|#.*|[{}\[\]]')
_PARENTHESES = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|#.*|[()]')


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines that should be one statement; `depth` blocks were open where it was cut."""

    first: int
    lines: tuple[str, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Read:
    """A statement as far as it can be read, and what is wrong with the rest."""

    statement: tree.Statement | None
    findings: tuple[Finding, ...]
    broken: tuple[tree.Broken, ...]


@cache
def reader() -> Reader:
    """What reads one statement; made once, in about 3 ms where the tables are kept."""
    return Reader(table(), Build())


def recovered(path: str, piece: Piece, trail: Trail | None = None) -> Read:
    """Reads; on a bad line inside the block blanks it and reads on. `trail` counts what is read."""
    lines = _Lines(piece.lines)
    findings: list[Finding] = []
    broken: list[tree.Broken] = []
    word = next(((line.split() or [""])[0] for line in piece.lines if meaningful(line)), "")
    head = next((n for n, line in enumerate(piece.lines) if _opens(line)), len(piece.lines))
    deep = too_deep(path, piece)
    if deep is not None:
        return Read(None, (deep,), (tree.Broken(word, deep.span),))
    open_list = _open_list(path, piece) if piece.depth else None
    if open_list is not None:
        return Read(None, (open_list,), (tree.Broken(word, open_list.span),))
    if piece.depth and head < len(piece.lines):
        inner = _inner(piece.lines, head)
        findings.append(_unclosed(path, piece, inner or head))
        if inner is not None:
            broken.append(tree.Broken(f"{word} row", findings[0].span))
            lines.blank(inner, inner + 1)
            lines.close(piece.depth - 1)
        else:
            lines.close(piece.depth)
    elif trail is None:
        try:
            statement = reader().read(lines.text(), piece.first)
        except NotAFunction:
            statement = None
        if statement is not None:
            return Read(statement, (), ())
    trail = trail or Trail()
    for _ in range(MOST_COMPLAINTS):
        text = lines.text()
        try:
            statement = reader().read(text, piece.first, trail=trail)
            if statement is not None:
                return Read(statement, tuple(findings), tuple(broken))
            from .complaint import complaint  # with Lark, which a file that is right can do without

            found = complaint(path, text, piece.first, trail, reader())
        except NotAFunction as error:
            from .complaint import not_a_function

            found = not_a_function(path, error)
        bad = found.span.line - piece.first
        if findings and bad >= len(piece.lines):
            break  # at an end that was put there for the block: that it isn't closed has been told
        if findings and piece.depth and len(findings) == 1:
            if _explains(lines.all[bad], found, findings[0]):
                findings.pop(0)
            elif bad == head:
                break  # behind the brace that isn't closed, on its line
        findings.append(found)
        if bad <= head or bad >= len(lines.all) or not meaningful(lines.all[bad]):
            break
        broken.append(tree.Broken(f"{word} row", found.span))
        ends = found.span.column == found.span.end_column
        begin = lines.take_out(bad, head, deeper=ends)
        trail.back(piece.first + begin)
        lines.close(lines.depths[-1])
    broken.append(tree.Broken(word, findings[-1].span))
    return Read(None, tuple(findings), tuple(broken))


class _Lines:
    """The lines of a statement while it is read. `depths`: how many blocks are open where each
    begins, and at the end."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.all = list(lines)
        self.depths = [0]
        self._opened = [_opened(line) for line in lines]
        for one in self._opened:
            self.depths.append(max(0, self.depths[-1] + one))

    def text(self) -> str:
        return "\n".join(self.all) + "\n"

    def close(self, depth: int) -> None:
        """Puts the ends of so many blocks behind the last line."""
        if depth > 0:
            self.all.append("}" * depth)
            self._opened.append(-depth)
            self.depths.append(max(0, self.depths[-1] - depth))

    def blank(self, begin: int, end: int) -> None:
        for number in range(begin, end):
            self.all[number] = ""
            self._opened[number] = 0
        for number in range(begin, len(self.all)):
            depth = max(0, self.depths[number] + self._opened[number])
            if number >= end and depth == self.depths[number + 1]:
                break
            self.depths[number + 1] = depth

    def take_out(self, bad: int, head: int, *, deeper: bool) -> int:
        """Blanks a row with the lines that go on from it; with `deeper`, those that are indented as
        if they did, too. Returns where it begins."""
        begin = bad
        while begin > head + 1 and GOES_ON.match(self.all[begin]):
            begin -= 1
        while begin > head + 1 and self.depths[begin] > 1:
            begin -= 1
        end = bad + 1
        while end < len(self.all) and self.depths[end] > 1:
            end += 1
        indent = _indent(self.all[begin])
        while end < len(self.all) and (
            GOES_ON.match(self.all[end])
            or (deeper and meaningful(self.all[end]) and _indent(self.all[end]) > indent)
        ):
            end += 1
        self.blank(begin, end)
        return begin


def meaningful(line: str) -> bool:
    """Neither blank nor a comment alone."""
    stripped = line.strip(" \t")
    return bool(stripped) and not stripped.startswith("#")


def _explains(line: str, found: Finding, unclosed: Finding) -> bool:
    """Whether a finding tells why a block isn't closed: the brace can't stand there, or another
    bracket stands where it should end."""
    return found.span == unclosed.span or line.strip() in (")", "]", ">")


def _opened(line: str) -> int:
    """How many more blocks a line opens than it closes."""
    if "{" not in line and "}" not in line:
        return 0
    marks = MARKS.findall(line)
    return marks.count("{") - marks.count("}")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _opens(line: str) -> bool:
    return "{" in line and "{" in MARKS.findall(line)


def _inner(lines: Sequence[str], head: int) -> int | None:
    """The line of a block within the block at `head` that isn't closed on its line though the next
    is not indented deeper."""
    for number in range(head + 1, len(lines)):
        if _opened(lines[number]) > 0:
            after = islice(lines, number + 1, None)
            below = next((one for one in after if meaningful(one)), "")
            if _indent(below) <= _indent(lines[number]) and not below.lstrip().startswith("}"):
                return number
    return None


def _unclosed(path: str, piece: Piece, head: int) -> Finding:
    line = piece.lines[head]
    column = [one.start() for one in MARKS.finditer(line) if one.group() == "{"][-1] + 1
    number = piece.first + head
    span = tree.Span(number, column, number, column + 1)
    own = head == next(n for n, one in enumerate(piece.lines) if _opens(one))
    end = piece.first + len(piece.lines) if own else number + 1
    return Finding(
        "syntax",
        "error",
        path,
        span,
        f"this block, opened in line {number}, isn't closed before line {end}",
        label="opened here",
        help="end the block with `}` on a line of its own",
    )


def _open_list(path: str, piece: Piece) -> Finding | None:
    """The `[` that is still open where a block begins or ends, or at the end."""
    begun: tree.Span | None = None
    for number, line in enumerate(piece.lines, piece.first):
        for mark in MARKS.finditer(line):
            sign, column = mark.group(), mark.start() + 1
            if sign == "[":
                begun = tree.Span(number, column, number, column + 1)
            elif sign == "]":
                begun = None
            elif sign in ("{", "}") and begun is not None:
                break
    if begun is None:
        return None
    title = "this list isn't closed"
    return Finding(
        "syntax", "error", path, begun, title, label="opened here", help="end it with `]`"
    )


def too_deep(path: str, piece: Piece) -> Finding | None:
    """The parenthesis that is one too many, where there are so many within each other."""
    depth = 0
    for number, line in enumerate(piece.lines, piece.first):
        if "(" not in line and ")" not in line:
            continue
        for mark in _PARENTHESES.finditer(line):
            depth += {"(": 1, ")": -1}.get(mark.group(), 0)
            if depth > DEEPEST:
                column = mark.start() + 1
                span = tree.Span(number, column, number, column + 1)
                title = f"conditions nest deeper than {DEEPEST} levels"
                help = "break the rule into several"
                return Finding("syntax", "error", path, span, title, help=help)
    return None
