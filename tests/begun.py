"""Commands that begin at once: processes forked from one that has the product loaded already.

Loading it is most of what a short command costs. What is forked is a process like any other, with a
number of its own, that can be killed, frozen and waited for. What it prints goes to files. Windows
has no such thing; what `tests/cli.py` starts runs anywhere.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from syncrules import commands, connectors, dsl, engine

OURS = tuple(
    one.name
    for room in (commands, connectors, dsl, engine)
    for one in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    if ".simulator" not in one.name
)
THEIRS = ("h11", "httpcore._backends.sync", "httpx", "jinja2.meta", "jinja2.sandbox", "psycopg")

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["__main__", __name__, *THEIRS, *OURS])


class Begun:
    """A command line in a process of its own, as far as `subprocess.Popen` is asked here."""

    def __init__(self, folder: Path, *args: object, env: Mapping[str, str]) -> None:
        self._files = TemporaryDirectory()
        self._said = [Path(self._files.name) / name for name in ("out", "err")]
        given = (folder, [str(one) for one in args], {**os.environ, **env}, self._said)
        self._process = _forks.Process(target=_carry_out, args=given)
        self._process.start()

    @property
    def pid(self) -> int:
        found = self._process.pid
        assert found is not None
        return found

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        """How it ended; None while it lives."""
        return self.returncode

    def send_signal(self, signal: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it has printed until its end. Raises `subprocess.TimeoutExpired` before that."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("syncrules", timeout or 0.0)
        out, err = (one.read_text(encoding="utf-8") for one in self._said)
        return out, err


def _carry_out(folder: Path, args: list[str], env: Mapping[str, str], said: list[Path]) -> None:
    """The whole life of the new process."""
    for number, path in enumerate(said, start=1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from syncrules.cli import main

    sys.exit(main(args))
