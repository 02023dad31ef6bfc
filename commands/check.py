"""`syncrules check`: all findings of the rules, in the form that was asked for."""

from __future__ import annotations

from pathlib import Path

import click

from ..terminal import Shell, command
from .shared import PATHS


@command("check", "syncrules check\nsyncrules check rules/contacts.sync --format json")
@PATHS
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="For people, for scripts, for code scanning, or for a GitHub workflow.",
)
@click.option("--fix", is_flag=True, help="Write what findings say to write, where it is sure.")
def check(shell: Shell, *, paths: tuple[Path, ...], shape: str, fix: bool) -> int:
    """Prove the rules before a record moves.

    Shows all findings of all rule files, or of PATHs instead. Works offline, from the stored
    schemas. Exit code 1 where a finding is an error or a warning.
    """
    if fix:
        from ..engine.rewrite import mend

        for edit in mend(shell.project(paths)):
            shell.note(edit)
    from ..engine.remembered import tally

    found = shell.found(paths)
    findings, sources = found.findings, found.sources
    if shape == "json":
        from ..dsl import to_json

        shell.data(to_json(findings))
    elif shape == "sarif":
        from .. import __version__
        from ..dsl.printers import to_sarif
        from ..engine.files import in_repository

        folder = in_repository(found.folder)
        shell.data(to_sarif(findings, folder=folder, version=__version__))
    elif findings and shape == "github":
        from ..dsl.printers import to_github
        from ..engine.files import in_repository

        shell.data(to_github(findings, folder=in_repository(found.folder)))
    elif findings:
        from ..dsl import to_text

        shell.findings(to_text(findings, sources, color=shell.color))
    if shape == "text":
        shell.say(tally(findings, len(sources)))
    return int(any(one.severity != "info" for one in findings))
