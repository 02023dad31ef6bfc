"""The seeded bugs as data, and the source that each makes of the modules it is in.

Knows text only and imports nothing of the product, so that a bug can be planted before anything of
it is loaded. What a bug leads to is `trial.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).with_name("seeded")


class NoLongerApplies(Exception):
    """The text that a bug replaces is not in its module any more, or more than once."""


@dataclass(frozen=True, slots=True)
class Edit:
    """In `module`, a path from the root of the repository, the text `old` becomes `new`."""

    module: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """A small defect as somebody might make it: `what` says it in a sentence, `breaks` names the
    complaints of users (C) and the promises (R) that it leads to or breaks."""

    id: str
    what: str
    breaks: str
    edits: tuple[Edit, ...]


def bugs() -> tuple[Bug, ...]:
    """All of them, as the files of `seeded/` have them."""
    return tuple(
        Bug(one["id"], one["what"], one["breaks"], tuple(Edit(**each) for each in one["edit"]))
        for path in sorted(DATA.glob("*.toml"))
        for one in tomllib.loads(path.read_text(encoding="utf-8"))["bug"]
    )


def sources(bug: Bug) -> Mapping[Path, str]:
    """What the modules of a bug read like with it. Raises `NoLongerApplies`."""
    found: dict[Path, str] = {}
    for edit in bug.edits:
        path = ROOT / edit.module
        text = found.get(path) or (path.read_text(encoding="utf-8") if path.is_file() else "")
        times = text.count(edit.old)
        if times != 1:
            where = f"its text stands {times} times in {edit.module}"
            fix = "write its edit anew, in tests/mutants/seeded, for what the module says now"
            raise NoLongerApplies(f"mutant {bug.id} no longer applies: {where}; {fix}")
        found[path] = text.replace(edit.old, edit.new)
    return found
