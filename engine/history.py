"""Everything that was ever done to a record, and what became of it in its system, by run and time.

Told from the state; no system is asked. Edits that lost are `lost.py`, the reasons for what is so
now `why.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..connectors.base.values import text
from ..connectors.base.world import moment
from .report import at_time, change_json, change_text
from .run.journal import Entry
from .run.past import changes, ids_of
from .run.problems import ENDED
from .store import lives
from .store import lost as sql

if TYPE_CHECKING:
    from .store.database import Database


@dataclass(frozen=True, slots=True)
class Done:
    """A change of ours; `at` is when it went out, or when its run began (seconds UTC)."""

    run: int
    at: float
    change: Entry


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of a record in its system, and when a run saw it (seconds UTC)."""

    run: int
    at: float
    system: str
    object: str
    record: str
    life: str
    into: str


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a record's past."""

    done: tuple[Done, ...]
    turns: tuple[Turn, ...]

    @property
    def all(self) -> list[Done | Turn]:
        """Both, in the order in which it happened; of one run, first what was seen."""
        whole: list[Done | Turn] = [*self.turns, *self.done]
        return sorted(whole, key=lambda one: one.run)


def history(db: Database, orgs: Iterable[str], record: str) -> History:
    """What was done to a record, by its key or its id on either side, and what became of it."""
    done: list[Done] = []
    turns: list[Turn] = []
    record = text(record) or ""
    for org in orgs:
        entries = changes(db, org, record)
        began = started(db, org, entries)
        done += (Done(one.run, one.sent or began.get(one.run, 0.0), one) for one in entries)
        ids = ids_of(db, org, record)
        ids |= {id for one in entries for id in (one.record, one.left, one.right)}
        rows = db.rows(lives.of_records, org=org, ids=sorted(ids - {""}))
        turns += (Turn(*row) for row in rows)
    return History(tuple(done), tuple(turns))


def started(db: Database, org: str, entries: Sequence[Entry]) -> dict[int, float]:
    """When the runs of some changes began."""
    numbers = sorted({one.run for one in entries})
    return dict(db.rows(sql.started, org=org, numbers=numbers))


def history_json(found: History) -> dict[str, Any]:
    """`history --format json`; times in UTC as ISO 8601."""
    return {
        "changes": [
            {"run": one.run, "at": moment(one.at), **change_json(one.change)} for one in found.done
        ],
        "events": [
            {
                "run": one.run,
                "at": moment(one.at),
                "event": one.life,
                "system": one.system,
                "object": one.object,
                "id": one.record,
                "into": one.into or None,
            }
            for one in found.turns
        ],
    }


def history_text(found: History) -> str:
    """`history` for people: each change with its run, its time and what became of it."""
    return "\n".join(f"run {one.run}, {at_time(moment(one.at))}{_told(one)}" for one in found.all)


def _told(one: Done | Turn) -> str:
    if isinstance(one, Turn):
        return f": ! {one.system} {one.object} {one.record} {turned(one.life, one.into)}"
    return f", {_FATES.get(one.change.state, one.change.state)}: {change_text(one.change)}"


def turned(life: str, into: str) -> str:
    """What became of a record, in words."""
    if life == "here":
        return "is there again"
    if life == ENDED:
        return "can't come back: what was open of it and its partner is over"
    if life == "out of sight":
        return "is not shown to us any more"
    return f"was {life} into {into.replace('/', ' ')}" if into else f"was {life}"


_FATES = {
    "doubt": "in doubt",
    "sent": "in doubt",
    "dropped": "put off",
    "spared": "put off",
    "paused": "put off",
    "waiting": "put off",
    "due": "put off",
}
