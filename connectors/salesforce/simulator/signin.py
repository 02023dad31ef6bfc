"""Signing in: the OAuth endpoints, tokens, who a token belongs to, and the SOAP login.

Knows the third dialect of errors, `{"error", "error_description"}`, and SOAP faults. Doesn't know
data resources; they ask `user_of`.
"""

from __future__ import annotations

import base64
import hmac
import random
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from ...base.wire import Request
from .calls import Reply, pairs
from .errors import bad_session, not_found, whole
from .org import Org

_REASON = "Invalid username, password, security token; or user locked out."


class SignIn:
    """The sign-ins of an org. `token_life` is seconds until a token ends, None for never.

    `passwords` are by user name; over SOAP and with a password the security token is appended.
    """

    def __init__(self, org: Org, chance: random.Random) -> None:
        self.org = org
        self._random = chance
        self.token_life: float | None = None
        self.client_id = f"3MVG9{self._text(20)}"
        self.client_secret = self._text(32)
        self.security_token = self._text(24)
        self.passwords: dict[str, str] = {}
        self._tokens: dict[str, tuple[str, float]] = {}
        self._refresh: dict[str, str] = {}

    def issue(self, user: str) -> str:
        """A new token of a user."""
        token = f"{self.org.id[:15]}!AQ{self._text(30)}.{self._text(20)}"
        self._tokens[token] = (user, self.org.clock.now())
        return token

    def expire(self) -> None:
        """Ends all tokens."""
        self._tokens.clear()

    def user_of(self, headers: Mapping[str, str]) -> str:
        """The user of a request's token. Raises `Refused` for a bad one."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if not token and not kind:
            raise bad_session()
        if kind.lower() not in ("bearer", "oauth"):
            raise whole(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        return self._holder(token)

    def answer(self, request: Request, base: str) -> Reply:
        """The reply to a request under /services/oauth2/ or /id/. `base` is our own address."""
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
        if word == "revoke" and method in ("GET", "POST"):
            token = form.get("token") or pairs(query).get("token", "")
            self._tokens.pop(token, None)
            self._refresh.pop(token, None)
            return Reply(200)
        if word == "userinfo":
            return Reply(200, self._userinfo(self.user_of(headers), base))
        raise not_found()

    def soap(self, body: bytes, base: str) -> tuple[int, str]:
        """Status and XML for a SOAP login."""
        text = body.decode("utf-8", "replace")
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
        user, issued = found
        if self.token_life is not None and self.org.clock.now() - issued >= self.token_life:
            raise bad_session()
        return user

    def _named(self, name: str, password: str) -> str | None:
        """The id of an active user whose password, with the security token, this is."""
        wanted = self.passwords.get(name.lower())
        if wanted is None or not _same(password, wanted + self.security_token):
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
        grant = form.get("grant_type", "")
        if grant not in ("client_credentials", "password", "refresh_token"):
            return _error("unsupported_grant_type", "grant type not supported")
        if not _same(secret, self.client_secret):
            return _error("invalid_client", "invalid client credentials")
        if grant == "client_credentials":
            return self._granted(self.org.user, base)
        if grant == "password":
            user = self._named(form.get("username", ""), form.get("password", ""))
            if user is None:
                return _error("invalid_grant", "authentication failure")
            refresh = f"5Aep{self._text(40)}"
            self._refresh[refresh] = user
            return self._granted(user, base, refresh)
        held = self._refresh.get(form.get("refresh_token", ""))
        if held is None:
            return _error("invalid_grant", "expired access/refresh token")
        return self._granted(held, base)

    def _granted(self, user: str, base: str, refresh: str = "") -> Reply:
        body = {
            "access_token": self.issue(user),
            "signature": self._text(43) + "=",
            "scope": "refresh_token id api" if refresh else "id api",
            "instance_url": base,
            "id": f"{base}/id/{self.org.id}/{user}",
            "token_type": "Bearer",
            "issued_at": str(int(self.org.clock.now() * 1000)),
        }
        return Reply(200, {**body, "refresh_token": refresh} if refresh else body)

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
