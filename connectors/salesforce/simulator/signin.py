"""Signing in: the token endpoint, tokens, who a token belongs to, and the SOAP login.

Knows the third dialect of errors, `{"error", "error_description"}`, and SOAP faults. Where a person
says yes in a browser is `consent.py`. Doesn't know data resources; they ask `user_of`.
"""

from __future__ import annotations

import base64
import hmac
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from ...base.serve import MADE_UP
from ...base.wire import Request, Response
from .calls import Reply, pairs
from .consent import Consent, NotGranted
from .errors import bad_session, not_found, whole
from .org import Org

_GRANTS = {
    "client_credentials",
    "password",
    "refresh_token",
    "authorization_code",
    "device",
}
_NEED_SECRET = {"client_credentials", "password"}
_MOST_GRANTS = 5
"""Refresh tokens that a user may have at once; one more ends the oldest."""

_REASON = "Invalid username, password, security token; or user locked out."


@dataclass(frozen=True, slots=True)
class _Token:
    user: str
    issued: float
    refresh: str


class SignIn:
    """The sign-ins of an org. `token_life` is seconds until a token ends, None for never; with
    `rotates`, a refresh token is good for one use and is replaced by another.

    `passwords` are by user name; over SOAP and with a password the security token is appended.
    `counts` are the uses of the token endpoint by grant.
    """

    def __init__(self, org: Org, chance: random.Random) -> None:
        self.org = org
        self._random = chance
        self.token_life: float | None = None
        self.client_id = f"3MVG9{self._text(20)}"
        self.client_secret = MADE_UP + self._text(32)
        self.security_token = MADE_UP + self._text(24)
        self.passwords: dict[str, str] = {}
        self.rotates = False
        self.counts: Counter[str] = Counter()
        self.consent = Consent(org, self._by_password, self._text)
        self._tokens: dict[str, _Token] = {}
        self._refresh: dict[str, str] = {}
        self._given: list[str] = []

    def issue(self, user: str, refresh: str = "") -> str:
        """A new token of a user, got by a refresh token or without one."""
        token = f"{self.org.id[:15]}!AQ{MADE_UP}{self._text(30)}.{self._text(20)}"
        self._tokens[token] = _Token(user, self.org.clock.now(), refresh)
        self._given.append(token)
        return token

    def every_secret(self) -> list[str]:
        """Every token that was ever given out, and what they are renewed with."""
        return list(self._given)

    def expire(self) -> None:
        """Ends all tokens; what they are renewed with stays good."""
        self._tokens.clear()

    def revoke(self, user: str) -> None:
        """An admin ends all sign-ins of a user: tokens, and what they are renewed with."""
        self._refresh = {one: each for one, each in self._refresh.items() if each != user}
        self._tokens = {one: each for one, each in self._tokens.items() if each.user != user}

    def user_of(self, headers: Mapping[str, str]) -> str:
        """The user of a request's token. Raises `Refused` for a bad one."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if not token and not kind:
            raise bad_session()
        if kind.lower() not in ("bearer", "oauth"):
            raise whole(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        return self._holder(token)

    def answer(self, request: Request, base: str) -> Reply | Response:
        """The reply to a request under /services/oauth2/, /id/ or /setup/connect. `base` is our own
        address."""
        method, headers = request.method, request.headers
        _, _, path, query, _ = urlsplit(request.url)
        form = pairs(request.body.decode("utf-8", "replace"))
        word = path.rstrip("/").rpartition("/")[2].lower()
        if path.startswith("/id/"):
            token = pairs(query).get("oauth_token", "")
            user = self._holder(token) if token else self.user_of(headers)
            return Reply(200, self._identity(user, base))
        if word == "token" and method == "POST":
            return self._token(form, headers, base)
        if word == "authorize" and method in ("GET", "POST"):
            given = form if method == "POST" else pairs(query)
            return self.consent.authorize(method, given, self.client_id)
        if word == "connect" and method in ("GET", "POST"):
            return self.consent.connect(method, form or pairs(query))
        if word == "revoke" and method in ("GET", "POST"):
            return self._revoke(form.get("token") or pairs(query).get("token", ""))
        if word == "userinfo":
            return Reply(200, self._userinfo(self.user_of(headers), base))
        raise not_found()

    def soap(self, body: bytes, base: str) -> tuple[int, str]:
        """Status and XML for a SOAP login or logout."""
        text = body.decode("utf-8", "replace")
        if re.search(r"<(?:\w+:)?logout\b", text):
            self._tokens.pop(unescape(self._element(text, "sessionId")), None)
            return 200, _envelope("<logoutResponse/>")
        name, password = (unescape(self._element(text, tag)) for tag in ("username", "password"))
        user = self._named(name, password)
        if user is None:
            return 500, _fault("INVALID_LOGIN", _REASON)
        org, host = self.org.id[:15], escape(base)
        row = self.org.store.named("User").rows[user]
        info = (
            f"<organizationId>{self.org.id}</organizationId><userId>{user}</userId>"
            f"<userEmail>{escape(row['Email'])}</userEmail>"
            f"<userFullName>{escape(row['Name'])}</userFullName>"
        )
        return 200, _envelope(
            "<loginResponse><result>"
            f"<metadataServerUrl>{host}/services/Soap/m/59.0/{org}</metadataServerUrl>"
            "<passwordExpired>false</passwordExpired><sandbox>false</sandbox>"
            f"<serverUrl>{host}/services/Soap/u/59.0/{org}</serverUrl>"
            f"<sessionId>{self.issue(user)}</sessionId><userId>{user}</userId>"
            f"<userInfo>{info}</userInfo></result></loginResponse>"
        )

    def _holder(self, token: str) -> str:
        found = self._tokens.get(token)
        if found is None:
            raise bad_session()
        age = self.org.clock.now() - found.issued
        if self.token_life is not None and age >= self.token_life:
            raise bad_session()
        return found.user

    def _revoke(self, token: str) -> Reply:
        """Ends a refresh token with all tokens it gave; a token goes with what it is renewed by."""
        held = self._tokens.pop(token, None)
        refresh = held.refresh if held else token
        self._refresh.pop(refresh, None)
        self._tokens = {
            one: each
            for one, each in self._tokens.items()
            if not refresh or each.refresh != refresh
        }
        return Reply(200)

    def _named(self, name: str, password: str) -> str | None:
        """The id of an active user whose password, with the security token, this is."""
        given, end = password[: -len(self.security_token)], password[-len(self.security_token) :]
        return self._by_password(name, given) if _same(end, self.security_token) else None

    def _by_password(self, name: str, password: str) -> str | None:
        """The id of an active user whose password this is."""
        wanted = self.passwords.get(name.lower())
        if wanted is None or not _same(password, wanted):
            return None
        users = self.org.store.named("User")
        ids = users.matching("Username", [name])
        return next((id for id in sorted(ids) if users.rows[id].get("IsActive")), None)

    def _token(self, form: Mapping[str, str], headers: Mapping[str, str], base: str) -> Reply:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        kind, _, basic = headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                client, _, secret = base64.b64decode(basic).decode().partition(":")
            except ValueError:
                return _error("invalid_client", "invalid client credentials")
        if not _same(client, self.client_id):
            return _error("invalid_client_id", "client identifier invalid")
        if form.get("response_type") == "device_code":
            return Reply(200, self.consent.device(base))
        grant = form.get("grant_type", "")
        if grant not in _GRANTS:
            return _error("unsupported_grant_type", "grant type not supported")
        # An app without a secret proves itself by the verifier of its code (PKCE).
        if (secret or grant in _NEED_SECRET) and not _same(secret, self.client_secret):
            return _error("invalid_client", "invalid client credentials")
        self.counts[grant] += 1
        if grant == "client_credentials":
            return self._granted(self.org.user, base)
        if grant == "refresh_token":
            return self._refreshed(form.get("refresh_token", ""), base)
        user: str | None
        if grant == "password":
            user = self._named(form.get("username", ""), form.get("password", ""))
            if user is None:
                return _error("invalid_grant", "authentication failure")
        else:
            try:
                user = self.consent.redeem(grant, form)
            except NotGranted as error:
                return _error(error.code, error.text)
        return self._granted(user, base, self._new_refresh(user), told=True)

    def _new_refresh(self, user: str) -> str:
        refresh = f"5Aep{MADE_UP}{self._text(40)}"
        mine = [one for one, each in self._refresh.items() if each == user]
        for oldest in mine[: max(0, len(mine) + 1 - _MOST_GRANTS)]:
            self._revoke(oldest)
        self._refresh[refresh] = user
        self._given.append(refresh)
        return refresh

    def _refreshed(self, refresh: str, base: str) -> Reply:
        user = self._refresh.get(refresh)
        row = self.org.store.named("User").rows.get(user or "", {})
        if user is None or not row.get("IsActive"):
            return _error("invalid_grant", "expired access/refresh token")
        if not self.rotates:
            return self._granted(user, base, refresh)
        del self._refresh[refresh]
        return self._granted(user, base, self._new_refresh(user), told=True)

    def _granted(self, user: str, base: str, refresh: str = "", *, told: bool = False) -> Reply:
        """A new token. `told`: its refresh token is a new one, so the reply has it."""
        body = {
            "access_token": self.issue(user, refresh),
            "signature": self._text(43) + "=",
            "scope": "refresh_token id api" if refresh else "id api",
            "instance_url": base,
            "id": f"{base}/id/{self.org.id}/{user}",
            "token_type": "Bearer",
            "issued_at": str(int(self.org.clock.now() * 1000)),
        }
        return Reply(200, {**body, "refresh_token": refresh} if told else body)

    def _identity(self, user: str, base: str) -> dict[str, Any]:
        row = self.org.store.named("User").rows[user]
        return {
            "id": f"{base}/id/{self.org.id}/{user}",
            "asserted_user": True,
            "user_id": user,
            "organization_id": self.org.id,
            "username": row["Username"],
            "display_name": row["Name"],
            "email": row["Email"],
            "first_name": row.get("FirstName"),
            "last_name": row["LastName"],
            "urls": {"rest": f"{base}/services/data/v{{version}}/"},
            "active": row.get("IsActive", False),
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "last_modified_date": row["LastModifiedDate"],
        }

    def _userinfo(self, user: str, base: str) -> dict[str, Any]:
        row = self.org.store.named("User").rows[user]
        return {
            "sub": f"{base}/id/{self.org.id}/{user}",
            "user_id": user,
            "organization_id": self.org.id,
            "preferred_username": row["Username"],
            "name": row["Name"],
            "email": row["Email"],
            "email_verified": True,
            "given_name": row.get("FirstName"),
            "family_name": row["LastName"],
            "zoneinfo": "GMT",
            "urls": {"rest": f"{base}/services/data/v{{version}}/"},
            "active": row.get("IsActive", False),
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "updated_at": row["LastModifiedDate"],
        }

    def _element(self, text: str, tag: str) -> str:
        """The text of an XML element, whatever its prefix."""
        found = re.search(rf"<(?:\w+:)?{tag}\b[^>]*>(.*?)</(?:\w+:)?{tag}>", text, re.DOTALL)
        return found[1] if found else ""

    def _text(self, length: int) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(self._random.choices(letters, k=length))


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _error(code: str, text: str) -> Reply:
    return Reply(400, {"error": code, "error_description": text})


def _envelope(inner: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns="urn:partner.soap.sforce.com"><soapenv:Body>{inner}</soapenv:Body>'
        "</soapenv:Envelope>"
    )


def _fault(code: str, text: str) -> str:
    return _envelope(
        f"<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{code}: {text}</faultstring>"
        '<detail><sf:LoginFault xmlns:sf="urn:fault.partner.soap.sforce.com">'
        f"<sf:exceptionCode>{code}</sf:exceptionCode>"
        f"<sf:exceptionMessage>{text}</sf:exceptionMessage></sf:LoginFault></detail>"
        "</soapenv:Fault>"
    )
