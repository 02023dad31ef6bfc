"""Running the command line in tests: in this process, or in a fresh interpreter.

The connector of `third/` is there in both. Nothing here knows what a command does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from syncrules.cli import main

THIRD = Path(__file__).parent / "third"
WAREHOUSE_KEY = "SimulatedSecret-warehouse"

# A shell that runs tests in the background has SIGINT ignored, and its children inherit that.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from syncrules.cli import main
sys.exit(main())
"""


@contextmanager
def third_system() -> Iterator[None]:
    """The third connector is installed meanwhile, as far as entry points can tell."""
    sys.path.insert(0, str(THIRD))
    try:
        yield
    finally:
        sys.path.remove(str(THIRD))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command line ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def call(capsys: pytest.CaptureFixture[str], *args: object) -> Ended:
    """Runs a command line in this process."""
    capsys.readouterr()
    code = main([str(one) for one in args])
    shown = capsys.readouterr()
    return Ended(code, shown.out, shown.err)


def spawn(
    folder: Path, *args: object, env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Starts a command line in a fresh interpreter, in `folder`; the third connector is there."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *(str(one) for one in args)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(THIRD), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def fresh(folder: Path, *args: object, env: Mapping[str, str] | None = None) -> Ended:
    """Runs a command line in a fresh interpreter to its end."""
    process = spawn(folder, *args, env=env)
    out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err)
