"""One login of a Salesforce org behind `connectors/base/contract.py`, by its REST API.

Only puts the rooms together: `session.py` signs in and sends, `describe.py` gives the schema,
`feeds.py` reads, `writes.py` writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..base.contract import Batch, Meter, Outcome, Page, Read, Record, Write
from ..base.login import Secret
from ..base.schema import Schema
from ..base.world import World
from .describe import Catalog
from .feeds import Feeds
from .session import Session
from .writes import Writes, pack


class Salesforce:
    """One login of one org; see `contract.Connector` for what the methods promise."""

    def __init__(self, settings: Mapping[str, str | Secret], world: World) -> None:
        self._session = Session(settings, world)
        self._catalog = Catalog(self._session)
        self._feeds = Feeds(self._session, self._catalog)
        self._writes = Writes(self._session, self._catalog, self._feeds)

    def identity(self) -> str:
        """The org's id; signing in tells it, so that no call is spent."""
        return self._session.org()

    def describe(self, names: Collection[str] | None = None) -> Schema:
        """One request an object; for all of them two more, which list and count."""
        return self._catalog.schema(names)

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        """2,000 records a request, deleted and merged ones among them."""
        return self._feeds.read(ask, cursor)

    def fetch(
        self, object: str, fields: Collection[str], key: str, values: Collection[str]
    ) -> list[Record]:
        """2,000 ids a request, or a few hundred values of another field."""
        return self._feeds.fetch(object, fields, key, values)

    def pack(self, writes: Sequence[Write]) -> list[Batch]:
        """200 records a request."""
        return pack(writes)

    def send(self, batch: Batch) -> list[Outcome]:
        """One Collections call with allOrNone off."""
        return self._writes.send(batch)

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        """One search or retrieve for many writes."""
        return self._writes.find(doubtful)

    def meters(self) -> list[Meter]:
        """The org's calls of the last 24 hours."""
        return self._session.meters()
