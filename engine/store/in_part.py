"""Statements about writes of which a part arrived, beside those of `statements.py`."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select, update

from . import tables
from .database import statement
from .statements import C, table

_this_run = (C.org == bindparam("org"), C.run == bindparam("run"))

sent = statement(select(C.state, C.sent).where(*_this_run, C.number == bindparam("one")))
last_number = statement(select(func.max(C.number)).where(*_this_run))
narrow = statement(
    update(table(tables.Change))
    .where(*_this_run, C.number == bindparam("one"))
    .values(
        before=bindparam("new_before"),
        after=bindparam("new_after"),
        agree=bindparam("new_agree"),
        lost=bindparam("new_lost"),
        reason=bindparam("new_reason"),
    )
)
"""A row of the journal is about some of its fields only."""
