"""`syncrules history`: everything we ever did to a record."""

from __future__ import annotations

import click

from ..terminal import Shell, command
from .shared import FORMAT


@command("history", "syncrules history ada@example.com")
@click.argument("record")
@FORMAT
def history(shell: Shell, *, record: str, shape: str) -> int:
    """Everything we ever did to a record.

    RECORD is what people know it by, such as an address or a domain, or its id in either system.
    """
    from ..engine.report import change_json, history_text
    from ..engine.verbs import history

    project = shell.project()
    with shell.world() as world:
        entries = history(project, world, record)
    if shape == "json":
        shell.json({"changes": [{"run": one.run, **change_json(one)} for one in entries]})
    elif entries:
        shell.data(history_text(entries))
    else:
        shell.say(f"nothing was ever done to {record}")
    return 0
