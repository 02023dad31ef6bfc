"""Statements about a record's past: what was done to it, when, and which edits lost.

What is said of it is `engine/history.py` and `engine/lost.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, bindparam, func, literal_column, or_, select

from .database import among, statement
from .statements import C, K, N, R, _change

_org: BindParameter[Any] = bindparam("org")
_name: BindParameter[Any] = bindparam("name")

of_record = statement(
    select(*_change, C.code)
    .where(
        C.org == _org,
        or_(func.lower(C.key) == _name, C.record == _name, C.left == _name, C.right == _name),
    )
    .order_by(C.run, C.number)
)
"""All rows of the journal about a record, by its key or the id of either side."""
of_ids = statement(
    select(*_change, C.code)
    .where(C.org == _org, or_(among(C.record, "ids"), among(C.left, "ids"), among(C.right, "ids")))
    .order_by(C.run, C.number)
)
known_as = statement(select(K.id).distinct().where(K.org == _org, among(K.value, "values")))
"""The records that have one of these values in a match key, or refer to a record of that id."""
known_by_id = statement(select(R.id).where(R.org == _org, R.id == _name))
lost = statement(
    select(*_change, C.code)
    .where(C.org == _org, C.lost != literal_column("''"), C.state == "done")
    .order_by(C.run, C.number)
)
"""The rows in which an edit lost."""
put_back = statement(
    select(C.run, C.after)
    .join(N.number.table, (N.org == C.org) & (N.number == C.run))
    .where(
        C.org == _org,
        C.system == bindparam("system"),
        C.object == bindparam("object"),
        C.record == bindparam("record"),
        C.run > bindparam("run"),
        C.state == "done",
        C.action == "update",
        N.verb == "undo",
    )
    .order_by(C.run)
)
"""What later undos wrote to a record."""
started = statement(select(N.number, N.started).where(N.org == _org, among(N.number, "numbers")))
