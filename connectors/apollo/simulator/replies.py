"""What the simulated Apollo says: refusals with their real wording, and times as it spells them.

Knows status codes and bodies, also where they wobble: 401 is plain text, a spent window is JSON
with `message`, most misses are 422. Which request earns which refusal is decided by the handlers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from ...base.wire import Response

JSON_TYPE = "application/json; charset=utf-8"


class Refusal(Exception):
    """A request that gets an error reply; `body` is text/plain if it is a str, else JSON."""

    def __init__(self, status: int, body: str | Mapping[str, Any], **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = {name.replace("_", "-"): text for name, text in headers.items()}

    def response(self) -> Response:
        if isinstance(self.body, str):
            return text_reply(self.status, self.body, "text/plain; charset=utf-8", self.headers)
        return json_reply(self.body, self.status, self.headers)


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    """A JSON reply; Apollo's successes are 200 throughout, creates too."""
    shown = {"content-type": JSON_TYPE, **headers}
    return Response(status, shown, _spelled(body).encode())


_spelled = json.JSONEncoder(ensure_ascii=False).encode


@lru_cache(maxsize=8)
def http_date(seconds: float) -> str:
    """A time as headers have it."""
    return formatdate(seconds, usegmt=True)


def text_reply(
    status: int, body: str, kind: str = "text/html; charset=utf-8", headers: Mapping[str, str] = {}
) -> Response:
    """A reply that is no JSON, such as the HTML page of a gateway."""
    return Response(status, {"content-type": kind, **headers}, body.encode())


def unprocessable(error: str, **more: object) -> Refusal:
    """422, which Apollo uses for everything semantic."""
    return Refusal(422, {"error": error, **more})


def no_such_id(value: object) -> Refusal:
    """An id that isn't 24 hex characters or isn't in the team."""
    return unprocessable(f"Parameters misconfigured. {value} is not a valid ID")


def bad_key() -> Refusal:
    return Refusal(
        401,
        "Invalid API key. See https://docs.apollo.io/reference/authentication "
        "for how to authenticate.",
    )


def out_of_scope(action: str) -> Refusal:
    """The key's scope lacks this endpoint (wording of 2026)."""
    return Refusal(
        403,
        {
            "error": f"This API key is not authorized to access api/v1/{action}. Request an API "
            "key from your administrator that includes this endpoint in its configured scope.",
            "error_code": "API_INACCESSIBLE",
        },
    )


def never_public(action: str) -> Refusal:
    """An action that no API key may call, such as deleting."""
    return Refusal(
        403,
        {
            "error": f"api/v1/{action} is not accessible with this api_key",
            "error_code": "API_INACCESSIBLE",
        },
    )


def not_found() -> Refusal:
    return Refusal(404, {"status": 404, "error": "Not Found"})


def stamp(milliseconds: int) -> str:
    """`2026-05-18T11:04:12.977Z`, from milliseconds since 1970."""
    whole = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{whole.isoformat()[:19]}.{milliseconds % 1000:03d}Z"


def zoned(milliseconds: int) -> str:
    """The other spelling, of activity and due dates: `2026-05-20T12:00:00.000+00:00`."""
    return stamp(milliseconds)[:-1] + "+00:00"
