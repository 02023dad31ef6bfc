"""A plan for people and for programs: what is read, what is written in which order, at which cost.

Only prints what `model.py` holds, and says nothing of records: what a run would change now is told
by `preview`. The steps of a flow stand in `steps.py`, the cost is reckoned in `cost.py`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from ...connectors.base.schema import Schema
from .cost import ReadCost, requests, total
from .model import Flow, Plan
from .needs import counted, gets, other, source_of, steps
from .plain import plain
from .steps import called, flow_steps, in_columns, often

WIDTH = 100
"""Columns that long lists are wrapped at."""


def as_json(plan: Plan, schemas: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    """The whole plan as JSON data, keys in a stable order, conditions as nested data.

    `authors` is there where people have logins of their own, `editors` where a system tells who
    changed a record. With `schemas`, `requests` says what
    each read costs: `first` and `quiet` as in `cost.ReadCost`, null where it is not known.
    """
    data: dict[str, Any] = plain(plan)
    if not plan.authors:
        del data["authors"]
    if not plan.editors:
        del data["editors"]
    if schemas is not None:
        data["requests"] = [plain(one) for one in requests(plan, schemas)]
    return data


def as_text(plan: Plan, schemas: Mapping[str, Schema] | None = None) -> str:
    """The plan to read aloud, ending with a line feed.

    With `schemas` it also tells each read's feed and the requests that reading takes.
    """
    parts = [
        [f"{plan.left} with {plan.right}, days as in {plan.zone}"],
        ["Reads, in this order", *_reads(plan, schemas)],
        *_flows(plan),
        *_guards(plan),
        ["Looked up by value", *_look_ups(plan)],
    ]
    if plan.authors:
        who = [
            f"  {one.system} {one.object}: by {' or else '.join(one.fields)},"
            f" whose {one.users} has the {one.address} of a person with a login"
            for one in plan.authors
        ]
        parts.append(["Whose login a change goes under", *who])
    if plan.editors:
        who = [f"  {one.system} {one.object}: by {one.field}" for one in plan.editors]
        parts.append(["Who wrote what lost, and what won", *who])
    if schemas is not None:
        parts.append(["Requests to read, reckoned from the stored schemas", *_costs(plan, schemas)])
    lines = "\n\n".join("\n".join(part) for part in parts).split("\n")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _reads(plan: Plan, schemas: Mapping[str, Schema] | None) -> Iterable[str]:
    reasons = _reasons(plan)
    for number, read in enumerate(plan.reads, 1):
        how = [f"{read.system} {read.object}", often(read.every)]
        if schemas is not None:
            how.append(f"feed {schemas[read.system].by_name[read.object].feed}")
        yield f"{number:>3}. {', '.join(how)}"
        yield from _wrapped("     fields  ", read.fields)
        yield from _wrapped("     for     ", reasons.get((read.system, read.object), {}))
        if (read.system, read.object) in plan.sweeps:
            yield "     once a day everything, to find out what was deleted"
        if (read.system, read.object) in plan.parts:
            yield "     once more from the beginning, a part a day, to find what came late"


def _reasons(plan: Plan) -> dict[tuple[str, str], dict[str, None]]:
    """Why each object is read: the flows it is an end of, and the rules that look at it."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for flow in plan.flows:
        for end in (flow.left, flow.right):
            found.setdefault((end.system, end.object), {})[called(flow.name)] = None
    for flow in plan.flows:
        systems = {"left": flow.left.system, "right": flow.right.system}
        objects = {"left": flow.left.object, "right": flow.right.object}
        for move in flow.moves:
            side = source_of(move)
            for get in (*gets(move.when), *gets(move.stop)):
                for step in steps(side, objects[side], get):
                    if step.object != objects[step.side]:
                        spot = (systems[step.side], step.object)
                        found.setdefault(spot, {})[f"the condition of {move.rule}"] = None
            for one in move.stand_ins:
                found.setdefault((systems[one.to], one.object), {})[one.text] = None
        for tie in flow.ties:
            for end, counts in (
                (flow.left, counted(tie, "left")[0]),
                (flow.right, counted(tie, "right")[0]),
            ):
                if counts:
                    spot = (end.system, counts)
                    found.setdefault(spot, {})["which of several candidates"] = None
        for infer in flow.infers:
            spot = (systems[other(infer.side)], infer.related)
            found.setdefault(spot, {})[f"infer {infer.object} {infer.field}"] = None
    return found


def _flows(plan: Plan) -> Iterable[list[str]]:
    for number, flow in enumerate(plan.flows, 1):
        watches = tuple(one for one in plan.watches if one.flow == flow.name)
        children = tuple(one.name for one in plan.flows if flow.name in one.parents)
        title = f"Flow {number} of {len(plan.flows)}: {called(flow.name)}{_after(flow)}"
        lines = [title]
        for place, step in enumerate(flow_steps(flow, watches, children), 1):
            lines += [f"{place:>3}. {step[0]}", *(f"       {line}" for line in step[1:])]
        yield lines


def _guards(plan: Plan) -> Iterable[list[str]]:
    if plan.guards:
        rows = [(one.text, f"({one.place.file}:{one.place.line})") for one in plan.guards]
        title = "Held against what is planned, before the first write"
        yield [title, *(f"     {line}" for line in in_columns(rows))]


def _after(flow: Flow) -> str:
    if not flow.parents:
        return ""
    return f", after {' and '.join(called(one) for one in flow.parents)}"


def _look_ups(plan: Plan) -> Iterable[str]:
    fields: dict[tuple[str, str], list[str]] = {}
    for index in plan.indexes:
        fields.setdefault((index.system, index.object), []).append(index.name)
    width = max((len(f"{system} {one}") for system, one in fields), default=0)
    for (system, one), names in fields.items():
        yield from _wrapped(f"     {f'{system} {one}':<{width}}  ", names)


def _costs(plan: Plan, schemas: Mapping[str, Schema]) -> Iterable[str]:
    costs = requests(plan, schemas)
    rows = [("", "first time", "nothing new", "a day of nothing new")]
    rows += [_cost_row(f"{one.system} {one.object}", (one,)) for one in costs]
    for system in dict.fromkeys((plan.left, plan.right)):
        rows.append(
            _cost_row(f"{system} in all", tuple(one for one in costs if one.system == system))
        )
    return (f"     {line}" for line in in_columns(rows, right_from=1))


def _cost_row(name: str, costs: tuple[ReadCost, ...]) -> tuple[str, str, str, str]:
    return (
        name,
        _requests([one.first for one in costs]),
        _requests([one.quiet for one in costs]),
        _requests([one.daily for one in costs]),
    )


def _requests(parts: list[int | None]) -> str:
    """A sum, or `?` where nothing of it is known."""
    summed = total(parts)
    if summed.sure:
        return f"{summed.requests:,}"
    return f"at least {summed.requests:,}" if summed.requests else "?"


def _wrapped(label: str, names: Iterable[str]) -> list[str]:
    text = ", ".join(names)
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )
