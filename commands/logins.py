"""`syncrules logins`: who is signed in, as `engine/connecting.py` tells it."""

from __future__ import annotations

import click

from ..terminal import Shell, command, group
from .shared import FORMAT


@group("logins", "syncrules logins\nsyncrules logins use salesforce ops@ourcompany.example")
@FORMAT
def logins(shell: Shell, *, shape: str) -> int:
    """Who is signed in, and which is the sync login.

    Exit code 1 where a login has ended: its user has to sign in again.
    """
    if click.get_current_context().invoked_subcommand:
        return 0
    from ..engine.connecting import by_settings, standings, standings_json, standings_text

    project = shell.project()
    found, settings = standings(project), by_settings(project)
    if shape == "json":
        shell.json(standings_json(found, settings))
    else:
        shell.data(standings_text(found, settings))
    return 1 if any(one.login.lost for one in found) else 0


@command("use", "syncrules logins use salesforce ops@ourcompany.example", of=logins)
@click.argument("system")
@click.argument("user")
def logins_use(shell: Shell, *, system: str, user: str) -> int:
    """Choose the sync login: what no better login is there for is done under it.

    Writes `sync_login` into the project file; its other lines and its comments stay.
    """
    from ..engine.connecting import use

    login = use(shell.project(), system, user)
    shell.say(f"the sync login of {system} is {login.name}")
    return 0
