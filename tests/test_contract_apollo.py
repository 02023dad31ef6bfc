"""Apollo keeps the contract, by the suite that is there for every connector."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from syncrules.connectors.apollo.connector import KIND
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.testing import ConnectorContract, Far, Subject
from syncrules.tests.worlds import SimWorld, VirtualClock


def _far() -> Far:
    """A small team behind `api.apollo.io`."""
    clock = VirtualClock()
    assert KIND.simulate is not None
    simulator = KIND.simulate(SimulatorOptions(records=120, clock=clock))
    key = simulator.sign_in("https://api.apollo.io")["key"]
    return Far(
        KIND,
        {"system": "apollo", "key": Secret(key)},
        {"key": Secret("wrong-key-4711")},
        SimWorld({"api.apollo.io": simulator.handle}, clock),
    )


def _contact(n: int) -> Mapping[str, Value]:
    return {
        "first_name": "Number",
        "last_name": f"No {n}",
        "email": f"number{n}@contract.example",
        "title": f"Title {n}",
    }


def _account(n: int) -> Mapping[str, Value]:
    return {"name": f"Contract {n}", "domain": f"contract{n}.example"}


class TestApolloContacts(ConnectorContract):
    """Contacts: matched by e-mail, read by their stamps."""

    subject = Subject(
        "contact",
        key="email",
        text="title",
        create=_contact,
        refused={"stage": "No such stage"},
    )

    @pytest.fixture
    def far(self) -> Far:
        return _far()


class TestApolloAccounts(ConnectorContract):
    """Accounts: matched by domain, without any stamps."""

    subject = Subject(
        "account",
        key="domain",
        text="name",
        create=_account,
        refused={"stage": "No such stage"},
    )

    @pytest.fixture
    def far(self) -> Far:
        return _far()
