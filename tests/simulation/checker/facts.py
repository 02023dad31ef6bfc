"""What is known at the end of a history: the rows, the log, and what the state tells people.

Reads, and judges nothing: what follows from it is in the modules beside this one, a promise each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from sqlalchemy import Float, bindparam, func, select
from syncrules.engine.store import statements as sql
from syncrules.engine.store import troubles
from syncrules.engine.store.database import Database, statement
from syncrules.engine.store.lives import ALONG
from syncrules.engine.store.statements import C, D, L, N, R
from syncrules.tests.simulation.fields import canon
from syncrules.tests.simulation.people import TAGGED, People, tag_of
from syncrules.tests.simulation.recorder import Event, Key, Recorder
from syncrules.tests.simulation.scopes import Kind, Mapped

journal = statement(
    select(
        *(C.run, C.number, C.flow, C.side, C.system, C.object, C.action, C.record),
        *(C.left, C.right, C.before, C.after, C.state, C.code, C.lost, C.undoes),
    ).order_by(C.run, C.number)
)
_links = statement(select(L.flow, L.left, L.right, L.ended, L.run).order_by(L.flow, L.left))
_here = statement(
    select(R.system, R.object, R.id).where(R.system == "salesforce", R.life == "here")
)

_of_today = statement(
    select(func.count()).where(
        D.org == bindparam("org"),
        D.cause.in_(("a day passed", ALONG)),
        D.not_before > bindparam("since", type_=Float),
        D.not_before <= bindparam("now", type_=Float),
    )
)
_asked = statement(select(func.min(N.number)).where(N.verb.not_in(("run", "undo"))))
_verbs = statement(select(N.number, N.verb))

RACE = 600.0
"""Seconds within which a write of ours and a person's may cross without either seeing the other:
no system offers to compare before it saves, and saves may be seen late. Where these show when no
feed passes there any more, `Facts.race` says how long that is."""
UNHEARD = (("dropped", "not carried out"), ("refused", "out-of-sight"))
"""What the journal says of a change that was made all the same, and of which nobody heard."""
LAG = 10.0
"""Seconds after which a search shows a save, unless that is late for another reason."""
DAY = 86_400.0
"""Seconds within which a deletion is found out that no feed tells of."""


@dataclass(frozen=True, slots=True)
class Link:
    """Two records that the state says are one."""

    flow: str
    left: Key
    right: Key
    ended: str
    run: int


Pair = tuple[str, Key, Key]
"""A flow, and the two records that were one in it at some time."""


class Facts:
    """All of it, and the questions that every promise asks."""

    def __init__(self, log: Recorder, people: People, db: Database, org: str) -> None:
        self.log = log
        self.scope = people.scope
        self.moved = people.moved
        self.rows: dict[Key, Mapping[str, Any]] = {
            key: log.values(row)
            for system in ("apollo", "salesforce")
            for key, row in log.rows(system).items()
        }
        self.links = [_link(row) for row in db.rows(_links) if row[0] in self.scope.flows]
        [asked] = db.row(_asked) or (None,)
        # The first run in which somebody asked for what was there before the rules.
        self.asked = inf if asked is None else asked
        self.here: list[Key] = [(one[0], one[1], one[2]) for one in db.rows(_here)]
        self.journal = db.rows(journal)
        self.verbs: dict[int, str] = dict(db.rows(_verbs))
        self.errors = db.rows(troubles.open_errors, org=org)
        self.due = due(db, org, log.clock.now()) - self._of_today(db, org)
        self.troubles = db.rows(troubles.open_troubles, org=org)
        self.blamed = {row[2] for row in self.troubles} - {""}
        self.users = {id: str(row["Email"]) for id, row in log.salesforce.rows("User").items()}
        self.beyond = log.hidden | log.stray
        # What is shown to us again is found by then where a history goes on until all is read once
        # more.
        self.unfound = log.stray if self.scope.behind else self.beyond
        self.pairs = {_pair(row) for row in self.journal if _makes_one(row)}
        self.pairs |= {(one.flow, one.left, one.right) for one in self.links}
        self.deleted = {row[7] for row in self.journal if row[6] == "delete" and row[12] == "done"}
        self.across = {one.left: one.right for one in self.links if not one.ended}
        self.gave_way = self._gave_way()

    def codes_of(self, key: Key) -> set[str]:
        """What the error log has of a record, by code."""
        codes = {row[0]: row[3] for row in self.errors}
        return {codes[row[0]] for row in self.troubles if row[2] == key[2]}

    def _of_today(self, db: Database, org: str) -> int:
        """How many marks wait for a day that has begun since the last run."""
        since, now = self.log.finished[-1][2] if self.log.finished else 0.0, self.log.clock.now()
        [count] = db.row(_of_today, org=org, since=since, now=now) or (0,)
        return int(count or 0)

    def _gave_way(self) -> dict[Key, Key]:
        """The deleted records whose link went to another one of the same person, and to which."""
        found: dict[Key, Key] = {}
        partners: dict[tuple[str, Key], Key] = {}
        for row in self.journal:
            if row[6] == "unlink":
                ends = {*row[8:10]}
                partners = {one: key for one, key in partners.items() if key[2] not in ends}
            if not _makes_one(row):
                continue
            flow, left, right = _pair(row)
            for mine, other in ((left, right), (right, left)):
                had = partners.get((flow, other))
                if had and had != mine and row[6] == "link" and self.log.deletions(had):
                    found[had] = mine
                partners[flow, other] = mine
        return found

    def earlier(self, link: Link) -> list[Pair]:
        """The other pairs that one of the two has been in."""
        ends = {link.left, link.right}
        return [pair for pair in self.pairs if ends & {*pair[1:]} and ends != {*pair[1:]}]

    def began(self, link: Link) -> int:
        """Where the log stood when a link may have come to be with this partner: one of the two may
        have had another one before."""
        moved = self.earlier(link) or self.log.hidden or self.log.heirs or self.scope.after
        known = moved or self.was_undone(link)
        return self.log.numbers.get(link.run, (0, 0, 0.0))[0] if known else 0

    def was_undone(self, link: Link) -> bool:
        """Whether an undo has parted one of the two from what it was linked with."""
        return any(
            row[15]
            and row[6] in ("unlink", "delete")
            and {link.left[2], link.right[2]} & {*row[8:10]}
            for row in self.journal
        )

    def met(self, link: Link) -> int:
        """Where the log stood when the left record was first linked in this flow, or first since a
        rule had let it go: what the two agreed on before is no past of theirs any more."""
        runs: list[int] = []
        for row in self.journal:
            if row[2] != link.flow or link.left[2] not in row[7:9]:
                continue
            if row[6] == "unlink" or (row[15] and row[6] == "delete"):
                runs.clear()
            elif row[6] in ("link", "create"):
                runs.append(row[0])
        return min((self.log.numbers[one][0] for one in runs if one in self.log.numbers), default=0)

    def had(self, link: Link) -> set[Key]:
        """The right records that the left one has been linked with in any flow, since a rule last
        let it go."""
        found: set[Key] = set()
        for row in self.journal:
            if (row[6], row[8], row[12]) == ("unlink", link.left[2], "done"):
                found.clear()
            elif row[6] in ("link", "create"):
                _, left, right = _pair(row)
                found |= {right} if left == link.left else set()
        return found

    def counts_as_ours(self, key: Key) -> bool:
        """Whether somebody made a record by hand while ours was in doubt that we take for it."""
        return key in self.log.copies and any(
            (row[6], row[7], row[12]) == ("create", key[2], "done") for row in self.journal
        )

    def unheard(self, write: Event, kind: Kind = "text") -> bool:
        """Whether the reply to a write of ours was lost, and a later look took it for not carried
        out, or was not shown the record: edits on top of it and in place of it look the same, and
        it may have been carried out only after its run."""
        return any(row[12:14] in UNHEARD for row in self.changes_of(write, kind))

    def arrived_again(self, write: Event, kind: Kind = "text") -> bool:
        """Whether a write of ours had arrived before: a request goes out twice where its first
        reply was about another record of it, and may be late the second time."""
        rows = self.changes_of(write, kind)
        if not rows:
            return False
        begin = self.log.numbers[rows[0][0]][0]
        arrived = [
            one
            for one in self.log.by_field[write.key, write.field]
            if one.who == "sync" and one.new == write.new and begin <= one.seq <= write.seq
        ]
        return len(arrived) > len(rows)

    def changes_of(self, write: Event, kind: Kind = "text") -> list[Sequence[Any]]:
        """The changes of the journal that a write carries out: those of the last run that has
        any."""
        asked = [
            row
            for row in self.journal
            if self.log.numbers[row[0]][0] <= write.seq and self.asks_for(row, write, kind)
        ]
        return [row for row in asked if row[0] == asked[-1][0]]

    def asks_for(self, row: Sequence[Any], write: Event, kind: Kind) -> bool:
        """Whether a change of the journal is the one that a write carries out. A create that was
        not heard of has no record, but the one that it was to be made of."""
        if (row[4], row[5]) != write.key[:2]:
            return False
        partners = {end[2] for _, *ends in self.pairs if write.key in ends for end in ends}
        if row[7] != write.key[2] and (row[7] or not partners & {*row[8:10]} - {""}):
            return False
        if not write.field:
            return bool(row[6] == "delete")
        after = json.loads(row[11])
        return write.field in after and canon(kind, after[write.field]) == canon(kind, write.new)

    def waited(self, one: Mapped, edit: Event, write: Event) -> bool:
        """Whether a run that was over by the time of `edit`, or that this was seen after, had asked
        for what `write` brought, and it did not arrive: that waits as a change does, and `prefer`
        says which of two stands. So does what a run asked for in place of what `edit` replaced
        while that run was under way."""
        for row in self.journal:
            begin, end, at = self.log.numbers[row[0]]
            unseen = edit.late and at < edit.at + self.race(edit)
            then = json.loads(row[10]) if begin <= edit.seq < end else {}
            replaced = edit.field in then and canon(one.kind, then[edit.field]) == canon(
                one.kind, edit.old
            )
            in_vain = row[12] in ("refused", "dropped") and (end <= edit.seq or unseen or replaced)
            if in_vain and self.asks_for(row, write, one.kind):
                return True
        return False

    def told(self, key: Key, name: str) -> list[Event]:
        """What a field of a record has held, and of those that became this record, or whose link
        went to it."""
        keys = [key]
        became = (*self.log.heirs.items(), *self.gave_way.items())
        for one in keys:
            keys += [old for old, new in became if new == one and old not in keys]
        found = [event for one in keys for event in self.log.by_field.get((one, name), [])]
        return sorted(found, key=lambda event: event.seq)

    def says_off(self, event: Event) -> bool:
        """Whether we wrote what a rule says of a meeting that is called off."""
        off = self.scope.off
        return (
            off is not None
            and (event.who, event.key[1], event.field) == ("sync", "Event", off.field)
            and any(
                event.new == self.off_text(left)
                for _, left, right in self.pairs
                if right == event.key
            )
        )

    def puts_back(self, event: Event) -> bool:
        """Whether we wrote what had stood there before we said that a meeting is called off."""
        off = self.scope.off
        if off is None or (event.who, event.key[1], event.field) != ("sync", "Event", off.field):
            return False
        last = self.last_before(event.key, event.field, event.seq)
        return last is not None and self.says_off(last) and event.new == last.old

    def off_text(self, key: Key) -> str:
        """What a rule says of a meeting that is called off."""
        subject = self.last(key, "subject")
        text = self.scope.off.text if self.scope.off else ""
        return text.format(subject=subject.new if subject else "")

    def since(self, link: Link, event: Event) -> bool:
        """Whether something happened after the run began that made the link, or one of its ends, or
        was seen after."""
        begin, _, at = self.log.numbers.get(link.run, (0, 0, 0.0))
        births = [self.log.born[key] for key in (link.left, link.right) if key in self.log.born]
        begun = [self.log.starts[one.run - 1] for one in births if one.who == "sync"]
        return event.seq >= min([begin, *begun]) or event.at >= at - self.race(event)

    def told_by_its_address(self, row: Mapping[str, Any]) -> bool:
        """Whether an entry is about somebody in the other system who has the same address."""
        wanted = canon("email", row.get("email") or row.get("Email"))
        return wanted is not None and any(
            key[2] in self.blamed and canon("email", one.get("email") or one.get("Email")) == wanted
            for key, one in self.rows.items()
        )

    def raced(self, write: Event) -> bool:
        """Whether a person saved the same field at the same time."""
        edit = self.last_before(write.key, write.field, write.seq)
        if edit is None:
            return False
        return write.run == edit.run or write.at - edit.at < self.race(edit)

    def race(self, event: Event) -> float:
        """Seconds within which something that happened and a write of ours may cross: as long as
        it may be before it shows, and where no feed passes there any more, until all has been read
        once more."""
        if not (event.late and self.scope.behind):
            return RACE
        return max(self.scope.lateness) + self.log.once_more * DAY

    def seen_again(self, edit: Event, write: Event) -> bool:
        """Whether a second look, in the middle of a run, showed an edit before it was written
        over: then it was decided anew."""
        return not edit.late and any(
            object == edit.key[1] and edit.seq < seq <= write.seq and at - edit.at > LAG
            for seq, at, object in self.log.looks
        )

    def last(self, key: Key, name: str) -> Event | None:
        events = self.log.by_field.get((key, name))
        return events[-1] if events else None

    def last_before(self, key: Key, name: str, seq: int) -> Event | None:
        found = [one for one in self.log.by_field.get((key, name), []) if one.seq < seq]
        return found[-1] if found else None

    def first(self, key: Key, name: str, seq: int) -> Any:
        events = [one for one in self.log.by_field.get((key, name), []) if one.seq >= seq]
        return events[0].new if events else None

    def tag_at(self, key: Key, seq: int) -> str:
        for name in TAGGED:
            events = self.log.by_field.get((key, name))
            if events:
                return tag_of({name: events[0].new})
        return ""


def due(db: Database, org: str, now: float) -> int:
    """How many marks the next run has to look at: a link was made, and others had waited."""
    return sum(count for _, count in db.rows(sql.count_due, org=org, now=now))


def _link(row: tuple[Any, ...]) -> Link:
    flow, left, right, ended, run = row
    one, _, two = str(flow).partition("~")
    return Link(str(flow), ("apollo", one, left), ("salesforce", two, right), ended, run)


def _makes_one(row: tuple[Any, ...]) -> bool:
    """Whether a line of the journal links two: one that was taken back, since one of them is gone,
    never did."""
    action, state = str(row[6]), str(row[12])
    return action == "create" or (action == "link" and state != "dropped")


def _pair(row: tuple[Any, ...]) -> Pair:
    """The two records that a link or a create of the journal is about."""
    one, _, two = str(row[2]).partition("~")
    left, right = (row[8], row[9]) if row[6] == "link" else _made(row)
    return str(row[2]), ("apollo", one, left), ("salesforce", two, right)


def _made(row: tuple[Any, ...]) -> tuple[str, str]:
    """The ids of the two, one of which was made of the other."""
    return (row[8], row[7]) if row[3] == "right" else (row[7], row[9])
