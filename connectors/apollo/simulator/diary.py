"""The routes of the simulated Apollo that list emails, meetings and notes, which no request writes.

Knows which mail the documented search shows, and that notes are asked for by what they are about.
The calendar, and mail of connected mailboxes or from others, are served in a shape of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...base.values import text
from .calls import within
from .replies import Refusal, no_such_id, stamp, unprocessable
from .rows import Row, Table
from .saves import Values, known_id, moment_in, owner_id, save, without_blanks
from .search import Params, pagination, paging
from .team import Team

_EMAIL: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("user_id", "status", "type", "from_email", "from_name", "to_email", "to_name"),
            *("subject", "body_text", "body_html", "due_at", "completed_at", "failed_at"),
            *("failure_reason", "not_sent_reason", "reply_class", "contact_id", "account_id"),
            *("emailer_campaign_id", "campaign_name", "emailer_step_id", "email_account_id"),
            *("provider_message_id", "provider_thread_id", "crm_id"),
        )
    ),
    "bounce": False,
    "spam_blocked": False,
    "replied": False,
    "recipients": [],
    "cc_emails": [],
    "bcc_emails": [],
}
_MEETING: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("user_id", "contact_id", "account_id", "subject", "description", "location"),
            *("start_time", "end_time", "series_id"),
        )
    ),
    "guests": [],
    "cancelled": False,
}
_NOTE: dict[str, Any] = {
    **dict.fromkeys(("user_id", "content", "contact_id", "account_id")),
    "pinned_to_top": False,
    "system": False,
    "crm_notes": [],
}
_TIMES = ("start_time", "end_time", "due_at", "completed_at", "failed_at")
_PARENTS = ("contact", "account", "opportunity")


def emails(team: Team, params: Params, id: str) -> object:
    """GET or POST emailer_messages/search: without a count, in no order that anybody promised.

    The documented search knows only what was sent through Apollo; `mailbox_messages` is ours.
    """
    page, per_page = paging(team, params)
    mode = str(params.values.get("emailer_message_date_range_mode") or "due_at")
    found = within(team.emails.searched("", team.now()), params, "emailer_message_date_range", mode)
    if params.values.get("mailbox_messages") not in (True, "true"):
        found = [row for row in found if not (row.get("inbound") or row.get("connected_mailbox"))]
    users = params.ids("user_ids")
    if users:
        found = [row for row in found if row.get("user_id") in users]
    start = (page - 1) * per_page
    shown = [_email(row) for row in found[start : start + per_page]]
    return {"emailer_messages": shown, "emailer_steps": [], "breadcrumbs": []}


def meetings(team: Team, params: Params, id: str) -> object:
    """POST calendar_events/search."""
    page, per_page = paging(team, params)
    order = str(params.values.get("sort_by_field") or "")
    rows = list(team.meetings.searched(order if order in team.meetings.orders else "", team.now()))
    if params.values.get("sort_ascending") not in (True, "true"):
        rows.reverse()
    start = (page - 1) * per_page
    return {
        "calendar_events": [_meeting(row) for row in rows[start : start + per_page]],
        "pagination": pagination(params, page, per_page, len(rows)),
    }


def meeting(team: Team, params: Params, id: str) -> object:
    """GET calendar_events/{id}."""
    row = team.meetings.rows.get(id)
    if row is None:
        raise no_such_id(id)
    if row.deleted:
        raise unprocessable("This calendar event has been deleted.")
    return {"calendar_event": _meeting(row)}


def notes(team: Team, params: Params, id: str) -> object:
    """GET notes: only by what they are about, in steps of `skip` and `limit`."""
    wanted = [
        f"{name} {one}"
        for name in _PARENTS
        for one in (*params.ids(f"{name}_id"), *params.ids(f"{name}_ids"))
    ]
    if not wanted:
        raise Refusal(400, {"error": "Please provide at least one parent filter."})
    found = {row.id: row for term in wanted for row in team.notes.searched_term(term, team.now())}
    by_change = params.values.get("sort_by_field") == "updated_at"
    rows = sorted(
        found.values(), key=lambda row: (row.updated if by_change else row.created, row.id)
    )
    if params.values.get("sort_direction") != "asc":
        rows.reverse()
    skip = int(params.values.get("skip") or 0)
    limit = min(int(params.values.get("limit") or 25), 100)
    return {"notes": [_note(row) for row in rows[skip : skip + limit]]}


def create(team: Team, object: str, sent: Mapping[str, Any]) -> Row:
    """An email, meeting or note that somebody's mailbox, calendar or hand has made."""
    at = team.now()
    start: Values = {"user_id": team.users[0].id}
    if object == "email":
        start |= {"status": "completed", "type": "outreach_manual_email", "completed_at": stamp(at)}
    row = Row(team.ids.new(at), at, at, _values(team, start, sent))
    team.happened(row)
    return team.put(table(team, object), row)


def change(team: Team, object: str, row: Row, sent: Mapping[str, Any]) -> Row:
    """An email, meeting or note after `sent`."""
    changed = save(team, table(team, object), row, lambda old: (_values(team, old, sent), {})).row
    if object == "note":
        team.happened(changed)
    return changed


def table(team: Team, object: str) -> Table:
    return {"email": team.emails, "meeting": team.meetings, "note": team.notes}[object]


def shape(object: str) -> Callable[[Row], dict[str, Any]]:
    """How rows of an object look on the wire."""
    return {"email": _email, "meeting": _meeting, "note": _note}[object]


def _email(row: Row) -> dict[str, Any]:
    shown = {**_EMAIL, **row.values, "id": row.id, "created_at": stamp(row.created)}
    ends = ((row.get("to_email"), row.get("to_name"), "to"),)
    shown["recipients"] = [
        {"email": one, "raw_name": name, "recipient_type_cd": kind, "user_id": None}
        for one, name, kind in ends
        if one
    ]
    return shown


def _meeting(row: Row) -> dict[str, Any]:
    times = {"created_at": stamp(row.created), "updated_at": stamp(row.updated)}
    return {**_MEETING, **row.values, "id": row.id, **times}


def _note(row: Row) -> dict[str, Any]:
    shown = {**_NOTE, **row.values, "id": row.id}
    for name in _PARENTS:
        shown[f"{name}_ids"] = [row.get(f"{name}_id")] if row.get(f"{name}_id") else []
    return {**shown, "created_at": stamp(row.created), "updated_at": stamp(row.updated)}


def _values(team: Team, old: Mapping[str, Any], given: Mapping[str, Any]) -> Values:
    """The values after `given`: times and ids are checked, all else is kept as it comes."""
    values = {**old, **given}
    for name in _TIMES:
        if name in given:
            values[name] = moment_in(given[name])
    if given.get("user_id"):
        values["user_id"] = owner_id(team, given["user_id"])
    for name, of in (("contact", team.contacts), ("account", team.accounts)):
        if f"{name}_id" in given:
            values[f"{name}_id"] = known_id(given[f"{name}_id"], of)
    for name in ("subject", "body_text", "content", "description", "location"):
        if name in given:
            values[name] = text(given[name])
    return without_blanks(values)
