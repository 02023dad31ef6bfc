"""A key that somebody gives at the terminal, proved by one request.

Knows what is asked for; where the key is kept is the engine's (`connectors/base/linking.py`).
"""

from __future__ import annotations

from ..base.linking import Grant, Logins, Person, Settings
from ..base.login import Secret
from ..base.understood import understood
from ..base.values import identifier, text
from ..base.world import World
from .access import ApolloConnector
from .session import Session


def sign_in(settings: Settings, world: World, person: Person) -> Grant:
    """The login of a key: it acts as one user of the team."""
    key = person.secret("Apollo API key (Settings > Integrations > API Keys)")
    session = Session({**settings, "key": key}, world, linked=True)
    who = session.get("users/api_profile", "team_id")
    with understood(session.system):
        team, user = identifier(who["team_id"]), identifier(who["id"])
        email = text(who.get("email")) or ""
    return Grant(key, team, user, email or user, email)


def connect(settings: Settings, world: World, logins: Logins) -> ApolloConnector:
    """The team as the key sees it."""
    key = logins.kept(logins.sync)
    return ApolloConnector({**settings, "key": key}, world, linked=True)


def revoke(settings: Settings, world: World, kept: Secret) -> None:
    """Apollo has no request that ends a key: that is done where it was made."""
