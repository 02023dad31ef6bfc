"""Writing to Apollo: spelling requests, sending them, and sending again what a bad item kept out.

Knows the keys of each request's body and that one bad item fails its whole batch. Which write goes
into which request is decided in `pack.py`; what a reply tells is read in `outcomes.py`. What people
did is written by `activity_writes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..base.contract import Batch, Outcome, Write
from ..base.halves import sifted
from ..base.understood import outcomes_of
from ..base.values import Value
from ..base.wire import NoReply
from .describe import Catalog
from .fields import Form, Names
from .outcomes import accepted, named_in, refused
from .refusals import (
    AMBIGUOUS_VALUE,
    CANNOT_CLEAR,
    NOT_DELETABLE,
    NOT_WRITABLE,
    UNKNOWN_VALUE,
    Complaint,
    complaint,
    concerns_all,
)
from .session import Session


class Unwritable(Exception):
    """A field of a write that can't be sent."""

    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class Writes:
    """The writing half of a connector."""

    def __init__(self, session: Session, catalog: Catalog) -> None:
        self._session = session
        self._catalog = catalog

    def send(self, batch: Batch) -> list[Outcome]:
        """See `Connector.send`. A write with a value that Apollo has no id for is refused and not
        sent. Where Apollo refuses a whole batch for one record, the others are sent again, without
        that one or, where it isn't named, by halves: see `halves.py`."""
        if not batch.writes:
            return []
        if batch.call.endswith("/destroy"):
            text = "Apollo has no way to delete a record through its API"
            return [
                Outcome(one.ref, "refused", one.id, None, NOT_DELETABLE, text)
                for one in batch.writes
            ]
        spelled: dict[int, dict[str, Any]] = {}
        outcomes: list[Outcome] = []
        for one in batch.writes:
            try:
                spelled[one.ref] = self._spelled(one, batch.call)
            except Unwritable as error:
                outcomes.append(
                    Outcome(
                        *(one.ref, "refused", one.id, None, error.code, error.message),
                        fields=(error.field,),
                    )
                )
        if not spelled:
            return outcomes
        sound = [one for one in batch.writes if one.ref in spelled]
        return outcomes + sifted(sound, partial(self._once, batch.call, spelled))

    def _once(
        self, call: str, spelled: Mapping[int, dict[str, Any]], writes: Sequence[Write]
    ) -> list[Outcome]:
        """The outcomes of some writes in one request."""
        try:
            request = _request(call, [(one, spelled[one.ref]) for one in writes])
            reply = self._session.write(*request)
        except NoReply as error:
            told = str(error)
            return [Outcome(one.ref, "unknown", one.id, message=told) for one in writes]
        if not reply.good:
            return _refused(writes, complaint(reply.response))
        return outcomes_of(writes, lambda: accepted(self._catalog, call, writes, reply.data))

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


def _refused(writes: Sequence[Write], wrong: Complaint) -> list[Outcome]:
    """The outcomes where a whole request was refused: for the records that are named, for what it
    asks as such, or for one of them that nobody names."""
    if len(writes) == 1 or concerns_all(wrong):
        return [refused(one, wrong) for one in writes]
    guilty = [one for one in writes if named_in(one, wrong)]
    if not guilty:
        return [replace(refused(one, wrong), kind="refused", together=True) for one in writes]
    text = f"kept out by another record: {wrong.message}"
    return [
        refused(one, wrong)
        if one in guilty
        else Outcome(one.ref, "busy", one.id, None, wrong.code, text, together=True)
        for one in writes
    ]


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
