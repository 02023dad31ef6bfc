"""`syncrules test`: the `test` blocks, carried out in memory by `engine/trial`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..engine.files import count_files
from ..terminal import Shell, command
from .shared import FORMAT, PATHS

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..engine.project import Project


@command(
    "test", "syncrules test\nsyncrules test --coverage --fail-under 90\nsyncrules test --mutate"
)
@PATHS
@click.option("--coverage", is_flag=True, help="Show what no test reached, with a test for each.")
@click.option("--mutate", is_flag=True, help="Show which changes of the rules no test notices.")
@click.option(
    "--fail-under",
    "least",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit code 1 where less is reached, or with --mutate noticed.",
)
@click.option(
    "--junit",
    "xml",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the results as JUnit XML, too.",
)
@FORMAT
def test(
    shell: Shell,
    *,
    paths: tuple[Path, ...],
    coverage: bool,
    mutate: bool,
    least: float | None,
    xml: Path | None,
    shape: str,
) -> int:
    """Carry out the `test` blocks of the rules.

    Works offline and in memory. PATHs choose the files whose tests count; files that are not the
    project's stand for themselves. Exit code 1 where a test fails.
    """
    from ..engine.trial.run import of_project, suites
    from ..engine.trial.told import tell

    project = shell.project(() if of_project(shell.project(), paths) else paths)
    if not _proved(shell, project, shape):
        return 1
    with shell.world() as world:
        found = suites(project, _today(world, project), paths)
        told = tell(
            found,
            world.clock.now,
            coverage_wanted=coverage or (least is not None and not mutate),
            mutants_wanted=mutate,
            least=least,
            progress=shell.progress,
            color=shell.color,
        )
    if xml is not None:
        _write(xml, told.junit)
    if shape == "json":
        shell.json(told.json)
    else:
        shell.data(told.text)
    return told.exit_code


def _proved(shell: Shell, project: Project, shape: str) -> bool:
    """Whether the rules can be tested at all; shows what is wrong with them as `check` does."""
    from ..dsl import to_json, to_text

    errors = [one for one in project.check().findings if one.severity == "error"]
    if not errors:
        return True
    if shape == "json":
        import json

        shell.json({**json.loads(to_json(errors)), "tests": [], "summary": {"tests": 0}})
    else:
        shell.findings(to_text(errors, project.sources(), color=shell.color))
        files = count_files(len({one.file for one in errors}))
        shell.say(f"nothing was tested: there are errors in {files}")
    return False


def _today(world: World, project: Project) -> str:
    """The team's day, for tests that name none."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return datetime.fromtimestamp(world.clock.now(), ZoneInfo(project.zone)).date().isoformat()


def _write(path: Path, text: str) -> None:
    from ..errors import UsageError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written", why=error.strerror or str(error)) from None
