"""`syncrules schema pull|show|diff`: what rules can name; the work is `engine/schemas.py`."""

from __future__ import annotations

import click

from ..terminal import Commands, Shell, command, example
from .shared import FORMAT


@click.group("schema", cls=Commands, epilog=example("syncrules schema pull"))
def schema() -> None:
    """What rules can name: objects, fields, choices."""


@command("pull", "syncrules schema pull\nsyncrules schema pull salesforce", of=schema)
@click.argument("system", required=False)
def schema_pull(shell: Shell, *, system: str | None) -> int:
    """Refresh schema/SYSTEM.json from the systems.

    Keep these files under version control: `check` works from them, offline.
    """
    from ..engine.schemas import pull

    project = shell.project()
    with shell.world() as world:
        for name in [system] if system else project.systems:
            shell.progress(f"asking {name} what it has")
            pulled = pull(project, name, world)
            shell.say(pulled.text)
    return 0


@command("show", "syncrules schema show salesforce Lead", of=schema)
@click.argument("system")
@click.argument("object", metavar="OBJECT")
@FORMAT
def schema_show(shell: Shell, *, system: str, object: str, shape: str) -> int:
    """The fields of an object, as stored."""
    from ..engine.schemas import fields_json, fields_table, stored_object

    found = stored_object(shell.project(), system, object)
    if shape == "json":
        shell.json(fields_json(found))
    else:
        shell.data(fields_table(found))
    return 0


@command("diff", "syncrules schema diff salesforce", of=schema)
@click.argument("system", required=False)
def schema_diff(shell: Shell, *, system: str | None) -> int:
    """What has changed since the last pull.

    Changes no file. Exit code 1 where something differs.
    """
    from ..engine.schemas import look

    project = shell.project()
    code = 0
    with shell.world() as world:
        for name in [system] if system else project.systems:
            shell.progress(f"asking {name} what it has")
            pulled = look(project, name, world)
            shell.data(pulled.text)
            if pulled.first or pulled.differences:
                code = 1
    return code
