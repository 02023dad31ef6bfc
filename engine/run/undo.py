"""What a run changed is put back, where it still stands as that run left it.

Nothing is decided here: before-values are proposed for what is still ours, and all else is told
with its reason. The bases move along, so that the next run takes nothing of it for an edit and
makes none of it again before somebody changes something (`parted.py`). Writing is `write.py`, as
ever. What was begun, and lost on its way or with its process, is due: the next run goes on with it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from ...connectors.base.contract import Belonging, Record
from ...connectors.base.values import Value
from ...dsl.rules import Side
from ...errors import UsageError
from ..plan.model import Flow
from ..store import asked, undone
from ..store import statements as sql
from ..store.database import Database
from . import problems
from .belongs import along, referring, staying
from .closures import NotRead, Values
from .decision import Coming
from .journal import Entry, dump_agree, entry
from .parted import to_be_deleted
from .past import changes
from .reread import CHANGED, fetch, rows_gone
from .session import Kept, Session, dump_values
from .state import Linked, other
from .unseen import text

CHUNK = 500
"""Records that are asked for and put back at once."""

TOUCH = 60.0
"""Seconds between our write and a stamp after which somebody else has changed the record."""

_FOLLOWED = "its link was that of a record which was merged or converted, and stays"
_NO_RULE = "no rule is about these two objects any more: put one back, and undo it before a run"

Ours = Callable[[str], Sequence[Value | Coming]]
"""What was left in a field that is to be put back: who finds something else there leaves it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is undone: a run, or of it what it did to one `record` (a key or an id) and its partner,
    or of that one `field`, by its name on either side."""

    run: int
    record: str = ""
    field: str = ""

    @property
    def command(self) -> str:
        """What a person types to ask for it."""
        return shlex.join(["syncrules", "undo", *map(str, self._words)])

    @property
    def text(self) -> str:
        """As the state holds it; `part_of` is the inverse."""
        return json.dumps(self._words, ensure_ascii=False)

    @property
    def _words(self) -> list[int | str]:
        return [self.run, *(one for one in (self.record, self.field) if one)]

    def covers(self, other: Part) -> bool:
        """Whether all of another part is put back with this one."""
        return self.run == other.run and all(
            not mine or mine.casefold() == theirs.casefold()
            for mine, theirs in ((self.record, other.record), (self.field, other.field))
        )


def part_of(text: str) -> Part:
    """A part as the state holds it."""
    return Part(*json.loads(text))


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """The `run` of an undo that broke off before it had put anything back of a part."""

    run: int
    part: Part


def must_be_there(db: Database, org: str, run: int) -> None:
    """Raises `UsageError` where there is no such run: asked before an undo is one itself."""
    if not db.row(undone.verb_of, org=org, run=run):
        raise UsageError(
            f"there is no run {run}", fix="`syncrules history RECORD` tells which run changed what"
        )


def put_back(session: Session, part: Part) -> None:
    """Proposes what undoes a run, children before parents; what stays is in `session.kept`."""
    run = part.run
    work, order = _Work(session, run, part.field), _order(session)
    touched = _named(session, part) if part.record else _touched(session, run)
    for flow, side, ids in sorted(touched, key=lambda one: order(one[0])):
        session.keep_alive()
        if flow in session.flows:
            work.take(session.flows[flow].flow, side, ids)
        else:
            work.keep_all(flow, side, ids)
    if part.field and not work.found:
        raise UsageError(
            f"run {run} changed no {part.field} of {part.record}",
            why="what it made, linked or deleted is undone as a whole",
            fix=f"`syncrules history {part.record}` tells which run changed what",
        )


def _order(session: Session) -> Callable[[str], int]:
    """The place of a flow: children before parents."""
    places = {name: place for place, name in enumerate(reversed(session.flows))}
    return lambda name: places.get(name, -1)


def begin(session: Session, part: Part | None) -> None:
    """It is planned as a whole, and nothing holds it: from now on what doesn't happen is due.
    `part` is what a person asked for, None for what is gone on with."""
    with session.db.transaction("undo begun"):
        session.db.run(undone.taken_up, org=session.org, run=session.run)
        session.db.run(undone.begin, org=session.org, run=session.run)
        if part is not None:
            asked = broken_off(session.db, session.org)
            numbers = [one.run for one in asked if part.covers(one.part)]
            session.db.run(undone.asked_again, org=session.org, numbers=numbers)


def broken_off(db: Database, org: str) -> list[BrokenOff]:
    """Undos that have put nothing back and come to no end, and that nobody has asked for again
    since. One that is under way is among them until it begins to."""
    return [BrokenOff(run, part_of(text)) for run, text in db.rows(undone.not_begun, org=org)]


def untold(session: Session) -> list[BrokenOff]:
    """Those that broke off before this run, where it is the first since that can tell of them."""
    rows = session.db.rows(undone.untold, org=session.org, run=session.run)
    return [BrokenOff(run, part_of(text)) for run, text in rows]


def due(db: Database, org: str) -> list[int]:
    """The runs that were put back in part, and have something left."""
    return [run for (run,) in db.rows(undone.due_runs, org=org)]


def go_on(session: Session, run: int) -> None:
    """Proposes what is due of putting back a run; what somebody has changed since is kept."""
    work, order = _Work(session, run), _order(session)
    rows = session.db.rows(undone.due, org=session.org, undoes=run)
    left = sorted((entry(row) for row in rows), key=lambda one: order(one.flow))
    for (name, side), some in groupby(left, key=lambda one: (one.flow, one.side)):
        entries = list(some)
        for start in range(0, len(entries), CHUNK):
            session.keep_alive()
            if name in session.flows:
                work.take_again(session.flows[name].flow, side, entries[start : start + CHUNK])
            else:
                work.give_up(entries[start : start + CHUNK])


def try_again(session: Session, flow: str, record: str) -> bool:
    """Whether the last that a record was refused puts something back: then that is due again."""
    row = session.db.row(undone.refused, org=session.org, flow=flow, one=record)
    if not row or not row[2]:
        return False
    session.db.run(undone.again, org=session.org, run=row[0], one=row[1])
    return True


def _named(session: Session, part: Part) -> list[tuple[str, Side, list[str]]]:
    """The records of a run that are known by that key or id, or are the partner of one."""
    where = {"org": session.org, "run": part.run}
    for name in dict.fromkeys((part.record.casefold(), part.record)):
        rows = session.db.rows(undone.named, **where, name=name)
        if rows:
            ids = sorted({id for row in rows for id in row} - {""})
            both = session.db.rows(undone.of_both, **where, ids=ids)
            return [(flow, side, [id]) for flow, side, id in both]
    past = changes(session.db, session.org, part.record)
    done = [one for one in past if one.run == part.run and one.state == "done"]
    others = {one.key or one.record for one in done}
    if len(others) > 1:
        raise UsageError(
            f"{part.record} is a key of several records that run {part.run} changed",
            fix=f"name one of them: {', '.join(sorted(others))}",
        )
    if done:
        touched = sorted({(one.flow, one.side, one.record) for one in done})
        return [(flow, side, [id]) for flow, side, id in touched]
    raise UsageError(
        f"run {part.run} did nothing to {part.record}",
        fix=f"`syncrules history {part.record}` tells which run changed what",
    )


def _touched(session: Session, run: int) -> Iterator[tuple[str, Side, list[str]]]:
    """The records of a run, some at a time: of one flow and side."""
    after: tuple[str, str, str] = ("", "", "")
    while rows := session.db.rows(
        undone.records_of_run,
        org=session.org,
        run=run,
        after_flow=after[0],
        after_side=after[1],
        after=after[2],
        most=CHUNK,
    ):
        after = rows[-1]
        for (flow, side), some in groupby(rows, key=lambda row: (row[0], row[1])):
            yield flow, side, [id for _, _, id in some]


@dataclass
class _Work:
    """One undo under way, of one field where it is `only` about that; `found` says whether there
    was any change of it. `deleted` are the records that it plans to delete, `along` what a system
    would delete with some of them, `unseen` those that it did not show, `became` those that are
    another by now."""

    session: Session
    run: int
    only: str = ""
    found: bool = False
    deleted: set[tuple[str, str, str]] = field(default_factory=set)
    along: Mapping[str, Sequence[Belonging]] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    became: dict[str, Record] = field(default_factory=dict)

    def take(self, flow: Flow, side: Side, ids: Sequence[str]) -> None:
        """Proposes what undoes the changes of some records of one side of a flow."""
        entries = self._done(flow.name, side, ids)
        wrote = sorted({one.record for one in entries if one.action in ("create", "update")})
        found = self._fetch(flow, side, wrote, entries)
        sent = self._last_sent(flow, side, wrote)
        made = {one.record for one in entries if one.action == "create"} & found.keys()
        self.along = along(self.session, flow, side, () if self.only else sorted(made))
        with self.session.db.transaction("planned"):
            entries.sort(key=lambda one: (one.record, one.number))
            for id, some in groupby(entries, key=lambda one: one.record):
                before, done = self.session.numbers, list(some)
                self._record(flow, side, done, found.get(id), sent.get(id, 0.0))
                if self.session.numbers == before and not self.only:
                    self._nothing_left(done[-1])

    def take_again(self, flow: Flow, side: Side, entries: Sequence[Entry]) -> None:
        """Proposes once more what an undo proposed and didn't get done."""
        ids = sorted({one.record for one in entries if one.action != "unlink"})
        found = self._fetch(flow, side, ids, entries)
        sent = self._last_sent(flow, side, ids)
        gone = {one.record for one in entries if one.action == "delete"} & found.keys()
        self.along = along(self.session, flow, side, sorted(gone))
        with self.session.db.transaction("planned"):
            for one in entries:
                before, now = self.session.numbers, found.get(one.record)

                def ours(name: str, one: Entry = one) -> list[Value | Coming]:
                    return [one.before.get(name)]

                if one.action == "unlink":
                    self._unlink(flow, one)
                elif one.action == "delete":
                    self._delete(flow, side, one, one.before, now, sent.get(one.record, 0.0), ours)
                else:
                    self._restore(flow, side, one, one.after, now, ours)
                if self.session.numbers == before:
                    self._over(one)

    def give_up(self, entries: Iterable[Entry]) -> None:
        """Nothing of it can be put back any more."""
        with self.session.db.transaction("planned"):
            for one in entries:
                self._keep(one, _NO_RULE)
                self._over(one)

    def _over(self, one: Entry) -> None:
        self.session.db.run(undone.leave, org=self.session.org, run=one.run, one=one.number)
        self._nothing_left(one)
        link = self.session.links(one.flow, "left", [one.left]).get(one.left)
        if link is None or link.right != one.right:
            # Nothing is written to either of the two any more that could be refused.
            ends = [(one.flow, id) for id in (one.left, one.right) if id]
            problems.over(self.session, ends, kept="decisions")

    def _fetch(
        self, flow: Flow, side: Side, ids: Sequence[str], entries: Iterable[Entry]
    ) -> dict[str, Record]:
        """What some records hold now, where they are there, in what was written to them, too."""
        if not ids:
            return {}
        end = flow.end(side)
        names = {name for one in entries for name in (*one.before, *one.after)}
        records = fetch(self.session, end.system, end.object, names, ids)
        self.unseen |= {one.id for one in records if one.life == "out of sight"}
        self.became |= {one.id: one for one in records if one.into}
        return {one.id: one for one in records if one.life == "here"}

    def _last_sent(self, flow: Flow, side: Side, ids: Sequence[str]) -> dict[str, float]:
        """When we last wrote to some records."""
        end, org = flow.end(side), self.session.org
        where = {"org": org, "system": end.system, "object": end.object, "ids": ids}
        return dict(self.session.db.rows(undone.last_sent, **where))

    def keep_all(self, flow: str, side: Side, ids: Sequence[str]) -> None:
        self.found = True
        for one in self._done(flow, side, ids):
            self._keep(one, _NO_RULE)

    def _done(self, flow: str, side: Side, ids: Sequence[str]) -> list[Entry]:
        rows = self.session.db.rows(
            undone.done_to, org=self.session.org, run=self.run, flow=flow, side=side, ids=ids
        )
        return [entry(row) for row in rows]

    def _record(
        self, flow: Flow, side: Side, entries: list[Entry], now: Record | None, sent: float
    ) -> None:
        """What undoes all that was done to one record, the oldest change first."""
        for one in () if self.only else entries:
            if one.action == "delete":
                self._keep(one, f"{one.system} takes no deletion back on request: restore it there")
            elif one.action == "unlink":
                self._keep(one, "nothing was written; a `backfill` links what belongs together")
            elif one.action == "link":
                self._unlink(flow, one)
        wrote = [one for one in entries if one.action in ("create", "update")]
        made = bool(wrote) and wrote[0].action == "create"

        def ours(name: str) -> list[Value | Coming]:
            return self._left(flow, side, wrote, name)

        if made and not self.only:
            names = dict.fromkeys(name for one in wrote for name in one.after)
            self._delete(flow, side, wrote[0], names, now, sent, ours)
        elif wrote and not made:
            held = self._wanted(flow, side, _first_before(wrote))
            self._restore(flow, side, wrote[-1], held, now, ours)

    # ---- links

    def _unlink(self, flow: Flow, one: Entry) -> None:
        """A link that a rule made is taken apart; what only tells who is who stays."""
        if flow.users or flow.identity:
            return
        link = self.session.links(flow.name, "left", [one.left]).get(one.left)
        if link is None or link.ended or link.right != one.right:
            return
        where = {"org": self.session.org, "flow": flow.name, "left": one.left}
        how, run = self.session.db.row(asked.link, **where) or ("", 0)
        if how == "followed":
            # Who was linked before would be nobody's, and be made a second time.
            self._keep(one, _FOLLOWED)
        elif run != self.run:
            self._keep(one, f"run {run} has linked the two again since")
        else:
            self._plan(one, "unlink", {}, {}, ({}, {}))

    # ---- values

    def _restore(
        self,
        flow: Flow,
        side: Side,
        last: Entry,
        held: Mapping[str, Value | Coming],
        now: Record | None,
        ours: Ours,
    ) -> None:
        if now is None and held:
            self._keep(last, self._why_not_there(last))
        if now is None:
            return
        before: dict[str, Value] = {}
        after: dict[str, Value] = {}
        for name, old in held.items():
            here = now.values.get(name)
            if isinstance(old, Coming) or name not in now.values:
                self._keep(last, "what it holds now was not read", name)
            elif here == old:
                continue
            elif here not in ours(name):
                self._keep(last, CHANGED, name)
            elif gone := self._leads_nowhere(flow, side, name, old):
                self._keep(last, gone, name)
            else:
                before[name], after[name] = here, old
        if after:
            self._plan(last, "update", before, after, self._bases(flow, side, last, now, after))

    def _leads_nowhere(self, flow: Flow, side: Side, name: str, old: Value) -> str:
        """Why a reference can't lead to where it led; "" where it can, and for any other value."""
        session, system, place = self.session, flow.end(side).system, side == "right"
        rows = [row for row in flow.rows if old and name == (row.left, row.right)[place]]
        parents = [session.flows[one].flow for row in rows for one in row.through]
        for object in (one.end(side).object for one in parents if not one.users):
            known = session.stored(system, object, [str(old)]).get(str(old))
            if known is not None and known.life == "out of sight":
                return text(system, object, known.id)
            if known is not None and known.life != "here":
                return f"the {object} that it led to is not there any more in {system}"
        return ""

    def _wanted(
        self, flow: Flow, side: Side, held: Mapping[str, Value | Coming]
    ) -> Mapping[str, Value | Coming]:
        """What is to be put back: all, or the one field, by its name on either side."""
        if not self.only:
            return held
        only, place = self.only.casefold(), side == "right"
        pairs = [(row.left, row.right) for row in flow.rows]
        names = {pair[place] for pair in pairs if only in (one.casefold() for one in pair)}
        wanted = {
            name: old for name, old in held.items() if name in names or name.casefold() == only
        }
        self.found = self.found or bool(wanted)
        return wanted

    def _left(self, flow: Flow, side: Side, wrote: list[Entry], name: str) -> list[Value | Coming]:
        """What the run left in a field: what it sent last, or what the system made of that."""
        last = next(one for one in reversed(wrote) if name in one.after)
        half = last.agree[0] if side == "left" else last.agree[1]
        place = side == "right"
        keys = (key for key in half if "|" in key and key.split("|")[place] == name)
        return [last.after[name], *(half[key] for key in keys)]

    def _bases(
        self, flow: Flow, side: Side, one: Entry, now: Record, after: Mapping[str, Value]
    ) -> tuple[dict[str, Value], dict[str, Value]]:
        """What the bases hold once it is put back: what is restored is no edit."""
        link = self.session.links(flow.name, "left", [one.left]).get(one.left)
        if link is None:
            return {}, {}
        partner = flow.end(other(side))
        id = link.right if side == "left" else link.left
        known = self.session.stored(partner.system, partner.object, [id]).get(id)
        mine, theirs = self._halves(
            flow, side, link, now.values, after, known.values if known else None
        )
        return (mine, theirs) if side == "left" else (theirs, mine)

    def _halves(
        self,
        flow: Flow,
        side: Side,
        link: Linked,
        now: Values,
        after: Mapping[str, Value],
        partner: Values | None,
    ) -> tuple[dict[str, Value], dict[str, Value]]:
        mine: dict[str, Value] = {}
        theirs: dict[str, Value] = {}
        known = link.base.right if side == "left" else link.base.left
        for row in self.session.flows[flow.name].rows:
            own, across = (row.left, row.right) if side == "left" else (row.right, row.left)
            was, will = own(now), own({**now, **after})
            if isinstance(will, NotRead) or was == will:
                continue
            mine[row.key] = will
            there = across(partner) if partner is not None else None
            if row.key not in known and partner is not None and not isinstance(there, NotRead):
                theirs[row.key] = there
        gone = rows_gone({row.key for row in self.session.flows[flow.name].rows}, link.base, side)
        mine |= {gone[name]: value for name, value in after.items() if name in gone}
        return mine, theirs

    # ---- what it made

    def _delete(
        self,
        flow: Flow,
        side: Side,
        one: Entry,
        names: Iterable[str],
        now: Record | None,
        sent: float,
        ours: Ours,
    ) -> None:
        if now is None:
            if one.record in self.unseen or one.record in self.became:
                self._keep(one, self._why_not_there(one))
            return  # Else it is gone already.
        stands = {name: now.values[name] for name in names if name in now.values}
        moved = [name for name, here in stands.items() if here not in ours(name)]
        if moved:
            self._keep(one, f"{CHANGED}: {', '.join(moved)}")
        elif sent and _moment(now.stamp) > sent + TOUCH:
            self._keep(one, CHANGED)
        elif others := referring(self.session, flow, side, one.record, self.deleted):
            self._keep(one, f"{others} belongs to it by now")
        elif rest := staying(self.session, flow, side, self.along.get(one.record, ())):
            self._keep(one, f"{rest[0].object} {rest[0].id} belongs to it by now")
        elif not flow.end(side).deletable:
            self._keep(one, f"{one.system} deletes no {one.object} on request: delete it there")
            to_be_deleted(self.session, flow, side, one.record)
        else:
            self.deleted.add((one.system, one.object, one.record))
            self._plan(one, "delete", stands, {}, ({}, {}))

    # ---- keeping

    def _nothing_left(self, one: Entry) -> None:
        """What an earlier undo of it was refused for is over."""
        ends = {one.left, one.right, one.record} - {""}
        problems.put_back(self.session, [(one.flow, id) for id in sorted(ends)], one.system)

    def _why_not_there(self, one: Entry) -> str:
        if one.record in self.unseen:
            return text(one.system, one.object, one.record)
        if one.record in self.became:
            now = self.became[one.record]
            return f"it was {now.life} into {now.into.replace('/', ' ')}, which stays"
        return f"it is not there any more in {one.system}"

    def _keep(self, one: Entry, why: str, name: str = "") -> None:
        self.session.kept.append(Kept(one.system, one.object, one.record, one.key, name, why))

    def _plan(
        self,
        one: Entry,
        action: str,
        before: Mapping[str, Value],
        after: Mapping[str, Value],
        agree: tuple[Mapping[str, object], Mapping[str, object]],
    ) -> None:
        link = {"left": one.left, "right": one.right}
        if one.action == "create":
            link[one.side] = one.record
        self.session.db.run(
            sql.put_change,
            org=self.session.org,
            run=self.session.run,
            number=self.session.number(),
            flow=one.flow,
            side=one.side,
            system=one.system,
            object=one.object,
            action=action,
            record=one.record,
            **link,
            rule=one.rule,
            key=one.key,
            before=dump_values(before),
            after=dump_values(after),
            agree=dump_agree(agree),
            reason=f"run {self.run} is undone",
            parent="",
            state="planned",
            sent=0.0,
            code="",
            author="",
            login="",
            lost="",
            undoes=self.run,
        )


def _first_before(wrote: Iterable[Entry]) -> dict[str, Value | Coming]:
    """What each field held before the first of some changes."""
    found: dict[str, Value | Coming] = {}
    for one in wrote:
        for name in one.after:
            found.setdefault(name, one.before.get(name))
    return found


def _moment(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp() if stamp else 0.0
