"""What people do in both systems between two runs: edits of every kind, drawn from a seed.

Knows the two simulators as people at the screen do. What must come of it is in `demands.py`.
"""

from __future__ import annotations

import random

from syncrules.connectors.apollo.simulator import ApolloSimulator
from syncrules.connectors.salesforce.simulator import SalesforceSimulator
from syncrules.tests import oracle
from syncrules.tests.oracle import Links, Plain, Rows


def edit(
    apollo: ApolloSimulator,
    salesforce: SalesforceSimulator,
    was: Rows,
    now: Rows,
    links: Links,
    chance: random.Random,
    count: int,
) -> None:
    """`count` edits on each side, a multiple of 20; some records are edited on both. No stage is
    what it `was` before a sync of a moment ago: that would be taken for a search behind it."""
    part = count // 20
    linked = chance.sample(sorted(links.people), 15 * part)
    loose = chance.sample(sorted(now.plain["contact"].keys() - links.people.keys()), 6 * part)
    known = sorted(links.accounts)
    # A world of few people may have fewer companies that both systems know.
    accounts = chance.sample(known, min(3 * part, len(known)))
    staff = [one.email for one in apollo.team.users if not one.deleted]
    free = [
        row["email"]
        for id, row in sorted(now.plain["Lead"].items())
        if row["email"] and id not in links.taken
    ]
    left: list[tuple[str, str, Plain]] = []
    for place, id in enumerate(linked[: 9 * part]):
        mapped: list[Plain] = [
            {"title": f"Chief {place}"},
            {"first_name": f"Ann{place}", "last_name": f"Berg{place}"},
            {"organization_name": f"Company {place}"},
            {"email": f"new.address{place}@elsewhere.example"},
            {"owner": chance.choice(staff)},
            {"direct_phone": f"+4989555{place:04}"},
            {"title": None},
            {"stage": chance.choice(_but(was.plain["contact"].get(id, {}).get("stage")))},
            {"city": "Ulm"},
        ]
        left.append(("contact", id, mapped[place % len(mapped)]))
    for place, id in enumerate(loose):
        left.append(
            ("contact", id, {"stage": "Interested"} if place < 3 * part else {"title": "Clerk"})
        )
    for place, id in enumerate(accounts):
        byhand: Plain = (
            {"name": f"Renamed {place}"} if place < part else {"stage": "Do Not Prospect"}
        )
        left.append(("account", id, byhand))
    for object, id, values in left:
        apollo.update(object, id, values)
    for place in range(count - len(left)):
        email = free[place] if place < part // 2 else f"apollo{place}@new.example"
        stage = ("Interested", "Cold")[place % 2]
        body = {"first_name": "Ida", "last_name": f"New{place}", "email": email, "stage": stage}
        apollo.create("contact", body)
    right: list[tuple[str, str, Plain]] = []
    for place, id in enumerate(linked[6 * part :]):
        object, other = links.people[id]
        changes: list[Plain] = [
            {"Title": f"Head {place}"},
            {"LastName": f"Stone{place}"},
            {"FirstName": None},
            {"Email": f"moved{place}@elsewhere.example"},
            {"Phone": f"+1415555{place:04}"},
            {"Description": f"note {place}"},
        ]
        if object == "Lead":
            changes.append({"Status": chance.choice(sorted(oracle.TO_STAGE))})
        else:
            changes.append({"AccountId": links.accounts[chance.choice(sorted(links.accounts))]})
        right.append((object, other, changes[place % len(changes)]))
    deals = sorted(now.plain["Opportunity"])
    for place, id in enumerate(chance.sample(deals, min(6 * part, len(deals)))):
        right.append(("Opportunity", id, {"StageName": ("Closed Won", "Closed Lost")[place % 2]}))
    for place, id in enumerate(accounts[: 2 * part]):
        right.append(("Account", links.accounts[id], {"Name": f"Called {place}"}))
    for object, id, values in right:
        salesforce.update(object, id, values)
    for place in range(count - len(right)):
        body = {"LastName": f"Fresh{place}", "Email": f"salesforce{place}@new.example"}
        if place % 2:
            salesforce.create("Lead", {**body, "Company": "Berg AB"})
        else:
            salesforce.create("Contact", body)


def _but(stage: object) -> list[str]:
    """The stages of contacts without one."""
    return [one for one in ("Cold", "Interested", "Not Interested", "Replied") if one != stage]
