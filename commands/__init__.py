"""The commands, one module each: what is typed, one call into a room of the house, what is shown.

A module is imported when its command is typed; it imports click, and its room when it is called, so
that `--help` and `check` stay quick. Names, exit codes and JSON shapes are promises:
scripts rely on them. The terminal is `terminal.py`, what commands share is `shared.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from importlib import import_module

import click

from .. import __version__
from ..terminal import Commands, example, run_command_line

COMMANDS = {
    "init": "Start a new project.",
    "connect": "Sign in to SYSTEM.",
    "disconnect": "End a login of SYSTEM, there and here.",
    "logins": "Who is signed in, and which is the sync login.",
    "schema": "What rules can name: objects, fields, choices.",
    "fields": "All fields of two objects, and where they are mapped.",
    "check": "Prove the rules before a record moves.",
    "fmt": "Lay rule files out in the one style there is.",
    "explain": "The page of a finding or an error.",
    "test": "Carry out the `test` blocks of the rules.",
    "diff": "What a change of rules means.",
    "plan": "What the rules compile to.",
    "preview": "Every change that a run would make now.",
    "apply": "Make exactly the changes of a saved preview.",
    "run": "Bring over what changed since the last run.",
    "serve": "Keep the rules running, each group at its `every`.",
    "push": "Send one record by hand, past its rule's condition.",
    "backfill": "Bring over what was there before the rules.",
    "errors": "The error log: what waits for someone.",
    "retry": "Try again what an error holds back.",
    "approve": "Changes that wait for a person.",
    "status": "Runs, rules, what waits, open errors and calls.",
    "history": "Everything we ever did to a record.",
    "why": "Why a record is as it is, and what comes next.",
    "undo": "Put back what a run changed.",
    "known": "Whether people are in either system already.",
    "simulate": "Serve a made-up SYSTEM until it is stopped.",
    "demo": "The whole product on two simulated systems.",
}
"""All commands in the order of a day's work, and what `--help` says of them: the first sentence of
their own help. The module of that name holds one of that name."""


class _Found(MutableMapping[str, click.Command]):
    """The commands by name; each is imported when it is asked for."""

    def __init__(self, names: Iterable[str]) -> None:
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


class _Listed(Commands):
    """The commands as `COMMANDS` has them; none is imported to be listed."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Listed,
    commands=_Found(COMMANDS),
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
