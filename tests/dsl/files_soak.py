"""Rule files with random damage: `check` tells, and `fmt` lays out, whatever stands in them.

Files are put together from statements of all rule files that the project has, and then damaged:
letters, words, lines, whole files spliced, odd characters, odd line ends. A file follows from its
number and from the rule files there are. `python -m tests.soak --part files` tries a million.
"""

from __future__ import annotations

import random
import re
import signal
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType

from syncrules import dsl
from syncrules.dsl.finding import Finding
from syncrules.dsl.fmt import format
from syncrules.dsl.parse import decoded

from . import corpus
from .schemas import SCHEMAS
from .test_fmt import comments, meaning

ROOT = Path(__file__).parents[2]
PATH = "a.sync"
HANG = 10
"""Seconds after which a file hangs."""
SLOW = 1.0
"""Seconds of the processor that no file may take to check."""
MOST_LETTERS = 300
"""Of a file before it is damaged; what is odd about a file needs no more."""


@dataclass(slots=True)
class Tried:
    """What came of some files: `slowest` has the seconds that the check of a file took at most and
    the file's number, `wrong` numbers of files and what is wrong."""

    files: int = 0
    findings: int = 0
    clean: int = 0
    laid_out: int = 0
    slowest: tuple[float, int] = (0.0, -1)
    wrong: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tried) -> None:
        """Counts another batch in."""
        self.files += other.files
        self.findings += other.findings
        self.clean += other.clean
        self.laid_out += other.laid_out
        self.slowest = max(self.slowest, other.slowest)
        self.wrong += other.wrong

    def told(self) -> str:
        """All counts in a line."""
        seconds, number = self.slowest
        return (
            f"{self.files:,} files, {self.findings:,} findings, {self.clean:,} files without any, "
            f"{self.laid_out:,} laid out anew, the slowest check {seconds:.2f} s (file {number}), "
            f"{len(self.wrong)} violations"
        )


def batch(first: int, count: int) -> Tried:
    """Tries the files with the numbers from `first` on."""
    tried = Tried()
    for number in range(first, first + count):
        one(number, tried)
    return tried


def one(number: int, tried: Tried) -> None:
    """Tries one file."""
    raw = damaged(number)
    tried.files += 1
    try:
        with guarded():
            wrong = list(problems(raw, number, tried))
    except Exception as error:
        wrong = [f"raises {type(error).__name__}: {error}"]
    tried.wrong += ((number, f"{text}\n{raw!r}") for text in wrong)


@contextmanager
def guarded() -> Iterator[None]:
    """Stops what takes so long that nobody would wait for it."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"took longer than {HANG} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# ---- what is true of every file -----------------------------------------------------------


def problems(raw: bytes | str, number: int, tried: Tried) -> Iterator[str]:
    """What is wrong about a file: findings are the same each time, each lies in the file, and a new
    layout changes none."""
    start = time.process_time()
    done = dsl.check({PATH: raw}, SCHEMAS)
    tried.slowest = max(tried.slowest, (time.process_time() - start, number))
    tried.findings += len(done.findings)
    tried.clean += not done.findings
    if dsl.check({PATH: raw}, SCHEMAS).findings != done.findings:
        yield "a second time finds something else"
    text = decoded(raw)
    lines = [""] if text is None else text.split("\n")
    for found in done.findings:
        yield from misplaced(found, lines)
        if found.code not in dsl.CODES or not found.title:
            yield f"a finding without a code or a title: {found}"
    if done.rules is None and all(each.severity != "error" for each in done.findings):
        yield "neither rules nor an error"
    dsl.to_text(done.findings, {PATH: raw})
    dsl.to_json(done.findings)
    yield from laid_out(raw, done.findings, tried)


def misplaced(found: Finding, lines: Sequence[str]) -> Iterator[str]:
    """Places of a finding that are not in its file."""
    for span in (found.span, *(one.span for one in found.further)):
        begin, end = (span.line, span.column), (span.end_line, span.end_column)
        inside = all(
            1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1
            for line, column in (begin, end)
        )
        if not inside or end < begin:
            yield f"{found.code} at {span} of {len(lines)} lines: {found.title}"


def laid_out(raw: bytes | str, found: Sequence[Finding], tried: Tried) -> Iterator[str]:
    """What a new layout changes that it must not: words, comments, meaning, itself."""
    done = format(raw)
    if done.refused:
        if "fault of ours" in done.refused:
            yield f"fmt: {done.refused}"
        return
    if not done.changed:
        return
    tried.laid_out += 1
    again = format(done.text)
    if again.changed or again.text != done.text:
        yield "fmt: twice is not as once"
    text = decoded(raw) or ""
    if comments(done.text) != comments(text):
        yield "fmt: a comment is lost or has moved"
    if meaning(done.text) != meaning(raw):
        yield "fmt: another meaning"
    if said(dsl.check({PATH: done.text}, SCHEMAS).findings) != said(found):
        yield "fmt: other findings"


def said(found: Sequence[Finding]) -> list[tuple[str, str]]:
    """Findings, wherever they are."""
    return sorted((one.code, re.sub(r"\d+", "", one.title)) for one in found)


# ---- files --------------------------------------------------------------------------------


@cache
def seeds() -> tuple[tuple[str, ...], ...]:
    """The statements of every rule file that the project has, file by file."""
    paths = (*ROOT.glob("rules/*.sync"), *ROOT.glob("tests/**/*.sync"))
    texts = [path.read_text("utf-8") for path in sorted(paths)]
    for layouts in sorted(ROOT.glob("tests/cases/*.txt")):
        texts += re.split(r"^(?:---|==== .*)\n", layouts.read_text("utf-8"), flags=re.M)
    texts += [case.source for case in corpus.wrong()]
    for code in dsl.CODES:
        pages = re.findall(r"^(?:Wrong|Right)\n((?:    .*\n|\n)+)", dsl.explain(code) or "", re.M)
        texts += [textwrap.dedent(page) for page in pages]
    found = {text: tuple(re.split(r"(?<=\n)(?=[a-z#])", text)) for text in texts if text.strip()}
    return tuple(found.values())


def damaged(number: int) -> bytes | str:
    """The file with this number."""
    chance = random.Random(number)
    text = undamaged(chance)
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        text = chance.choices(DAMAGES, WEIGHTS)[0](chance, text)
    if chance.random() < 0.2:
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.1 and raw:
        at = chance.randrange(len(raw))
        raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at + chance.randrange(2) :]
    return raw


def undamaged(chance: random.Random) -> str:
    """Some statements of one file that stand behind each other, mostly with a `sync` line."""
    parts = chance.choice(seeds())
    first = chance.randrange(len(parts))
    text = "".join(parts[first : first + chance.randrange(1, 5)])[:MOST_LETTERS]
    head = (
        "" if text.startswith("sync") or chance.random() < 0.1 else "sync apollo with salesforce\n"
    )
    return head + text


def letters(chance: random.Random, text: str) -> str:
    """Takes out, doubles or swaps a letter or a few."""
    at, size = chance.randrange(len(text) + 1), chance.choice((1, 1, 1, 2, 5, 20))
    some, after = text[at : at + size], text[at + size : at + 2 * size]
    put = chance.choice((after, some + some + after, after + some))
    return text[:at] + put + text[at + 2 * size :]


def put_in(chance: random.Random, text: str) -> str:
    """Puts something odd anywhere, or in the place of a letter."""
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(ODD) + text[at + chance.randrange(2) :]


def words(chance: random.Random, text: str) -> str:
    """Takes out, doubles, swaps words and signs, or puts in one of another file."""
    found = _WORDS.findall(text) or [""]
    at, other = chance.randrange(len(found)), chance.randrange(len(found))
    kind = chance.randrange(5)
    if kind == 0:
        found[at] = ""
    elif kind == 1:
        found[at] += " " + found[at]
    elif kind == 2:
        found[at], found[other] = found[other], found[at]
    elif kind == 3:
        found[at] = chance.choice(_WORDS.findall(undamaged(chance)))
    else:
        found[at] = chance.choice(LANGUAGE)
    return "".join(found)


def lines(chance: random.Random, text: str) -> str:
    """Takes out, doubles, swaps, joins or indents lines."""
    found = text.split("\n")
    at, other = chance.randrange(len(found)), chance.randrange(len(found))
    kind = chance.randrange(6)
    if kind == 0:
        del found[at]
    elif kind == 1:
        found.insert(other, found[at])
    elif kind == 2:
        found[at], found[other] = found[other], found[at]
    elif kind == 3:
        found[at : at + 2] = [" ".join(found[at : at + 2])]
    elif kind == 4:
        found[at] = chance.choice(("    ", "\t", "# ", "")) + found[at].strip()
    else:
        found.insert(at, chance.choice(undamaged(chance).split("\n")))
    return "\n".join(found)


def splice(chance: random.Random, text: str) -> str:
    """The first part of the file and the last part of another."""
    other = undamaged(chance)
    return text[: chance.randrange(len(text) + 1)] + other[chance.randrange(len(other) + 1) :]


def line_ends(chance: random.Random, text: str) -> str:
    """Line ends of other systems, some or all; none at the end; a byte order mark."""
    kind = chance.randrange(5)
    if kind == 0:
        return text.replace("\n", "\r\n")
    if kind == 1:
        return text.replace("\n", "\r", chance.randrange(4))
    if kind == 2:
        return text.rstrip("\n")
    if kind == 3:
        return "\ufeff" + text
    return text.replace("\n", chance.choice(("\n\n", " \n", "\n\t", "\n\n\n\n")))


def nested(chance: random.Random, text: str) -> str:
    """Brackets and `not`s in great numbers, closed or not."""
    begin, end = chance.choice((("(", ")"), ("{", "}"), ("[", "]"), ("not ", ""), ("not (", ")")))
    size = chance.choice((2, 10, 49, 50, 51, 200))
    found = _WORDS.findall(text) or [""]
    at = chance.randrange(len(found))
    found[at] = begin * size + found[at] + end * chance.choice((size, size, size - 1, 0))
    return "".join(found)


def stretched(chance: random.Random, text: str) -> str:
    """A long line: at times too long for a rule file, mostly near to that."""
    at = chance.randrange(len(text) + 1)
    size = chance.choice((500, 500, 500, 3_000, 9_990, 12_000))
    unit = chance.choice((" ", "a", '"', " and", ", x", "# ", "é", "{", "\\"))
    return text[:at] + unit * (size // len(unit)) + text[at:]


def repeated(chance: random.Random, text: str) -> str:
    """A line some hundred times, as no person writes it."""
    found = text.split("\n")
    at = chance.randrange(len(found))
    found[at : at + 1] = [found[at][:200]] * chance.choice((30, 300))
    return "\n".join(found)


_WORDS = re.compile(r'"[^"\n]*"|`[^`\n]*`|#[^\n]*|\w+|\s+|[^\w\s]')
ODD = (
    *("{", "}", "[", "]", "(", ")", '"', "`", "'", "#", "\\", "->", "<-", "<->", ",", ".", "%"),
    *("\n", "\n\n", " ", "\t", "\r", "\r\n", "\0", "\x0b", "\x0c", "\x1b[31m", "\x7f", "\x85"),
    *("\xa0", "\u200b", "\u2028", "\u2029", "\u202e", "\ufeff", "\ufffd", "\ud800"),
    *("é", "e\u0301", "ß", "İ", "ı", "ﬁ", "寒", "\U0001f600", "١", "²", "“", "—"),
    *("= ", "!=", "==", "&&", "||", "<", ">=", "0", "-1", "1e9", "2026-02-30", "9" * 400),
)
LANGUAGE = (
    *("sync", "every", "prefer", "push", "pull", "map", "infer", "enrich", "guard", "test"),
    *("when", "unless", "else", "and", "or", "not", "in", "is", "with", "as", "on", "by", "from"),
    *("any", "all", "none", "blank", "known", "true", "false", "match", "source", "default"),
    *("create", "update", "only", "hidden", "first", "oldest", "allow", "because", "contains"),
    *("contact", "Lead", "stage", "email", '"Replied"', "2026-01-31", "15", "minutes", "stop"),
)
Damage = Callable[[random.Random, str], str]
WEIGHED: tuple[tuple[Damage, float], ...] = (
    (letters, 20),
    (put_in, 20),
    (words, 30),
    (lines, 20),
    (splice, 8),
    (line_ends, 8),
    (nested, 2),
    (stretched, 0.5),
    (repeated, 0.1),
)
DAMAGES, WEIGHTS = zip(*WEIGHED, strict=True)
