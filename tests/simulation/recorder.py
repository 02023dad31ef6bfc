"""Everything that happened to every record, in order, and who did it: the sync or a person.

Stands between the world and the simulators, and compares their rows before and after each write
and each person's deed. It sees no decision of the engine; what a history must satisfy is told in
`checker/`, what must hold at the moment of a request, here.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from syncrules.connectors.apollo.simulator import screen
from syncrules.connectors.apollo.simulator.server import ApolloSimulator
from syncrules.connectors.base.frozen import dataclass
from syncrules.connectors.base.wire import Request, Response
from syncrules.connectors.base.world import Clock
from syncrules.connectors.salesforce.simulator.server import SalesforceSimulator

System = Literal["apollo", "salesforce"]
Key = tuple[str, str, str]
"""System, object, id."""
Values = Mapping[str, Any]

Answer = Callable[[], Response]
"""What a system does about a request."""

APOLLO, SALESFORCE = "a.sim", "s.sim"
OBJECTS: dict[str, tuple[str, ...]] = {
    "apollo": ("contact", "account"),
    "salesforce": ("Lead", "Contact", "Account", "Opportunity"),
}
DEEDS: dict[str, tuple[str, ...]] = {
    "apollo": ("call", "task", "email", "meeting", "note"),
    "salesforce": ("Task", "Event", "Note"),
}
"""What people did, where rules are about that."""
MINUTE = 60.0
"""Seconds before a write of ours in which what people do may cross with it."""
OLD = 100.0
"""Seconds after which nothing may be written on a look: a minute, and on the way to the system half
of its deadline."""


@dataclass(frozen=True, slots=True)
class Event:
    """One field of one record got another value, or, with field "", the record came or went.
    `late`: no search showed it yet when that was done."""

    seq: int
    at: float
    run: int
    who: Literal["sync", "person"]
    key: Key
    field: str
    old: Any
    new: Any
    late: bool = False


@dataclass(frozen=True, slots=True)
class Undone:
    """An undo that came to its end: the number of its run, the run that it put back, of that the
    record and the field that somebody named, or "", and what it left as it was, each with its field
    or "" for all of it. `goes_on`: it did what was left of another one."""

    run: int
    undoes: int
    record: str
    field: str
    goes_on: bool
    kept: frozenset[tuple[Key, str]]


@dataclass
class Recorder:
    """The log of a history. `run` is the number of the run under way, counted by the history.

    `starts` has the length of the log at which each run began, `finished` that at the beginning and
    the end of runs that came to their end, and when they began; `numbers` the same of each run
    by the number that the state gave it. `between` is the way to a system and back; `struck` counts
    by name what went wrong there, and in the systems; `hidden` are records that were out of our
    sight for a while: nothing tells when they are back; `stray` are those that a runner has written
    or made which had been replaced when its last batch arrived; `heirs` has what was converted or
    merged, and into what, `merges` the deletions that were merges, `parted` those that were merged
    and are out of the bin again; `copies` were made by hand while a write of the same was in doubt;
    `purged` are those that were deleted past the bin, as if they had never been; `along` are the
    deletions of what Salesforce deleted with what we deleted, and nobody could know it.
    `deeds`: what people did is looked at, too.
    `seen` is when each object was last looked at.
    `stale` are objects that must be looked at again before anything is written, `looks` the looks
    that did so: how long the log was, when, and the object. `approved` are the changes that a
    person has let go: how long the log was, the record, its field, and what it may become. `signed`
    has under whose name each write of ours in Salesforce went, `staff` who left and came back.
    `regrets` are the undos that somebody asked for: how long the log was, the run, and of it the
    record and the field, or ""; `undone` those that came to their end, `crashed` the runs of
    those that did not, each with how many had been asked for by then, `broken_off` the runs of
    those of which somebody was told that they had not begun.
    `edited` is the last run before somebody edited the rules, `shown` how long the log was when
    what was out of our sight came back, `once_more` how many days it takes at most until all that
    Salesforce holds has been read once more.
    """

    apollo: ApolloSimulator
    salesforce: SalesforceSimulator
    clock: Clock
    sent: Callable[[], list[tuple[str, str, str]]] = list
    in_transaction: Callable[[], bool] = lambda: False
    between: Callable[[System, Request, Answer], Response] = lambda system, request, answer: (
        answer()
    )
    struck: Counter[str] = field(default_factory=Counter)
    hidden: set[Key] = field(default_factory=set)
    stray: set[Key] = field(default_factory=set)
    heirs: dict[Key, Key] = field(default_factory=dict)
    merges: set[int] = field(default_factory=set)
    parted: set[Key] = field(default_factory=set)
    copies: set[Key] = field(default_factory=set)
    purged: set[Key] = field(default_factory=set)
    along: set[int] = field(default_factory=set)
    deeds: bool = False
    run: int = 0
    events: list[Event] = field(default_factory=list)
    writes: int = 0
    requests: int = 0
    violations: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    seen: dict[str, float] = field(default_factory=dict)
    born: dict[Key, Event] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)
    by_field: dict[tuple[Key, str], list[Event]] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    finished: list[tuple[int, int, float]] = field(default_factory=list)
    numbers: dict[int, tuple[int, int, float]] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    looks: list[tuple[int, float, str]] = field(default_factory=list)
    approved: list[tuple[int, Key, str, Any]] = field(default_factory=list)
    signed: list[tuple[int, Key, str]] = field(default_factory=list)
    staff: list[tuple[int, float, str, bool]] = field(default_factory=list)
    regrets: list[tuple[int, int, str, str]] = field(default_factory=list)
    undone: list[Undone] = field(default_factory=list)
    crashed: list[tuple[int, int]] = field(default_factory=list)
    broken_off: list[int] = field(default_factory=list)
    edited: int = 0
    shown: int = 0
    once_more: int = 0

    def __post_init__(self) -> None:
        self._began = self.clock.now()
        self._left: dict[Key, Values] = {}
        """What records last held that are gone: who comes back is who they were."""

    def begin_run(self) -> None:
        """A run begins: nothing has been read in it."""
        self.run += 1
        self.read = set()
        self.stale = set()
        self.starts.append(len(self.events))
        self._began = self.clock.now()

    def end_run(self, number: int, *, whole: bool) -> None:
        """A run is over; `number` is the state's for it, `whole` that it came to its end."""
        # A run that goes on with an undo has a second number for that.
        for one in range(max(self.numbers, default=number - 1) + 1, number + 1):
            self.numbers[one] = (self.starts[-1], len(self.events), self._began)
        if whole:
            self.finished.append((self.starts[-1], len(self.events), self._began))

    def begun(self, number: int) -> tuple[int, float, bool]:
        """What `goes_on` needs to know of the run under way: where the log stood when it began,
        when that was, and whether a run of that number is over."""
        return self.starts[-1], self._began, number in self.numbers

    def goes_on(self, number: int, begun: tuple[int, float, bool]) -> None:
        """The run under way is not over: who came in between was sent away."""
        self.starts[-1], self._began, was_over = begun
        if not was_over:
            self.numbers.pop(number, None)

    def paused(self, point: str) -> None:
        """More than a minute went by at a point: what is decided by then rests on old looks."""
        if point.partition(" ")[2] in ("planned", "decided"):
            kinds = (OBJECTS, DEEDS) if self.deeds else (OBJECTS,)
            self.stale = {one for kind in kinds for objects in kind.values() for one in objects}

    # ---- what has happened

    def newborn(self, event: Event) -> bool:
        """Whether an event is part of the creation of its record."""
        birth = self.born[event.key]
        between = self.events[birth.seq + 1 : event.seq]
        return birth.who == "sync" and all(
            one.key == event.key and one.who == "sync" for one in between
        )

    def gone_by(self, key: Key, seq: int) -> bool:
        """Whether a record had been gone by then, back since or not."""
        return any(one.seq < seq for one in self.deletions(key))

    def gone_at(self, key: Key, seq: int) -> bool:
        """Whether a record was not there at that time."""
        turns = [one for one in self.by_field.get((key, ""), []) if one.seq < seq]
        return bool(turns) and turns[-1].new is None

    def is_other(self, key: Key) -> bool:
        """Whether a record has become another one, and is that still."""
        return key in self.heirs and key not in self.parted

    def deletions(self, key: Key) -> list[Event]:
        """Each time that a record went."""
        return [one for one in self.by_field.get((key, ""), []) if one.new is None]

    # ---- requests

    def serve(self, request: Request) -> Response:
        """Hands a request to its simulator, and writes down what it did."""
        parts = urlsplit(request.url)
        system: System = "apollo" if parts.netloc == APOLLO else "salesforce"
        handle = self.apollo.handle if system == "apollo" else self.salesforce.handle
        self.requests += 1
        self.digest.update(f"{request.method} {request.url}\n".encode())
        self.digest.update(request.body)
        if not writes(request.method, parts.path):
            response = self.between(system, request, lambda: handle(request))
            self._looked(system, parts.path, parts.query, response)
            return response
        self.writes += 1
        deleted: set[str] = set()
        for query in _deletions(request.method, parts.query, request.body):
            ids = parse_qs(query).get("ids", [""])[0]
            self._before_delete(parts.path, ids)
            deleted |= {*ids.split(",")}
        if request.method != "DELETE":
            self._before_write(system, request.method, parts.path, request.body)

        def answer() -> Response:
            before = self.rows(system)
            try:
                return handle(request)
            finally:
                since = len(self.events)
                self._compare(system, before, "sync")
                if deleted:
                    self._went_along(since, deleted)

        return self.between(system, request, answer)

    def _looked(self, system: System, path: str, query: str, response: Response) -> None:
        """Notes which objects have been read with a whole reply, or are read from a job."""
        object = ""
        if "/jobs/query/" in path and not path.endswith("/results"):
            object = _of_job(response)
        elif system == "salesforce" and "/query" in path:
            object = query.partition("+FROM+")[2].partition("+")[0]
        elif path.endswith("/search"):
            object = path.split("/")[-2].removesuffix("s")
        if not object or response.status != 200 or not response.body.endswith((b"}", b"]")):
            return  # It tells nothing, or was cut off.
        self.seen[object] = self.clock.now()
        self.read.add(object)
        if object in self.stale:
            self.stale.remove(object)
            self.looks.append((len(self.events), self.clock.now(), object))

    def _before_write(self, system: System, method: str, path: str, body: bytes) -> None:
        """What must hold when a write reaches its system."""
        if self.in_transaction():
            self.violations.append(f"{method} {path} left inside a transaction")
        open_rows = self.sent()
        for object, id in _written(system, method, path, json.loads(body)):
            if object in self.stale:
                self.violations.append(f"{object} {id} was written on a look of over a minute ago")
            age = self.clock.now() - self.seen.get(object, 0.0)
            if age > OLD:
                self.violations.append(f"{object} {id} was written on a look of {age:.0f} s ago")
            row = (object, "update" if id else "create", id)
            if row in open_rows:
                open_rows.remove(row)
            else:
                self.violations.append(f"{row} was not committed as sent before {method} {path}")
            if id:
                continue
            needed = {"Lead", "Contact"} if object in ("Lead", "Contact") else {object}
            if not needed <= self.read:
                missing = ", ".join(sorted(needed - self.read))
                self.violations.append(f"{object} was created without a look at {missing}")

    def _before_delete(self, path: str, ids: str) -> None:
        """The same of what deletes records."""
        if self.in_transaction():
            self.violations.append(f"DELETE {path} left inside a transaction")
        sent = {id for _, action, id in self.sent() if action == "delete"}
        for id in set(ids.split(",")) - sent:
            self.violations.append(f"{id} was not committed as sent before it was deleted")

    def _went_along(self, since: int, deleted: Collection[str]) -> None:
        """Nobody goes along with what we delete, unless nobody could know that they belong to it:
        they have come to within the last minute, it doesn't show yet, or they don't."""
        for event in self.events[since:]:
            key = event.key
            if event.field or event.new is not None or key[1] in DEEDS["salesforce"]:
                continue
            if key[2] in deleted:
                continue
            self.along.add(event.seq)
            self.struck["somebody goes along with a company"] += 1
            moves = (*self.by_field[key, ""][:-1], *self.by_field.get((key, "AccountId"), ()))
            last = max(moves, key=lambda one: one.seq)
            if event.at - last.at < MINUTE or event.late or key in self.hidden:
                continue
            self.violations.append(f"{key} was deleted by us along with what it belonged to")

    # ---- rows

    def rows(self, system: str) -> dict[Key, Any]:
        """The living rows as they are in truth, seen by searches or not. Never changed in place."""
        found: dict[Key, Any] = {}
        if system == "apollo":
            team = self.apollo.team
            tables = [("contact", team.contacts), ("account", team.accounts)]
            if self.deeds:
                tables += [(one, screen.table(team, one)) for one in DEEDS["apollo"]]
            for object, table in tables:
                for id, row in table.rows.items():
                    if not row.deleted:
                        found["apollo", object, id] = row
            return found
        store = self.salesforce.org.store
        for object in (*OBJECTS["salesforce"], *(DEEDS["salesforce"] if self.deeds else ())):
            of = store.named(object)
            for id, held in {**of.rows, **of.waiting}.items():
                if not held.get("IsDeleted"):
                    found["salesforce", object, id] = held
        return found

    def values(self, row: Any) -> Values:
        """A row's values under the names that rules use, as far as they differ on the wire."""
        if isinstance(row, dict):
            return row
        team = self.apollo.team
        shown = dict(row.values)
        contact, account = shown.pop("contact_stage_id", ""), shown.pop("account_stage_id", "")
        for one in team.contact_stages if contact else team.account_stages:
            if one.id in (contact, account):
                shown["stage"] = one.name
        owner = next((one for one in team.users if one.id == shown.get("owner_id")), None)
        shown["owner"] = owner.email if owner else None
        shown["phone"] = next(
            (number for kind, number in shown.get("phones") or () if kind.startswith("work")), None
        )
        shown["account"] = shown.get("account_id")
        if "contact_id" in shown:
            shown["contact"] = shown["contact_id"]
        return shown

    def deed(self, system: str, act: Callable[[], None]) -> None:
        """Something that a person does."""
        before = self.rows(system)
        act()
        self._compare(system, before, "person")

    def said_again(self, key: Key, blanks: Iterable[str]) -> None:
        """Who merges records says with it that what the one that stays holds is right, where a
        blank counts, too: that it is none."""
        held = self.values(self.rows(key[0])[key])
        for name in (*held, *(one for one in sorted(blanks) if one not in held)):
            self._event("person", key, name, held.get(name), held.get(name))

    def _compare(
        self, system: str, before: Mapping[Key, Any], who: Literal["sync", "person"]
    ) -> None:
        after = self.rows(system)
        for key in sorted(before.keys() - after.keys()):
            self._event(who, key, "", "here", None)
            self._left[key] = self.values(before[key])
        for key, row in after.items():
            old = before.get(key)
            if old is row:
                continue
            was, now = self.values(old) if old is not None else {}, self.values(row)
            if who == "sync" and system == "salesforce":
                self.signed.append((len(self.events), key, str(now["LastModifiedById"])))
            if old is None:
                came = self._event(who, key, "", None, "here")
                was = self._left.pop(key, was)
                self.born.setdefault(key, came)
            for name in sorted(was.keys() | now.keys()):
                if was.get(name) != now.get(name):
                    self._event(who, key, name, was.get(name), now.get(name))

    def _event(
        self, who: Literal["sync", "person"], key: Key, name: str, old: Any, new: Any
    ) -> Event:
        late = key[0] == "salesforce" and key[2] in self.salesforce.org.store.named(key[1]).waiting
        event = Event(len(self.events), self.clock.now(), self.run, who, key, name, old, new, late)
        self.events.append(event)
        self.by_field.setdefault((key, name), []).append(event)
        return event


def writes(method: str, path: str) -> bool:
    """Whether a request may change records. What isn't known to be a question counts as one."""
    if method == "GET" or "/oauth2/" in path or path.endswith("/search"):
        return False
    return "/composite/sobjects/" not in path and "/jobs/query" not in path


def _deletions(method: str, query: str, body: bytes) -> list[str]:
    """The query of each call that deletes, alone or as a part of a request."""
    if method == "DELETE":
        return [query]
    asked = json.loads(body)
    calls = asked.get("compositeRequest", ()) if isinstance(asked, dict) else ()
    return [urlsplit(one["url"]).query for one in calls if one["method"] == "DELETE"]


def _of_job(response: Response) -> str:
    """The object that a finished job has read; "" where the reply tells of none."""
    try:
        told = response.json()
    except ValueError:
        return ""
    whole = isinstance(told, dict) and told.get("state") == "JobComplete"
    return str(told["object"]) if whole else ""


def _written(system: System, method: str, path: str, body: Any) -> list[tuple[str, str]]:
    """(object, id) for each record that a write names; the id is "" for a create."""
    if system == "salesforce":
        parts = [one["body"] for one in body.get("compositeRequest", ()) if "body" in one]
        listed = [one for part in parts or [body] for one in part.get("records", ())]
        return [(one["attributes"]["type"], one.get("id", "")) for one in listed]
    plural, action = (*path.split("/")[3:5], "create")[:2]
    word = plural.removesuffix("s")
    if word not in OBJECTS["apollo"]:
        return [(word, "" if action == "create" else action)]
    if method in ("PATCH", "PUT"):
        return [(word, action)]
    if action == "bulk_create":
        return [(word, "") for _ in body[plural]]
    if action == "bulk_update":
        return [(word, str(one["id"])) for one in body[f"{word}_attributes"]]
    return [(word, str(one)) for one in body[f"{word}_ids"]]
