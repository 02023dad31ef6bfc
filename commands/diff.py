"""`syncrules diff`: what a change of rules means, as `engine/compare/` finds it."""

from __future__ import annotations

import click

from ..terminal import Shell, command, here


@command(
    "diff",
    "syncrules diff HEAD~1 HEAD\n"
    "syncrules diff origin/main --records\n"
    "syncrules diff rules draft/rules --format markdown",
)
@click.argument("old", metavar="OLD")
@click.argument("new", required=False, metavar="[NEW]")
@click.option("--records", is_flag=True, help="Count them in the present state.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="For people, for scripts, or for a pull request.",
)
def diff(shell: Shell, *, old: str, new: str | None, records: bool, shape: str) -> int:
    """What a change of rules means.

    Tells which records and fields change their fate from OLD to NEW, by which rule, each with a
    made-up record. Rules that were moved, laid out anew or said in other words are no change.

    OLD and NEW are rule files, folders, or Git revisions of the project (REVISION, or
    REVISION:PATH); without NEW, the rules as they are now. A revision is checked against the
    schemas it has. Works offline. Exit code 1 where something is different.
    """
    from ..dsl import to_text as findings_text
    from ..engine.compare import markdown, show
    from ..engine.compare.verb import diff, versions

    project = shell.project()
    both = versions(project, old, new, here())
    for one in both:
        errors = [each for each in one.checked.findings if each.severity == "error"]
        if errors:
            click.echo(findings_text(errors, one.sources, color=shell.color), err=True)
    if records:
        with shell.world() as world:
            compared = diff(project, both, world)
    else:
        compared = diff(project, both)
    if shape == "json":
        shell.json(show.to_json(compared))
    elif shape == "markdown":
        shell.data(markdown.to_markdown(compared))
    else:
        shell.data(show.to_text(compared))
    return int(not compared.same)
