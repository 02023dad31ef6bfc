"""`guard at most N [% of] THING WHAT per run|day`: what a run may do at most.

Looks up what is counted: records of an object, or calls and credits of a system. Guards are held
against the computed changes by the engine, against estimated costs by `checks/`.
"""

from __future__ import annotations

from typing import Literal, cast

from . import tree
from .bound import Bound, BoundGuard, Placed, place
from .nearest import nearest
from .rules import SIDES, GuardRule, Side

_RECORDS = ("created", "changed", "blanked", "deleted")
_METERS = ("calls", "credits")
_ALL = ", ".join(f"`{one}`" for one in (*_RECORDS, "calls")) + " or `credits`"
_MEANT = {
    "updated": "changed",
    "modified": "changed",
    "written": "changed",
    "added": "created",
    "new": "created",
    "removed": "deleted",
    "erased": "blanked",
    "cleared": "blanked",
    "emptied": "blanked",
    "requests": "calls",
}
"""What others call what is counted."""
_What = Literal["created", "changed", "blanked", "deleted", "calls", "credits"]


def guard(bound: Bound, placed: Placed, node: tree.Guard) -> None:
    """Add the rule to `bound`, or findings."""
    file = placed.file
    if node.what.text not in (*_RECORDS, *_METERS):
        meant = _MEANT.get(node.what.text.lower(), node.what.text)
        near = nearest(meant, (*_RECORDS, *_METERS))
        title = f"`{node.what.text}` is nothing that a guard counts"
        help = f"did you mean `{near}`?" if near else f"write {_ALL}"
        bound.report.add("syntax", file, node.what.span, title, help=help, fix=near or None)
        return
    if node.number.value < 0 or (node.percent and node.number.value > 100):
        title = (
            f"`{file.text(node.number.span)}` is no {'share' if node.percent else 'number'} "
            + ("between 0 and 100" if node.percent else "of records or calls")
        )
        bound.report.add("wrong-type", file, node.number.span, title, help="write how many at most")
        return
    if node.what.text in _METERS:
        if not _is_system(bound, file, node):
            return
        sides: tuple[Side, ...] = ("left" if node.of.text == bound.left_name else "right",)
    else:
        sides = _sides(bound, file, node)
    if sides:
        rule = GuardRule(
            place(file, node.span),
            file.text(node.span),
            float(node.number.value),
            node.percent,
            node.of.text,
            sides,
            cast(_What, node.what.text),
            node.per,
        )
        bound.guards.append(BoundGuard(rule, file, node))


def _is_system(bound: Bound, file: tree.File, node: tree.Guard) -> bool:
    systems = (bound.left_name, bound.right_name)
    if node.of.text in systems:
        return True
    near = nearest(node.of.text, systems)
    named = " or ".join(f"`{one}`" for one in systems)
    bound.report.add(
        "unknown-system",
        file,
        node.of.span,
        f"`{node.of.text}` is no system, and `{node.what.text}` are counted by system",
        help=f"did you mean `{near}`?" if near else f"write {named}",
        fix=near or None,
    )
    return False


def _sides(bound: Bound, file: tree.File, node: tree.Guard) -> tuple[Side, ...]:
    sides = tuple(side for side in SIDES if node.of.text in bound.schema(side).by_name)
    if sides:
        return sides
    names = [*bound.left.by_name, *bound.right.by_name]
    near = nearest(node.of.text, names)
    systems = f"`{bound.left_name}` nor `{bound.right_name}`"
    bound.report.add(
        "unknown-object",
        file,
        node.of.span,
        f"neither {systems} has an object `{node.of.text}`",
        help=f"did you mean `{near}`?" if near else "name the object whose records are counted",
        fix=near or None,
    )
    return ()
