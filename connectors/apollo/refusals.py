"""What Apollo's error replies mean: for sending (a `Verdict`), for one record, and for people.

Knows that 422 stands for everything semantic and has no code, so that only texts tell refusals
apart; the codes here are ours where Apollo has none. Doesn't send anything: see `session.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.wire import LONGEST_WAIT, OK, Response, Verdict

NO_SCOPE = "API_INACCESSIBLE"
NO_ROUTE = "no-such-endpoint"
BAD_ID = "not-a-valid-id"
INVALID = "validation-failed"
GONE = "deleted"
UNKNOWN_ID = "does-not-exist"
HIDDEN = "not-authorized-to-view"
UNKNOWN_VALUE = "unknown-value"
AMBIGUOUS_VALUE = "ambiguous-value"
CANNOT_CLEAR = "cannot-clear"
CUSTOM_FIELD = "custom-field"
NAME_TAKEN = "name-taken"
NO_ADDRESS = "no-address"
NOT_DELETABLE = "not-deletable"
NOT_WRITABLE = "not-writable"
TASK_CLOSED = "task-closed"
NOT_YOURS = "not-your-task"
OTHER = "refused"

_ADVICE: Mapping[str, str] = {
    NO_SCOPE: "The API key may not call this endpoint. Make a key with that endpoint in its scope "
    "under Settings > Integrations > API Keys, or use a master key. Some endpoints need a paid "
    "plan.",
    NO_ROUTE: "Check that `url` in syncrules.toml is the address of Apollo. If it is, Apollo no "
    "longer has this endpoint: look for a newer version of syncrules.",
    BAD_ID: "A stage, owner or account that the record points to is no longer in the Apollo team. "
    "Run `syncrules schema pull`, check the linked record, then retry.",
    INVALID: "Apollo does not take one of the values. Correct it in the other system, then retry.",
    GONE: "The record was deleted in Apollo. Nothing is written to it any more.",
    UNKNOWN_ID: "Apollo has no record of this id. It may belong to another team.",
    HIDDEN: "The record is private to someone in Apollo. Ask its owner to share it.",
    UNKNOWN_VALUE: "Apollo has no stage, option or user of this name. Add it there or correct the "
    "table in the rules, then run `syncrules schema pull`.",
    AMBIGUOUS_VALUE: "Two stages or options in Apollo have this name, so nobody can tell which is "
    "meant. Rename one of them there.",
    CANNOT_CLEAR: "Apollo has no way to empty this field. Give it a value, or leave `clear` out of "
    "the row.",
    CUSTOM_FIELD: "Apollo did not store the value of a custom field: its type or length does not "
    "fit. Correct the value, or the field's settings in Apollo.",
    NAME_TAKEN: "Apollo takes this record for another one of the same name. Look at both: merge "
    "them in Apollo, or give the new one a name of its own.",
    NO_ADDRESS: "Apollo takes this for no email address, and has not stored it. Correct it in the "
    "other system.",
    NOT_DELETABLE: "Apollo lets nobody delete records through its API. Set a stage instead, such "
    "as Do Not Contact, or delete by hand.",
    NOT_WRITABLE: "Apollo does not take this field in this kind of write. Leave it out of the map.",
    TASK_CLOSED: "The task was completed or skipped in Apollo, which then takes no more than "
    "another note or contact. Change it there by hand, or put it back in the other system as it "
    "was: then this is over.",
    NOT_YOURS: "The task belongs to somebody else, and the user whose API key this is may not edit "
    "it. Give that user the right to edit tasks of others, or use an admin's key.",
    OTHER: "Apollo refused the write for the reason above. Correct the record, then retry.",
}


def advice(code: str) -> str:
    """What to do about a refusal with this code; "" for a code we don't know."""
    return _ADVICE.get(code, "")


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error reply: a code of this module, Apollo's text, and what it names.

    `record` is the id of the record that is at fault, `value` a value that is no id of the team.
    """

    code: str
    message: str
    record: str = ""
    value: str = ""
    field: str = ""


def complaint(response: Response) -> Complaint:
    """The error in a reply, in whichever of its many shapes."""
    data = body_of(response)
    text = error_text(response)
    details = data.get("error_details")
    if isinstance(details, list) and details:
        details = details[0]
    if isinstance(details, Mapping):
        record = str(details.get("contact_id") or details.get("account_id") or "")
        told = str(details.get("message") or "")
        field = str(details.get("field") or "")
        code = UNKNOWN_ID if field == "id" and "exist" in told else INVALID
        return Complaint(code, f"{text}: {field} {told}".strip(), record, field=field)
    if "already completed / skipped" in text:
        return Complaint(TASK_CLOSED, text)
    if "belongs to another user" in text:
        return Complaint(NOT_YOURS, text)
    deleted = data.get("deleted_contact_ids") or data.get("deleted_account_ids")
    if isinstance(deleted, list) and deleted:
        return Complaint(GONE, text, str(deleted[0]))
    if data.get("error_code") == NO_SCOPE or response.status == 403:
        return Complaint(NO_SCOPE, text)
    if "deleted" in text:
        return Complaint(GONE, text)
    if "does not exist" in text or re.match(r"\w+ not found", text):
        return Complaint(UNKNOWN_ID, text)
    if response.status == 404:
        return Complaint(NO_ROUTE, text)
    if "not authorized to view" in text:
        return Complaint(HIDDEN, text)
    bad = re.search(r"(\S+) is not a valid ID", text)
    if bad:
        return Complaint(BAD_ID, text, value=bad[1])
    return Complaint(OTHER, text)


def error_text(response: Response) -> str:
    """The text of an error reply: from JSON where it is some, else the start of the body."""
    data = body_of(response)
    for name in ("error", "message", "error_message"):
        told = data.get(name)
        if isinstance(told, str) and told:
            return told
    plain = response.body[:300].decode(errors="replace").strip()
    if not plain or plain.startswith(("<", "{", "[")):
        return f"HTTP {response.status}"
    return plain


def concerns_all(wrong: Complaint) -> bool:
    """Whether a refusal is about the request as such and not about a record in it."""
    return wrong.code in (NO_SCOPE, NO_ROUTE)


def body_of(response: Response) -> Mapping[str, Any]:
    """The body as a JSON object, empty where it is none."""
    try:
        data = response.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def judge(response: Response) -> Verdict:
    """What a reply means for sending. A spent minute is waited for, a spent hour or day is not; 403
    and 422 are for the caller to read."""
    status = response.status
    if status < 300:
        html = response.headers.get("content-type", "").startswith("text/html")
        return Verdict("lost", text="a web page instead of data") if html else OK
    if status == 401:
        text = error_text(response)
        return OK if "belongs to another user" in text else Verdict("refused", text=text)
    if status == 429:
        return _slow_down(response)
    if status >= 500 or status in (408, 425) or status < 400:
        return Verdict("lost", text=f"HTTP {status}")
    return OK


def _slow_down(response: Response) -> Verdict:
    text = error_text(response)
    if re.search(r"paid plan|paying", text):
        return OK
    raw = response.headers.get("retry-after", "")
    wait = float(raw) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", raw) else None
    if re.search(r"per (hour|day)", text):
        if wait is not None and wait <= LONGEST_WAIT:
            return Verdict("busy", wait, text)
        return Verdict("spent", wait, text)
    return Verdict("busy", wait if wait is not None else 60.0, text)
