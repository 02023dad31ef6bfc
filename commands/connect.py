"""`syncrules connect`: someone signs in to a system; the work is `engine/connecting.py`."""

from __future__ import annotations

import sys

import click

from ..terminal import Shell, command
from .shared import given


@command(
    "connect",
    "syncrules connect salesforce\nsyncrules connect salesforce --as ann@ourcompany.example\n"
    "syncrules connect apollo",
)
@click.argument("system")
@click.option(
    "--as", "who", metavar="USER", callback=given, help="Whose own login it is: an address."
)
@click.option("--device", is_flag=True, help="The browser is on another machine.")
def connect(shell: Shell, *, system: str, who: str, device: bool) -> int:
    """Sign in to SYSTEM.

    Opens the browser, or asks for a key. Without `--as` the login is the team's; with it, what that
    person changes is written under their own name. What is kept of it is never shown, and never in
    the project's own files.
    """
    from ..engine.browser import AtTerminal
    from ..engine.connecting import connect as link
    from ..engine.connecting import standings

    def ask(question: str) -> str:
        if sys.stdin is not None and sys.stdin.isatty():
            return str(click.prompt(question, hide_input=True, err=True))
        return sys.stdin.readline() if sys.stdin is not None else ""

    project = shell.project()
    with shell.world() as world:
        person = AtTerminal(
            lambda text: click.echo(text, err=True), ask, world.clock, device=device
        )
        login = link(project, world, system, who.strip(), person)
    own = f", for {login.person}" if login.person else ""
    shell.say(f"signed in to {system} as {login.name}{own}")
    linked = [one for one in standings(project) if one.login.system == system]
    if len(linked) > 1 and not any(one.sync for one in linked):
        shell.say(f"choose which one the team uses: `syncrules logins use {system} USER`")
    return 0
