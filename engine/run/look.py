"""Step 1, look: what each system holds now is compared with what it held at the last look.

A page, the marks of what differs in it, and the cursor are one commit: a cursor never stands
behind a record that is neither stored nor marked. Overlap and echo differ in nothing, so they mark
nothing; the cursors of feeds that end so are one commit, whose loss costs no more than to read them
once more. What a mark leads to is `propose.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from ...connectors.base.contract import Read, Record
from ...connectors.base.frozen import dataclass
from ...connectors.base.values import Value
from ...connectors.base.world import seconds
from ...dsl.rules import Side
from ...errors import SyncrulesError
from ..store import lives
from ..store import statements as sql
from .neighbours import tell_children
from .pairs import watched
from .same import same_orgs
from .session import Session, load_values
from .state import Stored

LATE = 120.0
"""Seconds that a write may take to arrive after it was sent: what is seen before is no edit."""
SOME = 1000
"""Records whose keys are kept anew at once."""
FOLDED = "3"
"""How values are folded for look-ups; another word where that is done in another way."""
QUIET_PAGES = 2
"""Pages without news after which a feed without stamps has been read to where it was known."""


def look(session: Session) -> None:
    """Reads every feed that the run is about to its end."""
    look_at(session, session.scope.reads(session.plan))


def look_elsewhere(session: Session, gone: str) -> None:
    """One system is out of reach: the feeds of the other are read all the same, so that it is known
    what is there. Nothing is decided on that."""
    others = {name: one for name, one in session.connectors.items() if name != gone}
    same_orgs(session.db, session.org, others, session.now)
    left = (
        ask
        for ask in session.scope.reads(session.plan)
        if ask.system in others and (ask.system, ask.object) not in session.looked
    )
    look_at(session, left)


def look_at(session: Session, asked: Iterable[Read]) -> None:
    """Reads feeds to their end, one after the other. Raises `SystemUnavailable` with all whole
    pages stored."""
    cursors: dict[tuple[str, str], dict[str, tuple[Any, ...]]] = {}
    for system, name, purpose, *held in session.db.rows(sql.feeds, org=session.org):
        cursors.setdefault((system, name), {})[purpose] = tuple(held)
    ends: list[dict[str, object]] = []
    try:
        for ask in asked:
            _read(session, ask, cursors.get((ask.system, ask.object), {}), ends)
    except SyncrulesError:
        _put_cursors(session, ends)
        raise
    _put_cursors(session, ends)


def _put_cursors(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        with session.db.transaction("page"):
            session.db.many(sql.put_cursor, rows)


def _read(
    session: Session,
    ask: Read,
    cursors: Mapping[str, tuple[Any, ...]],
    ends: list[dict[str, object]],
) -> None:
    """Reads one feed to its end, from where its cursors say. Where it ends without anything that
    differs, where it has got to is added to `ends`, and is still to be kept."""
    key = {"org": session.org, "system": ask.system, "object": ask.object, "purpose": "changes"}
    held = cursors.get("changes")
    layout = session.layout(ask.fields)
    cursor, known, looks = held or (None, layout, 0)
    if known != layout:
        # A rule names another field: everything is read again, and what was known stays known.
        cursor = None
    session.progress(f"reading {ask.system} {ask.object}")
    _keep_keys(session, ask, cursors.get("keys", ("",))[0])
    began = session.now
    goes_on = looks > 0 and cursor is not None
    quiet = 0
    for page in session.connectors[ask.system].read(ask, cursor):
        session.keep_alive()
        found = _compared(session, ask, page.records)
        quiet = 0 if found.news else quiet + 1
        done = page.complete or (goes_on and ask.until_quiet and quiet >= QUIET_PAGES)
        place = {
            **key,
            "cursor": page.cursor if page.cursor is not None else cursor,
            "layout": layout,
            "number": looks + 1 if done else looks,
            "at": began,
        }
        if done and goes_on and not found.changed:
            ends.append(place)
        elif done or page.cursor is not None or found.changed:
            with session.db.transaction("page"):
                _keep(session, ask, found, first=looks == 0)
                if done or page.cursor is not None:
                    session.db.run(sql.put_cursor, **place)
        if done:
            break
    session.looked[ask.system, ask.object] = began
    if cursor is None:
        session.whole.add((ask.system, ask.object))


def read_whole(session: Session, ask: Read) -> set[str]:
    """Reads all of an object, whatever its feed has told before; the records that are there. Raises
    `SystemUnavailable`."""
    there: set[str] = set()
    for page in session.connectors[ask.system].read(ask, None):
        session.keep_alive()
        there |= {one.id for one in page.records if one.life == "here"}
        with session.db.transaction("page"):
            store(session, ask, page.records)
        if page.complete:
            break
    return there


def _keep_keys(session: Session, ask: Read, held: str) -> None:
    """Where rules look records up by other fields than at the last look, the values of those that
    are known are kept under these: they need not change to be found. `held` are the fields then."""
    where = {"org": session.org, "system": ask.system, "object": ask.object}
    fields = [f"{one.name}:{one.format}" for one in session.indexes[ask.system, ask.object]]
    kept = " ".join([FOLDED, *fields]) if fields else ""
    if held == kept:
        return
    with session.db.transaction("keys"):
        after = ""
        while rows := session.db.rows(sql.bodies, **where, after=after, most=SOME):
            after = rows[-1][0]
            session.db.run(sql.drop_keys, **where, ids=[id for id, *_ in rows])
            keys = (
                session.index_keys(ask.system, ask.object, id, session.values(layout, body))
                for id, layout, body, life in rows
                if life == "here"
            )
            session.db.many(sql.put_key, [one for some in keys for one in some])
        session.db.run(
            sql.put_cursor, **where, purpose="keys", cursor=kept, layout=0, number=0, at=session.now
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """Records of a page beside what was known: those that `changed`, and of them those where more
    than that more of them is read now (`news`)."""

    before: Mapping[str, Stored]
    changed: Sequence[Record]
    news: Sequence[Record]


def whereabouts(
    session: Session, system: str, object: str, ids: Collection[str]
) -> dict[str, Record]:
    """Each of some records as its system shows it now, asked for by its id: no feed need tell what
    became of it, and to what is only out of our sight a write gets the same answer as to what is
    gone. What the system has never heard of is deleted. Raises `SystemUnavailable`."""
    if not ids:
        return {}
    fields = session.reads[system, object].fields
    found = session.connectors[system].fetch(object, fields, "id", sorted(ids))
    unheard_of = {id: Record(object, id, {}, life="deleted") for id in ids}
    return unheard_of | {one.id: one for one in found}


def store(session: Session, ask: Read, records: Sequence[Record], *, before: bool = False) -> None:
    """Stores what differs and marks it, with the transaction under way. `before`: it was so before
    the rules."""
    _keep(session, ask, _compared(session, ask, records), first=before)


def _compared(session: Session, ask: Read, records: Sequence[Record]) -> _Found:
    """What differs from what is stored."""
    latest = {one.id: one for one in records}
    before = session.stored(ask.system, ask.object, latest)
    session.blind |= any(
        _loses_sight(before.get(one.id), one, ask.fields) for one in latest.values()
    )
    aside = _aside(session, ask)
    quiet = {*session.silent.get((ask.system, ask.object), ()), aside}
    changed = [one for one in latest.values() if _differs(before.get(one.id), one, aside)]
    changed = _seen_late(session, ask, before, changed, aside)
    news = [one for one in changed if not _only_more_fields(before.get(one.id), one, quiet)]
    return _Found(before, changed, news)


def _keep(session: Session, ask: Read, found: _Found, *, first: bool) -> None:
    """Stores and marks what differs, with the transaction under way. `first`: it was there
    before."""
    before, changed, news = found.before, found.changed, found.news
    if not changed:
        return
    layout, run = session.layout(ask.fields), 0 if first else session.run
    fresh = {one.id for one in news}
    session.ends_seen |= any(one.life in ("deleted", "out of sight") for one in changed)
    where = {"org": session.org, "system": ask.system, "object": ask.object}
    session.db.many(
        sql.put_record,
        [
            {
                **where,
                "id": one.id,
                "layout": layout,
                "body": session.body(layout, _values(before.get(one.id), one)),
                "stamp": one.stamp,
                "life": one.life,
                "into": one.into,
                "run": run if one.id in fresh else before[one.id].run,
                "first": run,
            }
            for one in changed
        ],
    )
    if session.indexes[ask.system, ask.object]:
        known = [one.id for one in changed if one.id in before]
        if known:
            session.db.run(sql.drop_keys, **where, ids=known)
        session.db.many(
            sql.put_key,
            [
                key
                for one in changed
                if one.life == "here"
                for key in session.index_keys(
                    ask.system, ask.object, one.id, _values(before.get(one.id), one)
                )
            ],
        )
    _turns(session, ask, before, changed)
    marks: list[tuple[str, Side, str]] = [
        (flow.name, side, one.id)
        for flow, side in session.ends(ask.system, ask.object)
        for one in news
    ]
    session.mark(marks, "there before" if first else "changed")
    more = [one.id for one in changed if one.id not in fresh]
    session.mark(_linked(session, ask, more), "read in full")
    related = watched(session, ask, before, news)
    session.mark(related, "there before" if first else "a related record changed")


def _aside(session: Session, ask: Read) -> str:
    """The field that only tells who changed the rest: it is kept as of the last change of that."""
    editor = session.editors.get((ask.system, ask.object))
    return editor.field if editor and editor.quiet else ""


def _turns(
    session: Session, ask: Read, before: Mapping[str, Stored], changed: Sequence[Record]
) -> None:
    """Notes what became of known records. Who refers to one that is there again may say so on the
    other side, as if it had just been linked."""
    turned = [
        one
        for one in changed
        if one.id in before and (before[one.id].life, before[one.id].into) != (one.life, one.into)
    ]
    for one in turned:
        note_life(session, ask.system, ask.object, one.id, one.life, one.into)
    back = [one.id for one in turned if one.life == "here"]
    for flow, side in session.ends(ask.system, ask.object) if back else ():
        links = session.links(flow.name, side, back).values()
        tell_children(session, flow.name, [(one.left, one.right) for one in links])


def note_life(
    session: Session, system: str, object: str, id: str, life: str, into: str = ""
) -> None:
    """What became of a record is kept for its history."""
    session.db.run(
        lives.put,
        org=session.org,
        system=system,
        object=object,
        id=id,
        run=session.run,
        life=life,
        into=into,
        at=session.now,
    )


def _seen_late(
    session: Session,
    ask: Read,
    before: Mapping[str, Stored],
    changed: Sequence[Record],
    aside: str,
) -> list[Record]:
    """Less what only shows fields as they were before our last writes, or before this run looked at
    the record itself: a search that lags behind these is no edit by a person, and one that lags
    behind a deletion does not bring the record back. A later look, whose overlap is longer than the
    lag, sees it again."""
    lag = session.lags.get((ask.system, ask.object), 0.0)
    known = [one.id for one in changed if one.id in before]
    if not lag or not known:
        return list(changed)
    since = session.now - lag - LATE
    where = {"org": session.org, "system": ask.system, "object": ask.object, "since": since}
    back = [
        one.id
        for one in changed
        if one.id in before and (before[one.id].life, one.life) == ("deleted", "here")
    ]
    gone = {id for (id,) in session.db.rows(lives.gone_since, **where, ids=back)} if back else set()
    replaced: dict[str, list[_Replaced]] = {}
    for id, old, stamp in session.db.rows(sql.replaced_since, **where, ids=known):
        replaced.setdefault(id, []).append((load_values(old), _instant(stamp, unknown=-inf)))
    for id, before_it, stamp in session.found.get((ask.system, ask.object), ()):
        replaced.setdefault(id, []).append((before_it, _instant(stamp, unknown=-inf)))
    fresh = (
        _fresh(session.run, before.get(one.id), one, replaced.get(one.id, ()), aside)
        for one in changed
        if one.id not in gone
    )
    return [one for one in fresh if one is not None]


_Replaced = tuple[Mapping[str, Value], float]
"""The values that a write of ours replaced, and when, by the clock of the system."""


def _instant(stamp: str, *, unknown: float) -> float:
    """A stamp in seconds since 1970."""
    try:
        return seconds(stamp)
    except (ValueError, OverflowError):
        return unknown


def _fresh(
    run: int, before: Stored | None, now: Record, replaced: Sequence[_Replaced], aside: str
) -> Record | None:
    """What of a record is news: an edit may show together with a field that we wrote after it.
    None where it is such fields alone.

    What a system shows as of before our write stood there before it, whatever it is: somebody may
    have edited it between our look and our write. Where stamps don't tell, it is known by the value
    that we replaced. What is older than what this run has seen of the record has been replaced, by
    whomever; of what an earlier run has seen that is not so sure, since clocks are set back.
    """
    if before is None or now.life != before.life:
        return now
    shown = _instant(now.stamp, unknown=inf)
    older = before.run == run and shown < _instant(before.stamp, unknown=-inf)
    if not (replaced or older):
        return now
    differing = [
        name for name, one in now.values.items() if name != aside and before.values.get(name) != one
    ]
    late = [
        name
        for name in differing
        if (older and name in before.values)
        or any(
            name in old and (shown < at or old[name] == now.values[name]) for old, at in replaced
        )
    ]
    if len(late) == len(differing):
        return None
    ours = {one: before.values[one] for one in late if one in before.values}
    return replace(now, values={**now.values, **ours}) if ours else now


def _linked(session: Session, ask: Read, ids: Sequence[str]) -> list[tuple[str, Side, str]]:
    """Those that have a link: of them, more fields are known now than when they last agreed."""
    if not ids:
        return []
    return [
        (flow.name, side, id)
        for flow, side in session.ends(ask.system, ask.object)
        for id in session.links(flow.name, side, ids)
    ]


def _values(before: Stored | None, now: Record) -> dict[str, Value]:
    """What is known of a record: what was read, and for one that is gone what it last held."""
    if now.life != "here" and before:
        return {**before.values, **now.values}
    return dict(now.values)


def _differs(before: Stored | None, now: Record, aside: str) -> bool:
    if before is None:
        return True
    if (before.life, before.into) != (now.life, now.into):
        return True
    return any(
        name not in before.values or before.values[name] != one
        for name, one in now.values.items()
        if name != aside
    )


def _loses_sight(before: Stored | None, now: Record, asked: Collection[str]) -> bool:
    """Whether a field that is asked for was read before and could not be read now."""
    return (
        before is not None
        and now.life == "here"
        and any(name in before.values and name not in now.values for name in asked)
    )


def _only_more_fields(before: Stored | None, now: Record, quiet: Collection[str]) -> bool:
    """Whether all that differs is that more was read than before, or in fields that are no news."""
    if before is None or (before.life, before.into) != (now.life, now.into):
        return False
    return all(
        before.values[name] == one
        for name, one in now.values.items()
        if name in before.values and name not in quiet
    )
