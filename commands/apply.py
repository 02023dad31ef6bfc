"""`syncrules apply`: makes the changes of a saved preview, or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..terminal import Shell, command
from .shared import FORMAT, work

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..engine.open import Progress
    from ..engine.project import Project
    from ..engine.run.run import OnChange, Result


@command("apply", "syncrules preview --out changes.json\nsyncrules apply changes.json")
@click.argument("saved", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@FORMAT
def apply(shell: Shell, *, saved: Path, shape: str) -> int:
    """Make exactly the changes of a saved preview.

    FILE is what `preview --out` has saved. Where a run would make other changes by now, since
    rules, schemas or records have moved, nothing is written: it says which, and the exit code is 3.
    Of several pairs of systems one is written after the other; where that makes the next one stale,
    what was written is named.

    What was looked at and applied is not held up by the brakes that nobody has written; guards are.
    """
    from ..engine.verbs import apply

    def verb(
        project: Project, world: World, on_change: OnChange, progress: Progress
    ) -> list[Result]:
        return apply(project, world, saved, on_change, progress)

    return work(shell, (), shape, verb)
