"""What all tests of one set of rules stand on: the plan, made ready once for thousands of tests.

Knows which fields a made-up record has where a test doesn't say, and which addresses the rules
themselves name as users. It holds no record; those of one test are in `memory.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ...connectors.base.schema import Format, Schema
from ...connectors.base.values import Value
from ...dsl.rules import RuleSet, Side
from ..plan.compile import compile
from ..plan.model import Flow, Plan
from ..run.closures import Ready, ready

SIDES: tuple[Side, Side] = ("left", "right")
Spot = tuple[str, str]
"""A system and one of its objects."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Rules made ready for tests.

    `blank` is a record of each object that says nothing: yes-or-no fields are no, all others are
    blank. `formats` are those of fields that are looked up. `ends` are the flows of an object.
    `user_keys` are the fields that hold a user's address. `named` are the addresses that rules
    name. `counts_days`: flows with a rule that counts days.
    """

    plan: Plan
    flows: Mapping[str, Ready]
    systems: Mapping[Side, str]
    blank: Mapping[Spot, Mapping[str, Value]]
    formats: Mapping[tuple[str, str, str], Format]
    ends: Mapping[Spot, tuple[tuple[Flow, Side], ...]]
    users: tuple[Flow, ...]
    user_keys: Mapping[Spot, tuple[str, ...]]
    named: tuple[str, ...]
    counts_days: frozenset[str]


def prepare(
    rules: RuleSet,
    schemas: Mapping[str, Schema],
    zone: str = "UTC",
    free_mail: Collection[str] = (),
) -> Ground:
    """Compiles a set of rules for tests. Raises `SyncrulesError` where it can't be compiled."""
    plan = compile(rules, schemas, zone, free_mail)
    flows = {flow.name: ready(flow, zone) for flow in plan.flows}
    ends: dict[Spot, list[tuple[Flow, Side]]] = {}
    user_keys: dict[Spot, tuple[str, ...]] = {}
    for flow in plan.flows:
        for side in SIDES:
            end = flow.end(side)
            ends.setdefault((end.system, end.object), []).append((flow, side))
            if flow.users:
                place = SIDES.index(side)
                names = dict.fromkeys(pair[place] for key in flow.keys for pair in key.pairs)
                user_keys[end.system, end.object] = tuple(names)
    return Ground(
        plan,
        flows,
        {"left": plan.left, "right": plan.right},
        {
            (schema.system, one.name): {
                field.name: False if field.type == "boolean" else None for field in one.fields
            }
            for schema in (schemas[plan.left], schemas[plan.right])
            for one in schema.objects
        },
        {(one.system, one.object, one.field): one.format for one in plan.indexes},
        {spot: tuple(found) for spot, found in ends.items()},
        tuple(flow for flow in plan.flows if flow.users),
        user_keys,
        _named(plan),
        frozenset(one.flow.name for one in flows.values() if any(move.days for move in one.moves)),
    )


def _named(plan: Plan) -> tuple[str, ...]:
    """Addresses that rows give to records whose own owner has no counterpart."""
    users = {flow.name for flow in plan.flows if flow.users}
    found = (
        str(row.default)
        for flow in plan.flows
        for row in flow.rows
        if row.reference in users and row.default is not None
    )
    return tuple(dict.fromkeys(found))
