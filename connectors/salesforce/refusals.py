"""What Salesforce's errors mean: for sending (a `Verdict`), for one record, and for people.

Knows both error dialects, the top-level list and the errors of one record, and matches on codes:
texts come in the language of the login. Doesn't send anything: see `session.py`. Which
outcome a refused record gets is told in `writes.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.wire import OK, Response, Verdict, figure

_BLOCKED = ("not valid for use with the REST API", "Connected app is not attached to Agent")
"""Texts of INVALID_SESSION_ID that no renewal mends: jsforce leaves these two out as well."""


RIGHTS = (
    "INSUFFICIENT_ACCESS",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "INVALID_FIELD",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INVALID_TYPE",
)
"""Codes that a record is refused with for a lack of rights: nothing is wrong with it, and what is
missing may be given. A field that isn't shown is refused like one that doesn't exist."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error of a reply: a code of Salesforce's (or `HTTP nnn`), its text, the fields named."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


def complaint(data: Any, status: int = 0) -> Complaint:
    """The first error of a body or of a record's `errors`, whichever dialect it is in."""
    if isinstance(data, list) and data:
        data = data[0]
    if isinstance(data, dict):
        for name in ("errorCode", "statusCode", "exceptionCode", "error"):
            code = data.get(name)
            if isinstance(code, str) and code:
                text = data.get("message") or data.get("error_description") or ""
                named = data.get("fields")
                fields = tuple(str(one) for one in named) if isinstance(named, list) else ()
                return Complaint(code, _one_line(str(text)), fields)
    return Complaint(f"HTTP {status}" if status else "no code", "")


def complaint_of(response: Response) -> Complaint:
    """The first error of a reply with a bad status; HTML and empty bodies give `HTTP nnn`."""
    try:
        return complaint(response.json(), response.status)
    except ValueError:
        return Complaint(f"HTTP {response.status}", "")


def judge(response: Response) -> Verdict:
    """Sorts a reply of the data API.

    Salesforce never says 429: the day's allowance and the limit of requests at once are both 403
    REQUEST_LIMIT_EXCEEDED and differ only in their text, so a text in another language counts as
    the day's.
    """
    status = response.status
    if status < 400:
        return OK if status < 300 else Verdict("lost", text=f"HTTP {status}, a redirect")
    wrong = complaint_of(response)
    text = str(wrong)
    if status == 401:
        blocked = any(words in wrong.message for words in _BLOCKED)
        return Verdict("refused" if blocked else "expired", text=text)
    if status == 403:
        return _forbidden(wrong)
    if status == 420:
        return Verdict("refused", text="this scratch org is gone")
    if status == 429 or (status == 503 and wrong.code == "SERVER_UNAVAILABLE"):
        return Verdict("busy", _wait(response.headers), text)
    if status >= 500 or status == 408:
        return Verdict("lost", _wait(response.headers), text)
    return OK


def _forbidden(wrong: Complaint) -> Verdict:
    """A 403: about limits, about the API as a whole, or about what the caller asked for."""
    if wrong.code == "REQUEST_LIMIT_EXCEEDED":
        at_once = "concurrent" in wrong.message.lower()
        return Verdict("busy" if at_once else "spent", text=str(wrong))
    if wrong.code == "API_CURRENTLY_DISABLED":
        return Verdict("busy", text=str(wrong))
    if wrong.code in ("API_DISABLED_FOR_ORG", "TXN_SECURITY_NO_ACCESS"):
        return Verdict("refused", text=str(wrong))
    return OK


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After, where a reply has it as a number."""
    seconds = figure(headers.get("retry-after"))
    return None if seconds is None else float(seconds)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def advice(code: str) -> str:
    """What a person can do about a refusal with this code; "" where only the message helps."""
    return _ADVICE.get(code, "")


_ADVICE = {
    "API_DISABLED_FOR_ORG": (
        "Give the login the permission “API Enabled”; some editions have no API at all."
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": (
        "A flow of your org failed on this record. Mend the flow, then retry."
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (
        "An Apex trigger of your org failed on this record; its message follows. "
        "Show it to whoever looks after the trigger."
    ),
    "CANNOT_UPDATE_CONVERTED_LEAD": (
        "The lead was converted. The next run goes on with the contact it became."
    ),
    "DELETE_FAILED": "Other records depend on this one. Remove or re-link them first.",
    "DUPLICATES_DETECTED": (
        "A duplicate rule of Salesforce takes this for a record that is there already. "
        "Give both the same key, and they are linked; or merge them, or let the duplicate rule "
        "allow it, then retry."
    ),
    "DUPLICATE_EXTERNAL_ID": (
        "Several records hold the same external id. Merge them and make the field unique."
    ),
    "DUPLICATE_VALUE": (
        "Another record holds this value, and the field must be unique. "
        "Change it in one of the two, or merge them; then retry."
    ),
    "ENTITY_IS_DELETED": "The record is in the recycle bin. Restore it, or let its link end.",
    "ENTITY_IS_LOCKED": "An approval process locks the record. Finish or recall the approval.",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        "A validation rule of your org refuses this record; the message is your admin's. "
        "Mend the value at its source, or change the rule."
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": (
        "The lookup filter of this field doesn't admit the linked record."
    ),
    "FIELD_INTEGRITY_EXCEPTION": (
        "The value breaks a rule of the platform: a state or country that is not in the list, the "
        "times of an event, or a lead beside an account or opportunity in one activity."
    ),
    "FUNCTIONALITY_NOT_ENABLED": "Switch the feature on in Salesforce's Setup.",
    "INACTIVE_OWNER_OR_USER": (
        "The owner is an inactive user. Map this owner to an active one, or name a default."
    ),
    "INSUFFICIENT_ACCESS": "Give the login the right to create or edit this object.",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        "The login can't see or edit the linked record, or it was deleted. Check sharing for it."
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": (
        "The login may not edit this record. Check sharing, and locks on it."
    ),
    "INVALID_CROSS_REFERENCE_KEY": (
        "A linked record is missing, or the record type isn't assigned to the login."
    ),
    "INVALID_EMAIL_ADDRESS": "Salesforce accepts no such address. Mend it at its source.",
    "INVALID_FIELD": (
        "The field is missing, was renamed, or field-level security hides it from the "
        "login. Then pull the schema again."
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        "The login may not edit these fields. Check field-level security, "
        "or take them out of the rule."
    ),
    "INVALID_ID_FIELD": "The linked record is gone. Choose another one at its source, then retry.",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        "The value isn't in the picklist, or not for this record type. "
        "Add it in Salesforce, or map it to one that is."
    ),
    "INVALID_TYPE": ("The object is missing, or the login may not read it. Check its permissions."),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": "The rule sends a value of the wrong type to this field.",
    "JSON_PARSER_ERROR": "The rule sends a value of the wrong type to a field.",
    "LIMIT_EXCEEDED": "A limit of your org is reached; the message says which.",
    "MALFORMED_ID": "The rule writes the id of one object into a reference to another.",
    "NOT_FOUND": "The object or record is gone, or hidden from the login.",
    "NUMBER_OUTSIDE_VALID_RANGE": "The number has more digits than the field allows.",
    "OPERATION_TOO_LARGE": "Give the login “View All” on the objects it reads.",
    "QUERY_TIMEOUT": "Salesforce took too long to search. Retry at a quieter time.",
    "REQUEST_LIMIT_EXCEEDED": (
        "The org's calls for the last 24 hours are used up. They come back little by little."
    ),
    "REQUIRED_FIELD_MISSING": (
        "Fill these fields at their source, or give them a default in the rule."
    ),
    "STORAGE_LIMIT_EXCEEDED": "The org's data storage is full: nothing can be created.",
    "STRING_TOO_LONG": "The text is longer than the field. Shorten it, or let the rule truncate.",
    "TRANSFER_REQUIRES_READ": "The new owner may not read this object, so they can't own one.",
    "TXN_SECURITY_NO_ACCESS": "A transaction security policy of the org blocks these calls.",
    "UNABLE_TO_LOCK_ROW": "Someone else kept saving the same account. The next run tries again.",
    "UNKNOWN_EXCEPTION": "An internal error of Salesforce. Its support can look up the ErrorId.",
}
