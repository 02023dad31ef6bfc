"""Which of several candidates is taken, by the tie-breakers of a rule, one after the other.

Each leaves those that come first by it; what none of them tells apart stays several, and is never
guessed. Reads the state only, so the answer is the same whichever record is looked from, on every
run and in a test. Who the candidates are is `match.py` and `around.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from ...connectors.base.values import Value, folded
from ...dsl.rules import Side
from ..plan.model import Flow, Tie
from ..plan.needs import counted
from .state import State

MOST = 10_000
"""Pairs of candidates that are compared; beyond that it stays several."""


def first_pair(
    state: State, flow: Flow, lefts: Sequence[str], rights: Sequence[str]
) -> tuple[str, str] | None:
    """The two of all candidates of both sides that are taken, None where several would be. With
    no candidate on a side, "" stands for the one to be made there."""
    if len(lefts) * len(rights) > MOST:
        return None
    pairs = list(product(lefts or [""], rights or [""]))
    for tie in flow.ties:
        if tie.kind == "same":
            same = _same(state, flow, tie, pairs)
            pairs = [one for one in pairs if one in same] or pairs
            continue
        best = {
            side: set(
                _narrowed(state, tie, side, flow.end(side).system, flow.end(side).object, ids)
            )
            for side, ids in _sides(pairs).items()
        }
        pairs = [one for one in pairs if one[0] in best["left"] and one[1] in best["right"]]
    return pairs[0] if len(pairs) == 1 else None


def first_of(
    state: State, ties: Iterable[Tie], side: Side, system: str, object: str, ids: Iterable[str]
) -> str:
    """The one of some records of a side that is taken, "" where several would be."""
    left = list(ids)
    for tie in ties:
        if len(left) > 1 and tie.kind != "same":
            left = _narrowed(state, tie, side, system, object, left)
    return left[0] if len(left) == 1 else ""


def said(ties: Sequence[Tie]) -> str:
    """The tie-breakers in the words of a rule."""
    words = {"oldest": "oldest first", "newest": "newest first"}
    return ", ".join(words.get(one.kind) or f"{one.kind} {_what(one)} first" for one in ties)


def _what(tie: Tie) -> str:
    name = tie.left or tie.right
    if tie.kind != "most":
        return name
    one = name.partition(".")[0]
    return f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"


def _sides(pairs: Iterable[tuple[str, str]]) -> dict[Side, list[str]]:
    listed = list(pairs)
    return {
        "left": list(dict.fromkeys(one for one, _ in listed)),
        "right": list(dict.fromkeys(one for _, one in listed)),
    }


def _narrowed(
    state: State, tie: Tie, side: Side, system: str, object: str, ids: Sequence[str]
) -> list[str]:
    """Those that come first by one tie-breaker; all, where it doesn't tell them apart."""
    if len(ids) < 2:
        return list(ids)
    if tie.kind == "most":
        return _best(ids, _counts(state, tie, side, system, ids), highest=True)
    name = tie.left if side == "left" else tie.right
    found = state.stored(system, object, ids) if name else {}
    made = {id: str(one.values[name]) for id, one in found.items() if one.values.get(name)}
    return _best(ids, made, highest=tie.kind == "newest")


def _counts(state: State, tie: Tie, side: Side, system: str, ids: Sequence[str]) -> dict[str, int]:
    """How many records refer to each."""
    object, field = counted(tie, side)
    if not object:
        return {}
    keys = {folded(id): id for id in ids}
    counts = dict.fromkeys(ids, 0)
    for key, _ in state.by_value(system, object, field, keys):
        counts[keys[key]] += 1
    return counts


def _best(
    ids: Sequence[str], ranks: Mapping[str, int] | Mapping[str, str], *, highest: bool
) -> list[str]:
    if not ranks:
        return list(ids)
    known: list[int | str] = [*ranks.values()]
    first = max(known) if highest else min(known)
    return [id for id in ids if ranks.get(id) == first]


def _same(
    state: State, flow: Flow, tie: Tie, pairs: Sequence[tuple[str, str]]
) -> set[tuple[str, str]]:
    """The pairs whose references lead to counterparts of each other."""
    sides = _sides(pairs)
    lefts = _values(state, flow, "left", tie.left, sides["left"])
    rights = _values(state, flow, "right", tie.right, sides["right"])
    if not tie.through:
        return set()
    links = state.links(tie.through, "left", {str(one) for one in lefts.values() if one})
    there = {id: one.right for id, one in links.items() if not one.ended}
    return {
        (left, right)
        for left, right in pairs
        if rights.get(right) and there.get(str(lefts.get(left))) == rights[right]
    }


def _values(
    state: State, flow: Flow, side: Side, name: str, ids: Iterable[str]
) -> dict[str, Value]:
    end = flow.end(side)
    found = state.stored(end.system, end.object, [id for id in ids if id])
    return {id: one.values.get(name) for id, one in found.items()}
