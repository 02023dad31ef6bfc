"""The objects and fields of the simulated org, kept as the JSON that a describe answers with.

Knows how a line of `standard.py` or a recorded description becomes a field, what the running user
is not shown, and when descriptions last changed. Doesn't know values (`values.py`) or rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from . import standard
from .rights import Right, Rights

Json = dict[str, Any]

_LINE = re.compile(
    r"""(?P<name>\w+)\s+(?P<type>\w+)
        (?:\s+(?P<size>\d+)(?:\.(?P<scale>\d+))?)?
        (?:\s+(?P<flags>[CUNDIRXLH]+))?
        (?:\s+part\ of\s+(?P<part>\w+))?
        (?:\s+->\s*(?P<refs>\w+(?:\s*,\s*\w+)*)(?:\s+as\s+(?P<relation>\w+))?)?
        (?:\s+=\s*(?P<values>.+))?$""",
    re.VERBOSE,
)
_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_LOCKED = {"createable": False, "updateable": False}
MASTER_RECORD_TYPE = "012000000000000AAA"


@dataclass(frozen=True, slots=True)
class Field:
    """A field as saves and queries need it; `raw` is its description in full, `text` its JSON.

    `values` are the active values of a picklist, `refs` the objects a reference may point to.
    `required`: a create without it is refused.
    """

    name: str
    label: str
    type: str
    length: int
    createable: bool
    updateable: bool
    filterable: bool
    sortable: bool
    required: bool
    nillable: bool
    restricted: bool
    unique: bool
    key: bool
    precision: int
    scale: int
    default: Any
    values: tuple[str, ...]
    refs: tuple[str, ...]
    relationship: str
    compound: str
    raw: Json
    text: str

    @staticmethod
    def of(raw: Json) -> Field:
        """The field that a description tells of."""
        picks = raw.get("picklistValues") or []
        default = raw.get("defaultValue")
        if default is None:
            default = next((one["value"] for one in picks if one.get("defaultValue")), None)
        return Field(
            name=raw["name"],
            label=raw.get("label") or raw["name"],
            type=raw["type"],
            length=raw.get("length") or 0,
            createable=bool(raw.get("createable")),
            updateable=bool(raw.get("updateable")),
            filterable=bool(raw.get("filterable", True)),
            sortable=bool(raw.get("sortable", True)),
            required=bool(
                raw.get("createable")
                and not raw.get("nillable", True)
                and not raw.get("defaultedOnCreate")
                and raw["type"] != "boolean"
            ),
            nillable=bool(raw.get("nillable", True)),
            restricted=bool(raw.get("restrictedPicklist")),
            unique=bool(raw.get("unique")),
            key=bool(raw.get("externalId") or raw.get("idLookup")),
            precision=raw.get("precision") or raw.get("digits") or 0,
            scale=raw.get("scale") or 0,
            default=default,
            values=tuple(one["value"] for one in picks if one.get("active", True)),
            refs=tuple(raw.get("referenceTo") or ()),
            relationship=raw.get("relationshipName") or "",
            compound=raw.get("compoundFieldName") or "",
            raw=raw,
            text=spelled(raw),
        )


class ObjectType:
    """An object and its fields; names are looked up without regard to case."""

    def __init__(self, raw: Json, fields: Iterable[Field]) -> None:
        self.raw = raw
        self.name: str = raw["name"]
        self.label: str = raw["label"]
        self.prefix: str = raw.get("keyPrefix") or ""
        self.fields: dict[str, Field] = {}
        self.by_lower: dict[str, Field] = {}
        for one in fields:
            self.add(one)

    def copy(self) -> ObjectType:
        """The same object, to which fields can be added apart."""
        made = ObjectType({**self.raw}, ())
        made.fields, made.by_lower = dict(self.fields), dict(self.by_lower)
        return made

    def add(self, field: Field) -> None:
        """A field more, or another one in its place."""
        self.fields[field.name] = field
        self.by_lower[field.name.lower()] = field

    def relationship(self, name: str) -> Field | None:
        """The reference that is followed by a relationship name (`Owner`, `Partner__r`)."""
        lower = name.lower()
        return next(
            (one for one in self.fields.values() if one.relationship.lower() == lower), None
        )


class Described(dict[str, Any]):
    """A description. Its JSON is put together from that of the fields, which is the most of it."""

    def __init__(self, head: Json, fields: Sequence[Field]) -> None:
        super().__init__({**head, "fields": [one.raw for one in fields]})
        self._fields = fields

    def spelled(self) -> str:
        """The JSON of all of it."""
        head = spelled({key: one for key, one in self.items() if key != "fields"})
        return f'{head[:-1]}, "fields": [{", ".join(one.text for one in self._fields)}]}}'


class Schema:
    """All objects. `hidden` are (object, field) pairs that field-level security keeps from
    everybody, `locked` those that are shown but can't be edited; `rights` are those of each user.
    """

    def __init__(self, objects: Iterable[ObjectType], changed: float = 0.0) -> None:
        self.objects = {one.name.lower(): one for one in objects}
        self.by_prefix = {one.prefix: one for one in self.objects.values() if one.prefix}
        self.hidden: set[tuple[str, str]] = set()
        self.locked: set[tuple[str, str]] = set()
        self.rights = Rights()
        self.changed = changed

    def __iter__(self) -> Iterator[ObjectType]:
        """The objects that the running user may read."""
        return (one for one in self.objects.values() if self.rights.may("read", one.name))

    def get(self, name: str) -> ObjectType | None:
        """An object by its name, None where there is none or the running user may not read it."""
        found = self.objects.get(name.lower())
        return found if found is not None and self.rights.may("read", found.name) else None

    def field(self, of: ObjectType, name: str) -> Field | None:
        """A field by its name, None where there is none or the running user is not shown it."""
        found = of.by_lower.get(name.lower())
        return found if found is not None and self._is_shown(of, found) else None

    def shown(self, of: ObjectType) -> list[Field]:
        """The fields that the running user is shown."""
        return [one for one in of.fields.values() if self._is_shown(of, one)]

    def editable(self, of: ObjectType, field: Field) -> bool:
        """Whether field-level security lets the running user write a field that is shown."""
        locked = (of.name, field.name) in self.locked
        return not locked and self.rights.may("edit", of.name, field.name)

    def _is_shown(self, of: ObjectType, field: Field) -> bool:
        hidden = (of.name, field.name) in self.hidden
        return not hidden and self.rights.may("read", of.name, field.name)

    def add_field(self, object_name: str, line: str, now: float) -> Field:
        """A field more, in the notation of `standard.py`, from `now` on."""
        of = self.objects[object_name.lower()]
        field = Field.of(field_json(line))
        of.add(field)
        self.changed = now
        return field

    def add_object(self, one: standard.Standard, now: float) -> ObjectType:
        """A custom object, in the notation of `standard.py`, from `now` on."""
        of = _standard(one).copy()
        self.objects[of.name.lower()] = self.by_prefix[of.prefix] = of
        self.changed = now
        return of

    def describe(self, of: ObjectType, version: str) -> Described:
        """What `/sobjects/X/describe` answers."""
        shown = [
            one if self.editable(of, one) else Field.of({**one.raw, **_LOCKED})
            for one in self.shown(of)
        ]
        urls = {
            key: path.replace("/vxx.0/", f"/v{version}/") for key, path in of.raw["urls"].items()
        }
        return Described({**of.raw, **self._flags(of), "urls": urls}, shown)

    def brief(self, of: ObjectType, version: str) -> Json:
        """The entry of an object in the list of all."""
        base = f"/services/data/v{version}/sobjects/{of.name}"
        urls = {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"}
        return {**{key: of.raw.get(key) for key in _BRIEF}, **self._flags(of), "urls": urls}

    def _flags(self, of: ObjectType) -> Json:
        """What the running user may do with rows of an object."""
        words: tuple[tuple[str, Right], ...] = (
            ("createable", "create"),
            ("updateable", "edit"),
            ("deletable", "delete"),
        )
        return {
            flag: bool(of.raw.get(flag)) and self.rights.may(right, of.name)
            for flag, right in words
        }


def spelled(data: Any, indent: int | None = None) -> str:
    """Data as the JSON of a reply."""
    return json.dumps(data, ensure_ascii=False, indent=indent) if indent else _spell(data)


_spell = json.JSONEncoder(ensure_ascii=False).encode


def build(folder: Path | None, changed: float) -> Schema:
    """The objects of `standard.py`, and those of a folder of recorded descriptions in their place
    or beside them. Opting out and do-not-call are hidden, as they are in a fresh org."""
    objects = {one.name: _standard(one).copy() for one in standard.OBJECTS}
    if folder is not None:
        for path in sorted(folder.glob("*.json")):
            raw = json.loads(path.read_text(encoding="utf-8"))
            objects[raw["name"]] = ObjectType(raw, map(Field.of, raw["fields"]))
    schema = Schema(objects.values(), changed)
    schema.hidden |= {
        (of.name, name) for of in schema for name in standard.HIDDEN if name in of.fields
    }
    return schema


@cache
def _standard(one: standard.Standard) -> ObjectType:
    """An object as all simulators begin with it. Fields are never changed, so they may share
    them."""
    raw = object_json(one)
    return ObjectType(raw, map(Field.of, raw["fields"]))


def object_json(one: standard.Standard) -> Json:
    """An object of `standard.py` as a describe answers it."""
    lines = [*(line for line in one.fields.strip().splitlines() if line.strip())]
    audit = [line for line in standard.AUDIT if one.deletable or not line.startswith("IsDeleted")]
    path = f"/services/data/vxx.0/sobjects/{one.name}"
    writable = bool(one.writable)
    return {
        "actionOverrides": [],
        "activateable": False,
        "childRelationships": [
            {
                "cascadeDelete": True,
                "childSObject": child,
                "deprecatedAndHidden": False,
                "field": field,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": None,
                "restrictedDelete": False,
            }
            for child, field in standard.CHILDREN.get(one.name, ())
        ],
        "compactLayoutable": True,
        "createable": writable,
        "custom": one.name.endswith("__c"),
        "customSetting": False,
        "deepCloneable": False,
        "deletable": one.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": writable,
        "fields": [field_json(line) for line in [*lines, *audit]],
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": one.prefix,
        "label": one.label or _label(one.name),
        "labelPlural": one.plural or f"{one.label or _label(one.name)}s",
        "layoutable": True,
        "mergeable": one.name in ("Lead", "Contact", "Account"),
        "mruEnabled": True,
        "name": one.name,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "queryable": True,
        "recordTypeInfos": [
            {
                "active": True,
                "available": True,
                "defaultRecordTypeMapping": True,
                "developerName": "Master",
                "master": True,
                "name": "Master",
                "recordTypeId": MASTER_RECORD_TYPE,
                "urls": {"layout": f"{path}/describe/layouts/{MASTER_RECORD_TYPE}"},
            }
        ],
        "replicateable": True,
        "retrieveable": True,
        "searchLayoutable": True,
        "searchable": True,
        "supportedScopes": [{"label": f"All {one.name}s", "name": "everything"}],
        "triggerable": writable,
        "undeletable": one.deletable,
        "updateable": writable,
        "urls": {"sobject": path, "describe": f"{path}/describe", "rowTemplate": f"{path}/{{ID}}"},
    }


def field_json(line: str) -> Json:
    """A field in the notation of `standard.py` as a describe answers it."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise ValueError(f"no field: {line!r}")
    name, kind, flags = found["name"], found["type"], found["flags"] or ""
    size, scale = int(found["size"] or 0), int(found["scale"] or 0)
    text = kind not in _SOAP
    long = "L" in flags or kind == "address"
    custom = name.endswith("__c")
    values = [one.strip() for one in (found["values"] or "").split(",") if one.strip()]
    refs = [one.strip() for one in (found["refs"] or "").split(",") if one.strip()]
    length = 18 if kind in ("id", "reference") else size if text else 0
    return {
        "aggregatable": not long and kind != "boolean",
        "aiPredictionField": False,
        "autoNumber": False,
        "byteLength": length * 3 if text else length,
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": False,
        "caseSensitive": False,
        "compoundFieldName": found["part"],
        "controllerName": None,
        "createable": "C" in flags,
        "custom": custom,
        "defaultValue": False if kind == "boolean" else None,
        "defaultValueFormula": None,
        "defaultedOnCreate": "D" in flags,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": size if kind == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": "X" in flags,
        "extraTypeInfo": "personname" if found["part"] == "Name" else None,
        "filterable": "L" not in flags,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": not long and kind != "datetime",
        "highScaleNumber": False,
        "htmlFormatted": "H" in flags,
        "idLookup": "I" in flags or "X" in flags or kind == "id",
        "inlineHelpText": None,
        "label": _label(name),
        "length": length,
        "mask": None,
        "maskType": None,
        "name": name,
        "nameField": name in ("Name", "Subject"),
        "namePointing": len(refs) > 1,
        "nillable": "N" in flags,
        "permissionable": "N" in flags,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": one.endswith("*"),
                "label": one.rstrip("*"),
                "validFor": None,
                "value": one.rstrip("*"),
            }
            for one in values
        ],
        "polymorphicForeignKey": len(refs) > 1,
        "precision": size if kind in ("double", "currency", "percent") else 0,
        "queryByDistance": kind == "address",
        "referenceTargetField": None,
        "referenceTo": refs,
        "relationshipName": found["relation"],
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": "R" in flags,
        "scale": scale,
        "searchPrefilterable": False,
        "soapType": _SOAP.get(kind, "xsd:string"),
        "sortable": not long,
        "type": kind,
        "unique": "X" in flags,
        "updateable": "U" in flags,
        "writeRequiresMasterRead": False,
    }


def _label(name: str) -> str:
    """`AnnualRevenue` as people see it: `Annual Revenue`; `OwnerId` is `Owner ID`."""
    plain = name.removesuffix("__c").replace("_", " ")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    return re.sub(r"\bId\b", "ID", words)


_BRIEF = (
    *("activateable", "createable", "custom", "customSetting", "deepCloneable", "deletable"),
    *("deprecatedAndHidden", "feedEnabled", "hasSubtypes", "isSubtype", "keyPrefix", "label"),
    *("labelPlural", "layoutable", "mergeable", "mruEnabled", "name", "queryable"),
    *("replicateable", "retrieveable", "searchable", "triggerable", "undeletable", "updateable"),
)
