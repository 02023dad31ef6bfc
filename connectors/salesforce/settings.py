"""What a project file may say of a Salesforce org. Knows no way to use it: that is `session.py`."""

from __future__ import annotations

from ..base.contract import Setting

DEFAULT_LOGIN = "https://login.salesforce.com"
MY_DOMAIN = "https://YOUR-DOMAIN.my.salesforce.com"
DEFAULT_VERSION = "59.0"
CALLBACK = "http://localhost:1717/OauthRedirect"
"""Where the browser brings a consent back to; the app must name the very same address."""

LONGEST = 600.0
"""Seconds after which Salesforce gives up a save itself."""

SETTINGS = (
    Setting("client_id", required=True, example="3MVG9..."),
    Setting("client_secret", secret=True),
    Setting("login_url", default=DEFAULT_LOGIN, example=MY_DOMAIN),
    Setting("url", example="http://127.0.0.1:8765"),
    Setting("api_version", default=DEFAULT_VERSION),
    Setting("callback", default=CALLBACK),
)
