"""Troubles that a test orders: which requests they strike, and what they do to them.

Plain data; nothing strikes unless asked for. `server.py` carries them out.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Kind = Literal["reply", "lost after", "lost before", "truncated", "slow", "lock", "expire"]


@dataclass(slots=True)
class Fault:
    """A trouble for requests of `method` ("" for any) whose path and query hold `path`.

    It strikes from the `nth` such request on, `times` times (0: for ever), each with `probability`.

    - `reply`: `status`, `body` and `content_type` instead of an answer; nothing is done.
    - `lost after`: the work is done and the reply is lost; `lost before`: neither.
    - `truncated`: the work is done, the reply breaks off in the middle.
    - `slow`: the reply takes `seconds`; a caller who waits less long loses it.
    - `lock`: somebody saves `record` for `seconds`.
    - `expire`: every sign-in ends now.
    """

    kind: Kind
    method: str = ""
    path: str = ""
    nth: int = 1
    times: int = 1
    probability: float = 1.0
    status: int = 503
    body: str = '[{"message":"Server unavailable","errorCode":"SERVER_UNAVAILABLE"}]'
    content_type: str = "application/json;charset=UTF-8"
    seconds: float = 30.0
    record: str = ""
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, target: str, chance: random.Random) -> bool:
        """Whether it strikes this request; counts it."""
        if self.method.upper() not in ("", method) or self.path.lower() not in target.lower():
            return False
        if self.times and self.struck >= self.times:
            return False
        self.seen += 1
        if self.seen < self.nth or (self.probability < 1 and chance.random() >= self.probability):
            return False
        self.struck += 1
        return True


@dataclass
class Faults:
    """The troubles in force. Each request is struck by all that match it."""

    random: random.Random
    rules: list[Fault] = field(default_factory=list)

    def of(self, method: str, target: str) -> list[Fault]:
        """Those that strike a request of `target`, its path and query."""
        return [one for one in self.rules if one.strikes(method, target, self.random)]


def from_json(data: Mapping[str, Any]) -> Fault:
    """A trouble as `/__sim__/faults` takes it. `ValueError` for unknown keys."""
    known = {one.name for one in fields(Fault)} - {"seen", "struck"}
    if strange := set(data) - known:
        raise ValueError(
            f"unknown: {', '.join(sorted(strange))}; known: {', '.join(sorted(known))}"
        )
    return Fault(**data)
