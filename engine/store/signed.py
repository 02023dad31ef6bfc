"""Statements about whose login writes go under, beside those of `statements.py`."""

from __future__ import annotations

from sqlalchemy import BindParameter, bindparam, select, update
from sqlmodel import col

from . import tables
from .database import among, statement, table

_org: BindParameter[str] = bindparam("org")

put_login = statement(
    update(table(tables.Change))
    .where(
        col(tables.Change.org) == _org,
        col(tables.Change.run) == bindparam("run"),
        col(tables.Change.number) == bindparam("one"),
    )
    .values(login=bindparam("new_login"))
)
"""A planned write goes under another login than was decided."""

lost = statement(
    select(col(tables.Error.cause)).where(
        col(tables.Error.org) == _org,
        col(tables.Error.code) == bindparam("code"),
        col(tables.Error.closed) == 0,
    )
)
"""Causes of the open entries about logins that have ended."""

close = statement(
    update(table(tables.Error))
    .where(col(tables.Error.org) == _org, among(col(tables.Error.cause), "causes"))
    .values(closed=bindparam("at"))
)
