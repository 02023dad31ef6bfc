"""What it finds
    A test whose records no rule speaks of.

Why it matters
    It passes whatever the rules say, and makes them look better tested than they are.

Wrong
    sync apollo with salesforce
    pull Account as account
    map account with Account { name -> Name }
    test "a contact stays where it is" {
        given contact { email "ada@example.com" }
        expect nothing
    }

Right
    sync apollo with salesforce
    pull Account as account
    map account with Account { name -> Name }
    test "a hidden account is not created" {
        given Account { Name "Acme" }
        expect nothing
    }

When to allow it
    Never: give it a record that a rule speaks of, or take it out.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...connectors.base.schema import Object, Role, Schema
from ..bound import Bound
from ..references import same_thing
from ..rules import Side

CODE = "unused-test"

_ABOUT: tuple[Role, ...] = ("person", "account", "about")


def find(bound: Bound) -> None:
    """Tests none of whose objects a rule moves, maps, infers or infers from, or recognises since
    what people did is about them."""
    if bound.lost_moves or bound.lost_all:
        return
    sides = {("left", one[0]) for one in bound.pairs} | {("right", one[1]) for one in bound.pairs}
    for infer in bound.infers:
        other = "right" if infer.rule.side == "left" else "left"
        sides |= {(infer.rule.side, infer.rule.object), (other, infer.rule.related)}
    sides |= set(_recognised(bound))
    for test in bound.tests:
        named = {(one.record.side, one.record.object) for one in test.rule.steps}
        if named & sides:
            continue
        objects = " and ".join(f"`{one}`" for one in sorted({name for _, name in named}))
        bound.report.add(
            CODE,
            test.file,
            test.node.name.span,
            f"no rule speaks of {objects}",
            severity="warning",
            help="give a record of an object that a rule moves, or take the test out",
        )


def _recognised(bound: Bound) -> Iterator[tuple[Side, str]]:
    """People and accounts need no rule of their own where rules on activities lead to them."""
    for move in bound.moves:
        if move.left.thing == move.right.thing == "activity":
            for one in _leads_to(bound.left, move.left):
                for other in _leads_to(bound.right, move.right):
                    if same_thing(one, other):
                        yield "left", one.name
                        yield "right", other.name


def _leads_to(schema: Schema, activity: Object) -> list[Object]:
    """What an activity may be about."""
    fields = (activity.by_role.get(role) for role in _ABOUT)
    names = dict.fromkeys(name for one in fields if one is not None for name in one.references)
    return [schema.by_name[name] for name in names if name in schema.by_name]
