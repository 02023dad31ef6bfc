"""What it finds
    An arm of an `infer` that is never reached: whatever the related records are, an arm before it
    is true first.

Why it matters
    Arms are tried in order and the first true one counts, so the value of this one is never
    inferred. Most often a wider arm stands above a narrower one.

Wrong
    sync apollo with salesforce
    infer account stage from opportunities {
        "Active Opportunity" when any are open
        "Current Client"     when any are open and won
    }

Right
    sync apollo with salesforce
    infer account stage from opportunities {
        "Current Client"     when any are open and won
        "Active Opportunity" when any are open
    }

When to allow it
    While it is kept for the reader; better move it up, or take it out.

    Related records are taken to be independent of each other. What can't be decided of one, such
    as a part of a text, is taken to be possible: no arm is called unreachable for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import logic
from ..bound import Bound
from ..conditions import Condition, Not
from ..finding import Further
from ..names import quoted
from ..rules import Arm

CODE = "unreachable-arm"
MOST_ARMS = 100
"""Arms of one `infer`; in a longer one nothing is looked for."""


def find(bound: Bound) -> None:
    """Arms that no set of related records reaches, with the arms that come first instead."""
    for infer in bound.infers:
        arms = infer.rule.arms
        if len(arms) > MOST_ARMS:
            continue
        asked = logic.Asked([one.when for one in arms if one.when], bound.related(infer))
        for number, node in enumerate(infer.node.arms or ()):
            arm, earlier = arms[number], arms[:number]
            if arm.when is not None and asked.impossible([arm.when]):
                continue
            if _reachable(arm, earlier, asked):
                continue
            taken = [(infer.node.arms or ())[i] for i in _before(arm, earlier, asked)]
            bound.report.add(
                CODE,
                infer.file,
                node.span,
                f"the arm for {quoted(arm.value)} is never reached",
                label="never reached",
                further=tuple(Further(infer.file.path, one.span, "comes first") for one in taken),
                note="arms are tried in order, and the first true one counts",
                help="move it up, or take it out",
            )


def _before(arm: Arm, earlier: Sequence[Arm], asked: logic.Asked) -> tuple[int, ...]:
    """The fewest of the earlier arms that keep an arm from being reached."""

    def enough(some: Sequence[int]) -> bool:
        return not _reachable(arm, [earlier[i] for i in some], asked)

    return logic.fewest(range(len(earlier)), enough)


def _reachable(arm: Arm, earlier: Sequence[Arm], asked: logic.Asked) -> bool:
    """Whether some related records make the arm true and none before it.

    Of no records, only `none` is true. Of some, where `any A` is not true each is outside A, and
    where `all are B` is not true one is outside B; so it is enough to ask for single records, which
    together are the set. Records are taken for independent of each other.
    """
    if arm.quantifier == "none":
        return all(one.quantifier != "none" for one in earlier)
    outside = [Not(one.when) for one in earlier if one.quantifier == "any" and one.when is not None]
    one_outside = [
        Not(one.when) for one in earlier if one.quantifier == "all" and one.when is not None
    ]
    own = [] if arm.when is None else [arm.when]
    everyone: list[Condition] = [*outside, *(own if arm.quantifier == "all" else [])]
    wanted: list[list[Condition]] = [[*outside, *own], *([*everyone, one] for one in one_outside)]
    return not any(asked.impossible(one) for one in wanted)
