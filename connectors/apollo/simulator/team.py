"""The simulated team: its stages, users, custom fields, lists and records, and the knobs on them.

Knows what there is and what time it is. What a save does to a record is in `saves.py`, how a record
looks on the wire in `shapes.py`; `seed.py` fills a team.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ...base.serve import SimulatorOptions
from .rows import Ids, Row, Table

CAP = 50_000
"""Records that a search shows at most, whatever it finds."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A contact or account stage; `category` is in_progress, succeeded, failed or None."""

    id: str
    name: str
    category: str | None
    override: bool | None


@dataclass(frozen=True, slots=True)
class User:
    id: str
    first: str
    last: str
    email: str
    title: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field the team has added. `options` are the (id, name) of a picklist's values."""

    id: str
    modality: str
    label: str
    type: str
    options: tuple[tuple[str, str], ...] = ()
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A list of contacts or accounts."""

    id: str
    name: str
    modality: str


@dataclass
class Team:
    """Everything a team has. `lag` is the seconds its searches stay behind its writes, `cap` the
    records a search shows, `guesses` whether creates get a company name from the address."""

    options: SimulatorOptions
    offset: float = 0.0
    lag: float = 0.0
    cap: int = CAP
    guesses: bool = False
    contact_stages: list[Stage] = field(default_factory=list)
    account_stages: list[Stage] = field(default_factory=list)
    deal_stages: list[Stage] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    fields: list[CustomField] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._now = 0
        self.begin()
        self.random: random.Random = self.options.random("apollo")
        self.ids = Ids(self.random.randrange(2**40) << 20)
        self.id = self.ids.new(0)
        times = {"created_at": _created, "updated_at": _updated, "last_activity_date": _active}
        self.contacts = Table(
            contact_terms, {f"contact_{name}": order for name, order in times.items()}
        )
        self.accounts = Table(
            account_terms, {f"account_{name}": order for name, order in times.items()}
        )
        self.deals = Table(_no_terms, {"amount": _amount})
        self.tasks = Table(task_terms, {"task_due_at": _due, "task_priority": _priority})
        self.calls = Table(_no_terms, {})
        self.emails = Table(_no_terms, {})
        self.meetings = Table(_no_terms, {"calendar_event_updated_at": _updated})
        self.notes = Table(note_terms, {})

    def begin(self) -> None:
        """Starts a request. All of it happens in one millisecond, later than the request before:
        a bulk write gives all its records one stamp, as the real one may."""
        clock = int((self.options.clock.now() + self.offset) * 1000)
        self._now = max(clock, self._now + 1)

    def now(self) -> int:
        """Milliseconds since 1970 at which this request happens."""
        return self._now

    def put(self, table: Table, row: Row) -> Row:
        """Stores a row; searches see it after the lag."""
        table.put(row, self.now(), int(self.lag * 1000))
        return row

    def happened(self, row: Row) -> None:
        """Something was done with a contact or an account of `row`'s: their stamps move alone."""
        now = self.now()
        for name, table in (("contact_id", self.contacts), ("account_id", self.accounts)):
            about = table.here(str(row.get(name) or ""))
            if about is not None:
                values = {**about.values, "last_activity": now}
                self.put(table, replace(about, values=values, updated=now))

    def member(self, id: object) -> User | None:
        """The user of an id."""
        return next((one for one in self.users if one.id == id), None)

    def fields_of(self, modality: str) -> dict[str, CustomField]:
        """The custom fields of an object, by id."""
        return {one.id: one for one in self.fields if one.modality == modality}

    def label(self, name: str, modality: str) -> Label:
        """The list of a name; one that is not there is made on the fly, as Apollo does."""
        for one in self.labels:
            if one.name.casefold() == name.casefold() and one.modality == modality:
                return one
        made = Label(self.ids.new(self.now()), name, modality)
        self.labels.append(made)
        return made


def contact_terms(row: Row) -> Iterator[str]:
    """What a contact is found by exactly: its addresses, its name, its ids in other systems."""
    for address in addresses(row):
        yield f"email {address.casefold()}"
    yield name_term(row.get("first_name"), row.get("last_name"))
    for name in ("salesforce_lead_id", "salesforce_contact_id", "person_id"):
        if row.get(name):
            yield f"{name} {row.get(name)}"
    if row.get("account_id"):
        yield f"account {row.get('account_id')}"


def account_terms(row: Row) -> Iterator[str]:
    """What an account is found by exactly: its domain, its name, its ids in other systems."""
    for name in ("domain", "name", "salesforce_id", "organization_id"):
        if row.get(name):
            yield f"{name} {str(row.get(name)).casefold()}"


def task_terms(row: Row) -> Iterator[str]:
    """What a task is found by exactly: whom it is with."""
    yield f"contact {row.get('contact_id')}"


def note_terms(row: Row) -> Iterator[str]:
    """What a note is found by exactly: what it is about."""
    for name in ("contact", "account", "opportunity"):
        if row.get(f"{name}_id"):
            yield f"{name} {row.get(f'{name}_id')}"


def name_term(first: object, last: object) -> str:
    """How a contact's name stands among its terms."""
    return "name " + " ".join(f"{first or ''} {last or ''}".casefold().split())


def addresses(row: Row) -> list[str]:
    """The primary address of a contact, then the others."""
    first = row.get("email")
    return [*([first] if first else []), *(row.get("more_emails") or ())]


def _no_terms(row: Row) -> Iterator[str]:
    return iter(())


def _created(row: Row) -> int:
    return row.created


def _updated(row: Row) -> int:
    return row.updated


def _active(row: Row) -> int:
    return int(row.get("last_activity") or 0)


def _amount(row: Row) -> float:
    return float(row.get("amount") or 0)


def _due(row: Row) -> str:
    return str(row.get("due_at") or "")


def _priority(row: Row) -> int:
    return {"low": 0, "medium": 1, "high": 2}.get(str(row.get("priority")), 1)
