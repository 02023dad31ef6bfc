"""Statements that read a whole table, record by record: for who counts, and where rules are new.

They page by the key, so that a state that doesn't fit in memory can be gone through while others
write. Statements of a run are in `statements.py`; what the bodies mean is known to `engine/run`.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select

from . import tables
from .database import statement, table

_R = table(tables.Record).columns
_L = table(tables.Link).columns
_of_object = (
    _R.org == bindparam("org"),
    _R.system == bindparam("system"),
    _R.object == bindparam("object"),
)

records_after = statement(
    select(_R.id, _R.layout, _R.body)
    .where(*_of_object, _R.life == "here", _R.id > bindparam("after"))
    .order_by(_R.id)
    .limit(bindparam("most"))
)
links_of = statement(
    select(_L.flow, _L.left, _L.right).where(_L.org == bindparam("org"), _L.ended == "")
)
links_after = statement(
    select(_L.left, _L.right, _L.base_left, _L.base_right, _L.ended)
    .where(
        _L.org == bindparam("org"),
        _L.flow == bindparam("flow"),
        _L.ended == "",
        _L.left > bindparam("after"),
    )
    .order_by(_L.left)
    .limit(bindparam("most"))
)
