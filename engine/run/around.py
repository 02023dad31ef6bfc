"""What a decision needs beyond its two records, loaded for many records at once.

Reads the state only; `decide.py` asks it and never knows where an answer came from. Records are
shown as this run's earlier decisions will leave them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from ...connectors.base.company import domains
from ...connectors.base.free_mail import FREE_MAIL
from ...connectors.base.frozen import dataclass
from ...connectors.base.values import Value, folded
from ...dsl import conditions
from ...dsl.conditions import Get
from ...dsl.rules import Side
from ..plan.model import Flow, Move, StandIn
from .closures import Ready, ReadyInfer, ReadyRow, Values
from .decision import Change, Coming, Match, Reference, path
from .heirs import heir, survivor
from .match import NO_MATCH, in_flow, listed, sharing
from .scope import BROUGHT, NEEDED
from .state import Approved, Linked, State, Stored, other
from .ties import first_of

ASKED_FOR = frozenset({*NEEDED, "backfill", "a day passed", "retry", "exists already"})
"""Causes of a mark under which a rule acts on a record that was there before it."""


EXISTING = "there before an enrich"
"""Cause of a mark on a record that `enrich existing` looks at once."""

FOLLOWED = "the link followed"
"""Cause of a mark of two records whose link was another's: rows without a past are as at the first
link."""

REASONS = (*NEEDED, "backfill", "retry", FOLLOWED, "exists already", "a day passed", EXISTING)
"""Causes that count for a pair whichever of its two records has them, the first one first."""

_SOURCES: Mapping[str, tuple[Side]] = {"push": ("left",), "pull": ("right",)}
"""Whose record the condition of a move reads."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One decision to make: a side's dirty record and its partner, if any."""

    side: Side
    id: str
    cause: str
    left: Stored | None
    right: Stored | None
    link: Linked | None
    match: Match = NO_MATCH


class Surroundings:
    """Everything that the decisions of one flow over some pairs ask for."""

    def __init__(self, session: State, ready: Ready, pairs: Sequence[Pair]) -> None:
        self.session = session
        self.ready = ready
        self.backfilled = ready.flow.name in session.backfilled
        self._records: dict[tuple[str, str, str], Stored | None] = {}
        self._links: dict[tuple[str, Side, str], str] = {}
        self._coming: set[tuple[str, Side, str]] = set()
        self._brought: dict[tuple[str, Side, str], bool] = {}
        self._related: dict[tuple[str, str], list[Values]] = {}
        self._users: dict[tuple[str, Side, str], str] = {}
        self._standing: dict[tuple[str, str], list[str]] = {}
        for pair in pairs:
            self._keep(ready.flow.left.system, ready.flow.left.object, pair.left)
            self._keep(ready.flow.right.system, ready.flow.right.object, pair.right)
        self._load_references(pairs)
        self._load_hops(pairs)
        self._load_related(pairs)
        self._load_stand_ins(pairs)
        self._approved: set[tuple[str, Approved]] = set()
        if ready.asks:
            lefts = {pair.left.id for pair in pairs if pair.left}
            self._approved = session.approved(ready.flow.name, lefts)

    def of(self, pair: Pair) -> View:
        """The surroundings of one pair, as `decide` sees them."""
        return View(self, pair)

    # ---- loading

    def _keep(self, system: str, object: str, record: Stored | None) -> None:
        if record:
            self._records[system, object, record.id] = record

    def _load_references(self, pairs: Sequence[Pair]) -> None:
        """Where references lead: links of the parents' flows, and what is planned there."""
        for row in self.ready.rows:
            if not row.row.through:
                continue
            sides: tuple[tuple[Side, str, bool], ...] = (
                ("left", row.row.left, row.pushes),
                ("right", row.row.right, True),
            )
            for side, name, goes in sides:
                records = (one.left if side == "left" else one.right for one in pairs)
                ids = {str(one.values[name]) for one in records if one and one.values.get(name)}
                for flow in row.row.through if goes and ids else ():
                    self._load_links(flow, side, ids)

    def _load_links(self, flow: str, side: Side, ids: set[str]) -> None:
        session, end = self.session, self.session.flows[flow].flow.end(other(side))
        found = {
            id: link.right if side == "left" else link.left
            for id, link in session.links(flow, side, ids).items()
            if not link.ended
        }
        known = session.stored(end.system, end.object, found.values())
        for id, one in found.items():
            gone = known[one] if one in known and known[one].life != "here" else None
            self._links[flow, side, id] = one if gone is None else self._went_into(flow, side, gone)
        open_ids = sorted(id for id in ids if (flow, side, id) not in self._links)
        if not open_ids:
            return
        for left, right in session.planned_pairs(flow, open_ids):
            mine, theirs = (left, right) if side == "left" else (right, left)
            if theirs:
                self._links[flow, side, mine] = theirs
            else:
                self._coming.add((flow, side, mine))
        if session.flows[flow].flow.users:
            return
        for _, id, mark, cause, decided, run in session.marks_of(flow, side, open_ids):
            self._brought[flow, side, id] = (
                cause == BROUGHT and decided == mark and run == session.run
            )

    def _went_into(self, flow: str, side: Side, gone: Stored) -> str:
        """Where a partner that is gone leads: to the survivor of a merge, whose link may be
        another's, else nowhere, and the person moves without it. What people did is with whoever
        it became, by a conversion, too."""
        there = self.session.flows[flow].flow
        if not self.ready.flow.activity:
            end = there.end(other(side))
            return survivor(self.session, end.system, end.object, gone)
        found = heir(self.session, there, other(side), gone).record
        return found.id if found is not None and found.life == "here" else ""

    def _load_hops(self, pairs: Sequence[Pair]) -> None:
        """Records that conditions reach over references, one step after the other."""
        gets: list[tuple[Side, Get]] = [
            (side, get)
            for move in self.ready.flow.moves
            for condition in (move.when, move.stop)
            if condition is not None
            for side in _SOURCES[move.direction]
            for get in conditions.reads(condition)
            if get.hops
            for get in conditions.ways(get)
        ]
        for origin, get in gets:
            side, rest = _after_link(origin, get)
            end = self.ready.flow.end(side)
            own = (one.left if side == "left" else one.right for one in pairs)
            self._load_path(end.system, [one.values for one in own if one], rest)

    def _load_path(self, system: str, start: Sequence[Values], get: Get) -> None:
        """The records that a path leads to, for many records at once."""
        reached = start
        for hop in get.hops:
            ids = {str(one[hop.name]) for one in reached if one.get(hop.name)}
            missing = {id for id in ids if (system, hop.object, id) not in self._records}
            for id in missing:
                self._records[system, hop.object, id] = None
            for one in self.session.stored(system, hop.object, missing).values():
                self._keep(system, hop.object, one)
            found = (self._records.get((system, hop.object, id)) for id in ids)
            reached = [one.values for one in found if one]

    def at_end(self, system: str, start: Values, get: Get) -> Value:
        """The value at the end of a path over references, whichever objects these lead to."""
        values: Values | None = start
        for hop in get.hops:
            id = values.get(hop.name) if values else None
            there = (self.record(system, one, str(id)) for one in (hop.object, *hop.also) if id)
            values = next((one for one in there if one is not None), None)
        return values.get(get.field) if values else None

    def _load_related(self, pairs: Sequence[Pair]) -> None:
        """The related records of `infer`, by parent."""
        session = self.session
        for ready in self.ready.infers:
            infer = ready.infer
            there = other(infer.side)
            parents = [
                one.id
                for pair in pairs
                if (one := pair.right if there == "right" else pair.left) is not None
            ]
            system = session.plan.system(there)
            rows = session.by_value(
                system, infer.related, infer.via, {folded(one) for one in parents}
            )
            found = session.stored(system, infer.related, [id for _, id in rows])
            here = [one.values for one in found.values()]
            paths = [
                get
                for arm in infer.arms
                if arm.when is not None
                for get in conditions.reads(arm.when)
                if get.hops
            ]
            for get in paths:
                for way in conditions.ways(get):
                    self._load_path(system, here, way)
            for parent in parents:
                self._related[infer.related, parent] = []
            for values in here:
                reached = {path(get): self.at_end(system, values, get) for get in paths}
                children = self._related.get((infer.related, str(values.get(infer.via))))
                if children is not None:
                    children.append({**values, **reached} if reached else values)

    def _load_stand_ins(self, pairs: Sequence[Pair]) -> None:
        """The records whose domain is that of an address, where a reference is blank."""
        for one in self.ready.stand_ins:
            ends = [(pair.left, pair.right)[:: -1 if one.to == "left" else 1] for pair in pairs]
            wanted = {
                each
                for source, target in ends
                if source and (target is None or target.values.get(one.field) is None)
                for each in self._domains(one, source.values)
            }
            system = self.ready.flow.end(one.to).system
            rows = self.session.by_domain(system, one.object, one.key, wanted)
            for found, id in rows:
                self._standing.setdefault((one.base, found), []).append(id)

    def _domains(self, one: StandIn, source: Values) -> tuple[str, ...]:
        """The domains that an address stands for, none where it stands for no company."""
        found = domains(source.get(one.source))
        more = self.session.plan.free_mail
        return () if any(each in FREE_MAIL or each in more for each in found) else found

    # ---- answers

    def stand_in(self, one: StandIn, to: Side, source: Values) -> Reference:
        standing = (
            (each, self._standing.get((one.base, each))) for each in self._domains(one, source)
        )
        wanted, ids = next(((each, ids) for each, ids in standing if ids), ("", []))
        system = self.ready.flow.end(to).system
        chosen = first_of(self.session, one.ties, to, system, one.object, ids)
        if chosen:
            return Reference("found", chosen)
        text = f"{wanted} belongs to {len(ids)} records of {one.object}: {listed(ids)}"
        return Reference("missing", text=text if ids else "")

    def reference(self, row: ReadyRow, to: Side, id: str) -> Reference:
        side = other(to)
        for flow in row.row.through:
            there = self._links.get((flow, side, id))
            if there:
                return Reference("found", there)
            if (flow, side, id) in self._coming:
                return Reference("coming", coming=Coming(flow, side, id))
        for flow in row.row.through:
            parent = self.session.flows[flow].flow
            if parent.users or (flow, side, id) in self._links:
                continue  # Nobody makes users, and a partner that is gone leads nowhere.
            end = parent.end(side)
            stored = self.session.stored(end.system, end.object, [id]).get(id)
            if stored is None and not self.session.unseen(end.system, end.object):
                continue
            if stored is not None and stored.life != "here":
                continue
            if self.ready.flow.activity:
                values = {} if stored is None else stored.values
                found = in_flow(self.session, parent, side, {id: values}).get(id)
                if found is not None and found.match.kind == "one":
                    return Reference("found", found.id)
            elif to == "right" and not self._brought.get((flow, side, id)):
                return Reference("wanted", coming=Coming(flow, side, id))
        return Reference("missing")

    def user(self, row: ReadyRow, to: Side, email: str) -> str:
        flow = self.session.flows[row.row.through[0]].flow
        end = flow.end(to)
        wanted = (flow.name, to, email)
        if wanted not in self._users:
            names = {pair[0 if to == "left" else 1] for key in flow.keys for pair in key.pairs}
            ids = [
                id
                for name in sorted(names)
                for _, id in self.session.by_value(end.system, end.object, name, [folded(email)])
            ]
            self._users[wanted] = ids[0] if len(ids) == 1 else ""
        return self._users[wanted]

    def record(self, system: str, object: str, id: str) -> Values | None:
        """A record that a path leads to; None for one that isn't there any more."""
        found = self._records.get((system, object, id))
        there = found is not None and found.life in ("here", "out of sight")
        return found.values if found and there else None

    def approved(self, left: str, change: Change) -> bool:
        what = (change.key, change.side, change.before, change.after)
        return (left, what) in self._approved

    def related(self, infer: ReadyInfer, parent: str) -> Sequence[Values]:
        return self._related.get((infer.infer.related, parent), [])


class View:
    """`decide.Around` for one pair."""

    def __init__(self, whole: Surroundings, pair: Pair) -> None:
        self._whole = whole
        self._pair = pair
        self.today = whole.session.today
        self.backfill = whole.backfilled or pair.cause in ("backfill", "retry", FOLLOWED)
        self.brought = pair.cause in NEEDED
        self.match = pair.match
        self.later: Side | Literal[""] = _later(pair)

    def acts(self, move: Move) -> bool:
        """From now on: the record changed after the rule was there, or somebody asked for it. An
        `enrich` looks at the right record only: at one that is newer than the rule (an old one is
        none the newer for being edited), or once at those that were there."""
        if move.enrich:
            asked = self._pair.cause in (EXISTING, "backfill", "stopped", "retry")
            new = [one.first >= self._first(move) for one in self._enriched()]
            return any(new) if move.enrich == "new" else asked and not all(new)
        if self._pair.cause in ASKED_FOR:
            return True
        related = self._pair.cause == "a related record changed" and _looks_further(move)
        if related and self._holds(move):
            return True
        record = self._pair.left if move.direction == "push" else self._pair.right
        return record is not None and record.run >= self._first(move)

    def _enriched(self) -> Sequence[Stored]:
        """The right record; where nobody can tell whose it is, all that may be meant and have no
        partner."""
        left, right, session = self._pair.left, self._pair.right, self._whole.session
        if right is not None or left is None or self.match.kind != "several":
            return [] if right is None else [right]
        flow = self._whole.ready.flow
        ids = sharing(session, flow, "left", left.values)
        linked = session.links(flow.name, "right", ids)
        end = flow.right
        there = session.stored(end.system, end.object, ids)
        return [one for id, one in there.items() if id not in linked]

    def _holds(self, move: Move) -> bool:
        """Whether what a rule asks for is so now."""
        side: Side = "left" if move.direction == "push" else "right"
        if move.when is None:
            return True
        holds = conditions.closure(move.when, self._whole.session.plan.zone)
        return holds(lambda get: self.get(side, get), self.today)

    def _first(self, move: Move) -> int:
        return self._whole.session.first_runs.get(move.rule, self._whole.session.run)

    def get(self, side: Side, get: Get) -> Value:
        side, rest = _after_link(side, get)
        own = self._pair.left if side == "left" else self._pair.right
        end = self._whole.ready.flow.end(side)
        if own is None or (rest is not get and end.object != get.hops[0].object):
            return None
        return self._whole.at_end(end.system, own.values, rest)

    def reference(self, row: ReadyRow, to: Side, id: str) -> Reference:
        return self._whole.reference(row, to, id)

    def stand_in(self, stand_in: StandIn, to: Side, source: Values) -> Reference:
        return self._whole.stand_in(stand_in, to, source)

    def user(self, row: ReadyRow, to: Side, email: str) -> str:
        return self._whole.user(row, to, email)

    def approved(self, change: Change) -> bool:
        left = self._pair.left
        return left is not None and self._whole.approved(left.id, change)

    def related(self, infer: ReadyInfer) -> Sequence[Values] | None:
        parent = self._pair.right if infer.infer.side == "left" else self._pair.left
        return self._whole.related(infer, parent.id) if parent else None


def _after_link(side: Side, get: Get) -> tuple[Side, Get]:
    """The side and the path that are left of a path once it has gone over the link, if it does.

    A partner that has only been matched counts as linked: it is about to be, and is written to.
    """
    if get.hops and get.hops[0].kind == "link":
        return other(side), replace(get, hops=get.hops[1:])
    return side, get


def _looks_further(move: Move) -> bool:
    """Whether a rule's conditions name related records."""
    return any(
        get.hops
        for condition in (move.when, move.stop)
        if condition is not None
        for get in conditions.reads(condition)
    )


def _later(pair: Pair) -> Side:
    """Which side changed later, in the order in which we saw the changes."""
    if pair.left is None or pair.right is None:
        return "right" if pair.right is not None else "left"
    return "left" if pair.left.run > pair.right.run else "right"


def as_planned(
    session: State, system: str, object: str, records: Mapping[str, Stored]
) -> dict[str, Stored]:
    """Records with what this run's earlier decisions will write to them."""
    shown = dict(records)
    for id, after in session.planned_values(system, object, records):
        old = shown[id]
        fresh = {name: one for name, one in after.items() if not isinstance(one, Coming)}
        shown[id] = replace(old, values={**old.values, **fresh})
    return shown


def key_text(flow: Flow, left: Values | None, right: Values | None) -> str:
    """What people know a record by: the first match key that isn't blank."""
    for values, place in ((left, 0), (right, 1)):
        for key in flow.keys:
            parts = [values.get(pair[place]) if values else None for pair in key.pairs]
            if all(part is not None for part in parts):
                return " ".join(str(part) for part in parts)
    return ""
