"""Step 5, settle: outcomes of a batch become links, bases, records and errors, in one commit.

A mark is cleared unless somebody marked the record again meanwhile. What nobody can tell stays in
doubt; the next run looks before it decides anything about the two records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...connectors.base.contract import Outcome, Read
from ...connectors.base.values import Value, folded
from ...dsl.rules import Side
from ..store import statements as sql
from . import problems
from .decide import Coming
from .journal import Entry
from .look import store
from .session import Session, dump_values, other


def settle(session: Session, outcomes: Iterable[tuple[Entry, Outcome]]) -> None:
    """Commits what became of some entries."""
    with session.db.transaction("settled"):
        results = list(outcomes)
        done = [(entry, one) for entry, one in results if one.kind == "done"]
        _remember(session, done)
        for entry, outcome in results:
            _one(session, entry, outcome)


def _one(session: Session, entry: Entry, outcome: Outcome) -> None:
    kind = outcome.kind
    if kind == "done":
        _state(session, entry, "done", id=outcome.id)
        _link(session, entry, outcome)
        _clear(session, entry)
    elif kind == "refused":
        _state(session, entry, "refused", code=outcome.code)
        advice = session.advise(entry.system, outcome.code)
        problems.refused(session, entry, outcome, advice)
        _hold(session, entry)
    elif kind == "busy":
        _state(session, entry, "dropped", code=outcome.code or "busy")
        problems.refused(session, entry, outcome, session.advise(entry.system, outcome.code))
    elif kind == "unknown":
        _state(session, entry, "doubt", code=outcome.code)
    elif kind == "absent":
        _state(session, entry, "dropped", code="not carried out")
    elif kind == "gone":
        _state(session, entry, "dropped", code="gone")
        _gone(session, entry)
    else:
        _existed(session, entry, outcome)


def settle_links(session: Session, entries: Sequence[Entry]) -> None:
    """Links need no request: they are made with the commit."""
    with session.db.transaction("linked"):
        for entry in entries:
            _state(session, entry, "done", id=entry.right)
            _link(session, entry, Outcome(entry.number, "done", entry.right))
            _clear(session, entry)


# ---- what is now true -----------------------------------------------------------------------


def _remember(session: Session, done: Sequence[tuple[Entry, Outcome]]) -> None:
    """Our picture of written records is what they now hold, so that an echo differs in nothing."""
    groups: dict[tuple[str, str], list[tuple[Entry, Outcome]]] = {}
    for entry, outcome in done:
        groups.setdefault((entry.system, entry.object), []).append((entry, outcome))
    for (system, object), group in groups.items():
        names = session.reads[system, object].fields
        layout = session.layout(names)
        known = session.stored(system, object, [_id(entry, one) for entry, one in group])
        where = {"org": session.org, "system": system, "object": object}
        rows, keys = [], []
        for entry, outcome in group:
            id = _id(entry, outcome)
            old = known.get(id)
            written = {
                name: one for name, one in entry.after.items() if not isinstance(one, Coming)
            }
            told = {name: one for name, one in (outcome.values or {}).items() if name in names}
            values = {**(old.values if old else {}), **_named(written, names), **told}
            rows.append(
                {
                    **where,
                    "id": id,
                    "layout": layout,
                    "body": session.body(layout, values),
                    "stamp": old.stamp if old else "",
                    "life": "here",
                    "into": "",
                    "run": old.run if old else session.run,
                    "sweep": 0,
                }
            )
            keys += session.index_keys(system, object, id, values)
        session.db.many(sql.put_record, rows)
        session.db.run(sql.drop_keys, **where, ids=[str(row["id"]) for row in rows])
        session.db.many(sql.put_key, keys)


def _named(values: Mapping[str, Value], names: Sequence[str]) -> dict[str, Value]:
    return {name: one for name, one in values.items() if name in names}


def _id(entry: Entry, outcome: Outcome) -> str:
    return entry.record or outcome.id


def _link(session: Session, entry: Entry, outcome: Outcome) -> None:
    """Makes the link of a create or link, or moves the base of one that is there."""
    flow = session.flows[entry.flow].flow
    left_id = entry.left or (outcome.id if entry.side == "left" else "")
    right_id = entry.right or (outcome.id if entry.side == "right" else "")
    agree_left, agree_right = (_resolved(half) for half in entry.agree)
    told = outcome.values or {}
    if told:
        # What the system says it holds now is its half of the base, not what it was sent.
        half = agree_right if entry.side == "right" else agree_left
        for row in session.flows[entry.flow].rows:
            name = row.row.right if entry.side == "right" else row.row.left
            if row.key in half and name in told:
                half[row.key] = told[name]
    found = session.links(entry.flow, "left", [left_id]).get(left_id)
    if entry.action == "update" and found is not None:
        session.db.run(
            sql.put_base,
            org=session.org,
            flow=entry.flow,
            one=left_id,
            new_left=dump_values({**found.base.left, **agree_left}),
            new_right=dump_values({**found.base.right, **agree_right}),
        )
        return
    if entry.action == "update":
        return
    session.db.run(
        sql.put_link,
        org=session.org,
        flow=entry.flow,
        left=left_id,
        right=right_id,
        base_left=dump_values(agree_left),
        base_right=dump_values(agree_right),
        how="created" if entry.action == "create" else "matched",
        run=session.run,
        ended="",
    )
    session.db.run(
        sql.stop_waiting,
        org=session.org,
        flows=list(flow.siblings or (flow.name,)),
        one_left=left_id,
        one_right=right_id,
    )
    _tell_children(session, flow.name, left_id, right_id)


def _resolved(half: Mapping[str, Value | Coming]) -> dict[str, Value]:
    """A half of the base; a reference that came to nothing is remembered as blank."""
    return {key: None if isinstance(one, Coming) else one for key, one in half.items()}


def _tell_children(session: Session, parent: str, left: str, right: str) -> None:
    """Linked records that refer to a newly linked one may now say so on the other side."""
    marks: list[tuple[str, Side, str]] = []
    for ready in session.flows.values():
        for row in ready.flow.rows:
            if row.reference != parent:
                continue
            sides: tuple[tuple[Side, str, str], ...] = (
                ("left", row.left, left),
                ("right", row.right, right),
            )
            for side, name, id in sides:
                end = ready.flow.left if side == "left" else ready.flow.right
                rows = session.db.rows(
                    sql.ids_by_key,
                    org=session.org,
                    system=end.system,
                    object=end.object,
                    field=name,
                    values=[folded(id)],
                )
                ids = [one for _, one in rows]
                planned = session.planned_ids(ready.flow.name, side, ids)
                linked = session.links(ready.flow.name, side, ids)
                marks += [
                    (ready.flow.name, side, one)
                    for one in ids
                    if one in linked and one not in planned
                ]
    session.mark(marks, "a link was made")


# ---- what comes next ------------------------------------------------------------------------


def _state(session: Session, entry: Entry, state: str, *, code: str = "", id: str = "") -> None:
    session.db.run(
        sql.set_state,
        org=session.org,
        run=entry.run,
        one=entry.number,
        new_state=state,
        at=0.0,
        new_code=code,
        id=id,
    )


def _marks(session: Session, entry: Entry) -> list[tuple[Side, str, int]]:
    """The marks that this entry's decision saw and that nobody has moved since."""
    found: list[tuple[Side, str, int]] = []
    sides: tuple[tuple[Side, str], ...] = (("left", entry.left), ("right", entry.right))
    for side, id in sides:
        if id:
            for _, one, mark, _, decided, run in session.db.rows(
                sql.marks_of, org=session.org, flow=entry.flow, side=side, ids=[id]
            ):
                if decided == mark and run == entry.run:
                    found.append((side, one, mark))
    return found


def _clear(session: Session, entry: Entry) -> None:
    """Clears the pair's marks once nothing planned for it is open."""
    open_rows = session.db.row(
        sql.others_open,
        org=session.org,
        run=entry.run,
        flow=entry.flow,
        one_left=entry.left,
        one_right=entry.right,
        one=entry.number,
    )
    if open_rows and open_rows[0]:
        return
    for side, id, mark in _marks(session, entry):
        session.db.run(sql.clear, org=session.org, flow=entry.flow, side=side, one=id, seen=mark)
    problems.written(session, entry)


def _hold(session: Session, entry: Entry) -> None:
    """A refused record waits until it or the rule changes."""
    for side, id, mark in _marks(session, entry):
        session.db.run(
            sql.hold,
            org=session.org,
            flow=entry.flow,
            side=side,
            one=id,
            seen=mark,
            why="error",
            rule=entry.rule,
            until=sql.NEVER,
        )


def _gone(session: Session, entry: Entry) -> None:
    """The record to write is deleted: the link ends, and nothing is made again."""
    session.db.run(
        sql.record_life,
        org=session.org,
        system=entry.system,
        object=entry.object,
        one=entry.record,
        new_life="deleted",
        run=session.run,
    )
    session.db.run(
        sql.end_link,
        org=session.org,
        flow=entry.flow,
        one=entry.left,
        how="deleted",
        run=session.run,
    )
    _clear(session, entry)


def _existed(session: Session, entry: Entry, outcome: Outcome) -> None:
    """The system has it already: look at it, and link it next time if a key says so."""
    ask: Read = session.reads[entry.system, entry.object]
    found = session.connectors[entry.system].fetch(entry.object, ask.fields, "id", [outcome.id])
    store(session, ask, found, first=False)
    _state(session, entry, "dropped", code="existed")
    flow = session.flows[entry.flow].flow
    source_end = flow.left if entry.side == "right" else flow.right
    source_id = entry.left if entry.side == "right" else entry.right
    source = session.stored(source_end.system, source_end.object, [source_id]).get(source_id)
    here = next((one for one in found if one.life == "here"), None)
    if source and here and _matches(session, entry, source.values, here.values):
        session.mark([(flow.name, other(entry.side), source_id)], "exists already")
        return
    problems.refused(
        session,
        entry,
        Outcome(
            entry.number,
            "existed",
            outcome.id,
            code="existed",
            message=f"{entry.system} says that this is {entry.object} {outcome.id}, "
            "whose keys are different",
        ),
        "",
    )
    _hold(session, entry)


def _matches(
    session: Session, entry: Entry, source: Mapping[str, Value], found: Mapping[str, Value]
) -> bool:
    flow = session.flows[entry.flow].flow
    left, right = (source, found) if entry.side == "right" else (found, source)
    formats = (
        {one.name: one.format for one in flow.left.fields},
        {one.name: one.format for one in flow.right.fields},
    )
    return any(
        all(
            (a := folded(left.get(one), formats[0].get(one, "")))
            and a == folded(right.get(two), formats[1].get(two, ""))
            for one, two in key.pairs
        )
        for key in flow.keys
    )
