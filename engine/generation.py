"""What this machine remembers of a state besides the state: the last run that it has made on it.

A small file in the state home of the user, for each state and each two systems one. A state that is
brought back from a backup doesn't know that run, and so is known to be an older copy; what follows
is told in `run/restored.py`. Where no file can be written nothing is remembered, and nothing said.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from urllib.parse import urlsplit

from .files import state_home
from .run.restored import Generation, Last, Nowhere

MOST = 2**31
"""There are fewer runs than that."""


class File:
    """The last run, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> Last | None:
        """The last run; None where none is known here."""
        try:
            told = json.loads(self._path.read_bytes())
            last = Last(int(told["run"]), float(told["started"]), bool(told["ended"]))
        except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
            return None
        return last if 0 < last.run < MOST and isfinite(last.started) else None

    def note(self, last: Last) -> None:
        """From now on this is the last run."""
        draft = self._path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(asdict(last)), encoding="utf-8")
            draft.replace(self._path)


def generation(url: str, org: str, environ: Mapping[str, str]) -> Generation:
    """What is remembered of the state at a URL, for two systems."""
    home = state_home(environ)
    if home is None or url in ("sqlite://", "sqlite:///", "sqlite:///:memory:"):
        return Nowhere()
    name = hashlib.sha256(f"{_place(url)} {org}".encode()).hexdigest()[:24]
    return File(home / "runs" / f"{name}.json")


def _place(url: str) -> str:
    """Where a state is, however a password is spelt or a path is written."""
    if url.startswith("sqlite:///"):
        return str(Path(url.removeprefix("sqlite:///")).resolve())
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}{parts.path}?{parts.query}"
