"""Once more from the beginning: what a feed told too late, or could not show to us then, is found.

A feed goes by stamps. A save that is committed long after its stamp, and a record that is shared
with our login after its last change, stand behind the place where the feed has been read to, and no
later look passes there. One without stamps is read to where nothing is new, and what was only
touched since may hide a change. So each feed is gone through once more beside that, a part a day,
and begun anew when it has come to its end; one that can't be gone on with another day is read from
its beginning as far as a part goes. What differs in nothing marks nothing. What is missing is no
news: that is asked for by `sight.py` and `sweep.py`.
"""

from __future__ import annotations

from dataclasses import replace

from ...connectors.base.contract import Read
from ...connectors.base.cost import PART
from ..store import statements as sql
from .look import store
from .session import Session
from .shares import left_to_others
from .sight import DAY

_PURPOSE = "part"
"""The purpose of the cursor that says how far a feed was gone through once more, and when."""


def read_a_part(session: Session) -> None:
    """Reads the part that is due of each feed that was looked at. Raises `SystemUnavailable`, with
    all whole pages stored."""
    last = {
        (system, object): at
        for system, object, _, at in session.db.rows(sql.kept, org=session.org, purpose=_PURPOSE)
    }
    for here in session.plan.parts:
        if here not in session.looked or left_to_others(session, here[0], ""):
            continue
        ask = session.reads[here]
        if here not in last:
            # The first look has just seen everything there is.
            _keep(session, ask, "")
        elif session.now - last[here] >= DAY:
            _part(session, ask)


def _part(session: Session, ask: Read) -> None:
    held = session.db.row(sql.cursor, **_where(session, ask))
    cursor = held[0] if held and held[1] == session.layout(ask.fields) else ""
    session.progress(f"reading {ask.system} {ask.object} once more, a part of it")
    feed = session.connectors[ask.system].read(replace(ask, in_parts=True), cursor or None)
    for count, page in enumerate(feed, 1):
        session.keep_alive()
        with session.db.transaction("page"):
            store(session, ask, page.records)
            if page.complete or count == PART:
                _keep(session, ask, "" if page.complete else page.cursor or "")
                return


def _keep(session: Session, ask: Read, cursor: str) -> None:
    session.db.run(
        sql.put_cursor,
        **_where(session, ask),
        cursor=cursor,
        layout=session.layout(ask.fields),
        number=0,
        at=session.now,
    )


def _where(session: Session, ask: Read) -> dict[str, str]:
    return {
        "org": session.org,
        "system": ask.system,
        "object": ask.object,
        "purpose": _PURPOSE,
    }
