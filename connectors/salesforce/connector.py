"""Salesforce as a system: `KIND`, which the entry point names.

Knows what there is and loads it when it is asked for: an org is reached by `access.py`, made up by
`simulator/`; what refusals mean is in `refusals.py`. Every `check` loads this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..base.contract import Connector, Kind, NewField
from ..base.linking import Grant, Linking, Logins, Person
from ..base.login import Secret
from .settings import LONGEST, SETTINGS

if TYPE_CHECKING:
    from ..base.serve import Simulator, SimulatorOptions
    from ..base.world import World


def connect(settings: Mapping[str, str | Secret], world: World) -> Connector:
    """A connection; nothing is sent before it is used. Raises `UsageError` for bad addresses."""
    from .access import Salesforce

    return Salesforce(settings, world)


def simulate(options: SimulatorOptions) -> Simulator:
    """A made-up org."""
    from .simulator import simulate as made

    return made(options)


def advice(code: str) -> str:
    """What a person can do about a refusal with this code; "" where only the message helps."""
    from .refusals import advice as known

    return known(code)


def sign_in(settings: Mapping[str, str | Secret], world: World, person: Person) -> Grant:
    """A login of a person, who says yes in a browser."""
    from .linking import sign_in as signed

    return signed(settings, world, person)


def connect_linked(settings: Mapping[str, str | Secret], world: World, logins: Logins) -> Connector:
    """A connection under logins that people have linked."""
    from .linking import connect as linked

    return linked(settings, world, logins)


def revoke(settings: Mapping[str, str | Secret], world: World, kept: Secret) -> None:
    """Ends a linked login."""
    from .linking import revoke as ended

    ended(settings, world, kept)


def custom(field: NewField) -> tuple[str, str]:
    """The API name and the type of a custom field, as Salesforce's Setup calls them."""
    from .setup import api_name, type_name

    return api_name(field.label), type_name(field)


KIND = Kind(
    name="salesforce",
    label="Salesforce",
    settings=SETTINGS,
    connect=connect,
    simulate=simulate,
    advice=advice,
    linking=Linking(sign_in, connect_linked, revoke, instead="client_secret", personal=True),
    custom=custom,
    deadline=LONGEST,
)
