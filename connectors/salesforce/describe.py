"""Schemas from Salesforce's own descriptions: any object that it describes, by its flags.

Knows the shape of describe replies and, in one small table, what the platform's standard objects
mean and describe doesn't say. How rows of an object are asked for and read is `feeds.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

from ..base.schema import Choice, Field, FieldType, Format, Object, Role, Schema
from ..base.wire import JSON, Response
from ..base.world import Job, moment
from .session import Refused, Session
from .soql import LONGEST_URL, cost, select

PAGE = 2000
"""Rows of a page of a query, and ids of one retrieve."""

BATCH = 200
"""Records of one Collections call."""

COMPOSED = 5
"""Collections calls that one request may carry."""

_OF_THEIR_OWN = frozenset(
    ("Account", "Asset", "Case", "Contact", "Contract", "Lead", "Opportunity", "Order")
)
"""Standard objects whose records are somebody or something of their own, whatever they belong to.
All others that go with a record are parts of it, or tell of it."""
_ABOUT = ("Task", "Event", "Note")
"""What people write down about a record, and do with it."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A yes-or-no that says: all of `true` and none of `false`, fields of the record, hold."""

    label: str
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        return (*self.true, *self.false)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a standard object means; names as in `schema.Object`. `roles` are those of its fields,
    `means` tells by field and value what the values of a choice stand for."""

    thing: str = ""
    rank: int = 0
    keys: tuple[str, ...] = ()
    source_field: str = ""
    status_field: str = ""
    account_by: str = ""
    derived: Mapping[str, Derived] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    means: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


_ACTIVITY: Mapping[str, Role] = {
    "Subject": "subject",
    "Description": "text",
    "OwnerId": "owner",
    "WhoId": "person",
    "WhatId": "account",
}
STANDING: Mapping[str, Standing] = {
    "Account": Standing(keys=("Website",), source_field="AccountSource"),
    "Contact": Standing("person", 0, ("Email",), source_field="LeadSource"),
    "Lead": Standing(
        "person",
        1,
        ("Email",),
        source_field="LeadSource",
        status_field="Status",
        account_by="Email",
    ),
    "Opportunity": Standing(
        derived={
            "open": Derived("Open", false=("IsClosed",)),
            "won": Derived("Won", true=("IsWon",)),
            "lost": Derived("Lost", true=("IsClosed",), false=("IsWon",)),
        }
    ),
    "User": Standing("user", keys=("Email",)),
    # ActivityDate is a day without a time. AccountId can't be written: a save takes it from WhatId
    # or else from the contact, so WhatId stands for the account. It is refused beside a lead.
    "Task": Standing(
        "activity",
        status_field="Status",
        derived={
            "open": Derived("Open", false=("IsClosed",)),
            "completed": Derived("Completed", true=("IsClosed",)),
        },
        roles={
            **_ACTIVITY,
            "TaskSubtype": "kind",
            "ActivityDate": "when",
            "Status": "status",
            "Priority": "priority",
            "completed": "done",
            "open": "open",
        },
        means={
            # A subtype is given at creation and stays.
            "TaskSubtype": {"Task": "task", "Call": "call", "Email": "email", "LinkedIn": "social"},
            "Priority": {"High": "high", "Normal": "normal", "Low": "low"},
            # As an org has them that changed nothing; `Catalog.schema` asks which are closed.
            "Status": {
                "Not Started": "open",
                "In Progress": "open",
                "Waiting on someone else": "open",
                "Deferred": "open",
                "Completed": "done",
            },
        },
    ),
    # ActivityDateTime and StartDateTime are one; a save refuses two that differ.
    "Event": Standing(
        "activity", roles={**_ACTIVITY, "StartDateTime": "when", "EndDateTime": "end"}
    ),
    # The parent is given at creation and stays.
    "Note": Standing(
        "activity",
        roles={"Title": "subject", "Body": "text", "OwnerId": "owner", "ParentId": "about"},
    ),
}

_TYPES: Mapping[str, tuple[FieldType, Format]] = {
    "id": ("id", ""),
    "string": ("text", ""),
    "textarea": ("text", "long"),
    "phone": ("text", "phone"),
    "email": ("text", "email"),
    "url": ("text", "url"),
    "combobox": ("text", ""),
    "encryptedstring": ("text", ""),
    "double": ("number", ""),
    "int": ("number", "integer"),
    "long": ("number", "integer"),
    "currency": ("number", "currency"),
    "percent": ("number", "percent"),
    "boolean": ("boolean", ""),
    "date": ("date", ""),
    "datetime": ("datetime", ""),
    "picklist": ("choice", ""),
    "multipicklist": ("choices", ""),
    "reference": ("reference", ""),
}


class Catalog:
    """The objects of one org, each described once a connection unless asked for afresh."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._known: dict[str, _Described | None] = {}

    def object(self, name: str, *, fresh: bool = False) -> Object | None:
        """The object called `name`, as Salesforce spells it; None where this login sees none."""
        found = self._described(name, fresh=fresh)
        return found.object if found else None

    def along(self, name: str) -> Sequence[tuple[Object, str]]:
        """The objects whose records Salesforce deletes with the one that their field refers to, as
        far as this login sees both."""
        found = self._described(name)
        return self._seen(found.along if found else ())

    def about(self, name: str) -> Sequence[tuple[Object, str]]:
        """As `along`, of what people write down and do."""
        found = self._described(name)
        return self._seen(found.about if found else ())

    def _seen(self, children: Iterable[tuple[str, str]]) -> Sequence[tuple[Object, str]]:
        known = ((self.object(one), field) for one, field in children)
        return [(one, field) for one, field in known if one and field in one.by_name]

    def _described(self, name: str, *, fresh: bool = False) -> _Described | None:
        with self._lock:
            if name in self._known and not fresh:
                return self._known[name]
        found = self._describe(name)
        with self._lock:
            self._known[name] = found
        return found

    def schema(self, names: Collection[str] | None) -> Schema:
        """The objects of those names as they are now, or all that are worth having."""
        session = self._session
        wanted = sorted(self._worth_having() if names is None else set(names))
        found = {one.name: one for one in self._all(wanted)}
        if "Task" in found:
            found["Task"] = _with_closed(found["Task"], self._closed())
        if names is None:
            found = {
                name: replace(one, count=count)
                for (name, one), count in zip(found.items(), self._counts(found), strict=True)
            }
        limits = {meter.endpoint: meter.limit for meter in session.meters() if meter.limit}
        return Schema(
            system=session.system,
            connector="salesforce",
            identity=session.org(),
            objects=tuple(found[name] for name in sorted(found)),
            taken=moment(session.world.clock.now()),
            login=session.name() if names is None else "",
            limits={name: limit for name, limit in limits.items() if name == "api"},
            read_page=PAGE,
            write_batch=BATCH * COMPOSED,
        )

    def _all(self, names: Iterable[str]) -> Iterator[Object]:
        """Describes several objects at once, as many as the world has lanes."""
        jobs = (
            Job(name, frozenset[str](), partial(self.object, name, fresh=True)) for name in names
        )
        for job, one in self._session.world.lanes(jobs):
            if one is not None and one.name == job.tag:
                yield one

    def _worth_having(self) -> list[str]:
        """Objects that can be queried and are written by people or shown to them: history, share
        and feed tables are neither laid out nor searched for."""
        try:
            listed = self._session.get("/sobjects", "sobjects").data["sobjects"]
        except Refused as refused:
            raise self._session.failure("to list its objects", refused) from None
        return [str(one["name"]) for one in listed if _worth_having(one)]

    def _describe(self, name: str) -> _Described | None:
        if not name.isidentifier() or not name.isascii():
            return None
        try:
            return self._session.read(
                f"/sobjects/{name}/describe",
                lambda response: _parsed(response.body),
                accept=JSON,
            )
        except Refused as refused:
            if refused.status == 404 or refused.wrong.code in ("INVALID_TYPE", "NOT_FOUND"):
                return None
            raise self._session.failure(f"to describe {name}", refused) from None

    def _closed(self) -> Mapping[str, bool]:
        """Which statuses of tasks are closed ones, in this org; nothing where nobody may know."""
        try:
            told = self._session.get(
                "/query", "records", q=select(("ApiName", "IsClosed"), "TaskStatus")
            ).data["records"]
        except Refused:
            return {}
        return {str(one["ApiName"]): one["IsClosed"] is True for one in told}

    def _counts(self, names: Collection[str]) -> list[int | None]:
        """Rough numbers of records, from a cache of Salesforce's; None where it counts none."""
        counts: dict[str, int] = {}
        group: list[str] = []
        for name in [*names, ""]:
            if group and (not name or cost(",".join([*group, name])) > LONGEST_URL // 2):
                counts.update(self._count(group))
                group = []
            group.append(name)
        return [counts.get(name) for name in names]

    def _count(self, names: Iterable[str]) -> dict[str, int]:
        try:
            reply = self._session.get(
                "/limits/recordCount", "sObjects", sObjects=",".join(names)
            ).data
        except Refused:
            return {}
        return {str(one["name"]): int(one["count"]) for one in reply["sObjects"]}


def _worth_having(flags: Mapping[str, Any]) -> bool:
    if not flags.get("queryable") or not flags.get("retrieveable"):
        return False
    if flags.get("deprecatedAndHidden") or flags.get("customSetting"):
        return False
    return any(flags.get(name) for name in ("layoutable", "searchable", "updateable"))


@dataclass(frozen=True, slots=True)
class _Described:
    """An object, and who and what goes with its records when they are deleted: (object, field)."""

    object: Object
    along: tuple[tuple[str, str], ...]
    about: tuple[tuple[str, str], ...]


@lru_cache(maxsize=32)
def _parsed(body: bytes) -> _Described:
    """What a description says. One that is told over and over is taken apart once: that takes
    as long as all the rest of a quiet run. `ValueError` where it is something else."""
    data = Response(200, body=body).json()
    if not isinstance(data, dict) or "fields" not in data:
        raise ValueError("no fields")
    return _Described(to_object(data), cascades(data), cascades(data, _ABOUT.__contains__))


def _on_its_own(name: str) -> bool:
    return name in _OF_THEIR_OWN or name.endswith("__c")


def cascades(
    data: Mapping[str, Any], meant: Callable[[str], bool] = _on_its_own
) -> tuple[tuple[str, str], ...]:
    """Which records go with one that is deleted, as the reply to a describe tells: (object, the
    field that refers to it), of those objects that are `meant`."""
    return tuple(
        (str(one["childSObject"]), str(one["field"]))
        for one in data.get("childRelationships") or ()
        if one.get("cascadeDelete")
        and not one.get("deprecatedAndHidden")
        and meant(str(one["childSObject"]))
    )


def to_object(data: Mapping[str, Any]) -> Object:
    """An object from the reply to `GET /sobjects/NAME/describe`."""
    name = str(data["name"])
    standing = STANDING.get(name, Standing())
    fields = tuple(
        _field(one, standing) for one in data["fields"] if not one.get("deprecatedAndHidden")
    )
    have = {one.name for one in fields}
    derived = tuple(
        Field(
            each,
            how.label,
            "boolean",
            creatable=False,
            updatable=False,
            derived=True,
            filterable=False,
            role=standing.roles.get(each, ""),
        )
        for each, how in standing.derived.items()
        if have.issuperset(how.sources)
    )
    stamped = any(one.name == "SystemModstamp" and one.filterable for one in fields)
    return Object(
        name=name,
        label=str(data.get("label") or name),
        plural=str(data.get("labelPlural") or ""),
        fields=(*fields, *derived),
        feed="stamped" if stamped else "whole",
        keys=tuple(one for one in standing.keys if one in have),
        thing=standing.thing,
        rank=standing.rank,
        source_field=_if_in(standing.source_field, have),
        status_field=_if_in(standing.status_field, have),
        account_by=_if_in(standing.account_by, have),
        first_last=("FirstName", "LastName") if standing.thing == "person" else (),
        created=_if_in("CreatedDate", have),
        changed_by=_if_in("LastModifiedById", have),
        owned_by=_if_in("OwnerId", have),
        creatable=bool(data.get("createable")),
        updatable=bool(data.get("updateable")),
        deletable=bool(data.get("deletable")),
        custom=bool(data.get("custom")),
    )


def _if_in(name: str, have: set[str]) -> str:
    return name if name in have else ""


def _with_closed(task: Object, closed: Mapping[str, bool]) -> Object:
    """The object with what its statuses stand for: as many as an org likes may be closed."""

    def told(one: Choice) -> Choice:
        if one.value not in closed:
            return one
        return replace(one, means="done" if closed[one.value] else "open")

    return replace(
        task,
        fields=tuple(
            replace(one, choices=tuple(told(each) for each in one.choices))
            if one.role == "status"
            else one
            for one in task.fields
        ),
    )


def _field(data: Mapping[str, Any], standing: Standing) -> Field:
    """A field of a describe reply. Required on create is what can't be empty, isn't filled by the
    server, and can be written."""
    kind, format = _TYPES.get(str(data["type"]), ("other", ""))
    if kind == "text" and data.get("htmlFormatted"):
        format = "rich"
    creatable = bool(data.get("createable"))
    sized = kind == "text" and int(data.get("length") or 0) > 0
    listed = kind in ("choice", "choices")
    name = str(data["name"])
    means = standing.means.get(name, {})
    return Field(
        name=name,
        label=str(data.get("label") or data["name"]),
        type=kind,
        format=format,
        length=int(data["length"]) if sized else _digits(data) if kind == "number" else None,
        choices=tuple(_choice(one, means) for one in data.get("picklistValues") or ())
        if listed
        else (),
        restricted=listed and bool(data.get("restrictedPicklist")),
        references=tuple(str(one) for one in data.get("referenceTo") or ()),
        required=creatable and not data.get("nillable") and not data.get("defaultedOnCreate"),
        creatable=creatable,
        updatable=bool(data.get("updateable")),
        custom=bool(data.get("custom")),
        filterable=bool(data.get("filterable", True)),
        role=standing.roles.get(name, ""),
        whole_seconds=kind == "datetime",
    )


def _digits(data: Mapping[str, Any]) -> int | None:
    """How many digits a number may have before its point."""
    if data.get("digits"):
        return int(data["digits"])
    precision = int(data.get("precision") or 0)
    return precision - int(data.get("scale") or 0) if precision else None


def _choice(data: Mapping[str, Any], means: Mapping[str, str]) -> Choice:
    value = str(data["value"])
    label = str(data.get("label") or "")
    active = bool(data.get("active", True))
    return Choice(value, "" if label == value else label, active, means.get(value, ""))
