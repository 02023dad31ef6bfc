"""Every statement of a run, by what it is for. Built with Core, compiled once by `database.py`.

It knows the tables and nothing of what the values in them mean: bodies, bases and changes are
texts here. Who runs them when is `engine/run`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement
from sqlmodel import SQLModel

from . import tables
from .database import Statement, among, insert, statement, upsert
from .drivers import Name


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model."""
    found = model.metadata.tables[str(model.__tablename__)]
    assert isinstance(found, Table)
    return found


R = table(tables.Record).columns
K = table(tables.Key).columns
Y = table(tables.Layout).columns
L = table(tables.Link).columns
D = table(tables.Dirty).columns
C = table(tables.Change).columns
P = table(tables.Cursor).columns
U = table(tables.Rule).columns
N = table(tables.Run).columns
M = table(tables.Meter).columns

NEVER = tables.NEVER

OPEN = ("planned", "sent", "doubt")
"""States of a change that is not over."""

_org: BindParameter[Any] = bindparam("org")
_flow: BindParameter[Any] = bindparam("flow")
_run: BindParameter[Any] = bindparam("run")
_system: BindParameter[Any] = bindparam("system")
_object: BindParameter[Any] = bindparam("object")
_of_kind = (
    C.flow == _flow,
    C.side == bindparam("side"),
    C.rule == bindparam("rule"),
    C.action == bindparam("action"),
    C.login == bindparam("login"),
)
"""Writes that are counted together: see `engine/run/struck.py`."""


# ---- records and keys -----------------------------------------------------------------------

_this_object = (R.org == _org, R.system == _system, R.object == _object)

records = statement(
    select(R.id, R.layout, R.body, R.stamp, R.life, R.into, R.run, R.first).where(
        *_this_object, among(R.id, "ids")
    )
)
bodies = statement(
    select(R.id, R.layout, R.body, R.life)
    .where(*_this_object, R.id > bindparam("after"))
    .order_by(R.id)
    .limit(bindparam("most"))
)
put_record = upsert(
    tables.Record,
    ("org", "system", "object", "id"),
    ("layout", "body", "stamp", "life", "into", "run"),
    first=("first",),
)
record_life = statement(
    update(table(tables.Record))
    .where(*_this_object, R.id == bindparam("one"))
    .values(life=bindparam("new_life"), run=_run)
)

_this_key_object = (K.org == _org, K.system == _system, K.object == _object)
drop_keys = statement(delete(table(tables.Key)).where(*_this_key_object, among(K.id, "ids")))
put_key = upsert(tables.Key, ("org", "system", "object", "field", "value", "id"), ())
ids_by_key = statement(
    select(K.value, K.id)
    .where(*_this_key_object, K.field == bindparam("field"), among(K.value, "values"))
    .order_by(K.value, K.id)
)

layouts = statement(select(Y.id, Y.fields).where(Y.org == _org))
put_layout = insert(tables.Layout)

# ---- links ----------------------------------------------------------------------------------

_link = (L.left, L.right, L.base_left, L.base_right, L.ended)
links_by_left = statement(
    select(*_link).where(L.org == _org, L.flow == _flow, among(L.left, "ids"))
)
links_by_right = statement(
    select(*_link).where(L.org == _org, L.flow == _flow, among(L.right, "ids"))
)
put_link = upsert(
    tables.Link,
    ("org", "flow", "left"),
    ("right", "base_left", "base_right", "how", "run", "ended"),
)
put_base = statement(
    update(table(tables.Link))
    .where(L.org == _org, L.flow == _flow, L.left == bindparam("one"))
    .values(base_left=bindparam("new_left"), base_right=bindparam("new_right"))
)
count_links = statement(
    select(func.count())
    .select_from(table(tables.Link))
    .where(L.org == _org, L.flow == _flow, L.ended == "")
)

# ---- marks ----------------------------------------------------------------------------------

_PUSHED = "pushed by hand"
_NEEDED = ("brought along", _PUSHED)
# A mark that someone asked for keeps its cause until it has been decided; what a person pushed,
# until it got through; and that a link followed, until both of its records were there and decided.
_outlasts = D.cause.in_((_PUSHED, "the link followed"))
_asked = (*_NEEDED, "backfill", "retry", "there before an enrich")
_asked_for = or_(_outlasts, and_(D.not_before < NEVER, D.cause.in_(_asked)))
# Nor does a day that has come cease to be a reason, where a related record changes on it.
_day_came = and_(D.cause == "a day passed", bindparam("cause") == "a related record changed")
_cause = case(
    (or_(and_(_asked_for, bindparam("cause").not_in(_NEEDED)), _day_came), D.cause),
    else_=bindparam("cause"),
)
mark = upsert(
    tables.Dirty,
    ("org", "flow", "side", "id"),
    ("not_before",),
    more={"mark": D.mark + 1, "rule": "", "cause": _cause},
    first={"mark": 1, "rule": "", "cause": ""},
)
"""Dirty, or dirty again: a new mark each time."""


def _mark_records(*more: ColumnElement[bool], keeps: bool = False) -> Statement:
    """Marks the living records of an object for one side of a flow; a mark that someone asked for
    `keeps` its cause, what a person pushed does in any case."""
    columns = ("org", "flow", "side", "id", "mark", "cause", "rule", "not_before")
    source = select(
        R.org,
        cast(_flow, String),
        cast(bindparam("side"), String),
        R.id,
        literal_column("1"),
        cast(bindparam("why"), String),
        literal_column("''"),
        literal_column("0.0"),
    ).where(*_this_object, R.life == "here", *more)

    def build(name: Name) -> ClauseElement:
        new: Any = (sqlite.insert if name == "sqlite" else postgresql.insert)(table(tables.Dirty))
        made = new.from_select(
            [*columns, "decided", "decided_run", "named"],
            source.add_columns(literal_column("0"), literal_column("0"), literal_column("''")),
            include_defaults=False,
        )
        return made.on_conflict_do_update(  # type: ignore[no-any-return]
            index_elements=["org", "flow", "side", "id"],
            set_={
                "mark": D.mark + 1,
                "cause": case(
                    (_asked_for if keeps else _outlasts, D.cause), else_=made.excluded.cause
                ),
                "not_before": 0.0,
                "rule": "",
            },
        )

    return statement(build)


_siblings = among(L.flow, "siblings")
mark_all = _mark_records()
mark_unlinked_left = _mark_records(
    ~exists().where(L.org == R.org, _siblings, L.left == R.id), keeps=True
)
mark_unlinked_right = _mark_records(
    ~exists().where(L.org == R.org, _siblings, L.right == R.id), keeps=True
)

_this_mark = (
    D.org == _org,
    D.flow == _flow,
    D.side == bindparam("side"),
    D.id == bindparam("one"),
)
_undecided = or_(D.decided_run != _run, D.decided != D.mark)


def _due(*more: ColumnElement[bool]) -> Statement:
    return statement(
        select(D.side, D.id, D.mark, D.cause)
        .where(
            D.org == _org,
            D.flow == _flow,
            tuple_(D.side, D.id) > tuple_(bindparam("after_side"), bindparam("after")),
            D.not_before <= bindparam("now", type_=Float),
            _undecided,
            *more,
        )
        .order_by(D.side, D.id)
        .limit(bindparam("most"))
    )


due = _due()
due_needed = _due(D.cause.in_(_NEEDED))
marks_of = statement(
    select(D.side, D.id, D.mark, D.cause, D.decided, D.decided_run).where(
        D.org == _org,
        D.flow == _flow,
        D.side == bindparam("side"),
        among(D.id, "ids"),
    )
)
decided = statement(
    update(table(tables.Dirty))
    .where(*_this_mark)
    .values(decided=bindparam("seen"), decided_run=_run, rule=bindparam("rule"), not_before=0.0)
)
"""Decided; `rule` is the one whose stop holds a part of it back, "" where nothing is."""
_of_mark = or_(and_(D.side == "left", C.left == D.id), and_(D.side == "right", C.right == D.id))
"""A change of the journal and a mark that are about the same record."""
decide_again = statement(
    update(table(tables.Dirty))
    .where(
        D.org == _org,
        D.decided_run == _run,
        exists().where(
            C.org == _org,
            C.run == _run,
            C.flow == D.flow,
            C.state == "planned",
            _of_mark,
        ),
    )
    .values(decided_run=0)
)
"""What this run has planned something for is due again, for the reason it was due for."""
clear = statement(delete(table(tables.Dirty)).where(*_this_mark, D.mark == bindparam("seen")))
hold = statement(
    update(table(tables.Dirty))
    .where(*_this_mark, D.mark == bindparam("seen"))
    .values(cause=bindparam("why"), rule=bindparam("rule"), not_before=bindparam("until"))
)
clear_done = statement(
    delete(table(tables.Dirty)).where(
        *_this_mark,
        D.decided_run == _run,
        D.decided == D.mark,
        D.not_before == 0.0,
        D.rule == "",
        ~exists().where(
            C.org == _org,
            C.flow == _flow,
            C.left == bindparam("one_left"),
            C.right == bindparam("one_right"),
            C.run == _run,
            C.state != "done",
        ),
    )
)
"""Clears a mark whose decision has been carried out as a whole, on both sides, unless someone
marked the record again."""
_refused = case((_outlasts, D.cause), else_="error")
_for_rule = case((_outlasts, D.rule), else_=bindparam("rule"))
hold_refused = statement(
    update(table(tables.Dirty))
    .where(*_this_mark, D.decided_run == _run, D.decided == D.mark)
    .values(
        cause=_refused,
        rule=_for_rule,
        not_before=case((D.rule != "", bindparam("until", type_=Float)), else_=NEVER),
    )
)
"""What a stop holds back beside the refused write is due again at `until`."""
put_off = statement(
    update(table(tables.Dirty))
    .where(
        D.org == _org,
        D.flow == _flow,
        D.decided_run == _run,
        D.decided == D.mark,
        D.not_before == 0.0,
        exists().where(
            C.org == _org,
            C.run == _run,
            C.state == "refused",
            *_of_kind,
            _of_mark,
        ),
    )
    .values(cause=_refused, rule=_for_rule, not_before=bindparam("until", type_=Float))
)
"""What was refused of a kind of write and is not held yet is due again at `until`."""
clear_brought = statement(
    delete(table(tables.Dirty)).where(
        D.org == _org,
        D.cause == "brought along",
        D.decided_run == _run,
        D.decided == D.mark,
        D.rule == "",
        ~exists().where(
            C.org == _org,
            C.run == _run,
            C.flow == D.flow,
            C.state.in_((*OPEN, "dropped", "spared", "paused", "waiting")),
            _of_mark,
        ),
    )
)
stop_waiting = statement(
    delete(table(tables.Dirty)).where(
        D.org == _org,
        D.flow == _flow,
        D.side == bindparam("side"),
        among(D.id, "ids"),
        D.cause == "waits",
    )
)
"""Two records that have been linked wait for no backfill any more."""
waiting = statement(
    union_all(
        select(D.flow, D.rule, func.count())
        .where(D.org == _org, D.cause == "waits")
        .group_by(D.flow, D.rule),
        select(L.flow, literal_column("''"), func.count())
        .where(L.org == _org, L.ended == "", *map(literal_column, tables.APART))
        .group_by(L.flow),
    ).order_by(literal_column("1"), literal_column("2"))
)
"""How much waits for a backfill: records by rule, and with none the linked pairs that differ in a
row that is newer."""
count_due = statement(
    select(D.flow, func.count())
    .where(D.org == _org, D.not_before <= bindparam("now", type_=Float))
    .group_by(D.flow)
    .order_by(D.flow)
)


# ---- the journal ----------------------------------------------------------------------------

put_change = insert(tables.Change)
drop_planned = statement(
    update(table(tables.Change))
    .where(C.org == _org, C.state == "planned")
    .values(state=case((C.code == "begun", "due"), else_="dropped"), code="not carried out")
)
"""What an undo had begun to put back is due."""
planned_kinds = statement(
    select(C.flow, C.side, C.system, C.object, C.action, func.count())
    .where(C.org == _org, C.run == _run, C.state == "planned")
    .group_by(C.flow, C.side, C.system, C.object, C.action)
    .order_by(C.flow, C.side, C.action)
)

_change = (
    C.number,
    C.flow,
    C.side,
    C.system,
    C.object,
    C.action,
    C.record,
    C.left,
    C.right,
    C.rule,
    C.key,
    C.before,
    C.after,
    C.agree,
    C.reason,
    C.parent,
    C.state,
    C.sent,
    C.run,
    C.author,
    C.login,
    C.lost,
    C.undoes,
)
planned = statement(
    select(*_change)
    .where(
        C.org == _org,
        C.run == _run,
        C.state == "planned",
        C.flow == _flow,
        C.side == bindparam("side"),
        C.action == bindparam("action"),
    )
    .order_by(C.parent, C.number)
    .limit(bindparam("most"))
)
planned_of_kind = statement(
    select(*_change)
    .where(
        C.org == _org,
        C.run == _run,
        C.state == "planned",
        *_of_kind,
    )
    .order_by(C.number)
    .limit(bindparam("most"))
)
changes_of_run = statement(select(*_change).where(C.org == _org, C.run == _run).order_by(C.number))
in_doubt = statement(
    select(*_change)
    .where(C.org == _org, or_(C.state == "sent", C.state == "doubt"))
    .order_by(C.run, C.number)
    .limit(bindparam("most"))
)
doubtful_pairs = statement(
    select(C.left, C.right, C.object, C.system, C.action).where(
        C.org == _org, C.state.in_(("sent", "doubt")), C.flow == _flow
    )
)
_this_change = update(table(tables.Change)).where(
    C.org == _org, C.run == _run, C.number == bindparam("one")
)
set_state = statement(_this_change.values(state=bindparam("new_state"), code=bindparam("new_code")))
set_done = statement(
    _this_change.values(
        state="done",
        code="",
        record=case((bindparam("id") != "", bindparam("id")), else_=C.record),
        stamp=bindparam("new_stamp"),
    )
)
"""Done; `id` is that of the record that was made, "" where it was known."""
set_sent = statement(
    update(table(tables.Change))
    .where(C.org == _org, C.run == _run, among(C.number, "numbers"))
    .values(state="sent", sent=bindparam("at", type_=Float), code="")
)
replaced_since = statement(
    select(C.record, C.before, C.stamp).where(
        C.org == _org,
        C.system == _system,
        C.object == _object,
        among(C.record, "ids"),
        C.action == "update",
        C.state == "done",
        C.sent > bindparam("since", type_=Float),
    )
)
"""What our writes have replaced, and when, as the system tells it."""
put_sent_values = statement(
    _this_change.values(after=bindparam("new_after"), agree=bindparam("new_agree"))
)
planned_updates = statement(
    select(C.record, C.after).where(
        C.org == _org,
        C.run == _run,
        C.state == "planned",
        C.system == _system,
        C.object == _object,
        C.action == "update",
        among(C.record, "ids"),
    )
)


def _of_pairs(*more: ColumnElement[bool], told: tuple[ColumnElement[Any], ...] = ()) -> Statement:
    """The pairs of this run's changes in which either id is one of `ids`, and what else is `told`
    of these."""

    def by(column: ColumnElement[str]) -> Select[Any]:
        return select(C.left, C.right, *told).where(
            C.org == _org, C.flow == _flow, among(column, "ids"), C.run == _run, *more
        )

    return statement(union(by(C.left), by(C.right)))


open_pairs = _of_pairs(C.state.in_(OPEN))
became = _of_pairs(C.code != "moved", told=(C.side, C.number, C.state))
"""The pairs with what became of each change, by side; of what moved, what was decided anew."""
planned_creates = _of_pairs(C.state == "planned", C.action.in_(("create", "link")))
any_planned = statement(
    select(C.number)
    .where(
        C.org == _org,
        C.run == _run,
        C.flow == _flow,
        C.state == "planned",
        C.action != "link",
    )
    .limit(1)
)


def _marked_since(side: str, id: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(D.org == C.org, D.flow == C.flow, D.side == side, D.id == id, _undecided)


drop_moved = statement(
    update(table(tables.Change))
    .where(
        C.org == _org,
        C.run == _run,
        C.state == "planned",
        or_(_marked_since("left", C.left), _marked_since("right", C.right)),
    )
    .values(state="dropped", code="moved")
)
"""What was planned for records that have been marked since."""

# ---- cursors, rules, runs -------------------------------------------------------------------

_these = (P.org == _org, P.system == _system, P.object == _object)
cursor = statement(
    select(P.cursor, P.layout, P.number, P.at).where(*_these, P.purpose == bindparam("purpose"))
)
feeds = statement(
    select(P.system, P.object, P.purpose, P.cursor, P.layout, P.number).where(
        P.org == _org, P.purpose.in_(("changes", "keys"))
    )
)
"""How far each feed has been read, and by which fields its records are looked up."""
identities = statement(select(P.system, P.cursor).where(P.org == _org, P.purpose == "identity"))
"""Which org each system was."""
put_cursor = upsert(
    tables.Cursor, ("org", "system", "object", "purpose"), ("cursor", "layout", "number", "at")
)
kept = statement(
    select(P.system, P.object, P.number, P.at).where(
        P.org == _org, P.purpose == bindparam("purpose")
    )
)
all_cursors = statement(
    select(P.system, P.object, P.purpose, P.number, P.at)
    .where(P.org == _org)
    .order_by(P.system, P.object)
)

rules = statement(
    select(U.name, U.fingerprint, U.first_run, U.paused).where(U.org == _org).order_by(U.name)
)
put_rule = upsert(tables.Rule, ("org", "name"), ("fingerprint", "first_run", "paused"))

last_run = statement(select(func.max(N.number)).where(N.org == _org))
put_run = insert(tables.Run)
end_run = statement(
    update(table(tables.Run))
    .where(N.org == _org, N.number == bindparam("one"))
    .values(ended=bindparam("at"), exit=bindparam("code"), counts=bindparam("new_counts"))
)
runs = statement(
    select(N.number, N.verb, N.started, N.ended, N.exit, N.counts)
    .where(N.org == _org)
    .order_by(N.number.desc())
    .limit(bindparam("most"))
)

# ---- meters -------------------------------------------------------------------------------

put_meter = upsert(tables.Meter, ("org", "system", "endpoint", "window"), ("used", "limit", "at"))
meters = statement(
    select(M.system, M.endpoint, M.window, M.used, M.limit, M.at)
    .where(M.org == _org)
    .order_by(M.system, M.endpoint, M.window)
)
