"""The measurements can be taken and come out as tables; what they say is for people."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from syncrules.bench import memory

ROOT = Path(__file__).parents[1]


def test_the_quick_form_prints_every_table() -> None:
    """Requests over the fewest possible, journalled writes, decisions, memory and starts, and the
    machine by nothing but its cores and its Python."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert re.fullmatch(r"\d+ cores, Python [\d.]+", first)
    titles = ["Requests", "Journalled writes", "Decisions", "Test blocks", "Peak memory"]
    for title in (*titles, "Starts", "Many rules", "Ten times as many"):
        assert sum(line.startswith(title) for line in lines) == 1
    rows = {line.partition("  ")[0]: line.split()[-1:] for line in lines if line}
    for case in ("first sync", "40 changed", "nothing changed"):
        for what in ("Apollo reads", "Apollo writes", "Salesforce reads", "Salesforce writes"):
            assert f"{case}: {what}" in rows


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    """A first sync of ten times the people takes hardly more: pages and batches are in memory, what
    is known of records is in the state."""
    few, many = (memory.measure(people, memory.COMMANDS[:3]) for people in (250, 2500))
    for name, bytes in many.bytes.items():
        assert bytes - few.bytes[name] < 25e6, name
