"""`syncrules serve`: keeps the rules running; the schedule is `engine/schedule.py`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..terminal import Shell, command
from .shared import FORMAT, prove

if TYPE_CHECKING:
    from ..engine.schedule import Ran, Said


@command("serve", "syncrules serve\nsyncrules serve --format json >> sync.log")
@FORMAT
def serve(shell: Shell, *, shape: str) -> int:
    """Keep the rules running, each group at its `every`.

    Tells each run in one line. Rules that are edited meanwhile count once they pass `check`; until
    then the last good ones go on. A run that fails is tried again, soon and then less often.

    One at a time keeps a project running: a second one says who does, and ends with exit code 5.

    Ctrl-C or SIGTERM stops it, at the next record where a run is under way (then the exit code is
    130); a second one stops it at once.
    """
    from ..engine.daybook import as_json, line
    from ..engine.schedule import Schedule, Stop

    def tell(one: Ran | Said) -> None:
        shell.data(json.dumps(as_json(one), ensure_ascii=False) if shape == "json" else line(one))

    project = shell.project()
    with shell.world() as world:
        stop = Stop(world.clock)
        schedule = Schedule(project, world, stop, tell, lambda one: prove(shell, one))
        with shell.stopped_by(stop.ask):
            schedule.run()
    return 0
