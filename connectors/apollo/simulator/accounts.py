"""The account routes of the simulated Apollo: what each takes, finds, changes and answers.

Knows that single creates never look for a twin and bulk creates do, and that no reply tells when
an account was changed. Values and stamps are in `saves.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...base.values import domain
from .contacts import bulk_changes, give_owner, job
from .replies import no_such_id, unprocessable
from .rows import Row
from .saves import (
    ACCOUNT_BULK_CREATE,
    ACCOUNT_BULK_UPDATE,
    ACCOUNT_SINGLE,
    SOURCES,
    Saved,
    Values,
    account_values,
    save,
)
from .search import Params, Searchable, search
from .shapes import account
from .team import Team


def searched(team: Team, params: Params, id: str) -> object:
    """POST accounts/search."""
    what = Searchable(
        "accounts", "account", team.accounts, team.account_stages, "q_organization_name", True
    )
    return search(team, what, params, lambda row: account(row, _contacts(team, row)))


def shown(team: Team, params: Params, id: str) -> object:
    """GET accounts/{id}."""
    row = _one(team, id)
    return {"account": account(row, _contacts(team, row))}


def created(team: Team, params: Params, id: str) -> object:
    """POST accounts: the same domain twice makes two accounts."""
    return {"account": _shape(create(team, params.values, ACCOUNT_SINGLE))}


def updated(team: Team, params: Params, id: str) -> object:
    """PATCH accounts/{id}."""
    row = team.accounts.rows.get(id)
    if row is not None and row.deleted:
        raise unprocessable("Cannot update account as it is deleted.", deleted_account_ids=[id])
    saved = _change(team, _one(team, id), params.values, ACCOUNT_SINGLE)
    return {"account": _shape(saved), "labels": []}


def bulk_created(team: Team, params: Params, id: str) -> object:
    """POST accounts/bulk_create; here each item has its own owner."""
    items = params.values.get("accounts")
    if not isinstance(items, list):
        raise unprocessable(
            'Please provide an array of account attributes in the "accounts" parameter.'
        )
    if len(items) > 100:
        raise unprocessable("Please limit your array to 100 accounts or fewer.")
    for item in items:
        account_values(team, {}, item, ACCOUNT_BULK_CREATE)
        _named(item)
    new: list[dict[str, Any]] = []
    existing: dict[str, dict[str, Any]] = {}
    for item in items:
        twin = _match(team, item, params.values.get("run_dedupe") is True)
        if twin is not None:
            existing[twin.id] = account(twin)
        else:
            new.append(_shape(create(team, item, ACCOUNT_BULK_CREATE)))
    team.random.shuffle(new)
    return {"created_accounts": new, "existing_accounts": list(existing.values())}


def bulk_updated(team: Team, params: Params, id: str) -> object:
    """POST accounts/bulk_update: the reply tells ids and stages and nothing else."""
    changes = bulk_changes(params, "account")
    if params.values.get("async") is True and params.values.get("account_attributes"):
        raise unprocessable("Async processing is not permitted.")
    rows: list[Row] = []
    for one, fields in changes:
        row = team.accounts.here(one)
        if row is None:
            raise unprocessable(
                "Validation failed",
                error_details={"account_id": one, "field": "id", "message": "does not exist"},
            )
        rows.append(_change(team, row, fields, ACCOUNT_BULK_UPDATE).row)
    if len(changes) > 100:
        return job(team, "account_bulk_update", [row.id for row in rows])
    return {
        "accounts": [
            {"id": row.id, "account_stage_id": row.get("account_stage_id")} for row in rows
        ]
    }


def owners_updated(team: Team, params: Params, id: str) -> object:
    """POST accounts/update_owners."""
    return {
        "accounts": give_owner(
            team,
            params,
            team.accounts,
            "account_ids",
            lambda row, sent: _change(team, row, sent, ACCOUNT_BULK_UPDATE),
        )
    }


def create(
    team: Team, sent: Mapping[str, Any], takes: frozenset[str], source: str = "api"
) -> Saved:
    """A new account with the default stage and the acting user as its owner."""
    _named(sent)
    at = team.now()
    start: Values = {
        "account_stage_id": team.account_stages[0].id,
        "owner_id": team.users[0].id,
        "creator_id": team.users[0].id,
        "source": source,
        "original_source": source,
        "source_display_name": SOURCES.get(source, source),
    }
    values, errors = account_values(team, start, sent, takes)
    values.setdefault("name", values.get("domain"))
    row = Row(team.ids.new(at), at, at + 20 + team.random.randrange(50), values)
    return Saved(team.put(team.accounts, row), errors)


def _change(team: Team, row: Row, sent: Mapping[str, Any], takes: frozenset[str]) -> Saved:
    return save(team, team.accounts, row, lambda old: account_values(team, old, sent, takes))


def _shape(saved: Saved) -> dict[str, Any]:
    return {**account(saved.row), "custom_field_errors": dict(saved.errors)}


def _contacts(team: Team, row: Row) -> int:
    return team.contacts.counted(f"account {row.id}")


def _named(sent: Mapping[str, Any]) -> None:
    if not (sent.get("name") or sent.get("domain")):
        raise unprocessable("Please specify at least a name or domain.")


def _one(team: Team, id: str) -> Row:
    row = team.accounts.rows.get(id)
    if row is None:
        if len(id) != 24:
            raise no_such_id(id)
        raise unprocessable("Oops! This account does not exist in Apollo.")
    if row.deleted:
        raise unprocessable("This account has been deleted.")
    return row


def _match(team: Team, sent: Mapping[str, Any], dedupe: bool) -> Row | None:
    """The account that a bulk create takes this one for: ids in other systems always; domain,
    company id and name with `run_dedupe`."""
    terms = [f"salesforce_id {str(sent.get('salesforce_id') or '').casefold()}"]
    if dedupe:
        terms.append(f"domain {domain(sent.get('domain')) or ''}")
        terms.append(f"organization_id {str(sent.get('organization_id') or '').casefold()}")
        terms.append(f"name {str(sent.get('name') or '').strip().casefold()}")
    for term in terms:
        for row in team.accounts.found(term):
            return row
    return None
