"""What people do in the simulated Apollo at the screen: make, change, touch and delete records.

Knows each kind of record by the name that rules give it; what a request may do is told in the
modules of the routes. Used by tests, by the demo, and over HTTP by `/__sim__/edit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from . import accounts, calls, contacts, diary, tasks
from .rows import Row, Table
from .saves import ACCOUNT_BULK_CREATE, CONTACT_PERSON, account_values, contact_values, save
from .shapes import account, contact, deal, user
from .team import Team

Wire = dict[str, Any]


def table(team: Team, object: str) -> Table:
    """The table of an object."""
    return {
        "contact": team.contacts,
        "account": team.accounts,
        "opportunity": team.deals,
        "task": team.tasks,
        "call": team.calls,
        "email": team.emails,
        "meeting": team.meetings,
        "note": team.notes,
    }[object]


def rows(team: Team, object: str) -> dict[str, Wire]:
    """What is there now, by id, in wire shape."""
    if object == "user":
        return {one.id: user(team, one) for one in team.users}
    shapes: dict[str, Callable[[Row], Wire]] = {
        "contact": lambda row: contact(team, row),
        "account": account,
        "opportunity": lambda row: deal(team, row),
        "task": lambda row: tasks.shape(team, row),
        "call": calls.shape,
    }
    shape = shapes.get(object) or diary.shape(object)
    here = table(team, object).rows.values()
    return {row.id: shape(row) for row in here if not row.deleted}


def create(team: Team, object: str, values: Mapping[str, Any]) -> str:
    """The id of a new record. `values` are wire keys, or `stage`, `owner` and `user` by name and
    address; `source` is how a contact or an account came to be (`search`), `creator` who made it,
    else somebody who is not the user of the keys."""
    sent = _named(team, object, values)
    if object in ("contact", "account"):
        source = str(sent.pop("source", "api"))
        creator = sent.pop("creator_id", team.users[-1].id)
        if object == "contact":
            row = contacts.create(team, sent, CONTACT_PERSON, source).row
        else:
            row = accounts.create(team, sent, ACCOUNT_BULK_CREATE, source).row
        made = {**row.values, "creator_id": creator}
        team.put(table(team, object), replace(row, values=made))
        return row.id
    if object == "task":
        return tasks.create(team, {"user_id": team.users[0].id, "status": "scheduled", **sent}).id
    if object == "call":
        return calls.create(team, sent).id
    return diary.create(team, object, sent).id


def update(team: Team, object: str, id: str, values: Mapping[str, Any]) -> None:
    """A change; `values` as for `create`. A task may be completed, skipped or opened again by its
    `status`, a meeting be moved or `cancelled`."""
    sent = _named(team, object, values)
    row = table(team, object).rows[id]
    if object == "contact":
        takes = CONTACT_PERSON
        save(team, team.contacts, row, lambda old: contact_values(team, old, sent, takes))
    elif object == "account":
        takes = ACCOUNT_BULK_CREATE
        save(team, team.accounts, row, lambda old: account_values(team, old, sent, takes))
    elif object == "task":
        tasks.by_hand(team, row, sent)
    elif object == "call":
        calls.change(team, row, sent)
    else:
        diary.change(team, object, row, sent)


def touch(team: Team, object: str, id: str) -> None:
    """Something happened with the record (a call, an opened email): its stamps move alone."""
    of, now = table(team, object), team.now()
    row = of.rows[id]
    team.put(of, replace(row, values={**row.values, "last_activity": now}, updated=now))


def delete(team: Team, object: str, id: str) -> None:
    """The record is gone from searches, and 422 by id."""
    of = table(team, object)
    team.put(of, replace(of.rows[id], deleted=True, updated=team.now()))


def _named(team: Team, object: str, values: Mapping[str, Any]) -> Wire:
    """Stage, owner, user and creator as ids."""
    sent = dict(values)
    stages = team.contact_stages if object == "contact" else team.account_stages
    if "stage" in sent:
        name = sent.pop("stage")
        sent[f"{object}_stage_id"] = next(one.id for one in stages if one.name == name)
    for who in ("owner", "user", "creator"):
        if who in sent:
            email = sent.pop(who)
            sent[f"{who}_id"] = next(one.id for one in team.users if one.email == email)
    return sent
