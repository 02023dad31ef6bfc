"""One Salesforce org behind `connectors/base/contract.py`, by its REST API.

Only puts the rooms together: `door.py` signs in, `session.py` sends, `describe.py` gives the
schema, `feeds.py` reads, `writes.py` writes.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from ..base.contract import Batch, Belonging, Meter, Outcome, Page, Read, Record, Write
from ..base.linking import Logins
from ..base.login import Secret
from ..base.schema import Object, Schema
from ..base.understood import understood
from ..base.world import World, seconds
from .describe import Catalog
from .door import Door
from .feeds import Feeds
from .session import Session
from .writes import Writes, pack

_MADE = "CreatedDate"
_AT_ONCE = 60.0
"""Seconds in which an org's own automation makes what belongs to a new record."""


class Salesforce:
    """One org as one login sees it, which writes under others, too; see `contract.Connector` for
    what the methods promise."""

    def __init__(
        self, settings: Mapping[str, str | Secret], world: World, logins: Logins | None = None
    ) -> None:
        door = Door(settings, world)
        self._logins = logins
        self._open = partial(Session, settings, world, door, logins)
        self._session = self._open(logins.sync if logins else "")
        self._others: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._catalog = Catalog(self._session)
        self._feeds = Feeds(self._session, self._catalog)
        self._writes = Writes(self._of, self._user, self._catalog, self._feeds)

    def identity(self) -> str:
        """The org's id; signing in tells it, so that no call is spent."""
        with understood(self._session.system):
            return self._session.org()

    def describe(self, names: Collection[str] | None = None) -> Schema:
        """One request an object; for all of them two more, which list and count."""
        with understood(self._session.system):
            return self._catalog.schema(names)

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        """2,000 records a request, or very many in bulk; deleted and merged ones among them."""
        with understood(self._session.system):
            yield from self._feeds.read(ask, cursor)

    def fetch(
        self, object: str, fields: Collection[str], key: str, values: Collection[str]
    ) -> list[Record]:
        """2,000 ids a request, or a few hundred values of another field."""
        with understood(self._session.system):
            return self._feeds.fetch(object, fields, key, values)

    def may_return(self, object: str, ids: Collection[str]) -> set[str]:
        """Those that the bin shows: nothing is seen of what was emptied out of it, by hand or after
        its 15 days."""
        found = self.fetch(object, (), "id", ids)
        return {one.id for one in found if one.life != "out of sight"}

    def along(self, object: str, ids: Collection[str]) -> Mapping[str, Sequence[Belonging]]:
        """One search for each object whose records Salesforce says it deletes with this one, and
        that stand on their own: the people and deals of an account, details of custom objects."""
        with understood(self._session.system):
            found = self._referring(self._catalog.along(object), ids)
        return {id: [one for one, _ in some] for id, some in found.items()}

    def about(self, object: str, ids: Collection[str]) -> Mapping[str, Sequence[Belonging]]:
        """One search each for tasks, events and notes. What is there at once is the work of the
        org's automation, and nobody's."""
        with understood(self._session.system):
            found = self._referring(self._catalog.about(object), ids)
            parents = self._feeds.fetch(object, (_MADE,), "id", found)
        made = {one.id: _moment(one) + _AT_ONCE for one in parents}
        later = {
            id: [one for one, at in some if at > made.get(id, 0.0)] for id, some in found.items()
        }
        return {id: some for id, some in later.items() if some}

    def pack(self, writes: Sequence[Write]) -> list[Batch]:
        """200 records a request, 1,000 where there are more than 2,000."""
        return pack(writes)

    def send(self, batch: Batch) -> list[Outcome]:
        """One Collections call with allOrNone off, or several in one request."""
        with understood(self._session.system):
            return self._writes.send(batch)

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        """One search or retrieve for many writes."""
        with understood(self._session.system):
            return self._writes.find(doubtful)

    def meters(self) -> list[Meter]:
        """The org's calls of the last 24 hours, as the login told that has seen most of them."""
        found: dict[str, Meter] = {}
        for session in (self._session, *self._others.values()):
            for one in session.meters():
                if one.endpoint not in found or found[one.endpoint].used < one.used:
                    found[one.endpoint] = one
        return [found[name] for name in sorted(found)]

    def _referring(
        self, children: Sequence[tuple[Object, str]], ids: Collection[str]
    ) -> dict[str, list[tuple[Belonging, float]]]:
        """The records of some objects whose field refers to some ids, by that, with when they were
        made."""
        found: dict[str, list[tuple[Belonging, float]]] = {}
        for child, field in children:
            for one in self._feeds.fetch(child.name, (field, _MADE), field, ids):
                belonging = Belonging(child.name, one.id, field)
                found.setdefault(str(one.values[field]), []).append((belonging, _moment(one)))
        return found

    def _of(self, login: str) -> Session:
        """The session of a linked login, "" for the sync login."""
        if not login:
            return self._session
        with self._lock:
            if login not in self._others:
                self._others[login] = self._open(login)
            return self._others[login]

    def _user(self, login: str) -> str:
        """The id of the user whose name writes under a login carry, "" where nobody knows it."""
        if not login:
            return self._session.user()
        return self._logins.user(login) if self._logins else ""


def _moment(record: Record) -> float:
    """When a record was made, 0.0 where that is not told."""
    told = record.values.get(_MADE)
    return seconds(str(told)) if told else 0.0
