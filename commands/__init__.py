"""The commands, one module each: what is typed, one call into a room of the house, what is shown.

A module is imported when its command is typed or listed; it imports click, and its room when it is
called, so that `--help` and `check` stay quick. Names, exit codes and JSON shapes are promises:
scripts rely on them. The terminal is `terminal.py`, what commands share is `shared.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from importlib import import_module

import click

from .. import __version__
from ..terminal import Commands, example, run_command_line

NAMES = (
    "init",
    "schema",
    "check",
    "fmt",
    "explain",
    "test",
    "diff",
    "plan",
    "preview",
    "run",
    "backfill",
    "errors",
    "retry",
    "approve",
    "status",
    "history",
    "simulate",
    "demo",
)
"""All commands in the order of a day's work. The module of that name holds one of that name."""


class _Found(MutableMapping[str, click.Command]):
    """The commands by name; each is imported when it is asked for."""

    def __init__(self, names: Sequence[str]) -> None:
        self._found: dict[str, click.Command | None] = dict.fromkeys(names)

    def __getitem__(self, name: str) -> click.Command:
        found = self._found[name]
        if found is None:
            found = self._found[name] = getattr(import_module(f".{name}", __name__), name)
        return found

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._found[name] = command

    def __delitem__(self, name: str) -> None:
        del self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, name: object) -> bool:
        return name in self._found


@click.group(
    cls=Commands,
    commands=_Found(NAMES),
    epilog=example("syncrules init crm-sync && cd crm-sync\nsyncrules check"),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """CRM sync as code: rules that read like sentences, proved before a record moves.

    Write rules, `check` them, look at the `preview`, then `run`.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code. Never a traceback."""
    return run_command_line(cli, args)
