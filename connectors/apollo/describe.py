"""What an Apollo team has: its stages and custom fields, and the schema that comes of them.

Knows which lists there are and asks for each once a connection, and again for a name or id that is
not among them. How a field reads and writes is in `fields.py` and `activities.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from ..base import values
from ..base.contract import Record
from ..base.schema import Field, Object, Schema
from ..base.understood import MISREAD
from ..base.values import Value, identifier, text
from . import activities
from .fields import (
    STANDARD,
    Custom,
    Form,
    Names,
    Row,
    Unreadable,
    custom_forms,
    stage_form,
    text_of,
)
from .session import Session

T = TypeVar("T")

LAG = 10.0
"""Seconds that searches may stay behind writes; nobody documents how many, seconds were seen."""
PAGE = 100
"""Records a page and a bulk write hold at most."""

_STAGES: Mapping[str, tuple[str, str, str]] = {
    "contact": ("contact_stages", "contact_stage_id", "CU"),
    "account": ("account_stages", "account_stage_id", "CU"),
    "opportunity": ("opportunity_stages", "opportunity_stage_id", ""),
}


class Catalog:
    """The lists of one team, each asked for when it is first needed. Safe for several threads.

    `undocumented`: with what Apollo has and its API doesn't document.
    """

    def __init__(self, session: Session, undocumented: bool = False) -> None:
        self._session = session
        self.undocumented = undocumented
        self._lock = threading.RLock()
        self._lists: dict[str, Any] = {}
        self._forms: dict[str, dict[str, Form]] = {}
        self._missing: set[tuple[str, str]] = set()

    def forms(self, object: str, names: Collection[str] | None = None) -> dict[str, Form]:
        """The fields of an object by name. Custom fields are asked for only where `names` has one
        that is not standard, or is None."""
        if object in activities.FORMS:
            return activities.forms(object, self.undocumented)
        standard = {one.field.name: one for one in STANDARD[object]}
        if object in _STAGES and (names is None or "stage" in names):
            standard["stage"] = self._stage(object)
        if object == "user" or (names is not None and all(one in standard for one in names)):
            return standard
        with self._lock:
            if object not in self._forms:
                customs = self._customs().get(object, [])
                taken = {"stage", *standard}
                self._forms[object] = {
                    one.field.name: one
                    for one in custom_forms(customs, taken, object != "opportunity")
                }
            return {**standard, **self._forms[object]}

    def stages(self, object: str) -> Names:
        """The stages of an object."""
        path = _STAGES[object][0]

        def load() -> Names:
            listed = self._session.get(path, path)[path]
            return Names({str(one["id"]): text(one["name"]) or "" for one in listed})

        return self._list(path, load)

    def missed(self, kind: str, what: str) -> bool:
        """Forgets the lists because `what` was not among them, so that they are asked for again;
        False where they have been, for the same."""
        with self._lock:
            if (kind, what) in self._missing:
                return False
            self._missing.add((kind, what))
            self._lists.clear()
            self._forms.clear()
            return True

    def _stage(self, object: str) -> Form:
        """The field `stage`, made anew once the list of stages is."""
        _, key, rights = _STAGES[object]
        raw = text_of(key)

        def read(row: Row) -> Value:
            id = raw(row)
            if not isinstance(id, str):
                return None
            name = self.stages(object).by_id.get(id)
            if name is None and self.missed(object, id):
                name = self.stages(object).by_id.get(id)
            if name is None:
                raise Unreadable(id)
            return name

        stages = self.stages(object)
        return self._list(f"field of {key}", lambda: stage_form(rights, key, read, stages))

    def _customs(self) -> Mapping[str, list[Custom]]:
        def load() -> dict[str, list[Custom]]:
            found: dict[str, list[Custom]] = {}
            path = "typed_custom_fields"
            for one in self._session.get(path, path)[path]:
                options = {
                    str(each.get("id") or each.get("_id")): text(each["name"]) or ""
                    for each in one.get("picklist_values") or ()
                }
                longest = one.get("text_field_max_length")
                made = Custom(
                    str(one["id"]),
                    text(one["name"]) or "",
                    str(one["type"]),
                    Names(options),
                    longest if type(longest) is int else None,
                )
                found.setdefault(str(one["modality"]), []).append(made)
            return found

        return self._list("typed_custom_fields", load)

    def _list(self, name: str, load: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._lists:
                self._lists[name] = load()
            found: T = self._lists[name]
            return found


def describe(
    session: Session, catalog: Catalog, identity: str, names: Collection[str] | None
) -> Schema:
    """The objects of those names with their fields, stages and rough counts; the calls a day as
    the headers told them."""
    there = (*STANDARD, *activities.names(catalog.undocumented))
    asked = [one for one in there if names is None or one in names]
    objects = tuple(_object(session, catalog, one) for one in asked)
    limits = {
        one.endpoint: one.limit
        for one in session.meters()
        if one.window == "day" and one.limit is not None
    }
    return Schema(
        session.system,
        "apollo",
        identity,
        objects,
        limits=limits,
        read_page=PAGE,
        write_batch=PAGE,
    )


def _object(session: Session, catalog: Catalog, name: str) -> Object:
    fields: tuple[Field, ...] = tuple(one.field for one in catalog.forms(name).values())
    if name in activities.FORMS:
        return activities.describe(name, fields, LAG, _tasks(session) if name == "task" else None)
    owned_by = "owner" if any(one.name == "owner" for one in fields) else ""
    if name == "user":
        return Object(
            name="user",
            label="User",
            fields=fields,
            plural="users",
            feed="whole",
            keys=("email",),
            thing="user",
            creatable=False,
            updatable=False,
        )
    if name == "opportunity":
        found = session.get("opportunities/search", "opportunities", page=1, per_page=1)
        return Object(
            name="opportunity",
            label="Deal",
            fields=fields,
            plural="opportunities",
            feed="whole",
            status_field="stage",
            created="created_at",
            owned_by=owned_by,
            creatable=False,
            updatable=False,
            count=total(found),
        )
    found = session.search(f"{name}s", {"page": 1, "per_page": 1})
    person = name == "contact"
    return Object(
        name=name,
        label=name.title(),
        fields=fields,
        plural=f"{name}s",
        feed="stamped" if person else "newest first",
        lag=LAG,
        keys=("email",) if person else ("domain",),
        thing="person" if person else "",
        first_last=("first_name", "last_name") if person else (),
        status_field="stage",
        created="created_at",
        owned_by=owned_by,
        forgets=True,
        count=total(found),
    )


def _tasks(session: Session) -> int | None:
    """How many tasks there are, None for a key that may not list them: it may see all else."""
    reply = session.try_search("tasks", {"page": 1, "per_page": 25})
    return total(reply.data) if reply.good and isinstance(reply.data, dict) else None


def total(found: Mapping[str, Any]) -> int:
    """How many records a search has found; numbers may come as text, or not at all."""
    raw = (found.get("pagination") or {}).get("total_entries")
    return int(raw) if raw is not None else 0


def record(object: str, row: Row, forms: Mapping[str, Form], names: Collection[str]) -> Record:
    """A record from its wire form; fields that can't be read are left out. A deleted user is gone
    to us, although Apollo still lists it."""
    gone = object == "user" and row.get("deleted") is True
    return Record(
        object,
        identifier(row["id"]),
        canonical(row, forms, names),
        changed_at(row),
        "deleted" if gone else "here",
    )


def changed_at(row: Row) -> str:
    """When a record was changed last, "" where Apollo doesn't tell so that it can be read."""
    try:
        return values.instant(row.get("updated_at")) or ""
    except ValueError:
        return ""


def canonical(row: Row, forms: Mapping[str, Form], names: Collection[str]) -> dict[str, Value]:
    """The named fields of a row in the forms of `values.py`, without those that can't be read."""
    read: dict[str, Value] = {}
    for name in names:
        form = forms.get(name)
        if form is None:
            continue
        try:
            read[name] = form.read(row)
        except (Unreadable, *MISREAD):
            continue
    return read
