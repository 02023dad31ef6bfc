"""`push` and `pull`: from the tree to typed rules, with their conditions, sources and match keys.

Knows what a move may say and looks its names up. Keys are kept as written, in left names; which
right field each stands for is known once the rows are (`pairs.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..connectors.base.schema import Field, Object
from . import conditions, settings, tree
from .bound import Bound, BoundMove, Placed, Said, place
from .clauses import Clauses
from .finding import Further
from .names import find_choice, find_field, find_object, text_of
from .rules import MoveRule, Side


def declare(bound: Bound, file: tree.File, node: tree.Move) -> None:
    """Note the pair, so that conditions written earlier may name a linked record."""
    if node.direction == "push":
        pair = (node.source.text, node.target.text)
    else:
        pair = (node.target.text, node.source.text)
    if pair[0] in bound.left.by_name and pair[1] in bound.right.by_name:
        bound.pairs[pair] = None
    else:
        bound.lost_moves = True


def move(bound: Bound, placed: Placed, node: tree.Move, name: str) -> None:
    """Add the rule to `bound`, or findings. `name` is what the rule is called by."""
    file, report = placed.file, bound.report
    pushes = node.direction == "push"
    source_side: Side = "left" if pushes else "right"
    target_side: Side = "right" if pushes else "left"
    if _turned_round(bound, file, node, source_side, target_side):
        return
    source = find_object(
        report, file, bound.schema(source_side), bound.system(source_side), node.source
    )
    target = find_object(
        report, file, bound.schema(target_side), bound.system(target_side), node.target
    )
    if source is None or target is None:
        return
    once = _flag(bound, file, node, ("create only", "update only"))
    sight = _flag(bound, file, node, ("hidden", "visible"))
    create = once != "update only" and (pushes or sight == "visible")
    update = once != "create only"
    if create and not target.creatable:
        _not_creatable(bound, file, node, target)
    elif update and (create or pushes) and not target.updatable:
        _not_updatable(bound, file, node, target)
    clauses = Clauses(bound, file, source_side, source, target.name)
    said = _said(bound, clauses, node)
    stop = settings.stop(bound, file, node, clauses)
    rule = MoveRule(
        name,
        place(file, node.span),
        node.direction,
        source.name if pushes else target.name,
        target.name if pushes else source.name,
        _whole(said),
        create,
        update,
        sight == "visible",
        _source(bound, file, node, target),
        placed.every,
        None if stop is None else stop.condition,
        settings.stand_ins(bound, file, node, source, target),
        settings.events(bound, file, node, source, target),
        settings.add_people(bound, file, node, source),
    )
    if pushes or rule.visible:
        _either(bound, rule, source_side, source, target)
    left, right = (source, target) if pushes else (target, source)
    known = tuple(one for one in said if one is not None)
    whole = known if len(known) == len(said) else None
    bound.moves.append(BoundMove(rule, file, node, left, right, whole, stop, placed.prefer))


def _either(bound: Bound, rule: MoveRule, side: Side, source: Object, target: Object) -> None:
    """Of several objects that are one thing to a system all are looked up before one is made."""
    if target.thing in ("", "user", "activity"):
        return
    for one in bound.schema("right" if side == "left" else "left").things(target.thing):
        pair = (source.name, one.name) if side == "left" else (one.name, source.name)
        if one is not target:
            bound.implied[pair] = None


def _turned_round(
    bound: Bound, file: tree.File, node: tree.Move, source: Side, target: Side
) -> bool:
    """Each of the two objects belongs to the other system: `push` and `pull` were mixed up."""
    here, there = bound.schema(source).by_name, bound.schema(target).by_name
    names = (node.source.text, node.target.text)
    if names[0] in here or names[1] in there or names[0] not in there or names[1] not in here:
        return False
    right = "pull" if node.direction == "push" else "push"
    sight = any(isinstance(one, tree.Flag) and "only" not in one.word for one in node.clauses)
    words = f"{right} {node.source.text} as {node.target.text}"
    bound.report.add(
        "unknown-object",
        file,
        node.span,
        f"`{node.source.text}` belongs to `{bound.system(target)}`, on the {target}",
        note="`push` goes from left to right, `pull` from right to left",
        help=f"write `{words}`",
        fix=None if sight and right == "push" else words,
    )
    return True


def _said(bound: Bound, clauses: Clauses, node: tree.Move) -> list[Said | None]:
    """The clauses `when` and `unless`; None for each that was lost to a finding."""
    seen: dict[type, tree.Span] = {}
    found: list[Said | None] = []
    for one in node.clauses:
        if isinstance(one, tree.Flag):
            continue
        word: Literal["when", "unless"] = "when" if isinstance(one, tree.When) else "unless"
        if type(one) in seen:
            _twice(bound, clauses.file, one.span, word, word, seen[type(one)])
            found.append(None)
        seen[type(one)] = one.span
        condition = clauses.condition(one.condition)
        found.append(None if condition is None else Said(word, condition, one.condition))
    return found


def _whole(said: Sequence[Said | None]) -> conditions.Condition | None:
    """`when A unless B` as one condition; None: always, or something was reported."""
    parts = [
        conditions.Not(one.condition) if one.word == "unless" else one.condition
        for one in said
        if one is not None
    ]
    if len(parts) > 1:
        return conditions.All(tuple(parts))
    return parts[0] if parts else None


def _flag(bound: Bound, file: tree.File, node: tree.Move, words: tuple[str, str]) -> str:
    """Which of two words that exclude each other is written, "" for neither."""
    found = [one for one in node.clauses if isinstance(one, tree.Flag) and one.word in words]
    for one in found[1:]:
        _twice(bound, file, one.span, one.word, found[0].word, found[0].span)
    return found[0].word if found else ""


def _twice(
    bound: Bound, file: tree.File, span: tree.Span, word: str, before: str, first: tree.Span
) -> None:
    alike = f"`{word}` stands twice in one rule"
    clause = word in ("when", "unless")
    bound.report.add(
        "syntax",
        file,
        span,
        alike if word == before else f"`{before}` and `{word}` exclude each other",
        further=(Further(file.path, first, "said first here"),),
        help="join the conditions with `and` or `or`" if clause else "keep one of the two",
    )


def _source(
    bound: Bound, file: tree.File, node: tree.Move, target: Object
) -> tuple[str, str] | None:
    """(field, text) that labels what this rule creates."""
    found = [one for one in node.block if isinstance(one, tree.Source)]
    settings.once(bound, file, [*found], "source")
    if not found:
        return None
    one = found[0]
    field = _source_field(bound, file, one, target)
    if field is None:
        return None
    text = text_of(bound.report, file, one.text, field)
    if text is None or not isinstance(one.text, tree.Text):
        return None
    if field.type not in ("text", "choice") or not field.creatable:
        why = "can't be written at creation" if not field.creatable else "takes no text"
        title = f"`{target.name}.{field.name}` {why}"
        code = "wrong-type" if field.creatable else "read-only-field"
        span = one.field.span if one.field is not None else one.span
        bound.report.add(code, file, span, title, help='name another field: `source "X" in FIELD`')
        return None
    if field.type == "choice" and field.restricted:
        text = find_choice(bound.report, file, field, one.text, written=True)
    return None if text is None else (field.name, text)


def _source_field(bound: Bound, file: tree.File, one: tree.Source, target: Object) -> Field | None:
    if one.field is not None:
        return find_field(bound.report, file, target, one.field)
    found = target.by_name.get(target.source_field)
    if found is None:
        bound.report.add(
            "unknown-field",
            file,
            one.span,
            f"`{target.name}` has no field for sources of its own",
            help='name the field: `source "X" in FIELD`',
        )
    return found


def _not_creatable(bound: Bound, file: tree.File, node: tree.Move, target: Object) -> None:
    word = "update only" if node.direction == "push" else "hidden"
    bound.report.add(
        "read-only-field",
        file,
        node.target.span,
        f"{bound.report.login(target)} can't create records of `{target.name}`",
        help=f"write `{word}` after the names, or give the login the right to create it",
    )


def _not_updatable(bound: Bound, file: tree.File, node: tree.Move, target: Object) -> None:
    bound.report.add(
        "read-only-field",
        file,
        node.target.span,
        f"{bound.report.login(target)} can create a `{target.name}` and can't change one"
        if target.creatable
        else f"{bound.report.login(target)} can't change records of `{target.name}`",
        help="write `create only` after the names, or give the login the right to edit it"
        if target.creatable
        else "give the login the right to edit it, or take the rule out",
    )
