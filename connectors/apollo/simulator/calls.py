"""The call routes of the simulated Apollo: what each takes, finds, changes and answers.

Knows that calls are searched by the day they began, that none is shown by its id, and that a
status is not spelled as it is written. Only a master key may come here: see `server.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...base.values import text
from .replies import no_such_id, unprocessable
from .rows import Row
from .saves import Values, known_id, moment_in, owner_id, save, without_blanks
from .search import Params, pagination, paging
from .team import Team

STATUS = ("queued", "ringing", "in-progress", "completed", "no_answer", "failed", "busy")
_TEXTS = ("to_number", "from_number", "phone_call_purpose_id", "phone_call_outcome_id", "note")
_TIMES = ("start_time", "end_time")
_TAKES = frozenset(
    {*_TEXTS, *_TIMES, "logged", "user_id", "contact_id", "account_id", "status", "duration"}
)
_CALL: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("user_id", "account_id", "contact_id", "phone_call_outcome_id", "start_time"),
            *("phone_call_purpose_id", "recording_url", "from_number", "to_number", "end_time"),
            *("note", "note_text", "status", "outreach_task_id", "salesforce_id", "hubspot_id"),
            *("opportunity_id", "duration"),
        )
    ),
    "inbound": False,
    "logged": False,
    "voicemail_dropped": False,
    "transcribed": False,
}


def searched(team: Team, params: Params, id: str) -> object:
    """GET phone_calls/search: by the day of the start, in no order that anybody promised."""
    page, per_page = paging(team, params)
    rows = within(team.calls.searched("", team.now()), params, "date_range", "start_time")
    users = params.ids("user_ids")
    if users:
        rows = [row for row in rows if row.get("user_id") in users]
    if params.values.get("inbound") in ("true", "false"):
        inbound = params.values["inbound"] == "true"
        rows = [row for row in rows if bool(row.get("inbound")) is inbound]
    start = (page - 1) * per_page
    return {
        "phone_calls": [shape(row) for row in rows[start : start + per_page]],
        "pagination": pagination(params, page, per_page, len(rows)),
    }


def within(rows: Any, params: Params, range: str, name: str) -> list[Row]:
    """The rows whose moment `name` is on a day of the range that the request gives, if it does."""
    first = str(params.values.get(f"{range}[min]") or "")
    last = str(params.values.get(f"{range}[max]") or "")
    if not first and not last:
        return list(rows)
    return [
        row
        for row in rows
        if row.get(name)
        and first <= row.get(name)[:10]
        and (not last or row.get(name)[:10] <= last)
    ]


def created(team: Team, params: Params, id: str) -> object:
    """POST phone_calls."""
    return {"phone_call": shape(create(team, _taken(params)))}


def updated(team: Team, params: Params, id: str) -> object:
    """PUT phone_calls/{id}: what it doesn't name stays."""
    row = team.calls.here(id)
    if row is None:
        if len(id) != 24:
            raise no_such_id(id)
        raise unprocessable("Oops! This phone call does not exist in Apollo.")
    return {"phone_call": shape(change(team, row, _taken(params)))}


def create(team: Team, sent: Mapping[str, Any]) -> Row:
    """A new call; whoever it was with has had an activity."""
    at = team.now()
    row = Row(team.ids.new(at), at, at, _values(team, {"user_id": team.users[0].id}, sent))
    team.happened(row)
    return team.put(team.calls, row)


def change(team: Team, row: Row, sent: Mapping[str, Any]) -> Row:
    """A call after `sent`."""
    return save(team, team.calls, row, lambda old: (_values(team, old, sent), {})).row


def shape(row: Row) -> dict[str, Any]:
    """A call as all its routes show it: without a time of making or changing."""
    shown = {**_CALL, **row.values, "id": row.id, "note_text": row.get("note")}
    shown["status"] = (row.get("status") or "").replace("_", "-") or None
    return shown


def _taken(params: Params) -> dict[str, Any]:
    """What a request may say; only people at the screen say more."""
    return {name: one for name, one in params.values.items() if name in _TAKES}


def _values(team: Team, old: Mapping[str, Any], given: Mapping[str, Any]) -> Values:
    values = dict(old)
    for name in _TEXTS:
        if name in given:
            values[name] = text(given[name])
    for name in _TIMES:
        if name in given:
            values[name] = moment_in(given[name])
    if given.get("user_id"):
        listed = given["user_id"] if isinstance(given["user_id"], list) else [given["user_id"]]
        values["user_id"] = owner_id(team, listed[0])
    for name, table in (("contact_id", team.contacts), ("account_id", team.accounts)):
        if name in given:
            values[name] = known_id(given[name], table)
    if given.get("status"):
        if given["status"] not in STATUS:
            raise unprocessable(f"Parameters misconfigured. {given['status']} is not a status")
        values["status"] = given["status"]
    if "duration" in given:
        values["duration"] = int(given["duration"]) if given["duration"] not in ("", None) else None
    for name in ("logged", "inbound", "outreach_task_id", "opportunity_id", "voicemail_dropped"):
        if name in given:
            values[name] = given[name]
    return without_blanks(values)
