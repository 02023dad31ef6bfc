"""What a set of rules demands of single records, worked out from the rows of the two systems alone.

Written from the meaning of the language and not from the engine: it imports nothing of the product
but the two simulators, whose rows it reads. `RULES` are the rules. Whole pictures of both sides are
put together in `demands.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.salesforce.simulator import SalesforceSimulator

RULES = """\
sync apollo with salesforce
prefer salesforce

push contact as Lead when stage in ["Interested", "Replied"]
    unless email is blank {
    match on email
    source "Apollo"
}
pull Contact as contact visible when Email is known { match on email }
pull Account as account visible { match on domain, else name }

map contact with Lead, Contact {
    first_name        <-> FirstName
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title         prefer apollo
    phone              -> Phone         when blank
    organization_name  -> Lead.Company  default "Unknown"
    account           <-> Contact.AccountId
    owner              -> OwnerId
    "{{ title }} at {{ organization_name }}" -> Lead.Description when blank
}
map contact stage with Lead.Status {
    "Cold"           <-> "Open - Not Contacted"
    "Interested"     <-> "Working - Contacted"
    "Not Interested" <-> "Closed - Not Converted"
    "Replied"         -> "Working - Contacted"
}
map account with Account {
    name   <-> Name
    domain <-> Website
}
infer account stage from opportunities
"""

TO_STATUS = {
    "Cold": "Open - Not Contacted",
    "Interested": "Working - Contacted",
    "Not Interested": "Closed - Not Converted",
    "Replied": "Working - Contacted",
}
TO_STAGE = {
    "Open - Not Contacted": "Cold",
    "Working - Contacted": "Interested",
    "Closed - Not Converted": "Not Interested",
}
PUSHED = ("Interested", "Replied")

Plain = dict[str, Any]
"""A record with the fields that the rules name; None is blank."""

_CONTACT_KEYS: set[str] = {
    *("first_name", "last_name", "name", "email", "title", "account_id", "contact_stage_id"),
    *("account", "contact_emails", "free_domain", "updated_at"),
    *("email_status", "email_true_status", "email_from_customer"),
}
_ACCOUNT_KEYS = {"name", "domain", "account_stage_id"}
_STAMPS = {"LastModifiedDate", "LastModifiedById", "SystemModstamp"}
_PERSON_KEYS = {"FirstName", "LastName", "Name", "Email", "Title", "Phone", "OwnerId"} | _STAMPS
_WRITTEN = {
    "contact": _CONTACT_KEYS,
    "account": _ACCOUNT_KEYS,
    "Contact": _PERSON_KEYS | {"AccountId"},
    "Lead": _PERSON_KEYS | {"Company", "Description", "Status"},
    "Account": {"Name", "Website"} | _STAMPS,
    "Opportunity": set(),
}


@dataclass(frozen=True)
class Rows:
    """All records of both sides at one moment. `rest` is what the rules don't name, untouched."""

    plain: Mapping[str, Mapping[str, Plain]]
    rest: Mapping[str, Mapping[str, Plain]]

    def by_email(self, object: str) -> dict[str, list[str]]:
        """Ids by address, without regard to case; blank addresses are nobody's."""
        return _grouped(self.plain[object], "email", str.casefold)

    def by(self, name: str, object: str) -> dict[str, list[str]]:
        """Ids of companies by domain or name."""
        return _grouped(self.plain[object], name, str.casefold)


def _grouped(rows: Mapping[str, Plain], name: str, fold: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for id, row in rows.items():
        if row[name]:
            found.setdefault(fold(row[name]), []).append(id)
    return found


def rows(apollo: ApolloSimulator, salesforce: SalesforceSimulator) -> Rows:
    """What is in the two systems now."""
    found: dict[str, dict[str, dict[str, Any]]] = {
        name: apollo.rows(name) for name in ("contact", "account")
    }
    found |= {name: salesforce.rows(name) for name in ("Contact", "Lead", "Account", "Opportunity")}
    stages = {one.id: one.name for one in apollo.team.contact_stages + apollo.team.account_stages}
    people = {one.id: one.email for one in apollo.team.users}
    people |= {id: row["Email"] for id, row in salesforce.rows("User").items()}
    plain = {
        "contact": {id: _contact(row, stages, people) for id, row in found["contact"].items()},
        "account": {
            id: {"name": row["name"], "domain": row["domain"], "stage": stages[row[_STAGE]]}
            for id, row in found["account"].items()
        },
        "Contact": {id: _person(row, people) for id, row in found["Contact"].items()},
        "Lead": {id: _person(row, people) for id, row in found["Lead"].items()},
        "Account": {
            id: {"name": _text(row, "Name"), "domain": _host(row.get("Website"))}
            for id, row in found["Account"].items()
        },
        "Opportunity": {
            id: {"account": row.get("AccountId"), "deal": _deal(row)}
            for id, row in found["Opportunity"].items()
        },
    }
    rest = {
        name: {
            id: {key: one for key, one in row.items() if key not in _WRITTEN[name]}
            for id, row in table.items()
        }
        for name, table in found.items()
    }
    return Rows(plain, rest)


_STAGE = "account_stage_id"


def _text(row: Mapping[str, Any], name: str) -> str | None:
    return str(row[name]).strip() or None if row.get(name) is not None else None


def _contact(row: Mapping[str, Any], stages: Mapping[str, str], people: Mapping[str, str]) -> Plain:
    email = _text(row, "email")
    work = (one["raw_number"] for one in row["phone_numbers"] if one["type"] == "work_direct")
    return {
        "first": _text(row, "first_name"),
        "last": _text(row, "last_name"),
        "email": None if email == "email_not_unlocked@domain.com" else email,
        "title": _text(row, "title"),
        "phone": next(work, None),
        "company": _text(row, "organization_name"),
        "account": row["account_id"],
        "owner": people.get(row["owner_id"]),
        "stage": stages.get(row["contact_stage_id"]),
    }


def _person(row: Mapping[str, Any], people: Mapping[str, str]) -> Plain:
    return {
        "first": _text(row, "FirstName"),
        "last": _text(row, "LastName"),
        "email": _text(row, "Email"),
        "title": _text(row, "Title"),
        "phone": _text(row, "Phone"),
        "company": _text(row, "Company"),
        "account": row.get("AccountId"),
        "owner": people.get(row["OwnerId"]),
        "status": row.get("Status"),
        "description": _text(row, "Description"),
        "source": row.get("LeadSource"),
    }


def _deal(row: Mapping[str, Any]) -> str:
    return "won" if row["IsWon"] else "lost" if row["IsClosed"] else "open"


def _host(site: str | None) -> str | None:
    if not site:
        return None
    return site.lower().partition("//")[2 if "//" in site else 0].strip("/").removeprefix("www.")


# ---- who belongs together -------------------------------------------------------------------


@dataclass
class Links:
    """Ids of Apollo by ids of Salesforce and back, for companies and for people."""

    accounts: dict[str, str] = field(default_factory=dict)
    people: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def to_left(self) -> dict[str, str]:
        """The account of each Account."""
        return {right: left for left, right in self.accounts.items()}

    @property
    def taken(self) -> set[str]:
        """Leads and Contacts that are somebody's counterpart."""
        return {id for _, id in self.people.values()}


def links(now: Rows) -> Links:
    """Who must be linked: the same key, once on each side; a Contact before a Lead."""
    found = Links()
    for key in ("domain", "name"):
        mine, theirs = now.by(key, "account"), now.by(key, "Account")
        taken = set(found.accounts.values())
        for text in sorted(mine.keys() & theirs.keys()):
            (left, *more), (right, *twins) = mine[text], theirs[text]
            if not more and not twins and left not in found.accounts and right not in taken:
                found.accounts[left] = right
    contacts, leads = now.by_email("Contact"), now.by_email("Lead")
    for email, ids in now.by_email("contact").items():
        for object, table in (("Contact", contacts), ("Lead", leads)):
            if email in table:
                if len(ids) == len(table[email]) == 1:
                    found.people[ids[0]] = (object, table[email][0])
                break
    return found


def leads_wanted(now: Rows) -> set[str]:
    """The contacts of whom a Lead must be made: nobody in Salesforce has their address."""
    known = {**now.by_email("Contact"), **now.by_email("Lead")}
    return {
        ids[0]
        for email, ids in now.by_email("contact").items()
        if email not in known and len(ids) == 1 and now.plain["contact"][ids[0]]["stage"] in PUSHED
    }


def contacts_wanted(now: Rows) -> set[str]:
    """The Contacts of whom a contact must be made."""
    known = now.by_email("contact")
    there = now.by_email("Contact").items()
    return {ids[0] for email, ids in there if email not in known and len(ids) == 1}


def accounts_wanted(now: Rows) -> set[str]:
    """The Accounts of which an account must be made: Apollo has neither their domain nor name."""
    domains, names = now.by("domain", "account"), now.by("name", "account")
    return {
        id
        for id, one in now.plain["Account"].items()
        if one["domain"] not in domains and str(one["name"]).casefold() not in names
    }


# ---- what they must say ---------------------------------------------------------------------

_TWO_WAY = (("first", "right"), ("last", "right"), ("email", "right"), ("title", "left"))


def lead_of(contact: Plain) -> Plain:
    """The Lead that is made of a contact."""
    return {
        **{name: contact[name] for name in ("first", "last", "email", "title", "phone", "owner")},
        "company": contact["company"] or "Unknown",
        "account": None,
        "status": TO_STATUS[contact["stage"]],
        "description": _described(contact),
        "source": "Apollo",
    }


def contact_of(person: Plain, links: Links) -> Plain:
    """What a contact that is made of a Contact holds; a new one's owner and stage are Apollo's."""
    names = ("first", "last", "email", "title")
    account = links.to_left.get(person["account"])
    return {**{name: person[name] for name in names}, "account": account}


def _described(contact: Plain) -> str | None:
    if contact["title"] is None or contact["company"] is None:
        return None
    return f"{contact['title']} at {contact['company']}"


def agreed(
    then: tuple[Plain | None, Plain | None], now: tuple[Plain, Plain], object: str, links: Links
) -> tuple[Plain, Plain]:
    """Both sides after a run: `then` is what they held when they last agreed, None at first."""
    (old_left, old_right), (left, right) = then, now
    new_left, new_right = dict(left), dict(right)
    for name, winner in _TWO_WAY:
        fold = str.casefold if name == "email" else str
        values = _two_way(
            (old_left and old_left[name], old_right and old_right[name]),
            (left[name], right[name]),
            winner,
            first=old_left is None,
            same=lambda a, b, fold=fold: (a and fold(a)) == (b and fold(b)),
        )
        new_left[name], new_right[name] = values
    first = old_left is None
    if left["phone"] and right["phone"] is None and (first or left["phone"] != old_left["phone"]):  # type: ignore[index]
        new_right["phone"] = left["phone"]
    if left["owner"] and (not first and left["owner"] != old_left["owner"]):  # type: ignore[index]
        new_right["owner"] = left["owner"]
    if object == "Contact":
        _account(then, now, (new_left, new_right), links)
        return new_left, new_right
    if left["company"] and (not first and left["company"] != old_left["company"]):  # type: ignore[index]
        new_right["company"] = left["company"]
    text = _described(new_left)
    if text and right["description"] is None and (first or text != _described(old_left)):  # type: ignore[arg-type]
        new_right["description"] = text
    _stage(then, now, (new_left, new_right))
    return new_left, new_right


def _two_way(
    then: tuple[Any, Any], now: tuple[Any, Any], winner: str, *, first: bool, same: Any
) -> tuple[Any, Any]:
    left, right = now
    left_moved = first or not same(left, then[0])
    right_moved = first or not same(right, then[1])
    if same(left, right) or not (left_moved or right_moved):
        return left, right
    if left is None or right is None:
        # A blank erases nothing: only the side that has a value, and moved, says something.
        if left is None:
            return (right, right) if right_moved else (left, right)
        return (left, left) if left_moved else (left, right)
    if left_moved and right_moved:
        won = left if winner == "left" else right
    else:
        won = left if left_moved else right
    return won, won


def _account(
    then: tuple[Plain | None, Plain | None],
    now: tuple[Plain, Plain],
    new: tuple[Plain, Plain],
    links: Links,
) -> None:
    """The company goes through the links of the companies; Salesforce wins."""
    left, right = now[0]["account"], now[1]["account"]
    there, back = links.accounts.get(left), links.to_left.get(right)
    left_moved = then[0] is None or left != then[0]["account"]
    right_moved = then[1] is None or right != then[1]["account"]
    if right_moved and back:
        new[0]["account"] = back
    elif left_moved and there and not (right_moved and right):
        new[1]["account"] = there


def _stage(
    then: tuple[Plain | None, Plain | None], now: tuple[Plain, Plain], new: tuple[Plain, Plain]
) -> None:
    stage, status = now[0]["stage"], now[1]["status"]
    if TO_STATUS.get(stage) == status or TO_STAGE.get(status) == stage:
        return
    if (then[1] is None or status != then[1]["status"]) and status in TO_STAGE:
        new[0]["stage"] = TO_STAGE[status]
    elif then[0] is not None and stage != then[0]["stage"] and stage in TO_STATUS:
        new[1]["status"] = TO_STATUS[stage]


def company_agreed(
    then: tuple[Plain | None, Plain | None], now: tuple[Plain, Plain]
) -> tuple[Plain, Plain]:
    """Names and domains of an account and its Account after a run; Salesforce wins."""
    left, right = dict(now[0]), dict(now[1])
    for name in ("name", "domain"):
        left[name], right[name] = _two_way(
            (then[0] and then[0][name], then[1] and then[1][name]),
            (now[0][name], now[1][name]),
            "right",
            first=then[0] is None,
            same=lambda a, b: a == b,
        )
    return left, right


def stages_of_accounts(now: Rows) -> dict[str, str]:
    """What the deals of each Account say its stage is; without deals they say nothing."""
    deals: dict[str, list[str]] = {}
    for one in now.plain["Opportunity"].values():
        deals.setdefault(one["account"], []).append(one["deal"])
    return {account: _inferred(found) for account, found in deals.items() if account}


def _inferred(deals: Iterable[str]) -> str:
    found = set(deals)
    if "won" in found:
        return "Current Client"
    return "Active Opportunity" if "open" in found else "Dead Opportunity"
