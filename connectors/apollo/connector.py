"""Apollo.io as a system: `KIND`, which the entry point names.

Knows what there is and loads it when it is asked for: a team is reached by `access.py`, made up by
`simulator/`; what refusals mean is in `refusals.py`. Every `check` loads this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..base.contract import Connector, Kind
from ..base.linking import Grant, Linking, Logins, Person
from ..base.login import Secret
from .settings import LONGEST, SETTINGS

if TYPE_CHECKING:
    from ..base.serve import Simulator, SimulatorOptions
    from ..base.world import World


def connect(settings: Mapping[str, str | Secret], world: World) -> Connector:
    """A connector; nothing is sent until it is used."""
    from .access import ApolloConnector

    return ApolloConnector(settings, world)


def simulate(options: SimulatorOptions) -> Simulator:
    """A made-up Apollo."""
    from .simulator import simulate as made

    return made(options)


def advice(code: str) -> str:
    """What to do about a refusal with this code; "" for a code we don't know."""
    from .refusals import advice as known

    return known(code)


def sign_in(settings: Mapping[str, str | Secret], world: World, person: Person) -> Grant:
    """The login of a key that a person gives."""
    from .linking import sign_in as signed

    return signed(settings, world, person)


def connect_linked(settings: Mapping[str, str | Secret], world: World, logins: Logins) -> Connector:
    """A connector with the key that was given."""
    from .linking import connect as linked

    return linked(settings, world, logins)


def revoke(settings: Mapping[str, str | Secret], world: World, kept: Secret) -> None:
    """Does what can be done to end a key."""
    from .linking import revoke as ended

    ended(settings, world, kept)


KIND = Kind(
    name="apollo",
    label="Apollo.io",
    settings=SETTINGS,
    connect=connect,
    simulate=simulate,
    advice=advice,
    linking=Linking(sign_in, connect_linked, revoke, instead="key"),
    deadline=LONGEST,
)
