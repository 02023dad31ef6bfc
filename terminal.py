"""The terminal around a command line: what goes where, options all commands have, how errors look.

Knows click, stdout and stderr, and no command: those are in `commands/`. An unexpected error
becomes one line here, and its details go to a log file.
"""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

import click

from .errors import SyncrulesError, UsageError

if TYPE_CHECKING:
    from .connectors.base.world import Machine
    from .engine.project import Project
    from .engine.remembered import Found


LONGEST = 200
"""Characters of an argument that messages repeat whole."""


class Shell:
    """One command line and the terminal around it: data goes to stdout, all else to stderr. What
    was `typed` and is very long is cut where a message repeats it."""

    def __init__(self, typed: Sequence[str] = ()) -> None:
        values = {*typed, *(one.partition("=")[2] for one in typed if one.startswith("--"))}
        self._long = sorted((one for one in values if len(one) > LONGEST), key=len, reverse=True)
        self.file: Path | None = None
        self.quiet = False
        self.plain = False

    @property
    def color(self) -> bool:
        """Whether stdout takes colours."""
        return self._takes_color(sys.stdout)

    @property
    def asks(self) -> bool:
        """Whether somebody sits there who can be asked something."""
        return not self.quiet and _is_terminal(sys.stdin) and _is_terminal(sys.stdout)

    def project(self, paths: Sequence[Path] = ()) -> Project:
        """The project that was named, or the nearest one; `paths` replace its rule files."""
        from .engine.project import Project

        start = here()
        found = Project.load(start / self.file) if self.file else Project.find(start)
        return found.with_rules(start / path for path in paths)

    def found(self, paths: Sequence[Path] = ()) -> Found:
        """What `check` finds in that project, which may be known from the last time."""
        from .engine import remembered
        from .engine.files import FILE, project_file

        start = here()
        named = start / self.file if self.file else project_file(start)
        given = [str((start / path).absolute()) for path in paths]
        known = remembered.last(named / FILE if os.path.isdir(named) else named, given)
        return known or remembered.check(self.project(paths), given)

    def folder(self) -> Path | None:
        """Where the project file lies, as far as that can be told without reading it."""
        from .engine.files import FILE

        if self.file:
            return self.file if os.path.isdir(self.file) else self.file.parent
        try:
            here = Path.cwd()
            return next((one for one in (here, *here.parents) if os.path.isfile(one / FILE)), None)
        except OSError:
            return None

    @contextmanager
    def world(self) -> Iterator[Machine]:
        """The real world, its connections closed afterwards."""
        from .connectors.base.world import Machine

        world = Machine()
        try:
            yield world
        finally:
            world.close()

    @contextmanager
    def stopped_by(self, ask: Callable[[], None]) -> Iterator[None]:
        """Ctrl-C and a service manager's signal ask once, and interrupt the second time."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = [signal.getsignal(one) for one in signals]

        def heard(number: int, frame: FrameType | None) -> None:
            for one in signals:
                signal.signal(one, signal.default_int_handler)
            ask()

        try:
            for one in signals:
                signal.signal(one, heard)
            yield
        finally:
            for one, handler in zip(signals, before, strict=True):
                signal.signal(one, handler)

    def data(self, text: str) -> None:
        """What the command was asked for."""
        click.echo(printable(text))

    def findings(self, text: str) -> None:
        """Findings of rule files, in the colours that `color` allows."""
        click.echo(text)

    def json(self, data: object) -> None:
        """The same for a script."""
        click.echo(printable(json.dumps(data, indent=2, ensure_ascii=False)))

    def say(self, text: str) -> None:
        """What a person likes to read and a script can do without."""
        if not self.quiet:
            click.echo(printable(self.cut(text)))

    def note(self, text: str) -> None:
        """The same where stdout is for data alone."""
        if not self.quiet:
            click.echo(printable(self.cut(text)), err=True)

    def progress(self, text: str) -> None:
        """What is going on, for someone who waits."""
        if not self.quiet and _is_terminal(sys.stderr):
            click.echo(printable(text), err=True)

    def error(self, text: str, fix: str = "") -> None:
        """One clear error, and how to mend it."""
        color = self._takes_color(sys.stderr)
        for word, shade, line in (("error", "red", text), ("help", "cyan", fix)):
            if line:
                shown = click.style(word, fg=shade, bold=True) if color else word
                click.echo(f"{shown}: {printable(self.cut(line))}", err=True, color=color)

    def cut(self, text: str) -> str:
        """The text with the middle of each very long argument left out."""
        for one in self._long:
            for form in (one, repr(one)[1:-1]):
                text = text.replace(form, f"{form[:60]}...{form[-20:]}")
        return text

    def _takes_color(self, stream: TextIO | None) -> bool:
        wanted = not self.plain and not os.environ.get("NO_COLOR")
        return wanted and _is_terminal(stream) and os.environ.get("TERM") != "dumb"


_UNPRINTED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text with what would steer a terminal, or turn words round, as JSON escapes it: values
    of records are shown, not obeyed."""
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _is_terminal(stream: TextIO | None) -> bool:
    """A stream that was closed before we began is None."""
    return stream is not None and stream.isatty()


def here() -> Path:
    """The current folder; `UsageError` where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        raise UsageError("the current folder is gone", fix="go to one that exists") from None


class Commands(click.Group):
    """A group that lists its commands in the order of a day's work, not of the alphabet.

    `plain` is what is meant where the first word names none of them.
    """

    plain: click.Command | None = None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.plain is not None and args and args[0] not in self.commands:
            return "", self.plain, args
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


Function = Callable[..., int]


def command(
    name: str, lines: str, *, of: click.Group | None = None, project: bool = True
) -> Callable[[Function], click.Command]:
    """Makes a function `(shell, ...) -> exit code` a command with the options that all have.

    `lines` are what its help shows to type; `of`: the command it belongs to; `project`: it works in
    one.
    """

    def make(function: Function) -> click.Command:
        made = click.command(name, epilog=example(lines))(_with_options(function, project))
        if of is not None:
            of.add_command(made)
        return made

    return make


def group(name: str, lines: str) -> Callable[[Function], click.Group]:
    """The same for a command that has commands of its own, and is called before each of them."""

    def make(function: Function) -> click.Group:
        wrapped = _with_options(function, True)
        kind = click.group(name, cls=Commands, epilog=example(lines), invoke_without_command=True)
        return kind(wrapped)

    return make


def example(lines: str) -> str:
    """The end of a command's help: what to type."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines.splitlines())


def _with_options(function: Function, project: bool) -> Function:
    def call(quiet: bool, no_color: bool, file: Path | None = None, **given: Any) -> int:
        shell = click.get_current_context().find_object(Shell) or Shell()
        shell.quiet |= quiet
        shell.plain |= no_color
        shell.file = file or shell.file
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
    wrapped: Function = update_wrapper(call, function)
    for option in options:
        wrapped = option(wrapped)
    return wrapped


def run_command_line(group: click.Group, args: Sequence[str] | None) -> int:
    """Runs one command line and returns its exit code. Never a traceback."""
    shell = Shell(sys.argv[1:] if args is None else args)
    if threading.current_thread() is threading.main_thread():
        # A service manager's way to stop a run is Ctrl-C to us: stopped on a record boundary.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = group.main(args, prog_name="syncrules", standalone_mode=False, obj=shell)
        if sys.stdout is not None:
            sys.stdout.flush()
        return int(code or 0)
    except (SystemExit, BrokenPipeError):
        # The reader of a pipe has gone (click ends such a command by itself).
        _drop_output()
        return 0
    except (click.Abort, KeyboardInterrupt):
        shell.error("interrupted", "type it again: a run goes on from where it stopped")
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
        if isinstance(error, OSError) and error.errno in _OUTPUT and error.filename is None:
            _drop_output()
            shell.error(f"the output can't be written: {error.strerror}")
            return UsageError.exit_code
        return _fault(shell, error)


_OUTPUT = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF)
"""What writing to a full disk or a closed stream ends with; an error of a file names the file."""


def _drop_output() -> None:
    """What is still held back must not fail once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
