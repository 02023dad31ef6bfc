"""Whose login writes go under in a history: two users of Salesforce have linked theirs.

The book of a project is kept in memory: who has left has no login, and who is back has one again.
What the checker holds against it is in `checker/signed.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from syncrules.connectors.base.login import Secret
from syncrules.connectors.salesforce.door import Token
from syncrules.connectors.salesforce.simulator.server import SalesforceSimulator
from syncrules.engine.logins import Signers
from syncrules.errors import LoginLost
from syncrules.tests.simulation.recorder import SALESFORCE

SIGNED_IN = ("maria.johnson@heron-trading.example", "david.hansen@heron-trading.example")
"""Those who have linked a login of their own, named like their addresses."""


@dataclass
class Book:
    """The linked logins, as a connector gets them (`linking.Logins`)."""

    salesforce: SalesforceSimulator
    sync: str = ""

    def user(self, name: str) -> str:
        return self.salesforce.user(name)

    def kept(self, name: str) -> Secret:
        """A token that is good now. Raises `LoginLost` for one who has left."""
        if not self.active(name):
            raise LoginLost(f"the login {name} has ended", why="expired access/refresh token")
        user = self.user(name)
        token = Secret(self.salesforce.sign_ins.issue(user))
        return Token(token, f"https://{SALESFORCE}", "", user).kept()

    def renew(self, name: str, stale: Secret, renewal: Callable[[Secret], Secret]) -> Secret:
        return self.kept(name)

    def active(self, name: str) -> bool:
        """Whether a user works there."""
        return bool(self.salesforce.rows("User")[self.user(name)]["IsActive"])

    def signers(self) -> Signers:
        """As a run that begins now finds them in the book."""
        left = {one: "the user is inactive" for one in SIGNED_IN if not self.active(one)}
        return Signers({one: one for one in SIGNED_IN}, "fall back", left)
