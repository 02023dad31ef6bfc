"""Salesforce and a third system keep the contract, by the suite that is there for everyone.

The third one lives in `third/` and is found by its entry point, as any installed connector is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from syncrules.connectors.base.contract import Kind
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.connectors.salesforce.simulator import simulate
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
        return _salesforce()


class TestSalesforceAccounts(ConnectorContract):
    """Accounts: matched by the domain of an address."""

    subject = Subject(
        "Account", key="Website", text="Description", create=_account, refused={"Name": None}
    )

    @pytest.fixture
    def far(self) -> Far:
        return _salesforce()


@lru_cache(maxsize=1)
def _somebody() -> tuple[str, str]:
    """A contact with an account, of an org that has the same ones each time it is made."""
    made = simulate(SimulatorOptions(records=20, clock=VirtualClock()))
    id, row = min(made.rows("Contact").items())
    return id, str(row["AccountId"])


def _task(n: int) -> Mapping[str, Value]:
    contact, account = _somebody()
    return {
        "Subject": f"Contract {n}",
        "CallDisposition": f"Number {n}",
        "TaskSubtype": "Call",
        "WhoId": contact,
        "WhatId": account,
    }


def _event(n: int) -> Mapping[str, Value]:
    return {
        "Subject": f"Contract {n}",
        "Location": f"Room {n}",
        "StartDateTime": "2026-01-09T09:00:00.000Z",
        "DurationInMinutes": 30,
        "WhoId": _somebody()[0],
    }


def _note(n: int) -> Mapping[str, Value]:
    return {"Title": f"Contract {n}", "Body": f"Number {n}", "ParentId": _somebody()[0]}


class TestSalesforceTasks(ConnectorContract):
    """Tasks: with a person, about an account."""

    subject = Subject(
        "Task",
        key="Subject",
        text="CallDisposition",
        create=_task,
        refused={"TaskSubtype": "Fax"},
        reference="WhoId",
    )

    @pytest.fixture
    def far(self) -> Far:
        return _salesforce()


class TestSalesforceEvents(ConnectorContract):
    """Events: whose times have to make sense."""

    subject = Subject(
        "Event",
        key="Subject",
        text="Location",
        create=_event,
        refused={"DurationInMinutes": None},
        reference="WhoId",
    )

    @pytest.fixture
    def far(self) -> Far:
        return _salesforce()


class TestSalesforceNotes(ConnectorContract):
    """Notes: on their parent, whose text no search knows."""

    subject = Subject(
        "Note",
        key="Title",
        text="Body",
        create=_note,
        refused={"Title": None},
        reference="ParentId",
    )

    @pytest.fixture
    def far(self) -> Far:
        return _salesforce()


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
            yield far_of(
                _installed("warehouse"), "warehouse.example", {"key": "SimulatedSecret-4711"}
            )
        finally:
            sys.path.remove(str(THIRD))


def _salesforce() -> Far:
    wrong = {"client_secret": "SimulatedSecret-4711"}
    return far_of(_installed("salesforce"), "x.my.salesforce.com", wrong)


def _installed(name: str) -> Kind:
    """A kind of system as the engine finds it."""
    [point] = entry_points(group="syncrules.connectors", name=name)
    kind = point.load()
    assert isinstance(kind, Kind)
    return kind
