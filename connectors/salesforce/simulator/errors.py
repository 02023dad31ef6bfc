"""What the simulated Salesforce says no with, in the two dialects it speaks.

Knows the shape of errors of whole requests (`errorCode`) and of records inside a request
(`statusCode`). Doesn't know when to raise them: saves do so in `saves.py`, queries in `query.py`,
paths in `resources.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NO_COLUMN = (
    " If you are attempting to use a custom field, be sure to append the '__c' after the custom "
    "field name. Please reference your WSDL or the describe call for the appropriate names."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of an error list. `fields` is None where the entry is about no record.

    `more` are keys that only the list of a single record carries (`duplicateResut`).
    """

    code: str
    message: str
    fields: tuple[str, ...] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """A request, or one record of it, that is not carried out. `status` is for the request."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(problems[0].message)
        self.status = status
        self.problems: Sequence[Problem] = problems

    def listed(self) -> list[dict[str, Any]]:
        """The body where this is the answer to the whole request."""
        return [
            {
                **one.more,
                "message": one.message,
                "errorCode": one.code,
                **({} if one.fields is None else {"fields": list(one.fields)}),
            }
            for one in self.problems
        ]

    def element(self, **more: Any) -> dict[str, Any]:
        """The answer for one record of many."""
        errors = [
            {"statusCode": one.code, "message": one.message, "fields": list(one.fields or ())}
            for one in self.problems
        ]
        return {**more, "success": False, "errors": errors}


def refused(code: str, message: str, *fields: str, status: int = 400) -> Refused:
    """A record that is refused, with the fields to blame."""
    return Refused(status, Problem(code, message, fields))


def whole(status: int, code: str, message: str) -> Refused:
    """A request that is refused as a whole."""
    return Refused(status, Problem(code, message))


def not_found() -> Refused:
    return whole(404, "NOT_FOUND", "The requested resource does not exist")


def deleted() -> Refused:
    return refused("ENTITY_IS_DELETED", "entity is deleted", status=404)


def bad_session() -> Refused:
    return whole(401, "INVALID_SESSION_ID", "Session expired or invalid")


def bad_json(what: str) -> Refused:
    return whole(400, "JSON_PARSER_ERROR", what)


def no_column(name: str, object_name: str) -> Refused:
    """A body that names a field the object doesn't have, or hides from this user."""
    text = f"No such column '{name}' on sobject of type {object_name}"
    return whole(400, "INVALID_FIELD", text)
