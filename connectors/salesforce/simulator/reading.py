"""How rows become the JSON of a reply: values of fields, records with attributes, parents.

Knows compound addresses and the way through references. Doesn't know which rows: that is
`query.py`, or the path of a request in `resources.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .schema import Field, ObjectType

if TYPE_CHECKING:
    from .rows import Row, Store

Getter = Callable[["Row"], Any]

_PARTS = {
    "City": "city",
    "Country": "country",
    "CountryCode": "countryCode",
    "GeocodeAccuracy": "geocodeAccuracy",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "PostalCode": "postalCode",
    "State": "state",
    "StateCode": "stateCode",
    "Street": "street",
}


def getter(of: ObjectType, field: Field) -> Getter:
    """The function that reads a field of a row; blank is None, a yes-or-no is never blank."""
    name = field.name
    if field.type == "boolean":
        return lambda row: row.get(name, False)
    if field.type != "address":
        return lambda row: row.get(name)
    prefix = name.removesuffix("Address")
    parts = [
        (key, f"{prefix}{part}") for part, key in _PARTS.items() if f"{prefix}{part}" in of.fields
    ]

    def address(row: Row) -> dict[str, Any] | None:
        found = {key: row.get(part) for key, part in parts}
        return found if any(value is not None for value in found.values()) else None

    return address


def attributes(of: ObjectType, id: str, version: str) -> dict[str, str]:
    return {"type": of.name, "url": f"/services/data/v{version}/sobjects/{of.name}/{id}"}


def record(of: ObjectType, row: Row, fields: Iterable[Field], version: str) -> dict[str, Any]:
    """A row as a record of a reply, with these fields."""
    return {
        "attributes": attributes(of, row["Id"], version),
        **{one.name: getter(of, one)(row) for one in fields},
    }


def parent(store: Store, field: Field) -> Callable[[Row], tuple[ObjectType, Row] | None]:
    """The function that follows a reference; None where it is blank or leads nowhere."""
    name = field.name

    def follow(row: Row) -> tuple[ObjectType, Row] | None:
        id = row.get(name)
        return None if id is None else store.find(id)

    return follow
