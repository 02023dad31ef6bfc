"""Values that go to and fro: a change that something undoes each time is not made a third time.

An automation of a customer may make something else of what it is sent, in either system. Where both
have one of their own, or two people want it otherwise, a value would be written to the one side and
back to the other at every run, for ever, and wake whatever listens there. `check` finds such loops
as far as rules make them; these are outside of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...connectors.base.values import Value
from ...dsl.rules import Side
from ..store import asked
from .around import Pair
from .carry import place, shown
from .closures import Ready, ReadyRow
from .decision import Change, Coming, Decision, Problem
from .session import Session, load_coming
from .state import other

DAY = 86_400.0
"""Seconds within which a change that comes again is the same going to and fro."""

_Made = tuple[Side, Value | Coming, Value | Coming]
"""A change of a row: on which side, what was there, and what is since."""


class ToAndFro:
    """What was written within a day to the linked pairs of a chunk; read once somebody asks."""

    def __init__(self, session: Session, ready: Ready, pairs: Sequence[Pair]) -> None:
        self.session = session
        self._rows = {one.key: one for one in ready.rows if one.pushes and one.pulls}
        self._flow = ready.flow.name
        self._pairs = pairs
        self._made: dict[str, list[tuple[Side, dict[str, _Made]]]] | None = None

    def without(self, pair: Pair, decision: Decision) -> Decision:
        """A decision without the changes that have been made and undone twice, and will be again:
        they are told instead, as long as nobody changes either value."""
        if pair.link is None or decision.action != "update":
            return decision
        held = [
            one
            for one in (*decision.left, *decision.right)
            if one.key in self._rows and self._again(pair.link.left, one)
        ]
        if not held:
            return decision
        left, right = (
            tuple(one for one in some if one not in held)
            for some in (decision.left, decision.right)
        )
        return replace(
            decision,
            action="update" if left or right else "nothing",
            left=left,
            right=right,
            problems=(*decision.problems, *map(self._told, held)),
        )

    def _again(self, left: str, change: Change) -> bool:
        """Whether the last four changes of a row were this one and one back, twice."""
        made = [*self._of(left, self._rows[change.key])][-4:]
        if len(made) < 4:
            return False
        one, back, once_more, and_back = made
        this = (change.side, change.before, change.after)
        return one == once_more == this and back == and_back and back[0] == other(change.side)

    def _of(self, left: str, row: ReadyRow) -> Iterable[_Made]:
        """What was made of a row of a pair, the oldest first."""
        if self._made is None:
            self._made = self._read()
        for side, fields in self._made.get(left, ()):
            name = row.row.field(side)
            if name in fields:
                yield fields[name]

    def _read(self) -> dict[str, list[tuple[Side, dict[str, _Made]]]]:
        found: dict[str, list[tuple[Side, dict[str, _Made]]]] = {}
        rows = self.session.db.rows(
            asked.updates_since,
            org=self.session.org,
            flow=self._flow,
            ids=sorted({one.link.left for one in self._pairs if one.link}),
            since=self.session.now - DAY,
        )
        for left, side, before, after in rows:
            was, now = load_coming(before), load_coming(after)
            fields = {name: (side, was.get(name), each) for name, each in now.items()}
            found.setdefault(left, []).append((side, fields))
        return found

    def _told(self, change: Change) -> Problem:
        row = self._rows[change.key]
        values = sorted(map(shown, (change.before, _value(change.after))))
        message = (
            f"it went to and fro between {values[0]} and {values[1]} twice within a day: each time"
            " that it is written to one system, something in the other changes it back"
        )
        name = row.row.field(change.side)
        return Problem("to-and-fro", message, change.rule, place(row), name, change.side)


def _value(value: Value | Coming) -> Value:
    """What was written before is a value: no reference to what is made in the same run."""
    return None if isinstance(value, Coming) else value
