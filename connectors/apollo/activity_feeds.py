"""Reading what people did in Apollo: tasks, calls, emails, meetings and notes.

Knows how each kind is found although hardly any of them tells when it was changed: tasks as a
whole, calls and emails by the day they took place, notes by what they are about. How a search is
walked is in `feeds.py`, what fields mean in `activities.py`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ...errors import SystemUnavailable
from ..base.contract import Page, Read, Record, Write
from ..base.understood import MISREAD
from ..base.values import folded, identifier
from ..base.world import moment, seconds
from .describe import PAGE, Catalog, record
from .feeds import ANY, OVERLAP, SHOWN, SKEW, Feeds, mark_of, plural_of
from .fields import Form, Row
from .session import Session

FIRST_DAY = date(2015, 1, 1)
"""Before it there was no Apollo."""
_DAY = timedelta(days=1)
_PARENTS = 50
"""Contacts or accounts whose notes are asked for at once; their ids have to fit into a URL."""
_ACTIVE: Mapping[str, tuple[str, str]] = {
    "contact": ("contact_updated_at", "updated_at"),
    "account": ("account_last_activity_date", "last_activity_date"),
}
"""How those who may have a new note are found: what a search is sorted by, and the stamp it is."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A search by days: the parameter that takes a range of them, the moment it goes by, and what
    else is asked."""

    range: str
    when: str
    more: Mapping[str, str]


_DATED: Mapping[str, Dated] = {
    "call": Dated("date_range", "start_time", {}),
    "email": Dated(
        "emailer_message_date_range",
        "completed_at",
        {"emailer_message_date_range_mode": "completed_at"},
    ),
}
_LATELY = (7, 31)
"""Days that a read which may end at any page begins with: nobody tells in which order a search has
its rows, and what is written down later, or edited, took place lately as a rule."""
_MAILBOXES = {"mailbox_messages": "true"}
"""Asks for mail of connected mailboxes and from others, which the documented search doesn't know;
the word is that of our own simulated Apollo."""


class ActivityFeeds:
    """The reading half of a connector, for what people did. `shown` as for `Feeds`."""

    def __init__(
        self, session: Session, catalog: Catalog, feeds: Feeds, shown: int = SHOWN
    ) -> None:
        self._session = session
        self._catalog = catalog
        self._feeds = feeds
        self._shown = shown

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        """See `Connector.read`.

        Tasks come as a whole, the latest due first. Calls and emails come from the day before the
        one that was read last, whatever day they were written down on; drafts and what is yet to be
        sent come only with everything. Notes come of contacts and accounts where something has
        happened; those about nothing but a deal don't.
        """
        forms = self._catalog.forms(ask.object)
        if ask.object == "task":
            return self._tasks(ask, forms)
        if ask.object == "note":
            return self._notes(ask, forms, cursor)
        if ask.object in _DATED:
            return self._dated(ask, forms, cursor)
        return self._feeds.read(ask, cursor)

    def fetch(
        self, object: str, names: Collection[str], key: str, wanted: Collection[str]
    ) -> list[Record]:
        """See `Connector.fetch`. A task or a meeting is read by its id; Apollo has no such look-up
        for the others, so they are searched for, first around the day that the id was made on.
        Tasks and notes are found by whom they are with, all else by a look at everything."""
        forms = self._catalog.forms(object)
        if not wanted or key not in forms:
            return []
        if key == "id" and object in ("task", "meeting"):
            one_by_one = (
                self._feeds.single(object, id, forms, names) for id in dict.fromkeys(wanted)
            )
            return [one for one in one_by_one if one is not None]
        format = forms[key].field.format
        keys = {folded(one, format) for one in wanted} - {""}
        found: dict[str, Row] = {}
        for rows in self._candidates(object, key, sorted(set(wanted))):
            for row in rows:
                held = record(object, row, forms, (key,)).values.get(key)
                if folded(held, format) in keys:
                    found[identifier(row["id"])] = row
            if key == "id" and len(found) == len(keys):
                break
        return [record(object, row, forms, names) for row in found.values()]

    def made(self, object: str, doubtful: Sequence[Write]) -> list[Row]:
        """Rows among which the records are that these creates have made, if they have: those of the
        same contacts due no earlier, or of the days around them."""
        if object == "task":
            return self._due(doubtful)
        begun = [str(one.fields.get(_DATED[object].when) or "")[:10] for one in doubtful]
        if "" in begun:
            return [row for rows in self._between(object) for row in rows]
        first, last = _shifted(min(begun), -1), _shifted(max(begun), 1)
        return [row for rows in self._between(object, first, last) for row in rows]

    # ---- tasks ------------------------------------------------------------------------------

    def _tasks(self, ask: Read, forms: Mapping[str, Form]) -> Iterator[Page]:
        """A task that gets another due date during the walk may slip past it. Then others move,
        too, and all are gone through once more."""
        again = False
        while True:
            moved = False
            for page in self._feeds.walk("task", "task_due_at", whole=True):
                moved = moved or page.moved
                final = page.last and (again or not moved)
                shown = tuple(record("task", row, forms, ask.fields) for row in page.rows)
                yield Page(shown, "seen" if final else None, final)
                if final:
                    return
            again = True

    def _due(self, doubtful: Sequence[Write]) -> list[Row]:
        contacts = sorted({str(one.fields.get("contact") or "") for one in doubtful} - {""})
        earliest = min(str(one.fields.get("due_at") or "") for one in doubtful)
        found: list[Row] = []
        for page in self._feeds.walk("task", "task_due_at", among={"contact_ids": contacts}):
            found.extend(page.rows)
            due = [str(row["due_at"]) for row in page.rows if row.get("due_at")]
            if earliest and due and seconds(min(due)) < seconds(earliest):
                break
        return found

    # ---- calls and emails -------------------------------------------------------------------

    def _dated(self, ask: Read, forms: Mapping[str, Form], cursor: str | None) -> Iterator[Page]:
        since = _day_of(cursor)
        today = moment(self._session.world.clock.now() + self._session.ahead())[:10]
        days = [_shifted(today, -one) for one in _LATELY] if ask.in_parts else []
        held: list[Row] | None = None
        for first in (*days, _shifted(since, -1) if since else ""):
            for rows in self._between(ask.object, first):
                if held is not None:
                    yield self._page(ask, forms, held)
                held = rows
        yield self._page(ask, forms, held or [], json.dumps({"since": today}))

    def _page(
        self,
        ask: Read,
        forms: Mapping[str, Form],
        rows: Iterable[Row],
        cursor: str | None = None,
    ) -> Page:
        shown = tuple(record(ask.object, row, forms, ask.fields) for row in rows)
        return Page(shown, cursor, cursor is not None)

    def _between(self, object: str, first: str = "", last: str = "") -> Iterator[list[Row]]:
        """Pages of what took place from day to day, "" for no end. Where a search doesn't show it
        all, each half of the time is asked for by itself."""
        how, plural = _DATED[object], plural_of(object)
        asked: dict[str, str] = {}
        if first or last:
            days = {f"{how.range}[min]": first, f"{how.range}[max]": last}
            asked = {**how.more, **{name: day for name, day in days.items() if day}}
        if object == "email" and self._catalog.undocumented:
            asked |= _MAILBOXES
        page = 1
        while page * PAGE <= self._shown:
            found = self._session.get(f"{plural}/search", plural, **asked, page=page, per_page=PAGE)
            rows = found[plural] or []
            yield rows
            if len(rows) < PAGE:
                return
            page += 1
        for begin, end in self._halves(object, first, last):
            yield from self._between(object, begin, end)

    def _halves(self, object: str, first: str, last: str) -> Iterator[tuple[str, str]]:
        begin = date.fromisoformat(first) if first else FIRST_DAY
        now = self._session.world.clock.now() + self._session.ahead()
        end = date.fromisoformat(last or moment(now)[:10])
        if end <= begin:
            raise SystemUnavailable(
                f"{self._session.system} has more {object}s on {begin} than can be read",
                why=f"a search shows {self._shown} records, and none of a part of a day",
                fix=f"take the rules on `{object}` out, then run again",
            )
        middle = begin + (end - begin) // 2
        yield first, middle.isoformat()
        yield (middle + _DAY).isoformat(), last

    # ---- notes ------------------------------------------------------------------------------

    def _notes(self, ask: Read, forms: Mapping[str, Form], cursor: str | None) -> Iterator[Page]:
        mark = mark_of(cursor)
        began = self._session.world.clock.now()
        for rows in self._notes_since(seconds(mark) - OVERLAP if mark else 0.0):
            yield self._page(ask, forms, rows)
        mark = max(mark, moment(began + self._session.ahead() - SKEW))
        yield Page((), json.dumps({"mark": mark}), True)

    def _notes_since(self, since: float = 0.0) -> Iterator[list[Row]]:
        """The notes of contacts and accounts with which anything happened since then."""
        for parent, (order, stamp) in _ACTIVE.items():
            for page in self._feeds.walk(parent, order, whole=not since):
                stamps = [seconds(str(row[stamp])) if row.get(stamp) else 0.0 for row in page.rows]
                ids = [
                    identifier(row["id"])
                    for row, at in zip(page.rows, stamps, strict=True)
                    if at >= since
                ]
                yield from self._notes_of(parent, ids)
                if since and len(ids) < len(page.rows):
                    break

    def _notes_of(self, parent: str, ids: Sequence[str]) -> Iterator[list[Row]]:
        for start in range(0, len(ids), _PARENTS):
            asked = {f"{parent}_ids[]": list(ids[start : start + _PARENTS])}
            skip = 0
            while True:
                found = self._session.get(
                    "notes",
                    "notes",
                    **asked,
                    sort_by_field="created_at",
                    sort_direction="asc",
                    skip=skip,
                    limit=PAGE,
                )
                rows: list[Row] = found["notes"] or []
                yield rows
                skip += len(rows)
                if len(rows) < PAGE:
                    break

    # ---- looking up -------------------------------------------------------------------------

    def _candidates(self, object: str, key: str, wanted: list[str]) -> Iterator[list[Row]]:
        """Pages of rows among which all are that have one of the values."""
        if object == "note":
            if key in _ACTIVE:
                yield from self._notes_of(key, wanted)
            else:
                yield from self._notes_since()
        elif object in _DATED:
            days = [made for one in wanted if (made := made_at(one)) is not None]
            if key == "id" and days:
                ends = min(days) - 86_400, max(days) + 86_400
                yield from self._between(object, *(moment(one)[:10] for one in ends))
            yield from self._between(object)
        else:
            order = "task_due_at" if object == "task" else "calendar_event_updated_at"
            filters = {f"{key}_ids": wanted} if object == "task" and key in _ACTIVE else ANY
            for page in self._feeds.walk(object, order, among=filters):
                yield page.rows


def made_at(id: str) -> float | None:
    """When a record was made, in seconds since 1970: ids begin with it. None for what is none."""
    try:
        return float(int(id[:8], 16)) if len(id) == 24 else None
    except ValueError:
        return None


def _day_of(cursor: str | None) -> str:
    """The day that a cursor holds, "" for one that isn't ours: then it is from the beginning."""
    try:
        return date.fromisoformat(json.loads(cursor)["since"]).isoformat() if cursor else ""
    except MISREAD:
        return ""


def _shifted(day: str, days: int) -> str:
    return (date.fromisoformat(day) + days * _DAY).isoformat()
