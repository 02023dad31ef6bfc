"""Creating a custom field in Apollo, which its API lets us do for contacts and accounts.

Knows which types the API creates. How fields are read and named is `fields.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import SystemUnavailable
from ..base.contract import NewField
from ..base.schema import FieldType
from ..base.wire import NoReply
from .refusals import advice, complaint
from .session import Session

_OBJECTS = ("contact", "account")
_TYPES: Mapping[FieldType, str] = {
    "text": "string",
    "number": "number",
    "date": "date",
    "datetime": "datetime",
    "boolean": "boolean",
}


def add_field(session: Session, object: str, field: NewField) -> bool:
    """Creates a field; False where Apollo has no request for one of that type or object."""
    kind = "textarea" if field.format == "long" else _TYPES.get(field.type)
    if object not in _OBJECTS or kind is None:
        return False
    body: dict[str, Any] = {"label": field.label, "modality": object, "type": kind}
    if field.length is not None:
        body["meta"] = {"max_length": field.length}
    try:
        reply = session.write("POST", "fields", body)
    except NoReply as error:
        raise SystemUnavailable(
            f"{session.system} did not say whether it created the field",
            why=str(error),
            fix="`syncrules schema pull` shows whether it is there, before you try again",
        ) from None
    if not reply.good:
        wrong = complaint(reply.response)
        raise SystemUnavailable(
            f"{session.system} did not create the field",
            why=wrong.message,
            fix=advice(wrong.code),
        )
    return True
