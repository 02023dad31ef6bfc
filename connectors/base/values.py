"""The forms that values take between us and a connector, and when two of them are the same.

A value is None (blank, never ""), a text without outer spaces, a number, a yes-or-no, a date
`2026-01-31`, a moment `2026-01-31T09:05:00.000Z` in UTC, one choice as text, several choices as a
sorted tuple, or a reference as the other record's id. The field's type tells which
(`schema.FieldType`). A connector turns wire forms into these with the functions here.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from .schema import Format

Value = None | bool | int | float | str | tuple[str, ...]

_HALF = re.compile("[\ud800-\udfff]")
_LARGEST = 10**308
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
LONGEST_HOST = 255
"""Characters that the name of a host may have."""
_DIGITS = re.compile(r"\D+")
_EXTENSION = re.compile(r"(?<![^\W\d_])(?:extension|extn|ext|x)(?![^\W\d_])", re.IGNORECASE)
_SHORTEST_PHONE = 7
"""Digits that tell a phone by themselves, whatever words stand beside them."""
_SPELLED = 3
"""Digits that a number has at least whose others are spelled in letters: `1-800-FLOWERS`."""
_ID = re.compile(r"[!-~]{1,255}")


def text(raw: object) -> str | None:
    """A text: line ends as LF, outer spaces gone, None where nothing is left. NUL and halves of
    characters, which no database keeps, are gone too. `ValueError` for a list or a structure."""
    if raw is None:
        return None
    if isinstance(raw, (dict, list)):
        raise ValueError("a structure is no text")
    whole = str(raw).replace("\0", "")
    if _HALF.search(whole):
        whole = whole.encode("utf-8", "ignore").decode("utf-8")
    return whole.replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n\v\f") or None


def identifier(raw: object) -> str:
    """The id of a record as its system gives it. `ValueError` for what can be none."""
    found = str(raw) if isinstance(raw, (str, int)) and not isinstance(raw, bool) else ""
    if not _ID.fullmatch(found):
        raise ValueError("no id of a record")
    return found


def number(raw: object) -> int | float | None:
    """A number, whole ones as int. `ValueError` for what is none; NaN and infinity are none."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool):
        raise ValueError("a yes-or-no is no number")
    if isinstance(raw, str):
        raw = raw.strip()
        if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", raw):
            raise ValueError(f"{raw!r} is no number")
        raw = float(raw) if re.search(r"[.eE]", raw) else int(raw)
    if not isinstance(raw, (int, float)):
        raise ValueError(f"{raw!r} is no number")
    if isinstance(raw, int) and abs(raw) > _LARGEST:
        raise ValueError("a number with more digits than any system keeps")
    if isinstance(raw, float):
        if not math.isfinite(raw):
            raise ValueError(f"{raw} is no number")
        if raw.is_integer() and abs(raw) < 2**53:
            return int(raw)
    return raw


def boolean(raw: object) -> bool | None:
    """A yes-or-no."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in ("true", "false"):
        return raw.strip().lower() == "true"
    raise ValueError(f"{raw!r} is neither yes nor no")


def day(raw: object) -> str | None:
    """A date as `2026-01-31`."""
    if raw is None or raw == "":
        return None
    return date.fromisoformat(str(raw).strip()[:10]).isoformat()


def instant(raw: object) -> str | None:
    """A moment in UTC as `2026-01-31T09:05:00.000Z`, from any ISO 8601 spelling with a zone."""
    if raw is None or raw == "":
        return None
    whole = datetime.fromisoformat(str(raw).strip())
    if whole.tzinfo is None:
        whole = whole.replace(tzinfo=UTC)
    try:
        whole = whole.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment before or after all years") from None
    return f"{whole.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def choices(raw: Iterable[str] | None) -> tuple[str, ...] | None:
    """Several choices, sorted; None where there is none."""
    found = {text(one) for one in raw or ()} - {None}
    return tuple(sorted(str(one) for one in found)) or None


def domain(value: object) -> str | None:
    """The host of a URL or address, without `www.`, in lower case; None where there is none."""
    raw = (text(value) or "").lower()
    if "@" in raw and "/" not in raw:
        raw = raw.rpartition("@")[2]
    if "//" not in raw:
        raw = "//" + raw
    try:
        found = urlsplit(raw).hostname or ""
    except ValueError:
        return None
    found = found.rstrip(".").removeprefix("www.")
    return found or None


def folded(value: Value, format: Format = "") -> str:
    """A value as match keys compare it: by domain, by digits, an address without its scheme, else
    without regard to case and to how accents are spelled."""
    if value is None:
        return ""
    if format == "domain":
        return _plain(domain(value) or "")
    if format == "url":
        return _address(value).casefold()
    if format == "phone":
        return _phone(str(value))
    if isinstance(value, tuple):
        return ";".join(one.casefold() for one in value)
    whole = " ".join(str(value).casefold().split())
    return whole if whole.isascii() else unicodedata.normalize("NFC", whole)


def alike(one: Format, two: Format) -> Format:
    """How values of two fields are compared: an address of a site with a domain by its domain, and
    with a field that has no format of its own by that of the other."""
    if {one, two} == {"domain", "url"}:
        return "domain"
    return one or two


def same(format: Format) -> Callable[[Value, Value], bool]:
    """Whether two values of a field are one to its system: a phone or a domain in another spelling,
    and an address with another scheme are; a change of case is not, nor is another word beside the
    digits of a phone."""
    if format == "url":
        return lambda a, b: (
            a == b or (a is not None and b is not None and _address(a) == _address(b))
        )
    if format == "phone":
        return lambda a, b: (
            a == b
            or (a is not None and b is not None and _near(a, b, format) and _words(a) == _words(b))
        )
    if format == "domain":
        return lambda a, b: a == b or (a is not None and b is not None and _near(a, b, format))
    if format == "email":
        return lambda a, b: (
            a == b or (isinstance(a, str) and isinstance(b, str) and a.casefold() == b.casefold())
        )
    return lambda a, b: a == b and isinstance(a, bool) == isinstance(b, bool)


def _near(a: Value, b: Value, format: Format) -> bool:
    near = folded(a, format)
    return near != "" and near == folded(b, format)


def _address(value: Value) -> str:
    """A URL without its scheme, `www.` and a slash at its end, which mean nothing."""
    host, slash, rest = _SCHEME.sub("", str(value).strip()).partition("/")
    return f"{_plain(host.lower().removeprefix('www.'))}{slash}{rest}".rstrip("/")


def _plain(host: str) -> str:
    """A host in the letters that people read, where it is written in those that the net knows."""
    if "xn--" not in host or len(host) > LONGEST_HOST:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _phone(raw: str) -> str:
    """The digits, with a leading `00` or `+` gone; a `1` before ten digits is the US prefix. Where
    letters stand for digits, these too; "" where so few digits stand beside words that it is no
    number."""
    digits = _DIGITS.sub("", raw)
    if _words(raw) and len(digits) < _SHORTEST_PHONE:
        if len(digits) < _SPELLED:
            return ""
        digits = "".join(one for one in _EXTENSION.sub("", raw).casefold() if one.isalnum())
    digits = digits.removeprefix("00")
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def _words(raw: Value) -> str:
    """The letters of a phone, but for those that only say that an extension follows."""
    return "".join(one for one in _EXTENSION.sub("", str(raw)).casefold() if one.isalpha())
