"""One layout for rule files, without options: the words of each statement, set out anew.

Knows where lines break, what stands under what and where comments go; it changes no word and moves
none past a comment. Statements are cut and read by `parse.py`; one that can't be read stays letter
for letter. What comes out is proved before it is handed on, in `_doubt`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass

from ..connectors.base.frozen import dataclass
from . import tree
from .collector import resting
from .parse import decoded, pieces, too_long, words
from .reader import Token
from .recover import Piece, meaningful

INDENT = 4
WIDEST_SIDE = 32
WIDEST_LINE = 64
"""In columns: a longer side of a row, and a longer line with a comment, stand out by themselves;
the others are lined up without them."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """What came of a file.

    `text` is what it should hold and `changed` whether it holds something else. `refused` says why
    it must stay as it is (`text` is empty then); `kept` are the first lines of statements that
    can't be read and stay as they are, from 1, as the file was.
    """

    text: str
    changed: bool
    refused: str = ""
    kept: tuple[int, ...] = ()


@resting()
def format(raw: bytes | str) -> Formatted:
    """Lays a rule file out: LF at the end of each line, four blanks for a row, arrows in a column.

    Linear in the size of the file. Doing it twice changes nothing.
    """
    text = decoded(raw)
    if text is None:
        return Formatted("", False, "it is not a text file in UTF-8")
    long = too_long("", text, text.split("\n"))
    if long is not None:
        return Formatted("", False, long.title)
    laid = _lay_out(text)
    doubt = "" if laid.text == text else _doubt(text, laid)
    if doubt:
        return Formatted("", False, doubt)
    before = raw if isinstance(raw, str) else raw.decode("utf-8")
    return Formatted(laid.text, laid.text != before, kept=laid.kept)


# ---- the proof ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Laid:
    text: str
    statements: tuple[tree.Statement | str, ...]
    kept: tuple[int, ...]


def _doubt(before: str, laid: _Laid) -> str:
    """What speaks against a new layout: other words or comments, another meaning, or no end."""
    long = too_long("", laid.text, laid.text.split("\n"))
    if long is not None:
        return f"{long.title}, once it is laid out"
    what = ""
    again = _lay_out(laid.text)
    if _squeezed(before) != _squeezed(laid.text):
        what = "a word or a comment would get lost or move"
    elif not _same(laid.statements, again.statements):
        what = "it would mean something else"
    elif again.text != laid.text:
        what = "a second time would change it once more"
    return f"{what}: a fault of ours, please report it with this file" if what else ""


_SQUEEZE = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`\n]*`|#[^\n]*|[^\s"`#]+|["`]')


def _squeezed(text: str) -> str:
    """All words, signs and comments in their order, with nothing between them."""
    return "".join(one[0].rstrip() for one in _SQUEEZE.finditer(text))


def _same(left: object, right: object) -> bool:
    """Whether two trees say the same, wherever it stands."""
    pairs: list[tuple[object, object]] = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, tree.Span):
            continue
        if isinstance(one, tuple) and isinstance(other, tuple):
            if len(one) != len(other):
                return False
            pairs += zip(one, other, strict=True)
        elif is_dataclass(one):
            names = (field.name for field in fields(one))
            pairs += ((getattr(one, name), getattr(other, name)) for name in names)
        elif one != other:
            return False
    return True


# ---- lines --------------------------------------------------------------------------------


@dataclass(slots=True)
class _Line:
    """A line, in the end its `text`. `cells` are what the lines of one `block` have under each
    other: left side, arrow, right side and modifiers; a line that stands for itself has one."""

    indent: int
    cells: Sequence[str]
    comment: str = ""
    block: int = 0
    text: str = ""


_BLANKS = " \t"
"""What is nothing to the reader; other blanks stay as they are."""
_ALONE = -1
"""The `block` of lines that can't be read."""


def _lay_out(text: str) -> _Laid:
    source = text.split("\n")
    lines: list[_Line] = []
    statements: list[tree.Statement | str] = []
    kept: list[int] = []
    end = 0
    for piece in pieces(source):
        _between(source[end : piece.first - 1], lines)
        end = piece.first - 1 + len(piece.lines)
        read = words(piece)
        if read is None:
            kept.append(_first_word(piece))
            statements.append(_verbatim(piece, lines))
        else:
            statements.append(read[0])
            _Statement("\n".join(piece.lines) + "\n", read[1], lines)
    _between(source[end:], lines)
    while lines and _is_blank(lines[-1]):
        lines.pop()
    for run in _runs(lines):
        _line_up_rows(run)
        _place_comments(run)
    whole = "".join(f"{one.text}\n" for one in lines)
    if whole.startswith("\ufeff"):  # a letter that nobody sees, which at the start would get lost
        whole = f"\n{whole}"
    return _Laid(whole, tuple(statements), tuple(kept))


def _between(source: Iterable[str], lines: list[_Line]) -> None:
    """Comments and blank lines outside of statements."""
    for one in (each.strip(_BLANKS) for each in source):
        if one or (lines and not _is_blank(lines[-1])):
            lines.append(_Line(0, (), one))


def _is_blank(line: _Line) -> bool:
    return not line.cells and not line.comment


def _first_word(piece: Piece) -> int:
    """The first line of a piece that is more than a comment."""
    rows = enumerate(piece.lines, piece.first)
    return next(n for n, one in rows if meaningful(one))


def _verbatim(piece: Piece, lines: list[_Line]) -> str:
    """A statement that can't be read, as it is; blank lines behind it become one."""
    rows = list(piece.lines)
    while not rows[-1].strip(_BLANKS):
        rows.pop()
    lines += (_Line(0, (one,), block=_ALONE, text=one) for one in rows)
    if len(rows) < len(piece.lines):
        lines.append(_Line(0, ()))
    return "\n".join(rows)


# ---- statements ---------------------------------------------------------------------------


class _Statement:
    """A statement on its way into lines."""

    def __init__(self, text: str, tokens: Sequence[Token], lines: list[_Line]) -> None:
        self.text = text
        self.lines = lines
        self.kind = tokens[0].type
        self.current: list[Token] = []
        self.indent = 0
        self.row = False
        """Whether the line that is being written begins a row of a block."""
        self.blocks: list[int] = []
        """Those that are open, over several lines each, by the number of their first line."""
        self.lists: list[int] = []
        """The indents of the lines on which the lists were opened that are open."""
        self._write(tokens)

    def _write(self, tokens: Sequence[Token]) -> None:
        wide = _wide_braces(self.text, tokens)
        before: Token | None = None
        line_ended = False
        end = 0
        for token in tokens:
            if token.type == "_NL":
                line_ended = True
                continue
            start = token.start_pos or 0
            gap = self.text[end:start].split("\n")
            opened = before is not None and before.start_pos in wide and before == "{"
            closes = start in wide and token == "}"
            if before is None:
                _between(gap[:-1], self.lines)
            elif opened or closes or (len(gap) > 1 and token != "}"):
                self._end_line(gap[0])
                if opened:
                    self.blocks.append(len(self.lines))
                self.row = (opened or line_ended) and not closes and not self.lists
                self._comments(gap[1:-1], opened, closes)
                self._begin_line(token, closes)
            self._take(token)
            before, end, line_ended = token, token.end_pos or 0, False
        comment, *rest = self.text[end:].split("\n")
        self._end_line(comment)
        _between(rest[:-1], self.lines)

    def _take(self, token: Token) -> None:
        self.current.append(token)
        if token == "[":
            self.lists.append(self.indent)
        elif token == "]":
            self.lists.pop()

    def _end_line(self, comment: str) -> None:
        cells = _cells(self.kind, self.current) if self.row else (_join(self.current),)
        block = self.blocks[-1] if self.row else 0
        self.lines.append(_Line(self.indent, cells, comment.strip(), block))
        self.current = []

    def _begin_line(self, token: Token, closes: bool) -> None:
        if closes:
            self.blocks.pop()
        if self.lists:
            self.indent = self.lists[-1] + (0 if token == "]" else INDENT)
        else:
            self.indent = INDENT * (len(self.blocks) + (not self.row and not closes))

    def _comments(self, source: Iterable[str], opened: bool, closes: bool) -> None:
        """Comments on lines of their own stand before a row, a clause, or the end of a block."""
        indent = self.lists[-1] + INDENT if self.lists else INDENT * len(self.blocks)
        if not self.lists and not self.row and not closes:
            indent += INDENT
        in_rows = self.row or closes
        can_part, parts = in_rows and not opened, False
        for one in (each.strip() for each in source):
            if not one:
                parts = can_part
                continue
            if parts:
                self.lines.append(_Line(0, ()))
            self.lines.append(_Line(indent, (), one))
            can_part, parts = in_rows, False
        if parts and not closes:
            self.lines.append(_Line(0, ()))


def _wide_braces(text: str, tokens: Iterable[Token]) -> set[int]:
    """Where the braces stand, each with its other, between which a line ends: what they hold gets
    lines of its own. Others stay on one line, as does a block that holds nothing."""
    open: list[int] = []
    found: set[int] = set()
    for token in tokens:
        start = token.start_pos or 0
        if token == "{":
            open.append(start)
        elif token == "}":
            begin = open.pop()
            inner = text[begin + 1 : start]
            if "\n" in inner and inner.strip():
                found |= {begin, start}
    return found


def _cells(kind: str, row: Sequence[Token]) -> tuple[str, ...]:
    """What a row has in columns: left side, arrow, right side, modifiers; or value and `when`."""
    if kind == "INFER":
        at = next((n for n, one in enumerate(row) if one.type == "WHEN"), len(row))
        return _filled(_join(row[:at]), _join(row[at:]))
    at = next((n for n, one in enumerate(row) if one.type == "ARROW"), -1)
    if at < 0:
        return (_join(row),)
    end = at + 2
    while end < len(row) and row[end] == ".":
        end += 2
    return _filled(_join(row[:at]), row[at], _join(row[at + 1 : end]), _join(row[end:]))


def _filled(*cells: str) -> tuple[str, ...]:
    return cells if cells[-1] else _filled(*cells[:-1])


def _join(tokens: Iterable[Token]) -> str:
    """Words on one line: one blank between them, none at the inside of brackets."""
    text, before = "", ""
    for token in tokens:
        tight = before in _TIGHT_BEHIND or token in _TIGHT_BEFORE or before + token == "{}"
        text += token if tight or not text else f" {token}"
        before = token
    return text


_TIGHT_BEHIND = {"[", "(", "."}
_TIGHT_BEFORE = {"]", ")", ".", ",", "%"}


# ---- columns ------------------------------------------------------------------------------


def _runs(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    """The lines between blank ones, and what can't be read left out."""
    run: list[_Line] = []
    for line in lines:
        if _is_blank(line) or line.block == _ALONE:
            yield run
            run = []
        else:
            run.append(line)
    yield run


def _line_up_rows(run: Iterable[_Line]) -> None:
    """Arrows under arrows and modifiers under modifiers, block by block."""
    blocks: dict[int, list[_Line]] = {}
    for line in run:
        if line.block and len(line.cells) > 1:
            blocks.setdefault(line.block, []).append(line)
    for rows in blocks.values():
        usual = [one for one in rows if _width(one.cells[0]) <= WIDEST_SIDE]
        left = max((_width(one.cells[0]) for one in usual), default=0)
        sign = max((len(one.cells[1]) for one in usual), default=0)
        sides = (_width(one.cells[2]) for one in usual if len(one.cells) > 3)
        right = max((one for one in sides if one <= WIDEST_SIDE), default=0)
        for one in usual:
            one.cells = (_lined_up(one.cells, left, sign, right),)


def _lined_up(cells: Sequence[str], left: int, sign: int, right: int) -> str:
    value = _padded(cells[0], left)
    if len(cells) == 2:
        return f"{value} {cells[1]}"
    arrow = cells[1].ljust(sign) if cells[1] == "<-" else cells[1].rjust(sign)
    if len(cells) == 3:
        return f"{value} {arrow} {cells[2]}"
    return f"{value} {arrow} {_padded(cells[2], right)}  {cells[3]}"


def _place_comments(run: Sequence[_Line]) -> None:
    """Writes the lines down; comments behind them stand under each other, two blanks away."""
    for one in run:
        one.text = " " * one.indent + (" ".join(one.cells) or one.comment)
    behind = [(one, _width(one.text)) for one in run if one.cells and one.comment]
    column = max((width for _, width in behind if width <= WIDEST_LINE), default=0)
    for one, width in behind:
        one.text += " " * (max(column, width) - width + 2) + one.comment


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns that a text takes on a screen: two for each letter of Chinese, none for an accent
    that is a sign of its own."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return len(text) + wide - sum(bool(unicodedata.combining(one)) for one in text)
