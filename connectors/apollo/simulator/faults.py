"""Faults that are put into the simulated Apollo on purpose: which requests, and what goes wrong.

Knows requests only by method and path. A fault either stands in place of the work (an error reply,
a request that never arrives) or spoils the reply after it. `server.py` asks here for each request.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ...base.wire import NoReply, Response
from .replies import JSON_TYPE, text_reply

Spoil = Literal["reply", "lost before", "lost after", "cut off", "slow"]


@dataclass(slots=True)
class Fault:
    """What goes wrong with requests of `method` ("" for any) whose path contains `path`.

    - `reply`: `status` and `body` (JSON, or HTML where it begins with `<`) instead of the work.
    - `lost before`, `lost after`: no reply, with the work not done or done.
    - `cut off`: the work is done and half the reply's body arrives.
    - `slow`: the work is done after `seconds`.

    `after` matching requests go well first, then it strikes `times` times (None: for ever), each
    with `probability`.
    """

    kind: Spoil
    method: str = ""
    path: str = ""
    after: int = 0
    times: int | None = 1
    probability: float = 1.0
    status: int = 503
    body: str = '{"error":"Service Unavailable"}'
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def strikes(self, method: str, path: str, chance: random.Random) -> bool:
        """Whether this request is hit; counts it."""
        if (self.method and self.method != method) or self.path not in path or self.times == 0:
            return False
        if self.after:
            self.after -= 1
            return False
        if self.probability < 1 and chance.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


def suffer(fault: Fault, work: Callable[[], Response], sleep: Callable[[float], None]) -> Response:
    """The reply to a request that `fault` strikes. Raises `NoReply` where it gets lost."""
    if fault.kind == "reply":
        kind = "text/html; charset=UTF-8" if fault.body.startswith("<") else JSON_TYPE
        return text_reply(fault.status, fault.body, kind, fault.headers)
    if fault.kind == "lost before":
        raise NoReply("the connection was closed")
    if fault.kind == "slow":
        sleep(fault.seconds)
    response = work()
    if fault.kind == "lost after":
        raise NoReply("the connection was closed")
    if fault.kind == "cut off":
        return Response(response.status, response.headers, response.body[: len(response.body) // 2])
    return response


def from_json(data: Mapping[str, Any]) -> Fault:
    """A fault as the admin route takes it. Raises `TypeError` for a key that isn't one."""
    return Fault(**data)
