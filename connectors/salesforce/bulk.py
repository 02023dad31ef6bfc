"""Reading in bulk: a query that Salesforce answers in its own time, with sheets of many rows.

A few requests instead of dozens, and a wait. Knows query jobs of Bulk API 2.0 and their CSV. When
that is worth it, and what is read by pages instead, is told in `feeds.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from ...errors import ReplyTooLarge
from ..base.wire import Response, figure
from .session import Refused, Session

FROM = 50_000
"""Rows from which on a query goes in bulk: as many as 25 pages."""

SHEET, FEWEST = 50_000, 1_000
"""Rows of one sheet at most; of one that is larger than a reply may be, half, down to about so
many."""

PATIENCE = 1800.0
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 20.0
"""Seconds between two questions whether a job has ended; at most so long in all."""


class Unserved(Exception):
    """Salesforce doesn't answer this in bulk, or not any more: pages will do."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Some rows of an answer, as CSV, where the next ones are, "" after the last, and how many rows
    were asked for."""

    data: bytes
    following: str
    most: int = SHEET

    def parts(self, size: int) -> Iterator[list[dict[str, str]]]:
        """The rows by the names of their columns, `size` at a time."""
        rows = csv.DictReader(_lines(self.data))
        while some := list(islice(rows, size)):
            yield some


class Queries:
    """The query jobs of one login."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ask(self, statement: str, *, deleted: bool) -> str:
        """The id of a new job for a statement; with the bin and the archive if `deleted`."""
        body = {"operation": "queryAll" if deleted else "query", "query": statement}
        try:
            return str(self._session.ask("/jobs/query", "id", body).data["id"])
        except Refused:
            raise Unserved from None

    def waits(self, job: str) -> Iterator[None]:
        """Ends when the job has; comes back to the caller after each pause until then."""
        clock = self._session.world.clock
        until, pause = clock.now() + PATIENCE, _FIRST_WAIT
        while (state := self._state(job)) != "JobComplete":
            if state not in ("UploadComplete", "InProgress"):
                raise Unserved
            if clock.now() > until:
                self._session.tidy("PATCH", f"/jobs/query/{job}", {"state": "Aborted"})
                raise Unserved
            clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_WAIT)
            yield

    def sheet(self, job: str, locator: str, most: int = 0) -> Sheet:
        """At most so many rows of an ended job from `locator` on, "" for the first; fewer where so
        many are more than a reply may have."""
        most = most or SHEET
        query = {"maxRecords": str(most)} | ({"locator": locator} if locator else {})
        try:
            found = self._session.read(f"/jobs/query/{job}/results", _sheet, **query)
            return replace(found, most=most)
        except ReplyTooLarge:
            if most <= FEWEST:
                raise
            return self.sheet(job, locator, most // 2)
        except Refused:
            raise Unserved from None

    def end(self, job: str) -> None:
        """Deletes a job with its answer, which else lies there for a week."""
        self._session.tidy("DELETE", f"/jobs/query/{job}")

    def _state(self, job: str) -> str:
        try:
            return str(self._session.get(f"/jobs/query/{job}", "state").data["state"])
        except Refused:
            raise Unserved from None


def _sheet(response: Response) -> Sheet:
    """The sheet of a reply. `ValueError` where it is cut off: between two rows only a header tells,
    and what half of a row doesn't have would be taken for blank."""
    count = figure(response.headers.get("sforce-numberofrecords"))
    if count is None:
        raise Unserved
    try:
        rows = filter(None, csv.reader(_lines(response.body), strict=True))
        width, whole = len(next(rows, ())), 0
        for row in rows:
            whole += 1
            if len(row) != width:
                raise ValueError(f"row {whole} has {len(row)} columns instead of {width}")
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if whole != count:
        raise ValueError(f"{whole} rows instead of {count}")
    following = response.headers.get("sforce-locator", "null")
    return Sheet(response.body, "" if following == "null" else following)


def _lines(data: bytes) -> Iterable[str]:
    """The text, without a copy of the whole of it."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
