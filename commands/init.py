"""`syncrules init`: the files of a new project, which `engine/starter.py` knows."""

from __future__ import annotations

from pathlib import Path

import click

from ..terminal import Shell, command

STARTS = {
    "leads": "who answered becomes a Lead, one way",
    "contacts": "people and Contacts alike, both ways",
    "account-stages": "stages that follow from the deals",
    "activities": "tasks, calls, emails and notes alone",
    "everything": "all of these, and what else can be said",
}
"""What the rules of a new project may begin with, and what each is."""


@command(
    "init",
    "syncrules init crm-sync && cd crm-sync\nsyncrules init crm-sync --start activities",
    project=False,
)
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@click.option(
    "--start",
    type=click.Choice(list(STARTS)),
    metavar="NAME",
    help="The rules to begin with. "
    + "; ".join(f"{name}: {what}" for name, what in STARTS.items())
    + ". Default: a few on Leads, to try things out.",
)
def init(shell: Shell, *, folder: Path, start: str | None) -> int:
    """Start a new project.

    Writes a project file, rules to start from with their tests, .gitignore, and a CI job that runs
    `check` and `test`; refuses to overwrite any.
    """
    from ..engine import starter

    for name in starter.start(folder, start):
        shell.say(f"wrote {folder / name}")
    shell.say("next: `syncrules connect apollo` and `syncrules connect salesforce`, then")
    shell.say("`syncrules schema pull`; on a server, put the credentials where syncrules.toml says")
    return 0
