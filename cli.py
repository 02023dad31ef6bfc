"""The command line: every command is one call into a room of the house, and what it prints.

Knows arguments and exit codes; the terminal is in `terminal.py`. Imports only click; each command
imports its room when it is called, so that `--help` and `check` stay quick. Names, exit codes and
JSON shapes are promises: scripts rely on them.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from .errors import UsageError
from .terminal import Commands, Shell, command, example, group, here, run_command_line

if TYPE_CHECKING:
    from .connectors.base.world import World
    from .dsl import Finding
    from .engine.open import Progress
    from .engine.project import Project
    from .engine.run.journal import Entry
    from .engine.run.run import OnChange, Result

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


@click.group(
    cls=Commands,
    epilog=example("syncrules init crm-sync && cd crm-sync\nsyncrules check"),
    context_settings={"help_option_names": ["-h", "--help"]},
)
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


@cli.group("schema", cls=Commands, epilog=example("syncrules schema pull"))
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
    with shell.world() as world:
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
    with shell.world() as world:
        for name in [system] if system else project.systems:
            shell.progress(f"asking {name} what it has")
            pulled = look(project, name, world)
            shell.data(pulled.text)
            if pulled.first or pulled.differences:
                code = 1
    return code


@command(cli, "check", "syncrules check\nsyncrules check rules/contacts.sync --format json")
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
    from .dsl import to_json, to_text
    from .dsl.printers import to_github, to_sarif

    project = shell.project(paths)
    if fix:
        from .engine.rewrite import mend

        for edit in mend(project):
            shell.note(edit)
        project = shell.project(paths)
    findings, sources = project.check().findings, project.sources()
    if shape == "json":
        shell.data(to_json(findings))
    elif shape == "sarif":
        from importlib.metadata import version

        shell.data(to_sarif(findings, folder=project.in_repository, version=version("syncrules")))
    elif findings:
        shown = to_text(findings, sources, color=shell.color)
        shell.data(
            to_github(findings, folder=project.in_repository) if shape == "github" else shown
        )
    if shape == "text":
        shell.say(_tally(findings, len(sources)))
    return int(any(one.severity != "info" for one in findings))


@command(
    cli,
    "fmt",
    "syncrules fmt\nsyncrules fmt --check rules\nsyncrules fmt - < draft.sync",
    project=False,
)
@click.argument(
    "paths",
    nargs=-1,
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="[PATH]...",
)
@click.option("--check", "asks", is_flag=True, help="Write nothing; exit code 1 for a change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def fmt(shell: Shell, *, paths: tuple[Path, ...], asks: bool, diff: bool) -> int:
    """Lay rule files out in the one style there is.

    Takes PATHs, else the rules of the project, else all .sync files here and below; `-` reads from
    stdin and writes to stdout. Comments stay where they are, and so does all that can't be read.
    """
    from .dsl.fmt import format
    from .engine.rewrite import difference, read, replace, rule_files

    piped = Path("-") in paths
    if piped and len(paths) > 1:
        raise click.UsageError("`-` reads from stdin and stands alone")
    if piped and not hasattr(sys.stdin, "buffer"):
        raise UsageError("there is nothing to read: stdin is closed")
    files = list(paths) if piped else rule_files(paths, here())
    changed = refused = 0
    for path in files:
        raw = click.open_file("-", "rb").read() if piped else read(here() / path)
        done = format(raw)
        changed, refused = changed + done.changed, refused + bool(done.refused)
        for line in done.kept:
            shell.note(f"{path}:{line}: this can't be read and stays; `syncrules check` says why")
        if done.refused:
            shell.error(f"{path} stays as it is: {done.refused}")
        if diff and done.changed:
            shell.data(difference(str(path), raw, done.text).removesuffix("\n"))
        elif asks and done.changed:
            shell.data(f"would change {path}")
        elif piped and not (asks or diff):
            click.echo(raw if done.refused else done.text.encode(), nl=False)
        elif done.changed:
            replace(here() / path, raw, done.text.encode())
            shell.say(f"laid out {path}")
    if not piped:
        done_to = f"{changed} of {_files(len(files))} {_WOULD[asks or diff]}"
        shell.say(done_to if changed else f"nothing to change in {_files(len(files))}")
    return int(bool(refused) or (asks and bool(changed)))


_WOULD = {False: "changed", True: "would change"}


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

    project = shell.project(paths)
    _prove(shell, project)
    plans, schemas = project.plans(), project.schemas()
    if shape == "json":
        shell.json({"plans": [as_json(one, schemas) for one in plans]})
    else:
        shell.data("\n".join(as_text(one, schemas) for one in plans).rstrip() or NO_RULES)
    return 0


@command(cli, "preview", "syncrules preview\nsyncrules preview --format json")
@PATHS
@FORMAT
def preview(shell: Shell, *, paths: tuple[Path, ...], shape: str) -> int:
    """Every change that a run would make now.

    Field by field, with the rule and the reason. Reads both systems and writes to neither.
    """
    from .engine.verbs import preview

    return _work(shell, paths, shape, preview, most=None)


@command(cli, "run", "syncrules run\nsyncrules run --dry-run")
@PATHS
@click.option("--dry-run", is_flag=True, help="Only show what would change: `preview`.")
@FORMAT
def run(shell: Shell, *, paths: tuple[Path, ...], dry_run: bool, shape: str) -> int:
    """Bring over what changed since the last run.

    Exit code 1 where errors are open afterwards, 3 where a brake tripped before the first write.
    """
    from .engine.verbs import preview, run

    if dry_run:
        return _work(shell, paths, shape, preview, most=None)
    return _work(shell, paths, shape, run)


@command(cli, "backfill", "syncrules backfill push contact\nsyncrules backfill pull Account")
@click.argument("direction", type=click.Choice(["push", "pull"]), metavar="push|pull")
@click.argument("object", metavar="OBJECT")
@FORMAT
def backfill(shell: Shell, *, direction: Literal["push", "pull"], object: str, shape: str) -> int:
    """Bring over what was there before the rules.

    OBJECT is the one that is read. A backfill that was interrupted goes on when it is called again,
    and one that is done changes nothing.
    """
    from .engine.verbs import backfill

    def verb(
        project: Project, world: World, on_change: OnChange, progress: Progress
    ) -> list[Result]:
        return backfill(project, world, direction, object, on_change, progress)

    return _work(shell, (), shape, verb)


@group(cli, "errors", "syncrules errors\nsyncrules errors show 17")
@FORMAT
def errors(shell: Shell, *, shape: str) -> int:
    """The error log: what waits for someone.

    Each entry says what was tried, by which rule, what went wrong and what to do.
    """
    if click.get_current_context().invoked_subcommand:
        return 0
    from .engine.report import errors_json, errors_text
    from .engine.verbs import errors

    project = shell.project()
    with shell.world() as world:
        entries = errors(project, world)
    if shape == "json":
        shell.json(errors_json(entries))
    else:
        shell.data(errors_text(entries))
    return 0


@command(errors, "show", "syncrules errors show 17")
@click.argument("number", type=int, metavar="ID")
@FORMAT
def errors_show(shell: Shell, *, number: int, shape: str) -> int:
    """One entry of the error log."""
    from .engine.report import error_json, error_text
    from .engine.verbs import errors

    project = shell.project()
    with shell.world() as world:
        found = [one for one in errors(project, world) if one.id == number]
    if not found:
        raise UsageError(f"there is no open error {number}", fix="`syncrules errors` lists them")
    if shape == "json":
        shell.json(error_json(found[0]))
    else:
        shell.data(error_text(found[0]))
    return 0


@command(cli, "retry", "syncrules retry 17\nsyncrules retry --all")
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All open errors.")
@FORMAT
def retry(shell: Shell, *, ids: tuple[int, ...], everything: bool, shape: str) -> int:
    """Try again what an error holds back.

    The records are decided again from their present values: nothing old is sent.
    """
    from .engine.verbs import retry

    if everything == bool(ids):
        raise click.UsageError("name the errors to retry, or say --all")

    def verb(
        project: Project, world: World, on_change: OnChange, progress: Progress
    ) -> list[Result]:
        return retry(project, world, None if everything else ids, on_change, progress)

    return _work(shell, (), shape, verb)


@command(cli, "status", "syncrules status\nsyncrules status --format json")
@FORMAT
def status(shell: Shell, *, shape: str) -> int:
    """Runs, rules, what waits, open errors and calls.

    Works from the state and asks no system.
    """
    from .engine.report import status_text
    from .engine.verbs import status

    project = shell.project()
    with shell.world() as world:
        data = status(project, world)
    if shape == "json":
        shell.json(data)
    else:
        shell.data(status_text(data))
    return 0


@command(cli, "history", "syncrules history ada@example.com")
@click.argument("record")
@FORMAT
def history(shell: Shell, *, record: str, shape: str) -> int:
    """Everything we ever did to a record.

    RECORD is what people know it by, such as an address or a domain, or its id in either system.
    """
    from .engine.report import change_json, history_text
    from .engine.verbs import history

    project = shell.project()
    with shell.world() as world:
        entries = history(project, world, record)
    if shape == "json":
        shell.json({"changes": [{"run": one.run, **change_json(one)} for one in entries]})
    elif entries:
        shell.data(history_text(entries))
    else:
        shell.say(f"nothing was ever done to {record}")
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


@command(cli, "demo", "syncrules demo", project=False)
@click.option(
    "--records",
    type=click.IntRange(50),
    default=2000,
    show_default=True,
    help="Contacts in Apollo.",
)
def demo(shell: Shell, *, records: int) -> int:
    """The whole product on two simulated systems.

    No account, no server, under a minute. Shows each command and what it says, kills a run, and
    ends with a comparison of both sides. Exit code 1 where that finds a difference.
    """
    from .demo import demo

    return demo(lambda text="": shell.data(text), records)


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code. Never a traceback."""
    return run_command_line(cli, args)


def _prove(shell: Shell, project: Project) -> None:
    """Shows all findings that are errors; what is called next refuses to start on them."""
    from .dsl import to_text

    errors = [one for one in project.check().findings if one.severity == "error"]
    if errors:
        click.echo(to_text(errors, project.sources(), color=shell.color), err=True)


NO_RULES = "the rule files have no rules yet"

SHOWN = 10
"""Changes that a run tells one by one; `preview` tells all, and so does JSON."""


def _work(
    shell: Shell, paths: tuple[Path, ...], shape: str, verb: Verb, *, most: int | None = SHOWN
) -> int:
    """Carries out a verb that makes changes, and tells of changes and of the whole. JSON is
    written change by change: a first sync has more of them than fit in memory."""
    from .engine.report import change_json, change_text, result_text, summary

    project = shell.project(paths)
    _prove(shell, project)
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


def _tally(findings: Sequence[Finding], files: int) -> str:
    """`1 error and 2 warnings in 3 files`."""
    counts = Counter(one.severity for one in findings)
    words = {
        "errors": counts["error"],
        "warnings": counts["warning"],
        "notes": counts["info"],
    }
    parts = [f"{n} {word if n > 1 else word[:-1]}" for word, n in words.items() if n]
    return f"{' and '.join(parts) or 'no findings'} in {_files(files)}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


if __name__ == "__main__":
    sys.exit(main())
