"""Before anything is asked: the orgs and the time are those that the state knows."""

from __future__ import annotations

from collections.abc import Mapping

from ...connectors.base.contract import Connector
from ...connectors.base.world import moment
from ...errors import Braked
from ..store import ahead, counts
from ..store import statements as sql
from ..store.database import Database

BACK = 86_400.0
"""Seconds that a clock may have gone back since the last run: clocks are put right by minutes, or
stand an hour off."""
LONG = 7 * 86_400.0
"""Seconds by which a write is looked for earlier whose time nobody knows."""


def same_orgs(db: Database, org: str, connectors: Mapping[str, Connector], now: float) -> None:
    """The orgs that the state is about are the ones we are signed in to. Raises `Braked`."""
    known: dict[str, str] = dict(db.rows(sql.identities, org=org))
    for system, connector in connectors.items():
        here = connector.identity()
        if system not in known:
            where = {"org": org, "system": system, "object": "", "purpose": "identity"}
            with db.transaction("identity"):
                db.run(sql.put_cursor, **where, cursor=here, layout=0, number=0, at=now)
        elif known[system] != here:
            raise Braked(
                f"{system} is another org than at the last run",
                why=f"it was {known[system]} and is {here}; nothing was read or written",
                fix="sign in to the right org, or take another `[state] url` for this one",
            )


def same_time(db: Database, org: str, now: float) -> None:
    """The clock of this machine has not gone back since the last run. Raises `Braked`."""
    last = db.row(counts.last_started, org=org)
    if last and now < last[0] - BACK:
        raise Braked(
            f"the clock of this machine says {_told(now)}, and the last run began {_told(last[0])}",
            why="what is due and what is new can't be told by such a clock; nothing was read or "
            "written",
            fix="set the clock; where it is right now and was wrong then, `syncrules preview` "
            "notes that, and runs go on",
        )


def put_right(db: Database, org: str, now: float) -> None:
    """What an earlier run did at a time that is yet to come, it did by a clock that was ahead: it
    was read now, and sent some time ago. Within the transaction under way."""
    db.run(ahead.read, org=org, now=now)
    db.run(ahead.sent, org=org, now=now, before=now - LONG)


def _told(at: float) -> str:
    return f"{moment(at)[:10]} {moment(at)[11:16]} UTC"
