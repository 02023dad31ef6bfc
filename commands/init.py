"""`syncrules init`: the files of a new project, which `engine/starter.py` knows."""

from __future__ import annotations

from pathlib import Path

import click

from ..terminal import Shell, command


@command("init", "syncrules init crm-sync && cd crm-sync", project=False)
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
def init(shell: Shell, *, folder: Path) -> int:
    """Start a new project.

    Writes a project file, a starter rule file, .gitignore, and a CI job that runs `check`; refuses
    to overwrite any.
    """
    from ..engine.starter import start

    for name in start(folder):
        shell.say(f"wrote {folder / name}")
    shell.say("next: `syncrules connect apollo` and `syncrules connect salesforce`, then")
    shell.say("`syncrules schema pull`; on a server, put the credentials where syncrules.toml says")
    return 0
