"""`syncrules preview`: every change that a run would make now."""

from __future__ import annotations

from pathlib import Path

from ..terminal import Shell, command
from .shared import FORMAT, PATHS, work


@command("preview", "syncrules preview\nsyncrules preview --format json")
@PATHS
@FORMAT
def preview(shell: Shell, *, paths: tuple[Path, ...], shape: str) -> int:
    """Every change that a run would make now.

    Field by field, with the rule and the reason. Reads both systems and writes to neither. Exit
    code 3 where a guard or a brake would stop the run.
    """
    from ..engine.verbs import preview

    return work(shell, paths, shape, preview, most=None)
