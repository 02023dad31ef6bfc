"""Step 3, guard: what is planned is counted before the first write, and brakes may stop the run.

A brake that trips writes nothing; its sentence says what was about to happen and how to go on when
that was meant. Knows the journal's counts, not its rows.
"""

from __future__ import annotations

from ...errors import Braked
from ..store import statements as sql
from .session import Session

MOST = 1000
"""Changes to linked records of one object that no brake looks at."""
SHARE = 0.5
"""Share of an object's linked records that one run may change without being asked to."""


def guard(session: Session, *, asked_for: bool) -> None:
    """Raises `Braked`. `asked_for`: a person asked for this mass of changes (a backfill)."""
    if asked_for:
        return
    for flow, _, system, object, action, count in planned(session):
        if action != "update" or count <= MOST:
            continue
        linked = session.db.row(sql.count_links, org=session.org, flow=flow) or (0,)
        if count > SHARE * linked[0]:
            raise Braked(
                f"{count:,} of {linked[0]:,} linked {object} records in {system} would change",
                why="more than half of them at once is rarely meant; nothing was written",
                fix="look at `syncrules preview`; `syncrules backfill` makes changes of this size",
            )


def planned(session: Session) -> list[tuple[str, str, str, str, str, int]]:
    """Counts of planned rows: flow, side, system, object, action, number."""
    rows = session.db.rows(sql.planned_kinds, org=session.org, run=session.run)
    return [(one[0], one[1], one[2], one[3], one[4], one[5]) for one in rows]
