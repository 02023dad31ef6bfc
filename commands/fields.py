"""`syncrules fields`: all fields of two objects (`engine/fields.py`), and a new one
(`engine/new_field.py`)."""

from __future__ import annotations

import click

from ..terminal import Commands, Shell, command, example
from .shared import FORMAT


@click.group(
    "fields",
    cls=Commands,
    epilog=example("syncrules fields contact Lead\nsyncrules fields call Task"),
    context_settings={"ignore_unknown_options": True},
    subcommand_metavar="LEFT RIGHT | add ...",
)
def fields() -> None:
    """All fields of two objects, and where they are mapped.

    LEFT is an object of one system, RIGHT one of the other: each field with its type, in how many
    records it is filled, and what it goes with. What is not mapped comes last, the fullest first.
    """


@command("of", "syncrules fields contact Lead\nsyncrules fields call Task")
@click.argument("left")
@click.argument("right")
@FORMAT
def fields_of(shell: Shell, *, left: str, right: str, shape: str) -> int:
    """All fields of two objects, and where they are mapped.

    LEFT is an object of one system, RIGHT one of the other: each field with its type, in how many
    records it is filled, and what it goes with. What is not mapped comes last, the fullest first.
    Reads a few records of each for that, and does without where a system can't be reached.
    """
    from ..engine.fields import as_json, as_text, fields

    project = shell.project()
    with shell.world() as world:
        found = fields(project, world, left, right)
    if shape == "json":
        shell.json(as_json(found))
    else:
        shell.data(as_text(found))
    return 0


fields.plain = fields_of


@command(
    "add",
    'syncrules fields add apollo contact "Lead region" --type "text 80"\n'
    "syncrules fields add salesforce Lead Region --type choice",
    of=fields,
)
@click.argument("system")
@click.argument("object", metavar="OBJECT")
@click.argument("label", metavar="LABEL")
@click.option(
    "--type",
    "written",
    required=True,
    metavar="TYPE",
    help="As `schema show` tells types: `text 80`, `number`, `date`, `choice`.",
)
def fields_add(shell: Shell, *, system: str, object: str, label: str, written: str) -> int:
    """Create a custom field, or say what to create.

    Where the system lets us, the field is created and the stored schema refreshed. Else it prints
    what somebody has to create there: label, API name, type and length.
    """
    from ..engine.new_field import add, wanted

    field = wanted(label, written)
    project = shell.project()
    with shell.world() as world:
        shell.data(add(project, world, system, object, field).text)
    return 0
