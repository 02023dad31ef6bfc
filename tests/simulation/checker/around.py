"""What conditions and templates see of a record besides its own fields, and when they saw it: a
field of a related record, how many days have passed, and what a template makes of several values.

Reads the log alone. What follows from it is asked where the promises are: who is to have a
counterpart in `once.py`, what a stop holds back in `held.py`, what becomes of a text in
`together.py` and `kept.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from syncrules.tests.simulation.checker.facts import RACE, Facts
from syncrules.tests.simulation.fields import canon
from syncrules.tests.simulation.recorder import Event, Key
from syncrules.tests.simulation.scopes import Mapped, Text, Wanted

_TO = {"account": "account", "AccountId": "Account"}
"""The object that a reference leads to."""
DAYS = "days since "
"""How a count of days begins among what conditions see."""


class Around(Facts):
    """What is around a record, now and then."""

    def text_rows(self) -> None:
        """Puts what templates say beside the fields of the records that they are made of."""
        for flow, rows in self.scope.flows.items():
            for one in rows:
                for key in self.log.born if one.text else ():
                    if one.text and key[1] == flow.partition("~")[0]:
                        said = self._said(key, one.left, one.text)
                        self.log.by_field[key, one.left] = said
                        if key in self.rows:
                            last = said[-1].new if said else None
                            self.rows[key] = {**self.rows[key], one.left: last}

    def _said(self, key: Key, name: str, text: Text) -> list[Event]:
        """What a template has said of a record: a save counts as a whole."""
        parts = sorted(
            (each for of in text.of for each in self.log.by_field.get((key, of), [])),
            key=lambda each: each.seq,
        )
        held: dict[str, Any] = {}
        found: list[Event] = []
        for place, each in enumerate(parts):
            held[each.field] = each.new
            if any((one.at, one.who) == (each.at, each.who) for one in parts[place + 1 :][:1]):
                continue
            old = found[-1].new if found else None
            if text.says(held) != old:
                found.append(replace(each, field=name, old=old, new=text.says(held)))
        return found

    def may_say(self, key: Key, one: Mapped, write: Event) -> bool:
        """Whether a run that looked at the parts of a template one after the other, or that was
        about to write one of them itself, may have taken a text for what it says."""
        if one.text is None:
            return False
        rows = self.changes_of(write)
        run = rows[0][0] if rows else self._run_of(write)
        begin, _, at = self.log.numbers.get(run, (0, 0, 0.0))
        since = self.early(begin, at)
        parts = []
        for name in one.text.of:
            events = self.log.by_field.get((key, name), [])
            held = {each.new for each in events if since <= each.seq < write.seq}
            planned = [row for row in self.journal if row[0] == run and row[7] == key[2]]
            held |= {json.loads(row[11]).get(name) for row in planned}
            parts.append(held | {self.then(key, name, since)})
        said = (
            one.text.says(dict(zip(one.text.of, some, strict=True))) for some in product(*parts)
        )
        return canon(one.kind, write.new) in {canon(one.kind, each) for each in said}

    def _run_of(self, write: Event) -> int:
        """The run, as the state counts, in which a write arrived."""
        begun = [run for run, (begin, _, _) in self.log.numbers.items() if begin <= write.seq]
        return max(begun, default=0)

    # ---- what a condition sees

    def seen(self, key: Key, seq: int, at: float) -> dict[str, Any]:
        """What a condition sees of a record where the log stands at `seq`, on the day of `at`; of
        one that is gone what it saw last, since nothing need have told of that."""
        found: dict[str, Any] = {}
        for path in self.scope.shows.get(key[1], ()):
            if path.startswith(DAYS):
                last = self.last_before(key, path.removeprefix(DAYS), seq)
                found[path] = days(last.new if last else None, at)
            else:
                name, _, field = path.partition(".")
                to = self.related(key, name, seq)
                found[path] = self.then(to, field, seq) if to else None
        return found

    def then(self, key: Key, name: str, seq: int) -> Any:
        """What a field of a record held then; None where the record was not there."""
        last = None if self.log.gone_at(key, seq) else self.last_before(key, name, seq)
        return last.new if last else None

    def related(self, key: Key, name: str, seq: int) -> Key | None:
        """The record to which a reference of another one led then, or last."""
        last = self.last_before(key, name, seq)
        return (key[0], _TO[name], str(last.new)) if last and last.new else None

    def around(self, key: Key, seq: int) -> set[Key]:
        """The records of which a condition saw a field then."""
        names = [one.partition(".")[0] for one in self.scope.shows.get(key[1], ()) if "." in one]
        return {to for name in names if (to := self.related(key, name, seq)) is not None}

    def states(self, key: Key, since: int, to: int) -> Iterator[int]:
        """Where the log stood, from `since` to `to`, when a condition may have seen something else
        of a record than before."""
        yield since
        for event in self.log.events[since:to]:
            if event.key == key or event.key in self.around(key, event.seq + 1):
                yield event.seq + 1

    def early(self, seq: int, at: float) -> int:
        """Where the log stood at the earliest that a look may show which is taken then."""
        late = next((one.seq for one in self.log.events if one.at > at - RACE), seq)
        return min(seq, late)

    def unsure(self, key: Key, seq: int) -> bool:
        """Whether what is around a record was out of our sight, and nobody has changed it since it
        is back, of which nothing tells."""
        return any(
            one in self.log.hidden
            and not any(each.key == one for each in self.log.events[self.log.shown : seq])
            for one in self.around(key, seq)
        )

    def asks_for_one(self, key: Key, wanted: Wanted) -> bool:
        """Whether a record asked for a counterpart when the last run came to its end, whatever day
        it took that for."""
        seq = len(self.log.events)
        if self.unsure(key, seq):
            return False
        days = (self.log.finished[-1][2], self.log.clock.now())
        return all(wanted(self.seen(key, seq, at)) for at in days)

    def asked_then(self, key: Key, wanted: Wanted, made: Key) -> bool:
        """Whether a record may have asked for a counterpart when we made that: of what was out of
        our sight we know what it last showed us."""
        birth = self.log.born[made]
        if self.around(key, birth.seq) & self.log.hidden:
            return True
        run = min((row[0] for row in self.changes_of(birth)), default=self._run_of(birth))
        begin, _, at = self.log.numbers.get(run, (0, 0, 0.0))
        states = self.states(key, self.early(begin, at), birth.seq)
        return any(wanted(self.seen(key, seq, day)) for seq in states for day in (at, birth.at))

    def came_to_ask(self, key: Key, run: int) -> bool:
        """Whether a record may have come to ask for a counterpart by a run without being changed
        itself: what is around it was, or a day has passed."""
        wanted = self.scope.wanted.get(key[1])
        if wanted is None or key[1] not in self.scope.shows:
            return False
        begin, end, at = self.log.numbers.get(run, (0, 0, 0.0))
        near = {one for seq in (begin, end) for one in self.around(key, seq)}
        changed = any(one.key in near for one in self.log.events[self.log.starts[0] : end])
        asked = wanted(self.seen(key, self.log.starts[0], self.log.born[key].at))
        states = self.states(key, self.early(begin, at), end)
        return (changed or not asked) and any(wanted(self.seen(key, seq, at)) for seq in states)

    def stopped(self, key: Key, since: int, to: int, days: tuple[float, ...]) -> bool:
        """Whether what is around a record stopped what is written to it, all that time."""
        stops = self.scope.stops.around
        return (
            stops is not None
            and key[1] in self.scope.shows
            and all(
                stops(self.seen(key, seq, at)) for seq in self.states(key, since, to) for at in days
            )
        )


def days(value: Any, at: float) -> int | None:
    """How many days ago a moment was, on the day of `at`."""
    if not value:
        return None
    day = datetime.fromisoformat(str(value)).astimezone(UTC).date()
    return (datetime.fromtimestamp(at, UTC).date() - day).days
