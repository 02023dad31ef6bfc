"""A custom field that a rule needs: created where the system lets us, else told to whoever can.

Knows how types are written (`text 80`, as `schema show` does) and nothing of any system: names and
types in its own words come from its connector.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from ..connectors.base.contract import MakesFields, NewField
from ..connectors.base.schema import FieldType, Format
from ..errors import UsageError
from .schemas import pull, stored_object
from .systems import kind_of, nearest

if TYPE_CHECKING:
    from ..connectors.base.world import World
    from .project import Project

TYPES: dict[str, tuple[FieldType, Format]] = {
    **{one: (one, "") for one in get_args(FieldType) if one not in ("id", "reference", "other")},
    **{one: ("text", one) for one in ("long", "email", "phone", "url")},
    **{one: ("number", one) for one in ("integer", "currency", "percent")},
}
"""What can be written for a type."""


@dataclass(frozen=True, slots=True)
class Added:
    """A field that was `made`, or that a person has to create. `name` and `type` are the system's
    words; `pulled` says what the refreshed schema has that the stored one had not."""

    system: str
    label: str
    object: str
    field: NewField
    name: str
    type: str
    made: bool
    pulled: str = ""

    @property
    def text(self) -> str:
        """What was done, or what to create."""
        if self.made:
            return f"created `{self.name}` of {self.system} {self.object}\n{self.pulled}"
        lines = [
            f"{self.label} has no request that creates such a field: create it there by hand",
            f"    object    {self.object}",
            f"    label     {self.field.label}",
            f"    API name  {self.name}",
            f"    type      {self.type}",
        ]
        if self.field.length is not None:
            lines.append(f"    length    {self.field.length}")
        return "\n".join([*lines, f"then run `syncrules schema pull {self.system}`"])


def wanted(label: str, written: str) -> NewField:
    """A field by its label and its type as written, `text 80`."""
    match = re.fullmatch(r"\s*(\w+)(?:\s+(\d{1,6}))?\s*", written)
    word, length = (match[1].lower(), match[2]) if match else (written, None)
    if word not in TYPES:
        known = f"the types are {', '.join(TYPES)}"
        raise UsageError(f"there is no type `{written}`", fix=nearest(word, TYPES, known))
    type, format = TYPES[word]
    if length is not None and (type != "text" or int(length) == 0):
        raise UsageError(
            f"`{written}` has no length",
            why="only a text has one, of 1 character at least",
            fix=f"write `{word if type != 'text' else f'{word} 80'}`",
        )
    if not label.strip():
        raise UsageError("the label is blank", fix="write what people will see: `Lead region`")
    return NewField(label.strip(), type, format, None if length is None else int(length))


def add(project: Project, world: World, system: str, object: str, field: NewField) -> Added:
    """Creates a field and refreshes the stored schema, or says what to create. Raises `UsageError`
    where the object has one of that name already."""
    found = kind_of(project.system(system))
    there = stored_object(project, system, object)
    name, type = found.custom(field)
    if name in there.by_name:
        raise UsageError(
            f"{object} of {system} has a field `{name}` already",
            fix=f"map it (`syncrules schema show {system} {object}`), or take another label",
        )
    connector = project.connect(system, world)
    made = isinstance(connector, MakesFields) and connector.add_field(object, field)
    pulled = pull(project, system, world).text if made else ""
    return Added(system, found.label, object, field, name, type, made, pulled)
