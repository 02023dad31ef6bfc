"""`diff` from end to end: two versions are read and checked, compared, and counted if wanted.

Knows the order of the rooms and none of their work. What comes out is told by `show.py` and
`markdown.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...dsl.compare import SetDifference, compare
from ..project import Project
from .versions import Version, of_project, version

if TYPE_CHECKING:
    from ...connectors.base.world import World
    from .count import Count


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions and what differs. `counts` has a number for each difference of each set, None
    where they were not counted; `uncounted` says why none could be."""

    old: Version
    new: Version
    sets: tuple[SetDifference, ...]
    counts: tuple[tuple[Count | None, ...], ...] | None = None
    uncounted: str = ""

    @property
    def same(self) -> bool:
        """Whether no record notices."""
        return not any(one.differences for one in self.sets)


def versions(project: Project, old: str, new: str | None, here: Path) -> tuple[Version, Version]:
    """Both versions; `new` None: the project's rules as they are now."""
    first = version(project, old, here)
    if new is None:
        return first, of_project(project, "the rules now")
    return first, version(project, new, here)


def diff(project: Project, both: tuple[Version, Version], world: World | None = None) -> Compared:
    """What the second version does otherwise; `FindingsError` where one of them has errors. With a
    world, records of the present state are counted: no system is asked and nothing is written."""
    old, new = both
    sets = compare(old.rules, new.rules, old.schemas, new.schemas)
    compared = Compared(old, new, sets)
    if world is None:
        return compared
    from .count import counts

    return counts(project, compared, world)
