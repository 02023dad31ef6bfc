"""References in rows: which records a reference of the one side and one of the other may share.

A reference moves through links, so the two must lead to objects that rules pair, or to users, who
are paired by their address. Knows schemas and the pairs of the rules; how a reference becomes an id
is the engine's.
"""

from __future__ import annotations

from ..connectors.base.schema import Field, Object
from .bound import Bound
from .rules import Key
from .types import Refusal

_INVOLVED = ("person", "about")
"""Roles of a reference that may lead to one thing of several, as a person is a Lead or a
Contact."""


def reference_kind(bound: Bound, left: Field, right: Field) -> str | Refusal:
    """`user` or `reference`, or why the two lead to nothing in common.

    Notes the pairs that such a row needs in `bound.implied`: what is referred to comes along.
    """
    lefts = [bound.left.by_name[one] for one in left.references if one in bound.left.by_name]
    rights = [bound.right.by_name[one] for one in right.references if one in bound.right.by_name]
    for a in lefts:
        for b in rights:
            if a.thing == b.thing == "user":
                bound.implied[(a.name, b.name)] = None
                return "user"
    known = [(a.name, b.name) for a in lefts for b in rights]
    paired = [one for one in known if one in bound.pairs]
    if paired:
        bound.implied.update(dict.fromkeys(paired))
        return "reference"
    alike = [(a.name, b.name) for a in lefts for b in rights if same_thing(a, b)]
    if alike:
        bound.implied.update(dict.fromkeys(alike if left.role in _INVOLVED else alike[:1]))
        return "reference"
    there = " or ".join(f"`{one}`" for one in left.references) or "nothing known"
    here = " or ".join(f"`{one}`" for one in right.references) or "nothing known"
    return Refusal(
        f"the one leads to {there}, the other to {here}, and no rule links these",
        "write a `push` or a `pull` that links the two objects",
    )


def same_thing(left: Object, right: Object) -> bool:
    """Whether two objects are one kind of thing without a rule that says so: by the connectors'
    word, or by their names (account, Account)."""
    if left.thing and right.thing:
        return left.thing == right.thing
    return left.name.casefold() == right.name.casefold()


def own_keys(left: Object, right: Object) -> tuple[Key, ...]:
    """The connectors' own keys, side by side; users are known by their address."""
    pairs = list(zip(left.keys, right.keys, strict=False))
    if not pairs and left.thing == right.thing == "user":
        a = next((one.name for one in left.fields if one.format == "email"), "")
        b = next((one.name for one in right.fields if one.format == "email"), "")
        pairs = [(a, b)] if a and b else []
    return tuple(Key((one,)) for one in pairs)
