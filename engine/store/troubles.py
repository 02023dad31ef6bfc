"""Statements about the error log: causes of problems, and the records that met them.

An error is open while it has troubles. What makes two problems one cause is known to
`engine/run/causes.py`, when one comes and goes to `engine/run/problems.py`.
"""

from __future__ import annotations

from sqlalchemy import (
    BindParameter,
    Float,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from . import tables
from .database import among, statement, table, upsert
from .statements import L, R

GONE = ("deleted", "merged", "converted")
"""The lives of a record that is not there any more."""
E = table(tables.Error).columns
T = table(tables.Trouble).columns

_org: BindParameter[str] = bindparam("org")
_flow: BindParameter[str] = bindparam("flow")
_cause: BindParameter[str] = bindparam("cause")
_at = bindparam("at", type_=Float)

_of_cause = and_(T.org == E.org, T.cause == E.cause)
_open = and_(E.org == _org, E.closed == 0)

# ---- what is there --------------------------------------------------------------------------

open_errors = statement(
    select(E.id, E.system, E.object, E.code, E.message, E.advice, E.first, E.last, E.count, E.field)
    .where(_open)
    .order_by(E.id)
)
open_troubles = statement(
    select(
        E.id,
        T.flow,
        T.record,
        T.operation,
        T.key,
        T.rule,
        T.file,
        T.line,
        T.message,
        T.first,
        T.last,
        T.count,
    )
    .where(_open, _of_cause)
    .order_by(E.id, T.first, T.flow, T.record)
)
"""Each with the number of its error."""
count = statement(select(func.count(), func.min(E.first)).where(_open))
closed_since = statement(select(E.id).where(E.org == _org, E.closed >= _at))
known = statement(select(E.id, E.count, E.first, E.closed).where(E.org == _org, E.cause == _cause))
last = statement(select(func.max(E.id)).where(E.org == _org))
of_record = statement(
    select(T.cause, T.operation, E.system).where(
        T.org == _org, T.flow == _flow, T.record == bindparam("one"), _of_cause
    )
)
decisions = statement(
    select(T.cause, E.code, E.field, T.message, T.file, T.line).where(
        T.org == _org,
        T.flow == _flow,
        T.record == bindparam("one"),
        T.operation == "map",
        _of_cause,
    )
)
"""What a record was told that could not be decided of its fields: the cause, the code, the field,
the text, and where its rule stands."""
of_pairs = statement(
    select(E.id, T.cause, T.flow, T.record, T.file, T.line, L.left, L.right)
    .where(
        _open,
        _of_cause,
        T.operation == "map",
        L.org == T.org,
        L.flow == T.flow,
        L.ended == "",
        or_(L.left == T.record, L.right == T.record),
    )
    .order_by(E.id, T.flow, T.record)
)
"""What was told of fields of linked pairs, each with its error, and where the rule stands."""
gone = statement(
    select(R.id, R.life).where(
        R.org == _org,
        R.system == bindparam("system"),
        R.object == bindparam("object"),
        R.life.in_(GONE),
        among(R.id, "ids"),
    )
)
"""Those of some records that are not there any more, out of sight or not."""
undecided = statement(
    select(T.record)
    .where(T.org == _org, T.flow == _flow, T.record != "", T.operation == "map")
    .distinct()
)
"""Records of a flow with something that could not be decided."""
no_partner = statement(
    select(T.flow, T.record).where(
        T.org == _org, _of_cause, T.record != "", E.code.in_(("ambiguous-match", "match-taken"))
    )
)
"""Records that nobody could be told to belong to."""
of_cause = statement(select(T.flow, T.record).where(T.org == _org, T.cause == _cause))
_of_code = and_(_open, _of_cause, T.flow == _flow, E.code == bindparam("code"))
of_code_in = statement(select(T.record, E.system, E.object).where(_of_code))
"""Records of a flow that are entered with a code, and what they are records of."""
has_code = statement(select(T.cause, E.system).where(_of_code, T.record == bindparam("one")))
whoever_has = statement(
    select(T.flow, T.record).where(_open, _of_cause, E.code == bindparam("code"))
)
"""Records that are entered with a code, each with its flow."""
how_often = statement(
    select(T.record, T.count).where(_of_code, T.operation == bindparam("operation"))
)
"""How often records of a flow have met what is entered with a code, each by what it was to be."""
of_code = statement(select(E.cause).where(_open, E.code == bindparam("code")))
about = statement(select(E.system, E.object).where(E.org == _org, E.cause == _cause))

# ---- what comes and goes --------------------------------------------------------------------

put_error = upsert(
    tables.Error,
    ("org", "cause"),
    ("code", "message", "advice", "first", "last", "count", "closed", "field"),
    first=("id", "system", "object"),
)
put_trouble = upsert(
    tables.Trouble,
    ("org", "flow", "record", "cause"),
    ("operation", "key", "rule", "file", "line", "message", "last"),
    more={"count": T.count + 1},
    first=("first",),
)
move = statement(
    update(table(tables.Trouble))
    .where(T.org == _org, T.flow == _flow, T.record == bindparam("one"), T.operation == "map")
    .values(flow=bindparam("new_flow"), record=bindparam("new_record"))
)
"""What a record was told of its fields is told of another one, in another flow."""
drop_trouble = statement(
    delete(table(tables.Trouble)).where(
        T.org == _org, T.flow == _flow, T.record == bindparam("one"), T.cause == _cause
    )
)
drop_cause = statement(delete(table(tables.Trouble)).where(T.org == _org, T.cause == _cause))
close = statement(
    update(table(tables.Error))
    .where(E.org == _org, E.cause == _cause, E.closed == 0, ~exists().where(_of_cause))
    .values(closed=_at)
)
"""Closes an error that has no troubles any more."""
