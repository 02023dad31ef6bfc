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

    Domains, parts of texts and two fields compared are taken to be independent of all else, so a
    part that guards one of them is never called redundant for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...connectors.base.frozen import dataclass
from .. import logic, tree
from ..bound import Bound, Said
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
        if not move.said or bound.asked(move).never or bound.asked(move).always:
            continue
        for said in move.said:
            for one in _clause(said, bound.asked(move), alone=len(move.said) == 1):
                _report(bound, move.file, one)
    for infer in bound.infers:
        for node, arm in zip(infer.node.arms or (), infer.rule.arms, strict=False):
            if node.condition is not None and arm.when is not None:
                asked = logic.Asked([arm.when], bound.related(infer))
                for one in _idle(Part(arm.when, node.condition), asked):
                    _report(bound, infer.file, one)


def _clause(said: Said, asked: logic.Asked, *, alone: bool) -> list[_Idle]:
    """Idle parts of one clause, or the clause itself where it has no effect beside the other."""
    whole = Part(said.condition, said.node)
    if not alone:
        if said.word == "when" and asked.impossible([Not(said.condition)]):
            return [_Idle(whole, True, ())]
        if said.word == "unless" and asked.impossible([said.condition]):
            return [_Idle(whole, False, ())]
    return list(_idle(whole, asked))


def _idle(part: Part, asked: logic.Asked) -> Iterator[_Idle]:
    """Of several that make each other idle, the later; what is idle is not looked into."""
    condition, node = part.condition, part.node
    if isinstance(condition, Not) and isinstance(node, tree.Not):
        yield from _idle(Part(condition.part, node.part), asked)
        return
    parts, both = siblings(part), isinstance(condition, All)
    written = [one.condition for one in parts]
    if not parts or len(parts) > MOST_PARTS or asked.settled(written, both=both):
        return
    left = list(range(len(parts)))
    for i in reversed(range(len(parts))):
        others = [one for one in left if one != i]

        def enough(some: Sequence[int], i: int = i) -> bool:
            return asked.idle(written[i], [written[one] for one in some], both=both)

        if enough(others):
            left = others
            because = logic.fewest(others, enough)
            yield _Idle(parts[i], both, tuple(parts[one] for one in because))
    for i in left:
        yield from _idle(parts[i], asked)


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
