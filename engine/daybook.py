"""What a schedule tells, one line for each run: for people, and as JSON for a log collector.

Knows what `schedule.py` hears of and nothing of how it comes about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..connectors.base.world import moment
from .report import OLDER, at_time, broken_off_text, counted, summary
from .schedule import Ran, Said, often


def line(one: Ran | Said) -> str:
    """`2026-01-05 09:15:00 UTC  run 17, every 15 minutes: 3 salesforce Lead created`."""
    return f"{at_time(moment(one.at))}  {_ran(one) if isinstance(one, Ran) else _said(one)}"


def as_json(one: Ran | Said) -> Mapping[str, Any]:
    """The same for programs; `exit` is the exit code that `run` would have had."""
    if isinstance(one, Said):
        return {"at": moment(one.at), "event": "schedule", "message": one.text, "fix": one.fix}
    about = {
        "at": moment(one.at),
        "event": "run",
        "systems": [one.plan.left, one.plan.right],
        "every": list(one.every),
    }
    if one.result is not None:
        return {**about, "exit": one.result.exit_code, **summary(one.result)}
    assert one.error is not None
    return {
        **about,
        "event": "failed",
        "exit": one.error.exit_code,
        "message": str(one.error),
        "fix": one.error.fix,
        "again": moment(one.again),
    }


def _said(one: Said) -> str:
    return f"{one.text}; {one.fix}" if one.fix else one.text


def _ran(one: Ran) -> str:
    groups = often(one.every)
    if one.result is None:
        fix = f"; {one.error.fix}" if one.error and one.error.fix else ""
        again = at_time(moment(one.again))
        return f"no run, {groups}: {one.error}{fix}; tried again at {again}"
    parts = [f"{count:,} {what}" for count, what in counted(one.result)]
    said = ", ".join(parts) or "nothing to do"
    if one.result.restored:
        said = f"{OLDER.removeprefix('! ')}; {said}"
    for each in one.result.finished:
        rest = ", ".join(f"{count:,} {what}" for count, what in counted(each)) or "nothing is left"
        said += f"; run {each.run} went on with the undo of run {each.undone}: {rest}"
    for broken in one.result.broken_off:
        said += f"; {broken_off_text(broken.run, broken.part.command)}"
    errors = one.result.errors
    if errors:
        said += f"; {errors:,} {'error is' if errors == 1 else 'errors are'} open"
    if one.result.asks:
        waits = "change waits" if one.result.asks == 1 else "changes wait"
        said += f"; {one.result.asks:,} {waits} for a person"
    return f"run {one.result.run}, {groups}: {said}"
