"""Writes of which a part arrived and the rest did not: two rows of the journal, one for each.

A system may take several requests for one write, or store some fields of a record and refuse
others. What arrived is done as if nothing else had been sent: both sides agree on it, its echo is
nobody's edit, and an undo puts it back. The rest has a row of its own from then on, and becomes
whatever became of it. What arrived is told by the connector (`Outcome.arrived`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ...connectors.base.contract import Outcome
from ...connectors.base.values import Value
from ..store import in_part
from ..store import statements as sql
from .carry import place
from .decision import filling
from .ended import once
from .journal import Entry, row_of
from .session import Session, dump_values

T = TypeVar("T")

Settled = tuple[Entry, Outcome]

_SPLITS = ("refused", "busy", "absent", "unknown", "gone")
"""What may be said of the rest of a write."""


def split(session: Session, results: Sequence[Settled]) -> list[Settled]:
    """What became of some entries, with two in place of each that arrived in part: what arrived,
    which is done, and the rest. Goes with the transaction under way."""
    found: list[Settled] = []
    for entry, outcome in results:
        there = entry.after.keys() & outcome.arrived if outcome.arrived else set()
        if outcome.kind not in _SPLITS or not there or there == entry.after.keys():
            arrived_first = outcome.kind == "gone" and there
            found.append((entry, replace(outcome, kind="done") if arrived_first else outcome))
            continue
        values = {name: one for name, one in (outcome.values or {}).items() if name in there}
        arrived, rest = _apart(session, entry, there)
        rest = _store(session, arrived, rest)
        done = Outcome(outcome.ref, "done", outcome.id, values or None, stamp=outcome.stamp)
        found.append((arrived, done))
        found.append((rest, replace(outcome, values=None, arrived=())))
    return found


def forget(session: Session, entry: Entry, unclear: Collection[str]) -> None:
    """An update may have arrived or not before somebody changed these fields: what the two last
    agreed on in them is not known any more, as when they first met. Both values count as news then,
    and the rule says which of them stands."""
    if not unclear or entry.undoes:
        return
    keys = {*_rows(session, entry, unclear)} & {key for half in entry.agree for key in half}
    link = session.links(entry.flow, "left", [entry.left]).get(entry.left)
    if link is None or link.ended:
        return
    # Of what was to fill a blank and nothing else it is known: what stands there now stays.
    keys -= {key for key in keys if filling(key) in link.base.left}
    if not keys:
        return
    blank: dict[str, Value] = dict.fromkeys(keys)
    base = link.base.without(keys)
    base = base.moved((blank, {}) if entry.side == "left" else ({}, blank))
    session.db.run(
        sql.put_base,
        org=session.org,
        flow=entry.flow,
        one=entry.left,
        new_left=dump_values(base.left),
        new_right=dump_values(base.right),
    )


def _store(session: Session, arrived: Entry, rest: Entry) -> Entry:
    """Puts both into the journal. It returns the rest with when it was sent, which an entry that
    was read before doesn't know."""
    where = {"org": session.org, "run": arrived.run, "one": arrived.number}
    [state, sent] = session.db.row(in_part.sent, **where) or (rest.state, rest.sent)
    row = row_of(session, arrived)
    session.db.run(
        in_part.narrow,
        **where,
        **{f"new_{name}": row[name] for name in ("before", "after", "agree", "lost", "reason")},
    )
    rest = replace(rest, state=state, sent=sent)
    session.db.run(sql.put_change, **row_of(session, rest))
    return rest


def _next(session: Session, entry: Entry) -> int:
    """The next number in the journal of an entry's run."""
    if entry.run == session.run:
        return session.number()
    [last] = session.db.row(in_part.last_number, org=session.org, run=entry.run) or (0,)
    return int(last) + 1


def _apart(session: Session, entry: Entry, there: Collection[str]) -> tuple[Entry, Entry]:
    """What of an entry has arrived, by its fields, and the rest. Of two rows about one record, the
    one that may not be over comes last."""
    rest = {*entry.after} - {*there}
    keys = {*_agreed_by(session, entry, rest)}
    others = {key for half in entry.agree for key in half} - keys
    arrived = _only(session, entry, there, others)
    return arrived, replace(_only(session, entry, rest, keys), number=_next(session, entry))


def _only(session: Session, entry: Entry, fields: Collection[str], keys: Collection[str]) -> Entry:
    """An entry of some of its fields, and of what is agreed on once those are there."""
    left, right = (_of(half, keys) for half in entry.agree)
    return replace(
        entry,
        before=_of(entry.before, fields),
        after=_of(entry.after, fields),
        agree=(left, right),
        lost=_of(entry.lost, fields),
        reason=_reasons(session, entry, keys),
    )


def _reasons(session: Session, entry: Entry, keys: Collection[str]) -> str:
    """Of the reasons of an entry, each of which ends with the place of its row, those of some."""
    ready = session.flows[entry.flow]
    places = {one.key: place(one) for one in ready.rows} | {
        one.key: one.place for one in ready.infers
    }
    named, told = {places[key] for key in keys if key in places}, list[str]()
    reason: list[str] = []
    for part in entry.reason.split("; "):
        reason.append(part)
        if part in places.values():
            told += reason if part in named else ()
            reason = []
    return "; ".join([*told, *reason])


def _of(values: Mapping[str, T], names: Collection[str]) -> dict[str, T]:
    return {name: one for name, one in values.items() if name in names}


def _rows(session: Session, entry: Entry, fields: Collection[str]) -> Iterator[str]:
    """The rows that rest on some fields of the side that is written."""
    for row in session.flows[entry.flow].rows:
        own, computed = (
            (row.row.left, row.pushes) if entry.side == "left" else (row.row.right, row.pulls)
        )
        if own in fields or (computed and not {*row.row.reads}.isdisjoint(fields)):
            yield row.key


def _agreed_by(session: Session, entry: Entry, fields: Collection[str]) -> Iterator[str]:
    """What the halves of a base call that which rests on some fields of the side that is written:
    rows, what a rule infers, what stands in for a reference, and ends that were followed."""
    ready = session.flows[entry.flow]
    yield from _rows(session, entry, fields)
    for infer in ready.infers:
        if infer.infer.side == entry.side and infer.infer.field in fields:
            yield infer.key
    for one in ready.stand_ins:
        if one.to == entry.side and one.field in fields:
            yield one.base
    direction = "push" if entry.side == "right" else "pull"
    for move in ready.flow.moves:
        for event in move.events if move.direction == direction else ():
            if event.field in fields:
                yield once(event.on)
