"""Values and ids as Salesforce stores and compares them.

Knows ids with 15 and 18 characters, its spelling of times, and what a value in a body becomes in a
row, or why it is refused. Doesn't know other fields of the record: those rules are in `saves.py`.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from .errors import Refused, bad_json, refused
from .schema import Field

_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID = re.compile(r"[0-9A-Za-z]{15}([0-9A-Za-z]{3})?")
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\.]+(\.[^\s@,;:<>()\[\]\"\\.]+)+")
_HTML = re.compile(r"</?(?P<element>[A-Za-z][\w-]*)[^<>]*>|&(?:\w+|#\w+);|[&<>]")
_ELEMENTS = frozenset(
    ("a", "b", "br", "div", "em", "i", "img", "li", "ol", "p", "strong", "u", "ul")
)
_TRIMMED = " \t\r\n\f\v"


@lru_cache(maxsize=8192)
def full_id(text: str) -> str | None:
    """The id with 18 characters for one with 15 or 18, None for what is no id.

    The last three characters say which of the first 15 are capitals, so an id whose case was lost
    is mended from them.
    """
    if not _ID.fullmatch(text):
        return None
    if len(text) == 18:
        tail = text[15:].upper()
        if any(one not in _CHECK for one in tail):
            return None
        letters = list(text[:15].lower())
        for group, mark in enumerate(tail):
            for place in range(5):
                if _CHECK.index(mark) >> place & 1:
                    letters[group * 5 + place] = letters[group * 5 + place].upper()
        mended = "".join(letters)
        if mended.lower() != text[:15].lower():
            return None
        text = text[:15] if _suffix(text[:15]) == tail else mended
    return text + _suffix(text)


def make_id(prefix: str, number: int) -> str:
    """The id of the `number`th row of an object; ids sort as their numbers do."""
    digits = ""
    for _ in range(9):
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return full_id(f"{prefix}Sy0{digits}") or ""


def _suffix(text: str) -> str:
    marks = ""
    for group in range(0, 15, 5):
        capitals = (one.isupper() << place for place, one in enumerate(text[group : group + 5]))
        marks += _CHECK[sum(capitals)]
    return marks


def stamp(seconds: float) -> str:
    """A time as audit fields have it, whole seconds: `2026-01-31T09:05:00.000+0000`."""
    return _stored(datetime.fromtimestamp(int(seconds), UTC))


@lru_cache(maxsize=8)
def http_date(seconds: int) -> str:
    """A time as headers have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def _stored(utc: datetime) -> str:
    return f"{utc.isoformat(timespec='milliseconds')[:23]}+0000"


def instant(text: str) -> str:
    """A moment in the spelling of stored ones. `ValueError` where it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no zone in {text!r}")
    return _stored(moment.astimezone(UTC))


def compared(value: Any) -> Any:
    """A value as `=` compares it: text without regard to case."""
    return value.lower() if isinstance(value, str) else value


def converted(field: Field, raw: Any, *, typed: bool = False) -> Any:
    """What a row stores for `raw` in a body, None for blank. Raises `Refused`.

    Text loses outer blanks and "" is blank, a moment the parts of its second. A number that is
    `typed` at the screen is rounded to the field's scale; from the API it is kept as it is.
    """
    if field.type == "boolean":
        return _boolean(field, raw)
    if isinstance(raw, (dict, list)):
        kind = "START_OBJECT" if isinstance(raw, dict) else "START_ARRAY"
        raise bad_json(f"Cannot deserialize instance of {field.type} from {kind} value")
    if raw is None:
        return None
    if field.type in ("int", "double", "currency", "percent"):
        return _number(field, raw, typed)
    if field.type in ("date", "datetime"):
        return _time(field, raw)
    text = str(raw).lower() if isinstance(raw, bool) else str(raw).strip(_TRIMMED)
    if field.raw.get("htmlFormatted"):
        text = _HTML.sub(_markup, text)
    if not text:
        return None
    if field.type in ("reference", "id"):
        return _reference(field, text)
    if field.type == "multipicklist":
        return _several(field, text)
    if field.length and len(text) > field.length:
        label, cut = field.label, text if len(text) <= 255 else text[:255]
        message = f"{label}: data value too large: {cut} (max length={field.length})"
        raise refused("STRING_TOO_LONG", message, field.name)
    if field.type == "picklist" and field.restricted:
        _listed(field, text)
    if field.type == "email" and not _EMAIL.fullmatch(text):
        message = f"{field.label}: invalid email address: {text}"
        raise refused("INVALID_EMAIL_ADDRESS", message, field.name)
    return text


def _markup(found: re.Match[str]) -> str:
    """What a rich text keeps of a sign that means something in HTML: known elements and characters
    stay, other elements are gone, and what is neither stands for itself."""
    sign = found[0]
    if found["element"]:
        return sign if found["element"].lower() in _ELEMENTS else ""
    return sign if len(sign) > 1 else {"&": "&amp;", "<": "&lt;", ">": "&gt;"}[sign]


def _boolean(field: Field, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in ("true", "false"):
        return raw.lower() == "true"
    message = f"{field.label}: value not of required type: {'' if raw is None else raw}"
    raise refused("INVALID_TYPE_ON_FIELD_IN_RECORD", message, field.name)


def _number(field: Field, raw: Any, typed: bool) -> float | int | None:
    if raw == "":
        return None
    try:
        if isinstance(raw, bool):
            raise ValueError
        number = float(raw)
        if not math.isfinite(number):
            raise ValueError
    except ValueError:
        kind = "VALUE_STRING" if isinstance(raw, str) else "VALUE_TRUE"
        raise _unreadable("double", kind, raw) from None
    if field.precision and abs(number) >= 10.0 ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {raw}"
        raise refused("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)
    if field.type == "int":
        return int(number)
    return round(number, field.scale) if typed else number


def _time(field: Field, raw: Any) -> str | None:
    if raw == "":
        return None
    try:
        text = str(raw)
        if field.type == "date":
            return date.fromisoformat(text[:10]).isoformat()
        return f"{instant(text)[:19]}.000+0000"
    except ValueError:
        raise _unreadable(field.type, "VALUE_STRING", raw) from None


def _unreadable(wanted: str, kind: str, raw: Any) -> Refused:
    return bad_json(
        f"Cannot deserialize instance of {wanted} from {kind} value {raw} or request may be "
        "missing a required field at [line:1, column:1]"
    )


def _reference(field: Field, text: str) -> str:
    found = full_id(text)
    if found is None:
        message = f"{field.label}: id value of incorrect type: {text}"
        raise refused("MALFORMED_ID", message, field.name)
    return found


def _listed(field: Field, text: str) -> None:
    if text not in field.values:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)


def _several(field: Field, text: str) -> str | None:
    """Values of a multiple picklist, each once, in the order of the definition."""
    found = list(dict.fromkeys(one.strip() for one in text.split(";") if one.strip()))
    if field.restricted:
        for one in found:
            _listed(field, one)
    place = {value: index for index, value in enumerate(field.values)}
    found.sort(key=lambda one: place.get(one, len(place)))
    return ";".join(found) or None
