"""What it finds
    A part of an `and` or an `or` that makes no difference: without it, the condition takes the same
    records.

Why it matters
    Who wrote it meant it to take or to keep out something. It does neither, so the condition most
    likely says something else than was meant.

Wrong
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" and stage is not "Bad Data"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

Right
    sync apollo with salesforce
    push contact as Lead when stage is "Replied" and email_status is not "unavailable"
    map contact with Lead {
        last_name         -> LastName
        organization_name -> Company
    }

When to allow it
    Where it is written for the reader. A comment says the same and doesn't look like a condition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .. import logic, tree
from ..bound import Bound, BoundMove, Said
from ..conditions import All, Not, text
from ..finding import Further
from ..parts import Part, siblings

CODE = "redundant-part"
MOST_PARTS = 100
"""Parts of one `and` or `or`; in longer ones nothing is looked for."""


@dataclass(frozen=True, slots=True)
class _Idle:
    """A part without effect, and the others of its `and` (or `or`) that make it so."""

    part: Part
    both: bool
    because: tuple[Part, ...]


def find(bound: Bound) -> None:
    """Parts of all conditions but those that never or always hold, which are told as a whole."""
    for move in bound.moves:
        describe = bound.describe(move.source_side, move.source)
        idle = [each for one in move.said or () for each in _clause(move, one, describe)]
        if idle and not _settled(move, describe):
            for one in idle:
                _report(bound, move.file, one)
    for infer in bound.infers:
        describe = bound.related(infer)
        for node, arm in zip(infer.node.arms or (), infer.rule.arms, strict=False):
            if node.condition is not None and arm.when is not None:
                for one in _idle(Part(arm.when, node.condition), describe):
                    _report(bound, infer.file, one)


def _clause(move: BoundMove, said: Said, describe: logic.Describe) -> list[_Idle]:
    """Idle parts of one clause, or the clause itself where it has no effect beside the other."""
    whole = Part(said.condition, said.node)
    if move.said is not None and len(move.said) > 1:
        if said.word == "when" and logic.always(said.condition, describe):
            return [_Idle(whole, True, ())]
        if said.word == "unless" and logic.satisfiable([said.condition], describe) is None:
            return [_Idle(whole, False, ())]
    return list(_idle(whole, describe))


def _settled(move: BoundMove, describe: logic.Describe) -> bool:
    when = move.rule.when
    if when is None:
        return False
    return logic.satisfiable([when], describe) is None or logic.always(when, describe)


def _idle(part: Part, describe: logic.Describe) -> Iterator[_Idle]:
    """Of several that make each other idle, the later; what is idle is not looked into."""
    condition, node = part.condition, part.node
    if isinstance(condition, Not) and isinstance(node, tree.Not):
        yield from _idle(Part(condition.part, node.part), describe)
        return
    parts, both = siblings(part), isinstance(condition, All)
    if not parts or len(parts) > MOST_PARTS:
        return
    asked = logic.Parts([one.condition for one in parts], describe, both=both)
    if asked.settled():
        return
    left = list(range(len(parts)))
    for i in reversed(range(len(parts))):
        others = [one for one in left if one != i]
        if asked.implied(i, others):
            left = others
            yield _Idle(parts[i], both, tuple(parts[one] for one in asked.because(i, others)))
    for i in left:
        yield from _idle(parts[i], describe)


def _report(bound: Bound, file: tree.File, idle: _Idle) -> None:
    word = "every" if idle.both else "no"
    named = " and ".join(f"`{text(one.condition)}`" for one in idle.because)
    if not named:
        note = f"{word} record satisfies it"
    elif idle.both:
        note = f"what satisfies {named} satisfies it anyway"
    elif len(idle.because) == 1:
        note = f"what satisfies it satisfies {named} anyway"
    else:
        note = f"what satisfies it satisfies one of {named} anyway"
    bound.report.add(
        CODE,
        file,
        idle.part.node.span,
        f"`{text(idle.part.condition)}` makes no difference here",
        severity="warning",
        label="makes no difference",
        further=tuple(Further(file.path, one.node.span, "because of this") for one in idle.because),
        note=note,
        help="leave it out, or mend it if something else was meant",
    )
