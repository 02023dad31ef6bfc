"""What several commands have: arguments, how many files, and how the changes of a run are told.

Knows click and the shell; which command wants what is in the command's own module.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..terminal import Shell

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..engine.open import Progress
    from ..engine.project import Project
    from ..engine.run.journal import Entry
    from ..engine.run.run import OnChange, Result

    Verb = Callable[[Project, World, OnChange, Progress], list[Result]]

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
FORMAT = click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for scripts.",
)


def given(context: click.Context, param: click.Parameter, value: str | None) -> str:
    """What was left out is ""; what was given and is empty is refused, since "" would mean more
    than whoever typed it has asked for: mostly it is a variable of a script that is not set."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty")
    return value or ""


RULE = click.option(
    "--rule",
    metavar="NAME",
    callback=given,
    help="Only this rule, as in `push contact as Lead`.",
)

NO_RULES = "the rule files have no rules yet"

SHOWN = 10
"""Changes that a run tells one by one; `preview` tells all, and so does JSON."""


def prove(shell: Shell, project: Project, *, sound: bool = False) -> None:
    """Shows all findings that are errors, or with `sound` all but hints; what is called next
    refuses to start on them."""
    from ..dsl import to_text

    stops = ("error", "warning") if sound else ("error",)
    found = [one for one in project.check().findings if one.severity in stops]
    if found:
        click.echo(to_text(found, project.sources(), color=shell.color), err=True)


def work(
    shell: Shell,
    paths: tuple[Path, ...],
    shape: str,
    verb: Verb,
    *,
    most: int | None = SHOWN,
    sound: bool = False,
) -> int:
    """Carries out a verb that makes changes, and tells of changes and of the whole. JSON is
    written change by change: a first sync has more of them than fit in memory."""
    from ..engine.report import change_json, change_text, result_text, summary

    project = shell.project(paths)
    prove(shell, project, sound=sound)
    told = 0

    def tell(change: Entry) -> None:
        nonlocal told
        if shape == "json":
            start = "," if told else '{"changes": ['
            shell.data(start + json.dumps(change_json(change), ensure_ascii=False))
        elif most is None or told < most:
            shell.data(change_text(change))
        told += 1

    with shell.world() as world:
        results = verb(project, world, tell, shell.progress)
    if shape == "json":
        runs = json.dumps({"runs": [summary(one) for one in results]}, ensure_ascii=False)
        start = "]" if told else '{"changes": []'
        shell.data(f'{start}, "summary": {runs}}}')
    elif told:
        more = ""
        if most is not None and told > most:
            left = told - most
            more = f"... and {left:,} more {'change' if left == 1 else 'changes'}"
        shell.data(f"{more}\n" if more else "")
    for one in results if shape == "text" else ():
        shell.data(result_text(one))
    if shape == "text" and not results:
        shell.data(NO_RULES)
    return max((one.exit_code for one in results), default=0)
