"""Logins that people link to a project: how one is made, and what a connector is given of them.

A connector whose `Kind` has a `Linking` signs people in and writes under their names. Where its
secrets are kept, and whose login a write goes under, is the engine's (`engine/logins.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from .frozen import dataclass
from .login import Secret

if TYPE_CHECKING:
    from .contract import Connector
    from .world import World

LOGIN_LOST = "login-lost"
"""The code of a `busy` outcome: not sent, since the login it was to go under has ended."""

Settings = Mapping[str, str | Secret]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in gave. `kept` is the connector's own text, which only it reads.

    `org` and `user` are ids in the words of the system, `name` is what the user signs in with.
    """

    kept: Secret
    org: str
    user: str
    name: str
    email: str = ""


class Person(Protocol):
    """Whoever signs in, at the terminal and in a browser."""

    device: bool
    """The browser is on another machine, so that nothing can be sent back to this one."""

    def browse(self, address: str, callback: str, state: str) -> Mapping[str, str]:
        """Sends the browser to `address`; the query that it brings back to `callback`, an address
        of this machine, with that `state`. Raises `SignInRefused` where nobody comes back."""

    def enter(self, address: str, code: str) -> None:
        """Asks to open `address` on any machine and to enter `code` there."""

    def secret(self, question: str) -> Secret:
        """The answer to a question, which is not shown while it is typed."""

    def nonce(self) -> str:
        """43 letters and digits that nobody can guess, others each time."""


class Logins(Protocol):
    """The linked logins of one system. `sync` is the name of the sync login, "" where the settings
    of the project sign in by themselves. Calls may come from several threads."""

    sync: str

    def user(self, name: str) -> str:
        """The id of the login's user, "" for one that isn't linked."""

    def kept(self, name: str) -> Secret:
        """What is kept of a login. Raises `LoginLost` for one that has ended."""

    def renew(self, name: str, stale: Secret, renewal: Callable[[Secret], Secret]) -> Secret:
        """What is kept now: what `renewal` makes of it where it is still `stale`, once however many
        ask, in this process or another. A `LoginLost` out of `renewal` ends the login."""


@dataclass(frozen=True, slots=True)
class Linking:
    """How people sign in to a kind of system.

    - `sign_in(settings, world, person)` makes a login; `revoke(settings, world, kept)` ends one
      at the system.
    - `connect(settings, world, logins)`: a `Write` whose `login` is a name goes out under it.
    - `instead`: the setting that makes linking needless, since it signs in by itself.
    - `personal`: people may each link their own; else there is one login for all.
    """

    sign_in: Callable[[Settings, World, Person], Grant]
    connect: Callable[[Settings, World, Logins], Connector]
    revoke: Callable[[Settings, World, Secret], None]
    instead: str
    personal: bool = False
