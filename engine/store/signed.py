"""Statements about whose login writes go under, beside those of `statements.py`."""

from __future__ import annotations

from sqlalchemy import bindparam, update
from sqlmodel import col

from . import tables
from .database import statement, table

put_login = statement(
    update(table(tables.Change))
    .where(
        col(tables.Change.org) == bindparam("org"),
        col(tables.Change.run) == bindparam("run"),
        col(tables.Change.number) == bindparam("one"),
    )
    .values(login=bindparam("new_login"))
)
"""A planned write goes under another login than was decided."""
