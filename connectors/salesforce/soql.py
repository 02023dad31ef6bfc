"""SOQL as text: the only place where values and names become part of a statement.

Values are quoted with the escapes that SOQL knows; names, which can't be quoted, must look like
API names. Knows nothing of sending: see `feeds.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote_plus

from ..base import values
from ..base.schema import Field

LONGEST_URL = 15_000
"""Characters of a GET. Salesforce takes 16,384 bytes of address and headers together, and a token
alone may take hundreds."""

LONGEST_LITERAL = 4_000
"""Characters of one quoted text in SOQL, escapes among them."""

_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
        "\0": None,
    }
)
_WILD = str.maketrans({"%": "\\%", "_": "\\_"})


def quoted(text: str) -> str:
    """A text as a SOQL literal. Other backslash pairs than these are an error in SOQL."""
    return f"'{text.translate(_ESCAPES)}'"


def name(word: str) -> str:
    """`word` itself where it can be an API name; `ValueError` where it can't."""
    if not _NAME.fullmatch(word):
        raise ValueError(f"{word!r} is no name of an object or field")
    return word


def moment(stamp: str) -> str:
    """A moment of `values.py` as a SOQL literal; the stamps of Salesforce have whole seconds."""
    return f"{(values.instant(stamp) or '')[:19]}Z"


def select(columns: Iterable[str], source: str, where: str = "", tail: str = "") -> str:
    """A statement; names are checked, `where` and `tail` are taken as they are."""
    listed = ",".join(name(one) for one in columns)
    parts = [f"SELECT {listed} FROM {name(source)}"]
    if where:
        parts.append(f"WHERE {where}")
    if tail:
        parts.append(tail)
    return " ".join(parts)


def cost(text: str) -> int:
    """Characters that `text` takes in a URL."""
    return len(quote_plus(text, errors="replace"))


def among(field: Field, wanted: Sequence[str], room: int) -> Iterator[str]:
    """Conditions that together find every record whose `field` folds to one of `wanted`.

    They may find more: a domain is searched for inside addresses, digits with anything between
    them, so the caller compares what comes back. Each takes at most `room` characters of a URL;
    a text that alone takes more is none that a field to search by can hold.
    """
    column = name(field.name)
    most = room - cost(f"{column} LIKE ''()")
    exact: list[str] = []
    loose: list[str] = []
    for one in wanted:
        pattern = _pattern(field, one)
        if pattern is None:
            literal = _literal(field, one)
            if literal and _fits(literal, most):
                exact.append(literal)
        elif pattern and _fits(pattern, most):
            loose.append(f"{column} LIKE '{pattern}'")
    for some in _fit(exact, room - cost(f"{column} IN ()"), ","):
        yield f"{column} IN ({','.join(some)})"
    for some in _fit(loose, room - 2, " OR "):
        yield " OR ".join(some)


def _fits(text: str, most: int) -> bool:
    return len(text) <= LONGEST_LITERAL and cost(text) <= most


def _pattern(field: Field, one: str) -> str | None:
    """The LIKE pattern for a value, "" where nothing can match, None where equality will do."""
    if field.type != "text":
        return None
    if field.format in ("url", "domain"):
        found = values.domain(one)
        return f"%{_wild(found)}%" if found else ""
    if field.format == "phone":
        digits = values.folded(one, "phone")[-7:]
        return f"%{'%'.join(digits)}%" if digits else ""
    words = one.split()
    if len(words) > 1:
        return "%".join(_wild(word) for word in words)
    return None


def _wild(text: str) -> str:
    return text.translate(_ESCAPES).translate(_WILD)


def _literal(field: Field, one: str) -> str:
    """A value as a literal of its field's type; "" where no record can have it."""
    text = one.strip()
    if not text or len(text) > LONGEST_LITERAL:
        return ""
    try:
        if field.type == "number":
            # SOQL knows no exponents, and Salesforce no number of more digits than these.
            number = str(values.number(text))
            return number if _NUMBER.fullmatch(number) else ""
        if field.type == "boolean":
            return "true" if values.boolean(text) else "false"
        if field.type == "date":
            return values.day(text) or ""
        if field.type == "datetime":
            return moment(text)
    except ValueError:
        return ""
    return quoted(text)


def _fit(parts: Iterable[str], room: int, glue: str) -> Iterator[list[str]]:
    """`parts` in groups that take at most `room` characters of a URL; one alone may take more."""
    group: list[str] = []
    taken = 0
    for part in parts:
        needs = cost(part) + cost(glue)
        if group and taken + needs > room:
            yield group
            group, taken = [], 0
        group.append(part)
        taken += needs
    if group:
        yield group
