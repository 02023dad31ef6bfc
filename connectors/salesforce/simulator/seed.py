"""Fills a new org: setup rows, users, and the made-up people as leads, contacts and accounts.

Draws from `connectors/base/people.py`, the right side. Writes rows without the rules of a save:
only values are converted and derived fields filled in. What these people did is in `history.py`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...base.people import Company, Person, User, companies, people, users
from ...base.serve import MADE_UP, SimulatorOptions
from . import history
from .derived import Save, derive
from .org import Org
from .rows import Row
from .schema import Field
from .values import converted, stamp

_DAY = 86_400
_STAGES: dict[str, tuple[int, str, str]] = {
    "Prospecting": (10, "Pipeline", "Pipeline"),
    "Qualification": (10, "Pipeline", "Pipeline"),
    "Needs Analysis": (20, "Pipeline", "Pipeline"),
    "Value Proposition": (50, "Pipeline", "Pipeline"),
    "Id. Decision Makers": (60, "Pipeline", "Pipeline"),
    "Perception Analysis": (70, "Pipeline", "Pipeline"),
    "Proposal/Price Quote": (75, "Pipeline", "Pipeline"),
    "Negotiation/Review": (90, "BestCase", "Best Case"),
    "Closed Won": (100, "Closed", "Closed"),
    "Closed Lost": (0, "Omitted", "Omitted"),
}
_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", None, None)
_LEAD_STATUS = {"new": "Open - Not Contacted", "former": "Closed - Not Converted"}
_CONTACT_STATUS = {
    "new": "New",
    "working": "Working",
    "customer": "Customer",
    "former": "Former",
}


@dataclass(frozen=True)
class _Setup:
    """The rows of an org without people, which rows are never changed in place: an org of the same
    seed and clock has the same ones."""

    rows: dict[str, dict[str, Row]]
    passwords: dict[str, str]
    user: str

    @staticmethod
    def of(org: Org, passwords: dict[str, str]) -> _Setup:
        rows = {name: dict(org.store.named(name).rows) for name in _OBJECTS}
        return _Setup(rows, dict(passwords), org.user)

    def put(self, org: Org, passwords: dict[str, str]) -> None:
        for name, rows in self.rows.items():
            org.store.named(name).begin_with(rows)
        passwords |= self.passwords
        org.user = self.user


_OBJECTS = ("OpportunityStage", "LeadStatus", "TaskStatus", "User", "Organization", "Group")
_SETUPS: dict[tuple[int, int], _Setup] = {}
"""The last one, by its seed and the second in which it was made."""


def fill(org: Org, options: SimulatorOptions, passwords: dict[str, str]) -> None:
    """Puts everything into an empty org. `passwords` gets those of the users who can sign in."""
    key = (options.seed, int(org.clock.now()))
    bare = options.records == 0 and options.describe is None
    if bare and key in _SETUPS:
        _SETUPS[key].put(org, passwords)
        return
    filler = _Filler(org, options.random("salesforce rows"))
    filler.setup(users(options.seed), passwords)
    if bare:
        _SETUPS.clear()
        _SETUPS[key] = _Setup.of(org, passwords)
    if options.records > 0:
        them = people(options.seed, "right", options.records)
        filler.people(them, companies(options.seed, them))
        filler.history(options.random("salesforce history"))


class _Filler:
    def __init__(self, org: Org, chance: random.Random) -> None:
        self.org = org
        self.random = chance
        self.now = int(org.clock.now())
        self.owners: list[str] = []

    def setup(self, staff: list[User], passwords: dict[str, str]) -> None:
        """Stages, statuses, the queue, and users; the last of them is who the sync signs in as."""
        org = self.org
        self._listed("OpportunityStage", "Opportunity", "StageName", self._stage)
        self._listed("LeadStatus", "Lead", "Status", self._lead_status)
        self._listed("TaskStatus", "Task", "Status", lambda name: {"IsClosed": name == "Completed"})
        machine = User(len(staff), "Sync", "Integration", "sync@heron-trading.example", "", True)
        for one in [*staff, machine]:
            values = {
                "Username": one.email,
                "FirstName": one.first,
                "LastName": one.last,
                "Email": one.email,
                "Alias": one.last[:8].lower(),
                "CommunityNickname": f"user{one.index}",
                "IsActive": one.active,
                "UserType": "Standard",
                "Title": one.title,
                "TimeZoneSidKey": "GMT",
                "LocaleSidKey": "en_US",
                "EmailEncodingKey": "UTF-8",
                "LanguageLocaleKey": "en_US",
            }
            id = self._put("User", values, 800, 800)
            passwords[one.email.lower()] = f"{MADE_UP}-{self.random.randrange(10**6)}"
            if one is machine:
                org.user = id
            else:
                self.owners.append(id)
        self._put("Organization", {"Id": org.id, **_ORGANIZATION}, 800, 800)
        self._put("Group", {"Name": "Inbound Leads", "Type": "Queue"}, 800, 800)

    def people(self, them: list[Person], firms: list[Company]) -> None:
        """Half of the people are contacts of the companies we know as accounts, half are leads.

        Two of them are there twice, under one address.
        """
        accounts: dict[int, str] = {}
        by_index = {one.index: one for one in firms}
        staff = {one.company for one in them}
        for firm in firms:
            if firm.index in staff and self.random.random() < 0.75:
                accounts[firm.index] = self._account(firm)
        doubles: dict[str, Person] = {}
        for one in them:
            account = accounts.get(one.company)
            if account is not None and self.random.random() < 0.67:
                self._contact(one, account)
                kind = "Contact"
            else:
                self._lead(one, by_index[one.company])
                kind = "Lead"
            if one.email and kind not in doubles and self.random.random() < 0.1:
                doubles[kind] = one
        if "Contact" in doubles:
            self._contact(doubles["Contact"], accounts[doubles["Contact"].company])
        if "Lead" in doubles:
            self._lead(doubles["Lead"], by_index[doubles["Lead"].company])

    def history(self, chance: random.Random) -> None:
        """What was done with leads and contacts, where the org has a place for it."""
        rows = [*self.org.store.named("Lead").rows.values()]
        rows += self.org.store.named("Contact").rows.values()
        history.fill(rows, self._put, chance, self.now)

    def _account(self, firm: Company) -> str:
        chance = self.random
        deals = chance.choices((0, 1, 2), (35, 35, 30))[0]
        outcomes = [chance.choice(("open", "open", "won", "lost")) for _ in range(deals)]
        if "won" in outcomes:
            status = "Customer"
        elif "open" in outcomes:
            status = "Evaluating"
        else:
            status = "Prospect"
        values = {
            "Name": firm.name,
            "Website": firm.website if chance.random() < 0.85 else None,
            "Phone": firm.phone if chance.random() < 0.7 else None,
            "Industry": firm.industry,
            "NumberOfEmployees": firm.employees,
            "AnnualRevenue": firm.employees * 120_000,
            "BillingStreet": firm.street,
            "BillingCity": firm.city,
            "BillingState": firm.state,
            "BillingPostalCode": firm.postal_code,
            "BillingCountry": firm.country,
            "AccountSource": chance.choice(_SOURCES),
            "Type": "Customer - Direct" if status == "Customer" else "Prospect",
            "Customer_Status__c": status if chance.random() < 0.7 else None,
            "OwnerId": self._owner(firm.index),
        }
        account = self._put("Account", values)
        for number, outcome in enumerate(outcomes, 1):
            self._deal(firm, account, number, outcome)
        return account

    def _deal(self, firm: Company, account: str, number: int, outcome: str) -> None:
        chance = self.random
        open_stages = [name for name, facts in _STAGES.items() if 0 < facts[0] < 100]
        stage = {"won": "Closed Won", "lost": "Closed Lost"}.get(outcome)
        close = self.now + chance.randrange(-200, 0) * _DAY
        if stage is None:
            stage, close = chance.choice(open_stages), self.now + chance.randrange(1, 120) * _DAY
        values = {
            "Name": f"{firm.name} - {('New business', 'Expansion')[number - 1]}",
            "AccountId": account,
            "StageName": stage,
            "CloseDate": datetime.fromtimestamp(close, UTC).date().isoformat(),
            "Amount": chance.choice((None, 4_800, 12_000, 36_500.5, 90_000)),
            "OwnerId": self._owner(firm.index),
        }
        self._put("Opportunity", values)

    def _contact(self, one: Person, account: str) -> None:
        values = {
            **self._person(one),
            "AccountId": account,
            "Department": one.department,
            "MailingCity": one.city,
            "MailingState": one.state,
            "MailingCountry": one.country,
            "Status__c": _CONTACT_STATUS[one.relation],
        }
        self._put("Contact", values)

    def _lead(self, one: Person, firm: Company) -> None:
        values = {
            **self._person(one),
            "Company": firm.name,
            "Website": firm.website if self.random.random() < 0.4 else None,
            "Industry": firm.industry,
            "NumberOfEmployees": firm.employees,
            "Status": _LEAD_STATUS.get(one.relation, "Working - Contacted"),
            "City": one.city,
            "State": one.state,
            "Country": one.country,
        }
        self._put("Lead", values)

    def _person(self, one: Person) -> dict[str, Any]:
        return {
            "FirstName": one.first,
            "LastName": one.last,
            "Email": one.email,
            "Phone": one.phone,
            "MobilePhone": one.mobile,
            "Title": one.title,
            "LeadSource": self.random.choice(_SOURCES),
            "HasOptedOutOfEmail": one.opted_out,
            "OwnerId": self._owner(one.owner),
        }

    def _owner(self, index: int) -> str:
        """One of the staff who own records; the last one has left and owns a few all the same."""
        if self.random.random() < 0.01:
            return self.owners[-1]
        return self.owners[index % (len(self.owners) - 1)]

    def _listed(self, setup: str, of: str, field_name: str, facts: Any) -> None:
        """A setup row for each value of a picklist."""
        field: Field | None = self.org.schema.objects[of.lower()].fields.get(field_name)
        for place, name in enumerate(field.values if field else (), 1):
            default = field is not None and name == field.default
            values = {"ApiName": name, "MasterLabel": name, "SortOrder": place}
            self._put(setup, {**values, "IsDefault": default, **facts(name)}, 800, 800)

    def _stage(self, name: str) -> dict[str, Any]:
        probability, forecast, shown = _STAGES.get(name, (50, "Pipeline", "Pipeline"))
        won, lost = name == "Closed Won", name == "Closed Lost"
        return {
            "IsActive": True,
            "IsClosed": won or lost,
            "IsWon": won,
            "DefaultProbability": probability,
            "ForecastCategory": forecast,
            "ForecastCategoryName": shown,
        }

    def _lead_status(self, name: str) -> dict[str, Any]:
        return {"IsConverted": name == "Closed - Converted"}

    def _put(self, name: str, values: dict[str, Any], oldest: int = 700, newest: int = 2) -> str:
        """A row made between `oldest` and `newest` days ago and changed since then."""
        org = self.org
        table = org.store.named(name)
        of = table.of
        row: dict[str, Any] = {}
        for key, raw in values.items():
            field = of.fields.get(key)
            if field is None or (field.restricted and raw not in field.values and field.values):
                continue  # a recorded description may lack what we would fill in
            value = converted(field, raw) if raw is not None else None
            if value is not None:
                row[key] = value
        for field in of.fields.values():
            if field.default not in (None, False):
                row.setdefault(field.name, field.default)
        row.setdefault("Id", table.new_id())
        made = self.now - self.random.randint(newest * _DAY, oldest * _DAY)
        changed = self.random.randint(made, self.now - _DAY)
        author = row.get("OwnerId") or (self.owners[0] if self.owners else row["Id"])
        derive(org, of, Save(row, None, values, stamp(changed)))
        row |= {
            "CreatedDate": stamp(made),
            "CreatedById": author,
            "LastModifiedDate": stamp(changed),
            "LastModifiedById": author,
            "SystemModstamp": stamp(changed),
        }
        table.put(row["Id"], row)
        return str(row["Id"])


_ORGANIZATION = {
    "Name": "Heron Trading",
    "OrganizationType": "Enterprise Edition",
    "InstanceName": "EU99",
    "TimeZoneSidKey": "Europe/Berlin",
    "LanguageLocaleKey": "en_US",
    "DefaultAccountAccess": "Edit",
    "DefaultContactAccess": "ControlledByParent",
    "DefaultLeadAccess": "ReadEditTransfer",
    "DefaultOpportunityAccess": "Read",
}
