"""The table of seeded bugs in `docs/reliability.md`, with the history that finds each.

`python -m tests.mutants` writes it where it has tried them all; a test holds its words against the
bugs. What is said around the table is written by hand, on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syncrules.tests.mutants.bugs import ROOT, Bug

PAGE = ROOT / "docs" / "reliability.md"
HEAD = "| Mutant | The bug | Breaks | Found in history |\n| --- | --- | --- | --- |\n"


def read() -> dict[str, tuple[str, str, int]]:
    """What the page says of each mutant: the bug, what it breaks, and the history."""
    rows = (line.strip("| ").split(" | ") for line in _parts()[1].splitlines())
    return {id.strip("`"): (what, breaks, int(seed)) for id, what, breaks, seed in rows}


def write(bugs: Sequence[Bug], found: Mapping[str, int]) -> None:
    """Puts the table anew; `found` has the history for each bug."""
    before, _, after = _parts()
    rows = [f"| `{one.id}` | {one.what} | {one.breaks} | {found[one.id]} |\n" for one in bugs]
    PAGE.write_text(before + HEAD + "".join(rows) + after, encoding="utf-8")


def _parts() -> tuple[str, str, str]:
    """The page before the table, the table's rows, and what comes after it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(HEAD)
    rows, empty, after = rest.partition("\n\n")
    return before, rows.rstrip("\n"), "\n" + after if empty else ""
