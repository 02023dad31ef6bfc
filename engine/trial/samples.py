"""Values for made-up records: ones that read well, and that fit the field they stand in.

Knows types, formats and lengths, and no rules. Values of one field with different numbers differ.
"""

from __future__ import annotations

from ...connectors.base.schema import Field
from ...connectors.base.values import Value

_BY_FORMAT: dict[str, tuple[str, ...]] = {
    "email": ("ada@example.com", "grace@example.org", "edith@example.net"),
    "phone": ("+1 555 0100", "+1 555 0101", "+1 555 0102"),
    "url": ("https://example.com", "https://example.org", "https://example.net"),
    "domain": ("example.com", "example.org", "example.net"),
}
_BY_WORD: dict[str, tuple[str, ...]] = {
    "first": ("Ada", "Grace", "Edith"),
    "last": ("Lovelace", "Hopper", "Clarke"),
    "company": ("Example Inc", "Sample Ltd", "Instance plc"),
    "organization": ("Example Inc", "Sample Ltd", "Instance plc"),
    "title": ("Engineer", "Director", "Head of Sales"),
    "name": ("Example Inc", "Sample Ltd", "Instance plc"),
    "city": ("London", "Berlin", "Lisbon"),
    "country": ("Germany", "Portugal", "Ireland"),
}


def sample(field: Field, number: int = 0) -> Value:
    """The value of that number, from 0; None for a reference and what has no simple form."""
    active = [one.value for one in field.choices if one.active]
    match field.type:
        case "choice":
            return active[number % len(active)] if active else f"Choice {number + 1}"
        case "choices":
            return (active[number % len(active)],) if active else None
        case "boolean":
            return number % 2 == 0
        case "number":
            return 10 * (number + 1)
        case "date":
            return f"2026-01-{number + 10}"
        case "datetime":
            return f"2026-01-{number + 10}T12:00:00.000Z"
        case "text" | "id":
            return _text(field, number)
    return None


def _text(field: Field, number: int) -> str:
    if field.format in _BY_FORMAT:
        values = _BY_FORMAT[field.format]
    else:
        words = f"{field.name} {field.label}".lower()
        found = (values for word, values in _BY_WORD.items() if word in words)
        label = field.label or field.name
        values = next(found, tuple(f"{label} {place}" for place in (1, 2, 3)))
    text = values[number % len(values)]
    return text if field.length is None else text[: field.length]
