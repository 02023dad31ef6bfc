"""What Apollo's replies to writes tell about each write: the outcomes.

Knows that bulk creates answer without telling which item is which, and that custom fields are left
out of a record that is accepted. What is sent is in `writes.py`; what errors mean, in
`refusals.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..base import values
from ..base.contract import Outcome, Write
from ..base.values import folded, identifier
from .describe import Catalog, canonical, changed_at
from .fields import Row
from .refusals import (
    BAD_ID,
    CUSTOM_FIELD,
    GONE,
    HIDDEN,
    NAME_TAKEN,
    NO_ADDRESS,
    NO_SCOPE,
    NOT_YOURS,
    UNKNOWN_ID,
    Complaint,
)


def accepted(
    catalog: Catalog, call: str, writes: Sequence[Write], data: Mapping[str, Any]
) -> list[Outcome]:
    """The outcomes of a request that was accepted."""
    plural, _, action = call.partition("/")
    if action == "bulk_create":
        return _created(
            catalog,
            writes,
            data.get(f"created_{plural}") or [],
            data.get(f"existing_{plural}") or [],
        )
    if action == "update":
        row = data.get(plural.removesuffix("s"))
        if row is None:
            return [Outcome(writes[0].ref, "unknown", writes[0].id, message="an odd reply")]
        return [done(catalog, writes[0], row)]
    rows = {identifier(row["id"]): row for row in data.get(plural) or ()}
    bare = plural == "accounts"
    return [
        Outcome(one.ref, "unknown", one.id, message="not named in the reply")
        if one.id not in rows
        else (Outcome(one.ref, "done", one.id) if bare else done(catalog, one, rows[one.id]))
        for one in writes
    ]


def done(catalog: Catalog, write: Write, row: Row) -> Outcome:
    """The outcome of a write from the record as the reply has it.

    Apollo accepts a record and leaves out custom fields that don't fit, and an address that it
    takes for none. An update is then refused with those fields, and its others have arrived; a
    create is done, since the record is there, and carries code and fields all the same. Of a record
    that was made, all is told that the reply has: Apollo gives it an owner and a stage of its own
    choice.
    """
    made = write.action == "create"
    forms = catalog.forms(write.object, {*write.fields, "stage"} if made else write.fields)
    held = canonical(row, forms, forms if made else write.fields)
    errors = row.get("custom_field_errors") or {}
    wrong = {
        name: str(errors[forms[name].key])
        for name in write.fields
        if name in forms and forms[name].custom is not None and forms[name].key in errors
    }
    code = CUSTOM_FIELD if wrong else ""
    address = write.fields.get("email") if write.object == "contact" else None
    if address is not None and not values.same("email")(address, held.get("email")):
        wrong["email"], code = f"Apollo takes {address!r} for no address", code or NO_ADDRESS
    in_part = bool(wrong) and write.action == "update"
    return Outcome(
        write.ref,
        "refused" if in_part else "done",
        identifier(row["id"]),
        held,
        code,
        "; ".join(wrong.values()),
        tuple(wrong),
        arrived=tuple(name for name in write.fields if name not in wrong) if in_part else (),
        stamp=changed_at(row),
    )


def _created(
    catalog: Catalog, writes: Sequence[Write], created: list[Row], existing: list[Row]
) -> list[Outcome]:
    """The outcomes of a bulk create: nothing in the reply tells which record belongs to which
    write, so they are paired by address or domain, then by name."""
    object = writes[0].object
    pool = {identifier(row["id"]): row for row in created}
    keyed = {key: row for row in created for key in _keys_of(object, row)}
    paired: dict[int, Row] = {}
    for one in writes:
        row = keyed.get(_key_of(one))
        if row is not None and pool.pop(identifier(row["id"]), None) is not None:
            paired[one.ref] = row
    for one in writes:
        row = None
        if one.ref not in paired:
            row = next((row for row in pool.values() if _named_alike(one, row)), None)
        if row is not None:
            paired[one.ref] = pool.pop(identifier(row["id"]))
    return [
        _existed(catalog, one, existing)
        if one.ref not in paired
        else done(catalog, one, paired[one.ref])
        for one in writes
    ]


def _existed(catalog: Catalog, write: Write, existing: list[Row]) -> Outcome:
    """The outcome of a create for which Apollo made no record."""
    for row in existing:
        if _key_of(write) in _keys_of(write.object, row):
            forms = catalog.forms(write.object, write.fields)
            held = canonical(row, forms, write.fields)
            return Outcome(write.ref, "existed", identifier(row["id"]), held)
    for row in existing:
        if _same_name(write, row):
            id = identifier(row["id"])
            if _key_of(write) and _keys_of(write.object, row):
                text = f"Apollo takes it for {id}, which has the same name"
                return Outcome(write.ref, "refused", code=NAME_TAKEN, message=text)
            return Outcome(write.ref, "existed", id)
    return Outcome(write.ref, "unknown", message="not named in the reply")


def refused(write: Write, wrong: Complaint) -> Outcome:
    """The outcome of a write that a refusal is about: `gone` only where its own record is."""
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
        rights=wrong.code in (NO_SCOPE, HIDDEN, NOT_YOURS),
    )


def named_in(write: Write, wrong: Complaint) -> bool:
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
