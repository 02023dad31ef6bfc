"""Findings for the tools of others: SARIF for code scanning, workflow commands for GitHub.

Knows their formats and how paths are written there; for people and scripts see `finding.py`.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from .checks import explain
from .finding import Finding, Severity
from .span import Span

_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
_COMMANDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}


def to_sarif(findings: Iterable[Finding], *, folder: str = "", version: str = "") -> str:
    """A log of SARIF 2.1.0 with one run.

    `folder` is where the project lies in its repository, `version` that of the product. Columns are
    counted in code points, from 1; a region ends just behind its last letter (SARIF 3.30.8).
    """
    found = list(findings)
    codes = sorted({one.code for one in found})
    driver = {
        "name": "syncrules",
        "semanticVersion": version,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, codes.index(one.code), folder) for one in found],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, ensure_ascii=False, indent=2)


def _rule(code: str) -> dict[str, Any]:
    """A code with its page, whose first section says in a sentence what is found."""
    page = explain(code) or ""
    _, what, *_ = page.split("\n\n")
    _, *lines = what.splitlines()
    return {
        "id": code,
        "shortDescription": {"text": " ".join(line.strip() for line in lines)},
        "help": {"text": page},
    }


def _result(one: Finding, rule: int, folder: str) -> dict[str, Any]:
    place = _place(one.file, one.span, folder)
    result: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": rule,
        "level": _LEVELS[one.severity],
        "message": {"text": _message(one)},
        "locations": [{"physicalLocation": place}],
    }
    if one.further:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _place(each.file, each.span, folder),
                "message": {"text": each.label},
            }
            for number, each in enumerate(one.further)
        ]
    if one.fix is not None:
        edit = {"deletedRegion": place["region"], "insertedContent": {"text": one.fix}}
        change = {"artifactLocation": place["artifactLocation"], "replacements": [edit]}
        said = f"write `{one.fix}`" if one.fix else "take it out"
        result["fixes"] = [{"description": {"text": said}, "artifactChanges": [change]}]
    return result


def _place(file: str, span: Span, folder: str) -> dict[str, Any]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    uri = quote(os.fsencode(_path(file, folder)))
    return {"artifactLocation": {"uri": uri}, "region": region}


def to_github(findings: Iterable[Finding], *, folder: str = "") -> str:
    """A workflow command for each finding, which GitHub shows at its line of a pull request.

    `folder` is where the project lies in its repository. The values are escaped as the runner reads
    them: `%`, line ends, and in properties `:` and `,`.
    """
    return "\n".join(_command(one, folder) for one in findings)


def _command(one: Finding, folder: str) -> str:
    span = one.span
    properties: dict[str, object] = {
        "file": _path(one.file, folder),
        "line": span.line,
        "endLine": span.end_line,
    }
    if span.line == span.end_line:  # GitHub takes columns for one line only
        properties |= {"col": span.column, "endColumn": span.end_column}
    properties["title"] = f"syncrules {one.code}"
    written = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    return f"::{_COMMANDS[one.severity]} {written}::{_escaped(_message(one))}"


def _escaped(text: str, more: str = "") -> str:
    text = text.replace("%", "%25")
    for sign in "\r\n" + more:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _message(one: Finding) -> str:
    """What is wrong, and on lines of their own a record that shows it and what to do."""
    example = f"for example: {one.witness}" if one.witness else ""
    return "\n".join(part for part in (one.title, example, one.help) if part)


def _path(file: str, folder: str) -> str:
    return posixpath.normpath(posixpath.join(folder, file))
