"""`syncrules why`: the reasons for the present state of a record."""

from __future__ import annotations

import click

from ..terminal import Shell, command
from .shared import FORMAT, given


@command("why", "syncrules why ada@example.com\nsyncrules why ada@example.com title")
@click.argument("record", callback=given)
@click.argument("field", required=False, callback=given, metavar="[FIELD]")
@FORMAT
def why(shell: Shell, *, record: str, field: str, shape: str) -> int:
    """Why a record is as it is, and what comes next.

    RECORD is what people know it by, such as an address or a domain, or its id in either system;
    FIELD is one of its fields. Each reason has its rule, the place, and the values that decided:
    for what was written, and for what wasn't. Told from what was last read; no system is asked.
    """
    from ..engine.verbs import why
    from ..engine.why_told import why_json, why_text

    project = shell.project()
    with shell.world() as world:
        found = why(project, world, record, field)
    if shape == "json":
        shell.json(why_json(found))
    else:
        shell.data(why_text(found))
    return 0
