"""`syncrules disconnect`: a login is ended; the work is `engine/connecting.py`."""

from __future__ import annotations

import click

from ..terminal import Shell, command
from .shared import given


@command(
    "disconnect",
    "syncrules disconnect salesforce\nsyncrules disconnect salesforce ann@ourcompany.example",
)
@click.argument("system")
@click.argument("who", required=False, callback=given, metavar="[USER]")
def disconnect(shell: Shell, *, system: str, who: str) -> int:
    """End a login of SYSTEM, there and here.

    USER is the login or the person it is of; without, it is the team's. Exit code 1 where the
    system could not be told.
    """
    from ..engine.connecting import disconnect as end

    project = shell.project()
    with shell.world() as world:
        login, why = end(project, world, system, who)
    shell.say(f"forgot the login {login.name} of {system}")
    if why:
        shell.error(
            f"{system} could not be told: {why}", f"end the sign-in of {login.name} there, too"
        )
    return 1 if why else 0
