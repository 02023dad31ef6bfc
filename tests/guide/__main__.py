"""`python -m tests.guide`: runs every test that carries a row of the guide, and prints the page."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from syncrules.tests.guide.page import Carried, exit_code, page, sections

TESTS = Path(__file__).parents[1]


def main() -> int:
    """0 where every row of the guide itself is shown, and each later one is shown or explained."""
    carried = Carried()
    options = ["--quiet", "--tb=short", "--no-header", "-p", "no:cacheprovider"]
    ended = pytest.main([str(TESTS), *options], plugins=[carried])
    found = sections()
    sys.stdout.write("\n" + page(found, carried.results()))
    return exit_code(found, carried.results()) or (0 if ended == 0 else 1)


if __name__ == "__main__":
    sys.exit(main())
