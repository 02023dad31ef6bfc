"""`syncrules retry`: tries again what errors hold back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..terminal import Shell, command
from .shared import FORMAT, work

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..engine.open import Progress
    from ..engine.project import Project
    from ..engine.run.run import OnChange, Result


@command("retry", "syncrules retry 17\nsyncrules retry --all")
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All open errors.")
@FORMAT
def retry(shell: Shell, *, ids: tuple[int, ...], everything: bool, shape: str) -> int:
    """Try again what an error holds back.

    The records are decided again from their present values: nothing old is sent. Where no rule is
    about them any more, the entry is over. Where one of two linked records was deleted and is in
    its system's bin, it is told that the entry waits for that; where it can't come back, the entry
    is over.
    """
    from ..engine.verbs import retry

    if everything == bool(ids):
        raise click.UsageError("name the errors to retry, or say --all")

    def verb(
        project: Project, world: World, on_change: OnChange, progress: Progress
    ) -> list[Result]:
        return retry(project, world, None if everything else ids, on_change, progress)

    return work(shell, (), shape, verb)
