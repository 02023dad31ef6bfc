"""Whether people are in either system already, told from what looks have brought: no request.

Knows the index of keys in the state and which fields of a schema are addresses. What is indexed are
the keys that rules match on, of every record that was read, hidden ones too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..connectors.base.schema import Schema
from ..connectors.base.values import folded
from ..connectors.base.world import moment
from ..errors import UsageError
from .report import at_time
from .store import statements as sql

if TYPE_CHECKING:
    from .store.database import Database, Statement


@dataclass(frozen=True, slots=True)
class Spot:
    """A record of a system; `linked` are those of the other system that it is one with."""

    system: str
    object: str
    id: str
    linked: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an address: the records that have it. `read` is when the people of either
    system were last looked at, those that were looked at first."""

    email: str
    records: tuple[Spot, ...]
    read: float


def known(
    db: Database, orgs: Sequence[str], schemas: Mapping[str, Schema], emails: Sequence[str]
) -> list[Known]:
    """The records of either system with these addresses. Raises `UsageError` where nobody's
    address was ever read."""
    read = [at for org in orgs for at in _read(db, org, schemas)]
    if not read:
        raise UsageError(
            "no addresses have been read yet",
            why="`known` answers from what runs have read, and asks no system",
            fix="`syncrules preview` reads both systems and writes nothing",
        )
    found = []
    for email in emails:
        spots = dict.fromkeys(one for org in orgs for one in _records(db, org, schemas, email))
        found.append(Known(email, tuple(spots), min(read)))
    return found


def _people(org: str, schemas: Mapping[str, Schema]) -> Iterator[tuple[str, str, str]]:
    """(system, object, field) of addresses of people who are no users."""
    for system in org.split("~"):
        for one in schemas[system].objects if system in schemas else ():
            for field in one.fields:
                if field.format == "email" and one.thing not in ("user", "activity"):
                    yield system, one.name, field.name


def _read(db: Database, org: str, schemas: Mapping[str, Schema]) -> Iterator[float]:
    people = {(system, object) for system, object, _ in _people(org, schemas)}
    for system, object, purpose, looks, at in db.rows(sql.all_cursors, org=org):
        if purpose == "changes" and looks and (system, object) in people:
            yield at


def _records(db: Database, org: str, schemas: Mapping[str, Schema], email: str) -> Iterator[Spot]:
    people = list(_people(org, schemas))
    for system, object, field in people:
        where = {"org": org, "system": system, "object": object, "field": field}
        for _, id in db.rows(sql.ids_by_key, **where, values=[folded(email, "email")]):
            yield Spot(system, object, id, tuple(_linked(db, org, people, (system, object, id))))


def _linked(
    db: Database, org: str, people: Sequence[tuple[str, str, str]], of: tuple[str, str, str]
) -> Iterator[Spot]:
    """What a record is linked with, among the people of the other system."""
    system, object, id = of
    is_left = org.startswith(f"{system}~")
    statement: Statement = sql.links_by_left if is_left else sql.links_by_right
    for other, name in dict.fromkeys((one[0], one[1]) for one in people if one[0] != system):
        flow = f"{object}~{name}" if is_left else f"{name}~{object}"
        for left, right, _, _, ended in db.rows(statement, org=org, flow=flow, ids=[id]):
            if not ended:
                yield Spot(other, name, right if is_left else left)


def known_json(found: Sequence[Known]) -> dict[str, Any]:
    """`known --format json`."""
    return {
        "known": [
            {
                "email": one.email,
                "known": bool(one.records),
                "records": [
                    {**_spot(each), "linked": [_spot(other) for other in each.linked]}
                    for each in one.records
                ],
            }
            for one in found
        ],
        "read": moment(found[0].read) if found else None,
    }


def known_text(found: Sequence[Known]) -> str:
    """The same for people: an address, then the records that have it."""
    lines = []
    for one in found:
        lines.append(f"{one.email}  {'known' if one.records else 'not known'}")
        for each in one.records:
            other = " and ".join(_named(linked) for linked in each.linked)
            lines.append(f"    {_named(each)}" + (f", linked with {other}" if other else ""))
    lines.append(f"as read {at_time(moment(found[0].read))}")
    return "\n".join(lines)


def _spot(one: Spot) -> dict[str, str]:
    return {"system": one.system, "object": one.object, "id": one.id}


def _named(one: Spot) -> str:
    return f"{one.system} {one.object} {one.id}"
