"""The most memory that a first sync takes, with the two systems in processes of their own.

Each command runs as people run it, in a fresh process that tells its peak resident set at its end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from syncrules.tests import oracle
from syncrules.tests.kills import PROJECT, STATE

_PROGRAM = "import sys; from syncrules.cli import main; sys.exit(main())"
# What a process has inherited from its parent before `exec` counts in `getrusage`, and not here.
_MEASURED = """
import sys
from pathlib import Path
from syncrules.cli import main
code = main()
status = Path("/proc/self/status").read_text().splitlines()
[peak] = [line.split()[1] for line in status if line.startswith("VmHWM:")]
sys.stderr.write(f"\\n{peak}\\n")
sys.exit(code)
"""
COMMANDS = (
    ("schema", "pull"),
    ("backfill", "pull", "Account"),
    ("backfill", "push", "contact"),
    ("backfill", "pull", "Contact"),
    ("run",),
)


@dataclass(frozen=True, slots=True)
class Peak:
    """Bytes of each command at its highest, for so many people in Apollo."""

    people: int
    bytes: dict[str, int]

    def row(self) -> tuple[object, ...]:
        megabytes = [f"{one / 1e6:.0f} MB" for one in self.bytes.values()]
        return (f"{self.people:,} people", *megabytes)


def measure(people: int, commands: Sequence[Sequence[str]]) -> Peak:
    """Some `commands` of a first sync of `people`, with three quarters of them in Salesforce."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _simulated("apollo", people) as apollo,
        _simulated("salesforce", people * 3 // 4) as salesforce,
    ):
        place = Path(folder)
        (place / "rules").mkdir()
        (place / "rules" / "people.sync").write_text(oracle.RULES, encoding="utf-8")
        text = PROJECT.replace("2 seconds", "60 seconds")
        (place / "syncrules.toml").write_text(
            text.format(
                apollo=apollo["url"],
                salesforce=salesforce["url"],
                client_id=salesforce["client_id"],
            ),
            encoding="utf-8",
        )
        env = {
            **os.environ,
            "APOLLO_KEY": apollo["key"],
            "CLIENT_SECRET": salesforce["client_secret"],
            "STATE_URL": STATE,
        }
        return Peak(people, {" ".join(one): _peak(one, place, env) for one in commands})


@contextmanager
def _simulated(system: str, people: int) -> Iterator[dict[str, str]]:
    command = ("simulate", system, "--records", str(people), "--format", "json")
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *command], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _peak(command: Sequence[str], folder: Path, env: dict[str, str]) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command],
        cwd=folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return int(done.stderr.split()[-1]) * 1024
