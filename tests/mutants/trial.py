"""One seeded bug in a process of its own: planted as its modules are loaded, then histories.

The source in the repository is never touched. `python -m syncrules.tests.mutants.trial ID MOST`
plays histories from seed 0 on until one shows the bug, and prints what it saw as JSON.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FrameType, ModuleType

from syncrules.tests.mutants.bugs import ROOT, Bug, bugs, sources

PATIENCE = 120
"""Seconds after which a history counts as one that never ends."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How many histories were played, in how many seconds, and what the last one showed; "" where
    the bug survived them all."""

    histories: int
    seconds: float
    said: str

    @property
    def history(self) -> int:
        """The seed of the history that showed the bug."""
        return self.histories - 1


class _Loader(SourceFileLoader):
    """Loads a module from a text instead of its file, and keeps no bytecode of it."""

    def __init__(self, name: str, path: Path, text: str) -> None:
        super().__init__(name, str(path))
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.path, "exec")


class _Planted(MetaPathFinder):
    """Finds the modules of a bug, by their names, before anybody else does."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self._texts = {name_of(path): (path, text) for path, text in texts.items()}
        if early := self._texts.keys() & sys.modules.keys():
            raise RuntimeError(f"{min(early)} was loaded before the bug was planted")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._texts:
            return None
        file, text = self._texts[fullname]
        loader = _Loader(fullname, file, text)
        return spec_from_file_location(fullname, file, loader=loader)


def name_of(path: Path) -> str:
    """`syncrules.engine.run.look` for a path."""
    return ".".join(("syncrules", *path.relative_to(ROOT).with_suffix("").parts))


class _Endless(Exception):
    """A history that never ends."""


def _give_up(number: int, frame: FrameType | None) -> None:
    raise _Endless(f"a history was not over after {PATIENCE} seconds")


def trial(bug: Bug, most: int) -> Seen:
    """Plays histories with a bug until one shows it, at most so many."""
    sys.meta_path.insert(0, _Planted(sources(bug)))
    from syncrules.tests.simulation.history import play

    signal.signal(signal.SIGALRM, _give_up)
    began = time.perf_counter()
    for seed in range(most):
        signal.alarm(PATIENCE)
        try:
            found = [*play(seed).violations, ""][0]
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        signal.alarm(0)
        if found:
            return Seen(seed + 1, time.perf_counter() - began, found)
    return Seen(most, time.perf_counter() - began, "")


def main(id: str, most: str) -> int:
    [bug] = [one for one in bugs() if one.id == id]
    sys.stdout.write(json.dumps(asdict(trial(bug, int(most)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
