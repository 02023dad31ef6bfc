"""Prints the fault table: `python -m tests.faults`."""

from __future__ import annotations

import sys

from syncrules.tests.faults.table import rendered

sys.stdout.write(rendered() + "\n")
