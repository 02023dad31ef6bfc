"""Rows that are newer than a link: what two linked records hold in them as the rules get them.

Nothing of that flows before it changes; where the two differ they wait for a backfill, which the
base remembers (`decision.py`) and a run tells. What it comes to is decided in `decide.py`. A row
in which the two agreed before it was taken out of the rules is no newer one: it goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ...connectors.base.frozen import dataclass
from ..plan.model import Flow, Plan
from ..plan.plain import NO_MEANING, canonical, fingerprint
from ..store import statements as sql
from ..store import whole
from .around import Surroundings
from .closures import Ready, ReadyInfer, ReadyRow
from .decide import as_agreed, met, unmet
from .decision import Base, apart
from .inferred import meet as meet_in
from .journal import doubts
from .pairs import Mark, pairs_of
from .session import BACKFILLED, Session, dump_values, load_values
from .state import Linked

CHUNK = 500
"""Links that are gone over at once."""
ROWS = "rows"
"""The purpose of the cursor that says, by flow, which rows it had when rules were last noted, and
what it inferred; its number is 0 while the rules lack the flow."""
_INFERS = "="
"""Stands among these rows where what was inferred is, too: earlier versions didn't note it."""


@dataclass(frozen=True, slots=True)
class Behind:
    """How many linked pairs of a map differ in a row that is newer, and what brings them in
    line."""

    map: str
    backfill: str
    count: int


def behind(plan: Plan, waiting: Iterable[tuple[str, str, int]]) -> tuple[Behind, ...]:
    """Of what waits for a backfill, the pairs that rules are about."""
    flows = {one.name: one for one in plan.flows}
    return tuple(
        Behind(map_of(flows[name]), backfill_of(flows[name]), count)
        for name, rule, count in waiting
        if not rule and name in flows
    )


def map_of(flow: Flow) -> str:
    """What people call the rows of a flow."""
    return f"map {flow.left.object} with {flow.right.object}"


def backfill_of(flow: Flow) -> str:
    """The command that decides about all pairs of a flow as if they had just met."""
    pushes = any(one.direction == "push" and not one.implied for one in flow.moves)
    way, end = ("push", flow.left) if pushes else ("pull", flow.right)
    return f"syncrules backfill {way} {end.object}"


def backfill_for(flow: Flow, rule: str) -> str:
    """The command that takes what waits for a rule of a flow: an `infer` that stands alone has no
    direction of its own."""
    way, object, *_ = rule.split()
    named = way in ("push", "pull")
    return f"syncrules backfill {way} {object}" if named else backfill_of(flow)


def asked(session: Session, flow: Flow) -> None:
    """Notes that a backfill is asked for: who is in a bin, or out of sight, is brought in line with
    the rows of now once back."""
    _note(session, flow, session.run)
    session.backfilled.add(flow.name)


def _note(session: Session, flow: Flow, run: int) -> None:
    where = {"org": session.org, "system": "", "object": flow.name, "purpose": BACKFILLED}
    session.db.run(sql.put_cursor, **where, cursor="", layout=0, number=run, at=session.now)


def meet(session: Session, flow: Flow) -> None:
    """Notes what the linked pairs of a flow whose rules are others now hold in rows that are newer,
    with the transaction under way: what is changed after this flows. Of rows that are gone nothing
    waits. Who has changed in a row while it was out of the rules is marked."""
    _note(session, flow, 0)
    session.backfilled.discard(flow.name)
    ready, after = session.flows[flow.name], ""
    noted = _noted(session, ready)
    back = [one for one in ready.rows if one.key not in noted]
    infers = _inferred_anew(ready, noted)
    while True:
        where = {"org": session.org, "flow": flow.name, "after": after, "most": CHUNK}
        rows = session.db.rows(whole.links_after, **where)
        links = [
            Linked(left, right, Base(load_values(bl), load_values(br)), ended)
            for left, right, bl, br, ended in rows
        ]
        _some(session, ready, back, infers, links)
        if len(rows) < CHUNK:
            return
        after = links[-1].left


def keep_rows(session: Session, name: str) -> None:
    """Notes which rows a flow has, with the transaction under way: none once the rules lack it."""
    ready = session.flows.get(name)
    keys = json.dumps([*(one.key for one in ready.rows), _INFERS, *_meant(ready)] if ready else [])
    where = {"org": session.org, "system": "", "object": name, "purpose": ROWS}
    row = {"cursor": keys, "layout": 0, "number": 1 if ready else 0, "at": session.now}
    session.db.run(sql.put_cursor, **where, **row)


def left_out(session: Session) -> set[str]:
    """The flows that the rules lacked when they were noted last; those that they lack only now are
    noted as such, with the transaction under way."""
    noted = session.db.rows(sql.kept, org=session.org, purpose=ROWS)
    for _, name, there, _ in noted:
        if there and name not in session.flows:
            keep_rows(session, name)
    return {name for _, name, there, _ in noted if not there}


def _noted(session: Session, ready: Ready) -> list[str]:
    """What is noted of a flow; where nothing is, what it has now."""
    where = {"org": session.org, "system": "", "object": ready.flow.name, "purpose": ROWS}
    noted = session.db.row(sql.cursor, **where)
    return json.loads(noted[0]) if noted else [one.key for one in ready.rows]


def _meant(ready: Ready) -> list[str]:
    """What a flow infers, each with what its arms mean."""
    return [f"{one.key} {fingerprint(canonical(one.infer, NO_MEANING))}" for one in ready.infers]


def _inferred_anew(ready: Ready, noted: Sequence[str]) -> list[ReadyInfer]:
    """What a flow infers otherwise than when its rules were noted last, or only now."""
    if _INFERS not in noted:
        return []
    each = zip(ready.infers, _meant(ready), strict=True)
    return [one for one, meant in each if meant not in noted]


def _some(
    session: Session,
    ready: Ready,
    back: Sequence[ReadyRow],
    infers: Sequence[ReadyInfer],
    links: Sequence[Linked],
) -> None:
    flow = ready.flow
    there = {apart(row.key) for row in ready.rows} | {apart(one.key) for one in ready.infers}
    bases = {one.left: one.base.without(one.base.differing - there) for one in links}
    known = {id: [one for one in back if _knows(base, one)] for id, base in bases.items()}
    new = [
        Mark("left", id, 0, "")
        for id, base in bases.items()
        if infers or known[id] or unmet(ready, base)
    ]
    pairs = [pair for _, pair in pairs_of(session, flow, new, doubts(session, flow.name))]
    around = Surroundings(session, ready, pairs)
    for pair in pairs:
        left, right = pair.left, pair.right
        if left and right and left.life == right.life == "here":
            base = bases[left.id]
            if not as_agreed(known[left.id], left.values, right.values, base):
                session.mark([(flow.name, "left", left.id)], "the rule changed")
            agree = met(ready, left.values, right.values, base, around.of(pair))
            inferred = meet_in(infers, left.values, right.values, around.of(pair))
            bases[left.id] = base.moved(agree).moved(inferred)
    session.db.many(
        sql.put_base,
        [
            {
                "org": session.org,
                "flow": flow.name,
                "one": link.left,
                "new_left": dump_values(bases[link.left].left),
                "new_right": dump_values(bases[link.left].right),
            }
            for link in links
            if bases[link.left] != link.base
        ],
    )


def _knows(base: Base, row: ReadyRow) -> bool:
    """Whether two have agreed in a row."""
    return row.key in base.left or row.key in base.right
