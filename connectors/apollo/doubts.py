"""Finding out what became of writes whose reply was lost: it looks, and never writes.

Knows that creates have no key of their own, that searches stay behind writes, and how far Apollo's
clock is from ours. What one record's fields mean is in `fields.py`, how one searches in `feeds.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from ..base import values
from ..base.contract import Outcome, Record, Write
from ..base.doubts import could_be, nearly, told_by
from ..base.values import Value, identifier
from ..base.world import seconds
from .activities import FORMS
from .activity_feeds import ActivityFeeds, made_at
from .describe import Catalog, canonical
from .feeds import Feeds
from .fields import Form, Row
from .outcomes import done
from .pack import parts
from .session import Session
from .settings import LONGEST

EARLY = 300.0
"""Seconds by which Apollo's clock may be behind what it last told us: a record made longer than
this before we sent a create was there already."""
_CLOSE = 10.0
"""Seconds by which a record may seem to be older than the request that made it."""
_API = "api"
"""How a record came to be that a request like ours has made."""
_CHOSEN = ("stage", "owner")
"""Fields that Apollo fills in a record that is made without them."""
_LOOKS = (3.0, 7.0)
"""Seconds between looks for a record that a search may not show yet."""


def find(
    session: Session,
    catalog: Catalog,
    feeds: Feeds,
    activities: ActivityFeeds,
    doubtful: Sequence[Write],
) -> list[Outcome]:
    """See `Connector.find`. A create is looked for among the records made since it was sent, by
    all its values, several times while searches may stay behind; no record is claimed twice. The
    only one that has its keys, or of a create without any all but one of its values, and was made
    through the API by the user of our key while the request may have been at work is its work, too:
    a person or an automation has changed it meanwhile. Of several, none is taken and none is made
    beside them."""
    outcomes: list[Outcome] = []
    for object in dict.fromkeys(one.object for one in doubtful):
        mine = [one for one in doubtful if one.object == object]
        made = [one for one in mine if one.action == "create"]
        changed = [one for one in mine if one.action == "update"]
        outcomes += _creates(session, catalog, feeds, activities, made)
        reads = activities if object in FORMS else feeds
        outcomes += _updates(session, catalog, feeds, reads.fetch, changed)
        deletes = (one for one in mine if one.action == "delete")
        outcomes += [Outcome(one.ref, "absent", one.id) for one in deletes]
    return outcomes


def _creates(
    session: Session,
    catalog: Catalog,
    feeds: Feeds,
    activities: ActivityFeeds,
    doubtful: list[Write],
) -> list[Outcome]:
    if not doubtful:
        return []
    forms = catalog.forms(doubtful[0].object, {name for one in doubtful for name in one.fields})
    made: dict[int, list[Row]] = {}
    equal: dict[int, list[Row]] = {}
    seen: dict[str, Row] = {}
    for wait in (*_LOOKS, None):
        made = _made(session, feeds, activities, doubtful, seen)
        equal = {
            one.ref: [row for row in made[one.ref] if _equal(one, row, forms)] for one in doubtful
        }
        if wait is None or all(len(equal[some[0].ref]) >= len(some) for some in _twins(doubtful)):
            break
        session.world.clock.sleep(wait)
    whose = {identifier(row["id"]) for rows in equal.values() for row in rows}
    like = {
        one.ref: [
            row
            for row in made[one.ref]
            if _like(one, row, forms, whose) and _by_us(row, one.since + session.ahead(), session)
        ]
        for one in doubtful
    }
    shared = Counter(identifier(row["id"]) for near in like.values() for row in near)
    twins = {one.ref: some for some in _twins(doubtful) for one in some}
    claimed: set[str] = set()
    outcomes: list[Outcome] = []
    for one in sorted(doubtful, key=lambda one: len(equal[one.ref])):
        free = [row for row in equal[one.ref] if identifier(row["id"]) not in claimed]
        if len(free) == 1 or _shared_out(twins[one.ref], free, equal, session):
            claimed.add(str(free[0]["id"]))
            outcomes.append(_found(catalog, one, free[0]))
        elif free:
            outcomes.append(_unclear(one, len(free)))
        elif near := like[one.ref]:
            ids = sorted(identifier(row["id"]) for row in near)
            sole = not equal[one.ref] and len(ids) == shared[ids[0]] == 1
            several = Outcome(one.ref, "existed", ids[0]) if one.keys else _unclear(one, len(ids))
            outcomes.append(_edited(catalog, one, near[0]) if sole else several)
        else:
            outcomes.append(Outcome(one.ref, "absent"))
    return outcomes


def _twins(doubtful: Sequence[Write]) -> list[list[Write]]:
    """The creates, those that sent the same together."""
    groups: list[list[Write]] = []
    for one in doubtful:
        mine = next((some for some in groups if dict(some[0].fields) == dict(one.fields)), None)
        if mine is None:
            groups.append([one])
        else:
            mine.append(one)
    return groups


def _shared_out(
    twins: Sequence[Write], free: Sequence[Row], equal: Mapping[int, list[Row]], session: Session
) -> bool:
    """Whether of records that hold what several creates sent each may have one, whichever: there
    are no more of them than creates, all look the same to each, and all were made by us."""
    ids = {identifier(row["id"]) for row in equal[twins[0].ref]}
    return (
        0 < len(ids) <= len(twins)
        and bool(free)
        and all({identifier(row["id"]) for row in equal[one.ref]} == ids for one in twins)
        and all(_by_us(row, one.since + session.ahead(), session) for row in free for one in twins)
    )


def _unclear(write: Write, records: int) -> Outcome:
    return Outcome(write.ref, "unknown", message=could_be(records))


def _made(
    session: Session,
    feeds: Feeds,
    activities: ActivityFeeds,
    doubtful: Sequence[Write],
    seen: dict[str, Row],
) -> dict[int, list[Row]]:
    """What was made since each create was sent and is not another write's. `seen` has what the
    looks before have shown, which was made even where somebody has deleted it since."""
    object, early = doubtful[0].object, session.ahead() - EARLY
    rows: Sequence[Row]
    if object in FORMS:
        rows = [row for row in activities.made(object, doubtful) if _ours(row, session)]
    else:
        rows = feeds.recent(object, "created_at", min(one.since for one in doubtful) + early)
    seen |= {identifier(row["id"]): row for row in rows}
    return {
        one.ref: [
            row
            for id, row in seen.items()
            if id not in one.taken and _made_after(row, one.since + early)
        ]
        for one in doubtful
    }


def _updates(
    session: Session,
    catalog: Catalog,
    feeds: Feeds,
    fetch: Callable[[str, Collection[str], str, Collection[str]], list[Record]],
    doubtful: list[Write],
) -> list[Outcome]:
    """By id; many contacts first among the newest changes, where those that were carried out
    stand together."""
    outcomes: list[Outcome] = []
    left = doubtful
    if len(doubtful) > 3 and doubtful[0].object == "contact":
        forms = catalog.forms("contact", {name for one in left for name in one.fields})
        since = min(one.since for one in doubtful) + session.ahead() - EARLY
        rows = {
            identifier(row["id"]): row
            for row in feeds.recent("contact", "updated_at", since, most=3)
        }
        shown = [one for one in left if one.id in rows and _equal(one, rows[one.id], forms)]
        outcomes = [done(catalog, one, rows[one.id]) for one in shown]
        left = [one for one in left if one not in shown]
    for one in left:
        found = fetch(one.object, one.fields, "id", [one.id])
        if not found or found[0].life == "deleted":
            outcomes.append(Outcome(one.ref, "gone", one.id))
            continue
        outcomes.append(_updated(one, found[0], catalog.forms(one.object, one.fields)))
    return outcomes


def _updated(write: Write, found: Record, forms: Mapping[str, Form]) -> Outcome:
    """What became of an update, by what its record holds now. Each request that it may have taken
    has arrived or not, whatever became of the others."""
    held, stamp = found.values, found.stamp
    if _agrees(write, held, forms):
        return Outcome(write.ref, "done", write.id, held, stamp=stamp)
    told: dict[str, list[str]] = {"arrived": [], "unclear": [], "absent": []}
    for part in parts(write):
        told[_told_by(part, held, forms)] += part.fields
    if len(told["arrived"]) == len(write.fields):
        return Outcome(write.ref, "done", write.id, stamp=stamp)
    arrived = tuple(told["arrived"])
    unclear = tuple(name for name in told["unclear"] if held.get(name) is not None)
    return Outcome(write.ref, "absent", write.id, arrived=arrived, unclear=unclear, stamp=stamp)


def _told_by(part: Write, held: Mapping[str, Value], forms: Mapping[str, Form]) -> str:
    """Whether a part of an update has arrived, and was maybe edited since: see `told_by`."""

    def holds(name: str, value: Value) -> bool:
        return _agrees(replace(part, fields={name: value}), held, forms)

    fields = {name: form.field for name, form in forms.items()}
    return "arrived" if _agrees(part, held, forms) else told_by(part, fields, holds)


def _made_after(row: Row, since: float) -> bool:
    """Calls don't tell when they were made, but for their ids."""
    told = row.get("created_at")
    made = seconds(str(told)) if told else made_at(identifier(row["id"]))
    return made is not None and made >= since


def _ours(row: Row, session: Session) -> bool:
    """Whether the user of our key may have made it; calls don't tell."""
    return row.get("creator_id") in (None, session.user())


def _by_us(row: Row, sent: float, session: Session) -> bool:
    """Whether the user of our key made it, through the API, and while a request that went out then
    may have been at work."""
    source = row.get("original_source") or row.get("source")
    made = row.get("created_at")
    if made is None or source not in (None, _API):
        return False
    return sent - _CLOSE <= seconds(str(made)) <= sent + LONGEST and _ours(row, session)


def _found(catalog: Catalog, write: Write, row: Row) -> Outcome:
    """The outcome of a create whose record has all that was sent. What it makes of an activity is
    Apollo's own choice."""
    held = done(catalog, write, row)
    if write.object in FORMS:
        return held
    sent = {name: one for name, one in (held.values or {}).items() if name in write.fields}
    return replace(held, values={**sent, **_own(write, held)})


def _edited(catalog: Catalog, write: Write, row: Row) -> Outcome:
    """The outcome of a create whose record has been changed since. What was sent was there first,
    so what it has now is an edit."""
    held = done(catalog, write, row)
    return Outcome(write.ref, "done", held.id, _own(write, held) or None)


def _own(write: Write, held: Outcome) -> dict[str, Value]:
    """What Apollo has in fields that were not sent: stage and owner are its own choice, and the
    rest it leaves blank, so that what stands there somebody has filled in since."""
    return {
        name: value
        for name, value in (held.values or {}).items()
        if name not in write.fields and (name in _CHOSEN or value is None)
    }


def _like(write: Write, row: Row, forms: Mapping[str, Form], whose: Collection[str]) -> bool:
    """Whether a record has the keys of a create, or of one without any all but one of its values,
    and enough to know it by. `whose`: those that have all values of one of the creates."""
    if not write.keys:
        sent = [name for name, value in write.fields.items() if value is not None]
        held = canonical(row, forms, sent)
        parts = [replace(write, fields={name: write.fields[name]}) for name in sent]
        same = sum(_agrees(one, held, forms) for one in parts)
        return identifier(row["id"]) not in whose and nearly(same, len(sent))
    keys = {name: write.fields[name] for name in write.keys if write.fields.get(name) is not None}
    held = canonical(row, forms, keys)
    return bool(keys) and all(
        name in held and name in forms and values.same(forms[name].field.format)(sent, held[name])
        for name, sent in keys.items()
    )


def _equal(write: Write, row: Row, forms: Mapping[str, Form]) -> bool:
    return _agrees(write, canonical(row, forms, write.fields), forms)


def _agrees(write: Write, held: Mapping[str, Value], forms: Mapping[str, Form]) -> bool:
    """Whether a record has all that was sent. What a create leaves blank, Apollo may fill, and it
    leaves custom values out that don't fit."""
    made = write.action == "create"
    for name, sent in write.fields.items():
        form = forms.get(name)
        if form is None or (made and sent is None):
            continue
        if name not in held:
            return False
        dropped = made and form.custom is not None and held[name] is None
        if not dropped and not values.same(form.field.format)(sent, held[name]):
            return False
    return True
