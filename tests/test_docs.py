"""The papers say what is true now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syncrules.commands import cli
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.schema import Schema
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.docs.generate import HERE, PAGES
from syncrules.dsl import check
from syncrules.engine.systems import kind
from syncrules.tests.worlds import SimWorld

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
        assert check({"rules.sync": text}, schemas()).findings == ()


def schemas() -> dict[str, Schema]:
    """The schemas of both simulated systems, as `schema pull` gets them."""
    found = {}
    for name in ("apollo", "salesforce"):
        loaded = kind(name)
        assert loaded.simulate is not None
        simulator = loaded.simulate(SimulatorOptions(records=5))
        signs_in = simulator.sign_in(f"https://{name}.example")
        known = {one.name: one for one in loaded.settings}
        given: dict[str, str | Secret] = {
            key: Secret(text) if known[key].secret else text
            for key, text in {"url": f"https://{name}.example", **signs_in}.items()
            if key in known
        }
        world = SimWorld({f"{name}.example": simulator.handle})
        found[name] = loaded.connect({"system": name, **given}, world).describe()
    return found


@pytest.mark.parametrize("paper", ["README.md", "CONTRIBUTING.md", "docs/commands.md"])
def test_links_of_a_paper_lead_somewhere(paper: str) -> None:
    """Each relative link names a file that is there."""
    for link in re.findall(r"\]\(([^)#:]+)\)", (ROOT / paper).read_text("utf-8")):
        assert (ROOT / paper).parent.joinpath(link).exists(), link


def test_every_command_that_a_paper_shows_exists() -> None:
    """Nobody is told to type what isn't there."""
    for paper in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "rules/starter.sync"):
        for name in re.findall(r"[`$] ?syncrules ([a-z]+)", (ROOT / paper).read_text("utf-8")):
            assert name in cli.commands, f"{paper}: {name}"
