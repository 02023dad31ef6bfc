"""`syncrules undo`: puts back what a run changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..terminal import Shell, command
from .shared import FORMAT, given, work

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..engine.open import Progress
    from ..engine.project import Project
    from ..engine.run.run import OnChange, Result


@command("undo", "syncrules undo 12 --dry-run\nsyncrules undo 12 ada@example.com title")
@click.argument("run", type=click.IntRange(1, 2**31 - 1))
@click.argument("record", required=False, callback=given, metavar="[RECORD]")
@click.argument("field", required=False, callback=given, metavar="[FIELD]")
@click.option("--dry-run", is_flag=True, help="Only show what would be put back.")
@FORMAT
def undo(shell: Shell, *, run: int, record: str, field: str, dry_run: bool, shape: str) -> int:
    """Put back what a run changed.

    RUN is its number, as `history` and `status` have it. With RECORD, what people know it by or its
    id, only what the run did to it and to its partner; with FIELD only that value.

    A value is put back where it still is what that run wrote; a record that it made is deleted
    where nobody has touched it or logged anything with it since, and a link that it made is taken
    apart, not one that went along with a merge or a conversion. All else stays, and is listed with
    its reason: then the exit code is 1. The next run makes none of it again before somebody changes
    something: one of the records, or the rules about them. Where a request is lost or the process
    dies, the next run goes on with it. What broke off before it had put anything back is not done
    by itself: the next run and `status` say so, with the command that asks for it again. An undo
    that `status` has no run of never began: it gets its number before it asks either system
    anything.
    """
    from ..engine.run.undo import Part
    from ..engine.verbs import undo

    def verb(
        project: Project, world: World, on_change: OnChange, progress: Progress
    ) -> list[Result]:
        part = Part(run, record, field)
        return undo(project, world, part, on_change, progress, dry_run=dry_run)

    return work(shell, (), shape, verb, most=None)
