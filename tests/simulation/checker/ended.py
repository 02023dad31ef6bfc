"""R1, of deletions: what a rule says of them follows on the other side, once, and nothing else.

Without a rule nothing follows. Apollo tells of no deletion, so that it is found out within a day;
what a system purges is found in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from syncrules.tests.simulation.checker.facts import DAY, LAG, RACE, Pair
from syncrules.tests.simulation.checker.undone import Undone
from syncrules.tests.simulation.fields import KEYS, canon
from syncrules.tests.simulation.recorder import Event, Key
from syncrules.tests.simulation.scopes import Kind, Side


class Ended(Undone):
    """What became of those whose partner was deleted."""

    def only_what_follows(self) -> Iterator[str]:
        """We delete and mark only where the partner was deleted by a person, once for each."""
        for event in self.log.events:
            if event.who != "sync" or event.key in self.log.stray or self.undoes(event):
                continue
            gone = not event.field and event.new is None and event.seq not in self.log.along
            if gone and not self.owed(event, "delete"):
                yield f"{event.key} was deleted by us"
            if self.marks(event) and not self.owed(event, "mark"):
                yield f"{event.key}.{event.field} became {event.new!r}, and its partner is there"
            if self.takes_back(event) and not self.is_back(event):
                yield f"{event.key}.{event.field} became {event.new!r}, and its partner is gone"

    def marks(self, event: Event) -> bool:
        """Whether it is a text that a rule puts there."""
        return self.says_gone(event)

    def says_gone(self, event: Event) -> bool:
        """Whether it is a text that a rule puts there after a deletion."""
        return any(
            (event.field, event.new) == (after.field, after.text) and not self.log.newborn(event)
            for after in self.scope.after.values()
        )

    def takes_back(self, event: Event) -> bool:
        """Whether we wrote what had stood there before a text that a rule had put there, and that
        nobody had touched; what people saved at the same time as either may have crossed with
        it."""
        last, marked = event, False
        for one in reversed(self.log.by_field.get((event.key, event.field), [])):
            if one.seq >= event.seq or event.who != "sync" or one.old == one.new:
                continue  # What a merge only says again, nobody has touched.
            mark = one.who == "sync" and self.says_gone(one)
            if not mark and not crossed(one, last):
                return False
            last, marked = one, marked or mark
            if marked and (event.new or None) == (one.old or None):
                return True
        return False

    def is_back(self, event: Event) -> bool:
        """Whether a partner of a record had been brought back by then, or another was there in its
        place."""
        if any(self.replaced(theirs, event) for theirs in self.partners(event.key)):
            return True
        return any(
            one.seq < event.seq and one.new is not None and self.log.gone_by(theirs, one.seq)
            for theirs in self.partners(event.key)
            for one in self.log.by_field.get((theirs, ""), [])
        )

    def partners(self, key: Key) -> set[Key]:
        """The records that one has been linked with."""
        return {b for pair in self.pairs for _, a, b in sides(pair) if a == key}

    def replaced(self, key: Key, event: Event) -> bool:
        """Whether the link of a deleted record could have gone to another one by then."""
        heir = self.gave_way.get(key)
        return heir is not None and self.log.born[heir].seq < event.seq

    def taken_back_once_back(self) -> Iterator[str]:
        """Where both of a pair are there, nothing of ours says that one was deleted."""
        for pair in sorted(self.pairs):
            for side, mine, theirs in sides(pair):
                after = self.scope.after.get(side)
                if after is None or after.does != "mark" or not {mine, theirs} <= self.rows.keys():
                    continue
                last = self.last(mine, after.field)
                ours = last is not None and last.who == "sync" and self.says_gone(last)
                if last is None or not ours or not self.alone(pair) or self.unheard(last):
                    continue
                yield f"{mine}.{after.field} says {last.new!r}, and {theirs} is there"

    def owed(self, event: Event, does: str) -> bool:
        """Whether somebody had deleted a partner for which this is to follow, more often than it
        was done."""
        gone = sum(
            there.seq < event.seq
            for pair in self.pairs
            for side, mine, theirs in sides(pair)
            if mine == event.key and side in self.scope.after
            if self.scope.after[side].does == does
            for there in self.left(theirs)
        )
        return gone >= self.times_done(event)

    def times_done(self, event: Event) -> int:
        """How often we had written this by then; what we never heard of counts as not done, and
        what arrived twice as done once."""
        return sum(
            (one is event or not self.unheard(one)) and not self.arrived_again(one)
            for one in self.log.by_field[event.key, event.field]
            if one.who == "sync" and one.new == event.new and one.seq <= event.seq
        )

    def left(self, key: Key) -> list[Event]:
        """When somebody deleted a record: as often as it had been brought back meanwhile."""
        return [
            one
            for one in self.log.deletions(key)
            if one.who == "person" and one.seq not in self.log.merges
        ]

    def followed_up(self) -> Iterator[str]:
        """Where one of two linked records was deleted, the rule was carried out on the other."""
        for pair in sorted(self.pairs):
            for side, mine, theirs in sides(pair):
                after = self.scope.after.get(side)
                if after is None or mine not in self.rows or theirs in self.rows:
                    continue
                # What was purged can't be told from what is out of sight.
                if theirs in self.log.purged or not self.alone(pair) or not self.left(theirs):
                    continue
                gone = self.told_first(theirs)
                if self.let_go_by(pair, gone) or self.who_shares(mine, theirs[:2]):
                    continue
                if after.does == "delete":
                    # Whoever brings back what we have deleted means it.
                    if mine[2] not in self.deleted:
                        yield f"{mine} is there, and {theirs} was deleted"
                elif after.does == "unlink" and self.across.get(pair[1]) == pair[2]:
                    yield f"{mine} is linked, still, to {theirs}, which was deleted"
                elif after.does == "mark" and not self.marked(mine, after.field, after.text, gone):
                    yield f"{mine}.{after.field} does not say that {theirs} was deleted"

    def who_shares(self, key: Key, of: tuple[str, str]) -> list[Key]:
        """The records of an object of a system that have the address of a record."""
        names = KEYS.get(key[1]), KEYS.get(of[1])
        if names[0] is None or names[1] is None:
            return []
        kind: Kind = "domain" if key[1] in ("account", "Account") else "email"
        address = canon(kind, self.rows[key].get(names[0][key[1]]))
        return [
            each
            for each, row in self.rows.items()
            if each[:2] == of and address and canon(kind, row.get(names[1][of[1]])) == address
        ]

    def let_go_by(self, pair: Pair, gone: Event) -> bool:
        """Whether the two were nobody's pair any more when one was deleted, or when that could be
        known: the other one had been deleted before that, and was brought back. What Apollo doesn't
        tell is found out within a day."""
        untold = DAY if gone.key[0] == "apollo" else 0.0
        parted = (
            self.log.numbers[row[0]]
            for row in self.journal
            if (row[2], row[6], row[12]) == (pair[0], "unlink", "done")
            and (row[8], row[9]) == (pair[1][2], pair[2][2])
        )
        return any(begin <= gone.seq or at - gone.at < untold for begin, _, at in parted)

    def told_first(self, key: Key) -> Event:
        """The deletion of a record that a run may have heard of first: one that was brought back
        and deleted again between two runs was never there for them."""
        *earlier, gone = self.left(key)
        for one in reversed(earlier):
            back = next(each for each in self.log.by_field[key, ""] if each.seq > one.seq)
            if self.heard(back, gone):
                break
            gone = one
        return gone

    def marked(self, key: Key, name: str, text: str, gone: Event) -> bool:
        """Whether a record got the text after that, or had it, as far as the next run could see:
        a search may have stayed behind."""
        events = self.log.by_field.get((key, name), [])
        runs = self.log.numbers.values()
        told = next((at for begin, _, at in runs if begin > gone.seq), inf)
        last = [one for one in events if one.seq < gone.seq][-1:]
        lags = [one for one in last if told - one.at < (self.race(one) if one.late else LAG)]
        held = [one.new for one in last] + [one.old for one in lags]
        return text in held or any(one.new == text for one in events if one.seq > gone.seq)

    def alone(self, pair: Pair) -> bool:
        """Whether the two were linked with each other, before one was deleted, and with nobody
        else; what was out of sight or became another is left out."""
        _, left, right = pair
        if {left, right} & (self.beyond | self.log.heirs.keys() | set(self.log.heirs.values())):
            return False
        if {left[2], right[2]} & self.blamed:
            return False
        met = [one for one in self.pairs if left in one or right in one]
        return met == [pair]

    def freed(self, key: Key) -> bool:
        """Whether the partner of a record was deleted, which lets it go, and nothing was done to it
        since: it waits for its next change."""
        for pair in self.pairs:
            for side, mine, theirs in sides(pair):
                after = self.scope.after.get(side)
                if mine != key or after is None or after.does != "unlink":
                    continue
                heir = theirs in self.log.heirs and after.merged
                gone = self.log.deletions(theirs)[-1:]
                if gone and (heir or self.left(theirs)) and not self.changed_since(key, gone):
                    return True
        return False

    def changed_since(self, key: Key, gone: list[Event]) -> bool:
        """Whether somebody changed a record after a run had heard of that, and it was not as before
        when the next one came; what no rule reads is no change."""
        told = {"stage", *(one.left for rows in self.scope.flows.values() for one in rows)}
        told |= {one.right for rows in self.scope.flows.values() for one in rows}
        heard = [end for begin, end, _ in self.log.finished if gone[0].seq < begin]
        if not heard:
            return False
        looks = [*(seq for seq in self.log.starts if seq >= heard[0]), len(self.log.events)]
        return any(
            self.held(key, name, seq) != self.held(key, name, heard[0])
            for name in told
            for seq in looks
        )

    def held(self, key: Key, name: str, seq: int) -> object:
        """What a field held then."""
        last = self.last_before(key, name, seq)
        return last and last.new

    def heard(self, gone: Event, later: Event) -> bool:
        """Whether a run that came to its end lies between the two."""
        return any(gone.seq < begin and end <= later.seq for begin, end, _ in self.log.finished)


def crossed(edit: Event, ours: Event) -> bool:
    """Whether a person saved a field at the same time as we did."""
    return edit.who == "person" and (ours.run == edit.run or ours.at - edit.at < RACE)


def sides(pair: Pair) -> Iterator[tuple[Side, Key, Key]]:
    """The side of a deleted record, who is left, and the deleted one, either way."""
    _, left, right = pair
    yield "left", right, left
    yield "right", left, right
