"""What all comparisons look things up in: the two systems' names and the schemas of both versions.

A schema may have changed between the two: a choice that only one of them lists may still stand in
a record, so both count. What is compared is in the modules beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...connectors.base.schema import Field, Schema
from ..conditions import All, Condition, Get, Not, text
from ..logic import Describe, Witness, satisfiable
from ..rules import Side


@dataclass(frozen=True, slots=True)
class Setting:
    """Two systems, and their schemas: those of the newer version first."""

    left: str
    right: str
    schemas: tuple[Mapping[str, Schema], ...]

    def system(self, side: Side) -> str:
        return self.left if side == "left" else self.right

    def fields(self, side: Side, object: str, name: str) -> list[Field]:
        """The descriptions of a field, the newest first."""
        found = []
        for schemas in self.schemas:
            schema = schemas.get(self.system(side))
            thing = schema.by_name.get(object) if schema is not None else None
            field = thing.by_name.get(name) if thing is not None else None
            if field is not None and field not in found:
                found.append(field)
        return found

    def rank(self, side: Side, object: str) -> int:
        """Of objects that are one thing, the lowest is the first choice."""
        schema = self.schemas[0].get(self.system(side))
        thing = schema.by_name.get(object) if schema is not None else None
        return thing.rank if thing is not None else 0

    def activity(self, object: str) -> bool:
        """Whether a left object is what people did."""
        schema = self.schemas[0].get(self.left)
        thing = schema.by_name.get(object) if schema is not None else None
        return thing is not None and thing.thing == "activity"

    def describe(self, side: Side, object: str) -> Describe:
        """The fields that conditions on records of `object` read, over their hops."""

        def field_of(get: Get) -> Field | None:
            here, there = side, object
            for hop in get.hops:
                if hop.kind == "link":
                    here = other(here)
                there = hop.object
            return _merged(self.fields(here, there, get.field))

        return field_of

    def witness(self, side: Side, object: str, conditions: Sequence[Condition]) -> Witness | None:
        """A record of `object` that satisfies all conditions; None: there is none."""
        return satisfiable(conditions, self.describe(side, object))


def other(side: Side) -> Side:
    return "right" if side == "left" else "left"


def undecided(witness: Witness) -> tuple[str, ...]:
    """The tests that a witness leaves open, as one writes them."""
    return tuple(dict.fromkeys(text(one) for one in witness.undecided))


def flat(conditions: Sequence[Condition]) -> Condition:
    """All conditions as one."""
    parts: list[Condition] = []
    for one in conditions:
        parts.extend(one.parts if isinstance(one, All) else (one,))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def negated(condition: Condition) -> Condition:
    return condition.part if isinstance(condition, Not) else Not(condition)


def _merged(fields: Sequence[Field]) -> Field | None:
    """One description that takes the choices of all."""
    if len(fields) < 2:
        return fields[0] if fields else None
    first, *rest = fields
    known = {one.value for one in first.choices}
    more = tuple(choice for one in rest for choice in one.choices if choice.value not in known)
    restricted = all(one.restricted and one.choices for one in fields)
    return replace(first, choices=(*first.choices, *more), restricted=restricted)
