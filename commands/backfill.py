"""`syncrules backfill`: brings over what was there before the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from ..terminal import Shell, command
from .shared import FORMAT, work

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..engine.open import Progress
    from ..engine.project import Project
    from ..engine.run.run import OnChange, Result


@command("backfill", "syncrules backfill push contact\nsyncrules backfill pull Account")
@click.argument("direction", type=click.Choice(["push", "pull"]), metavar="push|pull")
@click.argument("object", metavar="OBJECT")
@FORMAT
def backfill(shell: Shell, *, direction: Literal["push", "pull"], object: str, shape: str) -> int:
    """Bring over what was there before the rules.

    OBJECT is the one that is read. A backfill that was interrupted goes on when it is called again,
    and one that is done changes nothing.
    """
    from ..engine.verbs import backfill

    def verb(
        project: Project, world: World, on_change: OnChange, progress: Progress
    ) -> list[Result]:
        return backfill(project, world, direction, object, on_change, progress)

    return work(shell, (), shape, verb)
