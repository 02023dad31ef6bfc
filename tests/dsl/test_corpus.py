"""The collection of wrong and of right rule files: what is found in each, and nothing else.

The wrong ones are in `tests/cases/wrong`, how they are written is told in `corpus.py`.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.dsl.fmt import format
from syncrules.dsl.mend import HALF, HIDING, mend
from syncrules.dsl.parse import parse

from . import corpus
from .corpus import Case
from .schemas import SCHEMAS

CASES = corpus.wrong()
DESIGN = Path(__file__).parents[3] / "shared" / "design" / "language.md"
NAMES = [one.where for one in CASES]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_wrong_file_gives_these_findings_and_no_other(case: Case) -> None:
    """The codes, each at its very letter; nothing follows from a mistake but its own finding."""
    found = corpus.found(case.source)
    seen = tuple((one.code, one.span.line, one.span.column) for one in found)
    assert seen == case.expected, dsl.to_text(found, {"a.sync": case.source})


def test_every_code_has_five_cases() -> None:
    """Who adds a code adds files that it is found in. `not-text` is shown by bytes, elsewhere."""
    count = Counter(code for case in CASES for code, _, _ in case.expected)
    assert len(CASES) >= 600
    assert {code for code in dsl.CODES if count[code] < 5} == {"not-text"}
    assert set(count) <= set(dsl.CODES)


BARRED = re.compile(
    r"\b(tokens?|pars(er?|ing)|lexer|terminals?|grammar|regex|AST|NoneType|None|traceback|NAME|"
    r"STRING|RBRACE|LBRACE|_NL|[jJ]inja2?|literals?|identifiers?|expressions?)\b"
)


def test_findings_speak_the_words_of_the_user() -> None:
    """Each says what to write; none has a word that only we know, a full stop or an empty place."""
    for case in CASES:
        lines = case.source.split("\n")
        for one in corpus.found(case.source):
            where = f"{case.where}: {one.title}"
            told = re.sub(r'`[^`]*`|"[^"]*"', "", f"{one.title} {one.label} {one.note} {one.help}")
            assert one.help, where
            assert not BARRED.search(told), where
            assert one.title == one.title.strip() and not one.title.endswith("."), where
            assert one.title[0] == one.title[0].lower() or one.title[0] in '`"', where
            under = lines[one.span.line - 1][one.span.column - 1 :]
            assert under[:1].strip() or one.span.column == one.span.end_column, where


def test_a_fix_takes_its_finding_away() -> None:
    """Put in place of what is underlined, whether or not it is sure enough for `--fix`."""
    for case in CASES:
        for one in corpus.found(case.source):
            if one.fix is None or one.span.line != one.span.end_line or one.code in HALF:
                continue
            lines = case.source.split("\n")
            line = lines[one.span.line - 1]
            begin, end = one.span.column - 1, one.span.end_column - 1
            lines[one.span.line - 1] = line[:begin] + one.fix + line[end:]
            left = corpus.found("\n".join(lines))
            told = _kinds(corpus.found(case.source))
            again = _kinds(left)[_kind(one)] >= told[_kind(one)]
            assert not again, f"{case.where}: {one.fix!r} leaves {one.title}"


def test_what_fix_writes_brings_no_new_finding() -> None:
    """`check --fix`: the findings it mends are gone and nothing else has come, save what a line
    that could not be read had hidden."""
    done = 0
    for case in CASES:
        before = corpus.found(case.source)
        if all(one.fix is None for one in before):
            continue
        mended = mend({"a.sync": case.source.encode()}, SCHEMAS)
        done += len(mended.done)
        made = _kinds(mended.done)
        after = _kinds(mended.checked.findings)
        assert not after & made, case.where
        if all(one.code not in HIDING for one in mended.done):
            assert not after - _kinds(before), case.where
    assert done >= 250


def _kinds(findings: tuple[dsl.Finding, ...]) -> Counter[tuple[str, int, str]]:
    return Counter(map(_kind, findings))


def _kind(one: dsl.Finding) -> tuple[str, int, str]:
    return (one.code, one.span.line, one.title)


# ---- right files --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", corpus.RIGHT, ids=lambda path: path.stem)
def test_a_right_file_gives_no_finding(path: Path) -> None:
    """A false alarm is a mistake of ours."""
    source = path.read_text("utf-8")
    assert dsl.to_text(corpus.found(source), {"a.sync": source}) == ""


@pytest.mark.parametrize("path", corpus.RIGHT, ids=lambda path: path.stem)
def test_a_right_file_is_laid_out(path: Path) -> None:
    """And laid out by `fmt` it stays as it is."""
    source = path.read_text("utf-8")
    assert format(source).text == source


def test_there_are_many_right_files() -> None:
    """Every construct, in several spellings and together with others."""
    assert len(corpus.RIGHT) >= 60


@pytest.mark.skipif(not DESIGN.exists(), reason="the page that fixes the meaning is not here")
def test_the_example_of_the_meaning_gives_no_finding() -> None:
    """The file by which the language was fixed."""
    found = re.search(
        r"^((?:    .*\n|\n)*    sync apollo.*\n(?:    .*\n|\n)*)", DESIGN.read_text(), re.M
    )
    assert found is not None
    source = re.sub(r"^    ", "", found[1], flags=re.M).strip() + "\n"
    assert dsl.to_text(corpus.found(source), {"a.sync": source}) == ""


# ---- right files with one word wrong ------------------------------------------------------------

WORDS = re.compile(r'"(?:\\.|[^"\\\n])*"|[A-Za-z_]\w*|<->|->|<-|[{}\[\](),%.]')


def test_one_word_wrong_gives_one_finding_at_its_line() -> None:
    """A word of a right file taken out, misspelt or put behind the next: whatever it was, its line
    is told, and nothing else is."""
    chance = random.Random(11)
    several = 0
    for path in corpus.RIGHT:
        source = path.read_text("utf-8")
        places = [one for one in WORDS.finditer(source) if not _in_remark(source, one.start())]
        for place in chance.sample(places, min(12, len(places))):
            broken = _broken(chance, source, place)
            _, found = parse("a.sync", broken)
            if not found:
                continue
            line = source.count("\n", 0, place.start()) + 1
            where = f"{path.stem}:{line} {place[0]}\n{dsl.to_text(found, {'a.sync': broken})}"
            near = abs(found[0].span.line - line) <= 1
            assert near or place[0] in "{}[](),", where
            assert found[0].help, where
            several += len(found) > 1
    assert several <= 4


def _in_remark(source: str, at: int) -> bool:
    return "#" in source[source.rfind("\n", 0, at) + 1 : at]


def _broken(chance: random.Random, source: str, place: re.Match[str]) -> str:
    before, word, behind = source[: place.start()], place[0], source[place.end() :]
    following = re.match(r"([ \t]+)([^\s#]+)", behind)
    kind = chance.choice(("out", "slip", "later"))
    if kind == "slip" and word.isalpha() and len(word) > 2:
        at = chance.randrange(len(word) - 1)
        return f"{before}{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}{behind}"
    if kind == "later" and following:
        return f"{before}{following[2]}{following[1]}{word}{behind[following.end() :]}"
    return before + behind
