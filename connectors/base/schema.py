"""What a system has: its objects and fields, as the connected login sees them. Plain frozen data.

`schema pull` writes it to `schema/<system>.json`; that file is all that the language knows of a
system. What a value of a field looks like is told in `values.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, field, fields
from functools import cached_property
from typing import Any, Literal, get_args

from .frozen import dataclass

FieldType = Literal[
    "id", "text", "number", "boolean", "date", "datetime", "choice", "choices", "reference", "other"
]
"""`choice` is a picklist or stage, `choices` a multiple one, `other` what no row can move."""

Format = Literal[
    "", "email", "phone", "url", "domain", "currency", "percent", "integer", "long", "rich"
]
"""What more is known of a text or a number; `long` is a text area, `rich` one whose layout only its
own system knows."""

Feed = Literal["stamped", "newest first", "whole", "by parent"]

Role = Literal[
    "",
    "kind",
    "subject",
    "text",
    "when",
    "end",
    "status",
    "priority",
    "owner",
    "person",
    "account",
    "about",
    "done",
    "open",
    "cancelled",
    "address",
    "name",
    "guests",
]
"""What a field is to an activity. Fields of one role are each other's counterparts: the standard
rows of any two activities follow from them (`dsl/activities.py`). An object has each at most once.

- `kind`, `status`, `priority`: choices, whose values tell by `means` what they stand for.
- `subject` and `text`: what it is called, and what was said.
- `when`: the moment or the day it is due or took place, its start where it has an `end`.
- `owner`: whose it is. `person`, `account`: with whom; `about`: either of them, where one field
  holds it.
- `done`, `open`, `cancelled`: yes-or-no. `address`, `name`: of the person, who may be known to
  nobody. `guests`: the addresses of all who take part.
"""

ROLE_TYPES: Mapping[Role, tuple[FieldType, ...]] = {
    "kind": ("choice",),
    "subject": ("text",),
    "text": ("text",),
    "when": ("datetime", "date"),
    "end": ("datetime",),
    "status": ("choice",),
    "priority": ("choice",),
    "owner": ("reference",),
    "person": ("reference",),
    "account": ("reference",),
    "about": ("reference",),
    "done": ("boolean",),
    "open": ("boolean",),
    "cancelled": ("boolean",),
    "address": ("text",),
    "name": ("text",),
    "guests": ("choices",),
}
"""The types that a field of a role may have."""

MEANINGS: Mapping[Role, tuple[str, ...]] = {
    "kind": ("task", "call", "email", "social"),
    "status": ("open", "done"),
    "priority": ("high", "normal", "low"),
}
"""What values of a role may stand for in any system."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a picklist or a stage. Rules name `value`; `label` is what people see. `means` is
    one of `MEANINGS`, for a field with such a role; "" for what no other system knows."""

    value: str
    label: str = ""
    active: bool = True
    means: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object, in the words of its system.

    `length` counts characters, or the digits of a number before its point; None: no limit.
    `choices` holds the values of a choice, `restricted` says that others are refused. `references`
    names the objects a reference may point to. `required`: a create without it is refused.
    `derived`: computed by the connector for reading (`won`, `open`); a condition may name it, a row
    may not write it. `role`: what it is to an activity. `whole_seconds`: it keeps a moment without
    the parts of its second.
    """

    name: str
    label: str
    type: FieldType
    format: Format = ""
    length: int | None = None
    choices: tuple[Choice, ...] = ()
    restricted: bool = False
    references: tuple[str, ...] = ()
    required: bool = False
    creatable: bool = True
    updatable: bool = True
    custom: bool = False
    derived: bool = False
    filterable: bool = True
    role: Role = ""
    whole_seconds: bool = False


@dataclass(frozen=True)
class Object:
    """An object of a system.

    - `feed`: how changes are read; `lag`: seconds its searches may stay behind its writes.
    - `keys`: fields that records are matched on where no rule says otherwise, in order.
    - `thing`: objects of one system with the same word are one thing (Lead and Contact are both a
      "person"), the one with the lower `rank` is the first choice; "user" is who owns records,
      "activity" what people did.
    - `source_field`, `status_field`: what `source` and a bare table of stages mean.
    - `account_by`: for an object without a reference to accounts, the address field whose domain
      stands in for it.
    - `first_last`: of a person, the fields of first and last name.
    - `created`: the field that says when a record was made.
    - `changed_by`, `owned_by`: the references to the user who changed a record last, "" where the
      system doesn't tell, and to the one whose it is.
    - `forgets`: a feed that never tells what was deleted; that it is missing shows only in a read
      of everything.
    - `untold`: nothing shows that one was deleted: what is missing may be anywhere.
    - `count`: how many records there were, roughly, when the schema was pulled.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    plural: str = ""
    feed: Feed = "stamped"
    lag: float = 0.0
    keys: tuple[str, ...] = ()
    thing: str = ""
    rank: int = 0
    source_field: str = ""
    status_field: str = ""
    account_by: str = ""
    first_last: tuple[str, ...] = ()
    created: str = ""
    changed_by: str = ""
    owned_by: str = ""
    forgets: bool = False
    untold: bool = False
    creatable: bool = True
    updatable: bool = True
    deletable: bool = False
    custom: bool = False
    count: int | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {one.name: one for one in self.fields}

    @cached_property
    def by_role(self) -> Mapping[Role, Field]:
        """The fields that are something to an activity; the first of a role."""
        return {one.role: one for one in reversed(self.fields) if one.role}


@dataclass(frozen=True)
class Schema:
    """All that the language knows of a system.

    `identity` is the org in the system's own words, `login` the name of the login that sees it so,
    "" where nobody told; `taken` the time of the pull. `limits` are the calls a day by the
    connector's word for the endpoint; `read_page` is how many records a request reads,
    `write_batch` how many it writes at most.
    """

    system: str
    connector: str
    identity: str
    objects: tuple[Object, ...]
    taken: str = ""
    login: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    read_page: int = 100
    write_batch: int = 100

    @cached_property
    def by_name(self) -> Mapping[str, Object]:
        return {one.name: one for one in self.objects}

    def things(self, thing: str) -> tuple[Object, ...]:
        """The objects that are one `thing`, first choice first."""
        found = (one for one in self.objects if one.thing == thing)
        return tuple(sorted(found, key=lambda one: one.rank))


def to_json(schema: Schema) -> dict[str, Any]:
    """The schema as JSON data; what is at its default is left out so that the file stays short."""
    return {
        "system": schema.system,
        "connector": schema.connector,
        "identity": schema.identity,
        "taken": schema.taken,
        **({"login": schema.login} if schema.login else {}),
        "limits": dict(schema.limits),
        "read_page": schema.read_page,
        "write_batch": schema.write_batch,
        "objects": [
            {**_trim(one, Object), "fields": [_field_json(each) for each in one.fields]}
            for one in schema.objects
        ],
    }


NO_SCHEMA = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What `from_json` ends in where the data is no schema."""


def from_json(data: Mapping[str, Any]) -> Schema:
    """The inverse of `to_json`. Raises one of `NO_SCHEMA` where `data` is no schema: somebody may
    have merged or edited the file."""
    made = Schema(
        **{**_right(data, _OF_SCHEMA), "objects": tuple(_object(one) for one in data["objects"])}
    )
    if not all(type(one) is int for one in made.limits.values()):
        raise TypeError("a limit is no number")
    if made.read_page < 1 or made.write_batch < 1:
        raise ValueError("a request of no records")
    return made


def _object(one: Mapping[str, Any]) -> Object:
    made = Object(
        **{
            **_right(one, _OF_OBJECT),
            "keys": _words(one.get("keys", [])),
            "first_last": _words(one.get("first_last", [])),
            "fields": tuple(_field(each) for each in one["fields"]),
        }
    )
    if made.feed not in _FEEDS or not made.by_name.keys() >= set(made.keys):
        raise ValueError(f"{made.feed} {made.keys}")
    return made


def _right(data: Mapping[str, Any], kinds: Mapping[str, _Kinds]) -> Mapping[str, Any]:
    """`data` itself, where each of its attributes is known and of its kind."""
    for name, value in data.items():
        if type(value) not in kinds[name]:
            raise TypeError(name)
    return data


def _words(data: Any) -> tuple[str, ...]:
    if not all(type(one) is str for one in data):
        raise TypeError("a name is no text")
    return tuple(data)


def _trim(one: Object | Field, kind: type[Object] | type[Field]) -> dict[str, Any]:
    """The attributes that differ from their default."""
    defaults = {each.name: each.default for each in fields(kind)}
    plain = {name: getattr(one, name) for name in defaults}
    return {name: value for name, value in plain.items() if value != defaults[name]}


def _field_json(one: Field) -> dict[str, Any]:
    data = _trim(one, Field)
    if one.choices:
        data["choices"] = [
            {name: value for name, value in asdict(choice).items() if value not in ("", True)}
            for choice in one.choices
        ]
    return data


def _field(one: Mapping[str, Any]) -> Field:
    made = Field(
        **{
            **_right(one, _OF_FIELD),
            "choices": tuple(Choice(**_right(each, _OF_CHOICE)) for each in one.get("choices", [])),
            "references": _words(one.get("references", [])),
        }
    )
    if made.type not in _TYPES or made.format not in _FORMATS or made.role not in _ROLES:
        raise ValueError(f"{made.type} {made.format} {made.role}")
    return made


_Kinds = tuple[type, ...]
_TYPES, _FORMATS, _ROLES, _FEEDS = (
    frozenset(get_args(one)) for one in (FieldType, Format, Role, Feed)
)
_AS_JSON: Mapping[type, _Kinds] = {
    tuple: (list, tuple),
    float: (float, int),
    type(None): (int, type(None)),
}


def _kinds(kind: type) -> Mapping[str, _Kinds]:
    """Of what kind each attribute is in JSON: as its default; what has none is text."""
    return {
        one.name: (str,)
        if one.default is MISSING
        else _AS_JSON.get(type(one.default), (type(one.default),))
        for one in fields(kind)
    }


_OF_CHOICE, _OF_FIELD = _kinds(Choice), _kinds(Field)
_OF_OBJECT = {**_kinds(Object), "fields": (list,)}
_OF_SCHEMA = {**_kinds(Schema), "objects": (list,), "limits": (dict,)}
