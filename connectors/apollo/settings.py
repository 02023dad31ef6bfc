"""What a project file may say of an Apollo team. Knows no way to use it: that is `session.py`."""

from __future__ import annotations

from ..base.contract import Setting

DEFAULT_URL = "https://api.apollo.io"

LONGEST = 300.0
"""Seconds after which Apollo cuts a request off."""

SETTINGS = (
    Setting("key", secret=True, example="env:APOLLO_API_KEY"),
    Setting("url", default=DEFAULT_URL),
    Setting("undocumented", default="no", example="yes"),
)
