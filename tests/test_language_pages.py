"""The pages on the language say what the language does: every example in them is run.

What stands around an example and how a page marks it is told in `docs/examples.py`. That pages
made by `make docs` are fresh, and with them the messages in the tutorial, is in `test_docs.py`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from syncrules.connectors.base.schema import Schema
from syncrules.docs import ebnf
from syncrules.docs.examples import (
    FILE,
    Fence,
    Step,
    answer,
    checked,
    failed,
    fences,
    simulated,
    steps,
)
from syncrules.dsl import CODES, fmt, to_text
from syncrules.dsl.table import grammar, lark
from syncrules.engine.run.brakes import BRAKES

from .dsl.schemas import SCHEMAS

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("language.md", "tutorial.md", "grammar.md", "findings.md")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def examples(name: str) -> list[Fence]:
    return [one for one in fences(page(name)) if one.language == "sync"]


@cache
def simulators() -> dict[str, Schema]:
    return simulated()


# ---- the reference ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "example", examples("language.md"), ids=lambda one: f"line {one.line} {one.mark('finds')}"
)
def test_an_example_of_the_reference_is_as_it_says(example: Fence) -> None:
    """A right one gives no finding and its tests pass; a wrong one gives the finding it is for."""
    found = checked(example.whole, SCHEMAS)
    wanted = example.mark("finds")
    told = to_text(found.findings, {FILE: example.whole})
    assert [one.code for one in found.findings] == ([wanted] if wanted else []), told
    if found.rules is not None and not wanted:
        assert failed(found, SCHEMAS) == []


def test_a_wrong_example_is_followed_by_a_link_to_its_finding() -> None:
    """Under a heading with a wrong example stands where its page is."""
    for part in re.split(r"^#+ ", page("language.md"), flags=re.M):
        for one in fences(part):
            code = one.mark("finds")
            assert not code or f"(findings.md#{code})" in part, code


@pytest.mark.parametrize("name", ["language.md", "tutorial.md"])
def test_right_examples_are_laid_out_as_fmt_does(name: str) -> None:
    """What people copy is in the one style there is."""
    for one in examples(name):
        if one.words != "wrong" and one.mark("finds") != "syntax":
            assert fmt.format(one.text).text == one.text, f"{name}:{one.line}"


def test_every_rule_and_word_of_the_grammar_is_in_the_reference() -> None:
    """Nothing can be written that the page is silent about."""
    spans = re.findall(r"`([^`\n]+)`", _prose(page("language.md")))
    told = {word for span in spans for word in re.findall(r"\w+", span)}
    rules = {one for one in ebnf.names(grammar()) if not one.startswith("_")}
    assert sorted(ebnf.words(grammar()) - told) == []
    assert sorted(rules - set(spans)) == []


def test_every_finding_is_linked_from_the_reference() -> None:
    """Whoever reads about a construct sees what may be found in it."""
    linked = set(re.findall(r"\(findings\.md#([a-z-]+)\)", page("language.md")))
    assert sorted(set(CODES) - linked) == []


@pytest.mark.parametrize("name", PAGES)
def test_links_between_the_pages_lead_to_a_heading(name: str) -> None:
    """Each link to a part of a page names a heading that is there."""
    for file, anchor in re.findall(r"\]\(([\w./-]*)#([^)\s]+)\)", _prose(page(name))):
        text = (DOCS / (file or name)).read_text(encoding="utf-8")
        assert anchor in anchors(text), f"{name}: {file}#{anchor}"


def anchors(text: str) -> set[str]:
    """What headings are called in links: small letters, no signs, `-` for a blank."""
    titles = re.findall(r"^#+ (.*)$", _prose(text), re.M)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in titles}


def _prose(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)


def test_the_page_tells_the_brakes_that_nobody_wrote() -> None:
    """Each with the number of records under which it lets everything pass, and the share."""
    (told,) = re.findall(r"^## `guard`\n(.*?)^## ", page("language.md"), re.S | re.M)
    for brake in BRAKES.values():
        said = (
            rf"more than {brake.part} of [\w ]+ \(and more than {brake.most:,}\) \| `{brake.what}`"
        )
        assert re.search(said, told), brake


# ---- the tutorial -----------------------------------------------------------------------------


@pytest.mark.parametrize("step", list(steps(page("tutorial.md"))), ids=lambda one: str(one.title))
def test_a_step_of_the_tutorial_works_and_its_mistake_is_told(step: Step) -> None:
    """The file so far has no finding and its tests pass; with the mistake it is not so."""
    assert answer(step.file, simulators()) == ""
    assert answer(step.wrong, simulators()) == step.told.text != ""


def test_the_tutorial_ends_with_a_file_that_says_everything() -> None:
    """It is the steps together, and has each kind of statement."""
    *_, last = steps(page("tutorial.md"))
    (whole,) = (one for one in examples("tutorial.md") if one.words == "whole")
    assert whole.text == last.file
    begins = {line.split()[0] for line in whole.text.splitlines() if re.match(r"[a-z]", line)}
    (statement,) = re.findall(r"^_any: (.*)$", grammar(), re.M)
    assert begins == {one.removesuffix("_fields") for one in statement.split(" | ")} - {
        "map_values"
    }


# ---- the grammar ------------------------------------------------------------------------------


def test_the_grammar_page_has_every_rule_and_defines_every_name_it_uses() -> None:
    """The page is whole: what the parser knows is on it, and nothing on it is left open."""
    text = page("grammar.md")
    shown = "\n".join(one.text for one in fences(text))
    defined = set(re.findall(r"^(\w+) =", shown, re.M))
    known = {one.alias or str(one.origin.name) for one in lark().rules}
    assert {one for one in known if not one.startswith("__")} <= defined
    bare = re.sub(r'"[^"]*"|\(\*.*?\*\)', "", shown)
    signs = set(re.findall(r"^\| `(\w+)` \|", text, re.M))
    assert set(re.findall(r"\w+", bare)) <= defined | signs
    assert signs == set(ebnf.MEANT)
