"""Writing to Apollo: spelling requests, reading their replies, and finding out what became of them.

Knows that bulk creates answer without telling which item is which, that a bad item fails its whole
batch, and that creates have no key of their own. Which write goes into which request is decided in
`pack.py`; what errors mean, in `refusals.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..base import values
from ..base.contract import Batch, Outcome, Write
from ..base.values import Value, folded
from ..base.wire import NoReply, Response
from ..base.world import seconds
from .describe import Catalog, canonical
from .feeds import Feeds
from .fields import Form, Names, Row
from .refusals import (
    AMBIGUOUS_VALUE,
    BAD_ID,
    CANNOT_CLEAR,
    CUSTOM_FIELD,
    GONE,
    NAME_TAKEN,
    NOT_DELETABLE,
    NOT_WRITABLE,
    UNKNOWN_ID,
    UNKNOWN_VALUE,
    Complaint,
    complaint,
    concerns_all,
)
from .session import Session

EARLY = 300.0
"""Seconds by which Apollo's clock may be behind ours: a record made longer than this before we sent
a create was there already."""
_LOOKS = (3.0, 7.0)
"""Seconds between looks for a record that a search may not show yet."""


class Unwritable(Exception):
    """A field of a write that can't be sent."""

    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class Writes:
    """The writing half of a connector."""

    def __init__(self, session: Session, catalog: Catalog, feeds: Feeds) -> None:
        self._session = session
        self._catalog = catalog
        self._feeds = feeds

    def send(self, batch: Batch) -> list[Outcome]:
        """See `Connector.send`. A write with a value that Apollo has no id for is refused and not
        sent. Where Apollo refuses a whole batch for one record, the others are sent again, without
        that one or, where it isn't named, by halves."""
        if not batch.writes:
            return []
        if batch.call.endswith("/destroy"):
            text = "Apollo has no way to delete a record through its API"
            return [
                Outcome(one.ref, "refused", one.id, None, NOT_DELETABLE, text)
                for one in batch.writes
            ]
        spelled: list[tuple[Write, dict[str, Any]]] = []
        outcomes: list[Outcome] = []
        for one in batch.writes:
            try:
                spelled.append((one, self._spelled(one, batch.call)))
            except Unwritable as error:
                outcomes.append(
                    Outcome(
                        *(one.ref, "refused", one.id, None, error.code, error.message),
                        fields=(error.field,),
                    )
                )
        if not spelled:
            return outcomes
        writes = [one for one, _ in spelled]
        try:
            reply = self._session.write(*_request(batch.call, spelled))
        except NoReply as error:
            told = str(error)
            return outcomes + [Outcome(one.ref, "unknown", one.id, message=told) for one in writes]
        if not reply.good:
            return outcomes + self._refused(batch.call, writes, reply.response)
        return outcomes + self._read(batch.call, writes, reply.data)

    def find(self, doubtful: Sequence[Write]) -> list[Outcome]:
        """See `Connector.find`. A create is looked for among the records made since it was sent, by
        all its values, several times while searches may stay behind; no record is claimed twice."""
        outcomes: list[Outcome] = []
        for object in dict.fromkeys(one.object for one in doubtful):
            mine = [one for one in doubtful if one.object == object]
            outcomes += self._find_creates([one for one in mine if one.action == "create"])
            outcomes += self._find_updates([one for one in mine if one.action == "update"])
            deletes = (one for one in mine if one.action == "delete")
            outcomes += [Outcome(one.ref, "absent", one.id) for one in deletes]
        return outcomes

    def _spelled(self, write: Write, call: str) -> dict[str, Any]:
        """The attributes of a write as the request has them. Raises `Unwritable`."""
        forms = self._catalog.forms(write.object, write.fields)
        patch = call.endswith("s/update")
        sent: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for name, value in write.fields.items():
            form = forms.get(name)
            if form is None or not form.key:
                raise Unwritable(NOT_WRITABLE, f"Apollo does not take {name}", name)
            if value is None and write.action == "create":
                continue
            wire = self._wire_value(write.object, form, value)
            if form.custom is not None:
                custom[form.key] = wire
            elif patch and write.object == "contact" and name == "phone":
                sent["direct_phone"] = wire
                if value is None:
                    sent["corporate_phone"] = wire
            else:
                sent[form.key] = wire
        if custom:
            sent["typed_custom_fields"] = custom
        return sent

    def _wire_value(self, object: str, form: Form, value: Value) -> Any:
        """A value as Apollo takes it; blank is an empty text."""
        name = form.field.name
        if value is None:
            if name in ("stage", "owner"):
                raise Unwritable(CANNOT_CLEAR, f"Apollo can't be without a {name}", name)
            return [] if form.field.type == "choices" else ""
        if name == "stage" and form.custom is None:
            return self._id_of(object, name, str(value), lambda: self._catalog.stages(object))
        if form.custom is not None and form.field.type in ("choice", "choices"):
            id = form.custom.id

            def options() -> Names:
                known = self._catalog.forms(object).values()
                found = (one.custom for one in known if one.custom is not None)
                return next((one.options for one in found if one.id == id), Names({}))

            if isinstance(value, tuple):
                return [self._id_of(object, name, one, options) for one in value]
            return self._id_of(object, name, str(value), options)
        return value

    def _id_of(self, object: str, field: str, name: str, names: Callable[[], Names]) -> str:
        """The id of a stage or option; the lists are asked for again where they lack the name."""
        ids = names().ids(name)
        if not ids and self._catalog.missed(f"{object}.{field}", name):
            ids = names().ids(name)
        if not ids:
            raise Unwritable(UNKNOWN_VALUE, f"{object}.{field} has no value {name!r}", field)
        if len(ids) > 1:
            text = f"{object}.{field} has several values called {name!r}"
            raise Unwritable(AMBIGUOUS_VALUE, text, field)
        return ids[0]

    def _read(self, call: str, writes: Sequence[Write], data: Mapping[str, Any]) -> list[Outcome]:
        """The outcomes of a request that was accepted."""
        plural, _, action = call.partition("/")
        if action == "bulk_create":
            return self._created(
                writes, data.get(f"created_{plural}") or [], data.get(f"existing_{plural}") or []
            )
        if action == "update":
            row = data.get(plural.removesuffix("s"))
            if row is None:
                return [Outcome(writes[0].ref, "unknown", writes[0].id, message="an odd reply")]
            return [self._done(writes[0], row)]
        rows = {str(row["id"]): row for row in data.get(plural) or ()}
        bare = plural == "accounts"
        return [
            Outcome(one.ref, "unknown", one.id, message="not named in the reply")
            if one.id not in rows
            else (Outcome(one.ref, "done", one.id) if bare else self._done(one, rows[one.id]))
            for one in writes
        ]

    def _done(self, write: Write, row: Row) -> Outcome:
        """The outcome of a write from the record as the reply has it.

        Apollo accepts a record and leaves out custom fields that don't fit. An update is then
        refused with those fields, though its others are stored; a create is done, since the record
        is there, and carries code and fields all the same.
        """
        forms = self._catalog.forms(write.object, write.fields)
        held = canonical(row, forms, write.fields)
        errors = row.get("custom_field_errors") or {}
        wrong = {
            name: str(errors[forms[name].key])
            for name in write.fields
            if name in forms and forms[name].custom is not None and forms[name].key in errors
        }
        kind: Any = "refused" if wrong and write.action == "update" else "done"
        return Outcome(
            write.ref,
            kind,
            str(row["id"]),
            held,
            CUSTOM_FIELD if wrong else "",
            "; ".join(wrong.values()),
            tuple(wrong),
        )

    def _created(
        self, writes: Sequence[Write], created: list[Row], existing: list[Row]
    ) -> list[Outcome]:
        """The outcomes of a bulk create: nothing in the reply tells which record belongs to which
        write, so they are paired by address or domain, then by name."""
        object = writes[0].object
        pool = {str(row["id"]): row for row in created}
        keyed = {key: row for row in created for key in _keys_of(object, row)}
        paired: dict[int, Row] = {}
        for one in writes:
            row = keyed.get(_key_of(one))
            if row is not None and pool.pop(str(row["id"]), None) is not None:
                paired[one.ref] = row
        for one in writes:
            row = None
            if one.ref not in paired:
                row = next((row for row in pool.values() if _named_alike(one, row)), None)
            if row is not None:
                paired[one.ref] = pool.pop(str(row["id"]))
        return [
            self._done(one, paired[one.ref]) if one.ref in paired else self._existed(one, existing)
            for one in writes
        ]

    def _existed(self, write: Write, existing: list[Row]) -> Outcome:
        """The outcome of a create for which Apollo made no record."""
        for row in existing:
            if _key_of(write) in _keys_of(write.object, row):
                forms = self._catalog.forms(write.object, write.fields)
                held = canonical(row, forms, write.fields)
                return Outcome(write.ref, "existed", str(row["id"]), held)
        for row in existing:
            if _same_name(write, row):
                id = str(row["id"])
                if _key_of(write) and _keys_of(write.object, row):
                    text = f"Apollo takes it for {id}, which has the same name"
                    return Outcome(write.ref, "refused", id, None, NAME_TAKEN, text)
                return Outcome(write.ref, "existed", id)
        return Outcome(write.ref, "unknown", message="not named in the reply")

    def _refused(self, call: str, writes: list[Write], response: Response) -> list[Outcome]:
        """The outcomes where a whole request was refused."""
        wrong = complaint(response)
        if len(writes) == 1 or concerns_all(wrong):
            return [_refusal(one, wrong) for one in writes]
        guilty = [one for one in writes if _named_in(one, wrong)]
        if guilty and len(guilty) < len(writes):
            rest = tuple(one for one in writes if one not in guilty)
            return [_refusal(one, wrong) for one in guilty] + self.send(Batch(call, rest))
        if guilty:
            return [_refusal(one, wrong) for one in guilty]
        half = len(writes) // 2
        return self.send(Batch(call, tuple(writes[:half]))) + self.send(
            Batch(call, tuple(writes[half:]))
        )

    def _find_creates(self, doubtful: list[Write]) -> list[Outcome]:
        if not doubtful:
            return []
        object = doubtful[0].object
        names = {name for one in doubtful for name in one.fields}
        forms = self._catalog.forms(object, names)
        found: list[list[Row]] = []
        for wait in (*_LOOKS, None):
            since = min(one.since for one in doubtful) - EARLY
            rows = self._feeds.recent(object, "created_at", since)
            found = [
                [row for row in rows if _made_since(row, one) and _equal(one, row, forms)]
                for one in doubtful
            ]
            if all(found) or wait is None:
                break
            self._session.world.clock.sleep(wait)
        claimed: set[str] = set()
        outcomes: list[Outcome] = []
        for one, rows in sorted(zip(doubtful, found, strict=True), key=lambda pair: len(pair[1])):
            free = [row for row in rows if str(row["id"]) not in claimed]
            if len(free) == 1:
                claimed.add(str(free[0]["id"]))
                outcomes.append(self._done(one, free[0]))
            elif free:
                text = f"{len(free)} records could be it"
                outcomes.append(Outcome(one.ref, "unknown", message=text))
            else:
                outcomes.append(Outcome(one.ref, "absent"))
        return outcomes

    def _find_updates(self, doubtful: list[Write]) -> list[Outcome]:
        """By id; many contacts first among the newest changes, where those that were carried out
        stand together."""
        outcomes: list[Outcome] = []
        left = doubtful
        if len(doubtful) > 3 and doubtful[0].object == "contact":
            forms = self._catalog.forms("contact", {name for one in left for name in one.fields})
            since = min(one.since for one in doubtful) - EARLY
            rows = {
                str(row["id"]): row
                for row in self._feeds.recent("contact", "updated_at", since, most=3)
            }
            done = [one for one in left if one.id in rows and _equal(one, rows[one.id], forms)]
            outcomes = [self._done(one, rows[one.id]) for one in done]
            left = [one for one in left if one not in done]
        for one in left:
            shown = self._feeds.fetch(one.object, one.fields, "id", [one.id])
            if not shown or shown[0].life == "deleted":
                outcomes.append(Outcome(one.ref, "gone", one.id))
                continue
            held = shown[0].values
            equal = _agrees(one, held, self._catalog.forms(one.object, one.fields))
            outcomes.append(Outcome(one.ref, "done" if equal else "absent", one.id, held))
        return outcomes


def _request(
    call: str, spelled: Sequence[tuple[Write, dict[str, Any]]]
) -> tuple[str, str, dict[str, Any]]:
    """Method, path and body of a batch."""
    plural, _, action = call.partition("/")
    word = plural.removesuffix("s")
    first = spelled[0]
    if action == "update":
        return "PATCH", f"{plural}/{first[0].id}", first[1]
    if action == "update_stages":
        ids = [one.id for one, _ in spelled]
        return "POST", call, {f"{word}_ids": ids, **first[1]}
    if action == "bulk_update":
        attributes = [{"id": one.id, **sent} for one, sent in spelled]
        return "POST", call, {f"{word}_attributes": attributes}
    body: dict[str, Any] = {"run_dedupe": True}
    items = [dict(sent) for _, sent in spelled]
    if plural == "contacts":
        owners = {item.pop("owner_id", None) for item in items} - {None}
        if owners:
            body["owner_id"] = owners.pop()
    return "POST", call, {plural: items, **body}


def _refusal(write: Write, wrong: Complaint) -> Outcome:
    about = wrong.record == write.id or write.object in wrong.message.lower()
    gone = wrong.code in (GONE, UNKNOWN_ID) and write.action != "create" and about
    fields = tuple(name for name, one in write.fields.items() if wrong.value and one == wrong.value)
    return Outcome(
        write.ref,
        "gone" if gone else "refused",
        write.id,
        None,
        wrong.code,
        wrong.message,
        fields or ((wrong.field,) if wrong.field in write.fields else ()),
    )


def _named_in(write: Write, wrong: Complaint) -> bool:
    """Whether a refusal is about this write: its id, or an id that it points to."""
    if wrong.record:
        return write.id == wrong.record
    if wrong.code == BAD_ID and wrong.value:
        return write.id == wrong.value or wrong.value in write.fields.values()
    return False


def _key_of(write: Write) -> str:
    """What tells the record of a create: address or domain, "" where it has none."""
    if write.object == "account":
        return folded(write.fields.get("domain"), "domain")
    return folded(write.fields.get("email"))


def _keys_of(object: str, row: Row) -> set[str]:
    """The addresses or the domain of a record."""
    if object == "account":
        return {folded(values.domain(row.get("domain")), "domain")} - {""}
    others: Iterable[Row] = row.get("contact_emails") or ()
    raw = [row.get("email"), *(one.get("email") for one in others)]
    return {folded(values.text(one)) for one in raw} - {""}


def _named_alike(write: Write, row: Row) -> bool:
    """Whether a row is the record of a create by its name, where one of the two has no address or
    domain: Apollo drops what it takes for none."""
    keyed = _key_of(write) and _keys_of(write.object, row)
    return not keyed and _same_name(write, row, whole=True)


def _same_name(write: Write, row: Row, *, whole: bool = False) -> bool:
    """Whether the names that were sent are the row's; `whole`: the company's too."""
    names = ["name"] if write.object == "account" else ["first_name", "last_name"]
    if whole and write.fields.get("organization_name"):
        names.append("organization_name")
    sent = [folded(write.fields.get(name)) for name in names]
    return any(sent) and sent == [folded(values.text(row.get(name))) for name in names]


def _made_since(row: Row, write: Write) -> bool:
    made = row.get("created_at")
    return bool(made) and seconds(str(made)) >= write.since - EARLY


def _equal(write: Write, row: Row, forms: Mapping[str, Form]) -> bool:
    return _agrees(write, canonical(row, forms, write.fields), forms)


def _agrees(write: Write, held: Mapping[str, Value], forms: Mapping[str, Form]) -> bool:
    """Whether a record has all that was sent; what a create leaves blank, Apollo may fill."""
    return all(
        name in held and values.same(forms[name].field.format)(value, held[name])
        for name, value in write.fields.items()
        if name in forms and not (value is None and write.action == "create")
    )
