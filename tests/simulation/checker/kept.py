"""R4: no edit is lost unless a rule says so, and then it is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from syncrules.tests.simulation.checker.around import Around
from syncrules.tests.simulation.checker.enriched import Enriched
from syncrules.tests.simulation.checker.facts import RACE, Link
from syncrules.tests.simulation.checker.undone import Undone
from syncrules.tests.simulation.fields import canon
from syncrules.tests.simulation.recorder import Event, Key
from syncrules.tests.simulation.scopes import BACK, STATUS, Kind, Mapped, Side


class Kept(Undone, Around, Enriched):
    """What became of the values that people wrote."""

    def copied(self, link: Link, one: Mapped) -> Iterator[str]:
        """What we write to a linked record is a value that its partner has had, as the rules turn
        it into one of the other side."""
        ends = (link.left, one.left), (link.right, one.right)
        for end, source in (ends[::-1],) if one.text else (ends, ends[::-1]):
            events = self.told(*source)
            held = {canon(one.kind, self.turned(one, end[0], each.new)) for each in events}
            for each in self.log.by_field.get(end, []):
                ours = each.who == "sync" and not self.log.newborn(each)
                ours = ours and each.seq >= self.began(link)
                ours = ours and not (self.says_off(each) or self.puts_back(each))
                ours = ours and not self.undoes(each)
                known = canon(one.kind, each.new) in held
                if ours and not (known or self.may_say(source[0], one, each)):
                    yield f"{end[0]}.{end[1]} became {each.new!r}, which its partner never had"

    def turned(self, one: Mapped, into: Key, value: Any) -> Any:
        """A value as a record of the other side has it."""
        if one.kind == "stage":
            return (STATUS if into[0] == "salesforce" else BACK).get(str(value))
        if one.kind == "user":
            return next((id for id, email in self.users.items() if email == value), None)
        return value

    def alike(self, one: Mapped, mine: Event, theirs: Event) -> bool:
        """Whether a value of one side says the same as one of the other, as the rules turn either
        into the other."""
        if one.kind == "stage" and None in (mine.new, theirs.new):
            return False
        ways = ((mine, theirs), (theirs, mine))
        return any(
            canon(one.kind, a.new) == canon(one.kind, self.turned(one, a.key, b.new))
            for a, b in ways
        )

    def edits_kept(self, link: Link, one: Mapped) -> Iterator[str]:
        """A person's value that we replaced lost by the rule, and stands in the journal; where the
        value that won is no newer one that somebody chose knowing it, among those that lost."""
        sides: tuple[tuple[Side, Key, str, Key, str], ...] = (
            ("left", link.left, one.left, link.right, one.right),
            ("right", link.right, one.right, link.left, one.left),
        )
        met = self.met(link)
        # What came from another partner that it had before was chosen there.
        took_over = self.took_over(link) and not self.was_undone(link)
        met_anew = 0 if took_over else self.began(link)
        for side, key, name, partner, other in sides:
            # What a merge only says again, nobody can see in the record.
            events = self.log.by_field.get((key, name), [])
            mine = [each for each in events if each.old != each.new and not self.inherited(each)]
            theirs = self.told(partner, other)
            since = [(each, after) for each, after in pairwise(mine) if after.seq > met]
            for edit, write in pairwise(mine):
                if edit.who != "person" or write.who != "sync" or not edit.new:
                    continue
                if self.undoes(write):
                    continue
                if write.seq < self.began(link):
                    continue
                if self.taken_for_ours(key, edit):
                    continue
                raced = write.run == edit.run or write.at - edit.at < self.race(edit)
                if raced and not self.seen_again(edit, write):
                    continue
                what = f"{key}.{name}: {edit.new!r} became {write.new!r}"
                if not self.journalled(key, name, one.kind, edit.new):
                    yield f"{what}, and the journal doesn't have the old value"
                if raced or self.put_back(one, edit, (partner, other)):
                    continue
                if one.kind == "stage" and self.no_news(link, mine, edit):
                    continue
                chosen = [
                    each
                    for each in theirs
                    if each.seq < write.seq
                    and (each.who == "person" or each.seq < met_anew)
                    and self.alike(one, write, each)
                ]
                if not chosen:
                    yield f"{what}, which nobody wrote on the other side"
                    continue
                last = chosen[-1]
                if last.seq > edit.seq and self.knew(edit, last):
                    continue
                if self.met_with(link, edit) and self.later(link, last):
                    continue
                made = next((each for each in chosen[::-1] if each.old != each.new), last)
                passed_on = self.passed_on(theirs, one, edit, made)
                passed_on = passed_on or self.merged_away(partner, other, one, edit)
                if not passed_on and not self.journalled(key, name, one.kind, edit.new, lost=True):
                    yield f"{what}, and no list says that it lost"
                if side == one.prefer:
                    if not (passed_on or self.met_between(link, one, edit, last)):
                        yield f"{what}, though its own side wins"
                elif last.seq < edit.seq > met and self.agreed_before(
                    since, one, last, edit, met, partner
                ):
                    yield f"{what}: an old value came back"
                elif self.came_after(link, one, last, edit) and not self.waited(one, edit, write):
                    yield f"{what}, which was there when the row was new"

    def left_alone(self, link: Link, one: Mapped) -> Iterator[str]:
        """What a person made of the side that a one-way row writes to stays until the other side
        says something else."""
        events = self.log.by_field.get((link.right, one.right), [])
        for edit, write in pairwise(each for each in events if each.old != each.new):
            if (edit.who, write.who) != ("person", "sync") or edit.seq < self.linked_by(link):
                continue
            last = self.last_before(link.left, one.left, write.seq)
            if last is None or last.seq > edit.seq or not self.knew(last, edit):
                continue
            if not self.alike(one, write, last):
                continue  # It says what its fields are about to hold.
            if self.waited(one, edit, write) or self.stopped_once(link, edit):
                continue
            yield f"{write.key}.{write.field}: {edit.new!r} became {write.new!r}, which is no news"

    def linked_by(self, link: Link) -> int:
        """Where the log stood when the run was over that made a link."""
        return self.log.numbers.get(link.run, (0, 0, 0.0))[1]

    def stopped_once(self, link: Link, edit: Event) -> bool:
        """Whether a stop has held back what would have been written to a record before an edit."""
        stops = self.scope.stops.around
        return stops is not None and any(
            stops(self.seen(link.right, seq, at))
            for seq in self.states(link.right, 0, edit.seq)
            for at in (self.log.events[max(seq - 1, 0)].at, edit.at)
        )

    def no_news(self, link: Link, mine: list[Event], edit: Event) -> bool:
        """Whether a stage, of which there are few, is none that somebody chose since the two last
        agreed: the table lacks it and the other record was made of this one all the same, no run
        had looked yet at what was made without one, or we take it for a write of ours."""
        log = self.log
        if edit.key == link.left and str(edit.new) not in STATUS:
            made = log.born[link.right].who == "sync"
            if made and edit.seq < log.numbers.get(link.run, (0, 0, 0.0))[1]:
                return True
        for key in (edit.key, *(old for old, heir in log.heirs.items() if heir == edit.key)):
            unseen = log.born[key].who == "sync" and self.unseen(link, key, edit)
            if unseen and not self.made_with(key, edit.field):
                return True
        ours = any(one.who == "sync" and one.new == edit.new for one in mine)
        return not ours and self.came_through((edit.key, edit.field), edit.seq, edit.new)

    def unseen(self, link: Link, key: Key, edit: Event) -> bool:
        """Whether nobody could know yet what a record of ours held at first: the run that made it
        looks at that at once, and where it breaks off or its reply is lost, the next one does."""
        birth = self.log.born[key].seq
        run = self.log.numbers.get(link.run, (0, 0, 0.0))
        if key == edit.key and run in self.log.finished and run[0] <= birth <= run[1]:
            return edit.seq <= run[1]
        starts = [seq for seq in self.log.starts if seq > birth and not self.log.gone_at(key, seq)]
        return edit.seq < min(starts, default=edit.seq + 1)

    def put_back(self, row: Mapped, edit: Event, across: tuple[Key, str]) -> bool:
        """Whether a value had stood there before, a stage also in a record that became this one,
        and nothing that was there in between had come through."""
        stage = row.kind == "stage"
        held = self.told(edit.key, edit.field) if stage else self.log.by_field[edit.key, edit.field]
        return any(
            one.new == edit.new
            and all(
                each.who == "person" or self.unheard(each, row.kind)
                for each in held
                if one.seq < each.seq <= edit.seq
            )
            and not self.carried(row, [each for each in held if one.seq < each.seq], across, edit)
            for one, after in pairwise(held)
            if after.seq <= edit.seq
        )

    def carried(
        self, row: Mapped, between: list[Event], across: tuple[Key, str], edit: Event
    ) -> bool:
        """Whether we wrote to the other side what was there in between, before `edit`. What its
        system filled in when we made the record is no write of ours."""
        return any(
            write.who == "sync"
            and each.seq <= write.seq <= edit.seq
            and each.seq < edit.seq
            and self.alike(row, write, each)
            and (not self.log.newborn(write) or self.made_with(*across))
            for write in self.log.by_field.get(across, [])
            for each in between
        )

    def came_through(self, field: tuple[Key, str], last: int, value: Any) -> bool:
        """Whether a write of ours of a value to a field counts as done by a run that had begun."""
        (_, object, id), name = field
        return any(
            (row[5], row[7], row[12]) == (object, id, "done")
            and json.loads(row[11]).get(name) == value
            for row in self.journal
            if self.log.numbers[row[0]][0] <= last
        )

    def made_with(self, key: Key, name: str) -> bool:
        """Whether a record was made with a value of that field."""
        return any(
            row[5:8] == (key[1], "create", key[2]) and name in json.loads(row[11])
            for row in self.journal
        )

    def took_over(self, link: Link) -> bool:
        """Whether the right record has its partner from one that became it, by whatever way. What a
        rule has let go is nobody's to hand on."""
        heirs = {old: new for old, new in self.log.heirs.items() if not self.was_parted(old, link)}
        became = {link.right}
        while more := {old for old, new in heirs.items() if new in became} - became:
            became |= more
        return bool((self.had(link) - {link.right}) & became)

    def was_parted(self, key: Key, link: Link) -> bool:
        """Whether a merge of a record had been taken back before the run that made a link: it was
        itself again."""
        if key not in self.log.parted:
            return False
        merged = [one.seq for one in self.log.deletions(key) if one.seq in self.log.merges][-1]
        turns = self.log.by_field[key, ""]
        back = next(one.seq for one in turns if one.seq > merged)
        return back < self.log.numbers.get(link.run, (0, 0, 0.0))[0]

    def taken_for_ours(self, key: Key, edit: Event) -> bool:
        """Whether a value came with a record that somebody made by hand while ours was in doubt,
        and that nobody can tell from it."""
        came = self.log.events[self.log.born[key].seq : edit.seq]
        return self.counts_as_ours(key) and all(one.key == key for one in came)

    def inherited(self, one: Event) -> bool:
        """Whether a new record has a value from the one that became it."""
        return not one.old and any(
            heir == one.key
            and (held := self.last_before(old, one.field, one.seq)) is not None
            and held.new == one.new
            for old, heir in self.log.heirs.items()
        )

    def knew(self, edit: Event, later: Event, since: int = 0, beside: Key | None = None) -> bool:
        """Whether a run that came to its end lies between the two, and saw the first; `since` is
        where the log stood when the rules were there, `beside` what has to be there as well. An
        undo decides about nothing else."""
        runs = [self.log.numbers[one] for one in self.deciding]
        return any(
            max(edit.seq, since - 1) < begin
            and end <= later.seq
            and at - edit.at >= self.race(edit)
            and not (beside and self.log.gone_at(beside, begin))
            for begin, end, at in (runs if self.scope.undoes else self.log.finished)
        )

    def passed_on(self, theirs: list[Event], one: Mapped, edit: Event, last: Event) -> bool:
        """Whether the other side had the value of `edit` when somebody there made it `last`, or
        before edits that a stop held back, or that nobody could see: where the record is out of
        our sight, or what was saved there does not show yet, `edit` is compared with what it last
        showed us, and agrees with that. By now it may have been merged into one that we see."""
        before = [each for each in theirs if each.seq < edit.seq]
        unseen = any(each.key in self.log.hidden for each in before[-1:])
        known = before if self.scope.stops.any or unseen else before[-1:]
        for each, then in pairwise(before[::-1]):
            if not (each.late and edit.at < each.at + self.race(each)):
                break
            known = [*known, then]
        if any(self.alike(one, edit, each) for each in known):
            return True
        return self.alike(one, edit, replace(last, new=last.old)) or any(
            edit.seq < each.seq < last.seq and self.alike(one, edit, each) for each in theirs
        )

    def merged_away(self, partner: Key, name: str, one: Mapped, edit: Event) -> bool:
        """Whether somebody merged a record that had got the value of `edit` into the other side's,
        which holds another: both were there to choose from. So they were where it had what its
        system fills in, since the table lacks a stage."""
        stays = one.kind == "stage" and str(edit.new) not in STATUS
        return any(
            each.seq > edit.seq
            and (self.alike(one, edit, each) or (stays and self.log.newborn(each)))
            for old, heir in self.log.heirs.items()
            if heir == partner
            for each in self.log.by_field.get((old, name), [])
        )

    def agreed_before(
        self,
        mine: list[tuple[Event, Event]],
        one: Mapped,
        last: Event,
        edit: Event,
        met: int,
        partner: Key,
    ) -> bool:
        """Whether both sides held the value of `last`, and we knew it, before `edit`. `mine` is
        what the side of `edit` has held since the two were linked at `met`, each with what replaced
        it: what was replaced before any run saw it, or while the partner was gone, was never agreed
        on, and what an earlier link brought counts from the first look of this one."""
        added = self.log.numbers.get(self.log.edited, (0, 0, 0.0))[1] if one.new else 0
        since = max(added, met)
        return (
            last.seq < edit.seq
            and any(
                last.seq <= each.seq < edit.seq
                and self.alike(one, each, last)
                and (
                    (each.who == "sync" and each.seq >= met)
                    or self.knew(each, after, since, partner)
                )
                and (self.knew(each, after) or not self.unheard(each, one.kind))
                for each, after in mine
            )
            and self.knew(last, edit)
        )

    def came_after(self, link: Link, one: Mapped, last: Event, edit: Event) -> bool:
        """Whether somebody added the row when the two were linked, a run then saw `last`, and
        `edit` came only after that: what is changed from then on flows."""
        log = self.log
        if not one.new or link.run > log.edited or log.edited not in log.numbers:
            return False
        ends = {link.left, link.right}
        if ends & {*log.heirs.values()} or any(log.deletions(key) for key in ends):
            return False
        return self.knew(last, edit) and any(
            number > log.edited and last.at + RACE <= at and end <= edit.seq
            for number, (begin, end, at) in log.numbers.items()
            if (begin, end, at) in log.finished
        )

    def met_between(self, link: Link, one: Mapped, edit: Event, last: Event) -> bool:
        """Whether the two were linked when somebody added the row, or one that has become one of
        them since, and a run since then may have seen `edit`, and not yet `last`: as it had met
        the two by then, only `last` is a change."""
        log = self.log
        added = log.numbers.get(log.edited, (0, 0, 0.0))[0]
        linked = link.run <= log.edited or (self.took_over(link) and self.met(link) <= added)
        return (
            one.new
            and linked
            and any(
                number > log.edited
                and edit.seq < end
                and (begin <= last.seq or (last.late and at < last.at + self.race(last)))
                for number, (begin, end, at) in log.numbers.items()
            )
        )

    def journalled(
        self, key: Key, name: str, kind: Kind, value: Any, *, lost: bool = False
    ) -> bool:
        """Whether the journal has that a value was replaced, or with `lost` that it lost."""
        for row in self.journal:
            if row[5] == key[1] and row[7] == key[2] and (not lost or f'"{name}": [' in row[14]):
                before = json.loads(row[10])
                if name in before and canon(kind, before[name]) == canon(kind, value):
                    return True
        return False
