"""Reading from Apollo: what changed, everything, and single records by id or by a match key.

Knows how a search is walked so that nothing is lost while records move under it, how far a search
can see, and which look-ups exist. What a row's fields mean is in `fields.py`; what people did is
read by `activity_feeds.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ...errors import SystemUnavailable
from ..base.contract import Page, Read, Record
from ..base.frozen import dataclass
from ..base.understood import MISREAD
from ..base.values import folded, identifier
from ..base.world import moment, seconds
from .describe import PAGE, Catalog, changed_at, record, total
from .fields import Form, Row
from .refusals import BAD_ID, GONE, HIDDEN, UNKNOWN_ID, advice, complaint
from .session import Session

SHOWN = 50_000
"""Records that one search shows; in both sort orders, twice as many can be reached."""
OVERLAP = 300.0
"""Seconds before the last mark from which stamped records are read again: searches stay behind
writes."""
SKEW = 900.0
"""Seconds that stamps may be behind the clock that replies show. A mark that is older than that
moves on with the clock, so that a mass of changes isn't read again until the next one."""
PLURAL: Mapping[str, str] = {
    "opportunity": "opportunities",
    "call": "phone_calls",
    "email": "emailer_messages",
    "meeting": "calendar_events",
}
"""Apollo's word for the records of an object, where it isn't ours with an `s`."""
_BY_CHANGE: Mapping[str, str] = {
    "contact": "contact_updated_at",
    "meeting": "calendar_event_updated_at",
}
"""What searches for records that have stamps are sorted by."""
ANY: Mapping[str, Any] = MappingProxyType({})
"""No filters."""
_FEW = 3
"""Values that are looked up one by one without asking first how many pages a walk would take."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A page of a walk: rows not yet seen in it, and whether it was the last there is.

    `moved` says that the set has changed under the walk.
    """

    rows: list[Row]
    last: bool
    moved: bool


class Feeds:
    """The reading half of a connector. `shown` is how many records a search shows."""

    def __init__(self, session: Session, catalog: Catalog, shown: int = SHOWN) -> None:
        self._session = session
        self._catalog = catalog
        self._shown = shown

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        """See `Connector.read`. Contacts and meetings come newest change first down to the cursor's
        mark; accounts newest change first for as long as the caller likes, since nothing in them
        tells when they changed; deals and users as a whole. No feed of Apollo knows deletions, but
        for users."""
        forms = self._catalog.forms(ask.object, ask.fields)
        if ask.object in _BY_CHANGE:
            return self._stamped(ask, forms, cursor)
        if ask.object == "account":
            return self._accounts(ask, forms)
        return self._whole(ask, forms)

    def fetch(
        self, object: str, names: Collection[str], key: str, wanted: Collection[str]
    ) -> list[Record]:
        """See `Connector.fetch`.

        By id it reads what is true now, one request a record. All else is searched: an address by
        keywords, one request each, or by a walk over everything where that takes fewer; what a
        search would have to guess, always by a walk. An account is found by its domain for certain
        while a walk is short; in a large team only where its name holds the first letters of its
        domain, so the caller keeps an index of its own.
        """
        forms = self._catalog.forms(object, {*names, key})
        if not wanted or key not in forms:
            return []
        if key == "id":
            found = [self.single(object, id, forms, names) for id in dict.fromkeys(wanted)]
            return [one for one in found if one is not None]
        format = forms[key].field.format
        keys = {folded(one, format) for one in wanted} - {""}
        return [
            record(object, row, forms, names)
            for row in self._candidates(object, key, forms, list(dict.fromkeys(wanted)))
            if keys & self._keys(row, key, forms)
        ]

    def recent(self, object: str, order: str, since: float, most: int | None = None) -> list[Row]:
        """The rows whose `order` (`created_at` or `updated_at`, which accounts lack) is `since` or
        later, in seconds since 1970, and a few older ones; of `most` pages only."""
        found: list[Row] = []
        for place, page in enumerate(self.walk(object, f"{object}_{order}"), 1):
            found.extend(page.rows)
            stamps = [str(row[order]) for row in page.rows if row.get(order)]
            if not stamps or seconds(min(stamps)) < since or place == most:
                break
        return found

    def _stamped(self, ask: Read, forms: Mapping[str, Form], cursor: str | None) -> Iterator[Page]:
        mark = mark_of(cursor)
        until = moment(seconds(mark) - OVERLAP) if mark else ""
        newest, began = "", self._session.world.clock.now()
        walk = self.walk(ask.object, _BY_CHANGE[ask.object], whole=not mark)
        for place, page in enumerate(walk):
            shown = [record(ask.object, row, forms, ask.fields) for row in page.rows]
            stamps = [one.stamp for one in shown if one.stamp]
            if place == 0:
                newest = max(stamps, default="")
                mark = max(mark, moment(began + self._session.ahead() - SKEW))
            last = page.last or (until != "" and min(stamps, default="~") < until)
            if last and place > 0 and page.moved:
                again = self._again(ask.object, newest)
                shown += [record(ask.object, row, forms, ask.fields) for row in again]
            held = json.dumps({"mark": max(newest, mark)}) if last else None
            yield Page(tuple(shown), held, last)
            if last:
                return

    def _again(self, object: str, newest: str) -> list[Row]:
        """What has changed since a walk began: it has jumped to the front, behind the walk."""
        found: list[Row] = []
        for page in self.walk(object, _BY_CHANGE[object]):
            moved = [row for row in page.rows if not "" < changed_at(row) <= newest]
            found.extend(moved)
            if len(moved) < len(page.rows):
                break
        return found

    def _accounts(self, ask: Read, forms: Mapping[str, Form]) -> Iterator[Page]:
        for page in self.walk("account", "account_updated_at"):
            shown = tuple(record("account", row, forms, ask.fields) for row in page.rows)
            yield Page(shown, "seen" if page.last else None, page.last)

    def _whole(self, ask: Read, forms: Mapping[str, Form]) -> Iterator[Page]:
        """Deals have no stable order, so they are gone through a second time where some of them
        were not seen."""
        seen: set[str] = set()
        rounds = 0
        while True:
            rounds += 1
            for rows, last, count in self._listed(ask.object):
                new = [row for row in rows if identifier(row["id"]) not in seen]
                seen.update(identifier(row["id"]) for row in new)
                final = last and (len(seen) >= count or rounds == 2)
                shown = tuple(record(ask.object, row, forms, ask.fields) for row in new)
                yield Page(shown, "seen" if final else None, final)
                if final:
                    return

    def _listed(self, object: str) -> Iterator[tuple[list[Row], bool, int]]:
        """Pages of deals or users, whether it is the last, and how many there are in all."""
        path, plural, query = {
            "user": ("users/search", "users", {}),
            "opportunity": ("opportunities/search", "opportunities", {"sort_by_field": "amount"}),
        }[object]
        page = 1
        while True:
            found = self._session.get(path, plural, **query, page=page, per_page=PAGE)
            rows, count = found[plural] or [], total(found)
            last = not rows or page * PAGE >= count
            yield rows, last, count
            if last:
                return
            page += 1

    def walk(
        self,
        object: str,
        order: str,
        *,
        whole: bool = False,
        among: Mapping[str, Any] = ANY,
    ) -> Iterator[Walked]:
        """All rows by a time, newest first, each once for each state it was seen in.

        Records that change during the walk jump to its front and push others down, which shows
        them twice. Those that vanish pull others up, which would hide them: the walk steps back.
        What one search can't show is read from the other end, from the nearest page to the
        farthest, since there records can only move towards the pages still to come. `whole`: the
        caller wants everything, so it is told at once where that is out of reach. `among` are
        filters, which Apollo may take no notice of.
        """
        seen: set[tuple[str, str]] = set()
        page, before, moved = 1, 0, False
        while True:
            found = self._page(object, order, page, among, descending=True)
            rows, count = found[plural_of(object)] or [], total(found)
            if whole:
                self.reachable(object, count)
            new = _unseen(rows, seen)
            moved = moved or len(new) < len(rows) or (page > 1 and count != before)
            lost, before = max(0, before - count), count
            last = not rows or page * PAGE >= count
            if last and not lost:
                yield Walked(new, True, moved)
                return
            yield Walked(new, False, moved)
            page = max(1, page - -(-lost // PAGE)) if lost else page + 1
            if page * PAGE > self._shown:
                break
        self.reachable(object, count)
        page = min(-(-(count - self._shown) // PAGE) + 1, self._shown // PAGE)
        while page > 0:
            found = self._page(object, order, page, among, descending=False)
            rows = list(reversed(found[plural_of(object)] or []))
            yield Walked(_unseen(rows, seen), page == 1, True)
            page -= 1

    def _page(
        self, object: str, order: str, page: int, among: Mapping[str, Any], *, descending: bool
    ) -> Mapping[str, Any]:
        body: dict[str, Any] = {
            **among,
            "sort_by_field": order,
            "sort_ascending": not descending,
            "page": page,
            "per_page": PAGE,
        }
        return self._session.search(plural_of(object), body)

    def reachable(self, object: str, count: int) -> None:
        """Raises `SystemUnavailable` where no two searches show so many."""
        if count > 2 * self._shown:
            raise SystemUnavailable(
                f"{self._session.system} has {count} {object}s, more than can be read",
                why=f"a search shows {self._shown} records, twice that in both sort orders",
                fix=f"delete or archive {object}s in Apollo that nobody needs",
            )

    def single(
        self, object: str, id: str, forms: Mapping[str, Form], names: Collection[str]
    ) -> Record | None:
        """A record by its id, None where it was never there."""
        if object == "user":
            users = (row for rows, _, _ in self._listed("user") for row in rows)
            return next(
                (record(object, row, forms, names) for row in users if row["id"] == id), None
            )
        if not re.fullmatch(r"[0-9A-Za-z-]+", id):
            return None
        reply = self._session.look(f"{plural_of(object)}/{id}")
        key = "calendar_event" if object == "meeting" else object
        if reply.good and key in reply.data:
            return record(object, reply.data[key], forms, names)
        wrong = complaint(reply.response)
        if wrong.code == GONE:
            return Record(object, id, {}, life="deleted")
        if wrong.code == HIDDEN:
            return Record(object, id, {}, life="out of sight")
        if wrong.code in (UNKNOWN_ID, BAD_ID):
            return None
        raise SystemUnavailable(
            f"{self._session.system} did not show a record",
            why=wrong.message,
            fix=advice(wrong.code),
        )

    def _candidates(
        self, object: str, key: str, forms: Mapping[str, Form], wanted: list[str]
    ) -> Iterator[Row]:
        """Rows among which all are that have one of the values, as far as Apollo can tell."""
        if object in ("user", "opportunity"):
            seen: set[tuple[str, str]] = set()
            for rows, _, _ in self._listed(object):
                yield from _unseen(rows, seen)
            return
        asked = [_question(object, key, one) for one in wanted]
        questions = [one for one in asked if one is not None]
        walk = self.walk(object, f"{object}_created_at")
        if len(questions) < len(asked):
            yield from (row for page in walk for row in page.rows)
            return
        if len(wanted) > _FEW or object == "account":
            found = self._session.search(plural_of(object), {"page": 1, "per_page": 1})
            if -(-total(found) // PAGE) <= len(wanted) + _FEW:
                yield from (row for page in walk for row in page.rows)
                return
        shown: set[tuple[str, str]] = set()
        for question in dict.fromkeys(questions):
            yield from _unseen(self._answers(object, question), shown)

    def _answers(self, object: str, question: tuple[str, str]) -> list[Row]:
        """All pages of a search by one filter."""
        rows: list[Row] = []
        page = 1
        while True:
            body = {question[0]: question[1], "page": page, "per_page": PAGE}
            if page > 1 or object == "account":
                body.update(sort_by_field=f"{object}_created_at", sort_ascending=False)
            found = self._session.search(plural_of(object), body)
            got = found[plural_of(object)] or []
            rows.extend(got)
            if not got or page * PAGE >= min(total(found), self._shown):
                return rows
            page += 1

    def _keys(self, row: Row, key: str, forms: Mapping[str, Form]) -> set[str]:
        """The forms under which a row is found by a field; a contact by any of its addresses."""
        format = forms[key].field.format
        read = record("", row, forms, (key,)).values.get(key)
        keys = {folded(read, format)}
        if key == "email":
            others = row.get("contact_emails") or ()
            keys |= {folded(str(one.get("email") or ""), format) for one in others}
        return keys - {""}


def mark_of(cursor: str | None) -> str:
    """The moment that a cursor holds, "" for one that isn't ours: then it is from the beginning."""
    try:
        return moment(seconds(json.loads(cursor)["mark"])) if cursor is not None else ""
    except MISREAD:
        return ""


def plural_of(object: str) -> str:
    """Apollo's word for the records of an object, which is in paths and replies."""
    return PLURAL.get(object, f"{object}s")


def _unseen(rows: list[Row], seen: set[tuple[str, str]]) -> list[Row]:
    """The rows that were not seen in this state, which are seen now."""
    new = []
    for row in rows:
        state = (identifier(row["id"]), str(row.get("updated_at") or ""))
        if state not in seen:
            seen.add(state)
            new.append(row)
    return new


def _question(object: str, key: str, value: str) -> tuple[str, str] | None:
    """The filter that finds candidates for a value; None where only a walk does. Keywords find
    plain words; they are bad at letters beyond ASCII."""
    if object == "contact" and key == "email":
        return "q_keywords", value.strip()
    if object == "contact" and key in ("first_name", "last_name", "organization_name", "title"):
        plain = re.fullmatch(r"[0-9A-Za-z ]+", value.strip())
        return ("q_keywords", value.strip()) if plain else None
    if object == "account" and key == "name":
        return "q_organization_name", value.strip()
    if object == "account" and key == "domain":
        label = re.split(r"[^0-9a-z]", folded(value, "domain"))[0]
        return ("q_organization_name", label[:5]) if label else None
    return None
