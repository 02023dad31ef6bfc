"""What people do with companies where they delete them: alone or with their people, in either
system, and take them out of the bin; people and deals come to belong to them, and to others.

Those who work there are in `people.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from syncrules.tests.simulation import duties

if TYPE_CHECKING:
    from syncrules.tests.simulation.people import People
    from syncrules.tests.simulation.recorder import Key


def close(people: People) -> None:
    """A company is deleted in Apollo, mostly one that is linked; before it nobody, or some of its
    people, or all of them."""
    rows = people.log.rows("apollo")
    key = _one(people, "account")
    if key is None:
        return
    theirs = sorted(
        one for one in rows if one[1] == "contact" and rows[one].get("account_id") == key[2]
    )
    for one in people.chance.choice(((), theirs[:1], theirs, theirs)):
        if people.chance.random() < 0.3:
            people.change(one, {"account_id": None})
        else:
            people.delete(one)
    people.delete(key)
    people.log.struck["a company is deleted"] += 1


def close_there(people: People) -> None:
    """A company is deleted in Salesforce, and with it all that belongs to it."""
    key = _one(people, "Account")
    if key is not None:
        people.delete(key)
        people.log.struck["a company is deleted with its people"] += 1


def move_out(people: People) -> None:
    """A Contact or a deal belongs to none of the companies any more, or is deleted."""
    rows = people.log.rows("salesforce")
    keys = [key for key in rows if key[1] in ("Contact", "Opportunity")]
    keys = sorted(key for key in keys if rows[key].get("AccountId"))
    if keys:
        key = people.chance.choice(keys)
        if people.chance.random() < 0.5:
            people.delete(key)
        else:
            people.change(key, {"AccountId": None})


def sell(people: People) -> None:
    """A deal with a company begins, or goes to another one."""
    key = _one(people, "Account")
    rows = people.log.rows("salesforce")
    deals = sorted(one for one in rows if one[1] == "Opportunity")
    if key is None:
        return
    if deals and people.chance.random() < 0.5:
        people.change(people.chance.choice(deals), {"AccountId": key[2]})
    else:
        people.deal(key[2])


def reopen(people: People) -> None:
    """A company is taken out of the bin, and with it all that went with it."""
    bin = sorted(key for key in people.bin() if key[1] == "Account")
    if bin:
        people.take_out(people.chance.choice(bin))


def _one(people: People, object: str) -> Key | None:
    """A company, mostly one that is linked."""
    keys = duties.of_object(people, object)
    linked = [key for key in keys if key in people.partners()]
    return people.chance.choice(linked or keys) if keys else None


CLOSINGS: tuple[tuple[int, str, Callable[[People], None]], ...] = (
    (14, "closes", close),
    (3, "closes", close_there),
    (4, "closes", move_out),
    (6, "closes", sell),
    (3, "closes", reopen),
    (6, "closes", duties.move_in),
    (4, "closes", duties.join),
)
"""How often each is done, and what the rules must have."""
