"""`syncrules preview`: every change that a run would make now."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ..terminal import Shell, command
from .shared import FORMAT, PATHS, work


@command("preview", "syncrules preview\nsyncrules preview --out changes.json")
@PATHS
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save it, for `syncrules apply FILE`.",
)
@FORMAT
def preview(shell: Shell, *, paths: tuple[Path, ...], out: Path | None, shape: str) -> int:
    """Every change that a run would make now.

    Field by field, with the rule and the reason. Reads both systems and writes to neither. Exit
    code 3 where a guard or a brake would stop the run.
    """
    from ..engine.verbs import preview

    return work(shell, paths, shape, partial(preview, out=out), most=None)
