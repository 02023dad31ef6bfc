"""The search: whether sets of cells can be chosen, one for each variable, so that a formula holds.

Knows variables by number and their values as bit masks, and nothing of fields. A formula is in
negation normal form, so its leaves are literals: variable in a set of cells. Literals narrow the
variables, which decides most alternatives; only what is left open is tried one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...connectors.base.frozen import dataclass

MOST_STEPS = 50_000
MOST_DEPTH = 200
"""Parts that are looked at, and alternatives within each other, before the search gives up."""


class TooMany(Exception):
    """The search gave up: neither yes nor no."""


@dataclass(frozen=True, slots=True)
class Literal:
    """The variable has a value in one of the cells of `mask`."""

    variable: int
    mask: int


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold; without parts: true."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part holds at least; without parts: false."""

    parts: tuple[Formula, ...]


Formula = Literal | Both | Either

TRUE, FALSE = Both(()), Either(())


@dataclass(slots=True)
class Budget:
    """What a search, or several together, may still spend."""

    left: int = MOST_STEPS

    def spend(self, steps: int) -> None:
        """Raises `TooMany` where nothing is left."""
        self.left -= steps
        if self.left < 0:
            raise TooMany


def solutions(
    formulas: Sequence[Formula], full: Sequence[int], budget: Budget | None = None
) -> Iterator[list[int]]:
    """Boxes in which every point makes all formulas hold; together they hold all such points.

    `full` and each box give a mask for every variable. Raises `TooMany`.
    """
    return _search(list(formulas), list(full), budget or Budget(), 0)


def _search(
    pending: list[Formula], domains: list[int], budget: Budget, depth: int
) -> Iterator[list[int]]:
    if depth > MOST_DEPTH:
        raise TooMany
    found = _narrow(pending, domains, budget)
    if found is None:
        return
    if not found:
        yield domains
        return
    first = min(found, key=lambda one: len(one.parts))
    others = [one for one in found if one is not first]
    excluded: list[Formula] = []
    for part in first.parts:
        yield from _search([part, *excluded, *others], domains.copy(), budget, depth + 1)
        if isinstance(part, Literal):
            excluded.append(Literal(part.variable, ~part.mask))


def _narrow(pending: list[Formula], domains: list[int], budget: Budget) -> list[Either] | None:
    """Narrow `domains` by all that follows at once. What is still open; None: a contradiction."""
    waiting: list[Either] = []
    while True:
        budget.spend(1 + len(pending) + sum(len(one.parts) for one in waiting))
        narrowed = False
        while pending:
            one = pending.pop()
            if isinstance(one, Literal):
                left = domains[one.variable] & one.mask
                if not left:
                    return None
                if left != domains[one.variable]:
                    domains[one.variable] = left
                    narrowed = True
            elif isinstance(one, Both):
                pending.extend(one.parts)
            else:
                waiting.append(one)
                narrowed = True
        if not narrowed:
            return waiting
        again = [_reduced(one, domains) for one in waiting]
        waiting = []
        for each in again:
            if isinstance(each, Either):
                if not each.parts:
                    return None
                waiting.append(each)
            elif each is not TRUE:
                pending.append(each)
        if not pending:
            return waiting


def _reduced(formula: Formula, domains: Sequence[int]) -> Formula:
    """The formula without what the domains have decided: `TRUE`, `FALSE`, or what is open."""
    if isinstance(formula, Literal):
        domain = domains[formula.variable]
        if not domain & formula.mask:
            return FALSE
        return TRUE if not domain & ~formula.mask else formula
    if isinstance(formula, Both):
        kept = []
        for part in formula.parts:
            one = _reduced(part, domains)
            if one is FALSE:
                return FALSE
            if one is not TRUE:
                kept.append(one)
        return TRUE if not kept else kept[0] if len(kept) == 1 else Both(tuple(kept))
    kept = []
    for part in formula.parts:
        one = _reduced(part, domains)
        if one is TRUE:
            return TRUE
        if one is not FALSE:
            kept.append(one)
    return FALSE if not kept else kept[0] if len(kept) == 1 else Either(tuple(kept))
