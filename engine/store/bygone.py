"""Statements about what nobody will ask for any more: what came to nothing, and is long ago.

The rest of a run's statements are in `statements.py`; how long ago, and how much of it goes at
once, is known to `engine/run/tidy.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Float, bindparam, delete, exists, func, select, tuple_, update

from . import tables
from .database import among, statement, table
from .held import WAITING, A
from .statements import OPEN, C, N, P
from .troubles import E

_org: BindParameter[Any] = bindparam("org")
_after: BindParameter[Any] = bindparam("after")
_upto: BindParameter[Any] = bindparam("upto")
_before: BindParameter[Any] = bindparam("before", type_=Float)
_most: BindParameter[Any] = bindparam("most")

last_before = statement(select(func.max(N.number)).where(N.org == _org, N.started < _before))
"""The last run that began before a moment."""

_came_to_nothing = (C.org == _org, C.run > _after, C.state.not_in(("done", *OPEN)))
undone = statement(
    select(C.run, C.number)
    .where(*_came_to_nothing, C.run <= _upto)
    .order_by(C.run, C.number)
    .limit(_most)
)
"""Changes that were never made, of runs after one up to another."""
drop_undone = statement(
    delete(table(tables.Change)).where(
        *_came_to_nothing,
        tuple_(C.run, C.number) <= tuple_(bindparam("last_run"), bindparam("last_number")),
    )
)
forget_planned = statement(
    delete(table(tables.Change)).where(
        C.org == _org, C.run == bindparam("run"), C.state == "planned"
    )
)
"""What a run has planned on the strength of what it doesn't believe any more."""
drop_runs = statement(
    delete(table(tables.Run)).where(
        N.org == _org,
        N.number <= _upto,
        ~exists().where(C.org == N.org, C.run == N.number),
    )
)
"""Runs of which the journal knows nothing."""
_over = (A.org == _org, A.state.not_in(WAITING), A.run <= _upto)
# Numbers are never given twice, and the next one is told by the last that is there.
asks_over = statement(
    select(A.id)
    .where(*_over, A.id < select(func.max(A.id)).scalar_subquery())
    .order_by(A.id)
    .limit(_most)
)
drop_asks = statement(delete(table(tables.Ask)).where(A.org == _org, among(A.id, "ids")))
closed = statement(
    select(E.id)
    .where(
        E.org == _org,
        E.closed > 0,
        E.closed < _before,
        E.id < select(func.max(E.id)).where(E.org == _org).scalar_subquery(),
    )
    .order_by(E.id)
    .limit(_most)
)
run_of = statement(select(N.started, N.ended).where(N.org == _org, N.number == bindparam("one")))
from_the_beginning = statement(
    update(table(tables.Cursor)).where(P.org == _org, P.purpose == "changes").values(cursor=None)
)
"""All feeds are read from there with the next look."""
drop_errors = statement(delete(table(tables.Error)).where(E.org == _org, among(E.id, "ids")))
