"""R1 and R3, of what people did: what is made once stays as it was, and a meeting that is called
off is followed as its rule says, once for each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from syncrules.tests.simulation.checker.ended import Ended
from syncrules.tests.simulation.checker.facts import RACE, Link
from syncrules.tests.simulation.fields import canon
from syncrules.tests.simulation.recorder import Event, Key


class Off(Ended):
    """Whether nothing follows a note but a note, and what follows a meeting is what is said."""

    def as_it_was(self, link: Link) -> Iterator[str]:
        """What was made of a record is what that one held, of the one it is about."""
        for row in self.scope.flows[link.flow]:
            made = self.first(link.right, row.right, 0)
            held = {each.new for each in self.told(link.left, row.left)}
            if row.kind == "reference":
                led = [pair[2] for pair in self.pairs if pair[1][2] in held]
                held = {one[2] for key in led for one in self.became(key)}
            if canon("text", made) not in {canon("text", one) for one in held}:
                yield f"{link.right}.{row.right} was made as {made!r}, which {link.left} never had"

    def became(self, key: Key) -> list[Key]:
        """A record, and those that it was merged into: a reference leads to what it is then."""
        found = [key]
        while (into := self.log.heirs.get(found[-1])) is not None and into not in found:
            found.append(into)
        return found

    def marks(self, event: Event) -> bool:
        return super().marks(event) or self.says_off(event)

    def owed(self, event: Event, does: str) -> bool:
        return super().owed(event, does) or self.owed_off(event, does)

    def owed_off(self, event: Event, does: str) -> bool:
        """Whether the meeting had been called off by then, more often than that was followed."""
        off = self.scope.off
        if off is None or off.does != does or event.key[1] != "Event":
            return False
        meetings = [pair[1] for pair in self.pairs if pair[2] == event.key]
        times = sum(one.seq < event.seq for key in meetings for one in self.called_off(key))
        return times >= self.times_done(event)

    def called_off(self, key: Key) -> list[Event]:
        """Each time that a meeting was called off."""
        return [one for one in self.log.by_field.get((key, "cancelled"), []) if one.new is True]

    def followed_off(self, link: Link) -> Iterator[str]:
        """Where a meeting doesn't take place, its rule was carried out on the other side."""
        off, (left, right) = self.scope.off, (link.left, link.right)
        if off is None or left[1] != "meeting":
            return
        if {left[2], right[2]} & self.blamed or {left, right} & self.beyond:
            return
        if not self.rows[left].get("cancelled"):
            yield from self.taken_back(right, off.field)
        elif off.does == "delete":
            yield f"{right} is there, and {left} was called off"
        elif not self.marked(right, off.field, self.off_text(left), self.off_first(left)):
            yield f"{right}.{off.field} does not say that {left} was called off"

    def taken_back(self, key: Key, name: str) -> Iterator[str]:
        """Where a meeting takes place, nothing of ours says that it doesn't; and what somebody made
        of that word is theirs."""
        events = self.log.by_field.get((key, name), [])
        if events and self.says_off(events[-1]):
            yield f"{key}.{name} says {events[-1].new!r}, and the meeting takes place"
        word = ""
        for last, ours in pairwise(events):
            word = last.new if self.says_off(last) else word
            raced = ours.run == last.run or ours.at - last.at < RACE
            if last.who != "person" or ours.who != "sync" or self.says_off(ours) or raced:
                continue
            if last.new == word:  # Somebody put our word back: nothing tells it from ours.
                continue
            if not self.log.newborn(ours):
                yield f"{key}.{name}: {last.new!r} became {ours.new!r}, which nobody asked for"

    def off_first(self, key: Key) -> Event:
        """The time it was called off that a run may have heard of first: where it was to take place
        again between two runs, it was off for them all the time."""
        *earlier, off = self.called_off(key)
        for one in reversed(earlier):
            on = next(each for each in self.log.by_field[key, "cancelled"] if each.seq > one.seq)
            if any(
                on.seq < begin and end <= off.seq and at - on.at >= RACE
                for begin, end, at in self.log.finished
            ):
                break
            off = one
        return off
