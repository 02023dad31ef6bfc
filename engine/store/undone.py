"""Statements about what a run has done, for putting it back.

The rest of a run's statements are in `statements.py`; what may be put back is known to
`engine/run/undo.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, func, or_, select, tuple_

from . import tables
from .database import among, statement, table
from .statements import C, D, N, _change

_org: BindParameter[Any] = bindparam("org")
_run: BindParameter[Any] = bindparam("run")
_name: BindParameter[Any] = bindparam("name")
_done = (C.org == _org, C.run == _run, C.state == "done")

verb_of = statement(select(N.verb).where(N.org == _org, N.number == _run))

records_of_run = statement(
    select(C.flow, C.side, C.record)
    .distinct()
    .where(
        *_done,
        tuple_(C.flow, C.side, C.record)
        > tuple_(bindparam("after_flow"), bindparam("after_side"), bindparam("after")),
    )
    .order_by(C.flow, C.side, C.record)
    .limit(bindparam("most"))
)
"""What a run wrote to, or linked: each record once."""

named = statement(
    select(C.flow, C.side, C.record)
    .distinct()
    .where(
        *_done,
        or_(func.lower(C.key) == _name, C.record == _name, C.left == _name, C.right == _name),
    )
    .order_by(C.flow, C.side, C.record)
)
"""Those of one record and its partner, by key or by id."""

done_to = statement(
    select(*_change)
    .where(
        *_done,
        C.flow == bindparam("flow"),
        C.side == bindparam("side"),
        among(C.record, "ids"),
    )
    .order_by(C.number)
)
last_sent = statement(
    select(C.record, func.max(C.sent))
    .where(
        C.org == _org,
        C.system == bindparam("system"),
        C.object == bindparam("object"),
        C.state == "done",
        among(C.record, "ids"),
    )
    .group_by(C.record)
)
"""When we last wrote to records."""
planned_of_run = statement(
    select(*_change).where(
        C.org == _org,
        C.run == _run,
        C.state == "planned",
        C.flow == bindparam("flow"),
        C.action.in_(("update", "delete")),
    )
)
parted = statement(
    select(C.flow, C.left, C.right).where(*_done, C.action.in_(("unlink", "delete")))
)
drop_marks = statement(
    delete(table(tables.Dirty)).where(
        D.org == _org,
        D.flow == bindparam("flow"),
        D.side == bindparam("side"),
        D.id == bindparam("one"),
        D.cause.in_(("a related record changed", "a link was made", "read in full")),
    )
)
"""Marks that nobody's edit of the record has made."""
