"""Unexpected errors: where their details are kept, so that nobody is shown a traceback.

Knows the log file and nothing of what went wrong. How it is told to a person is `terminal.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from .files import state_home

LOG = Path(".syncrules") / "syncrules.log"


def reference(details: str) -> str:
    """A short name for a fault; the same fault at the same place has the same one."""
    return hashlib.sha256(details.encode(errors="replace")).hexdigest()[:8]


def record(details: str, when: str, folder: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Appends `details` to the log of a project, or of this user where there is no project.

    The path it went to; None where neither can be written.
    """
    for path in (folder / LOG if folder else None, _home(environ)):
        if path is None:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8", errors="replace") as log:
                log.write(f"{when} {reference(details)}\n{details}\n")
        except OSError:
            continue
        return path
    return None


def _home(environ: Mapping[str, str]) -> Path | None:
    """The log of the user."""
    home = state_home(environ)
    return home / LOG.name if home else None
