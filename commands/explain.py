"""`syncrules explain`: the page of a code, which `engine/pages.py` finds."""

from __future__ import annotations

import click

from ..terminal import Shell, command


@command("explain", "syncrules explain unknown-field", project=False)
@click.argument("code")
def explain(shell: Shell, *, code: str) -> int:
    """The page of a finding or an error.

    What it means, why it matters, an example, and how to mend it.
    """
    from ..engine.pages import page

    shell.data(page(code))
    return 0
