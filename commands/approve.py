"""`syncrules approve`: changes that wait for a person, as `engine/approvals.py` keeps them."""

from __future__ import annotations

import click

from ..terminal import Shell, command
from .shared import FORMAT


@command("approve", "syncrules approve\nsyncrules approve 17 18\nsyncrules approve --all")
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All that wait.")
@FORMAT
def approve(shell: Shell, *, ids: tuple[int, ...], everything: bool, shape: str) -> int:
    """Changes that wait for a person.

    Without ID lists them: rows that say `ask` don't change linked records by themselves. With ID
    lets changes go; the next run writes them, unless their values have changed until then.
    """
    from ..engine.approvals import approvals_json, approvals_text
    from ..engine.verbs import approvals, approve

    if everything and ids:
        raise click.UsageError("name the changes to let go, or say --all")
    project = shell.project()
    with shell.world() as world:
        if everything or ids:
            found = approve(project, world, None if everything else ids)
        else:
            found = approvals(project, world)
    if shape == "json":
        shell.json(approvals_json(found))
    elif (everything or ids) and not found:
        shell.say("no change waits for anyone" if everything else "approved before")
    elif everything or ids:
        changes, them = ("change", "it") if len(found) == 1 else ("changes", "them")
        shell.say(f"{len(found):,} {changes} approved; the next run makes {them}")
    else:
        shell.data(approvals_text(found))
    return 0
