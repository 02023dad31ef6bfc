"""Apollo keeps the contract, by the suite that is there for every connector."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import pytest
from syncrules.connectors.apollo.connector import KIND
from syncrules.connectors.apollo.simulator import simulate
from syncrules.connectors.base.login import Secret
from syncrules.connectors.base.serve import SimulatorOptions
from syncrules.connectors.base.values import Value
from syncrules.testing import ConnectorContract, Far, Subject
from syncrules.tests.worlds import SimWorld, VirtualClock


def _far() -> Far:
    """A small team behind `api.apollo.io`."""
    clock = VirtualClock()
    simulator = simulate(SimulatorOptions(records=120, clock=clock))
    key = simulator.sign_in("https://api.apollo.io")["key"]
    return Far(
        KIND,
        {"system": "apollo", "key": Secret(key)},
        {"key": Secret("SimulatedSecret-4711")},
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


@lru_cache(maxsize=1)
def _somebody() -> tuple[str, str]:
    """A contact and a user of the team, which has the same ones each time it is made."""
    made = simulate(SimulatorOptions(records=120, clock=VirtualClock()))
    return min(made.rows("contact")), made.team.users[1].id


def _task(n: int) -> Mapping[str, Value]:
    contact, user = _somebody()
    return {
        "title": f"Title {n}",
        "note": f"Number {n} of the contract",
        "type": "action_item",
        "status": "scheduled",
        "due_at": f"2026-01-{n % 28 + 1:02d}T09:00:00.000Z",
        "contact": contact,
        "user": user,
    }


def _call(n: int) -> Mapping[str, Value]:
    contact, user = _somebody()
    return {
        "to_number": f"+4790{n:06d}",
        "note": f"Note {n}",
        "status": "completed",
        "start_time": "2026-01-05T07:30:00.000Z",
        "contact": contact,
        "user": user,
    }


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


class TestApolloTasks(ConnectorContract):
    """Tasks: read whole, written one by one."""

    subject = Subject(
        "task",
        key="note",
        text="title",
        create=_task,
        refused={"contact": "nobody"},
        reference="contact",
        bulk=False,
    )

    @pytest.fixture
    def far(self) -> Far:
        return _far()


class TestApolloCalls(ConnectorContract):
    """Calls: read by day, and shown by no id."""

    subject = Subject(
        "call",
        key="to_number",
        text="note",
        create=_call,
        refused={"contact": "nobody"},
        reference="contact",
        bulk=False,
    )

    @pytest.fixture
    def far(self) -> Far:
        return _far()
