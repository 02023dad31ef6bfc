"""From the fields someone asks for to columns of SOQL, and from rows of JSON back to records.

Knows which columns tell the life of a record, and the wire forms of values both ways. Which
statements are sent is told in `feeds.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..base import values
from ..base.contract import Life, Record
from ..base.schema import Field, Object
from ..base.values import Value
from .describe import STANDING, Derived
from .rich import html_of, plain

STAMP = "SystemModstamp"
"""Moves with every save, by people and by the platform itself; grain of one second. Results of
formulas and values of parents move without it."""

COPY = "IsChild"
"""Says that an event is the copy of a colleague who was asked to it."""

LIFE = ("IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId", COPY)
"""Columns that tell what became of a record, on the objects that have them."""

ACTIVE = "IsActive"
"""Of users: one who has left is never deleted, and can own nothing any more."""

_FLAGS = ("IsDeleted", "IsConverted", COPY)
_UNSEEN = ""
_DERIVED = "derived"


@dataclass(frozen=True)
class Columns:
    """What is selected for some asked fields of an object, and how each is read.

    `kinds` gives the type of each asked field, "" where this login doesn't see it: that field is
    then absent from the records, for *not read* is not *blank*. It goes to JSON and back, so that
    a cursor can carry it and a later read needs no description.
    """

    object: str
    kinds: Mapping[str, str]
    stamped: bool
    life: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_readers", tuple(self._read_asked()))

    _readers: tuple[tuple[str, Callable[[Mapping[str, Any]], Value]], ...] = field(
        init=False, repr=False, compare=False, default=()
    )

    @cached_property
    def always(self) -> tuple[str, ...]:
        """Columns of every statement: identity, stamp and life."""
        return ("Id", *((STAMP,) if self.stamped else ()), *self.life)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The other columns, each once."""
        wanted: dict[str, None] = {}
        for name, kind in self.kinds.items():
            if kind == _DERIVED:
                wanted.update(dict.fromkeys(self._derived(name).sources))
            elif kind not in (_UNSEEN, "other"):
                wanted[name] = None
        return tuple(name for name in wanted if name not in self.always)

    @property
    def only(self) -> str:
        """The condition for what is a record of its own, "" where all are: a meeting comes once,
        however many colleagues have a copy."""
        return f"{COPY} = false" if COPY in self.life else ""

    @property
    def flags(self) -> frozenset[str]:
        """The columns that hold a yes-or-no."""
        held = {name for name, kind in self.kinds.items() if kind == "boolean"}
        for name, kind in self.kinds.items():
            if kind == _DERIVED:
                held.update(self._derived(name).sources)
        return frozenset(held.union(_FLAGS).intersection((*self.life, *self.asked)))

    def covers(self, fields: Collection[str]) -> bool:
        """Whether all `fields` are known here and visible."""
        return all(self.kinds.get(name) for name in fields)

    def record(self, row: Mapping[str, Any]) -> Record:
        """A row as a record; a value that isn't of its field's type, or wasn't sent, is absent."""
        found: dict[str, Value] = {}
        for name, read in self._readers:
            try:
                found[name] = read(row)
            except (KeyError, ValueError, TypeError):
                continue
        life, into = _life(row)
        if ACTIVE in self.life and row.get(ACTIVE) is False:
            life = "deleted"
        stamp = str(_instant(row[STAMP])) if row.get(STAMP) else ""
        return Record(self.object, values.identifier(row["Id"]), found, stamp, life, into)

    def to_json(self) -> dict[str, Any]:
        return {
            "object": self.object,
            "kinds": dict(self.kinds),
            "stamped": self.stamped,
            "life": list(self.life),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Columns:
        """The inverse of `to_json`; `KeyError`, `ValueError` or `TypeError` for what is none."""
        return Columns(
            str(data["object"]),
            {str(name): str(kind) for name, kind in data["kinds"].items()},
            bool(data["stamped"]),
            tuple(str(one) for one in data["life"]),
        )

    def _derived(self, name: str) -> Derived:
        return STANDING[self.object].derived[name]

    def _read_asked(self) -> Iterable[tuple[str, Callable[[Mapping[str, Any]], Value]]]:
        for name, kind in self.kinds.items():
            if kind == _DERIVED:
                yield name, _derive(self._derived(name))
            elif kind in _READ:
                yield name, _plain(name, _READ[kind])


def columns(object: Object, fields: Iterable[str]) -> Columns:
    """The columns for `fields` of a described object."""
    kinds: dict[str, str] = {}
    for name in fields:
        found = object.by_name.get(name)
        if found is None:
            kinds[name] = _UNSEEN
        else:
            kinds[name] = _DERIVED if found.derived else _kind(found)
    life = tuple(name for name in LIFE if name in object.by_name)
    if object.thing == "user":
        life += (ACTIVE,)
    return Columns(object.name, kinds, STAMP in object.by_name, life)


def _kind(field: Field) -> str:
    return field.format if field.format == "rich" else field.type


def gone(object: str, id: str) -> Record:
    """A record that this login doesn't see any more: purged, never there, or no longer shared."""
    return Record(object, id, {}, life="out of sight")


def from_text(row: Mapping[str, str], flags: Collection[str]) -> dict[str, Any]:
    """A row of a sheet as JSON would have it: what is empty is blank, and yes-or-no is no text."""
    return {name: text == "true" if name in flags else text or None for name, text in row.items()}


def to_wire(field: Field | None, value: Value) -> Any:
    """A value as Salesforce takes it in JSON. A blank yes-or-no is false: there is no null."""
    if isinstance(value, tuple):
        return ";".join(value)
    if value is None and field is not None and field.type == "boolean":
        return False
    if isinstance(value, str) and field is not None and field.format == "rich":
        return html_of(value)
    return value


def long_id(id: str) -> str:
    """The 18 characters of an id given with 15 or 18: the last three tell which are capitals."""
    if len(id) != 15:
        return id
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    groups = (id[start : start + 5] for start in (0, 5, 10))
    bits = (sum(1 << at for at, one in enumerate(five) if "A" <= one <= "Z") for five in groups)
    return id + "".join(letters[number] for number in bits)


def _life(row: Mapping[str, Any]) -> tuple[Life, str]:
    if row.get("IsDeleted") and row.get("MasterRecordId"):
        return "merged", str(row["MasterRecordId"])
    # Also where the lead was deleted after that: who it is has gone over before.
    if row.get("IsConverted"):
        contact = row.get("ConvertedContactId")
        return "converted", f"Contact/{contact}" if contact else ""
    return ("deleted" if row.get("IsDeleted") else "here"), ""


def _plain(name: str, read: Callable[[Any], Value]) -> Callable[[Mapping[str, Any]], Value]:
    return lambda row: read(row[name])


def _derive(how: Derived) -> Callable[[Mapping[str, Any]], Value]:
    return lambda row: (
        all(row[one] is True for one in how.true) and not any(row[one] is True for one in how.false)
    )


def _instant(raw: Any) -> Value:
    """A moment; Salesforce always writes `2026-01-31T09:05:00.000+0000`."""
    if isinstance(raw, str) and len(raw) == 28 and raw.endswith("+0000"):
        return raw[:23] + "Z"
    return values.instant(raw)


def _several(raw: Any) -> Value:
    return values.choices(str(raw).split(";")) if raw else None


def _rich(raw: Any) -> Value:
    return values.text(plain(raw)) if isinstance(raw, str) else values.text(raw)


def _id(raw: Any) -> Value:
    return values.identifier(raw) if raw else None


_READ: Mapping[str, Callable[[Any], Value]] = {
    "id": _id,
    "reference": _id,
    "text": values.text,
    "rich": _rich,
    "choice": values.text,
    "choices": _several,
    "number": values.number,
    "boolean": values.boolean,
    "date": values.day,
    "datetime": _instant,
}
