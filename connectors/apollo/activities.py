"""What people did, as Apollo keeps it: tasks, calls, emails, meetings and notes, and their fields.

Knows how each is described and how its fields read. Which requests bring them is in
`activity_feeds.py`, which write them in `activity_writes.py`. Contacts, accounts, deals and users
are in `fields.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..base import values
from ..base.schema import Feed, Field, Object, Role
from ..base.values import Value
from .fields import (
    ID,
    Form,
    Row,
    boolean_of,
    choice_form,
    form_of,
    moment_of,
    number_of,
    reference_form,
    text_form,
    text_of,
)

HEADING = 80
"""Characters of a note's first line that stand for the subject that notes don't have."""


def _as(
    role: Role, form: Form, means: Mapping[str, str] | None = None, *, required: bool = False
) -> Form:
    """The form of a field that is something to an activity; `means` says what its values stand
    for."""
    known = means or {}
    choices = tuple(replace(one, means=known.get(one.value, "")) for one in form.field.choices)
    return replace(form, field=replace(form.field, role=role, required=required, choices=choices))


def _listed(
    name: str, label: str, known: Iterable[str], read: Callable[[Row], Value], rights: str = ""
) -> Form:
    """A choice that has no values but these."""
    form = form_of(name, label, read, "choice", choices=tuple(known), rights=rights)
    return replace(form, field=replace(form.field, restricted=True))


def _told(name: str, label: str, known: Iterable[str], read: Callable[[Row], Value]) -> Form:
    """A choice of ours, which Apollo only tells in a way of its own."""
    form = _listed(name, label, known, read)
    return replace(form, field=replace(form.field, derived=True))


def _moment(name: str, label: str, rights: str = "") -> Form:
    return form_of(name, label, moment_of(name), "datetime", rights=rights)


def _flag(name: str, label: str, rights: str = "") -> Form:
    return form_of(name, label, boolean_of(name), "boolean", rights=rights)


def _yes(name: str, label: str, holds: Callable[[Row], bool]) -> Form:
    return form_of(name, label, holds, "boolean", derived=True)


# ---- tasks --------------------------------------------------------------------------------------

TASK_STATUS = {"scheduled": "open", "completed": "done", "skipped": ""}
"""A task may also have none: then it was made without a status, and waits like a scheduled one."""
TASK_TYPE = {
    "call": "call",
    "outreach_manual_email": "email",
    "linkedin_step_connect": "social",
    "linkedin_step_message": "social",
    "linkedin_step_view_profile": "social",
    "linkedin_step_interact_post": "social",
    "action_item": "task",
    # Creates don't name these, but tasks that have them were seen.
    "contact_call": "call",
    "account_call": "call",
    "contact_action_item": "task",
    "account_action_item": "task",
    "linkedin_actions": "social",
}
TASK_PRIORITY = {"high": "high", "medium": "normal", "low": "low"}


def _task_open(row: Row) -> bool:
    return row.get("status") not in ("completed", "skipped")


# A create has to name user, contact, type, status and due time; the connector fills in a due time.
# A PATCH takes the same and the creator while a task is scheduled; afterwards only note and
# contact.
TASK: tuple[Form, ...] = (
    ID,
    _as("subject", text_form("title", "Title", "CU")),
    _as("text", text_form("note", "Note", "CU")),
    _as(
        "kind",
        form_of("type", "Type", text_of("type"), "choice", choices=tuple(TASK_TYPE), rights="CU"),
        TASK_TYPE,
        required=True,
    ),
    _as(
        "status",
        _listed("status", "Status", TASK_STATUS, text_of("status"), "CU"),
        TASK_STATUS,
        required=True,
    ),
    _as("open", _yes("open", "Open", _task_open)),
    _as("done", _yes("completed", "Completed", lambda row: row.get("status") == "completed")),
    _as(
        "priority",
        _listed("priority", "Priority", TASK_PRIORITY, text_of("priority"), "CU"),
        TASK_PRIORITY,
    ),
    _as("when", _moment("due_at", "Due at", "CU")),
    _moment("completed_at", "Completed at"),
    _moment("skipped_at", "Skipped at"),
    _as("owner", reference_form("user", "Assigned to", "user", "CU"), required=True),
    reference_form("creator", "Creator", "user", "U"),
    reference_form("completed_by_user", "Completed by", "user"),
    _as("person", reference_form("contact", "Contact", "contact", "CU"), required=True),
    # No write names the account: it is the contact's.
    _as("account", reference_form("account", "Account", "account")),
    reference_form("opportunity", "Deal", "opportunity"),
    text_form("subject", "Subject of the email"),
    text_form("emailer_campaign_id", "Sequence"),
    text_form("created_from", "Made from"),
    text_form("salesforce_id", "Salesforce task"),
    _moment("created_at", "Created at"),
)

# ---- calls --------------------------------------------------------------------------------------

CALL_STATUS = {
    "queued": "open",
    "ringing": "open",
    "in-progress": "open",
    "completed": "done",
    "no-answer": "done",
    "failed": "done",
    "busy": "done",
}
"""A call that reached nobody is over, too. Writes spell `no-answer` with an underscore."""
DIRECTION = ("outgoing", "incoming")


def _direction(row: Row) -> str | None:
    inbound = values.boolean(row.get("inbound"))
    return None if inbound is None else DIRECTION[inbound]


def _call_status(row: Row) -> Value:
    told = values.text(row.get("status"))
    return None if told is None else told.replace("_", "-")


def _call_subject(row: Row) -> Value:
    direction = _direction(row)
    return "Call" if direction is None else f"{direction.title()} call"


def _call_note(row: Row) -> Value:
    note = row.get("note")
    return values.text(row.get("note_text")) or (prose(note) if isinstance(note, str) else None)


CALL: tuple[Form, ...] = (
    ID,
    _as("kind", _told("kind", "Kind", ("call",), lambda row: "call"), {"call": "call"}),
    # Calls have no subject, and other systems list activities by it.
    _as("subject", form_of("subject", "Subject", _call_subject, derived=True)),
    _as("text", form_of("note", "Note", _call_note, rights="CU")),
    _told("direction", "Direction", DIRECTION, _direction),
    _as("status", _listed("status", "Status", CALL_STATUS, _call_status, "CU"), CALL_STATUS),
    _flag("logged", "Logged by hand", "CU"),
    _as("when", _moment("start_time", "Start", "CU")),
    _as("end", _moment("end_time", "End", "CU")),
    form_of(
        "duration", "Duration in seconds", number_of("duration"), "number", "integer", rights="CU"
    ),
    text_form("from_number", "From", "CU", "phone"),
    text_form("to_number", "To", "CU", "phone"),
    text_form("phone_call_purpose_id", "Purpose", "CU"),
    text_form("phone_call_outcome_id", "Outcome", "CU"),
    _flag("voicemail_dropped", "Voicemail left"),
    text_form("recording_url", "Recording", "", "url"),
    _as("owner", reference_form("user", "Caller", "user", "CU")),
    _as("person", reference_form("contact", "Contact", "contact", "CU")),
    _as("account", reference_form("account", "Account", "account", "CU")),
    reference_form("opportunity", "Deal", "opportunity"),
    # The task that led to the call: the two count once, as the call.
    reference_form("outreach_task", "Task", "task"),
    text_form("salesforce_id", "Salesforce task"),
)

# ---- emails -------------------------------------------------------------------------------------

EMAIL_STATUS = {"drafted": "open", "scheduled": "open", "completed": "done", "failed": ""}
MAILBOX = ("apollo", "connected")
"""Sent through Apollo, or by way of a user's own mailbox that is connected to it."""


def _email_direction(row: Row) -> str:
    """The documented search lists sent mail only and has no word for the direction."""
    return DIRECTION[row.get("inbound") is True]


def _mailbox(row: Row) -> str:
    return MAILBOX[row.get("connected_mailbox") is True]


def _other_address(row: Row) -> Value:
    incoming = _email_direction(row) == "incoming"
    return values.text(row.get("from_email" if incoming else "to_email"))


def _other_name(row: Row) -> Value:
    incoming = _email_direction(row) == "incoming"
    return values.text(row.get("from_name" if incoming else "to_name"))


EMAIL: tuple[Form, ...] = (
    ID,
    _as("kind", _told("kind", "Kind", ("email",), lambda row: "email"), {"email": "email"}),
    _as("subject", text_form("subject", "Subject")),
    _as("text", text_form("body_text", "Text", "", "long")),
    text_form("body_html", "Text as HTML", "", "long"),
    _told("direction", "Direction", DIRECTION, _email_direction),
    _told("mailbox", "Mailbox", MAILBOX, _mailbox),
    _as(
        "status",
        _listed("status", "Status", EMAIL_STATUS, text_of("status")),
        EMAIL_STATUS,
    ),
    choice_form("type", "Type", "outreach_automatic_email", "outreach_manual_email"),
    _moment("due_at", "Due at"),
    _as("when", _moment("completed_at", "Sent at")),
    _moment("failed_at", "Failed at"),
    text_form("failure_reason", "Reason of the failure"),
    _flag("bounce", "Bounced"),
    _flag("spam_blocked", "Blocked as spam"),
    _flag("replied", "Replied"),
    choice_form("reply_class", "Kind of reply"),
    text_form("from_email", "From", "", "email"),
    text_form("from_name", "From, name"),
    text_form("to_email", "To", "", "email"),
    text_form("to_name", "To, name"),
    _as("name", form_of("name", "Other side, name", _other_name, "text", derived=True)),
    _as("address", form_of("address", "Other side", _other_address, "text", "email", derived=True)),
    _as("owner", reference_form("user", "User", "user")),
    _as("person", reference_form("contact", "Contact", "contact")),
    _as("account", reference_form("account", "Account", "account")),
    text_form("emailer_campaign_id", "Sequence"),
    text_form("campaign_name", "Sequence, name"),
    text_form("crm_id", "Record in the CRM"),
    _moment("created_at", "Created at"),
)

# ---- meetings -----------------------------------------------------------------------------------


def _guests(row: Row) -> Value:
    return values.choices(str(one) for one in row.get("guests") or ())


# Apollo documents no calendar. The keys are those of our own simulated one.
MEETING: tuple[Form, ...] = (
    ID,
    _as("subject", text_form("subject", "Subject")),
    _as("text", text_form("description", "Description", "", "long")),
    text_form("location", "Location"),
    _as("when", _moment("start_time", "Start")),
    _as("end", _moment("end_time", "End")),
    _as("cancelled", _flag("cancelled", "Cancelled")),
    _as("guests", form_of("guests", "Guests' addresses", _guests, "choices")),
    _as("owner", reference_form("user", "User", "user")),
    _as("person", reference_form("contact", "Contact", "contact")),
    _as("account", reference_form("account", "Account", "account")),
    text_form("series_id", "Series"),
    _moment("created_at", "Created at"),
    _moment("updated_at", "Updated at"),
)

# ---- notes --------------------------------------------------------------------------------------


def prose(raw: object) -> str | None:
    """The words of a note, which may be a ProseMirror document as a text of JSON."""
    plain = values.text(raw)
    if plain is None or not plain.startswith("{"):
        return plain
    try:
        document = json.loads(plain)
    except ValueError:
        return plain
    return values.text(_words(document)) if document.get("type") == "doc" else plain


def _words(node: Mapping[str, Any]) -> str:
    if node.get("type") == "hardBreak":
        return "\n"
    if "content" not in node:
        return str(node.get("text") or "")
    inside = [one for one in node["content"] or () if isinstance(one, dict)]
    in_line = any(one.get("type") in ("text", "hardBreak") for one in inside)
    return ("" if in_line else "\n").join(_words(one) for one in inside)


def _content(row: Row) -> Value:
    return prose(row.get("content"))


def _heading(row: Row) -> Value:
    first = (prose(row.get("content")) or "").partition("\n")[0].rstrip()
    if len(first) > HEADING:
        first = f"{first[: HEADING - 1].rstrip()}…"
    return first or None


def _one_of(name: str) -> Callable[[Row], Value]:
    """An id that notes tell alone, or in a list."""

    def read(row: Row) -> Value:
        listed = row.get(f"{name}_ids") or [None]
        return values.text(row.get(f"{name}_id") or listed[0])

    return read


def _about(row: Row) -> Value:
    found = (_one_of(name)(row) for name in ("contact", "account", "opportunity"))
    return next((one for one in found if one is not None), None)


def _parent(name: str, label: str) -> Form:
    return form_of(name, label, _one_of(name), "reference", references=(name,))


# The documented API only lists notes: nothing makes or changes one.
NOTE: tuple[Form, ...] = (
    ID,
    # Notes have no subject, and other systems don't take one without.
    _as("subject", form_of("subject", "First line", _heading, derived=True)),
    _as("text", form_of("content", "Text", _content, "text", "long")),
    _as(
        "about",
        form_of(
            "about",
            "About: the contact, else the account, else the deal",
            _about,
            "reference",
            references=("contact", "account", "opportunity"),
            derived=True,
        ),
    ),
    _as("person", _parent("contact", "Contact")),
    _as("account", _parent("account", "Account")),
    _parent("opportunity", "Deal"),
    _as("owner", reference_form("user", "Author", "user")),
    _flag("pinned_to_top", "Pinned"),
    _moment("created_at", "Created at"),
    _moment("updated_at", "Updated at"),
)

# ---- all of them --------------------------------------------------------------------------------

FORMS: Mapping[str, tuple[Form, ...]] = {
    "task": TASK,
    "call": CALL,
    "email": EMAIL,
    "meeting": MEETING,
    "note": NOTE,
}
_FEEDS: Mapping[str, Feed] = {
    "task": "whole",
    "call": "stamped",
    "email": "stamped",
    "meeting": "stamped",
    "note": "by parent",
}
"""Tasks can't be sorted by change; calls and emails are searched by the day they took place; a list
of notes wants to know what they are about."""
_DELETABLE = ("task", "meeting")
"""Those that are read by id, so that what is missing can be told from what is gone; of the others
nobody can tell."""
_UNDOCUMENTED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "email": {"direction": DIRECTION[1:], "mailbox": MAILBOX[1:]}
}
"""Values of choices that only records have which Apollo's API doesn't document."""


def names(undocumented: bool) -> tuple[str, ...]:
    """The activities there are. `undocumented`: with those the API doesn't document."""
    return tuple(one for one in FORMS if undocumented or one != "meeting")


def forms(object: str, undocumented: bool) -> dict[str, Form]:
    """The fields of an activity by name; see `names`."""
    found = {one.field.name: one for one in FORMS[object]}
    for name, hidden in () if undocumented else _UNDOCUMENTED.get(object, {}).items():
        found[name] = replace(found[name], field=_without(found[name].field, hidden))
    return found


def describe(object: str, fields: Iterable[Field], lag: float, count: int | None) -> Object:
    """An activity as a schema has it."""
    own = tuple(fields)
    there = {one.name for one in own}
    return Object(
        name=object,
        label=object.title(),
        fields=own,
        plural=f"{object}s",
        feed=_FEEDS[object],
        lag=lag,
        thing="activity",
        status_field="status" if "status" in there else "",
        created="created_at" if "created_at" in there else "",
        forgets=object in _DELETABLE,
        untold=object not in _DELETABLE,
        creatable=object in ("task", "call"),
        updatable=object in ("task", "call"),
        count=count,
    )


def _without(field: Field, values: Iterable[str]) -> Field:
    gone = set(values)
    return replace(field, choices=tuple(one for one in field.choices if one.value not in gone))
