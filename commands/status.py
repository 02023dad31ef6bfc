"""`syncrules status`: runs, rules, and what waits; from the state alone."""

from __future__ import annotations

from ..terminal import Shell, command
from .shared import FORMAT


@command("status", "syncrules status\nsyncrules status --format json")
@FORMAT
def status(shell: Shell, *, shape: str) -> int:
    """Runs, rules, what waits, open errors and calls.

    Works from the state and asks no system. A rule that no rule file has any more is told only as
    long as something waits for it, or an open error is about it.
    """
    from ..engine.status import status_text
    from ..engine.verbs import status

    project = shell.project()
    with shell.world() as world:
        data = status(project, world)
    if shape == "json":
        shell.json(data)
    else:
        shell.data(status_text(data))
    return 0
