"""The whole way from the text of rule files to findings and typed rules.

Knows the order and does none of the work: `parse.py` reads, `resolve.py` gives meaning and asks the
checks, `allows.py` takes out what a rule allows.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..connectors.base.frozen import dataclass
from ..connectors.base.schema import Schema
from .allows import accepting, settle
from .bound import Report
from .collector import resting
from .finding import Finding
from .parse import parse
from .resolve import resolve
from .rules import Rules


@dataclass(frozen=True, slots=True)
class Checked:
    """All findings, by file and position; `rules` is None where one of them is an error."""

    findings: tuple[Finding, ...]
    rules: Rules | None


@resting()
def check(sources: Mapping[str, bytes | str], schemas: Mapping[str, Schema]) -> Checked:
    """Everything that can be known before a record moves.

    `sources` are the rule files by path, `schemas` those of the project's systems by the names that
    `sync` lines use. Never raises for what stands in a file.
    """
    report = Report(schemas=tuple(schemas.values()))
    files = []
    for path in sorted(sources):
        file, findings = parse(path, sources[path])
        files.append(file)
        report.findings += findings
    rules = resolve(report, files, schemas)
    allows = [one for file in files for one in accepting(file)]
    settled = settle(report.findings, allows)
    found = tuple(sorted(set(settled), key=lambda one: one.order))
    return Checked(found, None if any(one.severity == "error" for one in found) else rules)
