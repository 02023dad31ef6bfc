"""The ends and turns of a record's life: delete, undelete, merge, and conversion of leads.

Knows what a merge or a conversion leaves behind; what goes with whom is in `standard.py`. Ordinary
saves are in `saves.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .errors import deleted, refused, whole
from .saves import Actor, allowed, create, held
from .schema import ObjectType
from .standard import CHILDREN
from .values import stamp

if TYPE_CHECKING:
    from .org import Org
    from .rows import Row, Table

_MOVED = (
    *(
        ("Contact", "AccountId"),
        ("Opportunity", "AccountId"),
        ("Task", "WhoId"),
        ("Task", "WhatId"),
    ),
    *(("Event", "WhoId"), ("Event", "WhatId"), ("Contact", "ReportsToId"), ("Account", "ParentId")),
    ("Note", "ParentId"),
)


def delete(org: Org, of: ObjectType, id: str, actor: Actor) -> None:
    """Puts a row into the bin, and with it an account's contacts and opportunities, and what people
    did with whom is deleted."""
    if not of.raw.get("deletable"):
        raise whole(405, "METHOD_NOT_ALLOWED", "HTTP Method 'DELETE' not allowed.")
    row = org.store.table(of).latest(id)
    if row is None or (id in org.unshared and not actor.unmasked):
        code = "INVALID_CROSS_REFERENCE_KEY"
        raise refused(code, "invalid cross reference id", status=404)
    if row.get("IsDeleted"):
        raise deleted()
    allowed(org, of, actor, "delete")
    if org.locks.get(id, 0.0) > org.clock.now():
        raise held(id)
    with org.store.attempt():
        for name, field in CHILDREN.get(of.name, ()):
            table = org.store.named(name)
            for child in sorted(table.matching(field, [id])):
                if not table.rows[child].get("IsDeleted"):
                    delete(org, table.of, child, replace(actor, unmasked=True))
                    org.went_with[child] = id
        org.went_with.pop(id, None)
        _touch(org, of, row, {"IsDeleted": True}, actor)


def invite(org: Org, event: str, user: str, actor: Actor) -> str:
    """Asks a colleague to an event, who gets a copy of it of their own; the copy's id."""
    table = org.store.named("Event")
    row = table.latest(event)
    if row is None or row.get("IsDeleted"):
        raise deleted()
    copy = {**row, "Id": table.new_id(), "OwnerId": user, "IsChild": True}
    _touch(org, table.of, copy, {}, actor)
    _touch(org, table.of, row, {"IsGroupEvent": True}, actor)
    return str(copy["Id"])


def purge(org: Org, of: ObjectType, id: str, actor: Actor) -> None:
    """Deletes a row past the bin, or empties it out of there, and what was deleted with it: nothing
    of them is left."""
    row = org.store.table(of).latest(id)
    if row is None or not row.get("IsDeleted"):
        delete(org, of, id, actor)
    for table, child in _went_with(org, of, id):
        purge(org, table.of, child, actor)
    org.went_with.pop(id, None)
    org.store.drop(org.store.table(of), id)


def undelete(org: Org, of: ObjectType, id: str, actor: Actor) -> None:
    """Takes a row out of the bin under its old id, and with it what was deleted with it, which is
    in no bin of its own. One that was merged away is itself again; what went over to the survivor
    stays there."""
    row = org.store.table(of).latest(id)
    if row is None or not row.get("IsDeleted") or id in org.went_with:
        raise refused("UNDELETE_FAILED", "entity is not in the recycle bin")
    own = {name: one for name, one in row.items() if name != "MasterRecordId"}
    _touch(org, of, own, {"IsDeleted": False}, actor)
    for table, child in _went_with(org, of, id):
        held = table.latest(child)
        del org.went_with[child]
        if held is not None and held.get("IsDeleted") and not held.get("MasterRecordId"):
            undelete(org, table.of, child, actor)


def _went_with(org: Org, of: ObjectType, id: str) -> list[tuple[Table, str]]:
    """What was deleted with a row."""
    return [
        (table, child)
        for table in (org.store.named(name) for name, _ in CHILDREN.get(of.name, ()))
        for child in sorted(one for one, parent in org.went_with.items() if parent == id)
        if table.latest(child) is not None
    ]


def merge(org: Org, of: ObjectType, winner: str, losers: list[str], actor: Actor) -> None:
    """Merges rows into another one, which gets their children and keeps its own values."""
    table = org.store.table(of)
    with org.store.attempt():
        for loser in losers:
            row = table.latest(loser)
            if row is None or row.get("IsDeleted"):
                raise refused("MERGE_FAILED", "entity is deleted")
            _touch(org, of, row, {"IsDeleted": True, "MasterRecordId": winner}, actor)
            _move(org, loser, winner, actor)
        kept = table.latest(winner)
        if kept is None or kept.get("IsDeleted"):
            raise refused("MERGE_FAILED", "entity is deleted")
        _touch(org, of, kept, {}, actor)


def convert(org: Org, lead: str, actor: Actor, *, opportunity: bool = False) -> str:
    """Converts a lead into a new contact of an account with the company's name; the contact's id.

    The account is found by name or made. Custom fields don't come along.
    """
    schema, table = org.schema, org.store.named("Lead")
    row = table.latest(lead)
    if row is None or row.get("IsDeleted") or row.get("IsConverted"):
        raise refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    with org.store.attempt():
        accounts = org.store.named("Account")
        found = accounts.matching("Name", [row["Company"]])
        live = sorted(id for id in found if not accounts.rows[id].get("IsDeleted"))
        account = live[0] if live else create(org, accounts.of, {"Name": row["Company"]}, actor)
        contacts = schema.objects["contact"]
        names = ("FirstName", "LastName", "Email", "Phone", "MobilePhone", "Title", "LeadSource")
        copied = {name: row[name] for name in names if name in row}
        contact = create(org, contacts, {**copied, "AccountId": account}, actor)
        change: dict[str, Any] = {
            "IsConverted": True,
            "ConvertedDate": stamp(org.clock.now())[:10],
            "ConvertedAccountId": account,
            "ConvertedContactId": contact,
            "Status": "Closed - Converted",
        }
        if opportunity:
            close = stamp(org.clock.now() + 30 * 86_400)[:10]
            body = {"Name": row["Company"], "StageName": "Prospecting", "CloseDate": close}
            made = create(org, schema.objects["opportunity"], {**body, "AccountId": account}, actor)
            change["ConvertedOpportunityId"] = made
        _touch(org, table.of, row, change, actor)
        _move(org, lead, contact, actor)
    return contact


def _move(org: Org, old: str, new: str, actor: Actor) -> None:
    """Hangs the children of one row under another."""
    for name, field in _MOVED:
        table = org.store.named(name)
        for child in sorted(table.matching(field, [old])):
            _touch(org, table.of, table.rows[child], {field: new}, actor)


def _touch(org: Org, of: ObjectType, row: Row, change: dict[str, Any], actor: Actor) -> None:
    now = org.clock.now()
    at = stamp(now)
    audit = {"LastModifiedDate": at, "LastModifiedById": actor.user, "SystemModstamp": at}
    delay = max(actor.delay, org.commit_delay)
    table = org.store.table(of)
    org.store.put(table, row["Id"], {**row, **change, **audit}, now + delay, now)
