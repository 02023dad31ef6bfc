"""Statements about what is held back: by a refusal, by a rule's stop, or until a person lets it go.

The rest of a run's statements are in `statements.py`. When an entry comes and goes is known to
`engine/run/asks.py`; it is shown and approved in `engine/approvals.py`.
"""

from __future__ import annotations

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from . import tables
from .database import Statement, among, insert, statement, table
from .statements import D, _outlasts

A = table(tables.Ask).columns

WAITING = ("open", "approved")
"""States of an entry that is not over: nobody has said anything, or it will be written."""

_org: BindParameter[str] = bindparam("org")
_flow: BindParameter[str] = bindparam("flow")

_ask = (
    A.id,
    A.flow,
    A.left,
    A.right,
    A.row,
    A.side,
    A.system,
    A.object,
    A.record,
    A.key,
    A.field,
    A.before,
    A.after,
    A.rule,
    A.file,
    A.line,
    A.since,
    A.state,
)
put = insert(tables.Ask)
of_pairs = statement(
    select(A.id, A.left, A.row, A.side, A.before, A.after, A.state).where(
        A.org == _org, A.flow == _flow, among(A.left, "ids"), A.state.in_(WAITING)
    )
)
flows = statement(select(A.flow).where(A.org == _org, A.state.in_(WAITING)).distinct())
lefts = statement(
    select(A.left).where(A.org == _org, A.flow == _flow, A.state.in_(WAITING)).distinct()
)
# Numbers are given once for all pairs of systems, and never again: whoever approves one means the
# change that it was shown with.
last = statement(select(func.max(A.id)))
end = statement(
    update(table(tables.Ask))
    .where(A.org == _org, A.id == bindparam("one"))
    .values(state=bindparam("new_state"), run=bindparam("in_run"))
)
approve = statement(
    update(table(tables.Ask))
    .where(A.org == _org, A.id == bindparam("one"), A.state == "open")
    .values(state="approved")
)
written = statement(
    update(table(tables.Ask))
    .where(
        A.org == _org,
        A.flow == _flow,
        A.left == bindparam("one"),
        A.row == bindparam("in_row"),
        A.state == "approved",
    )
    .values(state="done", run=bindparam("in_run"))
)
drop_pair = statement(
    update(table(tables.Ask))
    .where(A.org == _org, A.flow == _flow, A.left == bindparam("one"), A.state.in_(WAITING))
    .values(state="gone", run=bindparam("in_run"))
)
drop_flow = statement(
    update(table(tables.Ask))
    .where(A.org == _org, A.flow == _flow, A.state.in_(WAITING))
    .values(state="gone", run=bindparam("in_run"))
)
waiting = statement(select(*_ask).where(A.org == _org, A.state == "open").order_by(A.id))
by_id = statement(select(*_ask).where(A.org == _org, A.id == bindparam("one")))
count = statement(select(func.count()).where(A.org == _org, A.state == "open"))
counts = statement(
    select(
        func.count(case((A.state == "open", 1))),
        func.count(case((and_(A.state == "stale", A.run == bindparam("in_run")), 1))),
    ).where(A.org == _org, A.state.in_(("open", "stale")))
)
"""Those that are open, and those that a run found stale."""

# ---- marks of what is held back -------------------------------------------------------------


_held_back = or_(D.cause == "error", and_(_outlasts, D.not_before > 0.0))


def _release(*more: ColumnElement[bool]) -> Statement:
    return statement(
        update(table(tables.Dirty))
        .where(D.org == _org, D.flow == _flow, _held_back, *more)
        .values(
            cause=case((_outlasts, D.cause), else_="retry"),
            rule="",
            not_before=0.0,
            mark=D.mark + 1,
        )
    )


release_errors = _release()
"""What a refusal held back is due again, and whatever held back marks that outlast a wait."""
release_error = _release(D.id == bindparam("one"))
"""The same, of one record."""

release_stopped = statement(
    update(table(tables.Dirty))
    .where(D.org == _org, D.flow == _flow, or_(D.cause == "stopped", and_(_outlasts, D.rule != "")))
    .values(
        cause=case((_outlasts, D.cause), else_="the rule changed"),
        rule="",
        not_before=0.0,
        mark=D.mark + 1,
    )
)
"""A rule that says something else may stop them no longer."""
stopped = statement(
    select(D.flow, D.rule, func.count())
    .where(D.org == _org, D.rule != "", D.cause.not_in(("waits", "error")))
    .group_by(D.flow, D.rule)
    .order_by(D.flow, D.rule)
)
"""How many records each rule's stop holds back."""
