"""The way in: the token endpoint of Salesforce, its grants, and who a token belongs to.

Knows OAuth 2.0 as Salesforce spells it and the third dialect of errors. Doesn't know what is done
with a token (`session.py`), nor how a person is asked (`linking.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from ...errors import LoginLost, SignInRefused, SystemUnavailable, UsageError
from ..base.login import Secret, address, bare, plain
from ..base.wire import JSON, OK, NoReply, Request, Response, Verdict, Wire, host
from ..base.world import World
from .refusals import complaint
from .settings import DEFAULT_LOGIN, MY_DOMAIN

_FORM = {
    "content-type": "application/x-www-form-urlencoded",
    "accept": JSON,
}
_LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")
_ENDED = ("invalid_grant", "inactive_user")
"""A refresh token that is refused with these is good for nothing any more."""


_HOMES = (".salesforce.com", ".salesforce.mil", ".sfcrmproducts.cn")
"""Where Salesforce has its log-in hosts and its instances, and nobody else has a page."""

_SECRET = ("code", "code_verifier", "refresh_token")
"""What of a form must not be repeated in a message."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a sign-in gave. `org` and `user` are ids, "" where the reply named none; `refresh` is
    None where a sign-in is done anew each time."""

    secret: Secret
    instance: str
    org: str
    user: str
    refresh: Secret | None = None

    def kept(self) -> Secret:
        """All of it as one text that the engine keeps."""
        refresh = self.refresh.reveal() if self.refresh else ""
        held = [self.secret.reveal(), self.instance, self.org, self.user, refresh]
        return Secret(json.dumps(held))

    @classmethod
    def of(cls, kept: Secret) -> Token:
        """The inverse of `kept`. `UsageError` where somebody has put something else there."""
        try:
            secret, instance, org, user, refresh = held = json.loads(kept.reveal())
            if not all(isinstance(one, str) for one in held):
                raise TypeError
        except (ValueError, TypeError, RecursionError):
            raise UsageError(
                "what is kept of a login of Salesforce is not what a sign-in gave",
                fix="sign in again: `syncrules connect`, with the name of the system",
            ) from None
        return cls(Secret(secret), instance, org, user, Secret(refresh) if refresh else None)


class Door:
    """The token endpoint of one org, or of the login host that knows where an org is."""

    def __init__(self, settings: Mapping[str, str | Secret], world: World) -> None:
        self.system = text_of(settings, "system") or "salesforce"
        where, url = f"of [systems.{self.system}]", text_of(settings, "url")
        self.override = address(url, f"`url` {where}", MY_DOMAIN) if url else ""
        self.login_url = self.override or address(
            text_of(settings, "login_url") or DEFAULT_LOGIN, f"`login_url` {where}", MY_DOMAIN
        )
        self.client_id = text_of(settings, "client_id")
        given = settings.get("client_secret", "")
        self._secret = given if isinstance(given, Secret) else Secret(given)
        plain(self._secret.reveal(), f"`client_secret` of [systems.{self.system}]")
        self._world = world

    def by_itself(self) -> Token:
        """A token by client credentials (RFC 6749, 4.4): as the user whom the app runs as."""
        if not self._secret.reveal():
            raise UsageError(
                f"[systems.{self.system}] needs the key `client_secret`",
                why="nobody has signed in, so syncrules would have to by itself",
                fix=f"run `syncrules connect {self.system}`, or add the key",
            )
        return self._token(self._ask({"grant_type": "client_credentials"}))

    def by_code(self, code: Secret, verifier: Secret, callback: str) -> Token:
        """A token for what a person's consent gave (RFC 6749, 4.1; RFC 7636)."""
        form = {"grant_type": "authorization_code", "code": code.reveal()}
        proof = {"redirect_uri": callback, "code_verifier": verifier.reveal()}
        return self._token(self._ask({**form, **proof}, once=True))

    def device(self, scope: str) -> Mapping[str, Any]:
        """What a person is told who has no browser here: an address, a code, and for us another."""
        told: Mapping[str, Any] = self._ask(
            {"response_type": "device_code", "scope": scope}, ("device_code",)
        )
        return told

    def by_device(self, code: Secret) -> Token | str:
        """A token once a person has entered the code; until then what the system says to it."""
        pending = ("authorization_pending", "slow_down")
        told = self._ask(
            {"grant_type": "device", "code": code.reveal()}, ("access_token", *pending)
        )
        return self._token(told) if "access_token" in told else str(told["error"])

    def renewed(self, token: Token) -> Token:
        """A new token for one that has ended. Raises `LoginLost` where the sign-in has, too."""
        refresh = token.refresh.reveal() if token.refresh else ""
        told = self._ask(
            {"grant_type": "refresh_token", "refresh_token": refresh}, ("access_token", *_ENDED)
        )
        if "access_token" not in told:
            raise LoginLost(
                f"a login of {self.system} has ended",
                why=str(complaint(told)),
                fix=f"sign in again: `syncrules connect {self.system}`",
            )
        return self._token({"refresh_token": refresh, "id": "", **told}, token)

    def revoke(self, token: Token) -> None:
        """Ends a sign-in for good: its token, and what it is renewed with."""
        secret = (token.refresh or token.secret).reveal()
        url = f"{self.login_url}/services/oauth2/revoke"
        request = Request("POST", url, _FORM, urlencode({"token": secret}).encode())
        Wire(self._world, self.system, _ended).call(request, repeatable=True)

    def refused(self, text: str) -> SignInRefused:
        """The error for credentials of the project file that the org doesn't take."""
        return Wire(self._world, self.system, _ended).refused(text)

    def _ask(
        self, form: Mapping[str, str], wanted: Collection[str] = (), *, once: bool = False
    ) -> Any:
        """The reply of the token endpoint: one that has one of the keys `wanted` or is an error of
        that name; for none, a token. `once`: what is sent is good for one use."""
        secret = self._secret.reveal()
        known = {"client_id": self.client_id, **({"client_secret": secret} if secret else {})}
        request = Request(
            "POST",
            f"{self.login_url}/services/oauth2/token",
            _FORM,
            urlencode({**form, **known}).encode(),
            60.0,
        )
        hidden = [form[name] for name in _SECRET if name in form] + [secret]
        judge = partial(self._judge, wanted or ("access_token",), hidden)
        try:
            wire = Wire(self._world, self.system, judge)
            return wire.call(request, repeatable=not once).json()
        except NoReply as error:
            raise SystemUnavailable(
                f"{self.system} at {host(self.login_url)} did not answer the sign-in",
                why=str(error),
                fix="sign in once more",
            ) from None

    def _judge(
        self, wanted: Collection[str], hidden: Collection[str], response: Response
    ) -> Verdict:
        """Sorts a reply of the token endpoint, whose errors are a third dialect."""
        try:
            data = response.json()
        except ValueError:
            return Verdict(
                "lost", text=f"HTTP {response.status}, and no JSON as Salesforce sends it"
            )
        if response.status >= 500:
            return Verdict("lost", text=f"HTTP {response.status}")
        if isinstance(data, dict) and (data.get("error") in wanted or _has(data, wanted)):
            moved = "access_token" in data and not (self.override or data.get("instance_url"))
            return Verdict("lost") if moved else OK
        wrong = complaint(data, response.status)
        if wrong.code == "rate_limit_exceeded":
            return Verdict("busy", text=str(wrong))
        text = str(wrong)
        for secret in hidden:
            for spelled in (secret, quote_plus(secret)):
                text = text.replace(spelled, "...") if spelled else text
        if self._secret.reveal() and host(self.login_url) in _LOGIN_HOSTS:
            text += " (client credentials work only at the org's own My Domain address: login_url)"
        return Verdict("refused", text=text)

    def _token(self, reply: Mapping[str, Any], before: Token | None = None) -> Token:
        org, user = _who(str(reply.get("id", "")))
        if before is not None:
            org, user = org or before.org, user or before.user
        given = str(reply.get("instance_url") or (before.instance if before else ""))
        instance = self.override or given.rstrip("/")
        if instance.endswith(".lightning.force.com"):
            raise self.refused("it names the address for people; the API isn't there")
        if not self.at_home(instance):
            raise self.refused("it names an instance that is not at Salesforce, or without TLS")
        texts = [reply["access_token"], reply.get("refresh_token") or ""]
        if not all(isinstance(one, str) and one.isascii() and one.isprintable() for one in texts):
            raise self.refused("what it gave is no token")
        secret, refresh = (Secret(one) for one in texts)
        return Token(secret, instance, org, user, refresh if refresh.reveal() else None)

    def at_home(self, url: str) -> bool:
        """Whether an address that a reply names may be used: it has nothing but a host, which is
        the one that was asked or one of Salesforce's. Tokens go there, and people."""
        if not bare(url):
            return False
        there, here = (urlsplit(one).hostname or "" for one in (url, self.login_url))
        ours = (f".{one}".endswith(_HOMES) for one in (there, here))
        return there == here or all(ours)


def text_of(settings: Mapping[str, str | Secret], name: str) -> str:
    """A setting as text, "" where it isn't given."""
    value = settings.get(name, "")
    return value.strip() if isinstance(value, str) else value.reveal()


def _has(data: Mapping[str, Any], wanted: Collection[str]) -> bool:
    return any(data.get(name) for name in wanted)


def _ended(response: Response) -> Verdict:
    """Sorts the reply to a revocation: a token that is gone already is as good as revoked."""
    return OK if response.status < 500 else Verdict("lost", text=f"HTTP {response.status}")


def _who(url: str) -> tuple[str, str]:
    """Org and user of an identity URL `https://HOST/id/00D.../005...`."""
    found = re.search(r"/id/(00D\w{12,15})/(005\w{12,15})$", url)
    return (found[1], found[2]) if found else ("", "")
