"""`syncrules plan`: what the rules compile to, as `engine/plan/explain.py` tells it."""

from __future__ import annotations

from pathlib import Path

from ..terminal import Shell, command
from .shared import FORMAT, NO_RULES, PATHS, prove


@command("plan", "syncrules plan\nsyncrules plan --format json")
@PATHS
@FORMAT
def plan(shell: Shell, *, paths: tuple[Path, ...], shape: str) -> int:
    """What the rules compile to.

    Which reads, matches, decisions and writes there are, in which order, at which cost. It knows no
    records and asks no system.
    """
    from ..engine.plan.explain import as_json, as_text

    project = shell.project(paths)
    prove(shell, project)
    plans, schemas = project.plans(), project.schemas()
    if shape == "json":
        shell.json({"plans": [as_json(one, schemas) for one in plans]})
    else:
        shell.data("\n".join(as_text(one, schemas) for one in plans).rstrip() or NO_RULES)
    return 0
