"""`syncrules run`: brings over what changed since the last run."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ..terminal import Shell, command
from .shared import FORMAT, PATHS, RULE, work


@command(
    "run",
    'syncrules run\nsyncrules run --dry-run\nsyncrules run --rule "push contact as Lead"',
)
@PATHS
@click.option("--dry-run", is_flag=True, help="Only show what would change: `preview`.")
@RULE
@FORMAT
def run(shell: Shell, *, paths: tuple[Path, ...], dry_run: bool, rule: str, shape: str) -> int:
    """Bring over what changed since the last run.

    It tells the number of the run, which `undo` and `history` know it by. With --rule, only that
    rule's pair of objects is looked at, and no other rule creates records in it; what is left waits
    for the next run. Exit code 1 where errors are open afterwards, 3 where a brake tripped before
    the first write.
    """
    from ..engine.verbs import preview, run

    if dry_run:
        return work(shell, paths, shape, partial(preview, rule=rule), most=None)
    return work(shell, paths, shape, partial(run, rule=rule))
