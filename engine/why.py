"""Why a record is as it is, and what would come next: told from the state, no system is asked.

The very decision of a run is made on what the last look has left, and each part of it is told with
its rule, its place and the values that led there. How that reads is `why_told.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..connectors.base.values import Value, folded
from ..connectors.base.world import World, moment
from ..dsl import conditions
from ..dsl.conditions import Condition
from ..dsl.rules import SIDES, Place, Side
from .history import turned
from .plan.model import Flow, Move, Plan
from .report import at_time, show
from .run.activities import counted_elsewhere
from .run.around import Pair, Surroundings, View, key_text
from .run.by_hand import as_asked
from .run.carry import equal
from .run.closures import NotRead, Ready, ReadyRow, at_creation
from .run.decision import Change, Decision, apart
from .run.journal import Entry, doubts, entry
from .run.match import key_formats
from .run.newer import backfill_for, backfill_of
from .run.pairs import Mark, decide_pair, pairs_of
from .run.past import changes
from .run.session import Session
from .run.since import first_runs
from .run.state import Stored, other
from .store import asked, held, lives
from .store import statements as sql
from .why_ends import follows, gone
from .why_fields import NO_WRITER, Asked, besides_rows, is_called
from .why_holds import Holds
from .why_references import comes_along_with, leads_nowhere

if TYPE_CHECKING:
    from .store.database import Database

_NO_MAKER = "no rule makes a"
_NO_BLANK = "a blank erases no value unless the row says `clear`"
_ONLY_FILLS = "nothing: `when blank` fills, and never overwrites"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, the rule that it follows from with its place, and the values that it names."""

    text: str
    rule: str = ""
    place: Place | None = None
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Half:
    """A row on one side: what the record holds, and what it held when both last agreed; None for
    what is not known."""

    system: str
    field: str
    now: Value
    agreed: Value


@dataclass(frozen=True, slots=True)
class RowWhy:
    """One row of two records: both sides, the last write of ours, and what would come next."""

    text: str
    rule: str
    place: Place
    left: Half
    right: Half
    last: Entry | None
    next: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A record."""

    system: str
    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Why:
    """What the rules of one pair of objects say about a record."""

    key: str
    record: Spot
    partner: Spot | None
    linked: bool
    between: str
    reasons: tuple[Reason, ...]
    rows: tuple[RowWhy, ...]


def why(plan: Plan, org: str, db: Database, world: World, record: str, name: str = "") -> list[Why]:
    """What is to be said of the records known by that key or id, and of one field of theirs."""
    last = db.row(sql.last_run, org=org)
    number = 1 + ((last[0] or 0) if last else 0)
    session = Session(org, number, plan, world, db, {}, {}, {}, lambda system, code: "")
    session.first_runs = first_runs(session)
    # What was read is all there is to be known here.
    session.looked = dict.fromkeys(session.reads, session.now)
    flows = [one for one in session.flows.values() if not (one.flow.users or one.flow.identity)]
    spots = [
        (ready, side, id)
        for ready in flows
        for side in SIDES
        for id in _ids(session, ready.flow, side, record)
    ]
    holds = Holds(session)
    found: dict[tuple[str, str, str], Why] = {}
    for ready, side, id in spots or _of_the_past(session, flows, record):
        told = _Asked(session, holds, ready, side, id, name).told()
        ends = [told.record.id, told.partner.id if told.partner else ""]
        pair = ends if side == "left" else ends[::-1]
        found.setdefault((ready.flow.name, pair[0], pair[1]), told)
    all_of_them = tuple(map(Reason, holds.runs()))
    told_once = _without_what_is_elsewhere(list(found.values()))
    return [replace(one, reasons=(*one.reasons, *all_of_them)) for one in told_once]


def _without_what_is_elsewhere(found: list[Why]) -> list[Why]:
    """A record that has its partner is not told to lack another one."""
    linked = {one.record for one in found if one.partner}
    linked |= {one.partner for one in found if one.partner}
    left = [one for one in found if one.partner or one.record not in linked]
    said = {one.record for one in left if not _only_looked_for(one)}
    return [one for one in left if not (_only_looked_for(one) and one.record in said)]


def _only_looked_for(one: Why) -> bool:
    """Whether no rule makes anything of it there, and it was only compared with what is there."""
    said = (_NO_MAKER, NO_WRITER)
    return not one.partner and all(each.text.startswith(said) for each in one.reasons)


def _ids(session: Session, flow: Flow, side: Side, record: str) -> list[str]:
    """The records of a side with that id, else with that key."""
    end = flow.end(side)
    if session.stored(end.system, end.object, [record]):
        return [record]
    formats = {pair[side == "right"]: format for pair, format in key_formats(flow).items()}
    ids: set[str] = set()
    for name, format in formats.items():
        text = folded(record, format)
        if text and not ("@" in record and format in ("domain", "url")):
            ids |= {id for _, id in session.by_value(end.system, end.object, name, [text])}
    return sorted(ids)


def _of_the_past(
    session: Session, flows: Sequence[Ready], record: str
) -> Iterator[tuple[Ready, Side, str]]:
    """The records that were known by a key when something was done to them: those that are gone
    have it no more."""
    past = changes(session.db, session.org, record)
    for ready in flows:
        pairs = {(one.left, one.right) for one in past if one.flow == ready.flow.name}
        for place, side in enumerate(SIDES):
            end = ready.flow.end(side)
            ids = sorted({pair[place] for pair in pairs} - {""})
            known = session.stored(end.system, end.object, ids)
            yield from ((ready, side, id) for id in ids if id in known)


class _Asked:
    """One record in one flow, as a run would decide it now."""

    def __init__(
        self, session: Session, holds: Holds, ready: Ready, side: Side, id: str, name: str
    ) -> None:
        self.session, self.ready, self.side, self.id, self.name = session, ready, side, id, name
        self.holds = holds
        flow = ready.flow
        rows = session.marks_of(flow.name, side, [id])
        cause = rows[0][3] if rows else "changed"
        open_ones = doubts(session, flow.name)
        pairs = pairs_of(session, flow, [Mark(side, id, 0, cause)], open_ones)
        self.in_doubt = not pairs
        end = flow.end(side)
        self.own = session.stored(end.system, end.object, [id]).get(id)
        self.pair = pairs[0][1] if pairs else self._alone(cause)
        around = Surroundings(session, ready, [self.pair])
        self.view: View = around.of(self.pair)
        self.decision: Decision = decide_pair(
            as_asked(session, ready, self.pair), self.pair, around
        )
        left, right = self._id("left"), self._id("right")
        where = {"org": session.org, "flow": flow.name, "left": left, "right": right}
        self.ids = {left, right} - {""}
        self.marks = session.db.rows(asked.mark, **where)
        self.done = [entry(row) for row in session.db.rows(asked.done, **where)]

    def _alone(self, cause: str) -> Pair:
        """As it is while a write of it is in doubt, when no run decides it."""
        name, end = self.ready.flow.name, self.ready.flow.end(other(self.side))
        link = self.session.links(name, self.side, [self.id]).get(self.id)
        id = (link.right if self.side == "left" else link.left) if link and not link.ended else ""
        theirs = self.session.stored(end.system, end.object, [id]).get(id)
        left, right = (self.own, theirs) if self.side == "left" else (theirs, self.own)
        return Pair(self.side, self.id, cause, left, right, link)

    def _record(self, side: Side) -> Stored | None:
        found = self.pair.left if side == "left" else self.pair.right
        return self.own if found is None and side == self.side else found

    def _id(self, side: Side) -> str:
        record = self._record(side)
        return record.id if record else self.id if side == self.side else ""

    @property
    def linked(self) -> bool:
        return self.pair.link is not None and not self.pair.link.ended

    def told(self) -> Why:
        flow = self.ready.flow
        mine, theirs = flow.end(self.side), flow.end(other(self.side))
        partner = self._record(other(self.side))
        left, right = self._record("left"), self._record("right")
        return Why(
            key_text(flow, left.values if left else None, right.values if right else None),
            Spot(mine.system, mine.object, self.id),
            Spot(theirs.system, theirs.object, partner.id) if partner else None,
            self.linked,
            f"{flow.left.object} ~ {flow.right.object}",
            tuple(self._reasons()),
            tuple(self._rows()) if self.linked else (),
        )

    # ---- the record as a whole

    def _reasons(self) -> Iterator[Reason]:
        yield from self._how()
        if self.in_doubt:
            yield Reason("a write has got no reply: the next run finds out, and decides then")
        yield from self._turned()
        yield from self._ended()
        if not self.linked and not self.in_doubt:
            yield from self._not_linked()
        yield from self._stopped()
        yield from self._waiting()
        yield from self._no_row()

    def _how(self) -> Iterator[Reason]:
        """How the two came together, and by which rule."""
        if not self.linked or self.pair.link is None:
            return
        where = {"org": self.session.org, "flow": self.ready.flow.name}
        row = self.session.db.row(asked.link, **where, left=self.pair.link.left)
        if row is None:
            return
        joined = (one for one in reversed(self.done) if one.action in ("create", "link"))
        last = next(joined, None)
        if last is None:
            yield Reason(f"linked in run {row[1]}")
            return
        by = self._move(last.rule)
        what = "made" if last.action == "create" else "linked"
        end = self.ready.flow.end(last.side)
        did = f"{what} {'the ' + end.object if what == 'made' else 'the two'}"
        reason = last.reason.removesuffix(" is satisfied")
        told = f": {reason}" if reason not in ("", last.rule) else ""
        yield Reason(f"run {last.run} {did}{told}{self._wanted(by)}", last.rule, _place(by))

    def _turned(self) -> Iterator[Reason]:
        """What became of either record in its system, and what was taken apart."""
        ends = {self._id(side): self.ready.flow.end(side) for side in SIDES}
        ids = sorted(id for id in ends if id)
        for run, at, system, object, id, life, into in self.session.db.rows(
            lives.of_records, org=self.session.org, ids=ids
        ):
            end = ends[id]
            if (end.system, end.object) == (system, object):
                seen = f"run {run} saw at {at_time(moment(at))}"
                yield Reason(f"{seen} that the {object} in {system} {turned(life, into)}")
        joins = ("create", "link", "unlink", "delete")
        last = next((one for one in reversed(self.done) if one.action in joins), None)
        if last is not None and last.action == "delete":
            yield Reason(f"run {last.run} deleted the {last.object}: {last.reason}", last.rule)
        elif last is not None and last.action == "unlink" and not self.linked:
            yield Reason(f"run {last.run} took the two apart: {last.reason}", last.rule)

    def _ended(self) -> Iterator[Reason]:
        for text in gone(self.ready.flow, self._record):
            yield Reason(f"{text}: {follows(self.ready.flow, self.decision)}", self.decision.rule)

    def _not_linked(self) -> Iterator[Reason]:
        """Why it has no counterpart, rule by rule."""
        record = self._record(self.side)
        if record is None or record.life != "here":
            return
        if self._is_counted_elsewhere(record):
            objects = " or ".join(object for object, _ in self.ready.flow.led) or "task"
            way = "it led to" if self.ready.flow.led else "it came of"
            yield Reason(f"it counts as the {objects} {way}, and goes over once")
            return
        there = self.ready.flow.end(other(self.side))
        if self.decision.action in ("create", "link"):
            does = f"make a {there.object}" if self.decision.action == "create" else "link the two"
            when = "the next run would" if self._due else "once something changes, a run would"
            reason = self.decision.reason
            told = f": {reason}" if not reason.endswith(" is satisfied") else ""
            by = self._move(self.decision.rule)
            yield Reason(
                f"{when} {does}{told}{self._wanted(by)}",
                self.decision.rule,
                _place(by),
                self._values(by.when if by else None),
            )
            return
        if self.decision.action == "need":
            yield Reason("what it refers to comes along first", self.decision.rule)
            return
        if self.decision.waits:
            yield Reason("nobody it is about is linked yet", self.decision.rule)
        elif self.decision.reason:
            yield Reason(self.decision.reason, self.decision.rule)
        if self.pair.match.kind in ("several", "held"):
            yield Reason(self.pair.match.text)
        yield from self._makers()
        brings = comes_along_with(self.session, self.ready.flow) if self.side == "left" else []
        if brings:
            yield Reason(f"each {' or '.join(brings)} that goes over brings it along")

    def _is_counted_elsewhere(self, record: Stored) -> bool:
        flow = self.ready.flow
        if not flow.activity or self.side != "left":
            return False
        return bool(counted_elsewhere(self.session, flow, {record.id: record.values}))

    def _makers(self) -> Iterator[Reason]:
        """What each rule that could make its counterpart says of it."""
        direction = "push" if self.side == "left" else "pull"
        there = self.ready.flow.end(other(self.side)).object
        moves = [one for one in self.ready.moves if one.move.direction == direction]
        makers = [one for one in moves if one.move.create]
        for one in makers:
            move = one.move
            values = self._values(move.when)
            if not one.holds(lambda get: self.view.get(self.side, get), self.view.today):
                wants = conditions.text(move.when) if move.when else ""
                text = f"no {there} is made: {_said(values)}, and the rule wants {wants}"
                yield Reason(text, move.rule, move.place, values)
            elif not self.view.acts(move):
                backfill = backfill_for(self.ready.flow, move.rule)
                yield Reason(
                    "it was there before the rule, and waits for a backfill: "
                    f"`{backfill}`{self._wanted(move)}",
                    move.rule,
                    move.place,
                    values,
                )
        if not makers:
            hidden = next((one.move for one in moves if not one.move.enrich), None)
            text = f"{_NO_MAKER} {there} of it"
            if hidden and not hidden.implied:
                does = "is hidden" if direction == "pull" else "makes none"
                text = f"{text}: `{hidden.rule}` {does}"
            yield Reason(text, hidden.rule if hidden else "", hidden.place if hidden else None)

    def _stopped(self) -> Iterator[Reason]:
        for one in self.ready.stops:
            origin: Side = "left" if one.move.direction == "push" else "right"
            if one.stopped is None or one.move.stop is None:
                continue
            if one.stopped(lambda get, side=origin: self.view.get(side, get), self.view.today):  # type: ignore[misc]
                values = self._values(one.move.stop, origin)
                to = self.ready.flow.end(other(origin)).object
                yield Reason(
                    f"nothing is written to the {to} while {conditions.text(one.move.stop)}: "
                    f"{_said(values)}",
                    one.move.rule,
                    one.move.place,
                    values,
                )

    def _waiting(self) -> Iterator[Reason]:
        """What stands in the error log, and what a person is asked."""
        flow = self.ready.flow
        yield from (Reason(*told) for told in self.holds.entries(flow, self.ids))
        yield from map(Reason, self.holds.undos(flow, self.ids))
        if any(cause == "a day passed" for cause, _, _ in self.marks):
            yield Reason("it is looked at again tomorrow, since a rule counts days")
        if any(cause == lives.ALONG for cause, _, _ in self.marks):
            yield Reason("it is looked at again tomorrow, and deleted once nothing belongs to it")

    def _no_row(self) -> Iterator[Reason]:
        """What besides rows says something of a field that was asked for."""
        if not self.name:
            return
        asked = Asked(
            self.name,
            self.ready,
            self.view,
            self.decision,
            self.linked,
            self.pair.link.base.differing if self.pair.link else (),
            self._record,
            self._last_of,
        )
        rows = any(self._is_about(one) for one in self.ready.rows)
        yield from (Reason(*told) for told in besides_rows(asked, rows=rows))

    # ---- rows

    def _rows(self) -> Iterator[RowWhy]:
        for one in self.ready.rows:
            if self.name and not self._is_about(one):
                continue
            left, right = self._half(one, "left"), self._half(one, "right")
            if self.name or left.now is not None or right.now is not None:
                last = self._last(one)
                yield RowWhy(
                    " ".join(one.row.text.split()),
                    one.row.rule,
                    one.row.place,
                    left,
                    right,
                    last,
                    self._next(one),
                )

    def _is_about(self, row: ReadyRow) -> bool:
        return any(
            is_called(one, self.name) for one in (row.row.left, row.row.right, *row.row.reads)
        )

    def _half(self, row: ReadyRow, side: Side) -> Half:
        record = self._record(side)
        seen = (row.left if side == "left" else row.right)(record.values) if record else None
        base = self.pair.link.base if self.pair.link else None
        half = (base.left if side == "left" else base.right) if base else {}
        name = row.row.field(side)
        now = None if isinstance(seen, NotRead) else seen
        return Half(self.ready.flow.end(side).system, name, now, half.get(row.key, now))

    def _last(self, row: ReadyRow) -> Entry | None:
        found = [self._last_of(row.row.right, "right")] if row.pushes else []
        found += [self._last_of(row.row.left, "left")] if row.pulls else []
        written = [one for one in found if one is not None]
        return max(written, key=lambda one: (one.run, one.number), default=None)

    def _last_of(self, name: str, side: Side) -> Entry | None:
        """Our last write of a field; what a former partner got is none of it."""
        id = self._id(side)
        own = (one for one in reversed(self.done) if (one.side, one.record) == (side, id))
        return next((one for one in own if name in one.after), None)

    def _next(self, row: ReadyRow) -> str:
        """What a run would do with a row, or why nothing."""
        change = self._change(row, (*self.decision.left, *self.decision.right))
        if change is not None and self.in_doubt:
            return "nothing, before it is known what became of the write without a reply"
        if change is not None:
            when = "the next run would write" if self._due else "once it changes, a run would write"
            text = f"{when} {show(change.after)} to {change.field}: {_because(change)}"
            return f"{text}{self.holds.unless(self.ready.flow, row.row.rule)}"
        waits = self._change(row, self.decision.asks)
        if waits is not None:
            return f"{show(waits.after)} for {waits.field} waits for approval{self._ask(row)}"
        wrong = [one for one in self.decision.problems if row.row.right == one.field]
        if wrong:
            return f"nothing: {wrong[0].message}"
        return self._nowhere(row) or self._nothing(row)

    def _nowhere(self, row: ReadyRow) -> str:
        """Why a reference waits: it is filled once what it leads to is linked."""
        sides: tuple[tuple[Side, bool], ...] = (("left", row.pushes), ("right", row.pulls))
        for side, goes in sides:
            half = self._half(row, side)
            if goes and self._half(row, other(side)).now is None:
                found = leads_nowhere(self.session, self.view, row, side, half.now)
                if found:
                    return f"nothing: {found}"
        return ""

    def _change(self, row: ReadyRow, changes: Sequence[Change]) -> Change | None:
        return next((one for one in changes if one.key == row.key), None)

    def _ask(self, row: ReadyRow) -> str:
        left = self._id("left")
        where = {"org": self.session.org, "flow": self.ready.flow.name, "ids": [left]}
        rows = self.session.db.rows(held.of_pairs, **where)
        number = next((one[0] for one in rows if one[2] == row.key), None)
        return f": `syncrules approve {number}`" if number else ""

    def _nothing(self, row: ReadyRow) -> str:
        left, right = self._half(row, "left"), self._half(row, "right")
        changed: Side | None = None
        if not row.same_left(left.now, left.agreed):
            changed = "left"
        elif not row.same_right(right.now, right.agreed):
            changed = "right"
        if changed is None and any(apart(row.key) in half for half in self.decision.agree):
            return (
                "nothing: the row is newer than the link, so that what changes flows, and "
                f"`{backfill_of(self.ready.flow)}` brings the two in line"
            )
        if changed is None:
            return self._unchanged(row, left, right)
        for text in gone(self.ready.flow, self._record):
            return f"nothing: {text}"
        half = left if changed == "left" else right
        goes = row.pushes if changed == "left" else row.pulls
        if self.decision.stopped:
            return f"nothing, while `{self.decision.stopped}` is stopped"
        if not goes:
            return f"nothing: the row doesn't go that way, so {half.field} of {half.system} stays"
        if once := at_creation(self.ready, row, other(changed)):
            return f"nothing: {once}"
        if half.now is None and not row.row.clear:
            return f"nothing: {_NO_BLANK}"
        if row.row.when_blank:
            return _ONLY_FILLS
        return "nothing: both sides say the same"

    def _unchanged(self, row: ReadyRow, left: Half, right: Half) -> str:
        """Why two stay as they are that have not changed since a run last looked at them."""
        blank = left if left.now is None else right if right.now is None else None
        filled_in = left.now is None and row.row.default is not None
        if filled_in or equal(row, left.now, right.now, self.view):
            return "nothing: both sides are as they last agreed"
        for text in gone(self.ready.flow, self._record):
            return f"nothing: {text}"
        if row.row.when_blank and blank is None:
            return _ONLY_FILLS
        pushes, pulls = row.push_later, row.pull_later
        if not (pushes or pulls):
            return f"nothing: {at_creation(self.ready, row, 'right' if row.pushes else 'left')}"
        source = left if pushes else right
        both = pushes and pulls
        until = "one of them changes" if both else f"{source.field} of {source.system} changes"
        text = f"nothing: the two differ, and stay as they are until {until}"
        erases = pushes if blank is left else pulls
        return f"{text}; {_NO_BLANK}" if blank and erases and not row.row.clear else text

    # ---- parts of sentences

    @cached_property
    def _due(self) -> bool:
        if any(not_before <= self.session.now for _, _, not_before in self.marks):
            return True
        return self.holds.decided_anew(self.ready.flow, self.ids, linked=self.linked)

    def _move(self, rule: str) -> Move | None:
        moves = [one for one in self.ready.flow.moves if one.rule == rule]
        return next((one for one in moves if not one.implied), moves[0] if moves else None)

    def _values(self, when: Condition | None, side: Side | None = None) -> dict[str, Value]:
        origin = side or self.side
        gets = conditions.reads(when) if when is not None else ()
        return {
            ".".join([*(hop.name for hop in get.hops), get.field]): self.view.get(origin, get)
            for get in gets
        }

    def _wanted(self, move: Move | None) -> str:
        """A rule's condition with the values of now."""
        if move is None or move.when is None:
            return ""
        values = self._values(move.when, "left" if move.direction == "push" else "right")
        return f"; the rule wants {conditions.text(move.when)}, and {_said(values)}"


def _place(move: Move | None) -> Place | None:
    return move.place if move else None


def _said(values: Mapping[str, Value]) -> str:
    return " and ".join(f"{name} is {show(value)}" for name, value in values.items())


def _because(change: Change) -> str:
    cause = change.reason.split("; ")[0]
    return "it changed on the other side" if cause == "changed" else cause
