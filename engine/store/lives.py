"""Statements about links that go on elsewhere or end, and records that are looked for.

The rest of a run's statements are in `statements.py`; when a link moves is known to
`engine/run/follow.py`, when a record is missed to `engine/run/sweep.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    Float,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from . import tables
from .database import among, statement, table, upsert
from .statements import C, D, K, L, N, R

_org: BindParameter[Any] = bindparam("org")
_flow: BindParameter[Any] = bindparam("flow")
_system: BindParameter[Any] = bindparam("system")
_object: BindParameter[Any] = bindparam("object")
_since: BindParameter[Any] = bindparam("since")

V = table(tables.Life).columns

put = upsert(tables.Life, ("org", "system", "object", "id", "run", "life"), ("into", "at"))
of_records = statement(
    select(V.run, V.at, V.system, V.object, V.id, V.life, V.into)
    .where(V.org == _org, among(V.id, "ids"))
    .order_by(V.at, V.run, V.system, V.object, V.id, V.life)
)
"""What became of records, the oldest first."""
gone_since = statement(
    select(V.id).where(
        V.org == _org,
        V.system == _system,
        V.object == _object,
        among(V.id, "ids"),
        V.life == "deleted",
        V.at >= bindparam("since", type_=Float),
    )
)
"""Those of some records that were found to be deleted not long ago."""
drop_link = statement(
    delete(table(tables.Link)).where(L.org == _org, L.flow == _flow, L.left == bindparam("one"))
)
drop_ended = statement(
    delete(table(tables.Link)).where(
        L.org == _org,
        L.flow == _flow,
        L.ended != "",
        or_(L.left == bindparam("one_left"), L.right == bindparam("one_right")),
    )
)
"""Ended links of either of two records that are linked anew."""
due_sides = statement(
    select(D.flow, D.side)
    .distinct()
    .where(D.org == _org, D.not_before <= bindparam("now", type_=Float))
)
"""Of which flows, and on which sides of them, anything is marked."""
linked_since = statement(
    select(L.left, L.right).where(L.org == _org, L.flow == _flow, L.run >= bindparam("run"))
)
"""What was linked in some run, or later."""
_began = table(tables.Run).alias()
run_before = statement(
    select(func.max(N.number)).where(
        N.org == _org,
        N.started
        <= select(_began.c.started - bindparam("seconds", type_=Float))
        .where(_began.c.org == _org, _began.c.number == bindparam("run"))
        .scalar_subquery(),
    )
)
"""The run that was the newest so many seconds before another began."""
due_elsewhere = statement(
    select(D.id)
    .join(table(tables.Record), and_(R.org == D.org, R.id == D.id))
    .where(
        D.org == _org,
        D.flow == _flow,
        D.side == bindparam("side"),
        D.not_before <= bindparam("now", type_=Float),
        R.system == _system,
        R.object == _object,
        among(R.life, "lives"),
    )
    .order_by(D.id)
)
"""Marked records that have one of `lives`."""
_its_link = and_(L.org == R.org, case((bindparam("side") == "left", L.left), else_=L.right) == R.id)
_linked_of_object = (
    R.org == _org,
    R.system == _system,
    R.object == _object,
    L.flow == _flow,
    L.ended == "",
)
linked_here = statement(
    select(R.id)
    .join(
        table(tables.Link),
        _its_link,
    )
    .where(*_linked_of_object, R.life == "here")
    .order_by(R.id)
)
"""Records of one side of a flow that are there and have a link."""
linked_gone = statement(
    select(R.id)
    .join(
        table(tables.Link),
        _its_link,
    )
    .where(*_linked_of_object, R.life.in_(("deleted", "merged")))
    .order_by(R.id)
)
"""Records of one side of a flow that are deleted or merged away, and have a link still."""
referring = statement(
    select(K.id)
    .where(K.org == _org, K.system == _system, K.object == _object, K.field == bindparam("field"))
    .order_by(K.id)
)
"""Records of an object that are there and refer to something by a field that is looked up."""
linked_lives = statement(
    select(
        func.count(case((R.life == "here", 1))),
        func.count(case((and_(R.life.in_(("deleted", "out of sight")), R.run > _since), 1))),
    )
    .select_from(table(tables.Record))
    .join(
        table(tables.Link),
        _its_link,
    )
    .where(*_linked_of_object)
)
"""How many linked records of one side of a flow are there, and how many are gone since a run."""
planned_deletes = statement(
    select(C.record).where(
        C.org == _org,
        C.run == bindparam("run"),
        C.state == "planned",
        C.system == _system,
        C.object == _object,
        C.action == "delete",
        among(C.record, "ids"),
    )
)
"""Those of some records that a run is about to delete."""
made_or_linked = statement(
    select(C.flow, C.side, C.action, C.left, C.right).where(
        C.org == _org,
        C.run == bindparam("run"),
        C.state == "planned",
        C.action.in_(("create", "link")),
    )
)
"""What a run has planned that rests on a record being there."""
drop_pair = statement(
    update(table(tables.Change))
    .where(
        C.org == _org,
        C.run == bindparam("run"),
        C.state == "planned",
        C.flow == bindparam("flow"),
        C.left == bindparam("one"),
        C.right == bindparam("partner"),
    )
    .values(state="dropped", code="gone")
)
"""What a run has planned for two records of whom one is gone, or for one that is."""
ALONG = "others would go along"
"""Cause of a mark on a record that is not deleted, since others would go with it."""
another_day = statement(
    update(table(tables.Dirty))
    .where(
        D.org == _org,
        D.flow == _flow,
        D.side == bindparam("side"),
        D.id == bindparam("one"),
        D.decided_run == bindparam("run"),
        D.decided == D.mark,
    )
    .values(cause=ALONG, not_before=bindparam("until", type_=Float))
)
"""What a run has decided of a record, and did not do, is decided again then, unless somebody has
marked it since."""
