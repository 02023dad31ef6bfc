"""Changes that wait for a person, as rows that say `ask` give them: listed, and let go.

Works on the state alone. Letting go sends nothing: it says that this very change may be made, and
the next run makes it where it still finds these values. Entries come and go in `run/asks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..connectors.base.world import moment
from ..errors import UsageError
from .report import at_time, show, value_json
from .run.asks import load
from .run.decision import Coming
from .store import held
from .store import statements as sql

if TYPE_CHECKING:
    from ..connectors.base.values import Value
    from .store.database import Database


@dataclass(frozen=True, slots=True)
class Approval:
    """One change: `record` of `object` would have `after` in `field`. `left` and `row` name the
    linked pair and the row of the rule. `since` is in seconds since 1970."""

    org: str
    id: int
    flow: str
    left: str
    right: str
    row: str
    side: str
    system: str
    object: str
    record: str
    key: str
    field: str
    before: Value | Coming
    after: Value | Coming
    rule: str
    file: str
    line: int
    since: float
    state: str


def waiting(db: Database, orgs: Iterable[str]) -> list[Approval]:
    """All that nobody has let go yet, oldest first."""
    return [_approval(org, row) for org in orgs for row in db.rows(held.waiting, org=org)]


def approve(db: Database, orgs: Sequence[str], ids: Sequence[int] | None) -> list[Approval]:
    """Lets changes go, None: all that wait. Raises `UsageError` before any is let go where one of
    `ids` doesn't wait, or is no longer what would be written."""
    open_now = waiting(db, orgs)
    if ids is None:
        chosen = open_now
    else:
        by_id = {one.id: one for one in open_now}
        for id in ids:
            if id not in by_id:
                _refuse(db, orgs, id, open_now)
        chosen = [by_id[id] for id in dict.fromkeys(ids) if id in by_id]
    with db.transaction("approved"):
        for one in chosen:
            db.run(held.approve, org=one.org, one=one.id)
            db.run(
                sql.mark,
                org=one.org,
                flow=one.flow,
                side="left",
                id=one.left,
                cause="approved",
                not_before=0.0,
            )
    return chosen


def _refuse(db: Database, orgs: Sequence[str], id: int, open_now: Sequence[Approval]) -> None:
    """Raises what is wrong with a number that doesn't wait; one that has been let go is fine."""
    rows = ((org, db.row(held.by_id, org=org, one=id)) for org in orgs)
    found = next((_approval(org, row) for org, row in rows if row), None)
    if found is None:
        raise UsageError(f"no change {id} waits", fix="`syncrules approve` lists those that wait")
    if found.state == "approved":
        return
    what = f"{found.field} of {found.key or found.record}"
    same = (found.org, found.flow, found.left, found.row)
    now = next((one for one in open_now if (one.org, one.flow, one.left, one.row) == same), None)
    if now is not None:
        raise UsageError(
            f"{id} has changed since: {what} would now be {show(now.after)}",
            fix=f"look at it, then `syncrules approve {now.id}`",
        )
    gone = "has been written" if found.state == "done" else "waits no longer"
    raise UsageError(f"{id} {gone}: {what}", fix="`syncrules approve` lists those that wait")


def _approval(org: str, row: Sequence[Any]) -> Approval:
    values = list(row)
    values[11], values[12] = load(values[11]), load(values[12])
    return Approval(org, *values)


def approvals_json(entries: Sequence[Approval]) -> dict[str, Any]:
    """`approve --format json`; times in UTC as ISO 8601."""
    return {
        "approvals": [
            {
                "id": one.id,
                "system": one.system,
                "object": one.object,
                "record": one.record,
                "key": one.key or None,
                "field": one.field,
                "before": value_json(one.before),
                "after": value_json(one.after),
                "rule": one.rule,
                "file": one.file,
                "line": one.line,
                "since": moment(one.since),
            }
            for one in entries
        ]
    }


def approvals_text(entries: Sequence[Approval]) -> str:
    """The list of what waits."""
    if not entries:
        return "no change waits for anyone"
    many = len(entries) > 1
    end = f"{len(entries):,} changes wait" if many else "1 change waits"
    return "\n\n".join(
        [*(_text(one) for one in entries), f"{end}; `syncrules approve ID` lets one go"]
    )


def _text(one: Approval) -> str:
    name = " ".join(part for part in (one.key, f"({one.record})") if part)
    return "\n".join(
        [
            f"{one.id:>4}  {one.system} {one.object} {name}",
            f"      {one.field}  {show(one.before)} -> {show(one.after)}",
            f"      rule   {one.rule}, {one.file}:{one.line}",
            f"      since  {at_time(moment(one.since))}",
        ]
    )
