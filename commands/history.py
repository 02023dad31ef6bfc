"""`syncrules history`: everything we ever did to a record, and which edits lost."""

from __future__ import annotations

import click

from ..terminal import Shell, command
from .shared import FORMAT, given


@command("history", "syncrules history ada@example.com\nsyncrules history --lost")
@click.argument("record", required=False, callback=given, metavar="[RECORD]")
@click.option("--lost", "only_lost", is_flag=True, help="Edits that lost to the other side.")
@FORMAT
def history(shell: Shell, *, record: str, only_lost: bool, shape: str) -> int:
    """Everything we ever did to a record.

    RECORD is what people know it by, such as an address or a domain, or its id in either system.
    What became of it in its system is told, too: deleted, merged, converted, out of sight, back.

    With --lost the edits that gave way to the other side by the word of a rule, of that record or
    of all: what stood there, what won, by which line and, as far as the systems tell, by whom and
    when either was written, and the command that puts it back.
    """
    from ..engine.history import history_json, history_text
    from ..engine.lost import lost_json, lost_text
    from ..engine.verbs import history, lost

    if not record and not only_lost:
        raise click.UsageError("name a record, or say --lost for all edits that lost")
    project = shell.project()
    with shell.world() as world:
        if only_lost:
            found = lost(project, world, record)
            shell.json(lost_json(found)) if shape == "json" else shell.data(lost_text(found))
            return 0
        told = history(project, world, record)
    if shape == "json":
        shell.json(history_json(told))
    elif told.all:
        shell.data(history_text(told))
    else:
        shell.say(f"nothing was ever done to {record}")
    return 0
