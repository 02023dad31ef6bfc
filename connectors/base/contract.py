"""The contract of a system: what every connector does, and nothing that only one of them does.

A connector comes in by an entry point of the group `syncrules.connectors` that names a `Kind`.
It holds no state that matters: cursors, links and the journal are the engine's. `testing.py` is
the suite that shows whether a connector keeps this contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from .frozen import dataclass
from .linking import Linking
from .login import Secret
from .schema import FieldType, Format, Schema
from .values import Value

if TYPE_CHECKING:
    from .serve import Simulator, SimulatorOptions
    from .world import World

Life = Literal["here", "deleted", "merged", "converted", "out of sight"]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as its system holds it now.

    `values` has exactly the fields asked for, in the forms of `values.py`; None is blank, and a
    field that could not be read is absent (*not read* is never *blank*). `stamp` is the system's
    own time of the last change (ISO 8601), "" where it has none. `into` is the id it was merged
    into, or `OBJECT/ID` it was converted to.
    """

    object: str
    id: str
    values: Mapping[str, Value]
    stamp: str = ""
    life: Life = "here"
    into: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """Which fields of which object a run reads. `every` is in minutes. `until_quiet`: its feed has
    no stamps and comes newest change first, so it is read until pages bring nothing new.
    `in_parts`: the caller takes some pages and goes on from their cursor another day, so nothing is
    made ready beyond a page. `forgets`, `untold`: as of the object (see `Object`)."""

    system: str
    object: str
    fields: tuple[str, ...]
    every: int = 15
    until_quiet: bool = False
    in_parts: bool = False
    forgets: bool = False
    untold: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a feed, in any order; a record may come again on a later page.

    `cursor`: from here a later `read` misses nothing; None: not yet safe to go on from here.
    `complete`: the feed has been read to its end as it stood when this `read` began.
    """

    records: tuple[Record, ...]
    cursor: str | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Write:
    """One record to create, update or delete.

    `ref` is unique in a run and comes back in the outcome; `fields` are in the forms of
    `values.py`, references as ids of the same system. `id` is "" for a create. `parent` is the id
    whose lock the system takes with this write, "" where it has none. `since` is when it was first
    sent (seconds since 1970), for `find`. `login` is the name of the linked login that it is
    written under, "" for the sync login; writes of two logins are never in one batch. `keys`: of a
    create, the fields that tell whether it is there already. `taken`, for `find`: records that are
    another write's work, however much they look like this one's. `before`, too: of an update, what
    its fields held when it was decided.
    """

    ref: int
    action: Literal["create", "update", "delete"]
    object: str
    id: str
    fields: Mapping[str, Value]
    parent: str = ""
    login: str = ""
    since: float = 0.0
    keys: tuple[str, ...] = ()
    taken: frozenset[str] = frozenset()
    before: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """What goes out in one request. `call` is the connector's own word for the request, which may
    come after a look at the record that it changes.

    A write may be split over batches where a system needs several requests for it; each part then
    carries the same `ref` and the fields that this request sets.
    """

    call: str
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write.

    - `done`: carried out; (`find`) it may have been edited since. `id` is the record's; `values`,
      where the reply holds them, is what the record has by it (a system may trim or reformat what
      it was sent).
    - `existed`: a create found the record `id` there and did not touch it; (`find`) it is there
      with the keys of the create and other values.
    - `refused`: for a reason of its own; `code`, `message` and `fields` are the system's. `rights`:
      the login may not do this, so it may be worth a try once somebody has given it the right.
      `together`: a whole request was refused and this record not looked at alone, so it may be
      sound, and is tried again with the next run.
    - `busy`: not carried out; worth another try in this run. With the code `LOGIN_LOST`: under
      another login.
    - `gone`: the record is deleted, merged or converted, or isn't shown to us: `fetch` tells.
    - `absent`: (`find`) surely not carried out.
    - `unknown`: nobody can tell.

    `arrived`: of an update that is not done as a whole, the fields that were carried out all the
    same, since they went in a request of their own or the system stored them without the others;
    (`find`) they may have been edited since, or all of them were there before the record was gone.
    What `kind` says is about the rest, and `values` may hold what the record has in them.
    `unclear`: (`find`) of an update that counts as absent, the fields that were something else
    before it and hold a value now, where nobody can tell whether it was carried out before somebody
    changed them. `stamp`: of what was carried out, as a whole or in part, the stamp that its record
    had by then (see `Record`), "" where the reply doesn't tell.
    """

    ref: int
    kind: Literal["done", "existed", "refused", "busy", "gone", "absent", "unknown"]
    id: str = ""
    values: Mapping[str, Value] | None = None
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()
    rights: bool = False
    together: bool = False
    arrived: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Meter:
    """Calls of one endpoint in one window of a limit, by every program that draws on it. `limit`
    None: no limit is known. `whole`: each request counts on it, whatever it calls."""

    endpoint: str
    window: str
    used: int
    limit: int | None = None
    whole: bool = False


class Connector(Protocol):
    """One system, signed in to. Methods but `pack` send requests; they raise only the errors of
    `errors.py` (`SystemUnavailable` and its kinds). Calls may come from several threads."""

    def identity(self) -> str:
        """Which org this is, in the system's own words; the same for every login of it."""

    def describe(self, names: Collection[str] | None = None) -> Schema:
        """The objects of those names, or all that can be read. Unknown names are left out."""

    def read(self, ask: Read, cursor: str | None) -> Iterator[Page]:
        """What changed since `cursor`, or everything for None, deletions included where the feed
        knows them. The last page is `complete`. The caller may stop early."""

    def fetch(
        self, object: str, fields: Collection[str], key: str, values: Collection[str]
    ) -> list[Record]:
        """Records whose field `key` ("id", a match key or a reference) has one of `values`,
        compared as `values.folded`, the address of a site by its domain, too. Reads what is true
        now, not an index, where the system can; an id that is gone comes back with its `life`."""

    def pack(self, writes: Sequence[Write]) -> list[Batch]:
        """The fewest requests that carry `writes`; pure; keeps their order where it can."""

    def send(self, batch: Batch) -> list[Outcome]:
        """One request; an outcome for each write, by ref. A lost reply is `unknown` for all."""

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        """Looks what became of writes without a reply; never writes."""

    def meters(self) -> list[Meter]:
        """Calls spent and left, as the last replies told."""


@dataclass(frozen=True, slots=True)
class NewField:
    """A custom field that somebody wants. `length` counts characters; None: as the system likes."""

    label: str
    type: FieldType
    format: Format = ""
    length: int | None = None


@runtime_checkable
class MakesFields(Protocol):
    """What a connector may do besides, where its system lets it: create custom fields."""

    def add_field(self, object: str, field: NewField) -> bool:
        """Creates the field; False where the system has no request for one like it."""


@runtime_checkable
class KeepsDeleted(Protocol):
    """What a connector may do besides, where its system keeps for a while what is deleted, so that
    people can take it out of a bin. Elsewhere what is deleted is gone for good."""

    def may_return(self, object: str, ids: Collection[str]) -> set[str]:
        """Those of some records that were deleted or merged away which are in the bin, or there
        again."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """A record whose `field` refers to another one, and that its system deletes along with that."""

    object: str
    id: str
    field: str


@runtime_checkable
class DeletesAlong(Protocol):
    """What a connector may do besides, where its system deletes with a record what belongs to it.
    Nothing goes along elsewhere."""

    def along(self, object: str, ids: Collection[str]) -> Mapping[str, Sequence[Belonging]]:
        """Who would go along with each of some records, as far as the login is shown them. What
        only tells of the record (its notes, files, activities and history) is left out."""

    def about(self, object: str, ids: Collection[str]) -> Mapping[str, Sequence[Belonging]]:
        """What people have written down or done with each of some records since it was made, as far
        as it would go along and the login is shown it."""


def by_label(field: NewField) -> tuple[str, str]:
    """A field's name and type where a system has no words of its own for them."""
    return re.sub(r"[\W_]+", "_", field.label.lower()).strip("_"), field.format or field.type


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of `[systems.NAME]` in the project file."""

    name: str
    required: bool = False
    secret: bool = False
    default: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of system, as its entry point names it.

    `connect(settings, world)` gets every setting that is set or has a default, and
    `settings["system"]`, the name the project gives the system; secrets come as `Secret`.
    `advice(code)` tells in plain words what to do about a refusal, "" where nothing can be said.
    `linking` is how people sign in themselves, None where only the settings do.
    `custom(field)` is the name and the type of a custom field in the system's own words.
    `deadline` is the seconds after which the system works on no request of ours any more.
    """

    name: str
    label: str
    settings: tuple[Setting, ...]
    connect: Callable[[Mapping[str, str | Secret], World], Connector]
    simulate: Callable[[SimulatorOptions], Simulator] | None = None
    advice: Callable[[str], str] = lambda code: ""
    linking: Linking | None = None
    custom: Callable[[NewField], tuple[str, str]] = by_label
    deadline: float = 300.0
