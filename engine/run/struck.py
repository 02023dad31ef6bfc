"""Rules that wait for the rest of a run, since one refusal strikes most of their records.

What one record after the other is refused for (a validation rule, a right, a storage that is full)
has its cause outside of them: to send the rest would bring the same. They stand beside the refused
ones in the entry of that cause and keep their marks. The next run tries them first: who was refused
is held until somebody retries it, or for a day where only a right is missing, so that nobody who is
sound waits behind others for good. So it is where requests that are smaller already, since their
writes got no reply before, get none again, one after the other: then it is not one record that the
system can't bear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ...connectors.base.contract import Batch
from ...dsl.rules import Side
from ..plan.model import Flow
from ..store import statements as sql
from . import problems
from .journal import Entry, entry
from .session import Session

MANY = 10
HALF = 0.5
"""Of what a rule writes in a run in one way, under one login, `MANY` and more than `HALF` must be
refused for one cause until the rest waits."""
VAIN = 3
"""Smaller requests in a row without a reply until the rest of their kind waits."""
A_WHILE = 86_400.0
"""Seconds that who was refused for a right is put off while its rule waits."""
SOME = 500

Kind = tuple[str, str, str, str, str]
"""Flow, side, rule, action and login: what is counted together, and waits together."""


def count(session: Session, one: Entry, cause: str = "", *, right: bool = False) -> None:
    """Counts what became of a write: that it was refused for a cause, or "" for anything else.
    `right`: for one that its login lacks."""
    if session.undoing:
        return
    kind = _kind(one)
    tally = session.tallies.setdefault(kind, Counter())
    tally[cause] += 1
    if cause and tally[cause] >= MANY and tally[cause] > HALF * tally.total():
        session.struck.setdefault(kind, (cause, right))


def replied(session: Session, sent: Sequence[Entry], *, some: bool) -> None:
    """Counts a request that was smaller than others: whether there was `some` reply to it."""
    if session.undoing or not any(one.number in session.apart for one in sent):
        return
    kind = _kind(sent[0])
    session.vain[kind] = 0 if some else 1 + session.vain.get(kind, 0)
    if session.vain[kind] >= VAIN:
        session.struck.setdefault(kind, (problems.cause_of_no_reply(sent[0]), False))


def without(
    session: Session, batch: Batch, entries: Mapping[int, Entry], sent: Collection[int]
) -> Batch:
    """A batch without the writes that wait; what has been `sent` in part goes on."""
    if not session.struck:
        return batch
    left = (
        one
        for one in batch.writes
        if one.ref in sent or _kind(entries[one.ref]) not in session.struck
    )
    return replace(batch, writes=tuple(left))


def hold_back(session: Session, flow: Flow, side: Side, action: str) -> None:
    """Takes back what is planned by rules that wait, and tells of it."""
    for (name, its_side, rule, does, login), (cause, right) in session.struck.items():
        if (name, its_side, does) != (flow.name, side, action):
            continue
        where = {"org": session.org, "run": session.run, "flow": name, "side": side}
        kind = {**where, "rule": rule, "action": action, "login": login}
        while rows := session.db.rows(sql.planned_of_kind, **kind, most=SOME):
            waiting = [entry(row) for row in rows]
            with session.db.transaction("struck"):
                session.db.many(sql.set_state, [_waiting(session, one) for one in waiting])
                problems.not_sent(session, waiting, cause)
        if right:
            with session.db.transaction("put off"):
                session.db.run(sql.put_off, **kind, until=session.now + A_WHILE)


def _kind(one: Entry) -> Kind:
    return one.flow, one.side, one.rule, one.action, one.login


def _waiting(session: Session, one: Entry) -> dict[str, object]:
    """The parameters that move an entry on."""
    return {
        "org": session.org,
        "run": session.run,
        "one": one.number,
        "new_state": "waiting",
        "new_code": problems.WAITS,
    }
