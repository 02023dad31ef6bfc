"""Step 2, decide: every dirty record is decided, each as this run's earlier decisions leave it.

Goes over the flows, parents first, until a pass decides nothing new: accounts that are brought
along and stages that are inferred come out here. What is decided stands in the journal as planned;
nothing is sent. The decision itself is `decide.py`, what there is to decide `pairs.py`.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from ...connectors.base.values import folded
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow
from ..store import lives
from ..store import statements as sql
from ..store.database import Statement
from ..store.unknown import ASKED_UNKNOWN, PUSHED_UNKNOWN, UNKNOWN
from . import problems
from .around import ASKED_FOR, FOLLOWED, Pair, Surroundings, key_text
from .asks import Asks
from .by_hand import as_asked
from .closures import Ready
from .decision import Change, Coming, Decision
from .ended import TO_BE_DELETED
from .follow import follow
from .journal import doubts, dump_agree
from .look import look_at
from .lost import dump, losses
from .neighbours import ask_children
from .pairs import UNSEEN, Mark, decide_pair, ids_of, pairs_of
from .partners import look_again
from .restored import careful, note
from .scope import BROUGHT, NEEDED, PUSHED
from .session import Session, dump_values
from .signed import Signing
from .state import Linked, leads_further, other
from .successor import successor
from .to_and_fro import ToAndFro

CHUNK = 500
"""Records that are loaded and decided at once."""
LEAVES = ("nothing", "wait")
"""What is decided of a record that stays without a partner."""


def propose(session: Session) -> None:
    """Decides until quiet, once links have followed what their records became."""
    follow(session)
    look_again(session)
    signing = Signing(session)
    some = False
    while any(_flow(session, ready, signing) for ready in _due(session)):
        some = True
    if some:
        with session.db.transaction("decided"):
            session.db.run(sql.clear_brought, org=session.org, run=session.run)


def _due(session: Session) -> list[Ready]:
    """The flows that may have something to decide."""
    rows = session.db.rows(lives.due_sides, org=session.org, now=session.now)
    named = {flow for flow, _ in rows}
    return [one for one in session.flows.values() if one.flow.name in named]


def _flow(session: Session, ready: Ready, signing: Signing) -> int:
    """Decides the due records of one flow; returns how many were, or were found to need others."""
    count = 0
    whole = session.scope.decides(ready.flow.name)
    after: tuple[str, str] = ("", "")
    while True:
        rows = session.db.rows(
            sql.due if whole else sql.due_needed,
            org=session.org,
            flow=ready.flow.name,
            run=session.run,
            now=session.now,
            after_side=after[0],
            after=after[1],
            most=CHUNK,
        )
        if not rows:
            return count
        if not whole and _look_first(session, ready.flow):
            continue
        after = (rows[-1][0], rows[-1][1])
        session.keep_alive()
        with session.db.transaction("planned"):
            count += _chunk(session, ready, [Mark(*row) for row in rows], signing)
        if len(rows) < CHUNK:
            return count  # What these have marked is due in the next pass.


def _look_first(session: Session, flow: Flow) -> bool:
    """Looks at what a flow's decisions rest on, where this run has not; whether it had to."""
    missing = [
        one
        for one in session.plan.reads
        if (one.system, one.object) in flow.looks and (one.system, one.object) not in session.looked
    ]
    if missing:
        look_at(session, missing)
    return bool(missing)


def _chunk(session: Session, ready: Ready, marks: Sequence[Mark], signing: Signing) -> int:
    flow = ready.flow
    open_ones = doubts(session, flow.name)
    pairs = pairs_of(session, flow, marks, open_ones)
    surroundings = Surroundings(session, ready, [pair for _, pair in pairs])
    claimed: set[tuple[Side, str]] = set()
    decided = 0
    alone: list[str] = []
    kept = Kept(session, flow, [pair for _, pair in pairs], signing)
    swings = ToAndFro(session, ready, [pair for _, pair in pairs])
    under_way = _under_way(session, flow, [pair for _, pair in pairs])
    for seen, pair in pairs:
        ids = {(mark.side, mark.id) for mark in seen} | ids_of(pair)
        if ids & claimed:
            # The other half of a pair that this chunk has decided, or a partner that another
            # record has found as well: the next pass looks again where a mark is left.
            continue
        if ids & under_way:
            # Marked again with writes on their way, of which nobody knows yet whether they arrive.
            continue
        follows = successor(session, flow, pair)
        if follows is not None:
            busy = claimed | open_ones.ids
            if not follows.ids & busy and not _planned(session, flow, follows.ids):
                follows.take_over(session)
                claimed |= follows.ids
                decided += 1
            continue
        decision = decide_pair(as_asked(session, ready, pair), pair, surroundings)
        decision = swings.without(pair, decision)
        note(session, flow, pair, decision)
        if session.restored is not None:
            decision = careful(ready, pair, decision)
        if decision is UNSEEN:
            # What a write to either was refused for is over: the next goes to what it became.
            told = [(flow.name, id) for _, id in ids_of(pair)]
            problems.over(session, sorted(told), kept="decisions")
            continue
        if _of_another_rule(session, flow, pair, decision):
            continue
        if decision.action == "need":
            decided += _bring(session, decision.needs)
            continue
        decided += 1
        claimed |= ids
        kept.add(pair, decision, seen)
        if pair.left and not pair.link and pair.cause != BROUGHT and decision.action in LEAVES:
            alone.append(pair.left.id)
    kept.store()
    if not flow.users:
        ask_children(session, flow.name, alone)
    return decided


def _under_way(session: Session, flow: Flow, pairs: Sequence[Pair]) -> set[tuple[Side, str]]:
    """Records that have something on its way: what is decided again of them, the next run does."""
    return _planned(session, flow, {one for pair in pairs for one in ids_of(pair)})


def _planned(session: Session, flow: Flow, ids: Set[tuple[Side, str]]) -> set[tuple[Side, str]]:
    """Those of some records that this run has planned something for, or is to link."""
    return {
        (side, id)
        for side in SIDES
        for id in session.planned_ids(flow.name, side, [id for at, id in ids if at == side])
    }


def _of_another_rule(session: Session, flow: Flow, pair: Pair, decision: Decision) -> bool:
    """Whether a decision is left to a run that is about more than one rule: what this one doesn't
    create or link another may, and what follows on a delete is what its own rule says."""
    rule = session.scope.rule
    if not rule or not session.scope.decides(flow.name) or pair.cause in NEEDED:
        return False
    if decision.action in ("delete", "unlink"):
        return decision.rule != rule
    return pair.link is None and decision.action == "nothing" and not decision.problems


# ---- keeping --------------------------------------------------------------------------------


def _bring(session: Session, needs: Sequence[Coming]) -> int:
    """Marks what has to be decided first; returns how many of those were not marked so before.
    The record that needs them is decided in the next pass."""
    new = []
    for one in dict.fromkeys(needs):
        rows = session.marks_of(one.flow, one.side, [one.id])
        if not any(cause == BROUGHT for _, _, _, cause, _, _ in rows):
            new.append((one.flow, one.side, one.id))
    session.mark(new, BROUGHT)
    return len(new)


class Kept:
    """The decisions of a chunk: rows for the journal, moves of marks, and bases; stored at once."""

    def __init__(
        self, session: Session, flow: Flow, pairs: Sequence[Pair], signing: Signing
    ) -> None:
        self.session = session
        self.flow = flow
        self._asks = Asks(session, flow, pairs)
        self._signing = signing
        self._rows: list[dict[str, object]] = []
        self._bases: list[dict[str, object]] = []
        self._marks: dict[Statement, list[dict[str, object]]] = {}

    def add(self, pair: Pair, decision: Decision, marks: Sequence[Mark]) -> None:
        """Notes a decision and what becomes of the marks that led to it."""
        problems.report(self.session, self.flow, pair, decision)
        self._asks.add(pair, decision)
        planned = self._journal(pair, decision) or self._strangers(decision)
        if pair.link is not None:
            self._agree(pair.link, pair, decision)
        both = {mark.side for mark in marks} == {"left", "right"}
        for mark in marks:
            # People count pairs: of two that are marked the left one is held back for both.
            stopped = decision.stopped and not (both and mark.side == "right")
            brought = mark.cause == BROUGHT and not (stopped and pair.link)
            # What a person pushed stays pushed until it has a partner, and that a link followed is
            # so until both records have been there.
            pushed = mark.cause == PUSHED and pair.link is None
            followed = mark.cause == FOLLOWED and pair.link is not None and not pair.link.ended
            lasting = mark.cause if pushed or followed else ""
            if planned or brought:
                # Held back in part, it stays: the next run decides it again, whatever becomes of
                # the rest.
                rule = decision.stopped if planned and stopped else ""
                self._move(sql.decided, mark, run=self.session.run, rule=rule)
            elif stopped:
                self._move(sql.hold, mark, **self._until(decision, lasting))
            elif decision.waits:
                why = ASKED_UNKNOWN if mark.cause in ASKED_FOR else UNKNOWN
                why = PUSHED_UNKNOWN if pushed else why
                self._move(sql.hold, mark, why=why, rule=decision.rule, until=sql.NEVER)
            elif decision.action == "wait" and mark.side == _waiting(pair, decision):
                self._move(sql.hold, mark, why="waits", rule=decision.rule, until=sql.NEVER)
            elif decision.look_again:
                until = self.session.tomorrow()
                self._move(sql.hold, mark, why="a day passed", rule="", until=until)
            elif (pushed and decision.problems) or (followed and not _both_here(pair)):
                self._move(sql.hold, mark, why=mark.cause, rule="", until=sql.NEVER)
            else:
                self._move(sql.clear, mark)

    def _until(self, decision: Decision, why: str) -> dict[str, object]:
        """When a mark is due again whose rule is stopped: when something changes, or tomorrow
        where the rule counts days; for its own `why`, where it keeps one."""
        if decision.look_again:
            until = self.session.tomorrow()
            return {"why": why or "a day passed", "rule": decision.stopped, "until": until}
        return {"why": why or "stopped", "rule": decision.stopped, "until": sql.NEVER}

    def store(self) -> None:
        """Writes it all with the transaction under way."""
        db = self.session.db
        db.many(sql.put_change, self._rows)
        db.many(sql.put_base, self._bases)
        self._asks.store()
        for statement, sets in self._marks.items():
            db.many(statement, sets)

    def _move(self, statement: Statement, mark: Mark, **more: object) -> None:
        where = {
            "org": self.session.org,
            "flow": self.flow.name,
            "side": mark.side,
            "one": mark.id,
            "seen": mark.mark,
        }
        self._marks.setdefault(statement, []).append({**where, **more})

    def _strangers(self, decision: Decision) -> bool:
        """Notes the people that an activity makes known; whether there are any. Their own rules
        decide what else becomes of them, and the activity is decided again once they are there."""
        for one in decision.strangers:
            flow, side = one.people.flow, one.people.side
            address = folded(one.address, "email")
            if address in self.session.strangers:
                continue
            self.session.strangers.add(address)
            self._put(
                self.session.flows[flow].flow,
                side,
                "create",
                rule=decision.rule,
                key=one.address,
                before=dump_values(dict.fromkeys(one.fields)),
                after=dump_values(one.fields),
                agree=dump_agree(({}, {})),
                reason="nobody knows who it is with",
            )
        return bool(decision.strangers)

    def _agree(self, link: Linked, pair: Pair, decision: Decision) -> None:
        """Halves of the base that hold without a write."""
        base = link.base.moved(decision.agree)
        if decision.left or decision.right:
            base = base.without([TO_BE_DELETED])
        if not _both_here(pair):
            # No backfill brings in line with what is gone; once it is back, the two meet anew.
            base = base.without(base.differing)
        if base != link.base:
            self._bases.append(
                {
                    "org": self.session.org,
                    "flow": self.flow.name,
                    "one": link.left,
                    "new_left": dump_values(base.left),
                    "new_right": dump_values(base.right),
                }
            )

    def _journal(self, pair: Pair, decision: Decision) -> bool:
        """Notes the planned rows of a decision; whether there were any."""
        before = len(self._rows)
        if decision.action == "link":
            self._row(pair, decision, "right", "link", (), decision.reason)
        if decision.action in ("delete", "unlink"):
            self._row(pair, decision, decision.side, decision.action, (), decision.reason)
        if decision.action == "create":
            made = decision.right if decision.side == "right" else decision.left
            self._row(pair, decision, decision.side, "create", made, decision.reason)
        else:
            if decision.right:
                self._row(pair, decision, "right", "update", decision.right, "")
            if decision.left:
                self._row(pair, decision, "left", "update", decision.left, "")
        return len(self._rows) > before

    def _row(
        self,
        pair: Pair,
        decision: Decision,
        side: Side,
        action: str,
        changes: Sequence[Change],
        reason: str,
    ) -> None:
        left, right = pair.left, pair.right
        written = left if side == "left" else right
        author, login = self._signing.of(self.flow, side, pair)
        base = pair.link.base if pair.link else None
        self._put(
            self.flow,
            side,
            action,
            record=written.id if written and action != "create" else "",
            left=left.id if left else "",
            right=right.id if right else "",
            rule=decision.rule or (changes[0].rule if changes else ""),
            key=key_text(self.flow, left.values if left else None, right.values if right else None),
            before=dump_values({one.field: one.before for one in changes}),
            after=dump_values({one.field: one.after for one in changes}),
            agree=_agreements(decision, changes, action),
            reason=reason or "; ".join(dict.fromkeys(one.reason for one in changes)),
            parent=_parent(self.session, self.flow, side, changes, pair),
            author=author,
            login=login,
            lost=dump(
                losses(
                    self.session.flows[self.flow.name],
                    side,
                    base,
                    changes,
                    self._signing.changed(self.flow, other(side), pair),
                    self._signing.changed(self.flow, side, pair),
                )
            ),
        )

    def _put(self, flow: Flow, side: Side, action: str, **told: object) -> None:
        """Notes a planned row of the journal; what isn't told is nobody's."""
        end = flow.end(side)
        names = ("record", "left", "right", "parent", "author", "login", "lost")
        nothing = dict.fromkeys(names, "")
        self._rows.append(
            {
                **nothing,
                "org": self.session.org,
                "run": self.session.run,
                "number": self.session.number(),
                "flow": flow.name,
                "side": side,
                "system": end.system,
                "object": end.object,
                "action": action,
                "state": "planned",
                "sent": 0.0,
                "code": "",
                **told,
            }
        )


def _waiting(pair: Pair, decision: Decision) -> Side:
    """Which of two records waits for both: of two that are linked the one that is gone."""
    if pair.link is not None:
        return decision.side
    return "left" if pair.left else "right"


def _both_here(pair: Pair) -> bool:
    """Whether both records of a pair are there, and neither of them in the bin."""
    return all(one is not None and one.life == "here" for one in (pair.left, pair.right))


def _agreements(decision: Decision, changes: Sequence[Change], action: str) -> str:
    """What both halves of the base hold once a journal row is done."""
    left: dict[str, object] = {}
    right: dict[str, object] = {}
    if action in ("link", "create"):
        left.update(decision.agree[0])
        right.update(decision.agree[1])
    if decision.once:
        half = left if decision.side == "right" else right
        half[decision.once] = True
    for one in changes:
        if not one.key:
            continue
        if one.key.startswith("="):
            right[one.key] = one.agree[1]
            continue
        left[one.key], right[one.key] = one.agree
        if isinstance(one.after, Coming):
            side = right if one.after.side == "left" else left
            side[one.key] = one.after
    return dump_agree((left, right))


def _parent(session: Session, flow: Flow, side: Side, changes: Sequence[Change], pair: Pair) -> str:
    """The record whose lock the system takes with this write: writes of one parent go together."""
    record = pair.left if side == "left" else pair.right
    for row in flow.rows:
        if not leads_further(session, row):
            continue
        name = row.field(side)
        planned = next((one.after for one in changes if one.field == name), None)
        value = planned if planned is not None else record.values.get(name) if record else None
        if isinstance(value, Coming):
            return value.id
        if value:
            return str(value)
    return ""
