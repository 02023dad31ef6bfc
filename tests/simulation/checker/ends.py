"""What must be true at the end of a history of links, and of those who are gone.

It reads the log and what the state tells, and shares no code with the engine's
decisions: nobody has two partners, who was deleted is not made again, only those count as deleted
who are, and what has been cured goes through by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from syncrules.engine.store import troubles
from syncrules.engine.store.database import Database, statement
from syncrules.engine.store.statements import C, L, R
from syncrules.tests.simulation.people import BAD_TITLE, is_bad_name
from syncrules.tests.simulation.recorder import Key, Recorder

OUT_OF_SIGHT = "out-of-sight"
CURED = ("UNABLE_TO_LOCK_ROW", "busy", "no-reply", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
"""Codes of what is tried again by itself, or once the record is another."""

_standing = statement(select(L.flow, L.left, L.right).where(L.ended == "").order_by(L.flow, L.left))
_joined = statement(
    select(C.flow, C.side, C.action, C.record, C.left, C.right)
    .where(or_(C.action.in_(("create", "link", "unlink")), C.undoes != 0), C.state == "done")
    .where(C.action != "update")
    .order_by(C.run, C.number)
)
_deleted = statement(select(R.system, R.object, R.id).where(R.life == "deleted"))


def check(log: Recorder, db: Database) -> Iterator[str]:
    """A sentence for each promise that was broken."""
    yield from _linked_once(db)
    yield from _not_made_again(log, db)
    for system, object, id in db.rows(_deleted):
        key = (system, object, id)
        if key in log.rows(system) and key not in log.hidden:
            yield f"{object} {id} is there, and counts as deleted"


def _linked_once(db: Database) -> Iterator[str]:
    """Nobody is linked twice: who is a Lead and a Contact is linked with one of the two."""
    partner: dict[Key, Key] = {}
    for flow, left, right in db.rows(_standing):
        ends = _ends(flow, left, right)
        for key, other in (ends, ends[::-1]):
            if key in partner:
                yield f"{key} is linked with {partner[key]} and with {other}"
            partner[key] = other


def _not_made_again(log: Recorder, db: Database) -> Iterator[str]:
    """What somebody has deleted, we do not make again from its partner."""
    partners: dict[Key, list[Key]] = {}
    for flow, side, action, record, left, right in db.rows(_joined):
        if action in ("unlink", "delete"):
            for one in _ends(flow, left, right):
                partners.pop(one, None)  # A rule lets go of who is left: they are as if new.
            continue
        ends = _ends(flow, *((left, record) if side == "right" else (record, right)))
        source, made = ends if side == "right" else ends[::-1]
        birth = log.born.get(made)
        earlier = partners.get(source, ()) if action == "create" else ()
        for one in earlier:
            if birth and log.gone_by(one, birth.seq):
                yield f"{made} was made of {source}, whose partner {one} somebody has deleted"
        for end, new in (ends, ends[::-1]):
            for one in partners.get(end, ()):
                if one != new and end in partners.get(one, ()):
                    partners[one].remove(end)  # The link has left it, and it would begin anew.
            partners.setdefault(end, []).append(new)


def not_cured(log: Recorder, db: Database, org: str) -> Iterator[str]:
    """What was only locked, or has been corrected since, needs nobody to ask for it again."""
    codes = {row[0]: row[3] for row in db.rows(troubles.open_errors, org=org)}
    wrong = {
        key[2]
        for system in ("apollo", "salesforce")
        for key, row in log.rows(system).items()
        if BAD_TITLE in [log.values(row).get(name) for name in ("title", "Title")]
    }
    companies = {
        key[2]
        for key, row in log.rows("apollo").items()
        if key[1] == "account" and is_bad_name(log.values(row).get("name"))
    }
    across = {end: ends for _, *ends in db.rows(_standing) for end in ends}
    waiting = [(row[2], codes[row[0]]) for row in db.rows(troubles.open_troubles, org=org)]
    # What a write has met out of sight is held until somebody asks, and with it what its partner
    # was to get.
    wrong |= {record for record, code in waiting if code == OUT_OF_SIGHT}
    # Apollo tells nobody who is deleted, and what they had asked for is asked for still.
    wrong |= {key[2] for key in log.born if key[0] == "apollo"} - {
        key[2] for key in log.rows("apollo")
    }
    for record, code in waiting:
        refused = record in companies and code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        if code in CURED and not refused and not wrong & {record, *across.get(record, ())}:
            yield f"{record} waits after a run without faults: {code}"


def _ends(flow: str, left: str, right: str) -> tuple[Key, Key]:
    one, _, two = flow.partition("~")
    return ("apollo", one, left), ("salesforce", two, right)
