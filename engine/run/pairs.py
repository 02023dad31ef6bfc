"""What there is to decide: marked records with their partners, and whom a change marks.

A partner is found by the link, else by the keys; the marks of both belong to one decision. Written
against `state.py`, so that a run and a test mean the same. The decision is `decide.py`, what is
done with it `propose.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...connectors.base.contract import Read, Record
from ...connectors.base.free_mail import FREE_MAIL
from ...connectors.base.frozen import dataclass
from ...connectors.base.values import domain, folded
from ...dsl.rules import SIDES, Side
from ..plan.model import Flow, Watch
from .activities import counted_elsewhere, stays_out, strangers, with_people
from .around import REASONS, Pair, Surroundings, as_planned
from .cancelled import on_again, with_cancel
from .closures import Ready, Values
from .decide import decide
from .decision import NOTHING, Decision
from .earlier import before_the_keys, waits
from .ended import TO_BE_DELETED, End, ended, once, parted
from .heirs import another, heir
from .match import Found, match
from .returned import gone_anew, returned, with_return
from .scope import PUSHED
from .state import NO_DOUBTS, Doubts, Linked, State, Stored, other


@dataclass(frozen=True, slots=True)
class Mark:
    """A dirty record that is due."""

    side: Side
    id: str
    mark: int
    cause: str


def ids_of(pair: Pair) -> set[tuple[Side, str]]:
    sides: tuple[tuple[Side, Stored | None], ...] = (("left", pair.left), ("right", pair.right))
    return {(side, one.id) for side, one in sides if one is not None}


UNSEEN = Decision("nothing", reason="what it became has not been seen yet")
"""Nothing is decided, and the mark stays as it is."""


def decide_pair(ready: Ready, pair: Pair, surroundings: Surroundings) -> Decision:
    if pair.link is not None and pair.link.ended:
        return NOTHING
    left, right = pair.left, pair.right
    if (left is not None and left.life != "here") or (right is not None and right.life != "here"):
        if pair.link is None:
            return NOTHING
        halves = (pair.link.base.left, pair.link.base.right)
        return on_again(ready, (left, right), halves, _gone(ready, pair, surroundings))
    if left is None and right is None:
        return NOTHING
    if pair.link is None or not ready.ends or left is None or right is None:
        return _decided(ready, pair, surroundings)
    base, sides = pair.link.base, (left, right)
    back = returned(ready, sides, base)
    if back is not None:
        sides = back.without
        pair = replace(pair, left=sides[0], right=sides[1])
    decision = _decided(ready, pair, surroundings)
    if ready.cancelled and not _off_before(surroundings.session, ready, sides, pair):
        halves = (base.left, base.right)
        decision = with_cancel(ready, sides, halves, decision, surroundings.of(pair))
    return decision if back is None else with_return(back, decision)


def _off_before(session: State, ready: Ready, sides: tuple[Stored, Stored], pair: Pair) -> bool:
    """Whether a meeting was called off before a rule said what follows of that."""
    return any(
        one.values.get(ready.cancelled.get(side, "")) is True
        and waits(session, ready.flow, side, "cancel", one, pair) is not None
        for side, one in zip(SIDES, sides, strict=True)
    )


def _decided(ready: Ready, pair: Pair, surroundings: Surroundings) -> Decision:
    """What is decided of records of which none is gone, whatever was followed before."""
    left, right, link = pair.left, pair.right, pair.link
    if before_the_keys(surroundings.session, ready.flow, pair):
        rule = ready.push_rule or ready.pull_rule
        return Decision("wait", rule=rule, reason="the two were there before they matched by this")
    if ready.flow.activity and link is None:
        decision = _activity(ready, pair, surroundings)
    else:
        decision = decide(
            ready,
            left.values if left else None,
            right.values if right else None,
            link.base if link else None,
            surroundings.of(pair),
        )
    if pair.cause == PUSHED and decision.action == "create":
        return replace(decision, reason=PUSHED)
    return decision


def _activity(ready: Ready, pair: Pair, surroundings: Surroundings) -> Decision:
    """What becomes of what somebody did and the other system doesn't have."""
    record = pair.left if pair.side == "left" else pair.right
    if record is None:
        return NOTHING
    session, values = surroundings.session, record.values
    why = stays_out(session, ready, pair.side, values)
    if why:
        return Decision("nothing", reason=why)
    left, right = (values, None) if pair.side == "left" else (None, values)
    decision = decide(ready, left, right, None, surroundings.of(pair))
    adds = any(one.add_people and one.rule == decision.rule for one in ready.flow.moves)
    if not (decision.waits and adds):
        return decision
    found = strangers(session, ready.flow, pair.side, values)
    return replace(decision, strangers=found)


def _gone(ready: Ready, pair: Pair, surroundings: Surroundings) -> Decision:
    """What follows where one of two linked records is not there any more; out of sight is not
    gone, and of two that are gone nothing follows."""
    sides: tuple[tuple[Side, Stored | None, Stored | None], ...] = (
        ("left", pair.left, pair.right),
        ("right", pair.right, pair.left),
    )
    for side, one, partner in sides:
        if one is None or partner is None or partner.life != "here" or pair.link is None:
            continue
        event: End = "delete" if one.life == "deleted" else "merge"
        if one.life in ("merged", "converted"):
            found = heir(surroundings.session, ready.flow, side, one)
            if found.kind == "unseen":
                return UNSEEN
            if one.life == "converted" or found.kind != "taken":
                return NOTHING
        elif one.life != "deleted":
            return NOTHING
        base = pair.link.base
        own = base.left if side == "left" else base.right
        if own.get(once(event)):
            return NOTHING
        if own.get(TO_BE_DELETED):
            return NOTHING
        before = waits(surroundings.session, ready.flow, side, event, one, pair)
        if before is not None:
            return before
        values = (
            pair.left.values if pair.left else None,
            pair.right.values if pair.right else None,
        )
        follows = ended(ready, side, event, *values, surroundings.of(pair))
        if event == "delete" and follows.action in ("delete", "update"):
            same = another(surroundings.session, ready.flow, side, partner)
            if same is not None:
                return parted(ready, side, follows, same.id)
        return gone_anew(follows, SIDES.index(side), event, own)
    return NOTHING


def pairs_of(
    session: State, flow: Flow, marks: Sequence[Mark], open_ones: Doubts = NO_DOUBTS
) -> list[tuple[Sequence[Mark], Pair]]:
    """The marked records with their partners, by link, else by match; the marks of both belong to
    one decision. What is in doubt is left."""
    pairs: list[tuple[Sequence[Mark], Pair]] = []
    for side in SIDES:
        mine = [one for one in marks if one.side == side and (side, one.id) not in open_ones.ids]
        if not mine:
            continue
        own = _records(session, flow, side, [one.id for one in mine])
        links = session.links(flow.name, side, [one.id for one in mine])
        loose = {
            id: record.values
            for id, record in own.items()
            if id not in links and record.life == "here"
        }
        elsewhere = _linked_elsewhere(session, flow, side, loose)
        if flow.activity and side == "left":
            elsewhere |= counted_elsewhere(session, flow, loose)
        found = match(
            session, flow, side, {id: one for id, one in loose.items() if id not in elsewhere}
        )
        partners = {id: _partner(links.get(id), found.get(id), side) for id in own}
        others = _records(session, flow, other(side), [id for id in partners.values() if id])
        theirs = {one.id: one for one in _marks(session, flow, other(side), list(others))}
        for one in mine:
            link, record = links.get(one.id), own.get(one.id)
            partner = others.get(partners.get(one.id, ""))
            if partner and (other(side), partner.id) in open_ones.ids:
                continue
            if link is None and partner is None and _object(flow, side) in open_ones.objects:
                # A create of ours may stand unseen behind it: it waits until that is known.
                continue
            if one.id in elsewhere:
                record = partner = None
            left, right = (record, partner) if side == "left" else (partner, record)
            seen = [one, theirs[partner.id]] if partner and partner.id in theirs else [one]
            causes = {each.cause for each in seen}
            cause = next((each for each in REASONS if each in causes), one.cause)
            candidate = found.get(one.id, Found())
            pairs.append((seen, Pair(side, one.id, cause, left, right, link, candidate.match)))
    return pairs


def _marks(session: State, flow: Flow, side: Side, ids: Sequence[str]) -> list[Mark]:
    """The marks of records, also of those that wait."""
    rows = session.marks_of(flow.name, side, ids)
    return [Mark(side, id, mark, cause) for _, id, mark, cause, _, _ in rows]


def _object(flow: Flow, side: Side) -> tuple[str, str]:
    end = flow.end(side)
    return (end.system, end.object)


def _records(session: State, flow: Flow, side: Side, ids: Sequence[str]) -> dict[str, Stored]:
    system, object = _object(flow, side)
    found = as_planned(session, system, object, session.stored(system, object, ids))
    return with_people(session, flow, side, found) if flow.people else found


def _partner(link: Linked | None, found: Found | None, side: Side) -> str:
    if link is not None:
        return link.right if side == "left" else link.left
    return found.id if found and found.match.kind == "one" else ""


def _linked_elsewhere(
    session: State, flow: Flow, side: Side, records: Mapping[str, Values]
) -> set[str]:
    """Records that have their link in a sibling flow."""
    held: set[str] = set()
    for name in flow.siblings:
        sibling = session.flows[name].flow
        if name != flow.name and _object(sibling, side) == _object(flow, side):
            held |= set(session.links(name, side, records))
    return held


def of_domains(
    session: State, watch: Watch, before: Mapping[str, Stored], changed: Iterable[Record]
) -> list[tuple[str, Side, str]]:
    """Those with an address of a domain that records of another object have, or had."""
    domains: set[str] = set()
    for one in changed:
        old = before[one.id].values.get(watch.via) if one.id in before else None
        domains |= {domain(each) or "" for each in (old, one.values.get(watch.via))}
    domains -= {"", *FREE_MAIL, *session.plan.free_mail}
    end = session.flows[watch.flow].flow.end(watch.side)
    rows = session.by_domain(end.system, watch.target, watch.domain, domains) if domains else []
    return [(watch.flow, watch.side, id) for _, id in rows]


def watched(
    session: State, ask: Read, before: Mapping[str, Stored], news: Iterable[Record]
) -> list[tuple[str, Side, str]]:
    """The records whose rules look at these ones."""
    changed = list(news)
    return [
        one
        for watch in session.plan.watches
        if (watch.system, watch.object) == (ask.system, ask.object)
        for one in watched_by(session, watch, before, changed)
    ]


def watched_by(
    session: State, watch: Watch, before: Mapping[str, Stored], changed: Sequence[Record]
) -> list[tuple[str, Side, str]]:
    """The records that one watch is about, where these ones have changed."""
    if watch.backward:
        ids = [one.id for one in changed]
        for object, name in (*watch.over, (watch.target, watch.via)):
            rows = session.by_value(watch.system, object, name, map(folded, ids))
            ids = [id for _, id in rows]
        return [(watch.flow, watch.side, id) for id in ids]
    if watch.domain:
        return of_domains(session, watch, before, changed)
    found: list[tuple[str, Side, str]] = []
    for one in changed:
        old = before[one.id].values.get(watch.via) if one.id in before else None
        for target in (old, one.values.get(watch.via)):
            if isinstance(target, str):
                found.append((watch.flow, watch.side, target))
    return found
