"""Where a person says yes: the page of `authorize` with its code, and that of the device flow.

Knows PKCE (RFC 7636), redirects back to the program that asked, and devices (RFC 8628, as
Salesforce spells it). What a yes is worth, a token, is `signin.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

from ...base.serve import MADE_UP
from ...base.wire import Response
from .org import Org

_CODE_LIFE = 15 * 60.0
_DEVICE_LIFE = 10 * 60.0
INTERVAL = 5
"""Seconds that a device waits between two questions."""
_KEPT = ("client_id", "redirect_uri", "state", "scope", "code_challenge", "response_type")


class NotGranted(Exception):
    """A code that is worth nothing (now): `code` and `text` of the third dialect."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class _Code:
    user: str
    redirect: str
    challenge: str
    issued: float


@dataclass(slots=True)
class _Device:
    user_code: str
    issued: float
    asked: float = 0.0
    user: str = ""
    denied: bool = False


class Consent:
    """The consents of an org. `by_password` gives the user of a name and password, `text` draws.

    Where a `browser_user` is set, the browser is signed in as that user, who says yes to
    everything. `callbacks` are the addresses that the app may be sent back to; none: any on
    loopback.
    """

    def __init__(
        self,
        org: Org,
        by_password: Callable[[str, str], str | None],
        text: Callable[[int], str],
    ) -> None:
        self.browser_user = ""
        self.callbacks: tuple[str, ...] = ()
        self._org = org
        self._by_password = by_password
        self._text = text
        self._codes: dict[str, _Code] = {}
        self._devices: dict[str, _Device] = {}

    def authorize(self, method: str, given: Mapping[str, str], client_id: str) -> Response:
        """The page that asks a person, and where it leads to."""
        if given.get("client_id") != client_id:
            return _problem("invalid_client_id", "client identifier invalid")
        redirect = given.get("redirect_uri", "")
        if not self._may_go_to(redirect):
            return _problem("redirect_uri_mismatch", "redirect_uri must match configuration")
        if given.get("response_type") != "code":
            return _back(redirect, given, error="unsupported_response_type")
        if given.get("deny"):
            text = "end-user denied authorization"
            return _back(redirect, given, error="access_denied", error_description=text)
        user = self.browser_user
        if method == "POST":
            user = self._by_password(given.get("username", ""), given.get("password", "")) or ""
        if not user:
            wrong = "Check your username and password." if method == "POST" else ""
            kept = {name: given[name] for name in _KEPT if name in given}
            return _page("Log in and allow access", kept, wrong, given.get("login_hint", ""))
        code = f"aPrx{MADE_UP}{self._text(40)}"
        challenge = given.get("code_challenge", "")
        self._codes[code] = _Code(user, redirect, challenge, self._org.clock.now())
        return _back(redirect, given, code=code)

    def device(self, base: str) -> dict[str, Any]:
        """What a device is told that has no browser."""
        code, user_code = MADE_UP + self._text(60), self._text(8).upper()
        self._devices[code] = _Device(user_code, self._org.clock.now())
        return {
            "device_code": code,
            "user_code": user_code,
            "verification_uri": f"{base}/setup/connect",
            "interval": INTERVAL,
        }

    def connect(self, method: str, given: Mapping[str, str]) -> Response:
        """The page where a person enters the code of a device."""
        wanted = given.get("user_code", "")
        found = next((one for one in self._devices.values() if one.user_code == wanted), None)
        if method == "GET":
            return _page("Connect a device", {}, "", "", user_code=wanted)
        user = self._by_password(given.get("username", ""), given.get("password", ""))
        if found is None or user is None:
            wrong = "Check the code, your username and password."
            return _page("Connect a device", {}, wrong, given.get("username", ""), user_code=wanted)
        found.user, found.denied = user, bool(given.get("deny"))
        return Response(200, _HTML, b"<!doctype html><title>Connected</title><p>You may close this")

    def redeem(self, grant: str, form: Mapping[str, str]) -> str:
        """The user who gave a code. Raises `NotGranted`."""
        code = form.get("code", "")
        return self._of_device(code) if grant == "device" else self._of_code(code, form)

    def _of_code(self, code: str, form: Mapping[str, str]) -> str:
        found = self._codes.pop(code, None)
        if found is None or self._org.clock.now() - found.issued > _CODE_LIFE:
            raise NotGranted("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != found.redirect:
            raise NotGranted("redirect_uri_mismatch", "redirect_uri must match configuration")
        verifier = form.get("code_verifier", "")
        if found.challenge and not hmac.compare_digest(challenge_of(verifier), found.challenge):
            raise NotGranted("invalid_grant", "invalid code verifier")
        return found.user

    def _of_device(self, code: str) -> str:
        found, now = self._devices.get(code), self._org.clock.now()
        if found is None or now - found.issued > _DEVICE_LIFE:
            raise NotGranted("invalid_grant", "invalid authorization code")
        early, found.asked = now - found.asked < INTERVAL, now
        if found.denied:
            raise NotGranted("access_denied", "end-user denied authorization")
        if not found.user:
            code = "slow_down" if early else "authorization_pending"
            raise NotGranted(code, "polling too frequently" if early else "authorization pending")
        del self._devices[code]
        return found.user

    def _may_go_to(self, redirect: str) -> bool:
        if self.callbacks:
            return redirect in self.callbacks
        parts = urlsplit(redirect)
        return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")


def challenge_of(verifier: str) -> str:
    """The challenge of a verifier (S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


_HTML = {"content-type": "text/html;charset=UTF-8"}


def _back(redirect: str, given: Mapping[str, str], **told: str) -> Response:
    """To where the program that asked listens."""
    if "state" in given:
        told["state"] = given["state"]
    query = "&".join(f"{name}={quote(text, safe='')}" for name, text in told.items())
    return Response(302, {"location": f"{redirect}{'&' if '?' in redirect else '?'}{query}"})


def _problem(code: str, text: str) -> Response:
    body = f"<!doctype html><title>Error</title><p>error={code}&amp;error_description={text}"
    return Response(400, _HTML, body.encode())


def _page(
    title: str, kept: Mapping[str, str], wrong: str, name: str, user_code: str | None = None
) -> Response:
    """A form that asks who someone is, and whether they allow it."""
    hidden = "".join(
        f'<input type="hidden" name="{key}" value="{escape(text)}">' for key, text in kept.items()
    )
    code = "" if user_code is None else f'<input name="user_code" value="{escape(user_code)}">'
    body = (
        f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{escape(wrong)}"
        f'<form method="post">{hidden}{code}'
        f'<input name="username" value="{escape(name)}">'
        '<input name="password" type="password">'
        "<button>Allow</button><button name='deny' value='1'>Deny</button></form>"
    )
    return Response(200, _HTML, body.encode())
