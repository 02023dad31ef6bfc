"""`python -m bench [--quick]`: measures everything and prints it as tables."""

from __future__ import annotations

import argparse
import os
import platform
import sys

from syncrules.tests import oracle
from syncrules.tests.both import Both

from . import deciding, journal, language, memory, requests, trials
from .table import lines


def main() -> int:
    """Prints each table as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small worlds, few passes")
    quick = parser.parse_args().quick
    _say([f"{os.cpu_count()} cores, Python {platform.python_version()}", ""])
    people, changes = (400, 40) if quick else (10_000, 1000)
    asked = requests.measure(people, changes)
    title = f"Requests, {people:,} people"
    _say(lines(title, requests.COLUMNS, [one.row() for one in asked]))
    both = Both(oracle.RULES)
    records, passes = (1000, 1) if quick else (20_000, 5)
    rates = journal.measure(both.plan, records, passes, postgres=not quick)
    schemas = {name: one.describe() for name, one in both.setup.connectors.items()}
    both.db.close()
    _say(lines("Journalled writes", journal.COLUMNS, [one.row() for one in rates]))
    pairs = 1000 if quick else 50_000
    decided = deciding.measure(pairs, passes)
    title = f"Decisions, {deciding.FIELDS} fields"
    _say(lines(title, journal.COLUMNS, [one.row() for one in decided]))
    tested = trials.measure(schemas, 100 if quick else 5000, passes)
    _say(lines("Test blocks", journal.COLUMNS, [one.row() for one in tested]))
    sizes = (100,) if quick else (10_000, 100_000)
    commands = memory.COMMANDS[:2] if quick else memory.COMMANDS
    peaks = [memory.measure(size, commands).row() for size in sizes]
    _say(lines("Peak memory", [" ".join(one) for one in commands], peaks))
    with language.bench() as on:
        starts = language.starts(on, 1 if quick else 15)
        _say(lines("Starts", language.COLUMNS, [one.row() for one in starts]))
        large = language.large(on, 200 if quick else 5000, 1 if quick else 5)
        _say(lines("Many rules", language.COLUMNS, [one.row() for one in large]))
        grown = language.growth(on, 100 if quick else 5000)
        _say(lines("Ten times as many", language.GROWTH, [one.row() for one in grown]))
    return 0


def _say(text: list[str]) -> None:
    sys.stdout.write("\n".join(text) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
