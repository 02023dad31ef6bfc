"""What `why` says of a field besides the rows that name it: it is inferred, filled by what stands
in for a reference, marked, set once, or written by no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..dsl.rules import SIDES, Place, Side
from ..errors import UsageError
from .plan.model import Flow, Plan
from .report import show
from .run.around import View
from .run.closures import Ready
from .run.decision import Decision, apart
from .run.inferred import inferred
from .run.journal import Entry
from .run.newer import backfill_of
from .run.state import Stored, other
from .systems import nearest
from .why_ends import marks_of

NO_WRITER = "no rule about"
"""How it begins that no rule writes a field."""

Told = tuple[str, str, Place | None]
"""A sentence, the rule and its place."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of two records, as a run would decide them. `record` is that of a side, `last_of` our
    last write of a field on a side; `linked` whether the two are, `differing` what a base calls
    that in which a backfill brings them in line."""

    name: str
    ready: Ready
    view: View
    decision: Decision
    linked: bool
    differing: Collection[str]
    record: Callable[[Side], Stored | None]
    last_of: Callable[[str, Side], Entry | None]


def besides_rows(asked: Asked, *, rows: bool) -> Iterator[Told]:
    """Why a field is as it is; `rows`: some row tells of it, too."""
    found = [*_inferred(asked), *_filled(asked)]
    if not (found or rows):
        found += marks_of(asked.ready.flow, asked.name, asked.last_of)
    if not (found or rows):
        found += _set_once(asked)
    if not (found or rows):
        found.append((no_writer(asked.ready.flow, asked.name), "", None))
    yield from found


def no_writer(flow: Flow, name: str) -> str:
    """That no rule of a flow writes a field."""
    objects = f"{flow.left.object} and {flow.right.object}"
    return f"{NO_WRITER} {objects} writes {name}: it stays as it is"


def _inferred(asked: Asked) -> Iterator[Told]:
    for one in asked.ready.infers:
        rule = one.infer
        if not is_called(rule.field, asked.name):
            continue
        last, record = asked.last_of(rule.field, rule.side), asked.record(rule.side)
        wrote = f": run {last.run} wrote {show(last.after[rule.field])}" if last else ""
        text = f"it is inferred, and written when what is inferred changes{wrote}"
        if asked.linked and record is not None:
            says = show(inferred(one, asked.view))
            text += f"; by now {says} is inferred, and it is {show(record.values.get(rule.field))}"
            if apart(one.key) in asked.differing:
                text += f", as when the rule was written: `{backfill_of(asked.ready.flow)}` sets it"
        yield text, rule.text, rule.place


def _filled(asked: Asked) -> Iterator[Told]:
    """References that something stands in for."""
    decision = asked.decision
    for one in asked.ready.stand_ins:
        if not is_called(one.field, asked.name):
            continue
        text = f"it is filled by `{one.text}` where it is blank"
        last, record = asked.last_of(one.field, one.to), asked.record(one.to)
        change = next((c for c in (*decision.left, *decision.right) if c.key == one.base), None)
        source = asked.record(other(one.to))
        if change is not None:
            text += f": a run would write {show(change.after)}"
        elif last is not None:
            text += f": run {last.run} wrote {show(last.after[one.field])}"
        elif record is not None and source is not None and not record.values.get(one.field):
            found = asked.view.stand_in(one, one.to, source.values)
            if found.kind != "found":
                text += f": {found.text or f'no {one.object} is known by its domain'}"
        yield text, one.text, one.place


def _set_once(asked: Asked) -> Iterator[Told]:
    for one in (each.move for each in asked.ready.moves):
        if one.source and is_called(one.source[0], asked.name):
            text = f"it is set to {show(one.source[1])} on what the rule makes, and never after"
            yield text, one.rule, one.place
            return


def is_called(name: str, asked_for: str) -> bool:
    """Whether a field is meant: people needn't know its capitals."""
    return name.casefold() == asked_for.casefold()


def must_know(plans: Sequence[Plan], schemas: Mapping[str, Any], name: str) -> None:
    """Raises `UsageError` where no object that rules are about has a field of that name."""
    flows = [one for plan in plans for one in plan.flows if not one.users]
    ends = [one.end(side) for one in flows for side in SIDES]
    names = {
        one.name
        for end in ends
        if end.system in schemas and end.object in schemas[end.system].by_name
        for one in schemas[end.system].by_name[end.object].fields
    }
    if not any(is_called(one, name) for one in names):
        raise UsageError(
            f"no object that rules are about has a field {name}",
            fix=nearest(name, names, "`syncrules schema show SYSTEM OBJECT` lists them"),
        )
