"""Where reading stopped: what stands there, what could stand instead, and what is said about it.

Knows the parser's names for words and signs and turns them into the user's. Which finding it is, is
decided by `complaint.py` and `misses.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, cached_property

from lark.lexer import PatternStr

from ..connectors.base.frozen import dataclass
from . import forms, tree
from .finding import Finding
from .habits import Habit, habit
from .probe import Probe
from .reader import END, Reader
from .table import lark
from .trail import Stop

_WORDS = {
    "NAME": "a name",
    "STRING": "a text in quotes",
    "NUMBER": "a number",
    "DATE": "a date",
    "ARROW": "an arrow (`->`, `<-`, `<->`)",
    "ORDER": "`<`",
    "UNIT": "`minutes`, `hours` or `days`",
    "PERIOD": "`run` or `day`",
    "CODE": "the code of a finding",
    "_NL": "the end of the line",
    "$END": "the end of the line",
}
_TESTS = {"IS", "IN", "ORDER", "CONTAINS", "STARTS", "ENDS"}
_VALUES = {"STRING", "NUMBER", "DATE", "TRUE", "FALSE"}
ENDS = ("_NL", END)
"""What a line ends with."""
MOST_LISTED = 6
"""Words that a note beside a help lists at most."""


@dataclass(frozen=True)
class Spot:
    """Where reading stopped: `text` is the statement without comments, all in their old places, and
    from `begin` to `end` stands what can't stand there (nothing where a line ends too early).
    `gaps`: behind these lines, counted in `text` from `first`, so many lines are left out."""

    path: str
    text: str
    first: int
    begin: int
    end: int
    names: frozenset[str]
    ended: bool
    reader: Reader
    gaps: tuple[tuple[int, int], ...] = ()

    @property
    def word(self) -> str:
        return self.text[self.begin : self.end]

    @property
    def before(self) -> str:
        return self.text[: self.begin]

    @property
    def line(self) -> str:
        """The line up to the spot."""
        return self.before.rpartition("\n")[2]

    @property
    def rest(self) -> str:
        """The line from the spot on."""
        return self.text[self.begin :].partition("\n")[0]

    @cached_property
    def expected(self) -> dict[str, str]:
        """What could come here: the parser's name and the user's word for it."""
        return _expected(set(self.names))

    @cached_property
    def habit(self) -> Habit | None:
        """What people write out of habit, if that is what stands here."""
        return habit(self.rest, self.before, self.names)

    @property
    def could(self) -> list[str]:
        """The words and signs that could come here, letter for letter."""
        known = literals()
        return [known[one] for one in sorted(self.names) if one in known]

    @property
    def block(self) -> str:
        """The kind of block that is open here, "" for none."""
        marks = [one for one in _MARKS.findall(self.before) if one in "{}"]
        if marks.count("{") <= marks.count("}"):
            return ""
        return "table" if TABLE.match(self.text) else self.text.split()[0]

    @cached_property
    def local(self) -> tuple[str, int]:
        """The first line of the statement and what stands from the line of the spot on, where that
        is a row of its block; and how many letters are left out between them. Long blocks are tried
        like this."""
        marks = [one for one in _MARKS.finditer(self.before) if one[0] in ("{", "}")]
        depth = sum(1 if one[0] == "{" else -1 for one in marks)
        if depth != 1:
            return self.text, 0
        head = self.text.find("\n", marks[0].start()) + 1
        start = _line_begin(self.before)
        if not 0 < head < start:
            return self.text, 0
        return self.text[:head] + self.text[start:], start - head

    @cached_property
    def probe(self) -> Probe:
        """What tries changes of `local`."""
        return Probe(self.reader, self.local[0])

    @property
    def leads(self) -> str:
        """The word that the line begins with, one that is refused included."""
        found = re.match(r"\s*(\w+)", self.line + self.rest)
        return found[1] if found else ""

    def place(self, begin: int, end: int) -> tree.Span:
        """The span between two letters of the same line."""
        line = self.first + self.text.count("\n", 0, begin)
        line += sum(count for behind, count in self.gaps if line > behind)
        start = begin - (self.text.rfind("\n", 0, begin) + 1) + 1
        return tree.Span(line, start, line, start + end - begin)

    @property
    def span(self) -> tree.Span:
        return self.place(self.begin, self.end)


_MARKS = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`\n]*`|[{}]')
TABLE = re.compile(r"\s*map[ \t]+\S+[ \t]+\S+[ \t]+with\b")
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*"|`[^`\n]*`)|#[^\n]*')
_REFUSED = re.compile(r'"(?:\\.|[^"\\\n])*"|\w+|\S+|.')


def spot_of(
    path: str,
    text: str,
    first: int,
    stop: Stop,
    reader: Reader,
    gaps: tuple[tuple[int, int], ...] = (),
) -> Spot:
    clean = _COMMENT.sub(lambda one: one[1] or " " * len(one[0]), text)
    names = set(stop.names)
    if len(names) > 1:
        names -= {"DOT"}
    if names == {"ALLOW", "NAME", "STRING"}:
        names -= {"ALLOW"}  # a field called so, behind an arrow
    begin = stop.place
    ended = stop.kind in ENDS
    if ended:
        begin = end = len(clean[:begin].rstrip())
    elif stop.kind:
        end = begin + len(stop.word)
    else:
        found = _REFUSED.match(clean, begin)
        end = found.end() if found else begin + 1
    return Spot(path, clean, first, begin, end, frozenset(names), ended, reader, gaps)


def finding(
    spot: Spot,
    place: tree.Span,
    title: str,
    *,
    label: str = "",
    help: str = "",
    fix: str | None = None,
    bare: bool = False,
) -> Finding:
    """With what could come here beside the help, unless that is a long list or `bare`."""
    known = list(dict.fromkeys(spot.expected.values()))
    can = f"here can come {listed(known)}" if known else ""
    note = can if help and not bare and len(known) <= MOST_LISTED else ""
    return Finding(
        "syntax",
        "error",
        spot.path,
        place,
        title,
        label=label,
        note=note,
        help=help or can,
        fix=fix,
    )


def one_way(spot: Spot) -> bool:
    """Only one thing could come: a help that writes it has said all."""
    return len(spot.expected) < 2


def form(spot: Spot) -> str:
    line = spot.before[_line_begin(spot.before) :]
    condition = _CONDITION.search(line)
    if condition and not (spot.block == "infer" and not condition[1].strip()):
        return f"a condition reads {forms.CONDITION}"
    if spot.block == "map" and _ARROWED.search(line) and not spot.names & {"NAME", "STRING"}:
        return f"behind a row can stand {forms.MODIFIERS}"
    if not spot.block and TABLE.match(spot.text):
        return f"such a line reads `{forms.TABLE}`"
    first, second = (*line.split()[:2], "", "")[:2]
    found = forms.form(spot.block, first or spot.leads, second)
    return f"such a line reads `{found}`" if found else ""


_ARROWED = re.compile(r"(?:->|<-)[ \t]*\S")
_CONDITION = re.compile(r"\b(?:when|unless)\b(.*)", re.S)
GOES_ON = re.compile(r"[ \t]*(?:and|or|when|unless|else)\b")


def _line_begin(before: str) -> int:
    """Where the line begins that the last one goes on from."""
    begin = before.rfind("\n") + 1
    while begin and GOES_ON.match(before, begin):
        begin = before.rfind("\n", 0, begin - 1) + 1
    return begin


def _expected(names: set[str]) -> dict[str, str]:
    """What could come: the parser's names and the user's words for them."""
    if names >= _TESTS:
        names -= _TESTS | {"NOT", "OF", "SINCE", "DOT"}
        extra = {"a comparison such as `is` or `in`": "a comparison such as `is` or `in`"}
    else:
        extra = {}
    if names >= _VALUES:
        names -= _VALUES
        extra["a value"] = "a value"
    if "$END" in names:
        names -= {"_NL"}
    known = literals()
    found = dict(extra)
    for name in sorted(names):
        found[name] = _WORDS.get(name) or f"`{known.get(name, name)}`"
    return found


@cache
def literals() -> dict[str, str]:
    """What is written for the words and signs of the grammar, by the parser's names."""
    return {
        one.name: one.pattern.value
        for one in lark().terminals
        if isinstance(one.pattern, PatternStr)
    }


def listed(words: Iterable[str]) -> str:
    unique = list(dict.fromkeys(words))
    if len(unique) > 12:
        unique = [*unique[:11], "…"]
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} or {unique[-1]}"


def short(text: str) -> str:
    text = text.strip() or text
    return text if len(text) <= 40 else text[:39] + "…"
