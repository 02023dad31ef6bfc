"""Every code has its page, and what the page calls wrong and right is so."""

from __future__ import annotations

import re
import textwrap

import pytest
from syncrules import dsl
from syncrules.dsl.checks import ALLOWABLE

from .schemas import SCHEMAS

HEADINGS = ("What it finds", "Why it matters", "Wrong", "Right", "When to allow it")


@pytest.mark.parametrize("code", dsl.CODES)
def test_each_code_has_a_page_with_all_headings(code: str) -> None:
    """`explain CODE` says what, why, wrong, right, and when to allow it."""
    page = dsl.explain(code)
    assert page is not None and page.startswith(f"{code}\n")
    assert tuple(re.findall(r"^(\w.*)$", page, re.MULTILINE)[1:]) == HEADINGS


@pytest.mark.parametrize("code", [one for one in dsl.CODES if one != "not-text"])
def test_the_wrong_example_gives_the_code_and_the_right_one_nothing(code: str) -> None:
    """The examples are checked, so that they stay true."""
    wrong, right = (codes(example(code, heading)) for heading in ("Wrong", "Right"))
    assert (wrong, right) == ([code], [])


@pytest.mark.parametrize("code", dsl.CODES)
def test_the_page_says_never_where_a_finding_cant_be_accepted(code: str) -> None:
    """What `allow` takes and what the pages tell is the same."""
    page = dsl.explain(code) or ""
    never = page.split("When to allow it")[1].strip().startswith("Never")
    assert never == (code not in ALLOWABLE)


@pytest.mark.parametrize("raw", [b"\xff\xfes", b"sync \x00", "sync \0", bytes(range(256))])
def test_a_file_that_is_no_text_is_a_finding(raw: bytes | str) -> None:
    """Pictures and spreadsheets in the rules folder are told, not guessed at."""
    found = dsl.check({"a.sync": raw}, SCHEMAS).findings
    assert [(one.code, one.span.line, one.span.column) for one in found] == [("not-text", 1, 1)]


def test_an_unknown_code_has_no_page() -> None:
    """Neither a made-up code nor the name of some module gives a page."""
    assert dsl.explain("no-such-code") is None
    assert dsl.explain("__init__") is None


def test_titles_speak_the_words_of_the_user() -> None:
    """No page names the parser, its tokens or our own modules."""
    barred = re.compile(r"\b(token|parser?|lexer|AST|None|regex|traceback|schema\.py|NoneType)\b")
    for code in dsl.CODES:
        assert not barred.search(dsl.explain(code) or "")


def example(code: str, heading: str) -> str:
    found = re.search(rf"^{heading}\n(.*?)\n\n\w", dsl.explain(code) or "", re.S | re.M)
    assert found is not None
    return textwrap.dedent(found[1])


def codes(source: str) -> list[str]:
    return [one.code for one in dsl.check({"a.sync": source}, SCHEMAS).findings]
