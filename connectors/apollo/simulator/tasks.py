"""The task routes of the simulated Apollo: what each takes, finds, changes and answers.

Knows that a PATCH of a scheduled task resets what it doesn't name, that a task which is done takes
hardly anything any more, and that completing is an endpoint of its own. Calls are in `calls.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...base.values import text
from .replies import no_such_id, stamp, unprocessable
from .rows import Row
from .saves import Values, ids_of, known_id, moment_in, owner_id, save, without_blanks
from .search import Params, pagination, paging
from .team import Team

TYPES = frozenset(
    {
        *("call", "outreach_manual_email", "linkedin_step_connect", "linkedin_step_message"),
        *("linkedin_step_view_profile", "linkedin_step_interact_post", "action_item"),
    }
)
"""What a create may make; others were seen on tasks that Apollo made itself."""
CLOSED = ("completed", "skipped")
_STATUS = ("scheduled", *CLOSED)
_PRIORITIES = ("high", "medium", "low")
_TAKES = frozenset(
    {"user_id", "contact_id", "type", "status", "due_at", "priority", "title", "note"}
)
_TAKES_OPEN = _TAKES | {"creator_id", "call_script"}
_TAKES_CLOSED = frozenset({"note", "contact_id"})
_PAGES = (25, 50, 100)
_TASK: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("emailer_campaign_id", "user_id", "completed_at", "note", "skipped_at", "due_at"),
            *("type", "priority", "status", "answered", "contact_id", "person_id", "account_id"),
            *("organization_id", "subject", "salesforce_type", "salesforce_id", "hubspot_id"),
            *("opportunity_id", "title", "rule_config_id", "creator_id", "completed_by_user_id"),
        )
    ),
    "persona_ids": [],
    "starred_by_user_ids": [],
    "created_from": "zp_ui",
    "recommended": False,
}


def searched(team: Team, params: Params, id: str) -> object:
    """POST tasks/search: no sorting by change, and no word on when a task was changed."""
    if params.values.get("per_page") and int(params.values["per_page"]) not in _PAGES:
        raise unprocessable("Per page not supported")
    page, per_page = paging(team, params)
    order = str(params.values.get("sort_by_field") or "")
    rows = list(team.tasks.searched(order if order in team.tasks.orders else "", team.now()))
    contacts, accounts = params.ids("contact_ids"), params.ids("account_ids")
    if contacts:
        rows = [row for row in rows if row.get("contact_id") in contacts]
    if accounts:
        rows = [row for row in rows if _account(team, row) in accounts]
    if params.values.get("sort_ascending") not in (True, "true"):
        rows.reverse()
    start = (page - 1) * per_page
    return {
        "tasks": [shape(team, row) for row in rows[start : start + per_page]],
        "breadcrumbs": [],
        "pagination": pagination(params, page, per_page, len(rows)),
        "faceting": {"task_types": [], "task_priorities": [], "users": []},
        "pipeline_total": len(rows),
        "num_fetch_result": None,
    }


def shown(team: Team, params: Params, id: str) -> object:
    """GET tasks/{id}."""
    return {"task": shape(team, _one(team, id))}


def created(team: Team, params: Params, id: str) -> object:
    """POST tasks."""
    sent = {name: one for name, one in params.values.items() if name in _TAKES}
    return {"task": shape(team, create(team, sent))}


def bulk_created(team: Team, params: Params, id: str) -> object:
    """POST tasks/bulk_create: one task for each contact, none of them with a title."""
    contacts = ids_of({"contact_ids": params.ids("contact_ids")}, "contact_ids")
    shared = {name: one for name, one in params.values.items() if name in _TAKES - {"title"}}
    for one in contacts:
        known_id(one, team.contacts)
    made = [create(team, {**shared, "contact_id": one}) for one in contacts]
    return {"success": True, "tasks": [shape(team, row) for row in made]}


def updated(team: Team, params: Params, id: str) -> object:
    """PATCH tasks/{id}. A scheduled task gets the usual priority and us as its creator where the
    request doesn't name them; of one that is done all but note and contact stay."""
    row = _one(team, id)
    if row.get("status") in CLOSED:
        return {"task": shape(team, change(team, row, params.values, _TAKES_CLOSED))}
    usual = {"priority": "medium", "creator_id": team.users[0].id}
    return {"task": shape(team, change(team, row, {**usual, **params.values}, _TAKES_OPEN))}


def completed(team: Team, params: Params, id: str) -> object:
    """POST tasks/{id}/complete."""
    return _ended(team, params, id, "completed")


def skipped(team: Team, params: Params, id: str) -> object:
    """POST tasks/{id}/skip."""
    return _ended(team, params, id, "skipped")


def create(team: Team, sent: Mapping[str, Any]) -> Row:
    """A new task. Without a status it has none."""
    if not sent.get("type") or not sent.get("user_id"):
        raise unprocessable("type and user can not be blank")
    for name in ("contact_id", "due_at"):
        if not sent.get(name):
            raise unprocessable(f"Required parameter '{name}' missing")
    at = team.now()
    start = {"creator_id": team.users[0].id, "priority": "medium"}
    values = _values(team, start, sent)
    if values.get("status") == "completed":
        values["completed_at"] = at
    return team.put(team.tasks, Row(team.ids.new(at), at, at, values))


def change(team: Team, row: Row, sent: Mapping[str, Any], takes: frozenset[str]) -> Row:
    """A task after `sent`, of which it takes what `takes` names."""
    given = {name: one for name, one in sent.items() if name in takes}
    return save(team, team.tasks, row, lambda old: (_values(team, old, given), {})).row


def by_hand(team: Team, row: Row, sent: Mapping[str, Any]) -> Row:
    """A task after what a person did to it at the screen, who may also open it again."""
    status = sent.get("status", row.get("status"))
    marks = dict.fromkeys(("completed_at", "completed_by_user_id", "skipped_at"))
    if status in CLOSED and status != row.get("status"):
        row = end(team, row, str(status), str(row.get("user_id")))
    elif status not in CLOSED:
        kept = without_blanks({**row.values, **marks})
        row = save(team, team.tasks, row, lambda old: (kept, {})).row
    return change(team, row, sent, _TAKES_OPEN)


def end(team: Team, row: Row, status: str, user: str, note: str | None = None) -> Row:
    """A task that `user` has completed or skipped."""
    values: Values = {**row.values, "status": status, f"{status}_at": team.now()}
    if status == "completed":
        values["completed_by_user_id"] = user
        team.happened(row)
    if note is not None:
        values["note"] = note
    return save(team, team.tasks, row, lambda old: (values, {})).row


def shape(team: Team, row: Row) -> dict[str, Any]:
    """A task as all its routes show it; nothing tells when it was changed."""
    shown = {**_TASK, **row.values, "id": row.id, "created_at": stamp(row.created)}
    for name in ("completed_at", "skipped_at"):
        if row.get(name) is not None:
            shown[name] = stamp(row.get(name))
    if row.get("due_at"):
        shown["due_at"] = f"{row.get('due_at')[:-1]}+00:00"
    contact = team.contacts.here(str(row.get("contact_id") or ""))
    if contact is not None:
        names = ("first_name", "last_name", "title", "email", "account_id")
        shown["contact"] = {"id": contact.id, **{name: contact.get(name) for name in names}}
        shown["account_id"] = contact.get("account_id")
    return shown


def _account(team: Team, row: Row) -> Any:
    contact = team.contacts.here(str(row.get("contact_id") or ""))
    return contact.get("account_id") if contact is not None else None


def _values(team: Team, old: Mapping[str, Any], given: Mapping[str, Any]) -> Values:
    """The values of a task after `given`. Raises the 422 of an id that isn't the team's."""
    values = dict(old)
    for name in ("title", "note", "call_script"):
        if name in given:
            values[name] = text(given[name])
    for name in ("user_id", "creator_id"):
        if given.get(name):
            values[name] = owner_id(team, given[name])
    if given.get("contact_id"):
        values["contact_id"] = known_id(given["contact_id"], team.contacts)
    for name, listed in (("type", TYPES), ("status", _STATUS), ("priority", _PRIORITIES)):
        if given.get(name):
            if given[name] not in listed:
                raise unprocessable(f"Parameters misconfigured. {given[name]} is not a {name}")
            values[name] = given[name]
    if given.get("due_at"):
        values["due_at"] = moment_in(given["due_at"])
    return without_blanks(values)


def _ended(team: Team, params: Params, id: str, status: str) -> object:
    row = team.tasks.rows.get(id)
    if row is not None and row.deleted:
        return {"task": {"id": id, "deleted": True}}
    row = _one(team, id)
    if row.get("status") in CLOSED:
        raise unprocessable(
            "This task is already completed / skipped.", allow_moving_to_next_task=True
        )
    note = text(params.values.get("note"))
    return {"task": shape(team, end(team, row, status, team.users[0].id, note))}


def _one(team: Team, id: str) -> Row:
    row = team.tasks.rows.get(id)
    if row is None:
        if len(id) != 24:
            raise no_such_id(id)
        raise unprocessable("Oops! This task does not exist in Apollo.")
    if row.deleted:
        raise unprocessable("This task has been deleted. Please refresh your page.")
    return row
