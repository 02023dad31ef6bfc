"""Writing by Collections: packing, sending, and finding out what became of a write without a reply.

Where there are very many, several Collections share a request, which counts as one call. A 2xx
says nothing about a record: each element of a reply is read, by position. Nothing is ever sent
twice from here. What the codes mean to people is told in `refusals.py`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

from ...errors import LoginLost
from ..base import values
from ..base.contract import Batch, Outcome, Record, Write
from ..base.doubts import could_be, nearly, told_by
from ..base.halves import sifted
from ..base.linking import LOGIN_LOST
from ..base.schema import Field
from ..base.understood import outcomes_of
from ..base.values import Value
from ..base.wire import NoReply
from ..base.world import moment
from . import soql
from .describe import BATCH, COMPOSED, Catalog
from .feeds import Feeds, room
from .refusals import RIGHTS, Complaint, complaint
from .rows import long_id, to_wire
from .session import NO_ASSIGNMENT, Refused, Session

OutcomeKind = Literal["done", "existed", "refused", "busy", "gone", "absent", "unknown"]

MARGIN = 300.0
"""Seconds before a write was sent from which on a record may be its work: clocks differ."""

_GONE = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "CANNOT_UPDATE_CONVERTED_LEAD")
_BUSY = ("UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE")
_TRIGGER = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
"""Wraps whatever a customer's trigger failed with; a lock is worth another try."""

_OTHER_ID = re.compile(r"record with id: ([A-Za-z0-9]{18}|[A-Za-z0-9]{15})\b")
_ACTIVITIES = ("Task", "Event")
_LEADS = "00Q"
"""How the ids of leads begin."""
_AT_ODDS = "FIELD_INTEGRITY_EXCEPTION"
"""What is said of two fields that can't both be filled."""

FEW = 2_000
"""Records of one kind up to which each Collections call is a request of its own: those go out side
by side, and what a lost reply leaves in doubt is less."""

_UNREADABLE = "JSON_PARSER_ERROR"
"""What a whole call is refused with for a value of the wrong type in one of its records."""

_REFERENCE = "@{"
"""Begins a reference to another call of the same request, wherever it stands, so that a text with
it must go alone."""

_METHODS = {"create": "POST", "update": "PATCH", "delete": "DELETE"}


def pack(writes: Sequence[Write]) -> list[Batch]:
    """Batches of up to 200 of one action, one object and one login, in the order in which those
    first come; of 1,000 where there are more than `FEW`.

    Rows with the same parent stand together, for a save locks the parent. A record that comes
    again goes into a later batch: Salesforce refuses an id that is twice in a list.
    """
    groups: dict[tuple[int, str, str, str], list[Write]] = defaultdict(list)
    times: dict[str, int] = defaultdict(int)
    for write in writes:
        turn = times[write.id] if write.id else 0
        if write.id:
            times[write.id] += 1
        groups[turn, write.action, write.object, write.login].append(write)
    batches: list[Batch] = []
    for (_, action, object, _), group in sorted(groups.items(), key=lambda item: item[0][0]):
        rows = _families(group)
        alone = [one for one in rows if len(rows) <= FEW or _refers(one)]
        together = [one for one in rows if len(rows) > FEW and not _refers(one)]
        for some, size in ((together, BATCH * COMPOSED), (alone, BATCH)):
            for start in range(0, len(some), size):
                batches.append(Batch(f"{action} {object}", tuple(some[start : start + size])))
    return batches


def _refers(write: Write) -> bool:
    return any(isinstance(one, str) and _REFERENCE in one for one in write.fields.values())


def _families(group: Iterable[Write]) -> list[Write]:
    """The writes with those of one parent beside each other, else in their order."""
    families: dict[object, list[Write]] = {}
    for write in group:
        families.setdefault(write.parent or write.ref, []).append(write)
    return [write for family in families.values() for write in family]


class Writes:
    """Sends batches, and looks up what is in doubt. `session` gives the session of a login, `user`
    the id of its user."""

    def __init__(
        self,
        session: Callable[[str], Session],
        user: Callable[[str], str],
        catalog: Catalog,
        feeds: Feeds,
    ) -> None:
        self._session = session
        self._user = user
        self._catalog = catalog
        self._feeds = feeds

    def send(self, batch: Batch) -> list[Outcome]:
        """One request, and one more for activities of leads that were sent with an account;
        whatever comes back, one outcome for each write. What a whole call was refused with for a
        value of one of its records is looked for, so that the others are written."""
        outcomes = {write.ref: _unspeakable(write) for write in batch.writes}
        sound = [_apart(write) for write in batch.writes if outcomes[write.ref] is None]
        replies = sifted(sound, self._once) if sound else []
        outcomes.update((one.ref, one) for one in replies)
        again = [_alone(write) for write in sound if _stands_alone(write, outcomes[write.ref])]
        if again:
            outcomes.update((one.ref, one) for one in sifted(again, self._once))
        return [one for one in outcomes.values() if one is not None]

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        """What became of writes without a reply; one outcome each, in their order."""
        groups: dict[tuple[bool, str, str], list[Write]] = defaultdict(list)
        for write in map(_apart, doubtful):
            creates = write.action == "create"
            groups[creates, write.object, write.login if creates else ""].append(write)
        found: dict[int, Outcome] = {}
        for (creates, object, _), group in groups.items():
            settle = self._find_created if creates else self._find_changed
            found.update((one.ref, one) for one in settle(object, group))
        return [_held(write, found[write.ref]) for write in map(_apart, doubtful)]

    def _once(self, writes: Sequence[Write]) -> list[Outcome]:
        first = writes[0]
        session = self._session(first.login)
        try:
            if len(writes) > BATCH:
                return self._composed(session, writes)
            data = session.write(*self._call(writes))
        except NoReply as error:
            return [Outcome(one.ref, "unknown", one.id, message=str(error)) for one in writes]
        except LoginLost as lost:
            if not first.login:
                raise
            why = lost.why or str(lost)
            return [Outcome(one.ref, "busy", one.id, None, LOGIN_LOST, why) for one in writes]
        except Refused as refused:
            return _whole(writes, refused.wrong)
        return outcomes_of(writes, lambda: _told(writes, data))

    def _call(self, writes: Sequence[Write]) -> tuple[str, str, object]:
        """Method, path and body of one Collections call."""
        first = writes[0]
        if first.action == "delete":
            query = urlencode({"ids": ",".join(one.id for one in writes), "allOrNone": "false"})
            return "DELETE", f"/composite/sobjects?{query}", None
        known = self._fields(first.object)
        body = {"allOrNone": False, "records": [_record(one, known) for one in writes]}
        return _METHODS[first.action], "/composite/sobjects", body

    def _composed(self, session: Session, writes: Sequence[Write]) -> list[Outcome]:
        """Several Collections calls in one request, each carried out for itself."""
        parts = {
            f"part{start}": writes[start : start + BATCH] for start in range(0, len(writes), BATCH)
        }
        calls: list[dict[str, object]] = []
        for name, some in parts.items():
            method, path, body = self._call(some)
            call = {"method": method, "url": session.root + path, "referenceId": name}
            calls.append({**call, "httpHeaders": NO_ASSIGNMENT, **({"body": body} if body else {})})
        request = {"allOrNone": False, "compositeRequest": calls}
        data = session.write("POST", "/composite", request)
        return outcomes_of(writes, lambda: _composed(parts, data))

    def _find_changed(self, object: str, group: Sequence[Write]) -> Iterator[Outcome]:
        """Updates and deletes: by what the record holds now."""
        known = self._fields(object)
        names = {name for write in group for name in write.fields}
        records = self._feeds.fetch(object, sorted(names), "id", [one.id for one in group])
        held = {one.id: one for one in records}
        for write in group:
            record = held[long_id(write.id)]
            yield _found_changed(write, record, known)

    def _find_created(self, object: str, group: Sequence[Write]) -> Iterator[Outcome]:
        """Creates: among what this user created since they were sent.

        A record is a write's work where all that was sent is in it. So is the only one that is
        there and has the write's keys, or of a write without any all but one of its values: an
        automation or a person has changed it meanwhile. Where none is there, that is so of the only
        one in the bin, and of any of several there that hold all of it: somebody has cleared them
        away. Of several that are there, none is taken and none is made beside them: their keys say
        whose they are.
        """
        if not self._user(group[0].login):
            yield from (Outcome(write.ref, "unknown") for write in group)
            return
        known = self._fields(object)
        claims: dict[int, list[str]] = {}
        gone: set[str] = set()
        looked = list(self._made(object, group, known))
        for write, made in looked:
            claims[write.ref] = sorted(one.id for one in made if _all_equal(write, one, known))
            gone |= {one.id for one in made if one.life != "here"}
        like = _changed(looked, claims, known)
        shared = Counter(id for near in like.values() for id in near)
        for family in _rivals(group, claims):
            ids = claims[family[0].ref]
            alike = all(
                claims[one.ref] == ids and dict(one.fields) == dict(family[0].fields)
                for one in family
            )
            if len(ids) > len(family):
                ids = [one for one in ids if one not in gone] or ids[-len(family) :]
            for at, write in enumerate(family):
                if ids and alike and len(ids) <= len(family):
                    own = ids[at] if at < len(ids) else ""
                    yield Outcome(write.ref, "done" if own else "absent", own)
                elif (near := like[write.ref]) and (_keyed(write) or not claims[write.ref]):
                    sole = not claims[write.ref] and len(near) == shared[near[0]] == 1
                    kind: OutcomeKind = "existed" if _keyed(write) else "unknown"
                    text = "" if sole or _keyed(write) else could_be(len(near))
                    yield Outcome(write.ref, "done" if sole else kind, min(near), message=text)
                elif not claims[write.ref]:
                    yield Outcome(write.ref, "absent")
                else:
                    yield Outcome(write.ref, "unknown", message=could_be(len(ids)))

    def _made(
        self, object: str, group: Sequence[Write], known: Mapping[str, Field]
    ) -> Iterator[tuple[Write, list[Record]]]:
        """Each write with the records that this user created since it was sent and that are not
        another write's: those with its key where it has one, else all."""
        names = {name for write in group for name in write.fields}
        seen = self._feeds.visible(object, sorted(names | {"CreatedDate", "CreatedById"}))
        by_key: dict[str, list[Write]] = defaultdict(list)
        for write in group:
            by_key[_key(write, known)].append(write)
        user = long_id(self._user(group[0].login))
        for key, some in by_key.items():
            since = min(self._server_time(write) for write in some)
            window = f"CreatedDate >= {soql.moment(moment(since))}"
            window += f" AND CreatedById = {soql.quoted(user)}"
            conditions = [window]
            if key:
                wanted = sorted({str(one.fields[key]) for one in some})
                left = room(seen) - soql.cost(window) - 20
                conditions = [
                    f"{window} AND ({one})" for one in soql.among(known[key], wanted, left)
                ]
            made = [
                record
                for one in conditions
                for record in self._feeds.refusals(
                    f"to look for new {object} records",
                    partial(self._feeds.search, seen, one, deleted=True),
                )
            ]
            for write in some:
                earliest = moment(self._server_time(write))[:19]
                yield (
                    write,
                    [
                        one
                        for one in made
                        if str(one.values.get("CreatedDate"))[:19] >= earliest
                        and one.id not in write.taken
                    ],
                )

    def _server_time(self, write: Write) -> float:
        """The earliest moment, by the server's clock, that a write may have been carried out."""
        return write.since + self._session("").ahead - MARGIN

    def _fields(self, object: str) -> Mapping[str, Field]:
        found = self._catalog.object(object)
        return found.by_name if found is not None else {}


def _record(write: Write, known: Mapping[str, Field]) -> dict[str, Any]:
    """An element of a Collections body."""
    body: dict[str, Any] = {"attributes": {"type": write.object}}
    if write.id:
        body["id"] = write.id
    for name, value in write.fields.items():
        body[name] = to_wire(known.get(name), value)
    return body


def _apart(write: Write) -> Write:
    """The write as Salesforce takes it: an activity with a lead is about nothing else, and no
    longer about what it was about before."""
    lead = str(write.fields.get("WhoId") or "").startswith(_LEADS)
    if not lead or write.object not in _ACTIVITIES:
        return write
    return _alone(write) if write.action == "update" or "WhatId" in write.fields else write


def _alone(write: Write) -> Write:
    return replace(write, fields={**write.fields, "WhatId": None})


def _stands_alone(write: Write, outcome: Outcome | None) -> bool:
    """Whether an activity was refused since it is with a lead, which the write doesn't name."""
    told = outcome is not None and outcome.code == _AT_ODDS and outcome.fields == ("WhatId",)
    return told and write.object in _ACTIVITIES and write.fields.get("WhatId") is not None


def _held(write: Write, outcome: Outcome) -> Outcome:
    """The outcome with what the record doesn't have although it was to."""
    alone = "WhatId" in write.fields and write.fields["WhatId"] is None
    if outcome.kind != "done" or not alone or write.object not in _ACTIVITIES:
        return outcome
    return replace(outcome, values={"WhatId": None})


def _unspeakable(write: Write) -> Outcome | None:
    """A refusal of our own where a text is none: half a surrogate pair can't be sent as UTF-8."""
    for name, value in write.fields.items():
        if isinstance(value, str) and any("\ud800" <= one <= "\udfff" for one in value):
            message = f"{name} holds half a character, which no system can store"
            return Outcome(write.ref, "refused", write.id, None, "INVALID_TEXT", message, (name,))
    return None


def _composed(parts: Mapping[str, Sequence[Write]], data: Any) -> list[Outcome]:
    listed = data.get("compositeResponse") if isinstance(data, dict) else None
    replies = {one.get("referenceId"): one for one in listed or () if isinstance(one, dict)}
    return [one for name, some in parts.items() for one in _part(some, replies.get(name) or {})]


def _part(writes: Sequence[Write], reply: Mapping[str, Any]) -> list[Outcome]:
    """What a reply inside a reply says of its writes; like a reply of its own, nothing where the
    server broke down."""
    status = int(reply.get("httpStatusCode") or 500)
    if 400 <= status < 500:
        return _whole(writes, complaint(reply.get("body"), status))
    return _told(writes, reply.get("body") if status < 300 else None)


def _whole(writes: Sequence[Write], wrong: Complaint) -> list[Outcome]:
    """What the refusal of a whole call means for its writes: one for a value of the wrong type is
    about one of them, and nothing tells which."""
    together = wrong.code == _UNREADABLE and len(writes) > 1
    return [replace(_refusal(one, wrong), together=together) for one in writes]


def _told(writes: Sequence[Write], data: Any) -> list[Outcome]:
    return [_held(write, _outcome(write, one)) for write, one in _assigned(writes, data)]


def _assigned(writes: Sequence[Write], data: Any) -> Iterator[tuple[Write, Any]]:
    """Each write with its element of a reply: by id where there is one, else by position, which
    only counts in a reply of the right length."""
    results = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    by_id = {long_id(str(one["id"])): one for one in results if one.get("id")}
    whole = len(results) == len(writes)
    for at, write in enumerate(writes):
        own = by_id.get(long_id(write.id)) if write.id else None
        if own is None and whole and not (write.id and results[at].get("id")):
            own = results[at]
        yield write, own


def _outcome(write: Write, result: Any) -> Outcome:
    """The outcome of one element of a reply; a missing one tells nothing."""
    if isinstance(result, dict) and result.get("success") is False:
        return _refusal(write, complaint(result.get("errors")))
    id = result.get("id") or write.id if isinstance(result, dict) else ""
    if id and result.get("success") is True:
        return Outcome(write.ref, "done", values.identifier(id))
    return Outcome(write.ref, "unknown", write.id, message="the reply leaves this record out")


def _found_changed(write: Write, record: Record, known: Mapping[str, Field]) -> Outcome:
    """What became of an update or a delete, by the record as it is now."""
    if write.action == "delete" and record.life != "out of sight":
        there = record.life in ("here", "converted")
        return Outcome(write.ref, "absent" if there else "done", write.id)

    def holds(name: str, value: Value) -> bool:
        return name in record.values and _same(known[name], value, record.values[name])

    told = "arrived" if _all_equal(write, record, known) else told_by(write, known, holds)
    if record.life != "here":
        # What is in the bin says what it held.
        arrived = tuple(write.fields) if told == "arrived" else ()
        return Outcome(write.ref, "gone", write.id, arrived=arrived)
    filled = (name for name in write.fields if record.values.get(name) is not None)
    unclear = tuple(filled) if told == "unclear" else ()
    return Outcome(write.ref, "done" if told == "arrived" else "absent", write.id, unclear=unclear)


def _refusal(write: Write, wrong: Complaint) -> Outcome:
    """What an error means for one write. An error that names fields is about a linked record, or
    about fields that the login may not write."""
    kind: OutcomeKind = "refused"
    id = write.id
    if wrong.code in _BUSY or (wrong.code == _TRIGGER and "UNABLE_TO_LOCK_ROW" in wrong.message):
        kind = "busy"
    elif write.action != "create" and wrong.code in _GONE and not wrong.fields:
        kind = "gone"
    elif write.action == "create" and wrong.code == "DUPLICATE_VALUE":
        other = _OTHER_ID.search(wrong.message)
        if other:
            kind, id = "existed", long_id(other[1])
    rights = kind == "refused" and wrong.code in RIGHTS
    return Outcome(write.ref, kind, id, None, wrong.code, wrong.message, wrong.fields, rights)


def _changed(
    looked: Sequence[tuple[Write, list[Record]]],
    claims: Mapping[int, Sequence[str]],
    known: Mapping[str, Field],
) -> dict[int, list[str]]:
    """For each write the records that may be its work and were changed since: those with its keys,
    or, of a write without any, with all but one of its values and nobody else's. One that was
    deleted as well counts where none is there: it is not to be made again."""
    whose = {id for ids in claims.values() for id in ids}
    found: dict[int, list[str]] = {}
    for write, made in looked:
        near = [
            one
            for one in made
            if (
                _keys_equal(write, one, known)
                if _keyed(write)
                else one.id not in whose and _all_but_one(write, one, known)
            )
        ]
        here = [one.id for one in near if one.life == "here"]
        gone = [one.id for one in near if one.id not in whose]
        found[write.ref] = here or (gone if len(gone) == 1 else [])
    return found


def _keyed(write: Write) -> bool:
    """Whether a create has a key that tells whether it is there already."""
    return any(write.fields.get(name) is not None for name in write.keys)


def _all_equal(write: Write, record: Record, known: Mapping[str, Field]) -> bool:
    return _equal(write, record, write.fields, known)


def _keys_equal(write: Write, record: Record, known: Mapping[str, Field]) -> bool:
    keys = [name for name in write.keys if write.fields.get(name) is not None]
    return bool(keys) and _equal(write, record, keys, known)


def _all_but_one(write: Write, record: Record, known: Mapping[str, Field]) -> bool:
    """Whether `record` holds what was sent but for one value, and enough to know it by."""
    sent = [name for name, value in write.fields.items() if value is not None]
    same = [name for name in sent if _equal(write, record, [name], known)]
    return nearly(len(same), len(sent))


def _equal(write: Write, record: Record, names: Iterable[str], known: Mapping[str, Field]) -> bool:
    """Whether `record` holds what was sent. A field that can't be read tells nothing, but a
    record without any that can is no match."""
    readable = [name for name in names if name in record.values and name in known]
    return bool(readable) and all(
        _same(known[name], write.fields[name], record.values[name]) for name in readable
    )


def _same(field: Field, sent: Value, found: Value) -> bool:
    """Whether `found` is what Salesforce makes of `sent`: it trims texts, drops empty ones, rounds
    numbers, keeps whole seconds, and has no blank yes-or-no."""
    if field.type == "boolean" and sent is None:
        sent = False
    elif (
        field.type == "number" and isinstance(sent, int | float) and isinstance(found, int | float)
    ):
        places = len(str(found).partition(".")[2])
        return abs(sent - found) <= 0.5 * 0.1**places + 1e-9
    elif field.type == "datetime" and isinstance(sent, str) and isinstance(found, str):
        return sent[:19] == found[:19]
    elif isinstance(sent, tuple):
        sent = values.choices(sent)
    elif isinstance(sent, str):
        sent = long_id(sent) if field.type in ("id", "reference") else values.text(sent)
    return values.same(field.format)(sent, found)


def _key(write: Write, known: Mapping[str, Field]) -> str:
    """The field to look for a create by: the first of its keys that it fills and a search knows."""
    for name in write.keys:
        if write.fields.get(name) is not None and name in known and known[name].filterable:
            return name
    return ""


def _rivals(group: Sequence[Write], claims: Mapping[int, Sequence[str]]) -> list[list[Write]]:
    """The writes in families: those that may have made the same record are together."""
    families: list[tuple[set[str], list[Write]]] = []
    for write in group:
        ids, members = set(claims[write.ref]), [write]
        apart = []
        for others, rivals in families:
            if others & ids:
                ids, members = others | ids, [*rivals, *members]
            else:
                apart.append((others, rivals))
        families = [*apart, (ids, members)]
    return [members for _, members in families]
