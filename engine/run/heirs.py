"""What became of a record that was merged into another, converted or deleted.

Asks the state only, so that a run and a test mean the same. Links are moved there in `follow.py`;
where that can't be, what follows is `ended.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...dsl.rules import Side
from ..plan.model import Flow
from .match import in_flow, sharing
from .state import State, Stored, other

STEPS = 10
"""How often one record may have been merged or converted in a row."""


@dataclass(frozen=True, slots=True)
class Heir:
    """What a record became, deleted since or not: one that is `free`, one that is `taken` by a link
    of its own or of one on the way, or was gone since and begins anew, one `unseen` by any look so
    far (its object and id in `where`), or `none` that rules know."""

    kind: Literal["free", "taken", "unseen", "none"]
    flow: str = ""
    record: Stored | None = None
    where: tuple[str, str] = ("", "")


NONE = Heir("none")


def heir(state: State, flow: Flow, side: Side, record: Stored) -> Heir:
    """What became of a merged or converted record of a flow's side. Where one that it became on the
    way has a link of its own, or had one when it was gone itself, that goes on, and not the link of
    this one."""
    end = flow.end(side)
    object, now = end.object, record
    read = {(one.system, one.object) for one in state.plan.reads}
    for _ in range(STEPS):
        if now.life not in ("merged", "converted") or not now.into:
            break
        into = now.into
        if now.life == "converted":
            object, _, into = into.partition("/")
        if (end.system, object) not in read:
            return NONE
        found = state.stored(end.system, object, [into]).get(into)
        if found is None:
            return Heir("unseen", where=(object, into))
        was, now = now, found
        if now.life == "here" and _begins_anew(state, end.system, object, was, now.id):
            return Heir("taken", flow.name, now)
        if now.life in ("merged", "converted") and _taken(state, side, end.system, object, now.id):
            return Heir("taken", flow.name, now)
    if now.life in ("merged", "converted"):
        return NONE
    name = _flow_of(state, flow, side, object)
    if not name:
        return NONE
    return Heir("taken" if _taken(state, side, end.system, object, now.id) else "free", name, now)


def _begins_anew(state: State, system: str, object: str, was: Stored, id: str) -> bool:
    """Whether what a record became was gone itself later on, and is there again. Where a link had
    not gone to it by then, it had one of its own, which went on without it or was let go."""
    turns = state.turns(system, object, id)
    return any(run >= was.run and life not in ("here", "out of sight") for run, life in turns)


def survivor(state: State, system: str, object: str, record: Stored) -> str:
    """The id of the record that one is now: its own where it is there, that of the one it was
    merged into, however often; "" for one that is gone, or that no look has shown."""
    now: Stored | None = record
    for _ in range(STEPS):
        if now is None or now.life != "merged":
            break
        now = state.stored(system, object, [now.into]).get(now.into)
    return now.id if now is not None and now.life == "here" else ""


def alias(
    state: State, flow: Flow, side: Side, partner: Stored, siblings: Sequence[str]
) -> tuple[str, Stored] | None:
    """Another record that is one with the partner of a deleted one, and its flow: of two that
    somebody merged where that is told as a deletion, the one that is left; of somebody who is a
    Contact and a Lead, the Lead, where its flow is among the `siblings` to look in."""
    there = other(side)
    for name in dict.fromkeys((flow.name, *siblings)):
        one = state.flows[name].flow
        if one.end(there).object != flow.end(there).object:
            continue
        found = in_flow(state, one, there, {partner.id: partner.values}).get(partner.id)
        if found is not None and found.match.kind == "one":
            end = one.end(side)
            return name, state.stored(end.system, end.object, [found.id])[found.id]
        if found is not None and found.match.kind == "several":
            return None
    return None


def another(state: State, flow: Flow, side: Side, partner: Stored) -> Stored | None:
    """A record of a side without a link that has the key of a partner whose own record is deleted:
    the same person is there still, as where somebody merged two and that is told as a deletion."""
    end = flow.end(side)
    ids = sharing(state, flow, other(side), partner.values)
    free = (
        one
        for id, one in sorted(state.stored(end.system, end.object, ids).items())
        if one.life == "here" and not _taken(state, side, end.system, end.object, id)
    )
    return next(free, None)


def _flow_of(state: State, flow: Flow, side: Side, object: str) -> str:
    """The flow of records that are one thing with these, whose records of this side are others."""
    there = other(side)
    for name in (flow.name, *flow.siblings):
        one = state.flows[name].flow
        if one.end(side).object == object and one.end(there).object == flow.end(there).object:
            return name
    return ""


def _taken(state: State, side: Side, system: str, object: str, id: str) -> bool:
    for name, ready in state.flows.items():
        end = ready.flow.end(side)
        if (end.system, end.object) == (system, object) and not ready.flow.users:
            link = state.links(name, side, [id]).get(id)
            if link is not None and not link.ended:
                return True
    return False
