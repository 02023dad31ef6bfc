"""One Apollo team behind the contract of `connectors/base/contract.py`, as its key sees it.

Puts the parts together and knows nothing more: the session is in `session.py`, objects and fields
in `describe.py` and `fields.py`, reading in `feeds.py`, writing in `pack.py`, `writes.py`
and `outcomes.py`, looking for what is in doubt in `doubts.py`. What people did has fields, reads
and writes of its own: `activities.py`, `activity_feeds.py` and `activity_writes.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ...errors import UsageError
from ..base.contract import Batch, Meter, NewField, Outcome, Page, Read, Record, Write
from ..base.login import Secret
from ..base.schema import Schema
from ..base.understood import understood
from ..base.values import identifier
from ..base.world import World
from . import activities
from .activity_feeds import ActivityFeeds
from .activity_writes import ActivityWrites
from .describe import Catalog, describe
from .doubts import find
from .feeds import SHOWN, Feeds
from .fields import STANDARD
from .new_field import add_field
from .pack import pack
from .session import Session
from .writes import Writes


class ApolloConnector:
    """One Apollo team. Safe to use from several threads.

    `shown` is how many records one search shows, which is 50,000 at the real Apollo. `linked`: the
    key is one that somebody gave to `syncrules connect`.
    """

    def __init__(
        self,
        settings: Mapping[str, str | Secret],
        world: World,
        shown: int = SHOWN,
        *,
        linked: bool = False,
    ) -> None:
        self._session = Session(settings, world, linked=linked)
        self._catalog = Catalog(self._session, _undocumented(settings))
        self._feeds = Feeds(self._session, self._catalog, shown)
        self._activity_feeds = ActivityFeeds(self._session, self._catalog, self._feeds, shown)
        self._writes = Writes(self._session, self._catalog)
        self._activity_writes = ActivityWrites(self._session, self._catalog)

    def identity(self) -> str:
        """The id of the team, the same for every key of it."""
        with understood(self._session.system):
            return identifier(self._session.get("users/api_profile", "team_id")["team_id"])

    def describe(self, names: Collection[str] | None = None) -> Schema:
        with understood(self._session.system):
            return describe(self._session, self._catalog, self.identity(), names)

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        activity = ask.object in activities.FORMS
        if activity:
            self._documented(ask.object)
        with understood(self._session.system):
            yield from (self._activity_feeds if activity else self._feeds).read(ask, cursor)

    def fetch(
        self, object: str, fields: Collection[str], key: str, values: Collection[str]
    ) -> list[Record]:
        activity = object in activities.FORMS
        if activity:
            self._documented(object)
        elif object not in STANDARD:
            return []
        with understood(self._session.system):
            feeds = self._activity_feeds if activity else self._feeds
            return feeds.fetch(object, fields, key, values)

    def pack(self, writes: Sequence[Write]) -> list[Batch]:
        return pack(writes)

    def send(self, batch: Batch) -> list[Outcome]:
        activity = any(one.object in activities.FORMS for one in batch.writes)
        with understood(self._session.system):
            return (self._activity_writes if activity else self._writes).send(batch)

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        with understood(self._session.system):
            return find(self._session, self._catalog, self._feeds, self._activity_feeds, doubtful)

    def add_field(self, object: str, field: NewField) -> bool:
        """Custom fields of contacts and accounts; picklists are made at the screen only."""
        made = add_field(self._session, object, field)
        if made:
            self._catalog.missed("field", field.label)
        return made

    def meters(self) -> list[Meter]:
        return self._session.meters()

    def _documented(self, object: str) -> None:
        """Raises `UsageError` for what nobody may ask the real Apollo for."""
        if object not in activities.names(self._catalog.undocumented):
            raise UsageError(
                f"{object}s of {self._session.system} can't be read",
                why="Apollo's API does not document them",
                fix=f"take the rules on `{object}` out, or write `undocumented` into the project "
                f'file as "yes" under [systems.{self._session.system}]',
            )


def _undocumented(settings: Mapping[str, str | Secret]) -> bool:
    """Whether the project wants to see what Apollo has and its API doesn't document."""
    written = settings.get("undocumented") or "no"
    if written not in ("yes", "no"):
        name = settings.get("system") or "apollo"
        raise UsageError(
            f"`undocumented` of [systems.{name}] is neither yes nor no",
            fix='write "yes" to see what the API does not document, or leave it out',
        )
    return written == "yes"
