"""The rules that come with the product, and the example of the language's design, against the
object descriptions of a real Salesforce."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from syncrules import dsl
from syncrules.connectors.base.schema import Schema
from syncrules.connectors.salesforce.describe import to_object
from syncrules.docs.examples import simulated

from .schemas import APOLLO, SALESFORCE

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared"
RECORDED = SHARED / "data" / "salesforce" / "describe"
DESIGN = SHARED / "design" / "language.md"
OURS = {"apollo": APOLLO, "salesforce": SALESFORCE}

pytestmark = pytest.mark.skipif(
    not RECORDED.exists(), reason="the recorded descriptions aren't here"
)


def recorded(ours: Mapping[str, Schema]) -> dict[str, Schema]:
    """Ours for Apollo; the recorded objects, and ours for those that nobody recorded."""
    found = {
        path.stem: to_object(json.loads(path.read_text(encoding="utf-8")))
        for path in RECORDED.glob("*.json")
    }
    objects = [found.get(one.name, one) for one in ours["salesforce"].objects]
    return {**ours, "salesforce": replace(ours["salesforce"], objects=tuple(objects))}


def example() -> str:
    """The file under the heading of the design, without its indent."""
    text = DESIGN.read_text(encoding="utf-8")
    block = text.split("## One file that says the whole guide")[1].split("\n## ")[0]
    lines = [line[4:] for line in block.split("\n") if line.startswith("    ") or not line]
    return "\n".join(lines).strip() + "\n"


@pytest.mark.parametrize(
    "name",
    ["demo", "starter", "leads", "contacts", "account-stages", "activities", "everything"],
)
def test_shipped_rules_fit_a_real_salesforce(name: str) -> None:
    """Every name, type and required field of the shipped rules is there in a real org."""
    files = (ROOT / "rules" / f"{name}{more}.sync" for more in ("", "-tests"))
    sources = {one.name: one.read_bytes() for one in files if one.exists()}
    found = dsl.check(sources, recorded(simulated()))
    assert sources and dsl.to_text(found.findings, sources) == ""


def test_the_example_of_the_design_passes_against_a_real_salesforce() -> None:
    """All that is found is that this org has no field for the status of contacts."""
    found = dsl.check({"x.sync": example()}, recorded(OURS)).findings
    missing = [one for one in found if re.search("Status__c", one.title)]
    assert [one.title for one in found if one not in missing] == []


def test_the_example_of_the_design_gives_no_finding_where_all_its_fields_are() -> None:
    """The whole guide in one file, letter for letter."""
    assert dsl.check({"x.sync": example()}, OURS).findings == ()
