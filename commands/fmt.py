"""`syncrules fmt`: rule files in the one layout there is; how it looks is `dsl/fmt.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..engine.files import count_files
from ..errors import UsageError
from ..terminal import Shell, command, here

_WOULD = {False: "changed", True: "would change"}


@command(
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
    from ..dsl.fmt import format
    from ..engine.rewrite import difference, read, replace, rule_files

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
        done_to = f"{changed} of {count_files(len(files))} {_WOULD[asks or diff]}"
        shell.say(done_to if changed else f"nothing to change in {count_files(len(files))}")
    return int(bool(refused) or (asks and bool(changed)))
