"""`syncrules run`: brings over what changed since the last run."""

from __future__ import annotations

from pathlib import Path

import click

from ..terminal import Shell, command
from .shared import FORMAT, PATHS, work


@command("run", "syncrules run\nsyncrules run --dry-run")
@PATHS
@click.option("--dry-run", is_flag=True, help="Only show what would change: `preview`.")
@FORMAT
def run(shell: Shell, *, paths: tuple[Path, ...], dry_run: bool, shape: str) -> int:
    """Bring over what changed since the last run.

    Exit code 1 where errors are open afterwards, 3 where a brake tripped before the first write.
    """
    from ..engine.verbs import preview, run

    if dry_run:
        return work(shell, paths, shape, preview, most=None)
    return work(shell, paths, shape, run)
