"""Statements about one record that somebody asks about or pushes, and about the last run; see
`engine/why.py`, `engine/status.py` and `engine/run/by_hand.py`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Float, and_, bindparam, or_, select, update

from . import tables
from .database import among, statement, table
from .statements import C, D, L, N, _change

_org: BindParameter[Any] = bindparam("org")
_flow: BindParameter[Any] = bindparam("flow")

_of_pair = or_(
    and_(D.side == "left", D.id == bindparam("left")),
    and_(D.side == "right", D.id == bindparam("right")),
)
mark = statement(
    select(D.cause, D.rule, D.not_before).where(
        D.org == _org,
        D.flow == _flow,
        _of_pair,
    )
)
"""The marks of two records, "" for one that isn't there."""
link = statement(
    select(L.how, L.run).where(L.org == _org, L.flow == _flow, L.left == bindparam("left"))
)
_pushed = (D.org == _org, D.flow == _flow, D.side == "left", D.id == bindparam("left"))
named = statement(select(D.named).where(*_pushed))
"""The rule that a person has pushed a record by, "" for none."""
name = statement(update(table(tables.Dirty)).where(*_pushed).values(named=bindparam("rule")))
done = statement(
    select(*_change)
    .where(
        C.org == _org,
        C.flow == _flow,
        C.state == "done",
        or_(
            and_(C.left == bindparam("left"), C.left != ""),
            and_(C.right == bindparam("right"), C.right != ""),
        ),
    )
    .order_by(C.run, C.number)
)
"""What was done to two records, the oldest first."""
updates_since = statement(
    select(C.left, C.side, C.before, C.after)
    .where(
        C.org == _org,
        C.flow == _flow,
        among(C.left, "ids"),
        C.state == "done",
        C.action == "update",
        C.sent >= bindparam("since", type_=Float),
    )
    .order_by(C.run, C.number)
)
"""Updates of pairs, the oldest first."""
last_but_previews = statement(
    select(N.number, N.verb, N.started, N.ended, N.exit)
    .where(N.org == _org, N.verb != "preview")
    .order_by(N.number.desc())
    .limit(1)
)
"""The last run that was more than a look."""
last_of_all = statement(
    select(N.number, N.exit)
    .where(
        N.org == _org,
        N.ended > 0,
        or_(N.verb.in_(("run", "backfill")), and_(N.verb == "apply", N.exit.in_((0, 1)))),
    )
    .order_by(N.number.desc())
    .limit(1)
)
"""The last run that was about all that waits, and came to an end. An `apply` that ends otherwise
has refused its preview, and says nothing of the next run."""
