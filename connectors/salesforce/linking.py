"""How a person signs in: consent in a browser with PKCE, or a code that is entered elsewhere.

Knows what is asked of the person and in which order. The requests are those of `door.py`, the
terminal and the browser are the caller's (`connectors/base/linking.py`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from ...errors import SignInRefused, UsageError
from ..base.linking import Grant, Logins, Person, Settings
from ..base.login import Secret
from ..base.understood import understood
from ..base.wire import figure
from ..base.world import World
from .access import Salesforce
from .door import Door, Token, text_of
from .session import Refused, Session
from .settings import CALLBACK

SCOPE = "api refresh_token id"
_LONGEST_PAUSE = 60
_LONGEST_WAIT = 600.0
"""Seconds that a device waits for its code to be entered."""


def sign_in(settings: Settings, world: World, person: Person) -> Grant:
    """A login of whoever says yes."""
    door = Door(settings, world)
    with understood(door.system):
        return _grant(settings, world, person, door)


def _grant(settings: Settings, world: World, person: Person, door: Door) -> Grant:
    token = (
        _by_device(door, world, person) if person.device else _in_browser(door, settings, person)
    )
    if token.refresh is None:
        raise SignInRefused(
            f"{door.system} gave a sign-in that can't be renewed",
            why="the app doesn't allow the scope refresh_token",
            fix="add the scope to the app in Setup, then connect again",
        )
    who = _identity(settings, world, door, token)
    return Grant(
        token.kept(),
        token.org or str(who.get("organization_id", "")),
        token.user or str(who.get("user_id", "")),
        str(who["preferred_username"]),
        str(who.get("email") or ""),
    )


def connect(settings: Settings, world: World, logins: Logins) -> Salesforce:
    """The org as its sync login sees it; writes may go out under the other logins."""
    return Salesforce(settings, world, logins)


def revoke(settings: Settings, world: World, kept: Secret) -> None:
    """Ends a login at Salesforce."""
    Door(settings, world).revoke(Token.of(kept))


def _in_browser(door: Door, settings: Settings, person: Person) -> Token:
    callback = text_of(settings, "callback") or CALLBACK
    parts = urlsplit(callback)
    if parts.scheme != "http" or parts.hostname not in ("localhost", "127.0.0.1"):
        raise UsageError(
            f"`callback` of [systems.{door.system}] can't be used",
            why="the browser has to come back to this machine",
            fix=f"write an address like {CALLBACK}, and name the same one in the app",
        )
    verifier, state = Secret(person.nonce()), person.nonce()
    digest = hashlib.sha256(verifier.reveal().encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": door.client_id,
        "redirect_uri": callback,
        "scope": SCOPE,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "prompt": "login consent",
    }
    address = f"{door.login_url}/services/oauth2/authorize?{urlencode(asked)}"
    back = person.browse(address, callback, state)
    if "code" not in back:
        raise _not_allowed(door, back)
    return door.by_code(Secret(back["code"]), verifier, callback)


def _not_allowed(door: Door, back: Mapping[str, str]) -> SignInRefused:
    code, text = back.get("error", "no code"), back.get("error_description", "")
    return SignInRefused(
        f"{door.system} did not let you in",
        why=f"{code}: {text}" if text else code,
        fix=f"run `syncrules connect {door.system}` again and allow access",
    )


def _by_device(door: Door, world: World, person: Person) -> Token:
    told = door.device(SCOPE)
    page, shown = str(told["verification_uri"]), str(told["user_code"])
    if not door.at_home(page.partition("/setup/")[0]) or not shown.isalnum():
        raise door.refused("it names a page to sign in at that is not at Salesforce")
    person.enter(page, shown)
    code = Secret(str(told["device_code"]))
    pause = min(figure(str(told.get("interval"))) or 5, _LONGEST_PAUSE)
    until = world.clock.now() + _LONGEST_WAIT
    while world.clock.now() < until:
        world.clock.sleep(pause)
        answer = door.by_device(code)
        if isinstance(answer, Token):
            return answer
        pause += 5 if answer == "slow_down" else 0
    raise SignInRefused(
        f"nobody entered the code of {door.system}",
        why=f"it was good for {_LONGEST_WAIT / 60:.0f} minutes",
        fix=f"run `syncrules connect {door.system} --device` again",
    )


class _JustSignedIn:
    """The one login of a token that nobody keeps yet."""

    sync = "new"

    def __init__(self, token: Token) -> None:
        self._token = token

    def user(self, name: str) -> str:
        return self._token.user

    def kept(self, name: str) -> Secret:
        return self._token.kept()

    def renew(self, name: str, stale: Secret, renewal: object) -> Secret:
        return stale


def _identity(settings: Settings, world: World, door: Door, token: Token) -> Mapping[str, object]:
    """Who it is, in the words of OpenID; asking so shows that the token is good."""
    session = Session(settings, world, door, _JustSignedIn(token), "new")
    try:
        found: Mapping[str, object] = session.get("/services/oauth2/userinfo", "user_id").data
    except Refused as refused:
        raise session.failure("to tell who signed in", refused) from None
    return found
