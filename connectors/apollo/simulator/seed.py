"""Fills a simulated Apollo team with made-up people, their companies and what a fresh team has.

Knows how the shared people of `connectors/base/people.py` look in Apollo: contacts over all stages,
an account for each company, deals, custom fields. What these people did is in `history.py`. Same
seed and same clock, same team.
"""

from __future__ import annotations

import random
from typing import Any

from ...base import people
from . import history
from .rows import Row
from .saves import SOURCES, Values
from .team import CustomField, Stage, Team, User

_DAY = 86_400_000
_CONTACT_STAGES: tuple[tuple[str, str | None, bool | None], ...] = (
    ("Cold", "in_progress", None),
    ("Approaching", "in_progress", None),
    ("Replied", "in_progress", None),
    ("Interested", "succeeded", True),
    ("Not Interested", "failed", True),
    ("Unresponsive", "failed", None),
    ("Do Not Contact", "failed", True),
    ("Bad Data", None, None),
    ("Changed Job", None, True),
)
_ACCOUNT_STAGES: tuple[tuple[str, str | None, bool | None], ...] = (
    ("Cold", "in_progress", False),
    ("Current Client", "succeeded", True),
    ("Active Opportunity", "succeeded", True),
    ("Dead Opportunity", "failed", False),
    ("Do Not Prospect", "failed", True),
)
_DEAL_STAGES: tuple[tuple[str, str | None, bool | None], ...] = (
    ("Qualification", "in_progress", None),
    ("Proposal", "in_progress", None),
    ("Won", "succeeded", None),
    ("Lost", "failed", None),
)
_FIELDS: tuple[tuple[str, str, str, tuple[str, ...], int | None], ...] = (
    ("contact", "Region", "picklist", ("Americas", "EMEA", "APAC"), None),
    ("contact", "Interests", "multipicklist", ("Pricing", "Security", "Support"), None),
    ("contact", "Lead Score", "number", (), None),
    ("contact", "VIP", "boolean", (), None),
    ("contact", "Renewal Date", "date", (), None),
    ("contact", "Nickname", "string", (), 40),
    ("account", "Tier", "picklist", ("Gold", "Silver", "Bronze"), None),
    ("account", "Contract Value", "number", (), None),
)
_STAGES_OF: dict[str, tuple[str, ...]] = {
    "new": ("Cold", "Cold", "Approaching", "Bad Data"),
    "working": ("Approaching", "Replied", "Replied", "Interested"),
    "customer": ("Interested", "Interested", "Replied", "Changed Job"),
    "former": ("Not Interested", "Unresponsive", "Do Not Contact"),
}
_SOURCES = tuple(
    (one, SOURCES[one])
    for one in ("search", "search", "csv_import", "chrome_extension_linkedin", "api")
)
PLACEHOLDER = "email_not_unlocked@domain.com"
"""The address that stands on people whose address was not bought yet."""


def fill(team: Team) -> None:
    """Makes the team's stages, users, fields and, for `options.records` people, its records."""
    now = team.now()
    begun = now - 500 * _DAY
    for target, names in (
        (team.contact_stages, _CONTACT_STAGES),
        (team.account_stages, _ACCOUNT_STAGES),
        (team.deal_stages, _DEAL_STAGES),
    ):
        target.extend(Stage(team.ids.new(begun), *one) for one in names)
    seed = team.options.seed
    for one in people.users(seed):
        team.users.append(
            User(team.ids.new(begun), one.first, one.last, one.email, one.title, not one.active)
        )
    for modality, label, kind, options, longest in _FIELDS:
        made = tuple((team.ids.new(begun), name) for name in options)
        team.fields.append(CustomField(team.ids.new(begun), modality, label, kind, made, longest))
    chance = team.options.random("apollo records")
    crowd = people.people(seed, "left", team.options.records)
    accounts = _accounts(team, chance, people.companies(seed, crowd), now)
    _contacts(team, chance, crowd, accounts, now)
    history.fill(team)


def _accounts(
    team: Team, chance: random.Random, companies: list[people.Company], now: int
) -> dict[int, Row]:
    """An account for each company, by its index; some with a deal."""
    made: dict[int, Row] = {}
    stages = {one.name: one.id for one in team.account_stages}
    tier = next(one for one in team.fields if one.label == "Tier")
    active = [one.id for one in team.users if not one.deleted]
    for company in companies:
        source, shown = chance.choice(_SOURCES)
        values: Values = {
            "name": company.name,
            "domain": company.domain,
            "account_stage_id": stages[chance.choices(list(stages), (6, 2, 2, 1, 1))[0]],
            "owner_id": chance.choice(active),
            "creator_id": team.users[0].id,
            "source": source,
            "original_source": source,
            "source_display_name": shown,
        }
        if chance.random() < 0.6:
            values["phone"] = company.phone
        if chance.random() < 0.5:
            line = f"{company.street}, {company.city}, {company.state}, {company.country}"
            values.update(
                raw_address=line,
                street_address=company.street,
                city=company.city,
                state=company.state,
                postal_code=company.postal_code,
                country=company.country,
            )
        if source == "search":
            values.update(
                organization_id=team.ids.new(0),
                website_url=f"http://www.{company.domain}",
                primary_domain=company.domain,
                industry=company.industry.lower(),
                estimated_num_employees=company.employees,
            )
        if chance.random() < 0.2:
            values["typed_custom_fields"] = {tier.id: [chance.choice(tier.options)[0]]}
        row = _row(team, chance, values, now)
        team.accounts.put(row, now)
        made[company.index] = row
        if chance.random() < 0.25:
            _deal(team, chance, row, now)
    return made


def _deal(team: Team, chance: random.Random, account: Row, now: int) -> None:
    values: Values = {
        "name": f"{account.get('name')} {chance.choice(('licences', 'renewal', 'pilot'))}",
        "account_id": account.id,
        "owner_id": account.get("owner_id"),
        "amount": float(chance.randrange(5, 400) * 100),
        "closed_date": f"20{chance.randrange(25, 28)}-{chance.randrange(1, 13):02d}-15",
        "opportunity_stage_id": chance.choice(team.deal_stages).id,
    }
    team.deals.put(_row(team, chance, values, now), now)


def _contacts(
    team: Team,
    chance: random.Random,
    crowd: list[people.Person],
    accounts: dict[int, Row],
    now: int,
) -> None:
    stages = {one.name: one.id for one in team.contact_stages}
    region = next(one for one in team.fields if one.label == "Region")
    score = next(one for one in team.fields if one.label == "Lead Score")
    for person in crowd:
        company = accounts[person.company]
        source, shown = chance.choice(_SOURCES)
        values: Values = {
            "first_name": person.first,
            "last_name": person.last,
            "title": person.title,
            "organization_name": company.get("name") if chance.random() < 0.9 else None,
            "linkedin_url": person.linkedin,
            "city": person.city,
            "state": person.state,
            "country": person.country,
            "contact_stage_id": stages[chance.choice(_STAGES_OF[person.relation])],
            "owner_id": team.users[person.owner].id,
            "creator_id": team.users[0].id,
            "source": source,
            "original_source": source,
            "source_display_name": shown,
            "email_unsubscribed": True if person.opted_out else None,
            "account_id": company.id if chance.random() < 0.7 else None,
            **_email(chance, person.email),
        }
        kinds = (("work_direct", person.phone), ("mobile", person.mobile))
        values["phones"] = tuple((kind, number) for kind, number in kinds if number)
        if chance.random() < 0.2:
            values["typed_custom_fields"] = {
                region.id: [chance.choice(region.options)[0]],
                score.id: float(chance.randrange(100)),
            }
        kept = {
            name: one for name, one in values.items() if one is not None and one not in ("", ())
        }
        team.contacts.put(_row(team, chance, kept, now), now)


def _email(chance: random.Random, address: str) -> dict[str, Any]:
    """What goes with an address: most are known to be good, some are guessed, some not bought."""
    if not address:
        return {"email": PLACEHOLDER if chance.random() < 0.5 else None, "email_status": None}
    status = chance.choices(("verified", "extrapolated", "unavailable"), (8, 1, 1))[0]
    true = {"verified": "Verified", "extrapolated": "Guessed", "unavailable": "Unavailable"}
    return {"email": address, "email_status": status, "email_true_status": true[status]}


def _row(team: Team, chance: random.Random, values: Values, now: int) -> Row:
    """A row made some time in the last 400 days and changed some time since."""
    created = now - chance.randrange(_DAY, 400 * _DAY)
    updated = chance.randrange(created, now - 3_600_000)
    return Row(team.ids.new(created), created, updated, values)
