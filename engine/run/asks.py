"""Changes that wait for a person: entered when they are decided, and gone when nothing waits.

One entry stands for one row of two linked records. Its number is that of one change: another value
gets another entry, so that nobody lets go what they haven't seen. Who approves is
`engine/approvals.py`; whether a change may go is asked by `decide.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...connectors.base.values import Value
from ...dsl.rules import Side
from ..plan.model import Flow
from ..store import held as sql
from .around import Pair, key_text
from .decision import Change, Coming, Decision
from .journal import Entry
from .session import Session, dump_values, load_coming


@dataclass(frozen=True, slots=True)
class _Known:
    """An entry that is not over."""

    id: int
    row: str
    side: Side
    before: Value | Coming
    after: Value | Coming
    state: str

    def says(self, change: Change) -> bool:
        """Whether it stands for this very change."""
        mine = (self.row, self.side, self.before, self.after)
        return mine == (change.key, change.side, change.before, change.after)


def dump(value: Value | Coming) -> str:
    """One value as an entry holds it."""
    return dump_values({"": value})


def load(text: str) -> Value | Coming:
    """The inverse of `dump`."""
    return load_coming(text)[""]


class Asks:
    """The entries of a chunk of one flow: what decisions make of them, stored at once."""

    def __init__(self, session: Session, flow: Flow, pairs: Sequence[Pair]) -> None:
        self.session = session
        self.flow = flow
        self._known: dict[str, dict[str, _Known]] = {}
        self._new: list[dict[str, object]] = []
        self._ended: list[tuple[int, str]] = []
        if flow.name in session.asking:
            lefts = {_left(pair) for pair in pairs}
            rows = session.db.rows(sql.of_pairs, org=session.org, flow=flow.name, ids=sorted(lefts))
            for id, left, row, side, before, after, state in rows:
                one = _Known(id, row, side, load(before), load(after), state)
                self._known.setdefault(left, {})[row] = one

    def add(self, pair: Pair, decision: Decision) -> None:
        """Notes what a decision asks, and ends what it asks no longer."""
        known = self._known.get(_left(pair))
        if not known and not decision.asks:
            return
        asked = {one.key: one for one in decision.asks}
        planned = {one.key for one in (*decision.left, *decision.right)}
        for row, one in (known or {}).items():
            change = asked.get(row)
            if change is not None and one.says(change):
                del asked[row]
            elif change is not None:
                self._ended.append((one.id, "stale" if one.state == "approved" else "replaced"))
            elif decision.stopped and not (row in planned or _agreed(decision, row)):
                continue  # Held back by a stop: what was said of it holds when that is over.
            elif one.state == "open" or row not in planned:
                self._ended.append((one.id, "gone"))
        for change in asked.values():
            self._enter(pair, change)

    def _enter(self, pair: Pair, change: Change) -> None:
        session, end = self.session, self.flow.end(change.side)
        left, right = pair.left, pair.right
        rows = session.flows[self.flow.name].rows
        row = next(one.row for one in rows if one.key == change.key)
        self._new.append(
            {
                "org": session.org,
                "id": session.ask_number(),
                "flow": self.flow.name,
                "left": left.id if left else "",
                "right": right.id if right else "",
                "row": change.key,
                "side": change.side,
                "system": end.system,
                "object": end.object,
                "record": _written(pair, change.side),
                "key": key_text(
                    self.flow, left.values if left else None, right.values if right else None
                ),
                "field": change.field,
                "before": dump(change.before),
                "after": dump(change.after),
                "rule": change.rule,
                "file": row.place.file,
                "line": row.place.line,
                "since": session.now,
                "run": session.run,
                "state": "open",
            }
        )

    def store(self) -> None:
        """Writes it all with the transaction under way."""
        session = self.session
        session.db.many(
            sql.end,
            [
                {"org": session.org, "one": id, "new_state": state, "in_run": session.run}
                for id, state in self._ended
            ],
        )
        session.db.many(sql.put, self._new)


def _agreed(decision: Decision, row: str) -> bool:
    return any(row in half for half in decision.agree)


def _left(pair: Pair) -> str:
    return pair.link.left if pair.link else pair.left.id if pair.left else ""


def _written(pair: Pair, side: Side) -> str:
    record = pair.left if side == "left" else pair.right
    return record.id if record else ""


def written(session: Session, entries: Iterable[Entry]) -> None:
    """What was approved has been carried out: it is over, with the commit that says so."""
    session.db.many(
        sql.written,
        [
            {
                "org": session.org,
                "flow": one.flow,
                "one": one.left,
                "in_row": row,
                "in_run": session.run,
            }
            for one in entries
            if one.flow in session.asking and one.action == "update"
            for row in {*one.agree[0], *one.agree[1]}
        ],
    )


def rule_changed(session: Session, flow: Flow) -> None:
    """What waits or is stopped is decided anew: a rule may ask or stop no longer, or be gone."""
    rows = session.db.rows(sql.lefts, org=session.org, flow=flow.name)
    session.mark([(flow.name, "left", left) for (left,) in rows], "the rule changed")
    session.db.run(sql.release_stopped, org=session.org, flow=flow.name)


def rules_gone(session: Session) -> None:
    """Nothing waits of objects that no rule is about any more: nobody could be asked for it. Should
    a rule be back, what changed meanwhile is decided, and asked for, anew."""
    for name in session.asking - session.flows.keys():
        session.db.run(sql.drop_flow, org=session.org, flow=name, in_run=session.run)


def counts(session: Session) -> tuple[int, int]:
    """Changes that wait for a person, and those approved whose value this run found changed."""
    waiting, stale = session.db.row(sql.counts, org=session.org, in_run=session.run) or (0, 0)
    return waiting, stale
