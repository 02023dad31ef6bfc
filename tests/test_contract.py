"""Salesforce and a third system keep the contract, by the suite that is there for everyone.

The third one lives in `third/` and is found by its entry point, as any installed connector is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from syncrules.connectors.base.contract import Kind
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.testing import ConnectorContract, Far, Subject
from syncrules.tests.worlds import SimWorld, VirtualClock

THIRD = Path(__file__).parent / "third"


def far_of(kind: Kind, host: str, wrong: Mapping[str, str]) -> Far:
    """A small simulator of `kind` behind `host`; what `wrong` names are bad secrets."""
    clock = VirtualClock()
    assert kind.simulate is not None
    simulator = kind.simulate(SimulatorOptions(records=20, clock=clock))
    secret = {one.name for one in kind.settings if one.secret}
    known = {one.name for one in kind.settings}
    settings: dict[str, str | Secret] = {
        name: Secret(text) if name in secret else text
        for name, text in simulator.sign_in(f"https://{host}").items()
        if name in known
    }
    return Far(
        kind,
        {"system": kind.name, **settings},
        {name: Secret(text) for name, text in wrong.items()},
        SimWorld({host: simulator.handle}, clock),
    )


def _lead(n: int) -> Mapping[str, Value]:
    return {
        "LastName": f"Number {n}",
        "Company": "Contract & Co",
        "Email": f"number{n}@contract.example",
        "Title": f"Title {n}",
    }


def _account(n: int) -> Mapping[str, Value]:
    return {
        "Name": f"Contract {n}",
        "Website": f"https://www.contract{n}.example/",
        "Description": f"Number {n}",
    }


class TestSalesforceLeads(ConnectorContract):
    """Leads: matched by e-mail, converted one day."""

    subject = Subject("Lead", key="Email", text="Title", create=_lead, refused={"LastName": None})

    @pytest.fixture
    def far(self) -> Far:
        kind = _installed("salesforce")
        return far_of(kind, "x.my.salesforce.com", {"client_secret": "wrong-secret-4711"})


class TestSalesforceAccounts(ConnectorContract):
    """Accounts: matched by the domain of an address."""

    subject = Subject(
        "Account", key="Website", text="Description", create=_account, refused={"Name": None}
    )

    @pytest.fixture
    def far(self) -> Far:
        kind = _installed("salesforce")
        return far_of(kind, "x.my.salesforce.com", {"client_secret": "wrong-secret-4711"})


class TestWarehouse(ConnectorContract):
    """A system that none of us knows, with a feed that is read whole."""

    subject = Subject(
        "item",
        key="sku",
        text="name",
        create=lambda n: {"sku": f"sku-{n}", "name": f"Name {n}"},
        refused={"sku": None},
    )

    @pytest.fixture
    def far(self) -> Iterator[Far]:
        sys.path.insert(0, str(THIRD))
        try:
            yield far_of(_installed("warehouse"), "warehouse.example", {"key": "wrong-key-4711"})
        finally:
            sys.path.remove(str(THIRD))


def _installed(name: str) -> Kind:
    """A kind of system as the engine finds it."""
    [point] = entry_points(group="syncrules.connectors", name=name)
    kind = point.load()
    assert isinstance(kind, Kind)
    return kind
