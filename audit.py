"""Compares two simulated systems with what `rules/demo.sync` says, record by record.

Knows the rules' meaning and the simulators' rows, and nothing of the engine or its state: it is the
demo's second opinion. What it counts as wrong is a duplicate, a loss or a difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from .connectors.apollo.simulator.server import ApolloSimulator
from .connectors.salesforce.simulator.server import SalesforceSimulator

Row = Mapping[str, Any]
CREATED = ("Interested", "Replied")
"""Stages in which a contact becomes a Lead."""
LOCKED = "email_not_unlocked@domain.com"
"""What Apollo shows for an address that was never revealed: no address."""


@dataclass(frozen=True)
class Books:
    """What there was before the first run: ids by object."""

    contacts: frozenset[str]
    accounts: frozenset[str]
    leads: frozenset[str]
    people: frozenset[str]
    companies: frozenset[str]
    deals: int

    @classmethod
    def open(cls, apollo: ApolloSimulator, salesforce: SalesforceSimulator) -> Books:
        """Notes what is there now."""
        return cls(
            frozenset(apollo.rows("contact")),
            frozenset(apollo.rows("account")),
            frozenset(salesforce.rows("Lead")),
            frozenset(salesforce.rows("Contact")),
            frozenset(salesforce.rows("Account")),
            len(salesforce.rows("Opportunity")),
        )

    def and_made(self, contacts: frozenset[str]) -> Books:
        """The books with contacts that people have made since."""
        return replace(self, contacts=self.contacts | contacts)

    def text(self) -> str:
        """For people."""
        return (
            f"Apollo:     {len(self.contacts):,} contacts, {len(self.accounts):,} accounts\n"
            f"Salesforce: {len(self.leads):,} leads, {len(self.people):,} contacts, "
            f"{len(self.companies):,} accounts, {self.deals:,} opportunities"
        )


@dataclass
class Audit:
    """What the comparison found; `wrong` lists what must not be."""

    counts: Counter[str] = field(default_factory=Counter)
    duplicates: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all is as the rules say."""
        return not (self.duplicates or self.lost or self.wrong)

    def text(self) -> str:
        """For people."""
        lines = [f"{count:>8,}  {what}" for what, count in self.counts.items()]
        lines.append(
            f"duplicates {len(self.duplicates)}, lost {len(self.lost)}, "
            f"differences {len(self.wrong)}"
        )
        for one in (*self.duplicates[:5], *self.lost[:5], *self.wrong[:5]):
            lines.append(f"    {one}")
        return "\n".join(lines)


def audit(
    apollo: ApolloSimulator,
    salesforce: SalesforceSimulator,
    books: Books,
    refused: frozenset[str],
) -> Audit:
    """The comparison. `refused` are keys of records in the error log, which may differ."""
    found = Audit()
    _people(apollo, salesforce, books, refused, found)
    _accounts(apollo, salesforce, books, refused, found)
    found.counts["left alone: in the error log, with the reason"] = len(refused)
    return found


# ---- people ---------------------------------------------------------------------------------


def _people(
    apollo: ApolloSimulator,
    salesforce: SalesforceSimulator,
    books: Books,
    refused: frozenset[str],
    found: Audit,
) -> None:
    contacts = _by(apollo.rows("contact"), "email")
    leads, people = _by(salesforce.rows("Lead"), "Email"), _by(salesforce.rows("Contact"), "Email")
    stages = {one.id: one.name for one in apollo.team.contact_stages}
    made = {
        "leads created from Apollo": _new(salesforce.rows("Lead"), books.leads),
        "contacts created from Salesforce": _new(apollo.rows("contact"), books.contacts),
    }
    for what, rows in made.items():
        found.counts[what] = len(rows)
    for email in sorted({*contacts, *leads, *people}):
        mine, theirs = contacts.get(email, {}), {**people.get(email, {}), **leads.get(email, {})}
        _once(email, mine, theirs, books, found)
        if email in refused:
            continue
        if len(mine) > 1 or (len(people.get(email, {})) or len(leads.get(email, {}))) > 1:
            found.wrong.append(f"{email} is ambiguous and not in the error log")
        elif mine and theirs:
            found.counts["people linked, every mapped field compared"] += 1
            _same_person(email, _one(mine), _one(people.get(email) or leads[email]), found)
        elif mine:
            stage = stages.get(_one(mine)["contact_stage_id"], "")
            if stage in CREATED:
                found.lost.append(f"{email} is {stage} in Apollo and nowhere in Salesforce")
            else:
                found.counts["contacts left alone: not in a stage that is pushed"] += 1
        elif email in people:
            found.lost.append(f"{email} is a Contact in Salesforce and not in Apollo")
        else:
            found.counts["leads left alone: known, but hidden from Apollo"] += 1
    found.counts["people without an address, left alone"] = len(
        _blank(apollo.rows("contact"), "email")
        + _blank(salesforce.rows("Lead"), "Email")
        + _blank(salesforce.rows("Contact"), "Email")
    )


def _once(
    email: str, mine: Mapping[str, Row], theirs: Mapping[str, Row], books: Books, found: Audit
) -> None:
    """No address has a record of ours besides another one of the same system."""
    if len(mine) > 1 and not mine.keys() <= books.contacts:
        found.duplicates.append(f"{email}: {len(mine)} contacts in Apollo")
    if len(theirs) > 1 and not theirs.keys() <= books.leads | books.people:
        found.duplicates.append(f"{email}: {len(theirs)} records in Salesforce")


def _same_person(email: str, left: Row, right: Row, found: Audit) -> None:
    for mine, theirs in (
        ("first_name", "FirstName"),
        ("last_name", "LastName"),
        ("title", "Title"),
    ):
        a, b = _text(left.get(mine)), _text(right.get(theirs))
        if a != b:
            found.wrong.append(f"{email}: {mine} is {a!r}, {theirs} is {b!r}")
    phones = [one for one in left["phone_numbers"] if one["type"] == "work_direct"]
    if phones and not _text(right.get("Phone")):
        found.wrong.append(f"{email}: Phone is blank and Apollo has {phones[0]['raw_number']}")


# ---- accounts -------------------------------------------------------------------------------


def _accounts(
    apollo: ApolloSimulator,
    salesforce: SalesforceSimulator,
    books: Books,
    refused: frozenset[str],
    found: Audit,
) -> None:
    mine = _by_domain(apollo.rows("account"), "domain")
    theirs = _by_domain(salesforce.rows("Account"), "Website")
    stages = {one.id: one.name for one in apollo.team.account_stages}
    deals: dict[str, list[Row]] = defaultdict(list)
    for deal in salesforce.rows("Opportunity").values():
        deals[str(deal.get("AccountId"))].append(deal)
    found.counts["accounts created from Salesforce"] = len(
        _new(apollo.rows("account"), books.accounts)
    )
    for domain in sorted({*mine, *theirs}):
        left, right = mine.get(domain, {}), theirs.get(domain, {})
        if len(left) > 1 and not left.keys() <= books.accounts:
            found.duplicates.append(f"{domain}: {len(left)} accounts in Apollo")
        if domain in refused or len(left) > 1 or len(right) > 1:
            continue
        if right and not left:
            found.lost.append(f"{domain} is an Account in Salesforce and not in Apollo")
        if not (left and right):
            continue
        found.counts["accounts linked"] += 1
        wanted = _stage(deals[str(_one(right)["Id"])])
        stage = stages.get(_one(left)["account_stage_id"], "")
        if wanted and stage != wanted:
            found.wrong.append(f"{domain}: stage is {stage!r}, its deals say {wanted!r}")
        elif wanted:
            found.counts["account stages inferred from opportunities"] += 1


def _stage(deals: Iterable[Row]) -> str:
    """What the bare `infer` sentence says of an account's opportunities."""
    states = [
        "won" if one.get("IsWon") else "lost" if one.get("IsClosed") else "open" for one in deals
    ]
    if "won" in states:
        return "Current Client"
    if "open" in states:
        return "Active Opportunity"
    return "Dead Opportunity" if states else ""


# ---- rows -----------------------------------------------------------------------------------


def _by(rows: Mapping[str, Row], name: str) -> dict[str, dict[str, Row]]:
    """Rows by folded address; those without are left out."""
    groups: dict[str, dict[str, Row]] = defaultdict(dict)
    for id, row in rows.items():
        if _text(row.get(name)):
            groups[_text(row[name]).casefold()][id] = row
    return groups


def _by_domain(rows: Mapping[str, Row], name: str) -> dict[str, dict[str, Row]]:
    groups: dict[str, dict[str, Row]] = defaultdict(dict)
    for id, row in rows.items():
        text = _text(row.get(name)).lower()
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        if host:
            groups[host.removeprefix("www.")][id] = row
    return groups


def _blank(rows: Mapping[str, Row], name: str) -> list[str]:
    return [id for id, row in rows.items() if not _text(row.get(name))]


def _new(rows: Mapping[str, Row], known: frozenset[str]) -> list[str]:
    return [id for id in rows if id not in known]


def _one(rows: Mapping[str, Row]) -> Row:
    return next(iter(rows.values()))


def _text(value: object) -> str:
    text = str(value or "").strip()
    return "" if text == LOCKED else text
