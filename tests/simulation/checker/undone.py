"""R7, of runs that are undone: what is still ours is put back, all else is told and stays.

What was put back isn't made again before somebody changes one of the records. What an undo had
begun when its process died is gone on with; one that had not begun does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from syncrules.tests.simulation.checker.facts import RACE, Facts, Link
from syncrules.tests.simulation.faults import SKEWED
from syncrules.tests.simulation.fields import SPELLED, WIRE, canon
from syncrules.tests.simulation.recorder import Event, Key
from syncrules.tests.simulation.recorder import Undone as Done
from syncrules.tests.simulation.scopes import Kind, Mapped

Row = Sequence[Any]
"""A row of the journal."""
TOUCH = 60.0
"""Seconds after a write of ours within which another one's save can't be told from it."""
BEHIND = 900.0
"""Seconds by which the clock of a system may be off, in histories in which it is."""
LOST = ("dropped", "not carried out")
"""What the journal says of what nobody goes on with."""
KEYED = ("last_name", "LastName", "name", "Name")
"""Fields by which people know a record that has neither an address nor a domain."""
OPEN = ("refused", "due", "dropped", "paused")
"""What becomes of a change that is not made: it stands in the report of the run."""


class Undone(Facts):
    """What became of what somebody wanted to be as it was."""

    @cached_property
    def put_back_by(self) -> list[Row]:
        """The rows of the journal that put something back."""
        return [row for row in self.journal if row[15]]

    @cached_property
    def deciding(self) -> list[int]:
        """The runs that came to their end and decided what to do about all that had changed."""
        return [
            number
            for number, one in sorted(self.log.numbers.items())
            if one in self.log.finished and self.verbs.get(number) != "undo"
        ]

    def undoes(self, event: Event) -> Row | None:
        """The row of the journal by which a write of ours puts something back."""
        if not self.put_back_by or event.who != "sync":
            return None
        rows = self.changes_of(as_ruled(event), self.kind_of(event))
        return next((row for row in rows[::-1] if row[15]), None)

    def kind_of(self, event: Event) -> Kind:
        """What is in a field."""
        return SPELLED.get(event.field, "text")

    # ---- what was put back

    def undone_rightly(self) -> Iterator[str]:
        """Each write of an undo, and all that it should have written."""
        if not self.scope.undoes:
            return
        yield from self.asked_to_undo()
        for event in self.log.events:
            row = self.undoes(event)
            if row is None or event.key in self.beyond:
                continue
            if event.field and event.field in json.loads(row[11]):
                yield from self.put_back_rightly(event, row[15])
            elif not event.field and event.new is None:
                yield from self.deleted_rightly(event, row[15])
        yield from self.told_what_is_left()
        yield from self.never_began()
        for row in self.put_back_by:
            if row[12] == "done":
                yield from self.not_made_again(row)

    def asked_to_undo(self) -> Iterator[str]:
        """What an undo did is part of what somebody asked for, and that run had done it."""
        for row in self.put_back_by:
            what = f"change {row[0]}/{row[1]}, {row[6]} of {row[5]} {row[7]}, undoes run {row[15]}"
            asked = [
                (record, name)
                for seq, run, record, name in self.log.regrets
                if run == row[15] and seq < self.log.numbers[row[0]][1] + 1
            ]
            fields = set(json.loads(row[11]))
            if not any(
                (not record or self.is_named(row, record, self.log.numbers[row[0]][1]))
                and (not name or (fields and fields <= self.named_alike(name)))
                for record, name in asked
            ):
                yield f"{what}, which nobody asked for"
            made = self.done_by(row[15], row)
            wanted = {"delete": "create", "unlink": "link"}.get(row[6])
            if wanted is None:
                known = {name for one in made for name in json.loads(one[11])}
                if not fields <= known:
                    yield f"{what}, which did not write {sorted(fields - known)}"
            elif not any(one[6] == wanted for one in made):
                yield f"{what}, which did no {wanted} of it"

    def is_named(self, row: Row, name: str, until: int) -> bool:
        """Whether a record of the change or its partner has that id, or had that address by
        then."""
        ids = {*row[7:10]} - {""}
        # Somebody may have had two partners in that run, one of which became the other.
        for one in self.journal:
            if one[0] == (row[15] or row[0]) and ids & {*one[7:10]}:
                ids |= {*one[7:10]} - {""}
        keys = {*KEYED, *SPELLED}
        return name in ids or any(
            canon(SPELLED.get(of, "text"), one.new) == canon(SPELLED.get(of, "text"), name)
            for (key, of), events in self.log.by_field.items()
            if key[2] in ids and of in keys
            for one in events
            if one.seq < until
        )

    def named_alike(self, name: str) -> set[str]:
        """What a field is called on either side."""
        pairs = [{one.left, one.right} for rows in self.scope.flows.values() for one in rows]
        return {name}.union(*(pair for pair in pairs if name in pair))

    def done_by(self, run: int, row: Row) -> list[Row]:
        """What a run did to the record of a change."""
        return [
            one
            for one in self.journal
            if (one[0], one[12]) == (run, "done")
            and one[2] == row[2]
            and (one[7] == row[7] or (row[6] == "unlink" and one[8:10] == row[8:10]))
        ]

    def put_back_rightly(self, event: Event, run: int) -> Iterator[str]:
        """What stood there before that run, in place of what it wrote."""
        kind, what = self.kind_of(event), f"{event.key}.{event.field}"
        ours = self.written_by(run, event)
        if not ours:
            # Somebody may have saved the very same meanwhile, so that our write changed nothing.
            rows = [row for row in self.journal if (row[0], row[7]) == (run, event.key[2])]
            asked = [json.loads(row[11]).get(event.field) for row in rows if row[12] == "done"]
            if canon(kind, event.old) not in [canon(kind, one) for one in asked]:
                yield f"{what} became {event.new!r} to undo run {run}, which did not write it"
            return
        first, last = ours[0], ours[-1]
        # What nobody heard of was tried again, maybe on top of somebody's edit.
        before = {canon(kind, one.old) for one in (ours if self.unheard(first) else ours[:1])}
        if canon(kind, event.new) not in before and not self.raced(first):
            yield f"{what} became {event.new!r}, and before run {run} it was {first.old!r}"
        crossed = self.raced(event) and not self.seen_again_since(event)
        if canon(kind, event.old) != canon(kind, last.new) and not crossed:
            yield f"{what} was {event.old!r}, which is not of run {run}, and was put back"

    def written_by(self, run: int, event: Event) -> list[Event]:
        """What a run wrote to the field of an event, before that."""
        return [
            one
            for one in self.log.by_field[event.key, event.field]
            if one.who == "sync"
            and one.seq < event.seq
            and any(row[0] == run for row in self.changes_of(one, self.kind_of(one)))
        ]

    def seen_again_since(self, event: Event) -> bool:
        """Whether a second look had shown what stood there."""
        edit = self.last_before(event.key, event.field, event.seq)
        return edit is not None and self.seen_again(edit, event)

    def deleted_rightly(self, event: Event, run: int) -> Iterator[str]:
        """A record that a run made, and that nobody has changed since."""
        birth, sent = self.log.born[event.key], 0.0
        # By a clock that is behind, a save is as old as our own.
        late = TOUCH + (BEHIND if self.log.struck[SKEWED] else 0.0)
        if birth.who != "sync" and not self.counts_as_ours(event.key):
            yield f"{event.key} was deleted to undo run {run}, which did not make it"
        for one in self.log.events[birth.seq : event.seq]:
            if one.key == event.key and one.who == "sync":
                sent = one.at
        for one in self.log.events[birth.seq : event.seq]:
            touched = one.key == event.key and one.who == "person" and one.at > sent + late
            if touched and event.at - one.at >= RACE and one.run != event.run:
                yield f"{event.key} was deleted, and somebody had changed its {one.field}"

    # ---- what was left

    def told_what_is_left(self) -> Iterator[str]:
        """What an undo should have put back, and did not, stands in its report."""
        for one in self.log.undone:
            for row in () if one.goes_on else self.journal:
                if row[0] != one.undoes or row[12] != "done":
                    continue
                # An address may be that of several, or have been.
                if not one.record or one.record in row[7:10]:
                    yield from self.told_or_done(row, one)

    def told_or_done(self, row: Row, undo: Done) -> Iterator[str]:
        """The same of one change of that run."""
        key = (row[4], row[5], row[7])
        begin, end, at = self.log.numbers[undo.run]
        name, kept = undo.field, undo.kept
        when = f"run {undo.run}, and nobody says so"
        open_rows = [
            one
            for one in self.put_back_by
            if one[0] >= undo.run
            and one[7] == row[7]
            and one[12] in OPEN
            and tuple(one[12:14]) != LOST
        ]
        if key in self.beyond or (key, "") in kept or open_rows:
            return
        if row[6] == "create" and not name:
            turns = [one for one in self.log.by_field[key, ""] if one.seq >= begin]
            if not self.log.gone_at(key, end) and not turns:
                yield f"{key} was made by run {row[0]}, is there after {when}"
        if row[6] == "link" and not name:
            ends, run = row[8:10], row[0]
            links = [(one.left[2], one.right[2], one.run) for one in self.links if not one.ended]
            if (*ends, run) in links:
                yield f"{ends} were linked by run {run}, and are after {when}"
        made = any(one[6] == "create" for one in self.done_by(row[0], row))
        if row[6] != "update" or made or self.log.gone_at(key, end):
            return
        fields = set(json.loads(row[11]))
        for field in fields & self.named_alike(name) if name else fields:
            events = self.log.by_field.get((key, field), [])
            ours = [each for each in events if each.who == "sync" and self.by_run(each, row[0])]
            if not ours or self.raced(ours[0]) or (key, field) in kept:
                continue
            before = [each for each in events if each.seq < end]
            busy = [
                each
                for each in before
                if each.who == "person" and each.seq > ours[-1].seq and each.at > at - RACE
            ]
            kind = self.kind_of(ours[0])
            late = any(
                each.seq >= end
                and (self.undoes(each) or (each.new or None) == (ours[0].old or None))
                for each in events
            )
            if not (busy or late) and canon(kind, before[-1].new) != canon(kind, ours[0].old):
                yield (
                    f"{key}.{field} was {ours[0].old!r} before run {row[0]}, and is "
                    f"{before[-1].new!r} after {when}"
                )

    def by_run(self, event: Event, run: int) -> bool:
        """Whether a write is one of that run."""
        return any(row[0] == run for row in self.changes_of(event, self.kind_of(event)))

    def never_began(self) -> Iterator[str]:
        """What broke off before it began has done nothing, and is told once."""
        for run in self.log.broken_off:
            if any(row[0] == run and row[12] == "done" for row in self.put_back_by):
                yield f"run {run} is told as one that had not begun, and has put something back"
            if self.log.broken_off.count(run) > 1:
                yield f"run {run} is told more than once as one that had not begun"

        for asked, run in self.log.crashed:
            rows = [tuple(row[12:14]) for row in self.put_back_by if row[0] == run]
            part = self.log.regrets[asked - 1][1:]
            again = any(one[0] == part[0] for _, *one in self.log.regrets[asked:])
            # One that dies as it ends has told it, and nobody has heard.
            heard = self.log.numbers.get(run + 1) in self.log.finished
            if heard and set(rows) == {LOST} and not again and run not in self.log.broken_off:
                yield f"run {run} broke off before it had begun, and nobody was told"

    # ---- what comes after

    def not_made_again(self, row: Row) -> Iterator[str]:
        """The next time that it is done, somebody has changed something."""
        if row[6] == "update":
            key: Key = (row[4], row[5], row[7])
            for name in json.loads(row[11]):
                yield from self.not_written_again(row, key, name)
            return
        for one in self.journal:
            if tuple(one[:2]) <= tuple(row[:2]) or one[12] != "done":
                continue
            # Whoever waits for one of them since they were linked may have them now.
            source = row[8 if row[3] == "right" else 9]
            linked = one[6] == "link" and one[8:10] == row[8:10]
            if not linked and not (one[6] == "create" and source in one[8:10]):
                continue
            if not self.stirred(row, one, {*row[7:10]} - {""}):
                yield (
                    f"{one[6]} {one[0]}/{one[1]} of {one[8]} and {one[9]} makes again what "
                    f"run {row[0]} undid, and nobody has changed anything"
                )
            return

    def not_written_again(self, row: Row, key: Key, name: str) -> Iterator[str]:
        events = self.log.by_field.get((key, name), [])
        done = [one for one in events if one.who == "sync" and self.undoes(one) is row]
        later = [one for one in events if done and one.seq > done[-1].seq and one.who == "sync"]
        if not later or self.undoes(later[0]) is not None or self.arrived_again(later[0]):
            return
        if (later[0].new or None) != (done[-1].old or None):
            return  # Something else, which had waited.
        ends = {key} | {end for _, *ends in self.pairs if key in ends for end in ends}
        names = self.named_alike(name) | {""}
        since = self.known_by(row)
        if ends & self.beyond or any(
            one.key in ends and one.field in names and one.who == "person"
            for one in self.log.events[since : later[0].seq]
        ):
            return
        ids = {end[2] for end in ends}
        if any(
            one[6] in ("link", "create", "unlink") and one[0] >= row[0] and {*one[7:10]} & ids
            for one in self.journal
        ):
            return
        yield (
            f"{key}.{name} became {later[0].new!r} again after run {row[0]} had put back "
            f"{done[-1].new!r}, and nobody has changed anything"
        )

    def known_by(self, row: Row) -> int:
        """Where the log stood when the last run began before an undo that decided what to do about
        all that had changed; what was saved shortly before that it need not have seen."""
        runs = [one for one in self.deciding if one < row[0]]
        if not runs:
            return 0
        seq, _, at = self.log.numbers[runs[-1]]
        late = [one.seq for one in self.log.events if one.at >= at - RACE]
        return min([seq, *late])

    def stirred(self, row: Row, later: Row, ids: set[str]) -> bool:
        """Whether somebody changed one of these records, or one of the same person, between an undo
        and a later change, or asked for all that there is."""
        since, until = self.known_by(row), self.log.numbers[later[0]][1]
        # A company comes along with its people.
        ids = ids | {
            key[2]
            for (key, name), events in self.log.by_field.items()
            if name in ("account", "AccountId") and any(one.new in ids for one in events)
        }
        tags = {self.tag_at(key, until) for key in self.log.born if key[2] in ids}
        asked = any(
            row[0] < run <= later[0] and verb not in ("run", "undo")
            for run, verb in self.verbs.items()
        )
        # One of them may have waited, and brings it along.
        asked = asked or any(
            one[0] == later[0] and one[2] != later[2] and ids & {*one[7:10]} for one in self.journal
        )
        unseen = any(key[2] in ids for key in self.beyond)
        return (
            asked
            or unseen
            or any(
                one.who == "person" and (one.key[2] in ids or self.tag_at(one.key, until) in tags)
                for one in self.log.events[since:until]
            )
        )

    def as_put_back(self, link: Link, one: Mapped) -> bool:
        """Whether two differ since an undo has put a value back, and nobody has changed either
        since."""
        if not self.scope.undoes:
            return False
        back, edits = [0], [0]
        for field in ((link.left, one.left), (link.right, one.right)):
            told = self.told(*field)
            back += [each.seq for each in told if self.undoes(each) is not None]
            # Who came with a merge may hold what stood there before.
            edits += [
                after.seq
                for before, after in pairwise(told)
                if after.key == field[0] and after.who == "person" and after.old != after.new
                if canon(one.kind, before.new) != canon(one.kind, after.new)
            ]
        return max(back) > max(edits)

    def set_apart(self, keys: Collection[Key]) -> bool:
        """Whether an undo was the last that was done about one of these, and what rules read of it
        was the same whenever a run has looked since."""
        return any(self.undone_since(key) for key in keys)

    def undone_since(self, key: Key) -> bool:
        place = 8 if key[0] == "apollo" else 9
        about = [
            row
            for row in self.journal
            if row[12] == "done"
            and row[6] in ("create", "link", "unlink", "delete")
            and key[2] in (row[7], row[place])
        ]
        if not about or not about[-1][15]:
            return False
        since = max(
            self.log.numbers[row[0]][1]
            for row in self.put_back_by
            if key[2] in (row[7], row[place])
        )
        told = {"stage", *(one.left for rows in self.scope.flows.values() for one in rows)}
        told |= {one.right for rows in self.scope.flows.values() for one in rows}
        edited = {
            one.field
            for one in self.log.events[since:]
            if one.key == key and one.who == "person" and one.field in told
        }
        looks = [*(seq for seq in self.log.starts if seq >= since), len(self.log.events)]
        return all(
            self.held_then(key, name, seq) == self.held_then(key, name, since)
            for name in edited
            for seq in looks
        )

    def came_free(self, link: Link) -> bool:
        """Whether an undo has parted the right record of a link from another one, so that it has
        the partner of one that became it."""
        became = {link.right}
        while more := {old for old, new in self.log.heirs.items() if new in became} - became:
            became |= more
        ids = {key[2] for key in became}
        return len(ids) > 1 and any(
            row[6] in ("unlink", "delete") and row[9] in ids and row[8] != link.left[2]
            for row in self.put_back_by
        )

    def held_then(self, key: Key, name: str, seq: int) -> object:
        last = self.last_before(key, name, seq)
        return last and last.new


def as_ruled(event: Event) -> Event:
    """A write under the name that rules have for its field."""
    names = [name for name, wires in WIRE.items() if event.field in wires]
    return replace(event, field=names[0]) if names else event
