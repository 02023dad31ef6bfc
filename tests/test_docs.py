"""The papers say what is true now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syncrules.commands import cli
from syncrules.docs.examples import simulated
from syncrules.docs.generate import HERE, PAGES
from syncrules.dsl import check

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_product_says(name: str) -> None:
    """Pages that follow from the product are as `make docs` writes them."""
    assert (HERE / name).read_text(encoding="utf-8") == PAGES[name]()


def test_the_rules_in_the_readme_pass_check() -> None:
    """The first file that people see is right, as the starter file is."""
    [shown] = re.findall(r"```\n(sync .*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    starter = (ROOT / "rules" / "starter.sync").read_text("utf-8")
    for text in (shown, starter):
        assert check({"rules.sync": text}, simulated()).findings == ()


@pytest.mark.parametrize(
    "paper",
    ["README.md", "CONTRIBUTING.md", *(f"docs/{one.name}" for one in sorted(HERE.glob("*.md")))],
)
def test_links_of_a_paper_lead_somewhere(paper: str) -> None:
    """Each relative link names a file that is there."""
    for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / paper).read_text("utf-8")):
        assert (ROOT / paper).parent.joinpath(link).exists(), link


def test_tests_that_the_page_on_reliability_names_are_there() -> None:
    """A promise is shown by a test that exists."""
    named = set(re.findall(r"`(tests/[\w/.]+)`", (HERE / "reliability.md").read_text("utf-8")))
    assert len(named) > 10
    assert [one for one in sorted(named) if not (ROOT / one).exists()] == []


def test_every_command_that_a_paper_shows_exists() -> None:
    """Nobody is told to type what isn't there."""
    pages = ("docs/language.md", "docs/tutorial.md")
    rules = [f"rules/{one.name}" for one in (ROOT / "rules").glob("*.sync")]
    for paper in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *rules, *pages):
        for name in re.findall(r"[`$] ?syncrules ([a-z]+)", (ROOT / paper).read_text("utf-8")):
            assert name in cli.commands, f"{paper}: {name}"
