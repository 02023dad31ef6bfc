"""From the text of a rule file to its syntax tree, with a finding for each line that can't be read.

The text is cut into statements at lines that begin one, and each is parsed on its own; inside a
block a bad line is blanked and the rest read again. So one mistake gives one finding and hides no
other rule's. Names mean nothing here yet; how a complaint of the parser is put is `complaint.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ..connectors.base.frozen import dataclass
from . import tree
from .build import Build, NotAFunction
from .finding import Finding
from .reader import Reader, Token
from .table import table

RULE_WORDS = (
    "sync", "every", "prefer", "push", "pull", "map", "enrich", "infer", "guard", "test",
)  # fmt: skip
LONGEST_LINE = 10_000
LARGEST_FILE = 10_000_000
MOST_COMPLAINTS = 100
"""Characters of a line, characters of a file, syntax findings of a file before we give up."""
DEEPEST = 50
"""Parentheses within each other."""

_STARTS = re.compile(rf"[ \t]*(?:{'|'.join(RULE_WORDS)})\b(?![ \t]*(?:<->|->|<-|\.))")
_GOES_ON = re.compile(r"[ \t]*(?:and|or|when|unless|else)\b(?![ \t]*(?:<->|->|<-|\.))")
_MARKS = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|#.*|[{}\[\]]')

_PARENTHESES = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|#.*|[()]')


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines that should be one statement; `depth` blocks were open where it was cut."""

    first: int
    lines: tuple[str, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class _Read:
    statement: tree.Statement | None
    findings: tuple[Finding, ...]
    broken: tuple[tree.Broken, ...]


def parse(path: str, raw: bytes | str) -> tuple[tree.File, tuple[Finding, ...]]:
    """The file as far as it can be read, and what is wrong with the rest."""
    text = decoded(raw)
    if text is None:
        return _nothing(path, _not_text(path))
    lines = text.split("\n")
    long = too_long(path, text, lines)
    if long is not None:
        return _nothing(path, long)
    statements: list[tree.Statement] = []
    findings: list[Finding] = []
    broken: list[tree.Broken] = []
    read = _Read(None, (), ())
    for piece in pieces(lines):
        if read.findings and all(one.strip() in ("", "}") for one in piece.lines):
            continue  # what a mistake before it has left over
        read = _recover(path, piece)
        if read.statement is not None:
            statements.append(read.statement)
        findings += read.findings
        broken += read.broken
        if len(findings) >= MOST_COMPLAINTS:
            findings.append(_gave_up(path, findings[-1].span))
            break
    whole = tree.File(path, tuple(lines), tuple(statements), tuple(broken))
    return whole, tuple(findings)


@cache
def reader() -> Reader:
    """What reads one statement; made once, in about 3 ms where the tables are kept."""
    return Reader(table(), Build())


def decoded(raw: bytes | str) -> str | None:
    """The text without byte order mark, line ends as LF; None where it is no text."""
    if isinstance(raw, bytes):
        try:
            raw = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
    if "\0" in raw:
        return None
    return raw.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def pieces(lines: list[str]) -> Iterator[Piece]:
    """The lines cut into what should be statements; blank lines and comments alone are left out."""
    cut = _cut(lines)
    index = 0
    while index < len(cut):
        piece, taken = cut[index], 0
        if piece.depth:
            piece, taken = _joined(piece, cut[index + 1 : index + 6])
        index += 1 + taken
        yield piece


def words(piece: Piece) -> tuple[tree.Statement, list[Token]] | None:
    """The statement of a piece, and the words and signs it is written in, line ends between them
    (`_NL`) among these; None where it can't be read."""
    if piece.depth or _too_deep("", piece) is not None:
        return None
    found: list[Token] = []
    try:
        statement = reader().read("\n".join(piece.lines) + "\n", every=found)
    except NotAFunction:
        return None
    return None if statement is None else (statement, found)


def _cut(lines: list[str]) -> list[Piece]:
    """Cut before each line that begins a statement: at column one always, indented where no block
    is open."""
    pieces: list[Piece] = []
    begin, depth = 0, 0
    for number, line in enumerate(lines):
        if _begins(line, depth) and number > begin:
            pieces.append(Piece(begin + 1, tuple(lines[begin:number]), depth))
            begin, depth = number, 0
        if "{" in line or "}" in line or "[" in line or "]" in line:
            for mark in _MARKS.findall(line):
                if mark in ("{", "["):
                    depth += 1
                elif mark in ("}", "]"):
                    depth = max(0, depth - 1)
    pieces.append(Piece(begin + 1, tuple(lines[begin:]), depth))
    return [one for one in pieces if any(_meaningful(line) for line in one.lines)]


def _begins(line: str, depth: int) -> bool:
    if _STARTS.match(line):
        return depth == 0 or line[0] not in " \t"
    if depth or _GOES_ON.match(line) or line.lstrip()[:1] in ("", "#", "{"):
        return False
    return line[0] not in " \t" or line.rstrip().endswith("{")


def _meaningful(line: str) -> bool:
    stripped = line.strip(" \t")
    return bool(stripped) and not stripped.startswith("#")


def _joined(piece: Piece, after: list[Piece]) -> tuple[Piece, int]:
    """The piece with those behind it, where only together they make sense, and how many: a row in
    a block may begin at column one with a field that is called like a rule word."""
    lines = piece.lines
    for count, following in enumerate(after, 1):
        lines += following.lines
        if following.depth == 0:
            if words(following) is not None:
                break
            whole = Piece(piece.first, lines, 0)
            if words(whole) is not None:
                return whole, count
    return piece, 0


def _recover(path: str, piece: Piece) -> _Read:
    """Parse; on a bad line inside the block blank it and parse again."""
    lines = list(piece.lines)
    findings: list[Finding] = []
    broken: list[tree.Broken] = []
    word = next((line.split()[0] for line in lines if _meaningful(line)), "")
    head = next((n for n, line in enumerate(lines) if _opens(line)), len(lines))
    deep = _too_deep(path, piece)
    if deep is not None:
        return _Read(None, (deep,), (tree.Broken(word, deep.span),))
    open_list = _open_list(path, piece) if piece.depth else None
    if open_list is not None:
        return _Read(None, (open_list,), (tree.Broken(word, open_list.span),))
    if piece.depth and head < len(lines):
        inner = _inner(lines, head)
        findings.append(_unclosed(path, piece, inner or head))
        if inner is not None:
            broken.append(tree.Broken(f"{word} row", findings[0].span))
            lines[inner] = ""
            lines.append("}" * (piece.depth - 1))
        else:
            lines.append("}" * piece.depth)
    for _ in range(MOST_COMPLAINTS):
        text = "\n".join(lines) + "\n"
        try:
            statement = reader().read(text, piece.first)
            if statement is not None:
                return _Read(statement, tuple(findings), tuple(broken))
            from .complaint import complaint  # with Lark, which a file that is right can do without

            found = complaint(path, text, piece.first, _reads)
        except NotAFunction as error:
            from .complaint import not_a_function

            found = not_a_function(path, error)
        bad = found.span.line - piece.first
        if findings and bad >= len(piece.lines):
            break  # at an end that was put there for the block: that it isn't closed has been told
        if findings and piece.depth and len(findings) == 1:
            if _explains(lines[bad], found, findings[0]):
                findings.pop(0)
            elif bad == head:
                break  # behind the brace that isn't closed, on its line
        findings.append(found)
        if bad <= head or bad >= len(lines) or not _meaningful(lines[bad]):
            break
        broken.append(tree.Broken(f"{word} row", found.span))
        ends = found.span.column == found.span.end_column
        _blank(lines, bad, head, deeper=ends)
        left = _depths(lines)[-1]
        if left > 0:
            lines.append("}" * left)
    broken.append(tree.Broken(word, findings[-1].span))
    return _Read(None, tuple(findings), tuple(broken))


def _explains(line: str, found: Finding, unclosed: Finding) -> bool:
    """Whether a finding tells why a block isn't closed: the brace can't stand there, or another
    bracket stands where it should end."""
    return found.span == unclosed.span or line.strip() in (")", "]", ">")


def _reads(text: str) -> bool:
    try:
        return reader().read(text) is not None
    except NotAFunction:
        return False


def _blank(lines: list[str], bad: int, head: int, *, deeper: bool) -> None:
    """Take a row out, with the lines that go on from it; with `deeper`, those that are indented as
    if they did, too."""
    begin = bad
    while begin > head + 1 and _GOES_ON.match(lines[begin]):
        begin -= 1
    depths = _depths(lines)
    while begin > head + 1 and depths[begin] > 1:
        begin -= 1
    end = bad + 1
    while end < len(lines) and depths[end] > 1:
        end += 1
    indent = _indent(lines[begin])
    while end < len(lines) and (
        _GOES_ON.match(lines[end])
        or (deeper and _meaningful(lines[end]) and _indent(lines[end]) > indent)
    ):
        end += 1
    for number in range(begin, end):
        lines[number] = ""


def _depths(lines: list[str]) -> list[int]:
    """How many blocks are open where each line begins, and at the end."""
    depths = [0]
    for line in lines:
        marks = _MARKS.findall(line)
        depths.append(max(0, depths[-1] + marks.count("{") - marks.count("}")))
    return depths


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _opens(line: str) -> bool:
    return "{" in line and "{" in _MARKS.findall(line)


def _inner(lines: list[str], head: int) -> int | None:
    """The line of a block within the block at `head` that isn't closed on its line though the next
    is not indented deeper."""
    for number in range(head + 1, len(lines)):
        marks = _MARKS.findall(lines[number])
        if marks.count("{") > marks.count("}"):
            below = next((one for one in lines[number + 1 :] if _meaningful(one)), "")
            if _indent(below) <= _indent(lines[number]) and not below.lstrip().startswith("}"):
                return number
    return None


def _unclosed(path: str, piece: Piece, head: int) -> Finding:
    line = piece.lines[head]
    column = [one.start() for one in _MARKS.finditer(line) if one.group() == "{"][-1] + 1
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
        for mark in _MARKS.finditer(line):
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


def _too_deep(path: str, piece: Piece) -> Finding | None:
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


def _nothing(path: str, finding: Finding) -> tuple[tree.File, tuple[Finding, ...]]:
    return tree.File(path, (), (), (tree.Broken("", finding.span),)), (finding,)


_START = tree.Span(1, 1, 1, 1)


def _not_text(path: str) -> Finding:
    return Finding(
        "not-text",
        "error",
        path,
        _START,
        f"`{path}` is not a text file",
        note="rule files are plain text in UTF-8",
        help="save the file again as UTF-8, or take it out of the rules folder",
    )


def too_long(path: str, text: str, lines: list[str]) -> Finding | None:
    """The finding for a file that no person wrote, None for all others."""
    line = next((n for n, line in enumerate(lines, 1) if len(line) > LONGEST_LINE), 0)
    if not line and len(text) <= LARGEST_FILE:
        return None
    span = tree.Span(line, 1, line, 1) if line else _START
    what = (
        f"line {line} is longer than {LONGEST_LINE:,} characters"
        if line
        else (f"the file is longer than {LARGEST_FILE:,} characters")
    )
    return Finding(
        "syntax", "error", path, span, what, help="is this a rule file? break it into shorter lines"
    )


def _gave_up(path: str, span: tree.Span) -> Finding:
    return Finding(
        "syntax",
        "error",
        path,
        span,
        f"more than {MOST_COMPLAINTS} lines can't be read; the rest of the file was not looked at",
        help="mend the first ones and check again",
    )
