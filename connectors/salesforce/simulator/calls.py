"""A request to a data resource, taken apart, and the reply before it is spelled out.

Knows paths, queries, headers and bodies; doesn't know what any resource does (`resources.py`,
`composite.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from urllib.parse import unquote, unquote_plus

from ...base.frozen import dataclass
from .errors import bad_json
from .saves import Actor

JSON = "application/json;charset=UTF-8"
CSV = "text/csv"

_FIXED = ("describe", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class Call:
    """A call by a user who is signed in.

    `path` are the decoded words after the version, `query` the decoded pairs, `version` is "59.0".
    Header names are in lower case.
    """

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    version: str
    user: str

    def json(self) -> Any:
        """The body as JSON. Raises `Refused` for none."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise bad_json("Unexpected character at [line:1, column:1]") from None

    def record(self) -> dict[str, Any]:
        """The body as one JSON object. Raises `Refused` for anything else."""
        found = self.json()
        if not isinstance(found, dict):
            raise bad_json("The HTTP entity body is required to be a JSON object")
        return found

    def actor(self) -> Actor:
        """Who saves, with what the headers say about duplicates and assignment."""
        options = self.headers.get("sforce-duplicate-rule-header", "").lower().replace(" ", "")
        assign = self.headers.get("sforce-auto-assign", "").lower() != "false"
        return Actor(self.user, allow_duplicates="allowsave=true" in options, assign=assign)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: `body` is JSON data, None for none; with another `type` it is text."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    type: str = JSON


def words(path: str) -> tuple[str, ...] | None:
    """The decoded words of a raw path; None where a slash is doubled. One at the end is let be."""
    parts = path.removesuffix("/").split("/")
    if any(not one for one in parts):
        return None
    return tuple(unquote(one) for one in parts)


def pairs(query: str) -> dict[str, str]:
    """The decoded pairs of a query; the first of a name counts."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name:
            found.setdefault(unquote_plus(name), unquote_plus(value))
    return found


def kind(method: str, path: tuple[str, ...]) -> str:
    """What a call is counted as: `PATCH sobjects/Lead/{id}`, `GET jobs/query/{id}/results`."""
    shown = list(path)
    head = path[0].lower() if path else ""
    if head in ("query", "queryall") and len(path) > 1:
        shown[1] = "{locator}"
    elif head == "jobs" and len(path) > 2:
        shown[2] = "{id}"
    elif head == "sobjects" and len(path) > 2 and path[2].lower() not in _FIXED:
        shown[-1] = "{id}" if len(path) == 3 else "{value}"
    return f"{method} {'/'.join(shown)}"
