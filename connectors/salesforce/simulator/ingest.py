"""What an ingest job does with each row of its sheet: columns to fields, saves, and their results.

Knows the CSV rules that differ from JSON: an empty value leaves a field alone, `#N/A` clears it.
States of jobs are in `bulk.py`, spelling in `sheets.py`; what a save checks, in `saves.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import lives, saves
from .errors import Refused, refused
from .saves import Actor
from .schema import Field, ObjectType
from .sheets import BadSheet
from .values import converted, full_id

if TYPE_CHECKING:
    from .org import Org

CHUNK = 200
"""Rows of one transaction."""

OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")

_BLANK = "#N/A"
_YES = ("true", "t", "yes", "y", "1", "on")
_NO = ("false", "f", "no", "n", "0", "off")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: a field, or the field `key` of the record that a reference points to,
    which is of the object `target`, "" where there is only one."""

    field: Field
    relation: str = ""
    key: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a row. `error` is "" where it was saved."""

    row: Sequence[str]
    id: str
    created: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """What is done with every row: `operation`, by the field `key` where that is an upsert."""

    org: Org
    of: ObjectType
    operation: str
    key: Field
    actor: Actor

    def columns(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column | None]:
        """What each column means, None for an Id that is empty in all rows of an insert.

        Raises `BadSheet` for names that the object doesn't have or the operation doesn't take.
        """
        if self.operation in ("delete", "hardDelete") and [h.lower() for h in header] != ["id"]:
            text = f"The '{self.operation}' batch must contain only ids"
            raise BadSheet(f"InvalidBatch : {text}")
        found: list[Column | None] = []
        for place, name in enumerate(header):
            blank = not any(row[place] for row in rows)
            if self.operation == "insert" and name.lower() == "id" and blank:
                found.append(None)
                continue
            column = self._column(name)
            if column is None:
                raise BadSheet(f"InvalidBatch : Field name not found : {name}")
            found.append(column)
        given = {one.field.name for one in found if one and not one.relation}
        if self.operation in ("update", "upsert") and self.key.name not in given:
            raise BadSheet(f"InvalidBatch : Field name not found : {self.key.name}")
        return found

    def chunk(
        self, columns: Sequence[Column | None], rows: Sequence[Sequence[str]]
    ) -> Iterator[Result]:
        """Saves the rows of one transaction, each for itself."""
        seen: set[str] = set()
        for row in rows:
            given = {
                one.field.name: text
                for one, text in zip(columns, row, strict=True)
                if one and not one.relation
            }
            id = full_id(given.get("Id", "")) or given.get("Id", "")
            try:
                with self.org.store.attempt():
                    self._once(given, seen)
                    made, created = self._save(given, self._body(columns, row))
                yield Result(row, made, created)
            except Refused as error:
                yield Result(row, id, error=_told(error))

    def _column(self, name: str) -> Column | None:
        schema = self.org.schema
        if "." not in name:
            field = schema.field(self.of, name)
            return None if field is None else Column(field)
        # A reference to several objects is written as `User:Owner.Username`.
        target, _, path = name.rpartition(":")
        relation, _, key = path.partition(".")
        field = self.of.relationship(relation)
        targets = [schema.get(one) for one in field.refs] if field else []
        known = any(one is not None and schema.field(one, key) for one in targets)
        return Column(field, field.relationship, key, target) if field and known else None

    def _once(self, given: Mapping[str, str], seen: set[str]) -> None:
        """Refuses a row whose record came before in the same transaction."""
        if self.operation == "insert" or not (value := given.get(self.key.name, "")):
            return
        same = full_id(value) if self.key.name == "Id" else value.lower()
        if same in seen:
            if self.key.name == "Id":
                raise refused("INVALID_FIELD", f"duplicate id in list: {value}", "Id")
            text = f"Duplicate external id specified: {value}"
            raise refused("DUPLICATE_VALUE", text, self.key.name)
        seen.add(same or "")

    def _body(self, columns: Sequence[Column | None], row: Sequence[str]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for column, text in zip(columns, row, strict=True):
            if column is None or not text:
                continue
            if column.relation:
                meant = {"attributes": {"type": column.target}}
                body[column.relation] = {**meant, column.key: text}
            else:
                body[column.field.name] = None if text == _BLANK else _value(column.field, text)
        return body

    def _save(self, given: Mapping[str, str], body: dict[str, Any]) -> tuple[str, bool]:
        """The row's id, and whether it is new."""
        value = given.get(self.key.name, "")
        if self.operation == "insert":
            return saves.create(self.org, self.of, body, self.actor), True
        if self.operation == "upsert":
            return self._upsert(value, body)
        if not value:
            words = "an update" if self.operation == "update" else "a delete"
            raise refused("MISSING_ARGUMENT", f"Id not specified in {words} call")
        id = full_id(value)
        if id is None or not id.startswith(self.of.prefix):
            message = f"{self.of.label} ID: id value of incorrect type: {value}"
            raise refused("MALFORMED_ID", message, "Id")
        if self.operation == "update":
            body.pop("Id")
            saves.update(self.org, self.of, id, body, self.actor)
        else:
            end = lives.delete if self.operation == "delete" else lives.purge
            end(self.org, self.of, id, self.actor)
        return id, False

    def _upsert(self, value: str, body: dict[str, Any]) -> tuple[str, bool]:
        if not value and self.key.name != "Id":
            raise refused("MISSING_ARGUMENT", f"{self.key.name} not specified")
        body.pop("Id", None)
        ids = saves.same_row(self.org, self.of, self.key, value) if value else []
        if len(ids) > 1:
            text = f"duplicate external id value: {value}"
            raise refused("DUPLICATE_EXTERNAL_ID", text, self.key.name)
        if not ids and value and self.key.name == "Id":
            raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if not ids:
            return saves.create(self.org, self.of, body, self.actor), True
        body.pop(self.key.name, None)
        saves.update(self.org, self.of, ids[0], body, self.actor)
        return ids[0], False


def _value(field: Field, text: str) -> Any:
    """A text as JSON would have it. A yes-or-no may be spelled in six ways."""
    lower = text.lower()
    if field.type == "boolean" and lower in (*_YES, *_NO):
        return lower in _YES
    try:
        converted(field, text)
    except Refused as error:
        if error.problems[0].code != "JSON_PARSER_ERROR":
            raise
        message = f"{field.label}: value not of required type: {text}"
        raise refused("INVALID_TYPE_ON_FIELD_IN_RECORD", message, field.name) from None
    return text


def _told(error: Refused) -> str:
    """A refusal as the column sf__Error has it: code, message and fields."""
    first = error.problems[0]
    fields = ",".join(first.fields or ())
    return f"{first.code}:{first.message}:{fields}{' ' if fields else ''}--"
