"""What the logic proves about conditions, held against a solver that shares no line with it."""

from __future__ import annotations

import pytest

pytest.importorskip("z3", reason="the solver comes with the extra `soak`")


def test_verdicts_are_those_of_a_solver() -> None:
    """Satisfiable, always, idle parts, clashes, overlaps, arms; each record satisfies."""
    from . import smt_soak

    assert smt_soak.differences(0, 150) == []
