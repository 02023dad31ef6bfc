"""Contacts: every type of Apollo against every type of Salesforce, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from syncrules import dsl
from syncrules.connectors.apollo.simulator.team import CustomField
from syncrules.connectors.base.schema import Schema
from syncrules.tests.guide.kinds import LEFT, OPTIONS, PULL, PUSH, RIGHT, WORDS
from syncrules.tests.guide.team import ACCOUNTS, HEAD, Team

STANDARD = {"account": "account", "id": "id"}
OTHER = {"account": "AccountId", "id": "Id", "address": "MailingAddress"}
MOVES = """\
push contact as Contact { match on email }
pull Account as account visible { match on domain }
"""
EMAIL, WORD, MOMENT = "bea@gold.example", "Gold", "2026-03-31T22:30:00.000"
LEFT_VALUES: dict[str, object] = {
    "string": WORD,
    "textarea": WORD,
    "number": 12,
    "date": "2026-03-31",
    "datetime": f"{MOMENT}+00:00",
    "boolean": True,
}
RIGHT_VALUES: dict[str, object] = {
    **dict.fromkeys(("int", "double", "currency", "percent"), 12),
    "boolean": True,
    "date": "2026-03-31",
    "datetime": f"{MOMENT}+0000",
    "email": EMAIL,
}
MANY = ("multipicklist", "closed_multipicklist")


def left_name(kind: str) -> str:
    return STANDARD.get(kind) or f"l_{kind}"


def right_name(kind: str) -> str:
    return OTHER.get(kind) or f"R_{kind}__c"


def prepared(rules: str = "") -> Team:
    """A team with a field of each type on both sides."""
    team = Team(HEAD)
    apollo = team.apollo.team
    for name, kind in LEFT.items():
        if kind:
            ids = [apollo.ids.new(0) for _ in OPTIONS] if "picklist" in kind else []
            options = tuple(zip(ids, OPTIONS, strict=False))
            made = CustomField(apollo.ids.new(0), "contact", f"L {name}", kind, options)
            apollo.fields.append(made)
    for name, line in RIGHT.items():
        if line:
            team.field("Contact", f"R_{name}__c {line}")
    if rules:
        team.rewrite(rules)
    return team


@cache
def described() -> dict[str, Schema]:
    return prepared().schemas()


def table(text: str) -> Iterator[tuple[str, str, str]]:
    """(Apollo type, Salesforce type, letter) of each cell."""
    for line in text.splitlines():
        left, *letters = line.split()
        for right, letter in zip(RIGHT, letters, strict=True):
            yield left, right, letter


def rules(rows: list[str]) -> str:
    body = "".join(f"    {one}\n" for one in ("last_name <-> LastName", "email <-> Email", *rows))
    return f"{HEAD}{MOVES}map contact with Contact {{\n{body}}}\n{ACCOUNTS}"


def row(left: str, arrow: str, right: str) -> str:
    return f"{left_name(left)} {arrow} {right_name(right)}"


@pytest.mark.parametrize(("arrow", "cells"), [("->", PUSH), ("<-", PULL)], ids=["push", "pull"])
def test_every_cell_is_taken_or_refused_with_a_reason(arrow: str, cells: str) -> None:
    """A row for each cell of the table: what may move passes `check`, what may not is found at
    that row, and says why and what to write instead (CFM-6)."""
    seen = 0
    for left, right, letter in table(cells):
        text = rules([row(left, arrow, right)])
        errors = [
            one
            for one in dsl.check({"rules.sync": text}, described()).findings
            if one.severity == "error"
        ]
        assert bool(errors) == (letter == "."), (left, arrow, right, WORDS[letter], errors)
        for one in errors:
            assert (one.span.line, one.code) in {(8, "wrong-type"), (8, "read-only-field")}
            assert one.title and one.help, (left, right)
        seen += 1
    assert seen == len(LEFT) * len(RIGHT)


def put_left(team: Team, contact: str, kind: str, cell: str) -> None:
    """Somebody in Apollo fills in the field of a type."""
    if kind == "account":
        team.apollo.update(
            "contact", contact, {"account_id": next(iter(team.apollo.rows("account")))}
        )
        return
    apollo = team.apollo.team
    field = next((one for one in apollo.fields if one.label == f"L {kind}"), None)
    if field is None:
        return
    value: object = LEFT_VALUES.get(kind)
    if "picklist" in kind:
        value = [id for id, _ in field.options[: 2 if cell in "jm" else 1]]
    elif kind == "user":
        value = apollo.users[0].id
    team.apollo.update("contact", contact, {"typed_custom_fields": {field.id: value}})


def put_right(team: Team, contact: str, kind: str, cell: str) -> None:
    """Somebody in Salesforce fills in the field of a type."""
    value: object = RIGHT_VALUES.get(kind, WORD)
    if kind in MANY and cell in "jm":
        value = "Gold;Silver"
    elif kind == "user":
        value = counterpart(team)
    elif kind == "account":
        value = next(iter(team.salesforce.rows("Account")))
    if kind != "id":
        team.salesforce.update("Contact", contact, {right_name(kind): value})


def counterpart(team: Team) -> str:
    """The Salesforce user with the address of Apollo's first."""
    email = team.apollo.team.users[0].email
    users = team.salesforce.rows("User")
    return next(id for id, one in users.items() if str(one.get("Email")).lower() == email.lower())


def begun(rows: list[str]) -> tuple[Team, str, str]:
    """Two linked people, each under no account, and two linked accounts."""
    team = prepared(rules(rows)).began()
    team.sf_account()
    contact = team.contact()
    team.hour()
    [other] = team.salesforce.rows("Contact")
    return team, contact, other


def moved_right(team: Team, contact: str, left: str, right: str, letter: str) -> object:
    """What should stand in Salesforce."""
    if letter == "r":
        return counterpart(team) if left == "user" else next(iter(team.salesforce.rows("Account")))
    if left == "id":
        return contact
    if letter in "jm":
        return "Gold; Silver" if letter == "j" else "Gold;Silver"
    if left == "datetime":
        return {"d": "2026-03-31", "=": f"{MOMENT}+0000", "t": f"{MOMENT}Z"}[letter]
    value = LEFT_VALUES.get(left, WORD)
    return str(value) if letter == "t" else value


def moved_left(team: Team, contact: str, left: str, right: str, letter: str) -> object:
    """What should stand in Apollo."""
    if letter == "r":
        user = left == "user"
        return team.apollo.team.users[0].id if user else next(iter(team.apollo.rows("account")))
    if right == "id":
        return contact
    if right == "email":
        return EMAIL
    if letter == "j":
        return "Gold; Silver"
    if right == "datetime":
        return {"d": "2026-03-31", "=": f"{MOMENT}+00:00", "t": f"{MOMENT}Z"}[letter]
    if left in ("picklist", "multipicklist"):
        apollo = team.apollo.team
        field = next(one for one in apollo.fields if one.label == f"L {left}")
        return sorted(id for id, _ in field.options[: 2 if letter == "m" else 1])
    value = RIGHT_VALUES.get(right, WORD)
    return str(value) if letter == "t" else value


@pytest.mark.parametrize("left", LEFT)
def test_what_may_move_to_salesforce_arrives(left: str) -> None:
    """Of one type of Apollo, all cells of its line: the value stands there as the table says
    (CFM-6)."""
    cells = [one for one in table(PUSH) if one[0] == left and one[2] != "."]
    for several in (True, False):
        some = [one for one in cells if (one[2] in "jm") == several]
        # A text that is no address can't go to an address, whatever its type.
        for mail in (True, False):
            now = [one for one in some if (one[1] == "email") == mail]
            if not now:
                continue
            team, contact, other = begun([row(left, "->", right) for _, right, _ in now])
            put_left(team, contact, left, now[0][2])
            if mail:
                field = next(one for one in team.apollo.team.fields if one.label == f"L {left}")
                team.apollo.update("contact", contact, {"typed_custom_fields": {field.id: EMAIL}})
            team.hour()
            values = team.salesforce.rows("Contact")[other]
            found = {right: values.get(right_name(right)) for _, right, _ in now}
            wanted = {
                right: EMAIL if mail else moved_right(team, contact, left, right, letter)
                for _, right, letter in now
            }
            assert found == wanted
            assert team.codes() == []


@pytest.mark.parametrize("right", RIGHT)
def test_what_may_move_to_apollo_arrives(right: str) -> None:
    """Of one type of Salesforce, all cells of its column (CFM-6)."""
    cells = [one for one in table(PULL) if one[1] == right and one[2] != "."]
    for several in (True, False):
        now = [one for one in cells if (one[2] in "jm") == several]
        if not now:
            continue
        team, contact, other = begun([row(left, "<-", right) for left, _, _ in now])
        put_right(team, other, right, now[0][2])
        team.hour()
        row_now = team.apollo.rows("contact")[contact]
        custom = {
            one.label: row_now["typed_custom_fields"].get(one.id) for one in team.apollo.team.fields
        }
        for left, _, letter in now:
            value = row_now["account_id"] if left == "account" else custom[f"L {left}"]
            assert value == moved_left(team, other, left, right, letter), (left, WORDS[letter])
        assert team.codes() == []
