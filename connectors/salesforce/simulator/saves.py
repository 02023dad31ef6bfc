"""What happens when a record is saved: the rules in the order Salesforce applies them.

Unknown and read-only fields, required ones, types, references, defaults, derived fields, the
customer's validation and duplicate rules, unique keys, locks; then the stamps. Deletions, merges
and conversions are in `lives.py`, the rules' data in `org.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .derived import Save, derive
from .errors import Problem, Refused, deleted, no_column, refused
from .rights import Right
from .schema import Field, ObjectType
from .values import compared, converted, full_id, stamp

if TYPE_CHECKING:
    from .org import DuplicateRule, Org
    from .rows import Row

_NOT_EDITABLE = (
    "Unable to create/update fields: {}. Please check the security settings of this field and "
    "verify that it is read/write for your profile or permission set."
)

_NOT_ALLOWED: Mapping[Right, tuple[str, str]] = {
    "create": ("INSUFFICIENT_ACCESS", "entity type cannot be inserted: {}"),
    "edit": ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"),
    "delete": ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who saves, and how. `unmasked`: field-level security doesn't apply (a person at the screen).

    `allow_duplicates` and `assign` are what the headers of a request say. `delay` is how many
    seconds after its stamp the save is committed.
    """

    user: str
    unmasked: bool = False
    allow_duplicates: bool = False
    assign: bool = True
    delay: float = 0.0


def create(org: Org, of: ObjectType, body: Mapping[str, Any], actor: Actor) -> str:
    """Saves a new row and returns its id. Raises `Refused`."""
    if not of.raw.get("createable"):
        raise refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted")
    allowed(org, of, actor, "create")
    given = _fields(org, of, body, actor, "createable")
    blank = [one.name for one in of.fields.values() if one.required and _blank(given.get(one.name))]
    if blank:
        raise _missing(blank)
    row: Row = {}
    _fill(org, of, row, given, actor)
    if of.name == "Lead" and org.lead_owner and actor.assign:
        row["OwnerId"] = org.lead_owner
    _defaults(of, row, given, actor)
    now = stamp(org.clock.now())
    row |= {"CreatedDate": now, "CreatedById": actor.user}
    id = org.store.table(of).new_id()
    _finish(org, of, Save({"Id": id, **row}, None, given, now), actor)
    return id


def update(org: Org, of: ObjectType, id: str, body: Mapping[str, Any], actor: Actor) -> None:
    """Saves a changed row; one without changes gets new stamps too. Raises `Refused`."""
    old = org.store.table(of).latest(id)
    if old is None or (id in org.unshared and not actor.unmasked):
        key = "INVALID_CROSS_REFERENCE_KEY"
        raise refused(key, "invalid cross reference id", status=404)
    if old.get("IsDeleted"):
        raise deleted()
    if old.get("IsConverted") and of.name == "Lead" and not org.edit_converted:
        raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    allowed(org, of, actor, "edit")
    given = _fields(org, of, body, actor, "updateable")
    blank = [name for name, raw in given.items() if of.fields[name].required and _blank(raw)]
    if blank:
        raise _missing(blank)
    row = dict(old)
    _fill(org, of, row, given, actor)
    _finish(org, of, Save(row, old, given, stamp(org.clock.now())), actor)


def allowed(org: Org, of: ObjectType, actor: Actor, right: Right) -> None:
    """Refuses what the profile of the user who saves doesn't allow with any row of the object."""
    if not actor.unmasked and not org.schema.rights.may(right, of.name):
        code, text = _NOT_ALLOWED[right]
        raise refused(code, text.format(of.name))


def _fields(
    org: Org, of: ObjectType, body: Mapping[str, Any], actor: Actor, right: str
) -> dict[str, Any]:
    """The body by the fields' own names, less what may not be written."""
    given: dict[str, Any] = {}
    closed: list[str] = []
    for key, value in body.items():
        if key == "attributes":
            continue
        raw = value
        field = of.by_lower.get(key.lower()) if actor.unmasked else org.schema.field(of, key)
        if field is None:
            field, raw = _by_external_id(org, of, key, value)
        if field.name == "Id":
            if right == "createable":
                code = "INVALID_FIELD_FOR_INSERT_UPDATE"
                raise refused(code, "cannot specify Id in an insert call", "Id")
            raise refused(
                "INVALID_FIELD", "The Id field should not be specified in the sobject data."
            )
        locked = not (actor.unmasked or org.schema.editable(of, field))
        if locked or not getattr(field, right):
            closed.append(field.name)
        given[field.name] = raw
    if closed:
        message = _NOT_EDITABLE.format(", ".join(closed))
        raise refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, *closed)
    return given


def _by_external_id(org: Org, of: ObjectType, key: str, raw: Any) -> tuple[Field, Any]:
    """A reference that is written as `"Account": {"Key__c": "42"}`. Where it points to several
    objects, `"attributes": {"type": "Lead"}` says to which."""
    field = of.relationship(key)
    if field is None or not isinstance(raw, dict):
        raise no_column(key, of.name)
    named = {name: value for name, value in raw.items() if name != "attributes"}
    meant = str((raw.get("attributes") or {}).get("type", "")).lower()
    for target in field.refs:
        if meant not in ("", target.lower()):
            continue
        other = org.schema.get(target)
        if other is None or len(named) != 1:
            continue
        name, value = next(iter(named.items()))
        found = org.schema.field(other, name)
        if found is None or not found.key:
            continue
        for id in org.store.table(other).matching(found.name, [value]):
            return field, id
        message = (
            f"Foreign key external ID: {value} not found for field {found.name} in entity "
            f"{other.name}"
        )
        raise refused("INVALID_FIELD", message)
    raise no_column(key, of.name)


def _fill(org: Org, of: ObjectType, row: Row, given: Mapping[str, Any], actor: Actor) -> None:
    """Puts converted values into a row, and checks what references point to."""
    for name, raw in given.items():
        field = of.fields[name]
        value = converted(field, raw, typed=actor.unmasked)
        if value is not None and field.type == "reference":
            _points(org, of, field, value)
            if value != row.get(name) and value in org.unshared and not actor.unmasked:
                raise _no_access(value)
        if value is None:
            row.pop(name, None)
        else:
            row[name] = value


def _points(org: Org, of: ObjectType, field: Field, id: str) -> None:
    """Refuses a reference to what isn't there, or an owner who has left."""
    targets = [org.schema.get(name) for name in field.refs]
    known = [one for one in targets if one is not None]
    if len(known) < len(field.refs) and all(one.prefix != id[:3] for one in known):
        return  # it may belong to an object that this org has no description of
    if all(one.prefix != id[:3] for one in known):
        raise refused(
            "MALFORMED_ID", f"{field.label}: id value of incorrect type: {id}", field.name
        )
    found = org.store.find(id)
    if found is None:
        raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name)
    _, row = found
    if row.get("IsDeleted"):
        raise _no_access(id)
    if field.name == "OwnerId" and id.startswith("005") and not row.get("IsActive"):
        message = (
            f"operation performed with inactive user [{id[:15]}] as owner of {of.name.lower()}"
        )
        raise refused("INACTIVE_OWNER_OR_USER", message)


def _no_access(id: str) -> Refused:
    code = "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    return refused(code, f"insufficient access rights on cross-reference id: {id[:15]}")


def _defaults(of: ObjectType, row: Row, given: Mapping[str, Any], actor: Actor) -> None:
    for field in of.fields.values():
        if field.name in row or field.default in (None, False):
            continue
        if field.name not in given or not field.nillable:
            row[field.name] = field.default
    if "OwnerId" in of.fields:
        row.setdefault("OwnerId", actor.user)


def _finish(org: Org, of: ObjectType, save: Save, actor: Actor) -> None:
    """The checks on the record as a whole, and the save."""
    row, old, at, now = save.row, save.old, save.at, org.clock.now()
    for one in org.automations:
        if one.object == of.name:
            row |= one.sets(row)
    derive(org, of, save)
    failed = [rule for rule in org.validations if rule.object == of.name and rule.fails(row)]
    if failed:
        problems = (
            Problem(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                rule.message,
                (rule.field,) if rule.field else (),
            )
            for rule in failed
        )
        raise Refused(400, *problems)
    _duplicates(org, of, row, old, actor)
    _unique(org, of, row, old)
    _locks(org, of, row, old, actor)
    row |= {"LastModifiedDate": at, "LastModifiedById": actor.user, "SystemModstamp": at}
    delay = max(actor.delay, org.commit_delay)
    org.store.put(org.store.table(of), row["Id"], row, now + delay, now)


def _duplicates(org: Org, of: ObjectType, row: Row, old: Row | None, actor: Actor) -> None:
    for rule in org.duplicates:
        if rule.object != of.name or (actor.allow_duplicates and rule.allow_save):
            continue
        values = [row.get(name) for name in rule.fields]
        if None in values or (old is not None and values == [old.get(n) for n in rule.fields]):
            continue
        table = org.store.table(of)
        found = set.intersection(
            *(
                table.matching(name, [value])
                for name, value in zip(rule.fields, values, strict=True)
            )
        )
        ids = [id for id in sorted(found - {row["Id"]}) if not table.rows[id].get("IsDeleted")]
        if ids:
            text, result = "Use one of these records?", _matches(of, rule, ids)
            problem = Problem("DUPLICATES_DETECTED", text, None, {"duplicateResut": result})
            raise Refused(400, problem)


def _matches(of: ObjectType, rule: DuplicateRule, ids: list[str]) -> dict[str, Any]:
    """What a single record's refusal tells of the records that match."""
    path = f"/services/data/v59.0/sobjects/{of.name}"
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {"attributes": {"type": of.name, "url": f"{path}/{id}"}, "Id": id},
        }
        for id in ids
    ]
    return {
        "allowSave": rule.allow_save,
        "duplicateRule": f"Standard_{of.name}_Duplicate_Rule",
        "duplicateRuleEntityType": of.name,
        "errorMessage": "Use one of these records?",
        "matchResults": [
            {
                "entityType": of.name,
                "errors": [],
                "matchEngine": "FuzzyMatchEngine",
                "matchRecords": records,
                "rule": f"Standard_{of.name}_Match_Rule_v1_0",
                "size": len(records),
                "success": True,
            }
        ],
    }


def _unique(org: Org, of: ObjectType, row: Row, old: Row | None) -> None:
    table = org.store.table(of)
    for field in of.fields.values():
        value = row.get(field.name)
        if not field.unique or value is None or (old is not None and old.get(field.name) == value):
            continue
        for id in table.matching(field.name, [value]):
            if id != row["Id"] and not table.rows[id].get("IsDeleted"):
                message = (
                    f"duplicate value found: {field.name} duplicates value on record with id: "
                    f"{id[:15]}"
                )
                raise refused("DUPLICATE_VALUE", message)


def _locks(org: Org, of: ObjectType, row: Row, old: Row | None, actor: Actor) -> None:
    """Somebody else's save holds the record or one that it points to. A person's save that is not
    committed yet holds its record against programs; another person waits for it."""
    if old is not None and not actor.unmasked and row["Id"] in org.store.table(of).waiting:
        raise held(row["Id"])
    if not org.locks:
        return
    now = org.clock.now()
    touched = {row["Id"]} if old is not None else set()
    touched |= {
        row[one.name] for one in of.fields.values() if one.type == "reference" and one.name in row
    }
    for id in touched:
        if org.locks.get(id, 0.0) > now:
            raise held(id)


def held(id: str) -> Refused:
    """The answer to a save or a deletion while another save holds a record."""
    message = f"unable to obtain exclusive access to this record or 1 records: {id[:15]}"
    return refused("UNABLE_TO_LOCK_ROW", message)


def same_row(org: Org, of: ObjectType, field: Field, value: Any) -> list[str]:
    """Ids of the rows that an external id or a lookup key names."""
    if field.name == "Id":
        whole = full_id(str(value))
        return [whole] if whole in org.store.table(of).rows else []
    table = org.store.table(of)
    found = table.matching(field.name, [compared(value)])
    return sorted(id for id in found if not table.rows[id].get("IsDeleted"))


def _blank(raw: Any) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip())


def _missing(names: list[str]) -> Refused:
    message = f"Required fields are missing: [{', '.join(names)}]"
    return refused("REQUIRED_FIELD_MISSING", message, *names)
