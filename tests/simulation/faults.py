"""What goes wrong in a history: on the way to the two systems, in them, and for how long.

Each fault has a name, under which the log counts how often it has struck: a simulation that never
meets a fault proves nothing about it. What people do is no fault (`people.py`), neither is a crash
(`history.py`); what must hold all the same is told by `checker/`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from syncrules.connectors.apollo import feeds as searching
from syncrules.connectors.apollo.simulator import tasks
from syncrules.connectors.base.wire import NoReply, NotSent, Request, Response
from syncrules.connectors.salesforce import bulk
from syncrules.connectors.salesforce import feeds as reading
from syncrules.connectors.salesforce import writes as writing
from syncrules.connectors.salesforce.simulator.org import DuplicateRule, Validation
from syncrules.connectors.salesforce.simulator.rights import Right
from syncrules.engine.run import parts
from syncrules.tests.simulation.people import BAD_TITLE, People, is_bad_name, shown, tag_of
from syncrules.tests.simulation.recorder import OBJECTS, Answer, Key, Recorder, System, writes
from syncrules.tests.simulation.world import Alarms

Spoiled = Callable[["Faults", System, Request, Answer], Response]

JSON = {"content-type": "application/json;charset=UTF-8"}
HTML = {"content-type": "text/html"}
SKEWED, AT_LARGE = "a clock that is off", "all is large"
IN_PARTS_OF_TWO = "parts of two"
MANY = 1_000
"""How often a fault strikes that lasts for a whole run."""
SMALL_PAGE = 2
LATE = (1.0, 10.0, 40.0)
"""Seconds after which a request is carried out whose reply is lost: never as late as the deadline
after which the runs take what isn't there for not done."""


@dataclass
class Fault:
    """A fault that waits for its request: the `nth` of those that fit, and the `times` that follow.

    `path` is a part of the address or of what it asks, `write` whether the request writes, None for
    either.
    """

    name: str
    system: System
    spoiled: Spoiled
    path: str = ""
    write: bool | None = None
    nth: int = 1
    times: int = 1

    def strikes(self, system: System, request: Request) -> bool:
        """Whether it strikes this request; counts it."""
        path = urlsplit(request.url).path
        fits = self.write is None or self.write == writes(request.method, path)
        if system != self.system or not fits or not self.times:
            return False
        if self.path not in unquote_plus(request.url):
            return False
        if self.nth > 1:
            self.nth -= 1
            return False
        self.times -= 1
        return True


COMPANIES = Validation("Account", "no such names", lambda row: is_bad_name(row.get("Name")))
"""Refuses half of the companies until the end."""


@dataclass
class Faults:
    """All that goes wrong in one history. Its recorder asks `between` for each reply."""

    log: Recorder
    people: People
    clock: Alarms
    chance: random.Random
    waiting: list[Fault] = field(default_factory=list)
    rights: list[tuple[Right, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log.between = self.between

    # ---- the way

    def between(self, system: System, request: Request, answer: Answer) -> Response:
        """The reply to a request, with what strikes it."""
        for one in self.waiting:
            if one.strikes(system, request):
                self.log.struck[one.name] += 1
                return one.spoiled(self, system, request, answer)
        return answer()

    # ---- for the whole history

    def habits(self, own: random.Random) -> None:
        """What is so from the beginning to the end. `own` is for what only some histories have."""
        chance, log = self.chance, self.log
        if chance.random() < 0.4:
            log.apollo.team.lag = float(chance.choice((2, 5, 9)))
            log.struck["a search that lags"] += 1
        if chance.random() < 0.25:
            log.salesforce.org.validations.append(
                Validation("Lead", "no such titles", lambda row: row.get("Title") == BAD_TITLE)
            )
            log.struck["a validation rule"] += 1
        if self.people.scope.brings and own.random() < 0.4:
            log.salesforce.org.validations.append(COMPANIES)
            log.struck["a validation rule of companies"] += 1
        if chance.random() < 0.5 and not self.people.scope.behind:
            self.people.lateness = ()
        if chance.random() < 0.2:
            for object in ("Lead", "Contact"):
                log.salesforce.org.duplicates.append(DuplicateRule(object, ("Email",)))
            log.struck["a duplicate rule"] += 1
        if chance.random() < 0.1:
            log.salesforce.resources.page_size = SMALL_PAGE
            log.struck["pages of two"] += 1
        if chance.random() < 0.1:
            log.apollo.team.guesses = True
            log.struck["a company is guessed"] += 1
        if chance.random() < 0.1:
            log.salesforce.org.lead_owner = max(log.salesforce.rows("User"))
            log.struck["an assignment rule"] += 1
        if chance.random() < 0.15:
            log.apollo.team.offset = float(chance.choice((-900, -60, 60, 900)))
            log.struck[SKEWED] += 1
            # No system's clock goes back: a slow one has stood still since it was made.
            self.clock.sleep(max(-log.apollo.team.offset, 0.0))
        if chance.random() < 0.15:
            log.salesforce.skew.step = float(chance.choice((-900, -60, 60, 900)))
            log.struck[SKEWED] += 1

    # ---- for the run to come

    def before_run(self) -> None:
        """Draws what the run to come meets."""
        scope = self.people.scope
        if self.chance.random() < (0.4 if scope.behind else 0.2 if scope.returns else 0.08):
            self.hide()
        if self.chance.random() < 0.05:
            self.take_right()
        if self.chance.random() < 0.4:
            name, spoiled = self.chance.choice(IN_DOUBT)
            sides: tuple[System, System] = ("apollo", "salesforce")
            nth = self.chance.choice((1, 1, 2))
            self.waiting += [Fault(name, one, spoiled, "", True, nth) for one in sides]
        if self.people.scope.lists and self.chance.random() < 0.5:
            name, path = "reply lost, not done", self.chance.choice(IN_PARTS)
            self.waiting.append(Fault(name, "apollo", _lost_before, path, True))
        paged = self.log.salesforce.resources.page_size == SMALL_PAGE
        if self.chance.random() < (0.3 if paged else 0.05):
            one: System = self.chance.choice(("apollo", "salesforce", "salesforce"))
            feed = self.chance.choice(FEEDS[one])
            if paged and one == "salesforce":
                feed = FOLLOWING
            fails = _instead(503, "{}")
            self.waiting.append(Fault("a feed fails, for a run", one, fails, feed, False, 1, MANY))
        if self.chance.random() < 0.25:
            name, spoiled = "reply lost, and made by hand", _lost_and_by_hand
            self.waiting.append(Fault(name, "apollo", spoiled, "bulk_create", True))
        for _ in range(self.chance.choice((0, 0, 1, 1, 2, 3))):
            system: System = self.chance.choice(("apollo", "salesforce"))
            if self.chance.random() < 0.15:
                name, spoiled = self.chance.choice((*STORMS, *OF_RUN[system]))
                nth = self.chance.choice((1, 1, 3, 8))
                write = self.chance.choice((None, True))
                self.waiting.append(Fault(name, system, spoiled, "", write, nth, MANY))
                continue
            name, spoiled = self.chance.choice((*BOTH, *OF_ONE[system]))
            write = True if name in OF_WRITES else self.chance.choice((True, True, False))
            path = self.chance.choice(PATHS[system]) if write else ""
            nth = self.chance.randrange(1, 3 if write else 6)
            self.waiting.append(Fault(name, system, spoiled, path, write, nth))

    def hide(self) -> None:
        """An admin takes a record away from our login: it is in no answer any more."""
        keys = sorted(key for key in self.log.rows("salesforce") if key[1] != "Opportunity")
        if keys:
            key = self.chance.choice(keys)
            self.log.hidden.add(key)
            self.log.salesforce.org.unshared.add(key[2])
            self.log.struck["a record out of sight"] += 1

    def take_right(self) -> None:
        """An admin takes a right of our login away: on an object, or on one of its fields."""
        flows = sorted(self.people.scope.flows.items())
        flow, rows = self.chance.choice(flows)
        object = flow.partition("~")[2]
        name = self.chance.choice(("", *(one.right for one in rows)))
        right: Right = "edit" if name else self.chance.choice(("create", "edit"))
        self.log.salesforce.take(right, object, name)
        self.rights.append((right, object, name))
        self.log.struck["a right is missing"] += 1

    def calm(self) -> None:
        """The run is over, and so is what it was to meet."""
        self.waiting.clear()
        self.log.salesforce.org.locks.clear()
        if self.chance.random() < 0.5:
            self.give_back()

    def give_back(self) -> None:
        """Our login may do and see all that it could."""
        self.log.salesforce.org.unshared.clear()
        self.log.shown = len(self.log.events)
        for one in self.rights:
            self.log.salesforce.give(*one)
        self.rights.clear()

    def end(self) -> None:
        """Nothing goes wrong any more, and what is there twice is deleted."""
        for key in sorted(self._twice() - self.people.linked() | self._made_again()):
            self.people.delete(key)
        self.calm()
        self.give_back()
        self.log.apollo.team.lag = 0.0
        validations = self.log.salesforce.org.validations
        validations[:] = [one for one in validations if one is not COMPANIES]

    def _twice(self) -> set[Key]:
        """The contacts in Apollo that were made by hand while the same was made by us, and which
        nobody can tell from that one while it isn't linked."""
        linked, rows = self.people.linked(), self.log.rows("apollo")
        addresses = {key: row.get("email") for key, row in rows.items() if key[1] == "contact"}
        ours = {key for key in addresses if self.log.born[key].who == "sync"}
        unheard = {addresses[key] for key in ours - linked} - {None}
        alike = {key for key, one in addresses.items() if one in unheard and key not in ours}
        return (self.log.copies & rows.keys()) | alike

    def _made_again(self) -> set[Key]:
        """The records in Salesforce that we made, weren't shown when we looked for them, and have
        made again, which nobody can tell from the later ones while none of them is linked."""
        linked, alike = self.people.partners(), dict[tuple[str, str], set[Key]]()
        for key, row in self.log.rows("salesforce").items():
            if self.log.born[key].who == "sync" and key not in linked:
                alike.setdefault((key[1], tag_of(row)), set()).add(key)
        twice = set[Key]().union(*(keys for keys in alike.values() if len(keys) > 1))
        return twice & self.log.hidden


# ---- how each strikes ---------------------------------------------------------------------------


def _no_connection(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    raise NotSent("connection refused")


def _lost_before(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    raise NoReply("the connection was closed")


def _lost_after(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    answer()
    raise NoReply("the connection was closed")


def _lost_at_times(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    """Some requests are carried out and some are not, and of most nobody hears."""
    done = faults.chance.random() < 0.6
    reply = answer() if done else None
    if reply is None or faults.chance.random() < 0.7:
        raise NoReply("the connection was closed")
    return reply


def _timed_out(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    """The work is done, and nobody hears of it within the time that we wait."""
    answer()
    faults.clock.sleep(request.timeout)
    raise NoReply("timed out")


def _timed_out_before(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    faults.clock.sleep(request.timeout)
    raise NoReply("timed out")


def _arrives_late(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    """The connection breaks off, and the request is carried out all the same, a little later."""
    faults.clock.at(faults.clock.now() + faults.chance.choice(LATE), answer)
    raise NoReply("the connection was closed")


def _other(change: Callable[[Response], Response]) -> Spoiled:
    """The work is done, and its answer arrives as another one."""
    return lambda faults, system, request, answer: change(answer())


def _instead(status: int, body: str, headers: Mapping[str, str] = JSON) -> Spoiled:
    """An answer in place of the work."""
    return lambda faults, system, request, answer: Response(status, dict(headers), body.encode())


def _broken_after(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    answer()
    return Response(502, HTML, b"<html>Bad gateway</html>")


def _other_json(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    return replace(answer(), body=faults.chance.choice((b'"ok"', b"{}", b"[]", b"null")))


def _expired(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    faults.log.salesforce.sign_ins.expire()
    return answer()


def _locked(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    """Somebody else saves one of the records, for a second or for a minute."""
    listed = json.loads(request.body or "{}").get("records", ()) if request.method != "GET" else ()
    rows = [one["id"] for one in listed if "id" in one]
    if not rows or faults.chance.random() < 0.3:
        there = faults.log.rows("salesforce")
        rows = sorted(id for _, object, id in there if object != "Opportunity")
    if rows:
        until = faults.clock.now() + faults.chance.choice((1.0, 60.0))
        faults.log.salesforce.org.locks[faults.chance.choice(rows)] = until
    return answer()


def _made_meanwhile(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    """Somebody makes the very record that we are about to make, where the system knows the two for
    one: it then says that there is one already."""
    knows = system == "apollo" or bool(faults.log.salesforce.org.duplicates)
    for object, values in _asked_for(system, request) if knows else ():
        if values.get("email") or values.get("Email"):
            faults.people.make(system, object, values)
            faults.log.struck["exists already"] += 1
    return answer()


def _lost_and_by_hand(faults: Faults, system: System, request: Request, answer: Answer) -> Response:
    """Nobody hears what became of a request, and somebody makes by hand what it was to make. In
    Apollo, which doesn't tell who made a contact, nobody can tell the two apart."""
    log, asked = faults.log, _asked_for(system, request)
    if faults.chance.random() < 0.5:
        before = log.rows(system)
        answer()
        rows = [(key, row) for key, row in log.rows(system).items() if key not in before]
        if system == "apollo":
            asked = [(key[1], shown(log.values(row))) for key, row in rows if key[1] == "contact"]
    for object, values in asked:
        log.copies.add((system, object, faults.people.make(system, object, values)))
    raise NoReply("the connection was closed")


def _asked_for(system: System, request: Request) -> list[tuple[str, dict[str, Any]]]:
    """(object, who) of the people that a request is to make."""
    data = json.loads(request.body) if request.body else {}
    if system == "apollo":
        kept = ("first_name", "last_name", "email")
        made = [("contact", one) for one in data.get("contacts", ())]
    else:
        kept = ("LastName", "Email", "Company")
        made = [(one["attributes"]["type"], one) for one in data.get("records", ())]
        made = [one for one in made if "id" not in one[1] and one[0] in ("Lead", "Contact")]
    return [(object, {name: one[name] for name in kept if name in one}) for object, one in made]


def _without_last(reply: Response) -> Response:
    """The answer to a batch lacks its last record."""
    return _changed(reply, lambda listed: listed[:-1])


def _turned_round(reply: Response) -> Response:
    """The answer to a batch has its records in another order."""
    return _changed(reply, lambda listed: listed[::-1])


def _changed(reply: Response, change: Callable[[list[Any]], list[Any]]) -> Response:
    try:
        data = reply.json()
    except ValueError:
        return reply
    if isinstance(data, list):
        data = change(data)
    elif isinstance(data, dict):
        names = ("contacts", "accounts", "created_contacts", "created_accounts")
        for name in (*names, "compositeResponse"):
            if isinstance(data.get(name), list):
                data[name] = change(data[name])
    headers = {name: one for name, one in reply.headers.items() if name != "content-encoding"}
    return Response(reply.status, headers, json.dumps(data).encode())


_PAGE = "<html>Log in</html>"
_LIMIT = '[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "%s limit exceeded."}]'
_LOCK = '[{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access"}]'

_Sizes = tuple[tuple[ModuleType, str, object], ...]
_SIZES: _Sizes = (
    (reading, "FROM", 2),
    (bulk, "SHEET", 4),
    (writing, "FEW", 1),
    (writing, "BATCH", 1),
    (searching, "PAGE", 3),
    (tasks, "_PAGES", (3,)),
)


@contextmanager
def all_is_large() -> Iterator[None]:
    """What only large teams meet: three records come in bulk or on two pages, and two are written
    in a request of several calls."""
    with _resized(_SIZES):
        yield


@contextmanager
def in_parts_of_two(log: Recorder) -> Iterator[None]:
    """What only large orgs meet: days go by until each record has been read once more."""
    log.salesforce.resources.page_size = SMALL_PAGE
    log.struck[IN_PARTS_OF_TWO] += 1
    with _resized(((parts, "PART", 1),)):
        yield


@contextmanager
def _resized(sizes: _Sizes) -> Iterator[None]:
    kept = [getattr(module, name) for module, name, _ in sizes]
    try:
        for module, name, size in sizes:
            setattr(module, name, size)
        yield
    finally:
        for (module, name, _), size in zip(sizes, kept, strict=True):
            setattr(module, name, size)


Named = tuple[str, Spoiled]
BOTH: tuple[Named, ...] = (
    ("no connection", _no_connection),
    ("reply lost, not done", _lost_before),
    ("reply lost, done", _lost_after),
    ("reply lost, done later", _arrives_late),
    ("reply lost, and made by hand", _lost_and_by_hand),
    ("timed out, not done", _timed_out_before),
    ("timed out, done", _timed_out),
    ("reply cut off", _other(lambda one: replace(one, body=one.body[: len(one.body) // 2]))),
    ("reply empty", _other(lambda one: replace(one, body=b""))),
    ("reply no JSON", _other(lambda one: replace(one, body=b"oops"))),
    ("reply another JSON", _other_json),
    ("reply of a wrong type", _other(lambda one: replace(one, headers=HTML))),
    ("reply without its last", _other(_without_last)),
    ("log-in page", _instead(200, _PAGE, HTML)),
    ("redirect", _instead(302, "", {"location": "https://login.example/"})),
    ("500", _instead(500, "oops", {"content-type": "text/plain"})),
    ("502, done", _broken_after),
    ("503", _instead(503, "{}")),
    ("503 with a wait", _instead(503, "{}", {**JSON, "retry-after": "5"})),
    ("exists already", _made_meanwhile),
)
IN_DOUBT = tuple(
    one
    for one in BOTH
    if one[0].startswith(("reply lost", "timed out", "reply cut off", "reply without", "502"))
)
"""What leaves a write in doubt, which is where most can go wrong."""
OF_ONE: Mapping[str, tuple[Named, ...]] = {
    "apollo": (
        ("429 with a wait", _instead(429, "{}", {**JSON, "retry-after": "7"})),
        ("429 without a wait", _instead(429, "{}")),
        ("reply in another order", _other(_turned_round)),
    ),
    "salesforce": (
        ("session expired", _expired),
        ("too many at once", _instead(403, _LIMIT % "ConcurrentRequests")),
        ("batch can't lock", _instead(400, _LOCK)),
        ("row locked", _locked),
        ("row locked", _locked),
    ),
}
OF_WRITES = (
    *("reply without its last", "reply in another order", "exists already", "row locked"),
    *("reply lost, and made by hand",),
)
STORMS: tuple[Named, ...] = (
    ("no connection, for a run", _no_connection),
    ("no reply, for a run", _lost_after),
    ("500, for a run", _instead(500, "oops", {"content-type": "text/plain"})),
    ("503, for a run", _instead(503, "{}")),
    ("replies lost at times, for a run", _lost_at_times),
    ("replies lost at times, for a run", _lost_at_times),
)
FEEDS: Mapping[str, tuple[str, ...]] = {
    "apollo": ("/contacts/search", "/accounts/search"),
    "salesforce": tuple(f"FROM {one} " for one in OBJECTS["salesforce"]),
}
"""What is asked where one object is read."""
FOLLOWING = "/query/"
"""The address of all pages but the first."""
OF_RUN: Mapping[str, tuple[Named, ...]] = {
    "apollo": (
        ("calls spent", _instead(429, "{}", {**JSON, "retry-after": "36000"})),
        ("sign-in refused", _instead(401, '{"error": "Invalid access credentials."}')),
    ),
    "salesforce": (
        ("calls spent", _instead(403, _LIMIT % "TotalRequests")),
        (
            "sign-in refused",
            _instead(401, '[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}]'),
        ),
    ),
}
IN_PARTS = ("bulk_update", "bulk_update", "update_stages")
"""Where the parts of a write to somebody in Apollo go, whose stage changes, too."""
PATHS: Mapping[str, tuple[str, ...]] = {
    "apollo": ("", "", "bulk_create", "bulk_update", "update_stages", "/contacts/"),
    "salesforce": ("", "", "composite/sobjects"),
}

KINDS = frozenset(
    {
        *(name for name, _ in (*BOTH, *STORMS)),
        *(name for some in (*OF_ONE.values(), *OF_RUN.values()) for name, _ in some),
        *(
            "moved since it was read",
            "a search that lags",
            "a save that is seen late",
            "a save that is seen hours late",
            "a deletion that nothing tells of",
        ),
        *("a validation rule", "a validation rule of companies", "a duplicate rule"),
        *("an assignment rule", "a company is guessed"),
        *(SKEWED, "a record out of sight", "a right is missing"),
        *("pages of two", IN_PARTS_OF_TWO, AT_LARGE),
        *("a lead is converted", "two records are merged"),
        *("a feed fails, for a run", "asleep on the way to a write"),
        *("a second runner, sent away", "a second runner, while one was frozen"),
        *("a change is approved", "a stop is over", "a value is taken away"),
        *("somebody linked is deleted", "somebody linked is brought back"),
        *("somebody is deleted again", "somebody deleted is entered anew"),
        "somebody is brought back whose mark stands",
        *("somebody free is brought back", "a merge is taken back", "two linked are merged"),
        *("a deal is brought back", "what was done is brought back"),
        *("something is done", "what was done is deleted", "a user leaves or is back"),
        *("the rules are edited", "a row that is new is filled", "a guard holds a run"),
        *("a stranger writes", "a meeting moves", "a meeting is called off"),
        *("a meeting takes place after all", "something is noted"),
        *("an address is found out", "what could be filled is blanked"),
        *("a run is undone", "a record is undone", "a value is undone", "an undo is undone"),
        *("an undo leaves something as it is", "a run goes on with an undo"),
        "an undo broke off before it began",
        *("two companies are merged", "a company is rated", "a mail came back"),
        *("a company is deleted", "a company is deleted with its people"),
        "a company is brought back",
    }
)
"""Every fault by name."""
SELDOM = frozenset({"somebody goes along with a company"})
"""What may strike, and too seldom to be met each time."""
