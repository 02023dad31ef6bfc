"""Statements about times that a clock has set down which was ahead.

What is done about them is known to `engine/run/same.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Float, bindparam, update

from . import tables
from .database import statement, table
from .statements import C, P

_org: BindParameter[Any] = bindparam("org")
_now: BindParameter[Any] = bindparam("now", type_=Float)

read = statement(update(table(tables.Cursor)).where(P.org == _org, P.at > _now).values(at=_now))
sent = statement(
    update(table(tables.Change))
    .where(C.org == _org, C.state.in_(("sent", "doubt")), C.sent > _now)
    .values(sent=bindparam("before", type_=Float))
)
"""Writes of whose outcome nobody knows."""
