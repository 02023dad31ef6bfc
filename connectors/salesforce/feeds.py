"""Reading: what changed since a cursor, and records by id or key.

The feed is ordered by SystemModstamp and Id and goes through queryAll, so that deleted and merged
records come along; very many rows come in bulk (`bulk.py`). Cursors count by the server's clock.
Columns and rows are `rows.py`, statements `soql.py`; writing is `writes.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import replace
from typing import Any, TypeVar

from ...errors import SystemUnavailable
from ..base import values
from ..base.contract import Page, Read, Record
from ..base.frozen import dataclass
from ..base.schema import Field, Format, Object
from ..base.understood import MISREAD
from ..base.world import moment, seconds
from . import soql
from .bulk import FROM, Queries, Unserved
from .describe import PAGE, Catalog
from .rows import STAMP, Columns, columns, from_text, gone, long_id
from .session import Refused, Session, Told

OVERLAP = 600.0
"""Seconds that a read starts before the end of the last one. A row gets its stamp when it is saved
and is seen when its transaction commits, up to ten minutes later."""

_WIDE = 9_000
"""Characters of a URL for the columns; what is beyond is retrieved by id. The rest is for
conditions."""

_KEPT = ("since", "began", "stamp", "id", "job", "sheet")
_STALE = 3600.0
"""Seconds after which the answer of a job is asked for anew: it is of when it was found."""

_RESTARTS = 3
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_FOLLOWING = re.compile(r"/services/data/v\d+\.\d/query(All)?/[\w-]{1,200}")
_DEAD = "INVALID_QUERY_LOCATOR"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """How far a feed has been read; what a cursor holds.

    `since`: all changes before this server time are known, those of the overlap perhaps not.
    An unfinished read adds when it `began` and the keyset (`stamp`, `id`) it got to; one in bulk,
    the `job` that has the whole answer, and the `sheet` of it that comes next.
    """

    columns: Columns
    since: str = ""
    began: str = ""
    stamp: str = ""
    id: str = ""
    job: str = ""
    sheet: str = ""

    def cursor(self) -> str:
        data = {name: getattr(self, name) for name in _KEPT}
        return json.dumps(
            {**{name: text for name, text in data.items() if text}, "c": self.columns.to_json()},
            separators=(",", ":"),
        )

    def where(self) -> str:
        """The condition for what is still to be read; "" for everything."""
        return " AND ".join(one for one in (self._new(), self.columns.only) if one)

    def _new(self) -> str:
        after = f"Id > {soql.quoted(self.id)}"
        if not self.columns.stamped:
            return after if self.id else ""
        if self.stamp:
            at = soql.moment(self.stamp)
            return f"(({STAMP} = {at} AND {after}) OR {STAMP} > {at})"
        if self.since:
            return f"{STAMP} >= {soql.moment(moment(seconds(self.since) - OVERLAP))}"
        return ""


class Feeds:
    """Reads of one org. Keeps nothing between calls but the catalog's descriptions."""

    def __init__(self, session: Session, catalog: Catalog) -> None:
        self._session = session
        self._catalog = catalog
        self._bulk = Queries(session)

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        """The pages of the contract. Nothing changed: one request, for the columns come with the
        cursor; the first read has a description more. Very many records come in bulk.
        """
        place = self._start(ask, cursor)
        if place.job:
            if (yield from self._in_bulk(place)):
                return
            place = replace(place, job="", sheet="")
        yield from self._by_pages(ask, place)

    def _by_pages(self, ask: Read, place: Place) -> Iterator[Page]:
        """What comes from `place` on, in the order of stamps.

        A locator keeps the order of ids it was made with and shows values of now. So a row of a
        later page may carry a stamp that runs ahead of the order, and only stamps from before the
        read and its overlap tell how far it got.
        """
        resource = _resource(place.columns)
        order = f"ORDER BY {STAMP} ASC, Id ASC" if place.columns.stamped else "ORDER BY Id ASC"
        exact, newest, following, again, paged = place, "", "", True, False
        while True:
            head, rest = _split(place.columns)
            where = exact.where()
            try:
                if following:
                    told = self._session.get(following, "records")
                else:
                    place = exact
                    statement = soql.select(head, ask.object, where, order)
                    told = self._session.get(resource, "records", q=statement)
                rows = self._widen(place.columns, rest, _records(told))
            except Refused as refused:
                if following and refused.wrong.code == _DEAD:
                    following = ""
                    continue
                if again and refused.wrong.code == "INVALID_FIELD":
                    seen = self._columns(ask.object, ask.fields, fresh=True)
                    place, exact = replace(place, columns=seen), replace(exact, columns=seen)
                    following, again = "", False
                    continue
                raise self._session.failure(f"to read {ask.object}", refused) from None
            records = tuple(place.columns.record(row) for row in rows)
            newest = max([newest, *(one.stamp for one in records)])
            if not place.began and told.taken is not None:
                place = replace(place, began=moment(told.taken))
            if records and not following:
                place = exact = replace(place, stamp=records[-1].stamp, id=records[-1].id)
            else:
                place = _advance(place, records)
            large = place.began and int(told.data.get("totalSize", 0)) > FROM
            if large and not (paged or ask.in_parts) and (begun := self._begun(place, where)):
                yield Page(records, begun.cursor(), False)
                if (yield from self._in_bulk(begun)):
                    return
            paged, following = True, _next(told)
            if not following:
                since = place.began or max(newest, place.since)
                yield Page(records, Place(place.columns, since).cursor(), True)
                return
            yield Page(records, place.cursor() if place.columns.stamped else None, False)

    def _begun(self, place: Place, where: str) -> Place | None:
        """The place with a job that answers for all that fulfil `where`; None where pages must."""
        seen = place.columns
        statement = soql.select((*seen.always, *seen.asked), seen.object, where)
        try:
            deleted = _resource(seen) == "/queryAll"
            return replace(place, job=self._bulk.ask(statement, deleted=deleted))
        except Unserved:
            return None

    def _in_bulk(self, place: Place) -> Generator[Page, None, bool]:
        """What the job of `place` answers; False where Salesforce gives it up. An empty page while
        it is waited for lets the caller show that it is alive."""
        if self._session.now() - seconds(place.began) > _STALE:
            return False
        flags = place.columns.flags
        try:
            for _ in self._bulk.waits(place.job):
                yield Page((), place.cursor(), False)
            most = 0
            while True:
                sheet = self._bulk.sheet(place.job, place.sheet, most)
                most = sheet.most
                for rows in sheet.parts(PAGE):
                    found = (place.columns.record(from_text(row, flags)) for row in rows)
                    yield Page(tuple(found), place.cursor(), False)
                if not sheet.following:
                    break
                place = replace(place, sheet=sheet.following)
        except Unserved:
            return False
        self._bulk.end(place.job)
        yield Page((), Place(place.columns, place.began).cursor(), True)
        return True

    def fetch(
        self, object: str, fields: Collection[str], key: str, wanted: Collection[str]
    ) -> list[Record]:
        """Records by id (2,000 a request) or by another field, as the contract tells."""
        if key in ("id", "Id"):
            return self._visible(object, fields, lambda seen: self._by_id(seen, wanted))
        one = self._known(object).by_name.get(key)
        if one is None:
            raise self._hidden(object, key)
        found = self._visible(
            object, [*fields, key], lambda seen: self._by_key(seen, one, sorted(set(wanted)))
        )
        if key in fields:
            return found
        return [replace(one, values=_without(one.values, key)) for one in found]

    def search(self, seen: Columns, condition: str, *, deleted: bool = False) -> list[Record]:
        """Records that fulfil a condition of SOQL, those in the recycle bin too if `deleted`."""
        head, rest = _split(seen)
        condition = f"({condition}) AND {seen.only}" if seen.only else condition
        resource = _resource(seen) if deleted else "/query"
        rows = self._rows(resource, soql.select(head, seen.object, condition))
        return [seen.record(row) for row in self._widen(seen, rest, rows)]

    def visible(self, object: str, fields: Iterable[str]) -> Columns:
        """The columns of `fields` as last described."""
        return self._columns(object, fields)

    def refusals(self, what: str, work: Callable[[], T]) -> T:
        """`work`, with a refusal told to people."""
        try:
            return work()
        except Refused as refused:
            raise self._session.failure(what, refused) from None

    def _start(self, ask: Read, cursor: str | None) -> Place:
        """Where to go on; a cursor that isn't ours means from the beginning."""
        try:
            data = json.loads(cursor) if cursor else {}
            kept = Columns.from_json(data["c"])
            named = {one: str(data.get(one, "")) for one in _KEPT}
            for one in ("since", "stamp"):
                if named[one]:
                    seconds(named[one])
            if named["job"]:
                seconds(named["began"])
        except MISREAD:
            return Place(self._columns(ask.object, ask.fields))
        if kept.object == ask.object and kept.covers(ask.fields):
            if list(kept.kinds) != list(ask.fields):
                kept = replace(kept, kinds={name: kept.kinds[name] for name in ask.fields})
            return Place(kept, **named)
        # The answer of a job lacks a field that it wasn't asked for.
        named |= {"job": "", "sheet": ""}
        return Place(self._columns(ask.object, ask.fields), **named)

    def _visible(self, object: str, fields: Collection[str], work: Callable[[Columns], T]) -> T:
        """`work` with the columns of `fields`; once more without those hidden meanwhile."""
        seen = self._columns(object, fields)
        try:
            return work(seen)
        except Refused as refused:
            fresh = seen
            if refused.wrong.code == "INVALID_FIELD":
                fresh = self._columns(object, fields, fresh=True)
            if fresh == seen:
                raise self._session.failure(f"to read {object}", refused) from None
        return self.refusals(f"to read {object}", lambda: work(fresh))

    def _by_id(self, seen: Columns, wanted: Collection[str]) -> list[Record]:
        """By retrieve, which says nothing about ids that are gone: those are asked for once more
        among the deleted."""
        ids = list(dict.fromkeys(long_id(one) for one in wanted))
        valid = [one for one in ids if _ID.fullmatch(one)]
        found: dict[str, Record] = {}
        for start in range(0, len(valid), PAGE):
            some = valid[start : start + PAGE]
            for row in self._retrieve(seen.object, some, (*seen.always, *seen.asked)):
                found[str(row["Id"])] = seen.record(row)
        missing = [one for one in valid if one not in found]
        if missing:
            head, rest = _split(seen)
            for condition in soql.among(Field("Id", "", "id"), missing, room(seen)):
                statement = soql.select(head, seen.object, condition)
                for row in self._widen(seen, rest, self._rows(_resource(seen), statement)):
                    found[str(row["Id"])] = seen.record(row)
        return [found.get(one) or gone(seen.object, one) for one in ids]

    def _by_key(self, seen: Columns, key: Field, wanted: Sequence[str]) -> list[Record]:
        exact = key.type in ("id", "reference")
        texts = [long_id(one) for one in wanted] if exact else wanted
        folded = {values.folded(one, key.format) for one in texts} - {""}
        # An address of a site is found by its domain, too.
        formats: tuple[Format, ...] = ("url", "domain") if key.format == "url" else (key.format,)
        found: dict[str, Record] = {}
        for condition in soql.among(key, texts, room(seen)):
            for one in self.search(seen, condition):
                held = {values.folded(one.values.get(key.name), each) for each in formats}
                if key.type in ("number", "boolean", "date", "datetime") or held & folded:
                    found[one.id] = one
        return list(found.values())

    def _widen(
        self, seen: Columns, rest: Sequence[str], rows: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Adds the columns that had no room in the statement, which deleted rows lack."""
        if not rest or not rows:
            return rows
        more: dict[str, dict[str, Any]] = {}
        ids = [str(row["Id"]) for row in rows if not row.get("IsDeleted")]
        for start in range(0, len(ids), PAGE):
            for row in self._retrieve(seen.object, ids[start : start + PAGE], ("Id", *rest)):
                more[str(row["Id"])] = row
        return [{**more.get(str(row["Id"]), {}), **row} for row in rows]

    def _retrieve(
        self, object: str, ids: Sequence[str], names: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Rows by id, at most 2,000 a request; missing ones are left out."""
        body = {"ids": list(ids), "fields": list(names)}
        try:
            told = self._session.listed(f"/composite/sobjects/{soql.name(object)}", body)
        except Refused as refused:
            if refused.wrong.code in ("MALFORMED_ID", "INVALID_ID_FIELD", "NOT_FOUND"):
                return []
            raise
        return [row for row in told.data if row]

    def _rows(self, resource: str, statement: str) -> list[dict[str, Any]]:
        """All rows of a statement; begun anew where its locator dies."""
        for _ in range(_RESTARTS):
            told = self._session.get(resource, "records", q=statement)
            rows = _records(told)
            try:
                while following := _next(told):
                    told = self._session.get(following, "records")
                    rows += _records(told)
            except Refused as refused:
                if refused.wrong.code != _DEAD:
                    raise
                continue
            return rows
        raise SystemUnavailable(
            f"{self._session.system} ended a search before it was read",
            why=f"{_DEAD}, {_RESTARTS} times",
            fix="run again; check whether another program searches under the same user",
        )

    def _columns(self, object: str, fields: Iterable[str], *, fresh: bool = False) -> Columns:
        return columns(self._known(object, fresh=fresh), fields)

    def _known(self, object: str, *, fresh: bool = False) -> Object:
        found = self._catalog.object(object, fresh=fresh)
        if found is None:
            raise self._hidden(object)
        return found

    def _hidden(self, object: str, name: str = "") -> SystemUnavailable:
        what = f"{object}.{name}" if name else object
        return SystemUnavailable(
            f"{self._session.system} shows no {what} to this login",
            why="it is missing, or the permissions of the login hide it",
            fix="give the user the right to read it, or take it out of the rules",
        )


def _advance(place: Place, records: Sequence[Record]) -> Place:
    """The place after a later page of a locator: at its last row whose stamp is surely the one it
    was ordered by."""
    if not (place.began and records):
        return place
    before = moment(seconds(place.began) - OVERLAP)
    sure = [one for one in records if one.stamp < before]
    return replace(place, stamp=sure[-1].stamp, id=sure[-1].id) if sure else place


def _split(seen: Columns) -> tuple[list[str], list[str]]:
    """The columns that fit into a statement, and the others."""
    head, taken, asked = list(seen.always), 0, seen.asked
    if soql.cost(",".join(asked)) + 3 <= _WIDE:
        return [*head, *asked], []
    for at, name in enumerate(asked):
        taken += soql.cost(name) + 3
        if taken > _WIDE:
            return head, list(asked[at:])
        head.append(name)
    return head, []


def room(seen: Columns) -> int:
    """Characters of a URL that the columns leave to conditions."""
    head, _ = _split(seen)
    return soql.LONGEST_URL - soql.cost(",".join(head)) - 300


def _resource(seen: Columns) -> str:
    return "/queryAll" if "IsDeleted" in seen.life else "/query"


def _records(told: Told) -> list[dict[str, Any]]:
    return list(told.data["records"])


def _next(told: Told) -> str:
    """The path of the next page, "" after the last; `ValueError` where a reply is not the last and
    names none of ours: a read that ends too early would look complete."""
    done, following = told.data["done"], told.data.get("nextRecordsUrl")
    if done is True and not following:
        return ""
    if done is not False or not _FOLLOWING.fullmatch(str(following)):
        raise ValueError("no address of a next page")
    return str(following)


def _without(held: Mapping[str, values.Value], key: str) -> dict[str, values.Value]:
    return {name: value for name, value in held.items() if name != key}
