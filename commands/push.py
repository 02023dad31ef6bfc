"""`syncrules push`: sends one record by hand, past the condition of its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..terminal import Shell, command
from .shared import FORMAT, RULE, given, work

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from ..engine.open import Progress
    from ..engine.project import Project
    from ..engine.run.run import OnChange, Result


@command(
    "push",
    'syncrules push ada@example.com\nsyncrules push ada@example.com --rule "push contact as Lead"',
)
@click.argument("record", callback=given)
@RULE
@FORMAT
def push(shell: Shell, *, record: str, rule: str, shape: str) -> int:
    """Send one record by hand, past its rule's condition.

    RECORD is what people know it by, such as an address or a domain, or its id. It is matched, and
    what it refers to comes along, as in a run; no other record is touched. One that doesn't get
    through stays pushed, by the rule that was named, if any: `retry` sends it again, and so does a
    run once it has been edited.
    """
    from ..engine.verbs import push

    def verb(
        project: Project, world: World, on_change: OnChange, progress: Progress
    ) -> list[Result]:
        return push(project, world, record, rule, on_change, progress)

    return work(shell, (), shape, verb)
