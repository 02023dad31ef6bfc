"""What a run is about: all rules, those that are due now, one rule, or one record.

Flows that a run is not about keep their marks: nothing of them is looked at or decided but what a
decision of this run needs first (an account that is brought along), or what a person named. So a
run of one group of rules breaks no reference into another group, and loses no change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from ...connectors.base.contract import Read
from ..plan.model import Flow, Plan

BROUGHT = "brought along"
"""Cause of a mark on a record that another one refers to, which can't be made without it."""

PUSHED = "pushed by hand"
"""Cause of a mark on a record that a person sends, past the condition of its rule."""

NEEDED = (BROUGHT, PUSHED)
"""Causes of marks that are decided in any run, and whatever the conditions of rules say."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`flows`: the names of those whose marks are all decided, None: of every one. `looks`: of
    those whose records are looked at first, where these are others. `rule`: the one rule that
    creates records in them, "": each that does."""

    flows: frozenset[str] | None = None
    looks: frozenset[str] | None = None
    rule: str = ""

    def decides(self, flow: str) -> bool:
        """Whether all marks of a flow are decided."""
        return self.flows is None or flow in self.flows

    @property
    def by_hand(self) -> bool:
        """Whether it is about one record that a person named, and nothing else."""
        return self.flows == frozenset()

    def reads(self, plan: Plan) -> Iterator[Read]:
        """What is looked at before anything is decided."""
        flows = [one for one in plan.flows if self.is_about(one.name)]
        wanted = {spot for one in flows for spot in one.looks}
        everything = self.flows is None
        return (one for one in plan.reads if everything or (one.system, one.object) in wanted)

    def narrowed(self, flow: Flow) -> Flow:
        """A flow in which only the one rule creates records."""
        if not self.rule or not self.is_about(flow.name):
            return flow
        moves = (replace(one, create=one.create and one.rule == self.rule) for one in flow.moves)
        return replace(flow, moves=tuple(moves))

    def is_about(self, flow: str) -> bool:
        """Whether what the rules of a flow say is looked at."""
        names = self.flows if self.looks is None else self.looks
        return names is None or flow in names


ALL = Scope()


def due(plan: Plan, periods: Collection[int]) -> Scope:
    """The rules with one of these periods (minutes)."""
    return _of(plan, {one.name for one in plan.flows if one.every in periods and not one.users})


def of_rule(plan: Plan, rule: str) -> Scope | None:
    """The pair of objects that a rule is about, in which no other rule creates records; None where
    the plan has no rule of that name."""
    names = {one.name for one in plan.flows if rule in rules_of(one)}
    return replace(_of(plan, names), rule=rule) if names else None


def rules_of(flow: Flow) -> set[str]:
    """What the rules of a flow are called by."""
    moves = {one.rule for one in flow.moves}
    return moves | {one.rule for one in flow.rows} | {one.text for one in flow.infers}


def periods(plan: Plan) -> tuple[int, ...]:
    """How often `serve` runs the rules, in minutes, the shortest period first."""
    return tuple(sorted({one.every for one in plan.flows if not one.users}))


def _of(plan: Plan, names: set[str]) -> Scope:
    """Those flows, and the users whom their records name."""
    users = {name for one in plan.flows if one.name in names for name in one.parents}
    users &= {one.name for one in plan.flows if one.users}
    return Scope(frozenset(names | users))
