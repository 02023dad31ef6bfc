"""R1 and R4, of right records that get what they lack from their partners and keep what they have.

Nobody is made. A record that is newer than the rules is looked at whenever somebody has its
address, one that was there before them once, in the first run after somebody asked for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from syncrules.tests.simulation.checker.facts import LAG, RACE, Facts, Link
from syncrules.tests.simulation.fields import KEYS, canon
from syncrules.tests.simulation.recorder import Event, Key
from syncrules.tests.simulation.scopes import Mapped


class Enriched(Facts):
    """Who was linked to be filled in, and what became of what stood there."""

    @cached_property
    def only_fills(self) -> frozenset[str]:
        """The flows that no rule links but the one that fills."""
        return self.scope.fills - self.scope.updates

    def nobody_made(self) -> Iterator[str]:
        """Where no rule makes any, no record is ours."""
        for key, birth in () if self.scope.wanted else self.log.born.items():
            if birth.who == "sync":
                yield f"{key} was made, and no rule makes any"

    def older_left_alone(self) -> Iterator[str]:
        """Who was there before the rules is linked once they say so, with whom they had met by
        then, and not later."""
        for row in self.journal:
            if row[6] != "link" or row[2] not in self.only_fills or row[0] >= self.asked:
                continue
            left, _, right = row[2].partition("~")
            ends = ("apollo", left, row[8]), ("salesforce", right, row[9])
            if not self.is_old(ends[1]) or {*ends} & (self.beyond | {*self.log.heirs.values()}):
                continue
            what = f"{ends[1]} is older than the rules, and was linked with {ends[0]}"
            if row[0] <= self.log.edited:
                yield what
            first = self.first_after_edit(whole=True)
            if first is not None and first[1] <= self.met_in_key(ends, self.log.numbers[row[0]][1]):
                yield f"{what}, who came later"

    def may_stay_apart(self, keys: Sequence[Key]) -> bool:
        """Whether nobody asks for two that share an address, since one is older than the rules: its
        partner was there only after those who were there were looked at, or shortly before."""
        [right] = [key for key in keys if key[0] == "salesforce"]
        if not self.only_fills or self.is_new(right):
            return False
        first = self.first_after_edit()
        if not self.is_old(right) or first is None:
            return True
        met = self.met_in_key(keys, len(self.log.events))
        return met >= first[0] or first[2] - self.log.events[met].at < RACE

    def is_old(self, key: Key) -> bool:
        """Whether a record was there before the first run."""
        return self.log.born[key].seq < self.log.starts[0]

    def is_new(self, key: Key) -> bool:
        """Whether a record came after a run had looked at all who were there."""
        return self.log.born[key].seq >= self.log.finished[0][1]

    def first_after_edit(self, *, whole: bool = False) -> tuple[int, int, float] | None:
        """The first run after somebody edited the rules, or the first that came to its end."""
        runs = (self.log.numbers[one] for one in sorted(self.log.numbers) if one > self.log.edited)
        return next((one for one in runs if not whole or one in self.log.finished), None)

    def met_in_key(self, keys: Sequence[Key], until: int) -> int:
        """Where the log stood when the last of these had come, or had come back, and had got its
        address."""
        lasts = (
            self.last_before(key, name, until)
            for key in keys
            for name in ("", KEYS[key[1]][key[1]])
        )
        return max(one.seq for one in lasts if one is not None)

    def told_of_two(self) -> Iterator[str]:
        """A right record whose address somebody has is linked, or an entry says why not: of two who
        share it neither is taken by a guess."""
        linked = {one.right for one in self.links} | self.beyond
        for key, row in self.rows.items() if self.scope.fills else ():
            email = canon("email", row.get("Email"))
            if key[0] == "apollo" or key[1] not in self.scope.objects or not email:
                continue
            if key in linked or key[2] in self.blamed:
                continue
            with_it = [
                other
                for other, one in self.rows.items()
                if other[0] == "apollo" and canon("email", one.get("email")) == email
            ]
            asked = any(not self.may_stay_apart((other, key)) for other in with_it)
            if asked and not self.told_by_its_address(row):
                yield f"{key} is not linked, and no entry says why, though {with_it} has {email}"

    def only_filled_in(self, link: Link) -> Iterator[str]:
        """What stood in one of the two when they met was replaced only by what somebody has put
        into the other one since; of the left one nothing was filled in either. Where another rule
        links them, that holds of right records only, and of those that are newer than the rules."""
        beside = link.flow in self.scope.updates
        if beside and not self.is_new(link.right):
            return
        for row in self.scope.flows[link.flow]:
            ends = (link.left, row.left), (link.right, row.right)
            for mine, theirs in (ends[::-1],) if beside else (ends, ends[::-1]):
                for write in self.log.by_field.get(mine, ()):
                    if write.who != "sync" or write.seq < self.began(link):
                        continue
                    filled = mine == ends[1] and (not write.old or self.crossed(write))
                    if filled or any(self.later(link, one, write) for one in self.told(*theirs)):
                        continue
                    what = f"{write.key}.{write.field}: {write.old!r} became {write.new!r}"
                    yield f"{what}, and nobody had changed {theirs[0]}.{theirs[1]} since they met"

    def stays_blank(self, link: Link) -> Iterator[str]:
        """What somebody has blanked in the right one is filled again only from what somebody has
        changed in the left one since a run last knew that, or what had not arrived by then."""
        met = self.first_met(link)[1]
        for row in self.scope.flows[link.flow]:
            for write in self.log.by_field.get((link.right, row.right), ()):
                last = self.last_before(link.right, row.right, write.seq)
                if write.who != "sync" or last is None or last.who != "person" or not last.old:
                    continue
                if write.old or last.seq < met or self.raced(write):
                    continue
                runs = [(one, at) for one, end, at in self.log.finished if end <= last.seq]
                seq, at = max(runs, default=(0, 0.0))
                news = (
                    one.who == "person"
                    and one.seq < write.seq
                    and (one.seq >= seq or at - one.at < (RACE if one.late else LAG))
                    for one in self.told(link.left, row.left)
                )
                if not any(news) and not self.waited(row, last, write):
                    what = f"{write.key}.{write.field}: {last.old!r} was blanked"
                    yield f"{what} by somebody, and became {write.new!r}"

    def crossed(self, write: Event) -> bool:
        """Whether somebody saved the same field at the same time, and no look had shown that."""
        edit = self.last_before(write.key, write.field, write.seq)
        return edit is not None and self.raced(write) and not self.seen_again(edit, write)

    def met_with(self, link: Link, edit: Event) -> bool:
        """Whether a value may have stood there when two met of whom one is filled in: it stays, and
        only what is changed since is news."""
        return link.flow in self.scope.fills and edit.seq < self.first_met(link)[1]

    def later(self, link: Link, edit: Event, write: Event | None = None) -> bool:
        """Whether a person changed something, before a write of ours, after the left record was
        first linked, or shortly before that, so that no look need have shown it then."""
        met, _, at = self.first_met(link)
        unseen = at - edit.at < (RACE if edit.late else LAG)
        before = write is None or edit.seq < write.seq
        return edit.who == "person" and before and (edit.seq >= met or unseen)

    def first_met(self, link: Link) -> tuple[int, int, float]:
        """Where the log stood when the run began and ended that first linked the left record, and
        when it began."""
        runs = (
            row[0]
            for row in self.journal
            if row[6] in ("link", "create") and row[2] == link.flow and row[8] == link.left[2]
        )
        first = min(runs, default=link.run)
        return self.log.numbers.get(first, (0, 0, 0.0))

    def filled(self, link: Link, row: Mapped) -> Iterator[str]:
        """A blank got what its partner has, unless somebody has made it one since."""
        value = self.rows[link.left].get(row.left)
        if not value or self.rows[link.right].get(row.right):
            return
        last = self.last(link.right, row.right)
        if last is not None and last.who == "person" and last.old and self.since(link, last):
            return
        if link.right not in self.log.heirs.values():
            yield f"{link.right}.{row.right} is blank, still, and {link.left} has {value!r}"

    def as_they_met(self, link: Link, row: Mapped) -> bool:
        """Whether two differ as they did when they met, since what stands there stays."""
        changed = (
            one.seq
            for field in ((link.left, row.left), (link.right, row.right))
            for one in self.log.by_field.get(field, ())
            if one.old != one.new
        )
        met = self.log.numbers.get(link.run, (0, 0, 0.0))[1]
        stays = link.flow in self.only_fills or (
            link.flow in self.scope.fills
            and not self.is_old(link.right)
            and row.prefer == "left"
            and bool(self.rows[link.left].get(row.left))
        )
        return stays and max(changed, default=0) < met
