"""Edits that lost to the other side by the word of a rule: which, to what, and how to get it back.

Told from the journal; no system is asked. What counts as lost is `run/lost.py`, what puts it back
`run/undo.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..connectors.base.world import moment
from .history import started
from .report import at_time, show, value_json
from .run.decision import Coming
from .run.journal import Entry, entry
from .run.lost import Loss
from .run.past import changes
from .run.session import load_coming
from .store import lost as sql

if TYPE_CHECKING:
    from ..connectors.base.values import Value
    from .store.database import Database


@dataclass(frozen=True, slots=True)
class Lost:
    """One edit: `value` stood in a field of a record and gave way to `won` of the system `winner`
    when a run wrote it, at `at` (seconds UTC). `back` is the run that put it back, 0 for none."""

    run: int
    at: float
    system: str
    object: str
    record: str
    key: str
    field: str
    value: Value | Coming
    won: Value | Coming
    winner: str
    loss: Loss
    back: int


def lost(db: Database, orgs: Iterable[str], record: str = "") -> list[Lost]:
    """All edits that lost, or those of one record by its key or its id, the oldest first."""
    return [one for org in orgs for one in _of(db, org, record)]


def _of(db: Database, org: str, record: str) -> Iterator[Lost]:
    if record:
        entries = [one for one in changes(db, org, record) if one.lost and one.state == "done"]
    else:
        entries = [entry(row) for row in db.rows(sql.lost, org=org)]
    began = started(db, org, entries)
    for one in entries:
        left, _, right = org.partition("~")
        backs = _put_back(db, org, one)
        for name, loss in one.lost.items():
            yield Lost(
                one.run,
                one.sent or began.get(one.run, 0.0),
                one.system,
                one.object,
                one.record,
                one.key,
                name,
                one.before.get(name),
                one.after.get(name),
                left if one.side == "right" else right,
                loss,
                backs.get(name, 0),
            )


def _put_back(db: Database, org: str, one: Entry) -> dict[str, int]:
    """The runs that put values of a change back, by field."""
    where = {"system": one.system, "object": one.object, "record": one.record}
    found: dict[str, int] = {}
    for run, after in db.rows(sql.put_back, org=org, run=one.run, **where):
        for name, value in load_coming(after).items():
            if name in one.lost and value == one.before.get(name):
                found.setdefault(name, run)
    return found


def lost_json(found: Sequence[Lost]) -> dict[str, Any]:
    """`history --lost --format json`; times in UTC as ISO 8601."""
    return {
        "lost": [
            {
                "run": one.run,
                "at": moment(one.at),
                "system": one.system,
                "object": one.object,
                "id": one.record,
                "key": one.key or None,
                "field": one.field,
                "value": value_json(one.value),
                "won": value_json(one.won),
                "winner": one.winner,
                "policy": one.loss.policy.replace("`", ""),
                "rule": one.loss.rule,
                "file": one.loss.place.rpartition(":")[0],
                "line": int(one.loss.place.rpartition(":")[2]),
                "won_by": one.loss.by or None,
                "won_at": _told_at(one.loss.at) or None,
                "lost_by": one.loss.lost_by or None,
                "lost_at": _told_at(one.loss.lost_at) or None,
                "put_back_by_run": one.back or None,
            }
            for one in found
        ]
    }


def lost_text(found: Sequence[Lost]) -> str:
    """`history --lost` for people, each edit with the command that brings it back."""
    if not found:
        return "no edit lost"
    end = "1 edit lost" if len(found) == 1 else f"{len(found):,} edits lost"
    return "\n\n".join([*(_text(one) for one in found), end])


def _text(one: Lost) -> str:
    who = " ".join(part for part in (one.key, f"({one.record})") if part)
    gave_way = f"{show(one.value)} lost to {show(one.won)} of {one.winner}: {one.loss.policy}"
    back = f"`syncrules undo {one.run} {one.record} {one.field}` puts it back"
    told = f"put back by run {one.back}" if one.back else back
    return "\n".join(
        [
            f"{one.system} {one.object} {who}, {one.field}",
            f"    {gave_way}    [{one.loss.rule}, {one.loss.place}]",
            *(f"    {wrote}" for wrote in writers(one.loss, one.winner, one.system)),
            f"    in run {one.run}, {at_time(moment(one.at))}; {told}",
        ]
    )


def writers(loss: Loss, winner: str, loser: str) -> list[str]:
    """Who wrote what won, and who wrote what lost, as far as their systems tell; nothing of what a
    rule made, and where nothing was kept of it."""
    found = (_changed(winner, loss.by, loss.at), _changed(loser, loss.lost_by, loss.lost_at))
    return [one for one in found if one]


def _changed(system: str, by: str, stamp: str) -> str:
    at = _told_at(stamp)
    when = f" at {at_time(at)}" if at else ""
    said = f"the record was last changed in {system}"
    if by:
        return f"{said} by {by if '@' in by else f'user {by}'}{when}"
    return f"{said}{when}; {system} doesn't tell by whom" if at else ""


def _told_at(stamp: str) -> str:
    """When a record was changed, in UTC as ISO 8601."""
    return moment(datetime.fromisoformat(stamp).timestamp()) if stamp else ""
