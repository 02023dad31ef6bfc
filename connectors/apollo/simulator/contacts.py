"""The contact routes of the simulated Apollo: what each takes, finds, changes and answers.

Knows the order in which `run_dedupe` matches, that single creates overwrite what they match and
bulk creates don't, and how deleted contacts answer. Values and stamps are in `saves.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .replies import no_such_id, stamp, unprocessable
from .rows import Row, Table
from .saves import (
    CONTACT_BULK_CREATE,
    CONTACT_BULK_UPDATE,
    CONTACT_SINGLE,
    SOURCES,
    Saved,
    Values,
    contact_values,
    ids_of,
    owner_id,
    save,
    stage_id,
)
from .search import Params, Searchable, search
from .shapes import contact
from .team import Team, name_term

_FREE = ("gmail.com", "outlook.com", "yahoo.com", "web.de", "hotmail.com")


def searched(team: Team, params: Params, id: str) -> object:
    """POST contacts/search."""
    what = Searchable(
        "contacts", "contact", team.contacts, team.contact_stages, "q_keywords", False
    )
    return search(team, what, params, lambda row: contact(team, row))


def shown(team: Team, params: Params, id: str) -> object:
    """GET contacts/{id}."""
    return {"contact": {**contact(team, _one(team, id)), "disable_flag": None}}


def created(team: Team, params: Params, id: str) -> object:
    """POST contacts. With `run_dedupe` what it matches is overwritten, without a word."""
    sent = params.values
    twin = _match(team, sent) if sent.get("run_dedupe") is True else None
    if twin is None:
        saved = create(team, sent, CONTACT_SINGLE)
        return {"contact": _shape(team, saved), "labels": []}
    row, reason = twin
    saved = _change(team, row, sent, CONTACT_SINGLE)
    found = {"found_existing": True, "match_reason": reason, "existing_contact_id": row.id}
    return {"contact": _shape(team, saved), "labels": [], "dedupe_result": found}


def updated(team: Team, params: Params, id: str) -> object:
    """PATCH contacts/{id}."""
    row = team.contacts.rows.get(id)
    if row is not None and row.deleted:
        raise _deleted(id)
    saved = _change(team, _one(team, id), params.values, CONTACT_SINGLE)
    return {"contact": _shape(team, saved), "labels": []}


def bulk_created(team: Team, params: Params, id: str) -> object:
    """POST contacts/bulk_create: nothing tells which reply belongs to which item."""
    items = params.values.get("contacts")
    if not isinstance(items, list):
        raise unprocessable('Please provide an array of contacts in the "contact_attributes".')
    if len(items) > 100:
        raise unprocessable("Please limit your array to 100 contacts or fewer.")
    shared: Values = {}
    if params.values.get("owner_id"):
        shared["owner_id"] = owner_id(team, params.values["owner_id"])
    for item in items:
        contact_values(team, {}, item, CONTACT_BULK_CREATE)
    new: list[dict[str, Any]] = []
    existing: dict[str, dict[str, Any]] = {}
    for item in items:
        twin = _match(team, item) if params.values.get("run_dedupe") is True else None
        if twin is not None:
            existing[twin[0].id] = contact(team, twin[0])
        else:
            own = {name: one for name, one in item.items() if name != "owner_id"}
            new.append(_shape(team, create(team, {**own, **shared}, CONTACT_BULK_CREATE)))
    team.random.shuffle(new)
    return {"created_contacts": new, "existing_contacts": list(existing.values())}


def bulk_updated(team: Team, params: Params, id: str) -> object:
    """POST contacts/bulk_update: up to 100 at once, above that a job that nobody can follow."""
    changes = bulk_changes(params, "contact")
    rows: list[dict[str, Any]] = []
    for one, fields in changes:
        row = team.contacts.rows.get(one)
        if row is not None and row.deleted:
            raise _deleted(one)
        if row is None:
            raise unprocessable(
                "Validation failed",
                error_details={"contact_id": one, "field": "id", "message": "does not exist"},
            )
        rows.append(_shape(team, _change(team, row, fields, CONTACT_BULK_UPDATE)))
    if len(changes) > 100 or params.values.get("async") is True:
        return job(team, "contact_bulk_update", [one for one, _ in changes])
    return {"contacts": rows}


def stages_updated(team: Team, params: Params, id: str) -> object:
    """POST contacts/update_stages: ids that are gone are left out of the reply."""
    ids = params_ids(params, "contact_ids")
    stage = params.values.get("contact_stage_id")
    if not stage:
        raise unprocessable("Required parameter 'contact_stage_id' missing")
    stage_id(team.contact_stages, stage)
    rows = [row for row in map(team.contacts.here, ids) if row is not None]
    return {
        "contacts": [
            _shape(team, _change(team, row, {"contact_stage_id": stage}, CONTACT_SINGLE))
            for row in rows
        ]
    }


def owners_updated(team: Team, params: Params, id: str) -> object:
    """POST contacts/update_owners."""
    return {
        "contacts": give_owner(
            team,
            params,
            team.contacts,
            "contact_ids",
            lambda row, sent: _change(team, row, sent, CONTACT_BULK_UPDATE),
        )
    }


def give_owner(
    team: Team,
    params: Params,
    table: Table,
    name: str,
    change: Callable[[Row, Mapping[str, Any]], object],
) -> list[dict[str, Any]]:
    """Gives records of `table` to the user that the request names, and shows what is shown of each;
    `name` is the parameter with their ids. Ids that nobody has are left out."""
    ids = params_ids(params, name)
    owner = params.values.get("owner_id")
    if not owner:
        raise unprocessable("Required parameter 'owner_id' missing")
    owner_id(team, owner)
    rows = [row for row in map(table.here, ids) if row is not None]
    for row in rows:
        change(row, {"owner_id": owner})
    return [{"id": row.id, "owner_id": owner, "crm_owner_id": None} for row in rows]


def create(
    team: Team, sent: Mapping[str, Any], takes: frozenset[str], source: str = "api"
) -> Saved:
    """A new contact with all that Apollo makes up: stage, owner, source, perhaps a company."""
    at = team.now()
    start: Values = {
        "contact_stage_id": team.contact_stages[0].id,
        "owner_id": team.users[0].id,
        "creator_id": team.users[0].id,
        "source": source,
        "original_source": source,
        "source_display_name": SOURCES.get(source, source),
    }
    values, errors = contact_values(team, start, sent, takes)
    if team.guesses and not values.get("organization_name"):
        host = str(values.get("email") or "").rpartition("@")[2].lower()
        if host and host not in _FREE:
            values["organization_name"] = host.partition(".")[0].replace("-", " ").title()
            values["organization_id"] = team.ids.new(at)
    late = 20 + team.random.randrange(50)
    row = Row(team.ids.new(at), at, at + late, values)
    return Saved(team.put(team.contacts, row), errors)


def bulk_changes(params: Params, word: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The (id, fields) of a bulk update, in either of its two forms."""
    values = params.values
    items = values.get(f"{word}_attributes")
    if isinstance(items, list) and items:
        changes = [(str(one.get("id")), one) for one in items]
    elif values.get(f"{word}_ids"):
        changes = [(one, values) for one in params.ids(f"{word}_ids")]
    else:
        raise unprocessable(f"Please provide either {word}_ids or {word}_attributes")
    if len(changes) > 1000:
        raise unprocessable("Please limit your array to fewer than 1000.")
    return changes


def job(team: Team, kind: str, ids: list[str]) -> dict[str, Any]:
    """What a bulk update says that goes on after its reply."""
    at = stamp(team.now())
    return {
        "entity_progress_job": {
            "id": team.ids.new(team.now()),
            "job_type": kind,
            "status": "pending",
            "entity_ids": ids,
            "created_at": at,
            "updated_at": at,
        }
    }


def params_ids(params: Params, name: str) -> list[str]:
    """A required list of ids, from body or query."""
    return ids_of({name: params.ids(name)}, name)


def _change(team: Team, row: Row, sent: Mapping[str, Any], takes: frozenset[str]) -> Saved:
    return save(team, team.contacts, row, lambda old: contact_values(team, old, sent, takes))


def _shape(team: Team, saved: Saved) -> dict[str, Any]:
    return {**contact(team, saved.row), "custom_field_errors": dict(saved.errors)}


def _one(team: Team, id: str) -> Row:
    row = team.contacts.rows.get(id)
    if row is None:
        if len(id) != 24:
            raise no_such_id(id)
        raise unprocessable("Oops! This contact does not exist in Apollo.")
    if row.deleted:
        raise unprocessable("This contact has been deleted.")
    return row


def _deleted(id: str) -> Exception:
    return unprocessable("Cannot update contact as it is deleted.", deleted_contact_ids=[id])


def _match(team: Team, sent: Mapping[str, Any]) -> tuple[Row, str] | None:
    """The contact that `run_dedupe` takes this one for, and why: the first hit in Apollo's order,
    id, ids in other systems, person, address, then name together with company."""
    named = team.contacts.here(str(sent.get("id") or ""))
    if named is not None:
        return named, "id_match"
    for name in ("salesforce_lead_id", "salesforce_contact_id", "person_id"):
        if sent.get(name):
            for row in team.contacts.found(f"{name} {sent[name]}"):
                return row, "crm_id_match"
    email = str(sent.get("email") or "").strip().casefold()
    if email:
        for row in team.contacts.found(f"email {email}"):
            return row, "email_match"
    if not (sent.get("first_name") and sent.get("last_name")):
        return None
    company = str(sent.get("organization_name") or "").strip().casefold()
    host = email.rpartition("@")[2]
    for row in team.contacts.found(name_term(sent["first_name"], sent["last_name"])):
        theirs = str(row.get("email") or "").casefold().rpartition("@")[2]
        if company and str(row.get("organization_name") or "").casefold() == company:
            return row, "name_and_company_match"
        if host and host not in _FREE and theirs == host:
            return row, "name_and_company_match"
    return None
