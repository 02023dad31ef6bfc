"""Statements about what a run has done, for putting it back.

The rest of a run's statements are in `statements.py`; what may be put back is known to
`engine/run/undo.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)

from . import tables
from .asked import _of_pair
from .database import among, statement, table
from .held import _held_back
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
    select(C.record, C.left, C.right).where(
        *_done,
        or_(func.lower(C.key) == _name, C.record == _name, C.left == _name, C.right == _name),
    )
)
"""One record and its partner, by key or by id: what one of the two is known by may be the key of
some of their changes only."""
of_both = statement(
    select(C.flow, C.side, C.record)
    .distinct()
    .where(*_done, or_(among(C.record, "ids"), among(C.left, "ids"), among(C.right, "ids")))
    .order_by(C.flow, C.side, C.record)
)
"""What a run wrote to one of these, or linked."""

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
still_refused = statement(
    select(D.id).where(D.org == _org, D.flow == bindparam("flow"), _of_pair, _held_back)
)
"""Those of a pair that wait since something that was decided of them was refused."""
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
        or_(
            D.cause.in_(("a related record changed", "a link was made", "read in full")),
            D.decided == D.mark,
        ),
    )
)
"""Marks that nobody's edit of the record has made, or none since it was last decided."""

# ---- an undo that was asked for -------------------------------------------------------------

_later = N.number.table.alias("later")
_not_begun = (N.org == _org, N.part != "", N.ended == 0.0)
not_begun = statement(select(N.number, N.part).where(*_not_begun).order_by(N.number))
"""Undos that have neither begun to put anything back nor come to an end."""
untold = statement(
    select(N.number, N.part)
    .where(
        *_not_begun,
        N.number < _run,
        ~exists().where(
            _later.c.org == N.org,
            _later.c.number > N.number,
            _later.c.number < _run,
            _later.c.verb != "preview",
            _later.c.exit.in_((0, 1)),
        ),
    )
    .order_by(N.number)
)
"""Those before a run that no other run since could tell of."""
asked_again = statement(
    update(table(tables.Run)).where(N.org == _org, among(N.number, "numbers")).values(part="")
)
"""They have begun, or another one puts back what they should have."""

# ---- an undo that has begun -----------------------------------------------------------------

_is_due = (C.org == _org, C.state == "due")
due_runs = statement(select(C.undoes).distinct().where(*_is_due).order_by(C.undoes))
due = statement(
    select(*_change)
    .where(*_is_due, C.undoes == bindparam("undoes"))
    .order_by(C.flow, C.side, C.record, C.run, C.number)
)
"""What is left of putting one run back."""
due_of = statement(
    select(C.undoes)
    .distinct()
    .where(
        *_is_due,
        C.flow == bindparam("flow"),
        or_(among(C.record, "ids"), among(C.left, "ids"), among(C.right, "ids")),
    )
    .order_by(C.undoes)
)
"""The runs of which something is left to be put back on these records."""
begin = statement(
    update(table(tables.Change))
    .where(C.org == _org, C.run == _run, C.state == "planned")
    .values(code="begun")
)
"""All of it is planned, and nothing holds it."""
_A = C.org.table.alias("again")
taken_up = statement(
    update(table(tables.Change))
    .where(
        *_is_due,
        exists().where(
            _A.c.org == C.org,
            _A.c.run == _run,
            _A.c.flow == C.flow,
            _A.c.side == C.side,
            _A.c.record == C.record,
            _A.c.action == C.action,
            _A.c.undoes == C.undoes,
        ),
    )
    .values(state="dropped", code="taken up again")
)
"""What this run puts back instead."""
leave = statement(
    update(table(tables.Change))
    .where(C.org == _org, C.run == _run, C.number == bindparam("one"))
    .values(state="dropped", code="left as it is")
)
refused = statement(
    select(C.run, C.number, C.undoes)
    .where(
        C.org == _org,
        C.flow == bindparam("flow"),
        or_(C.left == bindparam("one"), C.right == bindparam("one")),
        C.state == "refused",
        ~exists().where(
            _A.c.org == C.org,
            _A.c.run > C.run,
            _A.c.flow == C.flow,
            _A.c.side == C.side,
            _A.c.record == C.record,
            _A.c.undoes == C.undoes,
        ),
    )
    .order_by(C.run.desc(), C.number.desc())
    .limit(1)
)
"""What a record was refused last, where nobody has tried it since."""
again = statement(
    update(table(tables.Change))
    .where(C.org == _org, C.run == _run, C.number == bindparam("one"))
    .values(state="due", code="retry")
)
"""It is tried once more."""
