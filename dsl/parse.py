"""From the text of a rule file to its syntax tree, with a finding for each line that can't be read.

The text is cut into statements at lines that begin one, and each is read on its own, past its bad
lines: that is `recover.py`. So one mistake gives one finding and hides no other rule's. Names mean
nothing here yet; how a complaint is put is `complaint.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from . import tree
from .build import NotAFunction
from .finding import Finding
from .reader import END, Token
from .recover import (
    GOES_ON,
    MARKS,
    MOST_COMPLAINTS,
    Piece,
    Read,
    meaningful,
    reader,
    recovered,
    too_deep,
)
from .trail import Trail

RULE_WORDS = (
    "sync", "every", "prefer", "push", "pull", "map", "enrich", "infer", "guard", "test",
)  # fmt: skip
LONGEST_LINE = 10_000
LARGEST_FILE = 10_000_000
"""Characters of a line, characters of a file."""

_STARTS = re.compile(rf"[ \t]*(?:{'|'.join(RULE_WORDS)})\b(?![ \t]*(?:<->|->|<-|\.))")


def parse(path: str, raw: bytes | str) -> tuple[tree.File, tuple[Finding, ...]]:
    """The file as far as it can be read, and what is wrong with the rest."""
    text = decoded(raw)
    if text is None:
        return _nothing(path, _not_text(path))
    lines = text.split("\n")
    long = too_long(path, text, lines)
    if long is not None:
        return _nothing(path, long)
    return assembled(path, lines, pieces(lines))


def assembled(
    path: str, lines: Sequence[str], cut: Iterable[Piece]
) -> tuple[tree.File, tuple[Finding, ...]]:
    """The file that pieces of its `lines` make, and what is wrong with those that can't be read."""
    statements: list[tree.Statement] = []
    findings: list[Finding] = []
    broken: list[tree.Broken] = []
    read = Read(None, (), ())
    for piece in cut:
        if read.findings and is_left_over(piece):
            continue  # by the mistake before it
        read = recovered(path, piece)
        if read.statement is not None:
            statements.append(read.statement)
        findings += read.findings
        broken += read.broken
        if len(findings) >= MOST_COMPLAINTS:
            findings.append(_gave_up(path, findings[-1].span))
            break
    whole = tree.File(path, tuple(lines), tuple(statements), tuple(broken))
    return whole, tuple(findings)


def is_left_over(piece: Piece) -> bool:
    """Whether a piece is what a mistake before it leaves over: ends of blocks, and nothing more."""
    return all(one.strip() in ("", "}") for one in piece.lines)


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
    if piece.depth or too_deep("", piece) is not None:
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
            for mark in MARKS.findall(line):
                if mark in ("{", "["):
                    depth += 1
                elif mark in ("}", "]"):
                    depth = max(0, depth - 1)
    pieces.append(Piece(begin + 1, tuple(lines[begin:]), depth))
    return [one for one in pieces if any(meaningful(line) for line in one.lines)]


def _begins(line: str, depth: int) -> bool:
    if _STARTS.match(line):
        return depth == 0 or line[0] not in " \t"
    if depth or GOES_ON.match(line) or line.lstrip()[:1] in ("", "#", "{"):
        return False
    return line[0] not in " \t" or line.rstrip().endswith("{")


def _joined(piece: Piece, after: list[Piece]) -> tuple[Piece, int]:
    """The piece with those behind it, where only together they make sense, and how many: a row in
    a block may begin at column one with a field that is called like a rule word."""
    lines, trail = piece.lines, Trail()
    for count, following in enumerate(after, 1):
        lines += following.lines
        if following.depth == 0:
            if words(following) is not None or not _open_to(piece, trail):
                break
            whole = Piece(piece.first, lines, 0)
            if too_deep("", whole) is None and _reads(lines, trail):
                return whole, count
    return piece, 0


def _open_to(piece: Piece, trail: Trail) -> bool:
    """Whether only what follows is missing. `trail` is none yet or of the piece and more."""
    if not trail.marks:
        _reads(piece.lines, trail)
        return trail.stop is not None and trail.stop.kind in (END, "_NL")
    return True


def _reads(lines: Sequence[str], trail: Trail) -> bool:
    """Whether lines can be read, beginning behind what `trail` has of them."""
    try:
        return reader().read("\n".join(lines) + "\n", trail=trail) is not None
    except NotAFunction:
        return False


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
