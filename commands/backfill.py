"""`syncrules backfill`: brings over what was there before the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from ..errors import Braked
from ..terminal import Shell, command
from .shared import FORMAT, SHOWN, work

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..engine.open import Progress
    from ..engine.project import Project
    from ..engine.run.run import OnChange, Result


@command(
    "backfill",
    "syncrules backfill push contact --dry-run\nsyncrules backfill push contact\n"
    "syncrules backfill pull Account",
)
@click.argument("direction", type=click.Choice(["push", "pull"]), metavar="push|pull")
@click.argument("object", metavar="OBJECT")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@FORMAT
def backfill(
    shell: Shell, *, direction: Literal["push", "pull"], object: str, dry_run: bool, shape: str
) -> int:
    """Bring over what was there before the rules.

    OBJECT is the one that is read. On a terminal, what would change is shown first, and nothing is
    written before you say so. A backfill doesn't start while `check` finds something. One that was
    interrupted goes on when it is called again, and one that is done changes nothing.
    """
    from ..engine.verbs import backfill

    def verb(
        project: Project, world: World, on_change: OnChange, progress: Progress
    ) -> list[Result]:
        return backfill(project, world, direction, object, on_change, progress, dry_run=dry_run)

    if shell.asks and shape == "text" and not dry_run:
        dry_run = True
        code = work(shell, (), shape, verb, sound=True)
        if code == Braked.exit_code or not click.confirm("carry it out?", err=True):
            return code
        dry_run = False
    return work(shell, (), shape, verb, most=None if dry_run else SHOWN, sound=True)
