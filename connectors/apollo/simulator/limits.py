"""Apollo's rate limits: fixed windows of a minute, an hour and a day for each endpoint of a team.

Knows the figures of the plans and the headers that tell what is left. A window opens with the first
request in it. Without a plan nothing is limited, and the headers name no limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .replies import Refusal

PLANS: Mapping[str, tuple[int, int, int]] = {
    "free": (50, 200, 600),
    "basic": (200, 400, 2_000),
    "professional": (200, 400, 2_000),
    "organization": (200, 600, 6_000),
}
"""Requests a minute, an hour and a day, of each endpoint for records."""

_WINDOWS = (("minute", 60), ("hour", 3_600), ("day", 86_400))
_LIMIT_HEADERS = ("x-rate-limit-minute", "x-rate-limit-hourly", "x-rate-limit-24-hour")
_USED_HEADERS = ("x-minute-usage", "x-hourly-usage", "x-24-hour-usage")
_LEFT_HEADERS = ("x-minute-requests-left", "x-hourly-requests-left", "x-24-hour-requests-left")


@dataclass(slots=True)
class Limits:
    """What was used of each endpoint. `plan` is a key of `PLANS` or "" for no limits; `special`
    gives an endpoint (`contacts/search`) its own (minute, hour, day), 0 for no limit."""

    plan: str = ""
    special: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _used: dict[str, list[list[float]]] = field(default_factory=dict)

    def take(self, action: str, now: float) -> dict[str, str]:
        """Counts a request of `action` and gives its headers. Raises the 429 where a window is
        used up; such a request is not counted."""
        limits = self.of(action)
        windows = self._windows(action, now)
        for (name, length), limit, (opened, used) in zip(_WINDOWS, limits, windows, strict=True):
            if limit and used >= limit:
                raise Refusal(
                    429,
                    {
                        "message": f"The maximum number of api calls allowed for api/v1/{action} "
                        f"is {limit} times per {name}. Please upgrade your plan from "
                        "https://app.apollo.io/#/settings/plans/upgrade."
                    },
                    retry_after=str(max(1, round(opened + length - now))),
                    **{
                        header.replace("-", "_"): text
                        for header, text in _headers(limits, windows).items()
                    },
                )
        for window in windows:
            window[1] += 1
        return _headers(limits, windows)

    def of(self, action: str) -> tuple[int, int, int]:
        """Requests a minute, hour and day that `action` has; 0 for no limit."""
        return self.special.get(action) or PLANS.get(self.plan, (0, 0, 0))

    def stats(self, now: float) -> dict[str, object]:
        """The reply of the usage endpoint: its keys are JSON arrays as text."""
        shown: dict[str, object] = {}
        for action in sorted({*self._used, "contacts/search", "accounts/search"}):
            controller, _, name = action.rpartition("/")
            windows = zip(_WINDOWS, self.of(action), self._windows(action, now), strict=True)
            shown[f'["api/v1/{controller}", "{name}"]'] = {
                window: {
                    "limit": limit or None,
                    "consumed": int(used),
                    "left_over": limit - int(used) if limit else None,
                }
                for (window, _), limit, (_, used) in windows
            }
        return shown

    def _windows(self, action: str, now: float) -> list[list[float]]:
        """When each window opened and what was used of it, new ones where the old have ended."""
        windows = self._used.get(action)
        if windows is None:
            windows = self._used[action] = [[now, 0] for _ in _WINDOWS]
        for (_, length), window in zip(_WINDOWS, windows, strict=True):
            if now >= window[0] + length or window[1] == 0:
                window[:] = [now, 0]
        return windows


def _headers(limits: tuple[int, int, int], windows: list[list[float]]) -> dict[str, str]:
    """An unlimited window has an empty limit header and no others."""
    shown: dict[str, str] = {}
    for place, (limit, (_, used)) in enumerate(zip(limits, windows, strict=True)):
        shown[_LIMIT_HEADERS[place]] = str(limit) if limit else ""
        if limit:
            shown[_USED_HEADERS[place]] = str(int(used))
            shown[_LEFT_HEADERS[place]] = str(limit - int(used))
    return shown
