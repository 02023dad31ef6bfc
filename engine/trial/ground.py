"""What all tests of one set of rules stand on: the plan, made ready once for thousands of tests.

Knows which fields a made-up record has where a test doesn't say, and which addresses the rules
themselves name as users. It holds no record; those of one test are in `memory.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ...connectors.base.schema import Field, Format, Object, Role, Schema
from ...connectors.base.values import Value
from ...dsl.rules import SIDES, RuleSet, Side
from ..plan.compile import compile
from ..plan.model import Flow, Plan
from ..run.closures import Ready, ready

Spot = tuple[str, str]
"""A system and one of its objects."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Rules made ready for tests.

    `blank` is a record of each object that says nothing: yes-or-no fields are no, fields that have
    one value have it, all others are blank. `objects` are those of the schemas. `formats` are those
    of fields that are looked up. `ends` are the flows of an object. `user_keys` are the fields that
    hold a user's address. `named` are the addresses that rules name. `counts_days`: flows with a
    rule that counts days.
    """

    plan: Plan
    flows: Mapping[str, Ready]
    systems: Mapping[Side, str]
    blank: Mapping[Spot, Mapping[str, Value]]
    objects: Mapping[Spot, Object]
    formats: Mapping[tuple[str, str, str], Format]
    ends: Mapping[Spot, tuple[tuple[Flow, Side], ...]]
    users: tuple[Flow, ...]
    user_keys: Mapping[Spot, tuple[str, ...]]
    named: tuple[str, ...]
    counts_days: frozenset[str]

    def told(self, spot: Spot, values: Mapping[str, Value]) -> dict[str, Value]:
        """Values of a record with what its system would make of them: a task whose status says so
        is done, and open no more."""
        found = dict(values)
        roles = self.objects[spot].by_role if spot in self.objects else {}
        status = roles.get("status")
        if status is None or status.name not in values:
            return found
        means = {one.value: one.means for one in status.choices}
        now = means.get(str(values[status.name]), "")
        flags: tuple[tuple[Role, str], ...] = (("done", "done"), ("open", "open"))
        for role, meaning in flags:
            if role in roles:
                found.setdefault(roles[role].name, now == meaning)
        return found


def prepare(
    rules: RuleSet,
    schemas: Mapping[str, Schema],
    zone: str = "UTC",
    free_mail: Collection[str] = (),
    team: Collection[str] = (),
) -> Ground:
    """Compiles a set of rules for tests. Raises `SyncrulesError` where it can't be compiled."""
    plan = compile(rules, schemas, zone, free_mail, team)
    flows = {flow.name: ready(flow, zone) for flow in plan.flows}
    objects = {
        (schema.system, one.name): one
        for schema in (schemas[plan.left], schemas[plan.right])
        for one in schema.objects
    }
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
            spot: {field.name: _silent(field) for field in one.fields}
            for spot, one in objects.items()
        },
        objects,
        {(one.system, one.object, one.field): one.format for one in plan.indexes},
        {spot: tuple(found) for spot, found in ends.items()},
        tuple(flow for flow in plan.flows if flow.users),
        user_keys,
        _named(plan),
        frozenset(one.flow.name for one in flows.values() if any(move.days for move in one.moves)),
    )


def _silent(field: Field) -> Value:
    """What a field of a record holds of which a test says nothing."""
    if field.type == "boolean":
        return False
    told = field.type == "choice" and field.restricted and len(field.choices) == 1
    return field.choices[0].value if told else None


def _named(plan: Plan) -> tuple[str, ...]:
    """Addresses that rows give to records whose own owner has no counterpart."""
    users = {flow.name for flow in plan.flows if flow.users}
    found = (
        str(row.default)
        for flow in plan.flows
        for row in flow.rows
        if users.intersection(row.through) and row.default is not None
    )
    return tuple(dict.fromkeys(found))
