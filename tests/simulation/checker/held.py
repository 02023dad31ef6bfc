"""R3 and R4, of what is held back: by a rule's stop, or until a person lets it go.

While a stop holds, nothing is written in its direction; what a row asks for is never written unless
this very change was approved. What flows afterwards is told in `together.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from syncrules.tests.simulation.checker.around import Around
from syncrules.tests.simulation.checker.facts import RACE, Link
from syncrules.tests.simulation.fields import canon
from syncrules.tests.simulation.recorder import Event
from syncrules.tests.simulation.scopes import Mapped


class Held(Around):
    """Whether what is held back stayed where it was."""

    def stopped_rightly(self, link: Link) -> Iterator[str]:
        """What is stopped, and was known to be, is not written to."""
        for row in self.scope.flows[link.flow] if self.scope.stops.any else ():
            for write in self.ours(link, row, "right"):
                began = self.log.starts[write.run - 1]
                since = self.early(began, write.at)
                unseen = self.around(link.right, write.seq) & self.log.hidden
                days = (write.at - RACE, write.at)
                if not unseen and self.stopped(link.right, since, write.seq, days):
                    yield f"{write.key}.{write.field} became {write.new!r}, and a stop holds"
                for stop in self.stops_at(link, write.seq):
                    if stop.seq < began and write.at - stop.at >= RACE:
                        yield (
                            f"{write.key}.{write.field} became {write.new!r}, though "
                            f"{stop.key}.{stop.field} is {stop.new!r} since before that run"
                        )

    def let_go(self, link: Link) -> Iterator[str]:
        """What a row asks for was approved by a person, as often as it was written."""
        for row in self.scope.flows[link.flow]:
            if not row.ask:
                continue
            for side in ("left", "right"):
                done: dict[object, int] = {}
                for write in self.ours(link, row, side):
                    if self.arrived_again(write, row.kind):
                        continue
                    value = canon(row.kind, write.new)
                    done[value] = done.get(value, 0) + 1
                    if self.approvals(write, row) < done[value]:
                        yield f"{write.key}.{write.field} became {write.new!r}: nobody let it go"

    def approvals(self, write: Event, row: Mapped) -> int:
        """How often a person had let a change go by the time that it was written."""
        return sum(
            seq <= write.seq and (key, name) == (write.key, write.field)
            for seq, key, name, after in self.log.approved
            if canon(row.kind, after) == canon(row.kind, write.new)
        )

    def ours(self, link: Link, row: Mapped, side: str) -> list[Event]:
        """What we have written into a field of one end of a link, since it is one."""
        key, name = (link.left, row.left) if side == "left" else (link.right, row.right)
        return [
            one
            for one in self.log.by_field.get((key, name), [])
            if one.who == "sync" and not self.log.newborn(one) and one.seq >= self.began(link)
        ]

    def stops_at(self, link: Link, seq: int) -> list[Event]:
        """What had been put into the two records by then, and stops what is written to the
        right."""
        ends = ((link.left, self.scope.stops.left), (link.right, self.scope.stops.right))
        found = (
            (self.last_before(key, name, seq), value)
            for key, of in ends
            for name, value in of.items()
        )
        return [one for one, value in found if one is not None and one.new == value]

    def held_back(self, link: Link, row: Mapped) -> bool:
        """Whether a change by a person on the left waits until a stop is over."""
        seq, days = len(self.log.events), (self.log.finished[-1][2], self.log.clock.now())
        if self.unsure(link.right, seq) or self.stopped(link.right, seq, seq, days[:1]):
            return True
        last = self.last(link.left, row.left)
        waits = last is not None and last.who == "person"
        return waits and bool(self.stops_at(link, len(self.log.events)))
