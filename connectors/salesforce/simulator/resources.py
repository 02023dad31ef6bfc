"""The data resources: descriptions, rows, upserts, queries with cursors, deletions, limits.

Each takes a `Call` and gives a `Reply` or raises `Refused`. Several records at once are in
`composite.py`; what a save checks is in `saves.py`, what a query finds in `query.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from . import lives, query, saves, soql
from .calls import Call, Reply
from .errors import deleted, no_column, not_found, whole
from .org import Org
from .query import Found
from .reading import record
from .schema import Field, ObjectType
from .values import full_id, http_date, instant, make_id, stamp

_OPEN_CURSORS = 10
_CURSOR_LIFE = 15 * 60.0
"""A user has ten open cursors, each of which lives a quarter of an hour without use."""

_LARGEST_PAGE = 2000


@dataclass(frozen=True, slots=True)
class _Cursor:
    found: Found
    user: str
    size: int
    used: float


class Resources:
    """The resources of one org. `page_size` is how many rows a page has at most, `limits` gives
    what of each limit is (used, allowed)."""

    def __init__(self, org: Org, limits: Callable[[], Mapping[str, tuple[int, int]]]) -> None:
        self.org = org
        self.page_size = _LARGEST_PAGE
        self._told = limits
        self._cursors: dict[str, _Cursor] = {}
        self._opened = 0

    def answer(self, call: Call) -> Reply:
        """The reply to a call of `sobjects`, `query`, `queryAll` or `limits`."""
        head, *rest = [call.path[0].lower(), *call.path[1:]]
        if head in ("query", "queryall"):
            only(call, "GET")
            if len(rest) == 1:
                return self._next_page(call, rest[0])
            if rest:
                raise not_found()
            return self._query(call, head == "queryall")
        if head == "limits":
            only(call, "GET")
            return self._limits(call, [one.lower() for one in rest])
        if head != "sobjects":
            raise not_found()
        if not rest:
            only(call, "GET")
            return self._all_objects(call)
        of = self.object(rest[0])
        if len(rest) == 1:
            return self._object(call, of)
        if len(rest) == 2:
            word = rest[1].lower()
            if word == "describe":
                return self._described(call, self.org.schema.describe(of, call.version))
            if word in ("updated", "deleted"):
                return self._window(call, of, word)
            return self._row(call, of, rest[1])
        if len(rest) == 3:
            return self._keyed(call, of, self.key(of, rest[1]), rest[2])
        raise not_found()

    def object(self, name: str) -> ObjectType:
        """The object that a path names, in whatever case."""
        found = self.org.schema.get(name)
        if found is None:
            raise not_found()
        return found

    def key(self, of: ObjectType, name: str) -> Field:
        """The field that a path names as a key for upserts."""
        field = self.org.schema.field(of, name)
        if field is None or not field.key:
            text = f"Provided external ID field does not exist or is not accessible: {name}"
            raise whole(404, "NOT_FOUND", text)
        return field

    def fields(self, of: ObjectType, names: list[str]) -> list[Field]:
        """The fields of those names, all that are shown for none."""
        if not names:
            return self.org.schema.shown(of)
        found = [self.org.schema.field(of, name) for name in names]
        for name, field in zip(names, found, strict=True):
            if field is None:
                raise no_column(name, of.name)
        return [one for one in found if one is not None]

    def upsert(self, call: Call, of: ObjectType, key: Field, value: Any, body: Any) -> Reply:
        """Creates or updates by a key, as PATCH on its path does."""
        ids = saves.same_row(self.org, of, key, value)
        base = f"/services/data/v{call.version}/sobjects/{of.name}"
        if len(ids) > 1:
            return Reply(300, [f"{base}/{one}" for one in ids])
        if ids:
            saves.update(self.org, of, ids[0], body, call.actor())
            if float(call.version) < 46:
                return Reply(204)
            return Reply(200, {"id": ids[0], "success": True, "errors": [], "created": False})
        id = saves.create(self.org, of, {**body, key.name: value}, call.actor())
        made = {"id": id, "success": True, "errors": []}
        created = {"created": True} if float(call.version) >= 46 else {}
        return Reply(201, made | created, {"location": f"{base}/{id}"})

    def _all_objects(self, call: Call) -> Reply:
        objects = [self.org.schema.brief(one, call.version) for one in self.org.schema]
        body = {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects}
        return self._described(call, body)

    def _described(self, call: Call, body: dict[str, Any]) -> Reply:
        """A description, or 304 where it hasn't changed since the caller's copy."""
        only(call, "GET")
        since = call.headers.get("if-modified-since")
        changed = int(self.org.schema.changed)
        if since:
            try:
                known = parsedate_to_datetime(since).timestamp()
            except ValueError:
                known = 0.0
            if changed <= known:
                return Reply(304)
        return Reply(200, body, {"last-modified": http_date(changed)})

    def _object(self, call: Call, of: ObjectType) -> Reply:
        if call.method == "POST":
            id = saves.create(self.org, of, call.record(), call.actor())
            path = f"/services/data/v{call.version}/sobjects/{of.name}/{id}"
            return Reply(201, {"id": id, "success": True, "errors": []}, {"location": path})
        only(call, "GET", "POST")
        recent = list(self.org.store.table(of).rows.values())[-5:]
        shown = [self.org.schema.by_prefix[of.prefix].fields["Id"]]
        items = [record(of, row, shown, call.version) for row in recent]
        brief = self.org.schema.brief(of, call.version)
        return Reply(200, {"objectDescribe": brief, "recentItems": items})

    def _row(self, call: Call, of: ObjectType, text: str) -> Reply:
        id = full_id(text)
        if id is None or not id.startswith(of.prefix):
            raise not_found()
        if call.method in ("GET", "HEAD"):
            row = self.org.store.table(of).rows.get(id)
            if row is None or id in self.org.unshared:
                raise not_found()
            if row.get("IsDeleted"):
                raise deleted()
            names = [one for one in call.query.get("fields", "").split(",") if one]
            body = record(of, row, self.fields(of, names), call.version)
            return Reply(200, body if call.method == "GET" else None)
        only(call, "GET", "HEAD", "PATCH", "DELETE")
        if call.method == "PATCH":
            saves.update(self.org, of, id, call.record(), call.actor())
        else:
            lives.delete(self.org, of, id, call.actor())
        return Reply(204)

    def _keyed(self, call: Call, of: ObjectType, key: Field, value: str) -> Reply:
        only(call, "GET", "PATCH", "DELETE")
        if call.method == "PATCH":
            body = call.record()
            if any(name.lower() in ("id", key.name.lower()) for name in body):
                text = f"The {key.name} field should not be specified in the sobject data."
                raise whole(400, "INVALID_FIELD", text)
            return self.upsert(call, of, key, value, body)
        ids = saves.same_row(self.org, of, key, value)
        if not ids:
            raise not_found()
        if len(ids) > 1:
            base = f"/services/data/v{call.version}/sobjects/{of.name}"
            return Reply(300, [f"{base}/{one}" for one in ids])
        return self._row(replace(call, path=("sobjects", of.name, ids[0])), of, ids[0])

    def _window(self, call: Call, of: ObjectType, word: str) -> Reply:
        """Ids that were changed or deleted in a window of time."""
        only(call, "GET")
        try:
            # A plus that nobody encoded arrives as a blank.
            bounds = [call.query[name].replace(" ", "+") for name in ("start", "end")]
            start, end = (instant(one) for one in bounds)
        except (KeyError, ValueError):
            raise whole(400, "INVALID_REPLICATION_DATE", "invalid start or end date") from None
        now = datetime.fromtimestamp(self.org.clock.now(), UTC)
        oldest = stamp((now - timedelta(days=30 if word == "updated" else 15)).timestamp())
        if start < oldest or start >= end:
            text = f"startDate before org replication enabled date or outside of range: {start}"
            raise whole(400, "INVALID_REPLICATION_DATE", text)
        rows = self.org.store.table(of).rows
        inside = []
        for id in self.org.store.table(of).by_stamp(start):
            if rows[id]["SystemModstamp"] > end:
                break
            inside.append(rows[id])
        covered = min(end, stamp(now.timestamp()))
        if word == "updated":
            ids = [row["Id"] for row in inside if not row.get("IsDeleted")]
            return Reply(200, {"ids": ids, "latestDateCovered": covered})
        gone = [
            {"deletedDate": row["SystemModstamp"], "id": row["Id"]}
            for row in inside
            if row.get("IsDeleted")
        ]
        body = {"deletedRecords": gone, "earliestDateAvailable": oldest}
        return Reply(200, body | {"latestDateCovered": covered})

    def _query(self, call: Call, deleted_too: bool) -> Reply:
        text = call.query.get("q", "").strip()
        found = query.run(self.org, soql.parse(text), deleted_too=deleted_too)
        size = min(self.page_size, _asked_size(call))
        return self._page(call, found, "", 0, size)

    def _next_page(self, call: Call, locator: str) -> Reply:
        name, _, offset = locator.partition("-")
        cursor = self._cursors.get(name)
        late = cursor is not None and self.org.clock.now() - cursor.used > _CURSOR_LIFE
        if cursor is None or cursor.user != call.user or late or not offset.isdigit():
            raise whole(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, cursor.found, name, int(offset), cursor.size)

    def _page(self, call: Call, found: Found, name: str, offset: int, size: int) -> Reply:
        """Rows from `offset` on, as they are now, and where the next page is."""
        rows = self.org.store.table(found.of).rows
        ids = found.ids[offset : offset + size]
        records = [found.show(rows[id], call.version) for id in ids if id in rows]
        done = offset + size >= len(found.ids)
        body: dict[str, Any] = {"totalSize": found.total, "done": done}
        if not done:
            cursor = _Cursor(found, call.user, size, self.org.clock.now())
            name = name or self._open(call.user)
            self._cursors[name] = cursor
            path = f"/services/data/v{call.version}/query/{name}-{offset + size}"
            body["nextRecordsUrl"] = path
        return Reply(200, body | {"records": records})

    def _open(self, user: str) -> str:
        """The name of a new cursor; the oldest of a user who has too many is dropped."""
        mine = [name for name, one in self._cursors.items() if one.user == user]
        if len(mine) >= _OPEN_CURSORS:
            del self._cursors[min(mine, key=lambda name: self._cursors[name].used)]
        self._opened += 1
        return make_id("01g", self._opened)

    def drop_cursors(self) -> None:
        """Forgets all cursors, as a failover does."""
        self._cursors.clear()

    def _limits(self, call: Call, rest: list[str]) -> Reply:
        if rest == ["recordcount"]:
            names = [one for one in call.query.get("sObjects", "").split(",") if one]
            wanted = [self.org.schema.get(one) for one in names] or list(self.org.schema)
            counts = [
                {"count": self._count(one), "name": one.name} for one in wanted if one is not None
            ]
            return Reply(200, {"sObjects": counts})
        if rest:
            raise not_found()
        told = {**self._told(), "DataStorageMB": (24, 1024), "FileStorageMB": (0, 1024)}
        body = {
            name: {"Max": most, "Remaining": max(0, most - used)}
            for name, (used, most) in told.items()
        }
        return Reply(200, body)

    def _count(self, of: ObjectType) -> int:
        rows = self.org.store.table(of).rows.values()
        return sum(not row.get("IsDeleted") for row in rows)


def only(call: Call, *methods: str) -> None:
    """Refuses a call with another method."""
    if call.method not in methods:
        text = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(methods)}"
        raise whole(405, "METHOD_NOT_ALLOWED", text)


def _asked_size(call: Call) -> int:
    """Rows a page that the caller asks for in Sforce-Query-Options."""
    options = call.headers.get("sforce-query-options", "")
    found = re.search(r"batchsize\s*=\s*(\d+)", options, re.IGNORECASE)
    size = int(found[1]) if found else _LARGEST_PAGE
    if not 200 <= size <= _LARGEST_PAGE:
        raise whole(400, "INVALID_BATCH_SIZE", "Batch size must be between 200 and 2000")
    return size
