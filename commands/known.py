"""`syncrules known`: whether people are in either system already; the work is `engine/known.py`."""

from __future__ import annotations

import click

from ..terminal import Shell, command
from .shared import FORMAT


@command("known", "syncrules known ada@example.com")
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL...")
@FORMAT
def known(shell: Shell, *, emails: tuple[str, ...], shape: str) -> int:
    """Whether people are in either system already.

    Answered from what runs have read, hidden people included: it asks no system, and costs neither
    a call nor a credit.
    """
    from ..engine.known import known_json, known_text
    from ..engine.verbs import known

    project = shell.project()
    with shell.world() as world:
        found = known(project, world, emails)
    if shape == "json":
        shell.json(known_json(found))
    else:
        shell.data(known_text(found))
    return 0
