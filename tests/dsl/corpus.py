"""Collections of rule files in `tests/cases`: wrong ones with what is found in them, right ones.

A file of `wrong/` holds many cases. `#` at the start of a line is a remark, `frame` is followed by
the text around the cases after it, where `...` stands for the case; without one, a case is a whole
file. A line with codes tells what its cases give, and each case begins with `- `:

    frame
      sync apollo with salesforce
      push contact as Lead update only when ...

    unknown-field
    - §emial is known
    - title is known
        and §emial is known

`§` stands before the first letter that is underlined. Of several codes, with commas between them,
each is that of one mark, in order; a single one is that of all marks. What is found is shown by
`python -m tests.dsl.corpus [NAME ...]`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from syncrules import dsl

from .schemas import SCHEMAS

CASES = Path(__file__).parents[1] / "cases"
WRONG = sorted((CASES / "wrong").glob("*.txt"))
RIGHT = sorted((CASES / "right").glob("*.sync"))
INDENT = 2


@dataclass(frozen=True, slots=True)
class Case:
    """A wrong file: where it is written, and (code, line, column) of all that is found in it."""

    where: str
    source: str
    expected: tuple[tuple[str, int, int], ...]


def wrong() -> list[Case]:
    """All cases, by file and line."""
    return [one for path in WRONG for one in _cases(path)]


def found(source: str) -> tuple[dsl.Finding, ...]:
    """What is found in a rule file that is alone."""
    return dsl.check({"a.sync": source}, SCHEMAS).findings


def _cases(path: Path) -> Iterator[Case]:
    frame, codes = "...", [""]
    lines = path.read_text("utf-8").split("\n")
    at = 0
    while at < len(lines):
        begin, line = at, lines[at]
        at += 1
        if not line or line.startswith("#"):
            continue
        rest: list[str] = []
        while at < len(lines) and (lines[at].startswith("  ") or _goes_on(lines, at)):
            rest.append(lines[at][INDENT:])
            at += 1
        if line == "frame":
            frame = "\n".join(rest)
        elif line.startswith("- "):
            text = "\n".join([line[INDENT:], *rest])
            yield _case(f"{path.stem}:{begin + 1}", codes, _framed(frame, text))
        else:
            codes = [one.strip() for one in line.split("#")[0].split(",")]


def _goes_on(lines: list[str], at: int) -> bool:
    """A blank line inside a case or a frame."""
    return lines[at] == "" and at + 1 < len(lines) and lines[at + 1].startswith("  ")


def _framed(frame: str, text: str) -> str:
    alone = re.search(r"^([ ]+)\.\.\.$", frame, re.M)
    if alone:
        text = text.replace("\n", f"\n{alone[1]}")
    return frame.replace("...", text) + "\n"


def _case(where: str, codes: list[str], marked: str) -> Case:
    places = list(marks(marked))
    if len(codes) == 1:
        codes = codes * len(places)
    assert places and len(codes) == len(places), f"{where}: one mark for each code"
    expected = tuple((code, *place) for code, place in zip(codes, places, strict=True))
    return Case(where, marked.replace("§", ""), expected)


def marks(marked: str) -> Iterator[tuple[int, int]]:
    """Line and column of each mark, as they are once the marks are gone."""
    for number, line in enumerate(marked.split("\n"), 1):
        for before, mark in enumerate(re.finditer("§", line)):
            yield number, mark.start() - before + 1


def main(names: list[str]) -> None:
    """Shows cases as `check` does; `NAME` or `NAME:LINE` picks some."""
    for one in wrong():
        if not names or {one.where, one.where.split(":")[0]} & set(names):
            sys.stdout.write(shown(one))


def shown(one: Case) -> str:
    """A case with all that is found in it."""
    findings = found(one.source)
    told = dsl.to_text(findings, {"a.sync": one.source})
    if tuple((each.code, each.span.line, each.span.column) for each in findings) == one.expected:
        return f"==== {one.where}\n{told}\n"
    wanted = "".join(f"  wanted {code} at {line}:{at}\n" for code, line, at in one.expected)
    return f"==== {one.where}  NOT AS EXPECTED\n{one.source}{wanted}{told}\n"


if __name__ == "__main__":
    main(sys.argv[1:])
