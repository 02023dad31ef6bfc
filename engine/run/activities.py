"""What people did, where it differs from other records: whom it is with, and when it stays out.

Activities have no keys: they are made once somebody they are about is known, and a task and the
call it led to count once. Written against `state.py`, so that a run and a test mean the same; what
becomes of their values is decided in `decide.py` like anyone's, and what follows where a meeting is
cancelled in `cancelled.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...connectors.base.contract import Write
from ...connectors.base.values import domain, folded
from ...dsl.rules import Side
from ..plan.model import Flow, People
from .closures import Ready, Values
from .decision import Stranger
from .match import in_flow
from .state import State, Stored

# ---- whom it is with ------------------------------------------------------------------------


def with_people(
    session: State, flow: Flow, side: Side, records: Mapping[str, Stored]
) -> dict[str, Stored]:
    """Records as they would be if an address named the person whose it is."""
    shown = dict(records)
    for one in flow.people:
        if one.side != side:
            continue
        system = flow.end(side).system
        nameless = {
            id: folded(record.values.get(one.address), "email")
            for id, record in shown.items()
            if record.values.get(one.person) is None
        }
        known: dict[str, list[str]] = {}
        for address, id in session.by_value(
            system, one.object, one.email, sorted({*nameless.values()} - {""})
        ):
            known.setdefault(address, []).append(id)
        for id, address in nameless.items():
            if len(known.get(address, ())) == 1:
                values = {**shown[id].values, one.person: known[address][0]}
                shown[id] = replace(shown[id], values=values)
    return shown


def strangers(session: State, flow: Flow, side: Side, values: Values) -> tuple[Stranger, ...]:
    """Those whom nobody knows, in neither system, and who are none of the team."""
    found: dict[str, Stranger] = {}
    for one in flow.people:
        if one.side != side:
            continue
        for address, name in _addresses(flow, one, values):
            plain = folded(address, "email")
            outside = domain(address) not in (None, *session.plan.team)
            if outside and not _known(session, flow, one, plain):
                found.setdefault(plain, Stranger(one, address.strip(), name))
    return tuple(found.values())


def _addresses(flow: Flow, one: People, values: Values) -> list[tuple[str, str]]:
    """The addresses of those who take part, and what each is called, "" where nothing says so."""
    address = values.get(one.address)
    return [(address, str(values.get(one.name) or ""))] if isinstance(address, str) else []


def _known(session: State, flow: Flow, one: People, address: str) -> bool:
    if session.by_value(flow.end(one.side).system, one.object, one.email, [address]):
        return True
    seen = {"": {one.email: address}}
    people = [
        each.flow for each in session.flows.values() if each.flow.end(one.side).object == one.object
    ]
    return any(in_flow(session, each, one.side, seen) for each in people)


# ---- when it takes place --------------------------------------------------------------------


def with_end(session: State, flow: Flow, side: Side, writes: Sequence[Write]) -> list[Write]:
    """Updates that let something begin at another time, with the end that it has: a system may
    move that along with the beginning, and no rule says so. What would end before it begins keeps
    its length."""
    end = flow.end(side)
    named = {one.role: one.name for one in end.fields}
    begins, ends = named.get("when", ""), named.get("end", "")
    moved = [one.id for one in writes if begins in one.fields and ends not in one.fields]
    if not (flow.activity and begins and ends and moved):
        return list(writes)
    known = session.stored(end.system, end.object, moved)

    def whole(write: Write) -> Write:
        held = known[write.id].values.get(ends) if write.id in known else None
        begin = write.fields.get(begins)
        stands = isinstance(held, str) and isinstance(begin, str) and begin <= held
        return replace(write, fields={**write.fields, ends: held}) if stands else write

    return [whole(one) for one in writes]


# ---- what stays out -------------------------------------------------------------------------


def counted_elsewhere(session: State, flow: Flow, records: Mapping[str, Values]) -> set[str]:
    """Left records that another stands for: tasks that a call came of, and calls whose task went
    over before they were seen."""
    found: set[str] = set()
    system = flow.left.system
    for object, field in flow.led:
        wanted = {folded(id): id for id in records}
        rows = session.by_value(system, object, field, sorted(wanted))
        found |= {wanted[value] for value, _ in rows}
    for name, field in flow.leads:
        came_of = {id: str(one.get(field) or "") for id, one in records.items()}
        linked = session.links(name, "left", {one for one in came_of.values() if one})
        found |= {id for id, task in came_of.items() if task in linked}
    return found


def stays_out(session: State, ready: Ready, side: Side, values: Values) -> str:
    """Why nothing is made of an activity, "" where it may go over."""
    cancelled = ready.cancelled.get(side, "")
    if cancelled and values.get(cancelled) is True:
        return "it was cancelled before it went over"
    guests = values.get(ready.guests.get(side, ""))
    if isinstance(guests, tuple) and guests and session.plan.team:
        team = session.plan.team
        if all((domain(one) or "") in team for one in guests):
            return "only the team takes part"
    return ""


def somebody(ready: Ready, to: Side, made: Sequence[str]) -> bool:
    """Whether a record that would be made of an activity has someone that it is about, and all
    that it must refer to. `made` are the fields that it would get."""
    about = ready.about[to]
    if not about:
        return True
    needed = {one.name for one in ready.flow.end(to).fields if one.required} & set(about)
    return bool(set(made) & set(about)) and needed <= set(made)
