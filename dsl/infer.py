"""`infer OBJECT FIELD from RELATED`: a value that follows from the records around one.

Knows which records are related: those of the other side whose reference leads to the object that
`OBJECT` is paired with. The bare sentence stands for three arms, written here once.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..connectors.base.schema import Field, Object
from . import conditions, tree
from .bound import Bound, BoundInfer, PairName, Placed, place
from .checks import infer_not_related
from .clauses import Clauses
from .names import find_choice, find_field, find_object, object_like, text_of
from .nearest import nearest
from .references import same_thing
from .rules import Arm, InferRule, Side
from .types import KINDS

BARE: tuple[tuple[str, str, str], ...] = (
    ("Current Client", "any", "won"),
    ("Active Opportunity", "any", "open"),
    ("Dead Opportunity", "all", "lost"),
)
"""What `infer account stage from opportunities` says without a block."""


def infer(bound: Bound, placed: Placed, node: tree.Infer) -> None:
    """Add the rule to `bound`, or findings."""
    file, report = placed.file, bound.report
    side: Side = "left" if node.object.text in bound.left.by_name else "right"
    if node.object.text not in bound.schema(side).by_name:
        side = "left"
    other: Side = "right" if side == "left" else "left"
    thing = find_object(report, file, bound.schema(side), bound.system(side), node.object)
    related = _related(bound, file, node, other)
    if thing is None or related is None:
        return
    field = find_field(report, file, thing, node.field)
    if field is None or not _fits(bound, file, node, thing, field):
        return
    found = _parent(bound, side, thing, related)
    if found is None:
        infer_not_related.report(report, file, node, thing, related)
        return
    pair, parent, via = found
    arms = _arms(bound, placed, node, field, Clauses(bound, file, other, related))
    if arms is None:
        return
    rule = InferRule(
        place(file, node.span),
        file.text(node.span),
        side,
        thing.name,
        field.name,
        related.name,
        via,
        parent,
        arms,
        placed.every,
    )
    bound.infers.append(BoundInfer(rule, file, node, pair))


def _related(bound: Bound, file: tree.File, node: tree.Infer, side: Side) -> Object | None:
    schema = bound.schema(side)
    found = object_like(schema, node.related.text)
    if found is None:
        plurals = {one.plural.casefold() or one.name: one.name for one in schema.objects}
        near = nearest(node.related.text, [*plurals, *schema.by_name])
        bound.report.add(
            "unknown-object",
            file,
            node.related.span,
            f"`{bound.system(side)}` has no object called `{node.related.text}`",
            note="after `from` stands an object of the other system, by its name or its plural",
            help=f"did you mean `{near}`?" if near else _some(plurals),
            fix=near or None,
        )
    return found


def _some(names: Iterable[str]) -> str:
    return f"objects: {', '.join(f'`{one}`' for one in list(names)[:8])}"


def _fits(bound: Bound, file: tree.File, node: tree.Infer, thing: Object, field: Field) -> bool:
    if field.type not in ("choice", "text"):
        title = f"`{field.name}` is {KINDS[field.type]}, and `infer` gives a choice or a text"
        help = "infer a field that is a choice or a text"
        bound.report.add("wrong-type", file, node.field.span, title, help=help)
        return False
    if field.derived or not (field.creatable or field.updatable):
        bound.report.add(
            "read-only-field",
            file,
            node.field.span,
            f"`{thing.name}.{field.name}` can't be written by {bound.report.login(thing)}",
            help="infer a field that can be written",
        )
        return False
    return True


def _parent(
    bound: Bound, side: Side, thing: Object, related: Object
) -> tuple[PairName, str, str] | None:
    """The pair, the object of the other side, and the reference that leads to it."""
    other: Side = "right" if side == "left" else "left"
    mine, theirs = (0, 1) if side == "left" else (1, 0)
    for pair in (*bound.pairs, *bound.implied):
        via = _via(related, pair[theirs]) if pair[mine] == thing.name else None
        if via is not None:
            return pair, pair[theirs], via
    for parent in bound.schema(other).objects:
        via = _via(related, parent.name)
        if via is not None and same_thing(thing, parent):
            pair = (thing.name, parent.name) if side == "left" else (parent.name, thing.name)
            bound.implied[pair] = None
            return pair, parent.name, via
    return None


def _via(related: Object, parent: str) -> str | None:
    return next((one.name for one in related.fields if parent in one.references), None)


def _arms(
    bound: Bound, placed: Placed, node: tree.Infer, field: Field, clauses: Clauses
) -> tuple[Arm, ...] | None:
    if node.arms is None:
        return _bare(bound, placed.file, node, field, clauses.object)
    arms: list[Arm] = []
    for one in node.arms:
        value = text_of(bound.report, placed.file, one.value, field)
        if value is not None and field.type == "choice" and isinstance(one.value, tree.Text):
            value = find_choice(bound.report, placed.file, field, one.value, written=True)
        when = None if one.condition is None else clauses.condition(one.condition)
        if value is not None and (when is not None or one.condition is None):
            arms.append(Arm(place(placed.file, one.span), value, one.quantifier, when))
    return tuple(arms) if len(arms) == len(node.arms) else None


def _bare(
    bound: Bound, file: tree.File, node: tree.Infer, field: Field, related: Object
) -> tuple[Arm, ...] | None:
    help = 'write the arms in a block: `{ "VALUE" when any with CONDITION }`'
    for value, _, name in BARE:
        known = related.by_name.get(name)
        if known is None or known.type != "boolean":
            bound.report.add(
                "unknown-field",
                file,
                node.related.span,
                f"`{related.name}` doesn't tell whether it is `{name}`",
                note="the bare sentence asks which of the records are won, open or lost",
                help=help,
            )
            return None
        if field.type == "choice" and all(one.value != value for one in field.choices):
            bound.report.add(
                "unknown-value",
                file,
                node.field.span,
                f'`{field.name}` has no value "{value}"',
                note="the bare sentence gives " + ", ".join(f'"{one[0]}"' for one in BARE),
                help=help,
            )
            return None
    where = place(file, node.span)
    return tuple(
        Arm(
            where,
            value,
            "any" if quantifier == "any" else "all",
            conditions.Truth(conditions.Get(name, "boolean")),
        )
        for value, quantifier, name in BARE
    )
