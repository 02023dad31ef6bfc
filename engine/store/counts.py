"""Statements that count what is planned and what was sent, for guards.

The rest of a run's statements are in `statements.py`; what may be how many is known to
`engine/run/guard.py`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from .database import among, statement
from .statements import C, N

WEEK = 7 * 86_400.0
"""Seconds that no run lasts."""

_org: BindParameter[Any] = bindparam("org")
_run: BindParameter[Any] = bindparam("run")
_system: BindParameter[Any] = bindparam("system")
_object: BindParameter[Any] = bindparam("object")


def _counting(*action: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    """Changes of an object: this run's planned ones, and what was sent since a moment in runs from
    `first` on."""
    gone = and_(C.state.in_(("sent", "doubt", "done")), C.sent >= bindparam("since", type_=Float))
    ours = and_(C.state == "planned", C.run == _run)
    here = (C.org == _org, C.run >= bindparam("first"), C.system == _system, C.object == _object)
    return (*here, *action, or_(ours, gone))


counted_changes = statement(
    select(func.count(), func.count(func.distinct(C.record))).where(
        *_counting(C.action == bindparam("action"))
    )
)
changed_values = statement(
    select(C.record, C.before, C.after).where(*_counting(C.action == "update"))
)
_L = C.org.table.alias("link_of")
_WAS_LINKED = ~exists().where(
    _L.c.org == C.org,
    _L.c.run == C.run,
    _L.c.flow == C.flow,
    _L.c.left == C.left,
    _L.c.right == C.right,
    _L.c.action == "link",
)
"""Not what was filled when its two records were linked."""
counted_linked = statement(
    select(func.count(), func.count(func.distinct(C.record))).where(
        *_counting(C.action == bindparam("action")), _WAS_LINKED
    )
)
changed_linked = statement(
    select(C.record, C.before, C.after).where(*_counting(C.action == "update"), _WAS_LINKED)
)
changed_links = statement(
    select(C.before, C.after, C.agree).where(
        C.org == _org,
        C.run == _run,
        C.state == "planned",
        C.flow == bindparam("flow"),
        C.side == bindparam("side"),
        C.action == "update",
        _WAS_LINKED,
    )
)
"""Planned changes of records that were linked before this run: what a first link fills is none."""
unasked_since = statement(
    select(N.number).where(
        N.org == _org,
        N.number < _run,
        N.verb == "run",
        or_(
            N.ended >= bindparam("at", type_=Float),
            and_(N.ended == 0, N.started >= bindparam("at", type_=Float) - WEEK),
        ),
    )
)
"""Earlier runs that nobody asked for, as far as they were under way at a moment or later."""
_OF_RUNS = (
    C.org == _org,
    among(C.run, "runs"),
    C.state.in_(("planned", "sent", "doubt", "done")),
    C.flow == bindparam("flow"),
    C.side == bindparam("side"),
    C.action == bindparam("action"),
    _WAS_LINKED,
)
_GONE_OUT = and_(C.run < _run, C.sent >= bindparam("since", type_=Float))
sent_by_runs = statement(select(func.count()).where(*_OF_RUNS, _GONE_OUT))
"""What some runs have sent since a moment."""
of_runs = statement(
    select(C.run, C.record, C.before, C.after, C.agree).where(
        *_OF_RUNS, or_(and_(C.run == _run, C.state == "planned"), _GONE_OUT)
    )
)
"""The same, and what this run plans."""
any_sent = statement(
    select(C.number)
    .where(C.org == _org, C.run == _run, C.state.in_(("sent", "doubt", "done")), C.sent > 0)
    .limit(1)
)
ended_before = statement(
    select(N.number)
    .where(N.org == _org, N.number < _run, N.exit.in_((0, 1)), N.verb != "preview")
    .limit(1)
)
"""A run that came to its end before this one."""
last_good = statement(
    select(func.max(N.number)).where(
        N.org == _org, N.number < _run, N.exit.in_((0, 1)), N.verb != "preview"
    )
)
"""The last run before this one that came to its end."""
last_started = statement(select(N.started).where(N.org == _org).order_by(N.number.desc()).limit(1))

first_run_since = statement(
    select(func.min(N.number)).where(
        N.org == _org,
        or_(
            N.ended >= bindparam("at", type_=Float),
            and_(N.ended == 0, N.started >= bindparam("at", type_=Float) - WEEK),
        ),
    )
)
"""The first run that was under way at a moment or began later; one that never ended was killed,
within a week of its beginning."""
