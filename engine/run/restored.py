"""A state that is an older copy of itself: how it is known, and what a run then doesn't believe.

Each run leaves word of itself outside of the state (`engine/generation.py`); a state that doesn't
know that run has lost what was done since. Where that word came back together with the state, what
is read shows it: records that we wrote since have the same new value on both sides. Everything is
read again, and until a whole run has compared both sides no value that somebody may have given
since is written over, and nothing is made before it was looked for. That it is so stands in the
state, where a crash doesn't lose it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ...connectors.base.contract import Outcome, Write
from ...connectors.base.frozen import dataclass
from ...connectors.base.values import Value
from ...errors import Braked
from ..plan.model import Flow
from ..store import bygone
from ..store import statements as sql
from ..store.database import Database
from .around import Pair
from .carry import conflict
from .closures import Ready, ReadyRow
from .decision import Base, Change, Decision, Problem
from .ended import ONCE
from .journal import Entry
from .session import Session
from .tidy import TIDIED

SLACK = 300.0
"""Seconds before the last run that the state knows, from which on its writes are not sure."""
TWINS, SHARE = 10, 0.1
"""So many linked pairs, and more than such a share of those that a run decides, that have the same
new value on both sides are no chance: we have written it, and have forgotten that."""
CALM = 30 * 86_400.0
"""Seconds after a comparison for which such pairs prove nothing: another program may do the same
work, and one whole reading a month is enough for it."""
_RESTORED = {"system": "", "object": "", "purpose": "restored"}
"""The cursor that says since when the state has known nothing; with the text `over`, until when."""


@dataclass(frozen=True, slots=True)
class Last:
    """The last run that a machine knows of: its number, when it began, and whether it has ended."""

    run: int
    started: float
    ended: bool


class Generation(Protocol):
    """What is remembered of a state besides the state."""

    def last(self) -> Last | None:
        """The last run; None where none is known here."""

    def note(self, last: Last) -> None:
        """From now on this is the last run."""


class Nowhere:
    """Nothing is remembered."""

    def last(self) -> Last | None:
        return None

    def note(self, last: Last) -> None:
        """It is forgotten."""


def begin(db: Database, org: str, generation: Generation) -> int:
    """The number of the last run, that this machine or the state knows of. Where the state is an
    older copy, it says so from now on, and all feeds are read from their beginning."""
    row = db.row(sql.last_run, org=org)
    known = int((row and row[0]) or 0)
    last = generation.last()
    if last is None or not known or not _is_older(db, org, last):
        return max(known, last.run if last and known else 0)
    then = db.row(bygone.run_of, org=org, one=known)
    with db.transaction("restored"):
        db.run(bygone.from_the_beginning, org=org)
        if since(db, org) is None:
            at = then[0] if then else last.started
            number = max(0, last.run - known)
            db.run(sql.put_cursor, org=org, **_RESTORED, cursor="", layout=0, number=number, at=at)
    return max(known, last.run)


def _is_older(db: Database, org: str, last: Last) -> bool:
    """Whether a state doesn't know a run that it has seen."""
    compared = db.row(sql.cursor, org=org, **_RESTORED)
    if compared is not None and compared[0] == "over" and compared[3] > last.started:
        return False  # Another machine has found it so.
    found = db.row(bygone.run_of, org=org, one=last.run)
    if found is not None:
        return abs(found[0] - last.started) > 0.001 or (last.ended and not found[1])
    tidied = db.row(sql.cursor, org=org, **TIDIED)
    return tidied is None or tidied[2] < last.run


def since(db: Database, org: str) -> float | None:
    """When what the state doesn't know began; None where it is no older copy."""
    found = db.row(sql.cursor, org=org, **_RESTORED)
    return found[3] - SLACK if found is not None and found[0] != "over" else None


def note(session: Session, flow: Flow, pair: Pair, decision: Decision) -> None:
    """Counts a decision about a linked pair, and whether it found our work there already. Users
    are nobody's work: a company may give all of them other addresses in both systems."""
    if pair.link is not None and session.restored is None and not flow.users:
        session.pairs += 1
        session.twins += _is_twin(pair.link.base, decision)


def _is_twin(base: Base, decision: Decision) -> bool:
    """Whether both sides have moved since the base was, to values that say the same. What is known
    of an end is no value."""
    left, right = decision.agree
    written = {one.key for one in (*decision.left, *decision.right)}
    return any(
        left[key] != base.left[key] and right[key] != base.right[key]
        for key in left.keys() & right.keys() & base.left.keys() & base.right.keys()
        if key not in written and key not in ONCE
    )


def shows(session: Session) -> bool:
    """Whether what this run has read shows that the state is an older copy."""
    if session.twins < TWINS or session.twins < SHARE * session.pairs:
        return False
    last = session.db.row(sql.cursor, org=session.org, **_RESTORED)
    return last is None or not 0 <= session.now - last[3] < CALM


def found_out(session: Session) -> None:
    """From now on the state is known to be an older copy: all feeds are read from their beginning,
    and what this run has planned is decided once more."""
    last = session.db.row(bygone.last_before, org=session.org, before=session.started)
    then = session.db.row(bygone.run_of, org=session.org, one=last[0]) if last else None
    at = then[0] if then else session.started
    with session.db.transaction("restored"):
        session.db.run(bygone.from_the_beginning, org=session.org)
        session.db.run(
            sql.put_cursor, org=session.org, **_RESTORED, cursor="", layout=0, number=0, at=at
        )
        session.db.run(sql.decide_again, org=session.org, run=session.run)
        session.db.run(bygone.forget_planned, org=session.org, run=session.run)
    session.strangers.clear()
    session.restored = at - SLACK


def runs_lost(session: Session) -> int:
    """How many runs the state has lost at least."""
    found = session.db.row(sql.cursor, org=session.org, **_RESTORED)
    return int(found[2]) if found is not None else 0


def must_run_first(what: str) -> Braked:
    """Why nothing but a whole run goes on from an older copy."""
    return Braked(
        f"`{what}` waits for a whole run",
        why="the state is an older copy of what this machine's last run left, so what was done "
        "since has to be compared first; nothing was written",
        fix="`syncrules preview` shows what a run would do, `syncrules run` does it; both read "
        "everything again",
    )


def compared(session: Session) -> None:
    """A whole run has come to its end: the state knows again how things are."""
    with session.db.transaction("compared"):
        where = {"org": session.org, **_RESTORED}
        number = runs_lost(session)
        db, now = session.db, session.now
        db.run(sql.put_cursor, **where, cursor="over", layout=0, number=number, at=now)


# ---- what is not believed -------------------------------------------------------------------


def careful(ready: Ready, pair: Pair, decision: Decision) -> Decision:
    """A decision, less what would write over a value that the base doesn't know: we may have
    written it, or somebody may have since. It is left alone, and listed where it is a row's."""
    if decision.action not in ("update", "link"):
        return decision
    base = pair.link.base if pair.link is not None else None
    rows = {one.key: one for one in ready.rows}
    halves = (dict(decision.agree[0]), dict(decision.agree[1]))
    problems: list[Problem] = []

    def kept(changes: Sequence[Change]) -> tuple[Change, ...]:
        found = []
        for one in changes:
            row = rows.get(one.key)
            if not _has_moved(row, one, base):
                found.append(one)
            elif row is None:
                halves[1][one.key] = one.agree[1]
            else:
                own, its = (1, 0) if one.side == "right" else (0, 1)
                halves[own][one.key], halves[its][one.key] = one.before, one.agree[its]
                lv, rv = halves[0][one.key], halves[1][one.key]
                problems.append(replace(conflict(row, lv, rv, _UNSURE), side=one.side))
        return tuple(found)

    left, right = kept(decision.left), kept(decision.right)
    if (left, right) == (decision.left, decision.right):
        return decision
    nothing = decision.action == "update" and not (left or right)
    return replace(
        decision,
        action="nothing" if nothing else decision.action,
        left=left,
        right=right,
        agree=halves,
        problems=(*decision.problems, *problems),
    )


_UNSURE = "the state is an older copy, so which of them is newer can't be told"


def _has_moved(row: ReadyRow | None, change: Change, base: Base | None) -> bool:
    """Whether what a change would write over is not what stood there as far as we know."""
    if not change.key or change.before is None:
        return False
    if base is None:
        return True
    half: Mapping[str, Value] = base.left if change.side == "left" else base.right
    if change.key.startswith("="):
        half = base.right  # Where what was inferred is kept, whichever side it is written to.
    if change.key not in half:
        return False
    then = half[change.key]
    if row is None:
        return then != change.before
    same = row.same_left if change.side == "left" else row.same_right
    return not same(change.before, then)


def looked_for(
    session: Session, entries: Sequence[Entry], writes: Sequence[Write], since: float
) -> list[tuple[Entry, Outcome]]:
    """What is there of records that are to be made: an earlier run may have made them. A write is
    looked for as one whose reply was lost; what is surely absent is not among the results."""
    by_ref = {one.number: one for one in entries}
    system = entries[0].system
    found = session.connectors[system].find([replace(one, since=since) for one in writes])
    return [(by_ref[one.ref], one) for one in found if one.kind != "absent"]
