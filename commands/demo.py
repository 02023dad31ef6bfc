"""`syncrules demo`: the whole product on two simulated systems, told by `demo.py`."""

from __future__ import annotations

import click

from ..terminal import Shell, command


@command("demo", "syncrules demo", project=False)
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
    from ..demo import demo

    return demo(lambda text="": shell.data(text), records)
