"""How Salesforce's Setup calls a custom field that an admin is to create there.

The data API creates none. Knows words only, and no org.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..base.contract import NewField

LENGTH = 255
"""Characters of a text where nobody said how many; the most that one takes."""
LONG = 32_768

_TYPES: Mapping[str, str] = {
    "number": "Number(16, 2)",
    "integer": "Number(18, 0)",
    "currency": "Currency(16, 2)",
    "percent": "Percent(16, 2)",
    "boolean": "Checkbox",
    "date": "Date",
    "datetime": "Date/Time",
    "choice": "Picklist",
    "choices": "Picklist (Multi-Select)",
    "email": "Email",
    "phone": "Phone",
    "url": "URL",
}


def api_name(label: str) -> str:
    """`Lead Region` becomes `Lead_Region__c`: ASCII letters, digits and single `_`."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_") or "Field"
    return f"{plain if plain[0].isalpha() else f'X{plain}'}__c"


def type_name(field: NewField) -> str:
    """`Text(80)`, `Picklist`."""
    found = _TYPES.get(field.format) or _TYPES.get(field.type)
    if found is not None:
        return found
    if field.format == "long" or (field.length or 0) > LENGTH:
        return f"Text Area (Long)({field.length or LONG})"
    return f"Text({field.length or LENGTH})"
