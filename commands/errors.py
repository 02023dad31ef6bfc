"""`syncrules errors`: what waits for someone, as `engine/report.py` tells it."""

from __future__ import annotations

import click

from ..errors import UsageError
from ..terminal import Shell, command, group
from .shared import FORMAT


@group("errors", "syncrules errors\nsyncrules errors show 17")
@FORMAT
def errors(shell: Shell, *, shape: str) -> int:
    """The error log: what waits for someone.

    One entry for each cause: what was tried, on which records, by which rule, what went wrong and
    what to do. It is over once the last of its records got through. Where its rule is in no rule
    file any more, it says so, and what becomes of it.
    """
    if click.get_current_context().invoked_subcommand:
        return 0
    from ..engine.report import errors_json, errors_text
    from ..engine.verbs import errors

    project = shell.project()
    with shell.world() as world:
        entries = errors(project, world)
    if shape == "json":
        shell.json(errors_json(entries))
    else:
        shell.data(errors_text(entries))
    return 0


@command("show", "syncrules errors show 17", of=errors)
@click.argument("number", type=int, metavar="ID")
@FORMAT
def errors_show(shell: Shell, *, number: int, shape: str) -> int:
    """One entry of the error log, with every record that met its cause."""
    from ..engine.report import error_json, error_text
    from ..engine.verbs import errors

    project = shell.project()
    with shell.world() as world:
        found = [one for one in errors(project, world) if one.id == number]
    if not found:
        raise UsageError(f"there is no open error {number}", fix="`syncrules errors` lists them")
    if shape == "json":
        shell.json(error_json(found[0]))
    else:
        shell.data(error_text(found[0], whole=True))
    return 0
