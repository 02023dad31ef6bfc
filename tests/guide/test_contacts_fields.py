"""Contacts: which fields go where, both ways, and what nobody maps."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from syncrules.docs.examples import simulated
from syncrules.tests.guide.team import ACCOUNTS, HEAD, Team, codes

BASE = """\
    last_name <-> LastName
    email     <-> Email
    organization_name -> Lead.Company default "Unknown"
"""
MOVES = (
    "push contact as {object} {{ match on email }}\npull Lead as contact\npull Contact as contact\n"
)


def rules(row: str, object: str = "Lead") -> str:
    """One row more than what every record needs."""
    rows = f"map contact with Lead, Contact {{\n{BASE}    {row}\n}}\n"
    return HEAD + MOVES.format(object=object) + rows


@pytest.mark.parametrize(
    ("row", "leads", "contacts"),
    [
        ("title -> Lead.Title", "CEO", None),
        ("title -> Contact.Title", None, "CEO"),
        ("title -> Title", "CEO", "CEO"),
    ],
)
def test_a_field_goes_to_the_lead_to_the_contact_or_to_both(
    row: str, leads: object, contacts: object
) -> None:
    """Values land where the row says, and only there (CFM-3)."""
    for object, wanted in (("Lead", leads), ("Contact", contacts)):
        team = Team(rules(row, object)).began()
        ada = team.contact(title="CTO")
        team.hour()
        team.apollo.update("contact", ada, {"title": "CEO"})
        team.hour()
        assert team.right(object, "Title") == [wanted]


def test_a_mapped_field_is_passed_both_ways() -> None:
    """A change of either side arrives at the other (CFM-4)."""
    team = Team(rules("title <-> Title")).began()
    ada = team.contact(title="CTO")
    team.hour()
    [lead] = team.salesforce.rows("Lead")
    team.apollo.update("contact", ada, {"title": "CEO"})
    team.hour()
    assert team.right("Lead", "Title") == ["CEO"]
    team.salesforce.update("Lead", lead, {"Title": "Chair"})
    team.hour()
    assert team.left("contact", "title") == ["Chair"]
    assert team.is_quiet()


@pytest.mark.parametrize(
    ("winner", "stays", "goes"), [("apollo", "CEO", "Chair"), ("salesforce", "Chair", "CEO")]
)
def test_where_both_sides_changed_the_stated_winner_stays(
    winner: str, stays: str, goes: str
) -> None:
    """And what lost is in the history, to be put back (CFM-4)."""
    team = Team(rules(f"title <-> Title prefer {winner}")).began()
    ada = team.contact(title="CTO")
    team.hour()
    [lead] = team.salesforce.rows("Lead")
    team.apollo.update("contact", ada, {"title": "CEO"})
    team.salesforce.update("Lead", lead, {"Title": "Chair"})
    team.hour()
    assert team.left("contact", "title") == team.right("Lead", "Title") == [stays]
    told = [(one.before, one.after) for one in team.history(ada) if one.action == "update"]
    field = "Title" if winner == "apollo" else "title"
    assert told == [({field: goes}, {field: stays})]


# ---- what nobody maps -----------------------------------------------------------------------

ALL = (
    HEAD
    + """\
push contact as Lead when stage is not "Cold" {
    match on email
    source "Apollo"
}
pull Contact as contact visible { match on email }
map contact with Lead, Contact {
    last_name         <-> LastName
    email             <-> Email
    title             <-> Title        prefer latest
    organization_name  -> Lead.Company default "Unknown"
    account           <-> Contact.AccountId
}
map contact stage with Lead.Status { "Interested" <-> "Working - Contacted" }
pull Account as account visible { match on domain }
"""
    + ACCOUNTS
    + "infer account stage from opportunities\n"
)

MAPPED: Mapping[str, frozenset[str]] = {
    "contact": frozenset({"last_name", "email", "title", "account_id", "contact_stage_id"}),
    "account": frozenset({"name", "domain", "account_stage_id"}),
    "Lead": frozenset({"LastName", "Email", "Title", "Company", "LeadSource", "Status"}),
    "Contact": frozenset({"LastName", "Email", "Title", "AccountId"}),
    "Account": frozenset({"Name", "Website"}),
}
"""What a row names."""
FOLLOWS: Mapping[str, frozenset[str]] = {
    # What a system itself works out of a save, or of a field that a row names.
    "contact": frozenset(
        {"name", "updated_at", "account", "contact_emails", "free_domain", "organization_name"}
    )
    | {"email_status", "email_true_status", "email_from_customer"},
    "account": frozenset({"updated_at", "num_contacts"}),
    **dict.fromkeys(
        ("Lead", "Contact", "Account"),
        frozenset({"Name", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}),
    ),
}
LEFT = {
    "contact": ("first_name", "title", "last_name", "direct_phone", "linkedin_url", "city"),
    "account": ("name", "phone", "linkedin_url"),
}
RIGHT = {
    "Lead": ("FirstName", "Title", "LastName", "Phone", "City", "Description"),
    "Contact": ("FirstName", "Title", "LastName", "Phone", "Department"),
    "Account": ("Name", "Phone", "Industry", "Site"),
}


def unmapped(team: Team) -> dict[tuple[str, str], dict[str, object]]:
    """What stands in the fields that no row names, by record."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    for object, fields in MAPPED.items():
        side = team.apollo if object in LEFT else team.salesforce
        for id, row in side.rows(object).items():
            left_out = fields | FOLLOWS[object]
            found[object, id] = {name: one for name, one in row.items() if name not in left_out}
    return found


def people_at_work(team: Team, chance: random.Random) -> None:
    """A few edits of every kind, by people on both sides."""
    for _ in range(12):
        objects = {**LEFT, **RIGHT}
        object = chance.choice(sorted(objects))
        side = team.apollo if object in LEFT else team.salesforce
        ids = sorted(side.rows(object))
        field, text = chance.choice(objects[object]), f"Text {chance.randrange(1000)}"
        if object == "account" and chance.random() < 0.3 and ids:
            side.update(
                object, chance.choice(ids), {"stage": chance.choice(team.stages("account"))}
            )
        elif object == "contact" and chance.random() < 0.3:
            name = f"p{chance.randrange(10_000)}"
            team.contact(name, stage=chance.choice(team.stages()), direct_phone="+1 555 1000")
        elif ids:
            side.update(object, chance.choice(ids), {field: text})


@pytest.mark.parametrize("seed", range(6))
def test_what_no_row_names_stays_what_its_own_people_made_it(seed: int) -> None:
    """Histories of people and runs, drawn from a seed: byte for byte the same before and after
    each run, on both sides, for people and accounts; what is new has nothing there but what the
    system itself puts in (CFM-7, AFM-3)."""
    chance = random.Random(seed)
    team = Team(ALL, 40, 40, seed=seed)
    new: dict[tuple[str, str], dict[str, object]] = {}
    for step in range(6):
        before = unmapped(team)
        if step == 1:
            team.backfill("push", "contact")
            team.backfill("pull", "Account")
        else:
            team.hour()
        after = unmapped(team)
        assert {key: after[key] for key in before} == before
        new |= {key: one for key, one in after.items() if key not in before}
        people_at_work(team, chance)
        team.clock.sleep(60)
    assert len(new) > 10
    own = ("FirstName", "Phone", "City", "Description", "Department", "Industry", "Site")
    assert not [one for one in new.values() if any(one.get(name) for name in own)]


def test_a_second_row_for_a_field_is_found() -> None:
    """It would be written twice (CFM-4)."""
    assert codes(rules("title -> Title\n    first_name -> Title"), simulated()) != []
