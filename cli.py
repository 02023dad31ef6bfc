"""The command line: every command is one call into a room of the house, and what it prints.

Knows arguments, the terminal and exit codes. Imports only click and the errors; each command
imports its room when it is called, so that `--help` and `check` stay quick. Names, exit codes and
JSON shapes are promises: scripts rely on them.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .errors import SyncrulesError

if TYPE_CHECKING:
    from .connectors.base.world import Machine
    from .dsl.finding import Finding
    from .engine.plan.model import Plan
    from .engine.project import Project

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
FORMAT = click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for scripts.",
)


class Shell:
    """One command line and the terminal around it: data goes to stdout, all else to stderr."""

    def __init__(self) -> None:
        self.file: Path | None = None
        self.quiet = False
        self.plain = False

    @property
    def color(self) -> bool:
        """Whether stdout takes colours."""
        return self._takes_color(sys.stdout.isatty())

    def project(self, paths: Sequence[Path] = ()) -> Project:
        """The project that was named, or the nearest one; `paths` replace its rule files."""
        from .engine.project import Project

        found = Project.load(self.file) if self.file else Project.find(Path.cwd())
        return found.with_rules(paths)

    def folder(self) -> Path | None:
        """Where the project file lies, as far as that can be told without reading it."""
        from .engine.project import FILE

        if self.file:
            return self.file if self.file.is_dir() else self.file.parent
        here = Path.cwd()
        return next((one for one in (here, *here.parents) if (one / FILE).is_file()), None)

    def data(self, text: str) -> None:
        """What the command was asked for."""
        click.echo(text)

    def json(self, data: object) -> None:
        """The same for a script."""
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))

    def say(self, text: str) -> None:
        """What a person likes to read and a script can do without."""
        if not self.quiet:
            click.echo(text)

    def progress(self, text: str) -> None:
        """What is going on, for someone who waits."""
        if not self.quiet and sys.stderr.isatty():
            click.echo(text, err=True)

    def error(self, text: str, fix: str = "") -> None:
        """One clear error, and how to mend it."""
        color = self._takes_color(sys.stderr.isatty())
        for word, shade, line in (("error", "red", text), ("help", "cyan", fix)):
            if line:
                shown = click.style(word, fg=shade, bold=True) if color else word
                click.echo(f"{shown}: {line}", err=True, color=color)

    def _takes_color(self, terminal: bool) -> bool:
        wanted = not self.plain and not os.environ.get("NO_COLOR")
        return terminal and wanted and os.environ.get("TERM") != "dumb"


class Commands(click.Group):
    """A group that lists its commands in the order of a day's work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def command(
    group: click.Group, name: str, example: str, *, project: bool = True
) -> Callable[[Callable[..., int]], click.Command]:
    """Makes a function `(shell, ...) -> exit code` a command with the options that all have."""

    def make(function: Callable[..., int]) -> click.Command:
        def call(quiet: bool, no_color: bool, file: Path | None = None, **given: Any) -> int:
            shell = click.get_current_context().find_object(Shell) or Shell()
            shell.quiet, shell.plain, shell.file = quiet, no_color, file
            return function(shell, **given)

        options = [
            click.option("--quiet", is_flag=True, help="Only data and errors."),
            click.option("--no-color", is_flag=True, help="Plain text, as with NO_COLOR set."),
        ]
        if project:
            options.append(
                click.option(
                    "--project",
                    "file",
                    type=click.Path(path_type=Path),
                    metavar="FILE",
                    help="The project file; default: the nearest syncrules.toml upwards.",
                )
            )
        wrapped: Callable[..., Any] = update_wrapper(call, function)
        for option in options:
            wrapped = option(wrapped)
        epilog = "\b\nExample:\n" + "\n".join(f"  {line}" for line in example.splitlines())
        return group.command(name, epilog=epilog)(wrapped)

    return make


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="syncrules", message="%(prog)s %(version)s")
def cli() -> None:
    """CRM sync as code: rules that read like sentences, proved before a record moves.

    Write rules, `check` them, look at the `preview`, then `run`.
    """


@command(cli, "init", "syncrules init crm-sync && cd crm-sync", project=False)
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
def init(shell: Shell, *, folder: Path) -> int:
    """Start a new project.

    Writes a project file, a starter rule file, .gitignore, and a CI job that runs `check`; refuses
    to overwrite any.
    """
    from .engine.starter import start

    for name in start(folder):
        shell.say(f"wrote {folder / name}")
    shell.say("next: put the credentials where syncrules.toml points, then `syncrules schema pull`")
    return 0


@cli.group("schema", cls=Commands)
def schema() -> None:
    """What rules can name: objects, fields, choices."""


@command(schema, "pull", "syncrules schema pull\nsyncrules schema pull salesforce")
@click.argument("system", required=False)
def schema_pull(shell: Shell, *, system: str | None) -> int:
    """Refresh schema/SYSTEM.json from the systems.

    Keep these files under version control: `check` works from them, offline.
    """
    from .engine.schemas import pull

    project = shell.project()
    with _machine() as world:
        for name in [system] if system else project.systems:
            shell.progress(f"asking {name} what it has")
            pulled = pull(project, name, world)
            shell.say(pulled.text)
    return 0


@command(schema, "show", "syncrules schema show salesforce Lead")
@click.argument("system")
@click.argument("object", metavar="OBJECT")
@FORMAT
def schema_show(shell: Shell, *, system: str, object: str, shape: str) -> int:
    """The fields of an object, as stored."""
    from .engine.schemas import fields_json, fields_table, stored_object

    found = stored_object(shell.project(), system, object)
    if shape == "json":
        shell.json(fields_json(found))
    else:
        shell.data(fields_table(found))
    return 0


@command(schema, "diff", "syncrules schema diff salesforce")
@click.argument("system", required=False)
def schema_diff(shell: Shell, *, system: str | None) -> int:
    """What has changed since the last pull.

    Changes no file. Exit code 1 where something differs.
    """
    from .engine.schemas import look

    project = shell.project()
    code = 0
    with _machine() as world:
        for name in [system] if system else project.systems:
            shell.progress(f"asking {name} what it has")
            pulled = look(project, name, world)
            shell.data(pulled.text)
            if pulled.first or pulled.differences:
                code = 1
    return code


@command(cli, "check", "syncrules check\nsyncrules check rules/contacts.sync --format json")
@PATHS
@FORMAT
def check(shell: Shell, *, paths: tuple[Path, ...], shape: str) -> int:
    """Prove the rules before a record moves.

    Shows all findings of all rule files, or of PATHs instead. Works offline, from the stored
    schemas. Exit code 1 where a finding is an error or a warning.
    """
    from .dsl.finding import to_json, to_text

    project = shell.project(paths)
    findings = project.check().findings
    if shape == "json":
        shell.data(to_json(findings))
    else:
        if findings:
            shell.data(to_text(findings, project.sources(), color=shell.color))
        shell.say(_tally(findings, len(project.sources())))
    return int(any(one.severity != "info" for one in findings))


@command(cli, "explain", "syncrules explain unknown-field", project=False)
@click.argument("code")
def explain(shell: Shell, *, code: str) -> int:
    """The page of a finding or an error.

    What it means, why it matters, an example, and how to mend it.
    """
    from .engine.pages import page

    shell.data(page(code))
    return 0


@command(cli, "plan", "syncrules plan\nsyncrules plan --format json")
@PATHS
@FORMAT
def plan(shell: Shell, *, paths: tuple[Path, ...], shape: str) -> int:
    """What the rules compile to.

    Which reads, matches, decisions and writes there are, in which order, at which cost. It knows no
    records and asks no system.
    """
    from .engine.plan.explain import as_json, as_text

    plans = _plans(shell, shell.project(paths))
    if shape == "json":
        shell.json({"plans": [as_json(one) for one in plans]})
    else:
        shell.data("\n\n".join(as_text(one) for one in plans))
    return 0


@command(
    cli,
    "simulate",
    "syncrules simulate apollo --port 8701 --records 200\n"
    "syncrules simulate salesforce --format json",
    project=False,
)
@click.argument("system")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 (the default): any free.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same people.")
@click.option("--records", type=click.IntRange(0), default=1000, show_default=True, help="People.")
@click.option(
    "--describe",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of recorded object descriptions.",
)
@FORMAT
def simulate(
    shell: Shell,
    *,
    system: str,
    port: int,
    seed: int,
    records: int,
    describe: Path | None,
    shape: str,
) -> int:
    """Serve a made-up SYSTEM until it is stopped.

    It listens on this machine only, and has people, their accounts and what goes with them.
    Simulators of one seed share about a third of their people.
    """
    from .connectors.base.serve import SimulatorOptions
    from .engine.simulate import serve

    options = SimulatorOptions(seed=seed, records=records, describe=describe)
    serve(
        system,
        port,
        options,
        lambda found: shell.data(found.as_json() if shape == "json" else found.as_text()),
    )
    return 0


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code. Never a traceback."""
    shell = Shell()
    try:
        code = cli.main(args, prog_name="syncrules", standalone_mode=False, obj=shell)
        sys.stdout.flush()
        return int(code or 0)
    except (SystemExit, BrokenPipeError):
        # The reader of a pipe has gone (click ends such a command by itself).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (click.Abort, KeyboardInterrupt):
        shell.error("interrupted", "the next run goes on from there")
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        path = context.command_path if context else "syncrules"
        shell.error(error.format_message(), f"`{path} --help` shows how it is used")
        return 2
    except SyncrulesError as error:
        shell.error(str(error), error.fix)
        return error.exit_code
    except Exception as error:
        return _fault(shell, error)


def _plans(shell: Shell, project: Project) -> tuple[Plan, ...]:
    """The plans of a project; where a finding is an error, all of those are shown first."""
    from .dsl.finding import to_text

    errors = [one for one in project.check().findings if one.severity == "error"]
    if errors:
        click.echo(to_text(errors, project.sources(), color=shell.color), err=True)
    return project.plans()


def _tally(findings: Sequence[Finding], files: int) -> str:
    """`1 error and 2 warnings in 3 files`."""
    counts = Counter(one.severity for one in findings)
    parts = [
        f"{number} {word if number == 1 else plural}"
        for word, plural in (("error", "errors"), ("warning", "warnings"), ("info", "notes"))
        if (number := counts[word])
    ]
    where = "1 file" if files == 1 else f"{files} files"
    return f"{' and '.join(parts) or 'no findings'} in {where}"


@contextmanager
def _machine() -> Iterator[Machine]:
    """The real world, its connections closed afterwards."""
    from .connectors.base.world import Machine

    world = Machine()
    try:
        yield world
    finally:
        world.close()


def _fault(shell: Shell, error: Exception) -> int:
    """An unexpected error: one line for the person, everything else for the log file."""
    from .connectors.base.world import MachineClock, moment
    from .engine.faults import record, reference

    details = "".join(traceback.format_exception(error))
    log = record(details, moment(MachineClock().now()), shell.folder(), os.environ)
    shell.error(
        f"a fault of ours, reference {reference(details)}",
        f"details are in {log}: please report them" if log else "",
    )
    return SyncrulesError.exit_code


if __name__ == "__main__":
    sys.exit(main())
